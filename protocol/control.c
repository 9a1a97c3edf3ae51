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

/* NUL-terminated and NUL-padded: no byte hides behind the end of a text. */
static bool
text_is_padded(const uint8_t *text, uint32_t n)
{
	bool ended = false;

	for (uint32_t i = 0; i < n; i++) {
		if (ended && text[i] != 0)
			return false;
		if (text[i] == 0)
			ended = true;
	}
	return ended;
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

int
encode_core_setup(const struct core_setup *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_SETUP, out, size);
	wr_u32(&wr, in->flags);
	wr_u32(&wr, in->modifiers);
	wr_u32(&wr, in->key);
	wr_u32(&wr, in->focus);
	wr_bytes(&wr, in->phrase, sizeof(in->phrase));
	return wr_end(&wr);
}

int
decode_core_setup(struct rd *rd, struct core_setup *out)
{
	out->flags = rd_u32(rd);
	out->modifiers = rd_u32(rd);
	out->key = rd_u32(rd);
	out->focus = rd_u32(rd);
	rd_bytes(rd, out->phrase, sizeof(out->phrase));
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->flags > (CORE_TRY_OUT | CORE_UNSEALED) ||
	    out->modifiers > 15 || out->key > 0x2ff)
		return -ERANGE;
	if (out->focus >= TDS_MAX_DOMAINS && out->focus != TDS_NONE)
		return -ERANGE;
	return text_is_padded(out->phrase, sizeof(out->phrase)) ? 0 : -EBADMSG;
}

int
encode_core_output(const struct core_output *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_OUTPUT, out, size);
	wr_u32(&wr, in->index);
	wr_u32(&wr, in->width);
	wr_u32(&wr, in->height);
	wr_u32(&wr, in->scale);
	wr_u32(&wr, in->refresh_mhz);
	wr_bytes(&wr, in->name, sizeof(in->name));
	return wr_end(&wr);
}

int
decode_core_output(struct rd *rd, struct core_output *out)
{
	out->index = rd_u32(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	out->scale = rd_u32(rd);
	out->refresh_mhz = rd_u32(rd);
	rd_bytes(rd, out->name, sizeof(out->name));
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->index >= TDS_MAX_OUTPUTS || out->scale < 1 || out->scale > 4)
		return -ERANGE;
	if (out->width < 1 || out->width > TDS_MAX_DIM || out->height < 1 ||
	    out->height > TDS_MAX_DIM)
		return -ERANGE;
	if (out->refresh_mhz < 1000 || out->refresh_mhz > 500000)
		return -ERANGE;
	return text_is_padded(out->name, sizeof(out->name)) ? 0 : -EBADMSG;
}

int
encode_core_domain(const struct core_domain *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_DOMAIN, out, size);
	wr_u32(&wr, in->index);
	wr_u32(&wr, in->level);
	wr_u32(&wr, in->colour);
	wr_u32(&wr, in->pattern);
	wr_u32(&wr, in->scanouts);
	wr_u32(&wr, in->outputs);
	wr_u32(&wr, in->width);
	wr_u32(&wr, in->height);
	wr_u32(&wr, (uint32_t)in->x);
	wr_u32(&wr, (uint32_t)in->y);
	wr_bytes(&wr, in->name, sizeof(in->name));
	wr_bytes(&wr, in->label, sizeof(in->label));
	return wr_end(&wr);
}

int
decode_core_domain(struct rd *rd, struct core_domain *out)
{
	out->index = rd_u32(rd);
	out->level = rd_u32(rd);
	out->colour = rd_u32(rd);
	out->pattern = rd_u32(rd);
	out->scanouts = rd_u32(rd);
	out->outputs = rd_u32(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	out->x = (int32_t)rd_u32(rd);
	out->y = (int32_t)rd_u32(rd);
	rd_bytes(rd, out->name, sizeof(out->name));
	rd_bytes(rd, out->label, sizeof(out->label));
	if (rd_end(rd) < 0 || !text_is_padded(out->name, sizeof(out->name)) ||
	    !text_is_padded(out->label, sizeof(out->label)))
		return -EBADMSG;
	if (out->name[0] == 0 || out->label[0] == 0)
		return -ERANGE; /* no label, no picture */
	if (out->index >= TDS_MAX_DOMAINS || out->level < LEVEL_UNCLASSIFIED ||
	    out->level > LEVEL_TOP_SECRET_SCI || out->colour > 0xffffff ||
	    out->pattern >= PATTERN_COUNT)
		return -ERANGE;
	if (out->scanouts < 1 || out->scanouts > TDS_MAX_SCANOUTS ||
	    out->outputs < 1 || out->outputs >= 1u << TDS_MAX_OUTPUTS)
		return -ERANGE;
	if (out->width < TDS_MIN_CONTENT_WIDTH || out->width > TDS_MAX_DIM ||
	    out->height < TDS_MIN_CONTENT_HEIGHT || out->height > TDS_MAX_DIM)
		return -ERANGE;
	if (out->x < -1 || out->x > TDS_MAX_DIM || out->y < -1 ||
	    out->y > TDS_MAX_DIM)
		return -ERANGE;
	return 0;
}

int
encode_core_link(const struct core_link *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CORE_LINK, out, size);
	wr_u32(&wr, in->domain);
	wr_u32(&wr, in->pid);
	wr_u64(&wr, in->pool_bytes);
	return wr_end(&wr);
}

int
decode_core_link(struct rd *rd, struct core_link *out)
{
	out->domain = rd_u32(rd);
	out->pid = rd_u32(rd);
	out->pool_bytes = rd_u64(rd);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->domain >= TDS_MAX_DOMAINS ||
	    out->pool_bytes < TDS_MIN_POOL_BYTES ||
	    out->pool_bytes > TDS_MAX_POOL_BYTES ||
	    out->pool_bytes % TDS_PAGE_BYTES != 0)
		return -ERANGE;
	return 0;
}

static int
encode_pair(uint32_t op, uint32_t a, uint32_t b, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, op, out, size);
	wr_u32(&wr, a);
	wr_u32(&wr, b);
	return wr_end(&wr);
}

int
encode_core_down(const struct core_down *in, uint8_t *out, uint32_t size)
{
	return encode_pair(CORE_DOWN, in->domain, in->reason, out, size);
}

int
decode_core_down(struct rd *rd, struct core_down *out)
{
	out->domain = rd_u32(rd);
	out->reason = rd_u32(rd);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->reason < REASON_EXITED || out->reason > REASON_MALFORMED)
		return -ERANGE;
	return out->domain < TDS_MAX_DOMAINS ? 0 : -ERANGE;
}

int
encode_core_focus(const struct core_focus *in, uint8_t *out, uint32_t size)
{
	return encode_pair(CORE_FOCUS, in->cookie, in->domain, out, size);
}

int
decode_core_focus(struct rd *rd, struct core_focus *out)
{
	out->cookie = rd_u32(rd);
	out->domain = rd_u32(rd);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	return out->domain < TDS_MAX_DOMAINS ? 0 : -ERANGE;
}

int
encode_core_snapshot(const struct core_snapshot *in, uint8_t *out,
    uint32_t size)
{
	return encode_pair(CORE_SNAPSHOT, in->cookie, in->output, out, size);
}

int
decode_core_snapshot(struct rd *rd, struct core_snapshot *out)
{
	out->cookie = rd_u32(rd);
	out->output = rd_u32(rd);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	return out->output < TDS_MAX_OUTPUTS ? 0 : -ERANGE;
}

int
encode_core_dropped(const struct core_dropped *in, uint8_t *out, uint32_t size)
{
	return encode_pair(CORE_DROPPED, in->domain, in->error, out, size);
}

int
decode_core_dropped(struct rd *rd, struct core_dropped *out)
{
	out->domain = rd_u32(rd);
	out->error = rd_u32(rd);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	return out->domain < TDS_MAX_DOMAINS && out->error < 4096 ? 0 : -ERANGE;
}

int
encode_core_input(uint32_t op, const struct core_input *in, uint8_t *out,
    uint32_t size)
{
	struct wr wr;

	wr_op(&wr, op, out, size);
	wr_u32(&wr, in->n);
	for (uint32_t i = 0; i < TDS_MAX_INPUT_BATCH; i++) {
		const bool used = i < in->n;
		wr_u16(&wr, used ? in->events[i].type : 0);
		wr_u16(&wr, used ? in->events[i].code : 0);
		wr_u32(&wr, used ? (uint32_t)in->events[i].value : 0);
	}
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
encode_guest_setup(const struct guest_setup *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, GUEST_SETUP, out, size);
	wr_u32(&wr, in->domain);
	wr_u32(&wr, in->scanouts);
	wr_u32(&wr, in->width);
	wr_u32(&wr, in->height);
	wr_u64(&wr, in->pool_bytes);
	wr_bytes(&wr, in->name, sizeof(in->name));
	return wr_end(&wr);
}

int
decode_guest_setup(struct rd *rd, struct guest_setup *out)
{
	out->domain = rd_u32(rd);
	out->scanouts = rd_u32(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	out->pool_bytes = rd_u64(rd);
	rd_bytes(rd, out->name, sizeof(out->name));
	if (rd_end(rd) < 0 || !text_is_padded(out->name, sizeof(out->name)))
		return -EBADMSG;
	if (out->domain >= TDS_MAX_DOMAINS || out->scanouts < 1 ||
	    out->scanouts > TDS_MAX_SCANOUTS)
		return -ERANGE;
	if (out->width < TDS_MIN_CONTENT_WIDTH || out->width > TDS_MAX_DIM ||
	    out->height < TDS_MIN_CONTENT_HEIGHT || out->height > TDS_MAX_DIM)
		return -ERANGE;
	if (out->pool_bytes < TDS_MIN_POOL_BYTES ||
	    out->pool_bytes > TDS_MAX_POOL_BYTES ||
	    out->pool_bytes % TDS_PAGE_BYTES != 0)
		return -ERANGE;
	return 0;
}

int
encode_ctl_focus(const struct ctl_focus *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CTL_FOCUS, out, size);
	wr_bytes(&wr, in->name, sizeof(in->name));
	return wr_end(&wr);
}

int
decode_ctl_focus(struct rd *rd, struct ctl_focus *out)
{
	rd_bytes(rd, out->name, sizeof(out->name));
	if (rd_end(rd) < 0 || !text_is_padded(out->name, sizeof(out->name)))
		return -EBADMSG;
	return 0;
}

int
encode_ctl_result(const struct ctl_result *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_op(&wr, CTL_RESULT, out, size);
	wr_u32(&wr, (uint32_t)in->error);
	wr_bytes(&wr, in->text, sizeof(in->text));
	return wr_end(&wr);
}

int
decode_ctl_result(struct rd *rd, struct ctl_result *out)
{
	out->error = (int32_t)rd_u32(rd);
	rd_bytes(rd, out->text, sizeof(out->text));
	if (rd_end(rd) < 0 || !text_is_padded(out->text, sizeof(out->text)))
		return -EBADMSG;
	return out->error <= 0 && out->error > -4096 ? 0 : -ERANGE;
}
