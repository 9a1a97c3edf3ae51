#include "hdcp/session.h"

#include <errno.h>
#include <string.h>

static const char label[] = "tds outer layer 1";

int
hdcp_session_make(const uint8_t kd[HDCP_HASH], const uint8_t ks[HDCP_BLOCK],
    const uint8_t riv[HDCP_NONCE], const uint8_t lc128[HDCP_BLOCK],
    struct hdcp_session *out)
{
	uint8_t in[sizeof(label) - 1 + HDCP_BLOCK + HDCP_NONCE];
	uint8_t hash[HDCP_HASH];
	struct wr wr;

	wr_init(&wr, in, sizeof(in));
	wr_bytes(&wr, (const uint8_t *)label, sizeof(label) - 1);
	wr_bytes(&wr, ks, HDCP_BLOCK);
	wr_bytes(&wr, riv, HDCP_NONCE);
	const int err = hdcp_hmac(kd, in, sizeof(in), hash);

	hdcp_content_key(ks, lc128, out->key);
	memcpy(out->riv, riv, HDCP_NONCE);
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
