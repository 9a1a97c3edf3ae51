/*
 * Outputs that come, go and change, as the core sees it.
 */
#include "tests/unit/unit.h"

#include "compositor/core.h"
#include "compositor/cursor.h"

#include <linux/input-event-codes.h>
#include <string.h>

enum { FREE, BOUND, N_DOMAINS };

static struct core core;
static struct actions actions;

static void
step(struct event event)
{
	core_step(&core, &event, 0, &actions);
}

static void
connect(uint32_t slot, uint32_t width, uint32_t height, uint32_t scale)
{
	step((struct event){.kind = EVENT_OUTPUT,
	    .output = {.index = slot,
		.type = OUTPUT_KMS,
		.width = width,
		.height = height,
		.scale = scale}});
}

/* FREE may be anywhere, BOUND only on output 1; nothing is connected yet. */
static int
setup(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = TDS_NONE};

	(void)state;
	core_init(&core);
	assert_int_equal(core_add_setup(&core, &s), 0);
	for (uint32_t i = 0; i < 3; i++) {
		const struct core_output slot = {
		    .index = i, .type = OUTPUT_KMS, .x = -1, .y = -1};
		assert_int_equal(core_add_output(&core, &slot), 0);
	}
	for (uint32_t i = 0; i < N_DOMAINS; i++) {
		const struct core_domain d = {.index = i,
		    .level = LEVEL_SECRET,
		    .scanouts = 1,
		    .outputs = i == BOUND ? 2 : 7,
		    .width = 800,
		    .height = 500,
		    .x = 100,
		    .y = 100,
		    .name = "d",
		    .label = "L"};
		assert_int_equal(core_add_domain(&core, &d), 0);
	}
	assert_int_equal(core_start(&core), 0);
	for (uint32_t i = 0; i < N_DOMAINS; i++)
		step((struct event){.kind = EVENT_LINK, .domain = i});
	return 0;
}

static uint32_t
shown(uint32_t domain)
{
	static struct status s;
	uint32_t n = 0;

	core_status(&core, &s);
	for (uint32_t i = 0; i < s.n_windows; i++)
		n += s.windows[i].domain == domain;
	return n;
}

static void
assert_same_rect(struct rect a, struct rect b)
{
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
without_a_screen_nothing_is_shown_and_nothing_is_dirty(void **state)
{
	(void)state;
	assert_int_equal(shown(FREE), 0);
	assert_false(core_is_dirty(&core));
	step((struct event){.kind = EVENT_COMMIT,
	    .domain = FREE,
	    .commit = {.width_px = 800, .height_px = 500, .stride_bytes = 3200,
		.w = 800, .h = 500}});
	assert_false(core_is_dirty(&core));
}

static void
a_first_screen_shows_the_configured_size(void **state)
{
	(void)state;
	connect(0, 1920, 1080, 1);
	assert_int_equal(shown(FREE), 1);
	assert_int_equal(shown(BOUND), 0);
	const struct rect c = core.scene.windows[FREE].content;
	assert_int_equal(c.x1 - c.x0, 800);
	assert_int_equal(c.y1 - c.y0, 500);
	assert_true(scene_is_dirty(&core.scene, 0));
	assert_same_rect(core.scene.outputs[0].trust_bar,
	    rect_make(0, 0, 1920, BAR_HEIGHT));
}

static void
windows_wait_elsewhere_and_go_home_again(void **state)
{
	(void)state;
	connect(0, 1920, 1080, 1);
	connect(1, 1024, 768, 1);
	const struct rect at_home = core.scene.windows[FREE].content;
	connect(0, 0, 0, 1);
	assert_int_equal(core.scene.windows[FREE].output, 1);
	assert_int_equal(shown(FREE), 1);
	connect(0, 1920, 1080, 1);
	assert_int_equal(core.scene.windows[FREE].output, 0);
	assert_same_rect(core.scene.windows[FREE].content, at_home);
}

static void
a_domain_never_waits_where_it_may_not_be_shown(void **state)
{
	(void)state;
	connect(0, 1920, 1080, 1);
	connect(1, 1024, 768, 1);
	assert_int_equal(shown(BOUND), 1);
	connect(1, 0, 0, 1);
	assert_int_equal(shown(BOUND), 0);
	connect(2, 1024, 768, 1);
	assert_int_equal(shown(BOUND), 0);
	connect(1, 640, 480, 1);
	assert_int_equal(shown(BOUND), 1);
}

static void
guests_are_told_nothing_of_screens(void **state)
{
	(void)state;
	connect(0, 1920, 1080, 1);
	assert_int_equal(actions.n, 0);
	connect(0, 640, 480, 1); /* the window is larger than that */
	assert_int_equal(actions.n, 0);
	connect(1, 1024, 768, 2);
	assert_int_equal(actions.n, 0);
	connect(0, 0, 0, 1);
	assert_int_equal(actions.n, 0);
}

static void
a_mode_change_keeps_frames_on_the_desk(void **state)
{
	(void)state;
	connect(0, 1920, 1080, 1);
	connect(0, 800, 600, 1);
	const struct output *o = &core.scene.outputs[0];
	const struct rect f = window_frame(&core.scene.windows[FREE], 1);
	assert_true(rect_covers(o->desk, f));
	assert_same_rect(o->area, rect_make(0, 0, 800, 600));
}

static void
move(uint16_t type, int32_t x, int32_t y)
{
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = 0, .value = x}});
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = 1, .value = y}});
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_SYN}});
}

static void
assert_pointer(uint32_t output, int32_t x, int32_t y)
{
	assert_int_equal(core.pointer_output, output);
	assert_int_equal(core.pointer_x, x);
	assert_int_equal(core.pointer_y, y);
}

static void
the_pointer_crosses_where_outputs_touch(void **state)
{
	(void)state;
	connect(0, 1000, 800, 1);
	connect(1, 1000, 1200, 1);
	move(EV_ABS, 990, 400);
	assert_pointer(0, 990, 400);
	move(EV_REL, 30, 5);
	assert_pointer(1, 20, 405);
	move(EV_ABS, 1500, 1100); /* below what the first output has */
	assert_pointer(1, 500, 1100);
	move(EV_REL, -600, 0);	  /* no output there: stops at the edge */
	assert_pointer(1, 0, 1100);
	move(EV_REL, -10000, -300000);
	assert_pointer(1, 0, 0);
}

static void
the_pointer_leaves_an_output_that_goes_away(void **state)
{
	(void)state;
	connect(0, 1000, 800, 1);
	connect(1, 1000, 800, 1);
	move(EV_ABS, 1500, 100);
	assert_int_equal(core.pointer_output, 1);
	connect(1, 0, 0, 1);
	assert_pointer(0, 500, 400);
	move(EV_REL, 1, 1);
	assert_pointer(0, 501, 401);
}

static void
a_screen_too_low_for_a_trust_bar_stays_off(void **state)
{
	(void)state;
	connect(0, 640, BAR_HEIGHT * 2, 2);
	assert_false(output_is_on(&core.scene.outputs[0]));
	assert_int_equal(shown(FREE), 0);
}

static void
the_panel_is_on_a_screen_that_comes_while_it_is_open(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		step((struct event){.kind = EVENT_INPUT,
		    .input = {.type = EV_KEY, .value = 1,
			.code = (uint16_t[]){KEY_LEFTCTRL, KEY_LEFTALT,
			    KEY_DELETE}[i]}});
	assert_true(core.panel.is_open);
	connect(2, 1024, 768, 1);
	assert_true(core.panel.is_open);
	assert_true(scene_is_dirty(&core.scene, 2));
}

/* FREE has the keyboard, a picture and a cursor of its own. */
static void
with_cursor(void)
{
	connect(0, 1920, 1080, 1);
	core_set_cursor_plane(&core, 0, true);
	step((struct event){.kind = EVENT_VM, .domain = FREE, .is_up = true});
	step((struct event){.kind = EVENT_COMMIT,
	    .domain = FREE,
	    .commit = {.width_px = 800, .height_px = 500, .stride_bytes = 3200,
		.w = 800, .h = 500}});
	step((struct event){.kind = EVENT_CURSOR,
	    .domain = FREE,
	    .cursor = {.visible = true, .hot_x = 10, .hot_y = 10}});
	step((struct event){.kind = EVENT_FOCUS, .domain = FREE});
}

static void
our_arrow_is_on_the_plane_and_moves_without_damage(void **state)
{
	(void)state;
	with_cursor();
	move(EV_ABS, 1800, 1000);
	scene_take_damage(&core.scene, 0);
	move(EV_ABS, 1700, 900);
	const struct cursor_look look = cursor_look(&core);
	assert_true(look.is_on_plane);
	assert_int_equal(look.window, TDS_NONE);
	assert_int_equal(look.x, 1700);
	assert_false(core_is_dirty(&core));
	core_set_cursor_plane(&core, 0, false);
	scene_take_damage(&core.scene, 0);
	move(EV_ABS, 1600, 900);
	assert_false(cursor_look(&core).is_on_plane);
	assert_true(core_is_dirty(&core));
}

static void
a_guests_cursor_is_on_the_plane_only_inside_its_picture(void **state)
{
	(void)state;
	with_cursor();
	const struct rect c = core.scene.windows[FREE].content;
	move(EV_ABS, c.x0 + 10, c.y0 + 10);
	assert_int_equal(cursor_look(&core).window, FREE);
	assert_true(cursor_look(&core).is_on_plane);
	move(EV_ABS, c.x0 + 9, c.y0 + 10); /* a column over the frame */
	assert_int_equal(cursor_look(&core).window, FREE);
	assert_false(cursor_look(&core).is_on_plane);
	move(EV_ABS, c.x1 - 54, c.y1 - 54);
	assert_true(cursor_look(&core).is_on_plane);
	move(EV_ABS, c.x1 - 53, c.y1 - 54);
	assert_false(cursor_look(&core).is_on_plane);
}

static void
a_guests_cursor_leaves_the_plane_under_another_window(void **state)
{
	(void)state;
	with_cursor();
	core_set_output(&core, &(struct core_output){.index = 1,
	    .type = OUTPUT_KMS, .width = 640, .height = 480, .scale = 1});
	struct window *other = &core.scene.windows[BOUND];
	const struct rect c = core.scene.windows[FREE].content;
	other->output = 0;
	other->content = rect_make(c.x0 + 300, c.y0 + 200, 320, 200);
	scene_raise(&core.scene, BOUND);
	move(EV_ABS, c.x0 + 100, c.y0 + 100);
	assert_true(cursor_look(&core).is_on_plane);
	move(EV_ABS, c.x0 + 270, c.y0 + 220); /* 54 right of it: over it */
	assert_int_equal(cursor_look(&core).window, FREE);
	assert_false(cursor_look(&core).is_on_plane);
}

/*
 * Two runs of one script of keys, frames and guests; in one of them monitors
 * come, go and change between any two events. Every record to every guest is
 * the same.
 */
enum { SCRIPT = 20000 };

struct digest {
	uint64_t hash;
	uint32_t n;
};

static void
note(struct digest *d)
{
	for (uint32_t i = 0; i < actions.n; i++) {
		const struct action *a = &actions.a[i];
		uint8_t bytes[TDS_RING_RECORD_BYTES];

		assert_int_equal(encode_down(&a->record, bytes), 0);
		for (size_t k = 0; k < sizeof(bytes); k++)
			d->hash = (d->hash ^ bytes[k]) * 0x100000001b3u;
		d->hash = (d->hash ^ a->domain) * 0x100000001b3u;
		d->n++;
	}
}

static void
one_event(uint64_t *seed)
{
	static const uint16_t codes[] = {KEY_A, KEY_B, KEY_LEFTCTRL,
	    KEY_LEFTALT, KEY_DELETE, KEY_1, KEY_2, KEY_ESC};
	const uint32_t domain = (uint32_t)(unit_random(seed) % N_DOMAINS);
	const uint64_t what = unit_random(seed) % 16;
	const uint64_t value = unit_random(seed);

	if (what < 8)
		step((struct event){.kind = EVENT_INPUT,
		    .input = {.type = EV_KEY, .code = codes[value % 8],
			.value = (int32_t)(value >> 8 & 1)}});
	else if (what < 11)
		step((struct event){.kind = EVENT_FRAME});
	else if (what < 14)
		step((struct event){.kind = EVENT_COMMIT,
		    .domain = domain,
		    .commit = {.seq = (uint32_t)value, .width_px = 800,
			.height_px = 500, .stride_bytes = 3200, .w = 800,
			.h = 500}});
	else if (what == 14)
		step((struct event){.kind = EVENT_VM,
		    .domain = domain, .is_up = (value & 7) != 0});
	else
		step((struct event){
		    .kind = (value & 7) == 0 ? EVENT_DOWN : EVENT_LINK,
		    .domain = domain});
}

static struct digest
run(bool has_hotplug)
{
	uint64_t script = 88172645463325252u, monitors = 362436069u;
	struct digest d = {.hash = 0xcbf29ce484222325u};

	setup(NULL);
	connect(0, 1920, 1080, 1);
	for (uint32_t i = 0; i < SCRIPT; i++) {
		if (has_hotplug && unit_random(&monitors) % 4 == 0) {
			const uint64_t r = unit_random(&monitors);
			connect((uint32_t)(r % 3), (r >> 8 & 3) == 0 ? 0
				: (uint32_t)(640 + (r >> 10) % 3000), 1080,
			    1 + (uint32_t)(r >> 40 & 1));
			assert_int_equal(actions.n, 0);
		}
		one_event(&script);
		note(&d);
	}
	return d;
}

static void
no_guest_can_tell_what_monitors_there_are(void **state)
{
	const struct digest quiet = run(false);
	const struct digest busy = run(true);

	(void)state;
	assert_in_range(quiet.n, SCRIPT / 8, SCRIPT * 8);
	assert_int_equal(quiet.n, busy.n);
	assert_true(quiet.hash == busy.hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		without_a_screen_nothing_is_shown_and_nothing_is_dirty, setup),
	    cmocka_unit_test_setup(
		a_first_screen_shows_the_configured_size, setup),
	    cmocka_unit_test_setup(
		windows_wait_elsewhere_and_go_home_again, setup),
	    cmocka_unit_test_setup(
		a_domain_never_waits_where_it_may_not_be_shown, setup),
	    cmocka_unit_test_setup(guests_are_told_nothing_of_screens, setup),
	    cmocka_unit_test_setup(
		a_mode_change_keeps_frames_on_the_desk, setup),
	    cmocka_unit_test_setup(
		the_pointer_crosses_where_outputs_touch, setup),
	    cmocka_unit_test_setup(
		the_pointer_leaves_an_output_that_goes_away, setup),
	    cmocka_unit_test_setup(
		a_screen_too_low_for_a_trust_bar_stays_off, setup),
	    cmocka_unit_test_setup(
		the_panel_is_on_a_screen_that_comes_while_it_is_open, setup),
	    cmocka_unit_test(no_guest_can_tell_what_monitors_there_are),
	    cmocka_unit_test_setup(
		our_arrow_is_on_the_plane_and_moves_without_damage, setup),
	    cmocka_unit_test_setup(
		a_guests_cursor_is_on_the_plane_only_inside_its_picture,
		setup),
	    cmocka_unit_test_setup(
		a_guests_cursor_leaves_the_plane_under_another_window, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
