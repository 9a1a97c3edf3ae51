#include "protocol/control.h"

#include <errno.h>
#include <string.h>

struct message {
	uint32_t op, bytes, fds;
	const char *name;
};

#define X(name, op, bytes, fds) {op, bytes, fds, #name},
#define R(name, op, type, fds) X(name, op, WIRE_BYTES(name##_FIELDS), fds)
static const struct message messages[] = {CONTROL_MESSAGES(X, R)};
#undef X

enum { N_MESSAGES = sizeof(messages) / sizeof(messages[0]) };

#define X(name, op, bytes, fds)                                                \
	_Static_assert((bytes) + 4 <= CONTROL_MAX_BYTES,                       \
	    #name " fits the buffer that everybody receives into");
CONTROL_MESSAGES(X, R)
#undef R
#undef X

/*@ assigns \nothing;
  @ ensures \result == \null || \valid_read(\result);
  @ ensures \result != \null ==> known(op, \result->bytes, \result->fds);
  @*/
static const struct message *
message_find(uint32_t op)
{
	/*@ loop invariant 0 <= i <= N_MESSAGES;
	  @ loop assigns i;
	  @ loop variant N_MESSAGES - i;
	  @*/
	for (uint32_t i = 0; i < N_MESSAGES; i++)
		if (messages[i].op == op)
			return &messages[i];
	return NULL;
}

const char *
control_name(uint32_t op)
{
	const struct message *m = message_find(op);

	return m ? m->name : "unknown";
}

int
control_open(const uint8_t *bytes, uint32_t len, uint32_t n_fds, uint32_t *op,
    struct rd *rd)
{
	rd_init(rd, bytes, len);
	const uint32_t got = rd_u32(rd);
	const struct message *m = message_find(got);

	if (rd->failed || !m || len != m->bytes + 4 || n_fds != m->fds)
		return -EBADMSG;
	*op = got;
	return 0;
}

static void
wr_op(struct wr *wr, uint32_t op, uint8_t *out, uint32_t size)
{
	wr_init(wr, out, size);
	wr_u32(wr, op);
}

int
encode_empty(uint32_t op, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, op, out, size);
	return wr_end(&wr);
}

int
encode_u32(uint32_t op, uint32_t value, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, op, out, size);
	wr_u32(&wr, value);
	return wr_end(&wr);
}

int
decode_u32(struct rd *rd, uint32_t *out)
{
	*out = rd_u32(rd);
	return rd_end(rd);
}

/* NUL-terminated and NUL-padded: no byte hides behind the end of a text. */
static bool
text_is_padded(const uint8_t *text, uint32_t n)
{
	/*@ loop invariant 1 <= i <= n;
	  @ loop invariant \forall integer k;
	  @   0 < k < i && text[k - 1] == 0 ==> text[k] == 0;
	  @ loop assigns i;
	  @ loop variant n - i;
	  @*/
	for (uint32_t i = 1; i < n; i++)
		if (text[i - 1] == 0 && text[i] != 0)
			return false;
	return text[n - 1] == 0;
}

static void
wr_rect(struct wr *wr, struct rect r)
{
	wr_u32(wr, (uint32_t)r.x0);
	wr_u32(wr, (uint32_t)r.y0);
	wr_u32(wr, (uint32_t)r.x1);
	wr_u32(wr, (uint32_t)r.y1);
}

static struct rect
rd_rect(struct rd *rd)
{
	struct rect r;

	r.x0 = (int32_t)rd_u32(rd);
	r.y0 = (int32_t)rd_u32(rd);
	r.x1 = (int32_t)rd_u32(rd);
	r.y1 = (int32_t)rd_u32(rd);
	return r;
}

static void
rd_text(struct rd *rd, uint8_t *out, uint32_t n)
{
	rd_bytes(rd, out, n);
	if (!text_is_padded(out, n))
		rd->failed = 1;
}

#define WR_U32(name, ...) wr_u32(wr, in->name);
#define WR_I32(name, ...) wr_u32(wr, (uint32_t)in->name);
#define WR_U64(name, ...) wr_u64(wr, in->name);
#define WR_RECT(name, ...) wr_rect(wr, in->name);
#define WR_TEXT(name, bytes) wr_bytes(wr, in->name, bytes);
#define WR_INPUT(name, ...) wr_input(wr, &in->name);
#define WR_STATUS(name, ...) wr_shown(wr, &in->name);
#define WR(name, type, limit, ...) WR_##type(name, __VA_ARGS__)

#define RD_U32(name, ...) out->name = rd_u32(rd);
#define RD_I32(name, ...) out->name = (int32_t)rd_u32(rd);
#define RD_U64(name, ...) out->name = rd_u64(rd);
#define RD_RECT(name, ...) out->name = rd_rect(rd);
#define RD_TEXT(name, bytes) rd_text(rd, out->name, bytes);
#define RD_INPUT(name, ...) rd_input(rd, &out->name);
#define RD_STATUS(name, ...) rd_shown(rd, &out->name);
#define RD(name, type, limit, ...) RD_##type(name, __VA_ARGS__)

#define FIELDS_CODEC(type, FIELDS)                                             \
	static void wr_##type(struct wr *wr, const struct type *in)            \
	{                                                                      \
		FIELDS(WR)                                                     \
	}                                                                      \
	static void rd_##type(struct rd *rd, struct type *out)                 \
	{                                                                      \
		FIELDS(RD)                                                     \
	}

static bool
is_in(int64_t value, int64_t low, int64_t high)
{
	return low <= value && value <= high;
}

static bool
is_pool(uint64_t bytes)
{
	return TDS_MIN_POOL_BYTES <= bytes && bytes <= TDS_MAX_POOL_BYTES &&
	    bytes % TDS_PAGE_BYTES == 0;
}

#define LIMIT_ANY(name, bytes)
#define LIMIT_IN(name, low, high) && is_in(in->name, low, high)
#define LIMIT_BELOW(name, n) && in->name < (n)
#define LIMIT_OPTIONAL(name, n) && (in->name < (n) || in->name == TDS_NONE)
#define LIMIT_MODE(name, low, high)                                            \
	&& (in->name == 0 ? in->type == OUTPUT_KMS : is_in(in->name, low, high))
#define LIMIT_POOL(name, bytes) && is_pool(in->name)
#define LIMIT_FILLED(name, bytes) && in->name[0] != 0
#define LIMIT_EVENTS(name, bytes) && in->name.n <= TDS_MAX_INPUT_BATCH
#define LIMIT_SHOWN(name, bytes) && is_shown(&in->name)
#define LIMIT(name, type, limit, ...) LIMIT_##limit(name, __VA_ARGS__)

#define FIELDS_CHECK(type, FIELDS)                                             \
	static bool type##_is_right(const struct type *in)                     \
	{                                                                      \
		return true FIELDS(LIMIT);                                     \
	}

/* ------------------------------------------------------------------- input */

static void
wr_input(struct wr *wr, const struct core_input *in)
{
	wr_u32(wr, in->n);
	for (uint32_t i = 0; i < TDS_MAX_INPUT_BATCH; i++) {
		const bool used = i < in->n;
		wr_u16(wr, used ? in->events[i].type : 0);
		wr_u16(wr, used ? in->events[i].code : 0);
		wr_u32(wr, used ? (uint32_t)in->events[i].value : 0);
	}
}

int
encode_core_input(uint32_t op, const struct core_input *in, uint8_t *out,
    uint32_t size)
{
	struct wr wr;

	wr_op(&wr, op, out, size);
	wr_input(&wr, in);
	return wr_end(&wr);
}

static void
rd_input(struct rd *rd, struct core_input *out)
{
	out->n = rd_u32(rd);
	/*@ loop invariant 0 <= i <= TDS_MAX_INPUT_BATCH && rd_holds(rd);
	  @ loop invariant rd_took{Pre, Here}(rd, 4 + 8 * i);
	  @ loop assigns i, rd->off, rd->failed, out->events[0 .. 63];
	  @ loop variant TDS_MAX_INPUT_BATCH - i;
	  @*/
	for (uint32_t i = 0; i < TDS_MAX_INPUT_BATCH; i++) {
		out->events[i].type = rd_u16(rd);
		out->events[i].code = rd_u16(rd);
		out->events[i].value = (int32_t)rd_u32(rd);
		if (i >= out->n &&
		    (out->events[i].type != 0 || out->events[i].code != 0 ||
			out->events[i].value != 0))
			rd->failed = 1;
	}
}

int
decode_core_input(struct rd *rd, struct core_input *out)
{
	rd_input(rd, out);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	return out->n <= TDS_MAX_INPUT_BATCH ? 0 : -ERANGE;
}

/* ------------------------------------------------------------------ status */

FIELDS_CODEC(status_output, STATUS_OUTPUT_FIELDS)
FIELDS_CODEC(status_domain, STATUS_DOMAIN_FIELDS)
FIELDS_CODEC(status_window, STATUS_WINDOW_FIELDS)
FIELDS_CODEC(status, STATUS_FIELDS)
FIELDS_CHECK(status_domain, STATUS_DOMAIN_FIELDS)
FIELDS_CHECK(status, STATUS_FIELDS)

static void
wr_shown(struct wr *wr, const struct status *in)
{
	wr_status(wr, in);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		wr_status_output(wr, &in->outputs[i]);
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		wr_status_domain(wr, &in->domains[i]);
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++)
		wr_status_window(wr, &in->windows[i]);
}

static void
rd_shown(struct rd *rd, struct status *out)
{
	rd_status(rd, out);
	/*@ loop invariant 0 <= i <= TDS_MAX_OUTPUTS && rd_holds(rd);
	  @ loop invariant rd_took{LoopEntry, Here}(rd,
	  @   i * WIRE_BYTES(STATUS_OUTPUT_FIELDS));
	  @ loop assigns i, rd->off, rd->failed, out->outputs[0 .. TDS_MAX_OUTPUTS - 1];
	  @ loop variant TDS_MAX_OUTPUTS - i;
	  @*/
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		rd_status_output(rd, &out->outputs[i]);
	/*@ loop invariant 0 <= i <= TDS_MAX_DOMAINS && rd_holds(rd);
	  @ loop invariant rd_took{LoopEntry, Here}(rd,
	  @   i * WIRE_BYTES(STATUS_DOMAIN_FIELDS));
	  @ loop assigns i, rd->off, rd->failed, out->domains[0 .. TDS_MAX_DOMAINS - 1];
	  @ loop variant TDS_MAX_DOMAINS - i;
	  @*/
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		rd_status_domain(rd, &out->domains[i]);
	/*@ loop invariant 0 <= i <= TDS_MAX_WINDOWS && rd_holds(rd);
	  @ loop invariant rd_took{LoopEntry, Here}(rd,
	  @   i * WIRE_BYTES(STATUS_WINDOW_FIELDS));
	  @ loop assigns i, rd->off, rd->failed, out->windows[0 .. TDS_MAX_WINDOWS - 1];
	  @ loop variant TDS_MAX_WINDOWS - i;
	  @*/
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++)
		rd_status_window(rd, &out->windows[i]);
}

/* What a reader indexes with. */
static bool
is_shown(const struct status *s)
{
	if (!status_is_right(s))
		return false;
	/*@ loop invariant 0 <= i <= s->n_domains;
	  @ loop invariant \forall integer k; 0 <= k < i ==>
	  @   status_domain_limits(&s->domains[k]);
	  @ loop assigns i;
	  @ loop variant s->n_domains - i;
	  @*/
	for (uint32_t i = 0; i < s->n_domains; i++)
		if (!status_domain_is_right(&s->domains[i]))
			return false;
	/*@ loop invariant 0 <= i <= s->n_windows;
	  @ loop invariant \forall integer k; 0 <= k < i ==>
	  @   s->windows[k].domain < s->n_domains &&
	  @   s->windows[k].output < s->n_outputs;
	  @ loop assigns i;
	  @ loop variant s->n_windows - i;
	  @*/
	for (uint32_t i = 0; i < s->n_windows; i++)
		if (s->windows[i].domain >= s->n_domains ||
		    s->windows[i].output >= s->n_outputs)
			return false;
	return true;
}

int
encode_core_reply(uint32_t cookie, const struct status *in, uint8_t *out,
    uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_REPLY, out, size);
	wr_u32(&wr, cookie);
	wr_shown(&wr, in);
	return wr_end(&wr);
}

int
decode_core_reply(struct rd *rd, uint32_t *cookie, struct status *out)
{
	*cookie = rd_u32(rd);
	return decode_ctl_report(rd, out);
}

int
encode_ctl_report(const struct status *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CTL_REPORT, out, size);
	wr_shown(&wr, in);
	return wr_end(&wr);
}

int
decode_ctl_report(struct rd *rd, struct status *out)
{
	rd_shown(rd, out);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	return is_shown(out) ? 0 : -ERANGE;
}

/* ---------------------------------------------------- records that go alone */

#define X(name, op, bytes, fds)
#define R(name, op, type, fds)                                                 \
	FIELDS_CODEC(type, name##_FIELDS)                                      \
	FIELDS_CHECK(type, name##_FIELDS)                                      \
	int encode_##type(const struct type *in, uint8_t *out, uint32_t size)  \
	{                                                                      \
		struct wr wr;                                                  \
		wr_op(&wr, op, out, size);                                     \
		wr_##type(&wr, in);                                            \
		return wr_end(&wr);                                            \
	}                                                                      \
	int decode_##type(struct rd *rd, struct type *out)                     \
	{                                                                      \
		rd_##type(rd, out);                                            \
		if (rd_end(rd) < 0)                                            \
			return -EBADMSG;                                       \
		return type##_is_right(out) ? 0 : -ERANGE;                     \
	}
CONTROL_MESSAGES(X, R)
#undef R
#undef X
