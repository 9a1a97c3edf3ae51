/*
 * A million records between a source and a sink, through a carrier that now
 * and then flips, drops, replays, swaps, holds back, cuts or invents. Whatever
 * the sink shows as authentic is a frame that the source sent, whole, and of
 * the last few: a record that was cut swallows those after it before it is
 * found to be wrong.
 */
#include "tests/hdcp/rig.h"

#include "hdcp/sink.h"
#include "hdcp/source.h"

#include <errno.h>

enum { W = 24, H = 16, RECORDS = 1000000, ONE_IN = 200, KEPT = 64 };
/* as many small records as fit into the largest, and one */
enum { SENT = 32 };
enum { ROOM = 4096 }; /* for a record of so small a picture */

enum fault { FLIP, DROP, REPLAY, SWAP, HOLD, CUT, INVENT, FAULTS };

struct record {
	uint32_t n;
	uint8_t bytes[ROOM];
};

static uint32_t drawn[H][W], next[H][W], shown[H][W];
static uint32_t sent[SENT][H][W]; /* the source's whole frames, a ring */
static uint32_t n_sent;
static struct rig r;	       /* keys and configuration only */
static struct source source;
static struct sink sink;
static uint64_t now_ns, seed = 11;
static bool is_open;
static uint32_t n_records, n_authentic, n_altered, n_faults[FAULTS];
static struct record kept[KEPT]; /* of all sessions, to be replayed */

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(unit_random(&seed) % n);
}

static struct hdcp_image
image_of(uint32_t pixels[H][W])
{
	return (struct hdcp_image){.pixels = (uint8_t *)pixels,
	    .stride_bytes = 4 * W,
	    .width = W,
	    .height = H};
}

static void
hang_up(void)
{
	source_disconnect(&source);
	sink_disconnect(&sink);
	is_open = false;
}

static void
dial(void)
{
	now_ns += RIG_MS;
	source_connect(&source, now_ns);
	sink_connect(&sink);
	is_open = true;
}

static bool
was_sent(void)
{
	for (uint32_t age = 0; age < SENT && age < n_sent; age++)
		if (memcmp(shown, sent[(n_sent - 1 - age) % SENT],
			sizeof(shown)) == 0)
			return true;
	return false;
}

/* What stands on the screen now, after each thing that happens. */
static void
judge(void)
{
	if (sink_show(&sink, now_ns) != SINK_AUTHENTIC)
		return;
	n_authentic++;
	n_altered += !was_sent();
}

static void
deliver(const uint8_t *bytes, uint32_t n)
{
	if (is_open && n > 0 && sink_take(&sink, bytes, n, now_ns) < 0)
		hang_up();
	judge();
}

/* A frame of up to four parts, when the last one is out. */
static void
draw(void)
{
	struct damage d = {0};

	if (!source_is_on(&source) || source_is_busy(&source))
		return;
	for (uint32_t i = below(4); i < 4; i++) {
		const uint32_t x = below(W), y = below(H);
		const struct rect rect = rect_make((int32_t)x, (int32_t)y,
		    (int32_t)(1 + below(W - x)), (int32_t)(1 + below(H - y)));
		const uint32_t colour = (uint32_t)unit_random(&seed);

		for (int32_t j = rect.y0; j < rect.y1; j++)
			for (int32_t k = rect.x0; k < rect.x1; k++)
				drawn[j][k] = colour + (uint32_t)(k * j);
		damage_add(&d, rect);
	}
	assert_int_equal(source_frame(&source, &d), 0);
}

/* The next record, and what the source has sent whole with it. */
static bool
make(struct record *record)
{
	static uint8_t wire[HDCP_RECORD_MAX];
	const uint32_t before = source.number;

	draw();
	const int n = source_fill(&source, now_ns, wire, sizeof(wire));
	assert_in_range(n, 0, ROOM);
	record->n = (uint32_t)n;
	memcpy(record->bytes, wire, record->n);
	if (source.number != before)
		memcpy(sent[n_sent++ % SENT], drawn, sizeof(drawn));
	n_records += n > 0;
	if (n > 0)
		kept[below(KEPT)] = *record;
	return n > 0;
}

static void
be_hostile(struct record *record)
{
	const enum fault fault = (enum fault)below(FAULTS);
	const struct record *old = &kept[below(KEPT)];
	struct record other;

	n_faults[fault]++;
	switch (fault) {
	case FLIP:
		record->bytes[below(record->n)] ^= (uint8_t)(1 << below(8));
		deliver(record->bytes, record->n);
		return;
	case DROP:
		return;
	case REPLAY:
		deliver(record->bytes, record->n);
		deliver(old->bytes, old->n);
		return;
	case SWAP:
		if (make(&other))
			deliver(other.bytes, other.n);
		deliver(record->bytes, record->n);
		return;
	case HOLD:
		now_ns += (uint64_t)(501 + below(900)) * RIG_MS;
		deliver(record->bytes, record->n);
		return;
	case CUT:
		deliver(record->bytes, below(record->n));
		return;
	case INVENT:
		for (uint32_t i = 0; i < record->n; i++)
			record->bytes[i] ^= (uint8_t)below(256);
		deliver(record->bytes, record->n);
		return;
	case FAULTS:
		return;
	}
}

static bool
carry_up(void)
{
	static uint8_t wire[HDCP_RECORD_MAX];
	const int n = is_open ? sink_fill(&sink, wire, sizeof(wire)) : 0;

	assert_true(n >= 0);
	if (n > 0 && below(ONE_IN) == 0)
		wire[below((uint32_t)n)] ^= 1;
	if (n > 0 && source_take(&source, wire, (uint32_t)n, now_ns) < 0)
		hang_up();
	return n > 0;
}

static void
carry(void)
{
	struct record record;
	const bool has_record = make(&record);

	now_ns += RIG_MS / 100;
	if (has_record && below(ONE_IN) == 0)
		be_hostile(&record);
	else if (has_record)
		deliver(record.bytes, record.n);
	if (carry_up() || has_record || !is_open)
		return;
	now_ns += RIG_MS;
	if (source_tick(&source, now_ns) < 0)
		hang_up();
	judge();
}

static void
nothing_altered_is_ever_shown_as_authentic(void **state)
{
	const struct hdcp_image a = image_of(drawn), b = image_of(next);
	const struct hdcp_image c = image_of(shown);

	(void)state;
	rig_init(&r, RIG_R2);
	source_init(&source, &r.tx_config, &a);
	sink_init(&sink, &r.rx_config, &b, &c);
	while (n_records < RECORDS) {
		if (!is_open)
			dial();
		carry();
	}
	assert_int_equal(n_altered, 0);
	/* the test shows something only if both happened, often */
	assert_in_range(n_authentic, RECORDS / 2, 4 * RECORDS);
	for (uint32_t i = 0; i < FAULTS; i++)
		assert_in_range(n_faults[i], RECORDS / ONE_IN / FAULTS / 2,
		    RECORDS);
	print_message("%u records, %u sessions, %u looks at a picture\n",
	    n_records, sink.rx.n_sessions, n_authentic);
	source_finish(&source);
	sink_finish(&sink);
	rig_finish(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_altered_is_ever_shown_as_authentic),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
