/*
 * vhost_user: the messages of the vhost-user protocol that a display or input
 * back-end needs (QEMU docs/interop/vhost-user.rst, vhost-user-gpu.rst).
 * Pure: a frame is collected by the caller, decoded and checked here.
 *
 *	0 u32 request  4 u32 flags  8 u32 size  12 payload
 *	flags: bits 0-1 version = 1, bit 2 reply, bit 3 a reply is wanted
 */
#pragma once

#include "hv-glue/memory.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * X(name, request, payload, descriptors at least, at most). Whatever is not
 * here was not negotiated: its sender is dropped.
 */
#define VU_MESSAGES(X)                                                         \
	X(VU_GET_FEATURES, 1, VU_EMPTY, 0, 0)                                  \
	X(VU_SET_FEATURES, 2, VU_U64, 0, 0)                                    \
	X(VU_SET_OWNER, 3, VU_EMPTY, 0, 0)                                     \
	X(VU_RESET_OWNER, 4, VU_EMPTY, 0, 0)                                   \
	X(VU_SET_MEM_TABLE, 5, VU_TABLE, 0, MEMORY_MAX_REGIONS)                \
	X(VU_SET_VRING_NUM, 8, VU_STATE, 0, 0)                                 \
	X(VU_SET_VRING_ADDR, 9, VU_ADDR, 0, 0)                                 \
	X(VU_SET_VRING_BASE, 10, VU_STATE, 0, 0)                               \
	X(VU_GET_VRING_BASE, 11, VU_STATE, 0, 0)                               \
	X(VU_SET_VRING_KICK, 12, VU_FD, 0, 1)                                  \
	X(VU_SET_VRING_CALL, 13, VU_FD, 0, 1)                                  \
	X(VU_SET_VRING_ERR, 14, VU_FD, 0, 1)                                   \
	X(VU_GET_PROTOCOL_FEATURES, 15, VU_EMPTY, 0, 0)                        \
	X(VU_SET_PROTOCOL_FEATURES, 16, VU_U64, 0, 0)                          \
	X(VU_GET_QUEUE_NUM, 17, VU_EMPTY, 0, 0)                                \
	X(VU_SET_VRING_ENABLE, 18, VU_STATE, 0, 0)                             \
	X(VU_SET_BACKEND_REQ_FD, 21, VU_EMPTY, 1, 1)                           \
	X(VU_GET_CONFIG, 24, VU_CONFIG, 0, 0)                                  \
	X(VU_SET_CONFIG, 25, VU_CONFIG, 0, 0)                                  \
	X(VU_GPU_SET_SOCKET, 33, VU_EMPTY, 1, 1)

#define X(name, request, payload, min, max) name = request,
enum vu_request { VU_MESSAGES(X) };
#undef X

enum vu_flag { VU_VERSION = 1, VU_REPLY = 4, VU_NEED_REPLY = 8 };

enum vu_protocol_feature {
	VU_PROTOCOL_MQ = 1 << 0,
	VU_PROTOCOL_REPLY_ACK = 1 << 3,
	VU_PROTOCOL_BACKEND_REQ = 1 << 5,
	VU_PROTOCOL_CONFIG = 1 << 9,
	VU_PROTOCOL_OURS = VU_PROTOCOL_MQ | VU_PROTOCOL_REPLY_ACK |
			   VU_PROTOCOL_BACKEND_REQ | VU_PROTOCOL_CONFIG,
};

#define VU_F_PROTOCOL_FEATURES ((uint64_t)1 << 30)
#define VU_F_VERSION_1 ((uint64_t)1 << 32)

enum {
	VU_HEADER_BYTES = 12,
	VU_MAX_FDS = MEMORY_MAX_REGIONS,
	VU_MAX_CONFIG = 136, /* struct virtio_input_config */
	VU_MAX_PAYLOAD = 8 + 32 * MEMORY_MAX_REGIONS,
	VU_MAX_BYTES = VU_HEADER_BYTES + VU_MAX_PAYLOAD,
	VU_MAX_REPLY = VU_HEADER_BYTES + 12 + VU_MAX_CONFIG,
};
_Static_assert(VU_MAX_PAYLOAD >= 12 + VU_MAX_CONFIG,
    "the memory table is the largest message");

struct vu_state { /* u32 index, u32 num */
	uint32_t index, num;
};

struct vu_addr { /* u32 index, u32 flags, u64 desc, used, avail, log */
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

struct vu_vring_fd { /* u64: bits 0-7 index, bit 8: no descriptor */
	uint32_t index;
	bool has_fd;
};

struct vu_config { /* u32 offset, size, flags; u8 bytes[size] */
	uint32_t offset, size, flags;
	uint8_t bytes[VU_MAX_CONFIG];
};

/* A message that obeys its own rules; indices are checked by the device. */
struct vu_message {
	uint32_t request; /* enum vu_request */
	bool needs_reply;
	union {
		uint64_t u64;
		struct vu_state state;
		struct vu_addr addr;
		struct vu_vring_fd vring_fd;
		struct vu_config config;
		struct wire_mem_table table;
	};
};

/*
 * How many bytes the frame that begins with bytes[have] still needs: first
 * its header, then its payload; 0: complete. -EBADMSG for a header that no
 * known message has.
 */
int vu_missing(const uint8_t *bytes, uint32_t have) MUST_CHECK;
/* One complete frame with its number of descriptors. 0, -EBADMSG, -ERANGE. */
int vu_decode(const uint8_t *bytes, uint32_t len, uint32_t n_fds,
    struct vu_message *out, const char **why) MUST_CHECK;
/* For logs: the request's name, or "unknown". */
const char *vu_name(uint32_t request);

/* Replies into out[VU_MAX_REPLY]: their length. */
uint32_t vu_reply_u64(uint32_t request, uint64_t value, uint8_t *out);
uint32_t vu_reply_state(const struct vu_state *state, uint8_t *out);
uint32_t vu_reply_config(const struct vu_config *config, uint8_t *out);
