/*
 * rx: the receiver of HDCP 2.2/2.3 (Interface Independent Adaptation), for
 * tds-sink, as a pure state machine like tx. It has no time limits of its own
 * but one: a repeater's list must be acknowledged within 2 s.
 *
 *	any --AKE_Init--> INFO --Transmitter_Info--> KM --km--> LC
 *	LC --LC_Init--> [CHALLENGE --L, right--> ] SKE --Eks--> ON
 *	a repeater:     SKE --Eks--> ACK --V, right--> ON
 *
 * A transmitter below 2.2 is refused: its keys would not depend on our rrx.
 */
#pragma once

#include "hdcp/session.h"

enum hdcp_rx_state {
	HDCP_RX_IDLE,
	HDCP_RX_INFO,
	HDCP_RX_KM,
	HDCP_RX_LC,
	HDCP_RX_CHALLENGE,
	HDCP_RX_SKE,
	HDCP_RX_ACK,
	HDCP_RX_ON,
	HDCP_RX_FAILED, /* close the connection */
};

struct hdcp_rx_config {
	const uint8_t *cert;		    /* borrowed; 522 bytes */
	const struct hdcp_private *private; /* borrowed */
	const uint8_t *kh;		    /* borrowed; 16 bytes */
	const uint8_t *lc128;		    /* borrowed; 16 bytes */
	const uint8_t *source_key;	    /* borrowed; 32 bytes, or NULL */
	struct hdcp_random random;
	bool has_precompute;
	bool is_repeater;
	struct hdcp_topology behind; /* v and seq_num_v are ours */
};

struct hdcp_rx_secrets {
	struct hdcp_ake ake;
	uint8_t kd[HDCP_HASH];
	uint8_t l[HDCP_HASH];
	uint8_t rn[HDCP_NONCE];
	uint8_t v[HDCP_HASH];
	struct hdcp_session session;
};

struct hdcp_rx {
	struct hdcp_rx_config config;
	enum hdcp_rx_state state;
	uint64_t deadline_ns;
	struct hdcp_inbox inbox;
	struct hdcp_versions peer;
	uint32_t seq_num_v;
	bool has_session;
	uint32_t n_sessions;	     /* session keys that came so far */
	struct hdcp_streams streams; /* the last that were announced */
	struct hdcp_rx_secrets s;
};

void hdcp_rx_init(struct hdcp_rx *rx, const struct hdcp_rx_config *config);
void hdcp_rx_finish(struct hdcp_rx *rx);
/* A new connection: forget the old one's keys. */
void hdcp_rx_start(struct hdcp_rx *rx);
void hdcp_rx_take(struct hdcp_rx *rx, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_out *out);
void hdcp_rx_tick(struct hdcp_rx *rx, uint64_t now_ns, struct hdcp_out *out);
uint64_t hdcp_rx_deadline(const struct hdcp_rx *rx);
/* A repeater: what is behind it changed. -EPROTO without a session. */
int hdcp_rx_set_behind(struct hdcp_rx *rx, const struct hdcp_topology *behind,
    uint64_t now_ns, struct hdcp_out *out) MUST_CHECK;
/* Ask for a new authentication; the session ends here. */
int hdcp_rx_reauth(struct hdcp_rx *rx, struct hdcp_out *out) MUST_CHECK;
/* The keys, from the session key on; -EPROTO before. */
int hdcp_rx_session(
    const struct hdcp_rx *rx, struct hdcp_session *out) MUST_CHECK;
