/* Ranges of a granted pool: what the core is asked for, and told of when. */
#include "tests/unit/unit.h"

#include "hv-glue/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES };

static struct outbox box;

static int
setup(void **state)
{
	(void)state;
	outbox_init(&box, 1);
	box.is_granted = true;
	return 0;
}

/* 16x16 pixels: one KiB, at the beginning of this page. */
static struct commit
picture_at(uint32_t page)
{
	return (struct commit){.offset_bytes = (uint64_t)page * TDS_PAGE_BYTES,
	    .stride_bytes = 64,
	    .width_px = 16,
	    .height_px = 16};
}

/* The op of the next record, 0 if there is none. */
static uint8_t
next(uint8_t record[TDS_RING_RECORD_BYTES])
{
	const int n = outbox_next(&box, record);

	assert_in_range(n, 0, 1);
	return n == 1 ? record[0] : 0;
}

static void
expect_range(uint8_t op, uint32_t page, uint32_t pages)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct grant g;

	assert_int_equal(next(record), op);
	assert_int_equal(decode_grant(record, sizeof(record), &g), 0);
	assert_int_equal(check_grant(&g), 0);
	assert_int_equal(g.page, page);
	assert_int_equal(g.pages, pages);
}

static void
expect(uint8_t op)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	assert_int_equal(next(record), op);
}

static int
answer(uint32_t page, bool is_mapped, uint8_t error)
{
	return outbox_mapped(&box,
	    &(struct down){.op = DOWN_MAPPED,
		.page = page,
		.is_mapped = is_mapped,
		.error = error});
}

static void
a_picture_waits_until_its_range_is_mapped(void **state)
{
	const struct commit inside = picture_at(8);

	(void)state;
	outbox_show(&box, 0, &inside);
	expect(0);
	assert_int_equal(outbox_map(&box, 8, 1), 0);
	expect_range(UP_MAP, 8, 1);
	expect(0);
	assert_int_equal(answer(8, true, 0), 1);
	expect(UP_COMMIT);
	expect(0);
}

static void
a_picture_that_reaches_beyond_its_range_is_never_shown(void **state)
{
	struct commit beyond = picture_at(8);

	(void)state;
	assert_int_equal(outbox_map(&box, 8, 1), 0);
	expect(UP_MAP);
	assert_int_equal(answer(8, true, 0), 1);
	beyond.height_px = 65;
	outbox_show(&box, 0, &beyond);
	expect(0);
	beyond.height_px = 64;
	outbox_show(&box, 0, &beyond);
	expect(UP_COMMIT);
}

static void
what_a_window_shows_instead_is_said_before_a_range_goes(void **state)
{
	const struct commit inside = picture_at(8);

	(void)state;
	assert_int_equal(outbox_map(&box, 8, 1), 0);
	expect(UP_MAP);
	assert_int_equal(answer(8, true, 0), 1);
	outbox_show(&box, 0, &inside);
	expect(UP_COMMIT);
	assert_int_equal(outbox_unmap(&box, 8), 0);
	outbox_damage(&box, 0, rect_make(0, 0, 1, 1)); /* comes too late */
	expect_range(UP_UNMAP, 8, 0);
	expect(0);
	assert_int_equal(answer(8, false, 0), 1);

	assert_int_equal(outbox_map(&box, 8, 1), 0);
	expect(UP_MAP);
	assert_int_equal(answer(8, true, 0), 1);
	assert_int_equal(outbox_unmap(&box, 8), 0);
	outbox_show(&box, 0, &(struct commit){0});
	expect(UP_COMMIT);
	expect(UP_UNMAP);
}

static void
a_range_that_cannot_be_mapped_is_told_of_and_gone(void **state)
{
	(void)state;
	assert_int_equal(outbox_map(&box, 8, 4), 0);
	expect(UP_MAP);
	assert_int_equal(answer(8, false, ENOMEM), 1);
	assert_int_equal(outbox_unmap(&box, 8), -ENOENT);
	assert_int_equal(outbox_map(&box, 8, 4), 0);
	expect(UP_MAP);
}

static void
a_range_given_up_while_it_is_asked_for_is_told_of_once(void **state)
{
	(void)state;
	for (int is_mapped = 0; is_mapped < 2; is_mapped++) {
		assert_int_equal(outbox_map(&box, 8, 4), 0);
		expect(UP_MAP);
		assert_int_equal(outbox_unmap(&box, 8), 0);
		assert_int_equal(outbox_unmap(&box, 8), -ENOENT);
		expect(UP_UNMAP);
		assert_int_equal(answer(8, is_mapped, 0), 0);
		assert_int_equal(answer(8, false, 0), 1);
		assert_int_equal(answer(8, false, 0), -EPROTO);
	}
}

static void
ranges_lie_apart_in_the_window_and_are_few(void **state)
{
	(void)state;
	assert_int_equal(outbox_map(&box, 0, 0), -ERANGE);
	assert_int_equal(outbox_map(&box, WINDOW - 1, 2), -ERANGE);
	assert_int_equal(outbox_map(&box, UINT32_MAX, UINT32_MAX), -ERANGE);
	assert_int_equal(outbox_map(&box, WINDOW - 1, 1), 0);
	assert_int_equal(outbox_map(&box, 10, 10), 0);
	assert_int_equal(outbox_map(&box, 10, 1), -EEXIST);
	assert_int_equal(outbox_map(&box, 9, 2), -EEXIST);
	assert_int_equal(outbox_map(&box, 19, 2), -EEXIST);
	assert_int_equal(outbox_map(&box, 5, 30), -EEXIST);
	for (uint32_t i = 2; i < TDS_MAX_GRANTED; i++)
		assert_int_equal(outbox_map(&box, 100 + i, 1), 0);
	assert_int_equal(outbox_map(&box, 20, 1), -EDQUOT);
}

static void
a_new_core_maps_again_what_is_wanted_and_nothing_else(void **state)
{
	const struct commit inside = picture_at(8);

	(void)state;
	assert_int_equal(outbox_map(&box, 8, 1), 0);
	assert_int_equal(outbox_map(&box, 9, 1), 0);
	expect(UP_MAP);
	expect(UP_MAP);
	assert_int_equal(answer(8, true, 0), 1);
	assert_int_equal(answer(9, true, 0), 1);
	outbox_show(&box, 0, &inside);
	expect(UP_COMMIT);
	assert_int_equal(outbox_unmap(&box, 9), 0);
	expect(UP_UNMAP);

	outbox_renew(&box);
	expect_range(UP_MAP, 8, 1);
	expect_range(UP_UNMAP, 9, 0);
	expect(UP_VM);
	expect(0); /* the picture waits for the new core's answer */
	assert_int_equal(answer(8, true, 0), 1);
	expect(UP_COMMIT);
	assert_int_equal(answer(9, false, ENOENT), 1);
	assert_int_equal(outbox_map(&box, 9, 1), 0);
}

/* The next record, a COMMIT. */
static struct commit
next_commit(void)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct wire_commit wire;
	struct commit c;

	assert_int_equal(next(record), UP_COMMIT);
	assert_int_equal(decode_commit(record, sizeof(record), &wire), 0);
	assert_int_equal(check_commit(&wire, TDS_MAX_POOL_BYTES, 1, &c), 0);
	return c;
}

static void
a_flip_says_what_is_new_and_that_this_is_all(void **state)
{
	const struct commit first = picture_at(0), second = picture_at(1);
	struct damage damage = {.n = 1, .r = {rect_make(2, 3, 4, 5)}};

	(void)state;
	box.is_granted = false;
	outbox_flip(&box, 0, &first, &damage);
	struct commit c = next_commit();
	assert_false(c.is_exact);
	assert_int_equal(c.w, 16);
	expect(0);

	outbox_flip(&box, 0, &second, &damage);
	c = next_commit();
	assert_true(c.is_exact);
	assert_true(c.offset_bytes == 4096);
	assert_int_equal(c.x, 2);
	assert_int_equal(c.y, 3);
	assert_int_equal(c.w, 4);
	assert_int_equal(c.h, 5);
	expect(0);

	damage.n = 0; /* nothing is new: the flip is said all the same */
	outbox_flip(&box, 0, &first, &damage);
	c = next_commit();
	assert_true(c.is_exact);
	assert_true(c.offset_bytes == 0);
	assert_int_equal(c.w, 0);
	expect(0);
}

static void
a_flip_keeps_what_was_not_said_before_it(void **state)
{
	const struct commit first = picture_at(0), second = picture_at(1);
	struct damage damage = {.n = 1, .r = {rect_make(0, 0, 1, 1)}};

	(void)state;
	box.is_granted = false;
	outbox_show(&box, 0, &first);
	outbox_flip(&box, 0, &second, &damage);
	struct commit c = next_commit();
	assert_int_equal(c.w, 16); /* the whole of the first */
	expect(0);
	outbox_flip(&box, 0, &first, &damage);
	damage.r[0] = rect_make(9, 9, 1, 1);
	outbox_flip(&box, 0, &second, &damage);
	c = next_commit();
	const struct commit d = next_commit();
	assert_true(c.offset_bytes == 4096 && d.offset_bytes == 4096);
	assert_int_equal(c.x + d.x, 9);
	expect(0);

	outbox_renew(&box); /* to another core it is no flip */
	c = next_commit();
	assert_int_equal(c.w, 16);
}

static void
an_answer_to_nothing_is_the_cores_fault(void **state)
{
	(void)state;
	assert_int_equal(answer(8, true, 0), -EPROTO);
	assert_int_equal(outbox_map(&box, 8, 1), 0);
	assert_int_equal(answer(8, true, 0), -EPROTO);
	expect(UP_MAP);
	assert_int_equal(answer(9, true, 0), -EPROTO);
	assert_int_equal(answer(8, true, 0), 1);
	assert_int_equal(answer(8, false, 0), -EPROTO);
	assert_int_equal(outbox_unmap(&box, 8), 0);
	expect(UP_UNMAP);
	assert_int_equal(answer(8, true, 0), -EPROTO);
}

/* ------------------------------------------------- against a plain model */

enum { PAGES = 24 };

/*
 * A core that keeps one flag per page, fails at random, answers late, is
 * replaced; and an owner that counts what it was told.
 */
static struct {
	bool is_mapped[PAGES]; /* by its first page; all are one page long */
	struct down answers[4096];
	uint32_t n_answers, n_given;
	uint32_t n_asked[PAGES], n_told[PAGES];
	bool is_wanted[PAGES];
} model;

static void
model_take(const uint8_t record[TDS_RING_RECORD_BYTES])
{
	struct wire_commit commit;
	struct grant g;

	if (record[0] == UP_COMMIT) {
		assert_int_equal(decode_commit(record, 32, &commit), 0);
		assert_true(commit.width == 0 || model.is_mapped[commit.page]);
		return;
	}
	if (record[0] != UP_MAP && record[0] != UP_UNMAP)
		return;
	assert_int_equal(decode_grant(record, 32, &g), 0);
	assert_int_equal(check_grant(&g), 0);
	assert_true(g.page < PAGES);
	if (g.op == UP_MAP)
		assert_false(model.is_mapped[g.page]);
	model.is_mapped[g.page] = g.op == UP_MAP && rand() % 4 > 0;
	model.answers[model.n_answers++] = (struct down){.op = DOWN_MAPPED,
	    .page = g.page,
	    .is_mapped = model.is_mapped[g.page]};
}

static void
model_answer(void)
{
	if (model.n_given == model.n_answers)
		return;
	const struct down *d = &model.answers[model.n_given++];
	const int told = outbox_mapped(&box, d);
	assert_in_range(told, 0, 1);
	model.n_told[d->page] += (uint32_t)told;
	if (told == 1 && !d->is_mapped && model.is_wanted[d->page]) {
		/* it failed: its owner gives it up */
		model.is_wanted[d->page] = false;
	}
}

static void
model_step(void)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const uint32_t page = (uint32_t)rand() % PAGES;
	const struct commit picture = picture_at(page);

	switch (rand() % 8) {
	case 0:
	case 1:
		if (outbox_map(&box, page, 1) == 0) {
			model.n_asked[page]++;
			model.is_wanted[page] = true;
		}
		break;
	case 2:
		if (outbox_unmap(&box, page) == 0) {
			/* told of the map before, or of the end only */
			model.is_wanted[page] = false;
		}
		break;
	case 3:
		outbox_show(&box, 0, &picture);
		break;
	case 4:
	case 5:
		model_answer();
		break;
	case 6:
		if (rand() % 16 > 0)
			break;
		outbox_renew(&box);
		memset(model.is_mapped, 0, sizeof(model.is_mapped));
		model.n_given = model.n_answers = 0;
		break;
	default:
		if (outbox_next(&box, record) == 1)
			model_take(record);
	}
}

static void
no_picture_is_outside_and_every_range_comes_to_an_end(void **state)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	(void)state;
	srand(4);
	for (int round = 0; round < 300; round++) {
		setup(NULL);
		memset(&model, 0, sizeof(model));
		for (int i = 0; i < 1000; i++)
			model_step();
		for (uint32_t page = 0; page < PAGES; page++)
			if (outbox_unmap(&box, page) == 0)
				model.is_wanted[page] = false;
		while (outbox_next(&box, record) == 1)
			model_take(record);
		while (model.n_given < model.n_answers)
			model_answer();
		for (uint32_t page = 0; page < PAGES; page++) {
			assert_false(model.is_mapped[page]);
			assert_false(model.is_wanted[page]);
			assert_true(
			    model.n_told[page] >= model.n_asked[page]);
		}
		/* all places are free again */
		for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
			assert_int_equal(outbox_map(&box, i, 1), 0);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    TEST(a_picture_waits_until_its_range_is_mapped),
	    TEST(a_picture_that_reaches_beyond_its_range_is_never_shown),
	    TEST(what_a_window_shows_instead_is_said_before_a_range_goes),
	    TEST(a_range_that_cannot_be_mapped_is_told_of_and_gone),
	    TEST(a_range_given_up_while_it_is_asked_for_is_told_of_once),
	    TEST(ranges_lie_apart_in_the_window_and_are_few),
	    TEST(a_new_core_maps_again_what_is_wanted_and_nothing_else),
	    TEST(an_answer_to_nothing_is_the_cores_fault),
	    TEST(a_flip_says_what_is_new_and_that_this_is_all),
	    TEST(a_flip_keeps_what_was_not_said_before_it),
	    TEST(no_picture_is_outside_and_every_range_comes_to_an_end),
	};
	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
