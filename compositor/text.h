/*
 * text: measure and draw one line of UTF-8 from the baked font.
 *
 * Total: any bytes are legal. What is not UTF-8 is drawn as the missing-glyph
 * box, one per byte; so is every character that the font lacks, including
 * controls, joiners and marks that would change the order or the look of
 * other text. One character, one visible glyph.
 */
#pragma once

#include "compositor/canvas.h"
#include "compositor/font/font.h"

/* A run of bytes; borrowed. Ends at the first NUL or after len. */
struct text {
	const uint8_t *bytes;
	uint32_t len;
};

struct text text_of(const char *string);
/* A fixed-size, NUL-padded field of size bytes. */
struct text text_field(const uint8_t *bytes, uint32_t size);

/*
 * The next character of bytes[len], len > 0: its code and in *used how many
 * bytes it took (1..4, never more than len). UINT32_MAX for a byte that is
 * not the beginning of well-formed UTF-8; then *used is 1.
 */
uint32_t utf8_next(const uint8_t *bytes, uint32_t len, uint32_t *used);

enum { TEXT_NATURAL = 256 };

struct text_style {
	enum face face;
	int32_t scale;	 /* 1..4 */
	int32_t squeeze; /* width in 1/256 of the natural one, 1..256 */
	uint32_t colour;
};

struct text_style text_style(enum face face, int32_t scale, uint32_t colour);
/*
 * For labels, which are never cut: the style made smaller, then narrower,
 * until the whole text fits into width_px.
 */
struct text_style text_fit(struct text_style style, struct text text,
    int32_t width_px);

/* Pixels from pen to pen, rounded up. */
int32_t text_width(struct text_style style, struct text text);
/* Height of a capital letter: centring by it looks centred. */
int32_t text_cap(struct text_style style);
/*
 * Draw with the pen at x on the baseline y; where it would pass max_x, it is
 * cut there and ends in an ellipsis. Returns the pen after it.
 */
int32_t text_draw(struct canvas *c, struct text_style style, int32_t x,
    int32_t y, int32_t max_x, struct text text);

/* Several pieces in one line, each where the last one ended. */
struct line {
	struct canvas *c;
	struct text_style style;
	int32_t x, y, max_x; /* pen, baseline, limit */
};

void line_text(struct line *line, struct text text);
void line_words(struct line *line, const char *words);
void line_number(struct line *line, uint32_t number);
