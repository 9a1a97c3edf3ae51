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

static uint64_t
dot_draw(struct target target, struct rect dot, uint32_t colour)
{
	for (int32_t y = dot.y0; y < dot.y1; y++)
		for (int32_t x = dot.x0; x < dot.x1; x++)
			target.pixels[(size_t)y * target.stride_px +
			    (size_t)x] = colour;
	return (uint64_t)rect_area(dot);
}

uint64_t
arrow_draw(const struct core *core, uint32_t output, struct target target)
{
	if (output != core->pointer_output || !cursor_is_ours(core))
		return 0;

	const struct output *o = &core->scene.outputs[output];
	const int32_t s = (int32_t)o->config.scale;
	uint64_t pixels = 0;
	for (int32_t j = 0; j < (int32_t)ARROW_ROWS; j++) {
		for (int32_t i = 0; arrow[j][i] != '\0'; i++) {
			const struct rect dot =
			    rect_make(core->pointer_x + i * s,
				core->pointer_y + j * s, s, s);

			if (arrow[j][i] == ' ')
				continue;
			pixels += dot_draw(target,
			    rect_intersect(dot, o->area),
			    arrow[j][i] == '#' ? THEME_OUTLINE : THEME_WHITE);
		}
	}
	return pixels;
}
