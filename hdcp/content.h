/*
 * content: HDCP's encryption of content, AES-128-CTR.
 *
 *	counter block = (riv, streamCtr XORed into its low 32 bits) || inputCtr
 *
 * inputCtr counts the blocks of this stream under this key and never goes back.
 * hdcp_content_start() takes a key once: the number of the session key
 * (hdcp_tx.n_sessions) must grow, or the same counters would come again and
 * open both messages. Encryption is fused with the copy out of the frame: one
 * pass over the pixels.
 */
#pragma once

#include "hdcp/session.h"
#include "hdcp/tile.h"

struct hdcp_image {
	uint8_t *pixels; /* borrowed; XRGB8888 */
	size_t stride_bytes;
	uint16_t width, height;
};

struct hdcp_content {
	struct hdcp_ctr *ctr; /* owned; NULL: no key */
	uint8_t riv[HDCP_NONCE];
	uint32_t stream_ctr;
	uint64_t input_ctr;
	uint32_t session; /* the number of the last key that was taken */
};

/* Begins zeroed. -EALREADY: this key was taken already. */
int hdcp_content_start(struct hdcp_content *c, const struct hdcp_session *keys,
    uint32_t session, uint32_t stream_ctr) MUST_CHECK;
/* The key is gone; its number stays taken. */
void hdcp_content_stop(struct hdcp_content *c);

/*
 * Encrypt one tile of an image to out. The number of bytes, or -EMSGSIZE,
 * -ERANGE, -EPROTO: no key, -EOVERFLOW: authenticate anew.
 */
int hdcp_content_put(struct hdcp_content *c, const struct hdcp_tile *tile,
    const struct hdcp_image *from, uint8_t *out, uint32_t room) MUST_CHECK;
/*
 * Decrypt one packet into an image of the size that the tile names.
 * -EBADMSG, -ERANGE, -EPROTO; -ESTALE: counters that were there already.
 */
int hdcp_content_take(struct hdcp_content *c, const uint8_t *bytes, uint32_t n,
    struct hdcp_image *to, struct hdcp_tile *tile) MUST_CHECK;
