/* The messages: golden bytes, every other length, each limit and one beyond. */
#include "tests/hdcp/hex.h"

#include "hdcp/message.h"

#include <errno.h>

#define B16 "000102030405060708090a0b0c0d0e0f"
#define B32 B16 "101112131415161718191a1b1c1d1e1f"
#define B128 B32 B32 B32 B32

struct golden {
	enum hdcp_id id;
	enum hdcp_sender sender;
	bool is_half_l;
	const char *bytes;
};

static const struct golden goldens[] = {
    {HDCP_AKE_INIT, HDCP_FROM_TRANSMITTER, false, "02" "18fae4206afb5149"},
    {HDCP_AKE_NO_STORED_KM, HDCP_FROM_TRANSMITTER, false, "04" B128},
    {HDCP_AKE_STORED_KM, HDCP_FROM_TRANSMITTER, false, "05" B32},
    {HDCP_AKE_SEND_RRX, HDCP_FROM_RECEIVER, false, "06" "3ba0bede0c46a991"},
    {HDCP_AKE_SEND_H_PRIME, HDCP_FROM_RECEIVER, false, "07" B32},
    {HDCP_AKE_SEND_PAIRING_INFO, HDCP_FROM_RECEIVER, false, "08" B16},
    {HDCP_LC_INIT, HDCP_FROM_TRANSMITTER, false, "09" "32753ea878a6381c"},
    {HDCP_LC_SEND_L_PRIME, HDCP_FROM_RECEIVER, false, "0a" B32},
    {HDCP_LC_SEND_L_PRIME, HDCP_FROM_RECEIVER, true, "0a" B16},
    {HDCP_SKE_SEND_EKS, HDCP_FROM_TRANSMITTER, false,
	"0b" B16 "402b6b43c5e886d8"},
    {HDCP_SEND_RECEIVER_IDS, HDCP_FROM_RECEIVER, false,
	"0c" "00" "01" "02" "03" "01" "00" "010203" B16
	"478e71e20f" "35796a170e"},
    {HDCP_SEND_RECEIVER_IDS, HDCP_FROM_RECEIVER, false,
	"0c" "01" "00" "00" "00" "00" "01" "000000" B16},
    {HDCP_RTT_READY, HDCP_FROM_RECEIVER, false, "0d"},
    {HDCP_RTT_CHALLENGE, HDCP_FROM_TRANSMITTER, false, "0e" B16},
    {HDCP_SEND_ACK, HDCP_FROM_TRANSMITTER, false, "0f" B16},
    {HDCP_STREAM_MANAGE, HDCP_FROM_TRANSMITTER, false,
	"10" "000102" "0002" "0000000a" "0b0c" "01" "00000001" "0001" "00"},
    {HDCP_STREAM_READY, HDCP_FROM_RECEIVER, false, "11" B32},
    {HDCP_AUTH_STATUS, HDCP_FROM_RECEIVER, false, "12" "0004" "01"},
    {HDCP_AKE_TRANSMITTER_INFO, HDCP_FROM_TRANSMITTER, false,
	"13" "0006" "02" "0001"},
    {HDCP_AKE_RECEIVER_INFO, HDCP_FROM_RECEIVER, false,
	"14" "0006" "02" "0001"},
};

enum { N = sizeof(goldens) / sizeof(goldens[0]) };

static struct hdcp_framing
framing_of(const struct golden *g)
{
	return (struct hdcp_framing){
	    .sender = g->sender, .is_half_l = g->is_half_l};
}

static void
each_message_is_read_and_written_as_drawn(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		uint8_t bytes[600], again[600];
		struct hdcp_message m;
		const uint32_t n = hex(goldens[i].bytes, bytes, sizeof(bytes));

		assert_int_equal(
		    hdcp_decode(framing_of(&goldens[i]), bytes, n, &m), 0);
		assert_int_equal(m.id, goldens[i].id);
		assert_int_equal(hdcp_encode(&m, again, sizeof(again)), n);
		assert_memory_equal(bytes, again, n);
		assert_int_equal(hdcp_encode(&m, again, n - 1), -EMSGSIZE);
	}
}

static void
fields_are_where_they_belong(void **state)
{
	const struct hdcp_framing tx = {.sender = HDCP_FROM_TRANSMITTER};
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	uint8_t bytes[600];
	struct hdcp_message m;

	(void)state;
	uint32_t n = hex(goldens[10].bytes, bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(rx, bytes, n, &m), 0);
	assert_false(m.topology.max_devices_exceeded);
	assert_true(m.topology.max_cascade_exceeded);
	assert_int_equal(m.topology.n, 2);
	assert_int_equal(m.topology.depth, 3);
	assert_true(m.topology.has_hdcp20_repeater);
	assert_false(m.topology.has_hdcp1_device);
	assert_int_equal(m.topology.seq_num_v, 0x10203);
	assert_hex(m.topology.v, 16, B16);
	assert_hex(m.topology.ids[1], 5, "35796a170e");

	n = hex(goldens[15].bytes, bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(tx, bytes, n, &m), 0);
	assert_int_equal(m.streams.seq_num_m, 0x102);
	assert_int_equal(m.streams.n, 2);
	assert_int_equal(m.streams.at[0].ctr, 10);
	assert_int_equal(m.streams.at[0].id, 0x0b0c);
	assert_int_equal(m.streams.at[0].type, 1);
	assert_int_equal(m.streams.at[1].id, 1);

	n = hex(goldens[9].bytes, bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(tx, bytes, n, &m), 0);
	assert_hex(m.eks.edkey, 16, B16);
	assert_hex(m.eks.riv, 8, "402b6b43c5e886d8");
	n = hex(goldens[2].bytes, bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(tx, bytes, n, &m), 0);
	assert_hex(m.stored.ekh, 16, B16);
	assert_int_equal(m.stored.m[0], 0x10);
	n = hex(goldens[18].bytes, bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(tx, bytes, n, &m), 0);
	assert_int_equal(m.info.version, 2);
	assert_int_equal(m.info.mask, 1);
}

static void
every_other_length_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		uint8_t bytes[600] = {0};
		struct hdcp_message m;
		const uint32_t n = hex(goldens[i].bytes, bytes, sizeof(bytes));
		for (uint32_t len = 0; len < sizeof(bytes); len++) {
			if (len == n)
				continue;
			assert_int_equal(hdcp_decode(framing_of(&goldens[i]),
					     bytes, len, &m), -EBADMSG);
			assert_int_equal(m.id, 0);
		}
	}
}

static void
nobody_sends_what_only_the_other_may(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		struct hdcp_framing f = framing_of(&goldens[i]);
		uint8_t bytes[600];
		struct hdcp_message m;
		const uint32_t n = hex(goldens[i].bytes, bytes, sizeof(bytes));
		f.sender = f.sender == HDCP_FROM_RECEIVER
			       ? HDCP_FROM_TRANSMITTER
			       : HDCP_FROM_RECEIVER;
		assert_int_equal(hdcp_decode(f, bytes, n, &m), -EBADMSG);
	}
}

static void
a_certificate_has_523_bytes_after_its_id(void **state)
{
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	uint8_t bytes[525] = {HDCP_AKE_SEND_CERT, 1, 0x74};
	struct hdcp_message m;

	(void)state;
	bytes[523] = 0xee;
	assert_int_equal(hdcp_decode(rx, bytes, 524, &m), 0);
	assert_int_equal(m.cert.repeater, 1);
	assert_int_equal(m.cert.cert[0], 0x74);
	assert_int_equal(m.cert.cert[521], 0xee);
	assert_int_equal(hdcp_decode(rx, bytes, 523, &m), -EBADMSG);
	assert_int_equal(hdcp_decode(rx, bytes, 525, &m), -EBADMSG);
	bytes[1] = 2;
	assert_int_equal(hdcp_decode(rx, bytes, 524, &m), -EBADMSG);
}

static void
limits_hold_and_one_beyond_is_refused(void **state)
{
	const struct hdcp_framing tx = {.sender = HDCP_FROM_TRANSMITTER};
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	uint8_t list[600] = {HDCP_SEND_RECEIVER_IDS, 0, 0, HDCP_MAX_DEVICES, 4};
	uint8_t streams[600] = {
	    HDCP_STREAM_MANAGE, 0, 0, 0, 0, HDCP_MAX_STREAMS};
	struct hdcp_message m;

	(void)state;
	assert_int_equal(hdcp_decode(rx, list, 26 + 5 * 31, &m), 0);
	list[3]++;
	assert_int_equal(hdcp_decode(rx, list, 26 + 5 * 32, &m), -ERANGE);
	assert_int_equal(hdcp_decode(tx, streams, 6 + 7 * 8, &m), 0);
	streams[5]++;
	assert_int_equal(hdcp_decode(tx, streams, 6 + 7 * 9, &m), -ERANGE);
	streams[4] = 1;
	assert_int_equal(hdcp_message_length(tx, streams, 600), -ERANGE);

	m = (struct hdcp_message){
	    .id = HDCP_STREAM_MANAGE, .streams.n = HDCP_MAX_STREAMS + 1};
	assert_int_equal(hdcp_encode(&m, list, sizeof(list)), -EMSGSIZE);
	m = (struct hdcp_message){.id = HDCP_SEND_RECEIVER_IDS,
	    .topology.n = HDCP_MAX_DEVICES + 1};
	assert_int_equal(hdcp_encode(&m, list, sizeof(list)), -EMSGSIZE);
}

static void
fields_with_two_values_have_no_third(void **state)
{
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	const int flags[] = {1, 2, 5, 6}; /* of the list of receivers */
	uint8_t bytes[600];
	struct hdcp_message m;

	(void)state;
	for (int i = 0; i < 4; i++) {
		const uint32_t n = hex(goldens[10].bytes, bytes, sizeof(bytes));
		bytes[flags[i]] = 2;
		assert_int_equal(hdcp_decode(rx, bytes, n, &m), -EBADMSG);
	}
	uint32_t n = hex("12" "0004" "02", bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(rx, bytes, n, &m), -EBADMSG);
	n = hex("12" "0005" "01", bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(rx, bytes, n, &m), -EBADMSG);
	n = hex("14" "0007" "02" "0001", bytes, sizeof(bytes));
	assert_int_equal(hdcp_decode(rx, bytes, n, &m), -EBADMSG);
}

static void
unknown_messages_are_refused_at_their_first_byte(void **state)
{
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	const struct hdcp_framing tx = {.sender = HDCP_FROM_TRANSMITTER};

	(void)state;
	for (int id = 0; id < 256; id++) {
		const uint8_t byte = (uint8_t)id;
		const bool is_known = id >= HDCP_AKE_INIT &&
				      id <= HDCP_AKE_RECEIVER_INFO;
		const int a = hdcp_message_length(rx, &byte, 1);
		const int b = hdcp_message_length(tx, &byte, 1);
		assert_int_equal(a >= 0 || b >= 0, is_known);
		assert_true(a < 0 || b < 0);
	}
}

/* In any cut into pieces the same messages come out. */
static void
a_stream_may_be_cut_anywhere(void **state)
{
	const struct hdcp_framing rx = {.sender = HDCP_FROM_RECEIVER};
	uint8_t stream[600];
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		if (goldens[i].sender == HDCP_FROM_RECEIVER &&
		    !goldens[i].is_half_l)
			n += hex(goldens[i].bytes, stream + n, 600 - n);
	}
	for (uint32_t step = 1; step <= n; step++) {
		struct hdcp_inbox inbox = {0};
		struct hdcp_message m;
		uint32_t at = 0, messages = 0, out = 0;
		while (at < n) {
			const uint32_t left = n - at < step ? n - at : step;
			uint8_t again[600];
			uint32_t used;
			const int got = hdcp_inbox_take(
			    &inbox, rx, stream + at, left, &used, &m);
			assert_in_range(got, 0, 1);
			at += used;
			if (got == 0)
				continue;
			const int len = hdcp_encode(&m, again, sizeof(again));
			assert_memory_equal(again, stream + out, (size_t)len);
			out += (uint32_t)len;
			messages++;
		}
		assert_int_equal(messages, 10);
		assert_int_equal(out, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_message_is_read_and_written_as_drawn),
	    cmocka_unit_test(fields_are_where_they_belong),
	    cmocka_unit_test(every_other_length_is_refused),
	    cmocka_unit_test(nobody_sends_what_only_the_other_may),
	    cmocka_unit_test(a_certificate_has_523_bytes_after_its_id),
	    cmocka_unit_test(limits_hold_and_one_beyond_is_refused),
	    cmocka_unit_test(fields_with_two_values_have_no_third),
	    cmocka_unit_test(unknown_messages_are_refused_at_their_first_byte),
	    cmocka_unit_test(a_stream_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
