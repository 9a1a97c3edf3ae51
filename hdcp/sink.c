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

static void
end_session(struct sink *s)
{
	hdcp_seal_stop(&s->seal);
	s->is_whole = false;
	blank(&s->next);
	blank(&s->shown);
}

/* A picture that stops is as wrong as one that was changed. */
void
sink_disconnect(struct sink *s)
{
	if (s->is_whole)
		s->was_wrong = true;
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
wrong(struct sink *s)
{
	s->was_wrong = true;
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
		return wrong(s);
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
	return err < 0 ? wrong(s) : 0;
}

static int
on_content(struct sink *s, uint32_t n, uint64_t now_ns)
{
	struct hdcp_tile tile;

	if (hdcp_seal_take(&s->seal, s->in, n, now_ns, &s->next, &tile) < 0)
		return wrong(s);
	if (!tile.is_last || (s->is_whole && tile.w == 0))
		return 0;
	memcpy(s->shown.pixels, s->next.pixels,
	    s->next.stride_bytes * s->next.height);
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
			return wrong(s);
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
		(void)wrong(s);
	if (s->is_whole)
		return SINK_AUTHENTIC;
	return s->was_wrong ? SINK_NOT_AUTHENTIC : SINK_NOTHING;
}
