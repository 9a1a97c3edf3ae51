#include "compositor/text.h"

#include <string.h>

/* Pens are in 1/64 pixel, as the font's advances. */
enum { PEN = 64 };

struct point {
	int32_t x, y;
};

struct text
text_of(const char *string)
{
	struct text t = {(const uint8_t *)string, (uint32_t)strlen(string)};
	return t;
}

struct text
text_field(const uint8_t *bytes, uint32_t size)
{
	uint32_t len = 0;

	while (len < size && bytes[len] != 0)
		len++;
	struct text t = {bytes, len};
	return t;
}

uint32_t
utf8_next(const uint8_t *bytes, uint32_t len, uint32_t *used)
{
	/* first bytes, their bits of the code, the lowest code, by length */
	static const struct {
		uint8_t first, last, mask;
		uint32_t lowest;
	} forms[] = {{0x00, 0x7f, 0x7f, 0}, {0xc2, 0xdf, 0x1f, 0x80},
	    {0xe0, 0xef, 0x0f, 0x800}, {0xf0, 0xf4, 0x07, 0x10000}};
	uint32_t more = 0;

	*used = 1;
	while (more < 4 && bytes[0] > forms[more].last)
		more++;
	if (more >= 4 || more >= len || bytes[0] < forms[more].first)
		return UINT32_MAX;
	uint32_t code = bytes[0] & forms[more].mask;
	for (uint32_t i = 1; i <= more; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < forms[more].lowest || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return UINT32_MAX;
	*used = more + 1;
	return code;
}

static const struct font_set *
style_set(struct text_style s)
{
	return &font_sets[s.face][s.scale - 1];
}

/* A character's place in its set, from 1 on; 0: draw the box. */
static uint32_t
set_find(const struct font_set *set, uint32_t code)
{
	return code < FONT_CODES ? set->places[code] : 0;
}

static const struct font_glyph *
set_glyph(const struct font_set *set, uint32_t place, uint32_t phase)
{
	return &font_glyphs[set->first_glyph + (place - 1) * set->phases +
	    phase];
}

static int32_t
style_advance(struct text_style s, uint32_t place)
{
	const struct font_set *set = style_set(s);
	/* the box is as wide as this capital */
	const uint32_t like = place ? place : set->places['H'];
	const int32_t natural =
	    set_glyph(set, like, 0)->advance * s.scale / set->baked;

	return natural * s.squeeze / TEXT_NATURAL;
}

struct text_style
text_style(enum face face, int32_t scale, uint32_t colour)
{
	struct text_style s = {face, scale, TEXT_NATURAL, colour};
	return s;
}

/* Width in 1/64 px. */
static int32_t
text_pen(struct text_style style, struct text text)
{
	const struct font_set *set = style_set(style);
	int32_t pen = 0;
	uint32_t used;

	for (uint32_t i = 0; i < text.len; i += used) {
		const uint32_t code =
		    utf8_next(text.bytes + i, text.len - i, &used);
		pen += style_advance(style, set_find(set, code));
	}
	return pen;
}

int32_t
text_width(struct text_style style, struct text text)
{
	return (text_pen(style, text) + PEN - 1) / PEN;
}

int32_t
text_cap(struct text_style style)
{
	return style_set(style)->cap_px;
}

/* How far it must be squeezed to fit; TEXT_NATURAL or more if it fits. */
static int32_t
text_squeeze(struct text_style style, struct text text, int32_t width_px)
{
	const int32_t width = text_width(style, text);

	return width > width_px ? width_px * TEXT_NATURAL / width :
				  TEXT_NATURAL;
}

struct text_style
text_fit(struct text_style style, struct text text, int32_t width_px)
{
	enum { STILL_GOOD = TEXT_NATURAL * 3 / 4 };
	struct text_style s = style;

	if (text_squeeze(s, text, width_px) == TEXT_NATURAL)
		return s;
	/* a smaller weight of the same look, then narrower, then smaller */
	s.face = FACE_SMALL_BOLD;
	int32_t squeeze = text_squeeze(s, text, width_px);
	while (s.scale > 1 && squeeze < STILL_GOOD) {
		s.scale--;
		squeeze = text_squeeze(s, text, width_px);
	}
	s.squeeze = max_i32(squeeze, 1);
	return s;
}

static uint32_t
glyph_cover(const struct font_glyph *g, int32_t x, int32_t y)
{
	const uint32_t at = (uint32_t)(y * g->width + x);
	const uint32_t byte = font_bits[g->offset + at / 2];

	return (at % 2 ? byte & 15 : byte >> 4) * 17;
}

/* Mean over the baked pixels from .. end of row y. */
static uint32_t
glyph_mean(const struct font_glyph *g, int32_t from, int32_t end, int32_t y)
{
	const int32_t n = min_i32(max_i32(end, from + 1), g->width) - from;
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += glyph_cover(g, from + i, y);
	return n > 0 ? sum / (uint32_t)n : 0;
}

/* floor(a * b / c); corners may be negative */
static int32_t
scaled(int32_t a, int32_t b, int32_t c)
{
	return a >= 0 ? a * b / c : -((-a * b + c - 1) / c);
}

/* As baked, enlarged to scale 3 or 4, or squeezed. */
static void
glyph_draw(struct canvas *c, const struct font_glyph *g, struct point at,
    struct text_style s)
{
	const int32_t baked = style_set(s)->baked;
	const int32_t num = s.scale * s.squeeze, den = baked * TEXT_NATURAL;
	const int32_t x0 = at.x + scaled(g->left, num, den);
	const int32_t y0 = at.y - scaled(g->top, s.scale, baked);
	const int32_t width = (g->width * num + den - 1) / den;
	const int32_t height = g->height * s.scale / baked;

	for (int32_t j = 0; j < height; j++) {
		if (!canvas_has_rows(c, y0 + j, y0 + j + 1))
			continue;
		for (int32_t i = 0; i < width; i++)
			canvas_blend(c, x0 + i, y0 + j, s.colour,
			    glyph_mean(g, i * den / num, (i + 1) * den / num,
				j * baked / s.scale));
	}
}

/* A character that we cannot show: an upright box as tall as a capital. */
static void
box_draw(struct canvas *c, struct text_style s, int32_t x, int32_t y,
    int32_t advance_px)
{
	const int32_t line = s.scale, top = y - text_cap(s);
	const int32_t right =
	    x + (advance_px > 5 * line ? advance_px - line : 4 * line);

	for (int32_t i = x + line; i < right; i++)
		for (int32_t j = top; j < y; j++)
			if (i < x + 2 * line || i >= right - line ||
			    j < top + line || j >= y - line)
				canvas_blend(c, i, j, s.colour, 255);
}

/* One character, pen (1/64 px, not negative) to the right of at. */
static void
char_draw(struct canvas *c, struct text_style s, struct point at, int32_t pen,
    uint32_t place)
{
	const struct font_set *set = style_set(s);
	/* the nearest of the baked phases; the last rounds up to a pixel */
	const int32_t step = PEN / set->phases;
	const int32_t near = pen + step / 2;
	const uint32_t phase = (uint32_t)(near % PEN / step);

	at.x += near / PEN;
	if (place == 0)
		box_draw(c, s, at.x, at.y, style_advance(s, place) / PEN);
	else
		glyph_draw(c, set_glyph(set, place, phase), at, s);
}

static bool
text_is_seen(const struct canvas *c, struct text_style s, int32_t y)
{
	const struct font_set *set = style_set(s);

	return canvas_has_rows(c, y - set->ascent_px * s.scale - 1,
	    y + set->descent_px * s.scale + 1);
}

int32_t
text_draw(struct canvas *c, struct text_style style, int32_t x, int32_t y,
    int32_t max_x, struct text text)
{
	const struct font_set *set = style_set(style);
	const int32_t width = text_pen(style, text);
	const uint32_t ellipsis = set_find(set, 0x2026);
	const struct point at = {x, y};
	int32_t limit = (max_x - x) * PEN, pen = 0;
	uint32_t used;

	if (limit <= 0)
		return x;
	if (!text_is_seen(c, style, y))
		return x + ((width < limit ? width : limit) + PEN - 1) / PEN;

	const bool is_cut = width > limit;
	if (is_cut)
		limit -= style_advance(style, ellipsis);
	for (uint32_t i = 0; i < text.len; i += used) {
		const uint32_t code =
		    utf8_next(text.bytes + i, text.len - i, &used);
		const uint32_t place = set_find(set, code);
		const int32_t advance = style_advance(style, place);

		if (pen + advance > limit)
			break;
		char_draw(c, style, at, pen, place);
		pen += advance;
	}
	if (is_cut && limit >= 0) {
		char_draw(c, style, at, pen, ellipsis);
		pen += style_advance(style, ellipsis);
	}
	return x + (pen + PEN - 1) / PEN;
}

void
line_text(struct line *line, struct text text)
{
	line->x = text_draw(line->c, line->style, line->x, line->y,
	    line->max_x, text);
}

void
line_words(struct line *line, const char *words)
{
	line_text(line, text_of(words));
}

void
line_number(struct line *line, uint32_t number)
{
	uint8_t digits[10];
	uint32_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	line_text(line, text_field(digits + at, sizeof(digits) - at));
}
