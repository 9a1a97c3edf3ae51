/*
 * clock: when a frame's two moments come. Pure.
 *
 *	vblank        vblank                    vblank
 *	--|--tick--------|--tick----------paint----|--tick---
 *	     ^ fixed phase: what guests may observe
 *				       ^ as late as is safe
 *
 * The grid has the period of the fastest output from the start on. It moves
 * onto the flips once these are spaced like vblanks; where flips are done at
 * once (bochs, virtio-gpu) or there are none (headless), tick and paint are
 * one moment, on the grid.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct frame_clock {
	uint64_t origin_ns, period_ns;
	uint64_t last_flip_ns;
	uint32_t good_flips; /* in a row, spaced like vblanks */
	uint32_t refused;    /* how often the flips followed the grid */
	bool is_locked;	     /* origin_ns is a vblank */
	uint64_t compose_ns; /* what composing costs, pessimistically */
};

void clock_init(struct frame_clock *c, uint32_t refresh_mhz, uint64_t now_ns);
/* Another mode: the grid starts anew at now_ns, what was learnt goes. */
void clock_set_refresh(
    struct frame_clock *c, uint32_t refresh_mhz, uint64_t now_ns);
/*
 * A frame began to be shown then; of one output only. While the clock is not
 * locked this may move the grid by a third of its period: flips that come
 * with vblanks stay where they are, flips that are done at once move with it.
 */
void clock_flip(struct frame_clock *c, uint64_t flip_ns);
/* Composing and committing took so long. */
void clock_composed(struct frame_clock *c, uint64_t took_ns);
/* The first tick after now_ns. */
uint64_t clock_next_tick(const struct frame_clock *c, uint64_t now_ns);
/* When to paint the frame whose tick was at tick_ns: tick_ns itself, unless
 * the clock is locked; never after the vblank it is painted for, less 1 ms. */
uint64_t clock_paint(const struct frame_clock *c, uint64_t tick_ns);
