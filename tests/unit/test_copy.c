/* Both copy kernels against memcpy: every alignment, sizes around lines. */
#include "tests/unit/unit.h"

#include "compositor/copy.h"

#include <string.h>

enum { SIDE = 1024 };

static uint8_t from[SIDE], to[SIDE], expected[SIDE];

static void
fill(void)
{
	uint64_t seed = 42;

	for (size_t i = 0; i < SIDE; i++) {
		from[i] = (uint8_t)unit_random(&seed);
		to[i] = expected[i] = 0xee;
	}
}

static void
check_one(enum copy_kind kind, size_t out, size_t in, size_t bytes)
{
	fill();
	memcpy(expected + out, from + in, bytes);
	copy_pixels(kind, to + out, bytes, from + in, bytes, bytes, 1);
	assert_memory_equal(to, expected, SIDE);
}

static void
every_alignment_and_size_copies_exactly_those_bytes(void **state)
{
	(void)state;
	for (int kind = COPY_PLAIN; kind <= COPY_STREAM; kind++)
		for (size_t out = 0; out < 64; out++)
			for (size_t bytes = 0; bytes <= 200; bytes++)
				check_one((enum copy_kind)kind, out,
				    (out * 7 + bytes) % 64, bytes);
}

static void
rows_of_any_stride_leave_what_is_between_them(void **state)
{
	(void)state;
	for (int kind = COPY_PLAIN; kind <= COPY_STREAM; kind++)
		for (size_t row = 1; row <= 100; row++)
			for (size_t gap = 0; gap < 5; gap++) {
				fill();
				for (size_t y = 0; y < 5; y++)
					memcpy(expected + 3 + y * (row + gap),
					    from + 1 + y * (row + 2), row);
				copy_pixels((enum copy_kind)kind, to + 3,
				    row + gap, from + 1, row + 2, row, 5);
				assert_memory_equal(to, expected, SIDE);
			}
}

static void
rows_without_gaps_are_one_block(void **state)
{
	(void)state;
	for (int kind = COPY_PLAIN; kind <= COPY_STREAM; kind++)
		for (size_t rows = 0; rows < 8; rows++) {
			fill();
			memcpy(expected, from, 96 * rows);
			copy_pixels(
			    (enum copy_kind)kind, to, 96, from, 96, 96, rows);
			assert_memory_equal(to, expected, SIDE);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_alignment_and_size_copies_exactly_those_bytes),
	    cmocka_unit_test(rows_of_any_stride_leave_what_is_between_them),
	    cmocka_unit_test(rows_without_gaps_are_one_block),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
