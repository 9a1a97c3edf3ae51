/* tx_parts: what the files of the transmitter share. */
#pragma once

#include "hdcp/tx.h"

enum {
	TX_MS = 1000000, /* ns */
	TX_CERT_MS = 100,
	TX_KM_MS = 1000,
	TX_STORED_KM_MS = 200,
	TX_PAIRING_MS = 200,
	TX_RTT_READY_MS = 1000,
	TX_L_MS = 7,
	TX_L_LATE_MS = 1000, /* ours: how long a late L' is waited for */
	TX_LIST_MS = 3000,
	TX_STREAM_MS = 100,
	TX_SETTLE_MS = 200,
	TX_MAX_ATTEMPTS = 1024,
	TX_MAX_STALE = 8, /* ours */
};

/* One step: what the handlers are given. */
struct tx_step {
	struct hdcp_tx *tx;
	const struct hdcp_message *m; /* NULL for a tick */
	uint64_t now_ns;
	struct hdcp_out *out;
};

void tx_fail(struct hdcp_tx *tx, enum hdcp_tx_reason reason);
/* Failure of a library call is ours: true if err is one. */
bool tx_broke(struct hdcp_tx *tx, int err);
void tx_wait(struct tx_step *s, enum hdcp_tx_state state, uint32_t limit_ms);
void tx_send(struct tx_step *s, const struct hdcp_message *m);

/* tx.c */
void tx_restart(struct tx_step *s);
/* tx_ake.c */
void tx_on_cert(struct tx_step *s);
void tx_on_info(struct tx_step *s);
void tx_no_info(struct tx_step *s);
void tx_on_rrx(struct tx_step *s);
void tx_on_h(struct tx_step *s);
void tx_on_pairing(struct tx_step *s);
/* tx_locality.c */
void tx_try_locality(struct tx_step *s);
void tx_on_rtt_ready(struct tx_step *s);
void tx_on_l(struct tx_step *s);
void tx_on_late_l(struct tx_step *s);
/* tx_repeater.c */
void tx_on_list(struct tx_step *s);
void tx_on_stream_ready(struct tx_step *s);
void tx_settle(struct tx_step *s);
void tx_manage_streams(struct tx_step *s);
bool tx_has_type_1(const struct hdcp_tx *tx);
