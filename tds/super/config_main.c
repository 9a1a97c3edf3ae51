/* config_main: the grammar of tds.conf. */
#include "tds/base/keynames.h"
#include "tds/super/config_keys.h"
#include "tds/super/config_sections.h"
#include "tds/super/unicode.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ [tds] */

static const char *
set_mode(void *target, const char *value)
{
	struct config *c = target;

	c->is_try_out = strcmp(value, "try-out") == 0;
	c->core.flags = c->is_try_out ? CORE_TRY_OUT : 0;
	return c->is_try_out || strcmp(value, "normal") == 0
	    ? NULL
	    : "is no mode";
}

static const char *
set_run_dir(void *target, const char *value)
{
	struct config *c = target;

	return value_path(value, c->run_dir, sizeof(c->run_dir));
}

static const char *
set_phrase(void *target, const char *value)
{
	struct config *c = target;
	const char *fault = *value == 0 ? "is empty" : NULL;

	return value_text(value, fault, c->core.phrase, sizeof(c->core.phrase));
}

static uint32_t
modifier_of(uint16_t code)
{
	switch (code) {
	case KEY_LEFTCTRL:
		return CHORD_CTRL;
	case KEY_LEFTALT:
		return CHORD_ALT;
	case KEY_LEFTSHIFT:
		return CHORD_SHIFT;
	case KEY_LEFTMETA:
		return CHORD_META;
	case KEY_RIGHTCTRL:
	case KEY_RIGHTALT:
	case KEY_RIGHTSHIFT:
	case KEY_RIGHTMETA:
		return UINT32_MAX; /* the chord takes either side */
	default:
		return 0;
	}
}

static const char *
set_attention(void *target, const char *value)
{
	struct config *c = target;
	uint16_t codes[KEYNAMES_MAX_CHORD];
	const int n = keynames_chord(value, codes);
	uint32_t modifiers = 0;

	if (n == -ENOENT)
		return "names a key that there is not";
	if (n < 0)
		return "is not KEY+KEY+KEY";
	for (int i = 0; i < n - 1; i++) {
		const uint32_t m = modifier_of(codes[i]);
		if (m == 0)
			return "has two keys that are not modifiers";
		if (m == UINT32_MAX)
			return "names one side; either side counts";
		modifiers |= m;
	}
	if (modifier_of(codes[n - 1]) != 0)
		return "does not end in a key that is not a modifier";
	if (n < 3)
		return "has fewer than two modifiers";
	c->core.modifiers = modifiers;
	c->core.key = codes[n - 1];
	return NULL;
}

static const char *
set_focus(void *target, const char *value)
{
	struct config *c = target;

	return value_text(value, unicode_name_fault(value), (uint8_t *)c->focus,
	    sizeof(c->focus));
}

static const char *
set_idle(void *target, const char *value)
{
	struct config *c = target;

	if (strcmp(value, "off") == 0 || strcmp(value, "0") == 0) {
		c->core.idle_s = 0;
		return NULL;
	}
	return value_number(value, 1, 86400, &c->core.idle_s);
}

static const char *
set_leds(void *target, const char *value)
{
	struct config *c = target;

	return value_switch(value, "focused", "off", &c->core.leds);
}

/* Only the path is judged here; screen_open() judges what is there. */
static const char *
set_card(void *target, const char *value)
{
	static const char cards[] = "/dev/dri/card";
	struct config *c = target;
	uint32_t number;

	c->card[0] = 0;
	if (strcmp(value, "auto") == 0)
		return NULL;
	if (strncmp(value, cards, sizeof(cards) - 1) != 0 ||
	    value_number(value + sizeof(cards) - 1, 0, 255, &number) != NULL)
		return "is no card";
	snprintf(c->card, sizeof(c->card), "%s%u", cards, number);
	return NULL;
}

static const char *
set_seat(void *target, const char *value)
{
	struct config *c = target;
	uint32_t is_on;
	const char *why = value_switch(value, "on", "off", &is_on);

	if (!why)
		c->has_seat = is_on;
	return why;
}

static const char *
set_others(void *target, const char *value)
{
	struct config *c = target;
	uint32_t is_on;
	const char *why = value_switch(value, "on", "off", &is_on);

	if (!why)
		c->has_no_others = !is_on;
	return why;
}

static const char *
set_facsimile(void *target, const char *value)
{
	struct config *c = target;
	uint32_t is_on;
	const char *why = value_switch(value, "yes", "no", &is_on);

	if (!why)
		c->is_facsimile = is_on;
	return why;
}

static const struct config_key tds_keys[] = {
    {"mode", set_mode, "normal, try-out"},
    {"run-dir", set_run_dir, "an absolute path of at most 103 bytes"},
    {"phrase", set_phrase, "1 to 63 bytes that only you know"},
    {"attention", set_attention,
	"two or more of CTRL, ALT, SHIFT, META and one key, as "
	"CTRL+ALT+DELETE"},
    {"focus", set_focus, "the name of a domain"},
    {"idle", set_idle, "off, or 1 to 86400 (seconds)"},
    {"leds", set_leds, "off, focused"},
    {"card", set_card, "auto, or /dev/dri/cardN"},
    {"seat", set_seat, "on, off"},
    {"other-outputs", set_others, "on, off"},
    {"hdcp-facsimile", set_facsimile, "no, yes"},
};

static void *
begin_tds(void *owner, const char *name, int line, const char **why)
{
	struct config *c = owner;

	(void)name;
	if (c->tds_line != 0) {
		*why = "is there twice";
		return NULL;
	}
	c->tds_line = line;
	return c;
}

static int *
line_in_tds(void *target, uint32_t key)
{
	struct config *c = target;
	int *const lines[] = {&c->mode_line, &c->run_dir_line, &c->phrase_line,
	    &c->attention_line, &c->focus_line, &c->idle_line, &c->leds_line,
	    &c->card_line, &c->seat_line, &c->others_line,
	    &c->facsimile_line};

	return lines[key];
}

static const struct config_section tds_section = {"tds", false, "[tds] once",
    begin_tds, tds_keys, sizeof(tds_keys) / sizeof(tds_keys[0]), line_in_tds};

void
config_parse_main(struct config *config, const char *file, const char *text,
    struct problems *problems)
{
	const struct config_section sections[] = {
	    tds_section, config_output_section, config_device_section};
	const struct config_grammar grammar = {
	    sections, sizeof(sections) / sizeof(sections[0]), config};

	snprintf(config->file, sizeof(config->file), "%s", file);
	config_file_parse(&grammar, file, text, problems);
}
