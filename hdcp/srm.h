/*
 * srm: lists of revoked receivers (System Renewability Message), both formats.
 * A list is believed only after its signature was checked and if it is not
 * older than the one before.
 *
 *	HDCP 1.x  80 00 version:2 generation:1 length:3
 *	          { count:1 KSV:5 ... } ...  r:20 s:20     DSA, SHA-1
 *	HDCP 2.x  91 00 version:2 generation:1 length:3
 *	          devices:4 (10 bits, 22 reserved)
 *	          ReceiverID:5 ...  signature:384          RSA, SHA-256
 *
 * length counts itself and all that follows. Identifiers are stored most
 * significant byte first in both. A KSV of HDCP 1.x crosses the wire least
 * significant byte first: hdcp_srm_revokes_ksv() turns it round; a plain
 * comparison would find nobody revoked.
 *
 * Lists with further generations (for which the facts that we have are not
 * enough) are refused: -ENOTSUP. Nobody then counts as checked.
 */
#pragma once

#include "hdcp/message.h"

enum {
	HDCP_SRM_MAX_IDS = 1023,
	HDCP_SRM_MAX_BYTES = 8 + 4 + 5 * HDCP_SRM_MAX_IDS + HDCP_DCP_MODULUS,
};

enum hdcp_srm_format { HDCP_SRM_1, HDCP_SRM_2 };

struct hdcp_srm {
	enum hdcp_srm_format format;
	uint16_t version; /* 1 is the first; 0: no list */
	uint16_t n;
	uint8_t ids[HDCP_SRM_MAX_IDS][HDCP_ID_BYTES];
};

/* The layout only: for tests and fuzzing. -EBADMSG, -ENOTSUP. */
int hdcp_srm_decode(
    const uint8_t *bytes, uint32_t n, struct hdcp_srm *out) MUST_CHECK;

struct hdcp_srm_keys {
	const uint8_t *dsa_y; /* borrowed: HDCP 1.x, 128 bytes */
	const struct hdcp_authority *authority; /* borrowed: HDCP 2.x */
};

/*
 * Believe a list. newest: the highest version of this format that was ever
 * installed here, 0 if none. -EBADMSG, -ENOTSUP, -EKEYREJECTED,
 * -ESTALE: older than newest. *out is zero on error.
 */
int hdcp_srm_check(const uint8_t *bytes, uint32_t n,
    const struct hdcp_srm_keys *keys, uint16_t newest,
    struct hdcp_srm *out) MUST_CHECK;

/* id: most significant byte first, as in certificates and ReceiverID lists. */
bool hdcp_srm_revokes(
    const struct hdcp_srm *srm, const uint8_t id[HDCP_ID_BYTES]);
/* ksv: least significant byte first, as HDCP 1.x puts it on its wire. */
bool hdcp_srm_revokes_ksv(
    const struct hdcp_srm *srm, const uint8_t ksv[HDCP_ID_BYTES]);
