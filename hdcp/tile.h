/*
 * tile: what is inside a piece of content, ours: where the pixels belong, then
 * the pixels, rows without gaps, XRGB8888 in the byte order of memory.
 *
 *	frame:4  flags:2  width:2 height:2  x:2 y:2 w:2 h:2  0:14  pixels ...
 *
 * 32 bytes, so that pixels begin on a cipher block. A tile without pixels
 * (w = h = 0) says that the sender lives, or ends a frame.
 */
#pragma once

#include "hdcp/pes.h"

#include <stdbool.h>

enum {
	HDCP_TILE_HEADER = 32,
	HDCP_TILE_PIXEL = 4,
	HDCP_TILE_MAX_DIM = 8192,
	HDCP_TILE_LAST = 1, /* flag: the frame is complete */
};

struct hdcp_tile {
	uint32_t frame;
	bool is_last;
	uint16_t width, height; /* of the output */
	uint16_t x, y, w, h;
};

void hdcp_tile_encode(
    const struct hdcp_tile *tile, uint8_t out[HDCP_TILE_HEADER]);
/*
 * n: header and pixels together. -EBADMSG; -ERANGE: outside the output, or an
 * output that cannot be.
 */
int hdcp_tile_decode(const uint8_t in[HDCP_TILE_HEADER], uint32_t n,
    struct hdcp_tile *out) MUST_CHECK;
/* Rows of this width that fit into one tile: at least 1. */
uint16_t hdcp_tile_rows(uint16_t width);
