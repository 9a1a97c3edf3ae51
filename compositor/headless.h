/*
 * headless: outputs that are frames in memory, and a frame clock of their own.
 *
 * The clock's ticks lie on a fixed grid from the start of the program on,
 * whether anybody draws or not: what a guest can observe of them tells it
 * nothing about others. While nothing changes the clock is off.
 */
#pragma once

#include "compositor/paint.h"

struct headless {
	uint32_t n;
	struct target targets[TDS_MAX_OUTPUTS]; /* pixels owned */
	uint32_t width[TDS_MAX_OUTPUTS], height[TDS_MAX_OUTPUTS];
	int timer_fd; /* owned */
	uint64_t origin_ns, period_ns;
	bool is_running;
};

/* Frames for every output of the core. 0 or -errno. */
int headless_init(struct headless *h, const struct core *core) MUST_CHECK;
/* Start or stop the clock. 0 or -errno. */
int headless_run(struct headless *h, bool run) MUST_CHECK;
/* The clock's descriptor is readable: frames begun since the last call. */
uint64_t headless_ticks(struct headless *h);
/* Write output i's pixels, without padding, to fd from offset 0 on. */
int headless_dump(const struct headless *h, uint32_t i, int fd) MUST_CHECK;
uint64_t monotonic_ns(void);
