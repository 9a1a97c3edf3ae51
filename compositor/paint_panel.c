/*
 * The trusted panel: the whole of every output while it is open. There is no
 * guest pixel in it, and what stands in it comes from configuration.
 *
 * Two densities; the list shows as many domains as fit and scrolls around the
 * chosen one. From 640 x 400 logical pixels on everything has its place.
 */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

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
	struct canvas *c;	  /* borrowed */
	const struct core *core;  /* borrowed */
	const struct density *d;
	int32_t s;
	struct rect card;
	int32_t x0, x1;	  /* of what is in the card */
	int32_t chip;	  /* width of the widest label */
	uint32_t rows;	  /* domains seen at a time */
	uint32_t first;	  /* the first that is seen */
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

	return (uint32_t)max_i32(left / (d->row + d->row_gap), 1);
}

/* Which domains are seen, and how wide their labels are drawn. */
static void
list_lay_out(struct panel_layout *l)
{
	const uint32_t n = l->core->n_domains, before = l->rows / 2;
	const uint32_t chosen = l->core->panel.chosen;

	l->chip = l->d->chip * l->s;
	for (uint32_t i = 0; i < n; i++)
		l->chip = chip_width(look_of(l->core, i), l->s, l->chip,
		    (l->x1 - l->x0) / 3);
	l->first = chosen > before ? chosen - before : 0;
	if (l->first + l->rows > n)
		l->first = n > l->rows ? n - l->rows : 0;
}

static void
lay_out(struct panel_layout *l, uint32_t output)
{
	const struct core *core = l->core;
	const struct output *o = &core->scene.outputs[output];
	const struct density *d = &roomy;
	uint32_t n_outputs = 0;

	for (uint32_t i = 0; i < core->scene.n_outputs; i++)
		n_outputs += output_is_on(&core->scene.outputs[i]);

	l->s = output_draw_scale(o);
	const int32_t width = (int32_t)o->config.width / l->s;
	const int32_t height =
	    ((int32_t)o->config.height - o->trust_bar.y1) / l->s;

	l->rows = rows_that_fit(d, n_outputs, height);
	if (width < 800 ||
	    (l->rows < core->n_domains && l->rows < ROOMY_ROWS) ||
	    fixed_height(d, n_outputs) + d->row > height) {
		d = &compact;
		l->rows = rows_that_fit(d, n_outputs, height);
	}
	if (l->rows > core->n_domains)
		l->rows = core->n_domains ? core->n_domains : 1;
	l->d = d;

	const int32_t card_width =
	    min_i32(CARD_WIDTH, width - 2 * d->margin);
	const int32_t card_height = fixed_height(d, n_outputs) +
	    (int32_t)l->rows * (d->row + d->row_gap) - d->row_gap;
	/* a little above the middle looks centred */
	const int32_t free = height - card_height;
	const int32_t above = free > 2 * d->margin ? free * 2 / 5 : free / 2;
	l->card = rect_make((width - card_width) / 2 * l->s,
	    o->trust_bar.y1 + max_i32(above, 0) * l->s,
	    card_width * l->s, card_height * l->s);
	l->x0 = l->card.x0 + d->pad * l->s;
	l->x1 = l->card.x1 - d->pad * l->s;
	list_lay_out(l);
}

static struct line
panel_line(const struct panel_layout *l, enum face face, uint32_t colour,
    int32_t x, int32_t y)
{
	struct line line = {l->c, text_style(face, l->s, colour), x, y,
	    l->x1};
	return line;
}

/* The domain's name, or nothing. */
static void
line_domain(struct line *line, const struct core *core, const char *before,
    uint32_t domain)
{
	if (domain >= core->n_domains)
		return;
	line_words(line, before);
	line_text(line, look_of(core, domain).name);
}

/* Quiet words at the right end of a line. */
static void
right_draw(const struct panel_layout *l, int32_t y, const char *words)
{
	struct line line = panel_line(l, FACE_SMALL, THEME_QUIET, l->x1, y);

	line.x -= text_width(line.style, text_of(words));
	line_words(&line, words);
}

static void
header_draw(const struct panel_layout *l, int32_t y)
{
	const struct core_setup *setup = &l->core->setup;
	const struct text phrase =
	    text_field(setup->phrase, sizeof(setup->phrase));
	const int32_t s = l->s, bottom = y + (l->d->header - 8) * s;
	struct line line =
	    panel_line(l, FACE_SMALL, THEME_QUIET, l->x0, y + 12 * s);

	line_words(&line, "Your phrase");
	right_draw(l, line.y, "If you do not recognise it, do not type.");
	if (phrase.len > 0) {
		line = panel_line(l, FACE_TITLE, THEME_PHRASE, l->x0, bottom);
		line_text(&line, phrase);
	} else {
		line = panel_line(l, FACE_BODY, THEME_WARNING, l->x0, bottom);
		line_words(&line, "None is set: this panel can be imitated.");
	}
}

/* Returns the line, so that a section may say more in it. */
static struct line
heading_draw(const struct panel_layout *l, int32_t y, const char *words)
{
	struct line line = panel_line(l, FACE_SMALL_BOLD, THEME_QUIET, l->x0,
	    y + 12 * l->s);

	line_words(&line, words);
	line.style.face = FACE_SMALL;
	return line;
}

static void
row_text_draw(const struct panel_layout *l, struct rect r, uint32_t domain)
{
	const int32_t s = l->s, middle = (r.y0 + r.y1) / 2;
	const int32_t x = r.x0 + (l->d->inset + 16) * s + l->chip;
	struct line name = panel_line(l, FACE_STRONG, THEME_TEXT, x, middle);
	struct line state = panel_line(l, FACE_SMALL, THEME_QUIET, x, middle);

	name.max_x = state.max_x = r.x1 - 56 * s;
	if (l->d == &roomy) {
		name.y -= 3 * s;
		state.y += 17 * s;
		line_text(&name, look_of(l->core, domain).name);
	} else {
		name.y = text_baseline(name.style, middle);
		state.y = text_baseline(state.style, middle);
		name.max_x = x + (state.max_x - x) * 3 / 5;
		line_text(&name, look_of(l->core, domain).name);
		state.x = name.x + 14 * s;
	}
	line_words(&state, state_words(l->core, domain)->words);
	state.style.colour = THEME_CHOICE;
	if (domain == l->core->panel.back)
		line_words(&state, " · had the keyboard");
}

static void
row_draw(const struct panel_layout *l, struct rect r, uint32_t domain)
{
	const bool is_chosen = domain == l->core->panel.chosen;
	const int32_t s = l->s, inset = l->d->inset * s;
	const uint32_t ground = is_chosen ? THEME_ROW_CHOSEN : THEME_ROW;
	const char digit[2] = {(char)('1' + domain), '\0'};

	if (!canvas_has_rows(l->c, r.y0, r.y1))
		return;
	canvas_edged(l->c, r, (struct edge){6 * s, 2 * s,
	    is_chosen ? THEME_CHOICE : ground, ground});
	chip_draw(l->c, rect_make(r.x0 + inset, r.y0 + inset, l->chip,
	    r.y1 - r.y0 - 2 * inset), look_of(l->core, domain), l->s,
	    ground);
	row_text_draw(l, r, domain);
	if (domain < 9)
		keycap_draw(l->c, r.x1 - 40 * s, (r.y0 + r.y1) / 2, l->s,
		    text_of(digit), THEME_TEXT);
}

static int32_t
list_draw(const struct panel_layout *l, int32_t y)
{
	const int32_t s = l->s;
	const uint32_t n = l->core->n_domains;
	struct line line = heading_draw(l, y, "Switch to");

	if (l->rows < n) {
		line_words(&line, "   ");
		line_number(&line, l->first + 1);
		line_words(&line, " – ");
		line_number(&line, l->first + l->rows);
		line_words(&line, " of ");
		line_number(&line, n);
	}
	y += l->d->heading * s;
	for (uint32_t i = 0; i < l->rows && l->first + i < n; i++) {
		row_draw(l, (struct rect){l->x0, y, l->x1, y + l->d->row * s},
		    l->first + i);
		y += (l->d->row + l->d->row_gap) * s;
	}
	return y - l->d->row_gap * s;
}

/* The box of an action; returns the line for its words. */
static struct line
action_draw(const struct panel_layout *l, struct rect r, const char *key,
    bool is_possible)
{
	const uint32_t colour = is_possible ? THEME_TEXT : THEME_QUIET;
	const int32_t s = l->s, middle = (r.y0 + r.y1) / 2;
	struct line line = panel_line(l, FACE_BODY, colour, 0, 0);

	canvas_round(l->c, r, 6 * s, THEME_ROW);
	line.x = keycap_draw(l->c, r.x0 + 12 * s, middle, l->s,
	    text_of(key), colour) + 8 * s;
	line.y = text_baseline(line.style, middle);
	line.max_x = r.x1 - 10 * s;
	return line;
}

/* Only what works today. */
static int32_t
actions_draw(const struct panel_layout *l, int32_t y)
{
	const struct core *core = l->core;
	const uint32_t chosen = core->panel.chosen;
	const int32_t half = (l->x1 - l->x0 - 10 * l->s) / 2;
	const char *keys[CHORD_MAX_KEYS];
	const uint32_t n = chord_names(&core->setup, keys);

	heading_draw(l, y, "Actions");
	y += l->d->heading * l->s;
	const int32_t end = y + l->d->action * l->s;
	struct line line = action_draw(l,
	    (struct rect){l->x0, y, l->x0 + half, end}, "D",
	    chosen < core->n_domains && core->domains[chosen].is_linked);
	line_words(&line, "Send");
	for (uint32_t i = 0; i < n; i++) {
		line_words(&line, " ");
		line_words(&line, keys[i]);
	}
	line_domain(&line, core, " to ", chosen);

	line = action_draw(l, (struct rect){l->x1 - half, y, l->x1, end},
	    "Esc", true);
	line_words(&line, "Back");
	line_domain(&line, core, " to ", core->panel.back);
	return end;
}

/*
 * In place of the actions: may this device speak? What it says of itself is
 * apart, in quotation marks: it may say anything.
 */
static int32_t
device_draw(const struct panel_layout *l, int32_t y, const struct device *d)
{
	const bool is_keyboard = (d->info.kinds & KIND_KEYBOARD) != 0;
	const int32_t half = (l->x1 - l->x0 - 10 * l->s) / 2;
	struct line line = heading_draw(l, y, is_keyboard
		? "A new keyboard wants in" : "A new pointing device wants in");

	line.style = text_style(FACE_MONO, l->s, THEME_QUIET);
	line_words(&line, "  \"");
	line.max_x -= 8 * l->s;
	line_text(&line, text_field(d->info.name, sizeof(d->info.name)));
	line.max_x += 8 * l->s;
	line_words(&line, "\"");

	y += l->d->heading * l->s;
	const int32_t end = y + l->d->action * l->s;
	line = action_draw(l, (struct rect){l->x0, y, l->x0 + half, end},
	    is_keyboard ? "1 … 0" : "A", true);
	line_words(&line, is_keyboard ? "Type " : "Let it in");
	line.style.colour = THEME_PHRASE;
	for (uint32_t i = 0; i < ADMIT_DIGITS && is_keyboard; i++)
		line_number(&line, d->code[i]);
	line.style.colour = THEME_TEXT;
	line_words(&line, is_keyboard ? " on it" : "");

	line = action_draw(l, (struct rect){l->x1 - half, y, l->x1, end}, "R",
	    true);
	line_words(&line, "Refuse it");
	return end;
}

static int32_t
screens_draw(const struct panel_layout *l, int32_t y)
{
	const int32_t s = l->s;

	heading_draw(l, y, "Screens");
	y += l->d->heading * s;
	for (uint32_t i = 0; i < l->core->scene.n_outputs; i++) {
		const struct core_output *o = &l->core->scene.outputs[i].config;
		if (o->width == 0)
			continue;
		struct line line = panel_line(l, FACE_SMALL, THEME_TEXT, l->x0,
		    y + (l->d->line + 8) / 2 * s);

		line_text(&line, text_field(o->name, sizeof(o->name)));
		line.style.colour = THEME_QUIET;
		line.x += 16 * s;
		line_number(&line, o->width);
		line_words(&line, " × ");
		line_number(&line, o->height);
		y += l->d->line * s;
	}
	return y;
}

static void
footer_draw(const struct panel_layout *l, int32_t y)
{
	struct line line = panel_line(l, FACE_SMALL, THEME_QUIET, l->x0,
	    y + 12 * l->s);

	line.max_x -= 90 * l->s;
	line_words(&line,
	    "↑ ↓ to choose · Enter or a number to switch · Esc back");
	line_domain(&line, l->core, " to ", l->core->panel.back);
	right_draw(l, line.y, "tds " TDS_VERSION);
}

void
panel_draw(struct canvas *c, const struct core *core, uint32_t output)
{
	const struct output *o = &core->scene.outputs[output];
	struct panel_layout l = {.c = c, .core = core};

	canvas_fill(c, o->area, THEME_PANEL);
	if (canvas_has_rows(c, o->trust_bar.y0, o->trust_bar.y1))
		bar_draw(c, core, output);
	lay_out(&l, output);
	if (!canvas_has_rows(c, l.card.y0, l.card.y1))
		return;

	const int32_t gap = l.d->gap * l.s;
	int32_t y = l.card.y0 + l.d->pad * l.s;
	canvas_edged(c, l.card,
	    (struct edge){12 * l.s, l.s, THEME_CARD_EDGE, THEME_CARD});
	header_draw(&l, y);
	y = list_draw(&l, y + l.d->header * l.s + gap);
	const struct device *waiting = admit_waiting(&core->admit);
	y = waiting ? device_draw(&l, y + gap, waiting)
		    : actions_draw(&l, y + gap);
	y = screens_draw(&l, y + gap);
	footer_draw(&l, y + gap);
}
