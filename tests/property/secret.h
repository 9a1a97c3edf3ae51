/* secret: the part of a frame that one guest may decide about. */
#pragma once

#include "compositor/core.h"

/*
 * One byte per pixel of the output: 1 where the own picture of domain h is on
 * top, or its own cursor may be.
 */
void secret_area(
    const struct core *core, uint32_t h, uint32_t output, uint8_t *map);
