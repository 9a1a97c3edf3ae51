#include "hdcp/source.h"

#include <errno.h>
#include <string.h>

enum { MS = 1000000 };

void
source_init(struct source *s, const struct hdcp_tx_config *config,
    const struct hdcp_image *frame)
{
	memset(s, 0, sizeof(*s));
	hdcp_tx_init(&s->tx, config);
	s->frame = *frame;
}

void
source_finish(struct source *s)
{
	hdcp_seal_stop(&s->seal);
	hdcp_tx_finish(&s->tx);
	hdcp_wipe(s, sizeof(*s));
}

void
source_disconnect(struct source *s)
{
	hdcp_seal_stop(&s->seal);
	hdcp_tx_stop(&s->tx);
	damage_clear(&s->left);
	s->messages.n = s->n_in = 0;
}

/*
 * The transmitter moved: content only under the key that it has now, and with
 * a new key the sink has no picture yet.
 */
static int
follow(struct source *s, uint64_t now_ns)
{
	struct hdcp_session keys;

	if (s->tx.state == HDCP_TX_FAILED) {
		source_disconnect(s);
		return -EPROTO;
	}
	if (hdcp_tx_session(&s->tx, &keys) < 0) {
		hdcp_seal_stop(&s->seal);
		damage_clear(&s->left);
		return 0;
	}
	int err = hdcp_seal_start(&s->seal, &keys, s->tx.n_sessions, 0, now_ns);
	hdcp_wipe(&keys, sizeof(keys));
	if (err == -EALREADY)
		return s->seal.once ? 0 : -EPROTO;
	if (err < 0)
		return -EPROTO;
	s->beat_ns = now_ns;
	damage_clear(&s->left);
	s->is_new = true;
	return 0;
}

/* What the transmitter says waits its turn; there is room for all of it. */
static int
queue(struct source *s, const struct hdcp_out *out)
{
	if (out->n > sizeof(s->messages.bytes) - s->messages.n)
		return -EPROTO;
	memcpy(s->messages.bytes + s->messages.n, out->bytes, out->n);
	s->messages.n += out->n;
	return 0;
}

void
source_connect(struct source *s, uint64_t now_ns)
{
	source_disconnect(s);
	hdcp_tx_start(&s->tx, now_ns, &s->messages);
}

/* One whole record lies in s->in. */
static int
on_record(struct source *s, uint32_t n, uint64_t now_ns)
{
	struct hdcp_out out;

	if (s->in[0] != HDCP_RECORD_MESSAGES) {
		source_disconnect(s); /* a sink sends no content */
		return -EPROTO;
	}
	hdcp_tx_take(&s->tx, s->in + HDCP_RECORD_HEADER, n - HDCP_RECORD_HEADER,
	    now_ns, &out);
	const int err = queue(s, &out);
	return err < 0 ? err : follow(s, now_ns);
}

int
source_take(struct source *s, const uint8_t *bytes, uint32_t n, uint64_t now_ns)
{
	for (uint32_t at = 0; at < n; at++) {
		s->in[s->n_in++] = bytes[at];
		const int len = hdcp_record_length(s->in, s->n_in);
		if (len < 0 || len > SOURCE_IN_BYTES) {
			source_disconnect(s);
			return -EPROTO;
		}
		if (len == 0 || s->n_in < (uint32_t)len)
			continue;
		s->n_in = 0;
		const int err = on_record(s, (uint32_t)len, now_ns);
		if (err < 0)
			return err;
	}
	return 0;
}

int
source_tick(struct source *s, uint64_t now_ns)
{
	struct hdcp_out out;

	hdcp_tx_tick(&s->tx, now_ns, &out);
	const int err = queue(s, &out);
	return err < 0 ? err : follow(s, now_ns);
}

static uint64_t
next_beat(const struct source *s)
{
	return s->beat_ns + (uint64_t)HDCP_SEAL_BEAT_MS * MS;
}

uint64_t
source_deadline(const struct source *s)
{
	const uint64_t tx = hdcp_tx_deadline(&s->tx);

	if (!source_is_on(s))
		return tx;
	return next_beat(s) < tx ? next_beat(s) : tx;
}

void
source_show(struct source *s, const struct hdcp_image *frame)
{
	s->frame = *frame;
	damage_clear(&s->left);
	s->is_new = true;
}

bool
source_is_on(const struct source *s)
{
	return s->tx.state == HDCP_TX_ON && s->seal.once;
}

bool
source_is_busy(const struct source *s)
{
	return s->left.n > 0;
}

int
source_frame(struct source *s, const struct damage *changed)
{
	const struct rect all =
	    rect_make(0, 0, s->frame.width, s->frame.height);

	if (!source_is_on(s) || source_is_busy(s))
		return -EAGAIN;
	if (s->is_new)
		damage_add(&s->left, all);
	s->is_new = false;
	for (uint32_t i = 0; i < changed->n; i++) {
		const struct rect r = rect_intersect(changed->r[i], all);
		if (!rect_is_empty(r))
			damage_add(&s->left, r);
	}
	return 0;
}

/* As many rows as fit into a record, off the last rectangle. */
static struct hdcp_tile
next_tile(struct source *s)
{
	struct hdcp_tile tile = {.frame = s->number,
	    .width = s->frame.width,
	    .height = s->frame.height};

	if (s->left.n > 0) {
		struct rect *r = &s->left.r[s->left.n - 1];
		tile.x = (uint16_t)r->x0;
		tile.y = (uint16_t)r->y0;
		tile.w = (uint16_t)(r->x1 - r->x0);
		const int32_t rows = hdcp_tile_rows(tile.w);
		tile.h = (uint16_t)min_i32(r->y1 - r->y0, rows);
		r->y0 += tile.h;
		if (r->y0 == r->y1)
			s->left.n--;
	}
	tile.is_last = s->left.n == 0 && tile.w > 0; /* no heartbeat */
	return tile;
}

int
source_fill(struct source *s, uint64_t now_ns, uint8_t *out, uint32_t room)
{
	if (s->messages.n > 0) {
		const int n = hdcp_record_put_messages(
		    s->messages.bytes, s->messages.n, out, room);
		s->messages.n = 0;
		return n < 0 ? -EPROTO : n;
	}
	if (!source_is_on(s) || (!source_is_busy(s) && now_ns < next_beat(s)))
		return 0;

	const struct hdcp_tile tile = next_tile(s);
	const int n =
	    hdcp_seal_put(&s->seal, &tile, &s->frame, now_ns, out, room);
	s->beat_ns = now_ns;
	s->number += tile.is_last;
	return n < 0 ? -EPROTO : n;
}
