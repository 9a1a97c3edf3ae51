/*
 * The ring between the core and one guest process, with a hostile other side
 * that writes what it likes into the shared words.
 */
#include "tests/unit/unit.h"

#include "protocol/ring.h"

#include <errno.h>
#include <string.h>

static _Alignas(TDS_PAGE_BYTES) uint8_t memory[RING_BYTES];

/* Offsets as drawn in ring.h, written out: the drawing is the contract. */
enum {
	UP_HEAD = 0,
	UP_TAIL = 64,
	DOWN_HEAD = 128,
	DOWN_TAIL = 192,
	UP_WAKE = 256,
	DOWN_WAKE = 320,
	UP_RECORDS = 4096,
	DOWN_RECORDS = 20480,
};

static int
clear(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	return 0;
}

static uint32_t
shared(uint32_t at)
{
	uint32_t value;

	memcpy(&value, memory + at, sizeof(value));
	return value;
}

static void
set_shared(uint32_t at, uint32_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void
put_number(struct ring *ring, uint32_t number)
{
	uint8_t record[TDS_RING_RECORD_BYTES] = {0};

	memcpy(record, &number, sizeof(number));
	assert_int_equal(ring_put(ring, record), 0);
}

static uint32_t
get_number(struct ring *ring)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	uint32_t number;

	ring_get(ring, record);
	memcpy(&number, record, sizeof(number));
	return number;
}

static void
words_and_records_lie_where_the_drawing_says(void **state)
{
	struct ring up, down;

	(void)state;
	ring_init(&up, memory, RING_UP);
	ring_init(&down, memory, RING_DOWN);
	put_number(&up, 0x01020304);
	put_number(&down, 0x0a0b0c0d);
	put_number(&down, 1);
	(void)!ring_publish(&up);
	(void)!ring_publish(&down);
	assert_int_equal(shared(UP_HEAD), 1);
	assert_int_equal(shared(DOWN_HEAD), 2);
	assert_int_equal(shared(UP_RECORDS), 0x01020304);
	assert_int_equal(shared(DOWN_RECORDS), 0x0a0b0c0d);
	assert_int_equal(shared(DOWN_RECORDS + 32), 1);
	assert_int_equal(DOWN_RECORDS + 1024 * 32, RING_BYTES);

	ring_init(&up, memory, RING_UP); /* now as its consumer */
	ring_set_wake(&up, true);
	assert_int_equal(shared(UP_WAKE), 1);
	assert_int_equal(ring_waiting(&up), 1);
	(void)get_number(&up);
	ring_release(&up);
	assert_int_equal(shared(UP_TAIL), 1);
	ring_init(&down, memory, RING_DOWN);
	ring_set_wake(&down, true);
	assert_int_equal(shared(DOWN_WAKE), 1);
	(void)get_number(&down);
	ring_release(&down);
	assert_int_equal(shared(DOWN_TAIL), 1);
}

static void
records_come_out_in_order_across_the_wrap(void **state)
{
	struct ring in, out;
	uint32_t next_in = 0, next_out = 0;

	(void)state;
	ring_init(&in, memory, RING_UP);
	ring_init(&out, memory, RING_UP);
	for (uint32_t round = 0; round < 3000; round++) {
		for (uint32_t i = 0; i < round % 7; i++)
			put_number(&in, next_in++);
		(void)!ring_publish(&in);
		const int n = ring_waiting(&out);
		assert_int_equal(n, round % 7);
		for (int i = 0; i < n; i++)
			assert_int_equal(get_number(&out), next_out++);
		ring_release(&out);
	}
	assert_true(next_out > 4 * TDS_RING_UP_RECORDS);
}

static void
indices_may_pass_two_to_the_32(void **state)
{
	struct ring in, out;

	(void)state;
	ring_init(&in, memory, RING_UP);
	ring_init(&out, memory, RING_UP);
	in.index = out.index = UINT32_MAX - 2;
	set_shared(UP_HEAD, UINT32_MAX - 2);
	set_shared(UP_TAIL, UINT32_MAX - 2);
	for (uint32_t i = 0; i < 6; i++)
		put_number(&in, i);
	(void)!ring_publish(&in);
	assert_int_equal(shared(UP_HEAD), 3);
	assert_int_equal(ring_waiting(&out), 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(get_number(&out), i);
	ring_release(&out);
	assert_int_equal(ring_room(&in), TDS_RING_UP_RECORDS);
}

static void
a_full_ring_takes_no_more_until_places_are_given_back(void **state)
{
	struct ring in, out;
	const uint8_t record[TDS_RING_RECORD_BYTES] = {0};

	(void)state;
	ring_init(&in, memory, RING_DOWN);
	ring_init(&out, memory, RING_DOWN);
	for (uint32_t i = 0; i < TDS_RING_DOWN_RECORDS; i++) {
		assert_int_equal(ring_room(&in), TDS_RING_DOWN_RECORDS - i);
		put_number(&in, i);
	}
	assert_int_equal(ring_room(&in), 0);
	assert_int_equal(ring_put(&in, record), -EAGAIN);
	(void)!ring_publish(&in);
	assert_int_equal(ring_waiting(&out), TDS_RING_DOWN_RECORDS);
	(void)get_number(&out);
	assert_int_equal(ring_put(&in, record), -EAGAIN);
	ring_release(&out);
	assert_int_equal(ring_put(&in, record), 0);
}

static void
a_head_that_is_too_far_ahead_is_nonsense(void **state)
{
	struct ring out;

	(void)state;
	ring_init(&out, memory, RING_UP);
	set_shared(UP_HEAD, TDS_RING_UP_RECORDS);
	assert_int_equal(ring_waiting(&out), TDS_RING_UP_RECORDS);
	set_shared(UP_HEAD, TDS_RING_UP_RECORDS + 1);
	assert_int_equal(ring_waiting(&out), -EBADMSG);
	set_shared(UP_HEAD, UINT32_MAX); /* one behind */
	assert_int_equal(ring_waiting(&out), -EBADMSG);
	set_shared(UP_HEAD, 0x80000000);
	assert_int_equal(ring_waiting(&out), -EBADMSG);
}

static void
a_tail_that_is_nonsense_leaves_no_room(void **state)
{
	struct ring in;
	const uint8_t record[TDS_RING_RECORD_BYTES] = {0};

	(void)state;
	ring_init(&in, memory, RING_DOWN);
	set_shared(DOWN_TAIL, 1); /* ahead of what was ever put */
	assert_int_equal(ring_room(&in), 0);
	assert_int_equal(ring_put(&in, record), -EAGAIN);
	set_shared(DOWN_TAIL, 0u - TDS_RING_DOWN_RECORDS - 1);
	assert_int_equal(ring_room(&in), 0);
	set_shared(DOWN_TAIL, 0u - TDS_RING_DOWN_RECORDS);
	assert_int_equal(ring_room(&in), 0);
}

static void
own_indices_are_never_read_back_from_shared_memory(void **state)
{
	struct ring in, out;

	(void)state;
	ring_init(&in, memory, RING_UP);
	ring_init(&out, memory, RING_UP);
	put_number(&in, 5);
	set_shared(UP_HEAD, 400); /* the consumer's side scribbles */
	put_number(&in, 6);
	(void)!ring_publish(&in);
	assert_int_equal(shared(UP_HEAD), 2);
	set_shared(UP_TAIL, 77);
	assert_int_equal(get_number(&out), 5);
	assert_int_equal(get_number(&out), 6);
	ring_release(&out);
	assert_int_equal(shared(UP_TAIL), 2);
}

static void
a_record_is_a_copy_that_later_writes_do_not_reach(void **state)
{
	struct ring in, out;
	uint8_t record[TDS_RING_RECORD_BYTES];

	(void)state;
	ring_init(&in, memory, RING_UP);
	ring_init(&out, memory, RING_UP);
	put_number(&in, 9);
	ring_get(&out, record);
	memset(memory + UP_RECORDS, 0xff, TDS_RING_RECORD_BYTES);
	assert_int_equal(record[0], 9);
	assert_int_equal(record[TDS_RING_RECORD_BYTES - 1], 0);
}

static void
the_bell_is_wanted_only_while_the_consumer_says_so(void **state)
{
	struct ring in, out;

	(void)state;
	ring_init(&in, memory, RING_DOWN);
	ring_init(&out, memory, RING_DOWN);
	assert_false(ring_publish(&in));
	ring_set_wake(&out, true);
	assert_true(ring_publish(&in));
	ring_set_wake(&out, false);
	assert_false(ring_publish(&in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		words_and_records_lie_where_the_drawing_says, clear),
	    cmocka_unit_test_setup(
		records_come_out_in_order_across_the_wrap, clear),
	    cmocka_unit_test_setup(indices_may_pass_two_to_the_32, clear),
	    cmocka_unit_test_setup(
		a_full_ring_takes_no_more_until_places_are_given_back, clear),
	    cmocka_unit_test_setup(
		a_head_that_is_too_far_ahead_is_nonsense, clear),
	    cmocka_unit_test_setup(
		a_tail_that_is_nonsense_leaves_no_room, clear),
	    cmocka_unit_test_setup(
		own_indices_are_never_read_back_from_shared_memory, clear),
	    cmocka_unit_test_setup(
		a_record_is_a_copy_that_later_writes_do_not_reach, clear),
	    cmocka_unit_test_setup(
		the_bell_is_wanted_only_while_the_consumer_says_so, clear),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
