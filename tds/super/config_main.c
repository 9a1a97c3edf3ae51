/* config_main: the grammar of tds.conf. */
#include "tds/base/keynames.h"
#include "tds/super/config_file.h"
#include "tds/super/config_keys.h"
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

static const struct config_key tds_keys[] = {
    {"mode", set_mode, "normal, try-out"},
    {"run-dir", set_run_dir, "an absolute path of at most 103 bytes"},
    {"phrase", set_phrase, "1 to 63 bytes that only you know"},
    {"attention", set_attention,
	"two or more of CTRL, ALT, SHIFT, META and one key, as "
	"CTRL+ALT+DELETE"},
    {"focus", set_focus, "the name of a domain"},
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
	    &c->attention_line, &c->focus_line};

	return lines[key];
}

/* --------------------------------------------------------------- [output] */

static const char *
set_type(void *target, const char *value)
{
	(void)target;
	return strcmp(value, "headless") == 0 ? NULL : "is no type of output";
}

static const char *
set_size(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;

	return value_size(value, 640, 480, &o->width, &o->height);
}

static const char *
set_scale(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;

	return value_number(value, 1, 4, &o->scale);
}

static const char *
set_refresh(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;
	uint32_t hz;
	const char *why = value_number(value, 1, 500, &hz);

	if (!why)
		o->refresh_mhz = hz * 1000;
	return why;
}

static const struct config_key output_keys[] = {
    {"type", set_type, "headless"},
    {"size", set_size, "640x480 to 8192x8192"},
    {"scale", set_scale, "1, 2, 3, 4"},
    {"refresh", set_refresh, "1 to 500 (Hz)"},
};

static void *
begin_output(void *owner, const char *name, int line, const char **why)
{
	struct config *c = owner;

	if (c->n_outputs == TDS_MAX_OUTPUTS) {
		*why = "is one too many";
		return NULL;
	}
	struct config_output *o = &c->outputs[c->n_outputs];
	*o = (struct config_output){.line = line,
	    .core = {.index = c->n_outputs,
		.type = OUTPUT_HEADLESS,
		.x = -1,
		.y = -1,
		.width = 1920,
		.height = 1080,
		.scale = 1,
		.refresh_mhz = 60000}};
	*why = value_text(name, unicode_name_fault(name), o->core.name,
	    sizeof(o->core.name));
	if (!*why && strchr(name, ' '))
		*why = "has a blank in its name";
	for (uint32_t i = 0; i < c->n_outputs && !*why; i++)
		if (names_are_confusable(
			(const char *)c->outputs[i].core.name, name))
			*why = "is called like another output";
	if (*why)
		return NULL;
	c->n_outputs++;
	return o;
}

static int *
no_line(void *target, uint32_t key)
{
	(void)target;
	(void)key;
	return NULL;
}

#define KEYS_OF(table) (table), sizeof(table) / sizeof((table)[0])

static const struct config_section sections[] = {
    {"tds", false, "[tds] once", begin_tds, KEYS_OF(tds_keys), line_in_tds},
    {"output", true,
	"up to 4 of [output NAME], NAME of letters, digits, - and _ (31 bytes)",
	begin_output, KEYS_OF(output_keys), no_line},
};

void
config_parse_main(struct config *config, const char *file, const char *text,
    struct problems *problems)
{
	const struct config_grammar grammar = {
	    sections, sizeof(sections) / sizeof(sections[0]), config};

	snprintf(config->file, sizeof(config->file), "%s", file);
	config_file_parse(&grammar, file, text, problems);
}
