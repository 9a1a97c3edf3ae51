/*
 * fake_screen: a card with up to TDS_MAX_OUTPUTS monitors that come, go and
 * change their mode, and the judge of what is presented on it. Flips come with
 * the vblanks of each output, or are done at once (bochs, virtio-gpu).
 *
 * Two ways of painting: with pixels, by the real paint.c, compared with a
 * fresh rendering of the core's state; or with tags, one byte for TAG_PIXELS
 * pixels of a row, which say of what state the last painting was. Tags take
 * the damage lists as paint.c does and cost as much virtual time as the
 * pixels would.
 */
#pragma once

#include "compositor/screen.h"

enum { TAG_PIXELS = 64, TAG_DESK = 1, TAG_PANEL = 2 };

struct monitor {
	bool is_connected; /* in truth; the core learns it when it probes */
	uint32_t width, height, scale, refresh_mhz;
	uint64_t came_ns; /* connected, or changed its mode */
	uint64_t known_ns; /* the core was told; 0: not yet */
};

struct shown {
	uint32_t panel;	     /* which opening of the panel it shows; 0: none */
	uint64_t present_ns; /* when that was first presented */
	uint64_t flip_ns;    /* and when it was to be seen */
	uint64_t lit_ns; /* when its first frame was to be seen; 0: no frame */
};

struct fake_screen {
	struct screen base;
	const struct core *core;   /* borrowed */
	const struct pool *pools;  /* borrowed: for a fresh rendering */
	bool is_paced, has_pixels;
	uint32_t canary; /* the colour of all that guests show */
	struct monitor monitors[TDS_MAX_OUTPUTS];
	struct shown shown[TDS_MAX_OUTPUTS];
	uint32_t panels; /* how often it was opened so far */
	bool is_painting;
	bool plant_hole; /* a part of a panel's frame is left out */
	bool plant_stuck; /* flips of output 0 take far too long */
	uint32_t frames, refused, compared;
	const char *wrong; /* NULL: nothing */
};

extern struct fake_screen screen;

void screen_init(bool is_paced, bool has_pixels);
/* Monitor i comes, goes or changes; the core is not told. */
void monitor_set(uint32_t i, uint32_t width, uint32_t height);
