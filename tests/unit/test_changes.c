/* What is found new in a picture, against a comparison of all its pixels. */
#include "tests/unit/unit.h"

#include "hv-glue/changes.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_W = 700, MAX_H = 300, STRIDE = 4 * (MAX_W + 9) };

static struct changes changes;
static struct damage damage;
static uint32_t before[STRIDE / 4 * MAX_H], after[STRIDE / 4 * MAX_H];

static int
setup(void **state)
{
	(void)state;
	changes_init(&changes, 0x5eed);
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	return 0;
}

static void
look(const uint32_t *pixels, uint32_t w, uint32_t h)
{
	damage_clear(&damage);
	changes_look(&changes, (const uint8_t *)pixels, STRIDE, w, h, &damage);
}

static bool
is_damaged(uint32_t x, uint32_t y)
{
	for (uint32_t i = 0; i < damage.n; i++)
		if (rect_has(damage.r[i], (int32_t)x, (int32_t)y))
			return true;
	return false;
}

static void
expect_one(struct rect r)
{
	assert_int_equal(damage.n, 1);
	assert_true(
	    rect_covers(damage.r[0], r) && rect_covers(r, damage.r[0]));
}

static void
the_first_look_finds_that_all_is_new(void **state)
{
	(void)state;
	look(before, MAX_W, MAX_H);
	expect_one(rect_make(0, 0, MAX_W, MAX_H));
	look(before, MAX_W, MAX_H);
	assert_int_equal(damage.n, 0);
}

static void
a_picture_of_another_size_is_all_new(void **state)
{
	(void)state;
	look(before, 200, 100);
	look(before, 200, 101);
	expect_one(rect_make(0, 0, 200, 101));
	look(before, 201, 101);
	expect_one(rect_make(0, 0, 201, 101));
	look(before, 201, 101);
	assert_int_equal(damage.n, 0);
	changes_forget(&changes);
	look(before, 201, 101);
	expect_one(rect_make(0, 0, 201, 101));
}

static void
one_bit_anywhere_is_seen_and_lies_in_its_tile(void **state)
{
	const uint32_t w = 135, h = 70; /* odd, and rests at both ends */

	(void)state;
	look(before, w, h);
	for (uint32_t y = 0; y < h; y += 3)
		for (uint32_t x = 0; x < w; x++) {
			const uint32_t tx = x / 64 * 64, ty = y / 64 * 64;
			before[y * (STRIDE / 4) + x] ^= 1u << ((x + y) % 32);
			look(before, w, h);
			expect_one(rect_intersect(
			    rect_make((int32_t)tx, (int32_t)ty, 64, 64),
			    rect_make(0, 0, (int32_t)w, (int32_t)h)));
		}
}

static void
what_lies_between_two_rows_is_not_looked_at(void **state)
{
	(void)state;
	look(before, 130, 90);
	for (uint32_t y = 0; y < 90; y++)
		before[y * (STRIDE / 4) + 130] = 1;
	before[90 * (STRIDE / 4)] = 1;
	look(before, 130, 90);
	assert_int_equal(damage.n, 0);
}

/* What moves is new, though the pixels of a tile or a row stay the same. */
static void
pixels_that_change_places_are_new(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		before[i] = i + 1;
	for (uint32_t i = 0; i < 64; i++)
		before[5 * (STRIDE / 4) + i] = 1000 - i;
	for (uint32_t i = 0; i < 64; i++) {
		memcpy(after, before, sizeof(after));
		after[i] = before[(i + 1) % 64];
		after[(i + 1) % 64] = before[i];
		changes_forget(&changes);
		look(before, 64, 64);
		look(after, 64, 64);
		assert_int_equal(damage.n, 1);
	}
	memcpy(after, before, sizeof(after));
	memcpy(after, before + 5 * (STRIDE / 4), 256);
	memcpy(after + 5 * (STRIDE / 4), before, 256);
	changes_forget(&changes);
	look(before, 64, 64);
	look(after, 64, 64);
	assert_int_equal(damage.n, 1);
}

static void
the_key_decides_which_pictures_collide(void **state)
{
	static struct changes other;
	const uint8_t *pixels = (const uint8_t *)before;

	(void)state;
	changes_init(&other, 0x5eee);
	for (uint32_t i = 0; i < 64; i++)
		before[i] = (uint32_t)rand();
	look(before, 64, 1);
	changes_look(&other, pixels, STRIDE, 64, 1, &damage);
	assert_true(other.tiles[0] != changes.tiles[0]);
}

/* A few spots, lines and blocks of other pixels. */
static void
scribble(uint32_t w, uint32_t h)
{
	const uint32_t n = (uint32_t)rand() % 6;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t x = (uint32_t)rand() % w;
		const uint32_t y = (uint32_t)rand() % h;
		const uint32_t x1 = x + (uint32_t)rand() % (w - x) / 4 + 1;
		const uint32_t y1 = y + (uint32_t)rand() % (h - y) / 4 + 1;
		for (uint32_t at = y; at < y1; at++)
			for (uint32_t k = x; k < x1; k++)
				after[at * (STRIDE / 4) + k] =
				    (uint32_t)rand() % 4;
	}
}

static bool
tile_differs(uint32_t w, uint32_t h, uint32_t tx, uint32_t ty)
{
	for (uint32_t y = ty; y < ty + 64 && y < h; y++)
		for (uint32_t x = tx; x < tx + 64 && x < w; x++)
			if (before[y * (STRIDE / 4) + x] !=
			    after[y * (STRIDE / 4) + x])
				return true;
	return false;
}

static void
what_is_new_is_what_a_comparison_finds(void **state)
{
	(void)state;
	srand(64);
	for (int round = 0; round < 60; round++) {
		const uint32_t w = 1 + (uint32_t)rand() % MAX_W;
		const uint32_t h = 1 + (uint32_t)rand() % MAX_H;
		setup(NULL);
		look(before, w, h);
		for (int flip = 0; flip < 20; flip++) {
			scribble(w, h);
			look(after, w, h);
			/* 55 tiles: each may be a rectangle of its own */
			uint32_t n_new = 0, n_said = 0;
			for (uint32_t y = 0; y < h; y += 64)
				for (uint32_t x = 0; x < w; x += 64) {
					const bool is_new =
					    tile_differs(w, h, x, y);
					if (is_new)
						assert_true(is_damaged(x, y));
					n_new += is_new;
					n_said += is_damaged(x, y);
				}
			/* more only where the list became its bounding box */
			assert_true(n_said == n_new || damage.n == 1);
			memcpy(before, after, sizeof(before));
		}
		while (changes.n_unseen > 0)
			look(after, w, h);
		look(after, w, h); /* may be all new: the last was unseen */
		look(after, w, h);
		assert_int_equal(damage.n, 0);
	}
}

static void
a_film_is_looked_at_now_and_then_until_it_stops(void **state)
{
	(void)state;
	look(before, 640, 300);
	for (uint32_t round = 0; round < 3; round++) {
		memset(before, (int)round + 1, sizeof(before));
		look(before, 640, 300);
		expect_one(rect_make(0, 0, 640, 300));
		for (uint32_t i = 0; i < CHANGES_UNSEEN; i++) {
			look(NULL, 640, 300); /* not one pixel is read */
			expect_one(rect_make(0, 0, 640, 300));
		}
		look(before, 640, 300); /* compared with nothing */
		expect_one(rect_make(0, 0, 640, 300));
	}
	look(before, 640, 300);
	assert_int_equal(damage.n, 0);
	before[0] = 0; /* and what is new is found again */
	look(before, 640, 300);
	expect_one(rect_make(0, 0, 64, 64));
}

static void
half_of_a_picture_is_worth_a_look(void **state)
{
	(void)state;
	look(before, 640, 64);
	for (uint32_t i = 0; i < 5; i++)
		before[i * 64] = 1;
	look(before, 640, 64);
	assert_int_equal(changes.n_unseen, 0);
	for (uint32_t i = 0; i < 6; i++)
		before[i * 64] = 2;
	look(before, 640, 64);
	assert_int_equal(changes.n_unseen, CHANGES_UNSEEN);
	changes_forget(&changes);
	look(before, 640, 64);
	look(before, 640, 64);
	assert_int_equal(damage.n, 0);
}

static void
the_largest_picture_has_its_place(void **state)
{
	enum { BYTES = TDS_MAX_DIM * 4 };
	static uint8_t row[BYTES];

	(void)state;
	damage_clear(&damage);
	changes_look(&changes, row, 0, TDS_MAX_DIM, TDS_MAX_DIM, &damage);
	expect_one(rect_make(0, 0, TDS_MAX_DIM, TDS_MAX_DIM));
	row[BYTES - 1] = 1; /* every row is this one */
	damage_clear(&damage);
	changes_look(&changes, row, 0, TDS_MAX_DIM, TDS_MAX_DIM, &damage);
	expect_one(rect_make(TDS_MAX_DIM - 64, 0, 64, TDS_MAX_DIM));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    TEST(the_first_look_finds_that_all_is_new),
	    TEST(a_picture_of_another_size_is_all_new),
	    TEST(one_bit_anywhere_is_seen_and_lies_in_its_tile),
	    TEST(what_lies_between_two_rows_is_not_looked_at),
	    TEST(pixels_that_change_places_are_new),
	    TEST(the_key_decides_which_pictures_collide),
	    TEST(what_is_new_is_what_a_comparison_finds),
	    TEST(a_film_is_looked_at_now_and_then_until_it_stops),
	    TEST(half_of_a_picture_is_worth_a_look),
	    TEST(the_largest_picture_has_its_place),
	};
	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
