#include "compositor/font/signs.h"
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

#include <stddef.h>

uint64_t
arrow_draw(const struct core *core, uint32_t output, struct target target)
{
	const struct cursor_look look = cursor_look(core);
	const struct output *o = &core->scene.outputs[output];
	const int32_t s = (int32_t)o->config.scale;
	uint64_t pixels = 0;

	if (output != look.output || look.window != TDS_NONE)
		return 0;
	for (int32_t y = look.r.y0; y < look.r.y1; y++) {
		const int32_t row = (y - look.r.y0) / s;
		uint32_t *to = target.pixels + (size_t)y * target.stride_px;

		for (int32_t x = look.r.x0; x < look.r.x1; x++) {
			const char dot = sign_arrow[row][(x - look.r.x0) / s];

			if (dot != '#' && dot != '.')
				continue;
			to[x] = dot == '#' ? THEME_OUTLINE : THEME_WHITE;
			pixels++;
		}
	}
	return pixels;
}
