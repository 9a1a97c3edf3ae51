#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <libdrm/drm_mode.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
	OLD_HANDLES = 64, /* an earlier core had no more */
	MAX_FBS = 64,
	TRIAL_ROUNDS = 3,
	TRIAL_BYTES = 1 << 20,
};

static int
make_dumb(int fd, struct kms_buffer *b)
{
	struct drm_mode_create_dumb create = {
	    .width = b->width, .height = b->height, .bpp = 32};
	const int err = kms_call(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create);

	if (err < 0)
		return err;
	b->handle = create.handle;
	b->stride = create.pitch;
	/* The kernel chose both; rows must lie inside, pixels aligned. */
	if (create.pitch % 4 != 0 || create.pitch / 4 < b->width ||
	    create.size / create.pitch < b->height ||
	    create.size > (uint64_t)4 * 2 * TDS_MAX_DIM * TDS_MAX_DIM)
		return -EPROTO;
	b->bytes = (size_t)create.size;
	return 0;
}

static int
map_dumb(int fd, struct kms_buffer *b)
{
	struct drm_mode_map_dumb map = {.handle = b->handle};
	const int err = kms_call(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);

	if (err < 0)
		return err;
	void *pixels = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, (off_t)map.offset);
	if (pixels == MAP_FAILED)
		return -errno;
	b->pixels = pixels;
	return 0;
}

int
kms_buffer_init(int fd, struct kms_buffer *buffer, uint32_t width,
    uint32_t height, uint32_t format)
{
	*buffer = (struct kms_buffer){.width = width, .height = height};
	int err = make_dumb(fd, buffer);
	if (err == 0)
		err = map_dumb(fd, buffer);
	if (err == 0) {
		struct drm_mode_fb_cmd2 add = {.width = width,
		    .height = height,
		    .pixel_format = format,
		    .handles = {buffer->handle},
		    .pitches = {buffer->stride}};
		err = kms_call(fd, DRM_IOCTL_MODE_ADDFB2, &add);
		buffer->fb = err == 0 ? add.fb_id : 0;
	}
	if (err < 0)
		kms_buffer_finish(fd, buffer);
	return err;
}

/*
 * Wiped first: the next user of that memory may get it as it is, and some
 * virtual cards (bochs) go on showing what was on when they are switched off.
 * An error here means that the card is gone, and the buffer with it.
 */
void
kms_buffer_finish(int fd, struct kms_buffer *buffer)
{
	struct drm_mode_destroy_dumb destroy = {.handle = buffer->handle};

	if (buffer->pixels)
		memset(buffer->pixels, 0, buffer->bytes);
	if (buffer->fb != 0)
		(void)!kms_call(fd, DRM_IOCTL_MODE_RMFB, &buffer->fb);
	if (buffer->pixels)
		munmap(buffer->pixels, buffer->bytes);
	if (buffer->handle != 0)
		(void)!kms_call(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	*buffer = (struct kms_buffer){0};
}

/*
 * tdsd keeps the card open when a core dies, so the kernel keeps that core's
 * buffers. Handles count from 1 and belong to this descriptor alone.
 */
void
kms_forget_older(int fd)
{
	uint32_t fbs[MAX_FBS] = {0};
	struct drm_mode_card_res res = {
	    .fb_id_ptr = (uintptr_t)fbs, .count_fbs = MAX_FBS};

	if (kms_call(fd, DRM_IOCTL_MODE_GETRESOURCES, &res) < 0)
		return;
	for (uint32_t i = 0; i < res.count_fbs && i < MAX_FBS; i++)
		(void)!kms_call(fd, DRM_IOCTL_MODE_RMFB, &fbs[i]);
	for (uint32_t i = 1; i <= OLD_HANDLES; i++) {
		struct drm_mode_destroy_dumb destroy = {.handle = i};
		(void)!kms_call(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	}
}

/* ------------------------------------------------------------ copy kernel */

static uint64_t
time_copy(enum copy_kind kind, const struct kms_buffer *b, const void *from,
    size_t row, size_t rows)
{
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	copy_pixels(kind, b->pixels, b->stride, from, row, row, rows);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	return (uint64_t)(t1.tv_sec - t0.tv_sec) * 1000000000u +
	       (uint64_t)t1.tv_nsec - (uint64_t)t0.tv_nsec;
}

/* The best of a few rounds each, in turns; under 5 ms where it matters. */
enum copy_kind
kms_choose_copy(const struct kms_buffer *b)
{
	uint64_t best[2] = {UINT64_MAX, UINT64_MAX};
	const size_t row = (size_t)b->width * 4;
	size_t rows = TRIAL_BYTES / row;
	void *from = mmap(NULL, TRIAL_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (from == MAP_FAILED)
		return COPY_PLAIN;
	if (rows > b->height)
		rows = b->height;
	for (int i = 0; i <= TRIAL_ROUNDS; i++)
		for (int kind = COPY_PLAIN; kind <= COPY_STREAM; kind++) {
			const uint64_t ns =
			    time_copy((enum copy_kind)kind, b, from, row, rows);
			/* the first round only maps the pages */
			if (i > 0 && ns < best[kind])
				best[kind] = ns;
		}
	munmap(from, TRIAL_BYTES);
	return best[COPY_STREAM] < best[COPY_PLAIN] ? COPY_STREAM : COPY_PLAIN;
}

/* --------------------------------------------------------------- rotation */

/* Where (x, y) of a frame of width by height goes when it is turned. */
struct rect
kms_turn_rect(struct rect r, uint32_t turns, uint32_t width, uint32_t height)
{
	const int32_t w = (int32_t)width, h = (int32_t)height;

	switch (turns) {
	case 1:
		return (struct rect){h - r.y1, r.x0, h - r.y0, r.x1};
	case 2:
		return (struct rect){w - r.x1, h - r.y1, w - r.x0, h - r.y0};
	case 3:
		return (struct rect){r.y0, w - r.x1, r.y1, w - r.x0};
	default:
		return r;
	}
}

/* Rows of the buffer are written from left to right, as its memory wants. */
void
kms_turn_pixels(struct rect r, uint32_t turns, const uint32_t *frame,
    uint32_t width, uint32_t height, const struct kms_buffer *to)
{
	const struct rect out = kms_turn_rect(r, turns, width, height);
	const int32_t w = (int32_t)width, h = (int32_t)height;

	for (int32_t y = out.y0; y < out.y1; y++) {
		uint32_t *row = to->pixels + (size_t)y * (to->stride / 4);
		/* the frame's pixel for x, and the step to the next one */
		int64_t at = 0, step = 0;

		if (turns == 1) {
			at = (int64_t)(h - 1 - out.x0) * w + y;
			step = -w;
		} else if (turns == 2) {
			at = (int64_t)(h - 1 - y) * w + (w - 1 - out.x0);
			step = -1;
		} else {
			at = (int64_t)out.x0 * w + (w - 1 - y);
			step = w;
		}
		for (int32_t x = out.x0; x < out.x1; x++) {
			row[x] = frame[at];
			at += step;
		}
	}
}
