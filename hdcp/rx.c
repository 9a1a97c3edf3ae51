#include "hdcp/rx.h"

#include <errno.h>
#include <string.h>

enum { RX_ACK_MS = 2000, RX_MS = 1000000 };

struct step {
	struct hdcp_rx *rx;
	const struct hdcp_message *m;
	uint64_t now_ns;
	struct hdcp_out *out;
};

static void
leave(struct hdcp_rx *rx, enum hdcp_rx_state state)
{
	hdcp_wipe(&rx->s, sizeof(rx->s));
	rx->has_session = false;
	rx->state = state;
	rx->deadline_ns = UINT64_MAX;
}

static void
send(struct step *s, const struct hdcp_message *m)
{
	if (hdcp_out_put(s->out, m) < 0)
		leave(s->rx, HDCP_RX_FAILED);
}

static bool
failed(struct hdcp_rx *rx, int err)
{
	if (err < 0)
		leave(rx, HDCP_RX_FAILED);
	return err < 0;
}

static int
fill(struct hdcp_rx *rx, uint8_t *out, size_t n)
{
	return rx->config.random.fill(rx->config.random.arg, out, n);
}

static bool
is_half_l(const struct hdcp_rx *rx)
{
	return rx->config.has_precompute &&
	       (rx->peer.mask & HDCP_PRECOMPUTE) != 0;
}

static void
on_init(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message m = {.id = HDCP_AKE_SEND_CERT};

	leave(rx, HDCP_RX_INFO);
	rx->seq_num_v = 0;
	memcpy(rx->s.ake.rtx, s->m->nonce, HDCP_NONCE);
	m.cert.repeater = rx->config.is_repeater;
	memcpy(m.cert.cert, rx->config.cert, HDCP_CERT_BYTES);
	if (!failed(rx, fill(rx, rx->s.ake.rrx, HDCP_NONCE)))
		send(s, &m);
}

static void
on_info(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message m = {.id = HDCP_AKE_RECEIVER_INFO};

	rx->peer = s->m->info;
	if (rx->peer.version < HDCP_VERSION_2_2) {
		leave(rx, HDCP_RX_FAILED);
		return;
	}
	m.info.version = HDCP_VERSION_2_2;
	m.info.mask = rx->config.has_precompute ? HDCP_PRECOMPUTE : 0;
	rx->state = HDCP_RX_KM;
	send(s, &m);
}

/* km is known: rrx, then the proof that we know it too. */
static void
answer_km(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message rrx = {.id = HDCP_AKE_SEND_RRX};
	struct hdcp_message h = {.id = HDCP_AKE_SEND_H_PRIME};
	const struct hdcp_both_versions both = {
	    .tx = rx->peer,
	    .rx = {HDCP_VERSION_2_2,
		rx->config.has_precompute ? HDCP_PRECOMPUTE : 0},
	};

	memcpy(rrx.nonce, rx->s.ake.rrx, HDCP_NONCE);
	int err = hdcp_derive_kd(&rx->s.ake, rx->s.kd);
	if (err == 0)
		err = hdcp_derive_h(rx->s.kd, rx->s.ake.rtx,
		    rx->config.is_repeater, &both, h.hash);
	if (failed(rx, err))
		return;
	rx->state = HDCP_RX_LC;
	send(s, &rrx);
	send(s, &h);
}

static void
on_no_stored_km(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message m = {.id = HDCP_AKE_SEND_PAIRING_INFO};
	uint8_t block[HDCP_BLOCK];

	int err =
	    hdcp_private_open(rx->config.private, s->m->ekpub, rx->s.ake.km);
	if (err == 0) {
		hdcp_pairing_m(&rx->s.ake, block);
		err = hdcp_mask_km(rx->config.kh, block, rx->s.ake.km, m.ekh);
	}
	if (failed(rx, err))
		return;
	answer_km(s);
	if (rx->state != HDCP_RX_FAILED)
		send(s, &m);
}

static void
on_stored_km(struct step *s)
{
	struct hdcp_rx *rx = s->rx;

	if (!failed(rx, hdcp_mask_km(rx->config.kh, s->m->stored.m,
			    s->m->stored.ekh, rx->s.ake.km)))
		answer_km(s);
}

static void
send_l(struct step *s)
{
	struct hdcp_message m = {.id = HDCP_LC_SEND_L_PRIME};

	m.l.is_half = is_half_l(s->rx);
	memcpy(m.l.bytes, s->rx->s.l, m.l.is_half ? HDCP_HALF : HDCP_HASH);
	s->rx->state = HDCP_RX_SKE;
	send(s, &m);
	hdcp_wipe(&m, sizeof(m));
}

static void
on_lc_init(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message ready = {.id = HDCP_RTT_READY};

	memcpy(rx->s.rn, s->m->nonce, HDCP_NONCE);
	if (failed(
		rx, hdcp_derive_l(rx->s.kd, rx->s.ake.rrx, rx->s.rn, rx->s.l)))
		return;
	if (!is_half_l(rx)) {
		send_l(s);
		return;
	}
	rx->state = HDCP_RX_CHALLENGE;
	send(s, &ready);
}

/* A wrong challenge is answered by nothing: who asks does not know km. */
static void
on_challenge(struct step *s)
{
	if (hdcp_equal(s->rx->s.l + HDCP_HALF, s->m->half, HDCP_HALF))
		send_l(s);
	else
		leave(s->rx, HDCP_RX_FAILED);
}

static void
send_list(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	struct hdcp_message m = {
	    .id = HDCP_SEND_RECEIVER_IDS, .topology = rx->config.behind};

	m.topology.seq_num_v = rx->seq_num_v++;
	if (failed(rx, hdcp_derive_v(rx->s.kd, &m.topology, rx->s.v)))
		return;
	memcpy(m.topology.v, rx->s.v, HDCP_HALF);
	rx->state = HDCP_RX_ACK;
	rx->deadline_ns = s->now_ns + (uint64_t)RX_ACK_MS * RX_MS;
	send(s, &m);
}

static void
on_eks(struct step *s)
{
	struct hdcp_rx *rx = s->rx;
	uint8_t ks[HDCP_BLOCK];
	const struct hdcp_session_parts parts = {.kd = rx->s.kd,
	    .ks = ks,
	    .riv = s->m->eks.riv,
	    .lc128 = rx->config.lc128,
	    .source_key = rx->config.source_key};

	int err = hdcp_mask_ks(&rx->s.ake, rx->s.rn, s->m->eks.edkey, ks);
	if (err == 0)
		err = hdcp_session_make(&parts, &rx->s.session);
	hdcp_wipe(ks, sizeof(ks));
	if (failed(rx, err))
		return;
	rx->has_session = true;
	rx->n_sessions++;
	rx->state = HDCP_RX_ON;
	if (rx->config.is_repeater)
		send_list(s);
}

static void
ask_reauth(struct hdcp_rx *rx, struct hdcp_out *out)
{
	const struct hdcp_message m = {
	    .id = HDCP_AUTH_STATUS, .reauth_req = true};

	leave(rx, HDCP_RX_IDLE);
	if (hdcp_out_put(out, &m) < 0)
		leave(rx, HDCP_RX_FAILED);
}

static void
on_ack(struct step *s)
{
	const struct hdcp_message status = {.id = HDCP_AUTH_STATUS};
	struct hdcp_rx *rx = s->rx;

	if (!hdcp_equal(rx->s.v + HDCP_HALF, s->m->half, HDCP_HALF)) {
		ask_reauth(rx, s->out);
		return;
	}
	rx->state = HDCP_RX_ON;
	rx->deadline_ns = UINT64_MAX;
	send(s, &status);
}

static void
on_streams(struct step *s)
{
	struct hdcp_message m = {.id = HDCP_STREAM_READY};

	s->rx->streams = s->m->streams;
	if (!failed(
		s->rx, hdcp_derive_m_iia(s->rx->s.kd, &s->m->streams, m.hash)))
		send(s, &m);
}

/* What may come when; AKE_Init always. */
static const struct {
	enum hdcp_rx_state state;
	enum hdcp_id id;
	void (*handle)(struct step *s);
} table[] = {
    {HDCP_RX_INFO, HDCP_AKE_TRANSMITTER_INFO, on_info},
    {HDCP_RX_KM, HDCP_AKE_NO_STORED_KM, on_no_stored_km},
    {HDCP_RX_KM, HDCP_AKE_STORED_KM, on_stored_km},
    {HDCP_RX_LC, HDCP_LC_INIT, on_lc_init},
    {HDCP_RX_CHALLENGE, HDCP_RTT_CHALLENGE, on_challenge},
    {HDCP_RX_SKE, HDCP_LC_INIT, on_lc_init},
    {HDCP_RX_SKE, HDCP_SKE_SEND_EKS, on_eks},
    {HDCP_RX_ACK, HDCP_SEND_ACK, on_ack},
    {HDCP_RX_ON, HDCP_STREAM_MANAGE, on_streams},
};

static void
dispatch(struct step *s)
{
	const struct hdcp_rx *rx = s->rx;

	if (s->m->id == HDCP_AKE_INIT) {
		on_init(s);
		return;
	}
	for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].state == rx->state && table[i].id == s->m->id &&
		    (s->m->id != HDCP_STREAM_MANAGE ||
			rx->config.is_repeater)) {
			table[i].handle(s);
			return;
		}
	}
	leave(s->rx, HDCP_RX_FAILED);
}

void
hdcp_rx_init(struct hdcp_rx *rx, const struct hdcp_rx_config *config)
{
	memset(rx, 0, sizeof(*rx));
	rx->config = *config;
	leave(rx, HDCP_RX_IDLE);
}

void
hdcp_rx_finish(struct hdcp_rx *rx)
{
	hdcp_wipe(rx, sizeof(*rx));
}

void
hdcp_rx_start(struct hdcp_rx *rx)
{
	hdcp_wipe(&rx->inbox, sizeof(rx->inbox));
	leave(rx, HDCP_RX_IDLE);
}

uint64_t
hdcp_rx_deadline(const struct hdcp_rx *rx)
{
	return rx->deadline_ns == UINT64_MAX ? UINT64_MAX : rx->deadline_ns + 1;
}

static void
advance(struct hdcp_rx *rx, uint64_t now_ns, struct hdcp_out *out)
{
	if (now_ns > rx->deadline_ns)
		ask_reauth(rx, out);
}

void
hdcp_rx_tick(struct hdcp_rx *rx, uint64_t now_ns, struct hdcp_out *out)
{
	out->n = 0;
	advance(rx, now_ns, out);
}

void
hdcp_rx_take(struct hdcp_rx *rx, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_out *out)
{
	const struct hdcp_framing framing = {.sender = HDCP_FROM_TRANSMITTER};
	struct hdcp_message m;
	struct step s = {.rx = rx, .m = &m, .now_ns = now_ns, .out = out};
	uint32_t at = 0;
	int got = 1;

	out->n = 0;
	advance(rx, now_ns, out);
	while (got == 1 && rx->state != HDCP_RX_FAILED) {
		uint32_t used;
		got = hdcp_inbox_take(
		    &rx->inbox, framing, bytes + at, n - at, &used, &m);
		at += used;
		if (got < 0)
			leave(rx, HDCP_RX_FAILED);
		else if (got == 1)
			dispatch(&s);
	}
	hdcp_wipe(&m, sizeof(m));
}

int
hdcp_rx_set_behind(struct hdcp_rx *rx, const struct hdcp_topology *behind,
    uint64_t now_ns, struct hdcp_out *out)
{
	struct step s = {.rx = rx, .now_ns = now_ns, .out = out};

	out->n = 0;
	if (behind->n > HDCP_MAX_DEVICES)
		return -ERANGE;
	if (!rx->config.is_repeater || !rx->has_session)
		return -EPROTO;
	rx->config.behind = *behind;
	send_list(&s);
	return 0;
}

int
hdcp_rx_reauth(struct hdcp_rx *rx, struct hdcp_out *out)
{
	out->n = 0;
	if (!rx->has_session)
		return -EPROTO;
	ask_reauth(rx, out);
	return 0;
}

int
hdcp_rx_session(const struct hdcp_rx *rx, struct hdcp_session *out)
{
	memset(out, 0, sizeof(*out));
	if (!rx->has_session)
		return -EPROTO;
	*out = rx->s.session;
	return 0;
}
