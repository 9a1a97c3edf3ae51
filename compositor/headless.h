/*
 * headless: a screen of frames in memory. Everything is connected at once, and
 * what is painted is shown.
 */
#pragma once

#include "compositor/screen.h"

struct headless {
	struct screen base;
	uint32_t n;
	struct target targets[TDS_MAX_OUTPUTS]; /* pixels owned */
	uint32_t width[TDS_MAX_OUTPUTS], height[TDS_MAX_OUTPUTS];
};

/* Frames for every output of the core. 0 or -errno. */
int headless_init(struct headless *h, const struct core *core) MUST_CHECK;
