#include "compositor/scene.h"

static int32_t
width_of(struct rect r)
{
	return r.x1 - r.x0;
}

static int32_t
height_of(struct rect r)
{
	return r.y1 - r.y0;
}

struct rect
window_frame(const struct window *w, uint32_t scale)
{
	const int32_t s = (int32_t)scale;
	const int32_t side = (OUTLINE + BAND) * s;

	return (struct rect){w->content.x0 - side,
	    w->content.y0 - (OUTLINE + TITLE_HEIGHT) * s,
	    w->content.x1 + side, w->content.y1 + side};
}

struct rect
window_title(const struct window *w, uint32_t scale)
{
	const int32_t s = (int32_t)scale;

	return (struct rect){w->content.x0 - BAND * s,
	    w->content.y0 - TITLE_HEIGHT * s, w->content.x1 + BAND * s,
	    w->content.y0};
}

struct rect
window_button(const struct window *w, uint32_t scale, enum button which)
{
	enum { SIDE = 28, GAP = 3 };
	const int32_t s = (int32_t)scale;
	const struct rect title = window_title(w, scale);
	const int32_t from_right = (int32_t)(BUTTON_COUNT - which);

	return rect_make(title.x1 - (GAP + SIDE * from_right) * s,
	    title.y0 + GAP * s, SIDE * s, SIDE * s);
}

void
window_origin(const struct window *w, int32_t *x, int32_t *y)
{
	const int32_t spare_x =
	    width_of(w->content) - (int32_t)w->buffer.width_px;
	const int32_t spare_y =
	    height_of(w->content) - (int32_t)w->buffer.height_px;

	*x = w->content.x0 + max_i32(spare_x, 0) / 2;
	*y = w->content.y0 + max_i32(spare_y, 0) / 2;
}

struct rect
window_picture(const struct window *w)
{
	int32_t x, y;

	window_origin(w, &x, &y);
	return rect_intersect(w->content,
	    rect_make(x, y, (int32_t)w->buffer.width_px,
		(int32_t)w->buffer.height_px));
}

bool
window_is_visible(const struct window *w)
{
	return !w->is_hidden;
}

uint32_t
scene_window_at(const struct scene *scene, uint32_t output, int32_t x,
    int32_t y)
{
	const uint32_t scale = scene->outputs[output].config.scale;

	if (!rect_has(scene->outputs[output].desk, x, y))
		return TDS_NONE;
	for (uint32_t i = scene->n_windows; i > 0; i--) {
		const uint32_t at = scene->stack[i - 1];
		const struct window *w = &scene->windows[at];
		if (w->output == output && window_is_visible(w) &&
		    rect_has(window_frame(w, scale), x, y))
			return at;
	}
	return TDS_NONE;
}

uint32_t
scene_find(const struct scene *scene, uint32_t domain, uint32_t scanout)
{
	for (uint32_t i = 0; i < scene->n_windows; i++)
		if (scene->windows[i].domain == domain &&
		    scene->windows[i].scanout == scanout)
			return i;
	return TDS_NONE;
}

void
scene_raise(struct scene *scene, uint32_t window)
{
	uint32_t at = 0;

	while (at < scene->n_windows && scene->stack[at] != window)
		at++;
	if (at + 1 >= scene->n_windows)
		return; /* on top already */
	for (; at + 1 < scene->n_windows; at++)
		scene->stack[at] = scene->stack[at + 1];
	scene->stack[at] = window;
	scene_damage_window(scene, window);
}

/* Where [at, at + size) lies so that [at - before, at + size + after) is in
 * [low, high); low wins where it does not fit. */
static int32_t
slide(int32_t at, int32_t size, int32_t before, int32_t after, int32_t low,
    int32_t high)
{
	return max_i32(min_i32(at, high - after - size), low + before);
}

struct rect
scene_fit(const struct scene *scene, const struct window *w,
    struct rect content)
{
	const struct output *o = &scene->outputs[w->output];
	const int32_t s = (int32_t)o->config.scale;
	const int32_t side = (OUTLINE + BAND) * s;
	const int32_t top = (OUTLINE + TITLE_HEIGHT) * s;
	const int32_t room_w = width_of(o->desk) - 2 * side;
	const int32_t room_h = height_of(o->desk) - top - side;
	/* A screen too small for the minimum still gets the minimum: the title
	 * bar with its label is at the top left, so it is what stays visible.
	 */
	const int32_t width = max_i32(
	    min_i32(width_of(content), room_w), TDS_MIN_CONTENT_WIDTH * s);
	const int32_t height = max_i32(
	    min_i32(height_of(content), room_h), TDS_MIN_CONTENT_HEIGHT * s);
	const int32_t x =
	    slide(content.x0, width, side, side, o->desk.x0, o->desk.x1);
	const int32_t y =
	    slide(content.y0, height, top, side, o->desk.y0, o->desk.y1);

	return rect_make(x, y, width, height);
}

void
scene_place(struct scene *scene, uint32_t window, struct rect content)
{
	struct window *w = &scene->windows[window];

	scene_damage_window(scene, window);
	w->content = scene_fit(scene, w, content);
	w->wanted = w->content;
	w->home = w->output;
	scene_damage_window(scene, window);
}

void
scene_set_hidden(struct scene *scene, uint32_t window, bool is_hidden)
{
	struct window *w = &scene->windows[window];

	if (w->is_hidden == is_hidden)
		return;
	w->is_hidden = false;
	scene_damage_window(scene, window);
	w->is_hidden = is_hidden;
	scene_damage_bars(scene); /* the highest label may have changed */
}

void
scene_damage_output(struct scene *scene, uint32_t output, struct rect r)
{
	struct output *o = &scene->outputs[output];

	damage_add(&o->damage, rect_intersect(r, o->area));
}

void
scene_damage_window(struct scene *scene, uint32_t window)
{
	const struct window *w = &scene->windows[window];

	if (!window_is_visible(w))
		return;
	scene_damage_output(scene, w->output,
	    window_frame(w, scene->outputs[w->output].config.scale));
}

void
scene_damage_domain(struct scene *scene, uint32_t domain)
{
	for (uint32_t i = 0; i < scene->n_windows; i++)
		if (scene->windows[i].domain == domain)
			scene_damage_window(scene, i);
}

void
scene_damage_all(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->n_outputs; i++)
		scene_damage_output(scene, i, scene->outputs[i].area);
}

void
scene_damage_bars(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->n_outputs; i++)
		scene_damage_output(scene, i, scene->outputs[i].trust_bar);
}

void
scene_take_damage(struct scene *scene, uint32_t output)
{
	struct output *o = &scene->outputs[output];

	o->painting = o->damage;
	damage_clear(&o->damage);
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		struct window *w = &scene->windows[i];
		if (w->output != output)
			continue;
		w->painting = w->damage;
		damage_clear(&w->damage);
	}
}

bool
scene_is_dirty(const struct scene *scene, uint32_t output)
{
	const struct output *o = &scene->outputs[output];

	if (o->damage.n > 0 || !output_is_on(o))
		return o->damage.n > 0;
	for (uint32_t i = 0; i < scene->n_windows; i++)
		if (scene->windows[i].output == output &&
		    scene->windows[i].damage.n > 0)
			return true;
	return false;
}

/* ----------------------------------------------------------------- outputs */

bool
output_is_on(const struct output *output)
{
	return !rect_is_empty(output->area);
}

uint32_t
scene_output_at(const struct scene *scene, int32_t x, int32_t y)
{
	for (uint32_t i = 0; i < scene->n_outputs; i++)
		if (rect_has(rect_move(scene->outputs[i].area,
				 scene->outputs[i].x, scene->outputs[i].y),
			x, y))
			return i;
	return TDS_NONE;
}

/* What has no place of its own in the layout: to the right of the others. */
static void
lay_out(struct scene *scene)
{
	int32_t right = 0;

	for (uint32_t i = 0; i < scene->n_outputs; i++) {
		struct output *o = &scene->outputs[i];
		const bool is_placed = o->slot.x >= 0 && o->slot.y >= 0;

		if (!output_is_on(o))
			continue;
		o->x = is_placed ? o->slot.x : right;
		o->y = is_placed ? o->slot.y : 0;
		right = max_i32(right, o->x + o->area.x1);
	}
}

/* The window's home, or where it may wait: one that is on, if there is one. */
static uint32_t
place_of(const struct scene *scene, const struct window *w, uint32_t allowed)
{
	if (output_is_on(&scene->outputs[w->home]))
		return w->home;
	for (uint32_t i = 0; i < scene->n_outputs; i++)
		if ((allowed & (1u << i)) != 0 &&
		    output_is_on(&scene->outputs[i]))
			return i;
	return w->home;
}

void
scene_set_output(struct scene *scene, const struct core_output *found,
    const uint32_t *allowed)
{
	struct output *o = &scene->outputs[found->index];
	const int32_t bar = BAR_HEIGHT * (int32_t)found->scale;
	const bool is_on = found->width > 0 && (int32_t)found->height > bar;
	const int32_t w = is_on ? (int32_t)found->width : 0;
	const int32_t h = is_on ? (int32_t)found->height : 0;

	o->config = *found;
	o->config.scale = is_on ? found->scale : 1;
	o->area = rect_make(0, 0, w, h);
	o->trust_bar = rect_make(0, 0, w, is_on ? bar : 0);
	o->desk = (struct rect){0, o->trust_bar.y1, w, h};
	lay_out(scene);
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		struct window *win = &scene->windows[i];
		win->output = place_of(scene, win, allowed[win->domain]);
		if (output_is_on(&scene->outputs[win->output]))
			win->content = scene_fit(scene, win, win->wanted);
	}
	scene_damage_all(scene);
}
