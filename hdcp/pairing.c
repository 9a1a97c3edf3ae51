#include "hdcp/pairing.h"

#include "hdcp/cert.h"

#include <errno.h>
#include <string.h>

static const uint8_t magic[8] = {'t', 'd', 's', 'p', 'a', 'i', 'r', '1'};

void
hdcp_pairings_finish(struct hdcp_pairings *p)
{
	hdcp_wipe(p, sizeof(*p));
}

/* n if there is none. */
static uint32_t
index_of(const struct hdcp_pairings *p, const uint8_t id[HDCP_ID_BYTES])
{
	uint32_t i = 0;

	while (i < p->n && memcmp(p->at[i].id, id, HDCP_ID_BYTES) != 0)
		i++;
	return i;
}

const struct hdcp_pairing *
hdcp_pairings_find(
    const struct hdcp_pairings *p, const uint8_t id[HDCP_ID_BYTES])
{
	const uint32_t i = index_of(p, id);

	return i < p->n ? &p->at[i] : NULL;
}

void
hdcp_pairings_forget(struct hdcp_pairings *p, const uint8_t id[HDCP_ID_BYTES])
{
	const uint32_t i = index_of(p, id);

	if (i == p->n)
		return;
	p->n--;
	memmove(&p->at[i], &p->at[i + 1], (p->n - i) * sizeof(p->at[0]));
	hdcp_wipe(&p->at[p->n], sizeof(p->at[0]));
}

void
hdcp_pairings_put(struct hdcp_pairings *p, const struct hdcp_pairing *new)
{
	hdcp_pairings_forget(p, new->id);
	if (p->n == HDCP_MAX_PAIRINGS)
		p->n--;
	memmove(&p->at[1], &p->at[0], p->n * sizeof(p->at[0]));
	p->at[0] = *new;
	p->n++;
}

int
hdcp_pairings_encode(const struct hdcp_pairings *p, uint8_t *out, uint32_t n)
{
	struct wr wr;

	wr_init(&wr, out, n);
	wr_bytes(&wr, magic, sizeof(magic));
	wr_u8(&wr, (uint8_t)p->n);
	for (uint32_t i = 0; i < p->n; i++) {
		wr_bytes(&wr, p->at[i].id, HDCP_ID_BYTES);
		wr_bytes(&wr, p->at[i].m, HDCP_BLOCK);
		wr_bytes(&wr, p->at[i].km, HDCP_BLOCK);
		wr_bytes(&wr, p->at[i].ekh, HDCP_BLOCK);
	}
	return wr_end(&wr);
}

static void
rd_pairing(struct rd *rd, struct hdcp_pairings *p)
{
	struct hdcp_pairing *one = &p->at[p->n];

	rd_bytes(rd, one->id, HDCP_ID_BYTES);
	rd_bytes(rd, one->m, HDCP_BLOCK);
	rd_bytes(rd, one->km, HDCP_BLOCK);
	rd_bytes(rd, one->ekh, HDCP_BLOCK);
	if (!hdcp_id_is_valid(one->id) || index_of(p, one->id) != p->n)
		rd->failed = 1;
	p->n++;
}

int
hdcp_pairings_decode(
    const uint8_t *bytes, uint32_t n, struct hdcp_pairings *out)
{
	uint8_t start[sizeof(magic)];
	struct rd rd;

	memset(out, 0, sizeof(*out));
	rd_init(&rd, bytes, n);
	rd_bytes(&rd, start, sizeof(start));
	const uint8_t count = rd_u8(&rd);
	if (memcmp(start, magic, sizeof(magic)) != 0 ||
	    count > HDCP_MAX_PAIRINGS)
		rd.failed = 1;
	for (uint8_t i = 0; i < count && !rd.failed; i++)
		rd_pairing(&rd, out);

	const int err = rd_end(&rd);
	if (err < 0)
		hdcp_pairings_finish(out);
	return err;
}
