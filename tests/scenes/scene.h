/*
 * scene: a desktop made in process, with pretended guests, for tests of paint
 * and for looking at.
 */
#pragma once

#include "compositor/core.h"
#include "compositor/paint.h"

struct demo {
	struct core core;
	struct actions actions;
	struct pool pools[TDS_MAX_DOMAINS];
	uint8_t *memory[TDS_MAX_DOMAINS]; /* owned; behind the pools */
	struct target target[TDS_MAX_OUTPUTS]; /* pixels owned */
};

void demo_init(struct demo *d, uint32_t modifiers, uint32_t key,
    uint32_t flags, const char *phrase);
void demo_finish(struct demo *d);
void demo_output(struct demo *d, uint32_t width, uint32_t height,
    uint32_t scale);
/* x, y of the frame; width, height of the content. */
void demo_domain(struct demo *d, const char *name, const char *label,
    uint32_t level, uint32_t colour, uint32_t pattern, const struct rect *r,
    uint32_t outputs);
void demo_start(struct demo *d, uint32_t focus);
void demo_step(struct demo *d, struct event event);
void demo_input(struct demo *d, uint16_t type, uint16_t code, int32_t value);
void demo_point(struct demo *d, int32_t x, int32_t y);
void demo_press(struct demo *d, uint16_t code);

/* A pool of bytes, and a guest process and VM behind it. */
void demo_guest(struct demo *d, uint32_t domain, uint64_t bytes);
/* width x height at offset in the pool; all of it is damaged. */
void demo_commit(struct demo *d, uint32_t domain, uint32_t offset,
    uint32_t width, uint32_t height);
/* Paint what is damaged, and say so to the scene. Pixels written. */
uint64_t demo_paint(struct demo *d, uint32_t output);
