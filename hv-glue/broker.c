#include "hv-glue/broker.h"

#include <errno.h>

int
encode_ask(const struct broker_ask *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u32(&wr, in->op);
	wr_u32(&wr, in->where);
	wr_u32(&wr, in->n);
	if (in->op == BROKER_UNMAP)
		wr_u32(&wr, in->page);
	else
		for (uint32_t i = 0; i < in->n && i < BROKER_MAX_GREFS; i++)
			wr_u32(&wr, in->grefs[i]);
	return wr_end(&wr);
}

int
decode_ask(const uint8_t *bytes, uint32_t len, struct broker_ask *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	const uint32_t op = rd_u32(&rd);
	const uint32_t where = rd_u32(&rd);
	out->n = rd_u32(&rd);
	if ((op != BROKER_MAP && op != BROKER_UNMAP) ||
	    where > BROKER_LOOK || out->n == 0 || out->n > BROKER_MAX_GREFS)
		return -ERANGE;
	out->op = (enum broker_op)op;
	out->where = (enum broker_where)where;
	out->page = 0;
	if (out->op == BROKER_UNMAP)
		out->page = rd_u32(&rd);
	else
		for (uint32_t i = 0; i < out->n; i++)
			out->grefs[i] = rd_u32(&rd);
	return rd_end(&rd);
}

void
encode_answer(const struct broker_answer *in, uint8_t out[BROKER_ANSWER_BYTES])
{
	put_u32(out, in->error);
	put_u32(out + 4, in->page);
}

int
decode_answer(const uint8_t *bytes, uint32_t len, struct broker_answer *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	out->error = rd_u32(&rd);
	out->page = rd_u32(&rd);
	if (out->error > 4095 || out->page >= TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES)
		return -ERANGE;
	return rd_end(&rd);
}

void
encode_news(const struct broker_news *in, uint8_t out[BROKER_NEWS_BYTES])
{
	const bool is_connector = in->device == BROKER_CONNECTOR;

	put_u32(out, in->device);
	put_u32(out + 4, in->connector);
	put_u32(out + 8, in->page);
	put_u32(out + 12, in->port);
	put_u32(out + 16, is_connector ? in->event_page : in->is_absolute);
	put_u32(out + 20, is_connector ? in->event_port : in->width);
	put_u32(out + 24, is_connector ? in->version : in->height);
	put_u32(out + 28, is_connector ? 0 : in->contacts);
}

int
decode_news(const uint8_t *bytes, uint32_t len, struct broker_news *out)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	const uint32_t device = rd_u32(&rd);
	*out = (struct broker_news){.connector = rd_u32(&rd)};
	out->page = rd_u32(&rd);
	out->port = rd_u32(&rd);
	const uint32_t a = rd_u32(&rd), b = rd_u32(&rd), c = rd_u32(&rd);
	const uint32_t contacts = rd_u32(&rd);
	const uint32_t pages = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES;
	const int err = rd_end(&rd);

	if (err < 0 || (device == BROKER_CONNECTOR && contacts != 0))
		return -EBADMSG;
	if (out->connector >= TDS_MAX_SCANOUTS || out->page >= pages)
		return -ERANGE;
	if (device == BROKER_CONNECTOR) {
		out->device = BROKER_CONNECTOR;
		out->event_page = a;
		out->event_port = b;
		out->version = c;
		return a < pages && c >= 1 && c <= 2 ? 0 : -ERANGE;
	}
	if (device != BROKER_KEYBOARD)
		return -ERANGE;
	out->device = BROKER_KEYBOARD;
	out->is_absolute = a;
	out->width = b;
	out->height = c;
	out->contacts = contacts;
	return a <= 1 && b <= INT32_MAX && c <= INT32_MAX &&
		       contacts <= TDS_MAX_CONTACTS
		   ? 0
		   : -ERANGE;
}
