/*
 * gpu_parts: what the files of the 2D device share. A command takes its bytes
 * after the header and returns the type of its response.
 */
#pragma once

#include "hv-glue/virtio_gpu.h"

#include <linux/virtio_gpu.h>

enum {
	GPU_OK = VIRTIO_GPU_RESP_OK_NODATA,
	GPU_UNSPECIFIED = VIRTIO_GPU_RESP_ERR_UNSPEC,
	GPU_NO_MEMORY = VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY,
	GPU_NO_SCANOUT = VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID,
	GPU_NO_RESOURCE = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
	GPU_BAD_PARAMETER = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
};

/* gpu_resource.c */
/* NULL for a number that no resource has; 0 is never one. */
struct gpu_resource *gpu_find(struct gpu *gpu, uint32_t id);
/* r lies in width x height; an empty r at the edge does, too. */
bool gpu_rect_fits(const struct gpu_rect *r, uint32_t width, uint32_t height);
void gpu_drop_resource(struct gpu *gpu, struct gpu_resource *res);
uint32_t gpu_create_2d(struct gpu *gpu, struct rd *rd);
uint32_t gpu_unref(struct gpu *gpu, struct rd *rd);
uint32_t gpu_attach_backing(struct gpu *gpu, struct rd *rd);
uint32_t gpu_detach_backing(struct gpu *gpu, struct rd *rd);
uint32_t gpu_transfer(struct gpu *gpu, struct rd *rd);

/* gpu_scanout.c */
void gpu_scanout_off(struct gpu *gpu, struct gpu_scanout *s);
void gpu_hide_cursor(struct gpu *gpu);
/* A snapshot: the resource may go or change without the cursor doing so. */
void gpu_show_cursor(struct gpu *gpu, const struct gpu_resource *res,
    uint32_t hot_x, uint32_t hot_y);
uint32_t gpu_set_scanout(struct gpu *gpu, struct rd *rd);
uint32_t gpu_flush(struct gpu *gpu, struct rd *rd);
