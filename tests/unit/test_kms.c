/* The KMS back-end on a card in memory that fails when it is told to. */
#include "tests/unit/unit.h"

#include "compositor/kms_drm.h"
#include "tests/unit/fake_drm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { N = TDS_MAX_OUTPUTS };

struct shell {
	struct screen *screen;
	struct core_output slots[N], found[N];
	uint32_t *picture[N];
	uint64_t seed;
};

static struct shell shell;

static int
set_up(void **state)
{
	(void)state;
	fake_reset();
	for (uint32_t i = 0; i < N; i++)
		free(shell.picture[i]);
	shell = (struct shell){.seed = 12345};
	for (uint32_t i = 0; i < N; i++)
		shell.slots[i] = (struct core_output){
		    .index = i, .type = OUTPUT_KMS, .x = -1, .y = -1};
	return 0;
}

static const struct screen_ops *
ops(void)
{
	return shell.screen->ops;
}

static int
probe(uint32_t n)
{
	return ops()->probe(shell.screen, shell.slots, n, shell.found);
}

static void
create(void)
{
	assert_int_equal(kms_create(FAKE_FD, &shell.screen), 0);
}

static void
plug_usual(uint32_t at)
{
	const struct drm_mode_modeinfo modes[] = {
	    fake_mode(1024, 768, 75, false), fake_mode(1920, 1080, 60, true),
	    fake_mode(1920, 1080, 50, false), fake_mode(1280, 720, 60, false)};

	fake_plug(at, modes, 4);
}

static void
name_slot(uint32_t i, const char *name)
{
	memset(shell.slots[i].name, 0, sizeof(shell.slots[i].name));
	memcpy(shell.slots[i].name, name, strlen(name));
}

static void
assert_found(uint32_t i, const char *name, uint32_t width, uint32_t height)
{
	assert_string_equal((const char *)shell.found[i].name, name);
	assert_int_equal(shell.found[i].width, width);
	assert_int_equal(shell.found[i].height, height);
}

/* One frame that changes a few rectangles; what present() says. */
static int
frame(uint32_t i)
{
	const struct core_output *f = &shell.found[i];
	const struct damage *stale = NULL;
	struct damage changed = {0};
	const struct target t = ops()->begin(shell.screen, i, &stale);

	if (!t.pixels)
		return -EAGAIN;
	shell.picture[i] =
	    realloc(shell.picture[i], (size_t)f->width * f->height * 4);
	for (uint32_t k = unit_random(&shell.seed) % 4; k < 4; k++) {
		const uint32_t x =
		    (uint32_t)(unit_random(&shell.seed) % f->width);
		const uint32_t y =
		    (uint32_t)(unit_random(&shell.seed) % f->height);
		const struct rect r = rect_make((int32_t)x, (int32_t)y,
		    min_i32((int32_t)(f->width - x), 90),
		    min_i32((int32_t)(f->height - y), 70));
		const uint32_t colour = (uint32_t)unit_random(&shell.seed);

		damage_add(&changed, r);
		for (int32_t py = r.y0; py < r.y1; py++)
			for (int32_t px = r.x0; px < r.x1; px++)
				shell.picture[i][py * (int32_t)f->width + px] =
				    colour + (uint32_t)(px + py);
	}
	const struct damage *lists[] = {stale, &changed};
	for (int l = 0; l < 2; l++)
		for (uint32_t k = 0; k < lists[l]->n; k++) {
			const struct rect r = lists[l]->r[k];
			assert_true(r.x0 >= 0 && r.y0 >= 0 &&
				    r.x1 <= (int32_t)f->width &&
				    r.y1 <= (int32_t)f->height);
			for (int32_t y = r.y0; y < r.y1; y++)
				memcpy(t.pixels + (size_t)y * t.stride_px +
					   (size_t)r.x0,
				    shell.picture[i] + (size_t)y * f->width +
					(size_t)r.x0,
				    (size_t)(r.x1 - r.x0) * 4);
		}
	return ops()->present(shell.screen, i, &changed);
}

static void
all_flips_done(uint64_t t_ns)
{
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		fake_flip_done(i, t_ns);
}

/* The connector shows exactly the picture of output i, turned. */
static void
assert_shows(uint32_t at, uint32_t i, uint32_t turns)
{
	const struct fake_buffer *b = fake_shown(at);
	const uint32_t w = shell.found[i].width, h = shell.found[i].height;
	uint32_t wrong = 0;

	assert_non_null(b);
	assert_non_null(b->pixels);
	for (uint32_t y = 0; y < h; y++)
		for (uint32_t x = 0; x < w; x++) {
			uint32_t bx = x, by = y;
			if (turns == 1)
				bx = h - 1 - y, by = x;
			if (turns == 2)
				bx = w - 1 - x, by = h - 1 - y;
			if (turns == 3)
				bx = y, by = w - 1 - x;
			wrong += b->pixels[by * b->width + bx] !=
				 shell.picture[i][y * w + x];
		}
	assert_int_equal(wrong, 0);
}

static void
show(uint32_t at, uint32_t i)
{
	assert_int_equal(frame(i), 0);
	assert_shows(at, i, 0);
	all_flips_done(1000);
	ops()->flips(shell.screen);
}

/* -------------------------------------------------------------------- start */

static void
a_driver_without_atomic_mode_setting_is_refused(void **state)
{
	(void)state;
	fake.has_atomic = false;
	assert_int_equal(kms_create(FAKE_FD, &shell.screen), -EOPNOTSUPP);
}

static void
the_first_probe_switches_off_what_was_on_before(void **state)
{
	(void)state;
	plug_usual(0);
	plug_usual(1);
	/* a console on another CRTC than ours will be */
	fake.now.crtcs[2].is_active = true;
	fake.now.crtcs[2].mode_blob = 99;
	fake.now.crtc_of[1] = 52;
	create();
	assert_int_equal(probe(1), 0);
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		assert_false(fake.now.crtcs[i].is_active);
	assert_int_equal(fake.now.crtc_of[1], 0);
	show(0, 0);
	assert_null(fake_shown(1));
}

static void
what_an_older_core_left_is_removed(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	/* it died: its mappings are gone, its buffers are not */
	fake.now = (struct fake_state){0};
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++)
		fake.buffers[i].is_mapped = false;
	memset(fake.has_blob, 0, sizeof(fake.has_blob));
	create();
	assert_int_equal(fake_left_over(), 0);
}

static void
nothing_is_left_after_destroy(void **state)
{
	(void)state;
	fake.has_damage = true;
	for (uint32_t i = 0; i < 3; i++)
		plug_usual(i);
	shell.slots[1].rotation = 1;
	create();
	assert_int_equal(probe(3), 0);
	for (uint32_t k = 0; k < 5; k++) {
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(frame(i), 0);
		all_flips_done(5);
		ops()->flips(shell.screen);
	}
	kms_destroy(shell.screen);
	assert_int_equal(fake_left_over(), 0);
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		assert_false(fake.now.crtcs[i].is_active);
}

/* -------------------------------------------------------------------- modes */

static void
modes_are_the_configured_one_or_the_preferred_one(void **state)
{
	static const struct {
		uint32_t width, height, mhz, rotation, found_w, found_h, about;
	} cases[] = {
	    {0, 0, 0, 0, 1920, 1080, 60},
	    {1024, 768, 0, 0, 1024, 768, 75},
	    {1920, 1080, 50000, 0, 1920, 1080, 50},
	    {1920, 1080, 0, 0, 1920, 1080, 60},
	    {1111, 222, 0, 0, 1920, 1080, 60},
	    {0, 0, 0, 1, 1080, 1920, 60},
	    {720, 1280, 0, 3, 720, 1280, 60},
	    {1280, 720, 0, 2, 1280, 720, 60},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		plug_usual(0);
		create();
		shell.slots[0].width = cases[i].width;
		shell.slots[0].height = cases[i].height;
		shell.slots[0].refresh_mhz = cases[i].mhz;
		shell.slots[0].rotation = cases[i].rotation;
		assert_int_equal(probe(1), 0);
		assert_found(0, "eDP-1", cases[i].found_w, cases[i].found_h);
		assert_in_range(shell.found[0].refresh_mhz,
		    cases[i].about * 1000 - 600, cases[i].about * 1000 + 600);
	}
}

static void
a_mode_that_fails_its_test_gives_way_to_the_next(void **state)
{
	(void)state;
	plug_usual(0);
	fake.bad_test_width = 1920;
	create();
	assert_int_equal(probe(1), 0);
	assert_found(0, "eDP-1", 1024, 768);
	show(0, 0);
	/* and another probe leaves it alone */
	const uint32_t n = fake.n_modesets;
	assert_int_equal(probe(1), 0);
	assert_int_equal(fake.n_modesets, n);
	show(0, 0);
}

static void
a_mode_that_fails_its_commit_gives_way_to_the_next(void **state)
{
	(void)state;
	plug_usual(0);
	fake.bad_width = 1920;
	create();
	assert_int_equal(probe(1), 0);
	assert_found(0, "eDP-1", 1920, 1080);
	assert_int_equal(frame(0), -ENOSPC);
	assert_int_equal(probe(1), 0);
	/* 1920x1080 at 50 Hz is another mode, and fails too */
	while (shell.found[0].width == 1920) {
		assert_int_equal(frame(0), -ENOSPC);
		assert_int_equal(probe(1), 0);
	}
	assert_found(0, "eDP-1", 1024, 768);
	show(0, 0);
}

static void
an_output_of_which_no_mode_works_stays_dark_alone(void **state)
{
	const struct drm_mode_modeinfo bad = fake_mode(2048, 1536, 60, true);

	(void)state;
	plug_usual(0);
	fake_plug(1, &bad, 1);
	plug_usual(2);
	fake.bad_test_width = 2048;
	create();
	assert_int_equal(probe(3), 0);
	assert_int_equal(shell.found[1].width, 0);
	show(0, 0);
	show(2, 2);
	assert_null(ops()->begin(shell.screen, 1, NULL).pixels);
}

static void
another_mode_list_is_tried_from_the_start(void **state)
{
	const struct drm_mode_modeinfo bad = fake_mode(2048, 1536, 60, true);

	(void)state;
	fake_plug(0, &bad, 1);
	fake.bad_test_width = 2048;
	create();
	assert_int_equal(probe(1), 0);
	assert_int_equal(shell.found[0].width, 0);
	plug_usual(0);
	assert_int_equal(probe(1), 0);
	assert_found(0, "eDP-1", 1920, 1080);
	show(0, 0);
}

static void
modes_that_nobody_can_use_are_left_out(void **state)
{
	struct drm_mode_modeinfo modes[] = {fake_mode(1920, 1080, 60, true),
	    fake_mode(9000, 4000, 60, true), fake_mode(320, 200, 60, true),
	    fake_mode(1600, 900, 60, true), fake_mode(800, 600, 60, false)};

	(void)state;
	modes[0].flags = DRM_MODE_FLAG_INTERLACE;
	modes[3].htotal = 0; /* no refresh at all */
	fake_plug(0, modes, 5);
	create();
	assert_int_equal(probe(1), 0);
	assert_found(0, "eDP-1", 800, 600);
}

static void
scale_comes_from_believable_sizes_only(void **state)
{
	static const struct {
		uint32_t width, width_mm, height_mm, scale;
	} cases[] = {{1920, 0, 0, 1}, {1920, 530, 300, 1}, {1920, 250, 140, 2},
	    {1920, 160, 90, 1}, {1920, 16, 9, 1}, {1920, 70000, 9, 1},
	    {3840, 530, 300, 2}, {3840, 600, 340, 1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct drm_mode_modeinfo m = fake_mode(
		    cases[i].width, cases[i].width * 9 / 16, 60, true);
		set_up(state);
		fake_plug(0, &m, 1);
		fake.connectors[0].width_mm = cases[i].width_mm;
		fake.connectors[0].height_mm = cases[i].height_mm;
		create();
		assert_int_equal(probe(1), 0);
		assert_int_equal(shell.found[0].scale, cases[i].scale);
		shell.slots[0].scale = 3;
		assert_int_equal(probe(1), 0);
		assert_int_equal(shell.found[0].scale, 3);
	}
}

static void
nonsense_from_the_kernel_is_bounded(void **state)
{
	(void)state;
	plug_usual(0);
	plug_usual(1);
	fake.connectors[0].type = 12345;
	fake.connectors[0].number = UINT32_MAX;
	fake.connectors[1].n_modes = 100000;
	create();
	assert_int_equal(probe(2), 0);
	assert_found(0, "Unknown-4294967295", 1920, 1080);
	assert_int_equal(shell.found[1].width, 0);
	/* rows that would overlap, rows that end nowhere */
	fake.bad_pitch = 16;
	plug_usual(2);
	assert_int_equal(probe(3), 0);
	assert_int_equal(shell.found[2].width, 0);
}

/* -------------------------------------------------------------------- slots */

static void
named_slots_wait_and_the_others_keep_what_they_have(void **state)
{
	(void)state;
	create();
	name_slot(1, "HDMI-A-2");
	plug_usual(1);
	assert_int_equal(probe(3), 0);
	assert_found(0, "HDMI-A-1", 1920, 1080);
	assert_found(1, "HDMI-A-2", 0, 0);
	/* an earlier connector appears: nobody moves */
	plug_usual(0);
	plug_usual(2);
	assert_int_equal(probe(3), 0);
	assert_found(0, "HDMI-A-1", 1920, 1080);
	assert_found(1, "HDMI-A-2", 1920, 1080);
	assert_found(2, "eDP-1", 1920, 1080);
	fake.connectors[1].is_connected = false;
	assert_int_equal(probe(3), 0);
	assert_found(0, "", 0, 0);
	assert_found(1, "HDMI-A-2", 1920, 1080);
	assert_found(2, "eDP-1", 1920, 1080);
}

static void
a_connector_with_one_crtc_gets_that_one(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		plug_usual(i);
	fake.connectors[1].crtcs = 3;
	fake.connectors[2].crtcs = 1;
	create();
	assert_int_equal(probe(3), 0);
	for (uint32_t i = 0; i < 3; i++)
		show(i, i);
}

static void
a_link_that_broke_is_set_up_anew(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	show(0, 0);
	fake.connectors[0].is_link_bad = true;
	assert_int_equal(probe(1), 0);
	show(0, 0);
	assert_false(fake.connectors[0].is_link_bad);
}

/* ------------------------------------------------------------------- frames */

static void
one_flip_is_pending_at_most(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	assert_int_equal(frame(0), 0);
	assert_int_equal(frame(0), -EAGAIN);
	const struct damage none = {0};
	assert_int_equal(ops()->present(shell.screen, 0, &none), -EBUSY);
	assert_int_equal(ops()->flips(shell.screen), 0);
	fake_flip_done(0, 7000000123);
	assert_int_equal(ops()->flips(shell.screen), 7000000000);
	assert_int_equal(frame(0), 0);
}

/* Random frames, of which some are refused; turned in every way. */
static void
what_is_shown_is_what_was_painted(void **state)
{
	for (uint32_t turns = 0; turns < 4; turns++)
		for (int by_plane = 0; by_plane < 2; by_plane++) {
			set_up(state);
			const struct drm_mode_modeinfo m =
			    fake_mode(640, 480, 60, true);
			fake_plug(0, &m, 1);
			fake.has_rotation = by_plane;
			fake.has_damage = true;
			shell.slots[0].rotation = turns;
			create();
			assert_int_equal(probe(1), 0);
			for (uint32_t k = 0; k < 60; k++) {
				fake.fail_call = k % 7 == 3;
				fake.fail_errno = EBUSY;
				const bool fails = k % 7 == 3;
				const int err = frame(0);
				/* the blob may be what failed */
				assert_true(err == 0 || fails);
				fake.fail_call = 0;
				if (err == 0 && by_plane == 0)
					assert_shows(0, 0, turns);
				else if (err == 0)
					assert_int_equal(
					    fake.now.planes[0].rotation,
					    1u << (4 - turns) % 4);
				all_flips_done(k);
				ops()->flips(shell.screen);
			}
		}
}

static void
lighting_up_waits_for_flips_of_others(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	fake.fail_call = 1;
	fake.fail_errno = EBUSY;
	show(0, 0);
	/* a frame never waits */
	fake.fail_call = 1;
	assert_int_equal(frame(0), -EBUSY);
	show(0, 0);
}

static void
clips_tell_what_was_painted_and_are_freed(void **state)
{
	(void)state;
	plug_usual(0);
	fake.has_damage = true;
	create();
	assert_int_equal(probe(1), 0);
	show(0, 0);
	assert_int_equal(fake.n_last_clips, 0); /* all of it */
	const uint32_t left = fake_left_over();
	show(0, 0);
	assert_true(fake.n_last_clips >= 1);
	assert_int_equal(fake_left_over(), left);
}

static void
events_of_an_older_turn_are_no_news(void **state)
{
	const struct drm_mode_modeinfo m = fake_mode(800, 600, 60, true);

	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	assert_int_equal(frame(0), 0);
	/* the switch-off waits for the flip; its event is still unread */
	fake_plug(0, &m, 1);
	assert_int_equal(probe(1), 0);
	assert_int_equal(frame(0), 0);
	assert_int_equal(ops()->flips(shell.screen), 0);
	assert_int_equal(frame(0), -EAGAIN);
	fake_flip_done(0, 9000);
	assert_int_equal(ops()->flips(shell.screen), 9000);
}

static void
events_that_are_nonsense_are_skipped(void **state)
{
	static const struct drm_event odd[] = {{.type = 77, .length = 8},
	    {.type = 2, .length = 8}, {.type = 2, .length = 0},
	    {.type = 2, .length = 4000}};

	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	assert_int_equal(frame(0), 0);
	memcpy(fake.events, odd, sizeof(odd));
	fake.n_events = sizeof(odd);
	assert_int_equal(ops()->flips(shell.screen), 0);
	fake.n_events = 5;
	assert_int_equal(ops()->flips(shell.screen), 0);
	assert_int_equal(frame(0), -EAGAIN);
}

static void
the_clock_follows_the_fastest_output(void **state)
{
	const struct drm_mode_modeinfo m = fake_mode(1920, 1080, 120, true);

	(void)state;
	plug_usual(0);
	fake_plug(1, &m, 1);
	create();
	assert_int_equal(probe(2), 0);
	assert_int_equal(frame(0), 0);
	assert_int_equal(frame(1), 0);
	fake_flip_done(0, 5000);
	assert_int_equal(ops()->flips(shell.screen), 0);
	fake_flip_done(1, 4000);
	assert_int_equal(ops()->flips(shell.screen), 4000);
}

static void
dark_screens_light_up_with_a_new_frame_only(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	show(0, 0);
	const struct fake_buffer *b = fake_shown(0);
	assert_int_equal(ops()->power(shell.screen, false), 0);
	assert_null(fake_shown(0));
	for (uint32_t i = 0; i < 1920 * 1080; i++)
		assert_int_equal(b->pixels[i], 0);
	assert_null(ops()->begin(shell.screen, 0, NULL).pixels);
	assert_int_equal(ops()->power(shell.screen, true), 0);
	assert_null(fake_shown(0));
	show(0, 0);
	show(0, 0);
}

static void
card_memory_is_not_read_back(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(ops()->dump(shell.screen, 0, 1), -EOPNOTSUPP);
}

/* ------------------------------------------------------------ cursor plane */

static uint32_t image[TDS_CURSOR_DIM * TDS_CURSOR_DIM];
static const struct damage nothing;

/* One output at 1920x1080 of a card with cursor planes, lit. */
static void
light_with_cursor(void)
{
	plug_usual(0);
	fake.has_cursor = true;
	create();
	assert_int_equal(probe(1), 0);
	assert_true(ops()->has_cursor(shell.screen, 0));
	show(0, 0);
	assert_null(fake_cursor(0));
}

/* A new image, all of one colour. */
static void
stage(bool is_visible, int32_t x, int32_t y, uint32_t colour)
{
	for (uint32_t i = 0; i < TDS_CURSOR_DIM * TDS_CURSOR_DIM; i++)
		image[i] = colour;
	ops()->set_cursor(shell.screen, 0,
	    &(struct cursor_plane){
		.is_visible = is_visible, .x = x, .y = y, .image = image});
	memset(image, 0x33, sizeof(image)); /* it is ours again */
}

static void
move(int32_t x, int32_t y)
{
	ops()->set_cursor(shell.screen, 0,
	    &(struct cursor_plane){.is_visible = true, .x = x, .y = y});
}

/* present() with nothing painted, and its flip. */
static void
present_cursor(void)
{
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), 0);
	assert_true(fake.now.crtcs[0].is_pending);
	fake_flip_done(0, 5000);
	assert_int_equal(ops()->flips(shell.screen), 5000);
}

static void
assert_cursor(int32_t x, int32_t y, uint32_t colour)
{
	const struct fake_plane *p = fake_cursor(0);
	const struct fake_buffer *b = fake_cursor_image(0);

	assert_non_null(p);
	assert_int_equal(p->crtc_x, x);
	assert_int_equal(p->crtc_y, y);
	for (uint32_t i = 0; i < TDS_CURSOR_DIM * TDS_CURSOR_DIM; i++)
		assert_int_equal(b->pixels[i], colour);
}

static void
a_cursor_moves_without_a_frame(void **state)
{
	static const int32_t at[][2] = {{0, 0}, {100, 200}, {-63, -63},
	    {1919, 1079}, {-1, 500}, {1900, -20}};

	(void)state;
	light_with_cursor();
	const struct fake_buffer *primary = fake_shown(0);
	stage(true, 7, 8, 0x80402010);
	present_cursor();
	assert_cursor(7, 8, 0x80402010);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		move(at[i][0], at[i][1]);
		present_cursor();
		assert_cursor(at[i][0], at[i][1], 0x80402010);
		assert_ptr_equal(fake_shown(0), primary);
	}
	assert_shows(0, 0, 0);
	show(0, 0); /* the other buffer lacks nothing */
	assert_ptr_not_equal(fake_shown(0), primary);
	assert_cursor(1900, -20, 0x80402010);
}

static void
a_cursor_outside_or_hidden_is_off(void **state)
{
	static const int32_t out[][2] = {{-64, 0}, {0, -64}, {1920, 0},
	    {0, 1080}, {INT32_MIN, INT32_MIN}, {INT32_MAX, INT32_MAX}};

	(void)state;
	light_with_cursor();
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		stage(true, 5, 5, 0xff000001 + (uint32_t)i);
		present_cursor();
		assert_cursor(5, 5, 0xff000001 + (uint32_t)i);
		move(out[i][0], out[i][1]);
		present_cursor();
		assert_null(fake_cursor(0));
	}
	move(6, 6);
	present_cursor();
	assert_cursor(6, 6, 0xff000006);
	stage(false, 6, 6, 0xff123456);
	present_cursor();
	assert_null(fake_cursor(0));
	/* off stays off, and is no error */
	present_cursor();
	assert_null(fake_cursor(0));
	move(6, 6);
	present_cursor();
	assert_cursor(6, 6, 0xff123456);
}

static void
an_image_that_is_shown_is_not_written(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 0, 0, 1);
	present_cursor();
	const struct fake_buffer *first = fake_cursor_image(0);
	stage(true, 0, 0, 2);
	assert_cursor(0, 0, 1); /* staged only */
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), 0);
	const struct fake_buffer *second = fake_cursor_image(0);
	assert_ptr_not_equal(first, second);
	/* until that flip is done the card may read either */
	stage(true, 0, 0, 3);
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), -EBUSY);
	assert_int_equal(first->pixels[9], 1);
	assert_int_equal(second->pixels[9], 2);
	fake_flip_done(0, 1);
	ops()->flips(shell.screen);
	present_cursor();
	assert_cursor(0, 0, 3);
	assert_ptr_equal(fake_cursor_image(0), first);
	/* moves change no buffer */
	move(3, 3);
	present_cursor();
	assert_ptr_equal(fake_cursor_image(0), first);
}

static void
a_cursor_comes_with_a_frame_as_well(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 40, 50, 0xff00ff00);
	show(0, 0);
	assert_cursor(40, 50, 0xff00ff00);
	stage(false, 0, 0, 0);
	show(0, 0);
	assert_null(fake_cursor(0));
}

static void
a_busy_card_gets_the_cursor_with_the_next_commit(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 1, 2, 0xff0000ff);
	fake.fail_call = 1;
	fake.fail_errno = EBUSY;
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), -EBUSY);
	assert_null(fake_cursor(0));
	assert_true(ops()->has_cursor(shell.screen, 0));
	show(0, 0);
	assert_cursor(1, 2, 0xff0000ff);
}

static void
no_cursor_where_there_is_no_plane_or_its_test_fails(void **state)
{
	for (int k = 0; k < 3; k++) {
		set_up(state);
		plug_usual(0);
		fake.has_cursor = k > 0;
		fake.is_cursor_bad = k == 1;
		fake.has_rotation = k == 2;
		shell.slots[0].rotation = k == 2 ? 1 : 0;
		create();
		assert_int_equal(probe(1), 0);
		assert_int_equal(shell.found[0].width, k == 2 ? 1080 : 1920);
		assert_false(ops()->has_cursor(shell.screen, 0));
		stage(true, 5, 5, 0xffffffff);
		assert_int_equal(frame(0), 0);
		assert_null(fake_cursor(0));
		fake_flip_done(0, 1000);
		ops()->flips(shell.screen);
		present_cursor(); /* nothing to do, and so it does */
		assert_null(fake_cursor(0));
		kms_destroy(shell.screen);
		assert_int_equal(fake_left_over(), 0);
	}
}

static void
a_cursor_that_fails_costs_the_plane_and_not_the_mode(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 5, 5, 0xffffffff);
	present_cursor();
	fake.is_cursor_broken = true;
	move(6, 6);
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), -EINVAL);
	assert_false(ops()->has_cursor(shell.screen, 0));
	assert_null(fake_cursor(0));
	assert_int_equal(probe(1), 0);
	assert_found(0, "eDP-1", 1920, 1080);
	show(0, 0);
	assert_null(fake_cursor(0));
}

static void
dark_screens_have_no_cursor_and_get_it_back(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 5, 6, 0xffabcdef);
	present_cursor();
	const struct fake_buffer *b = fake_cursor_image(0);
	assert_int_equal(ops()->power(shell.screen, false), 0);
	for (uint32_t i = FAKE_CRTCS; i < FAKE_PLANES; i++)
		assert_int_equal(fake.now.planes[i].fb, 0);
	for (uint32_t i = 0; i < TDS_CURSOR_DIM * TDS_CURSOR_DIM; i++)
		assert_int_equal(b->pixels[i], 0);
	assert_int_equal(ops()->power(shell.screen, true), 0);
	/* nothing painted: still it is the first frame, with all of it */
	assert_int_equal(ops()->present(shell.screen, 0, &nothing), 0);
	assert_cursor(5, 6, 0xffabcdef);
	assert_non_null(fake_shown(0));
}

static void
cursors_go_with_their_output_and_only_with_it(void **state)
{
	const struct drm_mode_modeinfo m = fake_mode(800, 600, 60, true);

	(void)state;
	light_with_cursor();
	plug_usual(1);
	assert_int_equal(probe(2), 0);
	show(1, 1);
	stage(true, 5, 6, 0xffabcdef);
	present_cursor();
	/* another output goes: this one keeps its cursor */
	fake.connectors[1].is_connected = false;
	assert_int_equal(probe(2), 0);
	assert_cursor(5, 6, 0xffabcdef);
	/* another mode: none until it is set again, then the same image */
	fake_plug(0, &m, 1);
	assert_int_equal(probe(2), 0);
	assert_int_equal(fake.now.planes[FAKE_CRTCS].fb, 0);
	assert_int_equal(frame(0), 0);
	assert_null(fake_cursor(0));
	fake_flip_done(0, 5000);
	ops()->flips(shell.screen);
	move(9, 9);
	present_cursor();
	assert_cursor(9, 9, 0xffabcdef);
	fake.connectors[0].is_connected = false;
	assert_int_equal(probe(2), 0);
	assert_false(ops()->has_cursor(shell.screen, 0));
	assert_int_equal(fake.now.planes[FAKE_CRTCS].fb, 0);
	assert_int_equal(fake_left_over(), 0);
}

static void
a_cursor_of_an_earlier_master_is_switched_off(void **state)
{
	(void)state;
	light_with_cursor();
	stage(true, 5, 6, 0xffabcdef);
	present_cursor();
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++)
		fake.buffers[i].is_mapped = false; /* it died */
	create();
	assert_int_equal(fake.now.planes[FAKE_CRTCS].fb, 0);
	assert_int_equal(probe(1), 0);
	show(0, 0);
	assert_null(fake_cursor(0));
}

/* ----------------------------------------------------------------- failures */

static void
a_lost_card_is_an_error_of_every_operation(void **state)
{
	(void)state;
	plug_usual(0);
	create();
	assert_int_equal(probe(1), 0);
	show(0, 0);
	fake.is_gone = true;
	assert_int_equal(frame(0), -ENODEV);
	assert_int_equal(probe(1), -ENODEV);
	assert_int_equal(ops()->power(shell.screen, false), -ENODEV);
	kms_destroy(shell.screen);
}

/* A session with a hotplug in it; errors are passed over as main.c does. */
static void
session(void)
{
	if (kms_create(FAKE_FD, &shell.screen) < 0)
		return;
	plug_usual(0);
	(void)probe(2);
	for (uint32_t k = 0; k < 8; k++) {
		if (k == 4)
			plug_usual(1);
		if (k == 6)
			fake.connectors[0].is_connected = false;
		stage(k != 5, (int32_t)k * 300 - 10, 20, k);
		for (uint32_t i = 0; i < 2; i++)
			if (shell.found[i].width > 0 && frame(i) != 0)
				(void)probe(2);
		all_flips_done(k);
		ops()->flips(shell.screen);
		move((int32_t)k, 30);
		if (ops()->present(shell.screen, 0, &nothing) != 0)
			(void)probe(2);
		all_flips_done(k);
		ops()->flips(shell.screen);
		(void)probe(2);
	}
	(void)!ops()->power(shell.screen, false);
}

/* Whichever call fails, nothing breaks, and in the end the picture is right. */
static void
any_call_may_fail_once(void **state)
{
	static const int errors[] = {EINVAL, ENOMEM, EBUSY, ENOENT, ENODEV};

	for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++)
		for (uint32_t n = 1;; n += 1 + n / 40) {
			set_up(state);
			fake.has_damage = fake.has_cursor = true;
			fake.fail_call = n;
			fake.fail_errno = errors[e];
			session();
			const bool was_reached = fake.fail_call == 0;
			fake.fail_call = 0;
			plug_usual(1);
			fake.connectors[0].is_connected = false;
			create();
			assert_int_equal(probe(1), 0);
			assert_found(0, "HDMI-A-1", 1920, 1080);
			show(1, 0);
			assert_true(ops()->has_cursor(shell.screen, 0));
			stage(true, 1, 1, 0xff0000ff);
			show(1, 0);
			assert_non_null(fake_cursor(1));
			kms_destroy(shell.screen);
			assert_null(fake_cursor(1));
			if (!was_reached)
				break;
		}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_driver_without_atomic_mode_setting_is_refused),
	    TEST(the_first_probe_switches_off_what_was_on_before),
	    TEST(what_an_older_core_left_is_removed),
	    TEST(nothing_is_left_after_destroy),
	    TEST(modes_are_the_configured_one_or_the_preferred_one),
	    TEST(a_mode_that_fails_its_test_gives_way_to_the_next),
	    TEST(a_mode_that_fails_its_commit_gives_way_to_the_next),
	    TEST(an_output_of_which_no_mode_works_stays_dark_alone),
	    TEST(another_mode_list_is_tried_from_the_start),
	    TEST(modes_that_nobody_can_use_are_left_out),
	    TEST(scale_comes_from_believable_sizes_only),
	    TEST(nonsense_from_the_kernel_is_bounded),
	    TEST(named_slots_wait_and_the_others_keep_what_they_have),
	    TEST(a_connector_with_one_crtc_gets_that_one),
	    TEST(a_link_that_broke_is_set_up_anew),
	    TEST(one_flip_is_pending_at_most),
	    TEST(what_is_shown_is_what_was_painted),
	    TEST(lighting_up_waits_for_flips_of_others),
	    TEST(clips_tell_what_was_painted_and_are_freed),
	    TEST(events_of_an_older_turn_are_no_news),
	    TEST(events_that_are_nonsense_are_skipped),
	    TEST(the_clock_follows_the_fastest_output),
	    TEST(dark_screens_light_up_with_a_new_frame_only),
	    TEST(card_memory_is_not_read_back),
	    TEST(a_cursor_moves_without_a_frame),
	    TEST(a_cursor_outside_or_hidden_is_off),
	    TEST(an_image_that_is_shown_is_not_written),
	    TEST(a_cursor_comes_with_a_frame_as_well),
	    TEST(a_busy_card_gets_the_cursor_with_the_next_commit),
	    TEST(no_cursor_where_there_is_no_plane_or_its_test_fails),
	    TEST(a_cursor_that_fails_costs_the_plane_and_not_the_mode),
	    TEST(dark_screens_have_no_cursor_and_get_it_back),
	    TEST(cursors_go_with_their_output_and_only_with_it),
	    TEST(a_cursor_of_an_earlier_master_is_switched_off),
	    TEST(a_lost_card_is_an_error_of_every_operation),
	    TEST(any_call_may_fail_once),
	};

	return cmocka_run_group_tests_name("kms", tests, NULL, NULL);
}
