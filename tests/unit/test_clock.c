/* The frame clock against displays that are simulated, to the nanosecond. */
#include "tests/unit/unit.h"

#include "compositor/clock.h"

static const uint64_t ms = 1000000;
static const uint64_t start = 5000000000;

/* A screen: flips are done delay (.. + jitter) after painting, or at the next
 * vblank of its own. */
struct display {
	bool has_vblanks;
	uint64_t vblank_ns, period_ns, delay_ns, jitter_ns, seed;
};

static uint64_t
shown_at(struct display *d, uint64_t painted_ns)
{
	const uint64_t done =
	    painted_ns + d->delay_ns +
	    (d->jitter_ns ? unit_random(&d->seed) % d->jitter_ns : 0);

	if (!d->has_vblanks)
		return done;
	return d->vblank_ns +
	       ((done - d->vblank_ns) / d->period_ns + 1) * d->period_ns;
}

static void
assert_same(const struct frame_clock *a, const struct frame_clock *b)
{
	assert_int_equal(a->origin_ns, b->origin_ns);
	assert_int_equal(a->period_ns, b->period_ns);
	assert_int_equal(a->last_flip_ns, b->last_flip_ns);
	assert_int_equal(a->good_flips, b->good_flips);
	assert_int_equal(a->refused, b->refused);
	assert_int_equal(a->is_locked, b->is_locked);
	assert_int_equal(a->compose_ns, b->compose_ns);
}

/* n frames, each composed in 1 ms; returns the last tick. */
static uint64_t
run(struct frame_clock *c, struct display *d, uint32_t n, uint64_t now)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t tick = clock_next_tick(c, now);
		const uint64_t paint = clock_paint(c, tick);
		assert_true(tick > now);
		assert_true(paint >= tick);
		clock_composed(c, ms);
		const uint64_t shown = shown_at(d, paint + ms);
		clock_flip(c, shown);
		now = shown > tick ? shown : tick;
	}
	return now;
}

static struct display
real_display(uint64_t period_ns, uint64_t phase)
{
	return (struct display){.has_vblanks = true,
	    .vblank_ns = start - 1000000000 + phase,
	    .period_ns = period_ns,
	    .delay_ns = 50000,
	    .seed = 9};
}

static void
without_flips_ticks_are_a_grid_and_painting_comes_at_once(void **state)
{
	struct frame_clock c;

	(void)state;
	clock_init(&c, 50000, start);
	for (uint64_t i = 0; i < 100; i++) {
		const uint64_t tick = clock_next_tick(&c, start + i * 20 * ms);
		assert_int_equal(tick, start + (i + 1) * 20 * ms);
		assert_int_equal(clock_paint(&c, tick), tick);
	}
	assert_int_equal(clock_next_tick(&c, start + 7 * ms), start + 20 * ms);
	assert_int_equal(clock_next_tick(&c, start - 45 * ms), start - 40 * ms);
	assert_int_equal(clock_next_tick(&c, start - 40 * ms), start - 20 * ms);
}

static void
a_refresh_out_of_range_counts_as_60_hz(void **state)
{
	struct frame_clock c;

	(void)state;
	clock_init(&c, 0, start);
	assert_int_equal(c.period_ns, 16666666);
	clock_init(&c, UINT32_MAX, start);
	assert_int_equal(c.period_ns, 16666666);
}

static void
it_locks_onto_vblanks_of_any_phase(void **state)
{
	(void)state;
	for (uint64_t phase = 0; phase < 16666666; phase += 777777) {
		struct frame_clock c;
		struct display d = real_display(16666666, phase);

		clock_init(&c, 60000, start);
		const uint64_t now = run(&c, &d, 40, start);
		assert_true(c.is_locked);
		assert_int_equal((c.origin_ns - d.vblank_ns) % d.period_ns, 0);
		/* and from then on: one frame per vblank */
		assert_int_equal(run(&c, &d, 60, now), now + 60 * d.period_ns);
	}
}

static void
flips_that_are_done_at_once_never_lock(void **state)
{
	static const uint64_t delays[] = {
	    100000, 200000, 400000, 800000, 1200000, 1600000};
	static const uint64_t jitters[] = {0, 20000, 100000, 300000, 1500000};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 5; j++) {
			struct frame_clock c;
			struct display d = {.delay_ns = delays[i],
			    .jitter_ns = jitters[j],
			    .seed = i + 1};
			uint64_t now = start;

			clock_init(&c, 60000, start);
			for (uint32_t k = 0; k < 5000; k++) {
				now = run(&c, &d, 1, now);
				assert_false(c.is_locked);
			}
		}
}

static void
the_grid_rests_once_flips_have_followed_it(void **state)
{
	struct frame_clock c;
	struct display d = {.delay_ns = 100000, .seed = 3};

	(void)state;
	clock_init(&c, 60000, start);
	const uint64_t now = run(&c, &d, 100, start);
	const uint64_t origin = c.origin_ns;
	run(&c, &d, 1000, now);
	assert_int_equal(c.origin_ns, origin);
}

/* A crystal is off by 100 ppm, and frames are not painted all the time. */
static void
the_phase_follows_the_flips(void **state)
{
	struct frame_clock c;
	struct display d = real_display(16666666 + 1667, 3 * ms);
	uint64_t now = start;

	(void)state;
	clock_init(&c, 60000, start);
	now = run(&c, &d, 40, now);
	assert_true(c.is_locked);
	for (uint32_t pause = 0; pause < 60; pause++) {
		now = run(&c, &d, 5, now + pause * d.period_ns);
		assert_true(c.is_locked);
		assert_int_equal((c.origin_ns - d.vblank_ns) % d.period_ns, 0);
	}
}

static void
flips_that_leave_the_grid_end_the_lock(void **state)
{
	struct frame_clock c;
	struct display d = real_display(16666666, 0);
	uint64_t now = start;

	(void)state;
	clock_init(&c, 60000, start);
	now = run(&c, &d, 40, now);
	assert_true(c.is_locked);
	const uint64_t origin = c.origin_ns;
	for (uint32_t i = 1; i <= 4; i++) {
		assert_true(c.is_locked);
		clock_flip(&c, origin + i * 23 * ms + 5 * ms);
	}
	assert_false(c.is_locked);
}

static void
a_flip_that_is_told_twice_or_backwards_changes_nothing(void **state)
{
	struct frame_clock c;
	struct display d = real_display(16666666, 0);

	(void)state;
	clock_init(&c, 60000, start);
	run(&c, &d, 40, start);
	const struct frame_clock before = c;
	clock_flip(&c, c.last_flip_ns);
	clock_flip(&c, c.last_flip_ns - 5);
	clock_flip(&c, 0);
	assert_same(&c, &before);
}

static void
the_budget_rises_at_once_and_falls_slowly(void **state)
{
	struct frame_clock c;

	(void)state;
	clock_init(&c, 60000, start);
	for (uint32_t i = 0; i < 500; i++)
		clock_composed(&c, 2 * ms);
	assert_int_equal(c.compose_ns, 3 * ms); /* 2 + 0.5 + 0.5 */
	clock_composed(&c, 6 * ms);
	assert_int_equal(c.compose_ns, 8 * ms);
	clock_composed(&c, 2 * ms);
	assert_true(c.compose_ns > 7 * ms && c.compose_ns < 8 * ms);
	for (uint32_t i = 0; i < 500; i++)
		clock_composed(&c, 2 * ms);
	assert_int_equal(c.compose_ns, 3 * ms);
}

static void
the_budget_stays_between_1_ms_and_90_percent(void **state)
{
	struct frame_clock c;

	(void)state;
	clock_init(&c, 60000, start);
	for (uint32_t i = 0; i < 1000; i++)
		clock_composed(&c, 0);
	assert_int_equal(c.compose_ns, ms);
	clock_composed(&c, UINT64_MAX);
	assert_int_equal(c.compose_ns, c.period_ns / 10 * 9);
	/* 90 % of the shortest period is still more than 1 ms */
	clock_init(&c, 500000, start);
	clock_composed(&c, UINT64_MAX);
	assert_int_equal(c.compose_ns, 1800000);
}

static void
painting_is_never_later_than_1_ms_before_its_vblank(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct frame_clock c;

		clock_init(
		    &c, (uint32_t)(24000 + unit_random(&seed) % 216000), start);
		c.is_locked = true;
		clock_composed(&c, unit_random(&seed) % (20 * ms));
		for (uint32_t k = 0; k < i % 40; k++)
			clock_composed(&c, unit_random(&seed) % ms);
		const uint64_t now =
		    start - ms * 50 + unit_random(&seed) % (200 * ms);
		const uint64_t tick = clock_next_tick(&c, now);
		const uint64_t paint = clock_paint(&c, tick);
		/* origin is a vblank: how far is the next one */
		const uint64_t far = 1000 * c.period_ns;
		const uint64_t since =
		    (paint + far - c.origin_ns) % c.period_ns;
		assert_true(tick > now && tick <= now + c.period_ns);
		assert_true(paint >= tick);
		assert_true(c.period_ns - since >= ms);
		assert_true(paint - tick < c.period_ns);
	}
}

static void
another_mode_begins_anew(void **state)
{
	struct frame_clock c, fresh;
	struct display d = real_display(16666666, 0);

	(void)state;
	clock_init(&c, 60000, start);
	run(&c, &d, 40, start);
	clock_set_refresh(&c, 144000, start + 1);
	clock_init(&fresh, 144000, start + 1);
	assert_same(&c, &fresh);
	assert_false(c.is_locked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		without_flips_ticks_are_a_grid_and_painting_comes_at_once),
	    cmocka_unit_test(a_refresh_out_of_range_counts_as_60_hz),
	    cmocka_unit_test(it_locks_onto_vblanks_of_any_phase),
	    cmocka_unit_test(flips_that_are_done_at_once_never_lock),
	    cmocka_unit_test(the_grid_rests_once_flips_have_followed_it),
	    cmocka_unit_test(the_phase_follows_the_flips),
	    cmocka_unit_test(flips_that_leave_the_grid_end_the_lock),
	    cmocka_unit_test(
		a_flip_that_is_told_twice_or_backwards_changes_nothing),
	    cmocka_unit_test(the_budget_rises_at_once_and_falls_slowly),
	    cmocka_unit_test(the_budget_stays_between_1_ms_and_90_percent),
	    cmocka_unit_test(
		painting_is_never_later_than_1_ms_before_its_vblank),
	    cmocka_unit_test(another_mode_begins_anew),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
