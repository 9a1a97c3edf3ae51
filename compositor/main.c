/*
 * tds-compositor: the thin shell around the core. It receives its
 * configuration from tdsd on descriptor 3, seals itself, and then turns the
 * crank: control records and the frame clock in, ring records and pixels out.
 *
 *	        input, commit	     nothing for QUIET frames
 *	idle ----------------> active ------------------------> idle
 *	(doorbells wake us)	(one wake-up per frame, rings polled)
 */
#include "compositor/headless.h"
#include "compositor/link.h"
#include "tds/base/channel.h"
#include "tds/base/log.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { CHANNEL_FD = 3, QUIET_FRAMES_TO_IDLE = 4, RECORDS_PER_TURN = 64 };

struct shell {
	struct core core;
	struct headless headless;
	struct link links[TDS_MAX_DOMAINS];
	struct pool pools[TDS_MAX_DOMAINS]; /* borrowed from links */
	int epoll_fd;  /* owned: channel, clock, and while idle bells_fd */
	int bells_fd;  /* owned: an epoll of all doorbells, edge-triggered */
	bool is_idle;
	uint32_t quiet_frames;
	uint64_t wakeups;
	struct log_budget budget;
	struct status status;		   /* scratch */
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

static struct shell shell;

static int
watch(int epoll_fd, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event ev = {.events = events, .data.u32 = tag};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

enum { TAG_CHANNEL, TAG_CLOCK, TAG_BELLS };

/* ------------------------------------------------------------ idle, active */

/* Forget edges of the past, so that only a new ring wakes us. */
static void
drain_bells(struct shell *s)
{
	struct epoll_event events[TDS_MAX_DOMAINS];

	while (epoll_wait(s->bells_fd, events, TDS_MAX_DOMAINS, 0) ==
	    TDS_MAX_DOMAINS)
		continue;
}

static void
wake(struct shell *s)
{
	s->quiet_frames = 0;
	if (!s->is_idle)
		return;
	s->is_idle = false;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->bells_fd, NULL);
	if (headless_run(&s->headless, true) < 0)
		log_bug("the frame clock does not start");
}

/* Every guest was asked for its bell frames ago; look once more and sleep. */
static void
fall_idle(struct shell *s)
{
	drain_bells(s);
	for (uint32_t i = 0; i < s->core.n_domains; i++)
		if (s->links[i].is_open && ring_waiting(&s->links[i].up) != 0)
			return;
	if (watch(s->epoll_fd, s->bells_fd, EPOLLIN, TAG_BELLS) < 0 ||
	    headless_run(&s->headless, false) < 0)
		return;
	s->is_idle = true;
}

/* ------------------------------------------------------------------ guests */

static void
carry_out(struct shell *s, const struct actions *actions)
{
	for (uint32_t i = 0; i < actions->n; i++) {
		struct link *link = &s->links[actions->a[i].domain];
		if (link->is_open)
			link_put(link, &actions->a[i].record);
	}
}

static void
flush_links(struct shell *s)
{
	for (uint32_t i = 0; i < s->core.n_domains; i++)
		if (s->links[i].is_open)
			link_flush(&s->links[i]);
}

static void
step(struct shell *s, const struct event *event)
{
	struct actions actions;

	core_step(&s->core, event, monotonic_ns(), &actions);
	carry_out(s, &actions);
}

static void
close_link(struct shell *s, uint32_t domain)
{
	if (!s->links[domain].is_open)
		return;
	epoll_ctl(s->bells_fd, EPOLL_CTL_DEL, s->links[domain].bell_up, NULL);
	link_close(&s->links[domain]);
	s->pools[domain] = (struct pool){0};
	step(s, &(struct event){.kind = EVENT_DOWN, .domain = domain});
	wake(s);
}

static void
reply(struct shell *s, int len)
{
	const int err = len < 0
	    ? len
	    : channel_send(CHANNEL_FD, s->record, (uint32_t)len, NULL, 0);

	if (err < 0)
		log_bug("tdsd takes no answer: %s", strerror(-err));
}

/* A malformed sender is dropped; nobody else notices. */
static void
drop(struct shell *s, uint32_t domain, int err)
{
	const char *name = (const char *)s->core.domains[domain].config.name;

	log_peer(&s->budget, name, "malformed record (%s): dropped",
	    strerror(-err));
	s->core.dropped++;
	close_link(s, domain);
	const struct core_dropped dropped = {
	    .domain = domain, .error = (uint32_t)-err};
	reply(s, encode_core_dropped(&dropped, s->record, sizeof(s->record)));
}

static int
poll_links(struct shell *s)
{
	const uint64_t now = monotonic_ns();
	int total = 0;

	for (uint32_t i = 0; i < s->core.n_domains; i++) {
		struct link *link = &s->links[i];
		if (!link->is_open)
			continue;
		const int n = link_poll(link, &s->core, i, now);
		if (n < 0) {
			drop(s, i, n);
			continue;
		}
		link_settle(link, n);
		total += n;
	}
	return total;
}

static bool
paint(struct shell *s)
{
	if (!core_is_dirty(&s->core))
		return false;
	for (uint32_t i = 0; i < s->headless.n; i++) {
		scene_take_damage(&s->core.scene, i);
		paint_output(
		    &s->core, i, s->pools, s->headless.targets[i], NULL);
	}
	return true;
}

static void
on_clock(struct shell *s)
{
	if (headless_ticks(&s->headless) == 0)
		return;
	/* Release and tick first: their phase must not tell of the work. */
	step(s, &(struct event){.kind = EVENT_FRAME});
	flush_links(s);
	const int n_records = poll_links(s);
	const bool has_painted = paint(s);

	s->quiet_frames = n_records > 0 || has_painted ? 0 : s->quiet_frames + 1;
	if (s->quiet_frames >= QUIET_FRAMES_TO_IDLE)
		fall_idle(s);
}

/* ----------------------------------------------------------------- control */

static int
on_link(struct shell *s, struct rd *rd, struct received *r)
{
	struct core_link record;
	int err = decode_core_link(rd, &record);

	if (err < 0)
		return err;
	if (record.domain >= s->core.n_domains)
		return -ERANGE;
	close_link(s, record.domain);
	struct link *link = &s->links[record.domain];
	err = link_open(link, &record, r->fds);
	if (err < 0)
		return err;
	err = watch(
	    s->bells_fd, link->bell_up, EPOLLIN | EPOLLET, record.domain);
	if (err < 0) {
		link_close(link);
		return err;
	}
	s->pools[record.domain] = link->pool;
	step(s, &(struct event){.kind = EVENT_LINK, .domain = record.domain});
	return 0;
}

static int
on_down(struct shell *s, struct rd *rd)
{
	struct core_down record;
	const int err = decode_core_down(rd, &record);

	if (err < 0)
		return err;
	if (record.domain < s->core.n_domains)
		close_link(s, record.domain);
	return 0;
}

static int
on_input(struct shell *s, struct rd *rd)
{
	struct core_input record;
	const int err = decode_core_input(rd, &record);

	if (err < 0)
		return err;
	if (!(s->core.setup.flags & CORE_TRY_OUT))
		return -EPERM;
	for (uint32_t i = 0; i < record.n; i++)
		step(s,
		    &(struct event){
			.kind = EVENT_INPUT, .input = record.events[i]});
	return 0;
}

static void
send_status(struct shell *s, uint32_t cookie)
{
	core_status(&s->core, &s->status);
	s->status.wakeups = s->wakeups;
	reply(s,
	    encode_core_reply(
		cookie, &s->status, s->record, sizeof(s->record)));
}

static int
on_snapshot(struct shell *s, struct rd *rd, const struct received *r)
{
	struct core_snapshot record;
	int err = decode_core_snapshot(rd, &record);

	if (err < 0)
		return err;
	if (record.output >= s->headless.n)
		return -ERANGE;
	paint(s); /* so that pixels and status are of the same state */
	err = headless_dump(&s->headless, record.output, r->fds[0]);
	if (err < 0) {
		/* No memory for a picture is no reason to stop showing one:
		 * tdsctl hears of it when its time is up. */
		log_error("no screenshot: %s", strerror(-err));
		return 0;
	}
	send_status(s, record.cookie);
	return 0;
}

static int
on_record(struct shell *s, struct received *r)
{
	struct core_focus focus;
	uint32_t op, cookie;
	struct rd rd;
	int err = control_open(s->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	switch (op) {
	case CORE_LINK:
		return on_link(s, &rd, r);
	case CORE_DOWN:
		return on_down(s, &rd);
	case CORE_INPUT:
		return on_input(s, &rd);
	case CORE_FOCUS:
		err = decode_core_focus(&rd, &focus);
		if (err < 0)
			return err;
		step(s,
		    &(struct event){
			.kind = EVENT_FOCUS, .domain = focus.domain});
		send_status(s, focus.cookie);
		return 0;
	case CORE_STATUS:
		err = decode_u32(&rd, &cookie);
		if (err < 0)
			return err;
		send_status(s, cookie);
		return 0;
	case CORE_SNAPSHOT:
		return on_snapshot(s, &rd, r);
	default:
		return -EPROTO;
	}
}

/* tdsd is our parent: a bad record from it is a bug, and the end. */
static int
on_channel(struct shell *s)
{
	for (int i = 0; i < RECORDS_PER_TURN; i++) {
		struct received r = {0};
		int err = channel_receive(
		    CHANNEL_FD, s->record, sizeof(s->record), &r);
		if (err == -EAGAIN)
			return 0;
		if (err < 0)
			return err;
		err = on_record(s, &r);
		received_finish(&r);
		if (err < 0)
			return err;
		flush_links(s);
		if (core_is_dirty(&s->core))
			wake(s);
	}
	return 0;
}

/* ---------------------------------------------------------------- start-up */

static int
on_setup_record(struct shell *s, uint32_t op, struct rd *rd)
{
	struct core_setup setup;
	struct core_output output;
	struct core_domain domain;
	int err;

	switch (op) {
	case CORE_SETUP:
		err = decode_core_setup(rd, &setup);
		return err < 0 ? err : core_add_setup(&s->core, &setup);
	case CORE_OUTPUT:
		err = decode_core_output(rd, &output);
		return err < 0 ? err : core_add_output(&s->core, &output);
	case CORE_DOMAIN:
		err = decode_core_domain(rd, &domain);
		return err < 0 ? err : core_add_domain(&s->core, &domain);
	default:
		return -EPROTO;
	}
}

static int
receive_setup(struct shell *s)
{
	for (;;) {
		struct pollfd p = {.fd = CHANNEL_FD, .events = POLLIN};
		struct received r = {0};
		struct rd rd;
		uint32_t op;

		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		int err = channel_receive(
		    CHANNEL_FD, s->record, sizeof(s->record), &r);
		if (err == -EAGAIN)
			continue;
		if (err < 0)
			return err;
		err = control_open(s->record, r.len, r.n_fds, &op, &rd);
		received_finish(&r);
		if (err < 0)
			return err;
		if (op == CORE_START)
			return core_start(&s->core);
		err = on_setup_record(s, op, &rd);
		if (err < 0) {
			log_error("%s is refused", control_name(op));
			return err;
		}
	}
}

static int
start(struct shell *s)
{
	const char *what = "";

	core_init(&s->core);
	int err = receive_setup(s);
	if (err < 0)
		return err;
	err = headless_init(&s->headless, &s->core);
	if (err < 0)
		return err;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->bells_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0 || s->bells_fd < 0)
		return -errno;
	err = watch(s->epoll_fd, CHANNEL_FD, EPOLLIN, TAG_CHANNEL);
	if (err == 0)
		err = watch(
		    s->epoll_fd, s->headless.timer_fd, EPOLLIN, TAG_CLOCK);
	if (err == 0)
		err = headless_run(&s->headless, true);
	if (err < 0)
		return err;

	const bool is_try_out = s->core.setup.flags & CORE_TRY_OUT;
	err = rights_seal(ROLE_CORE, is_try_out, &what);
	if (err != 0 && !is_try_out) {
		log_error("cannot drop rights (%s): %s", what,
		    strerror(err < 0 ? -err : err));
		return err;
	}
	if (err != 0)
		s->core.setup.flags |= CORE_UNSEALED;
	paint(s);
	reply(s, encode_empty(CORE_READY, s->record, sizeof(s->record)));
	return 0;
}

static int
turn(struct shell *s)
{
	struct epoll_event events[4];
	const int n = epoll_wait(s->epoll_fd, events, 4, -1);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	s->wakeups++;
	for (int i = 0; i < n; i++) {
		int err = 0;
		if (events[i].data.u32 == TAG_CHANNEL)
			err = on_channel(s);
		else if (events[i].data.u32 == TAG_CLOCK)
			on_clock(s);
		else
			wake(s);
		if (err < 0)
			return err;
	}
	return 0;
}

int
main(void)
{
	int err = 0;

	log_init("tds-compositor");
	err = start(&shell);
	while (err == 0)
		err = turn(&shell);
	if (err == -EPIPE)
		return EXIT_SUCCESS; /* tdsd closed the channel: the end */
	log_error("stopped: %s", strerror(-err));
	return EXIT_FAILURE;
}
