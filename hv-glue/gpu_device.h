/*
 * gpu_device: virtio_gpu behind a vhost-user device: requests out of the
 * rings, responses into them.
 */
#pragma once

#include "hv-glue/device.h"
#include "hv-glue/virtio_gpu.h"

struct gpu_device {
	struct device device;
	struct gpu gpu;
	struct vq_chain chain;		    /* scratch: the present request */
	uint8_t request[GPU_MAX_REQUEST];   /* scratch: its private copy */
	uint8_t response[GPU_MAX_RESPONSE]; /* scratch */
};

/* Takes listen_fd; gpu_init() is the caller's, before. */
int gpu_device_init(struct gpu_device *gpu, const struct device_env *env,
    int listen_fd) MUST_CHECK;
