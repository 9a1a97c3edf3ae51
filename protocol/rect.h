/*
 * rect: half-open rectangles in pixels, and a bounded list of damage.
 *
 * A rectangle is either x0 < x1 && y0 < y1 with all coordinates in
 * [-TDS_MAX_COORD, TDS_MAX_COORD], or the one empty rectangle (0,0,0,0).
 * The result of every function here is such a rectangle. Proved: tests/proof.
 */
#pragma once

#include "protocol/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct rect {
	int32_t x0, y0, x1, y1;
};

/* The rectangle at (x, y) of w by h; empty if it leaves the coordinates. */
struct rect rect_make(int32_t x, int32_t y, int32_t w, int32_t h);
bool rect_is_empty(struct rect r);
bool rect_has(struct rect r, int32_t x, int32_t y);
bool rect_covers(struct rect outer, struct rect inner);
struct rect rect_intersect(struct rect a, struct rect b);
/* The smallest rectangle that holds both. */
struct rect rect_bounds(struct rect a, struct rect b);
/* Moved by (dx, dy), cut to the coordinates. |dx|, |dy| <= TDS_MAX_COORD. */
struct rect rect_move(struct rect r, int32_t dx, int32_t dy);
int64_t rect_area(struct rect r);

/*
 * a minus b as at most four disjoint rectangles. Returns how many were
 * written to out.
 */
uint32_t rect_subtract(struct rect a, struct rect b, struct rect out[4]);

/*
 * Exact damage: rectangles, merged by area when the list is full, so that the
 * list covers everything added and its total area never exceeds the area of
 * its bounding box: painting it costs no more than painting that box.
 */
struct damage {
	uint32_t n;
	struct rect r[TDS_MAX_DAMAGE];
};

void damage_clear(struct damage *d);
void damage_add(struct damage *d, struct rect r);
