/* Small things that bar, frame and panel share: chips, keycaps, signs. */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

#include <linux/input-event-codes.h>

int32_t
text_baseline(struct text_style style, int32_t middle_y)
{
	return middle_y + (text_cap(style) + 1) / 2;
}

void
text_draw_centred(struct canvas *c, struct text_style style, int32_t x,
    int32_t y, int32_t width, struct text text)
{
	const int32_t w = min_i32(text_width(style, text), width);

	text_draw(c, style, x - w / 2, y, x - w / 2 + width, text);
}

int32_t
chip_width(struct look look, uint32_t scale, int32_t least, int32_t most)
{
	const struct text_style style =
	    text_style(FACE_STRONG, scale, look.text);
	const int32_t width =
	    text_width(style, look.label) + 32 * (int32_t)scale;

	return min_i32(max_i32(width, least), most);
}

int32_t
label_draw(struct canvas *c, struct look look, uint32_t scale,
    struct rect room)
{
	enum { GAP = 12, FOR_NAME = 80 };
	const int32_t s = (int32_t)scale, middle = (room.y0 + room.y1) / 2;
	const struct text_style body = text_style(FACE_BODY, scale, look.text);
	const int32_t leave = min_i32(text_width(body, look.name), FOR_NAME * s);
	const struct text_style style =
	    text_fit(text_style(FACE_STRONG, scale, look.text), look.label,
		room.x1 - room.x0 - GAP * s - leave);
	const int32_t x = text_draw(c, style, room.x0,
	    text_baseline(style, middle), room.x1 + s, look.label);

	return text_draw(c, body, x + GAP * s, text_baseline(body, middle),
	    room.x1 + s, look.name);
}

void
chip_draw(struct canvas *c, struct rect r, struct look look, uint32_t scale,
    uint32_t ground)
{
	const int32_t s = (int32_t)scale;
	const int32_t middle_x = (r.x0 + r.x1) / 2, middle_y = (r.y0 + r.y1) / 2;
	const int32_t room = r.x1 - r.x0 - 16 * s;
	const struct text_style style = text_fit(
	    text_style(FACE_STRONG, scale, look.text), look.label, room);
	const int32_t half = text_width(style, look.label) / 2 + 6 * s;

	if (!canvas_has_rows(c, r.y0, r.y1))
		return;
	pattern_fill(c, r, r, look, scale);
	canvas_corners(c, r, 4 * s, ground, false);
	/* the text itself stands on the plain colour, for its contrast */
	const int32_t tall = text_cap(style) / 2 + 4 * s;
	canvas_round(c, rect_make(middle_x - half, middle_y - tall, 2 * half,
	    2 * tall), 4 * s, look.colour);
	text_draw_centred(c, style, middle_x, text_baseline(style, middle_y),
	    room, look.label);
}

static const int32_t keycap_height = 22;

int32_t
keycap_width(uint32_t scale, struct text text)
{
	const struct text_style style = text_style(FACE_SMALL, scale, 0);
	const int32_t s = (int32_t)scale;

	return max_i32(text_width(style, text) + 12 * s, keycap_height * s);
}

int32_t
keycap_draw(struct canvas *c, int32_t x, int32_t middle_y, uint32_t scale,
    struct text text, uint32_t text_colour)
{
	const struct text_style style =
	    text_style(FACE_SMALL, scale, text_colour);
	const int32_t s = (int32_t)scale;
	const int32_t width = keycap_width(scale, text);
	const int32_t top = middle_y - keycap_height * s / 2;
	const struct rect r = {x, top, x + width, top + keycap_height * s};

	canvas_edged(c, r,
	    (struct edge){5 * s, s, THEME_KEYCAP, THEME_ROW_CHOSEN});
	text_draw_centred(c, style, (r.x0 + r.x1) / 2,
	    text_baseline(style, middle_y), width, text);
	return r.x1 + 4 * s;
}

/*
 *	+----------------------+
 *	|  []  []  []  []  []  |
 *	|  []  []  []  []  []  |	in steps of 2 logical pixels
 *	|      [========]      |
 *	+----------------------+
 */
void
keyboard_sign_draw(struct canvas *c, int32_t x, int32_t middle_y,
    uint32_t scale, uint32_t colour, uint32_t ground)
{
	const int32_t s = (int32_t)scale;
	const int32_t y = middle_y - KEYBOARD_SIGN_HEIGHT * s / 2;

	canvas_edged(c, rect_make(x, y, KEYBOARD_SIGN_WIDTH * s,
	    KEYBOARD_SIGN_HEIGHT * s),
	    (struct edge){3 * s, s + s / 2, colour, ground});
	for (int32_t row = 0; row < 2; row++)
		for (int32_t key = 0; key < 5; key++)
			canvas_fill(c, rect_make(x + (4 + 3 * key) * s,
			    y + (3 + 3 * row) * s, 2 * s, 2 * s), colour);
	canvas_fill(c, rect_make(x + 6 * s, y + 9 * s, 10 * s, 2 * s), colour);
}

const struct state_words *
state_words(const struct core *core, uint32_t domain)
{
	static const struct state_words words[] = {
		[DOMAIN_WAITING] = {"waiting for its virtual machine",
		    "It appears here as soon as it is started."},
		[DOMAIN_RUNNING] = {"running",
		    "Its picture appears here with its display."},
		[DOMAIN_STOPPED] = {"stopped",
		    "Start its virtual machine again to go on here."},
	};

	return &words[core_domain_state(core, domain)];
}

static const struct {
	uint16_t code;
	const char *name;
} key_names[] = {
	{KEY_ESC, "Esc"}, {KEY_BACKSPACE, "Backspace"}, {KEY_TAB, "Tab"},
	{KEY_ENTER, "Enter"}, {KEY_SPACE, "Space"}, {KEY_DELETE, "Del"},
	{KEY_INSERT, "Ins"}, {KEY_HOME, "Home"}, {KEY_END, "End"},
	{KEY_PAGEUP, "Page Up"}, {KEY_PAGEDOWN, "Page Down"},
	{KEY_PAUSE, "Pause"}, {KEY_SYSRQ, "Print"},
	{KEY_SCROLLLOCK, "Scroll Lock"}, {KEY_UP, "Up"}, {KEY_DOWN, "Down"},
	{KEY_LEFT, "Left"}, {KEY_RIGHT, "Right"}, {KEY_GRAVE, "`"},
	{KEY_F1, "F1"}, {KEY_F2, "F2"}, {KEY_F3, "F3"}, {KEY_F4, "F4"},
	{KEY_F5, "F5"}, {KEY_F6, "F6"}, {KEY_F7, "F7"}, {KEY_F8, "F8"},
	{KEY_F9, "F9"}, {KEY_F10, "F10"}, {KEY_F11, "F11"}, {KEY_F12, "F12"},
	{KEY_A, "A"}, {KEY_B, "B"}, {KEY_C, "C"}, {KEY_D, "D"}, {KEY_E, "E"},
	{KEY_F, "F"}, {KEY_G, "G"}, {KEY_H, "H"}, {KEY_I, "I"}, {KEY_J, "J"},
	{KEY_K, "K"}, {KEY_L, "L"}, {KEY_M, "M"}, {KEY_N, "N"}, {KEY_O, "O"},
	{KEY_P, "P"}, {KEY_Q, "Q"}, {KEY_R, "R"}, {KEY_S, "S"}, {KEY_T, "T"},
	{KEY_U, "U"}, {KEY_V, "V"}, {KEY_W, "W"}, {KEY_X, "X"}, {KEY_Y, "Y"},
	{KEY_Z, "Z"},
};

static const char *
key_name(uint32_t code)
{
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++)
		if (key_names[i].code == code)
			return key_names[i].name;
	return "a key";
}

uint32_t
chord_names(const struct core_setup *setup, const char *out[CHORD_MAX_KEYS])
{
	static const char *const modifiers[] = {"Ctrl", "Alt", "Shift", "Meta"};
	uint32_t n = 0;

	for (uint32_t i = 0; i < 4; i++)
		if (setup->modifiers & 1u << i)
			out[n++] = modifiers[i];
	out[n++] = key_name(setup->key);
	return n;
}

uint32_t
output_draw_scale(const struct output *output)
{
	uint32_t scale = output->config.scale;

	while (scale > 1 && (output->config.width < 640 * scale ||
			     output->config.height < 400 * scale))
		scale--;
	return scale ? scale : 1;
}
