#include "hv-glue/guest.h"
#include "hv-glue/virtio_input.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct input input;

static int
setup_keyboard(void **state)
{
	(void)state;
	input_init(&input, &input_profiles[DEVICE_KEYBOARD]);
	return 0;
}

static int
setup_tablet(void **state)
{
	(void)state;
	input_init(&input, &input_profiles[DEVICE_TABLET]);
	return 0;
}

static int
setup_mouse(void **state)
{
	(void)state;
	input_init(&input, &input_profiles[DEVICE_MOUSE]);
	return 0;
}

static void
send(uint16_t type, uint16_t code, int32_t value)
{
	input_put(&input, (struct input_item){type, code, value});
	input_put(&input, (struct input_item){EV_SYN, SYN_REPORT, 0});
}

static void
expect(uint16_t type, uint16_t code, int32_t value)
{
	struct input_item item;

	assert_true(input_peek(&input, &item));
	assert_int_equal(item.type, type);
	assert_int_equal(item.code, code);
	assert_int_equal(item.value, value);
	input_taken(&input);
}

static void
expect_nothing(void)
{
	struct input_item item;

	assert_false(input_peek(&input, &item));
}

static void
keys_come_out_in_order(void **state)
{
	(void)state;
	send(EV_KEY, KEY_A, 1);
	send(EV_KEY, KEY_B, 1);
	expect(EV_KEY, KEY_A, 1);
	expect(EV_SYN, SYN_REPORT, 0);
	expect(EV_KEY, KEY_B, 1);
	expect(EV_SYN, SYN_REPORT, 0);
	expect_nothing();
}

static void
a_group_is_held_until_it_is_complete(void **state)
{
	(void)state;
	input_put(&input, (struct input_item){EV_KEY, KEY_A, 1});
	expect_nothing();
	input_put(&input, (struct input_item){EV_SYN, SYN_REPORT, 0});
	expect(EV_KEY, KEY_A, 1);
}

static void
events_that_the_device_lacks_are_ignored(void **state)
{
	(void)state;
	assert_false(
	    input_put(&input, (struct input_item){EV_KEY, BTN_LEFT, 1}));
	assert_false(input_put(&input, (struct input_item){EV_ABS, ABS_X, 1}));
	assert_false(input_put(&input, (struct input_item){EV_KEY, 0, 1}));
	send(EV_KEY, KEY_A, 2); /* repeat is the guest's */
	expect_nothing();
}

static void
a_guest_that_stops_reading_gets_its_keys_released(void **state)
{
	(void)state;
	send(EV_KEY, KEY_LEFTSHIFT, 1);
	expect(EV_KEY, KEY_LEFTSHIFT, 1);
	for (int i = 0; i < 10000; i++)
		send(EV_KEY, KEY_A, i % 2 == 0);
	assert_true(input.head - input.tail <= INPUT_FIFO);

	/* somewhere in there the queue was given up; afterwards balance */
	bool shift = true, a = false;
	struct input_item item;
	while (input_peek(&input, &item)) {
		if (item.type == EV_KEY && item.code == KEY_LEFTSHIFT)
			shift = item.value;
		if (item.type == EV_KEY && item.code == KEY_A)
			a = item.value;
		input_taken(&input);
	}
	assert_false(shift);
	assert_false(a);
}

static void
lost_releases_exactly_what_was_seen(void **state)
{
	(void)state;
	send(EV_KEY, KEY_A, 1);
	expect(EV_KEY, KEY_A, 1);
	expect(EV_SYN, SYN_REPORT, 0);
	send(EV_KEY, KEY_B, 1); /* never fetched */
	input_lost(&input);
	expect(EV_KEY, KEY_A, 0);
	expect(EV_SYN, SYN_REPORT, 0);
	expect_nothing();
	input_lost(&input);
	expect_nothing();
}

static void
motion_that_waits_is_merged(void **state)
{
	(void)state;
	for (int32_t i = 1; i <= 5000; i++)
		send(EV_REL, REL_X, 1);
	send(EV_REL, REL_Y, -3);
	expect(EV_REL, REL_X, 5000);
	expect(EV_REL, REL_Y, -3);
	expect(EV_SYN, SYN_REPORT, 0);
	expect_nothing();
}

static void
merged_motion_saturates(void **state)
{
	(void)state;
	send(EV_REL, REL_X, INT32_MAX);
	send(EV_REL, REL_X, INT32_MAX);
	expect(EV_REL, REL_X, INT32_MAX);
}

static void
motion_is_not_moved_across_a_button(void **state)
{
	(void)state;
	send(EV_ABS, ABS_X, 10);
	send(EV_KEY, BTN_LEFT, 1);
	send(EV_ABS, ABS_X, 20);
	send(EV_ABS, ABS_X, 30);
	expect(EV_ABS, ABS_X, 10);
	expect(EV_SYN, SYN_REPORT, 0);
	expect(EV_KEY, BTN_LEFT, 1);
	expect(EV_SYN, SYN_REPORT, 0);
	expect(EV_ABS, ABS_X, 30);
	expect(EV_SYN, SYN_REPORT, 0);
	expect_nothing();
}

static void
a_group_that_is_partly_fetched_is_not_changed(void **state)
{
	(void)state;
	send(EV_ABS, ABS_X, 10);
	expect(EV_ABS, ABS_X, 10);
	send(EV_ABS, ABS_X, 20);
	expect(EV_SYN, SYN_REPORT, 0);
	expect(EV_ABS, ABS_X, 20);
}

static void
the_last_position_survives_a_full_queue(void **state)
{
	struct input_item item;
	int32_t x = 0;

	(void)state;
	for (int i = 0; i < 511; i++)
		send(EV_KEY, BTN_LEFT, i % 2 == 0);
	send(EV_KEY, BTN_LEFT, 0);
	send(EV_ABS, ABS_X, 777); /* no room for it */
	while (input_peek(&input, &item)) {
		if (item.type == EV_ABS && item.code == ABS_X)
			x = item.value;
		input_taken(&input);
	}
	assert_int_equal(x, 777);
}

static void
lights_are_believed_only_within_their_three(void **state)
{
	const uint8_t caps_on[8] = {EV_LED, 0, LED_CAPSL, 0, 1, 0, 0, 0};
	const uint8_t sound[8] = {EV_SND, 0, 1, 0, 1, 0, 0, 0};
	uint8_t led[8] = {EV_LED, 0, 3, 0, 1, 0, 0, 0};

	(void)state;
	assert_int_equal(input_status(&input, caps_on, 8), 0);
	assert_int_equal(input.leds, 2);
	assert_int_equal(input_status(&input, led, 8), 0);
	assert_int_equal(input_status(&input, sound, 8), 0);
	assert_int_equal(input.leds, 2);
	led[2] = LED_CAPSL;
	led[4] = 0;
	assert_int_equal(input_status(&input, led, 8), 0);
	assert_int_equal(input.leds, 0);
	for (uint32_t len = 0; len < 8; len++)
		assert_int_equal(input_status(&input, caps_on, len), -EBADMSG);
}

static const uint8_t *
config(uint8_t select, uint8_t subsel)
{
	static uint8_t out[INPUT_CONFIG_BYTES];
	const uint8_t in[2] = {select, subsel};

	input_write_config(&input, 0, in, 2);
	input_read_config(&input, out);
	return out;
}

static void
a_keyboard_has_keys_lights_and_repeat(void **state)
{
	(void)state;
	assert_int_equal(config(1, 0)[2], strlen("tds keyboard"));
	assert_int_equal(config(3, 0)[2], 8);
	const uint8_t *keys = config(0x11, EV_KEY);
	assert_int_equal(keys[2], KEY_MICMUTE / 8 + 1);
	assert_int_equal(keys[8] & 3, 2); /* KEY_ESC, not KEY_RESERVED */
	assert_int_equal(config(0x11, EV_LED)[8], 7);
	assert_int_equal(config(0x11, EV_REP)[8], 3);
	assert_int_equal(config(0x11, EV_ABS)[2], 0);
	assert_int_equal(config(0x12, ABS_X)[2], 0);
	assert_int_equal(config(0x77, 1)[2], 0);
}

static void
a_tablet_has_two_axes(void **state)
{
	(void)state;
	const uint8_t *abs = config(0x12, ABS_Y);
	assert_int_equal(abs[2], 20);
	assert_int_equal(abs[12] + 256 * abs[13], INPUT_ABS_MAX);
	assert_int_equal(config(0x12, 2)[2], 0);
	assert_int_equal(config(0x11, EV_ABS)[8], 3);
}

/* As a guest's desktop turns the value back into a pixel. */
static void
each_pixel_survives_the_way_through_the_tablet(void **state)
{
	(void)state;
	for (uint32_t extent = 1; extent <= 8192; extent += 127) {
		for (uint32_t px = 0; px < extent; px++) {
			const int32_t v = guest_scale_abs(px, extent);
			assert_in_range(v, 0, INPUT_ABS_MAX);
			assert_int_equal(
			    (uint64_t)v * extent / (INPUT_ABS_MAX + 1), px);
		}
	}
	assert_int_equal(guest_scale_abs(9, 9), INPUT_ABS_MAX);
	assert_int_equal(guest_scale_abs(5, 0), 0);
}

int
main(void)
{
#define KEYBOARD(f) cmocka_unit_test_setup(f, setup_keyboard)
#define TABLET(f) cmocka_unit_test_setup(f, setup_tablet)
#define MOUSE(f) cmocka_unit_test_setup(f, setup_mouse)
	const struct CMUnitTest tests[] = {
	    KEYBOARD(keys_come_out_in_order),
	    KEYBOARD(a_group_is_held_until_it_is_complete),
	    KEYBOARD(events_that_the_device_lacks_are_ignored),
	    KEYBOARD(a_guest_that_stops_reading_gets_its_keys_released),
	    KEYBOARD(lost_releases_exactly_what_was_seen),
	    MOUSE(motion_that_waits_is_merged),
	    MOUSE(merged_motion_saturates),
	    TABLET(motion_is_not_moved_across_a_button),
	    TABLET(a_group_that_is_partly_fetched_is_not_changed),
	    TABLET(the_last_position_survives_a_full_queue),
	    KEYBOARD(lights_are_believed_only_within_their_three),
	    KEYBOARD(a_keyboard_has_keys_lights_and_repeat),
	    TABLET(a_tablet_has_two_axes),
	    TABLET(each_pixel_survives_the_way_through_the_tablet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
