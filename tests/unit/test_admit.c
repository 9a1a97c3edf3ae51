/*
 * Admission: which input devices may speak, and to whom; through the core.
 */
#include "tests/unit/unit.h"

#include "compositor/core.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>

enum { WORK, WEB };

static struct core core;
static struct actions actions;
static uint32_t n_input; /* INPUT actions of the last step, SYN not counted */
static uint64_t now_ns;

static void
step(struct event event)
{
	core_step(&core, &event, 0, &actions);
	n_input = 0;
	for (uint32_t i = 0; i < actions.n; i++)
		n_input += actions.a[i].record.op == DOWN_INPUT &&
		    actions.a[i].record.type != EV_SYN;
}

static int
setup(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = WORK,
	    .leds = 1};
	const struct core_output o = {.type = OUTPUT_HEADLESS, .width = 1200,
	    .height = 700, .scale = 1, .x = -1, .y = -1};

	(void)state;
	core_init(&core);
	assert_int_equal(core_add_setup(&core, &s), 0);
	assert_int_equal(core_add_output(&core, &o), 0);
	for (uint32_t i = 0; i < 2; i++) {
		struct core_domain d = {.index = i, .level = LEVEL_SECRET,
		    .scanouts = 1, .outputs = 1, .width = 400, .height = 300,
		    .x = 20 + 600 * (int32_t)i, .y = 60, .name = "d",
		    .label = "L"};
		assert_int_equal(core_add_domain(&core, &d), 0);
	}
	now_ns = 1000000000;
	return 0;
}

static void
start(void)
{
	assert_int_equal(core_start(&core), 0);
	for (uint32_t i = 0; i < 2; i++) {
		step((struct event){.kind = EVENT_LINK, .domain = i});
		step((struct event){
		    .kind = EVENT_VM, .domain = i, .is_up = true});
	}
}

static struct seat_device
keyboard(uint32_t device, enum device_state state)
{
	return (struct seat_device){.device = device,
	    .state = state,
	    .kinds = KIND_KEYBOARD,
	    .bus = 3,
	    .vendor = 0x46d,
	    .product = 0xc31c,
	    .capabilities = 77,
	    .name = "A keyboard",
	    .serial = "S1",
	    .port = "usb-1/input0"};
}

static void
plug(struct seat_device d)
{
	step((struct event){
	    .kind = EVENT_DEVICE, .device_info = d, .random = 482913});
}

static uint32_t
state_of(uint32_t device)
{
	const struct device *d = admit_find(&core.admit, device);

	return d ? d->state : 0;
}

static void
key(uint32_t device, uint16_t code, int32_t value)
{
	now_ns += 100000000;
	step((struct event){.kind = EVENT_INPUT,
	    .device = device,
	    .time_ns = now_ns,
	    .input = {.type = EV_KEY, .code = code, .value = value}});
}

static uint32_t
tap(uint32_t device, uint16_t code)
{
	key(device, code, 1);
	const uint32_t n = n_input;
	key(device, code, 0);
	return n;
}

static void
chord(uint32_t device)
{
	static const uint16_t codes[] = {KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE};

	for (int i = 0; i < 3; i++) {
		key(device, codes[i], 1);
		assert_int_equal(n_input, 0);
	}
	for (int i = 2; i >= 0; i--)
		key(device, codes[i], 0);
}

static void
type_code(uint32_t device)
{
	const struct device *d = admit_find(&core.admit, device);
	uint8_t code[ADMIT_DIGITS];

	assert_non_null(d);
	memcpy(code, d->code, sizeof(code));
	for (uint32_t i = 0; i < ADMIT_DIGITS; i++)
		tap(device,
		    (uint16_t)(code[i] == 0 ? KEY_0 : KEY_1 + code[i] - 1));
}

static void
a_device_of_the_start_speaks_and_an_unknown_number_does_not(void **state)
{
	(void)state;
	start();
	assert_int_equal(tap(1, KEY_A), 0);
	plug(keyboard(1, DEVICE_ADMITTED));
	assert_int_equal(state_of(1), DEVICE_ADMITTED);
	assert_int_equal(actions.admit.device, 1);
	assert_int_equal(actions.admit.state, DEVICE_ADMITTED);
	assert_int_equal(tap(1, KEY_A), 1);
	assert_int_equal(tap(2, KEY_A), 0);
}

static void
a_later_keyboard_is_silent_until_its_code_is_typed_on_it(void **state)
{
	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	plug(keyboard(2, DEVICE_WAITING));
	/* the same tags and abilities as 1, which is known: it may */
	assert_int_equal(state_of(2), DEVICE_ADMITTED);
	struct seat_device d = keyboard(3, DEVICE_WAITING);
	d.serial[0] = 'X';
	plug(d);
	assert_int_equal(state_of(3), DEVICE_WAITING);
	assert_int_equal(tap(3, KEY_A), 0);
	type_code(3); /* nobody was asked yet */
	assert_int_equal(state_of(3), DEVICE_WAITING);
	chord(1);
	assert_true(core.panel.is_open);
	type_code(1); /* not the keyboard that is asked about: picks a domain */
	assert_int_equal(state_of(3), DEVICE_WAITING);
	chord(1);
	type_code(3);
	assert_int_equal(state_of(3), DEVICE_ADMITTED);
	assert_int_equal(actions.admit.device, 0); /* told once, not again */
	assert_true(core.panel.is_open);
	tap(1, KEY_ESC);
	core.focus = WORK;
	assert_int_equal(tap(3, KEY_A), 1);
}

static void
three_wrong_codes_refuse_a_keyboard(void **state)
{
	(void)state;
	start();
	plug(keyboard(3, DEVICE_WAITING));
	chord(3); /* the attention key works on every keyboard */
	assert_true(core.panel.is_open);
	const struct device *d = admit_find(&core.admit, 3);
	const uint8_t wrong = (uint8_t)((d->code[0] + 1) % 10);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(state_of(3), DEVICE_WAITING);
		tap(3, (uint16_t)(wrong == 0 ? KEY_0 : KEY_1 + wrong - 1));
	}
	assert_int_equal(state_of(3), DEVICE_REFUSED);
	type_code(3);
	assert_int_equal(state_of(3), DEVICE_REFUSED);
	plug(keyboard(3, DEVICE_REFUSED)); /* tds-input was started again */
	assert_int_equal(state_of(3), DEVICE_REFUSED);
}

static void
a_mouse_is_admitted_with_a_key_and_a_keyboard_is_not(void **state)
{
	struct seat_device mouse = keyboard(2, DEVICE_WAITING);

	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	mouse.kinds = KIND_POINTER;
	mouse.serial[0] = 'M';
	plug(mouse);
	step((struct event){.kind = EVENT_INPUT, .device = 2,
	    .input = {.type = EV_KEY, .code = BTN_LEFT, .value = 1}});
	assert_int_equal(n_input, 0);
	chord(1);
	tap(1, KEY_A);
	assert_int_equal(state_of(2), DEVICE_ADMITTED);
	struct seat_device d = keyboard(3, DEVICE_WAITING);
	d.serial[0] = 'X';
	plug(d);
	tap(1, KEY_A);
	assert_int_equal(state_of(3), DEVICE_WAITING);
	tap(1, KEY_R);
	assert_int_equal(state_of(3), DEVICE_REFUSED);
}

static void
a_device_that_comes_back_with_other_abilities_waits(void **state)
{
	struct core_rule any = {.is_allowed = 1, .bus = TDS_NONE,
	    .vendor = 0x46d, .product = TDS_NONE, .domains = UINT64_MAX};
	struct seat_device d = keyboard(1, DEVICE_WAITING);

	(void)state;
	assert_int_equal(core_add_rule(&core, &any), 0);
	start();
	plug(d); /* the rule lets it in */
	assert_int_equal(state_of(1), DEVICE_ADMITTED);
	step((struct event){.kind = EVENT_GONE, .device = 1});
	assert_int_equal(state_of(1), 0);
	d.device = 2;
	d.capabilities++;
	plug(d);
	assert_int_equal(state_of(2), DEVICE_WAITING);
	step((struct event){.kind = EVENT_GONE, .device = 2});
	d.device = 3;
	d.capabilities--;
	plug(d);
	assert_int_equal(state_of(3), DEVICE_ADMITTED);
}

static void
the_first_rule_that_matches_decides(void **state)
{
	const struct core_rule no = {.index = 0, .bus = TDS_NONE,
	    .vendor = TDS_NONE, .product = TDS_NONE, .serial = "BAD"};
	const struct core_rule yes = {.index = 1, .is_allowed = 1, .bus = 3,
	    .vendor = 0x46d, .product = 0xc31c, .domains = 1 << WEB};
	struct seat_device d = keyboard(1, DEVICE_ADMITTED);

	(void)state;
	assert_int_equal(core_add_rule(&core, &yes), -EEXIST);
	assert_int_equal(core_add_rule(&core, &no), 0);
	assert_int_equal(core_add_rule(&core, &yes), 0);
	start();
	memcpy(d.serial, "BAD", 4);
	plug(d);
	assert_int_equal(state_of(1), DEVICE_REFUSED);
	assert_int_equal(tap(1, KEY_A), 0);
	plug(keyboard(2, DEVICE_WAITING));
	assert_int_equal(state_of(2), DEVICE_ADMITTED);
	assert_int_equal(core.focus, WORK);
	assert_int_equal(tap(2, KEY_A), 0); /* WEB only */
	step((struct event){.kind = EVENT_FOCUS, .domain = WEB});
	assert_int_equal(tap(2, KEY_A), 1);
	chord(2);
	assert_true(core.panel.is_open);
}

static void
machine_speed_is_throttled_and_the_chord_is_not(void **state)
{
	uint32_t passed = 0;

	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	plug((struct seat_device){.device = 2, .state = DEVICE_ADMITTED,
	    .kinds = KIND_KEYBOARD, .serial = "other"});
	for (int i = 0; i < 1000; i++) { /* 1,000 presses in a second */
		for (int32_t value = 1; value >= 0; value--) {
			step((struct event){.kind = EVENT_INPUT, .device = 1,
			    .time_ns = now_ns += 500000,
			    .input = {EV_KEY, KEY_A, value}});
			passed += value == 1 && n_input > 0;
		}
	}
	assert_in_range(passed, 40, 75);
	static struct status s;
	core_status(&core, &s);
	assert_int_equal(s.n_throttled, 1);
	assert_int_equal(tap(2, KEY_B), 1); /* the other one goes on */
	chord(1);
	assert_true(core.panel.is_open);
	tap(2, KEY_ESC);
	now_ns += 3000000000u;
	assert_int_equal(tap(1, KEY_A), 1);
	core_status(&core, &s);
	assert_int_equal(s.n_throttled, 0);
}

static void
people_who_type_fast_are_never_throttled(void **state)
{
	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	for (int i = 0; i < 2000; i++) { /* 25 a second, for 80 s */
		now_ns += 40000000;
		step((struct event){.kind = EVENT_INPUT, .device = 1,
		    .time_ns = now_ns, .input = {EV_KEY, KEY_A, 1}});
		assert_int_equal(n_input, 1);
		step((struct event){.kind = EVENT_INPUT, .device = 1,
		    .time_ns = now_ns, .input = {EV_KEY, KEY_A, 0}});
	}
}

static void
keys_of_a_device_that_went_come_up(void **state)
{
	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	key(1, KEY_A, 1);
	key(1, KEY_B, 1);
	step((struct event){.kind = EVENT_GONE, .device = 1});
	assert_int_equal(n_input, 2);
	for (uint32_t i = 0; i < actions.n; i++)
		assert_int_equal(actions.a[i].record.value, 0);
	plug(keyboard(2, DEVICE_WAITING));
	assert_int_equal(tap(2, KEY_A), 1);
}

static void
the_key_that_wakes_the_screens_does_nothing_else(void **state)
{
	(void)state;
	start();
	plug(keyboard(1, DEVICE_ADMITTED));
	step((struct event){.kind = EVENT_DARK});
	assert_true(core.is_dark);
	assert_int_equal(tap(1, KEY_A), 0);
	assert_false(core.is_dark);
	assert_int_equal(tap(1, KEY_A), 1);
	step((struct event){.kind = EVENT_DARK});
	chord(1);
	assert_false(core.is_dark);
	assert_true(core.panel.is_open);
}

static void
the_chord_of_a_keyboard_that_waits_wakes_the_screens(void **state)
{
	(void)state;
	start();
	plug(keyboard(1, DEVICE_WAITING));
	step((struct event){.kind = EVENT_DARK});
	tap(1, KEY_A);
	assert_true(core.is_dark);
	chord(1);
	assert_true(core.panel.is_open);
	assert_false(core.is_dark);
}

static void
the_panel_sends_no_chord_where_the_keyboard_may_not_reach(void **state)
{
	const struct core_rule web_only = {.is_allowed = 1, .bus = TDS_NONE,
	    .vendor = TDS_NONE, .product = TDS_NONE, .domains = 1 << WEB};

	(void)state;
	assert_int_equal(core_add_rule(&core, &web_only), 0);
	start();
	plug(keyboard(1, DEVICE_WAITING));
	chord(1); /* WORK is chosen: it had the keyboard */
	key(1, KEY_D, 1);
	assert_int_equal(n_input, 0);
	assert_int_equal(core.focus, WORK);
	key(1, KEY_D, 0);
	step((struct event){.kind = EVENT_FOCUS, .domain = WEB});
	chord(1);
	key(1, KEY_D, 1);
	assert_int_equal(n_input, 6);
}

static void
lights_are_those_of_the_focused_domain(void **state)
{
	(void)state;
	start();
	step((struct event){.kind = EVENT_LEDS, .domain = WEB, .leds = 2});
	assert_int_equal(core_leds(&core), 0);
	step((struct event){.kind = EVENT_FOCUS, .domain = WEB});
	assert_int_equal(core_leds(&core), 2);
	core.setup.leds = 0;
	assert_int_equal(core_leds(&core), 0);
}

static void
more_devices_than_places_are_refused(void **state)
{
	(void)state;
	start();
	for (uint32_t i = 1; i <= TDS_MAX_DEVICES; i++)
		plug(keyboard(i, DEVICE_ADMITTED));
	plug(keyboard(TDS_MAX_DEVICES + 1, DEVICE_ADMITTED));
	assert_int_equal(actions.admit.device, TDS_MAX_DEVICES + 1);
	assert_int_equal(actions.admit.state, DEVICE_REFUSED);
	assert_int_equal(tap(TDS_MAX_DEVICES + 1, KEY_A), 0);
	step((struct event){.kind = EVENT_GONE, .device = 0});
	assert_int_equal(admit_count(&core.admit, DEVICE_ADMITTED), 0);
}

/* Else a tablet that came first would lock out the only keyboard. */
static void
a_keyboard_is_asked_about_before_other_devices(void **state)
{
	struct seat_device tablet = keyboard(1, DEVICE_WAITING);

	(void)state;
	start();
	tablet.kinds = KIND_TABLET;
	plug(tablet);
	assert_ptr_equal(
	    admit_waiting(&core.admit), admit_find(&core.admit, 1));
	plug(keyboard(2, DEVICE_WAITING));
	chord(2);
	type_code(2);
	assert_int_equal(state_of(2), DEVICE_ADMITTED);
	assert_int_equal(state_of(1), DEVICE_WAITING);
	tap(2, KEY_A);
	assert_int_equal(state_of(1), DEVICE_ADMITTED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
	    T(a_device_of_the_start_speaks_and_an_unknown_number_does_not),
	    T(a_later_keyboard_is_silent_until_its_code_is_typed_on_it),
	    T(a_keyboard_is_asked_about_before_other_devices),
	    T(three_wrong_codes_refuse_a_keyboard),
	    T(a_mouse_is_admitted_with_a_key_and_a_keyboard_is_not),
	    T(a_device_that_comes_back_with_other_abilities_waits),
	    T(the_first_rule_that_matches_decides),
	    T(machine_speed_is_throttled_and_the_chord_is_not),
	    T(people_who_type_fast_are_never_throttled),
	    T(keys_of_a_device_that_went_come_up),
	    T(the_key_that_wakes_the_screens_does_nothing_else),
	    T(the_chord_of_a_keyboard_that_waits_wakes_the_screens),
	    T(the_panel_sends_no_chord_where_the_keyboard_may_not_reach),
	    T(lights_are_those_of_the_focused_domain),
	    T(more_devices_than_places_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
