/*
 * A sealed output beside a card's, through the shell: core, shell, KMS and the
 * sealed screen are the real ones, the card is in memory, and tds-hdcp is this
 * test's end of a real channel.
 */
#include "tests/unit/unit.h"

#include "compositor/kms_drm.h"
#include "tds/base/channel.h"
#include "tests/unit/fake_drm.h"
#include "tests/unit/shell_alone.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* The sealed slot comes first: it must not take the first connector. */
enum { WALL, CARD, OUTPUTS };
/* OPEN and TYPE0 are on the wall, ELSE is on the card. */
enum { OPEN, TYPE0, ELSE, DOMAINS };
enum { WIDTH = 1000, HEIGHT = 700, SIDE = 320, BYTES = WIDTH * HEIGHT * 4 };

static int hdcp;
static const uint32_t *at_hdcp;
static uint32_t *pixels[DOMAINS]; /* of each pool */

static uint32_t
colour(uint32_t domain)
{
	return 0xa10000 + domain;
}

/* ---------------------------------------------------------------- tds-hdcp */

static void
plug(void)
{
	const int memory =
	    memfd_create("wall", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int pair[2];

	assert_int_equal(ftruncate(memory, BYTES), 0);
	assert_int_equal(
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	at_hdcp = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, memory, 0);
	assert_true(at_hdcp != MAP_FAILED);
	assert_int_equal(channel_pair(pair), 0);
	hdcp = pair[1];
	assert_int_equal(seal_open(&shell, WALL, pair[0], memory), 0);
}

static void
say(int len, const uint8_t *bytes)
{
	assert_int_equal(
	    channel_send(hdcp, bytes, (uint32_t)len, NULL, 0), 0);
}

static void
give_back(void)
{
	const struct sealed_free give = {0};
	uint8_t bytes[16];

	say(encode_sealed_free(&give, bytes, sizeof(bytes)), bytes);
	assert_true(seal_dispatch(&shell));
}

static void
say_sink(uint32_t is_on)
{
	const struct sealed_state state = {is_on};
	uint8_t bytes[16];

	say(encode_sealed_state(&state, bytes, sizeof(bytes)), bytes);
	assert_true(seal_dispatch(&shell));
}

/* Pixels of the frame that came; 0: none did. */
static uint64_t
came(void)
{
	uint64_t area = 0;
	uint32_t is_last = 0, op;
	uint8_t bytes[64];
	struct received r;
	struct sealed_part part;
	struct rd rd;

	while (channel_receive(hdcp, bytes, sizeof(bytes), &r) == 0) {
		assert_int_equal(is_last, 0); /* one frame at a time */
		assert_int_equal(
		    control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
		assert_int_equal(decode_sealed_part(&rd, &part), 0);
		area += (uint64_t)rect_area(part.area);
		is_last = part.is_last;
	}
	assert_int_equal(is_last, area > 0);
	return area;
}

static uint32_t
count(uint32_t xrgb)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
		n += (at_hdcp[i] & 0xffffff) == xrgb;
	return n;
}

/* ----------------------------------------------------------------- driving */

static void
frame(void)
{
	assert_true(frame_paint(&shell) >= 0);
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		fake_flip_done(i, alone_ns);
	shell.screen->ops->flips(shell.screen);
}

/* Frames until there is nothing new, each given back at once. */
static void
settle(void)
{
	for (int i = 0; i < 6; i++) {
		frame();
		if (came() > 0)
			give_back();
	}
	assert_false(frame_has_news(&shell));
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
press(uint16_t code)
{
	for (int32_t value = 1; value >= 0; value--)
		step((struct event){.kind = EVENT_INPUT,
		    .input = {.type = EV_KEY, .code = code, .value = value}});
}

static void
add_domain(uint32_t i)
{
	const struct core_domain d = {.index = i,
	    .level = LEVEL_SECRET,
	    .colour = 0xc8102e,
	    .scanouts = 1,
	    .outputs = i == ELSE ? 1 << CARD : 1 << WALL,
	    .width = SIDE,
	    .height = SIDE,
	    .x = 20 + 400 * (int32_t)i,
	    .y = 60,
	    .protection = i == TYPE0 ? PROTECTION_TYPE0 : PROTECTION_NONE,
	    .name = {(uint8_t)('a' + i)},
	    .label = "L"};
	const uint64_t bytes = SIDE * SIDE * 4;

	assert_int_equal(core_add_domain(&shell.core, &d), 0);
	pixels[i] = malloc(bytes);
	for (uint32_t k = 0; k < SIDE * SIDE; k++)
		pixels[i][k] = 0xff000000 | colour(i);
	shell.pools[i] = (struct pool){(const uint8_t *)pixels[i], bytes};
}

static int
set_up(void **state)
{
	const struct core_setup s = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = TDS_NONE};
	const struct core_output wall = {.index = WALL,
	    .type = OUTPUT_SEALED,
	    .width = WIDTH,
	    .height = HEIGHT,
	    .scale = 1,
	    .refresh_mhz = 60000,
	    .x = -1,
	    .y = -1,
	    .name = "wall"};
	const struct core_output card = {
	    .index = CARD, .type = OUTPUT_KMS, .x = -1, .y = -1};
	const struct drm_mode_modeinfo m = fake_mode(WIDTH, HEIGHT, 60, true);

	(void)state;
	fake_reset();
	fake.has_cursor = true;
	alone_reset(1000000);
	assert_int_equal(core_add_setup(&shell.core, &s), 0);
	assert_int_equal(core_add_output(&shell.core, &wall), 0);
	assert_int_equal(core_add_output(&shell.core, &card), 0);
	for (uint32_t i = 0; i < DOMAINS; i++)
		add_domain(i);
	fake_plug(0, &m, 1);
	assert_int_equal(kms_create(FAKE_FD, &shell.screen), 0);
	sealed_init(&shell.sealed, shell.screen, &shell.core);
	shell.screen = &shell.sealed.base;
	clock_init(&shell.clock, 60000, 1);
	assert_int_equal(frame_probe(&shell), 0);
	assert_int_equal(core_start(&shell.core), 0);
	for (uint32_t i = 0; i < DOMAINS; i++) {
		step((struct event){.kind = EVENT_LINK, .domain = i});
		step((struct event){
		    .kind = EVENT_VM, .domain = i, .is_up = true});
		draw(i);
	}
	plug();
	return 0;
}

static int
clean_up(void **state)
{
	(void)state;
	close(hdcp);
	munmap((void *)(uintptr_t)at_hdcp, BYTES);
	close(shell.sealed.outputs[WALL].channel);
	munmap(shell.sealed.outputs[WALL].pixels, BYTES);
	kms_destroy(shell.sealed.beneath);
	for (uint32_t i = 0; i < DOMAINS; i++)
		free(pixels[i]);
	return 0;
}

/* ------------------------------------------------------------------- tests */

static void
a_sealed_slot_takes_no_connector(void **state)
{
	const struct drm_mode_modeinfo m = fake_mode(1280, 720, 60, true);

	(void)state;
	settle();
	assert_non_null(fake_shown(0));
	assert_int_equal(shell.core.scene.outputs[CARD].config.width, WIDTH);
	assert_int_equal(shell.core.scene.outputs[WALL].config.width, WIDTH);
	fake_plug(1, &m, 1);
	assert_int_equal(frame_probe(&shell), 0);
	settle();
	assert_null(fake_shown(1));
	assert_true(count(colour(OPEN)) > 0);
	assert_int_equal(count(colour(ELSE)), 0);
}

static void
what_waits_for_tds_hdcp_is_no_news(void **state)
{
	(void)state;
	settle();
	draw(OPEN);
	frame();
	assert_int_equal(came(), SIDE * SIDE);
	draw(OPEN);
	assert_false(frame_has_news(&shell));
	draw(ELSE); /* the card is another matter */
	assert_true(frame_has_news(&shell));
	frame();
	assert_false(frame_has_news(&shell));
	assert_int_equal(came(), 0);
	give_back();
	assert_true(frame_has_news(&shell));
	frame();
	assert_int_equal(came(), SIDE * SIDE);
}

static void
darkness_goes_out_once_and_light_brings_everything(void **state)
{
	(void)state;
	settle();
	step((struct event){.kind = EVENT_DARK});
	frame();
	assert_null(fake_shown(0));
	assert_int_equal(came(), WIDTH * HEIGHT);
	assert_int_equal(count(0), WIDTH * HEIGHT);
	give_back();
	draw(OPEN); /* nobody sees it */
	frame();
	assert_int_equal(came(), 0);
	press(KEY_A); /* which changes nothing but darkness */
	assert_true(frame_has_news(&shell));
	frame();
	assert_int_equal(came(), WIDTH * HEIGHT);
	assert_true(count(colour(OPEN)) > 0);
	assert_non_null(fake_shown(0));
}

static void
darkness_does_not_write_to_what_is_encrypted(void **state)
{
	(void)state;
	settle();
	draw(OPEN);
	frame();
	assert_true(came() > 0);
	const uint32_t was = count(colour(OPEN));
	step((struct event){.kind = EVENT_DARK});
	frame();
	assert_int_equal(came(), 0);
	assert_int_equal(count(colour(OPEN)), was);
	give_back(); /* also while nothing wakes up for a frame */
	assert_int_equal(came(), WIDTH * HEIGHT);
	assert_int_equal(count(0), WIDTH * HEIGHT);
	give_back();
	say_sink(1); /* somebody new sees black as well */
	assert_int_equal(came(), WIDTH * HEIGHT);
	assert_int_equal(count(0), WIDTH * HEIGHT);
}

static void
the_panel_leaves_no_guest_on_it(void **state)
{
	(void)state;
	settle();
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_KEY, .code = KEY_LEFTCTRL, .value = 1}});
	step((struct event){.kind = EVENT_INPUT,
	    .input = {.type = EV_KEY, .code = KEY_LEFTALT, .value = 1}});
	press(KEY_DELETE);
	frame();
	assert_int_equal(came(), WIDTH * HEIGHT);
	assert_int_equal(count(colour(OPEN)), 0);
	give_back();
	press(KEY_ESC);
	settle();
	assert_true(count(colour(OPEN)) > 0);
}

static void
a_domain_that_needs_a_protected_cable_is_a_tile_there(void **state)
{
	(void)state;
	say_sink(1);
	settle();
	assert_true(count(colour(OPEN)) > 0);
	assert_int_equal(count(colour(TYPE0)), 0);
	/* and nobody is woken to ask whether that changed */
	assert_int_equal(cable_at(&shell), 0);
	cable_ask(&shell);
	settle();
	assert_int_equal(count(colour(TYPE0)), 0);
}

static void
sinks_that_come_and_go_are_known_to_the_core(void **state)
{
	const struct output *wall = &shell.core.scene.outputs[WALL];

	(void)state;
	settle();
	assert_false(wall->has_sink);
	say_sink(1);
	assert_true(wall->has_sink);
	frame();
	assert_int_equal(came(), WIDTH * HEIGHT);
	give_back();
	say_sink(0);
	assert_false(wall->has_sink);
	settle();
	say_sink(1);
	close(hdcp);
	assert_true(seal_dispatch(&shell));
	assert_false(wall->has_sink);
	assert_false(seal_dispatch(&shell));
	munmap((void *)(uintptr_t)at_hdcp, BYTES);
	plug();
	settle();
	assert_true(count(colour(OPEN)) > 0);
}

/* A carrier that takes a frame at once, after some frames, or none at all. */
enum manner { AT_ONCE, LATE, NEVER, FLOODING, MANNERS };

static void
carry(enum manner manner, uint32_t round, bool *is_held)
{
	*is_held |= came() > 0;
	if (manner == FLOODING)
		for (uint32_t i = 0; i < 2 * SEALED_RECORDS; i++) {
			const struct sealed_state state = {i % 2};
			uint8_t bytes[16];
			const int len = encode_sealed_state(
			    &state, bytes, sizeof(bytes));

			if (channel_send(hdcp, bytes, (uint32_t)len, NULL,
				0) < 0)
				break; /* the core takes so many a frame */
		}
	if (!*is_held || manner == NEVER || (manner == LATE && round % 7 != 0))
		return;
	const struct sealed_free give = {manner == FLOODING};
	uint8_t bytes[16];
	const int len = encode_sealed_free(&give, bytes, sizeof(bytes));
	*is_held = channel_send(hdcp, bytes, (uint32_t)len, NULL, 0) < 0;
}

/* A frame that is painted whole takes some milliseconds. */
static void
work(void)
{
	alone_ns += 1000000;
}

/* When each of n ticks is due while guests draw on both outputs. */
static void
ticks_of(enum manner manner, uint64_t *due_ns, uint32_t n)
{
	const uint64_t one = 1, period_ns = 1000000000u / 60;
	uint64_t flip_ns = UINT64_MAX; /* of the card, at a vblank */
	bool is_held = false;

	shell.timer_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	shell.is_idle = false;
	alone_in_mid_frame = work;
	shell.tick_ns = clock_next_tick(&shell.clock, alone_ns);
	for (uint32_t i = 0; i < n; i++) {
		draw(OPEN);
		draw(ELSE);
		due_ns[i] = alone_ns = shell.tick_ns;
		for (uint32_t k = 0; k < FAKE_CRTCS && flip_ns <= alone_ns; k++)
			fake_flip_done(k, flip_ns);
		shell.phase = PHASE_TICK;
		do {
			assert_int_equal(write(shell.timer_fd, &one, 8), 8);
			assert_int_equal(frame_timer(&shell), 0);
		} while (shell.phase == PHASE_PAINT);
		flip_ns = (alone_ns / period_ns + 1) * period_ns;
		carry(manner, i, &is_held);
	}
	assert_true(shell.clock.is_locked); /* on the card's vblanks */
	close(shell.timer_fd);
	shell.timer_fd = -1;
}

static void
no_tick_tells_how_the_carrier_is(void **state)
{
	static uint64_t due_ns[MANNERS][200];

	for (uint32_t m = 0; m < MANNERS; m++) {
		ticks_of((enum manner)m, due_ns[m], 200);
		assert_true(due_ns[m][199] > due_ns[m][0]);
		assert_memory_equal(due_ns[m], due_ns[0], sizeof(due_ns[0]));
		clean_up(state);
		set_up(state);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_sealed_slot_takes_no_connector),
	    TEST(what_waits_for_tds_hdcp_is_no_news),
	    TEST(darkness_goes_out_once_and_light_brings_everything),
	    TEST(darkness_does_not_write_to_what_is_encrypted),
	    TEST(the_panel_leaves_no_guest_on_it),
	    TEST(a_domain_that_needs_a_protected_cable_is_a_tile_there),
	    TEST(sinks_that_come_and_go_are_known_to_the_core),
	    TEST(no_tick_tells_how_the_carrier_is),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
