#include "protocol/control.h"

#include <errno.h>
#include <string.h>

struct message {
	uint32_t op, bytes, fds;
	const char *name;
};

#define X(name, op, bytes, fds) {op, bytes, fds, #name},
static const struct message messages[] = {CONTROL_MESSAGES(X)};
#undef X

enum { N_MESSAGES = sizeof(messages) / sizeof(messages[0]) };

#define X(name, op, bytes, fds)                                                \
	_Static_assert((bytes) + 4 <= CONTROL_MAX_BYTES,                       \
	    #name " fits the buffer that everybody receives into");
CONTROL_MESSAGES(X)
#undef X

static const struct message *
message_find(uint32_t op)
{
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

#define WR_U(name) wr_u32(wr, in->name);
#define WR_I(name) wr_u32(wr, (uint32_t)in->name);
#define WR_L(name) wr_u64(wr, in->name);
#define WR_R(name) wr_rect(wr, in->name);
#define WR_T(name, n) wr_bytes(wr, in->name, n);
#define RD_U(name) out->name = rd_u32(rd);
#define RD_I(name) out->name = (int32_t)rd_u32(rd);
#define RD_L(name) out->name = rd_u64(rd);
#define RD_R(name) out->name = rd_rect(rd);
#define RD_T(name, n) rd_text(rd, out->name, n);
#define FIELDS_CODEC(name, FIELDS)                                             \
	static void wr_##name(struct wr *wr, const struct name *in)            \
	{                                                                      \
		FIELDS(WR_U, WR_I, WR_L, WR_R, WR_T)                           \
	}                                                                      \
	static void rd_##name(struct rd *rd, struct name *out)                 \
	{                                                                      \
		FIELDS(RD_U, RD_I, RD_L, RD_R, RD_T)                           \
	}

/* ------------------------------------------- values within limits? */

static bool
is_in(uint32_t value, uint32_t low, uint32_t high)
{
	return low <= value && value <= high;
}

static bool
core_setup_is_right(const struct core_setup *s)
{
	return s->flags <= (CORE_TRY_OUT | CORE_UNSEALED) &&
	    s->modifiers <= 15 && s->key <= 0x2ff && s->idle_s <= 86400 &&
	    s->leds <= 1 &&
	    (s->focus < TDS_MAX_DOMAINS || s->focus == TDS_NONE);
}

static bool
core_output_is_right(const struct core_output *o)
{
	const bool is_kms = o->type == OUTPUT_KMS;
	const uint32_t least = is_kms ? 0 : 1; /* 0: from the monitor */

	return is_in(o->type, OUTPUT_HEADLESS, OUTPUT_KMS) &&
	    o->index < TDS_MAX_OUTPUTS && is_in(o->scale, least, 4) &&
	    is_in(o->width, least, TDS_MAX_DIM) &&
	    is_in(o->height, least, TDS_MAX_DIM) && o->rotation <= 3 &&
	    ((is_kms && o->refresh_mhz == 0) ||
		is_in(o->refresh_mhz, 1000, 500000)) &&
	    o->x >= -1 && o->x <= TDS_MAX_COORD && o->y >= -1 &&
	    o->y <= TDS_MAX_COORD;
}

static bool
core_rule_is_right(const struct core_rule *r)
{
	return r->index < TDS_MAX_RULES && r->is_allowed <= 1;
}

static bool
state_is_right(uint32_t state)
{
	return is_in(state, DEVICE_WAITING, DEVICE_REFUSED);
}

static bool
core_admitted_is_right(const struct core_admitted *a)
{
	return state_is_right(a->state);
}

static bool
input_open_is_right(const struct input_open *o)
{
	return state_is_right(o->state);
}

static bool
input_close_is_right(const struct input_close *c)
{
	return c->device != 0;
}

static bool
input_problem_is_right(const struct input_problem *p)
{
	return is_in(p->error, 1, 4095);
}

static bool
seat_device_is_right(const struct seat_device *d)
{
	return state_is_right(d->state) && d->kinds != 0 && d->kinds <= 15 &&
	    d->device != 0;
}

static bool
seat_gone_is_right(const struct seat_gone *g)
{
	return g->device != 0;
}

static bool
seat_admit_is_right(const struct seat_admit *a)
{
	return state_is_right(a->state);
}

static bool
seat_leds_is_right(const struct seat_leds *l)
{
	return l->leds <= 31;
}

static bool
content_is_right(uint32_t width, uint32_t height, uint32_t scanouts)
{
	return is_in(width, TDS_MIN_CONTENT_WIDTH, TDS_MAX_DIM) &&
	    is_in(height, TDS_MIN_CONTENT_HEIGHT, TDS_MAX_DIM) &&
	    is_in(scanouts, 1, TDS_MAX_SCANOUTS);
}

static bool
pool_is_right(uint64_t bytes)
{
	return TDS_MIN_POOL_BYTES <= bytes && bytes <= TDS_MAX_POOL_BYTES &&
	    bytes % TDS_PAGE_BYTES == 0;
}

static bool
core_domain_is_right(const struct core_domain *d)
{
	/* no label, no picture */
	const bool is_labelled = d->name[0] != 0 && d->label[0] != 0 &&
	    is_in(d->level, LEVEL_UNCLASSIFIED, LEVEL_TOP_SECRET_SCI) &&
	    d->colour <= 0xffffff && d->pattern < PATTERN_COUNT;

	return is_labelled && d->index < TDS_MAX_DOMAINS &&
	    is_in(d->outputs, 1, (1u << TDS_MAX_OUTPUTS) - 1) &&
	    content_is_right(d->width, d->height, d->scanouts) && d->x >= -1 &&
	    d->x <= TDS_MAX_DIM && d->y >= -1 && d->y <= TDS_MAX_DIM;
}

static bool
core_link_is_right(const struct core_link *l)
{
	return l->domain < TDS_MAX_DOMAINS && pool_is_right(l->pool_bytes);
}

static bool
core_down_is_right(const struct core_down *d)
{
	return d->domain < TDS_MAX_DOMAINS &&
	    is_in(d->reason, REASON_EXITED, REASON_MALFORMED);
}

static bool
core_focus_is_right(const struct core_focus *f)
{
	return f->domain < TDS_MAX_DOMAINS;
}

static bool
core_snapshot_is_right(const struct core_snapshot *s)
{
	return s->output < TDS_MAX_OUTPUTS;
}

static bool
core_dropped_is_right(const struct core_dropped *d)
{
	return (d->domain < TDS_MAX_DOMAINS || d->domain == TDS_NONE) &&
	    d->error < 4096;
}

static bool
guest_setup_is_right(const struct guest_setup *g)
{
	return g->domain < TDS_MAX_DOMAINS && g->is_unsealed <= 1 &&
	    pool_is_right(g->pool_bytes) &&
	    content_is_right(g->width, g->height, g->scanouts);
}

static bool
ctl_focus_is_right(const struct ctl_focus *f)
{
	return f->name[0] != 0;
}

static bool
ctl_result_is_right(const struct ctl_result *r)
{
	return r->error <= 0 && r->error > -4096;
}

/* ---------------------------------------------------- records that go alone */

#define X(name, op, FIELDS)                                                    \
	FIELDS_CODEC(name, FIELDS)                                             \
	int encode_##name(const struct name *in, uint8_t *out, uint32_t size)  \
	{                                                                      \
		struct wr wr;                                                  \
		wr_op(&wr, op, out, size);                                     \
		wr_##name(&wr, in);                                            \
		return wr_end(&wr);                                            \
	}                                                                      \
	int decode_##name(struct rd *rd, struct name *out)                     \
	{                                                                      \
		rd_##name(rd, out);                                            \
		if (rd_end(rd) < 0)                                            \
			return -EBADMSG;                                       \
		return name##_is_right(out) ? 0 : -ERANGE;                     \
	}
CONTROL_RECORDS(X)
#undef X

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

int
decode_core_input(struct rd *rd, struct core_input *out)
{
	out->n = rd_u32(rd);
	for (uint32_t i = 0; i < TDS_MAX_INPUT_BATCH; i++) {
		out->events[i].type = rd_u16(rd);
		out->events[i].code = rd_u16(rd);
		out->events[i].value = (int32_t)rd_u32(rd);
	}
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->n > TDS_MAX_INPUT_BATCH)
		return -ERANGE;
	for (uint32_t i = out->n; i < TDS_MAX_INPUT_BATCH; i++)
		if (out->events[i].type != 0 || out->events[i].code != 0 ||
		    out->events[i].value != 0)
			return -EBADMSG;
	return 0;
}

int
encode_seat_events(const struct seat_events *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, SEAT_EVENTS, out, size);
	wr_u32(&wr, in->device);
	wr_u64(&wr, in->time_ns);
	wr_input(&wr, &in->input);
	return wr_end(&wr);
}

int
decode_seat_events(struct rd *rd, struct seat_events *out)
{
	out->device = rd_u32(rd);
	out->time_ns = rd_u64(rd);
	return decode_core_input(rd, &out->input);
}

/* ------------------------------------------------------------------ status */

#define X(name, op, FIELDS) FIELDS_CODEC(name, FIELDS)
STATUS_RECORDS(X)
#undef X

static void
wr_status(struct wr *wr, const struct status *in)
{
	STATUS_FIELDS(WR_U, WR_I, WR_L, WR_R, WR_T)
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		wr_status_output(wr, &in->outputs[i]);
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		wr_status_domain(wr, &in->domains[i]);
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++)
		wr_status_window(wr, &in->windows[i]);
}

static void
rd_status(struct rd *rd, struct status *out)
{
	STATUS_FIELDS(RD_U, RD_I, RD_L, RD_R, RD_T)
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		rd_status_output(rd, &out->outputs[i]);
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		rd_status_domain(rd, &out->domains[i]);
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++)
		rd_status_window(rd, &out->windows[i]);
}

/* What a reader indexes with. */
static int
check_status(const struct status *s)
{
	if (s->n_outputs > TDS_MAX_OUTPUTS || s->n_domains > TDS_MAX_DOMAINS ||
	    s->n_windows > TDS_MAX_WINDOWS)
		return -ERANGE;
	if (s->keyboard >= s->n_domains && s->keyboard != TDS_NONE)
		return -ERANGE;
	for (uint32_t i = 0; i < s->n_domains; i++)
		if (s->domains[i].state > DOMAIN_STOPPED ||
		    s->domains[i].level > LEVEL_TOP_SECRET_SCI)
			return -ERANGE;
	for (uint32_t i = 0; i < s->n_windows; i++)
		if (s->windows[i].domain >= s->n_domains ||
		    s->windows[i].output >= s->n_outputs)
			return -ERANGE;
	return 0;
}

int
encode_core_reply(uint32_t cookie, const struct status *in, uint8_t *out,
    uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_REPLY, out, size);
	wr_u32(&wr, cookie);
	wr_status(&wr, in);
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
	wr_status(&wr, in);
	return wr_end(&wr);
}

int
decode_ctl_report(struct rd *rd, struct status *out)
{
	rd_status(rd, out);
	return rd_end(rd) < 0 ? -EBADMSG : check_status(out);
}

int
encode_ctl_picture(const struct ctl_picture *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CTL_PICTURE, out, size);
	wr_u32(&wr, in->width);
	wr_u32(&wr, in->height);
	wr_status(&wr, &in->status);
	return wr_end(&wr);
}

int
decode_ctl_picture(struct rd *rd, struct ctl_picture *out)
{
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	const int error = decode_ctl_report(rd, &out->status);

	if (error == 0 && (!is_in(out->width, 1, TDS_MAX_DIM) ||
			   !is_in(out->height, 1, TDS_MAX_DIM)))
		return -ERANGE;
	return error;
}
