#include "tests/hdcp/rig.h"

#include "tests/hdcp/vectors.h"

void
rig_init(struct rig *r, int receiver)
{
	uint8_t both[HDCP_DCP_MODULUS + 1], parts[5 * HDCP_PRIME];

	memset(r, 0, sizeof(*r));
	r->now_ns = 1000 * (uint64_t)RIG_MS;
	HEX(AUTHORITY, both);
	memcpy(r->authority.n, both, HDCP_DCP_MODULUS);
	r->authority.e = both[HDCP_DCP_MODULUS];
	HEX("93ce5a56a0a1f4f73c658a1bd2aef0f7", r->lc128);
	HEX(receiver == RIG_R1 ? CERT_22_R1 : CERT_22_R2, r->cert);
	HEX(receiver == RIG_R1 ? PRIVATE_22_R1 : PRIVATE_22_R2, parts);
	assert_int_equal(hdcp_private_create(parts, &r->private), 0);
	assert_int_equal(hdcp_derive_kh(parts, r->kh), 0);
	r->srm.version = 1;
	r->tx_config = (struct hdcp_tx_config){
	    .authority = &r->authority,
	    .srm = &r->srm,
	    .lc128 = r->lc128,
	    .pairings = &r->pairings,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .streams = {.n = 1, .at = {{.ctr = 0, .id = 7, .type = 0}}},
	};
	r->rx_config = (struct hdcp_rx_config){
	    .cert = r->cert,
	    .private = r->private,
	    .kh = r->kh,
	    .lc128 = r->lc128,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .is_repeater = receiver == RIG_R1,
	};
}

void
rig_finish(struct rig *r)
{
	hdcp_tx_finish(&r->tx);
	hdcp_rx_finish(&r->rx);
	hdcp_private_destroy(r->private);
}

void
rig_connect(struct rig *r)
{
	if (!r->tx.config.authority)
		hdcp_tx_init(&r->tx, &r->tx_config);
	if (!r->rx.config.cert)
		hdcp_rx_init(&r->rx, &r->rx_config);
	r->to_tx.n = 0;
	hdcp_rx_start(&r->rx);
	hdcp_tx_start(&r->tx, r->now_ns, &r->to_rx);
}

bool
rig_carry(struct rig *r)
{
	const struct hdcp_out down = r->to_rx, up = r->to_tx;
	struct hdcp_out out;

	r->to_rx.n = r->to_tx.n = 0;
	if (down.n > 0) {
		hdcp_rx_take(&r->rx, down.bytes, down.n, r->now_ns, &out);
		memcpy(r->to_tx.bytes, out.bytes, out.n);
		r->to_tx.n = out.n;
	}
	if (up.n > 0) {
		hdcp_tx_take(&r->tx, up.bytes, up.n, r->now_ns, &out);
		memcpy(r->to_rx.bytes, out.bytes, out.n);
		r->to_rx.n = out.n;
	}
	return down.n + up.n > 0;
}

void
rig_settle(struct rig *r)
{
	int steps = 0;

	while (rig_carry(r))
		assert_true(++steps < 5000);
}

static void
move(struct rig *r)
{
	struct hdcp_out out;

	hdcp_tx_tick(&r->tx, r->now_ns, &out);
	memcpy(r->to_rx.bytes + r->to_rx.n, out.bytes, out.n);
	r->to_rx.n += out.n;
	hdcp_rx_tick(&r->rx, r->now_ns, &out);
	memcpy(r->to_tx.bytes + r->to_tx.n, out.bytes, out.n);
	r->to_tx.n += out.n;
}

void
rig_pass(struct rig *r, uint64_t ms)
{
	const uint64_t end = r->now_ns + ms * RIG_MS;

	for (;;) {
		const uint64_t tx = hdcp_tx_deadline(&r->tx);
		const uint64_t rx = hdcp_rx_deadline(&r->rx);
		const uint64_t next = tx < rx ? tx : rx;
		if (next > end)
			break;
		r->now_ns = next;
		move(r);
	}
	r->now_ns = end;
	move(r);
}

void
rig_go(struct rig *r)
{
	rig_connect(r);
	rig_settle(r);
	rig_pass(r, 200);
}

void
rig_say(struct rig *r, const struct hdcp_message *m)
{
	uint8_t bytes[HDCP_MAX_MESSAGE];
	const int n = hdcp_encode(m, bytes, sizeof(bytes));

	assert_true(n > 0);
	hdcp_tx_take(&r->tx, bytes, (uint32_t)n, r->now_ns, &r->to_rx);
}
