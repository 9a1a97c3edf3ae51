/*
 * view: what is on the sink's screen, whatever kind of screen that is
 * (compositor/screen.h). Paints only what changed; a notice always whole, and
 * twice, so that no buffer of the screen keeps a picture that is no longer
 * authentic.
 */
#pragma once

#include "compositor/screen.h"
#include "hdcp/sink.h"
#include "hdcp/sink/notice.h"

struct view {
	struct screen *screen; /* borrowed */
	struct core_output slot, found;
	struct notice_facts facts; /* why is filled in here */
	struct damage todo;	   /* of the screen; not presented yet */
	uint32_t n_rounds;	   /* presents to come, for the other buffer */
	enum sink_picture what;	   /* painted last, or to be */
	int why;
	uint64_t probe_ns; /* look for a screen then; UINT64_MAX: it is there */
};

/* A picture of width x height wants a screen that is at least as large.
 * 0, or -errno: the screen cannot be had. */
int view_init(struct view *v, struct screen *screen, uint32_t width,
    uint32_t height) MUST_CHECK;
/* Bring the screen up to date, as far as it can be now. True: what is shown is
 * another kind of picture than before. */
bool view_show(struct view *v, struct sink *sink, uint64_t now_ns);
