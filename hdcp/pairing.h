/*
 * pairing: the master keys km of receivers that were authenticated before, so
 * that the next authentication needs no public-key operation on their side.
 * Holds secrets: wipe it with hdcp_pairings_finish().
 *
 * As a file (root, 0600; written and read by the process that owns it):
 *
 *	"tdspair1"  count:1  { ReceiverID:5  m:16  km:16  Ekh(km):16 } ...
 */
#pragma once

#include "hdcp/message.h"

enum {
	HDCP_MAX_PAIRINGS = 16,
	HDCP_PAIRING_BYTES = HDCP_ID_BYTES + 3 * HDCP_BLOCK,
	HDCP_PAIRINGS_BYTES = 9 + HDCP_MAX_PAIRINGS * HDCP_PAIRING_BYTES,
};

struct hdcp_pairing {
	uint8_t id[HDCP_ID_BYTES];
	uint8_t m[HDCP_BLOCK];
	uint8_t km[HDCP_BLOCK];
	uint8_t ekh[HDCP_BLOCK];
};

/* The one that was used last comes first; a full list loses its last. */
struct hdcp_pairings {
	uint32_t n;
	struct hdcp_pairing at[HDCP_MAX_PAIRINGS];
};

void hdcp_pairings_finish(struct hdcp_pairings *p);
/* NULL if there is none. Valid until the list is changed. */
const struct hdcp_pairing *hdcp_pairings_find(
    const struct hdcp_pairings *p, const uint8_t id[HDCP_ID_BYTES]);
void hdcp_pairings_put(struct hdcp_pairings *p, const struct hdcp_pairing *new);
void hdcp_pairings_forget(
    struct hdcp_pairings *p, const uint8_t id[HDCP_ID_BYTES]);

/* Bytes written, or -EMSGSIZE. */
int hdcp_pairings_encode(
    const struct hdcp_pairings *p, uint8_t *out, uint32_t n) MUST_CHECK;
/* -EBADMSG: then *out is empty. Identifiers are valid and differ. */
int hdcp_pairings_decode(
    const uint8_t *bytes, uint32_t n, struct hdcp_pairings *out) MUST_CHECK;
