#include "hv-glue/rfb.h"

#include <errno.h>
#include <string.h>

enum {
	SECURITY_NONE = 1,
	ENCODING_DESKTOP_SIZE = -308,
	MESSAGE_SET_ENCODINGS = 2,
	MESSAGE_SET_DESKTOP_SIZE = 251,
	SERVER_UPDATE = 0,
	SERVER_BELL = 2,
	SERVER_CUT_TEXT = 3,
	REASON_THIS_CLIENT = 1,
	HEIGHT = 768,
};

static const char version[] = "RFB 003.008\n";

static void
expect(struct rfb *rfb, enum rfb_state state, uint32_t wanted)
{
	rfb->state = state;
	rfb->wanted = wanted;
	rfb->have = 0;
}

void
rfb_init(struct rfb *rfb, uint16_t width)
{
	*rfb = (struct rfb){.width = width};
	expect(rfb, RFB_VERSION, sizeof(version) - 1);
}

static int
skip_then(struct rfb *rfb, uint32_t n, enum rfb_state after, uint32_t wanted)
{
	if (n > RFB_MAX_BYTES)
		return -EBADMSG;
	rfb->skip = n;
	rfb->after_skip = after;
	expect(rfb, RFB_SKIP, wanted);
	return 0;
}

/* One screen, number 0, as large as the desktop. */
static void
put_requests(struct wr *wr, uint16_t width)
{
	wr_u8(wr, MESSAGE_SET_ENCODINGS);
	wr_u8(wr, 0);
	wr_u16(wr, __builtin_bswap16(2));
	wr_u32(wr, 0); /* raw */
	wr_u32(wr, __builtin_bswap32((uint32_t)ENCODING_DESKTOP_SIZE));

	wr_u8(wr, MESSAGE_SET_DESKTOP_SIZE);
	wr_u8(wr, 0);
	wr_u16(wr, __builtin_bswap16(width));
	wr_u16(wr, __builtin_bswap16(HEIGHT));
	wr_u8(wr, 1);
	wr_u8(wr, 0);
	wr_u32(wr, 0); /* number */
	wr_u32(wr, 0); /* x, y */
	wr_u16(wr, __builtin_bswap16(width));
	wr_u16(wr, __builtin_bswap16(HEIGHT));
	wr_u32(wr, 0); /* flags */
}

static uint32_t
be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static uint32_t
be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static int
on_message(struct rfb *rfb)
{
	switch (rfb->field[0]) {
	case SERVER_UPDATE:
		expect(rfb, RFB_UPDATE, 3);
		return 0;
	case SERVER_BELL:
		expect(rfb, RFB_MESSAGE, 1);
		return 0;
	case SERVER_CUT_TEXT:
		expect(rfb, RFB_CUT_TEXT, 7);
		return 0;
	}
	return -EBADMSG;
}

static int
next_rectangle(struct rfb *rfb)
{
	if (rfb->n_rects == 0) {
		expect(rfb, RFB_MESSAGE, 1);
		return 0;
	}
	rfb->n_rects--;
	expect(rfb, RFB_RECTANGLE, 12);
	return 0;
}

/* x of this pseudo rectangle says who asked for the change. */
static int
on_rectangle(struct rfb *rfb)
{
	if ((int32_t)be32(rfb->field + 8) != ENCODING_DESKTOP_SIZE)
		return -EBADMSG; /* pixels, which we did not ask for */
	rfb->is_answer = be16(rfb->field) == REASON_THIS_CLIENT;
	expect(rfb, RFB_SCREENS, 4);
	return 0;
}

static int
on_screens(struct rfb *rfb)
{
	const uint32_t bytes = 16u * rfb->field[0];

	if (rfb->is_answer) {
		expect(rfb, RFB_DONE, 0);
		return 1;
	}
	if (rfb->n_rects == 0)
		return skip_then(rfb, bytes, RFB_MESSAGE, 1);
	rfb->n_rects--;
	return skip_then(rfb, bytes, RFB_RECTANGLE, 12);
}

/* The present field is complete. */
static int
advance(struct rfb *rfb, struct wr *wr)
{
	switch (rfb->state) {
	case RFB_VERSION:
		if (memcmp(rfb->field, version, 8) != 0)
			return -EBADMSG;
		wr_bytes(wr, (const uint8_t *)version, 12);
		expect(rfb, RFB_TYPES, 1);
		return 0;
	case RFB_TYPES:
		if (rfb->field[0] == 0)
			return -EPROTO;
		expect(rfb, RFB_SECURITY, rfb->field[0]);
		return 0;
	case RFB_SECURITY:
		if (!memchr(rfb->field, SECURITY_NONE, rfb->wanted))
			return -EPROTO;
		wr_u8(wr, SECURITY_NONE);
		expect(rfb, RFB_RESULT, 4);
		return 0;
	case RFB_RESULT:
		if (be32(rfb->field) != 0)
			return -EPROTO;
		wr_u8(wr, 1); /* shared: others may watch */
		expect(rfb, RFB_INIT, 24);
		return 0;
	case RFB_INIT:
		put_requests(wr, rfb->width);
		return skip_then(rfb, be32(rfb->field + 20), RFB_MESSAGE, 1);
	case RFB_MESSAGE:
		return on_message(rfb);
	case RFB_UPDATE:
		rfb->n_rects = be16(rfb->field + 1);
		return next_rectangle(rfb);
	case RFB_RECTANGLE:
		return on_rectangle(rfb);
	case RFB_SCREENS:
		return on_screens(rfb);
	case RFB_CUT_TEXT:
		return skip_then(rfb, be32(rfb->field + 3), RFB_MESSAGE, 1);
	case RFB_SKIP:
	case RFB_DONE:
		break;
	}
	return -EBADMSG;
}

/* Bytes of [in, in + n) that belong to the present field or to a skip. */
static uint32_t
swallow(struct rfb *rfb, const uint8_t *in, uint32_t n)
{
	uint32_t *left = &rfb->skip;
	uint32_t want = rfb->wanted - rfb->have;

	if (rfb->state == RFB_SKIP) {
		n = n < *left ? n : *left;
		*left -= n;
		if (*left == 0)
			expect(rfb, rfb->after_skip, rfb->wanted);
		return n;
	}
	n = n < want ? n : want;
	memcpy(rfb->field + rfb->have, in, n);
	rfb->have += n;
	return n;
}

int
rfb_take(struct rfb *rfb, const uint8_t *in, uint32_t n, uint32_t *used,
    uint8_t *out, uint32_t *n_out)
{
	struct wr wr;
	int err = 0;

	*used = 0;
	wr_init(&wr, out, RFB_MAX_OUT);
	while (err == 0 && wr.off == 0 && *used < n) {
		const uint32_t taken = swallow(rfb, in + *used, n - *used);
		*used += taken;
		rfb->total += taken;
		if (rfb->total > RFB_MAX_BYTES)
			err = -EBADMSG;
		else if (rfb->state != RFB_SKIP && rfb->have == rfb->wanted)
			err = advance(rfb, &wr);
	}
	*n_out = wr.off;
	return err;
}
