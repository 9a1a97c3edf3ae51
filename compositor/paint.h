/*
 * paint: turn the core's state into pixels. Pure: reads the core, reads guest
 * pixels, writes the target; decides nothing. Never reads the target.
 *
 * For every damaged piece the topmost thing there is painted, and only that:
 * trusted layer (trust bar, panel, frames, background, our cursor), or a copy
 * of the guest pixels of exactly one window. Trusted pixels are opaque.
 */
#pragma once

#include "compositor/copy.h"
#include "compositor/core.h"

/* Where pixels go: XRGB8888, the size of the output. */
struct target {
	uint32_t *pixels; /* borrowed */
	uint32_t stride_px;
	enum copy_kind copy; /* how to get there fastest */
};

/* A domain's pixel pool, mapped read-only. base NULL: no picture. */
struct pool {
	const uint8_t *base; /* borrowed */
	uint64_t bytes;
};

/* One call's part of a frame, in pixels of the output. */
struct paint_part {
	struct rect clip;	    /* nothing is painted outside */
	const struct damage *stale; /* borrowed: painted besides; or NULL */
	bool has_cursor; /* paint also what a cursor plane shows */
	struct damage *painted;	    /* borrowed: what was painted of the taken
				     * damage is added; or NULL */
};

/*
 * Paint what scene_take_damage() took on one output, or the part of it that
 * part says (NULL: all). pools[TDS_MAX_DOMAINS]. Between two parts of a frame
 * the core may take in input: what that changes is damage of its own, and the
 * frame is whole only when that is painted as well. Returns the number of
 * pixels written (for the benchmark).
 */
/* An image for a cursor plane: TDS_CURSOR_DIM^2 pixels, premultiplied. */
void paint_cursor(const struct core *core, const struct pool *pools,
    uint32_t *image);
uint64_t paint_output(const struct core *core, uint32_t output,
    const struct pool *pools, struct target target,
    const struct paint_part *part);
