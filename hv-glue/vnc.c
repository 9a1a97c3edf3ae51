#include "hv-glue/vnc.h"

#include "protocol/control.h"
#include "tds/base/channel.h"
#include "tds/base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void
vnc_init(struct vnc *vnc, struct loop *loop, int channel_fd)
{
	*vnc = (struct vnc){.loop = loop, .channel_fd = channel_fd, .fd = -1};
}

static void
complain(struct vnc *vnc, const char *what)
{
	if (!vnc->was_logged)
		log_info("the guest is not told of new sizes: %s; start QEMU "
			 "with -vnc unix:…/vnc.sock",
		    what);
	vnc->was_logged = true;
}

static void
hang_up(struct vnc *vnc)
{
	if (vnc->fd < 0)
		return;
	loop_remove(vnc->loop, vnc->fd);
	close(vnc->fd);
	vnc->fd = -1;
}

void
vnc_finish(struct vnc *vnc)
{
	hang_up(vnc);
	vnc->is_wanted = false;
}

/*
 * A poke that is under way may finish, and another follows it. If that one
 * waits already, the server hangs: start over. Asked again at each new size,
 * as nobody says that a connection could not be had.
 */
void
vnc_poke(struct vnc *vnc)
{
	uint8_t record[8];
	const bool is_first = !vnc->is_wanted;

	vnc->is_wanted = true;
	if (vnc->fd >= 0 && is_first)
		return;
	hang_up(vnc);
	const int n = encode_empty(GUEST_WANT_VNC, record, sizeof(record));
	if (n < 0 ||
	    channel_send(vnc->channel_fd, record, (uint32_t)n, NULL, 0) < 0)
		complain(vnc, "tdsd does not listen");
}

static int
send_all(int fd, const uint8_t *bytes, uint32_t n)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	const struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n
		   ? 0
		   : -EPIPE;
}

static int
take(struct vnc *vnc, const uint8_t *bytes, uint32_t n)
{
	uint8_t out[RFB_MAX_OUT];

	while (n > 0) {
		uint32_t used, n_out;
		int err = rfb_take(&vnc->rfb, bytes, n, &used, out, &n_out);
		if (err == 0 && n_out > 0)
			err = send_all(vnc->fd, out, n_out);
		if (err != 0)
			return err;
		bytes += used;
		n -= used;
	}
	return 0;
}

static void
on_vnc(void *data, uint32_t events)
{
	struct vnc *vnc = data;
	uint8_t bytes[512];

	(void)events;
	const ssize_t n = read(vnc->fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	const int err = n <= 0 ? -EPIPE : take(vnc, bytes, (uint32_t)n);
	if (err == 0)
		return;
	hang_up(vnc);
	if (err < 0)
		complain(vnc, err == -EPROTO ? "its VNC server wants a password"
					     : "its VNC server hung up");
	else if (vnc->is_wanted)
		vnc_poke(vnc);
}

void
vnc_connected(struct vnc *vnc, int fd)
{
	/* One was asked for twice, or it comes too late. */
	if (vnc->fd >= 0 || !vnc->is_wanted ||
	    loop_add(vnc->loop, fd, EPOLLIN, on_vnc, vnc) < 0) {
		close(fd);
		return;
	}
	vnc->fd = fd;
	vnc->is_wanted = false;
	/* QEMU ignores a size that equals the last one. */
	rfb_init(&vnc->rfb, (uint16_t)(1024 + vnc->pokes++ % 1024));
}
