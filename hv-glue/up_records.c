#include "hv-glue/up_records.h"

int
encode_commit(const struct commit *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = UP_COMMIT;
	out[1] = (uint8_t)in->scanout;
	put_u16(out + 2, in->is_exact ? 1 : 0);
	put_u32(out + 4, in->seq);
	put_u32(out + 8, (uint32_t)(in->offset_bytes / TDS_PAGE_BYTES));
	put_u32(out + 12, in->stride_bytes);
	put_u16(out + 16, (uint16_t)in->width_px);
	put_u16(out + 18, (uint16_t)in->height_px);
	put_u16(out + 20, (uint16_t)in->x);
	put_u16(out + 22, (uint16_t)in->y);
	put_u16(out + 24, (uint16_t)in->w);
	put_u16(out + 26, (uint16_t)in->h);
	put_u32(out + 28, 0);
	return 0;
}

int
encode_cursor(const struct cursor *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = UP_CURSOR;
	out[1] = in->visible ? 1 : 0;
	put_u16(out + 2, 0);
	put_u32(out + 4, (uint32_t)(in->offset_bytes / TDS_PAGE_BYTES));
	put_u16(out + 8, (uint16_t)in->hot_x);
	put_u16(out + 10, (uint16_t)in->hot_y);
	put_zero(out + 12, 20);
	return 0;
}

int
encode_leds(uint8_t mask, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = UP_LEDS;
	out[1] = mask;
	put_zero(out + 2, 30);
	return 0;
}

int
encode_vm(bool is_up, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = UP_VM;
	out[1] = is_up ? 1 : 0;
	put_zero(out + 2, 30);
	return 0;
}

int
encode_grant(const struct grant *in, uint8_t out[TDS_RING_RECORD_BYTES])
{
	out[0] = in->op;
	put_zero(out + 1, 3);
	put_u32(out + 4, in->page);
	put_u32(out + 8, in->pages);
	put_zero(out + 12, 20);
	return 0;
}
