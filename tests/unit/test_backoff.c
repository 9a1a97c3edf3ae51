/* How soon a process that ended is started again. */
#include "tds/super/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t ms_ns = 1000000u;

static uint64_t now_ns;

/* It lives so long: the wait until the next life begins, in ms. */
static uint64_t
wait_after(struct backoff *b, uint64_t life_ms)
{
	backoff_started(b, now_ns);
	assert_int_equal(b->again_ns, 0);
	now_ns += life_ms * ms_ns;
	backoff_ended(b, now_ns);
	const uint64_t wait_ns = b->again_ns - now_ns;
	now_ns = b->again_ns;
	return wait_ns / ms_ns;
}

static void
first_deaths_are_made_good_at_once(void **state)
{
	struct backoff b = {0};

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(wait_after(&b, 300), 20);
}

static void
one_that_cannot_start_is_tried_twice_as_late_each_time(void **state)
{
	static const uint64_t waits_ms[] = {
	    40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000};
	struct backoff b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++)
		assert_int_equal(wait_after(&b, 199), waits_ms[i]);
}

/* Each restart is a flicker of the screens: how many in the first minute. */
static void
one_that_lives_just_long_enough_soon_flickers_no_more(void **state)
{
	struct backoff b = {0};
	const uint64_t begin_ns = now_ns;
	uint64_t before = 0;
	uint32_t n = 0;

	(void)state;
	while (now_ns - begin_ns < 60000 * ms_ns) {
		const uint64_t wait = wait_after(&b, 200);

		assert_true(wait >= before && wait <= 5000);
		before = wait;
		n++;
	}
	assert_in_range(n, 30, 70);
	assert_int_equal(before, 5000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(wait_after(&b, 4999), 5000);
}

static void
life_of_five_seconds_makes_it_forget(void **state)
{
	struct backoff b = {0};

	(void)state;
	for (int i = 0; i < 50; i++)
		(void)wait_after(&b, 0);
	assert_int_equal(wait_after(&b, 5000), 20);
	assert_int_equal(wait_after(&b, 300), 20);
}

static void
log_says_how_often_once_it_is_more_than_once(void **state)
{
	struct backoff b = {0};
	char text[80], tiny[8];

	(void)state;
	backoff_started(&b, 0);
	backoff_ended(&b, 0);
	backoff_describe(&b, 0, text, sizeof(text));
	assert_string_equal(text, "in 40 ms");
	backoff_ended(&b, 0);
	backoff_describe(&b, 0, text, sizeof(text));
	assert_string_equal(text, "in 80 ms, after 2 lives of less than 5 s");
	backoff_describe(&b, 0, tiny, sizeof(tiny));
	assert_string_equal(tiny, "in 80 m");
	b.short_lives = UINT32_MAX; /* the longest text has its end */
	backoff_ended(&b, 0);
	backoff_describe(&b, 0, text, sizeof(text));
	assert_non_null(
	    strstr(text, "after 4294967295 lives of less than 5 s"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_deaths_are_made_good_at_once),
	    cmocka_unit_test(
		one_that_cannot_start_is_tried_twice_as_late_each_time),
	    cmocka_unit_test(
		one_that_lives_just_long_enough_soon_flickers_no_more),
	    cmocka_unit_test(life_of_five_seconds_makes_it_forget),
	    cmocka_unit_test(log_says_how_often_once_it_is_more_than_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
