/*
 * sealed: outputs whose pixels leave this machine only encrypted. A screen
 * that stands before another one: outputs of type sealed are its own, all else
 * goes to the one beneath.
 *
 * Behind each is a process, tds-hdcp, and one memory that both have mapped.
 * Who may use it:
 *
 *		    present(): SEALED_PART, the last one says so
 *	  CORE -----------------------------------------------> HDCP
 *	    ^							  |
 *	    +------------------- SEALED_FREE ---------------------+
 *
 * begin() gives pixels in CORE only, so what tds-hdcp encrypts never changes
 * while it does, and there is one buffer and nothing stale: what was damaged
 * meanwhile is painted when the memory is back, as it is then. A tds-hdcp that
 * is slow, or never answers, costs this output its frames and nobody anything.
 *
 * What tds-hdcp says is judged here. FREE in CORE, any other record, a record
 * cut short, a descriptor, a channel that takes nothing: it is closed, and
 * there are no pixels until another one comes. Nothing here blocks, and the
 * memory is never read.
 */
#pragma once

#include "compositor/screen.h"

struct sealed_output {
	bool is_sealed; /* the type of its slot; else nothing here counts */
	uint32_t width, height;
	int channel;	  /* owned: to tds-hdcp; -1: none */
	uint32_t *pixels; /* owned mapping; NULL without a channel */
	bool is_with_hdcp; /* who may use it */
	bool is_new;	  /* the next frame names everything */
	bool is_black_due; /* as soon as the memory is back: it is dark */
	int err;	  /* why the channel is to be closed; 0: it is not */
	struct damage all; /* the whole area */
};

struct sealed {
	struct screen base;
	struct screen_ops ops;
	struct screen *beneath; /* borrowed */
	uint32_t n_outputs;	/* of type sealed */
	bool is_dark;
	struct sealed_output outputs[TDS_MAX_OUTPUTS];
};

/* What tds-hdcp said since the last time. */
struct sealed_news {
	bool has_any;
	bool wants_all; /* paint everything */
	bool has_state, is_on; /* a sink is there */
	int err; /* the channel was closed: -EPIPE by tds-hdcp, or why by us */
};

/* In front of beneath (borrowed), for the core's slots. */
void sealed_init(
    struct sealed *s, struct screen *beneath, const struct core *core);
/*
 * A tds-hdcp for output i, in place of the one before: its channel and the
 * memory, both taken. -ERANGE: that output is not sealed; -EBADMSG: the memory
 * has another size, or one that may change; or -errno of mmap().
 */
int sealed_open(
    struct sealed *s, uint32_t i, int channel, int memory) MUST_CHECK;
/* Takes in at most SEALED_RECORDS of what tds-hdcp said. */
enum { SEALED_RECORDS = 16 };
struct sealed_news sealed_poll(struct sealed *s, uint32_t i);

bool sealed_has(const struct sealed *s, uint32_t i);
/* Painting waits for tds-hdcp, perhaps for ever: that is nothing to stay
 * awake for. What ends it can be heard on the channel. */
bool sealed_waits(const struct sealed *s, uint32_t i);
