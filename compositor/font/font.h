/*
 * font: the tables that bake.c makes at build time, so that the core can draw
 * text without a font library or a font file. Only text.c looks inside.
 *
 * Coverage is 4 bits per pixel, row by row without padding, first pixel in the
 * high half of a byte; a glyph begins on a byte. At scale 1 each glyph is baked
 * at four horizontal phases (a quarter of a pixel apart), at scale 2 at one.
 * Scales 3 and 4 enlarge the bitmaps of scale 2.
 */
#pragma once

#include <stdint.h>

enum face {
	FACE_SMALL,	 /* 13 px */
	FACE_SMALL_BOLD, /* 13 px */
	FACE_BODY,	 /* 15 px */
	FACE_STRONG,	 /* 15 px, bold */
	FACE_TITLE,	 /* 24 px, semi-bold */
	FACE_MONO,	 /* 13 px; ASCII and the ellipsis only */
	FACE_COUNT,
};

enum { FONT_SCALES = 4, FONT_PHASES = 4, FONT_CODES = 0x10000 };

struct font_glyph {
	uint32_t offset;  /* of its first byte in font_bits */
	uint16_t advance; /* 1/64 px */
	int8_t left, top; /* bitmap's corner from pen and baseline, px, up */
	uint8_t width, height;
};

struct font_set {
	const uint16_t *places; /* [FONT_CODES]: glyph in the set, 1..; 0: none */
	uint32_t first_glyph;	/* phases of each glyph follow one another */
	uint8_t phases;
	uint8_t baked;	    /* scale of its bitmaps and advances */
	uint8_t cap_px;	    /* height of a capital letter at this scale */
	uint8_t ascent_px;  /* no bitmap reaches further up ... */
	uint8_t descent_px; /* ... or down */
};

extern const struct font_glyph font_glyphs[];
extern const uint8_t font_bits[];
extern const struct font_set font_sets[FACE_COUNT][FONT_SCALES];
/* Linear light of an sRGB value, 0..65535: contrast is computed from it. */
extern const uint16_t font_linear[256];
