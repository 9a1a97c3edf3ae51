#include "protocol/rect.h"

struct rect
rect_make(int32_t x, int32_t y, int32_t w, int32_t h)
{
	struct rect none = {0, 0, 0, 0};

	if (w < 1 || h < 1 || w > 2 * TDS_MAX_COORD || h > 2 * TDS_MAX_COORD)
		return none;
	if (x < -TDS_MAX_COORD || y < -TDS_MAX_COORD ||
	    x > TDS_MAX_COORD - w || y > TDS_MAX_COORD - h)
		return none;
	struct rect r = {x, y, x + w, y + h};
	return r;
}

bool
rect_is_empty(struct rect r)
{
	return r.x0 >= r.x1;
}

bool
rect_has(struct rect r, int32_t x, int32_t y)
{
	return r.x0 <= x && x < r.x1 && r.y0 <= y && y < r.y1;
}

bool
rect_covers(struct rect outer, struct rect inner)
{
	return rect_is_empty(inner) ||
	    (outer.x0 <= inner.x0 && outer.y0 <= inner.y0 &&
		inner.x1 <= outer.x1 && inner.y1 <= outer.y1);
}

struct rect
rect_intersect(struct rect a, struct rect b)
{
	struct rect r = {max_i32(a.x0, b.x0), max_i32(a.y0, b.y0),
	    min_i32(a.x1, b.x1), min_i32(a.y1, b.y1)};

	if (r.x0 >= r.x1 || r.y0 >= r.y1) {
		struct rect none = {0, 0, 0, 0};
		return none;
	}
	return r;
}

struct rect
rect_bounds(struct rect a, struct rect b)
{
	if (rect_is_empty(a))
		return b;
	if (rect_is_empty(b))
		return a;
	struct rect r = {min_i32(a.x0, b.x0), min_i32(a.y0, b.y0),
	    max_i32(a.x1, b.x1), max_i32(a.y1, b.y1)};
	return r;
}

struct rect
rect_move(struct rect r, int32_t dx, int32_t dy)
{
	if (rect_is_empty(r))
		return r;
	struct rect moved = {max_i32(r.x0 + dx, -TDS_MAX_COORD),
	    max_i32(r.y0 + dy, -TDS_MAX_COORD),
	    min_i32(r.x1 + dx, TDS_MAX_COORD),
	    min_i32(r.y1 + dy, TDS_MAX_COORD)};
	if (moved.x0 >= moved.x1 || moved.y0 >= moved.y1) {
		struct rect none = {0, 0, 0, 0};
		return none;
	}
	return moved;
}

int64_t
rect_area(struct rect r)
{
	return (int64_t)(r.x1 - r.x0) * (r.y1 - r.y0);
}

/*@ requires n <= 3 && \valid(out + (0 .. 3));
  @ requires all_hold(out, n) && all_disjoint(out, n);
  @ requires -16384 <= part.x0 <= part.x1 <= 16384;
  @ requires -16384 <= part.y0 <= part.y1 <= 16384;
  @ requires \forall integer x, y; in(part, x, y) ==> !in_any(out, n, x, y);
  @ assigns out[n];
  @ ensures n <= \result <= n + 1;
  @ ensures all_hold(out, \result);
  @ ensures all_disjoint(out, \result);
  @ ensures exact: \forall integer x, y; in_any(out, \result, x, y) <==>
  @   \old(in_any(out, n, x, y)) || in(part, x, y);
  @*/
/* Append the part, if there is any of it. */
static uint32_t
keep(struct rect out[4], uint32_t n, struct rect part)
{
	if (part.x0 >= part.x1 || part.y0 >= part.y1)
		return n;
	out[n] = part;
	return n + 1;
}

/*
 *	+-----------------+
 *	|       top       |
 *	+------+---+------+
 *	| left | b | right|
 *	+------+---+------+
 *	|      bottom     |
 *	+-----------------+
 */
uint32_t
rect_subtract(struct rect a, struct rect b, struct rect out[4])
{
	const struct rect hole = rect_intersect(a, b);

	if (rect_is_empty(hole))
		return keep(out, 0, a);

	const struct rect top = {a.x0, a.y0, a.x1, hole.y0};
	const struct rect left = {a.x0, hole.y0, hole.x0, hole.y1};
	const struct rect right = {hole.x1, hole.y0, a.x1, hole.y1};
	const struct rect bottom = {a.x0, hole.y1, a.x1, a.y1};
	uint32_t n = keep(out, 0, top);
	n = keep(out, n, left);
	n = keep(out, n, right);
	return keep(out, n, bottom);
}

void
damage_clear(struct damage *d)
{
	d->n = 0;
}

/*@ requires damage_holds(d) && d->n == 64 && rect_holds(r);
  @ assigns \nothing;
  @ ensures \result < 64;
  @*/
/* The rectangle whose growth by r costs least area. */
static uint32_t
damage_cheapest(const struct damage *d, struct rect r)
{
	uint32_t best = 0;
	int64_t cost = INT64_MAX;

	/*@ loop invariant 0 <= i <= 64 && best < 64;
	  @ loop assigns i, best, cost;
	  @ loop variant 64 - i;
	  @*/
	for (uint32_t i = 0; i < TDS_MAX_DAMAGE; i++) {
		const int64_t growth =
		    rect_area(rect_bounds(d->r[i], r)) - rect_area(d->r[i]);
		if (growth < cost) {
			cost = growth;
			best = i;
		}
	}
	return best;
}

/*@ requires damage_holds(d) && d->n >= 1;
  @ assigns *d;
  @ ensures damage_holds(d);
  @ ensures \forall integer x, y;
  @   \old(damaged(d, x, y)) ==> damaged(d, x, y);
  @*/
/* Overlapping rectangles must not cost more than one that holds them all. */
static void
damage_collapse(struct damage *d)
{
	struct rect box = {0, 0, 0, 0};
	int64_t sum = 0;

	/*@ loop invariant 0 <= i <= d->n && rect_holds(box);
	  @ loop invariant 0 <= sum <= i * 1073741824;
	  @ loop invariant \forall integer k, x, y;
	  @   0 <= k < i && in(d->r[k], x, y) ==> in(box, x, y);
	  @ loop assigns i, box, sum;
	  @ loop variant d->n - i;
	  @*/
	for (uint32_t i = 0; i < d->n; i++) {
		box = rect_bounds(box, d->r[i]);
		sum += rect_area(d->r[i]);
	}
	if (sum >= rect_area(box)) {
		d->r[0] = box;
		d->n = 1;
	}
}

void
damage_add(struct damage *d, struct rect r)
{
	if (rect_is_empty(r))
		return;
	/*@ loop invariant 0 <= i <= d->n;
	  @ loop assigns i;
	  @ loop variant d->n - i;
	  @*/
	for (uint32_t i = 0; i < d->n; i++)
		if (rect_covers(d->r[i], r))
			return;

	if (d->n < TDS_MAX_DAMAGE) {
		d->r[d->n] = r;
		d->n++;
	} else {
		const uint32_t best = damage_cheapest(d, r);
		d->r[best] = rect_bounds(d->r[best], r);
	}
	damage_collapse(d);
}
