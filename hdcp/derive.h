/*
 * derive: the key derivations and authentication codes of HDCP 2.x, as pure
 * code over crypto.h. The facts are those of the specification's formulas;
 * every one is pinned to the published vectors (tests/unit/test_hdcp_derive.c).
 *
 *	km  chosen by the transmitter, known to both   (pairing keeps it)
 *	kd  = dkey0 || dkey1, of km, rtx, rrx          (one authentication)
 *	ks  chosen by the transmitter, sent under dkey2 (one session)
 *	content key = ks XOR lc128
 *
 * Functions return 0 or what crypto.h returns.
 */
#pragma once

#include "hdcp/message.h"

struct hdcp_ake {
	uint8_t km[HDCP_BLOCK];
	uint8_t rtx[HDCP_NONCE];
	uint8_t rrx[HDCP_NONCE];
	bool is_legacy; /* 2.0 or 2.1: keys do not depend on rrx */
};

/* dkey_i; rn is zero until the locality check. */
int hdcp_derive_dkey(const struct hdcp_ake *ake, const uint8_t rn[HDCP_NONCE],
    uint8_t i, uint8_t dkey[HDCP_BLOCK]) MUST_CHECK;
int hdcp_derive_kd(
    const struct hdcp_ake *ake, uint8_t kd[HDCP_HASH]) MUST_CHECK;

/* H and H'. both: transmitter's and receiver's, NULL in the form of 2.0/2.1. */
struct hdcp_both_versions {
	struct hdcp_versions tx, rx;
};
int hdcp_derive_h(const uint8_t kd[HDCP_HASH], const uint8_t rtx[HDCP_NONCE],
    bool is_repeater, const struct hdcp_both_versions *both,
    uint8_t h[HDCP_HASH]) MUST_CHECK;
int hdcp_derive_l(const uint8_t kd[HDCP_HASH], const uint8_t rrx[HDCP_NONCE],
    const uint8_t rn[HDCP_NONCE], uint8_t l[HDCP_HASH]) MUST_CHECK;
/* V and V': first half on the wire, second half in the acknowledgement. */
int hdcp_derive_v(const uint8_t kd[HDCP_HASH], const struct hdcp_topology *t,
    uint8_t v[HDCP_HASH]) MUST_CHECK;
int hdcp_derive_m(const uint8_t kd[HDCP_HASH], const uint8_t *streams,
    uint32_t n, uint8_t m[HDCP_HASH]) MUST_CHECK;
int hdcp_derive_m_iia(const uint8_t kd[HDCP_HASH], const struct hdcp_streams *s,
    uint8_t m[HDCP_HASH]) MUST_CHECK;

/* Ekpub(km): EME-OAEP with this seed, then the receiver's public key. */
int hdcp_wrap_km(const uint8_t n[HDCP_RX_MODULUS], const uint8_t km[HDCP_BLOCK],
    const uint8_t seed[HDCP_HASH], uint8_t ekpub[HDCP_RX_MODULUS]) MUST_CHECK;
/* kh, of all five parts of the receiver's private key. */
int hdcp_derive_kh(
    const uint8_t parts[5 * HDCP_PRIME], uint8_t kh[HDCP_BLOCK]) MUST_CHECK;
/* m of pairing: rtx || rrx, or rtx || 0 in 2.0/2.1. */
void hdcp_pairing_m(const struct hdcp_ake *ake, uint8_t m[HDCP_BLOCK]);
/* Ekh(km) from km, or km from Ekh(km): the same operation. */
int hdcp_mask_km(const uint8_t kh[HDCP_BLOCK], const uint8_t m[HDCP_BLOCK],
    const uint8_t in[HDCP_BLOCK], uint8_t out[HDCP_BLOCK]) MUST_CHECK;
/* Edkey(ks) from ks, or ks from Edkey(ks): the same operation. */
int hdcp_mask_ks(const struct hdcp_ake *ake, const uint8_t rn[HDCP_NONCE],
    const uint8_t in[HDCP_BLOCK], uint8_t out[HDCP_BLOCK]) MUST_CHECK;
void hdcp_content_key(const uint8_t ks[HDCP_BLOCK],
    const uint8_t lc128[HDCP_BLOCK], uint8_t key[HDCP_BLOCK]);
