#include "hv-glue/device_rings.h"

#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
on_kick(void *data, uint32_t events)
{
	struct device_queue *q = data;
	uint64_t count;

	(void)events;
	const ssize_t n = read(q->kick_fd, &count, sizeof(count));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(count)) {
		device_drop(
		    q->device, "SET_VRING_KICK", "the kick is not an eventfd");
		return;
	}
	device_run_queue(q->device, q->index);
}

void
device_stop_queue(struct device_queue *q)
{
	loop_remove(q->device->env->loop, q->kick_fd);
	close_fd(&q->kick_fd);
	close_fd(&q->call_fd);
	virtqueue_unmap(&q->vq);
	q->is_started = false;
}

/* The ring of a message, or NULL. */
static struct device_queue *
queue_at(struct device *d, uint32_t index, const char **why)
{
	if (index < DEVICE_QUEUES)
		return &d->queues[index];
	*why = "no such ring";
	return NULL;
}

/* A ring whose shape may still change. */
static struct device_queue *
stopped_queue_at(struct device *d, uint32_t index, const char **why)
{
	struct device_queue *q = queue_at(d, index, why);

	if (!q || !q->is_started)
		return q;
	*why = "the ring is running";
	return NULL;
}

int
device_set_vring_num(
    struct device *d, const struct vu_state *s, const char **why)
{
	struct device_queue *q = stopped_queue_at(d, s->index, why);

	if (!q)
		return -ERANGE;
	if (s->num == 0 || s->num > VIRTQUEUE_MAX ||
	    (s->num & (s->num - 1)) != 0) {
		*why = "the ring size is not a power of two up to 1024";
		return -ERANGE;
	}
	q->vq.num = (uint16_t)s->num;
	return 0;
}

/* Requests are answered in order, so the used index equals this one. */
int
device_set_vring_base(
    struct device *d, const struct vu_state *s, const char **why)
{
	struct device_queue *q = stopped_queue_at(d, s->index, why);

	if (!q)
		return -ERANGE;
	if (s->num > UINT16_MAX) {
		*why = "the ring base is not 16 bits";
		return -ERANGE;
	}
	q->vq.next_avail = (uint16_t)s->num;
	q->vq.next_used = (uint16_t)s->num;
	return 0;
}

int
device_set_vring_addr(
    struct device *d, const struct vu_addr *a, const char **why)
{
	struct device_queue *q = stopped_queue_at(d, a->index, why);

	if (!q)
		return -ERANGE;
	q->vq.desc_uva = a->desc;
	q->vq.avail_uva = a->avail;
	q->vq.used_uva = a->used;
	return 0;
}

/*
 * We may not set it: the flag is shared with whoever gave us the descriptor.
 * A VMM that clears it again later stops its own windows only.
 */
static bool
is_nonblocking(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_NONBLOCK);
}

int
device_set_vring_kick(
    struct device *d, const struct vu_vring_fd *m, int *fds, const char **why)
{
	struct device_queue *q = stopped_queue_at(d, m->index, why);

	if (!q)
		return -ERANGE;
	if (!m->has_fd || !is_nonblocking(fds[0])) {
		*why = "the kick is not a non-blocking eventfd";
		return -EPROTO;
	}
	if (virtqueue_map(&q->vq) < 0) {
		*why = "the ring does not lie in guest memory";
		return -ERANGE;
	}
	if (loop_add(d->env->loop, fds[0], EPOLLIN, on_kick, q) < 0) {
		*why = "the kick cannot be polled";
		return -EPROTO;
	}
	q->kick_fd = TAKE_FD(fds[0]);
	q->is_started = true;
	if (m->index == 0)
		d->model->on_start(d->data, q->vq.next_avail == 0);
	return 0;
}

int
device_set_vring_call(
    struct device *d, const struct vu_vring_fd *m, int *fds, const char **why)
{
	struct device_queue *q = queue_at(d, m->index, why);

	if (!q)
		return -ERANGE;
	if (m->has_fd && !is_nonblocking(fds[0])) {
		*why = "the call is not a non-blocking eventfd";
		return -EPROTO;
	}
	close_fd(&q->call_fd);
	if (m->has_fd)
		q->call_fd = TAKE_FD(fds[0]);
	return 0;
}

int
device_set_vring_enable(
    struct device *d, const struct vu_state *s, const char **why)
{
	struct device_queue *q = queue_at(d, s->index, why);

	if (!q)
		return -ERANGE;
	q->is_enabled = s->num == 1;
	/* Its kick may have come before; it looks for work in its turn. */
	if (q->is_enabled)
		device_ring_bell(q->kick_fd);
	return 0;
}

int
device_get_vring_base(struct device *d, const struct vu_state *s,
    uint8_t *reply, const char **why)
{
	struct device_queue *q = queue_at(d, s->index, why);

	if (!q)
		return -ERANGE;
	const struct vu_state base = {s->index, q->vq.next_avail};
	if (q->is_started)
		d->model->on_stop(d->data);
	device_stop_queue(q);
	return (int)vu_reply_state(&base, reply);
}
