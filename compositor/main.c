/*
 * tds-compositor: the thin shell around the core. It receives its
 * configuration from tdsd on descriptor 3, seals itself, and then turns the
 * crank: records, input and the frame clock in, ring records and pixels out.
 */
#include "compositor/shell.h"
#include "tds/base/channel.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static struct shell shell;

uint64_t
monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int
shell_watch(int epoll_fd, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event ev = {.events = events, .data.u32 = tag};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

void
shell_step(struct shell *s, const struct event *event)
{
	struct actions actions UNFILLED;

	core_step(&s->core, event, monotonic_ns(), &actions);
	for (uint32_t i = 0; i < actions.n; i++) {
		struct link *link = &s->links[actions.a[i].domain];
		if (link->is_open)
			link_put(link, &actions.a[i].record);
	}
	seat_carry_out(s, &actions);
}

void
shell_flush(struct shell *s)
{
	for (uint32_t i = 0; i < s->core.n_domains; i++)
		if (s->links[i].is_open)
			link_flush(&s->links[i]);
}

void
shell_reply(struct shell *s, int len)
{
	const int err = len < 0
	    ? len
	    : channel_send(CHANNEL_FD, s->record, (uint32_t)len, NULL, 0);

	if (err < 0)
		log_bug("tdsd takes no answer: %s", strerror(-err));
}

void
shell_close_link(struct shell *s, uint32_t domain)
{
	if (!s->links[domain].is_open)
		return;
	epoll_ctl(s->bells_fd, EPOLL_CTL_DEL, s->links[domain].bell_up, NULL);
	link_close(&s->links[domain]);
	s->pools[domain] = (struct pool){0};
	shell_step(s, &(struct event){.kind = EVENT_DOWN, .domain = domain});
	frame_wake(s);
}

/* ---------------------------------------------------------------- start-up */

static int
open_descriptors(struct shell *s)
{
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->bells_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->bells_fd < 0 || s->timer_fd < 0)
		return -errno;
	const int err =
	    shell_watch(s->epoll_fd, CHANNEL_FD, EPOLLIN, TAG_CHANNEL);
	return err < 0 ? err
		       : shell_watch(s->epoll_fd, s->timer_fd, EPOLLIN,
			     TAG_TIMER);
}

/* Try-out mode goes on without a sandbox, and the trust bar says so. */
static int
seal(struct shell *s)
{
	const bool is_try_out = s->core.setup.flags & CORE_TRY_OUT;
	const char *what = "";
	const int err = rights_seal(ROLE_CORE, is_try_out, &what);

	if (err == 0)
		return 0;
	s->core.setup.flags |= CORE_UNSEALED;
	if (is_try_out)
		return 0;
	log_error("cannot drop rights (%s): %s", what,
	    strerror(err < 0 ? -err : err));
	return err < 0 ? err : -err;
}

static int
start(struct shell *s)
{
	core_init(&s->core);
	s->seat_fd = -1;
	int err = control_setup(s);
	if (err == 0)
		err = open_descriptors(s);
	if (err == 0)
		err = seal(s);
	if (err < 0)
		return err;
	s->is_idle = true; /* until the first frame is shown */
	s->last_input_ns = monotonic_ns();
	err = frame_paint(s);
	if (err < 0)
		return err;
	frame_wake(s);
	shell_reply(s, encode_empty(CORE_READY, s->record, sizeof(s->record)));
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
			err = control_dispatch(s);
		else if (events[i].data.u32 == TAG_TIMER)
			err = frame_timer(s);
		else if (events[i].data.u32 == TAG_SEAT)
			seat_dispatch(s);
		else
			frame_wake(s);
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
