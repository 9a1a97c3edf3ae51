/*
 * edid: what a guest's monitor says it is: a 128-byte EDID 1.4 block (VESA
 * E-EDID Standard, release A2) whose preferred timing is the size of the
 * window. Built from configuration only, so it tells a guest nothing about
 * the real monitor or about other domains.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

enum { EDID_BYTES = 128 };

/*
 * 60 Hz, or what the pixel clock field can still hold. -ERANGE for more than
 * 4095 pixels in a direction, which no detailed timing can say: the guest
 * then goes by GET_DISPLAY_INFO.
 */
int edid_build(uint32_t width_px, uint32_t height_px, uint32_t scanout,
    uint8_t out[EDID_BYTES]) MUST_CHECK;
