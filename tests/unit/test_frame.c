/* The shell's frames on a card in memory: where the pointer's plane is on. */
#include "tests/unit/unit.h"

#include "compositor/kms_drm.h"
#include "tests/unit/fake_drm.h"
#include "tests/unit/shell_alone.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WIDTH = 640, HEIGHT = 480, OUTPUTS = 2 };

/* Two screens side by side, with cursor planes, lit. */
static int
set_up(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = TDS_NONE};
	const struct drm_mode_modeinfo m = fake_mode(WIDTH, HEIGHT, 60, true);

	(void)state;
	fake_reset();
	fake.has_cursor = true;
	alone_reset(1000000);
	assert_int_equal(core_add_setup(&shell.core, &s), 0);
	for (uint32_t i = 0; i < OUTPUTS; i++) {
		const struct core_output slot = {
		    .index = i, .type = OUTPUT_KMS, .x = -1, .y = -1};
		assert_int_equal(core_add_output(&shell.core, &slot), 0);
		fake_plug(i, &m, 1);
	}
	assert_int_equal(core_start(&shell.core), 0);
	clock_init(&shell.clock, 60000, 1);
	assert_int_equal(kms_create(FAKE_FD, &shell.screen), 0);
	assert_int_equal(frame_probe(&shell), 0);
	return 0;
}

static int
clean_up(void **state)
{
	(void)state;
	kms_destroy(shell.screen);
	return 0;
}

/* Frames until nothing is new. */
static void
settle(void)
{
	for (int k = 0; k < 6; k++) {
		assert_true(frame_paint(&shell) >= 0);
		for (uint32_t i = 0; i < FAKE_CRTCS; i++)
			fake_flip_done(i, 1000 + (uint64_t)k);
		shell.screen->ops->flips(shell.screen);
	}
	assert_false(frame_has_news(&shell));
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
assert_cursor_only_on(uint32_t output, int32_t x, int32_t y)
{
	const struct fake_plane *p = fake_cursor(output);

	assert_non_null(p);
	assert_int_equal(p->crtc_x, x);
	assert_int_equal(p->crtc_y, y);
	assert_null(fake_cursor(output ^ 1));
}

static void
a_pointer_that_crosses_takes_its_cursor_along(void **state)
{
	(void)state;
	point_at(100, 100);
	settle();
	assert_cursor_only_on(0, 100, 100);
	point_at(WIDTH + 50, 60);
	settle();
	assert_cursor_only_on(1, 50, 60);
	point_at(20, 30);
	settle();
	assert_cursor_only_on(0, 20, 30);
	/* at once with another look at what is connected */
	point_at(WIDTH + 70, 80);
	assert_int_equal(frame_probe(&shell), 0);
	settle();
	assert_cursor_only_on(1, 70, 80);
}

static void
a_pointer_that_moves_costs_no_pixel(void **state)
{
	(void)state;
	point_at(100, 100);
	settle();
	const struct fake_buffer *b = fake_shown(0);
	point_at(110, 120);
	assert_false(core_is_dirty(&shell.core));
	assert_true(frame_has_news(&shell));
	settle();
	assert_cursor_only_on(0, 110, 120);
	assert_ptr_equal(fake_shown(0), b);
}

/* As if the timer had gone off: a tick, and its time to paint. */
static void
tick(void)
{
	const uint64_t one = 1;

	shell.phase = PHASE_TICK;
	do {
		assert_int_equal(
		    write(shell.timer_fd, &one, sizeof(one)), sizeof(one));
		assert_int_equal(frame_timer(&shell), 0);
	} while (shell.phase == PHASE_PAINT);
}

static void
a_slow_flip_holds_a_frame_up_and_does_not_lose_it(void **state)
{
	(void)state;
	settle();
	shell.timer_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	shell.is_idle = false;
	shell.quiet_frames = 0;
	scene_damage_all(&shell.core.scene);
	tick(); /* shown, and the card takes its time */
	scene_damage_all(&shell.core.scene);
	for (int i = 0; i < 20; i++)
		tick();
	assert_false(shell.is_idle);
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		fake_flip_done(i, 2000);
	tick();
	assert_false(core_is_dirty(&shell.core));
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		fake_flip_done(i, 3000);
	for (int i = 0; i < 20 && !shell.is_idle; i++)
		tick();
	assert_true(shell.is_idle);
	close(shell.timer_fd);
	shell.timer_fd = -1;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_pointer_that_crosses_takes_its_cursor_along),
	    TEST(a_pointer_that_moves_costs_no_pixel),
	    TEST(a_slow_flip_holds_a_frame_up_and_does_not_lose_it),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
