/* A hostile carrier between the two ends: nothing it does is shown. */
#include "tests/hdcp/hex.h"

#include "hdcp/seal.h"

#include <errno.h>

enum { W = 16, H = 4, MS = 1000000, PACKETS = 1000000 };

static uint32_t pixels[H][W], shown[H][W];
static const struct hdcp_image from = {
    .pixels = (uint8_t *)pixels, .stride_bytes = 4 * W, .width = W, .height = H};
static struct hdcp_image to = {
    .pixels = (uint8_t *)shown, .stride_bytes = 4 * W, .width = W, .height = H};

struct ends {
	struct hdcp_seal out, in;
	uint32_t session;
	uint64_t now_ns;
};

static struct ends e;

static int
teardown(void **state)
{
	(void)state;
	hdcp_seal_stop(&e.out);
	hdcp_seal_stop(&e.in);
	memset(&e, 0, sizeof(e));
	return 0;
}

static void
start(void)
{
	struct hdcp_session s;

	assert_int_equal(
	    hdcp_random_system.fill(NULL, (uint8_t *)&s, sizeof(s)), 0);
	e.session++;
	assert_int_equal(
	    hdcp_seal_start(&e.out, &s, e.session, 0, e.now_ns), 0);
	assert_int_equal(hdcp_seal_start(&e.in, &s, e.session, 0, e.now_ns), 0);
}

static uint32_t
put(uint8_t *packet, uint32_t frame)
{
	const struct hdcp_tile tile = {.frame = frame, .width = W, .height = H,
	    .x = (uint16_t)(frame % 13), .y = (uint16_t)(frame % 4), .w = 3,
	    .h = 1};

	for (uint32_t i = 0; i < 3; i++)
		pixels[tile.y][tile.x + i] = frame + i;
	const int n = hdcp_seal_put(
	    &e.out, &tile, &from, e.now_ns, packet, HDCP_RECORD_MAX);
	assert_true(n > 0);
	return (uint32_t)n;
}

static int
take(const uint8_t *packet, uint32_t n)
{
	struct hdcp_tile tile;

	return hdcp_seal_take(&e.in, packet, n, e.now_ns, &to, &tile);
}

static void
every_flipped_bit_of_a_record_is_noticed(void **state)
{
	static uint8_t packet[HDCP_RECORD_MAX];

	(void)state;
	start();
	const uint32_t n = put(packet, 0);
	for (uint32_t bit = 0; bit < 8 * n; bit++) {
		memset(shown, 0, sizeof(shown));
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(take(packet, n), -EBADMSG);
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(shown[0][0], 0);
		assert_false(hdcp_seal_is_authentic(&e.in, e.now_ns));
		assert_int_equal(take(packet, n), -EPROTO);
		e.in.is_broken = false; /* as if nothing had been */
	}
	assert_int_equal(take(packet, n), 0);
}

static void
every_other_length_is_refused(void **state)
{
	static uint8_t packet[HDCP_RECORD_MAX];

	(void)state;
	start();
	const uint32_t n = put(packet, 0);
	for (uint32_t len = 0; len < n + 20; len++) {
		if (len == n)
			continue;
		assert_int_equal(take(packet, len), -EBADMSG);
		e.in.is_broken = false;
	}
	assert_int_equal(take(packet, n), 0);
}

/*
 * A million records through a carrier that now and then changes, leaves out,
 * repeats or swaps them, or brings one of an old session. Whatever the sink
 * takes is what was sent, in order; after anything else it takes nothing more.
 */
static void
a_hostile_carrier_shows_nothing_of_its_own(void **state)
{
	static uint8_t now[HDCP_RECORD_MAX], other[HDCP_RECORD_MAX];
	uint64_t seed = 17;
	uint32_t harmed = 0, n_other = 0;

	(void)state;
	start();
	memset(pixels, 0, sizeof(pixels));
	memset(shown, 0, sizeof(shown));
	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint32_t n = put(now, i);
		const uint32_t dice = (uint32_t)(unit_random(&seed) % 200);
		int err = 0;
		if (dice == 0) { /* change */
			const uint32_t at = (uint32_t)(unit_random(&seed) % n);
			now[at] ^= (uint8_t)(1 + unit_random(&seed) % 255);
			err = take(now, n);
		} else if (dice == 1) { /* leave out: the next one shows it */
			const uint32_t next = put(other, i);
			err = take(other, next);
		} else if (dice == 2 && n_other > 0) { /* an old one instead */
			err = take(other, n_other);
		} else if (dice == 3) { /* twice */
			assert_int_equal(take(now, n), 0);
			err = take(now, n);
		} else if (dice == 4) { /* swap */
			const uint32_t next = put(other, i);
			err = take(other, next);
			assert_int_equal(take(now, n), -EPROTO);
		} else {
			assert_int_equal(take(now, n), 0);
			assert_memory_equal(shown, pixels, sizeof(shown));
			if (dice == 5) {
				memcpy(other, now, n);
				n_other = n;
			}
			continue;
		}
		if (err == 0) /* there was no old one yet */
			continue;
		harmed++;
		assert_int_equal(err, -EBADMSG);
		assert_false(hdcp_seal_is_authentic(&e.in, e.now_ns));
		start();
		memcpy(shown, pixels, sizeof(shown));
	}
	assert_in_range(harmed, PACKETS / 60, PACKETS / 30);
}

static void
what_is_held_back_is_noticed(void **state)
{
	static uint8_t packet[HDCP_RECORD_MAX];

	(void)state;
	start();
	e.now_ns = (uint64_t)100 * MS;
	uint32_t n = put(packet, 0);
	e.now_ns += (uint64_t)20 * MS; /* the way takes 20 ms */
	assert_int_equal(take(packet, n), 0);
	n = put(packet, 1);
	e.now_ns += (uint64_t)(20 + HDCP_SEAL_MAX_DELAY_MS) * MS;
	assert_int_equal(take(packet, n), 0);
	n = put(packet, 2);
	e.now_ns += (uint64_t)(21 + HDCP_SEAL_MAX_DELAY_MS) * MS;
	assert_int_equal(take(packet, n), -ETIME);
	assert_false(hdcp_seal_is_authentic(&e.in, e.now_ns));
}

static void
silence_is_noticed(void **state)
{
	static uint8_t packet[HDCP_RECORD_MAX];

	(void)state;
	start();
	assert_int_equal(take(packet, put(packet, 0)), 0);
	e.now_ns += (uint64_t)HDCP_SEAL_MAX_SILENCE_MS * MS;
	assert_true(hdcp_seal_is_authentic(&e.in, e.now_ns));
	e.now_ns += 1;
	assert_false(hdcp_seal_is_authentic(&e.in, e.now_ns));
}

static void
one_session_is_started_once(void **state)
{
	const struct hdcp_session s = {.key = {1}};

	(void)state;
	start();
	assert_int_equal(
	    hdcp_seal_start(&e.out, &s, e.session, 0, 0), -EALREADY);
}

static void
records_say_how_long_they_are(void **state)
{
	uint8_t bytes[64];
	const uint8_t hello[] = {2, 0, 0, 0, 0, 0, 0, 0, 0};

	(void)state;
	assert_int_equal(
	    hdcp_record_put_messages(hello, 9, bytes, sizeof(bytes)), 13);
	assert_int_equal(hdcp_record_length(bytes, 13), 13);
	assert_int_equal(hdcp_record_length(bytes, 3), 0);
	assert_int_equal(
	    hdcp_record_put_messages(hello, 9, bytes, 12), -EMSGSIZE);
	const uint8_t empty[] = {1, 0, 0, 0}, zero[] = {0, 0, 0, 9};
	const uint8_t third[] = {3, 0, 0, 9}, much[] = {1, 0, 4, 1};
	const uint8_t most[] = {1, 0, 4, 0}, large[] = {2, 2, 0, 0};
	assert_int_equal(hdcp_record_length(empty, 4), -EBADMSG);
	assert_int_equal(hdcp_record_length(zero, 4), -EBADMSG);
	assert_int_equal(hdcp_record_length(third, 4), -EBADMSG);
	assert_int_equal(hdcp_record_length(much, 4), -EBADMSG);
	assert_int_equal(hdcp_record_length(most, 4), 4 + 1024);
	assert_int_equal(hdcp_record_length(large, 4), -EBADMSG);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_flipped_bit_of_a_record_is_noticed),
	    TEST(every_other_length_is_refused),
	    TEST(a_hostile_carrier_shows_nothing_of_its_own),
	    TEST(what_is_held_back_is_noticed),
	    TEST(silence_is_noticed),
	    TEST(one_session_is_started_once),
	    TEST(records_say_how_long_they_are),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
