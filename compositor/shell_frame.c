#include "compositor/shell.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { QUIET_FRAMES_TO_IDLE = 4 };

static const uint64_t second_ns = 1000000000u;

/* ------------------------------------------------------------------ timer */

static struct timespec
to_timespec(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / second_ns),
	    .tv_nsec = (long)(ns % second_ns)};
}

/* period_ns: again and again, 0: once. */
static void
arm(struct shell *s, enum phase phase, uint64_t at_ns, uint64_t period_ns)
{
	const struct itimerspec spec = {.it_value = to_timespec(at_ns),
	    .it_interval = to_timespec(period_ns)};

	s->phase = phase;
	s->timer_period_ns = period_ns;
	if (timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		log_bug("the frame clock does not start: %s", strerror(errno));
}

static uint64_t
dark_at(const struct shell *s)
{
	return s->core.setup.idle_s == 0 || s->core.is_dark
	    ? 0
	    : s->last_input_ns + s->core.setup.idle_s * second_ns;
}

/* Idle: what is next, of nothing new; 0: nothing. */
static uint64_t
wait_until(const struct shell *s)
{
	const uint64_t dark = dark_at(s), cable = cable_at(s);

	return dark == 0 || (cable != 0 && cable < dark) ? cable : dark;
}

/* On a grid that nothing moves the timer runs by itself. */
static void
arm_tick(struct shell *s, uint64_t now)
{
	const uint64_t period_ns =
	    s->clock.is_locked ? 0 : s->clock.period_ns;
	const uint64_t due_ns = s->tick_ns + s->timer_period_ns;

	s->tick_ns = clock_next_tick(&s->clock, now);
	if (period_ns == 0 || s->timer_period_ns != period_ns ||
	    due_ns != s->tick_ns)
		arm(s, PHASE_TICK, s->tick_ns, period_ns);
}

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

void
frame_wake(struct shell *s)
{
	s->quiet_frames = 0;
	if (!s->is_idle)
		return;
	s->is_idle = false;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->bells_fd, NULL);
	arm_tick(s, monotonic_ns());
}

/* Every guest was asked for its bell frames ago; look once more and sleep. */
static bool
fall_idle(struct shell *s)
{
	drain_bells(s);
	if (seal_dispatch(s))
		return false;
	for (uint32_t i = 0; i < s->core.n_domains; i++)
		if (s->links[i].is_open && ring_waiting(&s->links[i].up) != 0)
			return false;
	if (shell_watch(s->epoll_fd, s->bells_fd, EPOLLIN, TAG_BELLS) < 0)
		return false;
	s->is_idle = true;
	arm(s, PHASE_DARK, wait_until(s), 0);
	return true;
}

static void
darken(struct shell *s, uint64_t now)
{
	if (dark_at(s) != 0 && dark_at(s) <= now)
		shell_step(s, &(struct event){.kind = EVENT_DARK});
}

/* ------------------------------------------------------------------ frames */

/* A malformed sender is dropped; nobody else notices. */
static void
drop(struct shell *s, uint32_t domain, int err)
{
	const char *name = (const char *)s->core.domains[domain].config.name;

	log_peer(&s->budget, name, "malformed record (%s): dropped",
	    strerror(-err));
	s->core.dropped++;
	shell_close_link(s, domain);
	const struct core_dropped dropped = {
	    .domain = domain, .error = (uint32_t)-err};
	shell_reply(
	    s, encode_core_dropped(&dropped, s->record, sizeof(s->record)));
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

/* Their phase must not tell of the work: before anything is known of it. */
static void
tick(struct shell *s)
{
	const uint64_t flip = s->screen->ops->flips(s->screen);

	if (flip != 0)
		clock_flip(&s->clock, flip);
	shell_step(s, &(struct event){.kind = EVENT_FRAME});
	for (uint32_t i = 0; i < s->core.n_domains; i++)
		if (s->links[i].is_open)
			link_release(&s->links[i]);
	shell_flush(s);
}

static int
paint(struct shell *s)
{
	const uint64_t begin = monotonic_ns();
	const int n_records = poll_links(s);
	seal_dispatch(s);
	cable_look(s, begin);
	const int n_painted = frame_paint(s);

	if (n_painted < 0)
		return n_painted;
	shell_flush(s);
	const uint64_t end = monotonic_ns();
	if (n_painted > 0)
		clock_composed(&s->clock, end - begin);
	s->quiet_frames =
	    n_records > 0 || n_painted > 0 ? 0 : s->quiet_frames + 1;
	arm_tick(s, end);
	return 0;
}

int
frame_timer(struct shell *s)
{
	uint64_t ticks;

	if (read(s->timer_fd, &ticks, sizeof(ticks)) != (ssize_t)sizeof(ticks))
		return 0; /* it was set anew meanwhile */
	const uint64_t now = monotonic_ns();
	darken(s, now);
	if (s->phase == PHASE_DARK) {
		const int err = frame_follow_darkness(s);
		cable_look(s, now);
		if (!s->is_dark && frame_has_news(s))
			frame_wake(s);
		else
			arm(s, PHASE_DARK, wait_until(s), 0);
		return err;
	}
	if (s->phase == PHASE_TICK) {
		tick(s);
		/* a flip may take long: what waits for it is still to come */
		if (s->quiet_frames >= QUIET_FRAMES_TO_IDLE &&
		    (s->is_dark || !frame_has_news(s)) && fall_idle(s))
			return 0;
		const uint64_t at = clock_paint(&s->clock, s->tick_ns);
		if (at > now) {
			arm(s, PHASE_PAINT, at, 0);
			return 0;
		}
	}
	return paint(s);
}
