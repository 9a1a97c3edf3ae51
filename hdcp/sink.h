/*
 * sink: the receiving end of a sealed output as a pure state machine. It shows
 * what came whole and authentic, and nothing else: as soon as a record is
 * wrong, late or missing, sink_show() answers "not authentic" until a new
 * session brought a whole new picture.
 */
#pragma once

#include "hdcp/rx.h"
#include "hdcp/seal.h"
#include "protocol/rect.h"

enum sink_picture {
	SINK_NOTHING, /* no session yet */
	SINK_AUTHENTIC,
	SINK_NOT_AUTHENTIC, /* something was wrong on the way */
};

struct sink {
	struct hdcp_rx rx;
	struct hdcp_seal seal;
	struct hdcp_image next;	 /* borrowed: tiles go here */
	struct hdcp_image shown; /* borrowed: whole frames */
	bool is_whole;		 /* shown holds a frame of this session */
	bool has_pixels;	 /* next or shown are not blank */
	bool was_wrong;
	int why;		 /* if it was: -errno */
	struct damage arriving;	 /* what next holds and shown does not */
	struct damage changed;	 /* of shown; who shows it clears it */
	uint32_t n_frames;
	struct hdcp_out messages;
	uint32_t n_in;
	uint8_t in[HDCP_RECORD_MAX];
};

/* next and shown: two images of the same size and stride. */
void sink_init(struct sink *s, const struct hdcp_rx_config *config,
    const struct hdcp_image *next, const struct hdcp_image *shown);
void sink_finish(struct sink *s);
void sink_connect(struct sink *s);
/* The connection is gone, by itself or because take said so. */
void sink_disconnect(struct sink *s);
/* -EPROTO: close the connection. */
int sink_take(struct sink *s, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns) MUST_CHECK;
/* A record for the carrier, or 0. room: at least 4 + 1024. */
int sink_fill(struct sink *s, uint8_t *out, uint32_t room) MUST_CHECK;
/* Ask for each frame that is shown. */
enum sink_picture sink_show(struct sink *s, uint64_t now_ns);
/* When to ask at the latest, because the answer may be another one then;
 * UINT64_MAX: only what arrives can change it. */
uint64_t sink_deadline(const struct sink *s);
