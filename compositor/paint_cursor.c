#include "compositor/paint_parts.h"
#include "compositor/cursor.h"
#include "compositor/theme.h"

#include <stddef.h>

/* '#' outline, '.' inside; the tip, top left, is the hot spot. */
static const char arrow[][ARROW_WIDTH + 1] = {
	"##",
	"#.#",
	"#..#",
	"#...#",
	"#....#",
	"#.....#",
	"#......#",
	"#.......#",
	"#........#",
	"#.........#",
	"#..........#",
	"#...........#",
	"#......######",
	"#...#..#",
	"#..##...#",
	"#.#  #..#",
	"##   #...#",
	"#     #..#",
	"       ##",
};

enum { ARROW_ROWS = sizeof(arrow) / sizeof(arrow[0]) };

_Static_assert((int)ARROW_ROWS <= (int)ARROW_HEIGHT, "cursor_look() must hold it");

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

		for (int32_t x = look.r.x0;
		     x < look.r.x1 && row < (int32_t)ARROW_ROWS; x++) {
			const char dot = arrow[row][(x - look.r.x0) / s];

			if (dot != '#' && dot != '.')
				continue;
			to[x] = dot == '#' ? THEME_OUTLINE : THEME_WHITE;
			pixels++;
		}
	}
	return pixels;
}
