#include "hv-glue/vhost_user.h"

#include <errno.h>
#include <stddef.h>

enum vu_payload {
	VU_EMPTY,
	VU_U64,
	VU_STATE,
	VU_ADDR,
	VU_FD,
	VU_CONFIG,
	VU_TABLE,
};

struct vu_rule {
	uint32_t request;
	enum vu_payload payload;
	uint32_t min_fds, max_fds;
	const char *name;
};

#define X(name, request, payload, min, max) {request, payload, min, max, #name},
static const struct vu_rule rules[] = {VU_MESSAGES(X)};
#undef X

static const struct vu_rule *
find_rule(uint32_t request)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].request == request)
			return &rules[i];
	return NULL;
}

const char *
vu_name(uint32_t request)
{
	const struct vu_rule *rule = find_rule(request);

	return rule ? rule->name + 3 : "unknown";
}

/* Exactly this many bytes, or for a table and a config their range. */
static bool
size_fits(enum vu_payload payload, uint32_t size)
{
	switch (payload) {
	case VU_EMPTY:
		return size == 0;
	case VU_U64:
	case VU_STATE:
	case VU_FD:
		return size == 8;
	case VU_ADDR:
		return size == 40;
	case VU_CONFIG:
		return size >= 12 && size <= 12 + VU_MAX_CONFIG;
	case VU_TABLE:
		return size >= 8 && size <= VU_MAX_PAYLOAD &&
		       (size - 8) % 32 == 0;
	}
	return false;
}

int
vu_missing(const uint8_t *bytes, uint32_t have)
{
	struct rd rd;

	if (have < VU_HEADER_BYTES)
		return (int)(VU_HEADER_BYTES - have);
	rd_init(&rd, bytes, VU_HEADER_BYTES);
	const struct vu_rule *rule = find_rule(rd_u32(&rd));
	const uint32_t flags = rd_u32(&rd);
	const uint32_t size = rd_u32(&rd);
	if (rd_end(&rd) < 0 || !rule || !size_fits(rule->payload, size))
		return -EBADMSG;
	if ((flags & ~(uint32_t)VU_NEED_REPLY) != VU_VERSION)
		return -EBADMSG;
	if (have - VU_HEADER_BYTES > size)
		return -EBADMSG;
	return (int)(size - (have - VU_HEADER_BYTES));
}

static void
decode_table(struct rd *rd, struct wire_mem_table *out)
{
	const uint32_t n = rd_u32(rd);

	rd_u32(rd); /* padding */
	out->n = n <= MEMORY_MAX_REGIONS ? n : MEMORY_MAX_REGIONS;
	if (n != out->n)
		rd->failed = 1;
	for (uint32_t i = 0; i < out->n; i++) {
		out->regions[i].gpa = rd_u64(rd);
		out->regions[i].size = rd_u64(rd);
		out->regions[i].uva = rd_u64(rd);
		out->regions[i].offset = rd_u64(rd);
	}
}

static void
decode_config(struct rd *rd, struct vu_config *out)
{
	out->offset = rd_u32(rd);
	out->size = rd_u32(rd);
	out->flags = rd_u32(rd);
	if (out->size > VU_MAX_CONFIG ||
	    out->offset > VU_MAX_CONFIG - out->size)
		rd->failed = 1;
	else
		rd_bytes(rd, out->bytes, out->size);
}

static void
decode_payload(struct rd *rd, enum vu_payload payload, struct vu_message *out)
{
	uint64_t value;

	switch (payload) {
	case VU_EMPTY:
		break;
	case VU_U64:
		out->u64 = rd_u64(rd);
		break;
	case VU_STATE:
		out->state.index = rd_u32(rd);
		out->state.num = rd_u32(rd);
		break;
	case VU_ADDR:
		out->addr.index = rd_u32(rd);
		out->addr.flags = rd_u32(rd);
		out->addr.desc = rd_u64(rd);
		out->addr.used = rd_u64(rd);
		out->addr.avail = rd_u64(rd);
		out->addr.log = rd_u64(rd);
		break;
	case VU_FD:
		value = rd_u64(rd);
		out->vring_fd.index = (uint32_t)(value & 0xff);
		out->vring_fd.has_fd = !(value & 0x100);
		if (value > 0x1ff)
			rd->failed = 1;
		break;
	case VU_CONFIG:
		decode_config(rd, &out->config);
		break;
	case VU_TABLE:
		decode_table(rd, &out->table);
		break;
	}
}

/* Descriptors that the payload announces must be there, and no others. */
static bool
fds_match(
    const struct vu_rule *rule, const struct vu_message *m, uint32_t n_fds)
{
	if (n_fds < rule->min_fds || n_fds > rule->max_fds)
		return false;
	if (rule->payload == VU_FD)
		return n_fds == (m->vring_fd.has_fd ? 1 : 0);
	if (rule->payload == VU_TABLE)
		return n_fds == m->table.n;
	return true;
}

int
vu_decode(const uint8_t *bytes, uint32_t len, uint32_t n_fds,
    struct vu_message *out, const char **why)
{
	struct rd rd;

	*why = "malformed header";
	if (len < VU_HEADER_BYTES || vu_missing(bytes, len) != 0)
		return -EBADMSG;
	rd_init(&rd, bytes, len);
	*out = (struct vu_message){.request = rd_u32(&rd)};
	out->needs_reply = rd_u32(&rd) & VU_NEED_REPLY;
	rd_u32(&rd); /* size: judged by vu_missing() */

	const struct vu_rule *rule = find_rule(out->request);
	if (!rule)
		return -EBADMSG;
	decode_payload(&rd, rule->payload, out);
	*why = "malformed payload";
	if (rd_end(&rd) < 0)
		return -EBADMSG;
	*why = "wrong number of descriptors";
	if (!fds_match(rule, out, n_fds))
		return -EBADMSG;
	if (rule->payload == VU_TABLE)
		return check_mem_table(&out->table, why);
	return 0;
}

static void
begin_reply(struct wr *wr, uint32_t request, uint32_t size, uint8_t *out)
{
	wr_init(wr, out, VU_MAX_REPLY);
	wr_u32(wr, request);
	wr_u32(wr, VU_VERSION | VU_REPLY);
	wr_u32(wr, size);
}

uint32_t
vu_reply_u64(uint32_t request, uint64_t value, uint8_t *out)
{
	struct wr wr;

	begin_reply(&wr, request, 8, out);
	wr_u64(&wr, value);
	return wr.off;
}

uint32_t
vu_reply_state(const struct vu_state *state, uint8_t *out)
{
	struct wr wr;

	begin_reply(&wr, VU_GET_VRING_BASE, 8, out);
	wr_u32(&wr, state->index);
	wr_u32(&wr, state->num);
	return wr.off;
}

uint32_t
vu_reply_config(const struct vu_config *config, uint8_t *out)
{
	struct wr wr;

	begin_reply(&wr, VU_GET_CONFIG, 12 + config->size, out);
	wr_u32(&wr, config->offset);
	wr_u32(&wr, config->size);
	wr_u32(&wr, config->flags);
	wr_bytes(&wr, config->bytes, config->size);
	return wr.off;
}
