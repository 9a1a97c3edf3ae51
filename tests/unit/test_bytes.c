#include "tests/unit/unit.h"

#include "tds/base/bytes.h"

#include <errno.h>
#include <string.h>

static const uint8_t golden[15] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void
numbers_are_read_little_endian_in_order(void **state)
{
	struct rd rd;

	(void)state;
	rd_init(&rd, golden, 15);
	assert_int_equal(rd_u8(&rd), 0x11);
	assert_int_equal(rd_u16(&rd), 0x3322);
	assert_int_equal(rd_u32(&rd), 0x77665544);
	assert_true(rd_u64(&rd) == 0xffeeddccbbaa9988u);
	assert_int_equal(rd_end(&rd), 0);
}

static void
largest_numbers_keep_every_bit(void **state)
{
	uint8_t ones[15];
	struct rd rd;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	rd_init(&rd, ones, sizeof(ones));
	assert_int_equal(rd_u8(&rd), UINT8_MAX);
	assert_int_equal(rd_u16(&rd), UINT16_MAX);
	assert_true(rd_u32(&rd) == UINT32_MAX);
	assert_true(rd_u64(&rd) == UINT64_MAX);
	assert_int_equal(rd_end(&rd), 0);
}

/* One reader per width; the number of bytes that it needs. */
static uint64_t
read_one(struct rd *rd, uint32_t width)
{
	switch (width) {
	case 1:
		return rd_u8(rd);
	case 2:
		return rd_u16(rd);
	case 4:
		return rd_u32(rd);
	default:
		return rd_u64(rd);
	}
}

static void
every_short_length_fails_and_gives_zero(void **state)
{
	static const uint32_t widths[] = {1, 2, 4, 8};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (uint32_t len = 0; len < widths[i]; len++) {
			struct rd rd;
			rd_init(&rd, golden, len);
			assert_true(read_one(&rd, widths[i]) == 0);
			assert_int_equal(rd.failed, 1);
			assert_int_equal(rd.off, 0);
			assert_int_equal(rd_end(&rd), -EBADMSG);
		}
}

static void
a_reader_that_failed_stays_failed_although_bytes_are_left(void **state)
{
	struct rd rd;
	uint8_t out[2] = {7, 7};

	(void)state;
	rd_init(&rd, golden, 3);
	assert_int_equal(rd_u32(&rd), 0);
	assert_int_equal(rd_u8(&rd), 0);
	assert_int_equal(rd_u16(&rd), 0);
	rd_bytes(&rd, out, 2);
	assert_int_equal(out[0], 0);
	assert_int_equal(out[1], 0);
	rd_bytes(&rd, out, 0);
	assert_int_equal(rd_end(&rd), -EBADMSG);
}

static void
trailing_bytes_are_refused(void **state)
{
	struct rd rd;

	(void)state;
	rd_init(&rd, golden, 3);
	assert_int_equal(rd_u16(&rd), 0x2211);
	assert_int_equal(rd_end(&rd), -EBADMSG);
	assert_int_equal(rd_u8(&rd), 0x33);
	assert_int_equal(rd_end(&rd), 0);
}

static void
an_empty_record_is_read_by_reading_nothing(void **state)
{
	struct rd rd;
	uint8_t out = 9;

	(void)state;
	rd_init(&rd, NULL, 0);
	rd_bytes(&rd, &out, 0);
	assert_int_equal(rd_end(&rd), 0);
	assert_int_equal(out, 9);
}

static void
bytes_are_copied_or_zeroed_as_a_whole(void **state)
{
	struct rd rd;
	uint8_t out[4] = {1, 2, 3, 4};

	(void)state;
	rd_init(&rd, golden, 5);
	rd_bytes(&rd, out, 3);
	assert_memory_equal(out, golden, 3);
	assert_int_equal(out[3], 4);
	rd_bytes(&rd, out, 3);
	assert_int_equal(out[0] | out[1] | out[2], 0);
	assert_int_equal(out[3], 4);
	assert_int_equal(rd_end(&rd), -EBADMSG);
}

static void
what_is_written_is_the_golden_bytes(void **state)
{
	uint8_t out[sizeof(golden) + 1];
	struct wr wr;

	(void)state;
	memset(out, 0x5a, sizeof(out));
	wr_init(&wr, out, sizeof(out));
	wr_u8(&wr, 0x11);
	wr_u16(&wr, 0x3322);
	wr_u32(&wr, 0x77665544);
	wr_u64(&wr, 0xffeeddccbbaa9988u);
	assert_int_equal(wr_end(&wr), sizeof(golden));
	assert_memory_equal(out, golden, sizeof(golden));
	assert_int_equal(out[sizeof(golden)], 0x5a);
}

static void
write_one(struct wr *wr, uint32_t width)
{
	switch (width) {
	case 1:
		wr_u8(wr, UINT8_MAX);
		break;
	case 2:
		wr_u16(wr, UINT16_MAX);
		break;
	case 4:
		wr_u32(wr, UINT32_MAX);
		break;
	case 8:
		wr_u64(wr, UINT64_MAX);
		break;
	default:
		wr_bytes(wr, golden, width);
		break;
	}
}

static void
a_full_writer_writes_nothing_and_stays_failed(void **state)
{
	static const uint32_t widths[] = {1, 2, 4, 8, 5};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (uint32_t len = 0; len < widths[i]; len++) {
			uint8_t out[8] = {0};
			struct wr wr;
			wr_init(&wr, out, len);
			write_one(&wr, widths[i]);
			assert_int_equal(wr_end(&wr), -EMSGSIZE);
			for (size_t k = 0; k < sizeof(out); k++)
				assert_int_equal(out[k], 0);
			wr_u8(&wr, 1);
			assert_int_equal(out[0], 0);
			assert_int_equal(wr_end(&wr), -EMSGSIZE);
		}
}

static void
every_failed_write_leaves_the_writer_failed_for_all_widths(void **state)
{
	static const uint32_t widths[] = {1, 2, 4, 8, 5};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		uint8_t out[64] = {0};
		struct wr wr;
		wr_init(&wr, out, sizeof(out));
		wr.failed = 1;
		write_one(&wr, widths[i]);
		assert_int_equal(wr.off, 0);
		assert_int_equal(out[0], 0);
		assert_int_equal(wr_end(&wr), -EMSGSIZE);
	}
}

static void
random_fields_come_back_as_written(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		uint8_t out[15];
		struct wr wr;
		struct rd rd;
		const uint64_t a = unit_random(&seed) ^
		    (unit_random(&seed) << 30);
		wr_init(&wr, out, sizeof(out));
		wr_u64(&wr, a);
		wr_u32(&wr, (uint32_t)a);
		wr_u16(&wr, (uint16_t)a);
		wr_u8(&wr, (uint8_t)a);
		assert_int_equal(wr_end(&wr), 15);
		rd_init(&rd, out, sizeof(out));
		assert_true(rd_u64(&rd) == a);
		assert_true(rd_u32(&rd) == (uint32_t)a);
		assert_true(rd_u16(&rd) == (uint16_t)a);
		assert_true(rd_u8(&rd) == (uint8_t)a);
		assert_int_equal(rd_end(&rd), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_read_little_endian_in_order),
	    cmocka_unit_test(largest_numbers_keep_every_bit),
	    cmocka_unit_test(every_short_length_fails_and_gives_zero),
	    cmocka_unit_test(
		a_reader_that_failed_stays_failed_although_bytes_are_left),
	    cmocka_unit_test(trailing_bytes_are_refused),
	    cmocka_unit_test(an_empty_record_is_read_by_reading_nothing),
	    cmocka_unit_test(bytes_are_copied_or_zeroed_as_a_whole),
	    cmocka_unit_test(what_is_written_is_the_golden_bytes),
	    cmocka_unit_test(a_full_writer_writes_nothing_and_stays_failed),
	    cmocka_unit_test(
		every_failed_write_leaves_the_writer_failed_for_all_widths),
	    cmocka_unit_test(random_fields_come_back_as_written),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
