#include "compositor/core_private.h"
#include "compositor/cursor.h"

#include <linux/input-event-codes.h>

/*
 * The pointer lies on one output. Outputs have places in one layout; positions
 * from devices are pixels of it, and a point beside all outputs counts as the
 * nearest one of the output that the pointer is on.
 */

static int32_t
clamp(int32_t v, int32_t low, int32_t high)
{
	return v < low ? low : v > high ? high : v;
}

void
pointer_damage(struct core *core)
{
	if (core->scene.n_outputs == 0)
		return;
	const struct cursor_look look = cursor_look(core);
	if (!look.is_on_plane)
		scene_damage_output(&core->scene, look.output, look.r);
}

/* To the place aimed at, as far as both of its axes are known by now. */
static void
move(struct core *core)
{
	const struct scene *scene = &core->scene;
	const uint32_t at = scene_output_at(scene, core->aim_x, core->aim_y);
	const uint32_t output = at == TDS_NONE ? core->pointer_output : at;
	const struct output *o = &scene->outputs[output];

	if (!output_is_on(o))
		return;
	pointer_damage(core);
	core->pointer_output = output;
	core->pointer_x = clamp(core->aim_x - o->x, 0, o->area.x1 - 1);
	core->pointer_y = clamp(core->aim_y - o->y, 0, o->area.y1 - 1);
	core->pointer_moved = true;
	pointer_damage(core);
}

/* The next report of a device starts from where the pointer is. */
void
pointer_aim(struct core *core)
{
	const struct output *o = &core->scene.outputs[core->pointer_output];

	core->aim_x = o->x + core->pointer_x;
	core->aim_y = o->y + core->pointer_y;
}

/* The window of the focused domain that the pointer may speak to. */
static uint32_t
target(const struct core *core)
{
	if (!input_reaches_focus(core))
		return TDS_NONE;
	const bool is_grabbed = core->focus != TDS_NONE &&
	    !core->panel.is_open && core->grab != TDS_NONE;

	return is_grabbed ? core->grab : cursor_target(core);
}

static void
send_axis(struct core *core, struct actions *out, uint32_t scanout,
    uint16_t code, int32_t value)
{
	act(out, core->focus,
	    &(struct down){.op = DOWN_INPUT,
		.device = DEVICE_TABLET,
		.scanout = (uint8_t)scanout,
		.type = EV_ABS,
		.code = code,
		.value = value});
}

void
pointer_send_position(struct core *core, struct actions *out)
{
	const uint32_t at = target(core);

	if (at == TDS_NONE)
		return;
	const struct window *w = &core->scene.windows[at];
	if (w->buffer.width_px == 0)
		return;
	int32_t x, y;
	window_origin(w, &x, &y);
	send_axis(core, out, w->scanout, ABS_X,
	    clamp(core->pointer_x - x, 0, (int32_t)w->buffer.width_px - 1));
	send_axis(core, out, w->scanout, ABS_Y,
	    clamp(core->pointer_y - y, 0, (int32_t)w->buffer.height_px - 1));
}

static void
wheel(struct core *core, uint16_t code, int32_t value, struct actions *out)
{
	if (target(core) == TDS_NONE)
		return;
	const struct keys_result keys = keys_pass_held_back(&core->keys);
	focus_send(core, &keys, out);
	act_input(core, out, DEVICE_TABLET, EV_REL, code,
	    clamp(value, -TDS_MAX_DIM, TDS_MAX_DIM));
	act_input(core, out, DEVICE_TABLET, EV_SYN, SYN_REPORT, 0);
}

void
pointer_axis(struct core *core, uint16_t type, uint16_t code, int32_t value,
    struct actions *out)
{
	const int32_t v = clamp(value, -2 * TDS_MAX_COORD, 2 * TDS_MAX_COORD);

	if (code != ABS_X && code != ABS_Y) {
		if (type == EV_REL && (code == REL_WHEEL || code == REL_HWHEEL))
			wheel(core, code, value, out);
		return;
	}
	int32_t *aim = code == ABS_X ? &core->aim_x : &core->aim_y;
	*aim = clamp(type == EV_ABS ? v : *aim + v, -TDS_MAX_COORD,
	    2 * TDS_MAX_COORD);
	move(core);
}

/* ------------------------------------------------------------------- drag */

enum { EDGE_LEFT = 1, EDGE_RIGHT = 2, EDGE_BOTTOM = 4 };

static struct rect
dragged(const struct drag *d, int32_t dx, int32_t dy, uint32_t scale)
{
	const int32_t min_w = TDS_MIN_CONTENT_WIDTH * (int32_t)scale;
	struct rect r = d->content;

	if (d->kind == DRAG_MOVE)
		return rect_move(r, dx, dy);
	if (d->edges & EDGE_LEFT)
		r.x0 = clamp(r.x0 + dx, 0, r.x1 - min_w);
	if (d->edges & EDGE_RIGHT)
		r.x1 = clamp(r.x1 + dx, r.x0 + min_w, TDS_MAX_DIM);
	if (d->edges & EDGE_BOTTOM)
		r.y1 = clamp(r.y1 + dy,
		    r.y0 + TDS_MIN_CONTENT_HEIGHT * (int32_t)scale,
		    TDS_MAX_DIM);
	return r;
}

static void
drag_move(struct core *core)
{
	const struct drag *d = &core->drag;
	const struct window *w = &core->scene.windows[d->window];
	const uint32_t scale = core->scene.outputs[w->output].config.scale;

	if (core->pointer_output != w->output)
		return; /* a window stays on its output */
	scene_place(&core->scene, d->window,
	    dragged(d, core->pointer_x - d->from_x,
		core->pointer_y - d->from_y, scale));
}

static void
drag_begin(struct core *core, uint32_t window, enum drag_kind kind,
    uint32_t edges)
{
	core->drag = (struct drag){.kind = kind,
	    .window = window,
	    .from_x = core->pointer_x,
	    .from_y = core->pointer_y,
	    .content = core->scene.windows[window].content,
	    .edges = edges};
	core->scene.windows[window].before_maximise = (struct rect){0};
	scene_damage_window(&core->scene, window); /* its button says so */
}

static void
toggle_maximised(struct core *core, uint32_t window, struct actions *out)
{
	struct window *w = &core->scene.windows[window];
	const struct rect before = w->before_maximise;
	const struct rect desk = core->scene.outputs[w->output].desk;
	const bool is_maximised = !rect_is_empty(before);

	w->before_maximise = is_maximised ? (struct rect){0} : w->content;
	scene_place(&core->scene, window, is_maximised ? before : desk);
	act_configure(core, out, window);
}

/* A press on a frame: a button of it, its title bar, or an edge. */
static void
press_on_frame(struct core *core, uint32_t window, struct actions *out)
{
	const struct window *w = &core->scene.windows[window];
	const uint32_t scale = core->scene.outputs[w->output].config.scale;
	const int32_t x = core->pointer_x;
	const int32_t y = core->pointer_y;

	if (rect_has(window_button(w, scale, BUTTON_MINIMISE), x, y)) {
		scene_set_hidden(&core->scene, window, true);
	} else if (rect_has(window_button(w, scale, BUTTON_MAXIMISE), x, y)) {
		toggle_maximised(core, window, out);
	} else if (rect_has(window_title(w, scale), x, y)) {
		drag_begin(core, window, DRAG_MOVE, 0);
	} else {
		const uint32_t edges = (x < w->content.x0 ? EDGE_LEFT : 0u) |
		    (x >= w->content.x1 ? EDGE_RIGHT : 0u) |
		    (y >= w->content.y1 ? EDGE_BOTTOM : 0u);
		drag_begin(core, window, DRAG_RESIZE, edges);
	}
}

bool
pointer_press(struct core *core, uint16_t code, struct actions *out)
{
	if (keys_any_button(&core->keys)) /* the first button decides */
		return core->grab != TDS_NONE;

	const uint32_t at = scene_window_at(&core->scene,
	    core->pointer_output, core->pointer_x, core->pointer_y);
	if (at == TDS_NONE)
		return false;
	const struct window *w = &core->scene.windows[at];
	const bool had_focus = core->focus == w->domain;
	focus_set(core, w->domain, out);
	scene_raise(&core->scene, at);
	if (!rect_has(w->content, core->pointer_x, core->pointer_y)) {
		if (code == BTN_LEFT || code == TDS_BTN_FINGER)
			press_on_frame(core, at, out);
		return false;
	}
	/* The click that brings the focus is not passed on: what it hit may
	 * have been put under the pointer a moment ago. */
	if (!had_focus || target(core) != at)
		return false;
	core->grab = at;
	return true;
}

void
pointer_release(struct core *core, struct actions *out)
{
	if (keys_any_button(&core->keys))
		return;
	core->grab = TDS_NONE;
	if (core->drag.kind == DRAG_RESIZE)
		act_configure(core, out, core->drag.window);
	core->drag = (struct drag){.kind = DRAG_NONE};
}

void
pointer_sync(struct core *core, struct actions *out)
{
	if (!core->pointer_moved)
		return;
	core->pointer_moved = false;
	pointer_aim(core);
	if (core->drag.kind != DRAG_NONE) {
		drag_move(core);
		return;
	}
	const uint32_t n = out->n;
	pointer_send_position(core, out);
	if (out->n > n)
		act_input(core, out, DEVICE_TABLET, EV_SYN, SYN_REPORT, 0);
}
