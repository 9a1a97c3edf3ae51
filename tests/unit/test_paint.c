/*
 * Paint against a naive oracle that asks for every pixel what is on top there.
 * The unused byte of a pixel tells where it came from: guests' pixels carry
 * GUEST + domain, trusted ones 0, and the target is poisoned with POISON.
 */
#include "compositor/cursor.h"
#include "compositor/paint_parts.h"
#include "compositor/theme.h"
#include "tests/scenes/scene.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t poison = 0xee00ff00;
enum { GUEST = 0x70, WIDTH = 900, HEIGHT = 640, POOL = 4 << 20 };
enum { CURSOR_AT = 3 << 20 };

static uint32_t
random_below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

static size_t
target_pixels(const struct demo *d, uint32_t output)
{
	const struct core_output *o = &d->core.scene.outputs[output].config;

	return (size_t)o->width * o->height;
}

static void
target_poison(struct demo *d, uint32_t output)
{
	for (size_t i = 0; i < target_pixels(d, output); i++)
		d->target[output].pixels[i] = poison;
}

/* ---------------------------------------------------------------- oracle */

static uint32_t
pool_pixel(const struct demo *d, uint32_t domain, uint64_t at)
{
	uint32_t pixel;

	memcpy(&pixel, d->memory[domain] + at, 4);
	return pixel;
}

/* The guest's pointer over its own pixel, as virtio-gpu means it. */
static uint32_t
with_cursor(const struct demo *d, uint32_t domain, uint32_t pixel, int32_t x,
    int32_t y)
{
	const struct cursor *c = &d->core.domains[domain].cursor;
	const int32_t i = x - d->core.pointer_x + (int32_t)c->hot_x;
	const int32_t j = y - d->core.pointer_y + (int32_t)c->hot_y;
	uint32_t out = 0;

	if (i < 0 || j < 0 || i >= TDS_CURSOR_DIM || j >= TDS_CURSOR_DIM)
		return pixel;
	const uint32_t image = pool_pixel(d, domain,
	    c->offset_bytes + 4 * (64 * (uint32_t)j + (uint32_t)i));
	for (uint32_t shift = 0; shift < 24; shift += 8) {
		const uint32_t under = pixel >> shift & 255;
		const uint32_t value = (image >> shift & 255) +
		    (under * (255 - (image >> 24)) + 127) / 255;

		out |= (value > 255 ? 255 : value) << shift;
	}
	return out;
}

/* True and *out if a guest's pixel is on top at (x, y). */
static bool
oracle_guest(const struct demo *d, uint32_t output, int32_t x, int32_t y,
    uint32_t *out)
{
	const struct core *core = &d->core;
	const struct output *o = &core->scene.outputs[output];

	if (core->panel.is_open || rect_has(o->trust_bar, x, y))
		return false;
	for (uint32_t i = core->scene.n_windows; i-- > 0;) {
		const uint32_t at = core->scene.stack[i];
		const struct window *w = &core->scene.windows[at];
		int32_t x0, y0;

		if (w->output != output || w->is_hidden ||
		    !rect_has(window_frame(w, o->config.scale), x, y))
			continue;
		if (!d->memory[w->domain] ||
		    !rect_has(window_picture(w), x, y))
			return false;
		window_origin(w, &x0, &y0);
		*out = pool_pixel(d, w->domain,
		    w->buffer.offset_bytes +
			(uint64_t)(y - y0) * w->buffer.stride_bytes +
			4 * (uint64_t)(x - x0));
		if (output == core->pointer_output &&
		    cursor_window(core) == at)
			*out = with_cursor(d, w->domain, *out, x, y);
		return true;
	}
	return false;
}

static bool
is_in_arrow(const struct demo *d, uint32_t output, int32_t x, int32_t y)
{
	const struct core *core = &d->core;
	const int32_t s =
	    (int32_t)core->scene.outputs[output].config.scale;

	return output == core->pointer_output && cursor_is_ours(core) &&
	    rect_has(rect_make(core->pointer_x, core->pointer_y,
			 ARROW_WIDTH * s, ARROW_HEIGHT * s), x, y);
}

/* Each pixel is a guest's exactly where the oracle says so. */
static void
assert_oracle(const struct demo *d, uint32_t output)
{
	const struct core_output *o = &d->core.scene.outputs[output].config;

	for (int32_t y = 0; y < (int32_t)o->height; y++) {
		for (int32_t x = 0; x < (int32_t)o->width; x++) {
			const uint32_t got = d->target[output].pixels[
			    (uint32_t)y * o->width + (uint32_t)x];
			uint32_t want = 0;
			const bool is_guest =
			    oracle_guest(d, output, x, y, &want);

			if (is_in_arrow(d, output, x, y) && got >> 24 == 0)
				continue;
			if (is_guest ? got != want : got >> 24 != 0) {
				print_error("at %d, %d: %08x, not %08x\n", x, y,
				    got, want);
				fail();
			}
		}
	}
}

/* A full repaint of the same state on a poisoned target. */
static uint64_t
paint_afresh(const struct demo *d, uint32_t output, uint32_t *pixels)
{
	static struct core copy;
	const struct core_output *o = &d->core.scene.outputs[output].config;
	const struct target target = {
	    .pixels = pixels, .stride_px = o->width};

	copy = d->core;
	scene_damage_all(&copy.scene);
	scene_take_damage(&copy.scene, output);
	for (size_t i = 0; i < target_pixels(d, output); i++)
		pixels[i] = poison;
	return paint_output(&copy, output, d->pools, target, NULL);
}

/* ---------------------------------------------------------------- scenes */

static struct demo demo;

static void
fill_random(struct demo *d, uint32_t domain, uint64_t at, uint32_t n,
    uint32_t tag)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t pixel =
		    tag << 24 | (random_below(1 << 24) ^ random_below(1 << 15));

		memcpy(d->memory[domain] + at + 4 * i, &pixel, 4);
	}
}

static void
start_guest(struct demo *d, uint32_t domain)
{
	demo_guest(d, domain, POOL);
	fill_random(d, domain, 0, CURSOR_AT / 4, GUEST + domain);
	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t k = 0; k < 4096; k++)
			fill_random(d, domain, CURSOR_AT + 4096 * 4 * i + 4 * k,
			    1, random_below(256));
}

static void
random_scene(struct demo *d, uint32_t flags)
{
	static const uint32_t colours[] = {0xc8102e, 0x007a33, 0x502b85,
		0xfce83a};
	static const char *const labels[] = {"SECRET", "UNCLASSIFIED", "CUI",
		"TOP SECRET"};
	static const char *const names[] = {"work", "web", "mail", "vault"};
	const uint32_t scale = 1 + random_below(4) / 3;

	demo_init(d, CHORD_CTRL | CHORD_ALT, KEY_DELETE, flags, "phrase");
	demo_output(d, WIDTH, HEIGHT, scale);
	demo_output(d, WIDTH / 2 + 200, HEIGHT, 1);
	for (uint32_t i = 0; i < 4; i++) {
		const int32_t x = (int32_t)random_below(WIDTH);
		const int32_t y = (int32_t)random_below(HEIGHT);
		const struct rect r = {x, y,
		    x + 320 + (int32_t)random_below(300),
		    y + 200 + (int32_t)random_below(200)};

		demo_domain(d, names[i], labels[i], LEVEL_CUI + i % 3,
		    colours[i], random_below(PATTERN_COUNT), &r,
		    1 + random_below(3));
	}
	demo_start(d, random_below(5) == 0 ? TDS_NONE : random_below(4));
}

static void
random_commit(struct demo *d, uint32_t domain)
{
	const struct window *w = &d->core.scene.windows[domain];
	struct commit c = w->buffer;

	if (c.width_px == 0 || random_below(8) == 0) {
		c.width_px = 1 + random_below(900);
		c.height_px = 1 + random_below(500);
		c.stride_bytes = 4 * (c.width_px + random_below(3));
		c.offset_bytes = 4096 * random_below(64);
	}
	if (random_below(40) == 0)
		c = (struct commit){0};
	c.seq++;
	c.x = random_below(c.width_px + 1);
	c.y = random_below(c.height_px + 1);
	c.w = random_below(c.width_px - c.x + 1);
	c.h = random_below(c.height_px - c.y + 1);
	if (random_below(3) > 0) {
		c.w = c.w < 64 ? c.w : 64;
		c.h = c.h < 16 ? c.h : 16;
	}
	if (!d->core.domains[domain].is_linked)
		return;
	for (uint32_t y = 0; y < c.h; y++)
		fill_random(d, domain, c.offset_bytes +
		    (c.y + y) * c.stride_bytes + 4 * c.x, c.w, GUEST + domain);
	demo_step(d, (struct event){.kind = EVENT_COMMIT, .domain = domain,
	    .commit = c});
}

static void
random_point(struct demo *d)
{
	const uint32_t at = random_below(4);
	const struct window *w = &d->core.scene.windows[at];
	int32_t x = (int32_t)random_below(WIDTH + 600);
	int32_t y = (int32_t)random_below(HEIGHT);

	if (random_below(2)) { /* near a title bar's end: buttons */
		x = w->content.x1 - 60 + (int32_t)random_below(70);
		y = w->content.y0 - 40 + (int32_t)random_below(60);
		x += w->output ? WIDTH : 0;
	}
	demo_point(d, x, y);
}

static void
random_key(struct demo *d)
{
	static const uint16_t keys[] = {KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE,
		KEY_ESC, KEY_1, KEY_2, KEY_3, KEY_DOWN, KEY_UP, KEY_ENTER,
		KEY_D, KEY_A, BTN_LEFT, BTN_LEFT, BTN_LEFT, BTN_RIGHT};
	const uint16_t key = keys[random_below(16)];

	if (random_below(6) == 0) {
		demo_input(d, EV_KEY, KEY_LEFTCTRL, 1);
		demo_input(d, EV_KEY, KEY_LEFTALT, 1);
		demo_press(d, KEY_DELETE);
		demo_input(d, EV_KEY, KEY_LEFTALT, 0);
		demo_input(d, EV_KEY, KEY_LEFTCTRL, 0);
		return;
	}
	demo_input(d, EV_KEY, key, (int32_t)random_below(2));
}

static void
random_event(struct demo *d)
{
	const uint32_t domain = random_below(4);
	struct event e = {.domain = domain};

	switch (random_below(12)) {
	case 0:
		if (random_below(4) == 0 || !d->memory[domain])
			start_guest(d, domain);
		return;
	case 1:
		random_key(d);
		return;
	case 2:
	case 3:
		random_point(d);
		if (random_below(3) == 0)
			demo_input(d, EV_KEY, BTN_LEFT, 1);
		return;
	case 4:
		demo_input(d, EV_KEY, BTN_LEFT, 0);
		return;
	case 5:
		e.kind = EVENT_CURSOR;
		e.cursor.visible = random_below(3) > 0;
		e.cursor.offset_bytes = CURSOR_AT + 16384 * random_below(2);
		e.cursor.hot_x = random_below(64);
		e.cursor.hot_y = random_below(64);
		break;
	case 6:
		e.kind = EVENT_LEDS;
		e.leds = (uint8_t)random_below(8);
		break;
	case 7:
		e.kind = random_below(4) ? EVENT_FOCUS : EVENT_DOWN;
		if (e.kind == EVENT_DOWN && random_below(3))
			return;
		break;
	case 8:
		e.kind = EVENT_VM;
		e.is_up = random_below(3) > 0;
		break;
	default:
		random_commit(d, domain);
		return;
	}
	demo_step(d, e);
	if (e.kind == EVENT_DOWN) {
		free(d->memory[domain]);
		d->memory[domain] = NULL;
		d->pools[domain] = (struct pool){NULL, 0};
	}
}

/* ----------------------------------------------------------------- tests */

static void
a_full_repaint_writes_every_pixel_once(void **state)
{
	(void)state;

	for (unsigned seed = 0; seed < 60; seed++) {
		srand(seed);
		random_scene(&demo, seed % 4);
		for (int i = 0; i < 60; i++)
			random_event(&demo);
		for (uint32_t o = 0; o < 2; o++) {
			static uint32_t pixels[WIDTH * HEIGHT];
			static uint32_t arrow[WIDTH * HEIGHT];
			const struct target t = {.pixels = arrow,
			    .stride_px =
				demo.core.scene.outputs[o].config.width};
			const uint64_t n = paint_afresh(&demo, o, pixels);

			for (size_t i = 0; i < target_pixels(&demo, o); i++)
				assert_int_not_equal(pixels[i], poison);
			assert_int_equal(n, target_pixels(&demo, o) +
			    arrow_draw(&demo.core, o, t));
		}
		demo_finish(&demo);
	}
}

static void
report_difference(uint32_t output, const uint32_t *afresh)
{
	const uint32_t width = demo.core.scene.outputs[output].config.width;
	struct rect box = {0, 0, 0, 0};

	for (size_t i = 0; i < target_pixels(&demo, output); i++)
		if (afresh[i] != demo.target[output].pixels[i])
			box = rect_bounds(box, rect_make((int32_t)(i % width),
			    (int32_t)(i / width), 1, 1));
	print_error("output %u differs in %d,%d %d,%d; pointer %d,%d on %u, "
		    "%s\n", output, box.x0, box.y0, box.x1, box.y1,
	    demo.core.pointer_x, demo.core.pointer_y,
	    demo.core.pointer_output,
	    cursor_is_ours(&demo.core) ? "ours" : "the guest's");
}

/* The core's damage and the painter's splitting, against everything anew. */
static void
painting_damage_gives_the_same_as_painting_all(void **state)
{
	static uint32_t afresh[WIDTH * HEIGHT];
	(void)state;

	for (unsigned seed = 0; seed < 20; seed++) {
		srand(1000 + seed);
		random_scene(&demo, 0);
		for (int round = 0; round < 40; round++) {
			for (uint32_t i = random_below(6); i-- > 0;)
				random_event(&demo);
			for (uint32_t o = 0; o < 2; o++) {
				demo_paint(&demo, o);
				paint_afresh(&demo, o, afresh);
				if (memcmp(afresh, demo.target[o].pixels,
					target_pixels(&demo, o) * 4) == 0)
					continue;
				report_difference(o, afresh);
				print_error("seed %u round %d\n", seed, round);
				fail();
			}
		}
		demo_finish(&demo);
	}
}

static void
guest_pixels_are_where_the_oracle_says_and_nowhere_else(void **state)
{
	(void)state;

	for (unsigned seed = 0; seed < 30; seed++) {
		srand(2000 + seed);
		random_scene(&demo, 0);
		for (int round = 0; round < 4; round++) {
			for (int i = 0; i < 20; i++)
				random_event(&demo);
			for (uint32_t o = 0; o < 2; o++) {
				demo_paint(&demo, o);
				assert_oracle(&demo, o);
			}
		}
		demo_finish(&demo);
	}
}

/* Content only: each pixel that is in sight is copied once, no more. */
static void
content_damage_costs_its_visible_area_and_no_more(void **state)
{
	static bool is_hit[WIDTH * HEIGHT];
	(void)state;

	for (unsigned seed = 0; seed < 60; seed++) {
		srand(3000 + seed);
		random_scene(&demo, 0);
		for (uint32_t i = 0; i < 4; i++) {
			start_guest(&demo, i);
			demo_commit(&demo, i, 0, 700, 400);
		}
		demo_paint(&demo, 0);
		demo_paint(&demo, 1);
		target_poison(&demo, 0);
		memset(is_hit, 0, sizeof(is_hit));
		uint64_t want = 0;
		for (uint32_t i = 0; i < 4; i++) {
			struct window *w = &demo.core.scene.windows[i];
			int32_t x0, y0;

			window_origin(w, &x0, &y0);
			for (int k = 0; k < 40; k++) {
				const struct rect r = rect_make(
				    (int32_t)random_below(636),
				    (int32_t)random_below(384),
				    1 + (int32_t)random_below(64),
				    1 + (int32_t)random_below(16));

				damage_add(&w->damage, r);
			}
			for (uint32_t k = 0; k < w->damage.n; k++) {
				const struct rect r =
				    rect_move(w->damage.r[k], x0, y0);
				uint32_t pixel;

				for (int32_t y = r.y0; y < r.y1; y++)
					for (int32_t x = r.x0; x < r.x1; x++) {
						if (w->output != 0 || x < 0 ||
						    y < 0 || x >= WIDTH ||
						    y >= HEIGHT ||
						    !oracle_guest(&demo, 0, x,
							y, &pixel) ||
						    pixel >> 24 != GUEST + i)
							continue;
						bool *hit =
						    &is_hit[y * WIDTH + x];
						want += !*hit;
						*hit = true;
					}
			}
		}
		demo.core.pointer_output = 1;
		assert_int_equal(demo_paint(&demo, 0), want);
		for (size_t i = 0; i < WIDTH * HEIGHT; i++)
			assert_int_equal(
			    demo.target[0].pixels[i] != poison, is_hit[i]);
		demo_finish(&demo);
	}
}

static void
a_buffer_outside_its_pool_is_not_shown(void **state)
{
	static uint32_t pixels[WIDTH * HEIGHT];
	(void)state;

	srand(4);
	random_scene(&demo, 0);
	for (uint32_t i = 0; i < 4; i++) {
		start_guest(&demo, i);
		demo_commit(&demo, i, 0, 400, 300);
		demo.pools[i].bytes = 400 * 300 * 4 - 1;
	}
	for (uint32_t o = 0; o < 2; o++) {
		paint_afresh(&demo, o, pixels);
		for (size_t i = 0; i < target_pixels(&demo, o); i++)
			assert_int_equal(pixels[i] >> 24, 0);
	}
	demo_finish(&demo);
}

/* ---------------------------------------------------------------- labels */

/* text as it is drawn on a plain ground, cut to its own height. */
static void
template_draw(struct canvas *c, struct text_style style, struct text text,
    uint32_t ground)
{
	const int32_t cap = text_cap(style);

	c->clip = (struct rect){0, 0, text_width(style, text), cap};
	assert_in_range(c->clip.x1 * cap, 1, CANVAS_PIXELS);
	canvas_fill(c, c->clip, ground);
	text_draw(c, style, 0, cap, c->clip.x1, text);
}

static bool
is_at(const struct demo *d, uint32_t output, const struct canvas *t, int32_t x,
    int32_t y)
{
	const uint32_t stride = d->target[output].stride_px;
	const int32_t width = t->clip.x1;

	for (int32_t j = 0; j < t->clip.y1; j++)
		if (memcmp(d->target[output].pixels +
			    (size_t)(y + j) * stride + (size_t)x,
			t->pixels + (size_t)j * (size_t)width,
			(size_t)width * 4) != 0)
			return false;
	return true;
}

static bool
has_text(const struct demo *d, uint32_t output, struct rect where,
    struct text_style style, struct text text, uint32_t ground)
{
	static struct canvas t;

	template_draw(&t, style, text, ground);
	for (int32_t y = where.y0; y + t.clip.y1 <= where.y1; y++)
		for (int32_t x = where.x0; x + t.clip.x1 <= where.x1; x++)
			if (is_at(d, output, &t, x, y))
				return true;
	return false;
}

static void
four_labels(uint32_t scale)
{
	static const char *const labels[] = {"SECRET", "UNCLASSIFIED",
		"CONFIDENTIAL", "TOP SECRET//SCI"};
	static const uint32_t colours[] = {0xc8102e, 0x007a33, 0x0033a0,
		0xfce83a};
	char name[8];

	demo_init(&demo, CHORD_CTRL | CHORD_ALT, KEY_DELETE, CORE_UNSEALED,
	    "the heron waits");
	demo_output(&demo, 1600 * scale, 1000 * scale, scale);
	for (uint32_t i = 0; i < 4; i++) {
		const int32_t s = (int32_t)scale;
		const int32_t x = (10 + 390 * (int32_t)i) * s;
		const struct rect r = {x, 60 * s, x + 360 * s, 300 * s};

		snprintf(name, sizeof(name), "vm%u", i);
		demo_domain(&demo, name, labels[i], i + 1, colours[i], i + 1,
		    &r, 1);
	}
	demo_start(&demo, 0);
}

static void
every_window_the_bar_and_the_panel_carry_their_labels(void **state)
{
	(void)state;

	for (uint32_t scale = 1; scale <= 2; scale++) {
		const int32_t s = (int32_t)scale;

		four_labels(scale);
		for (uint32_t focus = 0; focus < 4; focus++) {
			const struct scene *scene = &demo.core.scene;
			const struct rect bar = scene->outputs[0].trust_bar;

			demo_step(&demo, (struct event){.kind = EVENT_FOCUS,
			    .domain = focus});
			demo_paint(&demo, 0);
			for (uint32_t i = 0; i < 4; i++) {
				const struct look look =
				    look_of(&demo.core, i);
				const struct text_style bold = text_style(
				    FACE_STRONG, s, look.text);
				const struct text_style body = text_style(
				    FACE_BODY, s, look.text);
				const struct rect title =
				    window_title(&scene->windows[i], scale);
				const struct rect chip = {0, 0,
				    THEME_CHIP_WIDTH * s, bar.y1};

				assert_true(has_text(&demo, 0, title, bold,
				    look.label, look.colour));
				assert_true(has_text(&demo, 0, title, body,
				    look.name, look.colour));
				assert_int_equal(has_text(&demo, 0, chip, bold,
				    look.label, look.colour), i == focus);
			}
			/* the highest of the four, whoever has the keyboard */
			const struct look high = look_of(&demo.core, 3);
			assert_true(has_text(&demo, 0, bar,
			    text_style(FACE_SMALL_BOLD, s, high.text),
			    high.label, high.colour));
			assert_true(has_text(&demo, 0, bar,
			    text_style(FACE_SMALL_BOLD, s, THEME_WHITE),
			    text_of("NOT SEALED"), THEME_ALARM));
		}
		demo_finish(&demo);
	}
}

static void
nobody_has_the_keyboard_is_said_in_words(void **state)
{
	(void)state;

	four_labels(1);
	demo.core.focus = TDS_NONE;
	demo_paint(&demo, 0);
	assert_true(has_text(&demo, 0, demo.core.scene.outputs[0].trust_bar,
	    text_style(FACE_STRONG, 1, THEME_TEXT),
	    text_of("No domain has the keyboard"), THEME_ROW_CHOSEN));
	demo_finish(&demo);
}

/* A sealed screen with keys that anybody has, and nobody who reads it. */
static void
facsimile_screen(uint32_t width, uint32_t scale, uint32_t flags)
{
	const int32_t s = (int32_t)scale;
	const struct rect r = {20 * s, 60 * s, 20 * s + 320, 60 * s + 200};

	demo_init(&demo, CHORD_CTRL | CHORD_ALT, KEY_DELETE,
	    CORE_FACSIMILE | flags, "the heron waits");
	demo_output(&demo, width * scale, 480 * scale, scale);
	demo.core.scene.outputs[0].slot.type = OUTPUT_SEALED;
	demo_domain(&demo, "vm", "SECRET", LEVEL_SECRET, 0xc8102e, 1, &r, 1);
	demo_start(&demo, 0);
	demo_paint(&demo, 0);
}

/* As many of the words as a template holds. */
static bool
bar_says(enum face face, int32_t scale, uint32_t colour, const char *words,
    uint32_t behind)
{
	const struct text_style style = text_style(face, scale, colour);
	struct text text = text_of(words);

	while (text_width(style, text) * text_cap(style) > CANVAS_PIXELS)
		do
			text.len--;
		while (text.bytes[text.len] != ' ');
	return has_text(&demo, 0, demo.core.scene.outputs[0].trust_bar, style,
	    text, behind);
}

static bool
bar_warns(int32_t scale)
{
	return bar_says(FACE_SMALL_BOLD, scale, THEME_WHITE, "FACSIMILE",
		   THEME_ALARM) ||
	    bar_says(FACE_SMALL_BOLD, scale, THEME_WHITE, "FACSIMILE KEYS",
		THEME_ALARM) ||
	    bar_says(FACE_SMALL_BOLD, scale, THEME_WHITE,
		"FACSIMILE KEYS: SEALED OUTPUT IS NOT PROTECTED", THEME_ALARM);
}

static void press_sak(struct demo *d);

static void
facsimile_keys_are_said_at_every_width_and_over_the_panel(void **state)
{
	static const uint32_t widths[] = {640, 700, 800, 1024, 1280, 1920};

	(void)state;
	for (uint32_t i = 0; i < 6 * 2; i++) {
		const uint32_t scale = 1 + i / 6, width = widths[i % 6];

		facsimile_screen(width, scale, CORE_TRY_OUT);
		assert_true(bar_warns((int32_t)scale));
		assert_int_equal(
		    bar_says(FACE_SMALL_BOLD, (int32_t)scale, THEME_WHITE,
			"FACSIMILE KEYS: SEALED OUTPUT IS NOT PROTECTED",
			THEME_ALARM),
		    width >= 1024);
		assert_true(bar_says(FACE_SMALL_BOLD, (int32_t)scale,
		    THEME_WHITE, "SECRET", 0xc8102e));
		press_sak(&demo);
		demo_paint(&demo, 0);
		assert_true(bar_warns((int32_t)scale));
		assert_true(bar_says(FACE_STRONG, (int32_t)scale, THEME_INK,
		    "Trusted panel — no domain has the keyboard",
		    THEME_BAR_TRUSTED));
		demo_finish(&demo);
	}
}

static void
a_sealed_screen_says_whether_it_has_a_sink(void **state)
{
	struct event sink = {.kind = EVENT_SINK, .is_up = true};

	(void)state;
	for (uint32_t flags = 0; flags < 2; flags++) {
		facsimile_screen(1280, 1, flags ? CORE_UNSEALED : 0);
		assert_true(bar_says(FACE_SMALL, 1, THEME_WARNING,
		    "no sink:", THEME_BAR));
		demo_step(&demo, sink);
		assert_int_equal(demo.actions.n, 0);
		assert_true(core_is_dirty(&demo.core));
		demo_paint(&demo, 0);
		assert_false(bar_says(FACE_SMALL, 1, THEME_WARNING,
		    "no sink:", THEME_BAR));
		assert_true(bar_says(
		    FACE_SMALL, 1, THEME_QUIET, "sealed", THEME_BAR));
		demo_step(&demo, sink); /* nothing new */
		assert_false(core_is_dirty(&demo.core));
		demo_finish(&demo);
	}
}

static void
press_sak(struct demo *d)
{
	demo_input(d, EV_KEY, KEY_LEFTCTRL, 1);
	demo_input(d, EV_KEY, KEY_LEFTALT, 1);
	demo_press(d, KEY_DELETE);
	demo_input(d, EV_KEY, KEY_LEFTALT, 0);
	demo_input(d, EV_KEY, KEY_LEFTCTRL, 0);
}

static void
the_panel_shows_phrase_labels_and_what_it_is(void **state)
{
	(void)state;

	four_labels(1);
	press_sak(&demo);
	demo_paint(&demo, 0);
	const struct rect all = demo.core.scene.outputs[0].area;
	assert_true(has_text(&demo, 0, demo.core.scene.outputs[0].trust_bar,
	    text_style(FACE_STRONG, 1, THEME_INK),
	    text_of("Trusted panel — no domain has the keyboard"),
	    THEME_BAR_TRUSTED));
	assert_true(has_text(&demo, 0, all,
	    text_style(FACE_TITLE, 1, THEME_PHRASE),
	    text_of("the heron waits"), THEME_CARD));
	for (uint32_t i = 0; i < 4; i++) {
		const struct look look = look_of(&demo.core, i);

		assert_true(has_text(&demo, 0, all,
		    text_style(FACE_STRONG, 1, look.text), look.label,
		    look.colour));
	}
	assert_true(has_text(&demo, 0, all, text_style(FACE_BODY, 1,
	    THEME_TEXT), text_of("vm0"), THEME_ROW));
	demo_finish(&demo);
}

/* Any screen, many domains: nothing is cut off, no guest is seen. */
static void
the_panel_fits_every_screen(void **state)
{
	static const struct {
		uint32_t width, height, scale;
	} screens[] = {{640, 400, 1}, {640, 480, 1}, {800, 600, 1},
		{1024, 600, 2}, {1280, 720, 1}, {1280, 720, 4}, {1366, 768, 1},
		{1600, 1200, 2}, {1920, 1080, 1}, {1080, 1920, 1},
		{2560, 1440, 3}, {3840, 2160, 2}, {7680, 4320, 4},
		{8192, 640, 1}};
	const struct rect r = {0, 100, 400, 400};
	(void)state;

	for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		const uint32_t width = screens[i].width;
		const uint32_t height = screens[i].height;
		char name[16];

		demo_init(&demo, CHORD_CTRL | CHORD_ALT, KEY_DELETE, 3, "p");
		for (uint32_t k = 0; k < TDS_MAX_OUTPUTS; k++)
			demo_output(&demo, width, height, screens[i].scale);
		for (uint32_t k = 0; k < 40; k++) {
			snprintf(name, sizeof(name), "domain-%u", k);
			demo_domain(&demo, name, "LABEL", 1, 0x007a33, 2, &r,
			    15);
		}
		demo_start(&demo, 0);
		start_guest(&demo, 0);
		demo_commit(&demo, 0, 0, 400, 300);
		press_sak(&demo);
		demo.core.panel.chosen = (uint32_t)i * 3;
		demo.core.pointer_x = 0;
		demo.core.pointer_y = 0;
		target_poison(&demo, 1);
		demo_paint(&demo, 1);
		const uint32_t *p = demo.target[1].pixels;
		for (size_t k = 0; k < (size_t)width * height; k++)
			assert_int_equal(p[k] >> 24, 0);
		/* the card ends before the screen does */
		for (uint32_t x = 0; x < width; x++)
			assert_int_equal(p[(height - 1) * width + x],
			    THEME_PANEL);
		for (uint32_t y = 40 * screens[i].scale; y < height; y++)
			assert_int_equal(p[y * width + width - 1],
			    THEME_PANEL);
		demo_finish(&demo);
	}
}

/* WCAG 2.1: relative luminance, and contrast times 100, rounded. */
static double
luminance(uint32_t colour)
{
	static const double weights[] = {0.0722, 0.7152, 0.2126};
	double sum = 0;

	for (uint32_t i = 0; i < 3; i++)
		sum += font_linear[colour >> (8 * i) & 255] / 65535.0 *
		    weights[i];
	return sum;
}

static uint32_t
colour_contrast(uint32_t a, uint32_t b)
{
	const double la = luminance(a) + 0.05, lb = luminance(b) + 0.05;

	return (uint32_t)(100 * (la > lb ? la / lb : lb / la) + 0.5);
}

static void
text_on_any_colour_is_readable(void **state)
{
	(void)state;

	for (uint32_t i = 0; i < 1 << 24; i += 7) {
		const uint32_t contrast = colour_contrast(i, colour_text(i));

		if (contrast < 450)
			print_error("%06x: %u\n", i, contrast);
		assert_true(contrast >= 450);
	}
}

/* Two guests that differ in everything they can send: same trusted pixels. */
static void
guests_change_no_trusted_pixel(void **state)
{
	static uint32_t first[WIDTH * HEIGHT];
	(void)state;

	for (unsigned run = 0; run < 2; run++) {
		srand(5);
		random_scene(&demo, 0);
		srand(run);
		for (uint32_t i = 0; i < 4; i++) {
			start_guest(&demo, i);
			demo_commit(&demo, i, 4096 * run, 400, 300);
		}
		demo_paint(&demo, 0);
		for (size_t i = 0; i < target_pixels(&demo, 0); i++) {
			const uint32_t pixel = demo.target[0].pixels[i];

			if (run == 0)
				first[i] = pixel;
			else if (first[i] >> 24 == 0 || pixel >> 24 == 0)
				assert_int_equal(first[i], pixel);
		}
		demo_finish(&demo);
	}
}

/* The other buffer was not stale there, and would keep what it has. */
static void
what_is_new_is_noted_also_where_this_buffer_was_stale(void **state)
{
	static struct demo d;

	(void)state;
	random_scene(&d, 0);
	const struct rect all = d.core.scene.outputs[0].area;
	const struct damage stale = {.n = 1, .r = {all}};
	struct damage painted = {0};
	const struct target target = {
	    .pixels = d.target[0].pixels, .stride_px = (uint32_t)all.x1};
	scene_damage_all(&d.core.scene);
	scene_take_damage(&d.core.scene, 0);
	paint_output(&d.core, 0, d.pools, target,
	    &(struct paint_part){
		.clip = all, .stale = &stale, .painted = &painted});
	assert_int_equal(painted.n, 1);
	assert_memory_equal(&painted.r[0], &all, sizeof(all));
	demo_finish(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_repaint_writes_every_pixel_once),
		cmocka_unit_test(
		    what_is_new_is_noted_also_where_this_buffer_was_stale),
		cmocka_unit_test(
		    painting_damage_gives_the_same_as_painting_all),
		cmocka_unit_test(
		    guest_pixels_are_where_the_oracle_says_and_nowhere_else),
		cmocka_unit_test(
		    content_damage_costs_its_visible_area_and_no_more),
		cmocka_unit_test(a_buffer_outside_its_pool_is_not_shown),
		cmocka_unit_test(
		    every_window_the_bar_and_the_panel_carry_their_labels),
		cmocka_unit_test(nobody_has_the_keyboard_is_said_in_words),
		cmocka_unit_test(
		    facsimile_keys_are_said_at_every_width_and_over_the_panel),
		cmocka_unit_test(a_sealed_screen_says_whether_it_has_a_sink),
		cmocka_unit_test(the_panel_shows_phrase_labels_and_what_it_is),
		cmocka_unit_test(the_panel_fits_every_screen),
		cmocka_unit_test(text_on_any_colour_is_readable),
		cmocka_unit_test(guests_change_no_trusted_pixel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
