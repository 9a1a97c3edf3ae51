/*
 * bytes: a reader and a writer for little-endian records that fail once and
 * stay failed, so that a decoder is one statement per field in wire order.
 *
 * Neither allocates, neither touches memory outside [bytes, bytes + len).
 * Written so that Frama-C proves it (tests/proof): bytes are composed by
 * products, not by shifts or casts.
 */
#pragma once

#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* off <= len always; failed is 0 or 1 and never goes back to 0. */
struct rd {
	const uint8_t *bytes; /* borrowed from the caller */
	uint32_t len;
	uint32_t off;
	uint32_t failed;
};

void rd_init(struct rd *rd, const uint8_t *bytes, uint32_t len);
uint8_t rd_u8(struct rd *rd);
uint16_t rd_u16(struct rd *rd);
uint32_t rd_u32(struct rd *rd);
uint64_t rd_u64(struct rd *rd);
/* Copy the next n bytes to out; zeroes on failure. */
void rd_bytes(struct rd *rd, uint8_t *out, uint32_t n);
/* 0 if everything was read and nothing failed, else -EBADMSG. */
int rd_end(const struct rd *rd) MUST_CHECK;

struct wr {
	uint8_t *bytes; /* borrowed from the caller */
	uint32_t len;
	uint32_t off;
	uint32_t failed;
};

void wr_init(struct wr *wr, uint8_t *bytes, uint32_t len);
void wr_u8(struct wr *wr, uint8_t value);
void wr_u16(struct wr *wr, uint16_t value);
void wr_u32(struct wr *wr, uint32_t value);
void wr_u64(struct wr *wr, uint64_t value);
void wr_bytes(struct wr *wr, const uint8_t *in, uint32_t n);
/* The number of bytes written, or -EMSGSIZE if they did not fit. */
int wr_end(const struct wr *wr) MUST_CHECK;
