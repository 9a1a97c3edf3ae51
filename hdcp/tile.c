#include "hdcp/tile.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

_Static_assert(HDCP_TILE_HEADER + HDCP_TILE_MAX_DIM * HDCP_TILE_PIXEL <=
		   HDCP_PES_MAX_PAYLOAD,
    "the widest row fits into one tile");

void
hdcp_tile_encode(const struct hdcp_tile *tile, uint8_t out[HDCP_TILE_HEADER])
{
	struct wr wr;

	put_zero(out, HDCP_TILE_HEADER);
	wr_init(&wr, out, HDCP_TILE_HEADER);
	wr_big(&wr, tile->frame, 4);
	wr_big(&wr, tile->is_last ? HDCP_TILE_LAST : 0, 2);
	wr_big(&wr, tile->width, 2);
	wr_big(&wr, tile->height, 2);
	wr_big(&wr, tile->x, 2);
	wr_big(&wr, tile->y, 2);
	wr_big(&wr, tile->w, 2);
	wr_big(&wr, tile->h, 2);
}

static int
check(const struct hdcp_tile *tile, uint32_t n_pixel_bytes)
{
	if (tile->width == 0 || tile->width > HDCP_TILE_MAX_DIM ||
	    tile->height == 0 || tile->height > HDCP_TILE_MAX_DIM)
		return -ERANGE;
	if (tile->x > tile->width || tile->w > tile->width - tile->x ||
	    tile->y > tile->height || tile->h > tile->height - tile->y)
		return -ERANGE;
	if ((tile->w == 0) != (tile->h == 0))
		return -EBADMSG;
	/* at most 8192 * 8192 * 4 */
	if ((uint32_t)tile->w * tile->h * HDCP_TILE_PIXEL != n_pixel_bytes)
		return -EBADMSG;
	return 0;
}

int
hdcp_tile_decode(
    const uint8_t in[HDCP_TILE_HEADER], uint32_t n, struct hdcp_tile *out)
{
	struct hdcp_tile tile = {0};
	struct rd rd;

	memset(out, 0, sizeof(*out));
	if (n < HDCP_TILE_HEADER)
		return -EBADMSG;
	rd_init(&rd, in, HDCP_TILE_HEADER);
	tile.frame = rd_big(&rd, 4);
	const uint32_t flags = rd_big(&rd, 2);
	tile.is_last = flags == HDCP_TILE_LAST;
	tile.width = (uint16_t)rd_big(&rd, 2);
	tile.height = (uint16_t)rd_big(&rd, 2);
	tile.x = (uint16_t)rd_big(&rd, 2);
	tile.y = (uint16_t)rd_big(&rd, 2);
	tile.w = (uint16_t)rd_big(&rd, 2);
	tile.h = (uint16_t)rd_big(&rd, 2);
	while (rd.off < HDCP_TILE_HEADER) {
		if (rd_u8(&rd) != 0)
			return -EBADMSG;
	}
	if (flags > HDCP_TILE_LAST)
		return -EBADMSG;

	const int err = check(&tile, n - HDCP_TILE_HEADER);
	if (err == 0)
		*out = tile;
	return err;
}

uint16_t
hdcp_tile_rows(uint16_t width)
{
	const uint32_t row = (uint32_t)width * HDCP_TILE_PIXEL;

	if (row == 0)
		return 1;
	return (uint16_t)((HDCP_PES_MAX_PAYLOAD - HDCP_TILE_HEADER) / row);
}
