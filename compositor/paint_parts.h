/*
 * paint_parts: the trusted things that paint.c puts together, each drawn into
 * a canvas in the output's coordinates. Every function covers every pixel of
 * its own area that lies in the canvas. s is the scale, 1..4.
 */
#pragma once

#include "compositor/canvas.h"
#include "compositor/core.h"
#include "compositor/font/signs.h"
#include "compositor/paint.h"
#include "compositor/text.h"

/* How a domain looks: from configuration only. */
struct look {
	uint32_t colour;
	enum pattern pattern;
	uint32_t text; /* black or white, whichever is read better on colour */
	struct text label, name; /* borrowed from the core */
};

struct look look_of(const struct core *core, uint32_t domain);

/* Black or white: WCAG contrast on colour is at least 4.5 : 1. */
uint32_t colour_text(uint32_t colour);

/* Colour and darker tone; the pattern begins at the corner of anchor. */
void pattern_fill(struct canvas *c, struct rect r, struct rect anchor,
    struct look look, int32_t s);
/* The label in its colour and pattern, on ground: to be seen from afar. */
void chip_draw(struct canvas *c, struct rect r, struct look look,
    int32_t s, uint32_t ground);

/* Wide enough for the label, between two limits in pixels. */
int32_t chip_width(struct look look, int32_t s, int32_t least,
    int32_t most);
/*
 * Label and name in the height's middle of room: the label is always whole,
 * and at least the beginning of the name has its place. Returns their end.
 */
int32_t label_draw(struct canvas *c, struct look look, int32_t s,
    struct rect room);

/* A key as on a keyboard; returns where the next thing may begin. */
int32_t keycap_draw(struct canvas *c, int32_t x, int32_t middle_y,
    int32_t s, struct text text, uint32_t text_colour);
int32_t keycap_width(int32_t s, struct text text);
/* A sign of our own, its top left corner at x, y. */
void sign_draw(struct canvas *c, enum sign sign, int32_t x, int32_t y,
    int32_t s, uint32_t colour);

/* Baseline that centres capitals on middle_y. */
int32_t text_baseline(struct text_style style, int32_t middle_y);
/* Draw with the middle of the text at x; cut to width. */
void text_draw_centred(struct canvas *c, struct text_style style, int32_t x,
    int32_t y, int32_t width, struct text text);

/* The keys of the secure attention key: Ctrl, Alt, Del. Returns how many. */
enum { CHORD_MAX_KEYS = 5 };
uint32_t chord_names(const struct core_setup *setup,
    const char *out[CHORD_MAX_KEYS]);

/* What is said of a domain's state, and in its tile also what helps. */
struct state_words {
	const char *words, *hint;
};
const struct state_words *state_words(const struct core *core,
    uint32_t domain);

/*
 * Scale for drawing on an output: its own, or smaller where fewer than
 * 640 x 400 logical pixels would be left.
 */
int32_t output_draw_scale(const struct output *output);

/*
 * Everything of a window but its picture: outline, band, title, buttons; in
 * the content area a tile instead of the picture, or a plain ground beside it.
 */
void frame_draw(struct canvas *c, const struct core *core, uint32_t window,
    bool has_picture);
void bar_draw(struct canvas *c, const struct core *core, uint32_t output);
/* The whole output while the panel is open, trust bar included. */
void panel_draw(struct canvas *c, const struct core *core, uint32_t output);
/*
 * Our arrow where the pointer is, if it is ours and on this output, straight
 * into the target: opaque, last, the same at every call. Pixels written.
 */
/* The same as an image for a cursor plane; nothing where it does not fit. */
void arrow_image(uint32_t *image, int32_t s);
uint64_t arrow_draw(const struct core *core, uint32_t output,
    struct target target);
