/*
 * virtio_gpu: the 2D device (virtio 1.2, 5.7) as a state machine: one command
 * in, one response out. Every command of a guest has a defined answer; what
 * is shown goes to the outbox.
 *
 * Each resource lives in the pixel pool, where the core reads it. TRANSFER is
 * the one copy out of guest memory. Backing is kept as guest addresses and
 * looked up again at each transfer, so a new memory table needs nothing.
 */
#pragma once

#include "hv-glue/gpu_wire.h"
#include "hv-glue/memory.h"
#include "hv-glue/outbox.h"
#include "hv-glue/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	GPU_MAX_RESOURCES = 1024,
	GPU_MAX_ALL_ENTRIES = 8 * GPU_MAX_ENTRIES, /* of all resources */
	GPU_CURSORS = 4, /* images in the pool, used in turn */
	GPU_CURSOR_BYTES = TDS_CURSOR_DIM * TDS_CURSOR_DIM * 4,
};

/* A run of guest memory, and where it begins in the resource. */
struct gpu_entry {
	uint64_t gpa;
	uint64_t start; /* bytes before it in the backing */
	uint32_t len;	/* bytes, not 0 */
};

struct gpu_resource {
	uint32_t id; /* the guest's number; 0: this place is free */
	uint32_t format, width, height;
	uint64_t offset; /* in the pool; rows of width * 4 bytes */
	bool was_shown;	 /* the core may be reading it */
	uint32_t n_entries;
	struct gpu_entry *entries; /* owned; NULL: no backing */
};

struct gpu_scanout {
	uint32_t mode_width, mode_height; /* what we offer, px */
	uint32_t id;			  /* resource shown; 0: off */
	struct gpu_rect r;		  /* part of it that is shown */
	bool has_shadow; /* a copy, as the part does not begin at a page */
	uint64_t shadow; /* in the pool; rows of r.width * 4 bytes */
};

struct gpu {
	const struct memory *memory; /* borrowed from the device */
	uint8_t *pixels;	     /* borrowed: the pool, mapped */
	struct pool *pool;	     /* borrowed */
	struct outbox *outbox;	     /* borrowed */
	uint32_t n_scanouts;
	uint32_t n_entries; /* of all resources */
	uint32_t next_cursor;
	uint64_t cursors; /* in the pool: GPU_CURSORS images */
	struct gpu_scanout scanouts[TDS_MAX_SCANOUTS];
	struct gpu_resource resources[GPU_MAX_RESOURCES];
};

/* Zeroed by the caller. -ENOSPC if the pool cannot hold the cursors. */
int gpu_init(struct gpu *gpu, const struct memory *memory, uint8_t *pixels,
    struct pool *pool, struct outbox *outbox, uint32_t n_scanouts) MUST_CHECK;
/* The mode to offer from now on. width and height 1..TDS_MAX_DIM. */
void gpu_set_mode(
    struct gpu *gpu, uint32_t scanout, uint32_t width, uint32_t height);
/* Drop every resource, all scanouts off. */
void gpu_reset(struct gpu *gpu);
/* The rings stopped: show nothing, but keep what a paused guest has. */
void gpu_pause(struct gpu *gpu);
/* They run again with the driver where it was. */
void gpu_resume(struct gpu *gpu);
/* Size of a scanout as the guest shows it, or the mode offered. */
void gpu_scanout_size(
    const struct gpu *gpu, uint32_t scanout, uint32_t *width, uint32_t *height);

/* Any bytes in; the length of the response in response[GPU_MAX_RESPONSE]. */
uint32_t gpu_command(
    struct gpu *gpu, const uint8_t *request, uint32_t len, uint8_t *response);
/* The cursor queue has no responses: what is wrong is ignored. */
void gpu_cursor_command(struct gpu *gpu, const uint8_t *request, uint32_t len);

/* gpu_copy.c: bytes per pixel is always 4. */
bool gpu_knows_format(uint32_t format);
/*
 * Copy rectangle r of the resource out of its backing, where its first pixel
 * is at offset. r lies in the resource. -ERANGE if the backing is too short,
 * -EFAULT if it left guest memory.
 */
int gpu_copy_in(const struct gpu *gpu, const struct gpu_resource *res,
    const struct gpu_rect *r, uint64_t offset) MUST_CHECK;
/* Copy a rectangle of rows inside the pool, strides in bytes. */
void gpu_copy_rows(uint8_t *to, uint64_t to_stride, const uint8_t *from,
    uint64_t from_stride, uint32_t width_px, uint32_t rows);
