/*
 * Rectangles and damage. Small coordinates are compared with a bitmap, which
 * is the naive oracle; the limits have tests of their own.
 */
#include "tests/unit/unit.h"

#include "protocol/rect.h"

#include <string.h>

enum { SIDE = 24, M = TDS_MAX_COORD };

struct bitmap {
	uint8_t at[SIDE][SIDE];
};

static void
fill(struct bitmap *map, struct rect r, uint8_t add)
{
	for (int32_t y = r.y0; y < r.y1; y++)
		for (int32_t x = r.x0; x < r.x1; x++)
			if (x >= 0 && y >= 0 && x < SIDE && y < SIDE)
				map->at[y][x] = (uint8_t)(map->at[y][x] + add);
}

static void
assert_is_canonical(struct rect r)
{
	if (rect_is_empty(r)) {
		const struct rect none = {0, 0, 0, 0};
		assert_memory_equal(&r, &none, sizeof(r));
		return;
	}
	assert_true(r.x0 < r.x1 && r.y0 < r.y1);
	assert_true(r.x0 >= -M && r.y0 >= -M && r.x1 <= M && r.y1 <= M);
}

static void
assert_rect(struct rect r, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
	assert_int_equal(r.x0, x0);
	assert_int_equal(r.y0, y0);
	assert_int_equal(r.x1, x1);
	assert_int_equal(r.y1, y1);
}

/* Any rectangle of the bitmap, empty ones too. */
static struct rect
random_rect(uint64_t *seed)
{
	const int32_t x = (int32_t)(unit_random(seed) % SIDE);
	const int32_t y = (int32_t)(unit_random(seed) % SIDE);
	const int32_t w = (int32_t)(unit_random(seed) % (SIDE - (uint32_t)x));
	const int32_t h = (int32_t)(unit_random(seed) % (SIDE - (uint32_t)y));

	return rect_make(x, y, w, h);
}

static void
a_rectangle_is_made_up_to_the_limit_and_not_beyond(void **state)
{
	(void)state;
	assert_rect(rect_make(3, 4, 5, 6), 3, 4, 8, 10);
	assert_rect(rect_make(-M, -M, 2 * M, 2 * M), -M, -M, M, M);
	assert_rect(rect_make(M - 1, M - 1, 1, 1), M - 1, M - 1, M, M);
	assert_rect(rect_make(0, 0, 0, 1), 0, 0, 0, 0);
	assert_rect(rect_make(0, 0, 1, 0), 0, 0, 0, 0);
	assert_rect(rect_make(0, 0, -1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(-M - 1, 0, 1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(0, -M - 1, 1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(M, 0, 1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(0, M, 1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(-M, 0, 2 * M + 1, 1), 0, 0, 0, 0);
	assert_rect(rect_make(0, -M, 1, 2 * M + 1), 0, 0, 0, 0);
	assert_rect(rect_make(INT32_MAX, INT32_MIN, INT32_MAX, INT32_MAX), 0,
	    0, 0, 0);
	assert_rect(rect_make(INT32_MIN, INT32_MAX, INT32_MIN, 1), 0, 0, 0, 0);
}

static void
its_right_and_lower_edge_are_outside(void **state)
{
	const struct rect r = rect_make(2, 3, 2, 2);

	(void)state;
	assert_true(rect_has(r, 2, 3));
	assert_true(rect_has(r, 3, 4));
	assert_false(rect_has(r, 4, 4));
	assert_false(rect_has(r, 3, 5));
	assert_false(rect_has(r, 1, 4));
	assert_false(rect_has(r, 3, 2));
}

static void
covering_needs_all_four_sides(void **state)
{
	const struct rect r = rect_make(4, 4, 4, 4);
	const struct rect none = {0, 0, 0, 0};

	(void)state;
	assert_true(rect_covers(r, r));
	assert_true(rect_covers(r, none));
	assert_true(rect_covers(none, none));
	assert_false(rect_covers(none, r));
	assert_false(rect_covers(r, rect_make(3, 4, 4, 4)));
	assert_false(rect_covers(r, rect_make(4, 3, 4, 4)));
	assert_false(rect_covers(r, rect_make(4, 4, 5, 4)));
	assert_false(rect_covers(r, rect_make(4, 4, 4, 5)));
}

static void
the_largest_area_does_not_overflow(void **state)
{
	(void)state;
	assert_true(rect_area(rect_make(-M, -M, 2 * M, 2 * M)) ==
	    (int64_t)4 * M * M);
	assert_true(rect_area(rect_make(0, 0, 0, 0)) == 0);
}

static void
intersection_and_bounds_agree_with_a_bitmap(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const struct rect a = random_rect(&seed);
		const struct rect b = random_rect(&seed);
		const struct rect both = rect_intersect(a, b);
		const struct rect bounds = rect_bounds(a, b);
		assert_is_canonical(both);
		assert_is_canonical(bounds);
		for (int32_t y = 0; y < SIDE; y++)
			for (int32_t x = 0; x < SIDE; x++)
				assert_int_equal(rect_has(both, x, y),
				    rect_has(a, x, y) && rect_has(b, x, y));
		assert_true(rect_covers(bounds, a) && rect_covers(bounds, b));
		if (!rect_is_empty(a) && !rect_is_empty(b)) {
			assert_true(bounds.x0 == a.x0 || bounds.x0 == b.x0);
			assert_true(bounds.y0 == a.y0 || bounds.y0 == b.y0);
			assert_true(bounds.x1 == a.x1 || bounds.x1 == b.x1);
			assert_true(bounds.y1 == a.y1 || bounds.y1 == b.y1);
		}
	}
}

static void
subtraction_gives_disjoint_parts_that_agree_with_a_bitmap(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const struct rect a = random_rect(&seed);
		const struct rect b = random_rect(&seed);
		struct rect out[4];
		struct bitmap map = {0};
		const uint32_t n = rect_subtract(a, b, out);
		assert_true(n <= 4);
		for (uint32_t i = 0; i < n; i++) {
			assert_is_canonical(out[i]);
			assert_false(rect_is_empty(out[i]));
			fill(&map, out[i], 1);
		}
		for (int32_t y = 0; y < SIDE; y++)
			for (int32_t x = 0; x < SIDE; x++)
				assert_int_equal(map.at[y][x],
				    rect_has(a, x, y) && !rect_has(b, x, y));
	}
}

static void
moving_cuts_at_the_limits(void **state)
{
	const struct rect all = rect_make(-M, -M, 2 * M, 2 * M);
	const struct rect none = {0, 0, 0, 0};

	(void)state;
	assert_rect(rect_move(rect_make(1, 2, 3, 4), 10, -20), 11, -18, 14, -14);
	assert_rect(rect_move(all, M, 0), 0, -M, M, M);
	assert_rect(rect_move(all, 0, -M), -M, -M, M, 0);
	assert_rect(rect_move(rect_make(M - 1, 0, 1, 1), M, 0), 0, 0, 0, 0);
	assert_rect(rect_move(rect_make(0, -M, 1, 1), 0, -M), 0, 0, 0, 0);
	assert_rect(rect_move(none, M, M), 0, 0, 0, 0);
}

static int64_t
total_area(const struct damage *d)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < d->n; i++)
		sum += rect_area(d->r[i]);
	return sum;
}

static struct rect
box_of(const struct damage *d)
{
	struct rect box = {0, 0, 0, 0};

	for (uint32_t i = 0; i < d->n; i++)
		box = rect_bounds(box, d->r[i]);
	return box;
}

static void
damage_covers_all_that_was_added_and_costs_at_most_its_box(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct damage d;
		struct bitmap added = {0};
		damage_clear(&d);
		const uint64_t n = unit_random(&seed) % 200;
		for (uint64_t i = 0; i < n; i++) {
			struct rect r = random_rect(&seed);
			if (round % 2 == 0 && !rect_is_empty(r))
				r = rect_make(r.x0, r.y0, 1, 1);
			fill(&added, r, 1);
			damage_add(&d, r);
			assert_true(d.n <= TDS_MAX_DAMAGE);
			assert_true(total_area(&d) <= rect_area(box_of(&d)));
		}
		for (int32_t y = 0; y < SIDE; y++)
			for (int32_t x = 0; x < SIDE; x++) {
				bool is_covered = false;
				for (uint32_t i = 0; i < d.n; i++)
					is_covered |= rect_has(d.r[i], x, y);
				if (added.at[y][x] > 0)
					assert_true(is_covered);
			}
	}
}

static void
scattered_damage_stays_exact_while_it_fits(void **state)
{
	struct damage d;

	(void)state;
	damage_clear(&d);
	for (int32_t i = 0; i < TDS_MAX_DAMAGE; i++)
		damage_add(&d, rect_make(100 * i, (i % 8) * 900, 10, 10));
	assert_int_equal(d.n, TDS_MAX_DAMAGE);
	assert_true(total_area(&d) == (int64_t)TDS_MAX_DAMAGE * 100);
}

static void
one_too_many_grows_the_rectangle_that_costs_least(void **state)
{
	struct damage d;

	(void)state;
	damage_clear(&d);
	for (int32_t i = 0; i < TDS_MAX_DAMAGE; i++)
		damage_add(&d, rect_make(100 * i, (i % 8) * 900, 10, 10));
	const struct rect near = d.r[37];
	damage_add(&d, rect_make(near.x1, near.y0, 5, 10));
	assert_int_equal(d.n, TDS_MAX_DAMAGE);
	assert_true(total_area(&d) == (int64_t)TDS_MAX_DAMAGE * 100 + 50);
	assert_int_equal(d.r[37].x1, near.x1 + 5);
}

static void
damage_that_is_covered_or_empty_adds_nothing(void **state)
{
	struct damage d;
	const struct rect none = {0, 0, 0, 0};

	(void)state;
	damage_clear(&d);
	damage_add(&d, none);
	assert_int_equal(d.n, 0);
	damage_add(&d, rect_make(0, 0, 10, 10));
	damage_add(&d, rect_make(50, 50, 10, 10));
	damage_add(&d, rect_make(52, 52, 3, 3));
	assert_int_equal(d.n, 2);
}

static void
overlapping_damage_becomes_one_box(void **state)
{
	struct damage d;

	(void)state;
	damage_clear(&d);
	damage_add(&d, rect_make(0, 0, 10, 10));
	damage_add(&d, rect_make(1, 0, 10, 10));
	assert_int_equal(d.n, 1);
	assert_rect(d.r[0], 0, 0, 11, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_rectangle_is_made_up_to_the_limit_and_not_beyond),
	    cmocka_unit_test(its_right_and_lower_edge_are_outside),
	    cmocka_unit_test(covering_needs_all_four_sides),
	    cmocka_unit_test(the_largest_area_does_not_overflow),
	    cmocka_unit_test(intersection_and_bounds_agree_with_a_bitmap),
	    cmocka_unit_test(
		subtraction_gives_disjoint_parts_that_agree_with_a_bitmap),
	    cmocka_unit_test(moving_cuts_at_the_limits),
	    cmocka_unit_test(
		damage_covers_all_that_was_added_and_costs_at_most_its_box),
	    cmocka_unit_test(scattered_damage_stays_exact_while_it_fits),
	    cmocka_unit_test(one_too_many_grows_the_rectangle_that_costs_least),
	    cmocka_unit_test(damage_that_is_covered_or_empty_adds_nothing),
	    cmocka_unit_test(overlapping_damage_becomes_one_box),
	};

	return cmocka_run_group_tests_name("rect", tests, NULL, NULL);
}
