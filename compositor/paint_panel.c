/*
 * The trusted panel: the whole of every output while it is open. There is no
 * guest pixel in it, and what stands in it comes from configuration.
 *
 * Two densities; the list shows as many domains as fit and scrolls around the
 * chosen one. From 640 x 400 logical pixels on everything has its place.
 */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

#include <stdio.h>

#ifndef TDS_VERSION
#define TDS_VERSION "0"
#endif

/* Heights of the parts, logical pixels. */
struct density {
	int32_t margin, pad;
	int32_t header;	 /* caption and phrase */
	int32_t heading; /* of a section */
	int32_t row, row_gap;
	int32_t chip, inset; /* of a label: least width, distance */
	int32_t action;
	int32_t line; /* of the screens */
	int32_t gap;  /* between sections */
	int32_t footer;
};

static const struct density roomy = {
	.margin = 24, .pad = 40, .header = 64, .heading = 30, .row = 60,
	.row_gap = 10, .chip = 170, .inset = 7, .action = 52, .line = 28, .gap = 30,
	.footer = 20,
};

static const struct density compact = {
	.margin = 6, .pad = 12, .header = 48, .heading = 20, .row = 32,
	.row_gap = 4, .chip = 130, .inset = 4, .action = 32, .line = 18, .gap = 8,
	.footer = 16,
};

enum { CARD_WIDTH = 1000, ROOMY_ROWS = 5 };

struct panel_layout {
	const struct density *d;
	uint32_t scale;
	int32_t s;
	struct rect card;
	int32_t x0, x1;	   /* of what is in the card */
	int32_t chip;	   /* width of the widest label */
	uint32_t n, rows;  /* domains; of them seen at a time */
	uint32_t first;	   /* position of the first that is seen */
	uint32_t list[TDS_MAX_DOMAINS];
};

/* Height of everything but the rows of the list. */
static int32_t
fixed_height(const struct density *d, uint32_t n_outputs)
{
	return 2 * d->pad + d->header + 3 * (d->gap + d->heading) + d->action +
	    (int32_t)n_outputs * d->line + d->gap + d->footer;
}

static uint32_t
rows_that_fit(const struct density *d, uint32_t n_outputs, int32_t height)
{
	const int32_t left = height - 2 * d->margin -
	    fixed_height(d, n_outputs) + d->row_gap;
	const int32_t rows = left / (d->row + d->row_gap);

	return rows > 1 ? (uint32_t)rows : 1;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
list_lay_out(struct panel_layout *l, const struct core *core)
{
	uint32_t chosen = 0;

	for (uint32_t i = 0; i < core->n_domains; i++) {
		if (!core->domains[i].exists)
			continue;
		if (i == core->panel.chosen)
			chosen = l->n;
		l->list[l->n++] = i;
	}
	l->first = 0;
	if (l->n > l->rows && chosen > l->rows / 2)
		l->first = min_u32(chosen - l->rows / 2, l->n - l->rows);
}

static void
lay_out(struct panel_layout *l, const struct core *core, uint32_t output)
{
	const struct output *o = &core->scene.outputs[output];
	const uint32_t n_outputs = core->scene.n_outputs;

	l->scale = output_draw_scale(o);
	l->s = (int32_t)l->scale;
	l->n = 0;
	const int32_t width = (int32_t)o->config.width / l->s;
	const int32_t height =
	    ((int32_t)o->config.height - o->trust_bar.y1) / l->s;

	l->d = &roomy;
	l->rows = rows_that_fit(l->d, n_outputs, height);
	if (width < 800 || (l->rows < core->n_domains && l->rows < ROOMY_ROWS) ||
	    fixed_height(l->d, n_outputs) + l->d->row > height) {
		l->d = &compact;
		l->rows = rows_that_fit(l->d, n_outputs, height);
	}
	l->rows = min_u32(l->rows, core->n_domains ? core->n_domains : 1);
	list_lay_out(l, core);

	const struct density *d = l->d;
	const int32_t card_width = width - 2 * d->margin < CARD_WIDTH ?
	    width - 2 * d->margin : CARD_WIDTH;
	const int32_t card_height = fixed_height(d, n_outputs) +
	    (int32_t)l->rows * (d->row + d->row_gap) - d->row_gap;
	/* a little above the middle looks centred */
	const int32_t free = height - card_height;
	const int32_t above = free > 2 * d->margin ? free * 2 / 5 : free / 2;
	const int32_t x = (width - card_width) / 2 * l->s;
	const int32_t y = o->trust_bar.y1 + (above > 0 ? above : 0) * l->s;

	l->card = (struct rect){x, y, x + card_width * l->s,
	    y + card_height * l->s};
	l->x0 = l->card.x0 + d->pad * l->s;
	l->x1 = l->card.x1 - d->pad * l->s;
	l->chip = d->chip * l->s;
	for (uint32_t i = 0; i < l->n; i++)
		l->chip = chip_width(look_of(core, l->list[i]), l->scale,
		    l->chip, (l->x1 - l->x0) / 3);
}

static void
edge_round(struct canvas *c, struct rect r, int32_t radius, int32_t line,
    uint32_t edge, uint32_t inside)
{
	canvas_round(c, r, radius, edge);
	canvas_round(c, (struct rect){r.x0 + line, r.y0 + line, r.x1 - line,
	    r.y1 - line}, radius - line, inside);
}

static struct text_style
panel_text(const struct panel_layout *l, enum face face, uint32_t colour)
{
	return text_style(face, l->scale, colour);
}

static void
text_draw_right(struct canvas *c, struct text_style style, int32_t x1,
    int32_t y, int32_t least_x, struct text text)
{
	int32_t x = x1 - text_width(style, text);

	if (x < least_x)
		x = least_x;
	text_draw(c, style, x, y, x1, text);
}

static void
header_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, int32_t y)
{
	const struct text_style quiet = panel_text(l, FACE_SMALL, THEME_QUIET);
	const struct text_style title = panel_text(l, FACE_TITLE, THEME_PHRASE);
	const struct text phrase =
	    text_field(core->setup.phrase, sizeof(core->setup.phrase));
	const int32_t s = l->s;
	const int32_t x =
	    text_draw(c, quiet, l->x0, y + 12 * s, l->x1, text_of("Your phrase"));

	text_draw_right(c, quiet, l->x1, y + 12 * s, x + 16 * s,
	    text_of("If you do not recognise it, do not type."));
	if (phrase.len > 0)
		text_draw(c, title, l->x0, y + (l->d->header - 8) * s, l->x1,
		    phrase);
	else
		text_draw(c, panel_text(l, FACE_BODY, THEME_WARNING), l->x0,
		    y + (l->d->header - 12) * s, l->x1,
		    text_of("None is set: anybody could imitate this panel."));
}

static void
heading_draw(struct canvas *c, const struct panel_layout *l, int32_t y,
    const char *words, const char *right)
{
	const struct text_style style =
	    panel_text(l, FACE_SMALL_BOLD, THEME_QUIET);
	const struct text_style quiet = panel_text(l, FACE_SMALL, THEME_QUIET);
	const int32_t at = y + 12 * l->s;
	const int32_t x = text_draw(c, style, l->x0, at, l->x1, text_of(words));

	text_draw_right(c, quiet, l->x1, at, x, text_of(right));
}

static const char *
state_words(enum domain_state state)
{
	switch (state) {
	case DOMAIN_WAITING:
		return "waiting for its virtual machine";
	case DOMAIN_RUNNING:
		return "running";
	case DOMAIN_STOPPED:
		return "stopped";
	}
	return "";
}

static void
row_text_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, struct rect r, uint32_t domain)
{
	const struct look look = look_of(core, domain);
	const struct text_style name = panel_text(l, FACE_STRONG, THEME_TEXT);
	const struct text_style quiet = panel_text(l, FACE_SMALL, THEME_QUIET);
	const int32_t s = l->s, middle = (r.y0 + r.y1) / 2;
	const int32_t end = r.x1 - 56 * s;
	int32_t x = r.x0 + (l->d->inset + 16) * s + l->chip, y;

	if (l->d == &roomy) {
		text_draw(c, name, x, middle - 3 * s, end, look.name);
		y = middle + 17 * s;
	} else {
		const int32_t most = x + (end - x) * 3 / 5;

		x = text_draw(c, name, x, text_baseline(name, middle), most,
		    look.name) + 14 * s;
		y = text_baseline(quiet, middle);
	}
	x = text_draw(c, quiet, x, y, end,
	    text_of(state_words(core_domain_state(core, domain))));
	if (domain == core->panel.back)
		text_draw(c, panel_text(l, FACE_SMALL, THEME_CHOICE), x, y, end,
		    text_of(" · had the keyboard"));
}

static void
row_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, struct rect r, uint32_t position)
{
	const uint32_t domain = l->list[position];
	const bool is_chosen = domain == core->panel.chosen;
	const int32_t s = l->s, line = is_chosen ? 2 * s : s;
	const uint32_t ground = is_chosen ? THEME_ROW_CHOSEN : THEME_ROW;
	char digit[4];

	if (!canvas_has_rows(c, r.y0, r.y1))
		return;
	edge_round(c, r, 6 * s, line, is_chosen ? THEME_CHOICE : THEME_ROW,
	    ground);
	const int32_t inset = l->d->inset * s;
	chip_draw(c, (struct rect){r.x0 + inset, r.y0 + inset,
	    r.x0 + inset + l->chip, r.y1 - inset},
	    look_of(core, domain), l->scale, ground);
	row_text_draw(c, core, l, r, domain);
	if (position < 9) {
		snprintf(digit, sizeof(digit), "%u", position % 10 + 1);
		keycap_draw(c, r.x1 - 40 * s, (r.y0 + r.y1) / 2, l->scale,
		    text_of(digit), THEME_TEXT);
	}
}

static int32_t
list_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, int32_t y)
{
	const int32_t s = l->s;
	char seen[40] = "";

	if (l->rows < l->n)
		snprintf(seen, sizeof(seen), "%u – %u of %u", l->first + 1,
		    l->first + l->rows, l->n);
	heading_draw(c, l, y, "Switch to", seen);
	y += l->d->heading * s;
	for (uint32_t i = 0; i < l->rows && l->first + i < l->n; i++) {
		const struct rect r = {l->x0, y, l->x1, y + l->d->row * s};

		row_draw(c, core, l, r, l->first + i);
		y += (l->d->row + l->d->row_gap) * s;
	}
	return y - l->d->row_gap * s;
}

static void
action_draw(struct canvas *c, const struct panel_layout *l, struct rect r,
    const char *key, const char *words, struct text name, bool is_possible)
{
	const uint32_t colour = is_possible ? THEME_TEXT : THEME_QUIET;
	const struct text_style style = panel_text(l, FACE_BODY, colour);
	const int32_t s = l->s, middle = (r.y0 + r.y1) / 2;
	const int32_t baseline = text_baseline(style, middle);
	const int32_t end = r.x1 - 10 * s;

	if (!canvas_has_rows(c, r.y0, r.y1))
		return;
	canvas_round(c, r, 6 * s, THEME_ROW);
	int32_t x = keycap_draw(c, r.x0 + 12 * s, middle, l->scale,
	    text_of(key), colour) + 8 * s;
	x = text_draw(c, style, x, baseline, end, text_of(words));
	text_draw(c, style, x, baseline, end, name);
}

/* Only what works today. */
static int32_t
actions_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, int32_t y)
{
	const int32_t s = l->s, gap = 10 * s;
	const int32_t half = (l->x1 - l->x0 - gap) / 2;
	const struct text nobody = text_of("");
	const uint32_t chosen = core->panel.chosen;
	const bool has_chosen = chosen < core->n_domains;
	const bool can_send = has_chosen && core->domains[chosen].is_linked;
	struct chord_names chord;
	char send[80];
	int n = snprintf(send, sizeof(send), "Send");

	chord_names(&core->setup, &chord);
	for (uint32_t i = 0; i < chord.n && n < (int)sizeof(send); i++)
		n += snprintf(send + n, sizeof(send) - (size_t)n, " %s",
		    chord.name[i]);
	if (has_chosen && n < (int)sizeof(send))
		snprintf(send + n, sizeof(send) - (size_t)n, " to ");
	heading_draw(c, l, y, "Actions", "");
	y += l->d->heading * s;

	const int32_t end = y + l->d->action * s;
	action_draw(c, l, (struct rect){l->x0, y, l->x0 + half, end}, "D", send,
	    has_chosen ? look_of(core, chosen).name : nobody, can_send);
	const bool has_back = core->panel.back < core->n_domains;
	action_draw(c, l, (struct rect){l->x1 - half, y, l->x1, end}, "Esc",
	    has_back ? "Back to " : "Back",
	    has_back ? look_of(core, core->panel.back).name : nobody, true);
	return end;
}

/* "work, web": the domains with a window on an output. */
static void
shown_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, uint32_t output, int32_t x, int32_t y)
{
	const struct text_style quiet = panel_text(l, FACE_SMALL, THEME_QUIET);
	const struct scene *scene = &core->scene;
	bool is_first = true;

	for (uint32_t d = 0; d < core->n_domains; d++) {
		bool is_shown = false;

		for (uint32_t i = 0; i < scene->n_windows; i++)
			is_shown |= window_is_visible(&scene->windows[i]) &&
			    scene->windows[i].output == output &&
			    scene->windows[i].domain == d;
		if (!is_shown)
			continue;
		x = text_draw(c, quiet, x, y, l->x1,
		    text_of(is_first ? "shows " : ", "));
		x = text_draw(c, quiet, x, y, l->x1, look_of(core, d).name);
		is_first = false;
		if (x > l->x1 - 40 * l->s) {
			text_draw(c, quiet, x, y, l->x1, text_of(" …"));
			return;
		}
	}
	if (is_first)
		text_draw(c, quiet, x, y, l->x1, text_of("shows no window"));
}

static int32_t
screens_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, int32_t y)
{
	const struct text_style body = panel_text(l, FACE_SMALL, THEME_TEXT);
	const int32_t s = l->s;
	char size[32];

	heading_draw(c, l, y, "Screens", "");
	y += l->d->heading * s;
	for (uint32_t i = 0; i < core->scene.n_outputs; i++) {
		const struct core_output *o = &core->scene.outputs[i].config;
		const int32_t at = y + (l->d->line + 8) / 2 * s;

		if (canvas_has_rows(c, y, y + 2 * l->d->line * s)) {
			snprintf(size, sizeof(size), "%u × %u", o->width,
			    o->height);
			text_draw(c, body, l->x0, at, l->x0 + 170 * s,
			    text_field(o->name, sizeof(o->name)));
			text_draw(c, body, l->x0 + 186 * s, at,
			    l->x0 + 290 * s, text_of(size));
			shown_draw(c, core, l, i, l->x0 + 300 * s, at);
		}
		y += l->d->line * s;
	}
	return y;
}

static void
footer_draw(struct canvas *c, const struct core *core,
    const struct panel_layout *l, int32_t y)
{
	const struct text_style quiet = panel_text(l, FACE_SMALL, THEME_QUIET);
	const int32_t at = y + 12 * l->s;
	const char *const version = "tds " TDS_VERSION;
	const int32_t end =
	    l->x1 - text_width(quiet, text_of(version)) - 16 * l->s;

	int32_t x = text_draw(c, quiet, l->x0, at, end,
	    text_of("↑ ↓ to choose · Enter or a number to switch · Esc back"));
	if (core->panel.back < core->n_domains) {
		x = text_draw(c, quiet, x, at, end, text_of(" to "));
		text_draw(c, quiet, x, at, end,
		    look_of(core, core->panel.back).name);
	}
	text_draw_right(c, quiet, l->x1, at, l->x0, text_of(version));
}

void
panel_draw(struct canvas *c, const struct core *core, uint32_t output)
{
	const struct output *o = &core->scene.outputs[output];
	struct panel_layout l;

	canvas_fill(c, o->area, THEME_PANEL);
	if (canvas_has_rows(c, o->trust_bar.y0, o->trust_bar.y1))
		bar_draw(c, core, output);
	lay_out(&l, core, output);
	if (!canvas_has_rows(c, l.card.y0, l.card.y1))
		return;

	const int32_t gap = l.d->gap * l.s;
	int32_t y = l.card.y0 + l.d->pad * l.s;
	edge_round(c, l.card, 12 * l.s, l.s, THEME_CARD_EDGE, THEME_CARD);
	header_draw(c, core, &l, y);
	y = list_draw(c, core, &l, y + l.d->header * l.s + gap);
	y = actions_draw(c, core, &l, y + gap);
	y = screens_draw(c, core, &l, y + gap);
	footer_draw(c, core, &l, y + gap);
}
