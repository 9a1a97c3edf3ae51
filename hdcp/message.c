#include "hdcp/message.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

enum {
	LIST_FIXED = 25,  /* before the receiver ids */
	STREAM_FIXED = 5, /* before the streams */
	STREAM_BYTES = 7,
	INFO_BYTES = 6, /* LENGTH counts the id */
	STATUS_BYTES = 4,
};

/*
 * Messages whose body is a fixed number of bytes without further structure.
 * 0: the length depends on what is in it.
 */
struct shape {
	enum hdcp_sender sender;
	bool exists, is_plain;
	uint16_t body;
};

#define T(size)                                                                \
	{                                                                      \
		HDCP_FROM_TRANSMITTER, true, true, (size)                      \
	}
#define R(size)                                                                \
	{                                                                      \
		HDCP_FROM_RECEIVER, true, true, (size)                         \
	}
#define T_PARTS(size)                                                          \
	{                                                                      \
		HDCP_FROM_TRANSMITTER, true, false, (size)                     \
	}
#define R_PARTS(size)                                                          \
	{                                                                      \
		HDCP_FROM_RECEIVER, true, false, (size)                        \
	}

static const struct shape shapes[] = {
    [HDCP_AKE_INIT] = T(HDCP_NONCE),
    [HDCP_AKE_SEND_CERT] = R(1 + HDCP_CERT_BYTES),
    [HDCP_AKE_NO_STORED_KM] = T(HDCP_RX_MODULUS),
    [HDCP_AKE_STORED_KM] = T(2 * HDCP_BLOCK),
    [HDCP_AKE_SEND_RRX] = R(HDCP_NONCE),
    [HDCP_AKE_SEND_H_PRIME] = R(HDCP_HASH),
    [HDCP_AKE_SEND_PAIRING_INFO] = R(HDCP_BLOCK),
    [HDCP_LC_INIT] = T(HDCP_NONCE),
    [HDCP_LC_SEND_L_PRIME] = R_PARTS(0),
    [HDCP_SKE_SEND_EKS] = T(HDCP_BLOCK + HDCP_NONCE),
    [HDCP_SEND_RECEIVER_IDS] = R_PARTS(0),
    [HDCP_RTT_READY] = R(0),
    [HDCP_RTT_CHALLENGE] = T(HDCP_HALF),
    [HDCP_SEND_ACK] = T(HDCP_HALF),
    [HDCP_STREAM_MANAGE] = T_PARTS(0),
    [HDCP_STREAM_READY] = R(HDCP_HASH),
    [HDCP_AUTH_STATUS] = R_PARTS(STATUS_BYTES - 1),
    [HDCP_AKE_TRANSMITTER_INFO] = T_PARTS(INFO_BYTES - 1),
    [HDCP_AKE_RECEIVER_INFO] = R_PARTS(INFO_BYTES - 1),
};

_Static_assert(sizeof(struct hdcp_body_cert) == 1 + HDCP_CERT_BYTES &&
		   sizeof(struct hdcp_body_stored) == 2 * HDCP_BLOCK &&
		   sizeof(struct hdcp_body_eks) == HDCP_BLOCK + HDCP_NONCE,
    "a plain body is copied as it lies");

static const struct shape *
shape_of(uint32_t id)
{
	if (id >= sizeof(shapes) / sizeof(shapes[0]) || !shapes[id].exists)
		return NULL;
	return &shapes[id];
}

static int
list_length(const uint8_t *bytes, uint32_t n)
{
	const uint32_t at_count = 3; /* id, MAX_DEVS, MAX_CASCADE */

	if (n <= at_count)
		return 0;
	if (bytes[at_count] > HDCP_MAX_DEVICES)
		return -ERANGE;
	return 1 + LIST_FIXED + HDCP_ID_BYTES * bytes[at_count];
}

static int
streams_length(const uint8_t *bytes, uint32_t n)
{
	const uint32_t at_k = 4; /* id, seq_num_M */

	if (n < at_k + 2)
		return 0;
	const int k = bytes[at_k] << 8 | bytes[at_k + 1];
	if (k > HDCP_MAX_STREAMS)
		return -ERANGE;
	return 1 + STREAM_FIXED + STREAM_BYTES * k;
}

int
hdcp_message_length(
    struct hdcp_framing framing, const uint8_t *bytes, uint32_t n)
{
	if (n == 0)
		return 0;
	const struct shape *shape = shape_of(bytes[0]);
	if (!shape || shape->sender != framing.sender)
		return -EBADMSG;

	switch (bytes[0]) {
	case HDCP_LC_SEND_L_PRIME:
		return 1 + (framing.is_half_l ? HDCP_HALF : HDCP_HASH);
	case HDCP_SEND_RECEIVER_IDS:
		return list_length(bytes, n);
	case HDCP_STREAM_MANAGE:
		return streams_length(bytes, n);
	}
	return 1 + shape->body;
}

static bool
rd_bool(struct rd *rd)
{
	const uint8_t value = rd_u8(rd);

	if (value > 1)
		rd->failed = 1;
	return value == 1;
}

static void
rd_topology(struct rd *rd, struct hdcp_topology *t)
{
	t->max_devices_exceeded = rd_bool(rd);
	t->max_cascade_exceeded = rd_bool(rd);
	t->n = rd_u8(rd);
	t->depth = rd_u8(rd);
	t->has_hdcp20_repeater = rd_bool(rd);
	t->has_hdcp1_device = rd_bool(rd);
	t->seq_num_v = rd_big(rd, 3);
	rd_bytes(rd, t->v, HDCP_HALF);
	for (uint32_t i = 0; i < t->n && i < HDCP_MAX_DEVICES; i++)
		rd_bytes(rd, t->ids[i], HDCP_ID_BYTES);
}

static void
rd_streams(struct rd *rd, struct hdcp_streams *s)
{
	s->seq_num_m = rd_big(rd, 3);
	s->n = (uint16_t)rd_big(rd, 2);
	for (uint32_t i = 0; i < s->n && i < HDCP_MAX_STREAMS; i++) {
		s->at[i].ctr = rd_big(rd, 4);
		s->at[i].id = (uint16_t)rd_big(rd, 2);
		s->at[i].type = rd_u8(rd);
	}
}

/* LENGTH is redundant, so it must agree. */
static void
rd_length(struct rd *rd)
{
	if (rd_big(rd, 2) != rd->len)
		rd->failed = 1;
}

static void
rd_parts(struct rd *rd, struct hdcp_framing framing, struct hdcp_message *m)
{
	switch ((int)m->id) {
	case HDCP_LC_SEND_L_PRIME:
		m->l.is_half = framing.is_half_l;
		rd_bytes(rd, m->l.bytes, m->l.is_half ? HDCP_HALF : HDCP_HASH);
		break;
	case HDCP_SEND_RECEIVER_IDS:
		rd_topology(rd, &m->topology);
		break;
	case HDCP_STREAM_MANAGE:
		rd_streams(rd, &m->streams);
		break;
	case HDCP_AUTH_STATUS:
		rd_length(rd);
		m->reauth_req = rd_bool(rd);
		break;
	case HDCP_AKE_TRANSMITTER_INFO:
	case HDCP_AKE_RECEIVER_INFO:
		rd_length(rd);
		m->info.version = rd_u8(rd);
		m->info.mask = (uint16_t)rd_big(rd, 2);
		break;
	}
}

int
hdcp_decode(struct hdcp_framing framing, const uint8_t *bytes, uint32_t n,
    struct hdcp_message *out)
{
	memset(out, 0, sizeof(*out));
	const int len = hdcp_message_length(framing, bytes, n);
	if (len < 0)
		return len;
	const struct shape *shape = len > 0 ? shape_of(bytes[0]) : NULL;
	if (!shape || (uint32_t)len != n)
		return -EBADMSG;

	struct rd rd;
	rd_init(&rd, bytes, n);
	out->id = (enum hdcp_id)rd_u8(&rd);
	if (shape->is_plain)
		rd_bytes(&rd, (uint8_t *)&out->cert, shape->body);
	else
		rd_parts(&rd, framing, out);
	if (out->id == HDCP_AKE_SEND_CERT && out->cert.repeater > 1)
		rd.failed = 1;

	const int err = rd_end(&rd);
	if (err < 0)
		memset(out, 0, sizeof(*out));
	return err;
}

static void
wr_topology(struct wr *wr, const struct hdcp_topology *t)
{
	wr_u8(wr, t->max_devices_exceeded);
	wr_u8(wr, t->max_cascade_exceeded);
	wr_u8(wr, t->n);
	wr_u8(wr, t->depth);
	wr_u8(wr, t->has_hdcp20_repeater);
	wr_u8(wr, t->has_hdcp1_device);
	wr_big(wr, t->seq_num_v, 3);
	wr_bytes(wr, t->v, HDCP_HALF);
	for (uint32_t i = 0; i < t->n && i < HDCP_MAX_DEVICES; i++)
		wr_bytes(wr, t->ids[i], HDCP_ID_BYTES);
}

static void
wr_parts(struct wr *wr, const struct hdcp_message *m)
{
	switch ((int)m->id) {
	case HDCP_LC_SEND_L_PRIME:
		wr_bytes(wr, m->l.bytes, m->l.is_half ? HDCP_HALF : HDCP_HASH);
		break;
	case HDCP_SEND_RECEIVER_IDS:
		wr_topology(wr, &m->topology);
		break;
	case HDCP_STREAM_MANAGE:
		wr_big(wr, m->streams.seq_num_m, 3);
		wr_big(wr, m->streams.n, 2);
		for (uint32_t i = 0; i < m->streams.n; i++) {
			wr_big(wr, m->streams.at[i].ctr, 4);
			wr_big(wr, m->streams.at[i].id, 2);
			wr_u8(wr, m->streams.at[i].type);
		}
		break;
	case HDCP_AUTH_STATUS:
		wr_big(wr, STATUS_BYTES, 2);
		wr_u8(wr, m->reauth_req);
		break;
	case HDCP_AKE_TRANSMITTER_INFO:
	case HDCP_AKE_RECEIVER_INFO:
		wr_big(wr, INFO_BYTES, 2);
		wr_u8(wr, m->info.version);
		wr_big(wr, m->info.mask, 2);
		break;
	}
}

int
hdcp_encode(const struct hdcp_message *m, uint8_t *out, uint32_t n)
{
	const struct shape *shape = shape_of(m->id);
	struct wr wr;

	wr_init(&wr, out, n);
	wr_u8(&wr, (uint8_t)m->id);
	if (!shape ||
	    (m->id == HDCP_STREAM_MANAGE && m->streams.n > HDCP_MAX_STREAMS) ||
	    (m->id == HDCP_SEND_RECEIVER_IDS &&
		m->topology.n > HDCP_MAX_DEVICES))
		wr.failed = 1;
	else if (shape->is_plain)
		wr_bytes(&wr, (const uint8_t *)&m->cert, shape->body);
	else
		wr_parts(&wr, m);
	return wr_end(&wr);
}

/* IDs || DEPTH || DEVICE_COUNT || MAX_DEVS || MAX_CASCADE || ... || seq_num_V
 */
void
hdcp_put_topology(struct wr *wr, const struct hdcp_topology *t)
{
	for (uint32_t i = 0; i < t->n && i < HDCP_MAX_DEVICES; i++)
		wr_bytes(wr, t->ids[i], HDCP_ID_BYTES);
	wr_u8(wr, t->depth);
	wr_u8(wr, t->n);
	wr_u8(wr, t->max_devices_exceeded);
	wr_u8(wr, t->max_cascade_exceeded);
	wr_u8(wr, t->has_hdcp20_repeater);
	wr_u8(wr, t->has_hdcp1_device);
	wr_big(wr, t->seq_num_v, 3);
}

/* StreamID_Type list || seq_num_M */
void
hdcp_put_streams(struct wr *wr, const struct hdcp_streams *s)
{
	for (uint32_t i = 0; i < s->n && i < HDCP_MAX_STREAMS; i++) {
		wr_big(wr, s->at[i].ctr, 4);
		wr_big(wr, s->at[i].id, 2);
		wr_u8(wr, s->at[i].type);
	}
	wr_big(wr, s->seq_num_m, 3);
}

int
hdcp_inbox_take(struct hdcp_inbox *inbox, struct hdcp_framing framing,
    const uint8_t *bytes, uint32_t n, uint32_t *used, struct hdcp_message *out)
{
	int len = hdcp_message_length(framing, inbox->bytes, inbox->n);

	*used = 0;
	while (len == 0 || (len > 0 && inbox->n < (uint32_t)len)) {
		if (*used == n)
			return 0;
		inbox->bytes[inbox->n++] = bytes[(*used)++];
		if (len == 0)
			len = hdcp_message_length(
			    framing, inbox->bytes, inbox->n);
	}
	if (len < 0)
		return len;

	inbox->n = 0;
	const int err = hdcp_decode(framing, inbox->bytes, (uint32_t)len, out);
	return err < 0 ? err : 1;
}
