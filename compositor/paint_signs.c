/* Small things that bar, frame and panel share: chips, keycaps, signs. */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

#include <stddef.h>

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
chip_width(struct look look, int32_t s, int32_t least, int32_t most)
{
	const struct text_style style =
	    text_style(FACE_STRONG, s, look.text);
	const int32_t width =
	    text_width(style, look.label) + 32 * s;

	return min_i32(max_i32(width, least), most);
}

int32_t
label_draw(struct canvas *c, struct look look, int32_t s,
    struct rect room)
{
	enum { GAP = 12, FOR_NAME = 80 };
	const int32_t middle = (room.y0 + room.y1) / 2;
	const struct text_style body = text_style(FACE_BODY, s, look.text);
	const int32_t leave = min_i32(text_width(body, look.name), FOR_NAME * s);
	const struct text_style style =
	    text_fit(text_style(FACE_STRONG, s, look.text), look.label,
		room.x1 - room.x0 - GAP * s - leave);
	const int32_t x = text_draw(c, style, room.x0,
	    text_baseline(style, middle), room.x1 + s, look.label);

	return text_draw(c, body, x + GAP * s, text_baseline(body, middle),
	    room.x1 + s, look.name);
}

void
chip_draw(struct canvas *c, struct rect r, struct look look, int32_t s,
    uint32_t ground)
{
	const int32_t middle_x = (r.x0 + r.x1) / 2, middle_y = (r.y0 + r.y1) / 2;
	const int32_t room = r.x1 - r.x0 - 16 * s;
	const struct text_style style = text_fit(
	    text_style(FACE_STRONG, s, look.text), look.label, room);
	const int32_t half = text_width(style, look.label) / 2 + 6 * s;

	if (!canvas_has_rows(c, r.y0, r.y1))
		return;
	pattern_fill(c, r, r, look, s);
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
keycap_width(int32_t s, struct text text)
{
	const struct text_style style = text_style(FACE_SMALL, s, 0);

	return max_i32(text_width(style, text) + 12 * s, keycap_height * s);
}

int32_t
keycap_draw(struct canvas *c, int32_t x, int32_t middle_y, int32_t s,
    struct text text, uint32_t text_colour)
{
	const struct text_style style =
	    text_style(FACE_SMALL, s, text_colour);
	const int32_t width = keycap_width(s, text);
	const int32_t top = middle_y - keycap_height * s / 2;
	const struct rect r = {x, top, x + width, top + keycap_height * s};

	canvas_edged(c, r,
	    (struct edge){5 * s, s, THEME_KEYCAP, THEME_ROW_CHOSEN});
	text_draw_centred(c, style, (r.x0 + r.x1) / 2,
	    text_baseline(style, middle_y), width, text);
	return r.x1 + 4 * s;
}

void
sign_draw(struct canvas *c, enum sign sign, int32_t x, int32_t y, int32_t s,
    uint32_t colour)
{
	const struct sign_picture *p = &sign_pictures[sign][s - 1];

	for (int32_t j = 0; j < p->height; j++)
		for (int32_t i = 0; i < p->width; i++)
			canvas_blend(c, x + i, y + j, colour,
			    p->cover[j * p->width + i]);
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

uint32_t
chord_names(const struct core_setup *setup, const char *out[CHORD_MAX_KEYS])
{
	static const char *const modifiers[] = {"Ctrl", "Alt", "Shift", "Meta"};
	uint32_t n = 0;

	for (uint32_t i = 0; i < 4; i++)
		if (setup->modifiers & 1u << i)
			out[n++] = modifiers[i];
	const char *key =
	    setup->key < SIGN_KEYS ? sign_keys[setup->key] : NULL;
	out[n++] = key ? key : "a key";
	return n;
}

int32_t
output_draw_scale(const struct output *output)
{
	uint32_t scale = output->config.scale;

	while (scale > 1 && (output->config.width < 640 * scale ||
			     output->config.height < 400 * scale))
		scale--;
	return scale ? (int32_t)scale : 1;
}
