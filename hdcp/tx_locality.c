/* Locality check, and the session key that is sent when it succeeded. */
#include "hdcp/tx_parts.h"

#include <errno.h>
#include <string.h>

/* One more attempt, with a fresh rn; L is known before anything is sent. */
void
tx_try_locality(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_message m = {.id = HDCP_LC_INIT};
	const struct hdcp_random *random = &tx->config.random;

	if (tx->attempts++ >= TX_MAX_ATTEMPTS) {
		tx_fail(tx, HDCP_TOO_FAR);
		return;
	}
	int err = random->fill(random->arg, tx->s.rn, HDCP_NONCE);
	if (err == 0)
		err = hdcp_derive_l(tx->s.kd, tx->s.ake.rrx, tx->s.rn, tx->s.l);
	if (tx_broke(tx, err))
		return;
	memcpy(m.nonce, tx->s.rn, HDCP_NONCE);
	if (tx->is_half_l)
		tx_wait(s, HDCP_TX_RTT, TX_RTT_READY_MS);
	else
		tx_wait(s, HDCP_TX_L, TX_L_MS);
	tx_send(s, &m);
}

void
tx_on_rtt_ready(struct tx_step *s)
{
	struct hdcp_message m = {.id = HDCP_RTT_CHALLENGE};

	memcpy(m.half, s->tx->s.l + HDCP_HALF, HDCP_HALF);
	tx_wait(s, HDCP_TX_L, TX_L_MS);
	tx_send(s, &m);
}

/* -EIO if the generator repeats itself: a second use of a key opens both. */
static int
remember_key(struct hdcp_tx *tx, const uint8_t ks[HDCP_BLOCK])
{
	uint8_t hash[HDCP_HASH];
	const int err = hdcp_sha256(ks, HDCP_BLOCK, hash);

	if (err < 0)
		return err;
	for (uint32_t i = 0; i < HDCP_TX_REMEMBERED_KEYS; i++) {
		if (i < tx->n_used &&
		    memcmp(tx->used[i], hash, HDCP_BLOCK) == 0)
			return -EIO;
	}
	memcpy(
	    tx->used[tx->n_used++ % HDCP_TX_REMEMBERED_KEYS], hash, HDCP_BLOCK);
	return 0;
}

static int
make_session(struct hdcp_tx *tx, struct hdcp_body_eks *eks)
{
	const struct hdcp_random *random = &tx->config.random;
	uint8_t ks[HDCP_BLOCK];
	const struct hdcp_session_parts parts = {.kd = tx->s.kd,
	    .ks = ks,
	    .riv = eks->riv,
	    .lc128 = tx->config.lc128,
	    .source_key = tx->config.source_key};

	int err = random->fill(random->arg, ks, HDCP_BLOCK);
	if (err == 0)
		err = random->fill(random->arg, eks->riv, HDCP_NONCE);
	if (err == 0)
		err = remember_key(tx, ks);
	if (err == 0)
		err = hdcp_mask_ks(&tx->s.ake, tx->s.rn, ks, eks->edkey);
	if (err == 0)
		err = hdcp_session_make(&parts, &tx->s.session);
	tx->n_sessions++;
	hdcp_wipe(ks, sizeof(ks));
	return err;
}

void
tx_on_l(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_message m = {.id = HDCP_SKE_SEND_EKS};

	if (!hdcp_equal(tx->s.l, s->m->l.bytes,
		s->m->l.is_half ? HDCP_HALF : HDCP_HASH)) {
		tx_try_locality(s);
		return;
	}
	if (tx_broke(tx, make_session(tx, &m.eks)))
		return;
	tx->enable_ns = s->now_ns + (uint64_t)TX_SETTLE_MS * TX_MS;
	if (tx->is_repeater)
		tx_wait(s, HDCP_TX_LIST, TX_LIST_MS);
	else
		tx_settle(s);
	tx_send(s, &m);
}

/* The answer to an attempt that failed: now the next one may begin. */
void
tx_on_late_l(struct tx_step *s)
{
	tx_try_locality(s);
}
