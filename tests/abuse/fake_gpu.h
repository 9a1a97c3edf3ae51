/*
 * fake_gpu: the guest's virtio-gpu driver on a fake_vm: one function per
 * command, and a screen that is drawn as Linux draws it.
 *
 * Commands return the type of the reply (VIRTIO_GPU_RESP_...), or 0 when none
 * came: the back end hung up, or its answer broke the rules of a reply (size,
 * fence, bytes of it that were not written).
 */
#pragma once

#include "tests/abuse/fake_vm.h"

#include <linux/virtio_gpu.h>

struct gpu_rect {
	uint32_t x, y, w, h;
};

/* A resource with its backing in guest memory, linear, 4 bytes per pixel. */
struct gpu_buffer {
	uint32_t id, width, height;
	uint32_t at; /* in the guest's memory file */
};

/* Any command on the control queue; reply as large as reply_size. */
uint32_t gpu_call(struct vm *vm, const void *request, uint32_t size,
    void *reply, uint32_t reply_size);
/* Only a header comes back. */
uint32_t gpu_simple(struct vm *vm, const void *request, uint32_t size);

uint32_t gpu_create(
    struct vm *vm, uint32_t id, uint32_t format, uint32_t w, uint32_t h);
uint32_t gpu_unref(struct vm *vm, uint32_t id);
/* One entry. */
uint32_t gpu_attach(struct vm *vm, uint32_t id, uint32_t at, uint32_t bytes);
uint32_t gpu_attach_entries(struct vm *vm, uint32_t id, uint32_t n,
    const struct virtio_gpu_mem_entry *entries, uint32_t n_sent);
uint32_t gpu_detach(struct vm *vm, uint32_t id);
uint32_t gpu_set_scanout(
    struct vm *vm, uint32_t scanout, uint32_t id, struct gpu_rect r);
uint32_t gpu_transfer(
    struct vm *vm, uint32_t id, struct gpu_rect r, uint64_t offset);
uint32_t gpu_flush(struct vm *vm, uint32_t id, struct gpu_rect r);
uint32_t gpu_display_info(
    struct vm *vm, struct virtio_gpu_resp_display_info *out);
uint32_t gpu_edid(
    struct vm *vm, uint32_t scanout, struct virtio_gpu_resp_edid *out);
/* On the cursor queue, without a reply, as Linux does. 0 or -errno. */
int gpu_cursor(struct vm *vm, uint32_t type, uint32_t scanout, uint32_t id,
    uint32_t x, uint32_t y, uint32_t hot_x, uint32_t hot_y);

/* CREATE_2D + ATTACH_BACKING, checked; fails the test. */
struct gpu_buffer gpu_make_buffer(
    struct vm *vm, uint32_t id, uint32_t w, uint32_t h);
/* Fill r of the backing with a pattern that seed decides. */
void gpu_paint(struct vm *vm, const struct gpu_buffer *b, struct gpu_rect r,
    uint32_t seed);
uint32_t gpu_pattern(uint32_t seed, uint32_t x, uint32_t y);
/* Is the pattern in r of what a commit shows? */
bool gpu_is_shown(
    struct vm *vm, const struct commit *c, struct gpu_rect r, uint32_t seed);
/* paint, TRANSFER, FLUSH of r, then the commit that it causes, pixels
 * compared; fails the test. */
struct commit gpu_draw(struct vm *vm, const struct gpu_buffer *b,
    uint32_t scanout, struct gpu_rect r, uint32_t seed);
/* A buffer of that size shown on a scanout and drawn once. */
struct gpu_buffer gpu_show(
    struct vm *vm, uint32_t scanout, uint32_t id, uint32_t w, uint32_t h);
static inline struct gpu_rect
gpu_all(const struct gpu_buffer *b)
{
	return (struct gpu_rect){0, 0, b->width, b->height};
}
