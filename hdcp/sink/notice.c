#include "hdcp/sink/notice.h"

#include "compositor/text.h"
#include "compositor/theme.h"

enum {
	STRIPE = 32, /* logical pixels, like all below */
	BORDER = 28,
	TITLE_GAP = 26,
	LINE = 30,
	CHIP = 34,
	MARGIN = 16,
};

struct page {
	struct canvas *c;
	struct rect size;
	int32_t s, big; /* scale; of the title */
};

static void
say(const struct page *p, struct text_style style, int32_t y, const char *words)
{
	const int32_t room = p->size.x1 - 2 * (BORDER + MARGIN) * p->s;
	const struct text text = text_of(words);
	const struct text_style fit = text_fit(style, text, room);
	const int32_t x = (p->size.x1 - text_width(fit, text)) / 2;

	text_draw(p->c, fit, x, y, p->size.x1, text);
}

/* Diagonal stripes all around, as on what must not be opened. */
static void
border_draw(const struct page *p)
{
	const struct rect clip = p->c->clip;
	const int32_t inset = BORDER * p->s;
	const struct rect inside = {
	    inset, inset, p->size.x1 - inset, p->size.y1 - inset};

	for (int32_t y = clip.y0; y < clip.y1; y++) {
		uint32_t *row = canvas_row(p->c, y);

		for (int32_t x = clip.x0; x < clip.x1; x++)
			row[x - clip.x0] = rect_has(inside, x, y) ? THEME_ALARM
			    : (x + y) / (STRIPE * p->s) % 2 ? THEME_WHITE
							    : THEME_BLACK;
	}
}

static void
not_authentic_draw(const struct page *p, const struct notice_facts *facts)
{
	const int32_t middle = p->size.y1 / 2, s = p->s;
	const struct text_style body = text_style(FACE_BODY, s, THEME_WHITE);

	border_draw(p);
	say(p, text_style(FACE_TITLE, p->big, THEME_WHITE),
	    middle - TITLE_GAP * s, "NOT AUTHENTIC");
	say(p, text_style(FACE_STRONG, s, THEME_WHITE), middle + LINE * s / 2,
	    facts->why);
	say(p, body, middle + LINE * s * 3 / 2,
	    "No part of it is shown. The picture comes back when the sender "
	    "has proved itself again.");
}

static void
waiting_draw(const struct page *p)
{
	const int32_t middle = p->size.y1 / 2, s = p->s;

	canvas_fill(p->c, p->size, THEME_PANEL);
	say(p, text_style(FACE_TITLE, p->big, THEME_TEXT),
	    middle - TITLE_GAP * s, "Waiting for the sender");
	say(p, text_style(FACE_BODY, s, THEME_TEXT), middle + LINE * s / 2,
	    "No picture has come yet.");
}

/* At the bottom: which receiver this is, and whether its keys are worth
 * anything. */
static void
foot_draw(const struct page *p, const struct notice_facts *facts,
    uint32_t colour)
{
	static const char warning[] =
	    "FACSIMILE KEYS: WHAT IS SHOWN HERE IS NOT PROTECTED";
	const int32_t s = p->s, y = p->size.y1 - (BORDER + 2 * MARGIN) * s;
	struct line line = {.c = p->c,
	    .style = text_style(FACE_SMALL, s, colour),
	    .x = (BORDER + MARGIN) * s,
	    .y = y,
	    .max_x = p->size.x1};

	line_words(&line, "tds-sink, receiver ");
	line_words(&line, facts->receiver);
	if (!facts->is_facsimile)
		return;
	const struct text_style bold =
	    text_style(FACE_SMALL_BOLD, s, THEME_WHITE);
	const int32_t room = p->size.x1 - 2 * (BORDER + 2 * MARGIN) * s;
	const struct text_style fit =
	    text_fit(bold, text_of(warning), room);
	const int32_t width = text_width(fit, text_of(warning)) + 24 * s;
	const struct rect chip = rect_make((p->size.x1 - width) / 2,
	    y - (CHIP + LINE) * s, width, CHIP * s);

	canvas_edged(p->c, chip,
	    (struct edge){6 * s, 2 * s, THEME_WHITE, THEME_ALARM});
	say(p, fit, (chip.y0 + chip.y1 + text_cap(fit) + 1) / 2, warning);
}

static void
page_draw(const struct page *p, enum notice what,
    const struct notice_facts *facts)
{
	switch (what) {
	case NOTICE_WAITING:
		waiting_draw(p);
		foot_draw(p, facts, THEME_QUIET);
		return;
	case NOTICE_NOT_AUTHENTIC:
		not_authentic_draw(p, facts);
		foot_draw(p, facts, THEME_WHITE);
		return;
	}
}

/* In bands that fit into a canvas; each is copied to the target once. */
void
notice_draw(enum notice what, const struct notice_facts *facts,
    struct rect size, int32_t scale, struct rect clip, struct target target)
{
	struct canvas c;
	/* read from further away than a desktop is */
	const int32_t larger = size.x1 / max_i32(scale, 1) >= 1600;
	const int32_t s = min_i32(max_i32(scale, 1) + larger, FONT_SCALES);
	const struct page page = {.c = &c,
	    .size = size,
	    .s = s,
	    .big = min_i32(2 * s, FONT_SCALES)};
	const struct rect all = rect_intersect(clip, size);
	const int32_t width = all.x1 - all.x0;

	if (rect_is_empty(all))
		return;
	const int32_t rows = CANVAS_PIXELS / width;
	for (int32_t y = all.y0; y < all.y1; y += rows) {
		c.clip = (struct rect){
		    all.x0, y, all.x1, min_i32(y + rows, all.y1)};
		page_draw(&page, what, facts);
		copy_pixels(target.copy,
		    target.pixels + (size_t)y * target.stride_px +
			(size_t)all.x0,
		    (size_t)target.stride_px * 4, c.pixels, (size_t)width * 4,
		    (size_t)width * 4, (size_t)(c.clip.y1 - y));
	}
}
