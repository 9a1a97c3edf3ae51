/* config_output: the grammar of [output NAME], and what all of them make. */
#include "tds/super/config_keys.h"
#include "tds/super/config_sections.h"
#include "tds/super/unicode.h"

#include <pwd.h>
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
	static const char *const types[] = {[OUTPUT_HEADLESS] = "headless",
	    [OUTPUT_KMS] = "kms",
	    [OUTPUT_SEALED] = "sealed"};

	for (uint32_t i = OUTPUT_HEADLESS; i <= OUTPUT_SEALED; i++) {
		if (strcmp(value, types[i]) != 0)
			continue;
		o->type = i;
		return NULL;
	}
	return "is no type of output";
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

static const char *
set_keys(void *target, const char *value)
{
	struct config_output *o = target;

	return value_path(value, o->keys, sizeof(o->keys));
}

static const char *
set_carrier(void *target, const char *value)
{
	struct config_output *o = target;
	const struct passwd *user = getpwnam(value);

	if (!user)
		return "is no user of this machine";
	o->carrier_uid = user->pw_uid;
	o->carrier_gid = user->pw_gid;
	o->has_carrier = true;
	return NULL;
}

static const struct config_key keys[] = {
    {"type", set_type, "kms, headless, sealed"},
    {"size", set_size, "640x480 to 8192x8192"},
    {"scale", set_scale, "1, 2, 3, 4"},
    {"refresh", set_refresh, "1 to 500 (Hz)"},
    {"rotation", set_rotation, "0, 90, 180, 270 (degrees clockwise)"},
    {"position", set_position, "X,Y of 0 to 16384 each"},
    {"keys", set_keys, "an absolute path of at most 255 bytes"},
    {"carrier", set_carrier, "the name of a user, as in /etc/passwd"},
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
	const bool is_mixed = a->core.type != b->core.type &&
			      a->core.type != OUTPUT_SEALED &&
			      b->core.type != OUTPUT_SEALED;

	if (is_mixed)
		problem(problems, c->file, b->line,
		    "[output %s]: type is not that of [output %s] in line "
		    "%d; allowed: kms or headless for all, sealed beside them",
		    name_of(b), name_of(a), a->line);
	else if (places_overlap(&a->core, &b->core))
		problem(problems, c->file, b->line,
		    "[output %s]: lies over [output %s] in line %d; allowed: "
		    "a position of its own, or none",
		    name_of(b), name_of(a), a->line);
}

/* What belongs to a sealed output, and to no other. */
static void
check_sealed(const struct config *c, const struct config_output *o,
    struct problems *problems)
{
	if (o->core.type != OUTPUT_SEALED) {
		if (o->keys[0] || o->has_carrier)
			problem(problems, c->file, o->line,
			    "[output %s]: keys and carrier are for outputs "
			    "that are encrypted; allowed: with type = sealed",
			    name_of(o));
		return;
	}
	if (!o->keys[0])
		problem(problems, c->file, o->line,
		    "[output %s]: keys: is missing; allowed: a folder of key "
		    "files with type = sealed",
		    name_of(o));
	if (o->core.rotation != 0)
		problem(problems, c->file, o->line,
		    "[output %s]: rotation: a sink turns nothing; allowed: 0 "
		    "with type = sealed",
		    name_of(o));
	if (strlen(c->run_dir) + strlen(name_of(o)) + sizeof("/.wire") >
	    CONFIG_WIRE_BYTES)
		problem(problems, c->file, o->line,
		    "[output %s]: run-dir/NAME.wire is too long for a socket; "
		    "allowed: at most 107 bytes (a shorter name or run-dir)",
		    name_of(o));
}

static bool
has_type(const struct config *c, uint32_t type)
{
	for (uint32_t i = 0; i < c->n_outputs; i++)
		if (c->outputs[i].core.type == type)
			return true;
	return false;
}

void
config_check_outputs(struct config *c, struct problems *problems)
{
	for (uint32_t i = 0; i < c->n_outputs; i++) {
		if (c->outputs[i].core.type != OUTPUT_KMS)
			fill_headless(&c->outputs[i].core);
		check_sealed(c, &c->outputs[i], problems);
		for (uint32_t j = 0; j < i; j++)
			check_pair(c, &c->outputs[j], &c->outputs[i], problems);
	}
	c->is_kms = c->n_outputs == 0 || has_type(c, OUTPUT_KMS);
	c->core.flags |= c->is_facsimile ? CORE_FACSIMILE : 0;
	if (c->is_facsimile && !has_type(c, OUTPUT_SEALED))
		problem(problems, c->file, c->facsimile_line,
		    "hdcp-facsimile: no output is sealed; allowed: yes with "
		    "an [output NAME] of type = sealed");
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
