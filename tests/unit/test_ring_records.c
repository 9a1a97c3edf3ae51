/*
 * Records of the rings: golden bytes, every other length, each limit and one
 * beyond, each field that must be zero.
 */
#include "tests/unit/unit.h"

#include "hv-glue/up_records.h"
#include "protocol/ring.h"

#include <errno.h>
#include <string.h>

enum { POOL = 8 << 20, LEN = TDS_RING_RECORD_BYTES };

static const uint8_t golden_commit[LEN] = {1, 2, 1, 0, /* op, scanout, exact */
    0x44, 0x33, 0x22, 0x11,			       /* seq */
    3, 0, 0, 0,					       /* page */
    0x90, 1, 0, 0,				       /* stride 400 */
    100, 0, 50, 0,				       /* width, height */
    3, 0, 4, 0, 97, 0, 46, 0,			       /* x, y, w, h */
    0, 0, 0, 0};

static const struct wire_commit good_commit = {.op = UP_COMMIT,
    .scanout = 2,
    .exact = 1,
    .seq = 0x11223344,
    .page = 3,
    .stride = 400,
    .width = 100,
    .height = 50,
    .x = 3,
    .y = 4,
    .w = 97,
    .h = 46};

static int
check(const struct wire_commit *wire)
{
	struct commit c;

	return check_commit(wire, POOL, TDS_MAX_SCANOUTS, &c);
}

static void
a_commit_is_decoded_checked_and_encoded_to_the_same_bytes(void **state)
{
	struct wire_commit wire;
	struct commit c;
	uint8_t again[LEN];

	(void)state;
	assert_int_equal(decode_commit(golden_commit, LEN, &wire), 0);
	assert_int_equal(wire.scanout, 2);
	assert_int_equal(wire.seq, 0x11223344);
	assert_int_equal(
	    check_commit(&wire, POOL, TDS_MAX_SCANOUTS, &c), 0);
	assert_int_equal(c.scanout, 2);
	assert_int_equal(c.seq, 0x11223344);
	assert_true(c.offset_bytes == 3 * 4096);
	assert_int_equal(c.stride_bytes, 400);
	assert_int_equal(c.width_px, 100);
	assert_int_equal(c.height_px, 50);
	assert_int_equal(c.x, 3);
	assert_int_equal(c.y, 4);
	assert_int_equal(c.w, 97);
	assert_int_equal(c.h, 46);
	assert_true(c.is_exact);
	assert_int_equal(encode_commit(&c, again), 0);
	assert_memory_equal(again, golden_commit, LEN);
}

static void
every_other_length_is_refused(void **state)
{
	uint8_t bytes[2 * LEN] = {0};
	struct wire_commit commit;
	struct wire_cursor cursor;
	struct wire_value value;
	struct down down;
	struct grant grant;

	(void)state;
	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const int want = len == LEN ? 0 : -EBADMSG;
		assert_int_equal(decode_commit(bytes, len, &commit), want);
		assert_int_equal(decode_cursor(bytes, len, &cursor), want);
		assert_int_equal(decode_value(bytes, len, &value), want);
		assert_int_equal(decode_down(bytes, len, &down), want);
		assert_int_equal(decode_grant(bytes, len, &grant), want);
	}
}

struct commit_case {
	const char *what;
	struct wire_commit wire;
	int want;
};

#define WITH(...) {.op = UP_COMMIT, __VA_ARGS__}

static void
a_commit_is_taken_up_to_each_limit_and_not_beyond(void **state)
{
	static const struct commit_case cases[] = {
	    {"off", WITH(.scanout = 0), 0},
	    {"another op", {.op = UP_CURSOR}, -EBADMSG},
	    {"exact", WITH(.exact = 1), 0},
	    {"more than exact", WITH(.exact = 2), -EBADMSG},
	    {"another bit", WITH(.exact = 0x100), -EBADMSG},
	    {"zero", WITH(.zero = 1), -EBADMSG},
	    {"last scanout", WITH(.scanout = 3), 0},
	    {"scanout", WITH(.scanout = 4), -ERANGE},
	    {"no height", WITH(.width = 1, .stride = 4), -ERANGE},
	    {"no width", WITH(.height = 1), -ERANGE},
	    {"smallest", WITH(.width = 1, .height = 1, .stride = 4), 0},
	    {"width", WITH(.width = 8192, .height = 1, .stride = 32768), 0},
	    {"wide", WITH(.width = 8193, .height = 1, .stride = 32772),
		-ERANGE},
	    {"height", WITH(.width = 1, .height = 8192, .stride = 4), 0},
	    {"high", WITH(.width = 1, .height = 8193, .stride = 4), -ERANGE},
	    {"stride odd", WITH(.width = 1, .height = 1, .stride = 6),
		-ERANGE},
	    {"stride short", WITH(.width = 2, .height = 1, .stride = 4),
		-ERANGE},
	    {"stride", WITH(.width = 1, .height = 1, .stride = 65536), 0},
	    {"stride long", WITH(.width = 1, .height = 1, .stride = 65540),
		-ERANGE},
	    {"damage", WITH(.width = 9, .height = 9, .stride = 36, .w = 9,
			   .h = 9), 0},
	    {"damage at the end", WITH(.width = 9, .height = 9, .stride = 36,
				      .x = 9, .y = 9), 0},
	    {"x", WITH(.width = 9, .height = 9, .stride = 36, .x = 10),
		-ERANGE},
	    {"y", WITH(.width = 9, .height = 9, .stride = 36, .y = 10),
		-ERANGE},
	    {"w", WITH(.width = 9, .height = 9, .stride = 36, .x = 1, .w = 9),
		-ERANGE},
	    {"h", WITH(.width = 9, .height = 9, .stride = 36, .y = 1, .h = 9),
		-ERANGE},
	    {"w wraps", WITH(.width = 9, .height = 9, .stride = 36, .x = 9,
			    .w = 65535), -ERANGE},
	    {"last page", WITH(.width = 1, .height = 1, .stride = 4,
			      .page = POOL / 4096 - 1), 0},
	    {"page", WITH(.width = 1, .height = 1, .stride = 4,
			 .page = POOL / 4096), -ERANGE},
	    {"page wraps", WITH(.width = 1, .height = 1, .stride = 4,
			       .page = UINT32_MAX), -ERANGE},
	    {"fills the pool", WITH(.width = 1024, .height = 2048,
				   .stride = 4096), 0},
	    {"one row more", WITH(.width = 1024, .height = 2049,
				 .stride = 4096), -ERANGE},
	    {"one page on", WITH(.width = 1024, .height = 2048, .stride = 4096,
				.page = 1), -ERANGE},
	    {"larger than 32 bits", WITH(.width = 8192, .height = 8192,
					.stride = 65536), -ERANGE},
	};

	(void)state;
	assert_int_equal(check(&good_commit), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int got = check(&cases[i].wire);
		if (got != cases[i].want)
			print_error("case: %s\n", cases[i].what);
		assert_int_equal(got, cases[i].want);
	}
}

static void
a_guest_with_fewer_scanouts_cannot_name_the_others(void **state)
{
	struct commit c;

	(void)state;
	assert_int_equal(check_commit(&good_commit, POOL, 3, &c), 0);
	assert_int_equal(check_commit(&good_commit, POOL, 2, &c), -ERANGE);
	assert_int_equal(check_commit(&good_commit, POOL, 0, &c), -ERANGE);
}

static void
a_refused_commit_leaves_the_result_alone(void **state)
{
	struct commit c, before;
	struct wire_commit wire = good_commit;

	(void)state;
	memset(&c, 0x5a, sizeof(c));
	before = c;
	wire.page = UINT32_MAX;
	assert_int_equal(
	    check_commit(&wire, POOL, TDS_MAX_SCANOUTS, &c), -ERANGE);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void
a_cursor_is_decoded_checked_and_encoded_to_the_same_bytes(void **state)
{
	static const uint8_t golden[LEN] = {2, 1, 0, 0, 5, 0, 0, 0, 63, 0, 7};
	struct wire_cursor wire;
	struct cursor c;
	uint8_t again[LEN];

	(void)state;
	assert_int_equal(decode_cursor(golden, LEN, &wire), 0);
	assert_int_equal(check_cursor(&wire, POOL, &c), 0);
	assert_true(c.visible);
	assert_true(c.offset_bytes == 5 * 4096);
	assert_int_equal(c.hot_x, 63);
	assert_int_equal(c.hot_y, 7);
	assert_int_equal(encode_cursor(&c, again), 0);
	assert_memory_equal(again, golden, LEN);
}

static void
a_cursor_is_taken_up_to_each_limit_and_not_beyond(void **state)
{
	const struct wire_cursor good = {.op = UP_CURSOR};
	struct wire_cursor w = good;
	struct cursor c;

	(void)state;
	assert_int_equal(check_cursor(&w, 16384, &c), 0);
	assert_false(c.visible);
	assert_int_equal(check_cursor(&w, 16383, &c), -ERANGE);
	w.page = 1;
	assert_int_equal(check_cursor(&w, 16384 + 4096, &c), 0);
	assert_int_equal(check_cursor(&w, 16384 + 4095, &c), -ERANGE);
	w.page = UINT32_MAX;
	assert_int_equal(check_cursor(&w, POOL, &c), -ERANGE);
	w = good;
	w.visible = 2;
	assert_int_equal(check_cursor(&w, POOL, &c), -ERANGE);
	w = good;
	w.hot_x = 64;
	assert_int_equal(check_cursor(&w, POOL, &c), -ERANGE);
	w = good;
	w.hot_y = 64;
	assert_int_equal(check_cursor(&w, POOL, &c), -ERANGE);
	w = good;
	w.op = UP_LEDS;
	assert_int_equal(check_cursor(&w, POOL, &c), -EBADMSG);
	w = good;
	w.zero = 1;
	assert_int_equal(check_cursor(&w, POOL, &c), -EBADMSG);
	for (size_t i = 0; i < sizeof(w.zero2); i++) {
		w = good;
		w.zero2[i] = 1;
		assert_int_equal(check_cursor(&w, POOL, &c), -EBADMSG);
	}
}

static void
lock_lights_are_three_bits(void **state)
{
	uint8_t bytes[LEN], mask;
	struct wire_value wire;

	(void)state;
	for (uint8_t m = 0; m < 8; m++) {
		assert_int_equal(encode_leds(m, bytes), 0);
		assert_int_equal(decode_value(bytes, LEN, &wire), 0);
		assert_int_equal(check_leds(&wire, &mask), 0);
		assert_int_equal(mask, m);
	}
	wire.value = 8;
	assert_int_equal(check_leds(&wire, &mask), -ERANGE);
	wire.value = 0;
	wire.op = UP_VM;
	assert_int_equal(check_leds(&wire, &mask), -EBADMSG);
	wire.op = UP_LEDS;
	assert_int_equal(check_leds(&wire, &mask), 0);
	for (uint32_t i = 2; i < LEN; i++) {
		bytes[i] = 1;
		assert_int_equal(decode_value(bytes, LEN, &wire), -EBADMSG);
		bytes[i] = 0;
	}
	assert_int_equal(decode_value(bytes, LEN, &wire), 0);
}

static void
a_machine_is_up_or_down_and_nothing_else(void **state)
{
	uint8_t bytes[LEN];
	struct wire_value wire;
	bool is_up = false;

	(void)state;
	assert_int_equal(encode_vm(true, bytes), 0);
	assert_int_equal(decode_value(bytes, LEN, &wire), 0);
	assert_int_equal(check_vm(&wire, &is_up), 0);
	assert_true(is_up);
	assert_int_equal(encode_vm(false, bytes), 0);
	assert_int_equal(decode_value(bytes, LEN, &wire), 0);
	assert_int_equal(check_vm(&wire, &is_up), 0);
	assert_false(is_up);
	wire.value = 2;
	assert_int_equal(check_vm(&wire, &is_up), -ERANGE);
	wire.value = 1;
	wire.op = UP_LEDS;
	assert_int_equal(check_vm(&wire, &is_up), -EBADMSG);
	wire.op = UP_VM;
	assert_int_equal(check_vm(&wire, &is_up), 0);
}

static void
a_range_is_decoded_checked_and_encoded_to_the_same_bytes(void **state)
{
	static const uint8_t golden[LEN] = {
	    UP_MAP, 0, 0, 0, 0x78, 0x56, 1, 0, 0xe9, 7, 0, 0};
	uint8_t bytes[LEN];
	struct grant g;

	(void)state;
	assert_int_equal(decode_grant(golden, LEN, &g), 0);
	assert_int_equal(check_grant(&g), 0);
	assert_int_equal(g.op, UP_MAP);
	assert_int_equal(g.page, 0x15678);
	assert_int_equal(g.pages, 2025);
	assert_int_equal(encode_grant(&g, bytes), 0);
	assert_memory_equal(bytes, golden, LEN);
	for (uint32_t i = 0; i < LEN; i++) {
		const bool is_padding = (i > 0 && i < 4) || i >= 12;
		bytes[i] ^= 0x80;
		assert_int_equal(decode_grant(bytes, LEN, &g),
		    is_padding ? -EBADMSG : 0);
		bytes[i] ^= 0x80;
	}
}

static void
a_range_is_taken_up_to_the_end_of_the_window(void **state)
{
	enum { N = TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES };
	static const struct {
		struct grant g;
		int want;
	} cases[] = {
	    {{UP_MAP, 0, 1}, 0},
	    {{UP_MAP, 0, N}, 0},
	    {{UP_MAP, N - 1, 1}, 0},
	    {{UP_MAP, 0, 0}, -ERANGE},
	    {{UP_MAP, N, 0}, -ERANGE},
	    {{UP_MAP, N, 1}, -ERANGE},
	    {{UP_MAP, 1, N}, -ERANGE},
	    {{UP_MAP, 0, N + 1}, -ERANGE},
	    {{UP_MAP, UINT32_MAX, 2}, -ERANGE},
	    {{UP_MAP, 2, UINT32_MAX}, -ERANGE},
	    {{UP_UNMAP, 0, 0}, 0},
	    {{UP_UNMAP, N - 1, 0}, 0},
	    {{UP_UNMAP, N, 0}, -ERANGE},
	    {{UP_UNMAP, 0, 1}, -ERANGE},
	    {{UP_VM, 0, 1}, -ERANGE},
	    {{UP_UNMAP + 1, 0, 0}, -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check_grant(&cases[i].g) != cases[i].want)
			fail_msg("case %zu", i);
}

static void
what_the_core_sends_is_the_golden_bytes(void **state)
{
	static const uint8_t golden[LEN] = {2, 1, 3, 0, 0x78, 0x56, 0x34, 0x12,
	    3, 0, 0x35, 0, 0xfe, 0xff, 0xff, 0xff, 0x80, 7, 0x38, 4,
	    0x21, 0x43, 1, 0, 0xe9, 7, 0, 0, 1, 12};
	const struct down in = {.op = DOWN_INPUT,
	    .device = DEVICE_TABLET,
	    .scanout = 3,
	    .seq = 0x12345678,
	    .type = 3,
	    .code = 0x35,
	    .value = -2,
	    .width = 1920,
	    .height = 1080,
	    .page = 0x14321,
	    .pages = 2025,
	    .is_mapped = 1,
	    .error = 12};
	uint8_t bytes[LEN];
	struct down out;

	(void)state;
	assert_int_equal(encode_down(&in, bytes), 0);
	assert_memory_equal(bytes, golden, LEN);
	assert_int_equal(decode_down(golden, LEN, &out), 0);
	assert_int_equal(check_down(&out), 0);
	assert_int_equal(out.seq, in.seq);
	assert_int_equal(out.value, -2);
	assert_int_equal(out.width, 1920);
	assert_int_equal(out.height, 1080);
	assert_int_equal(out.page, 0x14321);
	assert_int_equal(out.pages, 2025);
	assert_int_equal(out.is_mapped, 1);
	assert_int_equal(out.error, 12);
}

static void
bytes_of_no_meaning_from_the_core_must_be_zero(void **state)
{
	uint8_t bytes[LEN] = {DOWN_TICK};
	struct down out;

	(void)state;
	for (uint32_t i = 0; i < LEN; i++) {
		const bool is_padding = i == 3 || i >= 30;
		bytes[i] ^= 0x80;
		assert_int_equal(decode_down(bytes, LEN, &out),
		    is_padding ? -EBADMSG : 0);
		bytes[i] ^= 0x80;
	}
}

static void
the_core_too_is_checked_at_each_limit(void **state)
{
	const struct down good = {.op = DOWN_MAPPED,
	    .device = DEVICE_MOUSE,
	    .scanout = 3,
	    .width = 8192,
	    .height = 8192};
	struct down d = good;

	(void)state;
	assert_int_equal(check_down(&d), 0);
	d.op = DOWN_MAPPED + 1;
	assert_int_equal(check_down(&d), -ERANGE);
	d.op = 0;
	assert_int_equal(check_down(&d), -ERANGE);
	d = good;
	d.device = DEVICE_TOUCH + 1;
	assert_int_equal(check_down(&d), -ERANGE);
	d = good;
	d.scanout = 4;
	assert_int_equal(check_down(&d), -ERANGE);
	d = good;
	d.width = 8193;
	assert_int_equal(check_down(&d), -ERANGE);
	d = good;
	d.height = 8193;
	assert_int_equal(check_down(&d), -ERANGE);
	d = good;
	d.is_mapped = 1;
	assert_int_equal(check_down(&d), 0);
	d.is_mapped = 2;
	assert_int_equal(check_down(&d), -ERANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_commit_is_decoded_checked_and_encoded_to_the_same_bytes),
	    cmocka_unit_test(every_other_length_is_refused),
	    cmocka_unit_test(a_commit_is_taken_up_to_each_limit_and_not_beyond),
	    cmocka_unit_test(
		a_guest_with_fewer_scanouts_cannot_name_the_others),
	    cmocka_unit_test(a_refused_commit_leaves_the_result_alone),
	    cmocka_unit_test(
		a_cursor_is_decoded_checked_and_encoded_to_the_same_bytes),
	    cmocka_unit_test(a_cursor_is_taken_up_to_each_limit_and_not_beyond),
	    cmocka_unit_test(lock_lights_are_three_bits),
	    cmocka_unit_test(a_machine_is_up_or_down_and_nothing_else),
	    cmocka_unit_test(
		a_range_is_decoded_checked_and_encoded_to_the_same_bytes),
	    cmocka_unit_test(a_range_is_taken_up_to_the_end_of_the_window),
	    cmocka_unit_test(what_the_core_sends_is_the_golden_bytes),
	    cmocka_unit_test(bytes_of_no_meaning_from_the_core_must_be_zero),
	    cmocka_unit_test(the_core_too_is_checked_at_each_limit),
	};

	return cmocka_run_group_tests_name("ring_records", tests, NULL, NULL);
}
