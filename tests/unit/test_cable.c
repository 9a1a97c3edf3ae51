/*
 * Protection of cables, from the configuration to the pixels that a card in
 * memory scans out: core, shell and KMS are the real ones; the kernel's
 * properties, which no virtual card has, are scripted.
 */
#include "tests/unit/unit.h"

#include "compositor/kms_drm.h"
#include "tests/unit/fake_drm.h"
#include "tests/unit/shell_alone.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WIDTH = 1000,
	HEIGHT = 700,
	SIDE = 400, /* of each guest's picture */
	POOL_BYTES = 2 * SIDE * SIDE * 4,
};
/* What each domain needs, in the order of enum protection. */
enum { OPEN, TYPE0, TYPE1, DOMAINS };

static const uint32_t undesired = DRM_MODE_CONTENT_PROTECTION_UNDESIRED;
static const uint32_t desired = DRM_MODE_CONTENT_PROTECTION_DESIRED;
static const uint32_t enabled = DRM_MODE_CONTENT_PROTECTION_ENABLED;
static const uint64_t second_ns = 1000000000u;

static uint32_t *pixels[DOMAINS]; /* of each pool */
static uint32_t leaks; /* while protection was changed */

/* ----------------------------------------------------------------- judging */

static uint32_t
colour(uint32_t domain)
{
	return 0xa10000 + domain;
}

/* Pixels of a domain that the connector scans out, its cursor included. */
static uint32_t
seen(uint32_t domain)
{
	const struct fake_buffer *of[] = {fake_shown(0), fake_cursor_image(0)};
	uint32_t n = 0;

	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = 0;
		     of[k] && i < of[k]->width * of[k]->height; i++)
			n += (of[k]->pixels[i] & 0xffffff) == colour(domain);
	return n;
}

static uint32_t
state(void)
{
	return (uint32_t)fake.now.protection[0].state;
}

/* The kernel may stop to encrypt at this point. */
static void
judge_change(uint32_t at)
{
	if (at == 0 && state() != enabled)
		leaks += seen(TYPE0) + seen(TYPE1);
	if (at == 0 && fake.now.protection[0].type == 0)
		leaks += seen(TYPE1);
}

static void
assert_seen(bool open, bool type0, bool type1)
{
	assert_int_equal(seen(OPEN) > 0, open);
	assert_int_equal(seen(TYPE0) > 0, type0);
	assert_int_equal(seen(TYPE1) > 0, type1);
	assert_int_equal(leaks, 0);
}

/* ----------------------------------------------------------------- driving */

static void
flips_done(void)
{
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		fake_flip_done(i, alone_ns);
	shell.screen->ops->flips(shell.screen);
}

static void
frame(void)
{
	assert_true(frame_paint(&shell) >= 0);
	flips_done();
}

static void
settle(void)
{
	for (int i = 0; i < 8; i++)
		frame();
	assert_false(frame_has_news(&shell));
}

/* As tdsd tells of the kernel's message. */
static void
uevent(void)
{
	cable_ask(&shell);
	assert_int_equal(frame_probe(&shell), 0);
}

static void
authenticate(void)
{
	fake_authenticate(0);
	uevent();
	settle();
}

static void
set_hidden(uint32_t domain, bool is_hidden)
{
	scene_set_hidden(&shell.core.scene,
	    scene_find(&shell.core.scene, domain, 0), is_hidden);
	/* a step of the user's, as such a click is */
	step((struct event){.kind = EVENT_INPUT, .input = {.type = EV_SYN}});
}

static void
draw(uint32_t domain)
{
	step((struct event){.kind = EVENT_COMMIT,
	    .domain = domain,
	    .commit = {.stride_bytes = 4 * SIDE,
		.width_px = SIDE,
		.height_px = SIDE,
		.w = SIDE,
		.h = SIDE}});
}

static void
add_domain(uint32_t i)
{
	const struct core_domain d = {.index = i,
	    .level = LEVEL_SECRET,
	    .colour = 0xc8102e,
	    .scanouts = 1,
	    .outputs = 1,
	    .width = SIDE,
	    .height = SIDE,
	    .x = 20 + 290 * (int32_t)i,
	    .y = 60,
	    .protection = i,
	    .name = {(uint8_t)('a' + i)},
	    .label = "L"};

	assert_int_equal(core_add_domain(&shell.core, &d), 0);
	pixels[i] = realloc(pixels[i], POOL_BYTES);
	for (uint32_t k = 0; k < POOL_BYTES / 4; k++)
		pixels[i][k] = 0xff000000 | colour(i);
	shell.pools[i] =
	    (struct pool){(const uint8_t *)pixels[i], POOL_BYTES};
}

/* A screen that can be protected; only the open domain's window is up. */
static int
set_up(void **unused)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = TDS_NONE};
	const struct core_output slot = {.type = OUTPUT_KMS, .x = -1, .y = -1};
	const struct drm_mode_modeinfo m =
	    fake_mode(WIDTH, HEIGHT, 60, true);

	(void)unused;
	fake_reset();
	fake.has_cursor = true;
	fake.on_protection = judge_change;
	leaks = 0;
	alone_reset(100 * second_ns);
	assert_int_equal(core_add_setup(&shell.core, &s), 0);
	assert_int_equal(core_add_output(&shell.core, &slot), 0);
	fake_plug(0, &m, 1);
	fake.connectors[0].has_protection = true;
	fake.connectors[0].has_content_type = true;
	for (uint32_t i = 0; i < DOMAINS; i++)
		add_domain(i);
	assert_int_equal(kms_create(FAKE_FD, &shell.screen), 0);
	assert_int_equal(frame_probe(&shell), 0);
	assert_int_equal(core_start(&shell.core), 0);
	for (uint32_t i = 0; i < DOMAINS; i++) {
		step((struct event){.kind = EVENT_LINK, .domain = i});
		step((struct event){
		    .kind = EVENT_VM, .domain = i, .is_up = true});
		draw(i);
		set_hidden(i, i != OPEN);
	}
	return 0;
}

static int
clean_up(void **unused)
{
	(void)unused;
	kms_destroy(shell.screen);
	return 0;
}

/* The type 0 domain is shown, over a cable that is protected so. */
static void
show_type0(void)
{
	set_hidden(TYPE0, false);
	settle();
	authenticate();
	assert_seen(true, true, false);
}

/* ------------------------------------------------------------------- tests */

static void
nothing_is_asked_for_while_nothing_needs_it(void **unused)
{
	(void)unused;
	settle();
	assert_seen(true, false, false);
	assert_int_equal(state(), undesired);
	assert_int_equal(cable_at(&shell), 0); /* and nobody wakes up */
	const uint32_t calls = fake.n_calls;
	cable_look(&shell, alone_ns + 100 * second_ns);
	assert_int_equal(fake.n_calls, calls);
}

static void
a_domain_is_shown_when_the_kernel_says_enabled_and_not_before(void **unused)
{
	(void)unused;
	settle();
	set_hidden(TYPE0, false);
	settle();
	assert_int_equal(state(), desired);
	assert_int_equal(fake.now.protection[0].type, 0);
	assert_seen(true, false, false);
	uevent(); /* of something else */
	settle();
	assert_seen(true, false, false);
	authenticate();
	assert_seen(true, true, false);
	/* pictures that come now are shown as they come */
	pixels[TYPE0][0] = 0;
	draw(TYPE0);
	settle();
	assert_seen(true, true, false);
	set_hidden(TYPE0, true);
	settle();
	assert_int_equal(state(), undesired);
	assert_int_equal(cable_at(&shell), 0);
	assert_seen(true, false, false);
}

static void
it_is_asked_for_also_by_a_frame_that_paints(void **unused)
{
	(void)unused;
	settle();
	set_hidden(TYPE0, false);
	frame();
	assert_int_equal(state(), undesired);
	draw(OPEN);
	frame();
	assert_int_equal(state(), desired);
}

static void
a_lost_link_is_a_tile_in_the_next_frame(void **unused)
{
	(void)unused;
	show_type0();
	fake_lose_protection(0);
	cable_ask(&shell); /* before the monitors are looked at */
	frame();
	assert_seen(true, false, false);
	authenticate();
	assert_seen(true, true, false);
}

static void
a_lost_uevent_is_made_up_for_within_a_second(void **unused)
{
	(void)unused;
	set_hidden(TYPE0, false);
	settle();
	fake_authenticate(0);
	alone_ns = cable_at(&shell);
	assert_true(alone_ns <= 101 * second_ns);
	cable_look(&shell, alone_ns);
	settle();
	assert_seen(true, true, false);
	fake_lose_protection(0);
	cable_look(&shell, cable_at(&shell) - 1);
	assert_false(frame_has_news(&shell)); /* not yet */
	alone_ns = cable_at(&shell);
	cable_look(&shell, alone_ns);
	frame();
	assert_seen(true, false, false);
}

static void
lose(void)
{
	fake_lose_protection(0);
}

static void
a_link_lost_in_mid_frame_is_a_tile_in_the_one_after(void **unused)
{
	(void)unused;
	show_type0();
	alone_in_mid_frame = lose;
	scene_damage_all(&shell.core.scene);
	frame();
	assert_int_equal(state(), desired);
	alone_in_mid_frame = NULL;
	uevent();
	frame();
	assert_seen(true, false, false);
}

/* Changing the type ends protection for a while, whatever it was. */
static void
another_type_is_asked_for_when_nothing_secret_is_shown(void **unused)
{
	(void)unused;
	show_type0();
	set_hidden(TYPE1, false);
	frame();
	assert_seen(true, false, false);
	settle();
	assert_int_equal(state(), desired);
	assert_int_equal(fake.now.protection[0].type, 1);
	assert_seen(true, false, false);
	authenticate();
	assert_seen(true, true, true);
	set_hidden(TYPE1, true);
	settle();
	assert_int_equal(fake.now.protection[0].type, 0);
	assert_seen(true, false, false);
	authenticate();
	assert_seen(true, true, false);
}

/* The kernel says ENABLED of what was asked before. */
static void
what_was_in_force_for_another_need_is_not_believed(void **unused)
{
	(void)unused;
	show_type0();
	set_hidden(TYPE1, false);
	cable_ask(&shell);
	frame();
	assert_seen(true, false, false);
	assert_int_equal(fake.now.protection[0].type, 0);
}

static void
without_the_property_it_is_never_shown(void **unused)
{
	(void)unused;
	fake.connectors[0].has_protection = false;
	fake.connectors[0].has_content_type = false;
	set_hidden(TYPE0, false);
	uevent();
	settle(); /* and then nothing more is painted for it */
	assert_seen(true, false, false);
	for (int i = 0; i < 5; i++) {
		alone_ns += second_ns;
		cable_look(&shell, alone_ns);
		assert_false(frame_has_news(&shell));
	}
}

static void
without_the_type_property_only_type0_is_shown(void **unused)
{
	(void)unused;
	fake.connectors[0].has_content_type = false;
	uevent();
	show_type0();
	set_hidden(TYPE1, false);
	settle();
	authenticate();
	assert_int_equal(state(), undesired);
	assert_seen(true, false, false);
}

static void
what_the_kernel_refuses_is_a_tile_and_the_rest_goes_on(void **unused)
{
	(void)unused;
	fake.connectors[0].refuses_protection = true;
	set_hidden(TYPE0, false);
	settle();
	assert_seen(true, false, false);
	assert_int_equal(shell.core.scene.outputs[0].config.width, WIDTH);
	assert_non_null(fake_cursor(0)); /* it was not its fault */
	authenticate();
	assert_seen(true, false, false);
	set_hidden(OPEN, true);
	settle();
	assert_seen(false, false, false);
}

static void
no_answer_and_an_unknown_state_are_no_protection(void **unused)
{
	(void)unused;
	show_type0();
	fake.fail_call = 1;
	fake.fail_errno = EINVAL;
	cable_ask(&shell);
	frame();
	assert_seen(true, false, false);
	cable_ask(&shell);
	settle();
	assert_seen(true, true, false);
	fake.now.protection[0].state = 3;
	cable_ask(&shell);
	frame();
	assert_seen(true, false, false);
}

static void
a_monitor_that_comes_back_begins_without_it(void **unused)
{
	(void)unused;
	show_type0();
	fake.connectors[0].is_connected = false;
	uevent();
	settle();
	fake.connectors[0].is_connected = true;
	assert_int_equal(frame_probe(&shell), 0);
	frame();
	assert_seen(true, false, false);
	settle();
	authenticate();
	assert_seen(true, true, false);
}

static void
a_mode_set_begins_without_it(void **unused)
{
	const struct drm_mode_modeinfo m = fake_mode(800, 600, 60, true);

	(void)unused;
	show_type0();
	fake_plug(0, &m, 1);
	assert_int_equal(frame_probe(&shell), 0);
	frame();
	assert_seen(true, false, false);
	assert_int_equal(fake_shown(0)->width, 800);
	settle();
	authenticate();
	assert_seen(true, true, false);
}

static void
a_screen_that_was_dark_begins_without_it(void **unused)
{
	(void)unused;
	show_type0();
	step((struct event){.kind = EVENT_DARK});
	frame();
	assert_null(fake_shown(0));
	assert_int_equal(cable_at(&shell), 0);
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_KEY, .code = KEY_A, .value = 1}});
	frame();
	assert_seen(true, false, false);
	settle();
	authenticate();
	assert_seen(true, true, false);
}

static void
point_at(int32_t x, int32_t y)
{
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_ABS, .code = ABS_X, .value = x}});
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_ABS, .code = ABS_Y, .value = y}});
	step((struct event){.kind = EVENT_INPUT, .input = {.type = EV_SYN}});
}

static void
the_cursor_of_a_tile_is_ours(void **unused)
{
	const struct rect *content = &shell.core.scene.windows[TYPE0].content;

	(void)unused;
	set_hidden(OPEN, true);
	set_hidden(TYPE0, false);
	step((struct event){.kind = EVENT_FOCUS, .domain = TYPE0});
	step((struct event){.kind = EVENT_CURSOR,
	    .domain = TYPE0,
	    .cursor = {.visible = true}});
	point_at(content->x0 + 100, content->y0 + 100);
	settle();
	assert_non_null(fake_cursor(0));
	assert_seen(false, false, false);
	authenticate();
	assert_int_equal(fake_cursor_image(0)->pixels[0] & 0xffffff,
	    colour(TYPE0));
	fake_lose_protection(0);
	uevent();
	frame();
	assert_seen(false, false, false);
}

/* ------------------------------------------------------- any order of things */

static uint64_t seed;

static void
happen(uint32_t what)
{
	switch (what) {
	case 0:
		fake_authenticate(0);
		break;
	case 1:
		fake_lose_protection(0);
		break;
	case 2:
		set_hidden((uint32_t)(unit_random(&seed) % DOMAINS),
		    unit_random(&seed) % 2);
		break;
	case 3:
		uevent();
		break;
	case 4:
		fake.connectors[0].is_connected = unit_random(&seed) % 4 > 0;
		break;
	case 5:
		/* a dock with another chip; a connector keeps what it has */
		fake.connectors[0].is_connected = false;
		uevent();
		fake.connectors[0].has_content_type = unit_random(&seed) % 4;
		fake.connectors[0].is_connected = true;
		uevent();
		break;
	case 6:
		fake.connectors[0].refuses_protection =
		    unit_random(&seed) % 4 == 0;
		break;
	case 7:
		step((struct event){.kind = EVENT_DARK});
		break;
	case 8:
		draw((uint32_t)(unit_random(&seed) % DOMAINS));
		break;
	default:
		point_at((int32_t)(unit_random(&seed) % WIDTH),
		    (int32_t)(unit_random(&seed) % HEIGHT));
		break;
	}
}

/* The naive rule, from the outside: what the kernel said when it was asked is
 * what the next frame keeps to. */
static void
what_is_shown_was_protected_when_it_was_asked_last(void **unused)
{
	uint32_t shown[DOMAINS] = {0};

	(void)unused;
	seed = 4711;
	for (uint32_t turn = 0; turn < 3000; turn++) {
		happen((uint32_t)(unit_random(&seed) % 14));
		const bool is_asked = unit_random(&seed) % 3 == 0;
		if (is_asked)
			cable_ask(&shell);
		const uint32_t was = state();
		const uint64_t type = fake.now.protection[0].type;
		frame();
		assert_int_equal(leaks, 0);
		for (uint32_t i = 0; i < DOMAINS; i++)
			shown[i] += seen(i) > 0;
		if (is_asked && was != enabled)
			assert_int_equal(seen(TYPE0), 0);
		if (is_asked && (was != enabled || type == 0))
			assert_int_equal(seen(TYPE1), 0);
	}
	for (uint32_t i = 0; i < DOMAINS; i++)
		assert_true(shown[i] > 20);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_asked_for_while_nothing_needs_it),
	    TEST(a_domain_is_shown_when_the_kernel_says_enabled_and_not_before),
	    TEST(it_is_asked_for_also_by_a_frame_that_paints),
	    TEST(a_lost_link_is_a_tile_in_the_next_frame),
	    TEST(a_lost_uevent_is_made_up_for_within_a_second),
	    TEST(a_link_lost_in_mid_frame_is_a_tile_in_the_one_after),
	    TEST(another_type_is_asked_for_when_nothing_secret_is_shown),
	    TEST(what_was_in_force_for_another_need_is_not_believed),
	    TEST(without_the_property_it_is_never_shown),
	    TEST(without_the_type_property_only_type0_is_shown),
	    TEST(what_the_kernel_refuses_is_a_tile_and_the_rest_goes_on),
	    TEST(no_answer_and_an_unknown_state_are_no_protection),
	    TEST(a_monitor_that_comes_back_begins_without_it),
	    TEST(a_mode_set_begins_without_it),
	    TEST(a_screen_that_was_dark_begins_without_it),
	    TEST(the_cursor_of_a_tile_is_ours),
	    TEST(what_is_shown_was_protected_when_it_was_asked_last),
	};

	return cmocka_run_group_tests_name("cable", tests, NULL, NULL);
}
