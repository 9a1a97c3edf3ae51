#include "tds/super/config_file.h"

#include "tds/super/unicode.h"

#include <ctype.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_KEYS = 16 };

struct parse {
	const struct config_grammar *grammar;
	const char *file;
	const char *rest; /* of the text */
	struct problems *problems;
	int line;
	const struct config_section *section; /* NULL: none, or a bad one */
	void *target;			      /* NULL: its begin() refused */
	bool section_is_bad;
	int key_lines[MAX_KEYS]; /* in this section */
};

void
problem(struct problems *problems, const char *file, int line,
    const char *format, ...)
{
	char text[1024];
	int n = line > 0 ? snprintf(text, sizeof(text), "%s:%d: ", file, line)
			 : snprintf(text, sizeof(text), "%s: ", file);
	va_list ap;

	if (n < 0 || (size_t)n >= sizeof(text))
		n = 0;
	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	problems->n++;
	problems->say(problems->data, text);
}

/* ------------------------------------------------------- did you mean ...? */

/* Edits between two short words, one row of the usual table at a time. */
static uint32_t
distance(const char *a, const char *b)
{
	enum { N = 24 };
	uint32_t row[N + 1];
	const size_t m = strlen(a), n = strlen(b);

	if (m > N || n > N)
		return N;
	for (uint32_t j = 0; j <= n; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= m; i++) {
		uint32_t diagonal = row[0];
		row[0] = i;
		for (uint32_t j = 1; j <= n; j++) {
			const bool same = tolower((unsigned char)a[i - 1]) ==
			    tolower((unsigned char)b[j - 1]);
			uint32_t best = diagonal + !same;
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			row[j] = best;
		}
	}
	return row[n];
}

static void
unknown_key(struct parse *p, const char *key)
{
	const struct config_section *s = p->section;
	char all[256] = "";
	const char *nearest = NULL;
	uint32_t least = 4;

	for (uint32_t i = 0; i < s->n_keys; i++) {
		const uint32_t d = distance(key, s->keys[i].name);
		if (d < least) {
			least = d;
			nearest = s->keys[i].name;
		}
		const size_t at = strlen(all);
		snprintf(all + at, sizeof(all) - at, "%s%s", at ? ", " : "",
		    s->keys[i].name);
	}
	if (nearest)
		problem(p->problems, p->file, p->line,
		    "%s: no such key in [%s]: did you mean \"%s\"?; "
		    "allowed: %s",
		    key, s->name, nearest, all);
	else
		problem(p->problems, p->file, p->line,
		    "%s: no such key in [%s]; allowed: %s", key, s->name, all);
}

/* --------------------------------------------------------------- sections */

static const struct config_section *
find_section(const struct parse *p, const char *word, bool has_name)
{
	for (uint32_t i = 0; i < p->grammar->n_sections; i++) {
		const struct config_section *s = &p->grammar->sections[i];
		if (strcmp(s->name, word) == 0 && s->has_name == has_name)
			return s;
	}
	return NULL;
}

static void
unknown_section(struct parse *p, const char *inside)
{
	char all[128] = "";

	for (uint32_t i = 0; i < p->grammar->n_sections; i++) {
		const struct config_section *s = &p->grammar->sections[i];
		const size_t at = strlen(all);
		snprintf(all + at, sizeof(all) - at, "%s[%s%s]",
		    at ? ", " : "", s->name, s->has_name ? " NAME" : "");
	}
	problem(p->problems, p->file, p->line,
	    "[%s]: no such section; allowed: %s", inside, all);
}

/* "[output left]" has begun; inside is what stands between the brackets. */
static void
begin_section(struct parse *p, char *inside)
{
	char *blank = strchr(inside, ' ');
	const char *why = NULL;
	char whole[CONFIG_LINE_BYTES + 1];

	snprintf(whole, sizeof(whole), "%s", inside);
	if (blank)
		*blank = 0;
	const char *name = blank ? blank + 1 : "";
	memset(p->key_lines, 0, sizeof(p->key_lines));
	p->target = NULL;
	p->section = find_section(p, inside, blank != NULL);
	p->section_is_bad = !p->section;
	if (!p->section) {
		unknown_section(p, whole);
		return;
	}
	p->target =
	    p->section->begin(p->grammar->owner, name, p->line, &why);
	if (p->target)
		return;
	p->section_is_bad = true;
	problem(p->problems, p->file, p->line, "[%s]: %s; allowed: %s", whole,
	    why, p->section->allowed);
}

/* ------------------------------------------------------------------ lines */

/* Why this line cannot be handed on; NULL if it can. */
static const char *
line_fault(const char *line, size_t len)
{
	if (len > CONFIG_LINE_BYTES - 1)
		return "the line is too long; allowed: at most 198 bytes";
	const char *fault = unicode_line_fault(line);
	if (fault)
		return fault;
	const size_t blanks = strspn(line, " \t");
	if (blanks > 0 && line[blanks] != 0 && line[blanks] != '#' &&
	    line[blanks] != ';')
		return "the line begins with a blank; "
		       "allowed: keys and sections at its very beginning";
	if (line[0] == '[' && line[len - 1] != ']')
		return "a section ends in ]; allowed: [word] or [word NAME], "
		       "comments on lines of their own";
	if (line[0] == '[' && strchr(line, ']') != line + len - 1)
		return "more than one ]; allowed: [word] or [word NAME]";
	if (line[0] == '[' && strchr(line, ';'))
		return "a ; in a section's name; allowed: [word] or "
		       "[word NAME]";
	return NULL;
}

/* The next line into out, without blanks at its end; false at the end. */
static bool
next_line(struct parse *p, char *out, size_t size, size_t *whole)
{
	if (*p->rest == 0)
		return false;
	size_t len = strcspn(p->rest, "\n");
	const char *at = p->rest;

	p->rest += len + (p->rest[len] == '\n');
	while (len > 0 && strchr(" \t\r", at[len - 1]))
		len--;
	*whole = len;
	const size_t kept = len < size - 1 ? len : size - 1;
	memcpy(out, at, kept);
	out[kept] = 0;
	return true;
}

/* inih's reader: like fgets(). A line that is refused reaches it empty. */
static char *
read_line(char *out, int size, void *stream)
{
	struct parse *p = stream;
	char line[CONFIG_LINE_BYTES + 1];
	size_t len;

	if (size <= CONFIG_LINE_BYTES ||
	    !next_line(p, line, sizeof(line), &len))
		return NULL;
	p->line++;
	const char *fault = line_fault(line, len);
	if (fault) {
		const bool has_remedy = strchr(fault, ';') != NULL;
		problem(p->problems, p->file, p->line, "%s%s", fault,
		    has_remedy ? "" : "; allowed: printable UTF-8");
		line[0] = 0;
	}
	snprintf(out, (size_t)size, "%s", line);
	if (line[0] == '[') {
		line[len - 1] = 0;
		begin_section(p, line + 1);
	} else if (line[0] && !strchr("#; \t", line[0]) &&
	    !strpbrk(line, "=:")) {
		problem(p->problems, p->file, p->line,
		    "neither a section nor a key; allowed: [word], "
		    "key = value, # comment");
		out[0] = 0;
	}
	return out;
}

static int
on_key(void *user, const char *section, const char *key, const char *value)
{
	struct parse *p = user;
	uint32_t i = 0;

	(void)section; /* begin_section() knows it, and the line of it */
	if (p->section_is_bad)
		return 1;
	if (!p->section) {
		problem(p->problems, p->file, p->line,
		    "%s: stands before any section; allowed: after [%s]", key,
		    p->grammar->sections[0].name);
		return 1;
	}
	while (i < p->section->n_keys &&
	    strcmp(p->section->keys[i].name, key) != 0)
		i++;
	if (i == p->section->n_keys) {
		unknown_key(p, key);
		return 1;
	}
	if (p->key_lines[i] != 0) {
		problem(p->problems, p->file, p->line,
		    "%s: was given in line %d already; allowed: once", key,
		    p->key_lines[i]);
		return 1;
	}
	p->key_lines[i] = p->line;
	int *line = p->section->line_of(p->target, i);
	if (line)
		*line = p->line;
	const char *why = p->section->keys[i].set(p->target, value);
	if (why)
		problem(p->problems, p->file, p->line, "%s: %s; allowed: %s",
		    key, why, p->section->keys[i].allowed);
	return 1;
}

void
config_file_parse(const struct config_grammar *grammar, const char *file,
    const char *text, struct problems *problems)
{
	struct parse p = {.grammar = grammar,
	    .file = file,
	    .rest = text,
	    .problems = problems};
	const uint32_t before = problems->n;
	const int err = ini_parse_stream(read_line, &p, on_key, &p);

	/* Something that inih refuses and that the line checks let through. */
	if (err != 0 && problems->n == before)
		problem(problems, file, err > 0 ? err : 0,
		    "not understood; allowed: [word], key = value, # comment");
}
