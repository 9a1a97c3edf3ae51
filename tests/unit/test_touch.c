/*
 * Fingers on a touchscreen: whose they are, and that nobody is left with one.
 * "work" and "web" lie side by side, "work" has the focus.
 */
#include "compositor/core.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORK, WEB, WIDTH = 400, HEIGHT = 300 };

static int32_t work_x, web_x, top; /* of their pictures */

static struct core core;
static struct actions actions;
/* what each domain sees: its fingers, and where the last was put */
static struct {
	uint32_t touching, slot;
	int32_t x, y;
	uint32_t n; /* records since it was last looked at */
} seen[2];

static void
see(const struct action *a)
{
	const struct down *d = &a->record;

	if (d->op != DOWN_INPUT || d->device != DEVICE_TOUCH)
		return;
	assert_in_range(a->domain, 0, 1);
	seen[a->domain].n++;
	const uint32_t bit = 1u << seen[a->domain].slot;
	if (d->type == EV_SYN)
		return;
	assert_int_equal(d->type, EV_ABS);
	if (d->code == ABS_MT_SLOT) {
		seen[a->domain].slot = (uint32_t)d->value;
	} else if (d->code == ABS_MT_TRACKING_ID && d->value < 0) {
		assert_true((seen[a->domain].touching & bit) != 0);
		seen[a->domain].touching &= ~bit;
	} else if (d->code == ABS_MT_TRACKING_ID) {
		assert_true((seen[a->domain].touching & bit) == 0);
		seen[a->domain].touching |= bit;
	} else if (d->code == ABS_MT_POSITION_X) {
		assert_true((seen[a->domain].touching & bit) != 0);
		seen[a->domain].x = d->value;
	} else {
		assert_int_equal(d->code, ABS_MT_POSITION_Y);
		seen[a->domain].y = d->value;
	}
}

static void
step(struct event event)
{
	core_step(&core, &event, 0, &actions);
	for (uint32_t i = 0; i < actions.n; i++)
		see(&actions.a[i]);
}

static void
input(uint16_t type, uint16_t code, int32_t value)
{
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = code, .value = value}});
}

static void
add_domain(uint32_t index, const char *name, int32_t x)
{
	struct core_domain d = {.index = index,
	    .level = LEVEL_SECRET,
	    .scanouts = 1,
	    .outputs = 1,
	    .width = WIDTH,
	    .height = HEIGHT,
	    .x = x,
	    .y = 60};

	snprintf((char *)d.name, sizeof(d.name), "%s", name);
	snprintf((char *)d.label, sizeof(d.label), "SECRET");
	assert_int_equal(core_add_domain(&core, &d), 0);
}

static void
boot(uint32_t of)
{
	step((struct event){.kind = EVENT_LINK, .domain = of});
	step((struct event){.kind = EVENT_VM, .domain = of, .is_up = true});
	step((struct event){.kind = EVENT_COMMIT,
	    .domain = of,
	    .commit = {.seq = 1,
		.stride_bytes = 4 * WIDTH,
		.width_px = WIDTH,
		.height_px = HEIGHT,
		.w = WIDTH,
		.h = HEIGHT}});
}

static int
setup(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = WORK};
	const struct core_output o = {
	    .type = OUTPUT_HEADLESS, .x = -1, .y = -1,
	    .width = 1200, .height = 700, .scale = 1, .refresh_mhz = 60000};

	(void)state;
	memset(seen, 0, sizeof(seen));
	core_init(&core);
	assert_int_equal(core_add_setup(&core, &s), 0);
	assert_int_equal(core_add_output(&core, &o), 0);
	add_domain(WORK, "work", 20);
	add_domain(WEB, "web", 620);
	assert_int_equal(core_start(&core), 0);
	boot(WORK);
	boot(WEB);
	work_x = core.scene.windows[WORK].content.x0;
	web_x = core.scene.windows[WEB].content.x0;
	top = core.scene.windows[WORK].content.y0;
	return 0;
}

/* As tds-input says it, without the button. */
static void
put(int32_t slot, bool begins, int32_t x, int32_t y)
{
	input(EV_ABS, ABS_MT_SLOT, slot);
	if (begins)
		input(EV_ABS, ABS_MT_TRACKING_ID, slot);
	input(EV_ABS, ABS_MT_POSITION_X, x);
	input(EV_ABS, ABS_MT_POSITION_Y, y);
	input(EV_SYN, SYN_REPORT, 0);
}

/* The finger that points. */
static void
press(int32_t slot, int32_t x, int32_t y)
{
	input(EV_ABS, ABS_X, x);
	input(EV_ABS, ABS_Y, y);
	input(EV_KEY, TDS_BTN_FINGER, 1);
	put(slot, true, x, y);
}

static void
lift(int32_t slot)
{
	input(EV_ABS, ABS_MT_SLOT, slot);
	input(EV_ABS, ABS_MT_TRACKING_ID, -1);
	input(EV_SYN, SYN_REPORT, 0);
}

static void
attention_key(void)
{
	input(EV_KEY, KEY_LEFTCTRL, 1);
	input(EV_KEY, KEY_LEFTALT, 1);
	input(EV_KEY, KEY_DELETE, 1);
	assert_true(core.panel.is_open);
}

static void
a_finger_in_the_focused_window_is_its_own(void **state)
{
	static const struct {
		uint16_t type, code;
		int32_t value;
	} want[] = {{EV_ABS, ABS_MT_SLOT, 3}, {EV_ABS, ABS_MT_TRACKING_ID, 3},
	    {EV_ABS, ABS_MT_POSITION_X, 30}, {EV_ABS, ABS_MT_POSITION_Y, 40}};

	(void)state;
	input(EV_ABS, ABS_X, work_x + 30);
	input(EV_ABS, ABS_Y, top + 40);
	input(EV_KEY, TDS_BTN_FINGER, 1);
	input(EV_ABS, ABS_MT_SLOT, 3);
	input(EV_ABS, ABS_MT_TRACKING_ID, 3);
	input(EV_ABS, ABS_MT_POSITION_X, work_x + 30);
	assert_int_equal(actions.n, 0); /* one axis is no place */
	input(EV_ABS, ABS_MT_POSITION_Y, top + 40);
	assert_int_equal(actions.n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		const struct down *d = &actions.a[i].record;
		assert_int_equal(actions.a[i].domain, WORK);
		assert_int_equal(d->device, DEVICE_TOUCH);
		assert_int_equal(d->type, want[i].type);
		assert_int_equal(d->code, want[i].code);
		assert_int_equal(d->value, want[i].value);
	}
	input(EV_SYN, SYN_REPORT, 0);
	assert_int_equal(seen[WORK].n, 5);
	lift(3);
	assert_int_equal(seen[WORK].n, 8); /* slot, lift, the end */
	assert_int_equal(seen[WORK].touching, 0);
	assert_int_equal(seen[WEB].n, 0);
}

static void
the_finger_that_brings_the_focus_is_nobodys(void **state)
{
	(void)state;
	press(0, web_x + 10, top + 10);
	assert_int_equal(core.focus, WEB);
	put(0, false, web_x + 20, top + 20);
	put(1, true, web_x + 30, top + 30); /* it has no first one to join */
	lift(0);
	input(EV_KEY, TDS_BTN_FINGER, 0);
	assert_int_equal(seen[WORK].n + seen[WEB].n, 0);
	press(0, web_x + 10, top + 10);
	assert_int_equal(seen[WEB].touching, 1);
}

static void
a_finger_keeps_its_window_and_never_leaves_its_picture(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	put(0, false, web_x + 50, top + 50);
	assert_int_equal(seen[WORK].x, WIDTH - 1);
	assert_int_equal(seen[WORK].y, 50);
	put(0, false, 0, 0);
	assert_int_equal(seen[WORK].x, 0);
	assert_int_equal(seen[WORK].y, 0);
	put(0, false, INT32_MAX, INT32_MIN);
	assert_int_equal(seen[WORK].x, WIDTH - 1);
	assert_int_equal(seen[WORK].y, 0);
	assert_int_equal(core.focus, WORK);
	assert_int_equal(seen[WEB].n, 0);
}

static void
more_fingers_join_only_in_the_same_window(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	put(1, true, work_x + 60, top + 70);
	assert_int_equal(seen[WORK].touching, 3);
	put(2, true, web_x + 60, top + 70);
	put(3, true, work_x + 60, 5); /* the trust bar */
	put(4, true, work_x + 60, top - 5); /* its own title */
	assert_int_equal(seen[WORK].touching, 3);
	assert_int_equal(core.focus, WORK);
	put(2, false, work_x + 80, top + 80); /* came down elsewhere */
	assert_int_equal(seen[WORK].touching, 3);
	lift(0); /* the first goes, the other one stays */
	input(EV_KEY, TDS_BTN_FINGER, 0);
	put(1, false, work_x + 61, top + 71);
	assert_int_equal(seen[WORK].touching, 2);
	assert_int_equal(seen[WORK].x, 61);
	assert_int_equal(seen[WEB].n, 0);
}

static void
frames_and_bars_are_not_touched_by_guests(void **state)
{
	const int32_t places[][2] = {{work_x + 30, top - 5},
	    {work_x + 30, 3}, {work_x - 2, top + 30}, {550, 500}};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		press(0, places[i][0], places[i][1]);
		put(0, false, work_x + 50, top + 50);
		lift(0);
		input(EV_KEY, TDS_BTN_FINGER, 0);
	}
	assert_int_equal(seen[WORK].n, 0);
}

static void
the_attention_key_lifts_all_fingers(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	put(9, true, work_x + 60, top + 70);
	attention_key();
	assert_int_equal(seen[WORK].touching, 0);
	assert_int_equal(actions.a[actions.n - 1].record.type, EV_SYN);
	const uint32_t n = seen[WORK].n;
	put(0, false, work_x + 31, top + 41);
	put(1, true, work_x + 31, top + 41);
	lift(9);
	press(2, work_x + 31, top + 41);
	assert_int_equal(seen[WORK].n, n);
	input(EV_KEY, KEY_ESC, 1);
	put(0, false, work_x + 32, top + 42); /* it must come down anew */
	assert_int_equal(seen[WORK].n, n);
}

static void
the_focus_takes_no_finger_along(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	step((struct event){.kind = EVENT_FOCUS, .domain = WEB});
	assert_int_equal(seen[WORK].touching, 0);
	put(0, false, web_x + 30, top + 40);
	assert_int_equal(seen[WEB].n, 0);
}

static void
a_new_machine_sees_nothing_of_the_old_ones_fingers(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	input(EV_ABS, ABS_MT_SLOT, 0);
	input(EV_ABS, ABS_MT_POSITION_X, work_x + 31);
	input(EV_ABS, ABS_MT_POSITION_Y, top + 31); /* no SYN yet */
	memset(&seen[WORK], 0, sizeof(seen[WORK]));
	step((struct event){.kind = EVENT_DOWN, .domain = WORK});
	input(EV_SYN, SYN_REPORT, 0);
	boot(WORK);
	lift(0);
	put(0, false, work_x + 31, top + 41);
	assert_int_equal(seen[WORK].n, 0);
}

static void
a_device_that_goes_takes_its_fingers_along(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	step((struct event){.kind = EVENT_GONE});
	assert_int_equal(seen[WORK].touching, 0);
	assert_int_equal(core.grab, TDS_NONE);
}

static void
fingers_lift_in_the_dark_and_none_comes_down(void **state)
{
	(void)state;
	press(0, work_x + 30, top + 40);
	step((struct event){.kind = EVENT_DARK});
	lift(0);
	assert_int_equal(seen[WORK].touching, 0);
	input(EV_KEY, TDS_BTN_FINGER, 0);
	step((struct event){.kind = EVENT_DARK});
	const uint32_t n = seen[WORK].n;
	input(EV_KEY, TDS_BTN_FINGER, 1);
	put(0, true, work_x + 30, top + 40);
	assert_int_equal(seen[WORK].n, n);
}

static void
numbers_that_are_no_slots_are_nobodys(void **state)
{
	static const int32_t odd[] = {-1, 10, 31, 32, INT32_MAX, INT32_MIN};

	(void)state;
	press(0, work_x + 30, top + 40);
	const uint32_t n = seen[WORK].n;
	for (uint32_t i = 0; i < 6; i++) {
		put(odd[i], true, work_x + 50, top + 50);
		lift(odd[i]);
	}
	lift(5); /* that never came down */
	assert_int_equal(seen[WORK].n, n);
	assert_int_equal(seen[WORK].touching, 1);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_finger_in_the_focused_window_is_its_own),
	    T(the_finger_that_brings_the_focus_is_nobodys),
	    T(a_finger_keeps_its_window_and_never_leaves_its_picture),
	    T(more_fingers_join_only_in_the_same_window),
	    T(frames_and_bars_are_not_touched_by_guests),
	    T(the_attention_key_lifts_all_fingers),
	    T(the_focus_takes_no_finger_along),
	    T(a_new_machine_sees_nothing_of_the_old_ones_fingers),
	    T(a_device_that_goes_takes_its_fingers_along),
	    T(fingers_lift_in_the_dark_and_none_comes_down),
	    T(numbers_that_are_no_slots_are_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
