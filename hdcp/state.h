/*
 * state: what tds-hdcp keeps over a restart: pairings, and the version of the
 * newest list of revoked receivers that was ever believed.
 *
 * A file of two slots, written in turn, each whole and with a hash over it:
 *
 *	0     slot  "tdsstat1" sequence:8 newest-1:2 newest-2:2
 *	            length:2 pairings (pairing.h) zero... SHA-256:32
 *	4096  slot
 *
 * Whatever stops a write, the other slot is whole. Damage to both costs the
 * pairings and, because then nobody knows which list was the newest, the
 * state is refused (-EUCLEAN) until root removes the file: that, and only
 * that, lets a list's version go back. Both slots carry the version before a
 * list is used. An empty file is damage too: who makes one writes the line
 * HDCP_STATE_NEW into it (protocol/control.h).
 */
#pragma once

#include "hdcp/pairing.h"
#include "hdcp/srm.h"

enum {
	HDCP_STATE_SLOT = 1024,
	HDCP_STATE_SECOND = 4096, /* where the second slot begins */
	HDCP_STATE_BYTES = HDCP_STATE_SECOND + HDCP_STATE_SLOT,
	HDCP_STATE_FORMATS = HDCP_SRM_2 + 1,
};

/* Holds secrets: wipe it. */
struct hdcp_state {
	uint64_t sequence; /* of the slot that was written last */
	uint16_t newest[HDCP_STATE_FORMATS]; /* by format of list; 0: none */
	struct hdcp_pairings pairings;
};

/*
 * The whole file as it was read, n bytes of it. 0, or -EUCLEAN: damaged, then
 * *out is zero.
 */
int hdcp_state_decode(
    const uint8_t *bytes, uint32_t n, struct hdcp_state *out) MUST_CHECK;
/* The next slot: state->sequence says which, and grows. 0 or -errno. */
int hdcp_state_encode(
    struct hdcp_state *state, uint8_t slot[HDCP_STATE_SLOT]) MUST_CHECK;
/* Where the slot of this sequence is in the file. */
uint32_t hdcp_state_offset(uint64_t sequence);

/* state_file.c: the same with a descriptor. */
int hdcp_state_load(int fd, struct hdcp_state *out) MUST_CHECK;
/* One slot: of pairings, after each change. */
int hdcp_state_save(int fd, struct hdcp_state *state) MUST_CHECK;
/*
 * A list was believed: if it is the newest of its format, both slots say so,
 * on the disk, when this returns 0.
 */
int hdcp_state_believe(
    int fd, struct hdcp_state *state, const struct hdcp_srm *srm) MUST_CHECK;
