/*
 * Everything in hdcp/ that reads bytes of others, by the first byte:
 * messages of both senders (what is read is written again, in any cut),
 * revocation lists, stored pairings, the state of a source, PES headers and tiles, records, and the
 * transmitter's and receiver's machines with a clock that the input moves, the
 * streams of records at both ends.
 */
#include "hdcp/pairing.h"
#include "hdcp/rx.h"
#include "hdcp/seal.h"
#include "hdcp/sink.h"
#include "hdcp/source.h"
#include "hdcp/srm.h"
#include "hdcp/state.h"
#include "hdcp/tx.h"

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
fuzz_messages(struct hdcp_framing framing, const uint8_t *data, uint32_t n)
{
	struct hdcp_inbox inbox = {0};
	struct hdcp_message m;
	uint32_t at = 0, begin = 0;

	for (int got = 1; got >= 0 && at < n;) {
		uint8_t again[HDCP_MAX_MESSAGE];
		const uint32_t left = n - at < 7 ? n - at : 7;
		uint32_t used;
		got = hdcp_inbox_take(
		    &inbox, framing, data + at, left, &used, &m);
		must(used <= left && (used > 0 || got != 0));
		at += used;
		if (got != 1)
			continue;
		const int len = hdcp_encode(&m, again, sizeof(again));
		must(len > 0 && (uint32_t)len == at - begin);
		must(memcmp(again, data + begin, (size_t)len) == 0);
		begin = at;
	}
}

static void
fuzz_srm(const uint8_t *data, uint32_t n)
{
	static struct hdcp_srm srm;

	if (hdcp_srm_decode(data, n, &srm) < 0) {
		must(srm.n == 0 && srm.version == 0);
		return;
	}
	must(srm.n <= HDCP_SRM_MAX_IDS);
	must(8u + HDCP_ID_BYTES * srm.n < n);
	for (uint16_t i = 0; i < srm.n; i++)
		must(hdcp_srm_revokes(&srm, srm.ids[i]));
}

static void
fuzz_pairings(const uint8_t *data, uint32_t n)
{
	uint8_t again[HDCP_PAIRINGS_BYTES];
	struct hdcp_pairings p;

	if (hdcp_pairings_decode(data, n, &p) < 0)
		return;
	must(hdcp_pairings_encode(&p, again, sizeof(again)) == (int)n);
	must(memcmp(again, data, n) == 0);
}

static void
fuzz_pes(const uint8_t *data, uint32_t n)
{
	uint8_t again[HDCP_PES_HEADER], head[HDCP_TILE_HEADER];
	struct hdcp_pes pes;
	struct hdcp_tile tile;

	if (hdcp_pes_decode(data, n, &pes) == 0) {
		must(pes.payload_bytes + HDCP_PES_HEADER == (int)n);
		hdcp_pes_encode(&pes, again);
		must(memcmp(again, data, sizeof(again)) == 0);
	}
	if (n >= HDCP_TILE_HEADER && hdcp_tile_decode(data, n, &tile) == 0) {
		must(tile.x + tile.w <= tile.width);
		must(tile.y + tile.h <= tile.height);
		hdcp_tile_encode(&tile, head);
		must(memcmp(head, data, sizeof(head)) == 0);
	}
}

/* Nobody who does not have the key gets anything through. */
static void
fuzz_record(const uint8_t *data, uint32_t n)
{
	static const struct hdcp_session keys = {.key = {1}, .mac_key = {2}};
	static uint8_t pixels[64];
	struct hdcp_image to = {
	    .pixels = pixels, .stride_bytes = 16, .width = 4, .height = 4};
	struct hdcp_seal seal = {0};
	struct hdcp_tile tile;

	must(hdcp_record_length(data, n) <= HDCP_RECORD_MAX);
	must(hdcp_seal_start(&seal, &keys, 1, 0, 0) == 0);
	must(hdcp_seal_take(&seal, data, n, 0, &to, &tile) < 0);
	must(!hdcp_seal_is_authentic(&seal, 0));
	hdcp_seal_stop(&seal);
}

static void
fuzz_tx(const uint8_t *data, uint32_t n)
{
	static const struct hdcp_authority authority = {.e = 3, .n = {1}};
	static const uint8_t lc128[HDCP_BLOCK];
	static struct hdcp_srm srm = {.version = 1};
	static struct hdcp_pairings pairings;
	const struct hdcp_tx_config config = {.authority = &authority,
	    .srm = &srm,
	    .lc128 = lc128,
	    .pairings = &pairings,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .streams.n = 1};
	static struct hdcp_tx tx;
	struct hdcp_session none;
	struct hdcp_out out;
	uint64_t now_ns = 0;

	hdcp_tx_init(&tx, &config);
	hdcp_tx_start(&tx, now_ns, &out);
	for (uint32_t at = 0; at < n;) {
		const uint32_t take = 1u + data[at] % 64;
		const uint32_t left = n - at < take ? n - at : take;
		now_ns += (uint64_t)data[at] * 100000;
		hdcp_tx_take(&tx, data + at, left, now_ns, &out);
		hdcp_tx_tick(&tx, now_ns, &out);
		at += left;
		/* nobody is certified here, so nobody gets keys */
		must(hdcp_tx_session(&tx, &none) < 0);
	}
	hdcp_tx_finish(&tx);
}

static void
fuzz_rx(const uint8_t *data, uint32_t n)
{
	static const uint8_t zero[HDCP_CERT_BYTES];
	const struct hdcp_rx_config config = {.cert = zero,
	    .kh = zero,
	    .lc128 = zero,
	    .random = hdcp_random_system,
	    .has_precompute = (n & 1) != 0,
	    .is_repeater = (n & 2) != 0};
	static struct hdcp_rx rx;
	struct hdcp_out out;

	hdcp_rx_init(&rx, &config);
	for (uint32_t at = 0; at < n;) {
		const uint32_t take = 1u + data[at] % 64;
		const uint32_t left = n - at < take ? n - at : take;
		/* there is no private key here */
		if (!memchr(data + at, HDCP_AKE_NO_STORED_KM, left))
			hdcp_rx_take(&rx, data + at, left, at, &out);
		hdcp_rx_tick(&rx, at, &out);
		at += left;
	}
	hdcp_rx_finish(&rx);
}

/* The streams of records: any cut, and the caller goes on after an error. */
static void
fuzz_streams(const uint8_t *data, uint32_t n)
{
	static const uint8_t zero[HDCP_CERT_BYTES];
	static const struct hdcp_authority authority = {.e = 3, .n = {1}};
	static struct hdcp_srm srm = {.version = 1};
	static struct hdcp_pairings pairings;
	static uint8_t pixels[3][64], out[HDCP_RECORD_MAX];
	struct hdcp_image images[3];
	static struct source source;
	static struct sink sink;

	for (int i = 0; i < 3; i++)
		images[i] = (struct hdcp_image){.pixels = pixels[i],
		    .stride_bytes = 16,
		    .width = 4,
		    .height = 4};
	source_init(&source,
	    &(struct hdcp_tx_config){.authority = &authority,
		.srm = &srm,
		.lc128 = zero,
		.pairings = &pairings,
		.random = hdcp_random_system},
	    &images[0]);
	sink_init(&sink,
	    &(struct hdcp_rx_config){.cert = zero,
		.kh = zero,
		.lc128 = zero,
		.random = hdcp_random_system},
	    &images[1], &images[2]);
	source_connect(&source, 0);
	for (uint32_t at = 0; at < n; at += 9) {
		const uint32_t left = n - at < 9 ? n - at : 9;
		const int a = source_take(&source, data + at, left, at);
		const int b = memchr(data + at, HDCP_AKE_NO_STORED_KM, left)
				  ? 0
				  : sink_take(&sink, data + at, left, at);
		must((a == 0 || a == -71) && (b == 0 || b == -71)); /* EPROTO */
		must(source_fill(&source, at, out, sizeof(out)) >= 0);
		must(sink_fill(&sink, out, sizeof(out)) >= 0);
		must(sink_show(&sink, at) != SINK_AUTHENTIC);
	}
	source_finish(&source);
	sink_finish(&sink);
}

/*
 * The file of a state: any length; then with a hash that is right, as a slot
 * that somebody made. What is believed is written again, and read the same.
 */
static void
fuzz_state(const uint8_t *data, uint32_t n)
{
	static uint8_t file[HDCP_STATE_BYTES];
	static struct hdcp_state state, again;
	const uint32_t hashed = HDCP_STATE_SLOT - HDCP_HASH;

	if (hdcp_state_decode(data, n, &state) < 0)
		must(state.newest[0] == 0 && state.newest[1] == 0 &&
		    state.pairings.n == 0);
	memset(file, 0, sizeof(file));
	memcpy(file, data, n < hashed ? n : hashed);
	must(hdcp_sha256(file, hashed, file + hashed) == 0);
	if (hdcp_state_decode(file, HDCP_STATE_SLOT, &state) < 0)
		return;
	must(state.pairings.n <= HDCP_MAX_PAIRINGS);
	memset(file, 0, sizeof(file));
	must(hdcp_state_encode(&state,
		 file + hdcp_state_offset(state.sequence + 1)) == 0);
	must(hdcp_state_decode(file, sizeof(file), &again) == 0);
	must(memcmp(&state, &again, sizeof(state)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || hdcp_crypto_init() < 0)
		return 0;
	const uint8_t *rest = data + 1;
	const uint32_t n = (uint32_t)size - 1;
	switch (data[0] % 11) {
	case 0:
	case 1:
	case 2:
		fuzz_messages(
		    (struct hdcp_framing){.sender = data[0] % 11 == 0
							? HDCP_FROM_TRANSMITTER
							: HDCP_FROM_RECEIVER,
			.is_half_l = data[0] % 11 == 1},
		    rest, n);
		break;
	case 3:
		fuzz_srm(rest, n);
		break;
	case 4:
		fuzz_pairings(rest, n);
		break;
	case 5:
		fuzz_pes(rest, n);
		break;
	case 6:
		fuzz_record(rest, n);
		break;
	case 7:
		fuzz_tx(rest, n);
		break;
	case 8:
		fuzz_rx(rest, n);
		break;
	case 9:
		fuzz_streams(rest, n);
		break;
	case 10:
		fuzz_state(rest, n);
		break;
	}
	return 0;
}
