#include "hdcp/session.h"

#include <errno.h>
#include <string.h>

static const char label[] = "tds outer layer 1";

int
hdcp_session_make(
    const struct hdcp_session_parts *parts, struct hdcp_session *out)
{
	static const uint8_t no_key[HDCP_SOURCE_KEY];
	uint8_t
	    in[sizeof(label) - 1 + HDCP_BLOCK + HDCP_NONCE + HDCP_SOURCE_KEY];
	uint8_t hash[HDCP_HASH];
	struct wr wr;

	wr_init(&wr, in, sizeof(in));
	wr_bytes(&wr, (const uint8_t *)label, sizeof(label) - 1);
	wr_bytes(&wr, parts->ks, HDCP_BLOCK);
	wr_bytes(&wr, parts->riv, HDCP_NONCE);
	wr_bytes(&wr, parts->source_key ? parts->source_key : no_key,
	    HDCP_SOURCE_KEY);
	const int err = hdcp_hmac(parts->kd, in, sizeof(in), hash);

	hdcp_content_key(parts->ks, parts->lc128, out->key);
	memcpy(out->riv, parts->riv, HDCP_NONCE);
	memcpy(out->mac_key, hash, HDCP_BLOCK);
	hdcp_wipe(in, sizeof(in));
	hdcp_wipe(hash, sizeof(hash));
	if (err < 0)
		hdcp_wipe(out, sizeof(*out));
	return err;
}

int
hdcp_out_put(struct hdcp_out *out, const struct hdcp_message *m)
{
	const int n = hdcp_encode(
	    m, out->bytes + out->n, (uint32_t)sizeof(out->bytes) - out->n);

	if (n < 0)
		return n;
	out->n += (uint32_t)n;
	return 0;
}
