/* A window without its picture: outline, band, title bar, buttons, tile. */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

/* A little window. */
static void
square_draw(struct canvas *c, struct rect r, int32_t s, struct look look)
{
	const struct rect in = {r.x0 + s, r.y0 + 2 * s, r.x1 - s, r.y1 - s};

	canvas_round(c, r, 2 * s, look.text);
	canvas_fill(c, in, look.colour);
}

static void
buttons_draw(struct canvas *c, const struct window *w, uint32_t scale,
    struct look look)
{
	const struct rect low = window_button(w, scale, BUTTON_MINIMISE);
	const struct rect high = window_button(w, scale, BUTTON_MAXIMISE);
	const int32_t s = (int32_t)scale, y = (low.y0 + low.y1) / 2;
	int32_t x = (low.x0 + low.x1) / 2;

	canvas_fill(c, rect_make(x - 6 * s, y + 3 * s, 12 * s, 2 * s),
	    look.text);
	x = (high.x0 + high.x1) / 2;
	if (rect_is_empty(w->before_maximise)) {
		square_draw(c, rect_make(x - 6 * s, y - 5 * s, 12 * s, 10 * s),
		    s, look);
		return;
	}
	/* one behind the other: it would restore the size */
	square_draw(c, rect_make(x - 3 * s, y - 6 * s, 10 * s, 8 * s), s, look);
	square_draw(c, rect_make(x - 7 * s, y - 3 * s, 10 * s, 8 * s), s, look);
}

static void
title_draw(struct canvas *c, const struct window *w, uint32_t scale,
    struct look look, bool has_keyboard)
{
	struct rect room = window_title(w, scale);
	const int32_t s = (int32_t)scale;

	if (!canvas_has_rows(c, room.y0, room.y1))
		return;
	room.x0 += 14 * s;
	room.x1 = window_button(w, scale, BUTTON_MINIMISE).x0 - 8 * s;
	buttons_draw(c, w, scale, look);
	if (has_keyboard && room.x1 - room.x0 > 300 * s) {
		room.x1 -= KEYBOARD_SIGN_WIDTH * s;
		keyboard_sign_draw(c, room.x1, (room.y0 + room.y1) / 2, scale,
		    look.text, look.colour);
		room.x1 -= 8 * s;
	}
	label_draw(c, look, scale, room);
}

static void
tile_draw(struct canvas *c, const struct core *core, uint32_t window,
    bool has_picture)
{
	const struct window *w = &core->scene.windows[window];
	const struct look look = look_of(core, w->domain);
	const struct rect r = w->content;
	const uint32_t scale = core->scene.outputs[w->output].config.scale;
	const int32_t s = (int32_t)scale;
	const int32_t x = (r.x0 + r.x1) / 2;
	const int32_t top = (r.y0 + r.y1) / 2 - 64 * s;
	const int32_t room = r.x1 - r.x0 - 16 * s;

	if (has_picture) { /* what a smaller picture leaves free */
		canvas_fill(c, r, THEME_OUTLINE);
		return;
	}
	canvas_fill(c, r, THEME_TILE);
	if (top < r.y0)
		return;

	const int32_t chip =
	    chip_width(look, scale, room < 180 * s ? room : 180 * s, room);
	chip_draw(c, rect_make(x - chip / 2, top, chip, 44 * s), look, scale,
	    THEME_TILE);
	const struct state_words *state = state_words(core, w->domain);
	text_draw_centred(c, text_style(FACE_TITLE, scale, THEME_TEXT), x,
	    top + 80 * s, room, look.name);
	text_draw_centred(c, text_style(FACE_BODY, scale, THEME_TEXT), x,
	    top + 106 * s, room, text_of(state->words));
	text_draw_centred(c, text_style(FACE_SMALL, scale, THEME_QUIET), x,
	    top + 128 * s, room, text_of(state->hint));
}

/*
 *	outline, then from the title's lower edge down: band, and inside the
 *	narrower band of a window without the keyboard a dark line
 */
void
frame_draw(struct canvas *c, const struct core *core, uint32_t window,
    bool has_picture)
{
	const struct window *w = &core->scene.windows[window];
	const struct look look = look_of(core, w->domain);
	const uint32_t scale = core->scene.outputs[w->output].config.scale;
	const int32_t s = (int32_t)scale;
	const struct rect frame = window_frame(w, scale);
	const int32_t o = OUTLINE * s;
	const struct rect head = {frame.x0 + o, frame.y0 + o, frame.x1 - o,
	    w->content.y0};
	const struct rect body = {head.x0, head.y1, head.x1, frame.y1 - o};
	const int32_t b = BAND_UNFOCUSED * s;
	const struct rect line = {body.x0 + b, body.y0, body.x1 - b,
	    body.y1 - b};
	const bool has_keyboard =
	    core->focus == w->domain && !core->panel.is_open;

	if (rect_covers(w->content, c->clip)) {
		tile_draw(c, core, window, has_picture);
		return;
	}
	canvas_fill(c, frame, THEME_OUTLINE);
	canvas_fill(c, head, look.colour);
	pattern_fill(c, body, frame, look, scale);
	if (!has_keyboard)
		canvas_fill(c, line, THEME_OUTLINE);
	title_draw(c, w, scale, look, has_keyboard);
	tile_draw(c, core, window, has_picture);
}
