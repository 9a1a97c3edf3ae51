/* config_output: the grammar of [output NAME], and what all of them make. */
#include "tds/super/config_keys.h"
#include "tds/super/config_sections.h"
#include "tds/super/unicode.h"

#include <stdio.h>
#include <string.h>

static const char *
name_of(const struct config_output *o)
{
	return (const char *)o->core.name;
}

/* ------------------------------------------------------------------- keys */

static const char *
set_type(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;
	const bool is_headless = strcmp(value, "headless") == 0;

	o->type = is_headless ? OUTPUT_HEADLESS : OUTPUT_KMS;
	return is_headless || strcmp(value, "kms") == 0
		   ? NULL
		   : "is no type of output";
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

static const char *
set_rotation(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;
	uint32_t degrees;
	const char *why = value_number(value, 0, 270, &degrees);

	if (!why && degrees % 90 != 0)
		why = "is no quarter turn";
	if (!why)
		o->rotation = degrees / 90;
	return why;
}

static const char *
set_position(void *target, const char *value)
{
	struct core_output *o = &((struct config_output *)target)->core;

	return value_position(value, TDS_MAX_COORD, &o->x, &o->y);
}

static const struct config_key keys[] = {
    {"type", set_type, "kms, headless"},
    {"size", set_size, "640x480 to 8192x8192"},
    {"scale", set_scale, "1, 2, 3, 4"},
    {"refresh", set_refresh, "1 to 500 (Hz)"},
    {"rotation", set_rotation, "0, 90, 180, 270 (degrees clockwise)"},
    {"position", set_position, "X,Y of 0 to 16384 each"},
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
	    .core = {
		.index = c->n_outputs, .type = OUTPUT_KMS, .x = -1, .y = -1}};
	*why = value_text(
	    name, unicode_name_fault(name), o->core.name, sizeof(o->core.name));
	if (!*why && strchr(name, ' '))
		*why = "has a blank in its name";
	for (uint32_t i = 0; i < c->n_outputs && !*why; i++)
		if (names_are_confusable(name_of(&c->outputs[i]), name))
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

const struct config_section config_output_section = {"output", true,
    "up to 4 of [output NAME], NAME of letters, digits, - and _ (31 bytes)",
    begin_output, keys, sizeof(keys) / sizeof(keys[0]), no_line};

/* -------------------------------------------------------------- the whole */

/* There is no monitor to ask. */
static void
fill_headless(struct core_output *o)
{
	if (o->width == 0) {
		o->width = 1920;
		o->height = 1080;
	}
	if (o->scale == 0)
		o->scale = 1;
	if (o->refresh_mhz == 0)
		o->refresh_mhz = 60000;
}

/* Slots without a name take any connector that no other slot waits for. */
static void
add_unnamed(struct config *c)
{
	for (; c->n_outputs < TDS_MAX_OUTPUTS; c->n_outputs++)
		c->outputs[c->n_outputs] =
		    (struct config_output){.core = {.index = c->n_outputs,
					       .type = OUTPUT_KMS,
					       .x = -1,
					       .y = -1}};
}

/* Whether both have a place, and it is the same in part. */
static bool
places_overlap(const struct core_output *a, const struct core_output *b)
{
	return a->x >= 0 && b->x >= 0 && a->x < b->x + (int32_t)b->width &&
	       b->x < a->x + (int32_t)a->width &&
	       a->y < b->y + (int32_t)b->height &&
	       b->y < a->y + (int32_t)a->height;
}

static void
check_pair(struct config *c, const struct config_output *a,
    const struct config_output *b, struct problems *problems)
{
	if (a->core.type != b->core.type)
		problem(problems, c->file, b->line,
		    "[output %s]: type is not that of [output %s] in line "
		    "%d; allowed: one type for all, kms or headless",
		    name_of(b), name_of(a), a->line);
	else if (places_overlap(&a->core, &b->core))
		problem(problems, c->file, b->line,
		    "[output %s]: lies over [output %s] in line %d; allowed: "
		    "a position of its own, or none",
		    name_of(b), name_of(a), a->line);
}

void
config_check_outputs(struct config *c, struct problems *problems)
{
	for (uint32_t i = 0; i < c->n_outputs; i++) {
		if (c->outputs[i].core.type == OUTPUT_HEADLESS)
			fill_headless(&c->outputs[i].core);
		for (uint32_t j = 0; j < i; j++)
			check_pair(c, &c->outputs[j], &c->outputs[i], problems);
	}
	c->is_kms = c->n_outputs == 0 || c->outputs[0].core.type == OUTPUT_KMS;
	if (!c->is_kms && c->others_line)
		problem(problems, c->file, c->others_line,
		    "other-outputs: there are no others beside headless "
		    "outputs; allowed: with type = kms");
	if (!c->is_kms && c->card_line)
		problem(problems, c->file, c->card_line,
		    "card: headless outputs need none; allowed: with type = "
		    "kms");
	if (c->n_outputs == 0 && c->has_no_others)
		problem(problems, c->file, c->others_line,
		    "other-outputs: nothing would be shown anywhere; allowed: "
		    "off with at least one [output NAME]");
	if (c->is_kms && !c->has_no_others)
		add_unnamed(c);
	if (!c->seat_line)
		c->has_seat = c->is_kms;
}
