#include "tds/base/bytes.h"

#include <errno.h>

uint16_t
get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] + 256u * at[1]);
}

uint32_t
get_u32(const uint8_t *at)
{
	return at[0] + 256u * at[1] + 65536u * at[2] + 16777216u * at[3];
}

void
copy_bytes(const uint8_t *at, uint8_t *out, uint32_t n)
{
	/*@ loop invariant 0 <= i <= n;
	  @ loop invariant \forall integer k; 0 <= k < i ==> out[k] == at[k];
	  @ loop assigns i, out[0 .. n - 1];
	  @ loop variant n - i;
	  @*/
	for (uint32_t i = 0; i < n; i++)
		out[i] = at[i];
}

void
put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value % 256u);
	at[1] = (uint8_t)(value / 256u);
}

void
put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, (uint16_t)(value % 65536u));
	put_u16(at + 2, (uint16_t)(value / 65536u));
}

/*@ requires \valid(at + (0 .. 7));
  @ assigns at[0 .. 7];
  @ ensures le64(at) == value;
  @*/
static void
put_u64(uint8_t *at, uint64_t value)
{
	put_u32(at, (uint32_t)(value % 4294967296u));
	put_u32(at + 4, (uint32_t)(value / 4294967296u));
}

void
put_zero(uint8_t *at, uint32_t n)
{
	/*@ loop invariant 0 <= i <= n;
	  @ loop invariant \forall integer k; 0 <= k < i ==> at[k] == 0;
	  @ loop assigns i, at[0 .. n - 1];
	  @ loop variant n - i;
	  @*/
	for (uint32_t i = 0; i < n; i++)
		at[i] = 0;
}

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

	const uint16_t value = get_u16(rd->bytes + rd->off);
	rd->off += 2;
	return value;
}

uint32_t
rd_u32(struct rd *rd)
{
	if (rd->failed || rd->len - rd->off < 4) {
		rd->failed = 1;
		return 0;
	}

	const uint32_t value = get_u32(rd->bytes + rd->off);
	rd->off += 4;
	return value;
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
		put_zero(out, n);
		return;
	}
	copy_bytes(rd->bytes + rd->off, out, n);
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
	put_u16(wr->bytes + wr->off, value);
	wr->off += 2;
}

void
wr_u32(struct wr *wr, uint32_t value)
{
	if (wr->failed || wr->len - wr->off < 4) {
		wr->failed = 1;
		return;
	}
	put_u32(wr->bytes + wr->off, value);
	wr->off += 4;
}

void
wr_u64(struct wr *wr, uint64_t value)
{
	if (wr->failed || wr->len - wr->off < 8) {
		wr->failed = 1;
		return;
	}
	put_u64(wr->bytes + wr->off, value);
	wr->off += 8;
}

void
wr_bytes(struct wr *wr, const uint8_t *in, uint32_t n)
{
	if (wr->failed || wr->len - wr->off < n) {
		wr->failed = 1;
		return;
	}
	copy_bytes(in, wr->bytes + wr->off, n);
	wr->off += n;
}

int
wr_end(const struct wr *wr)
{
	return wr->failed ? -EMSGSIZE : (int)wr->off;
}
