/* The table of mapped ranges, against one flag per page. */
#include "tests/unit/unit.h"

#include "compositor/granted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 64, WINDOW = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES };

static struct granted table;

static int
setup(void **state)
{
	(void)state;
	table = (struct granted){0};
	return 0;
}

static int
add(uint32_t page, uint32_t pages)
{
	return granted_add(
	    &table, &(struct grant){.page = page, .pages = pages});
}

static bool
has(uint64_t offset, uint64_t bytes)
{
	return granted_has(&table, offset, bytes);
}

static void
nothing_is_mapped_at_first(void **state)
{
	(void)state;
	assert_false(has(0, 0));
	assert_false(has(0, 1));
	assert_false(has(0, UINT64_MAX));
}

static void
a_range_is_exact_to_the_byte(void **state)
{
	(void)state;
	assert_int_equal(add(2, 3), 0);
	assert_true(has(2 * 4096, 3 * 4096));
	assert_true(has(5 * 4096 - 1, 1));
	assert_false(has(2 * 4096 - 1, 1));
	assert_false(has(2 * 4096, 3 * 4096 + 1));
	assert_false(has(5 * 4096 - 1, 2));
}

static void
no_size_wraps(void **state)
{
	(void)state;
	assert_int_equal(add(WINDOW - 1, 1), 0);
	assert_true(has(TDS_MAX_POOL_BYTES - 4096, 4096));
	assert_false(has(TDS_MAX_POOL_BYTES - 4096, UINT64_MAX));
	assert_false(has(UINT64_MAX, 2));
	assert_false(has(UINT64_MAX - 4095, 4096));
	assert_int_equal(add(1, WINDOW - 1), -EEXIST);
	assert_int_equal(add(1, WINDOW - 2), 0);
}

static void
a_full_table_says_so_unless_the_range_overlaps(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		assert_int_equal(add(2 * i, 1), 0);
	assert_int_equal(add(1, 1), -EDQUOT);
	assert_int_equal(add(1, 2), -EEXIST);
}

/* Who owns each page: the first page of its range plus 1; 0: nobody. */
static uint32_t owner[PAGES];

static bool
flags_have(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i <= to; i++)
		if (i >= PAGES || owner[i] == 0 || owner[i] != owner[from])
			return false;
	return true;
}

static void
random_step(uint32_t *n)
{
	struct grant g = {.page = (uint32_t)rand() % PAGES};
	bool is_taken = false;

	if (rand() % 3 == 0) {
		uint32_t pages = 0;
		for (uint32_t i = 0; i < PAGES; i++)
			if (owner[i] == g.page + 1) {
				owner[i] = 0;
				pages++;
			}
		const int err = granted_remove(&table, &g);
		assert_int_equal(err, pages > 0 ? 0 : -ENOENT);
		assert_int_equal(g.pages, pages);
		*n -= pages > 0;
		return;
	}
	g.pages = 1 + (uint32_t)rand() % (PAGES - g.page);
	if (rand() % 2 == 0)
		g.pages = 1;
	for (uint32_t i = 0; i < g.pages; i++)
		is_taken |= owner[g.page + i] != 0;
	const int want = is_taken ? -EEXIST :
	    *n == TDS_MAX_GRANTED ? -EDQUOT : 0;
	assert_int_equal(granted_add(&table, &g), want);
	if (want < 0)
		return;
	*n += 1;
	for (uint32_t i = 0; i < g.pages; i++)
		owner[g.page + i] = g.page + 1;
}

static void
it_is_what_one_flag_per_page_says(void **state)
{
	(void)state;
	srand(16);
	for (int round = 0; round < 200; round++) {
		uint32_t n = 0;
		setup(NULL);
		memset(owner, 0, sizeof(owner));
		for (int i = 0; i < 300; i++) {
			random_step(&n);
			const uint64_t at = (uint64_t)rand() % (PAGES * 4096);
			const uint64_t bytes =
			    1 + (uint64_t)rand() % (8 * 4096);
			assert_int_equal(has(at, bytes),
			    flags_have((uint32_t)(at / 4096),
				(uint32_t)((at + bytes - 1) / 4096)));
		}
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_mapped_at_first),
	    TEST(a_range_is_exact_to_the_byte),
	    TEST(no_size_wraps),
	    TEST(a_full_table_says_so_unless_the_range_overlaps),
	    TEST(it_is_what_one_flag_per_page_says),
	};
	return cmocka_run_group_tests_name("granted", tests, NULL, NULL);
}
