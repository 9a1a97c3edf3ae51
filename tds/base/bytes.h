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
/* A large local that is filled as far as it is counted: the compiler's zeroing
 * of all locals would cost more than the work. */
#define UNFILLED __attribute__((uninitialized))

/* off <= len always; failed is 0 or 1 and never goes back to 0. */
struct rd {
	const uint8_t *bytes; /* borrowed from the caller */
	uint32_t len;
	uint32_t off;
	uint32_t failed;
};

/*@ predicate bytes_readable{L}(uint8_t *p, integer n) =
  @   n > 0 ==> \valid_read(p + (0 .. n - 1));
  @ predicate bytes_writable{L}(uint8_t *p, integer n) =
  @   n > 0 ==> \valid(p + (0 .. n - 1));
  @
  @ predicate rd_holds{L}(struct rd *rd) =
  @   \valid(rd) && rd->off <= rd->len && rd->failed <= 1 &&
  @   bytes_readable(rd->bytes, rd->len) &&
  @   \separated(rd, rd->bytes + (0 .. rd->len - 1));
  @ predicate rd_has{L}(struct rd *rd, integer n) =
  @   rd->failed == 0 && rd->len - rd->off >= n;
  @
  @ logic integer le16{L}(uint8_t *p) = p[0] + 256 * p[1];
  @ logic integer le32{L}(uint8_t *p) =
  @   p[0] + 256 * p[1] + 65536 * p[2] + 16777216 * p[3];
  @ logic integer le64{L}(uint8_t *p) = le32(p) + 4294967296 * le32(p + 4);
  @*/

/* Little-endian numbers and bytes at a place that the caller knows is there. */
/*@ requires \valid_read(at + (0 .. 1));
  @ assigns \nothing;
  @ ensures \result == le16(at);
  @*/
uint16_t get_u16(const uint8_t *at);
/*@ requires \valid_read(at + (0 .. 3));
  @ assigns \nothing;
  @ ensures \result == le32(at);
  @*/
uint32_t get_u32(const uint8_t *at);
/*@ requires bytes_readable(at, n) && bytes_writable(out, n);
  @ requires \separated(at + (0 .. n - 1), out + (0 .. n - 1));
  @ assigns out[0 .. n - 1];
  @ ensures \forall integer i; 0 <= i < n ==> out[i] == at[i];
  @*/
void copy_bytes(const uint8_t *at, uint8_t *out, uint32_t n);

/*@ requires \valid(at + (0 .. 1));
  @ assigns at[0 .. 1];
  @ ensures le16(at) == value;
  @*/
void put_u16(uint8_t *at, uint16_t value);
/*@ requires \valid(at + (0 .. 3));
  @ assigns at[0 .. 3];
  @ ensures le32(at) == value;
  @*/
void put_u32(uint8_t *at, uint32_t value);
/*@ requires bytes_writable(at, n);
  @ assigns at[0 .. n - 1];
  @ ensures \forall integer i; 0 <= i < n ==> at[i] == 0;
  @*/
void put_zero(uint8_t *at, uint32_t n);

/*@ requires \valid(rd) && bytes_readable(bytes, len);
  @ requires \separated(rd, bytes + (0 .. len - 1));
  @ assigns *rd;
  @ ensures rd_holds(rd);
  @ ensures rd->bytes == bytes && rd->len == len;
  @ ensures rd->off == 0 && rd->failed == 0;
  @*/
void rd_init(struct rd *rd, const uint8_t *bytes, uint32_t len);

/*@ requires rd_holds(rd);
  @ assigns rd->off, rd->failed;
  @ ensures rd_holds(rd);
  @ behavior has:
  @   assumes rd_has(rd, 1);
  @   ensures rd->failed == 0 && rd->off == \old(rd->off) + 1;
  @   ensures \result == rd->bytes[\old(rd->off)];
  @ behavior short:
  @   assumes !rd_has(rd, 1);
  @   ensures rd->failed == 1 && rd->off == \old(rd->off) && \result == 0;
  @ complete behaviors; disjoint behaviors;
  @*/
uint8_t rd_u8(struct rd *rd);

/*@ requires rd_holds(rd);
  @ assigns rd->off, rd->failed;
  @ ensures rd_holds(rd);
  @ behavior has:
  @   assumes rd_has(rd, 2);
  @   ensures rd->failed == 0 && rd->off == \old(rd->off) + 2;
  @   ensures \result == le16(rd->bytes + \old(rd->off));
  @ behavior short:
  @   assumes !rd_has(rd, 2);
  @   ensures rd->failed == 1 && rd->off == \old(rd->off) && \result == 0;
  @ complete behaviors; disjoint behaviors;
  @*/
uint16_t rd_u16(struct rd *rd);

/*@ requires rd_holds(rd);
  @ assigns rd->off, rd->failed;
  @ ensures rd_holds(rd);
  @ behavior has:
  @   assumes rd_has(rd, 4);
  @   ensures rd->failed == 0 && rd->off == \old(rd->off) + 4;
  @   ensures \result == le32(rd->bytes + \old(rd->off));
  @ behavior short:
  @   assumes !rd_has(rd, 4);
  @   ensures rd->failed == 1 && rd->off == \old(rd->off) && \result == 0;
  @ complete behaviors; disjoint behaviors;
  @*/
uint32_t rd_u32(struct rd *rd);

/*@ requires rd_holds(rd);
  @ assigns rd->off, rd->failed;
  @ ensures rd_holds(rd);
  @ behavior has:
  @   assumes rd_has(rd, 8);
  @   ensures rd->failed == 0 && rd->off == \old(rd->off) + 8;
  @   ensures \result == le64(rd->bytes + \old(rd->off));
  @ behavior short:
  @   assumes !rd_has(rd, 8);
  @   ensures rd->failed == 1 && rd->off == \old(rd->off) && \result == 0;
  @ complete behaviors; disjoint behaviors;
  @*/
uint64_t rd_u64(struct rd *rd);

/*@ requires rd_holds(rd) && bytes_writable(out, n);
  @ requires \separated(rd, out + (0 .. n - 1));
  @ requires \separated(rd->bytes + (0 .. rd->len - 1), out + (0 .. n - 1));
  @ assigns rd->off, rd->failed, out[0 .. n - 1];
  @ ensures rd_holds(rd);
  @ behavior has:
  @   assumes rd_has(rd, n);
  @   ensures rd->failed == 0 && rd->off == \old(rd->off) + n;
  @   ensures \forall integer i; 0 <= i < n ==>
  @     out[i] == rd->bytes[\old(rd->off) + i];
  @ behavior short:
  @   assumes !rd_has(rd, n);
  @   ensures rd->failed == 1 && rd->off == \old(rd->off);
  @   ensures \forall integer i; 0 <= i < n ==> out[i] == 0;
  @ complete behaviors; disjoint behaviors;
  @*/
/* Copy the next n bytes to out; zeroes on failure. */
void rd_bytes(struct rd *rd, uint8_t *out, uint32_t n);

/*@ requires rd_holds(rd);
  @ assigns \nothing;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> rd->failed == 0 && rd->off == rd->len;
  @*/
/* 0 if everything was read and nothing failed, else -EBADMSG. */
int rd_end(const struct rd *rd) MUST_CHECK;

struct wr {
	uint8_t *bytes; /* borrowed from the caller */
	uint32_t len;
	uint32_t off;
	uint32_t failed;
};

/*@ predicate wr_holds{L}(struct wr *wr) =
  @   \valid(wr) && wr->off <= wr->len && wr->failed <= 1 &&
  @   bytes_writable(wr->bytes, wr->len) &&
  @   \separated(wr, wr->bytes + (0 .. wr->len - 1));
  @ predicate wr_has{L}(struct wr *wr, integer n) =
  @   wr->failed == 0 && wr->len - wr->off >= n;
  @*/

/*@ requires \valid(wr) && bytes_writable(bytes, len);
  @ requires \separated(wr, bytes + (0 .. len - 1));
  @ assigns *wr;
  @ ensures wr_holds(wr);
  @ ensures wr->bytes == bytes && wr->len == len;
  @ ensures wr->off == 0 && wr->failed == 0;
  @*/
void wr_init(struct wr *wr, uint8_t *bytes, uint32_t len);

/*@ requires wr_holds(wr);
  @ assigns wr->off, wr->failed, wr->bytes[wr->off .. wr->off];
  @ ensures wr_holds(wr);
  @ behavior has:
  @   assumes wr_has(wr, 1);
  @   ensures wr->failed == 0 && wr->off == \old(wr->off) + 1;
  @   ensures wr->bytes[\old(wr->off)] == value;
  @ behavior full:
  @   assumes !wr_has(wr, 1);
  @   ensures wr->failed == 1;
  @ complete behaviors; disjoint behaviors;
  @*/
void wr_u8(struct wr *wr, uint8_t value);

/*@ requires wr_holds(wr);
  @ assigns wr->off, wr->failed, wr->bytes[wr->off .. wr->off + 1];
  @ ensures wr_holds(wr);
  @ behavior has:
  @   assumes wr_has(wr, 2);
  @   ensures wr->failed == 0 && wr->off == \old(wr->off) + 2;
  @   ensures le16(wr->bytes + \old(wr->off)) == value;
  @ behavior full:
  @   assumes !wr_has(wr, 2);
  @   ensures wr->failed == 1;
  @ complete behaviors; disjoint behaviors;
  @*/
void wr_u16(struct wr *wr, uint16_t value);

/*@ requires wr_holds(wr);
  @ assigns wr->off, wr->failed, wr->bytes[wr->off .. wr->off + 3];
  @ ensures wr_holds(wr);
  @ behavior has:
  @   assumes wr_has(wr, 4);
  @   ensures wr->failed == 0 && wr->off == \old(wr->off) + 4;
  @   ensures le32(wr->bytes + \old(wr->off)) == value;
  @ behavior full:
  @   assumes !wr_has(wr, 4);
  @   ensures wr->failed == 1;
  @ complete behaviors; disjoint behaviors;
  @*/
void wr_u32(struct wr *wr, uint32_t value);

/*@ requires wr_holds(wr);
  @ assigns wr->off, wr->failed, wr->bytes[wr->off .. wr->off + 7];
  @ ensures wr_holds(wr);
  @ behavior has:
  @   assumes wr_has(wr, 8);
  @   ensures wr->failed == 0 && wr->off == \old(wr->off) + 8;
  @   ensures le64(wr->bytes + \old(wr->off)) == value;
  @ behavior full:
  @   assumes !wr_has(wr, 8);
  @   ensures wr->failed == 1;
  @ complete behaviors; disjoint behaviors;
  @*/
void wr_u64(struct wr *wr, uint64_t value);

/*@ requires wr_holds(wr) && bytes_readable(in, n);
  @ requires \separated(wr, in + (0 .. n - 1));
  @ requires \separated(wr->bytes + (0 .. wr->len - 1), in + (0 .. n - 1));
  @ assigns wr->off, wr->failed, wr->bytes[wr->off .. wr->off + n - 1];
  @ ensures wr_holds(wr);
  @ behavior has:
  @   assumes wr_has(wr, n);
  @   ensures wr->failed == 0 && wr->off == \old(wr->off) + n;
  @   ensures \forall integer i; 0 <= i < n ==>
  @     wr->bytes[\old(wr->off) + i] == in[i];
  @ behavior full:
  @   assumes !wr_has(wr, n);
  @   ensures wr->failed == 1;
  @ complete behaviors; disjoint behaviors;
  @*/
void wr_bytes(struct wr *wr, const uint8_t *in, uint32_t n);

/*@ requires wr_holds(wr) && wr->len <= 2147483647;
  @ assigns \nothing;
  @ ensures wr->failed == 0 ==> \result == wr->off;
  @ ensures wr->failed == 1 ==> \result == -90;
  @*/
/* The number of bytes written, or -EMSGSIZE if they did not fit. */
int wr_end(const struct wr *wr) MUST_CHECK;
