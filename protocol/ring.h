/*
 * ring: what passes between the core and one tds-guest, per frame.
 *
 * There is no socket between the two: everything is a 32-byte record in one
 * of two single-producer single-consumer rings in one sealed memfd, which
 * tdsd makes and hands to both. Two eventfds are the doorbells. So a guest
 * process cannot make the core do more work than TDS_RING_UP_RECORDS records
 * per frame, nor wake it more than once per frame.
 *
 *	page 0	+0	up.head		written by the guest
 *		+64	up.tail		written by the core
 *		+128	down.head	written by the core
 *		+192	down.tail	written by the guest
 *		+256	up.wake		core: "ring my bell after a record"
 *		+320	down.wake	guest: "ring my bell after a record"
 *	+4096	up records	512 x 32
 *	+20480	down records	1024 x 32
 *
 * head and tail count records, free-running; head - tail is the fill. Each
 * side keeps its own index in private memory and only publishes it: what the
 * other side writes there is never believed. A record is copied once into
 * private memory before it is looked at.
 *
 * up.wake depends on this guest's own history only (it committed nothing in
 * the last frame), never on what other guests do.
 */
#pragma once

#include "protocol/limits.h"
#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RING_UP_AT = TDS_PAGE_BYTES,
	RING_DOWN_AT =
	    RING_UP_AT + TDS_RING_UP_RECORDS * TDS_RING_RECORD_BYTES,
	RING_BYTES =
	    RING_DOWN_AT + TDS_RING_DOWN_RECORDS * TDS_RING_RECORD_BYTES,
};

/* One direction, as one side sees it. */
struct ring {
	void *base;	/* borrowed: the mapping of RING_BYTES */
	uint32_t index;	/* our own head (producer) or tail (consumer) */
	uint32_t n;	/* records in this direction */
	uint32_t head_at, tail_at, wake_at, records_at; /* byte offsets */
};

enum ring_direction { RING_UP, RING_DOWN };

/* Both indices start at what the mapping holds: zero, when tdsd made it. */
void ring_init(struct ring *ring, void *base, enum ring_direction direction);

/* Producer. 0, or -EAGAIN if the ring is full (or its tail is nonsense). */
int ring_put(struct ring *ring,
    const uint8_t record[TDS_RING_RECORD_BYTES]) MUST_CHECK;
/* Free places for the producer; 0 if the tail is nonsense. */
uint32_t ring_room(const struct ring *ring);
/* Make what was put visible; true if the consumer wants its bell rung. */
bool ring_publish(struct ring *ring) MUST_CHECK;

/*
 * Consumer. The number of records that wait (read once), or -EBADMSG if the
 * producer's head is nonsense: it is to be dropped.
 */
int ring_waiting(const struct ring *ring) MUST_CHECK;
/* Copy the next record out, once. Only after ring_waiting() said so. */
void ring_get(struct ring *ring, uint8_t record[TDS_RING_RECORD_BYTES]);
/* Give the places back to the producer. */
void ring_release(struct ring *ring);
/*
 * Say whether the bell is wanted. After setting it to true the consumer must
 * look at ring_waiting() once more before it sleeps.
 */
void ring_set_wake(struct ring *ring, bool wanted);

/* ------------------------------------------------------------------------ */
/* Up: guest -> core							     */

enum up_op {
	UP_COMMIT = 1,	/* a scanout shows this buffer; this part is new */
	UP_CURSOR = 2,	/* the guest's cursor image */
	UP_LEDS = 3,	/* lock lights that the guest wants */
	UP_VM = 4,	/* a virtual machine came or went */
	UP_MAP = 5,	/* this range of a granted pool is there */
	UP_UNMAP = 6,	/* it is to go */
};

/*
 * COMMIT, 32 bytes. width = height = 0: the scanout is off.
 *	0 u8 op  1 u8 scanout  2 u16 exact  4 u32 seq  8 u32 page  12 u32 stride
 *	16 u16 width  18 u16 height  20 u16 x  22 u16 y  24 u16 w  26 u16 h
 *	28 u32 zero
 * exact, 0 or 1: what lies outside the damage is as in the buffer before it, of
 * the same size; else another buffer is new as a whole.
 * Pixels are XRGB8888 (little endian B G R X), at page * 4096 in the pool.
 */
struct wire_commit {
	uint8_t op, scanout;
	uint16_t exact;
	uint32_t seq, page, stride;
	uint16_t width, height, x, y, w, h;
	uint32_t zero;
};

/* Believed: the buffer lies in the pool, the damage lies in the buffer. */
struct commit {
	uint32_t scanout;
	uint32_t seq;
	uint64_t offset_bytes;
	uint32_t stride_bytes;
	uint32_t width_px, height_px; /* both 0: off */
	uint32_t x, y, w, h;	      /* damage; w or h may be 0 */
	bool is_exact;
};

/*
 * CURSOR, 32 bytes. ARGB8888, 64x64, stride 256, premultiplied.
 *	0 u8 op  1 u8 visible  2 u16 zero  4 u32 page  8 u16 hot_x  10 u16 hot_y
 *	12 u8[20] zero
 */
struct wire_cursor {
	uint8_t op, visible;
	uint16_t zero;
	uint32_t page;
	uint16_t hot_x, hot_y;
	uint8_t zero2[20];
};

struct cursor {
	bool visible;
	uint64_t offset_bytes;
	uint32_t hot_x, hot_y; /* < TDS_CURSOR_DIM */
};

/*
 * LEDS, VM: 0 u8 op  1 u8 value  2 u8[30] zero
 * LEDS: bit 0 num, 1 caps, 2 scroll. VM: 1 it is up, 0 it is down.
 */
struct wire_value {
	uint8_t op, value;
};

/*
 * MAP, UNMAP: 0 u8 op  1 u8[3] zero  4 u32 page  8 u32 pages  12 u8[20] zero
 * Of a granted pool (CORE_LINK says so), which is a window of
 * TDS_MAX_POOL_BYTES with nothing in it: only what MAP brought may be shown.
 * Ranges do not overlap. UNMAP names the first page of one; its pages are 0.
 * Each is answered by MAPPED, in order; only one is looked at per frame.
 */
struct grant {
	uint8_t op;
	uint32_t page, pages;
};

/*@ requires bytes_readable(bytes, len) && \valid(out);
  @ requires \separated(out, bytes + (0 .. len - 1));
  @ assigns *out;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> len == 32;
  @ ensures len == 32 ==> out->op == \old(bytes[0]);
  @ ensures len == 32 ==> out->scanout == \old(bytes[1]);
  @ ensures len == 32 ==> out->exact == le16{Old}(bytes + 2);
  @ ensures len == 32 ==> out->seq == le32{Old}(bytes + 4);
  @ ensures len == 32 ==> out->page == le32{Old}(bytes + 8);
  @ ensures len == 32 ==> out->stride == le32{Old}(bytes + 12);
  @ ensures len == 32 ==> out->width == le16{Old}(bytes + 16);
  @ ensures len == 32 ==> out->height == le16{Old}(bytes + 18);
  @ ensures len == 32 ==> out->x == le16{Old}(bytes + 20);
  @ ensures len == 32 ==> out->y == le16{Old}(bytes + 22);
  @ ensures len == 32 ==> out->w == le16{Old}(bytes + 24);
  @ ensures len == 32 ==> out->h == le16{Old}(bytes + 26);
  @ ensures len == 32 ==> out->zero == le32{Old}(bytes + 28);
  @*/
int decode_commit(const uint8_t *bytes, uint32_t len,
    struct wire_commit *out) MUST_CHECK;

/*@ requires bytes_readable(bytes, len) && \valid(out);
  @ requires \separated(out, bytes + (0 .. len - 1));
  @ assigns *out;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> len == 32;
  @ ensures len == 32 ==> out->op == \old(bytes[0]);
  @ ensures len == 32 ==> out->visible == \old(bytes[1]);
  @ ensures len == 32 ==> out->zero == le16{Old}(bytes + 2);
  @ ensures len == 32 ==> out->page == le32{Old}(bytes + 4);
  @ ensures len == 32 ==> out->hot_x == le16{Old}(bytes + 8);
  @ ensures len == 32 ==> out->hot_y == le16{Old}(bytes + 10);
  @ ensures len == 32 ==> \forall integer i; 0 <= i < 20 ==>
  @   out->zero2[i] == \old(bytes[12 + i]);
  @*/
int decode_cursor(const uint8_t *bytes, uint32_t len,
    struct wire_cursor *out) MUST_CHECK;

/*@ requires bytes_readable(bytes, len) && \valid(out);
  @ requires \separated(out, bytes + (0 .. len - 1));
  @ assigns *out;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> len == 32 &&
  @   (\forall integer i; 0 <= i < 30 ==> \old((bytes + 2)[i]) == 0);
  @ ensures \result == 0 ==> out->op == \old(bytes[0]);
  @ ensures \result == 0 ==> out->value == \old(bytes[1]);
  @*/
int decode_value(const uint8_t *bytes, uint32_t len,
    struct wire_value *out) MUST_CHECK;

/*@ requires bytes_readable(bytes, len) && \valid(out);
  @ requires \separated(out, bytes + (0 .. len - 1));
  @ assigns *out;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> len == 32 &&
  @   (\forall integer i; 0 <= i < 3 ==> \old((bytes + 1)[i]) == 0) &&
  @   (\forall integer i; 0 <= i < 20 ==> \old((bytes + 12)[i]) == 0);
  @ ensures \result == 0 ==> out->op == \old(bytes[0]);
  @ ensures \result == 0 ==> out->page == le32{Old}(bytes + 4);
  @ ensures \result == 0 ==> out->pages == le32{Old}(bytes + 8);
  @*/
int decode_grant(const uint8_t *bytes, uint32_t len,
    struct grant *out) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(out) && \separated(in, out);
  @ assigns *out;
  @ ensures \result == 0 || \result == -74 || \result == -34;
  @ behavior good:
  @   assumes in->op == 1 && in->exact <= 1 && in->zero == 0;
  @   assumes in->scanout < scanouts;
  @   assumes in->width <= 8192 && in->height <= 8192;
  @   assumes in->width == 0 <==> in->height == 0;
  @   assumes in->stride % 4 == 0 && 4 * in->width <= in->stride <= 65536;
  @   assumes in->x + in->w <= in->width && in->y + in->h <= in->height;
  @   assumes 4096 * in->page + in->stride * in->height <= pool_bytes;
  @   ensures \result == 0;
  @   ensures out->scanout == \old(in->scanout) && out->seq == \old(in->seq);
  @   ensures out->offset_bytes == 4096 * \old(in->page);
  @   ensures out->stride_bytes == \old(in->stride);
  @   ensures out->width_px == \old(in->width);
  @   ensures out->height_px == \old(in->height);
  @   ensures out->x == \old(in->x) && out->y == \old(in->y);
  @   ensures out->w == \old(in->w) && out->h == \old(in->h);
  @   ensures out->is_exact == \true <==> \old(in->exact) == 1;
  @ behavior malformed:
  @   assumes in->op != 1 || in->exact > 1 || in->zero != 0;
  @   ensures \result == -74;
  @ behavior other_scanout:
  @   assumes in->scanout >= scanouts;
  @   ensures \result != 0;
  @ behavior bad_size:
  @   assumes in->width > 8192 || in->height > 8192 ||
  @     !(in->width == 0 <==> in->height == 0);
  @   ensures \result != 0;
  @ behavior bad_stride:
  @   assumes in->stride % 4 != 0 || in->stride > 65536 ||
  @     in->stride < 4 * in->width;
  @   ensures \result != 0;
  @ behavior beyond_the_buffer:
  @   assumes in->x + in->w > in->width || in->y + in->h > in->height;
  @   ensures \result != 0;
  @ behavior beyond_the_pool:
  @   assumes 4096 * in->page + in->stride * in->height > pool_bytes;
  @   ensures \result != 0;
  @ complete behaviors;
  @*/
/* -ERANGE for a value out of limits, -EBADMSG for a field that must be 0. */
int check_commit(const struct wire_commit *in, uint64_t pool_bytes,
    uint32_t scanouts, struct commit *out) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(out) && \separated(in, out);
  @ assigns *out;
  @ ensures \result == 0 || \result == -74 || \result == -34;
  @ ensures \result == 0 <==>
  @   in->op == 2 && in->zero == 0 && in->visible <= 1 &&
  @   in->hot_x < 64 && in->hot_y < 64 &&
  @   4096 * in->page + 16384 <= pool_bytes &&
  @   (\forall integer i; 0 <= i < 20 ==> in->zero2[i] == 0);
  @ ensures \result == 0 ==> out->offset_bytes + 16384 <= pool_bytes;
  @ ensures \result == 0 ==> out->offset_bytes == 4096 * in->page;
  @ ensures \result == 0 ==> out->hot_x == in->hot_x < 64;
  @ ensures \result == 0 ==> out->hot_y == in->hot_y < 64;
  @ ensures \result == 0 ==> (out->visible == \true <==> in->visible == 1);
  @*/
int check_cursor(const struct wire_cursor *in, uint64_t pool_bytes,
    struct cursor *out) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(mask) && \separated(in, mask);
  @ assigns *mask;
  @ ensures \result == 0 || \result == -74 || \result == -34;
  @ ensures \result == 0 <==> in->op == 3 && in->value <= 7;
  @ ensures \result == 0 ==> *mask == in->value;
  @*/
int check_leds(const struct wire_value *in, uint8_t *mask) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(is_up) && \separated(in, is_up);
  @ assigns *is_up;
  @ ensures \result == 0 || \result == -74 || \result == -34;
  @ ensures \result == 0 <==> in->op == 4 && in->value <= 1;
  @ ensures \result == 0 ==> (*is_up == \true <==> in->value == 1);
  @*/
int check_vm(const struct wire_value *in, bool *is_up) MUST_CHECK;

/*@ requires \valid_read(in);
  @ assigns \nothing;
  @ ensures \result == 0 || \result == -34;
  @ ensures \result == 0 <==>
  @   (in->op == 5 && 1 <= in->pages && in->page + in->pages <= 262144) ||
  @   (in->op == 6 && in->pages == 0 && in->page < 262144);
  @*/
/* -ERANGE unless it lies in the window. */
int check_grant(const struct grant *in) MUST_CHECK;

/* ------------------------------------------------------------------------ */
/* Down: core -> guest							     */

enum down_op {
	DOWN_TICK = 1,	    /* a frame began; commits up to seq are consumed */
	DOWN_INPUT = 2,	    /* one evdev event for one of the guest's devices */
	DOWN_CONFIGURE = 3, /* the user wants this size for that scanout */
	DOWN_LOST = 4,	    /* input was lost: all keys and buttons are up */
	DOWN_MAPPED = 5,    /* the answer to MAP and to UNMAP */
};

enum input_device {
	DEVICE_KEYBOARD,
	DEVICE_TABLET,
	DEVICE_MOUSE,
	DEVICE_TOUCH,
};

/*
 * All of them, 32 bytes:
 *	0 u8 op  1 u8 device  2 u8 scanout  3 u8 zero  4 u32 seq
 *	8 u16 type  10 u16 code  12 i32 value  16 u16 width  18 u16 height
 *	20 u32 page  24 u32 pages  28 u8 is_mapped  29 u8 error  30 u16 zero
 * MAPPED: whether the range is mapped now, and the errno if that is not what
 * was asked for. Once it is 0 the core holds nothing of the range.
 * INPUT: type, code, value as in linux/input-event-codes.h. ABS_X and ABS_Y on
 * the tablet are pixels of that scanout. A group ends with EV_SYN.
 * Touch: EV_ABS only. ABS_MT_SLOT, then ABS_MT_TRACKING_ID (-1: it lifts) or
 * both of ABS_MT_POSITION, pixels of the scanout; all of one scanout until all
 * have lifted. The first finger is TDS_BTN_FINGER of the tablet as well.
 */
struct down {
	uint8_t op;
	uint8_t device;
	uint8_t scanout;
	uint32_t seq;
	uint16_t type, code;
	int32_t value;
	uint16_t width, height;
	uint32_t page, pages;
	uint8_t is_mapped, error;
};

/*@ requires bytes_readable(bytes, len) && \valid(out);
  @ requires \separated(out, bytes + (0 .. len - 1));
  @ assigns *out;
  @ ensures \result == 0 || \result == -74;
  @ ensures \result == 0 <==> len == 32 && \old(bytes[3]) == 0 &&
  @   le16{Old}(bytes + 30) == 0;
  @ ensures \result == 0 ==> out->op == \old(bytes[0]);
  @ ensures \result == 0 ==> out->device == \old(bytes[1]);
  @ ensures \result == 0 ==> out->scanout == \old(bytes[2]);
  @ ensures \result == 0 ==> out->seq == le32{Old}(bytes + 4);
  @ ensures \result == 0 ==> out->type == le16{Old}(bytes + 8);
  @ ensures \result == 0 ==> out->code == le16{Old}(bytes + 10);
  @ ensures \result == 0 ==> out->width == le16{Old}(bytes + 16);
  @ ensures \result == 0 ==> out->height == le16{Old}(bytes + 18);
  @ ensures \result == 0 ==> out->page == le32{Old}(bytes + 20);
  @ ensures \result == 0 ==> out->pages == le32{Old}(bytes + 24);
  @ ensures \result == 0 ==> out->is_mapped == \old(bytes[28]);
  @ ensures \result == 0 ==> out->error == \old(bytes[29]);
  @*/
int decode_down(const uint8_t *bytes, uint32_t len,
    struct down *out) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(out + (0 .. 31));
  @ requires \separated(in, out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_down(const struct down *in,
    uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;

/*@ requires \valid_read(in);
  @ assigns \nothing;
  @ ensures \result == 0 || \result == -34;
  @ ensures \result == 0 <==> 1 <= in->op <= 5 && in->device <= 3 &&
  @   in->scanout < 4 && in->width <= 8192 && in->height <= 8192 &&
  @   in->is_mapped <= 1;
  @*/
/* -ERANGE unless op, device and scanout are known ones. */
int check_down(const struct down *in) MUST_CHECK;
