/*
 * When two names look alike. A name is turned into its skeleton in three views
 * (as it stands, in capitals, in small letters), because a letter may look
 * like another one only in one of them: the Greek capital eta like H, the
 * small one like n. Names are confusable if any view's skeletons are equal.
 */
#include "tds/super/unicode.h"

#include <string.h>

enum view { AS_IT_STANDS, CAPITALS, SMALL, VIEW_COUNT };

static bool
within(int32_t c, int32_t first, int32_t last)
{
	return c >= first && c <= last;
}

/* Blocks in which a capital has its small letter at a fixed distance. */
static const struct {
	uint16_t first, last, to_small;
} shifts[] = {
    {'A', 'Z', 32}, {0xc0, 0xd6, 32}, {0xd8, 0xde, 32}, {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32}, {0x388, 0x38a, 37}, {0x386, 0x386, 38},
    {0x38c, 0x38c, 64}, {0x38e, 0x38f, 63}, {0x410, 0x42f, 32},
    {0x400, 0x40f, 80}, {0x2160, 0x216f, 16}, {0xff21, 0xff3a, 32},
};

/* Blocks in which they alternate: the capital first. */
static const struct {
	uint16_t first, last;
} pairs[] = {
    {0x100, 0x137}, {0x139, 0x148}, {0x14a, 0x177}, {0x179, 0x17e},
    {0x460, 0x481}, {0x48a, 0x4bf}, {0x4c1, 0x4ce}, {0x4d0, 0x52f},
};

static int32_t
in_case(int32_t c, enum view view)
{
	if (view == AS_IT_STANDS)
		return c;
	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		const int32_t by = shifts[i].to_small;
		if (view == SMALL && within(c, shifts[i].first, shifts[i].last))
			return c + by;
		if (view == CAPITALS &&
		    within(c, shifts[i].first + by, shifts[i].last + by))
			return c - by;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (within(c, pairs[i].first, pairs[i].last))
			return pairs[i].first +
			    (c - pairs[i].first) / 2 * 2 + (view == SMALL);
	if (c == 0x3c2 && view == CAPITALS) /* final sigma */
		return 0x3a3;
	if ((c == 0x131 || c == 0x130)) /* dotless i, I with a dot */
		return view == CAPITALS ? 'I' : 'i';
	return c;
}

/* Latin-1 and Latin Extended-A without their accents, from U+00C0 on. */
static const char bases[] = "AAAAAAACEEEEIIII" /* C0 */
			    "DNOOOOOxOUUUUYPs" /* D0 */
			    "aaaaaaaceeeeiiii" /* E0 */
			    "dnooooo-ouuuuypy" /* F0 */
			    "AaAaAaCcCcCcCcDd" /* 100 */
			    "DdEeEeEeEeEeGgGg" /* 110 */
			    "GgGgHhHhIiIiIiIi" /* 120 */
			    "IiJjJjKkkLlLlLlL" /* 130 */
			    "lLlNnNnNnnNnOoOo" /* 140 */
			    "OoOoRrRrRrSsSsSs" /* 150 */
			    "SsTtTtTtUuUuUuUu" /* 160 */
			    "UuUuWwYyYZzZzZzf"; /* 170 */

_Static_assert(sizeof(bases) == 0x180 - 0xc0 + 1, "one for each of U+00C0..");

/* What it looks like. Pairs of UTF-8: the character, then the Latin text. */
static const struct {
	uint32_t c;
	char looks[5];
} glyphs[] = {
    /* Greek capitals */
    {0x391, "A"}, {0x392, "B"}, {0x395, "E"}, {0x396, "Z"}, {0x397, "H"},
    {0x399, "I"}, {0x39a, "K"}, {0x39c, "M"}, {0x39d, "N"}, {0x39f, "O"},
    {0x3a1, "P"}, {0x3a4, "T"}, {0x3a5, "Y"}, {0x3a7, "X"}, {0x386, "A"},
    {0x388, "E"}, {0x389, "H"}, {0x38a, "I"}, {0x38c, "O"}, {0x38e, "Y"},
    {0x3aa, "I"}, {0x3ab, "Y"}, {0x398, "O"}, {0x3f9, "C"}, {0x37f, "J"},
    /* Greek small letters */
    {0x3b1, "a"}, {0x3b2, "b"}, {0x3b3, "y"}, {0x3b5, "e"}, {0x3b7, "n"},
    {0x3b9, "i"}, {0x3ba, "k"}, {0x3bd, "v"}, {0x3bf, "o"}, {0x3c1, "p"},
    {0x3c3, "o"}, {0x3c4, "t"}, {0x3c5, "u"}, {0x3c7, "x"}, {0x3c9, "w"},
    {0x3ac, "a"}, {0x3ad, "e"}, {0x3ae, "n"}, {0x3af, "i"}, {0x3cc, "o"},
    {0x3cd, "u"}, {0x3ce, "w"}, {0x3ca, "i"}, {0x3cb, "u"}, {0x390, "i"},
    {0x3b0, "u"}, {0x3bc, "u"}, {0x3b8, "o"}, {0x3c2, "c"}, {0x3f2, "c"},
    {0x3f3, "j"}, {0x3d2, "Y"},
    /* Cyrillic capitals */
    {0x410, "A"}, {0x412, "B"}, {0x415, "E"}, {0x417, "3"}, {0x41a, "K"},
    {0x41c, "M"}, {0x41d, "H"}, {0x41e, "O"}, {0x420, "P"}, {0x421, "C"},
    {0x422, "T"}, {0x423, "Y"}, {0x425, "X"}, {0x405, "S"}, {0x406, "I"},
    {0x407, "I"}, {0x408, "J"}, {0x400, "E"}, {0x401, "E"}, {0x40c, "K"},
    {0x40e, "Y"}, {0x4ae, "Y"}, {0x4c0, "I"},
    {0x50c, "G"}, {0x51a, "Q"}, {0x51c, "W"}, {0x472, "O"}, {0x474, "V"},
    {0x4e8, "O"}, {0x4bb, "h"},
    /* Cyrillic small letters */
    {0x430, "a"}, {0x432, "b"}, {0x433, "r"}, {0x435, "e"}, {0x437, "3"},
    {0x43a, "k"}, {0x43c, "m"}, {0x43d, "h"}, {0x43e, "o"}, {0x43f, "n"},
    {0x440, "p"}, {0x441, "c"}, {0x442, "t"}, {0x443, "y"}, {0x445, "x"},
    {0x455, "s"}, {0x456, "i"}, {0x457, "i"}, {0x458, "j"}, {0x450, "e"},
    {0x451, "e"}, {0x45c, "k"}, {0x45e, "y"}, {0x439, "u"}, {0x438, "u"},
    {0x4af, "y"}, {0x4cf, "l"}, {0x501, "d"}, {0x51b, "q"}, {0x51d, "w"},
    {0x473, "o"}, {0x475, "v"}, {0x4e9, "o"}, {0x461, "w"}, {0x44c, "b"},
    /* Latin, rarer */
    {0x131, "i"}, {0x130, "I"}, {0x180, "b"}, {0x192, "f"}, {0x1c0, "l"},
    {0x251, "a"}, {0x261, "g"}, {0x269, "i"}, {0x26a, "I"}, {0x1d0f, "o"},
    {0x1d1c, "u"}, {0x1d20, "v"}, {0x1d21, "w"}, {0x1d22, "z"},
    {0xc6, "AE"}, {0xe6, "ae"}, {0x152, "OE"}, {0x153, "oe"}, {0xdf, "B"},
    {0x132, "IJ"}, {0x133, "ij"},
    /* compatibility forms */
    {0x2100, "ac"}, {0x2102, "C"}, {0x210a, "g"}, {0x210b, "H"}, {0x210c, "H"},
    {0x210d, "H"}, {0x210e, "h"}, {0x2110, "I"}, {0x2111, "I"}, {0x2112, "L"},
    {0x2113, "l"}, {0x2115, "N"}, {0x2116, "No"}, {0x2119, "P"}, {0x211a, "Q"},
    {0x211b, "R"}, {0x211c, "R"}, {0x211d, "R"}, {0x2124, "Z"}, {0x2128, "Z"},
    {0x212a, "K"}, {0x212b, "A"}, {0x212c, "B"}, {0x212d, "C"}, {0x212e, "e"},
    {0x212f, "e"}, {0x2130, "E"}, {0x2131, "F"}, {0x2133, "M"}, {0x2134, "o"},
    {0x2160, "I"}, {0x2161, "II"}, {0x2162, "III"}, {0x2163, "IV"},
    {0x2164, "V"}, {0x2165, "VI"}, {0x2169, "X"}, {0x216c, "L"}, {0x216d, "C"},
    {0x216e, "D"}, {0x216f, "M"}, {0x2170, "i"}, {0x2171, "ii"},
    {0x2172, "iii"}, {0x2173, "iv"}, {0x2174, "v"}, {0x2179, "x"},
    {0x217c, "l"}, {0x217d, "c"}, {0x217e, "d"}, {0x217f, "m"},
    {0xfb00, "ff"}, {0xfb01, "fi"}, {0xfb02, "fl"}, {0xfb03, "ffi"},
    {0xfb04, "ffl"}, {0xfb05, "st"}, {0xfb06, "st"}, {0xaa, "a"}, {0xba, "o"},
    {0xb9, "1"}, {0xb2, "2"}, {0xb3, "3"}, {0x2223, "l"}, {0x25cb, "O"},
    {'_', "-"}, {0x2212, "-"}, {0x30fc, "-"}, {0x2044, "/"}, {0x2215, "/"},
};

/* Left out: blanks, accents that combine, and what has no width. */
static bool
is_nothing(int32_t c)
{
	return c == ' ' || c == '\t' || c == 0xa0 || c == 0xad || c == 0x34f ||
	    c == 0x61c || c == 0x1680 || within(c, 0x300, 0x36f) ||
	    within(c, 0x483, 0x489) || within(c, 0x180b, 0x180f) ||
	    within(c, 0x1ab0, 0x1aff) || within(c, 0x1dc0, 0x1dff) ||
	    within(c, 0x2000, 0x200f) || within(c, 0x2028, 0x202f) ||
	    within(c, 0x205f, 0x206f) || within(c, 0x20d0, 0x20ff) ||
	    c == 0x3000 || c == 0x3164 || within(c, 0xfe00, 0xfe0f) ||
	    within(c, 0xfe20, 0xfe2f) || c == 0xfeff || c == 0xffa0;
}

/* Blocks of compatibility forms that are one run of ASCII. */
static int32_t
plain_form(int32_t c)
{
	if (within(c, 0xff01, 0xff5e)) /* full width */
		return c - 0xff01 + '!';
	if (within(c, 0x1d400, 0x1d6a3)) { /* mathematical letters */
		const int32_t at = (c - 0x1d400) % 52;
		return at < 26 ? 'A' + at : 'a' + at - 26;
	}
	if (within(c, 0x1d7ce, 0x1d7ff)) /* mathematical digits */
		return '0' + (c - 0x1d7ce) % 10;
	if (within(c, 0x24b6, 0x24cf)) /* in circles */
		return 'A' + c - 0x24b6;
	if (within(c, 0x24d0, 0x24e9))
		return 'a' + c - 0x24d0;
	if (within(c, 0x2080, 0x2089)) /* below the line */
		return '0' + c - 0x2080;
	if (within(c, 0x2074, 0x2079)) /* above it */
		return '0' + c - 0x2070;
	if (within(c, 0x2010, 0x2015))
		return '-';
	return c;
}

struct skeleton {
	size_t n;
	char bytes[512];
};

/*
 * 0 O o look alike, and so do 1 l I |, for which '!' stands; but a capital L
 * is none of these. Other capitals are their small letters.
 */
static void
put_ascii(struct skeleton *s, char c)
{
	if (strchr("1lI|", c))
		c = '!';
	else if (c == '0')
		c = 'o';
	else if (c >= 'A' && c <= 'Z')
		c = (char)(c + 32);
	if (s->n + 1 < sizeof(s->bytes))
		s->bytes[s->n++] = c;
}

/* A character that looks like nothing Latin stays what it is. */
static void
put_code(struct skeleton *s, int32_t c)
{
	for (int shift = 18; shift >= 0; shift -= 6)
		if (s->n + 1 < sizeof(s->bytes))
			s->bytes[s->n++] = (char)(0x80 | ((c >> shift) & 0x3f));
}

static void
put(struct skeleton *s, int32_t c)
{
	for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++) {
		if ((int32_t)glyphs[i].c != c)
			continue;
		for (const char *l = glyphs[i].looks; *l; l++)
			put_ascii(s, *l);
		return;
	}
	if (within(c, 0xc0, 0x17f))
		c = bases[c - 0xc0];
	if (within(c, 0, 0x7f))
		put_ascii(s, (char)c);
	else
		put_code(s, c);
}

/* Two letters that look like one. */
static void
join(struct skeleton *s)
{
	static const char joins[][3] = {"rnm", "vvw", "c!d"};
	size_t out = 0;

	for (size_t in = 0; in < s->n; in++) {
		char c = s->bytes[in];
		for (size_t j = 0; j < 3; j++)
			if (c == joins[j][0] && in + 1 < s->n &&
			    s->bytes[in + 1] == joins[j][1]) {
				c = joins[j][2];
				in++;
				break;
			}
		s->bytes[out++] = c;
	}
	s->n = out;
}

static void
make_skeleton(const char *name, enum view view, struct skeleton *s)
{
	s->n = 0;
	while (*name) {
		const int32_t c = plain_form(unicode_next(&name));
		if (c != UNICODE_BAD && !is_nothing(c))
			put(s, in_case(c, view));
	}
	if (view != CAPITALS) /* RN does not look like M */
		join(s);
}

bool
names_are_confusable(const char *a, const char *b)
{
	struct skeleton x, y;

	for (int view = 0; view < VIEW_COUNT; view++) {
		make_skeleton(a, (enum view)view, &x);
		make_skeleton(b, (enum view)view, &y);
		if (x.n == y.n && memcmp(x.bytes, y.bytes, x.n) == 0)
			return true;
	}
	return false;
}
