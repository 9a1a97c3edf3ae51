/*
 * picture: pixels as a PNG file, for tdsctl and for a tds-sink without a
 * screen.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>
#include <stdio.h>

/* XRGB8888 rows without gaps. 0 or -errno. */
int picture_write(FILE *to, const uint32_t *pixels, uint32_t width,
    uint32_t height) MUST_CHECK;
