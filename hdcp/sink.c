#include "hdcp/sink.h"

#include <errno.h>
#include <string.h>

void
sink_init(struct sink *s, const struct hdcp_rx_config *config,
    const struct hdcp_image *next, const struct hdcp_image *shown)
{
	memset(s, 0, sizeof(*s));
	hdcp_rx_init(&s->rx, config);
	s->next = *next;
	s->shown = *shown;
}

static void
blank(const struct hdcp_image *image)
{
	memset(image->pixels, 0, image->stride_bytes * image->height);
}

void
sink_finish(struct sink *s)
{
	hdcp_seal_stop(&s->seal);
	hdcp_rx_finish(&s->rx);
	blank(&s->next);
	blank(&s->shown);
	hdcp_wipe(s, sizeof(*s));
}

static struct rect
all_of(const struct sink *s)
{
	return rect_make(0, 0, s->shown.width, s->shown.height);
}

static void
end_session(struct sink *s)
{
	hdcp_seal_stop(&s->seal);
	s->is_whole = false;
	/* only if needed: with every message of a handshake it would take
	 * longer than the locality check allows */
	if (s->has_pixels) {
		blank(&s->next);
		blank(&s->shown);
	}
	s->has_pixels = false;
	damage_clear(&s->arriving);
	damage_clear(&s->changed);
	damage_add(&s->changed, all_of(s));
}

/* A picture that stops is as wrong as one that was changed. */
void
sink_disconnect(struct sink *s)
{
	if (s->is_whole) {
		s->was_wrong = true;
		s->why = -EPIPE;
	}
	end_session(s);
	hdcp_rx_start(&s->rx);
	s->n_in = s->messages.n = 0;
}

void
sink_connect(struct sink *s)
{
	sink_disconnect(s);
}

static int
wrong(struct sink *s, int why)
{
	s->was_wrong = true;
	s->why = why;
	end_session(s);
	hdcp_rx_start(&s->rx);
	s->n_in = s->messages.n = 0;
	return -EPROTO;
}

static int
on_messages(struct sink *s, uint32_t n, uint64_t now_ns)
{
	const uint32_t before = s->rx.n_sessions;
	struct hdcp_session keys;
	struct hdcp_out out;

	hdcp_rx_take(&s->rx, s->in + HDCP_RECORD_HEADER, n - HDCP_RECORD_HEADER,
	    now_ns, &out);
	if (s->rx.state == HDCP_RX_FAILED ||
	    out.n > sizeof(s->messages.bytes) - s->messages.n)
		return wrong(s, -EPROTO);
	memcpy(s->messages.bytes + s->messages.n, out.bytes, out.n);
	s->messages.n += out.n;
	if (hdcp_rx_session(&s->rx, &keys) < 0) {
		end_session(s); /* AKE_Init: the old keys are worth nothing */
		return 0;
	}
	if (s->rx.n_sessions == before)
		return 0;
	end_session(s);
	const int err =
	    hdcp_seal_start(&s->seal, &keys, s->rx.n_sessions, 0, now_ns);
	hdcp_wipe(&keys, sizeof(keys));
	return err < 0 ? wrong(s, err) : 0;
}

/* The frame is complete: what it changed, to where it is seen. */
static void
show_frame(struct sink *s)
{
	for (uint32_t i = 0; i < s->arriving.n; i++) {
		const struct rect r = s->arriving.r[i];
		const size_t at = (size_t)r.x0 * HDCP_TILE_PIXEL;
		const size_t row = (size_t)(r.x1 - r.x0) * HDCP_TILE_PIXEL;

		for (int32_t y = r.y0; y < r.y1; y++)
			memcpy(s->shown.pixels +
				   (size_t)y * s->shown.stride_bytes + at,
			    s->next.pixels +
				(size_t)y * s->next.stride_bytes + at,
			    row);
		damage_add(&s->changed, r);
	}
	damage_clear(&s->arriving);
}

static int
on_content(struct sink *s, uint32_t n, uint64_t now_ns)
{
	struct hdcp_tile tile;

	s->has_pixels = true;
	const int err =
	    hdcp_seal_take(&s->seal, s->in, n, now_ns, &s->next, &tile);

	if (err < 0)
		return wrong(s, err);
	if (tile.w > 0)
		damage_add(
		    &s->arriving, rect_make(tile.x, tile.y, tile.w, tile.h));
	if (!tile.is_last || (s->is_whole && s->arriving.n == 0))
		return 0;
	show_frame(s);
	s->is_whole = true;
	s->was_wrong = false;
	s->n_frames++;
	return 0;
}

/* As many of the bytes as are still missing to a whole record. */
static uint32_t
swallow(struct sink *s, const uint8_t *bytes, uint32_t n)
{
	const int len = hdcp_record_length(s->in, s->n_in);
	uint32_t want = len == 0 ? HDCP_RECORD_HEADER : (uint32_t)len;

	want -= s->n_in;
	n = n < want ? n : want;
	memcpy(s->in + s->n_in, bytes, n);
	s->n_in += n;
	return n;
}

int
sink_take(struct sink *s, const uint8_t *bytes, uint32_t n, uint64_t now_ns)
{
	while (n > 0) {
		const uint32_t taken = swallow(s, bytes, n);
		bytes += taken;
		n -= taken;
		const int len = hdcp_record_length(s->in, s->n_in);
		if (len < 0)
			return wrong(s, len);
		if (len == 0 || s->n_in < (uint32_t)len)
			continue;
		s->n_in = 0;
		const int err = s->in[0] == HDCP_RECORD_MESSAGES
				    ? on_messages(s, (uint32_t)len, now_ns)
				    : on_content(s, (uint32_t)len, now_ns);
		if (err < 0)
			return err;
	}
	return 0;
}

int
sink_fill(struct sink *s, uint8_t *out, uint32_t room)
{
	if (s->messages.n == 0)
		return 0;
	const int n = hdcp_record_put_messages(
	    s->messages.bytes, s->messages.n, out, room);
	s->messages.n = 0;
	return n < 0 ? -EPROTO : n;
}

enum sink_picture
sink_show(struct sink *s, uint64_t now_ns)
{
	/* silence: what is held back now must not come to life later */
	if (s->is_whole && !hdcp_seal_is_authentic(&s->seal, now_ns))
		(void)wrong(s, -ETIME);
	if (s->is_whole)
		return SINK_AUTHENTIC;
	return s->was_wrong ? SINK_NOT_AUTHENTIC : SINK_NOTHING;
}

uint64_t
sink_deadline(const struct sink *s)
{
	return s->is_whole ? hdcp_seal_deadline(&s->seal) : UINT64_MAX;
}
