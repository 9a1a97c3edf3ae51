/* Our transmitter against our receiver: what holds between the two. */
#include "tests/hdcp/rig.h"

#include <errno.h>

static struct rig r;

static int
finish(void **state)
{
	(void)state;
	rig_finish(&r);
	return 0;
}

static void
assert_on(void)
{
	struct hdcp_session a, b;

	assert_string_equal(hdcp_tx_reason_name(r.tx.reason), "ok");
	assert_string_equal(hdcp_tx_state_name(r.tx.state), "on");
	assert_int_equal(hdcp_tx_session(&r.tx, &a), 0);
	assert_int_equal(hdcp_rx_session(&r.rx, &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
assert_failed(enum hdcp_tx_reason reason)
{
	struct hdcp_session none;

	assert_string_equal(hdcp_tx_reason_name(r.tx.reason),
	    hdcp_tx_reason_name(reason));
	assert_int_equal(r.tx.state, HDCP_TX_FAILED);
	assert_int_equal(hdcp_tx_session(&r.tx, &none), -EPROTO);
}

static void
both_ends_get_the_same_keys(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		rig_init(&r, RIG_R2);
		r.tx_config.has_precompute = (i & 1) != 0;
		r.rx_config.has_precompute = (i & 2) != 0;
		rig_go(&r);
		assert_on();
		assert_int_equal(r.tx.is_half_l, i == 3);
		if (i < 3)
			rig_finish(&r);
	}
}

static void
the_second_time_km_is_stored(void **state)
{
	struct hdcp_session first, second;

	(void)state;
	rig_init(&r, RIG_R2);
	rig_go(&r);
	assert_false(r.tx.is_stored);
	assert_int_equal(r.pairings.n, 1);
	assert_int_equal(hdcp_tx_session(&r.tx, &first), 0);
	rig_go(&r);
	assert_true(r.tx.is_stored);
	assert_on();
	assert_int_equal(hdcp_tx_session(&r.tx, &second), 0);
	assert_memory_not_equal(&first, &second, HDCP_BLOCK);
	assert_memory_not_equal(first.riv, second.riv, HDCP_NONCE);
	assert_memory_not_equal(first.mac_key, second.mac_key, HDCP_BLOCK);
}

static void
a_receiver_that_lost_its_key_is_paired_anew(void **state)
{
	(void)state;
	rig_init(&r, RIG_R2);
	rig_go(&r);
	r.pairings.at[0].ekh[3] ^= 1;
	rig_go(&r);
	assert_failed(HDCP_WRONG_H);
	assert_int_equal(r.pairings.n, 0);
	rig_go(&r);
	assert_on();
}

static void
no_key_is_given_out_before_200_ms(void **state)
{
	struct hdcp_session none;

	(void)state;
	rig_init(&r, RIG_R2);
	rig_connect(&r);
	rig_settle(&r);
	assert_int_equal(r.tx.state, HDCP_TX_SETTLE);
	rig_pass(&r, 199);
	assert_int_equal(hdcp_tx_session(&r.tx, &none), -EPROTO);
	rig_pass(&r, 1);
	assert_on();
}

static void
a_repeater_gets_its_streams_after_its_list(void **state)
{
	(void)state;
	rig_init(&r, RIG_R1);
	r.rx_config.behind = (struct hdcp_topology){.n = 3, .depth = 1,
	    .ids = {{0x47, 0x8e, 0x71, 0xe2, 0x0f},
		{0x35, 0x79, 0x6a, 0x17, 0x0e}, {0x74, 0xe8, 0x53, 0x97, 0xa2}}};
	rig_go(&r);
	assert_on();
	assert_int_equal(r.rx.streams.n, 1);
	assert_int_equal(r.rx.streams.at[0].id, 7);
	assert_int_equal(r.rx.state, HDCP_RX_ON);

	/* one more device appears: acknowledged, content goes on */
	struct hdcp_topology more = r.rx_config.behind;
	struct hdcp_streams streams = {.n = 2};
	more.n = 2;
	assert_int_equal(
	    hdcp_rx_set_behind(&r.rx, &more, r.now_ns, &r.to_tx), 0);
	rig_settle(&r);
	assert_on();
	assert_int_equal(r.tx.seq_num_v, 1);
	assert_int_equal(r.rx.state, HDCP_RX_ON);

	/* other streams: off until the repeater agreed, with the same key */
	const uint32_t keys = r.tx.n_sessions;
	assert_int_equal(
	    hdcp_tx_set_streams(&r.tx, &streams, r.now_ns, &r.to_rx), 0);
	assert_int_equal(r.tx.state, HDCP_TX_STREAM);
	rig_settle(&r);
	rig_pass(&r, 0);
	assert_on();
	assert_int_equal(r.rx.streams.n, 2);
	assert_int_equal(r.rx.streams.seq_num_m, 1);
	assert_int_equal(r.tx.n_sessions, keys);
}

static void
the_stream_number_never_comes_round(void **state)
{
	struct hdcp_streams streams = {.n = 1};

	(void)state;
	rig_init(&r, RIG_R1);
	rig_go(&r);
	assert_on();
	const uint32_t keys = r.tx.n_sessions;
	r.tx.seq_num_m = 0xffffff;
	assert_int_equal(
	    hdcp_tx_set_streams(&r.tx, &streams, r.now_ns, &r.to_rx), 0);
	rig_settle(&r);
	rig_pass(&r, 0);
	assert_on();
	assert_int_equal(r.rx.streams.seq_num_m, 0xffffff);
	assert_int_equal(
	    hdcp_tx_set_streams(&r.tx, &streams, r.now_ns, &r.to_rx), 0);
	rig_settle(&r);
	rig_pass(&r, 200);
	assert_on();
	assert_int_equal(r.tx.n_sessions, keys + 1);
	assert_int_equal(r.rx.streams.seq_num_m, 0);
}

static void
a_repeater_that_asks_gets_a_new_session(void **state)
{
	(void)state;
	rig_init(&r, RIG_R1);
	rig_go(&r);
	assert_int_equal(hdcp_rx_reauth(&r.rx, &r.to_tx), 0);
	rig_carry(&r);
	assert_int_equal(r.tx.state, HDCP_TX_CERT);
	rig_settle(&r);
	rig_pass(&r, 200);
	assert_on();
	assert_int_equal(r.tx.n_sessions, 2);
	assert_int_equal(r.rx.n_sessions, 2);
}

static void
an_acknowledgement_that_does_not_come_asks_for_a_new_session(void **state)
{
	struct hdcp_topology none = {0};

	(void)state;
	rig_init(&r, RIG_R1);
	rig_go(&r);
	assert_int_equal(
	    hdcp_rx_set_behind(&r.rx, &none, r.now_ns, &r.to_tx), 0);
	r.to_tx.n = 0; /* lost */
	rig_pass(&r, 2000);
	assert_int_equal(r.rx.state, HDCP_RX_ACK);
	rig_pass(&r, 1);
	rig_settle(&r);
	rig_pass(&r, 200);
	assert_on();
	assert_int_equal(r.rx.n_sessions, 2);
}

/* Every secret of a session, looked for in all that the machine keeps. */
static void
whatever_ends_a_session_wipes_it(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		const struct hdcp_message junk = {.id = HDCP_RTT_READY};
		const struct hdcp_message reauth = {
		    .id = HDCP_AUTH_STATUS, .reauth_req = true};
		rig_init(&r, RIG_R2);
		rig_go(&r);
		assert_on();
		const struct hdcp_tx_secrets s = r.tx.s;
		if (way == 0)
			hdcp_tx_stop(&r.tx);
		else if (way == 1)
			rig_say(&r, &junk);
		else if (way == 2)
			rig_say(&r, &reauth);
		else
			hdcp_tx_finish(&r.tx);

		const struct {
			const uint8_t *at;
			size_t n;
		} secrets[] = {{s.ake.km, 16}, {s.kd, 32}, {s.h, 32}, {s.l, 32},
		    {s.session.key, 16}, {s.session.mac_key, 16}};
		for (int i = 0; i < 6; i++)
			assert_null(memmem(&r.tx, sizeof(r.tx), secrets[i].at,
			    secrets[i].n));
		rig_finish(&r);
		for (int i = 0; i < 6; i++)
			assert_null(memmem(&r.rx, sizeof(r.rx), secrets[i].at,
			    secrets[i].n));
	}
	rig_init(&r, RIG_R2);
}

/* A generator that stands still after so many bytes. */
static int
fill_stuck(void *arg, uint8_t *out, size_t n)
{
	(void)arg;
	memset(out, 0x5a, n);
	return 0;
}

static int
fill_never(void *arg, uint8_t *out, size_t n)
{
	(void)arg;
	memset(out, 0, n);
	return -EIO;
}

static void
a_generator_that_repeats_itself_never_gives_a_key_twice(void **state)
{
	(void)state;
	rig_init(&r, RIG_R2);
	r.tx_config.random = (struct hdcp_random){.fill = fill_stuck};
	rig_go(&r);
	assert_on();
	rig_go(&r);
	assert_failed(HDCP_BROKEN);
	r.tx.config.random = (struct hdcp_random){.fill = fill_never};
	rig_go(&r);
	assert_failed(HDCP_BROKEN);
}

static void
revoked_receivers_are_refused_in_front_and_behind(void **state)
{
	const uint8_t r1[] = {0x74, 0x5b, 0xb8, 0xbd, 0x04};
	const uint8_t behind[] = {0x35, 0x79, 0x6a, 0x17, 0x0e};

	(void)state;
	rig_init(&r, RIG_R1);
	r.srm.n = 1;
	memcpy(r.srm.ids[0], r1, 5);
	rig_go(&r);
	assert_failed(HDCP_REVOKED);

	memcpy(r.srm.ids[0], behind, 5);
	rig_go(&r);
	assert_on(); /* nobody is behind it yet */
	struct hdcp_topology t = {.n = 1, .depth = 1};
	memcpy(t.ids[0], behind, 5);
	assert_int_equal(
	    hdcp_rx_set_behind(&r.rx, &t, r.now_ns, &r.to_tx), 0);
	rig_settle(&r);
	assert_failed(HDCP_REVOKED);
}

static void
type_1_content_wants_2_2_everywhere(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_init(&r, RIG_R1);
		r.tx_config.streams.at[0].type = 1;
		r.rx_config.behind.has_hdcp1_device = i == 0;
		r.rx_config.behind.has_hdcp20_repeater = i == 1;
		rig_go(&r);
		assert_failed(HDCP_TOO_OLD);
		rig_finish(&r);
	}
	rig_init(&r, RIG_R1);
	r.rx_config.behind.has_hdcp1_device = true;
	rig_go(&r);
	assert_on();
}

/* The receiver: only AKE_Init is always in order. */
static void
the_receiver_closes_on_what_is_out_of_order(void **state)
{
	const enum hdcp_id ids[] = {HDCP_AKE_NO_STORED_KM, HDCP_AKE_STORED_KM,
	    HDCP_LC_INIT, HDCP_SKE_SEND_EKS, HDCP_RTT_CHALLENGE, HDCP_SEND_ACK,
	    HDCP_STREAM_MANAGE, HDCP_AKE_TRANSMITTER_INFO};

	(void)state;
	rig_init(&r, RIG_R2);
	for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct hdcp_message m = {.id = ids[i]};
		struct hdcp_out out = {0}, answer;
		rig_go(&r);
		assert_on();
		assert_int_equal(hdcp_out_put(&out, &m), 0);
		hdcp_rx_take(&r.rx, out.bytes, out.n, r.now_ns, &answer);
		assert_int_equal(r.rx.state, HDCP_RX_FAILED);
		assert_int_equal(answer.n, 0);
		assert_false(r.rx.has_session);
	}
}

static void
the_receiver_answers_no_wrong_challenge(void **state)
{
	(void)state;
	rig_init(&r, RIG_R2);
	rig_connect(&r);
	while (r.to_rx.n == 0 || r.to_rx.bytes[0] != HDCP_RTT_CHALLENGE)
		assert_true(rig_carry(&r));
	r.to_rx.bytes[16] ^= 1;
	rig_carry(&r);
	assert_int_equal(r.rx.state, HDCP_RX_FAILED);
	assert_int_equal(r.to_tx.n, 0);
}

static void
the_receiver_refuses_transmitters_below_2_2(void **state)
{
	const struct hdcp_message init = {.id = HDCP_AKE_INIT};
	const struct hdcp_message old = {
	    .id = HDCP_AKE_TRANSMITTER_INFO, .info.version = 1};
	struct hdcp_out out = {0}, answer;

	(void)state;
	rig_init(&r, RIG_R2);
	hdcp_rx_init(&r.rx, &r.rx_config);
	assert_int_equal(hdcp_out_put(&out, &init), 0);
	assert_int_equal(hdcp_out_put(&out, &old), 0);
	hdcp_rx_take(&r.rx, out.bytes, out.n, 0, &answer);
	assert_int_equal(r.rx.state, HDCP_RX_FAILED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, finish)
	const struct CMUnitTest tests[] = {
	    TEST(both_ends_get_the_same_keys),
	    TEST(the_second_time_km_is_stored),
	    TEST(a_receiver_that_lost_its_key_is_paired_anew),
	    TEST(no_key_is_given_out_before_200_ms),
	    TEST(a_repeater_gets_its_streams_after_its_list),
	    TEST(the_stream_number_never_comes_round),
	    TEST(a_repeater_that_asks_gets_a_new_session),
	    TEST(an_acknowledgement_that_does_not_come_asks_for_a_new_session),
	    TEST(whatever_ends_a_session_wipes_it),
	    TEST(a_generator_that_repeats_itself_never_gives_a_key_twice),
	    TEST(revoked_receivers_are_refused_in_front_and_behind),
	    TEST(type_1_content_wants_2_2_everywhere),
	    TEST(the_receiver_closes_on_what_is_out_of_order),
	    TEST(the_receiver_answers_no_wrong_challenge),
	    TEST(the_receiver_refuses_transmitters_below_2_2),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
