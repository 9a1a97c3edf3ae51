#include "compositor/canvas.h"

#include "compositor/font/signs.h"

bool
canvas_has_rows(const struct canvas *c, int32_t y0, int32_t y1)
{
	return y0 < c->clip.y1 && c->clip.y0 < y1;
}

uint32_t *
canvas_row(struct canvas *c, int32_t y)
{
	return c->pixels + (y - c->clip.y0) * (c->clip.x1 - c->clip.x0);
}

void
canvas_fill(struct canvas *c, struct rect r, uint32_t colour)
{
	const struct rect in = rect_intersect(r, c->clip);

	for (int32_t y = in.y0; y < in.y1; y++) {
		uint32_t *row = canvas_row(c, y);

		for (int32_t x = in.x0; x < in.x1; x++)
			row[x - c->clip.x0] = colour;
	}
}

static uint32_t
mix_channel(uint32_t under, uint32_t over, uint32_t cover, uint32_t shift)
{
	const uint32_t a = under >> shift & 255;
	const uint32_t b = over >> shift & 255;

	return (a * (255 - cover) + b * cover + 127) / 255 << shift;
}

uint32_t
colour_mix(uint32_t under, uint32_t over, uint32_t cover)
{
	return mix_channel(under, over, cover, 16) |
	    mix_channel(under, over, cover, 8) |
	    mix_channel(under, over, cover, 0);
}

void
canvas_blend(struct canvas *c, int32_t x, int32_t y, uint32_t colour,
    uint32_t cover)
{
	if (cover == 0 || !rect_has(c->clip, x, y))
		return;

	uint32_t *at = canvas_row(c, y) + (x - c->clip.x0);
	*at = colour_mix(*at, colour, cover);
}

void
canvas_corners(struct canvas *c, struct rect r, int32_t radius,
    uint32_t colour, bool is_inside)
{
	for (int32_t y = 0; y < radius; y++) {
		if (!canvas_has_rows(c, r.y0 + y, r.y0 + y + 1) &&
		    !canvas_has_rows(c, r.y1 - 1 - y, r.y1 - y))
			continue;
		for (int32_t x = 0; x < radius; x++) {
			const uint32_t disc =
			    sign_discs[radius][y * radius + x];
			const uint32_t a = is_inside ? disc : 255 - disc;

			canvas_blend(c, r.x0 + x, r.y0 + y, colour, a);
			canvas_blend(c, r.x1 - 1 - x, r.y0 + y, colour, a);
			canvas_blend(c, r.x0 + x, r.y1 - 1 - y, colour, a);
			canvas_blend(c, r.x1 - 1 - x, r.y1 - 1 - y, colour, a);
		}
	}
}

void
canvas_round(struct canvas *c, struct rect r, int32_t radius, uint32_t colour)
{
	if (rect_is_empty(r) || !canvas_has_rows(c, r.y0, r.y1))
		return;

	const struct rect tall = {r.x0 + radius, r.y0, r.x1 - radius, r.y1};
	const struct rect wide = {r.x0, r.y0 + radius, r.x1, r.y1 - radius};
	canvas_fill(c, tall, colour);
	canvas_fill(c, wide, colour);
	canvas_corners(c, r, radius, colour, true);
}

void
canvas_edged(struct canvas *c, struct rect r, struct edge e)
{
	const struct rect in = {r.x0 + e.line, r.y0 + e.line, r.x1 - e.line,
	    r.y1 - e.line};

	canvas_round(c, r, e.radius, e.colour);
	canvas_round(c, in, e.radius - e.line, e.inside);
}
