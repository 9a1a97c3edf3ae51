#include "compositor/paint_parts.h"
#include "compositor/theme.h"

void
pattern_fill(struct canvas *c, struct rect r, struct rect anchor,
    struct look look, int32_t s)
{
	const struct rect in = rect_intersect(r, c->clip);
	const struct sign_pattern *p = &sign_patterns[look.pattern][s - 1];
	/* about 25 % darker */
	const uint32_t dark = colour_mix(look.colour, THEME_BLACK, 64);
	uint32_t tone[PATTERN_MAX_PX];

	for (int32_t y = in.y0; y < in.y1; y++) {
		const uint8_t *cover =
		    p->cover[(y - anchor.y0) % p->period_px];
		uint32_t *row = canvas_row(c, y) - c->clip.x0;

		for (int32_t i = 0; i < p->period_px; i++)
			tone[i] = colour_mix(look.colour, dark, cover[i]);
		int32_t u = (in.x0 - anchor.x0) % p->period_px;
		for (int32_t x = in.x0; x < in.x1; x++) {
			row[x] = tone[u];
			u = u + 1 < p->period_px ? u + 1 : 0;
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
colour_text(uint32_t colour)
{
	const uint32_t white = 65535, veil = white / 20; /* 0.05 */

	/* white wherever its contrast is at least 4.5: it is what saturated
	 * label colours are made for; else black, which then has more */
	return 2 * (white + veil) >= 9 * (colour_luminance(colour) + veil) ?
	    THEME_WHITE : THEME_BLACK;
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
