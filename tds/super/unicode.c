#include "tds/super/unicode.h"

#include <string.h>

static int32_t
bad(const char **text)
{
	(*text)++;
	return UNICODE_BAD;
}

int32_t
unicode_next(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	const uint8_t first = at[0];
	const int n = first < 0x80 ? 1
	    : first < 0xc2	   ? 0
	    : first < 0xe0	   ? 2
	    : first < 0xf0	   ? 3
	    : first < 0xf5	   ? 4
				   : 0;
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (n == 0)
		return bad(text);
	int32_t c = n == 1 ? first : first & (0x7f >> n);
	for (int i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80) /* a NUL ends here as well */
			return bad(text);
		c = c * 64 + (at[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return bad(text);
	*text += n;
	return c;
}

static bool
within(int32_t c, int32_t first, int32_t last)
{
	return c >= first && c <= last;
}

static bool
is_control(int32_t c)
{
	return (c < 0x20 && c != '\t') || within(c, 0x7f, 0x9f);
}

/* Zero width, soft hyphens, marks that change direction, tags, no-characters */
static bool
is_invisible(int32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || within(c, 0x115f, 0x1160) ||
	    within(c, 0x17b4, 0x17b5) || within(c, 0x180b, 0x180f) ||
	    within(c, 0x200b, 0x200f) || within(c, 0x2028, 0x202e) ||
	    within(c, 0x2060, 0x206f) || c == 0x3164 ||
	    within(c, 0xfe00, 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
	    within(c, 0xfff0, 0xfffb) || within(c, 0xe0000, 0xe0fff) ||
	    (c & 0xfffe) == 0xfffe;
}

const char *
unicode_line_fault(const char *line)
{
	while (*line) {
		const int32_t c = unicode_next(&line);
		if (c == UNICODE_BAD)
			return "invalid UTF-8";
		if (is_control(c))
			return "a control character";
		if (is_invisible(c))
			return "an invisible or direction-changing character";
	}
	return NULL;
}

size_t
unicode_count(const char *text)
{
	size_t n = 0;

	for (; *text; n++)
		if (unicode_next(&text) == UNICODE_BAD)
			return 0;
	return n;
}

enum script { SCRIPT_NONE, SCRIPT_LATIN, SCRIPT_GREEK, SCRIPT_CYRILLIC };

/* Letters that the font has; SCRIPT_NONE for everything else. */
static enum script
script_of(int32_t c)
{
	if (within(c, 'A', 'Z') || within(c, 'a', 'z') ||
	    (within(c, 0xc0, 0x17f) && c != 0xd7 && c != 0xf7))
		return SCRIPT_LATIN;
	if (within(c, 0x386, 0x3ce) && c != 0x387 && c != 0x38b && c != 0x38d &&
	    c != 0x3a2)
		return SCRIPT_GREEK;
	if (within(c, 0x400, 0x45f))
		return SCRIPT_CYRILLIC;
	return SCRIPT_NONE;
}

static bool
is_digit(int32_t c)
{
	return within(c, '0', '9');
}

/* Letters of one script, and what may stand between them. */
static const char *
fault_in(const char *text, const char *also)
{
	enum script script = SCRIPT_NONE;

	while (*text) {
		const int32_t c = unicode_next(&text);
		const enum script now = script_of(c);
		if (c == UNICODE_BAD)
			return "holds invalid UTF-8";
		if (now == SCRIPT_NONE && !is_digit(c) &&
		    (c >= 0x80 || !strchr(also, (int)c)))
			return "holds a character that it may not hold";
		if (now != SCRIPT_NONE && script != SCRIPT_NONE &&
		    now != script)
			return "mixes Latin, Greek and Cyrillic letters";
		script = now != SCRIPT_NONE ? now : script;
	}
	return NULL;
}

static const char *
blank_fault(const char *text)
{
	const size_t len = strlen(text);

	if (len == 0)
		return "is empty";
	if (text[0] == ' ' || text[len - 1] == ' ' || strstr(text, "  "))
		return "has a blank at an end, or two in a row";
	return NULL;
}

const char *
unicode_name_fault(const char *name)
{
	const char *fault = blank_fault(name);
	const char *rest = name;

	if (fault)
		return fault;
	const int32_t first = unicode_next(&rest);
	if (script_of(first) == SCRIPT_NONE && !is_digit(first))
		return "does not begin with a letter or a digit";
	return fault_in(name, " -_");
}

const char *
unicode_label_fault(const char *label)
{
	const char *fault = blank_fault(label);

	return fault ? fault : fault_in(label, " -_/.,:()&+");
}
