/*
 * Pools that are granted page by page, against the real tds-compositor, sealed
 * as in use. Memory stands in for /dev/xen/gntdev, which offers the same calls;
 * /dev/null, which maps nothing, for one that refuses. Domain 2 is granted,
 * domain 0 draws from an ordinary pool and must notice nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hv-glue/up_records.h"
#include "tests/abuse/check.h"
#include "tests/abuse/fake_seat.h"

enum {
	BUSY = 0,
	GRANTED = 2,
	/* of one picture, the last of them half used */
	PAGES = (SEAT_CONTENT_WIDTH * SEAT_CONTENT_HEIGHT * 4 + 4095) / 4096,
	WINDOW = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES,
	COLOUR = 0x70a030,
};

static int
setup(void **state)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return -1;
	seat_start(seat);
	seat_show(seat, BUSY, 0x111111);
	seat_wait_tick(seat, BUSY);
	seat_link_granted(seat, GRANTED, -1);
	*state = seat;
	return 0;
}

static int
teardown(void **state)
{
	struct seat *seat = *state;

	seat_show(seat, BUSY, 0x123456);
	seat_wait_tick(seat, BUSY);
	seat_snapshot(seat);
	assert_true(seat_shows(seat, BUSY, 0x123456));
	child_drain_log(&seat->child);
	child_check(&seat->child);
	seat_stop(seat);
	free(seat);
	return 0;
}

static void
map(struct seat *seat, uint32_t page, uint32_t pages)
{
	const struct down *d = seat_map(seat, GRANTED, page, pages);

	assert_int_equal(d->is_mapped, pages > 0);
	assert_int_equal(d->error, 0);
}

static bool
has_picture(struct seat *seat)
{
	bool has = false;

	seat_ask_status(seat);
	for (uint32_t i = 0; i < seat->status.n_windows; i++)
		has |= seat->status.windows[i].domain == GRANTED &&
		    seat->status.windows[i].has_picture;
	return has;
}

static void
show(struct seat *seat, uint32_t colour, uint32_t page)
{
	seat_show_at(seat, GRANTED, colour, page);
	seat_wait_tick(seat, GRANTED);
	seat_snapshot(seat);
	assert_true(seat_shows(seat, GRANTED, colour));
}

static void
put_grant(struct seat *seat, uint8_t op, uint32_t page, uint32_t pages)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const struct grant g = {.op = op, .page = page, .pages = pages};

	assert_int_equal(encode_grant(&g, record), 0);
	seat_put(seat, GRANTED, record);
}

static void
expect_dropped(struct seat *seat)
{
	seat_wait_dropped(seat, GRANTED);
	assert_false(has_picture(seat));
	assert_int_equal(seat->status.domains[GRANTED].state, DOMAIN_STOPPED);
	seat_link_granted(seat, GRANTED, -1);
}

/* ------------------------------------------------------------------------ */

static void
pages_are_shown_when_they_are_mapped(void **state)
{
	struct seat *seat = *state;

	map(seat, 7, PAGES);
	show(seat, COLOUR, 7);
	map(seat, 7 + PAGES, PAGES);
	show(seat, 0xabcdef, 7 + PAGES);
	show(seat, COLOUR, 7);
}

static void
the_last_page_of_the_window_can_be_mapped(void **state)
{
	map(*state, WINDOW - 1, 1);
	map(*state, WINDOW - 1, 0);
	map(*state, 0, WINDOW);
	map(*state, 0, 0);
}

static void
a_picture_outside_what_is_mapped_drops_its_sender(void **state)
{
	struct seat *seat = *state;

	seat_show_at(seat, GRANTED, COLOUR, 0);
	expect_dropped(seat);

	map(seat, 8, PAGES);
	seat_show_at(seat, GRANTED, COLOUR, 7);
	expect_dropped(seat);

	map(seat, 8, PAGES);
	seat_show_at(seat, GRANTED, COLOUR, 9);
	expect_dropped(seat);

	/* two ranges side by side are two */
	map(seat, 8, 8);
	map(seat, 16, PAGES);
	seat_show_at(seat, GRANTED, COLOUR, 8);
	expect_dropped(seat);
}

static void
a_cursor_outside_what_is_mapped_drops_its_sender(void **state)
{
	struct seat *seat = *state;
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct cursor c = {.offset_bytes = 4096};

	map(seat, 1, 4);
	assert_int_equal(encode_cursor(&(struct cursor){0}, record), 0);
	seat_put(seat, GRANTED, record); /* hidden: nothing is looked at */
	c.visible = true;
	assert_int_equal(encode_cursor(&c, record), 0);
	seat_put(seat, GRANTED, record);
	map(seat, 9, 1); /* still heard */
	c.offset_bytes = 2 * 4096;
	assert_int_equal(encode_cursor(&c, record), 0);
	seat_put(seat, GRANTED, record);
	expect_dropped(seat);
}

static void
a_picture_is_gone_before_its_pages_go(void **state)
{
	struct seat *seat = *state;

	map(seat, 0, PAGES);
	map(seat, 100, PAGES);
	show(seat, COLOUR, 0);
	const uint64_t held = proc_shared_kb(seat->child.pid);

	map(seat, 100, 0); /* not what is shown */
	assert_true(has_picture(seat));
	map(seat, 0, 0);
	assert_false(has_picture(seat));
	assert_int_equal(seat->status.domains[GRANTED].state, DOMAIN_RUNNING);
	assert_true(
	    proc_shared_kb(seat->child.pid) + 4 * (PAGES - 1) <= held);
	seat_snapshot(seat); /* painted anew without them */
	seat_focus(seat, GRANTED);
	seat_snapshot(seat);

	seat_show_at(seat, GRANTED, COLOUR, 0);
	expect_dropped(seat);
	map(seat, 0, PAGES);
	show(seat, 0x445566, 0);
}

static void
a_cursor_is_gone_before_its_pages_go(void **state)
{
	struct seat *seat = *state;
	const struct cursor c = {.visible = true, .offset_bytes = 200 * 4096};
	uint8_t record[TDS_RING_RECORD_BYTES];

	map(seat, 0, PAGES);
	map(seat, 200, 4);
	show(seat, COLOUR, 0);
	seat_focus(seat, GRANTED);
	assert_int_equal(encode_cursor(&c, record), 0);
	seat_put(seat, GRANTED, record);
	map(seat, 200, 0);
	seat_ask_status(seat);
	assert_true(seat->status.pointer_is_ours);
	seat_snapshot(seat);
	assert_true(seat_shows(seat, GRANTED, COLOUR));
}

static void
a_range_that_the_kernel_refuses_is_an_answer(void **state)
{
	struct seat *seat = *state;
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	seat_link_granted(seat, GRANTED, fd);
	for (uint32_t i = 0; i < 40; i++) {
		const struct down *d = seat_map(seat, GRANTED, 5, 3);
		assert_int_equal(d->is_mapped, 0);
		assert_int_equal(d->error, ENODEV);
	}
	assert_int_equal(seat_map(seat, GRANTED, 5, 0)->error, ENOENT);
	put_grant(seat, UP_MAP, 5, 3);
	uint8_t record[TDS_RING_RECORD_BYTES];
	const struct commit c = {.offset_bytes = 5 * 4096,
	    .stride_bytes = 64,
	    .width_px = 16,
	    .height_px = 16};
	assert_int_equal(encode_commit(&c, record), 0);
	seat_put(seat, GRANTED, record);
	expect_dropped(seat);
}

static void
ranges_that_overlap_or_leave_the_window_drop_their_sender(void **state)
{
	static const struct grant bad[] = {
	    {UP_MAP, 10, 10},
	    {UP_MAP, 9, 2},
	    {UP_MAP, 19, 1},
	    {UP_MAP, 0, WINDOW},
	    {UP_MAP, WINDOW, 1},
	    {UP_MAP, WINDOW - 1, 2},
	    {UP_MAP, 0, 0},
	    {UP_MAP, UINT32_MAX, UINT32_MAX},
	    {UP_UNMAP, 10, 1},
	    {UP_UNMAP, WINDOW, 0},
	};
	struct seat *seat = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		map(seat, 10, 10);
		put_grant(seat, bad[i].op, bad[i].page, bad[i].pages);
		expect_dropped(seat);
	}
}

static void
only_a_granted_pool_has_ranges(void **state)
{
	struct seat *seat = *state;

	for (uint8_t op = UP_MAP; op <= UP_UNMAP; op++) {
		seat_link(seat, GRANTED);
		put_grant(seat, op, 0, op == UP_MAP ? 1 : 0);
		expect_dropped(seat);
	}
}

static void
ranges_are_few_and_the_place_of_one_that_went_is_free(void **state)
{
	struct seat *seat = *state;

	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		map(seat, 3 * i, 2);
	assert_int_equal(seat_map(seat, GRANTED, 900, 1)->error, EDQUOT);
	assert_int_equal(seat_map(seat, GRANTED, 1, 0)->error, ENOENT);
	map(seat, 6, 0);
	assert_int_equal(seat_map(seat, GRANTED, 6, 0)->error, ENOENT);
	map(seat, 900, 1);
}

static void
one_range_is_mapped_per_frame_whatever_waits(void **state)
{
	struct seat *seat = *state;
	const struct seat_guest *g = &seat->guests[GRANTED];
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	seat_ask_status(seat);
	const uint64_t frames = seat->status.frames;
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		put_grant(seat, UP_MAP, i, 1);
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		put_grant(seat, UP_UNMAP, i, 0);
	while (g->n_mapped < 2 * TDS_MAX_GRANTED)
		seat_turn(seat, deadline);
	seat_ask_status(seat);
	assert_true(seat->status.frames - frames >= 2 * TDS_MAX_GRANTED);
}

static void
who_reads_no_answer_is_not_heard_and_holds_up_nobody(void **state)
{
	struct seat *seat = *state;
	struct seat_guest *g = &seat->guests[GRANTED];
	uint32_t n = 0;

	g->is_blind = true;
	/* more answers than the ring down has places */
	while (n < TDS_RING_DOWN_RECORDS + TDS_RING_UP_RECORDS) {
		while (ring_room(&g->up) > 0) {
			put_grant(seat, UP_UNMAP, 0, 0);
			n++;
		}
		seat_show(seat, BUSY, n);
		seat_wait_tick(seat, BUSY);
	}
	assert_int_equal(g->n_mapped, 0);
	g->is_blind = false;
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;
	while (g->n_mapped < n)
		seat_turn(seat, deadline);
	map(seat, 0, PAGES);
	show(seat, COLOUR, 0);
}

static void
nothing_is_left_of_a_process_that_ended(void **state)
{
	struct seat *seat = *state;
	uint64_t size = 0, shared = 0;
	uint32_t fds = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		seat_link_granted(seat, GRANTED, -1);
		map(seat, i, PAGES);
		seat_show_at(seat, GRANTED, i, i);
		seat_wait_tick(seat, GRANTED);
		if (i % 2 == 0)
			map(seat, i, 0);
		seat_down(seat, GRANTED);
		seat_forget(seat, GRANTED);
		if (i % 100 != 99)
			continue;
		seat_ask_status(seat);
		if (i == 99) {
			size = proc_size_kb(seat->child.pid);
			shared = proc_shared_kb(seat->child.pid);
			fds = proc_count_fds(seat->child.pid);
		}
		assert_int_equal(proc_size_kb(seat->child.pid), size);
		assert_int_equal(proc_shared_kb(seat->child.pid), shared);
		assert_int_equal(proc_count_fds(seat->child.pid), fds);
	}
}

static void
thousand_ranges_leak_nothing(void **state)
{
	struct seat *seat = *state;
	uint64_t size = 0, shared = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		const uint32_t page = i * 77 % 1000;
		map(seat, page, PAGES);
		seat_show_at(seat, GRANTED, i, page);
		map(seat, page, 0);
		if (i == 499) { /* each place of the ring was used */
			size = proc_size_kb(seat->child.pid);
			shared = proc_shared_kb(seat->child.pid);
		}
	}
	assert_int_equal(proc_size_kb(seat->child.pid), size);
	assert_int_equal(proc_shared_kb(seat->child.pid), shared);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(pages_are_shown_when_they_are_mapped),
    TEST(the_last_page_of_the_window_can_be_mapped),
    TEST(a_picture_outside_what_is_mapped_drops_its_sender),
    TEST(a_cursor_outside_what_is_mapped_drops_its_sender),
    TEST(a_picture_is_gone_before_its_pages_go),
    TEST(a_cursor_is_gone_before_its_pages_go),
    TEST(a_range_that_the_kernel_refuses_is_an_answer),
    TEST(ranges_that_overlap_or_leave_the_window_drop_their_sender),
    TEST(only_a_granted_pool_has_ranges),
    TEST(ranges_are_few_and_the_place_of_one_that_went_is_free),
    TEST(one_range_is_mapped_per_frame_whatever_waits),
    TEST(who_reads_no_answer_is_not_heard_and_holds_up_nobody),
    TEST(nothing_is_left_of_a_process_that_ended),
    TEST(thousand_ranges_leak_nothing),
};

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	seat_program = argv[1];
	if (argc > 2) /* one test by name, for looking at it */
		cmocka_set_test_filter(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
