/* wire: numbers of HDCP are big-endian; the same sticky reader and writer. */
#pragma once

#include "tds/base/bytes.h"

static inline uint32_t
rd_big(struct rd *rd, uint32_t n_bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < n_bytes; i++)
		value = value << 8 | rd_u8(rd);
	return value;
}

static inline void
wr_big(struct wr *wr, uint64_t value, uint32_t n_bytes)
{
	for (uint32_t i = n_bytes; i > 0; i--)
		wr_u8(wr, (uint8_t)(value >> (8 * (i - 1))));
}
