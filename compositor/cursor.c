#include "compositor/cursor.h"

uint32_t
cursor_target(const struct core *core)
{
	if (core->panel.is_open || core->focus == TDS_NONE)
		return TDS_NONE;
	const uint32_t at = scene_window_at(&core->scene,
	    core->pointer_output, core->pointer_x, core->pointer_y);
	if (at == TDS_NONE || core->scene.windows[at].domain != core->focus)
		return TDS_NONE;
	return rect_has(window_picture(&core->scene.windows[at]),
		   core->pointer_x, core->pointer_y)
	    ? at
	    : TDS_NONE;
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

struct rect
cursor_extent(const struct core *core)
{
	const uint32_t output = core->pointer_output;
	const int32_t s = (int32_t)core->scene.outputs[output].config.scale;
	const int32_t x = core->pointer_x;
	const int32_t y = core->pointer_y;
	const struct rect arrow =
	    rect_make(x, y, ARROW_WIDTH * s, ARROW_HEIGHT * s);

	if (core->focus == TDS_NONE)
		return arrow;
	const struct cursor *c = &core->domains[core->focus].cursor;
	if (!c->visible)
		return arrow;
	return rect_bounds(arrow,
	    rect_make(x - (int32_t)c->hot_x, y - (int32_t)c->hot_y,
		TDS_CURSOR_DIM, TDS_CURSOR_DIM));
}
