/*
 * gpu_wire: the commands and responses of virtio-gpu 2D (virtio 1.2, 5.7;
 * linux/virtio_gpu.h), as bytes. Pure. A command is decoded from a private
 * copy, exactly: a short or a long one is -EBADMSG.
 *
 *	header: 0 le32 type  4 le32 flags  8 le64 fence  16 le32 context
 *		20 u8 ring  21 u8[3] padding
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

enum {
	GPU_HEADER_BYTES = 24,
	GPU_MAX_ENTRIES = 16384, /* of one resource's backing; as QEMU's */
	GPU_MAX_REQUEST = GPU_HEADER_BYTES + 8 + 16 * GPU_MAX_ENTRIES,
	GPU_EDID_ROOM = 1024,
	GPU_MAX_RESPONSE = GPU_HEADER_BYTES + 8 + GPU_EDID_ROOM,
};

struct gpu_header {
	uint32_t type, flags;
	uint64_t fence;
	uint32_t context;
	uint8_t ring;
};

struct gpu_rect { /* pixels */
	uint32_t x, y, width, height;
};

/* Each after its header. */
struct wire_create {
	uint32_t id, format, width, height;
};
struct wire_scanout {
	struct gpu_rect r;
	uint32_t scanout, id;
};
struct wire_flush {
	struct gpu_rect r;
	uint32_t id;
};
struct wire_transfer {
	struct gpu_rect r;
	uint64_t offset;
	uint32_t id;
};
struct wire_attach {
	uint32_t id, n;
};
struct wire_entry {
	uint64_t gpa;
	uint32_t len;
};
struct wire_update_cursor {
	uint32_t scanout, x, y, id, hot_x, hot_y;
};

void decode_gpu_header(struct rd *rd, struct gpu_header *out);
int decode_create(struct rd *rd, struct wire_create *out) MUST_CHECK;
int decode_scanout(struct rd *rd, struct wire_scanout *out) MUST_CHECK;
int decode_flush(struct rd *rd, struct wire_flush *out) MUST_CHECK;
int decode_transfer(struct rd *rd, struct wire_transfer *out) MUST_CHECK;
/* n <= GPU_MAX_ENTRIES and exactly n entries follow, for decode_entry(). */
int decode_attach(struct rd *rd, struct wire_attach *out) MUST_CHECK;
void decode_entry(struct rd *rd, struct wire_entry *out);
/* UNREF, DETACH_BACKING, GET_EDID: one number and padding. */
int decode_number(struct rd *rd, uint32_t *out) MUST_CHECK;
int decode_update_cursor(
    struct rd *rd, struct wire_update_cursor *out) MUST_CHECK;
int decode_nothing(struct rd *rd) MUST_CHECK;

/* The header of a response: same fence, context and ring if FENCE is set. */
void encode_response(
    struct wr *wr, uint32_t type, const struct gpu_header *request);
