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

/* Scales 3 and 4 enlarge the set of scale 2. */
static uint32_t
style_baked_scale(struct text_style s)
{
	return s.scale > 1 ? 2 : 1;
}

static const struct font_set *
style_set(struct text_style s)
{
	return &font_sets[s.face][style_baked_scale(s) - 1];
}

/* Index of a character in its set, or UINT32_MAX: draw the box. */
static uint32_t
set_find(const struct font_set *set, uint32_t code)
{
	const uint16_t *codes = font_codes + set->first_code;
	uint32_t low = 0, high = set->n_codes;

	/* every set begins with printable ASCII, without a gap */
	if (code >= 0x20 && code < 0x7f)
		return code - 0x20;
	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;

		if (codes[mid] == code)
			return mid;
		if (codes[mid] < code)
			low = mid + 1;
		else
			high = mid;
	}
	return UINT32_MAX;
}

static const struct font_glyph *
set_glyph(const struct font_set *set, uint32_t index, uint32_t phase)
{
	return &font_glyphs[set->first_glyph + index * set->phases + phase];
}

static int32_t
style_advance(struct text_style s, uint32_t index)
{
	/* the box is as wide as this capital */
	const uint32_t i = index == UINT32_MAX ? 'H' - 0x20 : index;
	const uint32_t baked = set_glyph(style_set(s), i, 0)->advance;
	const uint32_t natural = baked * s.scale / style_baked_scale(s);

	return (int32_t)(natural * s.squeeze / TEXT_NATURAL);
}

struct text_style
text_style(enum face face, uint32_t scale, uint32_t colour)
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
	const uint32_t cap = style_set(style)->cap_px;

	return (int32_t)(cap * style.scale / style_baked_scale(style));
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
	s.squeeze = squeeze > 1 ? (uint32_t)squeeze : 1;
	return s;
}

static uint32_t
glyph_cover(const struct font_glyph *g, uint32_t x, uint32_t y)
{
	const uint32_t at = y * g->width + x;
	const uint32_t byte = font_bits[g->offset + at / 2];

	return (at % 2 ? byte & 15 : byte >> 4) * 17;
}

/* Mean over the baked pixels from[0]..from[1] of row y. */
static uint32_t
glyph_mean(const struct font_glyph *g, const uint32_t from[2], uint32_t y)
{
	const uint32_t end = from[1] < g->width ? from[1] : g->width;
	uint32_t sum = 0;

	for (uint32_t i = from[0]; i < end; i++)
		sum += glyph_cover(g, i, y);
	return from[0] < end ? sum / (end - from[0]) : 0;
}

/* floor(a * b / c); corners may be negative */
static int32_t
scaled(int32_t a, uint32_t b, uint32_t c)
{
	const int32_t p = a * (int32_t)b, q = (int32_t)c;

	return p >= 0 ? p / q : -((-p + q - 1) / q);
}

/* As baked, enlarged to scale 3 or 4, or squeezed. */
static void
glyph_draw(struct canvas *c, const struct font_glyph *g, struct point at,
    struct text_style s)
{
	const uint32_t baked = style_baked_scale(s);
	const uint32_t num = s.scale * s.squeeze, den = baked * TEXT_NATURAL;
	const int32_t x0 = at.x + scaled(g->left, num, den);
	const int32_t y0 = at.y - scaled(g->top, s.scale, baked);
	const uint32_t width = (g->width * num + den - 1) / den;
	const uint32_t height = g->height * s.scale / baked;

	for (uint32_t j = 0; j < height; j++) {
		const int32_t y = y0 + (int32_t)j;

		if (!canvas_has_rows(c, y, y + 1))
			continue;
		for (uint32_t i = 0; i < width; i++) {
			const uint32_t left = i * den / num;
			const uint32_t right = (i + 1) * den / num;
			const uint32_t from[2] = {left,
			    right > left ? right : left + 1};

			canvas_blend(c, x0 + (int32_t)i, y, s.colour,
			    glyph_mean(g, from, j * baked / s.scale));
		}
	}
}

/* A character that we cannot show: an upright box as tall as a capital. */
static void
box_draw(struct canvas *c, struct text_style s, int32_t x, int32_t y,
    int32_t advance_px)
{
	const int32_t line = (int32_t)s.scale, top = y - text_cap(s);
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
    uint32_t index)
{
	const struct font_set *set = style_set(s);
	/* the nearest of the baked phases; the last rounds up to a pixel */
	const int32_t step = PEN / set->phases;
	const int32_t near = pen + step / 2;
	const uint32_t phase = (uint32_t)(near % PEN / step);

	at.x += near / PEN;
	if (index == UINT32_MAX)
		box_draw(c, s, at.x, at.y, style_advance(s, index) / PEN);
	else
		glyph_draw(c, set_glyph(set, index, phase), at, s);
}

static bool
text_is_seen(const struct canvas *c, struct text_style s, int32_t y)
{
	const struct font_set *set = style_set(s);
	const int32_t up = set->ascent_px * (int32_t)s.scale;
	const int32_t down = set->descent_px * (int32_t)s.scale;

	return canvas_has_rows(c, y - up - 1, y + down + 1);
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
		const uint32_t index = set_find(set, code);
		const int32_t advance = style_advance(style, index);

		if (pen + advance > limit)
			break;
		char_draw(c, style, at, pen, index);
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
