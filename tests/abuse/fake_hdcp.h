/*
 * fake_hdcp: plays tdsd and tds-hdcp for a sealed output of a seat: makes the
 * memory and the channel, takes frames, and says whatever a test wants.
 */
#pragma once

#include "protocol/rect.h"
#include "tests/abuse/fake_seat.h"

enum { WALL_BYTES = SEAT_WIDTH * SEAT_HEIGHT * 4 };

struct hdcp {
	struct seat *seat; /* borrowed */
	uint32_t output;
	int channel; /* owned; -1: closed */
	const uint32_t *pixels; /* owned mapping, read-only */
	struct damage parts; /* of the last frame, or of the one that comes */
	bool is_whole; /* the last part of that came */
	uint32_t n_frames;
	bool is_held; /* the memory is ours to read: from a frame to FREE */
};

/* A memory with these seals for CORE_SEALED; nothing is checked here. */
int hdcp_memory(uint64_t bytes, int seals);
/* CORE_SEALED with a fresh channel and memory. */
void hdcp_plug(struct hdcp *h, struct seat *seat, uint32_t output);
void hdcp_unplug(struct hdcp *h);
/* A record, raw. */
void hdcp_say(struct hdcp *h, const void *bytes, int len);
void hdcp_free(struct hdcp *h, uint32_t wants_all);
void hdcp_state(struct hdcp *h, uint32_t is_on);
/* What came so far; true if a whole frame is there, which parts describes. */
bool hdcp_take(struct hdcp *h);
/* Until then. */
void hdcp_wait_frame(struct hdcp *h);
/* Give back and take until what the core shows came, all of it. */
void hdcp_settle(struct hdcp *h);
/* Until the core closed the channel. */
void hdcp_wait_closed(struct hdcp *h);
/* The last frame names everything. */
bool hdcp_has_all(const struct hdcp *h);
