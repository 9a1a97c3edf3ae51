/*
 * config_file: one INI file through inih. Lines are judged before inih sees
 * them; sections and keys are looked up in tables; what is unknown, doubled
 * or out of place is a problem with its line.
 */
#pragma once

#include "tds/super/config.h"

/*
 * Put value where it belongs. NULL, or what is wrong with it, without the
 * value itself.
 */
typedef const char *(*key_set)(void *target, const char *value);

struct config_key {
	const char *name;
	key_set set;
	const char *allowed; /* the rest of "allowed: ..." */
};

struct config_section {
	const char *name; /* the first word of [word name] */
	bool has_name;	  /* [output NAME] and not [domain] */
	const char *allowed;
	/* Begin one: what its keys set, or NULL and *why. line > 0 */
	void *(*begin)(void *owner, const char *name, int line,
	    const char **why);
	const struct config_key *keys;
	uint32_t n_keys;
	/* where the line of key i is noted, or NULL */
	int *(*line_of)(void *target, uint32_t key);
};

struct config_grammar {
	const struct config_section *sections;
	uint32_t n_sections;
	void *owner; /* borrowed */
};

void config_file_parse(const struct config_grammar *grammar, const char *file,
    const char *text, struct problems *problems);
