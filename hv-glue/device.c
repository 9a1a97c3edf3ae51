#include "hv-glue/device.h"

#include "hv-glue/device_rings.h"
#include "tds/base/own.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <unistd.h>

/* Ring features that QEMU hands to the guest although we never offer them. */
static const uint64_t foreign_features =
    (uint64_t)1 << VIRTIO_RING_F_INDIRECT_DESC |
    (uint64_t)1 << VIRTIO_RING_F_EVENT_IDX |
    (uint64_t)1 << VIRTIO_F_RING_PACKED |
    (uint64_t)1 << 40 /* VIRTIO_F_RING_RESET, not in Debian 12's header */;

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
device_ring_bell(int fd)
{
	const uint64_t one = 1;

	/* A full counter is a bell that rings already. */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		return;
}

void
device_run_queue(struct device *device, uint32_t index)
{
	struct device_queue *q = &device->queues[index];
	const char *why = "malformed request";

	if (!q->is_started || !q->is_enabled)
		return;
	const int err =
	    device->model->on_kick(device->data, index, &q->vq, &why);
	if (err < 0) {
		device_drop(device, "ring", why);
		return;
	}
	if (err > 0)
		device_ring_bell(q->kick_fd);
	if (virtqueue_wants_call(&q->vq))
		device_ring_bell(q->call_fd);
	device->env->on_settled(device->env->guest);
}

/* Rings as they are before the VMM said anything. */
static void
reset_queues(struct device *d)
{
	for (uint32_t i = 0; i < DEVICE_QUEUES; i++) {
		struct device_queue *q = &d->queues[i];
		device_stop_queue(q);
		*q = (struct device_queue){
		    .vq = {.memory = &d->memory},
		    .device = d,
		    .index = i,
		    .kick_fd = -1,
		    .call_fd = -1,
		};
	}
}

void
device_drop(struct device *device, const char *request, const char *why)
{
	if (why)
		log_guest(&device->budget, device->env->domain,
		    "%s: %s: %s; its VMM is dropped", device->model->name,
		    request, why);
	if (device->fd < 0)
		return;
	loop_remove(device->env->loop, device->fd);
	close_fd(&device->fd);
	reset_queues(device);
	close_fd(&device->backend_fd);
	close_fd(&device->display_fd);
	memory_finish(&device->memory);
	for (uint32_t i = 0; i < device->n_fds; i++)
		close_fd(&device->fds[i]);
	device->n_fds = 0;
	device->have = 0;
	device->model->on_connection(device->data, false);
	device->env->on_settled(device->env->guest);
}

static int
set_features(struct device *d, uint64_t features, const char **why)
{
	if (features & foreign_features) {
		*why = "ring features that were not offered; start QEMU with "
		       "indirect_desc=off,event_idx=off,queue_reset=off";
		return -EPROTO;
	}
	/* Without this feature rings are enabled from the start. */
	if (!(features & VU_F_PROTOCOL_FEATURES))
		for (uint32_t i = 0; i < DEVICE_QUEUES; i++)
			d->queues[i].is_enabled = true;
	return 0;
}

static int
set_mem_table(struct device *d, const struct wire_mem_table *table,
    const int *fds, const char **why)
{
	const int err = memory_map(&d->memory, table, fds, why);

	if (err < 0)
		return err;
	for (uint32_t i = 0; i < DEVICE_QUEUES; i++) {
		struct device_queue *q = &d->queues[i];
		if (q->is_started && virtqueue_map(&q->vq) < 0) {
			*why = "a running ring is not in the new memory";
			return -ERANGE;
		}
	}
	return 0;
}

/* A configuration of another size belongs to another kind of device. */
static int
check_config(
    const struct device *d, const struct vu_config *c, const char **why)
{
	const uint32_t most = d->model->config_bytes;

	if (c->offset <= most && c->size <= most - c->offset)
		return 0;
	*why = "not this device's configuration; is this the right socket?";
	return -EPROTO;
}

static int
get_config(struct device *d, const struct vu_config *wanted, uint8_t *reply,
    const char **why)
{
	uint8_t all[VU_MAX_CONFIG] = {0};
	struct vu_config answer = *wanted;
	const int err = check_config(d, wanted, why);

	if (err < 0)
		return err;
	d->model->read_config(d->data, all);
	for (uint32_t i = 0; i < answer.size; i++)
		answer.bytes[i] = all[answer.offset + i];
	return (int)vu_reply_config(&answer, reply);
}

static int
set_config(struct device *d, const struct vu_config *c, const char **why)
{
	const int err = check_config(d, c, why);

	if (err == 0)
		d->model->write_config(d->data, c->offset, c->bytes, c->size);
	return err;
}

static int
keep_fd(int *place, int *fd)
{
	close_fd(place);
	*place = TAKE_FD(*fd);
	return 0;
}

/* 0 when done; > 0: length of the message's own reply; -errno. */
static int
dispatch(struct device *d, const struct vu_message *m, int *fds, uint8_t *reply,
    const char **why)
{
	switch ((enum vu_request)m->request) {
	case VU_GET_FEATURES:
		return (int)vu_reply_u64(m->request,
		    VU_F_VERSION_1 | VU_F_PROTOCOL_FEATURES |
			d->model->features,
		    reply);
	case VU_GET_PROTOCOL_FEATURES:
		return (int)vu_reply_u64(m->request, VU_PROTOCOL_OURS, reply);
	case VU_GET_QUEUE_NUM:
		return (int)vu_reply_u64(m->request, DEVICE_QUEUES, reply);
	case VU_GET_VRING_BASE:
		return device_get_vring_base(d, &m->state, reply, why);
	case VU_GET_CONFIG:
		return get_config(d, &m->config, reply, why);
	case VU_SET_CONFIG:
		return set_config(d, &m->config, why);
	case VU_SET_FEATURES:
		return set_features(d, m->u64, why);
	case VU_SET_PROTOCOL_FEATURES:
		*why = "protocol features that were not offered";
		return m->u64 & ~(uint64_t)VU_PROTOCOL_OURS ? -EPROTO : 0;
	case VU_SET_OWNER:
	case VU_SET_VRING_ERR: /* we drop; there is nothing to report */
		return 0;
	case VU_RESET_OWNER:
		d->model->on_stop(d->data);
		reset_queues(d);
		return 0;
	case VU_SET_MEM_TABLE:
		return set_mem_table(d, &m->table, fds, why);
	case VU_SET_VRING_NUM:
		return device_set_vring_num(d, &m->state, why);
	case VU_SET_VRING_BASE:
		return device_set_vring_base(d, &m->state, why);
	case VU_SET_VRING_ADDR:
		return device_set_vring_addr(d, &m->addr, why);
	case VU_SET_VRING_KICK:
		return device_set_vring_kick(d, &m->vring_fd, fds, why);
	case VU_SET_VRING_CALL:
		return device_set_vring_call(d, &m->vring_fd, fds, why);
	case VU_SET_VRING_ENABLE:
		return device_set_vring_enable(d, &m->state, why);
	case VU_SET_BACKEND_REQ_FD:
		return keep_fd(&d->backend_fd, &fds[0]);
	case VU_GPU_SET_SOCKET:
		*why = "only a display has a display socket";
		return d->model->has_display ? keep_fd(&d->display_fd, &fds[0])
					     : -EPROTO;
	}
	*why = "unknown request";
	return -EBADMSG;
}

int
device_request(struct device *device, const struct vu_message *message,
    int *fds, uint8_t *reply, const char **why)
{
	const int n = dispatch(device, message, fds, reply, why);

	if (n == 0 && message->needs_reply)
		return (int)vu_reply_u64(message->request, 0, reply);
	return n;
}
