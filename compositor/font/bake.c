/*
 * bake: draw the glyphs that tds needs once, at build time, and write them as
 * C tables (font.h). The only user of FreeType; runs on the build machine.
 *
 *	tds-bake OUT.c REGULAR BOLD SEMIBOLD MONO
 */
#include "compositor/font/bake.h"
#include "compositor/font/font.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

enum { FILE_REGULAR, FILE_BOLD, FILE_SEMIBOLD, FILE_MONO, FILE_COUNT };
enum { BAKED_SCALES = 2 };
enum { MAX_CODES = 2048, MAX_GLYPHS = 65536, MAX_BITS = 4 << 20 };

static const struct {
	const char *name;
	int file;
	unsigned px;
} faces[FACE_COUNT] = {
	[FACE_SMALL] = {"small", FILE_REGULAR, 13},
	[FACE_SMALL_BOLD] = {"small bold", FILE_BOLD, 13},
	[FACE_BODY] = {"body", FILE_REGULAR, 15},
	[FACE_STRONG] = {"strong", FILE_BOLD, 15},
	[FACE_TITLE] = {"title", FILE_SEMIBOLD, 24},
	[FACE_MONO] = {"mono", FILE_MONO, 13},
};

/* What a label, a name or a phrase may be written in, and our own signs. */
static const struct {
	unsigned from, to;
} ranges[] = {
	{0x0020, 0x007e}, /* Basic Latin */
	{0x00a0, 0x00ac}, /* Latin-1 but for the soft hyphen */
	{0x00ae, 0x00ff},
	{0x0100, 0x017f}, /* Latin Extended-A */
	{0x0192, 0x0192},
	{0x01a0, 0x01a1}, /* Vietnamese */
	{0x01af, 0x01b0},
	{0x01cd, 0x01dc}, /* Pinyin */
	{0x01fa, 0x021b}, /* accents of Croatian, Romanian, Livonian */
	{0x0259, 0x0259},
	{0x0384, 0x03ce}, /* Greek */
	{0x0400, 0x045f}, /* Cyrillic */
	{0x0490, 0x04ff},
	{0x1e80, 0x1e85}, /* Welsh */
	{0x1e9e, 0x1e9e},
	{0x1ea0, 0x1ef9}, /* Vietnamese */
	{0x2010, 0x2015}, /* hyphens, dashes */
	{0x2018, 0x201e}, /* quotation marks */
	{0x2020, 0x2022},
	{0x2026, 0x2026}, /* … */
	{0x2030, 0x2033},
	{0x2039, 0x203a},
	{0x20ac, 0x20ac}, /* € */
	{0x2116, 0x2116}, /* № */
	{0x2122, 0x2122},
	{0x2190, 0x2193}, /* arrows */
	{0x21b5, 0x21b5},
	{0x21e7, 0x21e7}, /* ⇧ */
	{0x2212, 0x2212},
	{0x2318, 0x2318},
	{0x23ce, 0x23ce}, /* ⏎ */
	{0x25a1, 0x25a1}, /* □ */
	{0x25cf, 0x25cf}, /* ● */
	{0x2713, 0x2713},
	{0xfffd, 0xfffd},
};

static FT_Library library;
static FT_Face files[FILE_COUNT];
static uint16_t codes[MAX_CODES];
static uint32_t n_codes;
static struct font_glyph glyphs[MAX_GLYPHS];
static uint32_t n_glyphs;
static uint8_t bits[MAX_BITS];
static uint32_t n_bits;
static struct font_set sets[FACE_COUNT][FONT_SCALES];

static void
die(const char *what, const char *which)
{
	fprintf(stderr, "tds-bake: %s: %s\n", what, which);
	exit(1);
}

static void
collect_codes(FT_Face file, int is_ascii)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (unsigned c = ranges[i].from; c <= ranges[i].to; c++) {
			if (is_ascii && c > 0x7e && c != 0x2026)
				continue;
			if (FT_Get_Char_Index(file, c) == 0)
				continue;
			if (n_codes == MAX_CODES)
				die("too many characters", "raise MAX_CODES");
			codes[n_codes++] = (uint16_t)c;
		}
	}
}

static uint32_t
pack(const FT_Bitmap *map)
{
	const uint32_t at = n_bits;
	uint32_t n = 0;

	if (n_bits + map->width * map->rows > MAX_BITS)
		die("too many pixels", "raise MAX_BITS");
	for (unsigned y = 0; y < map->rows; y++) {
		for (unsigned x = 0; x < map->width; x++) {
			const unsigned a =
			    map->buffer[y * (unsigned)map->pitch + x];
			const uint8_t half = (uint8_t)((a * 15 + 127) / 255);

			bits[at + n / 2] |= n % 2 ? half : (uint8_t)(half << 4);
			n++;
		}
	}
	n_bits += (n + 1) / 2;
	return at;
}

static void
bake_glyph(FT_Face file, unsigned code, unsigned phase, struct font_set *set)
{
	struct font_glyph *g = &glyphs[n_glyphs++];
	FT_GlyphSlot slot = file->glyph;

	/* light hinting moves outlines up and down only: lines are crisp and
	 * the spacing stays the designer's */
	if (FT_Load_Char(file, code, FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP))
		die("cannot load a glyph", file->family_name);
	FT_Outline_Translate(&slot->outline, (FT_Pos)phase * 64 / FONT_PHASES,
	    0);
	if (FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL))
		die("cannot draw a glyph", file->family_name);
	if (slot->bitmap.width > 255 || slot->bitmap.rows > 255)
		die("a glyph is too large", file->family_name);

	g->advance = (uint16_t)((slot->linearHoriAdvance + 512) / 1024);
	g->left = (int8_t)slot->bitmap_left;
	g->top = (int8_t)slot->bitmap_top;
	g->width = (uint8_t)slot->bitmap.width;
	g->height = (uint8_t)slot->bitmap.rows;
	g->offset = pack(&slot->bitmap);
	if (g->top > set->ascent_px)
		set->ascent_px = (uint8_t)g->top;
	if (g->height - g->top > set->descent_px)
		set->descent_px = (uint8_t)(g->height - g->top);
	if (code == 'H')
		set->cap_px = (uint8_t)g->top;
}

static void
bake_set(unsigned face, unsigned scale, uint32_t first, uint32_t n)
{
	FT_Face file = files[faces[face].file];
	struct font_set *set = &sets[face][scale - 1];

	set->phases = scale == 1 ? FONT_PHASES : 1;
	set->baked = (uint8_t)scale;
	set->first_glyph = n_glyphs;
	if (n_glyphs + n * set->phases > MAX_GLYPHS)
		die("too many glyphs", "raise MAX_GLYPHS");
	if (FT_Set_Pixel_Sizes(file, 0, faces[face].px * scale))
		die("cannot set the size", faces[face].name);
	for (uint32_t i = first; i < first + n; i++) {
		if (FT_Get_Char_Index(file, codes[i]) == 0)
			die("a weight lacks a glyph", faces[face].name);
		for (unsigned phase = 0; phase < set->phases; phase++)
			bake_glyph(file, codes[i], phase, set);
	}
}

/* Scales 3 and 4 are those of 2, enlarged. */
static void
enlarge_set(unsigned face, unsigned scale)
{
	struct font_set *set = &sets[face][scale - 1];

	*set = sets[face][BAKED_SCALES - 1];
	set->cap_px = (uint8_t)(set->cap_px * scale / BAKED_SCALES);
}

static void
write_places(FILE *out, const char *name, uint32_t first, uint32_t n)
{
	fprintf(out, "static const uint16_t %s[FONT_CODES] = {\n", name);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "[%u] = %u,%s", codes[first + i], i + 1,
		    i % 8 == 7 ? "\n" : "");
	fprintf(out, "};\n\n");
}

static void
write_sets(FILE *out)
{
	fprintf(out, "const struct font_set "
		     "font_sets[FACE_COUNT][FONT_SCALES] = {\n");
	for (unsigned f = 0; f < FACE_COUNT; f++) {
		for (unsigned s = 0; s < FONT_SCALES; s++) {
			const struct font_set *t = &sets[f][s];

			fprintf(out, "%s{%s,%u,%u,%u,%u,%u,%u}%s",
			    s ? "" : "{",
			    faces[f].file == FILE_MONO ? "mono" : "sans",
			    t->first_glyph, t->phases, t->baked, t->cap_px,
			    t->ascent_px, t->descent_px,
			    s + 1 == FONT_SCALES ? "},\n" : ",");
		}
	}
	fprintf(out, "};\n\n");
}

static void
write_tables(FILE *out)
{
	fprintf(out, "const struct font_glyph font_glyphs[] = {\n");
	for (uint32_t i = 0; i < n_glyphs; i++) {
		const struct font_glyph *g = &glyphs[i];

		fprintf(out, "{%u,%u,%d,%d,%u,%u},%s", g->offset, g->advance,
		    g->left, g->top, g->width, g->height,
		    i % 4 == 3 ? "\n" : "");
	}
	/* string literals compile many times faster than a list of numbers */
	fprintf(out, "};\n\nconst uint8_t font_bits[] =");
	for (uint32_t i = 0; i < n_bits; i++) {
		if (i % 64 == 0)
			fprintf(out, "%s\n\"", i ? "\"" : "");
		fprintf(out, "\\%03o", bits[i]);
	}
	fprintf(out, "\";\n\nconst uint16_t font_linear[256] = {\n");
	for (int i = 0; i < 256; i++) {
		const double c = i / 255.0;
		const double l = c <= 0.04045 ? c / 12.92 :
						pow((c + 0.055) / 1.055, 2.4);

		fprintf(out, "%ld,%s", lround(l * 65535),
		    i % 16 == 15 ? "\n" : "");
	}
	fprintf(out, "};\n");
}

int
main(int argc, char **argv)
{
	if (argc != 2 + FILE_COUNT)
		die("usage", "tds-bake OUT.c REGULAR BOLD SEMIBOLD MONO");
	if (FT_Init_FreeType(&library))
		die("cannot start", "FreeType");
	for (int i = 0; i < FILE_COUNT; i++)
		if (FT_New_Face(library, argv[2 + i], 0, &files[i]))
			die("cannot read the font", argv[2 + i]);

	collect_codes(files[FILE_REGULAR], 0);
	const uint32_t n_sans = n_codes;
	collect_codes(files[FILE_MONO], 1);
	for (unsigned f = 0; f < FACE_COUNT; f++) {
		const int is_mono = faces[f].file == FILE_MONO;

		for (unsigned s = 1; s <= BAKED_SCALES; s++)
			bake_set(f, s, is_mono ? n_sans : 0,
			    is_mono ? n_codes - n_sans : n_sans);
		for (unsigned s = BAKED_SCALES + 1; s <= FONT_SCALES; s++)
			enlarge_set(f, s);
	}

	FILE *out = fopen(argv[1], "w");
	if (!out)
		die("cannot write", argv[1]);
	fprintf(out, "/* made by tds-bake */\n"
		     "#include \"compositor/font/font.h\"\n"
		     "#include \"compositor/font/signs.h\"\n\n");
	write_places(out, "sans", 0, n_sans);
	write_places(out, "mono", n_sans, n_codes - n_sans);
	write_sets(out);
	write_tables(out);
	bake_signs(out);
	if (ferror(out) || fclose(out))
		die("cannot write", argv[1]);
	return 0;
}
