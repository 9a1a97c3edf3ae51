/*
 * A tds-hdcp that was taken over, or whose carrier is slow, dead or gone,
 * against the real tds-compositor: it costs its own output and nobody else
 * anything. Domain 2 is shown on the sealed output, floods it where a test says
 * so; domain 0 has the keyboard and draws on; domain 1 shows its picture.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tds/base/channel.h"
#include "tests/abuse/check.h"
#include "tests/abuse/fake_hdcp.h"
#include "tests/abuse/judge.h"
#include "tests/abuse/seat_beat.h"

enum { WALL = 1, QUIET_COLOUR = 0x204060, WALL_COLOUR = 0xfd02fc };

static const char *checker;
static struct hdcp hdcp;

static int
setup(void **state)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return -1;
	seat_start_sealed(seat, 3);
	seat_show(seat, QUIET, QUIET_COLOUR);
	seat_wait_tick(seat, QUIET);
	seat_show(seat, SEAT_ON_WALL, WALL_COLOUR);
	seat_wait_tick(seat, SEAT_ON_WALL);
	seat_show(seat, BUSY, 0);
	seat_wait_tick(seat, BUSY);
	hdcp_plug(&hdcp, seat, WALL);
	*state = seat;
	return 0;
}

static int
teardown(void **state)
{
	struct seat *seat = *state;

	for (uint32_t i = 0; i < 4; i++)
		seat_beat(seat, i);
	seat_expect_undisturbed(seat, QUIET_COLOUR);
	child_drain_log(&seat->child);
	child_check(&seat->child);
	hdcp_unplug(&hdcp);
	seat_stop(seat);
	free(seat);
	return 0;
}

/* The memory shows what the core says of that output: label, frame, pixels. */
static void
expect_judged(struct seat *seat)
{
	const uint32_t colours[] = {0x00aa55, QUIET_COLOUR, WALL_COLOUR};
	FILE *judge = judge_open(checker);

	seat_ask_status(seat);
	judge_frame(judge, "wall", &seat->status, WALL, hdcp.pixels, colours);
	assert_true(judge_verdict(judge));
}

/* Whether the wall's window shows this colour, but for a cursor. */
static bool
wall_shows(struct seat *seat, uint32_t colour)
{
	seat_ask_status(seat);
	memcpy(seat->pixels, hdcp.pixels, WALL_BYTES);
	return seat_shows(seat, SEAT_ON_WALL, colour);
}

static uint64_t
area_of(const struct damage *d)
{
	uint64_t area = 0;

	for (uint32_t i = 0; i < d->n; i++)
		area += (uint64_t)rect_area(d->r[i]);
	return area;
}

/* ------------------------------------------------------------------------ */

static void
first_frame_is_whole_and_what_follows_is_what_changed(void **state)
{
	struct seat *seat = *state;

	hdcp_wait_frame(&hdcp);
	assert_true(hdcp_has_all(&hdcp));
	hdcp_settle(&hdcp);
	expect_judged(seat);
	assert_true(wall_shows(seat, WALL_COLOUR));
	/* nothing of what happens on the other output comes here */
	const uint32_t frames = hdcp.n_frames;
	for (uint32_t i = 0; i < 50; i++)
		seat_beat(seat, i);
	hdcp_settle(&hdcp);
	assert_int_equal(hdcp.n_frames, frames);
	/* and of the wall's own window its content only */
	seat_show(seat, SEAT_ON_WALL, 0x010203);
	hdcp_wait_frame(&hdcp);
	assert_in_range(area_of(&hdcp.parts), 1,
	    SEAT_CONTENT_WIDTH * SEAT_CONTENT_HEIGHT);
	assert_true(wall_shows(seat, 0x010203));
	seat_show(seat, SEAT_ON_WALL, WALL_COLOUR);
	hdcp_settle(&hdcp);
	expect_judged(seat);
}

static void
sink_is_told_of_and_gets_everything(void **state)
{
	struct seat *seat = *state;

	hdcp_settle(&hdcp);
	seat_ask_status(seat);
	assert_int_equal(seat->status.outputs[WALL].type, OUTPUT_SEALED);
	assert_int_equal(seat->status.outputs[WALL].has_sink, 0);
	hdcp_state(&hdcp, 1);
	hdcp_wait_frame(&hdcp);
	assert_true(hdcp_has_all(&hdcp));
	hdcp_settle(&hdcp);
	expect_judged(seat);
	assert_int_equal(seat->status.outputs[WALL].has_sink, 1);
	assert_int_equal(seat->status.outputs[0].has_sink, 0);
	hdcp_free(&hdcp, 0);
	hdcp_wait_closed(&hdcp); /* with it goes what it said */
	seat_ask_status(seat);
	assert_int_equal(seat->status.outputs[WALL].has_sink, 0);
}

static void
what_hdcp_reads_does_not_change_while_guests_flood(void **state)
{
	struct seat *seat = *state;
	uint32_t *copy = malloc(WALL_BYTES);
	uint32_t seen = 0;

	assert_non_null(copy);
	hdcp_state(&hdcp, 1);
	for (uint32_t round = 1; round <= 60; round++) {
		seat_show(seat, SEAT_ON_WALL, round);
		hdcp_wait_frame(&hdcp);
		memcpy(copy, hdcp.pixels, WALL_BYTES);
		for (uint32_t i = 0; i < 5; i++) {
			seat_show(seat, SEAT_ON_WALL, round << 8 | i);
			seat_beat(seat, i);
			seat_wait_tick(seat, SEAT_ON_WALL);
		}
		assert_false(hdcp_take(&hdcp));
		assert_memory_equal(copy, hdcp.pixels, WALL_BYTES);
		hdcp_free(&hdcp, round % 2);
		/* the newest comes next, and what was between never */
		hdcp_wait_frame(&hdcp);
		seen += wall_shows(seat, round << 8 | 4);
		hdcp_settle(&hdcp);
	}
	assert_int_equal(seen, 60);
	free(copy);
}

static void
expect_idle(struct seat *seat)
{
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

static void
one_that_never_gives_back_costs_its_output_only(void **state)
{
	struct seat *seat = *state;

	hdcp_wait_frame(&hdcp);
	for (uint32_t i = 0; i < 200; i++) {
		seat_show(seat, SEAT_ON_WALL, i);
		seat_beat(seat, i);
		/* the guest there is ticked as ever */
		seat_wait_tick(seat, SEAT_ON_WALL);
	}
	assert_false(hdcp_take(&hdcp));
	/* it waits for ever: no reason to wake up */
	expect_idle(seat);
	hdcp_free(&hdcp, 0);
	hdcp_wait_frame(&hdcp);
	assert_true(wall_shows(seat, 199));
	hdcp_settle(&hdcp);
	expect_idle(seat);
}

static void
output_without_hdcp_keeps_nobody_awake(void **state)
{
	struct seat *seat = *state;

	hdcp_free(&hdcp, 0);
	hdcp_wait_closed(&hdcp);
	for (uint32_t i = 0; i < 50; i++) {
		seat_show(seat, SEAT_ON_WALL, i);
		seat_beat(seat, i);
		seat_wait_tick(seat, SEAT_ON_WALL);
	}
	expect_idle(seat);
	hdcp_unplug(&hdcp);
	hdcp_plug(&hdcp, seat, WALL);
	hdcp_wait_frame(&hdcp);
	assert_true(hdcp_has_all(&hdcp));
	assert_true(wall_shows(seat, 49));
}

/* ------------------------------------------------------------------------ */
/* nonsense								     */

/* Closed, said in one line that names the output, and good again with the
 * next one. */
static void
expect_dropped(struct seat *seat, size_t log)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	hdcp_wait_closed(&hdcp);
	while (child_count_log(&seat->child, log, "wall", "") == 0)
		seat_turn(seat, deadline);
	assert_int_equal(child_count_log(&seat->child, log, "", ""), 1);
	assert_int_equal(
	    child_count_log(&seat->child, log, "wall", "channel closed"), 1);
	hdcp_unplug(&hdcp);
	hdcp_plug(&hdcp, seat, WALL);
	hdcp_wait_frame(&hdcp);
	assert_true(hdcp_has_all(&hdcp));
}

static void
free_that_was_not_asked_for_closes_the_channel(void **state)
{
	struct seat *seat = *state;

	hdcp_wait_frame(&hdcp);
	hdcp_free(&hdcp, 0);
	hdcp_settle(&hdcp);
	for (uint32_t i = 0; i < 2; i++) {
		const size_t log = seat->child.log_len;

		hdcp_settle(&hdcp);
		hdcp_free(&hdcp, i);
		expect_dropped(seat, log);
	}
	const size_t log = seat->child.log_len;
	hdcp_free(&hdcp, 0);
	hdcp_free(&hdcp, 0); /* twice for one frame */
	expect_dropped(seat, log);
}

static void
every_record_that_is_not_its_own_closes_the_channel(void **state)
{
	struct seat *seat = *state;
	const struct {
		uint32_t words[6];
		int len;
	} bad[] = {
	    {{SEALED_STATE, 2}, 8},	  /* neither on nor off */
	    {{SEALED_FREE, 2}, 8},
	    {{SEALED_FREE, 0xffffffff}, 8},
	    {{SEALED_STATE, 1}, 7},	  /* short */
	    {{SEALED_STATE, 1, 0}, 12},	  /* long */
	    {{SEALED_STATE}, 4},
	    {{SEALED_STATE}, 1},
	    {{SEALED_PART, 0, 0, 1, 1, 1}, 24}, /* ours */
	    {{CORE_START}, 4},		  /* tdsd's */
	    {{SEAT_GONE, 1}, 8},	  /* of tds-input */
	    {{0, 0}, 8},
	    {{0xffffffff, 0xffffffff}, 8},
	};

	hdcp_wait_frame(&hdcp);
	/* fewer than the log's budget of lines */
	for (uint32_t i = 0; i < 6; i++) {
		const size_t log = seat->child.log_len;

		hdcp_say(&hdcp, bad[i].words, bad[i].len);
		expect_dropped(seat, log);
	}
	for (uint32_t i = 6; i < sizeof(bad) / sizeof(bad[0]); i++) {
		hdcp_say(&hdcp, bad[i].words, bad[i].len);
		hdcp_wait_closed(&hdcp);
		hdcp_unplug(&hdcp);
		hdcp_plug(&hdcp, seat, WALL);
		hdcp_wait_frame(&hdcp);
		seat_beat(seat, i);
	}
}

static void
descriptors_and_huge_records_close_the_channel(void **state)
{
	struct seat *seat = *state;
	static uint8_t huge[32768];
	const struct sealed_state on = {1};
	uint8_t bytes[16];
	const int len = encode_sealed_state(&on, bytes, sizeof(bytes));

	hdcp_wait_frame(&hdcp);
	const uint32_t fds = proc_count_fds(seat->child.pid);
	for (uint32_t i = 0; i < 4; i++) {
		const int three[] = {hdcp.channel, hdcp.channel, 0};

		if (i % 2)
			hdcp_say(&hdcp, huge, sizeof(huge));
		else
			assert_int_equal(channel_send(hdcp.channel, bytes,
					     (uint32_t)len, three, 3),
			    0);
		hdcp_wait_closed(&hdcp);
		hdcp_unplug(&hdcp);
		hdcp_plug(&hdcp, seat, WALL);
		hdcp_wait_frame(&hdcp);
	}
	assert_int_equal(proc_count_fds(seat->child.pid), fds);
}

static void
flood_of_states_wakes_the_core_once_per_frame(void **state)
{
	struct seat *seat = *state;

	hdcp_settle(&hdcp);
	seat_ask_status(seat);
	const uint64_t frames = seat->status.frames;
	const uint64_t wakeups = seat->status.wakeups;
	for (uint32_t i = 0; i < 100; i++) {
		const struct sealed_state record = {i % 2};
		uint8_t bytes[16];
		const int len =
		    encode_sealed_state(&record, bytes, sizeof(bytes));

		while (channel_send(hdcp.channel, bytes, (uint32_t)len, NULL,
			   0) == 0)
			continue; /* until it is full */
		seat_beat(seat, i);
		if (hdcp_take(&hdcp))
			hdcp_free(&hdcp, 1);
	}
	seat_ask_status(seat);
	/* per frame its clock; per round two keys, and from idle one more */
	assert_in_range(seat->status.wakeups - wakeups, 1,
	    2 * (seat->status.frames - frames) + 3 * 100 + 20);
}

static void
one_that_ends_in_mid_frame_is_replaced(void **state)
{
	struct seat *seat = *state;

	for (uint32_t i = 0; i < 50; i++) {
		if (i % 3 > 0)
			hdcp_wait_frame(&hdcp);
		if (i % 3 > 1)
			hdcp_free(&hdcp, 1);
		hdcp_unplug(&hdcp); /* before, in and after a frame */
		seat_show(seat, SEAT_ON_WALL, i);
		seat_beat(seat, i);
		hdcp_plug(&hdcp, seat, WALL);
	}
	hdcp_wait_frame(&hdcp);
	assert_true(hdcp_has_all(&hdcp));
	/* nobody is to blame */
	assert_int_equal(child_count_log(&seat->child, 0, "wall", ""), 0);
}

static void
second_one_replaces_the_first_and_nothing_is_left_of_it(void **state)
{
	struct seat *seat = *state;
	uint32_t fds = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < 200; i++) {
		struct hdcp first = hdcp;

		hdcp_plug(&hdcp, seat, WALL);
		hdcp_wait_closed(&first);
		hdcp_unplug(&first);
		hdcp_wait_frame(&hdcp);
		assert_true(hdcp_has_all(&hdcp));
		if (i != 10)
			continue;
		fds = proc_count_fds(seat->child.pid);
		bytes = proc_size_kb(seat->child.pid);
	}
	assert_int_equal(proc_count_fds(seat->child.pid), fds);
	assert_int_equal(proc_size_kb(seat->child.pid), bytes);
}

/* ------------------------------------------------------------------------ */
/* tdsd's own mistakes							     */

/* What tdsd sends is tdsd's: a core that cannot use it stops, and says so. */
static void
expect_refused(uint32_t output, uint64_t size, int seals)
{
	const struct core_sealed record = {output};
	struct seat *seat = calloc(1, sizeof(*seat));
	uint8_t bytes[16];
	int pair[2];

	assert_non_null(seat);
	seat_start_sealed(seat, 3);
	assert_int_equal(channel_pair(pair), 0);
	const int fds[] = {pair[0], hdcp_memory(size, seals)};
	const int len = encode_core_sealed(&record, bytes, sizeof(bytes));
	assert_int_equal(seat_send(seat, bytes, len, fds, 2), 0);
	struct pollfd p = {.fd = seat->child.pid_fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, CHILD_DEADLINE_MS), 1);
	child_drain_log(&seat->child);
	child_reap(&seat->child);
	assert_true(WIFEXITED(seat->child.end_status));
	assert_int_equal(child_count_log(&seat->child, 0, "stopped", ""), 1);
	close(pair[0]);
	close(pair[1]);
	close(fds[1]);
	seat_stop(seat);
	free(seat);
}

static void
memory_or_output_that_cannot_be_is_refused(void **state)
{
	const int both = F_SEAL_SHRINK | F_SEAL_GROW;

	(void)state;
	expect_refused(WALL, WALL_BYTES - 4096, both);
	expect_refused(WALL, WALL_BYTES + 1, both);
	expect_refused(WALL, WALL_BYTES, F_SEAL_GROW);
	expect_refused(WALL, WALL_BYTES, F_SEAL_SHRINK);
	expect_refused(0, WALL_BYTES, both);
	expect_refused(2, WALL_BYTES, both);
}

static void
sealed_output_may_be_the_only_one(void **state)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	(void)state;
	assert_non_null(seat);
	seat_start_sealed(seat, 2);
	seat_show(seat, BUSY, 0x112233);
	seat_wait_tick(seat, BUSY);
	seat_beat(seat, 0);
	hdcp_plug(&hdcp, seat, 0);
	hdcp_wait_frame(&hdcp);
	hdcp_free(&hdcp, 0);
	seat_show(seat, BUSY, 0x00aa55);
	hdcp_wait_frame(&hdcp);
	seat_ask_status(seat);
	memcpy(seat->pixels, hdcp.pixels, WALL_BYTES);
	assert_true(seat_shows(seat, BUSY, 0x00aa55));
	/* a screenshot is painted elsewhere, whoever has the memory */
	seat_show(seat, BUSY, 0x332211);
	seat_wait_tick(seat, BUSY);
	seat_snapshot(seat);
	assert_true(seat_shows(seat, BUSY, 0x332211));
	child_drain_log(&seat->child);
	child_check(&seat->child);
	hdcp_unplug(&hdcp);
	seat_stop(seat);
	free(seat);
}

#define sealed_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    sealed_test(first_frame_is_whole_and_what_follows_is_what_changed),
    sealed_test(sink_is_told_of_and_gets_everything),
    sealed_test(what_hdcp_reads_does_not_change_while_guests_flood),
    sealed_test(one_that_never_gives_back_costs_its_output_only),
    sealed_test(output_without_hdcp_keeps_nobody_awake),
    sealed_test(free_that_was_not_asked_for_closes_the_channel),
    sealed_test(every_record_that_is_not_its_own_closes_the_channel),
    sealed_test(descriptors_and_huge_records_close_the_channel),
    sealed_test(flood_of_states_wakes_the_core_once_per_frame),
    sealed_test(one_that_ends_in_mid_frame_is_replaced),
    sealed_test(second_one_replaces_the_first_and_nothing_is_left_of_it),
    cmocka_unit_test(memory_or_output_that_cannot_be_is_refused),
    cmocka_unit_test(sealed_output_may_be_the_only_one),
};

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	seat_program = argv[1];
	checker = argv[2];
	if (argc > 3) /* one test by name, for looking at it */
		cmocka_set_test_filter(argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
