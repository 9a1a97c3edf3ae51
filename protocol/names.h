/*
 * names: how levels and states are written where people read them, in a
 * configuration and in what tdsctl prints.
 */
#pragma once

#include "protocol/control.h"

/* "secret"; NULL for a value that is no level. */
const char *level_name(uint32_t level);
/* "SECRET", the marking of that level; NULL for a value that is no level. */
const char *level_marking(uint32_t level);
/* "running"; NULL for a value that is no state. */
const char *domain_state_name(uint32_t state);
/* "diagonal"; NULL for a value that is no pattern. */
const char *pattern_name(uint32_t pattern);
