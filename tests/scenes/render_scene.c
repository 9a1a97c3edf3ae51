/*
 * render_scene DIR: draw example desktops and panels as PNG, to be looked at.
 */
#include "tests/scenes/scene.h"

#include "compositor/canvas.h"
#include "compositor/text.h"

#include <linux/input-event-codes.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
write_png(const char *dir, const char *name, const struct demo *d,
    uint32_t output)
{
	const struct core_output *o = &d->core.scene.outputs[output].config;
	const size_t n = (size_t)o->width * o->height;
	uint8_t *rgb = malloc(n * 3);
	png_image image = {.version = PNG_IMAGE_VERSION,
	    .width = o->width,
	    .height = o->height,
	    .format = PNG_FORMAT_RGB};
	char path[512];

	if (!rgb)
		abort();
	for (size_t i = 0; i < n; i++) {
		const uint32_t pixel = d->target[output].pixels[i];

		rgb[3 * i] = (uint8_t)(pixel >> 16);
		rgb[3 * i + 1] = (uint8_t)(pixel >> 8);
		rgb[3 * i + 2] = (uint8_t)pixel;
	}
	snprintf(path, sizeof(path), "%s/%s.png", dir, name);
	if (!png_image_write_to_file(&image, path, 0, rgb, 0, NULL)) {
		fprintf(stderr, "render_scene: %s: %s\n", path, image.message);
		exit(1);
	}
	free(rgb);
	printf("%s\n", path);
}

/* Draw a guest's picture row by row with our own brushes. */
typedef void draw_fn(struct canvas *c, int32_t w, int32_t h, uint32_t scale);

static void
guest_draw(struct demo *d, uint32_t domain, uint32_t scale, draw_fn *draw)
{
	const struct rect r = d->core.scene.windows[domain].content;
	const int32_t w = r.x1 - r.x0, h = r.y1 - r.y0;
	static struct canvas c;

	demo_guest(d, domain, (uint64_t)w * (uint64_t)h * 4);
	for (int32_t y = 0; y < h; y++) {
		c.clip = (struct rect){0, y, w, y + 1};
		draw(&c, w, h, scale);
		memcpy(d->memory[domain] + (size_t)y * (size_t)w * 4,
		    c.pixels, (size_t)w * 4);
	}
	demo_commit(d, domain, 0, (uint32_t)w, (uint32_t)h);
}

static void
terminal(struct canvas *c, int32_t w, int32_t h, uint32_t scale)
{
	static const char *const lines[] = {
		"Debian GNU/Linux 12 work tty1", "", "work login: analyst",
		"Last login: Sun Nov 22 13:58", "analyst@work:~$ ls reports",
		"q3-summary.odt  annex-b.pdf  sources/", "analyst@work:~$ _"};
	const struct text_style style = text_style(FACE_MONO, (int32_t)scale, 0xcfd8dc);
	const int32_t s = (int32_t)scale;

	canvas_fill(c, (struct rect){0, 0, w, h}, 0x101418);
	for (int32_t i = 0; i < 7; i++)
		text_draw(c, style, 12 * s, (24 + 19 * i) * s, w,
		    text_of(lines[i]));
}

static void
page(struct canvas *c, int32_t w, int32_t h, uint32_t scale)
{
	const int32_t s = (int32_t)scale;

	canvas_fill(c, (struct rect){0, 0, w, h}, 0xffffff);
	canvas_fill(c, (struct rect){0, 0, w, 46 * s}, 0xeceff1);
	canvas_round(c, (struct rect){90 * s, 9 * s, w - 90 * s, 37 * s},
	    14 * s, 0xffffff);
	text_draw(c, text_style(FACE_SMALL, s, 0x5f6368), 108 * s, 28 * s,
	    w, text_of("news.example.org"));
	for (int32_t i = 0; i < 3; i++) {
		const int32_t y = (80 + 130 * i) * s;

		canvas_round(c, (struct rect){40 * s, y, w - 40 * s,
		    y + 16 * s}, 3 * s, 0xcfd8dc);
		canvas_round(c, (struct rect){40 * s, y + 26 * s, w - 120 * s,
		    y + 36 * s}, 3 * s, 0xe0e4e7);
		canvas_round(c, (struct rect){40 * s, y + 44 * s, w - 180 * s,
		    y + 54 * s}, 3 * s, 0xe0e4e7);
	}
}

static void
place(struct demo *d, const char *name, const char *label, uint32_t level,
    uint32_t colour, uint32_t pattern, struct rect r, int32_t s)
{
	r = (struct rect){r.x0 * s, r.y0 * s, r.x1 * s, r.y1 * s};
	demo_domain(d, name, label, level, colour, pattern, &r, 1);
}

static void
open_panel(struct demo *d)
{
	const bool has_shift = d->core.setup.modifiers & CHORD_SHIFT;


	demo_input(d, EV_KEY, KEY_LEFTCTRL, 1);
	demo_input(d, EV_KEY, KEY_LEFTALT, 1);
	if (has_shift)
		demo_input(d, EV_KEY, KEY_LEFTSHIFT, 1);
	demo_press(d, (uint16_t)d->core.setup.key);
	if (has_shift)
		demo_input(d, EV_KEY, KEY_LEFTSHIFT, 0);
	demo_input(d, EV_KEY, KEY_LEFTALT, 0);
	demo_input(d, EV_KEY, KEY_LEFTCTRL, 0);
}

static const char phrase[] = "the heron waits for rain";

static void
two_windows(const char *dir, uint32_t scale)
{
	const int32_t s = (int32_t)scale;
	static struct demo d;
	char name[64];

	demo_init(&d, CHORD_CTRL | CHORD_ALT, KEY_DELETE, CORE_TRY_OUT, phrase);
	demo_output(&d, 1920 * scale, 1080 * scale, scale);
	place(&d, "work", "SECRET", LEVEL_SECRET, 0xc8102e, PATTERN_DIAGONAL,
	    (struct rect){880, 330, 880 + 900, 330 + 600}, s);
	place(&d, "web", "UNCLASSIFIED", LEVEL_UNCLASSIFIED, 0x007a33,
	    PATTERN_DOTS, (struct rect){120, 110, 120 + 900, 110 + 560}, s);
	place(&d, "mail", "CUI", LEVEL_CUI, 0x502b85, PATTERN_VERTICAL,
	    (struct rect){120, 730, 120 + 560, 730 + 280}, s);
	demo_start(&d, 0);
	guest_draw(&d, 0, scale, terminal);
	guest_draw(&d, 1, scale, page);
	demo_step(&d, (struct event){.kind = EVENT_LEDS, .domain = 0,
	    .leds = 2});
	demo_point(&d, 1500 * s, 200 * s);
	demo_paint(&d, 0);
	snprintf(name, sizeof(name), "desktop-%u", scale);
	write_png(dir, name, &d, 0);

	open_panel(&d);
	demo_paint(&d, 0);
	snprintf(name, sizeof(name), "panel-%u", scale);
	write_png(dir, name, &d, 0);

	/* a keyboard and a mouse want in */
	struct seat_device device = {.device = 7,
	    .state = DEVICE_WAITING,
	    .kinds = KIND_KEYBOARD,
	    .name = "Nice Keyboard 2000"};
	demo_step(&d, (struct event){.kind = EVENT_DEVICE,
	    .device_info = device, .random = 319824});
	demo_paint(&d, 0);
	snprintf(name, sizeof(name), "panel-keyboard-%u", scale);
	write_png(dir, name, &d, 0);
	demo_press(&d, KEY_ESC);
	demo_paint(&d, 0);
	snprintf(name, sizeof(name), "desktop-keyboard-%u", scale);
	write_png(dir, name, &d, 0);
	demo_step(&d, (struct event){.kind = EVENT_GONE, .device = 7});
	device.kinds = KIND_POINTER;
	memcpy(device.name, "SECRET work mouse", 18);
	open_panel(&d);
	demo_step(&d, (struct event){.kind = EVENT_DEVICE,
	    .device_info = device});
	demo_paint(&d, 0);
	snprintf(name, sizeof(name), "panel-mouse-%u", scale);
	write_png(dir, name, &d, 0);
	demo_finish(&d);
}

/* The narrowest legal screen, many domains, every colour and pattern. */
static void
many(const char *dir, uint32_t width, uint32_t height, uint32_t scale,
    const char *name)
{
	static const struct {
		const char *label;
		uint32_t level, colour;
	} of[] = {{"UNCLASSIFIED", LEVEL_UNCLASSIFIED, 0x007a33},
	    {"CUI", LEVEL_CUI, 0x502b85},
	    {"CONFIDENTIAL", LEVEL_CONFIDENTIAL, 0x0033a0},
	    {"SECRET", LEVEL_SECRET, 0xc8102e},
	    {"TOP SECRET", LEVEL_TOP_SECRET, 0xff8c00},
	    {"TOP SECRET//SCI", LEVEL_TOP_SECRET_SCI, 0xfce83a},
	    {"VS – NUR FÜR DEN DIENSTGEBRAUCH · ΕΛΛ · РУС", LEVEL_CUI,
		0x808080},
	    {"RESTRICTED", LEVEL_CUI, 0x00897b}};
	static struct demo d;
	char domain[32];

	demo_init(&d, CHORD_CTRL | CHORD_ALT | CHORD_SHIFT, KEY_F12,
	    CORE_TRY_OUT | CORE_UNSEALED, "ζέφυρος над рекой, naïveté");
	demo_output(&d, width, height, scale);
	for (uint32_t i = 0; i < 16; i++) {
		const int32_t x = (int32_t)(20 + i % 4 * 390);
		const int32_t y = (int32_t)(60 + i / 4 * 260);
		const struct rect r = {x, y, x + 360, y + 200};

		snprintf(domain, sizeof(domain), "domain-%u", i + 1);
		demo_domain(&d, domain, of[i % 8].label, of[i % 8].level,
		    of[i % 8].colour, i % PATTERN_COUNT, &r, 1);
	}
	demo_start(&d, 6);
	demo_step(&d, (struct event){.kind = EVENT_LEDS, .domain = 6,
	    .leds = 3});
	demo_paint(&d, 0);
	char file[64];
	snprintf(file, sizeof(file), "many-%s", name);
	write_png(dir, file, &d, 0);
	open_panel(&d);
	demo_paint(&d, 0);
	snprintf(file, sizeof(file), "many-panel-%s", name);
	write_png(dir, file, &d, 0);
	demo_finish(&d);
}

/* Bars of a screen beside a sealed one, and of that: no sink, sink, panel. */
static void
sealed(const char *dir, uint32_t width, uint32_t height, uint32_t scale)
{
	const int32_t s = (int32_t)scale;
	static struct demo d;
	char name[64];

	demo_init(&d, CHORD_CTRL | CHORD_ALT, KEY_DELETE,
	    CORE_TRY_OUT | CORE_FACSIMILE, phrase);
	demo_output(&d, width, height, scale);
	demo_output(&d, width, height, scale);
	struct core_output *slot = &d.core.scene.outputs[1].slot;
	slot->type = OUTPUT_SEALED;
	memcpy(slot->name, "wall\0", 5);
	const struct rect r = {60 * s, 80 * s, 60 * s + 320, 80 * s + 200};
	demo_domain(&d, "work", "SECRET", LEVEL_SECRET, 0xc8102e,
	    PATTERN_DIAGONAL, &r, 3);
	demo_domain(&d, "web", "UNCLASSIFIED", LEVEL_UNCLASSIFIED, 0x007a33,
	    PATTERN_DOTS, &r, 2);
	demo_start(&d, 0);
	for (uint32_t round = 0; round < 3; round++) {
		static const char *const of[] = {"no-sink", "sink", "panel"};

		if (round == 2)
			open_panel(&d);
		demo_step(&d, (struct event){.kind = EVENT_SINK,
		    .cable = 1, .is_up = round > 0});
		for (uint32_t i = 0; i < 2; i++) {
			demo_paint(&d, i);
			snprintf(name, sizeof(name), "sealed-%u-%u-%u-%s",
			    width, scale, i, of[round]);
			write_png(dir, name, &d, i);
		}
	}
	demo_finish(&d);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: render_scene DIR\n");
		return 2;
	}
	two_windows(argv[1], 1);
	two_windows(argv[1], 2);
	many(argv[1], 640, 400, 1, "small");
	many(argv[1], 1920, 1080, 1, "large");
	many(argv[1], 2560, 1440, 3, "x3");
	sealed(argv[1], 1920, 1080, 1);
	sealed(argv[1], 2560, 1440, 2);
	sealed(argv[1], 1024, 600, 1);
	sealed(argv[1], 640, 400, 1);
	return 0;
}
