#include "protocol/ring.h"

#include <errno.h>

/* Pure: bytes -> decode -> struct wire_x -> check -> struct x. Proved. */

/*@ requires bytes_readable(bytes, n);
  @ assigns \nothing;
  @ ensures \result == 0 || \result == 1;
  @ ensures \result == 1 <==> \forall integer i; 0 <= i < n ==> bytes[i] == 0;
  @*/
static uint32_t
all_zero(const uint8_t *bytes, uint32_t n)
{
	/*@ loop invariant 0 <= i <= n;
	  @ loop invariant \forall integer k; 0 <= k < i ==> bytes[k] == 0;
	  @ loop assigns i;
	  @ loop variant n - i;
	  @*/
	for (uint32_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return 0;
	return 1;
}

/*
 * Every record has one length, so each field stands at the place where the
 * drawing in ring.h puts it. Bytes are stored after the wider fields: so the
 * provers need not know that out and bytes are apart.
 */

int
decode_commit(const uint8_t *bytes, uint32_t len, struct wire_commit *out)
{
	if (len != TDS_RING_RECORD_BYTES)
		return -EBADMSG;
	const uint8_t op = bytes[0];
	const uint8_t scanout = bytes[1];
	out->exact = get_u16(bytes + 2);
	out->seq = get_u32(bytes + 4);
	out->page = get_u32(bytes + 8);
	out->stride = get_u32(bytes + 12);
	out->width = get_u16(bytes + 16);
	out->height = get_u16(bytes + 18);
	out->x = get_u16(bytes + 20);
	out->y = get_u16(bytes + 22);
	out->w = get_u16(bytes + 24);
	out->h = get_u16(bytes + 26);
	out->zero = get_u32(bytes + 28);
	out->op = op;
	out->scanout = scanout;
	return 0;
}

int
decode_cursor(const uint8_t *bytes, uint32_t len, struct wire_cursor *out)
{
	if (len != TDS_RING_RECORD_BYTES)
		return -EBADMSG;
	const uint8_t op = bytes[0];
	const uint8_t visible = bytes[1];
	out->zero = get_u16(bytes + 2);
	out->page = get_u32(bytes + 4);
	out->hot_x = get_u16(bytes + 8);
	out->hot_y = get_u16(bytes + 10);
	copy_bytes(bytes + 12, out->zero2, sizeof(out->zero2));
	out->op = op;
	out->visible = visible;
	return 0;
}

int
decode_value(const uint8_t *bytes, uint32_t len, struct wire_value *out)
{
	if (len != TDS_RING_RECORD_BYTES || !all_zero(bytes + 2, 30))
		return -EBADMSG;
	const uint8_t op = bytes[0];
	out->value = bytes[1];
	out->op = op;
	return 0;
}

int
decode_grant(const uint8_t *bytes, uint32_t len, struct grant *out)
{
	if (len != TDS_RING_RECORD_BYTES || !all_zero(bytes + 1, 3) ||
	    !all_zero(bytes + 12, 20))
		return -EBADMSG;
	const uint8_t op = bytes[0];
	out->page = get_u32(bytes + 4);
	out->pages = get_u32(bytes + 8);
	out->op = op;
	return 0;
}

/*@ assigns \nothing;
  @ ensures \result == \true <==>
  @   4096 * page + stride * height <= pool_bytes;
  @*/
static bool
lies_in_pool(uint32_t page, uint32_t stride, uint32_t height,
    uint64_t pool_bytes)
{
	const uint64_t size = (uint64_t)stride * height;
	const uint64_t offset = (uint64_t)page * TDS_PAGE_BYTES;

	return size <= pool_bytes && offset <= pool_bytes - size;
}

/*@ assigns \nothing;
  @ ensures \result == \true <==> x + w <= width && y + h <= height;
  @*/
static bool
lies_in_buffer(uint16_t x, uint16_t y, uint16_t w, uint16_t h, uint16_t width,
    uint16_t height)
{
	return (uint32_t)x + w <= width && (uint32_t)y + h <= height;
}

/*@ requires \valid_read(in) && \valid(out) && \separated(in, out);
  @ assigns *out;
  @ ensures out->scanout == \old(in->scanout) && out->seq == \old(in->seq);
  @ ensures out->offset_bytes == 4096 * \old(in->page);
  @ ensures out->stride_bytes == \old(in->stride);
  @ ensures out->width_px == \old(in->width);
  @ ensures out->height_px == \old(in->height);
  @ ensures out->x == \old(in->x) && out->y == \old(in->y);
  @ ensures out->w == \old(in->w) && out->h == \old(in->h);
  @ ensures out->is_exact == \true <==> \old(in->exact) == 1;
  @*/
static void
believe_commit(const struct wire_commit *in, struct commit *out)
{
	out->scanout = in->scanout;
	out->seq = in->seq;
	out->offset_bytes = (uint64_t)in->page * TDS_PAGE_BYTES;
	out->stride_bytes = in->stride;
	out->width_px = in->width;
	out->height_px = in->height;
	out->x = in->x;
	out->y = in->y;
	out->w = in->w;
	out->h = in->h;
	out->is_exact = in->exact == 1;
}

int
check_commit(const struct wire_commit *in, uint64_t pool_bytes,
    uint32_t scanouts, struct commit *out)
{
	if (in->op != UP_COMMIT || in->exact > 1 || in->zero != 0)
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
	if (!lies_in_buffer(
		in->x, in->y, in->w, in->h, in->width, in->height))
		return -ERANGE;
	if (!lies_in_pool(in->page, in->stride, in->height, pool_bytes))
		return -ERANGE;

	believe_commit(in, out);
	return 0;
}

int
check_cursor(const struct wire_cursor *in, uint64_t pool_bytes,
    struct cursor *out)
{
	if (in->op != UP_CURSOR || in->zero != 0 ||
	    !all_zero(in->zero2, sizeof(in->zero2)))
		return -EBADMSG;
	if (in->visible > 1 || in->hot_x >= TDS_CURSOR_DIM ||
	    in->hot_y >= TDS_CURSOR_DIM)
		return -ERANGE;
	if (!lies_in_pool(
		in->page, 4 * TDS_CURSOR_DIM, TDS_CURSOR_DIM, pool_bytes))
		return -ERANGE;

	out->visible = in->visible == 1;
	out->offset_bytes = (uint64_t)in->page * TDS_PAGE_BYTES;
	out->hot_x = in->hot_x;
	out->hot_y = in->hot_y;
	return 0;
}

int
check_leds(const struct wire_value *in, uint8_t *mask)
{
	if (in->op != UP_LEDS)
		return -EBADMSG;
	if (in->value > 7)
		return -ERANGE;
	*mask = in->value;
	return 0;
}

int
check_vm(const struct wire_value *in, bool *is_up)
{
	if (in->op != UP_VM)
		return -EBADMSG;
	if (in->value > 1)
		return -ERANGE;
	*is_up = in->value == 1;
	return 0;
}

int
check_grant(const struct grant *in)
{
	const uint32_t n = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES;

	if (in->op == UP_UNMAP)
		return in->pages == 0 && in->page < n ? 0 : -ERANGE;
	if (in->op != UP_MAP || in->pages == 0 || in->pages > n ||
	    in->page > n - in->pages)
		return -ERANGE;
	return 0;
}

int
decode_down(const uint8_t *bytes, uint32_t len, struct down *out)
{
	if (len != TDS_RING_RECORD_BYTES || bytes[3] != 0 ||
	    get_u16(bytes + 30) != 0)
		return -EBADMSG;
	const uint8_t op = bytes[0];
	const uint8_t device = bytes[1];
	const uint8_t scanout = bytes[2];
	const uint8_t is_mapped = bytes[28];
	const uint8_t error = bytes[29];
	out->seq = get_u32(bytes + 4);
	out->type = get_u16(bytes + 8);
	out->code = get_u16(bytes + 10);
	out->value = (int32_t)get_u32(bytes + 12);
	out->width = get_u16(bytes + 16);
	out->height = get_u16(bytes + 18);
	out->page = get_u32(bytes + 20);
	out->pages = get_u32(bytes + 24);
	out->op = op;
	out->device = device;
	out->scanout = scanout;
	out->is_mapped = is_mapped;
	out->error = error;
	return 0;
}

int
encode_down(const struct down *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = in->op;
	out[1] = in->device;
	out[2] = in->scanout;
	out[3] = 0;
	put_u32(out + 4, in->seq);
	put_u16(out + 8, in->type);
	put_u16(out + 10, in->code);
	put_u32(out + 12, (uint32_t)in->value);
	put_u16(out + 16, in->width);
	put_u16(out + 18, in->height);
	put_u32(out + 20, in->page);
	put_u32(out + 24, in->pages);
	out[28] = in->is_mapped;
	out[29] = in->error;
	put_u16(out + 30, 0);
	return 0;
}

int
check_down(const struct down *in)
{
	if (in->op < DOWN_TICK || in->op > DOWN_MAPPED || in->is_mapped > 1)
		return -ERANGE;
	if (in->device > DEVICE_TOUCH || in->scanout >= TDS_MAX_SCANOUTS)
		return -ERANGE;
	if (in->width > TDS_MAX_DIM || in->height > TDS_MAX_DIM)
		return -ERANGE;
	return 0;
}
