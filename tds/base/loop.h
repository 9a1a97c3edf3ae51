/*
 * loop: a level-triggered epoll loop over a fixed number of sources. A source
 * removed inside a callback is forgotten at once but its memory is only
 * reused at the end of the turn, so that events already fetched for it are
 * dropped.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOOP_MAX_SOURCES = 256 };

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll_wait gave them. */
typedef void (*loop_callback)(void *data, uint32_t events);

struct loop_source {
	int fd; /* borrowed; -1: free */
	bool is_dying;
	loop_callback on_event;
	void *data; /* borrowed */
};

struct loop {
	int epoll_fd; /* owned */
	bool is_stopping;
	bool has_dying;
	struct loop_source sources[LOOP_MAX_SOURCES];
};

int loop_init(struct loop *loop) MUST_CHECK;
void loop_finish(struct loop *loop);
/* 0, or -ENOSPC, or epoll_ctl's -errno. */
int loop_add(struct loop *loop, int fd, uint32_t events, loop_callback on_event,
    void *data) MUST_CHECK;
int loop_modify(struct loop *loop, int fd, uint32_t events) MUST_CHECK;
/* Before the descriptor is closed. Unknown descriptors are ignored. */
void loop_remove(struct loop *loop, int fd);
/* One turn: wait up to timeout_ms (-1: for ever), run callbacks. */
int loop_turn(struct loop *loop, int timeout_ms) MUST_CHECK;
/* Turns until loop_stop(). */
int loop_run(struct loop *loop) MUST_CHECK;
void loop_stop(struct loop *loop);
