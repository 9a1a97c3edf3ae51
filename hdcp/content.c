#include "hdcp/content.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

int
hdcp_content_start(struct hdcp_content *c, const struct hdcp_session *keys,
    uint32_t session, uint32_t stream_ctr)
{
	if (session <= c->session)
		return -EALREADY;
	hdcp_content_stop(c);
	const int err = hdcp_ctr_create(keys->key, &c->ctr);
	if (err < 0)
		return err;
	memcpy(c->riv, keys->riv, HDCP_NONCE);
	c->stream_ctr = stream_ctr;
	c->input_ctr = 0;
	c->session = session;
	return 0;
}

void
hdcp_content_stop(struct hdcp_content *c)
{
	hdcp_ctr_destroy(c->ctr);
	c->ctr = NULL;
	hdcp_wipe(c->riv, sizeof(c->riv));
}

static int
seek(struct hdcp_content *c, uint64_t input_ctr)
{
	uint8_t block[HDCP_BLOCK], stream[4];
	struct wr wr;

	wr_init(&wr, stream, sizeof(stream));
	wr_big(&wr, c->stream_ctr, 4);
	wr_init(&wr, block, sizeof(block));
	wr_bytes(&wr, c->riv, HDCP_NONCE);
	wr_big(&wr, input_ctr, 8);
	for (int i = 0; i < 4; i++)
		block[HDCP_NONCE - 4 + i] ^= stream[i];
	return hdcp_ctr_seek(c->ctr, block);
}

/* Every packet begins with a fresh block. */
static uint64_t
blocks_of(uint32_t payload_bytes)
{
	return (payload_bytes + HDCP_BLOCK - 1) / HDCP_BLOCK;
}

static bool
is_inside(const struct hdcp_tile *tile, const struct hdcp_image *image)
{
	return image->width == tile->width && image->height == tile->height;
}

static size_t
offset_of(
    const struct hdcp_tile *tile, const struct hdcp_image *image, uint16_t row)
{
	return image->stride_bytes * ((size_t)tile->y + row) +
	       (size_t)tile->x * HDCP_TILE_PIXEL;
}

static int
encrypt(struct hdcp_content *c, const struct hdcp_tile *tile,
    const uint8_t head[HDCP_TILE_HEADER], const struct hdcp_image *from,
    uint8_t *out)
{
	const size_t row = (size_t)tile->w * HDCP_TILE_PIXEL;
	int err = seek(c, c->input_ctr);

	if (err == 0)
		err = hdcp_ctr_xor(c->ctr, head, out, HDCP_TILE_HEADER);
	out += HDCP_TILE_HEADER;
	for (uint16_t y = 0; y < tile->h && err == 0; y++) {
		const uint8_t *pixels = from->pixels + offset_of(tile, from, y);
		err = hdcp_ctr_xor(c->ctr, pixels, out, row);
		out += row;
	}
	return err;
}

int
hdcp_content_put(struct hdcp_content *c, const struct hdcp_tile *tile,
    const struct hdcp_image *from, uint8_t *out, uint32_t room)
{
	const uint64_t payload =
	    HDCP_TILE_HEADER + (uint64_t)tile->w * tile->h * HDCP_TILE_PIXEL;
	uint8_t head[HDCP_TILE_HEADER];
	struct hdcp_tile again;

	if (!c->ctr)
		return -EPROTO;
	if (payload > HDCP_PES_MAX_PAYLOAD || room < HDCP_PES_HEADER ||
	    payload > room - HDCP_PES_HEADER)
		return -EMSGSIZE;
	hdcp_tile_encode(tile, head);
	int err = hdcp_tile_decode(head, (uint32_t)payload, &again);
	if (err < 0 || !is_inside(tile, from))
		return -ERANGE;
	const uint64_t blocks = blocks_of((uint32_t)payload);
	if (c->input_ctr > UINT64_MAX - blocks)
		return -EOVERFLOW;

	const struct hdcp_pes pes = {.stream_ctr = c->stream_ctr,
	    .input_ctr = c->input_ctr,
	    .payload_bytes = (uint16_t)payload};
	hdcp_pes_encode(&pes, out);
	err = encrypt(c, tile, head, from, out + HDCP_PES_HEADER);
	c->input_ctr += blocks; /* also after an error: never again */
	return err < 0 ? err : (int)(HDCP_PES_HEADER + payload);
}

int
hdcp_content_take(struct hdcp_content *c, const uint8_t *bytes, uint32_t n,
    struct hdcp_image *to, struct hdcp_tile *tile)
{
	uint8_t head[HDCP_TILE_HEADER];
	struct hdcp_pes pes;

	memset(tile, 0, sizeof(*tile));
	if (!c->ctr)
		return -EPROTO;
	int err = hdcp_pes_decode(bytes, n, &pes);
	if (err < 0)
		return err;
	const uint64_t blocks = blocks_of(pes.payload_bytes);
	if (pes.stream_ctr != c->stream_ctr ||
	    pes.payload_bytes < HDCP_TILE_HEADER ||
	    pes.input_ctr > UINT64_MAX - blocks)
		return -EBADMSG;
	if (pes.input_ctr < c->input_ctr)
		return -ESTALE;

	const uint8_t *in = bytes + HDCP_PES_HEADER;
	err = seek(c, pes.input_ctr);
	if (err == 0)
		err = hdcp_ctr_xor(c->ctr, in, head, HDCP_TILE_HEADER);
	if (err == 0)
		err = hdcp_tile_decode(head, pes.payload_bytes, tile);
	if (err == 0 && !is_inside(tile, to))
		err = -ERANGE;
	in += HDCP_TILE_HEADER;
	for (uint16_t y = 0; y < tile->h && err == 0; y++) {
		const size_t row = (size_t)tile->w * HDCP_TILE_PIXEL;
		err = hdcp_ctr_xor(
		    c->ctr, in, to->pixels + offset_of(tile, to, y), row);
		in += row;
	}
	if (err == 0)
		c->input_ctr = pes.input_ctr + blocks;
	return err;
}
