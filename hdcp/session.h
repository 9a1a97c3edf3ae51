/*
 * session: what an authentication ends in, the same at both ends. Only the
 * content layer (content.h, seal.h) takes it; it holds keys, so wipe it.
 */
#pragma once

#include "hdcp/derive.h"

enum { HDCP_SOURCE_KEY = 32 };

struct hdcp_session {
	uint8_t key[HDCP_BLOCK]; /* ks XOR lc128: AES-128-CTR */
	uint8_t riv[HDCP_NONCE];
	uint8_t mac_key[HDCP_BLOCK]; /* of the outer layer: ours, not HDCP's */
};

/*
 * What a session is made of. source_key is ours: a secret of this source and
 * this sink, 32 bytes, or NULL. HDCP lets a sink not tell who sends; without
 * this key a carrier that knows lc128 could be a source of its own.
 */
struct hdcp_session_parts {
	const uint8_t *kd, *ks, *riv, *lc128;
	const uint8_t *source_key;
};
/*
 * mac_key = first half of
 * HMAC-SHA256(kd, "tds outer layer 1" || ks || riv || source_key or zeroes)
 */
int hdcp_session_make(const struct hdcp_session_parts *parts,
    struct hdcp_session *out) MUST_CHECK;

/* Messages that are to be sent now, one after the other. */
struct hdcp_out {
	uint32_t n;
	uint8_t bytes[1024];
};
/* -EMSGSIZE: no peer that keeps the order of messages gets there. */
int hdcp_out_put(struct hdcp_out *out, const struct hdcp_message *m) MUST_CHECK;
