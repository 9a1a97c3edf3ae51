#include "tests/property/secret.h"

#include <string.h>

static void
mark(uint8_t *map, const struct output *o, struct rect r, uint8_t value)
{
	const struct rect in = rect_intersect(r, o->area);

	for (int32_t y = in.y0; y < in.y1; y++)
		memset(map + (size_t)y * o->config.width + in.x0, value,
		    (size_t)(in.x1 - in.x0));
}

void
secret_area(const struct core *core, uint32_t h, uint32_t output, uint8_t *map)
{
	const struct scene *scene = &core->scene;
	const struct output *o = &scene->outputs[output];
	const int32_t s = (int32_t)o->config.scale;

	memset(map, 0, (size_t)o->config.width * o->config.height);
	if (core->panel.is_open)
		return;
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		const struct window *w = &scene->windows[scene->stack[i]];

		if (w->output != output || !window_is_visible(w))
			continue;
		mark(map, o, window_frame(w, o->config.scale), 0);
		mark(map, o, w->content, w->domain == h);
	}
	mark(map, o, o->trust_bar, 0);
	/* H may show its own pointer in its picture instead of our arrow */
	const uint32_t under = scene_window_at(scene, core->pointer_output,
	    core->pointer_x, core->pointer_y);
	if (core->pointer_output == output && under != TDS_NONE &&
	    scene->windows[under].domain == h && core->focus == h)
		mark(map, o, rect_make(core->pointer_x, core->pointer_y,
		    16 * s, 24 * s), 1);
}
