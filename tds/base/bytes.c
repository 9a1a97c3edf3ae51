#include "tds/base/bytes.h"

#include <errno.h>

void
rd_init(struct rd *rd, const uint8_t *bytes, uint32_t len)
{
	rd->bytes = bytes;
	rd->len = len;
	rd->off = 0;
	rd->failed = 0;
}

uint8_t
rd_u8(struct rd *rd)
{
	if (rd->failed || rd->len - rd->off < 1) {
		rd->failed = 1;
		return 0;
	}

	const uint8_t value = rd->bytes[rd->off];
	rd->off += 1;
	return value;
}

uint16_t
rd_u16(struct rd *rd)
{
	if (rd->failed || rd->len - rd->off < 2) {
		rd->failed = 1;
		return 0;
	}

	const uint8_t *at = rd->bytes + rd->off;
	rd->off += 2;
	return (uint16_t)(at[0] + 256u * at[1]);
}

uint32_t
rd_u32(struct rd *rd)
{
	if (rd->failed || rd->len - rd->off < 4) {
		rd->failed = 1;
		return 0;
	}

	const uint8_t *at = rd->bytes + rd->off;
	rd->off += 4;
	return at[0] + 256u * at[1] + 65536u * at[2] + 16777216u * at[3];
}

uint64_t
rd_u64(struct rd *rd)
{
	if (rd->failed || rd->len - rd->off < 8) {
		rd->failed = 1;
		return 0;
	}

	const uint64_t low = rd_u32(rd);
	const uint64_t high = rd_u32(rd);
	return low + 4294967296u * high;
}

void
rd_bytes(struct rd *rd, uint8_t *out, uint32_t n)
{
	if (rd->failed || rd->len - rd->off < n) {
		rd->failed = 1;
		for (uint32_t i = 0; i < n; i++)
			out[i] = 0;
		return;
	}

	const uint8_t *at = rd->bytes + rd->off;
	for (uint32_t i = 0; i < n; i++)
		out[i] = at[i];
	rd->off += n;
}

int
rd_end(const struct rd *rd)
{
	return !rd->failed && rd->off == rd->len ? 0 : -EBADMSG;
}

void
wr_init(struct wr *wr, uint8_t *bytes, uint32_t len)
{
	wr->bytes = bytes;
	wr->len = len;
	wr->off = 0;
	wr->failed = 0;
}

void
wr_u8(struct wr *wr, uint8_t value)
{
	if (wr->failed || wr->len - wr->off < 1) {
		wr->failed = 1;
		return;
	}
	wr->bytes[wr->off] = value;
	wr->off += 1;
}

void
wr_u16(struct wr *wr, uint16_t value)
{
	if (wr->failed || wr->len - wr->off < 2) {
		wr->failed = 1;
		return;
	}
	wr->bytes[wr->off] = (uint8_t)(value % 256u);
	wr->bytes[wr->off + 1] = (uint8_t)(value / 256u);
	wr->off += 2;
}

void
wr_u32(struct wr *wr, uint32_t value)
{
	if (wr->failed || wr->len - wr->off < 4) {
		wr->failed = 1;
		return;
	}
	wr_u16(wr, (uint16_t)(value % 65536u));
	wr_u16(wr, (uint16_t)(value / 65536u));
}

void
wr_u64(struct wr *wr, uint64_t value)
{
	if (wr->failed || wr->len - wr->off < 8) {
		wr->failed = 1;
		return;
	}
	wr_u32(wr, (uint32_t)(value % 4294967296u));
	wr_u32(wr, (uint32_t)(value / 4294967296u));
}

void
wr_bytes(struct wr *wr, const uint8_t *in, uint32_t n)
{
	if (wr->failed || wr->len - wr->off < n) {
		wr->failed = 1;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		wr->bytes[wr->off + i] = in[i];
	wr->off += n;
}

int
wr_end(const struct wr *wr)
{
	return wr->failed ? -EMSGSIZE : (int)wr->off;
}
