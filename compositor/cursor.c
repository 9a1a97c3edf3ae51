#include "compositor/cursor.h"
#include "compositor/protect.h"

uint32_t
cursor_target(const struct core *core)
{
	if (core->panel.is_open || core->focus == TDS_NONE)
		return TDS_NONE;
	const uint32_t at = scene_window_at(&core->scene,
	    core->pointer_output, core->pointer_x, core->pointer_y);
	if (at == TDS_NONE || core->scene.windows[at].domain != core->focus ||
	    !rect_has(window_picture(&core->scene.windows[at]),
		core->pointer_x, core->pointer_y))
		return TDS_NONE;
	return at;
}

bool
cursor_is_ours(const struct core *core)
{
	const uint32_t at = cursor_target(core);

	return at == TDS_NONE || !core->domains[core->focus].has_cursor ||
	    !protect_allows(core, &core->scene.windows[at]);
}

uint32_t
cursor_window(const struct core *core)
{
	if (cursor_is_ours(core) || !core->domains[core->focus].cursor.visible)
		return TDS_NONE;
	return cursor_target(core);
}

/* Is all of r picture of this window, and nothing above it? */
static bool
is_uncovered(const struct core *core, uint32_t window, struct rect r)
{
	const struct scene *scene = &core->scene;
	const struct window *w = &scene->windows[window];
	const struct output *o = &scene->outputs[w->output];

	if (!rect_covers(rect_intersect(window_picture(w), o->desk), r))
		return false;
	for (uint32_t i = scene->n_windows; i > 0; i--) {
		const struct window *above =
		    &scene->windows[scene->stack[i - 1]];
		if (above == w)
			break;
		if (above->output == w->output && window_is_visible(above) &&
		    !rect_is_empty(rect_intersect(
			r, window_frame(above, o->config.scale))))
			return false;
	}
	return true;
}

struct cursor_look
cursor_look(const struct core *core)
{
	const struct output *o = &core->scene.outputs[core->pointer_output];
	const int32_t s = (int32_t)o->config.scale;
	const int32_t x = core->pointer_x;
	const int32_t y = core->pointer_y;
	struct cursor_look look = {.output = core->pointer_output,
	    .window = cursor_window(core),
	    .x = x,
	    .y = y};

	if (cursor_is_ours(core)) {
		look.r = rect_intersect(o->area,
		    rect_make(x, y, ARROW_WIDTH * s, ARROW_HEIGHT * s));
		look.is_on_plane =
		    o->has_cursor_plane && ARROW_HEIGHT * s <= TDS_CURSOR_DIM;
	} else if (look.window != TDS_NONE) {
		const struct cursor *c = &core->domains[core->focus].cursor;

		look.offset_bytes = c->offset_bytes;
		look.x = x - (int32_t)c->hot_x;
		look.y = y - (int32_t)c->hot_y;
		const struct rect box = rect_make(
		    look.x, look.y, TDS_CURSOR_DIM, TDS_CURSOR_DIM);
		look.r = rect_intersect(
		    window_picture(&core->scene.windows[look.window]), box);
		look.is_on_plane = o->has_cursor_plane &&
		    is_uncovered(core, look.window, box);
	}
	return look;
}
