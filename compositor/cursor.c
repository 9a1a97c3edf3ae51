#include "compositor/cursor.h"

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
	return cursor_target(core) == TDS_NONE ||
	    !core->domains[core->focus].has_cursor;
}

uint32_t
cursor_window(const struct core *core)
{
	if (cursor_is_ours(core) || !core->domains[core->focus].cursor.visible)
		return TDS_NONE;
	return cursor_target(core);
}

struct cursor_look
cursor_look(const struct core *core)
{
	const struct output *o = &core->scene.outputs[core->pointer_output];
	const int32_t s = (int32_t)o->config.scale;
	const int32_t x = core->pointer_x;
	const int32_t y = core->pointer_y;
	struct cursor_look look = {.output = core->pointer_output,
	    .window = cursor_window(core)};

	if (cursor_is_ours(core)) {
		look.r = rect_intersect(o->area,
		    rect_make(x, y, ARROW_WIDTH * s, ARROW_HEIGHT * s));
	} else if (look.window != TDS_NONE) {
		const struct cursor *c = &core->domains[core->focus].cursor;

		look.offset_bytes = c->offset_bytes;
		look.r = rect_intersect(
		    window_picture(&core->scene.windows[look.window]),
		    rect_make(x - (int32_t)c->hot_x, y - (int32_t)c->hot_y,
			TDS_CURSOR_DIM, TDS_CURSOR_DIM));
	}
	return look;
}
