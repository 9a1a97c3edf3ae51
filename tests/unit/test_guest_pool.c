#include "hv-glue/outbox.h"
#include "hv-glue/pool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct pool pool;
static struct outbox box;

static int
setup(void **state)
{
	(void)state;
	pool_init(&pool, 16 * TDS_PAGE_BYTES);
	outbox_init(&box, 2);
	return 0;
}

static uint64_t
alloc(uint64_t bytes)
{
	uint64_t offset = UINT64_MAX;

	assert_int_equal(pool_alloc(&pool, bytes, &offset), 0);
	return offset;
}

static void
blocks_are_page_aligned_and_apart(void **state)
{
	(void)state;
	assert_int_equal(alloc(1), 0);
	assert_int_equal(alloc(TDS_PAGE_BYTES + 1), TDS_PAGE_BYTES);
	assert_int_equal(alloc(1), 3 * TDS_PAGE_BYTES);
}

static void
a_full_pool_refuses_and_a_byte_more_does_too(void **state)
{
	uint64_t offset;

	(void)state;
	assert_int_equal(
	    pool_alloc(&pool, 16 * TDS_PAGE_BYTES + 1, &offset), -ENOSPC);
	assert_int_equal(pool_alloc(&pool, UINT64_MAX, &offset), -ENOSPC);
	assert_int_equal(pool_alloc(&pool, 0, &offset), -EINVAL);
	alloc(16 * TDS_PAGE_BYTES);
	assert_int_equal(pool_alloc(&pool, 1, &offset), -ENOSPC);
}

static void
a_gap_between_blocks_is_used_again(void **state)
{
	(void)state;
	alloc(TDS_PAGE_BYTES);
	const uint64_t middle = alloc(2 * TDS_PAGE_BYTES);
	alloc(TDS_PAGE_BYTES);
	pool_free(&pool, middle, false);
	assert_int_equal(alloc(3 * TDS_PAGE_BYTES), 4 * TDS_PAGE_BYTES);
	assert_int_equal(alloc(2 * TDS_PAGE_BYTES), middle);
}

static void
a_block_that_the_core_may_read_waits_for_its_tick(void **state)
{
	uint64_t offset;

	(void)state;
	pool_free(&pool, alloc(16 * TDS_PAGE_BYTES), true);
	pool_tick(&pool, 7); /* of a frame before the replacement was sent */
	assert_int_equal(pool_alloc(&pool, 1, &offset), -ENOSPC);
	pool_sent(&pool, 8);
	pool_tick(&pool, 7);
	assert_int_equal(pool_alloc(&pool, 1, &offset), -ENOSPC);
	pool_tick(&pool, 8);
	alloc(16 * TDS_PAGE_BYTES);
}

static void
the_tick_that_covers_may_have_wrapped(void **state)
{
	(void)state;
	pool_tick(&pool, UINT32_MAX - 2);
	pool_free(&pool, alloc(16 * TDS_PAGE_BYTES), true);
	pool_sent(&pool, UINT32_MAX - 1);
	assert_int_equal(pool.n, 1);
	pool_tick(&pool, 3);
	assert_int_equal(pool.n, 0);
}

static void
what_the_core_let_go_long_ago_is_free_at_once(void **state)
{
	(void)state;
	const uint64_t offset = alloc(16 * TDS_PAGE_BYTES);
	pool_sent(&pool, 5);
	pool_tick(&pool, 5);
	pool_free(&pool, offset, true);
	pool_sent(&pool, 5); /* nothing new had to be said */
	assert_int_equal(pool.n, 0);
}

static void
a_new_core_ends_every_quarantine_but_keeps_what_is_used(void **state)
{
	(void)state;
	const uint64_t first = alloc(TDS_PAGE_BYTES);
	alloc(TDS_PAGE_BYTES);
	pool_free(&pool, first, true);
	pool_renew(&pool);
	assert_int_equal(pool.n, 1);
	assert_int_equal(alloc(TDS_PAGE_BYTES), first);
}

static void
freeing_what_is_not_used_changes_nothing(void **state)
{
	(void)state;
	const uint64_t offset = alloc(TDS_PAGE_BYTES);
	pool_free(&pool, offset + TDS_PAGE_BYTES, false);
	pool_free(&pool, offset, true);
	pool_free(&pool, offset, false); /* twice */
	assert_int_equal(pool.n, 1);
}

/* ------------------------------------------------------------------------ */

static uint8_t record[TDS_RING_RECORD_BYTES];

static void
expect_op(uint8_t op)
{
	assert_int_equal(outbox_next(&box, record), 1);
	assert_int_equal(record[0], op);
}

static struct commit
next_commit(void)
{
	struct wire_commit wire;
	struct commit c;

	expect_op(UP_COMMIT);
	assert_int_equal(decode_commit(record, sizeof(record), &wire), 0);
	assert_int_equal(check_commit(&wire, 1 << 24, 2, &c), 0);
	return c;
}

static const struct commit picture = {.offset_bytes = 8192,
    .stride_bytes = 400,
    .width_px = 100,
    .height_px = 50};

static void
an_outbox_that_was_told_nothing_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(outbox_next(&box, record), 0);
}

static void
a_new_buffer_is_damaged_as_a_whole(void **state)
{
	(void)state;
	outbox_show(&box, 1, &picture);
	const struct commit c = next_commit();
	assert_int_equal(c.scanout, 1);
	assert_int_equal(c.offset_bytes, 8192);
	assert_int_equal(c.w, 100);
	assert_int_equal(c.h, 50);
	assert_int_equal(outbox_next(&box, record), 0);
}

static void
damage_while_the_ring_is_full_is_merged_and_not_lost(void **state)
{
	int32_t left = 0;

	(void)state;
	outbox_show(&box, 0, &picture);
	next_commit();
	for (int32_t i = 0; i < 1000; i++)
		outbox_damage(&box, 0, rect_make(i % 100, i % 50, 1, 1));
	while (outbox_next(&box, record) == 1)
		left++;
	assert_in_range(left, 1, TDS_MAX_DAMAGE);
}

static void
damage_outside_of_the_picture_is_cut(void **state)
{
	(void)state;
	outbox_show(&box, 0, &picture);
	next_commit();
	outbox_damage(&box, 0, rect_make(90, 40, 500, 500));
	const struct commit c = next_commit();
	assert_int_equal(c.x + c.w, 100);
	assert_int_equal(c.y + c.h, 50);
}

static void
sequence_numbers_count_each_commit(void **state)
{
	(void)state;
	outbox_show(&box, 0, &picture);
	const uint32_t first = next_commit().seq;
	outbox_damage(&box, 0, rect_make(0, 0, 1, 1));
	assert_int_equal(next_commit().seq, first + 1);
	assert_int_equal(box.seq, first + 1);
}

static void
a_vm_that_came_is_said_first_and_one_that_went_last(void **state)
{
	const struct commit off = {0};

	(void)state;
	outbox_show(&box, 0, &picture);
	outbox_vm(&box, true);
	expect_op(UP_VM);
	expect_op(UP_COMMIT);
	outbox_vm(&box, false);
	outbox_show(&box, 0, &off);
	expect_op(UP_COMMIT);
	expect_op(UP_VM);
	assert_int_equal(record[1], 0);
}

static void
a_new_core_is_told_everything_again(void **state)
{
	(void)state;
	outbox_vm(&box, true);
	outbox_show(&box, 0, &picture);
	outbox_cursor(&box, &(struct cursor){.visible = true});
	outbox_leds(&box, 2);
	while (outbox_next(&box, record) == 1)
		continue;
	outbox_renew(&box);
	expect_op(UP_VM);
	assert_int_equal(next_commit().w, 100);
	expect_op(UP_CURSOR);
	expect_op(UP_LEDS);
	assert_int_equal(outbox_next(&box, record), 0);
}

static void
a_light_that_did_not_change_is_not_said(void **state)
{
	(void)state;
	outbox_leds(&box, 0);
	assert_int_equal(outbox_next(&box, record), 0);
	outbox_leds(&box, 1);
	expect_op(UP_LEDS);
	assert_int_equal(record[1], 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    TEST(blocks_are_page_aligned_and_apart),
	    TEST(a_full_pool_refuses_and_a_byte_more_does_too),
	    TEST(a_gap_between_blocks_is_used_again),
	    TEST(a_block_that_the_core_may_read_waits_for_its_tick),
	    TEST(the_tick_that_covers_may_have_wrapped),
	    TEST(what_the_core_let_go_long_ago_is_free_at_once),
	    TEST(a_new_core_ends_every_quarantine_but_keeps_what_is_used),
	    TEST(freeing_what_is_not_used_changes_nothing),
	    TEST(an_outbox_that_was_told_nothing_says_nothing),
	    TEST(a_new_buffer_is_damaged_as_a_whole),
	    TEST(damage_while_the_ring_is_full_is_merged_and_not_lost),
	    TEST(damage_outside_of_the_picture_is_cut),
	    TEST(sequence_numbers_count_each_commit),
	    TEST(a_vm_that_came_is_said_first_and_one_that_went_last),
	    TEST(a_new_core_is_told_everything_again),
	    TEST(a_light_that_did_not_change_is_not_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
