/*
 * rig: our transmitter and our receiver with a wire of bytes and a clock that
 * the test moves. The receiver is one of the published facsimile ones.
 */
#pragma once

#include "tests/hdcp/hex.h"

#include "hdcp/rx.h"
#include "hdcp/tx.h"

enum { RIG_MS = 1000000, RIG_R1 = 1, RIG_R2 = 2 };

struct rig {
	uint64_t now_ns;
	struct hdcp_authority authority;
	struct hdcp_srm srm;
	struct hdcp_pairings pairings;
	uint8_t lc128[HDCP_BLOCK], kh[HDCP_BLOCK], cert[HDCP_CERT_BYTES];
	struct hdcp_private *private;
	struct hdcp_tx_config tx_config;
	struct hdcp_rx_config rx_config;
	struct hdcp_tx tx;
	struct hdcp_rx rx;
	struct hdcp_out to_rx, to_tx; /* on the wire */
	uint32_t messages;	      /* that the receiver was given */
};

/* receiver: RIG_R1 or RIG_R2. Then change the configs, then rig_connect(). */
void rig_init(struct rig *r, int receiver);
void rig_finish(struct rig *r);
void rig_connect(struct rig *r);
/* Carry what is on the wire once in each direction; false: it was empty. */
bool rig_carry(struct rig *r);
/* Carry until nothing moves, without time. */
void rig_settle(struct rig *r);
/* Let time go by, with the timers of both. */
void rig_pass(struct rig *r, uint64_t ms);
/* Connect, settle, wait for the 200 ms. */
void rig_go(struct rig *r);
/* Bytes to the transmitter, as if from the receiver. */
void rig_say(struct rig *r, const struct hdcp_message *m);
