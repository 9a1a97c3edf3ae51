/*
 * signs: what bake_signs.c draws at build time beside the glyphs: patterns,
 * round corners, our arrow, and the names of keys. Cover is 0..255 per pixel.
 */
#pragma once

#include "compositor/cursor.h"
#include "protocol/control.h"

enum { SIGN_SCALES = 4 };

enum sign {
	SIGN_KEYBOARD, /* has the keyboard */
	SIGN_MINIMISE, /* on the buttons of a window */
	SIGN_MAXIMISE,
	SIGN_RESTORE,
	SIGN_COUNT,
};
enum { SIGN_KEYBOARD_WIDTH = 22, SIGN_KEYBOARD_HEIGHT = 14 };
enum { SIGN_BUTTON_SIDE = 16 };

struct sign_picture {
	int32_t width, height;
	const uint8_t *cover; /* [height * width] */
};
extern const struct sign_picture sign_pictures[SIGN_COUNT][SIGN_SCALES];

/* One period of a pattern's darker tone, which repeats in both directions. */
enum { PATTERN_MAX_PX = 16 * SIGN_SCALES };
struct sign_pattern {
	int32_t period_px;
	uint8_t cover[PATTERN_MAX_PX][PATTERN_MAX_PX]; /* [y][x] < period_px */
};
extern const struct sign_pattern sign_patterns[PATTERN_COUNT][SIGN_SCALES];

/* The top left quarter of a disc of each radius: cover[y * radius + x]. */
enum { DISC_MAX_RADIUS = 12 * SIGN_SCALES };
extern const uint8_t *const sign_discs[DISC_MAX_RADIUS + 1];

/* '#' outline, '.' inside, else not part of it; the hot spot is top left. */
extern const char sign_arrow[ARROW_HEIGHT][ARROW_WIDTH];

/* What is printed on a key, by evdev code; NULL if we have no word for it. */
enum { SIGN_KEYS = 0x300 };
extern const char *const sign_keys[SIGN_KEYS];
