/*
 * judge: what must hold after every step of the core, decided from events and
 * actions alone, with books of its own. Written from docs and headers, not
 * from the core's code.
 */
#pragma once

#include "compositor/core.h"

#include <linux/input-event-codes.h>

struct judge {
	/* presses minus releases that each domain saw */
	uint8_t down[TDS_MAX_DOMAINS][KEY_CNT];
	uint32_t n_down[TDS_MAX_DOMAINS];
	/* the scanout that a held button's domain is spoken to about */
	uint32_t grab_scanout[TDS_MAX_DOMAINS];
	/* fingers that each domain saw come down, and which is spoken of */
	uint32_t touching[TDS_MAX_DOMAINS], slot[TDS_MAX_DOMAINS];
	uint32_t touch_scanout[TDS_MAX_DOMAINS];
	uint64_t touches;
	/* what the user holds, and whether somebody was told */
	bool held[KEY_CNT], told[KEY_CNT], stale[KEY_CNT];
	bool linked[TDS_MAX_DOMAINS], is_up[TDS_MAX_DOMAINS];
	uint32_t n_held;
	/* counted, so that a run that tried nothing is noticed */
	uint64_t events, presses, releases, switches, attentions;
};

/* What guests must not be able to change. */
struct snapshot {
	uint32_t focus;
	bool is_open;
	uint32_t chosen;
	int32_t x, y;
	uint32_t output, grab;
	struct drag drag;
	uint32_t stack[TDS_MAX_WINDOWS];
	struct rect content[TDS_MAX_WINDOWS], before[TDS_MAX_WINDOWS];
	bool hidden[TDS_MAX_WINDOWS];
	uint32_t n_windows;
};

void judge_init(struct judge *j);
void snapshot_take(struct snapshot *s, const struct core *core);
/*
 * before: taken before the step of `event`; core and out: after it. NULL, or
 * what is wrong.
 */
const char *judge_step(struct judge *j, const struct snapshot *before,
    const struct event *event, const struct core *core,
    const struct actions *out);
