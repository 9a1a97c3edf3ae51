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

/*@ assigns \nothing; ensures \result == \min(a, b); */
static inline int32_t
min_i32(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/*@ assigns \nothing; ensures \result == \max(a, b); */
static inline int32_t
max_i32(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/*@ predicate rect_holds(struct rect r) =
  @   (-16384 <= r.x0 < r.x1 <= 16384 && -16384 <= r.y0 < r.y1 <= 16384) ||
  @   (r.x0 == 0 && r.y0 == 0 && r.x1 == 0 && r.y1 == 0);
  @ predicate in(struct rect r, integer x, integer y) =
  @   r.x0 <= x < r.x1 && r.y0 <= y < r.y1;
  @ logic integer area(struct rect r) = (r.x1 - r.x0) * (r.y1 - r.y0);
  @*/

/*@ assigns \nothing;
  @ ensures rect_holds(\result);
  @ behavior fits:
  @   assumes 1 <= w && 1 <= h && -16384 <= x && -16384 <= y;
  @   assumes x + w <= 16384 && y + h <= 16384;
  @   ensures \result.x0 == x && \result.x1 == x + w;
  @   ensures \result.y0 == y && \result.y1 == y + h;
  @ behavior leaves:
  @   assumes w < 1 || h < 1 || x < -16384 || y < -16384 ||
  @     x + w > 16384 || y + h > 16384;
  @   ensures \result.x0 == \result.x1;
  @ complete behaviors; disjoint behaviors;
  @*/
/* The rectangle at (x, y) of w by h; empty if it leaves the coordinates. */
struct rect rect_make(int32_t x, int32_t y, int32_t w, int32_t h);

/*@ requires rect_holds(r);
  @ assigns \nothing;
  @ ensures \result == \true <==> (r.x0 == r.x1);
  @ ensures \result == \true <==> (\forall integer x, y; !in(r, x, y));
  @*/
bool rect_is_empty(struct rect r);

/*@ assigns \nothing;
  @ ensures \result == \true <==> in(r, x, y);
  @*/
bool rect_has(struct rect r, int32_t x, int32_t y);

/*@ requires rect_holds(outer) && rect_holds(inner);
  @ assigns \nothing;
  @ ensures \result == \true ==>
  @   \forall integer x, y; in(inner, x, y) ==> in(outer, x, y);
  @*/
bool rect_covers(struct rect outer, struct rect inner);

/*@ requires rect_holds(a) && rect_holds(b);
  @ assigns \nothing;
  @ ensures rect_holds(\result);
  @ ensures \forall integer x, y;
  @   in(\result, x, y) <==> in(a, x, y) && in(b, x, y);
  @ ensures \result.x0 < \result.x1 ==>
  @   a.x0 <= \result.x0 && \result.x1 <= a.x1 &&
  @   a.y0 <= \result.y0 && \result.y1 <= a.y1;
  @*/
struct rect rect_intersect(struct rect a, struct rect b);

/*@ requires rect_holds(a) && rect_holds(b);
  @ assigns \nothing;
  @ ensures rect_holds(\result);
  @ ensures holds_a: \forall integer x, y; in(a, x, y) ==> in(\result, x, y);
  @ ensures holds_b: \forall integer x, y; in(b, x, y) ==> in(\result, x, y);
  @ ensures least: \forall integer x0, y0, x1, y1;
  @   (a.x0 < a.x1 ==>
  @     x0 <= a.x0 && y0 <= a.y0 && a.x1 <= x1 && a.y1 <= y1) &&
  @   (b.x0 < b.x1 ==>
  @     x0 <= b.x0 && y0 <= b.y0 && b.x1 <= x1 && b.y1 <= y1) &&
  @   (a.x0 < a.x1 || b.x0 < b.x1) ==>
  @   x0 <= \result.x0 && y0 <= \result.y0 &&
  @     \result.x1 <= x1 && \result.y1 <= y1;
  @*/
/* The smallest rectangle that holds both. */
struct rect rect_bounds(struct rect a, struct rect b);

/*@ requires rect_holds(r);
  @ requires -16384 <= dx <= 16384 && -16384 <= dy <= 16384;
  @ assigns \nothing;
  @ ensures rect_holds(\result);
  @ ensures \forall integer x, y; in(\result, x, y) <==>
  @   in(r, x - dx, y - dy) && -16384 <= x < 16384 && -16384 <= y < 16384;
  @*/
/* Moved by (dx, dy), cut to the coordinates. |dx|, |dy| <= TDS_MAX_COORD. */
struct rect rect_move(struct rect r, int32_t dx, int32_t dy);

/*@ requires rect_holds(r);
  @ assigns \nothing;
  @ ensures \result == area(r);
  @ ensures 0 <= \result <= 1073741824;
  @*/
int64_t rect_area(struct rect r);

/*@ predicate in_any{L}(struct rect *r, integer n, integer x, integer y) =
  @   \exists integer i; 0 <= i < n && in(r[i], x, y);
  @ predicate all_hold{L}(struct rect *r, integer n) =
  @   \forall integer i; 0 <= i < n ==> rect_holds(r[i]);
  @ predicate all_disjoint{L}(struct rect *r, integer n) =
  @   \forall integer i, k, x, y; 0 <= i < k < n ==>
  @     !(in(r[i], x, y) && in(r[k], x, y));
  @*/

/*@ requires rect_holds(a) && rect_holds(b) && \valid(out + (0 .. 3));
  @ assigns out[0 .. 3];
  @ ensures 0 <= \result <= 4;
  @ ensures all_hold(out, \result);
  @ ensures all_disjoint(out, \result);
  @ ensures exact: \forall integer x, y;
  @   in_any(out, \result, x, y) <==> in(a, x, y) && !in(b, x, y);
  @*/
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

/*@ predicate damage_holds{L}(struct damage *d) =
  @   \valid(d) && d->n <= 64 &&
  @   (\forall integer i; 0 <= i < d->n ==> rect_holds(d->r[i]));
  @ predicate damaged{L}(struct damage *d, integer x, integer y) =
  @   \exists integer i; 0 <= i < d->n && in(d->r[i], x, y);
  @*/

/*@ requires \valid(d);
  @ assigns d->n;
  @ ensures damage_holds(d) && d->n == 0;
  @*/
void damage_clear(struct damage *d);

/*@ requires damage_holds(d) && rect_holds(r);
  @ assigns *d;
  @ ensures damage_holds(d);
  @ ensures takes_new: \forall integer x, y; in(r, x, y) ==> damaged(d, x, y);
  @ ensures keeps_old: \forall integer x, y;
  @   \old(damaged(d, x, y)) ==> damaged(d, x, y);
  @*/
void damage_add(struct damage *d, struct rect r);
