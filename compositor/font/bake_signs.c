/* The tables of signs.h: everything that we draw ourselves and not a font. */
#include "compositor/font/bake.h"
#include "compositor/font/signs.h"

#include <linux/input-event-codes.h>
#include <string.h>

/*
 * A pattern is one predicate: is the darker tone at this point? Points are in
 * eighths of a logical pixel inside one period; each pixel asks at 4 x 4
 * points, which gives smooth edges at every scale.
 */
enum { EIGHTHS = 8 };

/* Periods in logical pixels. */
static const uint8_t periods[PATTERN_COUNT] = {
	[PATTERN_PLAIN] = 1,
	[PATTERN_DIAGONAL] = 16,
	[PATTERN_DOTS] = 10,
	[PATTERN_VERTICAL] = 10,
	[PATTERN_HORIZONTAL] = 6,
	[PATTERN_CROSS] = 12,
	[PATTERN_CHEVRON] = 12,
	[PATTERN_CHECKS] = 12,
};

static bool
pattern_is_dark(enum pattern pattern, int32_t x, int32_t y)
{
	const int32_t p = periods[pattern] * EIGHTHS;
	const int32_t half = p / 2;
	const int32_t dx = x - half, dy = y - half;

	switch (pattern) {
	case PATTERN_PLAIN:
	case PATTERN_COUNT:
		return false;
	case PATTERN_DIAGONAL:
		return (x + y) % p < p * 3 / 8;
	case PATTERN_DOTS:
		return dx * dx + dy * dy < 20 * 20;
	case PATTERN_VERTICAL:
		return x < 4 * EIGHTHS;
	case PATTERN_HORIZONTAL:
		return y >= 3 * EIGHTHS;
	case PATTERN_CROSS:
		return x < 3 * EIGHTHS || y < 3 * EIGHTHS;
	case PATTERN_CHEVRON:
		return (y + (dx < 0 ? -dx : dx)) % p < 4 * EIGHTHS;
	case PATTERN_CHECKS:
		return (x < half) != (y < half);
	}
	return false;
}

/* Cover of the darker tone on pixel (u, v) of one period, 0..255. */
static uint32_t
pattern_cover(enum pattern pattern, int32_t u, int32_t v, int32_t scale)
{
	uint32_t n = 0;

	for (int32_t j = 1; j < EIGHTHS; j += 2)
		for (int32_t i = 1; i < EIGHTHS; i += 2)
			n += pattern_is_dark(pattern,
			    (u * EIGHTHS + i) / scale,
			    (v * EIGHTHS + j) / scale);
	return n * 255 / 16;
}

static void
write_pattern(FILE *out, enum pattern pattern, int32_t scale)
{
	const int32_t period = periods[pattern] * scale;

	fprintf(out, "{%d, {\n", period);
	for (int32_t v = 0; v < period; v++) {
		fprintf(out, "{");
		for (int32_t u = 0; u < period; u++)
			fprintf(out, "%u,", pattern_cover(pattern, u, v, scale));
		fprintf(out, "},\n");
	}
	fprintf(out, "}},\n");
}

static void
write_patterns(FILE *out)
{
	fprintf(out, "\nconst struct sign_pattern "
		     "sign_patterns[PATTERN_COUNT][SIGN_SCALES] = {\n");
	for (int32_t p = 0; p < PATTERN_COUNT; p++) {
		fprintf(out, "{");
		for (int32_t scale = 1; scale <= SIGN_SCALES; scale++)
			write_pattern(out, (enum pattern)p, scale);
		fprintf(out, "},\n");
	}
	fprintf(out, "};\n");
}

/* How much of the corner's pixel (x, y) lies in the quarter disc, 0..255. */
static uint32_t
disc_cover(int32_t x, int32_t y, int32_t radius)
{
	const int32_t limit = 64 * radius * radius;
	uint32_t n = 0;

	/* 4 x 4 points per pixel, in eighths of a pixel from the centre */
	for (int32_t j = 1; j < 8; j += 2) {
		for (int32_t i = 1; i < 8; i += 2) {
			const int32_t dx = 8 * (radius - x) - i;
			const int32_t dy = 8 * (radius - y) - j;

			n += dx * dx + dy * dy <= limit;
		}
	}
	return n * 255 / 16;
}

static void
write_discs(FILE *out)
{
	for (int32_t r = 0; r <= DISC_MAX_RADIUS; r++) {
		fprintf(out, "\nstatic const uint8_t disc_%d[] = {\n", r);
		for (int32_t y = 0; y < r; y++)
			for (int32_t x = 0; x < r; x++)
				fprintf(out, "%u,%s", disc_cover(x, y, r),
				    x == r - 1 ? "\n" : "");
		fprintf(out, "%s};\n", r == 0 ? "0" : "");
	}
	fprintf(out, "\nconst uint8_t *const "
		     "sign_discs[DISC_MAX_RADIUS + 1] = {\n");
	for (int32_t r = 0; r <= DISC_MAX_RADIUS; r++)
		fprintf(out, "disc_%d,\n", r);
	fprintf(out, "};\n");
}

/* The bitmap in which a sign is drawn. */
enum { MAX_SIDE = SIGN_KEYBOARD_WIDTH * SIGN_SCALES };
static uint8_t cover[MAX_SIDE][MAX_SIDE];

static void
fill(struct rect r, uint8_t value)
{
	for (int32_t y = r.y0; y < r.y1; y++)
		for (int32_t x = r.x0; x < r.x1; x++)
			cover[y][x] = value;
}

static void
blend(int32_t x, int32_t y, uint32_t value, uint32_t a)
{
	const uint32_t sum = cover[y][x] * (255 - a) + value * a;

	cover[y][x] = (uint8_t)((sum + 127) / 255);
}

/* As canvas_round(). */
static void
fill_round(struct rect r, int32_t radius, uint8_t value)
{
	fill((struct rect){r.x0 + radius, r.y0, r.x1 - radius, r.y1}, value);
	fill((struct rect){r.x0, r.y0 + radius, r.x1, r.y1 - radius}, value);
	for (int32_t y = 0; y < radius; y++) {
		for (int32_t x = 0; x < radius; x++) {
			const uint32_t a = disc_cover(x, y, radius);

			blend(r.x0 + x, r.y0 + y, value, a);
			blend(r.x1 - 1 - x, r.y0 + y, value, a);
			blend(r.x0 + x, r.y1 - 1 - y, value, a);
			blend(r.x1 - 1 - x, r.y1 - 1 - y, value, a);
		}
	}
}

/*
 *	+----------------------+
 *	|  []  []  []  []  []  |
 *	|  []  []  []  []  []  |	in steps of 2 logical pixels
 *	|      [========]      |
 *	+----------------------+
 */
static void
draw_keyboard(int32_t s)
{
	const int32_t line = s + s / 2;
	const struct rect r = {0, 0, SIGN_KEYBOARD_WIDTH * s,
	    SIGN_KEYBOARD_HEIGHT * s};

	fill_round(r, 3 * s, 255);
	fill_round((struct rect){line, line, r.x1 - line, r.y1 - line},
	    3 * s - line, 0);
	for (int32_t row = 0; row < 2; row++)
		for (int32_t key = 0; key < 5; key++)
			fill(rect_make((4 + 3 * key) * s, (3 + 3 * row) * s,
			    2 * s, 2 * s), 255);
	fill(rect_make(6 * s, 9 * s, 10 * s, 2 * s), 255);
}

/* A little window. */
static void
draw_window(struct rect r, int32_t s)
{
	fill_round(r, 2 * s, 255);
	fill((struct rect){r.x0 + s, r.y0 + 2 * s, r.x1 - s, r.y1 - s}, 0);
}

static void
draw_sign(enum sign sign, int32_t s)
{
	switch (sign) {
	case SIGN_COUNT:
	case SIGN_KEYBOARD:
		draw_keyboard(s);
		return;
	case SIGN_MINIMISE:
		fill(rect_make(2 * s, 11 * s, 12 * s, 2 * s), 255);
		return;
	case SIGN_MAXIMISE:
		draw_window(rect_make(2 * s, 3 * s, 12 * s, 10 * s), s);
		return;
	case SIGN_RESTORE: /* one behind the other */
		draw_window(rect_make(5 * s, 2 * s, 10 * s, 8 * s), s);
		draw_window(rect_make(s, 5 * s, 10 * s, 8 * s), s);
		return;
	}
}

static void
write_signs(FILE *out)
{
	fprintf(out, "\nconst struct sign_picture "
		     "sign_pictures[SIGN_COUNT][SIGN_SCALES] = {\n");
	for (int32_t i = 0; i < SIGN_COUNT * SIGN_SCALES; i++) {
		const enum sign sign = (enum sign)(i / SIGN_SCALES);
		const int32_t s = i % SIGN_SCALES + 1;
		const bool is_wide = sign == SIGN_KEYBOARD;
		const int32_t width =
		    s * (is_wide ? SIGN_KEYBOARD_WIDTH : SIGN_BUTTON_SIDE);
		const int32_t height =
		    s * (is_wide ? SIGN_KEYBOARD_HEIGHT : SIGN_BUTTON_SIDE);

		memset(cover, 0, sizeof(cover));
		draw_sign(sign, s);
		fprintf(out, "%s{%d, %d, (const uint8_t[]){\n",
		    s == 1 ? "{" : "", width, height);
		for (int32_t k = 0; k < width * height; k++)
			fprintf(out, "%u,", cover[k / width][k % width]);
		fprintf(out, "}}%s\n", s == SIGN_SCALES ? "}," : ",");
	}
	fprintf(out, "};\n");
}

/* '#' outline, '.' inside. */
static const char *const arrow[] = {
	"##",
	"#.#",
	"#..#",
	"#...#",
	"#....#",
	"#.....#",
	"#......#",
	"#.......#",
	"#........#",
	"#.........#",
	"#..........#",
	"#...........#",
	"#......######",
	"#...#..#",
	"#..##...#",
	"#.#  #..#",
	"##   #...#",
	"#     #..#",
	"       ##",
};

enum { ARROW_ROWS = sizeof(arrow) / sizeof(arrow[0]) };
_Static_assert((int)ARROW_ROWS <= (int)ARROW_HEIGHT,
    "cursor_look() must hold the arrow");

static void
write_arrow(FILE *out)
{
	fprintf(out, "\nconst char sign_arrow[ARROW_HEIGHT][ARROW_WIDTH] = {\n");
	for (int32_t y = 0; y < ARROW_ROWS; y++)
		fprintf(out, "\"%s\",\n", arrow[y]);
	fprintf(out, "};\n");
}

static const struct {
	uint16_t code;
	const char *name;
} keys[] = {
	{KEY_ESC, "Esc"}, {KEY_BACKSPACE, "Backspace"}, {KEY_TAB, "Tab"},
	{KEY_ENTER, "Enter"}, {KEY_SPACE, "Space"}, {KEY_DELETE, "Del"},
	{KEY_INSERT, "Ins"}, {KEY_HOME, "Home"}, {KEY_END, "End"},
	{KEY_PAGEUP, "Page Up"}, {KEY_PAGEDOWN, "Page Down"},
	{KEY_PAUSE, "Pause"}, {KEY_SYSRQ, "Print"},
	{KEY_SCROLLLOCK, "Scroll Lock"}, {KEY_UP, "Up"}, {KEY_DOWN, "Down"},
	{KEY_LEFT, "Left"}, {KEY_RIGHT, "Right"}, {KEY_GRAVE, "`"},
	{KEY_F1, "F1"}, {KEY_F2, "F2"}, {KEY_F3, "F3"}, {KEY_F4, "F4"},
	{KEY_F5, "F5"}, {KEY_F6, "F6"}, {KEY_F7, "F7"}, {KEY_F8, "F8"},
	{KEY_F9, "F9"}, {KEY_F10, "F10"}, {KEY_F11, "F11"}, {KEY_F12, "F12"},
	{KEY_A, "A"}, {KEY_B, "B"}, {KEY_C, "C"}, {KEY_D, "D"}, {KEY_E, "E"},
	{KEY_F, "F"}, {KEY_G, "G"}, {KEY_H, "H"}, {KEY_I, "I"}, {KEY_J, "J"},
	{KEY_K, "K"}, {KEY_L, "L"}, {KEY_M, "M"}, {KEY_N, "N"}, {KEY_O, "O"},
	{KEY_P, "P"}, {KEY_Q, "Q"}, {KEY_R, "R"}, {KEY_S, "S"}, {KEY_T, "T"},
	{KEY_U, "U"}, {KEY_V, "V"}, {KEY_W, "W"}, {KEY_X, "X"}, {KEY_Y, "Y"},
	{KEY_Z, "Z"},
};

static void
write_keys(FILE *out)
{
	fprintf(out, "\nconst char *const sign_keys[SIGN_KEYS] = {\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fprintf(out, "[%u] = \"%s\",\n", keys[i].code, keys[i].name);
	fprintf(out, "};\n");
}

void
bake_signs(FILE *out)
{
	write_patterns(out);
	write_discs(out);
	write_signs(out);
	write_arrow(out);
	write_keys(out);
}
