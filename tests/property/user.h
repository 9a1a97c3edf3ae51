/*
 * user: a random user of a keyboard, a pointer and a touchscreen. What they do depends on
 * their own chance and on what they hold, never on what a guest did, so that
 * the same user can be had twice.
 */
#pragma once

#include "tests/property/world.h"

enum { USER_MAX_HELD = 48, USER_MAX_POINTS = 512, USER_MAX_QUEUE = 32 };

struct user {
	struct chance chance;
	uint32_t n_domains;
	uint16_t modifiers[4];
	uint32_t n_modifiers;
	uint16_t chord_key;
	uint32_t n_held;
	uint16_t held[USER_MAX_HELD];
	/* places of the row of outputs where something may happen */
	uint32_t n_points;
	int32_t points[USER_MAX_POINTS][2];
	int32_t width, height;
	int32_t x, y; /* pointed at last */
	/* a longer gesture: chord, drag, word */
	uint32_t at, n_queue;
	struct event queue[USER_MAX_QUEUE];
	uint32_t n_chords;
};

/* Looks at the core's first geometry only. */
void user_init(struct user *u, const struct core *core, uint64_t seed);
/* EVENT_INPUT or EVENT_FOCUS. */
struct event user_next(struct user *u);
/* Begin the secure attention key; the next events are its keys. */
void user_chord(struct user *u);
