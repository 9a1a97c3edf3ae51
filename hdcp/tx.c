#include "hdcp/tx_parts.h"

#include <errno.h>
#include <string.h>

static const char *const state_names[] = {
    [HDCP_TX_IDLE] = "idle",
    [HDCP_TX_CERT] = "cert",
    [HDCP_TX_INFO] = "info",
    [HDCP_TX_RRX] = "rrx",
    [HDCP_TX_H] = "h",
    [HDCP_TX_PAIRING] = "pairing",
    [HDCP_TX_RTT] = "rtt",
    [HDCP_TX_L] = "l",
    [HDCP_TX_L_LATE] = "l-late",
    [HDCP_TX_LIST] = "list",
    [HDCP_TX_STREAM] = "stream",
    [HDCP_TX_SETTLE] = "settle",
    [HDCP_TX_ON] = "on",
    [HDCP_TX_FAILED] = "failed",
};

static const char *const reason_names[] = {
    [HDCP_OK] = "ok",
    [HDCP_BAD_MESSAGE] = "bad message",
    [HDCP_OUT_OF_ORDER] = "out of order",
    [HDCP_TOO_LATE] = "too late",
    [HDCP_BAD_CERT] = "bad certificate",
    [HDCP_REVOKED] = "revoked",
    [HDCP_TOO_OLD] = "too old",
    [HDCP_WRONG_H] = "wrong H'",
    [HDCP_TOO_FAR] = "too far",
    [HDCP_WRONG_V] = "wrong V'",
    [HDCP_TOO_MANY] = "too many devices",
    [HDCP_WRONG_M] = "wrong M'",
    [HDCP_BROKEN] = "broken",
};

const char *
hdcp_tx_state_name(enum hdcp_tx_state state)
{
	return state_names[state];
}

const char *
hdcp_tx_reason_name(enum hdcp_tx_reason reason)
{
	return reason_names[reason];
}

static void
leave(struct hdcp_tx *tx, enum hdcp_tx_state state)
{
	hdcp_wipe(&tx->s, sizeof(tx->s));
	hdcp_wipe(&tx->inbox, sizeof(tx->inbox));
	tx->state = state;
	tx->deadline_ns = UINT64_MAX;
}

void
tx_fail(struct hdcp_tx *tx, enum hdcp_tx_reason reason)
{
	leave(tx, HDCP_TX_FAILED);
	tx->reason = reason;
}

bool
tx_broke(struct hdcp_tx *tx, int err)
{
	if (err == 0)
		return false;
	tx_fail(tx, HDCP_BROKEN);
	return true;
}

void
tx_wait(struct tx_step *s, enum hdcp_tx_state state, uint32_t limit_ms)
{
	s->tx->state = state;
	s->tx->deadline_ns = s->now_ns + (uint64_t)limit_ms * TX_MS;
}

/* The reserve of hdcp_out runs out only for a peer that floods. */
void
tx_send(struct tx_step *s, const struct hdcp_message *m)
{
	if (hdcp_out_put(s->out, m) < 0)
		tx_fail(s->tx, HDCP_BAD_MESSAGE);
}

void
hdcp_tx_init(struct hdcp_tx *tx, const struct hdcp_tx_config *config)
{
	memset(tx, 0, sizeof(*tx));
	tx->config = *config;
	leave(tx, HDCP_TX_IDLE);
}

void
hdcp_tx_finish(struct hdcp_tx *tx)
{
	hdcp_wipe(tx, sizeof(*tx));
}

/* AKE_Init and AKE_Transmitter_Info; the bytes in the inbox stay. */
void
tx_restart(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;
	struct hdcp_message m = {.id = HDCP_AKE_INIT};
	struct hdcp_message info = {.id = HDCP_AKE_TRANSMITTER_INFO};

	hdcp_wipe(&tx->s, sizeof(tx->s));
	memset(&tx->cert, 0, sizeof(tx->cert));
	tx->peer = (struct hdcp_versions){0};
	tx->is_half_l = false;
	tx->has_list = false;
	tx->attempts = tx->stale = tx->seq_num_m = 0;
	tx->reason = HDCP_OK;
	if (tx_broke(tx, tx->config.random.fill(
			     tx->config.random.arg, tx->s.ake.rtx, HDCP_NONCE)))
		return;

	memcpy(m.nonce, tx->s.ake.rtx, HDCP_NONCE);
	info.info.version = HDCP_VERSION_2_2;
	info.info.mask = tx->config.has_precompute ? HDCP_PRECOMPUTE : 0;
	tx_wait(s, HDCP_TX_CERT, TX_CERT_MS);
	tx_send(s, &m);
	tx_send(s, &info);
}

void
hdcp_tx_start(struct hdcp_tx *tx, uint64_t now_ns, struct hdcp_out *out)
{
	struct tx_step s = {.tx = tx, .now_ns = now_ns, .out = out};

	out->n = 0;
	leave(tx, HDCP_TX_IDLE);
	tx->is_restarted = false;
	tx_restart(&s);
}

void
hdcp_tx_stop(struct hdcp_tx *tx)
{
	leave(tx, HDCP_TX_IDLE);
}

static void
on_status(struct tx_step *s)
{
	if (!s->m->reauth_req)
		return;
	s->tx->is_restarted = true;
	tx_restart(s);
}

/* What may come when; everything else is out of order. */
static const struct {
	enum hdcp_tx_state state;
	enum hdcp_id id;
	void (*handle)(struct tx_step *s);
} table[] = {
    {HDCP_TX_CERT, HDCP_AKE_SEND_CERT, tx_on_cert},
    {HDCP_TX_INFO, HDCP_AKE_RECEIVER_INFO, tx_on_info},
    {HDCP_TX_RRX, HDCP_AKE_SEND_RRX, tx_on_rrx},
    {HDCP_TX_H, HDCP_AKE_SEND_H_PRIME, tx_on_h},
    {HDCP_TX_PAIRING, HDCP_AKE_SEND_PAIRING_INFO, tx_on_pairing},
    {HDCP_TX_RTT, HDCP_RTT_READY, tx_on_rtt_ready},
    {HDCP_TX_L, HDCP_LC_SEND_L_PRIME, tx_on_l},
    {HDCP_TX_L_LATE, HDCP_LC_SEND_L_PRIME, tx_on_late_l},
    {HDCP_TX_LIST, HDCP_SEND_RECEIVER_IDS, tx_on_list},
    {HDCP_TX_LIST, HDCP_AUTH_STATUS, on_status},
    {HDCP_TX_STREAM, HDCP_STREAM_READY, tx_on_stream_ready},
    {HDCP_TX_STREAM, HDCP_SEND_RECEIVER_IDS, tx_on_list},
    {HDCP_TX_STREAM, HDCP_AUTH_STATUS, on_status},
    {HDCP_TX_SETTLE, HDCP_SEND_RECEIVER_IDS, tx_on_list},
    {HDCP_TX_SETTLE, HDCP_AUTH_STATUS, on_status},
    {HDCP_TX_ON, HDCP_SEND_RECEIVER_IDS, tx_on_list},
    {HDCP_TX_ON, HDCP_AUTH_STATUS, on_status},
};

/*
 * After REAUTH_REQ the receiver may already have sent what belongs to the old
 * session. A few of those are passed over; none of them can have an effect.
 */
static bool
is_stale(struct hdcp_tx *tx, enum hdcp_id id)
{
	return tx->is_restarted && tx->state == HDCP_TX_CERT &&
	       (id == HDCP_SEND_RECEIVER_IDS || id == HDCP_STREAM_READY ||
		   id == HDCP_AUTH_STATUS) &&
	       tx->stale++ < TX_MAX_STALE;
}

static void
dispatch(struct tx_step *s)
{
	for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].state == s->tx->state && table[i].id == s->m->id) {
			table[i].handle(s);
			return;
		}
	}
	if (!is_stale(s->tx, s->m->id))
		tx_fail(s->tx, HDCP_OUT_OF_ORDER);
}

static void
on_deadline(struct tx_step *s)
{
	switch (s->tx->state) {
	case HDCP_TX_INFO:
		tx_no_info(s);
		break;
	case HDCP_TX_L: /* the answer is still awaited, to be thrown away */
		tx_wait(s, HDCP_TX_L_LATE, TX_L_LATE_MS);
		break;
	case HDCP_TX_CERT:
	case HDCP_TX_RRX:
	case HDCP_TX_H:
	case HDCP_TX_PAIRING:
	case HDCP_TX_RTT:
	case HDCP_TX_L_LATE:
	case HDCP_TX_LIST:
	case HDCP_TX_STREAM:
		tx_fail(s->tx, HDCP_TOO_LATE);
		break;
	case HDCP_TX_SETTLE:
	case HDCP_TX_IDLE:
	case HDCP_TX_ON:
	case HDCP_TX_FAILED:
		break;
	}
}

/* Time first: an answer after its limit is none. */
static void
advance(struct tx_step *s)
{
	struct hdcp_tx *tx = s->tx;

	if (tx->state == HDCP_TX_SETTLE && s->now_ns >= tx->enable_ns) {
		tx->state = HDCP_TX_ON;
		tx->deadline_ns = UINT64_MAX;
	} else if (s->now_ns > tx->deadline_ns) {
		on_deadline(s);
	}
}

uint64_t
hdcp_tx_deadline(const struct hdcp_tx *tx)
{
	if (tx->state == HDCP_TX_SETTLE || tx->deadline_ns == UINT64_MAX)
		return tx->deadline_ns;
	return tx->deadline_ns + 1;
}

void
hdcp_tx_tick(struct hdcp_tx *tx, uint64_t now_ns, struct hdcp_out *out)
{
	struct tx_step s = {.tx = tx, .now_ns = now_ns, .out = out};

	out->n = 0;
	advance(&s);
}

void
hdcp_tx_take(struct hdcp_tx *tx, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_out *out)
{
	struct hdcp_message m;
	struct tx_step s = {.tx = tx, .m = &m, .now_ns = now_ns, .out = out};
	uint32_t at = 0;
	int got = 1;

	out->n = 0;
	advance(&s);
	while (got == 1 && tx->state != HDCP_TX_FAILED &&
	       tx->state != HDCP_TX_IDLE) {
		const struct hdcp_framing framing = {
		    .sender = HDCP_FROM_RECEIVER, .is_half_l = tx->is_half_l};
		uint32_t used;
		got = hdcp_inbox_take(
		    &tx->inbox, framing, bytes + at, n - at, &used, &m);
		at += used;
		if (got < 0)
			tx_fail(tx, HDCP_BAD_MESSAGE);
		else if (got == 1)
			dispatch(&s);
	}
	hdcp_wipe(&m, sizeof(m));
}

int
hdcp_tx_session(const struct hdcp_tx *tx, struct hdcp_session *out)
{
	memset(out, 0, sizeof(*out));
	if (tx->state != HDCP_TX_ON)
		return -EPROTO;
	*out = tx->s.session;
	return 0;
}
