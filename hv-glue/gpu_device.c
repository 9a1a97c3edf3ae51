#include "hv-glue/gpu_device.h"

#include <errno.h>
#include <linux/virtio_gpu.h>

enum { CONTROL_RING, CURSOR_RING, REQUESTS_PER_TURN = 64 };

static void
on_connection(void *data, bool is_up)
{
	struct gpu_device *g = data;

	if (!is_up)
		gpu_reset(&g->gpu);
	outbox_vm(g->gpu.outbox, is_up);
}

static void
on_start(void *data, bool is_fresh)
{
	struct gpu_device *g = data;

	/* A VM that was only paused finds its resources again. */
	if (is_fresh)
		gpu_reset(&g->gpu);
	else
		gpu_resume(&g->gpu);
}

static void
on_stop(void *data)
{
	struct gpu_device *g = data;

	gpu_pause(&g->gpu);
}

/* QEMU fills in events and scanouts; without capsets all that is ours is 0. */
static void
read_config(void *data, uint8_t *out)
{
	(void)data;
	(void)out;
}

/* events_clear: QEMU keeps the events. */
static void
write_config(void *data, uint32_t offset, const uint8_t *in, uint32_t n)
{
	(void)data;
	(void)offset;
	(void)in;
	(void)n;
}

static int
handle(struct gpu_device *g, uint32_t index, struct virtqueue *vq)
{
	const int len =
	    virtqueue_read(vq, &g->chain, g->request, sizeof(g->request));
	int written = 0;

	if (len < 0)
		return len;
	if (index == CURSOR_RING) {
		gpu_cursor_command(&g->gpu, g->request, (uint32_t)len);
	} else {
		/* One byte more than the longest command is not a command. */
		const uint32_t n = gpu_command(&g->gpu, g->request,
		    g->chain.out_bytes > sizeof(g->request) ? 0 : (uint32_t)len,
		    g->response);
		written = virtqueue_write(vq, &g->chain, g->response, n);
	}
	if (written < 0)
		return written;
	virtqueue_push(vq, g->chain.head, (uint32_t)written);
	return 0;
}

static int
on_kick(void *data, uint32_t index, struct virtqueue *vq, const char **why)
{
	struct gpu_device *g = data;

	for (uint32_t i = 0; i < REQUESTS_PER_TURN; i++) {
		const int err = virtqueue_pop(vq, &g->chain, why);
		if (err <= 0)
			return err;
		if (handle(g, index, vq) < 0)
			return -EBADMSG;
	}
	return 1;
}

static const struct device_model model = {
    .name = "gpu",
    .features = (uint64_t)1 << VIRTIO_GPU_F_EDID,
    .config_bytes = sizeof(struct virtio_gpu_config),
    .has_display = true,
    .on_connection = on_connection,
    .on_start = on_start,
    .on_stop = on_stop,
    .read_config = read_config,
    .write_config = write_config,
    .on_kick = on_kick,
};

int
gpu_device_init(
    struct gpu_device *gpu, const struct device_env *env, int listen_fd)
{
	return device_init(&gpu->device, &model, gpu, env, listen_fd);
}
