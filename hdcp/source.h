/*
 * source: the sending end of a sealed output as a pure state machine: the
 * transmitter and the records around it, over one byte stream that a carrier
 * forwards. Pull, not push: source_fill() is asked when the carrier takes
 * bytes, so a slow or dead carrier costs nothing and holds up nobody.
 *
 * A frame is sent whole or not at all: while source_is_busy(), its pixels may
 * not change. What is damaged meanwhile is for the caller to collect; the next
 * frame is then the newest one. The first one of a session is sent whole.
 */
#pragma once

#include "hdcp/seal.h"
#include "hdcp/tx.h"
#include "protocol/rect.h"

enum { SOURCE_IN_BYTES = HDCP_RECORD_HEADER + 1024 };

struct source {
	struct hdcp_tx tx;
	struct hdcp_seal seal;
	struct hdcp_image frame;
	struct damage left;	  /* of the frame that is being sent */
	bool is_new;		  /* the sink has nothing of this frame */
	uint32_t number;	  /* of the frame */
	uint64_t beat_ns;	  /* when the last record was made */
	struct hdcp_out messages; /* to be sent before anything else */
	uint32_t n_in;
	uint8_t in[SOURCE_IN_BYTES];
};

/* frame: TDS_MAX_DIM at most; its pixels are borrowed for good. */
void source_init(struct source *s, const struct hdcp_tx_config *config,
    const struct hdcp_image *frame);
void source_finish(struct source *s);
/* A new connection. */
void source_connect(struct source *s, uint64_t now_ns);
void source_disconnect(struct source *s);
/* The carrier brought bytes. -EPROTO: close the connection. */
int source_take(struct source *s, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns) MUST_CHECK;
/* A timer: source_deadline() passed. -EPROTO: close the connection. */
int source_tick(struct source *s, uint64_t now_ns) MUST_CHECK;
uint64_t source_deadline(const struct source *s);

/*
 * Other pixels of the same size from now on; what was not sent of a frame is
 * given up, and the next one is sent whole.
 */
void source_show(struct source *s, const struct hdcp_image *frame);

bool source_is_on(const struct source *s);
bool source_is_busy(const struct source *s);
/* These parts changed. -EAGAIN while busy or off. */
int source_frame(struct source *s, const struct damage *changed) MUST_CHECK;
/*
 * The next record for the carrier: its bytes, 0 if there is nothing to send
 * now, -EPROTO: close the connection. room: at least HDCP_RECORD_MAX.
 */
int source_fill(
    struct source *s, uint64_t now_ns, uint8_t *out, uint32_t room) MUST_CHECK;
