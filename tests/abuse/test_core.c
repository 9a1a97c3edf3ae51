/*
 * Guest processes that were taken over, against the real tds-compositor: each
 * malformed record drops its sender and nobody else. Domain 2 is hostile;
 * domain 0 has the keyboard and draws on; domain 1 only shows its picture.
 */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv-glue/up_records.h"
#include "tests/abuse/check.h"
#include "tests/abuse/seat_beat.h"

enum { HOSTILE = 2, QUIET_COLOUR = 0x204060 };

/* ------------------------------------------------------------------------ */

static int
setup(void **state)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return -1;
	seat_start(seat);
	seat_show(seat, QUIET, QUIET_COLOUR);
	seat_wait_tick(seat, QUIET);
	/* a VM that comes up forgets what was pressed before: be up first */
	seat_show(seat, BUSY, 0);
	seat_wait_tick(seat, BUSY);
	*state = seat;
	return 0;
}

static int
teardown(void **state)
{
	struct seat *seat = *state;

	if (!seat->child.has_ended) {
		for (uint32_t i = 0; i < 4; i++)
			seat_beat(seat, i);
		seat_expect_undisturbed(seat, QUIET_COLOUR);
	}
	child_drain_log(&seat->child);
	child_check(&seat->child);
	seat_stop(seat);
	free(seat);
	return 0;
}

/* The hostile domain was dropped: said so, logged, shown as a stopped tile. */
static void
expect_dropped(struct seat *seat)
{
	seat_wait_dropped(seat, HOSTILE);
	seat_ask_status(seat);
	assert_int_equal(seat->status.domains[HOSTILE].state, DOMAIN_STOPPED);
	for (uint32_t i = 0; i < seat->status.n_windows; i++)
		if (seat->status.windows[i].domain == HOSTILE)
			assert_int_equal(
			    seat->status.windows[i].has_picture, 0);
}

/* A hostile guest that was well-behaved so far. */
static void
relink(struct seat *seat)
{
	seat_link(seat, HOSTILE);
	seat_show(seat, HOSTILE, 0x303030);
	seat_wait_tick(seat, HOSTILE);
}

/* ------------------------------------------------------------------------ */
/* malformed records							     */

/* A good record with one field overwritten. */
struct field {
	uint32_t at, bytes;
	uint64_t values[6];
	uint32_t n;
};

static void
put_mutant(struct seat *seat, const uint8_t good[TDS_RING_RECORD_BYTES],
    const struct field *f, uint64_t value)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	memcpy(record, good, sizeof(record));
	memcpy(record + f->at, &value, f->bytes);
	seat_put(seat, HOSTILE, record);
}

static void
expect_fields_checked(struct seat *seat,
    const uint8_t good[TDS_RING_RECORD_BYTES], const struct field *fields,
    uint32_t n)
{
	uint32_t round = 0;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < fields[i].n; k++) {
			relink(seat);
			put_mutant(seat, good, &fields[i], fields[i].values[k]);
			expect_dropped(seat);
			seat_beat(seat, round++);
		}
	assert_int_equal(seat->status.dropped, round);
}

static void
commit_with_any_field_out_of_limits_drops_its_sender(void **state)
{
	const uint64_t pages = SEAT_POOL / TDS_PAGE_BYTES;
	const struct field fields[] = {
	    {0, 1, {0, 5, 0xff}, 3},				   /* op */
	    {1, 1, {1, 4, 0xff}, 3},				   /* scanout */
	    {2, 2, {2, 0x100, 0xffff}, 3},			   /* exact */
	    {8, 4, {pages, pages - 1, 0x00100000, 0xffffffff}, 4}, /* page */
	    {12, 4, {0, 1, 1276, 1282, 65540, 0xffffffff}, 6},	   /* stride */
	    {16, 2, {0, 31, 321, TDS_MAX_DIM + 1, 0xffff}, 5},	   /* width */
	    {18, 2, {0, 15, 0x4000, 0xffff}, 4},		   /* height */
	    {20, 2, {1, 321, 0xffff}, 3},			   /* x */
	    {22, 2, {1, 201, 0xffff}, 3},			   /* y */
	    {24, 2, {321, 0x8000, 0xffff}, 3},			   /* w */
	    {26, 2, {201, 0x8000, 0xffff}, 3},			   /* h */
	    {28, 4, {1, 0x1000000, 0xffffffff}, 3},		   /* zero */
	};
	const struct commit c = {.seq = 7,
	    .stride_bytes = 1280,
	    .width_px = 320,
	    .height_px = 200,
	    .w = 320,
	    .h = 200};
	uint8_t good[TDS_RING_RECORD_BYTES];

	assert_int_equal(encode_commit(&c, good), 0);
	expect_fields_checked(
	    *state, good, fields, sizeof(fields) / sizeof(fields[0]));
}

static void
cursor_with_any_field_out_of_limits_drops_its_sender(void **state)
{
	const uint64_t pages = SEAT_POOL / TDS_PAGE_BYTES;
	const struct field fields[] = {
	    {1, 1, {2, 0xff}, 2},				   /* visible */
	    {2, 2, {1, 0xffff}, 2},				   /* zero */
	    {4, 4, {pages, pages - 3, 0x00100000, 0xffffffff}, 4}, /* page */
	    {8, 2, {64, 0xffff}, 2},				   /* hot_x */
	    {10, 2, {64, 0xffff}, 2},				   /* hot_y */
	    {12, 4, {1, 0xffffffff}, 2},			   /* zero */
	    {31, 1, {1, 0xff}, 2},
	};
	const struct cursor c = {.visible = true, .hot_x = 1, .hot_y = 1};
	uint8_t good[TDS_RING_RECORD_BYTES];

	assert_int_equal(encode_cursor(&c, good), 0);
	expect_fields_checked(
	    *state, good, fields, sizeof(fields) / sizeof(fields[0]));
}

static void
lights_and_vm_records_out_of_limits_drop_their_sender(void **state)
{
	const struct field leds[] = {
	    {1, 1, {8, 0xff}, 2}, {2, 1, {1}, 1}, {31, 1, {0xff}, 1}};
	const struct field vm[] = {
	    {1, 1, {2, 0xff}, 2}, {2, 1, {1}, 1}, {31, 1, {0xff}, 1}};
	struct seat *seat = *state;
	uint8_t good[TDS_RING_RECORD_BYTES];

	assert_int_equal(encode_leds(7, good), 0);
	expect_fields_checked(seat, good, leds, 3);
	/* 4 drops so far */
	assert_int_equal(encode_vm(true, good), 0);
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t k = 0; k < vm[i].n; k++) {
			relink(seat);
			put_mutant(seat, good, &vm[i], vm[i].values[k]);
			expect_dropped(seat);
			seat_beat(seat, k);
		}
}

static void
record_of_zeroes_and_of_ones_drops_its_sender(void **state)
{
	struct seat *seat = *state;
	uint8_t record[TDS_RING_RECORD_BYTES];

	for (uint32_t i = 0; i < 2; i++) {
		memset(record, i == 0 ? 0 : 0xff, sizeof(record));
		relink(seat);
		seat_put(seat, HOSTILE, record);
		expect_dropped(seat);
	}
}

static void
dropped_guest_is_named_in_one_line(void **state)
{
	struct seat *seat = *state;
	const uint8_t record[TDS_RING_RECORD_BYTES] = {0};
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;
	const size_t log = seat->child.log_len;

	relink(seat);
	seat_put(seat, HOSTILE, record);
	expect_dropped(seat);
	while (child_count_log(&seat->child, log, "domain-2", "") == 0)
		seat_turn(seat, deadline);
	assert_int_equal(child_count_log(&seat->child, log, "", ""), 1);
	assert_int_equal(
	    child_count_log(&seat->child, log, "domain-2", "malformed"), 1);
}

/* ------------------------------------------------------------------------ */
/* ring indices and doorbells						     */

static void
set_word(struct seat *seat, uint32_t at, uint32_t value)
{
	struct seat_guest *g = &seat->guests[HOSTILE];
	const uint64_t one = 1;

	atomic_store(
	    (_Atomic uint32_t *)(void *)((uint8_t *)g->ring_base + at), value);
	assert_int_equal(write(g->bell_up, &one, sizeof(one)), 8);
}

static void
nonsense_head_of_the_up_ring_drops_its_sender(void **state)
{
	struct seat *seat = *state;
	const uint32_t jumps[] = {TDS_RING_UP_RECORDS + 1, 0x10000, 0x7fffffff,
	    0x80000000, 0xffffffff};

	for (uint32_t i = 0; i < 5; i++) {
		relink(seat);
		set_word(seat, 0, seat->guests[HOSTILE].up.index + jumps[i]);
		expect_dropped(seat);
		seat_beat(seat, i);
	}
}

static void
nonsense_tail_of_the_down_ring_only_loses_its_own_records(void **state)
{
	struct seat *seat = *state;
	const uint32_t tails[] = {1, 0x7fffffff, 0x80000000, 0xffffffff};

	relink(seat);
	for (uint32_t i = 0; i < 4; i++) {
		set_word(seat, 192, tails[i]);
		seat_focus(seat, HOSTILE);
		for (uint16_t k = 0; k < 10; k++)
			seat_key(seat, (uint16_t)(KEY_1 + k / 2), k % 2 == 0);
		seat_focus(seat, BUSY);
		seat_beat(seat, i);
	}
}

static void
garbage_in_the_words_of_the_core_is_not_believed(void **state)
{
	struct seat *seat = *state;
	const uint32_t words[] = {64, 128, 256, 320};

	relink(seat);
	seat->guests[HOSTILE].is_blind = true;
	for (uint32_t i = 0; i < 4; i++) {
		set_word(seat, words[i], 0xdeadbeef);
		seat_beat(seat, i);
	}
}

static void
guest_that_never_reads_loses_input_and_is_told(void **state)
{
	struct seat *seat = *state;
	struct seat_guest *g = &seat->guests[HOSTILE];
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	relink(seat);
	seat_focus(seat, HOSTILE);
	/* its ring is ours to read: look away for 4,000 records */
	g->is_blind = true;
	for (uint32_t i = 0; i < 2000; i++)
		seat_key(seat, KEY_A, 1 - (int32_t)(i % 2));
	seat_ask_status(seat);
	g->is_blind = false;
	while (!g->is_lost) {
		seat_key(seat, KEY_A, 1);
		seat_key(seat, KEY_A, 0);
		seat_turn(seat, deadline);
	}
	seat_focus(seat, BUSY);
}

struct flood {
	struct seat_guest *g;
	_Atomic bool is_over;
};

static void *
ring_for_ever(void *data)
{
	struct flood *flood = data;
	const uint64_t one = 1;

	while (!atomic_load(&flood->is_over)) {
		if (write(flood->g->bell_up, &one, sizeof(one)) < 0)
			return NULL;
		/* keep the frame clock's core for the core */
		sched_yield();
	}
	return NULL;
}

static void
doorbell_flood_wakes_the_core_once_per_frame(void **state)
{
	struct seat *seat = *state;
	struct flood flood = {.g = &seat->guests[HOSTILE]};
	pthread_t thread;

	relink(seat);
	seat_ask_status(seat);
	const uint64_t frames = seat->status.frames;
	const uint64_t wakeups = seat->status.wakeups;
	assert_int_equal(
	    pthread_create(&thread, NULL, ring_for_ever, &flood), 0);
	for (uint32_t i = 0; i < 100; i++)
		seat_beat(seat, i);
	atomic_store(&flood.is_over, true);
	pthread_join(thread, NULL);
	seat_ask_status(seat);
	/* per frame its clock; per round a key, at most one bell in idle */
	assert_in_range(seat->status.wakeups - wakeups, 1,
	    2 * (seat->status.frames - frames) + 2 * 100 + 20);
}

/* ------------------------------------------------------------------------ */
/* work, time, memory							     */

static void
full_ring_of_commits_every_frame_starves_nobody(void **state)
{
	struct seat *seat = *state;
	struct seat_guest *g = &seat->guests[HOSTILE];
	uint8_t record[TDS_RING_RECORD_BYTES];

	relink(seat);
	seat_ask_status(seat);
	const uint64_t frames = seat->status.frames;
	for (uint32_t i = 0; i < 100; i++) {
		while (ring_room(&g->up) > 0) {
			/* a buffer of another size each time: all repainted */
			const struct commit c = {.seq = ++g->seq,
			    .stride_bytes = 4 * (300 + g->seq % 20),
			    .width_px = 300 + g->seq % 20,
			    .height_px = 199,
			    .w = 300,
			    .h = 199};

			assert_int_equal(encode_commit(&c, record), 0);
			seat_put(seat, HOSTILE, record);
		}
		seat_beat(seat, i);
	}
	seat_ask_status(seat);
	/* a commit is taken in at one frame and ticked at the next */
	assert_in_range(seat->status.frames - frames, 100, 100 * 6);
}

static void *
scribble_for_ever(void *data)
{
	struct flood *flood = data;
	volatile uint32_t *words =
	    (volatile uint32_t *)(void *)((uint8_t *)flood->g->ring_base +
					  RING_UP_AT);
	uint32_t seed = 1;

	while (!atomic_load(&flood->is_over)) {
		seed = seed * 1103515245 + 12345;
		/* page, stride, sizes and damage of any of the first records */
		words[(seed >> 16 & 7) * 8 + 2 + (seed >> 24) % 5] = seed;
	}
	return NULL;
}

static void
record_that_changes_while_it_is_read_is_judged_once(void **state)
{
	struct seat *seat = *state;
	uint32_t drops = 0;

	for (uint32_t round = 0; round < 150; round++) {
		relink(seat);
		struct flood flood = {.g = &seat->guests[HOSTILE]};
		pthread_t thread;

		assert_int_equal(
		    pthread_create(&thread, NULL, scribble_for_ever, &flood),
		    0);
		for (uint32_t i = 0; i < 3; i++) {
			seat_show(seat, HOSTILE, 0x101010);
			seat_beat(seat, i);
		}
		seat_beat(seat, 3);
		atomic_store(&flood.is_over, true);
		pthread_join(thread, NULL);
		drops = seat->n_dropped;
	}
	/* the race was really run */
	assert_true(drops > 0);
}

static void
guest_that_vanishes_becomes_a_stopped_tile(void **state)
{
	struct seat *seat = *state;

	for (uint32_t i = 0; i < 50; i++) {
		relink(seat);
		seat_snapshot(seat);
		assert_true(seat_shows(seat, HOSTILE, 0x303030));
		/* memory, rings and bells go with it */
		seat_forget(seat, HOSTILE);
		seat_beat(seat, i);
		seat_down(seat, HOSTILE);
		seat_snapshot(seat);
		assert_int_equal(
		    seat->status.domains[HOSTILE].state, DOMAIN_STOPPED);
		assert_false(seat_shows(seat, HOSTILE, 0x303030));
	}
}

static void
thousand_drops_and_links_leak_nothing(void **state)
{
	struct seat *seat = *state;
	const uint8_t garbage[TDS_RING_RECORD_BYTES] = {0xff};
	uint64_t rss = 0;
	uint32_t fds = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		seat_link(seat, HOSTILE);
		seat_show(seat, HOSTILE, i);
		seat_put(seat, HOSTILE, garbage);
		seat_wait_dropped(seat, HOSTILE);
		if (i % 10 == 0)
			seat_beat(seat, i / 10);
		if (i == 100) {
			rss = proc_rss_kb(seat->child.pid);
			fds = proc_count_fds(seat->child.pid);
		}
	}
	seat_ask_status(seat);
	assert_int_equal(seat->status.dropped, 1000);
	assert_int_equal(proc_count_fds(seat->child.pid), fds);
	assert_in_range(proc_rss_kb(seat->child.pid), 0, rss + 256);
	/* the same without a drop: tdsd replaces the link */
	for (uint32_t i = 0; i < 200; i++)
		seat_link(seat, HOSTILE);
	seat_link(seat, HOSTILE);
	seat_ask_status(seat);
	assert_in_range(proc_rss_kb(seat->child.pid), 0, rss + 256);
	/* linked, unlike when it was counted: two doorbells more */
	assert_in_range(proc_count_fds(seat->child.pid), fds, fds + 2);
}

static void
focus_of_a_dropped_guest_goes_to_nobody(void **state)
{
	struct seat *seat = *state;
	const uint8_t garbage[TDS_RING_RECORD_BYTES] = {0xff};
	const uint32_t inputs = seat->guests[BUSY].n_inputs;

	relink(seat);
	seat_focus(seat, HOSTILE);
	assert_int_equal(seat->status.keyboard, HOSTILE);
	seat_put(seat, HOSTILE, garbage);
	expect_dropped(seat);
	assert_int_equal(seat->status.keyboard, TDS_NONE);
	seat_key(seat, KEY_A, 1);
	seat_key(seat, KEY_A, 0);
	seat_ask_status(seat);
	/* nobody else got what was meant for it */
	assert_int_equal(seat->guests[BUSY].n_inputs, inputs);
	seat_focus(seat, BUSY);
}

static void
idle_core_with_linked_guests_does_not_wake(void **state)
{
	struct seat *seat = *state;
	struct pollfd p = {.fd = seat->child.control, .events = POLLIN};
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;
	uint64_t before;

	/* until two answers 300 ms apart cost one wake-up: the second one */
	do {
		assert_true(now_ms() < deadline);
		seat_ask_status(seat);
		before = seat->status.wakeups;
		/* the one time-out here that is meant to pass */
		assert_int_equal(poll(&p, 1, 300), 0);
		seat_ask_status(seat);
	} while (seat->status.wakeups != before + 1);
}

/* ------------------------------------------------------------------------ */
/* tdsd's channel							     */

static void
garbage_from_tdsd_ends_the_core_in_order(void **state)
{
	struct seat *seat = *state;
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	assert_int_equal(seat_send(seat, "garbage", 7, NULL, 0), 0);
	while (!seat->child.has_ended && now_ms() < deadline) {
		child_drain_log(&seat->child);
		child_reap(&seat->child);
		sched_yield();
	}
	assert_true(seat->child.has_ended);
	assert_true(WIFEXITED(seat->child.end_status));
	assert_true(child_count_log(&seat->child, 0, "stopped", "") == 1);
}

#define core_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    core_test(commit_with_any_field_out_of_limits_drops_its_sender),
    core_test(cursor_with_any_field_out_of_limits_drops_its_sender),
    core_test(lights_and_vm_records_out_of_limits_drop_their_sender),
    core_test(record_of_zeroes_and_of_ones_drops_its_sender),
    core_test(dropped_guest_is_named_in_one_line),
    core_test(nonsense_head_of_the_up_ring_drops_its_sender),
    core_test(nonsense_tail_of_the_down_ring_only_loses_its_own_records),
    core_test(garbage_in_the_words_of_the_core_is_not_believed),
    core_test(guest_that_never_reads_loses_input_and_is_told),
    core_test(doorbell_flood_wakes_the_core_once_per_frame),
    core_test(full_ring_of_commits_every_frame_starves_nobody),
    core_test(record_that_changes_while_it_is_read_is_judged_once),
    core_test(guest_that_vanishes_becomes_a_stopped_tile),
    core_test(thousand_drops_and_links_leak_nothing),
    core_test(focus_of_a_dropped_guest_goes_to_nobody),
    core_test(idle_core_with_linked_guests_does_not_wake),
    core_test(garbage_from_tdsd_ends_the_core_in_order),
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
