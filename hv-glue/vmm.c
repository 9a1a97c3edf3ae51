#include "hv-glue/device.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The socket half of a device: listening, frames in, replies out. */

enum { MESSAGES_PER_TURN = 64 };

/* Keep every descriptor first, so that none leaks whatever else is wrong. */
static int
collect_fds(struct device *d, struct msghdr *msg)
{
	int err = msg->msg_flags & MSG_CTRUNC ? -EBADMSG : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (d->n_fds < VU_MAX_FDS) {
				d->fds[d->n_fds++] = fd;
			} else {
				close(fd);
				err = -EBADMSG;
			}
		}
	}
	return err;
}

/*
 * Read what the current frame still needs, never a byte more, so descriptors
 * cannot belong to another frame. 0 if it is complete, -EAGAIN if not yet.
 */
static int
receive(struct device *d, const char **why)
{
	for (;;) {
		const int missing = vu_missing(d->frame, d->have);
		if (missing <= 0) {
			*why = "unknown request, size or flags";
			return missing;
		}

		union {
			char bytes[CMSG_SPACE(sizeof(int) * VU_MAX_FDS)];
			struct cmsghdr align;
		} control;
		struct iovec iov = {
		    .iov_base = d->frame + d->have, .iov_len = (size_t)missing};
		struct msghdr msg = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = control.bytes,
		    .msg_controllen = sizeof(control.bytes)};
		const ssize_t n =
		    recvmsg(d->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		if (collect_fds(d, &msg) < 0) {
			*why = "too many descriptors";
			return -EBADMSG;
		}
		if (n == 0)
			return -EPIPE;
		d->have += (uint32_t)n;
	}
}

static void
finish_frame(struct device *d)
{
	for (uint32_t i = 0; i < d->n_fds; i++)
		if (d->fds[i] >= 0)
			close(d->fds[i]);
	d->n_fds = 0;
	d->have = 0;
}

static int
send_reply(int fd, uint8_t *bytes, uint32_t n)
{
	struct iovec iov = {.iov_base = bytes, .iov_len = n};
	const struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n
		   ? 0
		   : -EPIPE;
}

static int
handle_frame(struct device *d, const char **why)
{
	struct vu_message message;
	uint8_t reply[VU_MAX_REPLY];

	int n = vu_decode(d->frame, d->have, d->n_fds, &message, why);
	if (n == 0)
		n = device_request(d, &message, d->fds, reply, why);
	finish_frame(d);
	if (n <= 0)
		return n;
	if (send_reply(d->fd, reply, (uint32_t)n) < 0) {
		*why = "it does not read its replies";
		return -EPIPE;
	}
	return 0;
}

static void
on_message(void *data, uint32_t events)
{
	struct device *d = data;

	(void)events;
	for (uint32_t i = 0; i < MESSAGES_PER_TURN; i++) {
		const char *why = "cannot be read";
		int err = receive(d, &why);
		if (err == -EAGAIN)
			break;
		if (err == -EPIPE || err == -ECONNRESET) {
			log_guest(&d->visits, d->env->domain,
			    "%s: the VMM is gone", d->model->name);
			device_drop(d, NULL, NULL);
			return;
		}
		uint32_t request = 0;
		memcpy(&request, d->frame, sizeof(request));
		if (err == 0)
			err = handle_frame(d, &why);
		if (err < 0) {
			device_drop(d, vu_name(request), why);
			return;
		}
	}
	d->env->on_settled(d->env->guest);
}

static void
on_accept(void *data, uint32_t events)
{
	struct device *d = data;

	(void)events;
	const int fd =
	    accept4(d->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (d->fd >= 0) {
		log_guest(&d->budget, d->env->domain,
		    "%s: a second VMM connected; refused", d->model->name);
		close(fd);
		return;
	}
	const int err = loop_add(d->env->loop, fd, EPOLLIN, on_message, d);
	if (err < 0) {
		log_bug("%s: cannot watch a VMM: %s", d->model->name,
		    strerror(-err));
		close(fd);
		return;
	}
	d->fd = fd;
	log_guest(
	    &d->visits, d->env->domain, "%s: a VMM connected", d->model->name);
	d->model->on_connection(d->data, true);
	d->env->on_settled(d->env->guest);
}

int
device_init(struct device *device, const struct device_model *model, void *data,
    const struct device_env *env, int listen_fd)
{
	*device = (struct device){
	    .model = model,
	    .data = data,
	    .env = env,
	    .listen_fd = listen_fd,
	    .fd = -1,
	    .backend_fd = -1,
	    .display_fd = -1,
	};
	for (uint32_t i = 0; i < DEVICE_QUEUES; i++)
		device->queues[i] = (struct device_queue){
		    .vq = {.memory = &device->memory},
		    .device = device,
		    .index = i,
		    .kick_fd = -1,
		    .call_fd = -1,
		};
	return listen_fd < 0
		   ? 0
		   : loop_add(env->loop, listen_fd, EPOLLIN, on_accept, device);
}

void
device_finish(struct device *device)
{
	device_drop(device, NULL, NULL);
	loop_remove(device->env->loop, device->listen_fd);
	if (device->listen_fd >= 0)
		close(device->listen_fd);
	device->listen_fd = -1;
}
