#include "compositor/cursor.h"
#include "compositor/font/signs.h"
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

#include <stddef.h>

/* The part of the arrow in r, whose corner at x, y is the arrow's own. */
static uint64_t
dots_draw(struct target target, struct rect r, int32_t s, uint32_t opaque)
{
	uint64_t pixels = 0;

	for (int32_t y = r.y0; y < r.y1; y++) {
		const int32_t row = (y - r.y0) / s;
		uint32_t *to = target.pixels + (size_t)y * target.stride_px;

		for (int32_t x = r.x0; x < r.x1; x++) {
			const char dot = sign_arrow[row][(x - r.x0) / s];

			if (dot != '#' && dot != '.')
				continue;
			to[x] = opaque |
			    (dot == '#' ? (uint32_t)THEME_OUTLINE
					: (uint32_t)THEME_WHITE);
			pixels++;
		}
	}
	return pixels;
}

uint64_t
arrow_draw(const struct core *core, uint32_t output, struct target target)
{
	const struct cursor_look look = cursor_look(core);
	const struct output *o = &core->scene.outputs[output];

	if (output != look.output || look.window != TDS_NONE)
		return 0;
	return dots_draw(target, look.r, (int32_t)o->config.scale, 0);
}

void
arrow_image(uint32_t *image, int32_t s)
{
	if (ARROW_HEIGHT * s <= TDS_CURSOR_DIM)
		dots_draw((struct target){.pixels = image,
			      .stride_px = TDS_CURSOR_DIM},
		    rect_make(0, 0, ARROW_WIDTH * s, ARROW_HEIGHT * s), s,
		    0xff000000);
}
