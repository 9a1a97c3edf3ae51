/*
 * unicode: what may stand in a configuration, in a name and in a label, and
 * when two names look alike. Total: any bytes are legal input.
 *
 * Two names are confusable if they look the same as they stand, in capitals or
 * in small letters, after blanks, accents and invisible characters are left
 * out and every character is replaced by the Latin one that it looks like
 * (Greek, Cyrillic, full-width and other compatibility forms, 0 and O, 1 and l
 * and I, "rn" and "m", "vv" and "w", "cl" and "d").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNICODE_BAD = -1 };

/*
 * The next character of text (NUL-terminated, not at its end), and step over
 * it. UNICODE_BAD for a byte that begins no well-formed UTF-8; one byte is
 * stepped over then.
 */
int32_t unicode_next(const char **text);

/*
 * Why a line of a configuration is refused: "invalid UTF-8", "a control
 * character", "an invisible or direction-changing character"; NULL if it is
 * fine. Tabs are fine.
 */
const char *unicode_line_fault(const char *line);

/* Why a name or a label is refused; NULL if it is fine. */
const char *unicode_name_fault(const char *name);
const char *unicode_label_fault(const char *label);

/* Characters, or 0 for invalid UTF-8. */
size_t unicode_count(const char *text);

bool names_are_confusable(const char *a, const char *b);
