/* A source and a sink, and a carrier between them that need not be honest. */
#include "tests/hdcp/rig.h"

#include "hdcp/sink.h"
#include "hdcp/source.h"

#include <errno.h>

enum { W = 200, H = 120, WIRE = 1 << 18 };

static uint32_t drawn[H][W], next[H][W], shown[H][W];
static uint8_t source_key[HDCP_SOURCE_KEY];
static struct rig r; /* keys and configuration only */
static struct source source;
static struct sink sink;
static uint64_t now_ns;
static bool is_open;
static uint64_t carried; /* bytes towards the sink */
/* what the carrier does to the record of this number; -1: nothing */
static int victim, record_number, flip_bit;

static struct hdcp_image
image_of(uint32_t pixels[H][W])
{
	return (struct hdcp_image){.pixels = (uint8_t *)pixels,
	    .stride_bytes = 4 * W,
	    .width = W,
	    .height = H};
}

static void
draw(struct rect rect, uint32_t color)
{
	for (int32_t y = rect.y0; y < rect.y1; y++) {
		for (int32_t x = rect.x0; x < rect.x1; x++)
			drawn[y][x] = color + (uint32_t)(y * W + x);
	}
}

static int
setup(void **state)
{
	const struct hdcp_image a = image_of(drawn), b = image_of(next);
	const struct hdcp_image c = image_of(shown);

	(void)state;
	rig_init(&r, RIG_R2);
	now_ns = 1;
	carried = 0;
	victim = -1;
	record_number = flip_bit = 0;
	memset(source_key, 3, sizeof(source_key));
	r.tx_config.source_key = source_key;
	r.rx_config.source_key = source_key;
	source_init(&source, &r.tx_config, &a);
	sink_init(&sink, &r.rx_config, &b, &c);
	draw(rect_make(0, 0, W, H), 0x111111);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	source_finish(&source);
	sink_finish(&sink);
	rig_finish(&r);
	return 0;
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
	source_connect(&source, now_ns);
	sink_connect(&sink);
	is_open = true;
}

static bool
carry_down(void)
{
	static uint8_t wire[HDCP_RECORD_MAX];
	const struct damage nothing = {0};

	/* the first frame of a session is whole, whatever changed */
	if (source_is_on(&source) && source.is_new)
		assert_int_equal(source_frame(&source, &nothing), 0);
	const int n = source_fill(&source, now_ns, wire, sizeof(wire));

	if (n <= 0) {
		assert_int_equal(n, 0);
		return false;
	}
	carried += (uint64_t)n;
	if (record_number++ == victim)
		wire[flip_bit / 8 % n] ^= (uint8_t)(1 << flip_bit % 8);
	/* in two pieces, as a stream may */
	if (sink_take(&sink, wire, (uint32_t)n / 2, now_ns) < 0 ||
	    sink_take(&sink, wire + n / 2, (uint32_t)(n - n / 2), now_ns) < 0)
		hang_up();
	return true;
}

static bool
carry_up(void)
{
	static uint8_t wire[HDCP_RECORD_MAX];
	const int n = sink_fill(&sink, wire, sizeof(wire));

	assert_true(n >= 0);
	if (n > 0 && source_take(&source, wire, (uint32_t)n, now_ns) < 0)
		hang_up();
	return n > 0;
}

/* Carry all there is; then so many ms of time, in steps of 10. */
static void
run(uint32_t ms)
{
	for (uint32_t t = 0; is_open; t += 10) {
		bool moved = true;
		while (is_open && moved) {
			moved = carry_down();
			moved |= is_open && carry_up();
		}
		if (t >= ms || !is_open)
			break;
		now_ns += 10 * (uint64_t)RIG_MS;
		if (source_tick(&source, now_ns) < 0)
			hang_up();
	}
}

static void
change(struct rect rect, uint32_t color)
{
	struct damage d = {0};

	draw(rect, color);
	damage_add(&d, rect);
	assert_int_equal(source_frame(&source, &d), 0);
}

static void
assert_shown(void)
{
	assert_int_equal(sink_show(&sink, now_ns), SINK_AUTHENTIC);
	assert_memory_equal(shown, drawn, sizeof(drawn));
}

static void
assert_blank(enum sink_picture why)
{
	assert_int_equal(sink_show(&sink, now_ns), why);
	for (uint32_t i = 0; i < W * H; i++)
		assert_int_equal(shown[i / W][i % W], 0);
}

static void
a_picture_arrives_and_then_only_what_changes(void **state)
{
	(void)state;
	assert_blank(SINK_NOTHING);
	dial();
	run(190);
	assert_blank(SINK_NOTHING); /* nothing before 200 ms */
	run(20);
	assert_shown();
	assert_true(carried > 4 * W * H);

	carried = 0;
	change(rect_make(10, 20, 30, 5), 0xabcdef);
	run(0);
	assert_shown();
	assert_int_equal(sink.n_frames, 2);
	assert_in_range(carried, 4 * 30 * 5, 4 * 30 * 5 + 200);
	run(3000); /* nothing changes: it lives on heartbeats */
	assert_shown();
	assert_int_equal(sink.n_frames, 2);
}

static void
half_a_frame_is_never_shown(void **state)
{
	(void)state;
	dial();
	run(210);
	const uint32_t old = shown[0][0];
	change(rect_make(0, 0, W, H), 0x777777);
	assert_int_equal(source_is_busy(&source), true);
	while (source_is_busy(&source)) {
		assert_int_equal(sink_show(&sink, now_ns), SINK_AUTHENTIC);
		assert_int_equal(shown[0][0], old);
		assert_true(carry_down());
	}
	assert_shown();
}

static void
a_carrier_that_takes_nothing_stops_nobody(void **state)
{
	struct damage d = {0};

	(void)state;
	dial();
	run(210);
	change(rect_make(0, 0, W, H), 1);
	assert_true(carry_down()); /* one record, then nothing for a while */
	damage_add(&d, rect_make(0, 0, 4, 4));
	assert_int_equal(source_frame(&source, &d), -EAGAIN);
	run(0);
	assert_int_equal(source_is_busy(&source), false);
	assert_int_equal(source_frame(&source, &d), 0);
}

/* A bit of every kind of record, in each of its parts. */
static void
one_flipped_bit_anywhere_blanks_the_screen(void **state)
{
	uint64_t seed = 5;
	uint32_t blanked = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		dial();
		run(210);
		assert_shown();
		record_number = 0;
		victim = (int)(unit_random(&seed) % 2);
		flip_bit = (int)(unit_random(&seed) % (i % 2 ? 500000 : 500));
		change(rect_make(0, 0, W, H), (uint32_t)i << 8);
		run(1200);
		victim = -1;
		assert_int_equal(sink_show(&sink, now_ns), SINK_NOT_AUTHENTIC);
		assert_int_equal(shown[5][5] | next[5][5], 0);
		blanked++;
		hang_up();
	}
	assert_int_equal(blanked, 300);
	dial();
	run(210);
	assert_shown();
}

static void
silence_blanks_the_screen_for_good(void **state)
{
	(void)state;
	dial();
	run(210);
	assert_shown();
	now_ns = sink.seal.last_ns + 1000 * (uint64_t)RIG_MS;
	assert_shown();
	now_ns += 1;
	assert_blank(SINK_NOT_AUTHENTIC);
	run(500); /* the session is gone, whatever still comes */
	assert_blank(SINK_NOT_AUTHENTIC);
}

static void
a_new_authentication_brings_the_whole_picture_again(void **state)
{
	struct hdcp_out out;

	(void)state;
	dial();
	run(210);
	assert_int_equal(hdcp_rx_reauth(&sink.rx, &out), 0);
	memcpy(sink.messages.bytes, out.bytes, out.n);
	sink.messages.n = out.n;
	draw(rect_make(0, 0, W, H), 0x424242);
	run(220);
	assert_shown();
	assert_int_equal(sink.rx.n_sessions, 2);
}

/* Who knows all of HDCP's secrets, but not ours, is not our source. */
static void
another_source_is_not_shown(void **state)
{
	uint8_t other[HDCP_SOURCE_KEY] = {9};

	(void)state;
	source.tx.config.source_key = other;
	dial();
	run(220);
	assert_false(is_open);
	assert_blank(SINK_NOT_AUTHENTIC);
	source.tx.config.source_key = NULL;
	dial();
	run(220);
	assert_blank(SINK_NOT_AUTHENTIC);
}

static void
nobody_sends_what_only_the_other_may(void **state)
{
	static uint8_t record[HDCP_RECORD_MAX];
	const uint8_t hello[] = {HDCP_AKE_SEND_RRX, 0, 0, 0, 0, 0, 0, 0, 0};

	(void)state;
	dial();
	run(210);
	record[0] = HDCP_RECORD_CONTENT;
	record[3] = 100;
	assert_int_equal(source_take(&source, record, 104, now_ns), -EPROTO);
	assert_false(source_is_on(&source));
	const int n =
	    hdcp_record_put_messages(hello, 9, record, sizeof(record));
	assert_int_equal(
	    sink_take(&sink, record, (uint32_t)n, now_ns), -EPROTO);
	assert_blank(SINK_NOT_AUTHENTIC);
	memset(record, 0xff, sizeof(record));
	for (int i = 0; i < 5; i++) {
		assert_int_equal(sink_take(&sink, record, sizeof(record),
				     now_ns), -EPROTO);
		assert_int_equal(source_take(&source, record, sizeof(record),
				     now_ns), -EPROTO);
	}
	hang_up();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_picture_arrives_and_then_only_what_changes),
	    TEST(half_a_frame_is_never_shown),
	    TEST(a_carrier_that_takes_nothing_stops_nobody),
	    TEST(one_flipped_bit_anywhere_blanks_the_screen),
	    TEST(silence_blanks_the_screen_for_good),
	    TEST(a_new_authentication_brings_the_whole_picture_again),
	    TEST(another_source_is_not_shown),
	    TEST(nobody_sends_what_only_the_other_may),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
