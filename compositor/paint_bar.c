/*
 * The trust bar: who has the keyboard, what is the highest label in sight, and
 * how to reach the panel. Nothing here comes from a guest but the lock lights
 * of the domain that has the keyboard, as two words of ours.
 *
 *	| (=) SECRET  work ////// | o Caps | TRY-OUT |  highest [SECRET]  Ctrl Alt Del |
 *
 * Where room is short, things leave in this order: "highest on this screen",
 * the reminder, the lights. Warnings, both labels and the name stay. What is
 * said of the screen's cable is a warning while a domain waits for it. That the
 * keys of sealed screens are facsimile ones is said always, also over the panel.
 */
#include "compositor/paint_parts.h"
#include "compositor/theme.h"

/* the highest label is never cut, but made smaller: not without need */
enum { GAP = 16, ROOM_FOR_LABEL = 90, LED_NUM = 1, LED_CAPS = 2 };

struct bar {
	struct rect r;
	int32_t s, middle;
	int32_t left, right; /* what is still free */
};

static void
keyboard_chip_draw(struct canvas *c, const struct core *core, struct bar *bar)
{
	const int32_t s = bar->s, most = (bar->r.x1 - bar->r.x0) * 9 / 16;
	struct rect chip = bar->r, room = bar->r;

	chip.x1 = chip.x0 + min_i32(THEME_CHIP_WIDTH * s, most);
	bar->left = chip.x1 + GAP * s;
	room.x0 = chip.x0 + 12 * s;
	if (core->focus >= core->n_domains) {
		const struct text_style style =
		    text_style(FACE_STRONG, bar->s, THEME_TEXT);

		canvas_fill(c, chip, THEME_ROW_CHOSEN);
		text_draw(c, style, room.x0, text_baseline(style, bar->middle),
		    chip.x1, text_of("No domain has the keyboard"));
		return;
	}

	/* the words stand on the plain colour; the pattern is the rest */
	const struct look look = look_of(core, core->focus);
	canvas_fill(c, chip, look.colour);
	sign_draw(c, SIGN_KEYBOARD, room.x0,
	    bar->middle - SIGN_KEYBOARD_HEIGHT * s / 2, s, look.text);
	room.x0 += (SIGN_KEYBOARD_WIDTH + 10) * s;
	room.x1 = chip.x1 - 44 * s;
	room.x0 = label_draw(c, look, bar->s, room) + 12 * s;
	room.x1 = chip.x1;
	pattern_fill(c, room, chip, look, bar->s);
}

/* The domain with the highest level that has a window in sight here. */
static uint32_t
highest_domain(const struct core *core, uint32_t output)
{
	const struct scene *scene = &core->scene;
	uint32_t best = TDS_NONE, level = 0;

	for (uint32_t i = 0; i < scene->n_windows; i++) {
		const struct window *w = &scene->windows[i];

		if (!window_is_visible(w) || w->output != output ||
		    core->domains[w->domain].config.level <= level)
			continue;
		best = w->domain;
		level = core->domains[best].config.level;
	}
	return best;
}

/* From the right: words, then a small sign in the label's colour. */
static void
highest_draw(struct canvas *c, const struct core *core, struct bar *bar,
    uint32_t domain)
{
	const struct text words = text_of("highest on this screen");
	const struct text_style quiet =
	    text_style(FACE_SMALL, bar->s, THEME_QUIET);
	const struct look look = look_of(core, domain);
	const int32_t s = bar->s;
	const int32_t room = bar->right - bar->left - 20 * s;
	const struct text_style label =
	    text_fit(text_style(FACE_SMALL_BOLD, bar->s, look.text),
		look.label, room);
	const int32_t width = text_width(label, look.label) + 20 * s;
	const struct rect sign = rect_make(bar->right - width,
	    bar->middle - 11 * s, width, 22 * s);

	canvas_round(c, sign, 4 * s, look.colour);
	text_draw_centred(c, label, (sign.x0 + sign.x1) / 2,
	    text_baseline(label, bar->middle), width, look.label);
	bar->right = sign.x0 - 8 * s;

	const int32_t words_width = text_width(quiet, words);
	if (bar->right - words_width < bar->left)
		return;
	bar->right -= words_width;
	text_draw(c, quiet, bar->right, text_baseline(quiet, bar->middle),
	    bar->r.x1, words);
}

static void
reminder_draw(struct canvas *c, const struct core *core, struct bar *bar)
{
	const int32_t s = bar->s;
	const char *keys[CHORD_MAX_KEYS];
	const uint32_t n = chord_names(&core->setup, keys);
	int32_t width = 0;

	for (uint32_t i = 0; i < n; i++)
		width += keycap_width(bar->s, text_of(keys[i])) + 4 * s;
	/* the highest label needs room first */
	if (bar->right - width - GAP * s < bar->left + 150 * s)
		return;

	int32_t x = bar->right - width + 4 * s;
	bar->right = x - GAP * s;
	for (uint32_t i = 0; i < n; i++)
		x = keycap_draw(c, x, bar->middle, bar->s,
		    text_of(keys[i]), THEME_QUIET);
}

static void
alarm_draw(struct canvas *c, struct bar *bar, const char *alarm)
{
	const struct text_style white =
	    text_style(FACE_SMALL_BOLD, bar->s, THEME_WHITE);
	const struct text words = text_of(alarm);
	const int32_t s = bar->s, width = text_width(white, words) + 16 * s;

	canvas_round(c, rect_make(bar->left, bar->middle - 11 * s, width,
	    22 * s), 4 * s, THEME_ALARM);
	text_draw(c, white, bar->left + 8 * s,
	    text_baseline(white, bar->middle), bar->right, words);
	bar->left += width + GAP * s;
}

static bool
has_room(const struct bar *bar, struct text_style style, const char *words,
    int32_t besides)
{
	return bar->left + text_width(style, text_of(words)) +
	    besides * bar->s <= bar->right;
}

/* As much of it as leaves so much room. */
static const char *
facsimile_words(const struct bar *bar, int32_t besides)
{
	static const char *const words[] = {
	    "FACSIMILE KEYS: SEALED OUTPUT IS NOT PROTECTED",
	    "FACSIMILE KEYS", "FACSIMILE"};
	const struct text_style bold =
	    text_style(FACE_SMALL_BOLD, bar->s, THEME_WHITE);
	uint32_t i = 0;

	while (i < 2 && !has_room(bar, bold, words[i], 16 + GAP + besides))
		i++;
	return words[i];
}

static void
warnings_draw(struct canvas *c, const struct core *core, struct bar *bar,
    bool is_light)
{
	/* try-out, and the label; of the panel the words in the middle */
	const int32_t besides = is_light ? 400 : ROOM_FOR_LABEL + 80;
	const struct text_style amber = text_style(FACE_SMALL, bar->s,
	    is_light ? THEME_INK : THEME_PHRASE);

	if (core->setup.flags & CORE_FACSIMILE)
		alarm_draw(c, bar, facsimile_words(bar, besides));
	if (core->setup.flags & CORE_UNSEALED)
		alarm_draw(c, bar, "NOT SEALED");
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (core->admit.devices[i].is_throttled) {
			alarm_draw(c, bar, "TYPED BY A MACHINE: HELD");
			break;
		}
	if (!is_light && admit_count(&core->admit, DEVICE_WAITING) > 0)
		alarm_draw(c, bar, "NEW DEVICE");
	/* not sealed is try-out as well */
	if ((core->setup.flags & CORE_TRY_OUT) &&
	    (!(core->setup.flags & CORE_UNSEALED) ||
		has_room(bar, amber, "TRY-OUT", ROOM_FOR_LABEL)))
		bar->left = text_draw(c, amber, bar->left,
		    text_baseline(amber, bar->middle), bar->right,
		    text_of("TRY-OUT")) + GAP * bar->s;
}

/* Where nothing needs protection, nothing is said. */
static void
cable_draw(struct canvas *c, const struct output *o, struct bar *bar)
{
	static const char *const words[] = {"SCREEN NOT PROTECTED",
	    "screen protected", "screen protected (type 1)"};
	const struct text_style style = text_style(FACE_SMALL, bar->s,
	    o->protection == PROTECTION_NONE ? THEME_WARNING : THEME_QUIET);

	if (o->needs != PROTECTION_NONE)
		bar->left = text_draw(c, style, bar->left,
		    text_baseline(style, bar->middle), bar->right,
		    text_of(words[o->protection])) + GAP * bar->s;
}

/* A sealed screen that nobody reads is named on all: its own is not seen. */
static void
sinks_draw(struct canvas *c, const struct core *core, const struct output *o,
    struct bar *bar)
{
	const struct text_style warning =
	    text_style(FACE_SMALL, bar->s, THEME_WARNING);
	const int32_t y = text_baseline(warning, bar->middle);
	const int32_t max_x = bar->right - ROOM_FOR_LABEL * bar->s;

	for (uint32_t i = 0; i < core->scene.n_outputs; i++) {
		const struct output *of = &core->scene.outputs[i];
		struct line line = {c, warning, bar->left, y, max_x};

		if (of->slot.type != OUTPUT_SEALED || of->has_sink ||
		    !has_room(bar, warning, "wall: no sink", ROOM_FOR_LABEL))
			continue;
		line_words(&line, "no sink: ");
		line_text(&line, text_field(of->slot.name, TDS_NAME_BYTES));
		bar->left = line.x + GAP * bar->s;
	}
	if (o->has_sink && has_room(bar, warning, "sealed", ROOM_FOR_LABEL))
		bar->left = text_draw(c,
		    text_style(FACE_SMALL, bar->s, THEME_QUIET), bar->left, y,
		    max_x, text_of("sealed")) + GAP * bar->s;
}

static void
light_draw(struct canvas *c, struct bar *bar, const char *word)
{
	const struct text_style style =
	    text_style(FACE_SMALL, bar->s, THEME_TEXT);
	const int32_t s = bar->s;
	const int32_t width = text_width(style, text_of(word)) + 12 * s;

	if (bar->right - bar->left < width + GAP * s)
		return;
	canvas_round(c, rect_make(bar->left, bar->middle - 3 * s, 6 * s,
	    6 * s), 3 * s, THEME_CHOICE);
	text_draw(c, style, bar->left + 12 * s,
	    text_baseline(style, bar->middle), bar->right, text_of(word));
	bar->left += width + GAP * s;
}

static void
trusted_bar_draw(struct canvas *c, const struct core *core, struct bar *bar)
{
	const struct text_style style =
	    text_style(FACE_STRONG, bar->s, THEME_INK);
	const struct text words =
	    text_of("Trusted panel — no domain has the keyboard");
	const int32_t width = text_width(style, words);

	canvas_fill(c, bar->r, THEME_BAR_TRUSTED);
	warnings_draw(c, core, bar, true);

	/* in the middle, or as near to it as the warnings allow */
	const int32_t x =
	    max_i32((bar->r.x0 + bar->r.x1 - width) / 2, bar->left);
	text_draw(c, style, x, text_baseline(style, bar->middle), bar->right,
	    words);
}

void
bar_draw(struct canvas *c, const struct core *core, uint32_t output)
{
	const struct output *o = &core->scene.outputs[output];
	const int32_t s = output_draw_scale(o);
	struct bar bar = {
		.r = o->trust_bar,
		.s = s,
		.middle = (o->trust_bar.y0 + o->trust_bar.y1) / 2,
		.left = o->trust_bar.x0 + 12 * s,
		.right = o->trust_bar.x1 - 12 * s,
	};

	if (core->panel.is_open) {
		trusted_bar_draw(c, core, &bar);
		return;
	}
	canvas_fill(c, bar.r, THEME_BAR);
	canvas_fill(c, (struct rect){bar.r.x0, bar.r.y1 - s, bar.r.x1,
	    bar.r.y1}, THEME_BAR_EDGE);
	keyboard_chip_draw(c, core, &bar);
	warnings_draw(c, core, &bar, false);
	cable_draw(c, o, &bar);
	sinks_draw(c, core, o, &bar);
	reminder_draw(c, core, &bar);
	const uint32_t highest = highest_domain(core, output);
	if (highest != TDS_NONE)
		highest_draw(c, core, &bar, highest);
	if (core->focus < core->n_domains) {
		const uint8_t leds = core->domains[core->focus].leds;

		if (leds & LED_CAPS)
			light_draw(c, &bar, "Caps");
		if (leds & LED_NUM)
			light_draw(c, &bar, "Num");
	}
}
