#include "tds/base/names.h"

#include <stddef.h>

enum { MAX_NAMES = 8 };

/* NULL where the table has no name for the number. */
static const char *
lookup(const char *const names[MAX_NAMES], uint32_t number)
{
	return number < MAX_NAMES ? names[number] : NULL;
}

const char *
level_name(uint32_t level)
{
#define X(number, enumerator, name, marking) [number] = name,
	static const char *const names[MAX_NAMES] = {NAMES_LEVELS(X)};
#undef X

	return lookup(names, level);
}

const char *
level_marking(uint32_t level)
{
#define X(number, enumerator, name, marking) [number] = marking,
	static const char *const names[MAX_NAMES] = {NAMES_LEVELS(X)};
#undef X

	return lookup(names, level);
}

#define X(number, enumerator, name) [number] = name,

const char *
domain_state_name(uint32_t state)
{
	static const char *const names[MAX_NAMES] = {NAMES_STATES(X)};

	return lookup(names, state);
}

const char *
protection_name(uint32_t protection)
{
	static const char *const names[MAX_NAMES] = {NAMES_PROTECTIONS(X)};

	return lookup(names, protection);
}

const char *
output_type_name(uint32_t type)
{
	static const char *const names[MAX_NAMES] = {NAMES_OUTPUT_TYPES(X)};

	return lookup(names, type);
}

const char *
pattern_name(uint32_t pattern)
{
	static const char *const names[MAX_NAMES] = {NAMES_PATTERNS(X)};

	return lookup(names, pattern);
}

#undef X
