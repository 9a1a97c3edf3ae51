/*
 * Our own records, as a process that was taken over may send them. Not only
 * "no crash": what a decoder takes, the encoder must give back byte for byte,
 * and what a check believes must lie in the pool.
 *
 *	byte 0	which kind: see the tables
 *	byte 1	ring: size of the pool in 64 KiB; control: descriptors
 *	rest	the record
 */
#include "hv-glue/up_records.h"
#include "protocol/control.h"
#include "protocol/ring.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
must_be_same(const uint8_t *bytes, uint32_t len, const uint8_t *again, int n)
{
	must(n == (int)len);
	must(memcmp(bytes, again, len) == 0);
}

/* ------------------------------------------------------------------------ */
/* Ring records                                                               */

static void
try_commit(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct wire_commit wire;
	struct commit c;
	uint8_t again[TDS_RING_RECORD_BYTES];

	must((decode_commit(bytes, len, &wire) == 0) ==
	    (len == TDS_RING_RECORD_BYTES));
	if (len != TDS_RING_RECORD_BYTES ||
	    check_commit(&wire, pool_bytes, TDS_MAX_SCANOUTS, &c) < 0)
		return;
	must(c.scanout < TDS_MAX_SCANOUTS);
	must(c.width_px <= TDS_MAX_DIM && c.height_px <= TDS_MAX_DIM);
	must(c.stride_bytes >= 4 * c.width_px && c.stride_bytes % 4 == 0);
	must(c.x + c.w <= c.width_px && c.y + c.h <= c.height_px);
	must(c.offset_bytes + (uint64_t)c.stride_bytes * c.height_px <=
	    pool_bytes);
	must(encode_commit(&c, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
}

static void
try_cursor(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct wire_cursor wire;
	struct cursor c;
	uint8_t again[TDS_RING_RECORD_BYTES];

	must((decode_cursor(bytes, len, &wire) == 0) ==
	    (len == TDS_RING_RECORD_BYTES));
	if (len != TDS_RING_RECORD_BYTES ||
	    check_cursor(&wire, pool_bytes, &c) < 0)
		return;
	must(c.hot_x < TDS_CURSOR_DIM && c.hot_y < TDS_CURSOR_DIM);
	must(c.offset_bytes + TDS_CURSOR_DIM * TDS_CURSOR_DIM * 4 <=
	    pool_bytes);
	must(encode_cursor(&c, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
}

static void
try_leds(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct wire_value wire;
	uint8_t mask, again[TDS_RING_RECORD_BYTES];

	(void)pool_bytes;
	if (decode_value(bytes, len, &wire) < 0 || check_leds(&wire, &mask) < 0)
		return;
	must(mask <= 7);
	must(encode_leds(mask, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
}

static void
try_vm(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct wire_value wire;
	bool is_up;
	uint8_t again[TDS_RING_RECORD_BYTES];

	(void)pool_bytes;
	if (decode_value(bytes, len, &wire) < 0 || check_vm(&wire, &is_up) < 0)
		return;
	must(encode_vm(is_up, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
}

static void
try_down(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct down down;
	uint8_t again[TDS_RING_RECORD_BYTES];

	(void)pool_bytes;
	if (decode_down(bytes, len, &down) < 0)
		return;
	must(encode_down(&down, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
	if (check_down(&down) == 0)
		must(down.scanout < TDS_MAX_SCANOUTS &&
		    down.width <= TDS_MAX_DIM && down.height <= TDS_MAX_DIM);
}

static void
try_grant(const uint8_t *bytes, uint32_t len, uint64_t pool_bytes)
{
	struct grant g;
	uint8_t again[TDS_RING_RECORD_BYTES];

	(void)pool_bytes;
	if (decode_grant(bytes, len, &g) < 0)
		return;
	must(encode_grant(&g, again) == 0);
	must_be_same(bytes, len, again, TDS_RING_RECORD_BYTES);
	if (check_grant(&g) == 0)
		must(((uint64_t)g.page + g.pages) * TDS_PAGE_BYTES <=
			TDS_MAX_POOL_BYTES &&
		    (g.pages > 0) == (g.op == UP_MAP));
}

static void (*const ring_records[])(const uint8_t *, uint32_t, uint64_t) = {
    try_commit, try_cursor, try_leds, try_vm, try_down, try_grant};

enum { N_RING = sizeof(ring_records) / sizeof(ring_records[0]) };

/* ------------------------------------------------------------------------ */
/* Control records                                                            */

static uint8_t again[CONTROL_MAX_BYTES];

/* Encoded again: how many bytes, or -1 if the decoder refused. */
#define RECORD(name)                                                           \
	static int try_##name(struct rd *rd)                                   \
	{                                                                      \
		static struct name x;                                          \
		if (decode_##name(rd, &x) < 0)                                 \
			return -1;                                             \
		return encode_##name(&x, again, sizeof(again));                \
	}

RECORD(core_setup)
RECORD(core_output)
RECORD(core_domain)
RECORD(core_link)
RECORD(core_down)
RECORD(core_focus)
RECORD(core_snapshot)
RECORD(core_dropped)
RECORD(core_rule)
RECORD(core_admitted)
RECORD(input_open)
RECORD(input_close)
RECORD(input_problem)
RECORD(seat_device)
RECORD(seat_gone)
RECORD(seat_admit)
RECORD(seat_leds)
RECORD(seat_events)
RECORD(guest_setup)
RECORD(guest_xen)
RECORD(xen_setup)
RECORD(xen_domain)
RECORD(xen_serve)
RECORD(xen_found)
RECORD(xen_gone)
RECORD(core_sealed)
RECORD(hdcp_setup)
RECORD(sealed_part)
RECORD(sealed_free)
RECORD(sealed_state)
RECORD(ctl_focus)
RECORD(ctl_result)
RECORD(ctl_picture)

static int
try_u32(uint32_t op, struct rd *rd)
{
	uint32_t value;

	if (decode_u32(rd, &value) < 0)
		return -1;
	return encode_u32(op, value, again, sizeof(again));
}

static int
try_input(uint32_t op, struct rd *rd)
{
	static struct core_input x;

	if (decode_core_input(rd, &x) < 0)
		return -1;
	must(x.n <= TDS_MAX_INPUT_BATCH);
	return encode_core_input(op, &x, again, sizeof(again));
}

static void
must_be_sane(const struct status *s)
{
	must(s->n_outputs <= TDS_MAX_OUTPUTS);
	must(s->n_domains <= TDS_MAX_DOMAINS);
	must(s->n_windows <= TDS_MAX_WINDOWS);
	for (uint32_t i = 0; i < s->n_windows; i++)
		must(s->windows[i].domain < s->n_domains &&
		    s->windows[i].output < s->n_outputs);
}

static int
try_reply(struct rd *rd)
{
	static struct status s;
	uint32_t cookie;

	if (decode_core_reply(rd, &cookie, &s) < 0)
		return -1;
	must_be_sane(&s);
	return encode_core_reply(cookie, &s, again, sizeof(again));
}

static int
try_report(struct rd *rd)
{
	static struct status s;

	if (decode_ctl_report(rd, &s) < 0)
		return -1;
	must_be_sane(&s);
	return encode_ctl_report(&s, again, sizeof(again));
}

static int
try_control_op(uint32_t op, struct rd *rd)
{
	switch ((enum control_op)op) {
	case CORE_SETUP:
		return try_core_setup(rd);
	case CORE_OUTPUT:
		return try_core_output(rd);
	case CORE_DOMAIN:
		return try_core_domain(rd);
	case CORE_LINK:
		return try_core_link(rd);
	case CORE_DOWN:
		return try_core_down(rd);
	case CORE_FOCUS:
		return try_core_focus(rd);
	case CORE_SNAPSHOT:
		return try_core_snapshot(rd);
	case CORE_DROPPED:
		return try_core_dropped(rd);
	case CORE_RULE:
		return try_core_rule(rd);
	case CORE_ADMITTED:
		return try_core_admitted(rd);
	case INPUT_OPEN:
		return try_input_open(rd);
	case INPUT_CLOSE:
		return try_input_close(rd);
	case INPUT_PROBLEM:
		return try_input_problem(rd);
	case SEAT_DEVICE:
		return try_seat_device(rd);
	case SEAT_GONE:
		return try_seat_gone(rd);
	case SEAT_ADMIT:
		return try_seat_admit(rd);
	case SEAT_LEDS:
		return try_seat_leds(rd);
	case SEAT_EVENTS:
		return try_seat_events(rd);
	case GUEST_SETUP:
		return try_guest_setup(rd);
	case GUEST_XEN:
		return try_guest_xen(rd);
	case XEN_SETUP:
		return try_xen_setup(rd);
	case XEN_DOMAIN:
		return try_xen_domain(rd);
	case XEN_SERVE:
		return try_xen_serve(rd);
	case XEN_FOUND:
		return try_xen_found(rd);
	case XEN_GONE:
		return try_xen_gone(rd);
	case CORE_SEALED:
		return try_core_sealed(rd);
	case HDCP_SETUP:
		return try_hdcp_setup(rd);
	case SEALED_PART:
		return try_sealed_part(rd);
	case SEALED_FREE:
		return try_sealed_free(rd);
	case SEALED_STATE:
		return try_sealed_state(rd);
	case CTL_FOCUS:
		return try_ctl_focus(rd);
	case CTL_RESULT:
		return try_ctl_result(rd);
	case CTL_PICTURE:
		return try_ctl_picture(rd);
	case CORE_REPLY:
		return try_reply(rd);
	case CTL_REPORT:
		return try_report(rd);
	case CORE_INPUT:
	case CTL_INPUT:
		return try_input(op, rd);
	case CORE_STATUS:
	case CTL_SCREENSHOT:
		return try_u32(op, rd);
	case CORE_START:
	case CORE_READY:
	case CORE_SCREEN:
	case CORE_HOTPLUG:
	case CORE_SEAT:
	case INPUT_START:
	case INPUT_CORE:
	case INPUT_READY:
	case GUEST_CORE:
	case GUEST_VNC:
	case GUEST_WANT_VNC:
	case XEN_START:
	case HDCP_CORE:
	case CTL_STATUS:
		return encode_empty(op, again, sizeof(again));
	}
	abort(); /* control_open() let an op through that is not in the table */
}

static void
try_control(const uint8_t *bytes, uint32_t len, uint32_t n_fds)
{
	struct rd rd;
	uint32_t op;

	if (control_open(bytes, len, n_fds, &op, &rd) < 0)
		return;
	must(strcmp(control_name(op), "unknown") != 0);
	const int n = try_control_op(op, &rd);
	if (n >= 0)
		must_be_same(bytes, len, again, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > CONTROL_MAX_BYTES + 16)
		return 0;

	/* a copy of exactly that size, so that a read beyond it is seen */
	const uint32_t len = (uint32_t)(size - 2);
	uint8_t *bytes = malloc(len ? len : 1);
	must(bytes != NULL);
	memcpy(bytes, data + 2, len);
	if (data[0] < N_RING)
		ring_records[data[0]](bytes, len, (uint64_t)data[1] << 16);
	else
		try_control(bytes, len, data[1]);
	free(bytes);
	return 0;
}
