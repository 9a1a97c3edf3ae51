/* Revocation lists of both formats, and the store of paired receivers. */
#include "tests/hdcp/hex.h"
#include "tests/hdcp/vectors.h"

#include "hdcp/pairing.h"
#include "hdcp/srm.h"

#include <errno.h>

enum { MAX = 1024 };

static struct hdcp_authority authority;
static uint8_t dsa_y[HDCP_DSA_P];
static const struct hdcp_srm_keys keys = {
    .dsa_y = dsa_y, .authority = &authority};
static struct hdcp_srm srm;

static int
setup(void **state)
{
	uint8_t both[HDCP_DCP_MODULUS + 1];

	HEX(AUTHORITY, both);
	memcpy(authority.n, both, HDCP_DCP_MODULUS);
	authority.e = both[HDCP_DCP_MODULUS];
	HEX(DSA_Y_FACSIMILE, dsa_y);
	return start_crypto(state);
}

static bool
revokes(const char *id_text)
{
	uint8_t id[HDCP_ID_BYTES];

	HEX(id_text, id);
	return hdcp_srm_revokes(&srm, id);
}

static void
published_lists_are_believed_and_revoke(void **state)
{
	uint8_t bytes[MAX];

	(void)state;
	uint32_t n = hex(SRM2_ERRATA, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 0, &srm), 0);
	assert_int_equal(srm.format, HDCP_SRM_2);
	assert_int_equal(srm.version, 1);
	assert_int_equal(srm.n, 2);
	assert_true(revokes("745bb8bd04") && revokes("8ba44742fb"));
	assert_false(revokes("04bdb85b74"));

	n = hex(SRM2_TEST, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 1, &srm), 0);
	assert_int_equal(srm.version, 2);
	assert_true(revokes("04bdb85b74") && revokes("fb4247a48b"));
	assert_false(revokes("745bb8bd04"));

	n = hex(SRM1_FACSIMILE, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 0, &srm), 0);
	assert_int_equal(srm.format, HDCP_SRM_1);
	assert_int_equal(srm.version, 5);
	assert_int_equal(srm.n, 2);
}

/* The list says 51 1e f2 1a cd; the device's register says cd 1a f2 1e 51. */
static void
a_ksv_from_the_wire_is_compared_the_right_way_round(void **state)
{
	const uint8_t b1_on_the_wire[] = {0xcd, 0x1a, 0xf2, 0x1e, 0x51};
	const uint8_t b1_in_the_list[] = {0x51, 0x1e, 0xf2, 0x1a, 0xcd};
	uint8_t bytes[MAX];

	(void)state;
	const uint32_t n = hex(SRM1_FACSIMILE, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 0, &srm), 0);
	assert_true(hdcp_srm_revokes_ksv(&srm, b1_on_the_wire));
	assert_false(hdcp_srm_revokes_ksv(&srm, b1_in_the_list));
	assert_true(hdcp_srm_revokes(&srm, b1_in_the_list));
	assert_false(hdcp_srm_revokes(&srm, b1_on_the_wire));
}

static void
every_flipped_bit_is_noticed(void **state)
{
	const char *const lists[] = {SRM1_FACSIMILE, SRM2_ERRATA, SRM2_TEST};

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint8_t bytes[MAX];
		const uint32_t n = hex(lists[i], bytes, MAX);
		for (uint32_t at = 0; at < n; at++) {
			bytes[at] ^= (uint8_t)(1 << at % 8);
			assert_true(
			    hdcp_srm_check(bytes, n, &keys, 0, &srm) < 0);
			assert_int_equal(srm.version | srm.n, 0);
			bytes[at] ^= (uint8_t)(1 << at % 8);
		}
	}
}

static void
a_list_of_another_authority_is_refused(void **state)
{
	uint8_t bytes[MAX], dcp[HDCP_DSA_P];
	const struct hdcp_srm_keys other = {
	    .dsa_y = dcp, .authority = &authority};

	(void)state;
	HEX(DSA_Y_DCP, dcp);
	const uint32_t n = hex(SRM1_FACSIMILE, bytes, MAX);
	assert_int_equal(
	    hdcp_srm_check(bytes, n, &other, 0, &srm), -EKEYREJECTED);
}

static void
a_list_older_than_the_last_is_refused(void **state)
{
	uint8_t bytes[MAX];

	(void)state;
	uint32_t n = hex(SRM2_TEST, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 2, &srm), 0);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 3, &srm), -ESTALE);
	assert_int_equal(srm.n, 0);
	n = hex(SRM1_FACSIMILE, bytes, MAX);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 5, &srm), 0);
	assert_int_equal(hdcp_srm_check(bytes, n, &keys, 6, &srm), -ESTALE);
}

static void
every_other_length_is_refused(void **state)
{
	const char *const lists[] = {SRM1_FACSIMILE, SRM2_ERRATA};

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint8_t bytes[MAX] = {0};
		const uint32_t n = hex(lists[i], bytes, MAX);
		for (uint32_t len = 0; len < n; len++)
			assert_int_equal(
			    hdcp_srm_decode(bytes, len, &srm), -EBADMSG);
		assert_int_equal(
		    hdcp_srm_decode(bytes, n + 1, &srm), -ENOTSUP);
		bytes[4] = 2; /* generation */
		assert_int_equal(hdcp_srm_decode(bytes, n, &srm), -ENOTSUP);
	}
}

static uint32_t
make_srm2(uint8_t *bytes, uint32_t count)
{
	const uint32_t n = 12 + 5 * count + HDCP_DCP_MODULUS;

	memset(bytes, 0, n);
	bytes[0] = 0x91;
	bytes[3] = 1;
	bytes[4] = 1;
	bytes[6] = (uint8_t)((n - 5) >> 8);
	bytes[7] = (uint8_t)(n - 5);
	bytes[8] = (uint8_t)(count >> 2);
	bytes[9] = (uint8_t)(count << 6);
	return n;
}

static void
the_longest_list_fits_and_none_is_longer(void **state)
{
	static uint8_t bytes[HDCP_SRM_MAX_BYTES + 1];

	(void)state;
	const uint32_t n = make_srm2(bytes, HDCP_SRM_MAX_IDS);
	assert_int_equal(n, HDCP_SRM_MAX_BYTES);
	bytes[12 + 5 * 1022 + 4] = 7;
	assert_int_equal(hdcp_srm_decode(bytes, n, &srm), 0);
	assert_int_equal(srm.n, HDCP_SRM_MAX_IDS);
	assert_true(revokes("0000000007"));
	assert_int_equal(hdcp_srm_decode(bytes, n + 1, &srm), -EBADMSG);
	bytes[9] |= 1; /* reserved */
	assert_int_equal(hdcp_srm_decode(bytes, n, &srm), -EBADMSG);
}

static void
make_pairing(struct hdcp_pairing *p, uint8_t number)
{
	memset(p, number, sizeof(*p));
	HEX("745bb8bd04", p->id);
	/* the same number of ones, another identifier */
	p->id[0] = (uint8_t)(0x0f << number % 5);
	p->id[1] = (uint8_t)(0x1f << number / 5 % 4);
	p->id[2] = 0xff;
	p->id[3] = 0x07;
	p->id[4] = 0;
}

static void
pairings_are_found_replaced_and_pushed_out(void **state)
{
	struct hdcp_pairings p = {0};
	struct hdcp_pairing one;

	(void)state;
	for (uint8_t i = 0; i <= HDCP_MAX_PAIRINGS; i++) {
		make_pairing(&one, i);
		hdcp_pairings_put(&p, &one);
	}
	assert_int_equal(p.n, HDCP_MAX_PAIRINGS);
	make_pairing(&one, 0);
	assert_null(hdcp_pairings_find(&p, one.id)); /* the oldest */
	make_pairing(&one, 1);
	assert_int_equal(hdcp_pairings_find(&p, one.id)->km[0], 1);
	one.km[0] = 99;
	hdcp_pairings_put(&p, &one);
	assert_int_equal(p.n, HDCP_MAX_PAIRINGS);
	assert_int_equal(hdcp_pairings_find(&p, one.id)->km[0], 99);
	hdcp_pairings_forget(&p, one.id);
	assert_int_equal(p.n, HDCP_MAX_PAIRINGS - 1);
	assert_null(hdcp_pairings_find(&p, one.id));
	hdcp_pairings_finish(&p);
}

static void
pairings_survive_a_file_and_nothing_else_does(void **state)
{
	struct hdcp_pairings p = {0}, again;
	struct hdcp_pairing one;
	uint8_t bytes[HDCP_PAIRINGS_BYTES + 1] = {0};

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		make_pairing(&one, i);
		hdcp_pairings_put(&p, &one);
	}
	const int n = hdcp_pairings_encode(&p, bytes, sizeof(bytes));
	assert_int_equal(n, 9 + 3 * HDCP_PAIRING_BYTES);
	assert_int_equal(hdcp_pairings_decode(bytes, (uint32_t)n, &again), 0);
	assert_memory_equal(&p, &again, sizeof(p));

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		if (len != (uint32_t)n)
			assert_int_equal(
			    hdcp_pairings_decode(bytes, len, &again), -EBADMSG);
	}
	memcpy(bytes + 9, bytes + 9 + HDCP_PAIRING_BYTES, HDCP_ID_BYTES);
	assert_int_equal(
	    hdcp_pairings_decode(bytes, (uint32_t)n, &again), -EBADMSG);
	assert_int_equal(again.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_lists_are_believed_and_revoke),
	    cmocka_unit_test(
		a_ksv_from_the_wire_is_compared_the_right_way_round),
	    cmocka_unit_test(every_flipped_bit_is_noticed),
	    cmocka_unit_test(a_list_of_another_authority_is_refused),
	    cmocka_unit_test(a_list_older_than_the_last_is_refused),
	    cmocka_unit_test(every_other_length_is_refused),
	    cmocka_unit_test(the_longest_list_fits_and_none_is_longer),
	    cmocka_unit_test(pairings_are_found_replaced_and_pushed_out),
	    cmocka_unit_test(pairings_survive_a_file_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
