#include "protocol/ring.h"

#include <errno.h>

/* Pure: bytes -> decode -> struct wire_x -> check -> struct x. Proved. */

static uint32_t
all_zero(const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return 0;
	return 1;
}

int
decode_commit(const uint8_t *bytes, uint32_t len, struct wire_commit *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	out->op = rd_u8(&rd);
	out->scanout = rd_u8(&rd);
	out->zero = rd_u16(&rd);
	out->seq = rd_u32(&rd);
	out->page = rd_u32(&rd);
	out->stride = rd_u32(&rd);
	out->width = rd_u16(&rd);
	out->height = rd_u16(&rd);
	out->x = rd_u16(&rd);
	out->y = rd_u16(&rd);
	out->w = rd_u16(&rd);
	out->h = rd_u16(&rd);
	out->zero2 = rd_u32(&rd);
	return rd_end(&rd);
}

int
decode_cursor(const uint8_t *bytes, uint32_t len, struct wire_cursor *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	out->op = rd_u8(&rd);
	out->visible = rd_u8(&rd);
	out->zero = rd_u16(&rd);
	out->page = rd_u32(&rd);
	out->hot_x = rd_u16(&rd);
	out->hot_y = rd_u16(&rd);
	rd_bytes(&rd, out->zero2, sizeof(out->zero2));
	return rd_end(&rd);
}

int
decode_leds(const uint8_t *bytes, uint32_t len, struct wire_leds *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	out->op = rd_u8(&rd);
	out->mask = rd_u8(&rd);
	rd_bytes(&rd, out->zero, sizeof(out->zero));
	return rd_end(&rd);
}

int
decode_vm(const uint8_t *bytes, uint32_t len, struct wire_vm *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	out->op = rd_u8(&rd);
	out->is_up = rd_u8(&rd);
	rd_bytes(&rd, out->zero, sizeof(out->zero));
	return rd_end(&rd);
}

int
check_commit(const struct wire_commit *in, uint64_t pool_bytes,
    uint32_t scanouts, struct commit *out)
{
	if (in->op != UP_COMMIT || in->zero != 0 || in->zero2 != 0)
		return -EBADMSG;
	if (in->scanout >= scanouts)
		return -ERANGE;
	if (in->width > TDS_MAX_DIM || in->height > TDS_MAX_DIM)
		return -ERANGE;
	if ((in->width == 0) != (in->height == 0))
		return -ERANGE;
	if (in->stride % 4 != 0 || in->stride > 4 * TDS_MAX_COORD ||
	    in->stride < 4u * in->width)
		return -ERANGE;
	if (in->x > in->width || in->w > in->width - in->x)
		return -ERANGE;
	if (in->y > in->height || in->h > in->height - in->y)
		return -ERANGE;

	const uint64_t size = (uint64_t)in->stride * in->height;
	const uint64_t offset = (uint64_t)in->page * TDS_PAGE_BYTES;
	if (size > pool_bytes || offset > pool_bytes - size)
		return -ERANGE;

	out->scanout = in->scanout;
	out->seq = in->seq;
	out->offset_bytes = offset;
	out->stride_bytes = in->stride;
	out->width_px = in->width;
	out->height_px = in->height;
	out->x = in->x;
	out->y = in->y;
	out->w = in->w;
	out->h = in->h;
	return 0;
}

int
check_cursor(const struct wire_cursor *in, uint64_t pool_bytes,
    struct cursor *out)
{
	const uint64_t size = (uint64_t)TDS_CURSOR_DIM * TDS_CURSOR_DIM * 4;
	const uint64_t offset = (uint64_t)in->page * TDS_PAGE_BYTES;

	if (in->op != UP_CURSOR || in->zero != 0 ||
	    !all_zero(in->zero2, sizeof(in->zero2)))
		return -EBADMSG;
	if (in->visible > 1 || in->hot_x >= TDS_CURSOR_DIM ||
	    in->hot_y >= TDS_CURSOR_DIM)
		return -ERANGE;
	if (size > pool_bytes || offset > pool_bytes - size)
		return -ERANGE;

	out->visible = in->visible == 1;
	out->offset_bytes = offset;
	out->hot_x = in->hot_x;
	out->hot_y = in->hot_y;
	return 0;
}

int
check_leds(const struct wire_leds *in, uint8_t *mask)
{
	if (in->op != UP_LEDS || !all_zero(in->zero, sizeof(in->zero)))
		return -EBADMSG;
	if (in->mask > 7)
		return -ERANGE;
	*mask = in->mask;
	return 0;
}

int
check_vm(const struct wire_vm *in, bool *is_up)
{
	if (in->op != UP_VM || !all_zero(in->zero, sizeof(in->zero)))
		return -EBADMSG;
	if (in->is_up > 1)
		return -ERANGE;
	*is_up = in->is_up == 1;
	return 0;
}

static void
wr_zero(struct wr *wr, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		wr_u8(wr, 0);
}

static int
full_record(const struct wr *wr)
{
	return wr_end(wr) == TDS_RING_RECORD_BYTES ? 0 : -EMSGSIZE;
}

int
encode_commit(const struct commit *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	struct wr wr;

	wr_init(&wr, out, TDS_RING_RECORD_BYTES);
	wr_u8(&wr, UP_COMMIT);
	wr_u8(&wr, (uint8_t)in->scanout);
	wr_u16(&wr, 0);
	wr_u32(&wr, in->seq);
	wr_u32(&wr, (uint32_t)(in->offset_bytes / TDS_PAGE_BYTES));
	wr_u32(&wr, in->stride_bytes);
	wr_u16(&wr, (uint16_t)in->width_px);
	wr_u16(&wr, (uint16_t)in->height_px);
	wr_u16(&wr, (uint16_t)in->x);
	wr_u16(&wr, (uint16_t)in->y);
	wr_u16(&wr, (uint16_t)in->w);
	wr_u16(&wr, (uint16_t)in->h);
	wr_u32(&wr, 0);
	return full_record(&wr);
}

int
encode_cursor(const struct cursor *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	struct wr wr;

	wr_init(&wr, out, TDS_RING_RECORD_BYTES);
	wr_u8(&wr, UP_CURSOR);
	wr_u8(&wr, in->visible ? 1 : 0);
	wr_u16(&wr, 0);
	wr_u32(&wr, (uint32_t)(in->offset_bytes / TDS_PAGE_BYTES));
	wr_u16(&wr, (uint16_t)in->hot_x);
	wr_u16(&wr, (uint16_t)in->hot_y);
	wr_zero(&wr, 20);
	return full_record(&wr);
}

int
encode_leds(uint8_t mask, uint8_t out[TDS_RING_RECORD_BYTES])
{
	struct wr wr;

	wr_init(&wr, out, TDS_RING_RECORD_BYTES);
	wr_u8(&wr, UP_LEDS);
	wr_u8(&wr, mask);
	wr_zero(&wr, 30);
	return full_record(&wr);
}

int
encode_vm(bool is_up, uint8_t out[TDS_RING_RECORD_BYTES])
{
	struct wr wr;

	wr_init(&wr, out, TDS_RING_RECORD_BYTES);
	wr_u8(&wr, UP_VM);
	wr_u8(&wr, is_up ? 1 : 0);
	wr_zero(&wr, 30);
	return full_record(&wr);
}

int
decode_down(const uint8_t *bytes, uint32_t len, struct down *out)
{
	struct rd rd;
	uint8_t zero[12];

	rd_init(&rd, bytes, len);
	out->op = rd_u8(&rd);
	out->device = rd_u8(&rd);
	out->scanout = rd_u8(&rd);
	const uint8_t pad = rd_u8(&rd);
	out->seq = rd_u32(&rd);
	out->type = rd_u16(&rd);
	out->code = rd_u16(&rd);
	out->value = (int32_t)rd_u32(&rd);
	out->width = rd_u16(&rd);
	out->height = rd_u16(&rd);
	rd_bytes(&rd, zero, sizeof(zero));
	if (rd_end(&rd) < 0 || pad != 0 || !all_zero(zero, sizeof(zero)))
		return -EBADMSG;
	return 0;
}

int
encode_down(const struct down *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	struct wr wr;

	wr_init(&wr, out, TDS_RING_RECORD_BYTES);
	wr_u8(&wr, in->op);
	wr_u8(&wr, in->device);
	wr_u8(&wr, in->scanout);
	wr_u8(&wr, 0);
	wr_u32(&wr, in->seq);
	wr_u16(&wr, in->type);
	wr_u16(&wr, in->code);
	wr_u32(&wr, (uint32_t)in->value);
	wr_u16(&wr, in->width);
	wr_u16(&wr, in->height);
	wr_zero(&wr, 12);
	return full_record(&wr);
}

int
check_down(const struct down *in)
{
	if (in->op < DOWN_TICK || in->op > DOWN_LOST)
		return -ERANGE;
	if (in->device > DEVICE_MOUSE || in->scanout >= TDS_MAX_SCANOUTS)
		return -ERANGE;
	if (in->width > TDS_MAX_DIM || in->height > TDS_MAX_DIM)
		return -ERANGE;
	return 0;
}
