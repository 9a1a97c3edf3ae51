/*
 * tx: the transmitter of HDCP 2.2/2.3 (Interface Independent Adaptation) as a
 * pure state machine. The caller brings bytes, time and random numbers, sends
 * what it is told to, and keeps one timer.
 *
 *	IDLE --start--> CERT --cert--> INFO --info--> RRX --rrx--> H
 *	H --H', km was stored----------------------------------> locality
 *	H --H'--> PAIRING --Ekh(km)----------------------------> locality
 *	locality: [RTT --ready-->] L --L'--> SKE; late: L_LATE, then once more
 *	SKE: a receiver:  SETTLE --200 ms--> ON
 *	     a repeater:  LIST --ids--> STREAM --M'--> SETTLE
 *	REAUTH_REQ in LIST, STREAM, SETTLE, ON --> CERT
 *	anything else, or nothing in time --> FAILED (close the connection)
 *
 * Time limits (ms), from the message that asks: certificate and info 100; rrx
 * and H' 1000, with a stored km 200; Ekh(km) 200; RTT_Ready 1000; L' 7, at most
 * 1024 times; receiver ids 3000; M' 100. An answer at the limit is in time.
 *
 * Whatever leaves a session wipes its keys; FAILED and IDLE hold none.
 */
#pragma once

#include "hdcp/cert.h"
#include "hdcp/pairing.h"
#include "hdcp/session.h"
#include "hdcp/srm.h"

enum hdcp_tx_state {
	HDCP_TX_IDLE,
	HDCP_TX_CERT,
	HDCP_TX_INFO,
	HDCP_TX_RRX,
	HDCP_TX_H,
	HDCP_TX_PAIRING,
	HDCP_TX_RTT,
	HDCP_TX_L,
	HDCP_TX_L_LATE,
	HDCP_TX_LIST,
	HDCP_TX_STREAM,
	HDCP_TX_SETTLE,
	HDCP_TX_ON,
	HDCP_TX_FAILED,
};

enum hdcp_tx_reason {
	HDCP_OK,
	HDCP_BAD_MESSAGE,  /* malformed, or above our limits */
	HDCP_OUT_OF_ORDER, /* a message that has no place in this state */
	HDCP_TOO_LATE,
	HDCP_BAD_CERT, /* not signed by the authority, or nonsense */
	HDCP_REVOKED,  /* the receiver, or one behind a repeater */
	HDCP_TOO_OLD,  /* below HDCP 2.2, or unfit for type 1 content */
	HDCP_WRONG_H,
	HDCP_TOO_FAR, /* locality, after all attempts */
	HDCP_WRONG_V,
	HDCP_TOO_MANY, /* devices or levels behind a repeater */
	HDCP_WRONG_M,
	HDCP_BROKEN, /* our own: library, random numbers */
};
const char *hdcp_tx_reason_name(enum hdcp_tx_reason reason);
const char *hdcp_tx_state_name(enum hdcp_tx_state state);

struct hdcp_tx_config {
	const struct hdcp_authority *authority; /* borrowed */
	const struct hdcp_srm *srm;		/* borrowed; never NULL */
	const uint8_t *lc128;			/* borrowed; 16 bytes */
	const uint8_t *source_key;	/* borrowed; 32 bytes, or NULL */
	struct hdcp_pairings *pairings; /* borrowed */
	struct hdcp_random random;
	bool is_legacy_allowed; /* HDCP 2.0 and 2.1: see docs/hdcp.md */
	bool has_precompute;
	struct hdcp_streams streams; /* seq_num_m is ours */
};

enum { HDCP_TX_REMEMBERED_KEYS = 16 };

struct hdcp_tx_secrets {
	struct hdcp_ake ake;
	uint8_t kd[HDCP_HASH];
	uint8_t h[HDCP_HASH];
	uint8_t rn[HDCP_NONCE];
	uint8_t l[HDCP_HASH];
	uint8_t m[HDCP_HASH];
	struct hdcp_session session;
};

struct hdcp_tx {
	struct hdcp_tx_config config;
	enum hdcp_tx_state state;
	enum hdcp_tx_reason reason;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	uint64_t enable_ns;   /* content from here on */
	struct hdcp_inbox inbox;

	struct hdcp_cert cert; /* of the receiver */
	struct hdcp_versions peer;
	bool is_repeater, is_stored, is_legacy, is_half_l;
	bool is_restarted; /* messages of the old session may still come */
	uint32_t stale;	   /* so many did */
	uint32_t attempts; /* of the locality check */
	bool has_list;	   /* a list was accepted in this session */
	uint32_t seq_num_v, seq_num_m;
	uint32_t n_sessions; /* session keys that were made so far */
	/* hashes of content keys that were made: never one twice */
	uint8_t used[HDCP_TX_REMEMBERED_KEYS][HDCP_BLOCK];
	uint32_t n_used;

	struct hdcp_tx_secrets s;
};

/* Call finish in the end, whatever happened. */
void hdcp_tx_init(struct hdcp_tx *tx, const struct hdcp_tx_config *config);
void hdcp_tx_finish(struct hdcp_tx *tx);

/* A new connection: from any state. Each *out is set, not added to. */
void hdcp_tx_start(struct hdcp_tx *tx, uint64_t now_ns, struct hdcp_out *out);
/* The connection is gone. */
void hdcp_tx_stop(struct hdcp_tx *tx);
/* Bytes came, as many as there were. */
void hdcp_tx_take(struct hdcp_tx *tx, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_out *out);
/* hdcp_tx_deadline() passed. */
void hdcp_tx_tick(struct hdcp_tx *tx, uint64_t now_ns, struct hdcp_out *out);
/* When to call tick: UINT64_MAX for never. */
uint64_t hdcp_tx_deadline(const struct hdcp_tx *tx);
/* Other streams, for a repeater to know: asks it, and is off until it did. */
int hdcp_tx_set_streams(struct hdcp_tx *tx, const struct hdcp_streams *streams,
    uint64_t now_ns, struct hdcp_out *out) MUST_CHECK;
/* The keys, in ON only: else -EPROTO and *out is zero. */
int hdcp_tx_session(
    const struct hdcp_tx *tx, struct hdcp_session *out) MUST_CHECK;
