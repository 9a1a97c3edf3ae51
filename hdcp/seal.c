#include "hdcp/seal.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

enum { MS = 1000000 };

int
hdcp_record_length(const uint8_t *bytes, uint32_t n)
{
	if (n < HDCP_RECORD_HEADER)
		return 0;
	const uint32_t left =
	    (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	const uint32_t total = HDCP_RECORD_HEADER + left;
	switch (bytes[0]) {
	case HDCP_RECORD_MESSAGES:
		return left == 0 || left > sizeof(((struct hdcp_out *)0)->bytes)
			   ? -EBADMSG
			   : (int)total;
	case HDCP_RECORD_CONTENT:
		return total < HDCP_SEAL_EXTRA + HDCP_PES_HEADER ||
			       total > HDCP_RECORD_MAX
			   ? -EBADMSG
			   : (int)total;
	}
	return -EBADMSG;
}

int
hdcp_record_put_messages(
    const uint8_t *messages, uint32_t n, uint8_t *out, uint32_t room)
{
	struct wr wr;

	wr_init(&wr, out, room);
	wr_u8(&wr, HDCP_RECORD_MESSAGES);
	wr_big(&wr, n, 3);
	wr_bytes(&wr, messages, n);
	return wr_end(&wr);
}

int
hdcp_seal_start(struct hdcp_seal *s, const struct hdcp_session *keys,
    uint32_t session, uint32_t stream_ctr, uint64_t now_ns)
{
	int err = hdcp_content_start(&s->content, keys, session, stream_ctr);

	if (err < 0)
		return err; /* the key that is in use stays in use */
	hdcp_ctr_destroy(s->once);
	s->once = NULL;
	err = hdcp_ctr_create(keys->mac_key, &s->once);
	if (err == 0 && !s->mac)
		err = hdcp_mac_create(&s->mac);
	if (err < 0) {
		hdcp_seal_stop(s);
		return err;
	}
	s->number = 0;
	s->start_ns = s->last_ns = now_ns;
	s->is_broken = s->has_offset = false;
	return 0;
}

void
hdcp_seal_stop(struct hdcp_seal *s)
{
	hdcp_content_stop(&s->content);
	hdcp_ctr_destroy(s->once);
	hdcp_mac_destroy(s->mac);
	s->once = NULL;
	s->mac = NULL;
	s->is_broken = true;
}

static int
make_tag(struct hdcp_seal *s, const uint8_t *bytes, uint32_t n,
    uint8_t tag[HDCP_MAC])
{
	static const uint8_t zero[2 * HDCP_BLOCK];
	uint8_t block[HDCP_BLOCK] = {0}, key[2 * HDCP_BLOCK];
	struct wr wr;

	wr_init(&wr, block, sizeof(block));
	wr_big(&wr, s->number, 8);
	int err = hdcp_ctr_seek(s->once, block);
	if (err == 0)
		err = hdcp_ctr_xor(s->once, zero, key, sizeof(key));
	if (err == 0)
		err = hdcp_mac_once(s->mac, key, bytes, n, tag);
	hdcp_wipe(key, sizeof(key));
	return err;
}

/*
 * The tag is a second pass, over a record that is still in the cache. Made row
 * by row it was slower: the two ciphers' vector code does not mix well.
 */
int
hdcp_seal_put(struct hdcp_seal *s, const struct hdcp_tile *tile,
    const struct hdcp_image *from, uint64_t now_ns, uint8_t *out, uint32_t room)
{
	struct wr wr;

	if (!s->once)
		return -EPROTO;
	if (room < HDCP_SEAL_EXTRA)
		return -EMSGSIZE;
	const int pes = hdcp_content_put(&s->content, tile, from,
	    out + HDCP_SEAL_HEADER, room - HDCP_SEAL_EXTRA);
	if (pes < 0)
		return pes;

	const uint32_t n = HDCP_SEAL_HEADER + (uint32_t)pes;
	wr_init(&wr, out, HDCP_SEAL_HEADER);
	wr_u8(&wr, HDCP_RECORD_CONTENT);
	wr_big(&wr, n - HDCP_RECORD_HEADER + HDCP_MAC, 3);
	wr_big(&wr, s->number, 8);
	wr_big(&wr, (uint32_t)((now_ns - s->start_ns) / MS), 4);
	const int err = make_tag(s, out, n, out + n);
	s->number++; /* also after an error: each key of a tag once */
	return err < 0 ? err : (int)(n + HDCP_MAC);
}

/* A delay that grew since the fastest record: somebody holds records back. */
static bool
is_late(struct hdcp_seal *s, uint32_t sent_ms, uint64_t now_ns)
{
	const int64_t here_ms = (int64_t)((now_ns - s->start_ns) / MS);
	/* sent_ms wraps after 49 days: the difference is what counts */
	const int64_t offset = (int32_t)((uint32_t)here_ms - sent_ms);

	if (!s->has_offset || offset < s->least_offset_ms)
		s->least_offset_ms = offset;
	s->has_offset = true;
	return offset - s->least_offset_ms > HDCP_SEAL_MAX_DELAY_MS;
}

static int
check_and_open(struct hdcp_seal *s, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_image *to, struct hdcp_tile *tile)
{
	uint8_t tag[HDCP_MAC];
	struct rd rd;

	if (n < HDCP_SEAL_EXTRA || hdcp_record_length(bytes, n) != (int)n ||
	    bytes[0] != HDCP_RECORD_CONTENT)
		return -EBADMSG;
	const uint32_t tagged = n - HDCP_MAC;
	const int err = make_tag(s, bytes, tagged, tag);
	if (err < 0)
		return err;
	if (!hdcp_equal(tag, bytes + tagged, HDCP_MAC))
		return -EBADMSG;

	/* from here on the sender wrote it, for this place in the order */
	rd_init(&rd, bytes, HDCP_SEAL_HEADER);
	(void)rd_u32(&rd);
	(void)rd_u64(&rd);
	if (is_late(s, rd_big(&rd, 4), now_ns))
		return -ETIME;
	return hdcp_content_take(&s->content, bytes + HDCP_SEAL_HEADER,
	    tagged - HDCP_SEAL_HEADER, to, tile);
}

int
hdcp_seal_take(struct hdcp_seal *s, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_image *to, struct hdcp_tile *tile)
{
	memset(tile, 0, sizeof(*tile));
	if (s->is_broken || !s->once)
		return -EPROTO;
	const int err = check_and_open(s, bytes, n, now_ns, to, tile);
	if (err < 0) {
		s->is_broken = true;
		memset(tile, 0, sizeof(*tile));
		return err;
	}
	s->number++;
	s->last_ns = now_ns;
	return 0;
}

uint64_t
hdcp_seal_deadline(const struct hdcp_seal *s)
{
	return s->last_ns + (uint64_t)HDCP_SEAL_MAX_SILENCE_MS * MS + 1;
}

bool
hdcp_seal_is_authentic(const struct hdcp_seal *s, uint64_t now_ns)
{
	return s->once && !s->is_broken && now_ns < hdcp_seal_deadline(s);
}
