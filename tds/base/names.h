/*
 * names: how levels, states and patterns are written where people read them,
 * in a configuration and in what tdsctl prints. The core needs none of them,
 * so they are no part of the protocol.
 *
 * The numbers are those of protocol/control.h, which nothing here may see:
 * whoever includes both compares them, X(number, enumerator, text...).
 */
#pragma once

#include <stdint.h>

#define NAMES_LEVELS(X)                                                        \
	X(1, LEVEL_UNCLASSIFIED, "unclassified", "UNCLASSIFIED")               \
	X(2, LEVEL_CUI, "cui", "CUI")                                          \
	X(3, LEVEL_CONFIDENTIAL, "confidential", "CONFIDENTIAL")               \
	X(4, LEVEL_SECRET, "secret", "SECRET")                                 \
	X(5, LEVEL_TOP_SECRET, "top-secret", "TOP SECRET")                     \
	X(6, LEVEL_TOP_SECRET_SCI, "top-secret-sci", "TOP SECRET//SCI")

#define NAMES_STATES(X)                                                        \
	X(0, DOMAIN_WAITING, "waiting")                                        \
	X(1, DOMAIN_RUNNING, "running")                                        \
	X(2, DOMAIN_STOPPED, "stopped")

#define NAMES_PATTERNS(X)                                                      \
	X(0, PATTERN_PLAIN, "plain")                                           \
	X(1, PATTERN_DIAGONAL, "diagonal")                                     \
	X(2, PATTERN_DOTS, "dots")                                             \
	X(3, PATTERN_VERTICAL, "vertical")                                     \
	X(4, PATTERN_HORIZONTAL, "horizontal")                                 \
	X(5, PATTERN_CROSS, "cross")                                           \
	X(6, PATTERN_CHEVRON, "chevron")                                       \
	X(7, PATTERN_CHECKS, "checks")

#define NAMES_PROTECTIONS(X)                                                   \
	X(0, PROTECTION_NONE, "none")                                          \
	X(1, PROTECTION_TYPE0, "type0")                                        \
	X(2, PROTECTION_TYPE1, "type1")

#define NAMES_OUTPUT_TYPES(X)                                                  \
	X(1, OUTPUT_HEADLESS, "headless")                                      \
	X(2, OUTPUT_KMS, "kms")                                                \
	X(3, OUTPUT_SEALED, "sealed")

/* "secret"; NULL for a value that is no level. */
const char *level_name(uint32_t level);
/* "SECRET", the marking of that level; NULL for a value that is no level. */
const char *level_marking(uint32_t level);
/* "running"; NULL for a value that is no state. */
const char *domain_state_name(uint32_t state);
/* "type0"; NULL for a value that is no protection. */
const char *protection_name(uint32_t protection);
/* "kms"; NULL for a value that is no type of output. */
const char *output_type_name(uint32_t type);
/* "diagonal"; NULL for a value that is no pattern. */
const char *pattern_name(uint32_t pattern);
