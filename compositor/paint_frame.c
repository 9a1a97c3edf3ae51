/* A window without its picture: outline, band, title bar, buttons, tile. */
#include "compositor/paint_parts.h"
#include "compositor/protect.h"
#include "compositor/theme.h"

static void
button_draw(struct canvas *c, const struct window *w, enum button which,
    enum sign sign, int32_t s, uint32_t colour)
{
	const struct rect r = window_button(w, (uint32_t)s, which);
	const int32_t half = SIGN_BUTTON_SIDE * s / 2;

	sign_draw(c, sign, (r.x0 + r.x1) / 2 - half, (r.y0 + r.y1) / 2 - half,
	    s, colour);
}

static void
title_draw(struct canvas *c, const struct window *w, int32_t s,
    struct look look, bool has_keyboard)
{
	const bool is_high = !rect_is_empty(w->before_maximise);
	struct rect room = window_title(w, (uint32_t)s);

	if (!canvas_has_rows(c, room.y0, room.y1))
		return;
	room.x0 += 14 * s;
	room.x1 = window_button(w, (uint32_t)s, BUTTON_MINIMISE).x0 - 8 * s;
	button_draw(c, w, BUTTON_MINIMISE, SIGN_MINIMISE, s, look.text);
	button_draw(c, w, BUTTON_MAXIMISE,
	    is_high ? SIGN_RESTORE : SIGN_MAXIMISE, s, look.text);
	if (has_keyboard && room.x1 - room.x0 > 300 * s) {
		room.x1 -= SIGN_KEYBOARD_WIDTH * s;
		sign_draw(c, SIGN_KEYBOARD, room.x1,
		    (room.y0 + room.y1 - SIGN_KEYBOARD_HEIGHT * s) / 2, s,
		    look.text);
		room.x1 -= 8 * s;
	}
	label_draw(c, look, s, room);
}

static void
tile_draw(struct canvas *c, const struct core *core, uint32_t window,
    bool has_picture)
{
	const struct window *w = &core->scene.windows[window];
	const struct look look = look_of(core, w->domain);
	const struct rect r = w->content;
	const int32_t s =
	    (int32_t)core->scene.outputs[w->output].config.scale;
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
	    chip_width(look, s, min_i32(room, 180 * s), room);
	chip_draw(c, rect_make(x - chip / 2, top, chip, 44 * s), look, s,
	    THEME_TILE);
	static const struct state_words unprotected = {
	    "protected: this screen is not",
	    "Shown once the cable to this screen is protected (HDCP)."};
	const struct state_words *state = protect_allows(core, w)
	    ? state_words(core, w->domain)
	    : &unprotected;
	text_draw_centred(c, text_style(FACE_TITLE, s, THEME_TEXT), x,
	    top + 80 * s, room, look.name);
	text_draw_centred(c, text_style(FACE_BODY, s, THEME_TEXT), x,
	    top + 106 * s, room, text_of(state->words));
	text_draw_centred(c, text_style(FACE_SMALL, s, THEME_QUIET), x,
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
	pattern_fill(c, body, frame, look, s);
	if (!has_keyboard)
		canvas_fill(c, line, THEME_OUTLINE);
	title_draw(c, w, s, look, has_keyboard);
	tile_draw(c, core, window, has_picture);
}
