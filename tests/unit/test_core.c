#include "compositor/core.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORK, WEB };

static struct core core;
static struct actions actions;

static struct core_domain
domain(uint32_t index, const char *name, int32_t x, int32_t y)
{
	struct core_domain d = {.index = index,
	    .level = LEVEL_SECRET,
	    .colour = 0xc8102e,
	    .scanouts = 1,
	    .outputs = 1,
	    .width = 400,
	    .height = 300,
	    .x = x,
	    .y = y};

	snprintf((char *)d.name, sizeof(d.name), "%s", name);
	snprintf((char *)d.label, sizeof(d.label), "SECRET");
	return d;
}

static void
step(struct event event)
{
	core_step(&core, &event, 0, &actions);
}

static void
input(uint16_t type, uint16_t code, int32_t value)
{
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = code, .value = value}});
}

static void
point_at(int32_t x, int32_t y)
{
	input(EV_ABS, ABS_X, x);
	input(EV_ABS, ABS_Y, y);
	input(EV_SYN, SYN_REPORT, 0);
}

static void
commit(uint32_t of, uint32_t seq, uint32_t width, uint32_t height)
{
	step((struct event){.kind = EVENT_COMMIT,
	    .domain = of,
	    .commit = {.seq = seq,
		.stride_bytes = 4 * width,
		.width_px = width,
		.height_px = height,
		.w = width,
		.h = height}});
}

/* Two windows side by side, both with a picture, "work" focused. */
static int
setup(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = WORK};
	const struct core_output o = {
	    .type = OUTPUT_HEADLESS, .x = -1, .y = -1,
	    .width = 1200, .height = 700, .scale = 1, .refresh_mhz = 60000};
	const struct core_domain work = domain(WORK, "work", 20, 60);
	const struct core_domain web = domain(WEB, "web", 620, 60);

	(void)state;
	core_init(&core);
	assert_int_equal(core_add_setup(&core, &s), 0);
	assert_int_equal(core_add_output(&core, &o), 0);
	assert_int_equal(core_add_domain(&core, &work), 0);
	assert_int_equal(core_add_domain(&core, &web), 0);
	assert_int_equal(core_start(&core), 0);
	for (uint32_t i = 0; i < 2; i++) {
		step((struct event){.kind = EVENT_LINK, .domain = i});
		step((struct event){
		    .kind = EVENT_VM, .domain = i, .is_up = true});
		commit(i, 1, 400, 300);
	}
	return 0;
}

static uint32_t
count(uint32_t of, enum down_op op, uint16_t type, uint16_t code, int32_t value)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < actions.n; i++) {
		const struct down *r = &actions.a[i].record;
		if (actions.a[i].domain == of && r->op == op &&
		    r->type == type && r->code == code && r->value == value)
			n++;
	}
	return n;
}

static void
a_key_reaches_the_focused_domain_only(void **state)
{
	(void)state;
	input(EV_KEY, KEY_A, 1);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_KEY, KEY_A, 1), 1);
	assert_int_equal(actions.n, 2); /* the key and its SYN */
}

static void
press_the_attention_key(void)
{
	input(EV_KEY, KEY_LEFTCTRL, 1);
	assert_int_equal(actions.n, 0);
	input(EV_KEY, KEY_LEFTALT, 1);
	assert_int_equal(actions.n, 0);
	input(EV_KEY, KEY_DELETE, 1);
}

static void
the_attention_key_opens_the_panel_and_takes_the_focus(void **state)
{
	(void)state;
	input(EV_KEY, KEY_B, 1);
	press_the_attention_key();
	assert_true(core.panel.is_open);
	assert_int_equal(core.focus, TDS_NONE);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_KEY, KEY_B, 0), 1);
	assert_int_equal(actions.n, 2);
	input(EV_KEY, KEY_Q, 1);
	assert_int_equal(actions.n, 0);
}

static void
a_digit_in_the_panel_picks_a_domain(void **state)
{
	(void)state;
	press_the_attention_key();
	input(EV_KEY, KEY_2, 1);
	assert_false(core.panel.is_open);
	assert_int_equal(core.focus, WEB);
	input(EV_KEY, KEY_2, 0); /* web never saw the press */
	assert_int_equal(actions.n, 0);
}

static void
escape_goes_back_and_a_digit_out_of_range_does_nothing(void **state)
{
	(void)state;
	press_the_attention_key();
	input(EV_KEY, KEY_3, 1);
	assert_true(core.panel.is_open);
	input(EV_KEY, KEY_ESC, 1);
	assert_false(core.panel.is_open);
	assert_int_equal(core.focus, WORK);
}

static void
d_in_the_panel_sends_the_chord_balanced(void **state)
{
	(void)state;
	press_the_attention_key();
	input(EV_KEY, KEY_DOWN, 1);
	input(EV_KEY, KEY_D, 1);
	assert_int_equal(core.focus, WEB);
	for (int32_t v = 0; v < 2; v++) {
		assert_int_equal(
		    count(WEB, DOWN_INPUT, EV_KEY, KEY_LEFTCTRL, v), 1);
		assert_int_equal(
		    count(WEB, DOWN_INPUT, EV_KEY, KEY_LEFTALT, v), 1);
		assert_int_equal(
		    count(WEB, DOWN_INPUT, EV_KEY, KEY_DELETE, v), 1);
	}
	assert_int_equal(actions.n, 12);
}

static void
the_click_that_brings_the_focus_is_not_passed_on(void **state)
{
	(void)state;
	point_at(700, 200);
	assert_int_equal(actions.n, 0); /* web has no focus: no motion */
	input(EV_KEY, BTN_LEFT, 1);
	assert_int_equal(core.focus, WEB);
	assert_int_equal(actions.n, 0);
	input(EV_KEY, BTN_LEFT, 0);
	assert_int_equal(actions.n, 0);
	input(EV_KEY, BTN_LEFT, 1);
	assert_int_equal(count(WEB, DOWN_INPUT, EV_KEY, BTN_LEFT, 1), 1);
}

static void
a_held_button_keeps_the_pointer_with_its_window(void **state)
{
	(void)state;
	point_at(100, 200);
	input(EV_KEY, BTN_LEFT, 1);
	point_at(1000, 650);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_ABS, ABS_X, 399), 1);
	input(EV_KEY, BTN_LEFT, 0);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_KEY, BTN_LEFT, 0), 1);
	point_at(1000, 651);
	assert_int_equal(actions.n, 0);
}

static void
positions_are_pixels_of_the_guest_picture(void **state)
{
	(void)state;
	const struct rect c = core.scene.windows[0].content;
	point_at(c.x0 + 17, c.y0 + 5);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_ABS, ABS_X, 17), 1);
	assert_int_equal(count(WORK, DOWN_INPUT, EV_ABS, ABS_Y, 5), 1);
}

static void
a_drag_of_the_border_resizes_and_tells_the_guest_at_its_end(void **state)
{
	(void)state;
	const struct rect c = core.scene.windows[0].content;
	point_at(c.x1 + 2, c.y1 + 2);
	input(EV_KEY, BTN_LEFT, 1);
	point_at(c.x1 + 102, c.y1 + 52);
	assert_int_equal(actions.n, 0);
	input(EV_KEY, BTN_LEFT, 0);
	assert_int_equal(actions.n, 1);
	assert_int_equal(actions.a[0].record.op, DOWN_CONFIGURE);
	assert_int_equal(actions.a[0].record.width, 500);
	assert_int_equal(actions.a[0].record.height, 350);
}

static void
a_frame_stays_on_the_desk_when_it_is_dragged_out(void **state)
{
	(void)state;
	const struct rect c = core.scene.windows[0].content;
	point_at(c.x0 + 50, c.y0 - 10);
	input(EV_KEY, BTN_LEFT, 1);
	point_at(0, 0);
	const struct rect f = window_frame(&core.scene.windows[0], 1);
	assert_int_equal(f.x0, 0);
	assert_int_equal(f.y0, BAR_HEIGHT);
	input(EV_KEY, BTN_LEFT, 0);
}

static void
a_drag_ends_with_the_attention_key_whether_the_guest_lives_or_not(void **state)
{
	for (uint32_t dies = 0; dies < 2; dies++) {
		assert_int_equal(setup(state), 0);
		const struct rect c = core.scene.windows[WORK].content;
		point_at(c.x0 + 50, c.y0 - 10);
		input(EV_KEY, BTN_LEFT, 1);
		if (dies)
			step((struct event){
			    .kind = EVENT_DOWN, .domain = WORK});
		press_the_attention_key();
		assert_true(core.panel.is_open);
		point_at(c.x0 + 90, c.y0 + 30);
		assert_memory_equal(
		    &core.scene.windows[WORK].content, &c, sizeof(c));
	}
}

static void
a_tick_comes_once_after_a_commit_with_its_number(void **state)
{
	(void)state;
	step((struct event){.kind = EVENT_FRAME});
	assert_int_equal(actions.n, 2);
	step((struct event){.kind = EVENT_FRAME});
	assert_int_equal(actions.n, 0);
	commit(WEB, 7, 400, 300);
	step((struct event){.kind = EVENT_FRAME});
	assert_int_equal(actions.n, 1);
	assert_int_equal(actions.a[0].domain, WEB);
	assert_int_equal(actions.a[0].record.seq, 7);
}

static void
a_domain_that_goes_down_loses_picture_and_focus(void **state)
{
	(void)state;
	input(EV_KEY, KEY_A, 1);
	step((struct event){.kind = EVENT_DOWN, .domain = WORK});
	assert_int_equal(core.focus, TDS_NONE);
	assert_int_equal(core.scene.windows[0].buffer.width_px, 0);
	assert_int_equal(core_domain_state(&core, WORK), DOMAIN_STOPPED);
	assert_int_equal(core_domain_state(&core, WEB), DOMAIN_RUNNING);
	commit(WORK, 9, 400, 300); /* not linked: ignored */
	assert_int_equal(core.scene.windows[0].buffer.width_px, 0);
}

/* The other one of two buffers, 10x10 of it new. */
static uint64_t
flipped_area(bool is_exact, uint32_t width)
{
	struct window *w = &core.scene.windows[WEB];
	uint64_t area = 0;

	for (uint32_t i = 0; i < 2; i++) {
		damage_clear(&w->damage);
		step((struct event){.kind = EVENT_COMMIT,
		    .domain = WEB,
		    .commit = {.offset_bytes = i * TDS_MIN_POOL_BYTES,
			.stride_bytes = 4 * 400,
			.width_px = i == 0 ? 400 : width,
			.height_px = 300,
			.w = 10,
			.h = 10,
			.is_exact = is_exact}});
	}
	for (uint32_t i = 0; i < w->damage.n; i++)
		area += (uint64_t)rect_area(w->damage.r[i]);
	return area;
}

static void
an_exact_flip_costs_what_is_new(void **state)
{
	(void)state;
	assert_int_equal(flipped_area(true, 400), 10 * 10);
	assert_int_equal(flipped_area(false, 400), 400 * 300);
	assert_int_equal(flipped_area(true, 399), 399 * 300);
}

static void
pages_that_go_take_the_picture_and_the_cursor_on_them_along(void **state)
{
	struct event e = {.kind = EVENT_UNMAP, .domain = WORK};

	(void)state;
	step((struct event){.kind = EVENT_CURSOR,
	    .domain = WORK,
	    .cursor = {.visible = true, .offset_bytes = 500 * 4096}});
	e.grant = (struct grant){.page = 1, .pages = 499};
	step(e);
	assert_int_equal(core.scene.windows[WORK].buffer.width_px, 400);
	assert_true(core.domains[WORK].cursor.visible);
	e.grant = (struct grant){.page = 500, .pages = 1};
	step(e);
	assert_false(core.domains[WORK].has_cursor);
	e.grant = (struct grant){.page = 0, .pages = 1};
	step(e);
	assert_int_equal(core.scene.windows[WORK].buffer.width_px, 0);
	assert_int_equal(core_domain_state(&core, WORK), DOMAIN_RUNNING);
	assert_int_equal(core.scene.windows[WEB].buffer.width_px, 400);
	assert_int_equal(core.focus, WORK);
	assert_int_equal(actions.n, 0);
}

static void
setup_refuses_a_chord_of_one_modifier(void **state)
{
	(void)state;
	const struct core_setup s = {.modifiers = CHORD_CTRL, .key = KEY_A};
	core_init(&core);
	assert_int_equal(core_add_setup(&core, &s), -ERANGE);
	assert_int_equal(core_start(&core), -EINVAL);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_key_reaches_the_focused_domain_only),
	    T(the_attention_key_opens_the_panel_and_takes_the_focus),
	    T(a_digit_in_the_panel_picks_a_domain),
	    T(escape_goes_back_and_a_digit_out_of_range_does_nothing),
	    T(d_in_the_panel_sends_the_chord_balanced),
	    T(the_click_that_brings_the_focus_is_not_passed_on),
	    T(a_held_button_keeps_the_pointer_with_its_window),
	    T(positions_are_pixels_of_the_guest_picture),
	    T(a_drag_of_the_border_resizes_and_tells_the_guest_at_its_end),
	    T(a_frame_stays_on_the_desk_when_it_is_dragged_out),
	    T(a_drag_ends_with_the_attention_key_whether_the_guest_lives_or_not),
	    T(a_tick_comes_once_after_a_commit_with_its_number),
	    T(a_domain_that_goes_down_loses_picture_and_focus),
	    T(an_exact_flip_costs_what_is_new),
	    T(pages_that_go_take_the_picture_and_the_cursor_on_them_along),
	    cmocka_unit_test(setup_refuses_a_chord_of_one_modifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
