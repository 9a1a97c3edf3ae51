/*
 * wire_side: the carrier's connection, one at a time. Nothing that it does or
 * does not do reaches further than its own connection.
 */
#include "hdcp/program.h"

#include "tds/base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	IN_BYTES = 4096,
	TURN_RECORDS = 16, /* about 1 MB: then others have their turn */
};

/* A sink gives up after a second of silence: such a connection is dead. */
static const uint64_t stuck_time_ns = 2000000000u;

void
wire_side_close(struct program *p, const char *why)
{
	if (p->wire < 0)
		return;
	loop_remove(&p->loop, p->wire);
	close(p->wire);
	p->wire = -1;
	p->n_out = p->out_at = 0;
	p->stuck_ns = 0;
	log_peer(&p->budget, "carrier", "connection closed: %s", why);
	source_disconnect(&p->source);
}

uint64_t
wire_side_deadline(const struct program *p)
{
	return p->stuck_ns == 0 ? UINT64_MAX : p->stuck_ns + stuck_time_ns;
}

void
wire_side_tick(struct program *p)
{
	if (wire_side_deadline(p) <= program_now_ns())
		wire_side_close(p, "it took nothing for 2 s");
}

/* What the state machine found wrong, else what the kernel did. */
static void
fail(struct program *p, int err)
{
	const enum hdcp_tx_reason reason = p->source.tx.reason;

	wire_side_close(p,
	    reason != HDCP_OK ? hdcp_tx_reason_name(reason) : strerror(-err));
}

static void
read_wire(struct program *p)
{
	static uint8_t in[IN_BYTES];
	const ssize_t n = read(p->wire, in, sizeof(in));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		wire_side_close(p, n == 0 ? "it hung up" : strerror(errno));
		return;
	}
	const int err =
	    source_take(&p->source, in, (uint32_t)n, program_now_ns());
	if (err < 0)
		fail(p, err);
}

static void
on_wire(void *data, uint32_t events)
{
	struct program *p = data;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_wire(p);
	program_settle(p);
}

static void
on_listener(void *data, uint32_t events)
{
	struct program *p = data;
	int AUTO_FD fd =
	    accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (p->wire >= 0) {
		log_peer(&p->budget, "carrier",
		    "a second connection: refused, the first one goes on");
		return;
	}
	if (loop_add(&p->loop, fd, EPOLLIN, on_wire, p) < 0)
		return;
	p->wire = TAKE_FD(fd);
	p->wants_out = false;
	source_connect(&p->source, program_now_ns());
	program_settle(p);
}

int
wire_side_begin(struct program *p)
{
	return loop_add(&p->loop, p->listener, EPOLLIN, on_listener, p);
}

/* 1: the carrier took all of the record; 0: it takes no more now. */
static int
write_some(struct program *p)
{
	const ssize_t n = write(p->wire, p->out + p->out_at,
	    p->n_out - p->out_at);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n < 0) {
		p->stuck_ns = p->stuck_ns ? p->stuck_ns : program_now_ns();
		return 0;
	}
	p->stuck_ns = 0;
	p->out_at += (uint32_t)n;
	return p->out_at == p->n_out;
}

/*
 * One record at a time is made, and only when the last one is gone: what waits
 * at a slow carrier is one record, and the next frame is the newest one.
 */
static int
write_wire(struct program *p)
{
	for (int i = 0; i < TURN_RECORDS; i++) {
		if (p->out_at == p->n_out) {
			const int n = source_fill(&p->source, program_now_ns(),
			    p->out, sizeof(p->out));
			if (n <= 0)
				return n;
			p->n_out = (uint32_t)n;
			p->out_at = 0;
		}
		const int went = write_some(p);
		if (went <= 0)
			return went;
		core_side_settle(p); /* a frame may have gone */
	}
	return 0;
}

void
wire_side_settle(struct program *p)
{
	if (p->wire < 0)
		return;
	const int err = write_wire(p);
	if (err < 0) {
		fail(p, err);
		return;
	}
	const bool wants_out = p->out_at < p->n_out ||
			       source_is_busy(&p->source) ||
			       p->source.messages.n > 0;
	if (wants_out == p->wants_out)
		return;
	p->wants_out = wants_out;
	if (loop_modify(&p->loop, p->wire,
		EPOLLIN | (wants_out ? (uint32_t)EPOLLOUT : 0)) < 0)
		wire_side_close(p, "it cannot be watched");
}
