#include "compositor/paint_parts.h"
#include "compositor/theme.h"

/*
 * A pattern is one predicate: is the darker tone at this point? Points are in
 * eighths of a logical pixel inside one period; each pixel asks at 4 x 4
 * points, which gives smooth edges at every scale.
 */
enum { EIGHTHS = 8 };

/* Periods in logical pixels. */
static const uint8_t periods[PATTERN_COUNT] = {
	[PATTERN_PLAIN] = 1,
	[PATTERN_DIAGONAL] = 16,
	[PATTERN_DOTS] = 10,
	[PATTERN_VERTICAL] = 10,
	[PATTERN_HORIZONTAL] = 6,
	[PATTERN_CROSS] = 12,
	[PATTERN_CHEVRON] = 12,
	[PATTERN_CHECKS] = 12,
};

enum { MAX_PERIOD_PX = 16 * 4 };

static bool
pattern_is_dark(enum pattern pattern, int32_t x, int32_t y)
{
	const int32_t p = periods[pattern] * EIGHTHS;
	const int32_t half = p / 2;
	const int32_t dx = x - half, dy = y - half;

	switch (pattern) {
	case PATTERN_PLAIN:
	case PATTERN_COUNT:
		return false;
	case PATTERN_DIAGONAL:
		return (x + y) % p < p * 3 / 8;
	case PATTERN_DOTS:
		return dx * dx + dy * dy < 20 * 20;
	case PATTERN_VERTICAL:
		return x < 4 * EIGHTHS;
	case PATTERN_HORIZONTAL:
		return y >= 3 * EIGHTHS;
	case PATTERN_CROSS:
		return x < 3 * EIGHTHS || y < 3 * EIGHTHS;
	case PATTERN_CHEVRON:
		return (y + (dx < 0 ? -dx : dx)) % p < 4 * EIGHTHS;
	case PATTERN_CHECKS:
		return (x < half) != (y < half);
	}
	return false;
}

/* Cover of the darker tone on pixel (u, v) of one period, 0..255. */
static uint32_t
pattern_cover(enum pattern pattern, int32_t u, int32_t v, int32_t scale)
{
	uint32_t n = 0;

	for (int32_t j = 1; j < EIGHTHS; j += 2)
		for (int32_t i = 1; i < EIGHTHS; i += 2)
			n += pattern_is_dark(pattern,
			    (u * EIGHTHS + i) / scale,
			    (v * EIGHTHS + j) / scale);
	return n * 255 / 16;
}

void
pattern_fill(struct canvas *c, struct rect r, struct rect anchor,
    struct look look, uint32_t scale)
{
	const struct rect in = rect_intersect(r, c->clip);
	/* about 25 % darker */
	const uint32_t dark = colour_mix(look.colour, THEME_BLACK, 64);
	const int32_t s = (int32_t)scale;
	const int32_t period = periods[look.pattern] * s;
	uint32_t tone[MAX_PERIOD_PX];

	for (int32_t y = in.y0; y < in.y1; y++) {
		const int32_t v = (y - anchor.y0) % period;
		uint32_t *row = canvas_row(c, y) - c->clip.x0;

		for (int32_t i = 0; i < period; i++)
			tone[i] = colour_mix(look.colour, dark,
			    pattern_cover(look.pattern, i, v, s));
		int32_t u = (in.x0 - anchor.x0) % period;
		for (int32_t x = in.x0; x < in.x1; x++) {
			row[x] = tone[u];
			u = u + 1 < period ? u + 1 : 0;
		}
	}
}

/* Relative luminance, 0..65535 (WCAG 2.1). */
static uint32_t
colour_luminance(uint32_t colour)
{
	return (font_linear[colour >> 16 & 255] * 2126u +
		   font_linear[colour >> 8 & 255] * 7152u +
		   font_linear[colour & 255] * 722u) /
	    10000u;
}

uint32_t
colour_contrast(uint32_t a, uint32_t b)
{
	const uint32_t veil = 65535 / 20; /* 0.05 */
	const uint32_t la = colour_luminance(a) + veil;
	const uint32_t lb = colour_luminance(b) + veil;

	return la > lb ? la * 100 / lb : lb * 100 / la;
}

uint32_t
colour_text(uint32_t colour)
{
	/* white wherever it is good enough: it is what saturated label
	 * colours are made for; else black, which then has more than 4.5 */
	return colour_contrast(colour, THEME_WHITE) >= 450 ? THEME_WHITE :
							    THEME_BLACK;
}

struct look
look_of(const struct core *core, uint32_t domain)
{
	const struct core_domain *d = &core->domains[domain].config;
	struct look look = {
		.colour = d->colour & 0xffffff,
		.pattern = d->pattern < PATTERN_COUNT ? d->pattern :
							PATTERN_PLAIN,
		.text = colour_text(d->colour & 0xffffff),
		.label = text_field(d->label, sizeof(d->label)),
		.name = text_field(d->name, sizeof(d->name)),
	};
	return look;
}
