#include "tests/timing/virtual.h"

#include "tds/base/rights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int __real_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *spec,
    struct itimerspec *old);
ssize_t __wrap_getrandom(void *out, size_t len, unsigned int flags);
int __wrap_rights_seal(enum role role, bool may_continue, const char **what);

static uint64_t now_ns = 10000000000u;
static uint64_t due_ns; /* nothing happens before it; 0: not known */
static uint64_t timer_at = NEVER, timer_period;
static int timer_fd = -1;

uint64_t
virtual_now(void)
{
	return now_ns;
}

void
virtual_changed(void)
{
	due_ns = 0;
}

static uint64_t
next(void)
{
	const uint64_t world = world_next();

	return timer_at < world ? timer_at : world;
}

static void
fire(void)
{
	const uint64_t one = 1;

	timer_at = timer_period > 0 ? timer_at + timer_period : NEVER;
	if (write(timer_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
}

static void
pass_until(uint64_t t)
{
	if (due_ns == 0)
		due_ns = next();
	while (due_ns <= t) {
		now_ns = due_ns > now_ns ? due_ns : now_ns;
		if (timer_at <= now_ns)
			fire();
		else
			world_happen();
		due_ns = next();
	}
	now_ns = t > now_ns ? t : now_ns;
}

void
virtual_advance(uint64_t ns)
{
	pass_until(now_ns + ns);
}

/* -------------------------------------------------------------- the kernel */

int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	(void)id;
	out->tv_sec = (time_t)(now_ns / 1000000000u);
	out->tv_nsec = (long)(now_ns % 1000000000u);
	return 0;
}

/* An eventfd reads like a timer: how often it went off, then nothing. */
int
__wrap_timerfd_create(int clock, int flags)
{
	(void)clock;
	(void)flags;
	timer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return timer_fd;
}

static uint64_t
ns_of(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int
__wrap_timerfd_settime(
    int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	const uint64_t at = ns_of(spec->it_value);
	uint64_t count;

	(void)old;
	if (fd != timer_fd || flags != TFD_TIMER_ABSTIME)
		abort();
	timer_at = at > 0 ? at : NEVER;
	timer_period = ns_of(spec->it_interval);
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	virtual_changed();
	return 0;
}

int
__wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
	bool has_slept = false;

	if (timeout == 0)
		return __real_epoll_wait(fd, events, n, 0);
	for (;;) {
		world_happen(); /* the judge looks at what was presented */
		const int ready = __real_epoll_wait(fd, events, n, 0);
		if (ready != 0) {
			if (has_slept)
				virtual_advance(
				    world_one_in(64) ? LATE_WAKE_NS : WAKE_NS);
			return ready;
		}
		has_slept = true;
		const uint64_t at = next();
		if (at == NEVER) {
			fprintf(stderr, "the core waits for nothing\n");
			abort();
		}
		pass_until(at > now_ns ? at : now_ns);
	}
}

ssize_t
__wrap_getrandom(void *out, size_t len, unsigned int flags)
{
	(void)flags;
	memset(out, 7, len);
	return (ssize_t)len;
}

/* The test's own process goes on as it is. */
int
__wrap_rights_seal(enum role role, bool may_continue, const char **what)
{
	(void)role;
	(void)may_continue;
	(void)what;
	return 0;
}
