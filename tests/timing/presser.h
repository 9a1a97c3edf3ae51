/*
 * presser: tds-input and a user whose keyboard has one favourite: the chord,
 * again and again, with a little typing, pauses until the screens are dark,
 * and a pointer in between. It waits for the panel before it goes on.
 */
#pragma once

#include "tests/property/world.h"

struct presser {
	struct chance chance;
	int channel;	  /* borrowed: tdsd's end, for CORE_SEAT */
	uint32_t n_domains;
	bool has_motion;  /* a mouse that reports a thousand times a second */
	bool plant_late;
	uint64_t plan_ns; /* when the chord's key goes down, or did last */
	uint64_t key_ns;  /* it went down then, no panel yet; 0: else */
	uint32_t panels_before;
	bool was_midway;  /* it was sent while a frame was painted */
	bool was_dark;
};

extern struct presser presser;

/* tds-input starts: devices 1 (a keyboard that is admitted), 2 (one that
 * waits), 3 (a mouse). */
void presser_start(void);
uint64_t presser_next(void);
void presser_happen(uint64_t now_ns, bool is_painting, bool is_dark,
    uint32_t panels);
/* The panel is on all outputs, or all are dark by now: leave it, and plan the
 * next press. */
void presser_go_on(uint64_t now_ns, bool is_dark);
