/*
 * input_device: virtio_input behind a vhost-user device: events into the
 * guest's buffers as it provides them, its lock lights out.
 */
#pragma once

#include "hv-glue/device.h"
#include "hv-glue/virtio_input.h"
#include "protocol/ring.h"

struct input_dev {
	struct device device;
	struct input input;
	struct vq_chain chain; /* scratch: the present buffer */
};

/* Takes listen_fd. */
int input_device_init(struct input_dev *in, enum input_device kind,
    const struct device_env *env, int listen_fd) MUST_CHECK;
/* An event for the guest; delivered at the end of its group, if it listens. */
void input_device_put(struct input_dev *in, struct input_item item);
void input_device_lost(struct input_dev *in);
