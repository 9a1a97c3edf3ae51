/* config_keys: readers of single values; each NULL, or what is wrong. */
#pragma once

#include "tds/super/config.h"

/* A decimal number within [least, most]. */
const char *value_number(const char *text, uint32_t least, uint32_t most,
    uint32_t *out);
/* "1280x800" within the limits of what is shown. */
const char *value_size(const char *text, uint32_t least_width,
    uint32_t least_height, uint32_t *width, uint32_t *height);
/* "30, 40", each from 0 to most */
const char *value_position(const char *text, uint32_t most, int32_t *x,
    int32_t *y);
/* One of two words: 1 for the first, 0 for the second. */
const char *value_switch(const char *text, const char *one, const char *zero,
    uint32_t *out);
/* "#c8102e" */
const char *value_colour(const char *text, uint32_t *out);
/* Text of a fixed-size field, NUL-padded; fault: what unicode_* said, or NULL. */
const char *value_text(const char *text, const char *fault, uint8_t *out,
    size_t size);
/* An absolute path without "..", in size bytes with its NUL. */
const char *value_path(const char *text, char *out, size_t size);
