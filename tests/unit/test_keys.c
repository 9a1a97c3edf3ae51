#include "kbd/keys.h"
#include "protocol/control.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct keys keys;

static int
setup(void **state)
{
	(void)state;
	keys_init(&keys, CHORD_CTRL | CHORD_ALT, KEY_DELETE);
	return 0;
}

static struct keys_result
press(uint16_t code)
{
	return keys_event(&keys, code, 1, true);
}

static struct keys_result
release(uint16_t code)
{
	return keys_event(&keys, code, 0, true);
}

static void
expect_out(struct keys_result r, uint32_t n, const struct key_out *out)
{
	assert_int_equal(r.n, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(r.out[i].code, out[i].code);
		assert_int_equal(r.out[i].value, out[i].value);
	}
}

static void
a_key_is_passed_on_at_once(void **state)
{
	(void)state;
	expect_out(press(KEY_A), 1, &(struct key_out){KEY_A, 1});
	expect_out(release(KEY_A), 1, &(struct key_out){KEY_A, 0});
}

static void
a_chord_modifier_waits_for_the_next_key(void **state)
{
	(void)state;
	expect_out(press(KEY_LEFTCTRL), 0, NULL);
	expect_out(press(KEY_C), 2,
	    (struct key_out[]){{KEY_LEFTCTRL, 1}, {KEY_C, 1}});
	expect_out(release(KEY_LEFTCTRL), 1,
	    &(struct key_out){KEY_LEFTCTRL, 0});
}

static void
a_tapped_chord_modifier_is_passed_on_when_released(void **state)
{
	(void)state;
	expect_out(press(KEY_RIGHTALT), 0, NULL);
	expect_out(release(KEY_RIGHTALT), 2,
	    (struct key_out[]){{KEY_RIGHTALT, 1}, {KEY_RIGHTALT, 0}});
}

static void
two_waiting_modifiers_keep_their_order(void **state)
{
	(void)state;
	press(KEY_LEFTALT);
	press(KEY_LEFTCTRL);
	expect_out(release(KEY_LEFTALT), 3,
	    (struct key_out[]){{KEY_LEFTALT, 1}, {KEY_LEFTCTRL, 1},
		{KEY_LEFTALT, 0}});
}

static void
the_chord_is_seen_in_every_order_and_with_either_side(void **state)
{
	static const uint16_t ctrl[] = {KEY_LEFTCTRL, KEY_RIGHTCTRL};
	static const uint16_t alt[] = {KEY_LEFTALT, KEY_RIGHTALT};
	static const uint32_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
	    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (uint32_t side = 0; side < 4; side++) {
		const uint16_t codes[3] = {
		    ctrl[side & 1], alt[side >> 1], KEY_DELETE};
		for (uint32_t i = 0; i < 6; i++) {
			setup(state);
			assert_false(press(codes[orders[i][0]]).is_sak);
			assert_false(press(codes[orders[i][1]]).is_sak);
			assert_true(press(codes[orders[i][2]]).is_sak);
		}
	}
}

static void
no_key_of_a_completed_chord_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(press(KEY_LEFTCTRL).n, 0);
	assert_int_equal(press(KEY_LEFTALT).n, 0);
	const struct keys_result r = press(KEY_DELETE);
	assert_true(r.is_sak);
	assert_int_equal(r.n, 0);
	assert_int_equal(keys_release_all(&keys).n, 0);
	assert_int_equal(keys_event(&keys, KEY_DELETE, 0, false).n, 0);
	assert_int_equal(keys_event(&keys, KEY_LEFTALT, 0, false).n, 0);
	assert_int_equal(keys_event(&keys, KEY_LEFTCTRL, 0, true).n, 0);
}

static void
the_chord_is_seen_when_the_table_is_full(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < TDS_MAX_HELD; i++)
		press((uint16_t)(BTN_TRIGGER_HAPPY1 + i));
	assert_int_equal(press(KEY_A).n, 0); /* one too many: not passed on */
	assert_int_equal(release(KEY_A).n, 0);
	press(KEY_LEFTCTRL);
	press(KEY_RIGHTALT);
	assert_true(press(KEY_DELETE).is_sak);
}

static void
a_second_press_and_a_release_without_a_press_are_dropped(void **state)
{
	(void)state;
	press(KEY_A);
	assert_int_equal(press(KEY_A).n, 0);
	assert_false(press(KEY_A).is_press);
	assert_int_equal(keys_event(&keys, KEY_A, 2, true).n, 0);
	assert_int_equal(release(KEY_B).n, 0);
}

static void
losing_the_focus_releases_what_was_seen_in_reverse(void **state)
{
	(void)state;
	press(KEY_A);
	keys_event(&keys, KEY_Z, 1, false);
	press(KEY_B);
	press(KEY_LEFTCTRL); /* held back: never seen */
	expect_out(keys_release_all(&keys), 2,
	    (struct key_out[]){{KEY_B, 0}, {KEY_A, 0}});
	assert_int_equal(release(KEY_A).n, 0);
	assert_int_equal(release(KEY_LEFTCTRL).n, 0);
	assert_int_equal(keys.n, 2);
}

static void
delete_alone_is_an_ordinary_key(void **state)
{
	(void)state;
	expect_out(press(KEY_DELETE), 1, &(struct key_out){KEY_DELETE, 1});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_key_is_passed_on_at_once, setup),
	    cmocka_unit_test_setup(
		a_chord_modifier_waits_for_the_next_key, setup),
	    cmocka_unit_test_setup(
		a_tapped_chord_modifier_is_passed_on_when_released, setup),
	    cmocka_unit_test_setup(
		two_waiting_modifiers_keep_their_order, setup),
	    cmocka_unit_test_setup(
		the_chord_is_seen_in_every_order_and_with_either_side, setup),
	    cmocka_unit_test_setup(
		no_key_of_a_completed_chord_is_passed_on, setup),
	    cmocka_unit_test_setup(
		the_chord_is_seen_when_the_table_is_full, setup),
	    cmocka_unit_test_setup(
		a_second_press_and_a_release_without_a_press_are_dropped,
		setup),
	    cmocka_unit_test_setup(
		losing_the_focus_releases_what_was_seen_in_reverse, setup),
	    cmocka_unit_test_setup(delete_alone_is_an_ordinary_key, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
