/*
 * backoff: how long tdsd waits before it starts a process again.
 *
 *	life            wait before the next one
 *	5 s or more     20 ms
 *	less            the last wait; every eighth time twice as long
 *	less than 0.2 s twice the last wait
 *
 * So a process that is killed now and then is back at once, and one that
 * cannot live is tried every 5 s at last: it costs next to nothing, the
 * screens do not flicker, and it is back when what ailed it is gone.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct backoff {
	uint64_t started_ns;
	uint64_t again_ns;    /* 0: not waiting */
	uint32_t short_lives; /* of less than 5 s, one after the other */
	uint32_t eighths;     /* of a doubling of the wait */
};

void backoff_started(struct backoff *b, uint64_t now_ns);
void backoff_ended(struct backoff *b, uint64_t now_ns);
/* For the log, after backoff_ended(): "in 40 ms, after 5 lives of less than
 * 5 s"; always terminated. */
void backoff_describe(
    const struct backoff *b, uint64_t now_ns, char *out, size_t size);
