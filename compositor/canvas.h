/*
 * canvas: a small private band of pixels in which trusted things are drawn
 * before they are copied to the target once. So the target is never read, no
 * half-drawn thing is ever in it, and anti-aliased edges blend with what we
 * drew ourselves and with nothing else.
 *
 * Coordinates are those of the output; whatever lies outside clip is dropped.
 */
#pragma once

#include "protocol/rect.h"

#include <stddef.h>

/* One row of the widest output fits. */
enum { CANVAS_PIXELS = TDS_MAX_DIM };

struct canvas {
	struct rect clip; /* not empty; its area is at most CANVAS_PIXELS */
	uint32_t pixels[CANVAS_PIXELS];
};

/* Does anything in rows y0..y1 land here? Cheap way to leave things out. */
bool canvas_has_rows(const struct canvas *c, int32_t y0, int32_t y1);
/* Row y of the band; x counts from clip.x0. y must be inside clip. */
uint32_t *canvas_row(struct canvas *c, int32_t y);

void canvas_fill(struct canvas *c, struct rect r, uint32_t colour);
/* A filled rectangle with round, smooth corners. */
void canvas_round(struct canvas *c, struct rect r, int32_t radius,
    uint32_t colour);
/* The same inside an edge of another colour. */
struct edge {
	int32_t radius, line;
	uint32_t colour, inside;
};
void canvas_edged(struct canvas *c, struct rect r, struct edge edge);
/*
 * Blend colour over the four corners of r, inside or outside of the disc. With
 * the ground outside, the corners of something drawn in r are taken off.
 */
void canvas_corners(struct canvas *c, struct rect r, int32_t radius,
    uint32_t colour, bool is_inside);
/* cover: 0..255 of colour over what is there. x, y may be outside. */
void canvas_blend(struct canvas *c, int32_t x, int32_t y, uint32_t colour,
    uint32_t cover);
uint32_t colour_mix(uint32_t under, uint32_t over, uint32_t cover);
