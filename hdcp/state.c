#include "hdcp/state.h"

#include "protocol/control.h"

#include <errno.h>
#include <string.h>

enum { HASHED = HDCP_STATE_SLOT - HDCP_HASH };

static const uint8_t magic[8] = {'t', 'd', 's', 's', 't', 'a', 't', '1'};

_Static_assert(sizeof(magic) + 8 + 2 * HDCP_STATE_FORMATS + 2 +
			HDCP_PAIRINGS_BYTES <=
		    HASHED,
    "the most pairings fit into a slot");

uint32_t
hdcp_state_offset(uint64_t sequence)
{
	return sequence % 2 ? HDCP_STATE_SECOND : 0;
}

static int
decode_slot(const uint8_t slot[HDCP_STATE_SLOT], struct hdcp_state *out)
{
	static uint8_t pairings[HDCP_PAIRINGS_BYTES];
	uint8_t hash[HDCP_HASH], start[sizeof(magic)];
	struct rd rd;

	if (hdcp_sha256(slot, HASHED, hash) < 0 ||
	    memcmp(hash, slot + HASHED, HDCP_HASH) != 0)
		return -EBADMSG;
	rd_init(&rd, slot, HASHED);
	rd_bytes(&rd, start, sizeof(start));
	out->sequence = rd_u64(&rd);
	for (int i = 0; i < HDCP_STATE_FORMATS; i++)
		out->newest[i] = rd_u16(&rd);
	const uint16_t n = rd_u16(&rd);
	if (memcmp(start, magic, sizeof(magic)) != 0 || n > sizeof(pairings))
		return -EBADMSG;
	rd_bytes(&rd, pairings, n);
	const int err = hdcp_pairings_decode(pairings, n, &out->pairings);
	hdcp_wipe(pairings, sizeof(pairings));
	return rd.failed ? -EBADMSG : err;
}

/* The newer of both; the version of a list never goes back. */
static void
merge(struct hdcp_state *out, const struct hdcp_state *slot)
{
	const struct hdcp_state before = *out;

	if (slot->sequence >= before.sequence)
		*out = *slot;
	for (int i = 0; i < HDCP_STATE_FORMATS; i++)
		out->newest[i] = before.newest[i] > slot->newest[i]
				     ? before.newest[i]
				     : slot->newest[i];
}

int
hdcp_state_decode(const uint8_t *bytes, uint32_t n, struct hdcp_state *out)
{
	static const char is_new[] = HDCP_STATE_NEW;
	struct hdcp_state slot;
	uint32_t n_whole = 0;

	memset(out, 0, sizeof(*out));
	for (uint64_t i = 0; i < 2; i++) {
		const uint32_t at = hdcp_state_offset(i);
		memset(&slot, 0, sizeof(slot));
		if (n < at + HDCP_STATE_SLOT ||
		    decode_slot(bytes + at, &slot) < 0)
			continue;
		merge(out, &slot);
		n_whole++;
	}
	hdcp_wipe(&slot, sizeof(slot));
	/* With that line still there, the second write never was, and without
	 * that one no version was believed. */
	if (n_whole == 0 && n >= sizeof(is_new) - 1 &&
	    memcmp(bytes, is_new, sizeof(is_new) - 1) == 0)
		return 0;
	return n_whole > 0 ? 0 : -EUCLEAN;
}

int
hdcp_state_encode(struct hdcp_state *state, uint8_t slot[HDCP_STATE_SLOT])
{
	static uint8_t pairings[HDCP_PAIRINGS_BYTES];
	struct wr wr;
	const int n = hdcp_pairings_encode(
	    &state->pairings, pairings, sizeof(pairings));

	if (n < 0)
		return n;
	state->sequence++;
	memset(slot, 0, HDCP_STATE_SLOT);
	wr_init(&wr, slot, HASHED);
	wr_bytes(&wr, magic, sizeof(magic));
	wr_u64(&wr, state->sequence);
	for (int i = 0; i < HDCP_STATE_FORMATS; i++)
		wr_u16(&wr, state->newest[i]);
	wr_u16(&wr, (uint16_t)n);
	wr_bytes(&wr, pairings, (uint32_t)n);
	hdcp_wipe(pairings, sizeof(pairings));
	const int err = wr_end(&wr);
	return err < 0 ? err : hdcp_sha256(slot, HASHED, slot + HASHED);
}
