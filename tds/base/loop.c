#include "tds/base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 32 };

int
loop_init(struct loop *loop)
{
	const int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*loop = (struct loop){.epoll_fd = fd};
	for (uint32_t i = 0; i < LOOP_MAX_SOURCES; i++)
		loop->sources[i].fd = -1;
	return 0;
}

void
loop_finish(struct loop *loop)
{
	close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

static uint32_t
find(const struct loop *loop, int fd)
{
	for (uint32_t i = 0; i < LOOP_MAX_SOURCES; i++)
		if (loop->sources[i].fd == fd && !loop->sources[i].is_dying)
			return i;
	return LOOP_MAX_SOURCES;
}

int
loop_add(struct loop *loop, int fd, uint32_t events, loop_callback on_event,
    void *data)
{
	const uint32_t at = find(loop, -1);

	if (at == LOOP_MAX_SOURCES)
		return -ENOSPC;
	struct epoll_event ev = {.events = events, .data.u32 = at};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	loop->sources[at] = (struct loop_source){
	    .fd = fd, .on_event = on_event, .data = data};
	return 0;
}

int
loop_modify(struct loop *loop, int fd, uint32_t events)
{
	const uint32_t at = find(loop, fd);

	if (fd < 0 || at == LOOP_MAX_SOURCES)
		return -ENOENT;
	struct epoll_event ev = {.events = events, .data.u32 = at};
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &ev) < 0 ? -errno
								     : 0;
}

void
loop_remove(struct loop *loop, int fd)
{
	const uint32_t at = find(loop, fd);

	if (fd < 0 || at == LOOP_MAX_SOURCES)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	loop->sources[at].is_dying = true;
	loop->has_dying = true;
}

static void
bury(struct loop *loop)
{
	if (!loop->has_dying)
		return;
	for (uint32_t i = 0; i < LOOP_MAX_SOURCES; i++)
		if (loop->sources[i].is_dying)
			loop->sources[i] = (struct loop_source){.fd = -1};
	loop->has_dying = false;
}

int
loop_turn(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	const int n = epoll_wait(
	    loop->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct loop_source *s = &loop->sources[events[i].data.u32];
		if (!s->is_dying && s->fd >= 0)
			s->on_event(s->data, events[i].events);
	}
	bury(loop);
	return 0;
}

int
loop_run(struct loop *loop)
{
	int err = 0;

	loop->is_stopping = false;
	while (!loop->is_stopping && err == 0)
		err = loop_turn(loop, -1);
	return err;
}

void
loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}
