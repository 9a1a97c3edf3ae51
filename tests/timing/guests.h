/*
 * guests: up to 64 guests of the real ring, which commit, set cursors and
 * lights as fast as the ring takes it, and now and then send nonsense; and the
 * judge of all that they are sent: not one key of the chord.
 */
#pragma once

#include "protocol/ring.h"
#include "tests/property/world.h"

enum manner {
	MANNER_QUIET, /* a commit now and then */
	MANNER_FRAME, /* whole pictures, every frame */
	MANNER_FLOOD, /* as many records as there is room for, every frame */
	MANNERS,
};

struct guests {
	uint32_t n;
	struct chance chance;
	bool is_big; /* windows and pictures up to 4K */
	bool has_pixels;
	uint32_t canary;
	int channel; /* borrowed: tdsd's end */
	uint64_t records, inputs, malformed;
	const char *wrong; /* NULL: nothing */
};

extern struct guests guests;

/* CORE_DOMAIN for each. */
void guests_configure(void);
/* They come one after another from now on. */
void guests_start(enum manner manner);
uint64_t guests_next(void);
void guests_happen(uint64_t now_ns);
/* The core dropped it: it comes back. */
void guests_dropped(uint32_t domain, uint64_t now_ns);
/* Look at what even those were sent that never read. */
void guests_finish(void);
