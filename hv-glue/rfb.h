/*
 * rfb: makes QEMU tell its guest that the displays changed. QEMU's
 * vhost-user-gpu has no message for that; a client of its VNC server that asks
 * for another desktop size has the effect (RFC 6143; ExtendedDesktopSize of
 * the RFB community specification). The guest then asks us for the sizes, so
 * the numbers in the request do not matter, but each must differ from the last.
 *
 * Pure: bytes in, bytes out. What QEMU may send is bounded, so no clock is
 * needed: after RFB_MAX_BYTES it is an error.
 *
 *	VERSION -> SECURITY -> RESULT -> INIT -> NAME -> WAIT -> done
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RFB_MAX_BYTES = 65536,
	RFB_MAX_FIELD = 256, /* security types; the longest field we keep */
	RFB_MAX_OUT = 64,
};

enum rfb_state {
	RFB_VERSION,   /* 12 bytes */
	RFB_TYPES,     /* u8 n */
	RFB_SECURITY,  /* u8[n] */
	RFB_RESULT,    /* u32 */
	RFB_INIT,      /* u16 w, h, u8[16] format, u32 length of the name */
	RFB_SKIP,      /* that many bytes nobody needs, then RFB_MESSAGE */
	RFB_MESSAGE,   /* u8 type */
	RFB_UPDATE,    /* u8 padding, u16 n */
	RFB_RECTANGLE, /* u16 x, y, w, h, i32 encoding */
	RFB_SCREENS,   /* u8 n, u8[3], then n * 16 bytes */
	RFB_CUT_TEXT,  /* u8[3], u32 length */
	RFB_DONE,
};

struct rfb {
	enum rfb_state state;
	enum rfb_state after_skip;
	uint16_t width;	 /* to ask for */
	uint32_t total;	 /* bytes received */
	uint32_t skip;	 /* bytes left to skip */
	uint32_t wanted; /* bytes of the present field */
	uint32_t have;
	uint32_t n_rects; /* left in this update */
	bool is_answer;	  /* the present rectangle answers our request */
	uint8_t field[RFB_MAX_FIELD];
};

/* width: any number 1..16384 that is not the one of the last time. */
void rfb_init(struct rfb *rfb, uint16_t width);
/*
 * Take bytes in; *n_out bytes of out[RFB_MAX_OUT] are to be sent. Takes as
 * many as it can until it has something to send: *used says how many.
 * 0; 1: done, close the connection; -EBADMSG; -EPROTO: QEMU refuses us.
 */
int rfb_take(struct rfb *rfb, const uint8_t *in, uint32_t n, uint32_t *used,
    uint8_t *out, uint32_t *n_out) MUST_CHECK;
