/* watch: what tdsd waits for: deadlines, and the ends of its children. */
#include "tds/super/super.h"

#include "tds/super/init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static const uint64_t second_ns = 1000000000u;

uint64_t
super_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * second_ns + (uint64_t)ts.tv_nsec;
}

/* ----------------------------------------------------------------- waiting */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

void
super_arm(struct super *s)
{
	uint64_t next = s->core_backoff.again_ns;

	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		next = earlier(next, s->guests[i].backoff.again_ns);
		next = earlier(next, guest_vnc_ns(&s->guests[i]));
	}
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		next = earlier(next, s->sealed[i].backoff.again_ns);
	next = earlier(next, core_deadline_ns(s));
	next = earlier(next, s->input_backoff.again_ns);
	next = earlier(next, s->xen_backoff.again_ns);
	next = earlier(next, input_deadline_ns(s));
	next = earlier(next, hotplug_ns(s));
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			next = earlier(next, s->clients[i].deadline_ns);
	const struct itimerspec spec = {
	    .it_value = {.tv_sec = (time_t)(next / second_ns),
		.tv_nsec = (long)(next % second_ns)}};
	if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		log_bug("the timer does not start: %s", strerror(errno));
}

void
super_restart(struct super *s, struct backoff *b, char *out)
{
	const uint64_t now = super_now_ns();

	backoff_ended(b, now);
	backoff_describe(b, now, out, RESTART_BYTES);
	super_arm(s);
}

/* when 0: never */
static bool
has_passed(uint64_t when, uint64_t now)
{
	return when != 0 && when <= now;
}

static bool
is_due(const struct backoff *b, uint64_t now)
{
	return has_passed(b->again_ns, now);
}

static void
on_timer(void *data, uint32_t events)
{
	struct super *s = data;
	uint64_t ticks;
	const ssize_t n = read(s->timer, &ticks, sizeof(ticks));
	const uint64_t now = super_now_ns();

	(void)n;
	(void)events;
	if (is_due(&s->core_backoff, now))
		core_begin(s);
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		const uint64_t vnc = guest_vnc_ns(&s->guests[i]);
		if (is_due(&s->guests[i].backoff, now))
			guest_begin(s, i);
		if (has_passed(vnc, now))
			guest_give_vnc(s, i);
	}
	if (is_due(&s->input_backoff, now))
		input_begin(s);
	if (is_due(&s->xen_backoff, now))
		xen_begin(s);
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		if (is_due(&s->sealed[i].backoff, now))
			hdcp_begin(s, i);
	clients_expire(s, now);
	if (has_passed(hotplug_ns(s), now))
		hotplug_tell(s);
	if (has_passed(core_deadline_ns(s), now))
		core_end(s, "it is not ready after 10 s");
	if (has_passed(input_deadline_ns(s), now))
		input_end(s, "it is not ready after 10 s");
	super_arm(s);
}

/* ----------------------------------------------------------------- signals */

static void
describe(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "signal %d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS
			? ", a system call that its rights do not have"
			: "");
	else
		snprintf(out, size, "exit code %d", WEXITSTATUS(status));
}

static void
on_exit_of(struct super *s, pid_t pid, int status)
{
	char why[64];

	describe(status, why, sizeof(why));
	if (pid == s->core.pid) {
		s->core.pid = 0; /* reaped; core_end() closes the rest */
		core_end(s, why);
	}
	if (pid == s->input.pid) {
		s->input.pid = 0;
		input_end(s, why);
	}
	if (pid == s->xen.pid) {
		s->xen.pid = 0;
		xen_end(s, why);
	}
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		if (pid == s->sealed[i].child.pid) {
			s->sealed[i].child.pid = 0;
			hdcp_end(s, i, why);
		}
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		if (pid == s->guests[i].child.pid) {
			s->guests[i].child.pid = 0;
			guest_end(s, i, why);
		}
}

static void
on_signal(void *data, uint32_t events)
{
	struct super *s = data;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	if (read(s->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	/* Process 1 gets SIGINT for Ctrl-Alt-Delete: nobody stops us so. */
	if (info.ssi_signo != SIGCHLD &&
	    (info.ssi_signo == SIGTERM || !init_is_us())) {
		log_info("stopping");
		loop_stop(&s->loop);
		return;
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_exit_of(s, pid, status);
}

int
watch_signals(struct super *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	return loop_add(&s->loop, s->signals, EPOLLIN, on_signal, s);
}

int
watch_time(struct super *s)
{
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer < 0)
		return -errno;
	return loop_add(&s->loop, s->timer, EPOLLIN, on_timer, s);
}
