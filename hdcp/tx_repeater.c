/* What is behind a repeater, and which streams it gets. */
#include "hdcp/tx_parts.h"

#include <errno.h>
#include <string.h>

enum { SEQ_MAX = 0xffffff };

bool
tx_has_type_1(const struct hdcp_tx *tx)
{
	for (uint32_t i = 0; i < tx->config.streams.n; i++) {
		if (tx->config.streams.at[i].type != 0)
			return true;
	}
	return false;
}

/* Nobody gets content before 200 ms after the session key. */
void
tx_settle(struct tx_step *s)
{
	s->tx->state = HDCP_TX_SETTLE;
	s->tx->deadline_ns = s->tx->enable_ns;
}

static enum hdcp_tx_reason
judge_list(const struct hdcp_tx *tx, const struct hdcp_topology *t)
{
	if (t->max_devices_exceeded || t->max_cascade_exceeded ||
	    t->n > HDCP_MAX_DEVICES || t->depth > HDCP_MAX_DEPTH)
		return HDCP_TOO_MANY;
	/* 0 first, then growing; one that starts anew must authenticate anew */
	if (tx->has_list ? t->seq_num_v <= tx->seq_num_v : t->seq_num_v != 0)
		return HDCP_WRONG_V;
	if ((t->n == 0) != (t->depth == 0))
		return HDCP_BAD_MESSAGE;
	for (uint32_t i = 0; i < t->n; i++) {
		if (!hdcp_id_is_valid(t->ids[i]))
			return HDCP_BAD_MESSAGE;
		if (hdcp_srm_revokes(tx->config.srm, t->ids[i]))
			return HDCP_REVOKED;
	}
	if (tx_has_type_1(tx) &&
	    (t->has_hdcp20_repeater || t->has_hdcp1_device))
		return HDCP_TOO_OLD;
	return HDCP_OK;
}

/* The list, or a new one later, when something behind the repeater changed. */
void
tx_on_list(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	const struct hdcp_topology *t = &s->m->topology;
	struct hdcp_message ack = {.id = HDCP_SEND_ACK};
	uint8_t v[HDCP_HASH];

	if (!tx->is_repeater) {
		tx_fail(tx, HDCP_OUT_OF_ORDER);
		return;
	}
	if (tx_broke(tx, hdcp_derive_v(tx->s.kd, t, v)))
		return;
	/* V' first: nobody else's list is worth a reason */
	const enum hdcp_tx_reason reason =
	    hdcp_equal(v, t->v, HDCP_HALF) ? judge_list(tx, t) : HDCP_WRONG_V;
	memcpy(ack.half, v + HDCP_HALF, HDCP_HALF);
	hdcp_wipe(v, sizeof(v));
	if (reason != HDCP_OK) {
		tx_fail(tx, reason);
		return;
	}

	const bool is_first = !tx->has_list;
	tx->has_list = true;
	tx->seq_num_v = t->seq_num_v;
	tx_send(s, &ack);
	if (is_first && tx->state != HDCP_TX_FAILED)
		tx_manage_streams(s);
}

void
tx_manage_streams(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_message m = {
	    .id = HDCP_STREAM_MANAGE, .streams = tx->config.streams};

	/* the number may not come round within one authentication */
	if (tx->seq_num_m > SEQ_MAX) {
		tx->is_restarted = true;
		tx_restart(s);
		return;
	}
	m.streams.seq_num_m = tx->seq_num_m++;
	if (tx_broke(tx, hdcp_derive_m_iia(tx->s.kd, &m.streams, tx->s.m)))
		return;
	tx_wait(s, HDCP_TX_STREAM, TX_STREAM_MS);
	tx_send(s, &m);
}

void
tx_on_stream_ready(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;

	if (!hdcp_equal(tx->s.m, s->m->hash, HDCP_HASH)) {
		tx_fail(tx, HDCP_WRONG_M);
		return;
	}
	tx_settle(s);
}

int
hdcp_tx_set_streams(struct hdcp_tx *tx, const struct hdcp_streams *streams,
    uint64_t now_ns, struct hdcp_out *out)
{
	struct tx_step s = {.tx = tx, .now_ns = now_ns, .out = out};

	out->n = 0;
	if (streams->n > HDCP_MAX_STREAMS)
		return -ERANGE;
	if (tx->state != HDCP_TX_ON)
		return -EPROTO;
	tx->config.streams = *streams;
	/* what was true of the old types may not be of the new ones */
	tx->is_restarted = true;
	if (tx->is_repeater && !tx_has_type_1(tx))
		tx_manage_streams(&s);
	else
		tx_restart(&s);
	return 0;
}
