/* A window without its picture: outline, band, title bar, buttons, tile. */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

static struct rect
rect_inset(struct rect r, int32_t by)
{
	struct rect in = {r.x0 + by, r.y0 + by, r.x1 - by, r.y1 - by};
	return in;
}

static void
minimise_draw(struct canvas *c, struct rect r, int32_t s, uint32_t colour)
{
	const int32_t x = (r.x0 + r.x1) / 2, y = (r.y0 + r.y1) / 2;

	canvas_fill(c, (struct rect){x - 6 * s, y + 3 * s, x + 6 * s,
	    y + 5 * s}, colour);
}

static void
square_draw(struct canvas *c, struct rect r, int32_t s, uint32_t colour,
    uint32_t ground)
{
	canvas_round(c, r, 2 * s, colour);
	canvas_fill(c, (struct rect){r.x0 + s, r.y0 + 2 * s, r.x1 - s,
	    r.y1 - s}, ground);
}

/* One square; two, one behind the other, when it would restore the size. */
static void
maximise_draw(struct canvas *c, struct rect r, int32_t s, struct look look,
    bool is_maximised)
{
	const int32_t x = (r.x0 + r.x1) / 2, y = (r.y0 + r.y1) / 2;

	if (!is_maximised) {
		square_draw(c, (struct rect){x - 6 * s, y - 5 * s, x + 6 * s,
		    y + 5 * s}, s, look.text, look.colour);
		return;
	}
	square_draw(c, (struct rect){x - 3 * s, y - 6 * s, x + 7 * s,
	    y + 2 * s}, s, look.text, look.colour);
	square_draw(c, (struct rect){x - 7 * s, y - 3 * s, x + 3 * s,
	    y + 5 * s}, s, look.text, look.colour);
}

static void
title_draw(struct canvas *c, const struct core *core, const struct window *w,
    uint32_t scale, bool has_keyboard)
{
	const struct look look = look_of(core, w->domain);
	const struct rect title = window_title(w, scale);
	const struct rect minimise = window_button(w, scale, BUTTON_MINIMISE);
	const int32_t s = (int32_t)scale;
	const int32_t middle = (title.y0 + title.y1) / 2;
	int32_t x = title.x0 + 14 * s, end = minimise.x0 - 8 * s;

	if (!canvas_has_rows(c, title.y0, title.y1))
		return;
	minimise_draw(c, minimise, s, look.text);
	maximise_draw(c, window_button(w, scale, BUTTON_MAXIMISE), s, look,
	    !rect_is_empty(w->before_maximise));

	const struct text_style label = label_style(look, scale, end - x);
	x = text_draw(c, label, x, text_baseline(label, middle), end + s,
	    look.label);
	x += LABEL_GAP * s;
	if (has_keyboard && end - x > 120 * s) {
		end -= KEYBOARD_SIGN_WIDTH * s;
		keyboard_sign_draw(c, end, middle, scale, look.text,
		    look.colour);
		end -= 8 * s;
	}
	const struct text_style name =
	    text_style(FACE_BODY, scale, look.text);
	if (end - x > 24 * s)
		text_draw(c, name, x, text_baseline(name, middle), end,
		    look.name);
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
	chip_draw(c, (struct rect){x - chip / 2, top, x - chip / 2 + chip,
	    top + 44 * s}, look, scale, THEME_TILE);
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
	const struct rect inner = rect_inset(frame, OUTLINE * s);
	const struct rect head = {inner.x0, inner.y0, inner.x1, w->content.y0};
	const struct rect body = {inner.x0, w->content.y0, inner.x1, inner.y1};
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
		canvas_fill(c, (struct rect){body.x0 + BAND_UNFOCUSED * s,
		    body.y0, body.x1 - BAND_UNFOCUSED * s,
		    body.y1 - BAND_UNFOCUSED * s}, THEME_OUTLINE);
	title_draw(c, core, w, scale, has_keyboard);
	tile_draw(c, core, window, has_picture);
}
