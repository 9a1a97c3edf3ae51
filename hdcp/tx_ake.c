/* Authentication and key exchange, up to the locality check. */
#include "hdcp/tx_parts.h"

#include <errno.h>
#include <string.h>

void
tx_on_cert(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	const int err =
	    hdcp_cert_check(s->m->cert.cert, tx->config.authority, &tx->cert);

	if (err == -EBADMSG || err == -EKEYREJECTED)
		tx_fail(tx, HDCP_BAD_CERT);
	else if (err < 0)
		tx_fail(tx, HDCP_BROKEN);
	else if (hdcp_srm_revokes(tx->config.srm, tx->cert.id))
		tx_fail(tx, HDCP_REVOKED);
	else if (tx->cert.descriptor == 0 && !tx->config.is_legacy_allowed)
		tx_fail(tx, HDCP_TOO_OLD);
	if (tx->state == HDCP_TX_FAILED)
		return;

	tx->is_repeater = s->m->cert.repeater == 1;
	tx->state = HDCP_TX_INFO; /* within the same limit */
}

static void
send_km(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_message m = {.id = HDCP_AKE_NO_STORED_KM};
	uint8_t seed[HDCP_HASH];
	const struct hdcp_random *random = &tx->config.random;

	int err = random->fill(random->arg, tx->s.ake.km, HDCP_BLOCK);
	if (err == 0)
		err = random->fill(random->arg, seed, HDCP_HASH);
	if (err == 0)
		err = hdcp_wrap_km(tx->cert.n, tx->s.ake.km, seed, m.ekpub);
	hdcp_wipe(seed, sizeof(seed));
	/* a modulus that the library refuses is the certificate's fault */
	if (err == -EINVAL)
		tx_fail(tx, HDCP_BAD_CERT);
	else if (!tx_broke(tx, err)) {
		tx_wait(s, HDCP_TX_RRX, TX_KM_MS);
		tx_send(s, &m);
	}
}

static void
send_stored_km(struct tx_step *s, const struct hdcp_pairing *pairing)
{
	struct hdcp_message m = {.id = HDCP_AKE_STORED_KM};

	memcpy(s->tx->s.ake.km, pairing->km, HDCP_BLOCK);
	memcpy(m.stored.ekh, pairing->ekh, HDCP_BLOCK);
	memcpy(m.stored.m, pairing->m, HDCP_BLOCK);
	tx_wait(s, HDCP_TX_RRX, TX_STORED_KM_MS);
	tx_send(s, &m);
}

/* Versions are known: decide what they mean, then send km. */
static void
go_on(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	const struct hdcp_pairing *pairing =
	    hdcp_pairings_find(tx->config.pairings, tx->cert.id);

	tx->is_legacy =
	    tx->cert.descriptor == 0 || tx->peer.version < HDCP_VERSION_2_2;
	if (tx->is_legacy &&
	    (!tx->config.is_legacy_allowed || tx_has_type_1(tx))) {
		tx_fail(tx, HDCP_TOO_OLD);
		return;
	}
	tx->s.ake.is_legacy = tx->is_legacy;
	tx->is_half_l =
	    tx->config.has_precompute && (tx->peer.mask & HDCP_PRECOMPUTE) != 0;
	tx->is_stored = pairing != NULL;
	if (pairing)
		send_stored_km(s, pairing);
	else
		send_km(s);
}

void
tx_on_info(struct tx_step *s)
{
	s->tx->peer = s->m->info;
	go_on(s);
}

/* HDCP 2.0 knows no AKE_Receiver_Info; what is newer must send one. */
void
tx_no_info(struct tx_step *s)
{
	if (s->tx->cert.descriptor == 0)
		go_on(s);
	else
		tx_fail(s->tx, HDCP_TOO_LATE);
}

void
tx_on_rrx(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	const struct hdcp_both_versions both = {
	    .tx = {HDCP_VERSION_2_2,
		tx->config.has_precompute ? HDCP_PRECOMPUTE : 0},
	    .rx = tx->peer,
	};

	memcpy(tx->s.ake.rrx, s->m->nonce, HDCP_NONCE);
	int err = hdcp_derive_kd(&tx->s.ake, tx->s.kd);
	if (err == 0)
		err = hdcp_derive_h(tx->s.kd, tx->s.ake.rtx, tx->is_repeater,
		    tx->is_legacy ? NULL : &both, tx->s.h);
	if (!tx_broke(tx, err))
		tx->state = HDCP_TX_H; /* within the same limit */
}

void
tx_on_h(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;

	if (!hdcp_equal(tx->s.h, s->m->hash, HDCP_HASH)) {
		/* perhaps it lost its kh: the next attempt is a full one */
		if (tx->is_stored)
			hdcp_pairings_forget(tx->config.pairings, tx->cert.id);
		tx_fail(tx, HDCP_WRONG_H);
		return;
	}
	if (tx->is_stored)
		tx_try_locality(s);
	else
		tx_wait(s, HDCP_TX_PAIRING, TX_PAIRING_MS);
}

void
tx_on_pairing(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_pairing pairing;

	memcpy(pairing.id, tx->cert.id, HDCP_ID_BYTES);
	hdcp_pairing_m(&tx->s.ake, pairing.m);
	memcpy(pairing.km, tx->s.ake.km, HDCP_BLOCK);
	memcpy(pairing.ekh, s->m->ekh, HDCP_BLOCK);
	hdcp_pairings_put(tx->config.pairings, &pairing);
	hdcp_wipe(&pairing, sizeof(pairing));
	tx_try_locality(s);
}
