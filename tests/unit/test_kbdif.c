/*
 * The rings in a page that a Xen guest shares, seen from the guest: a naive
 * front end reads what was put. And keyboard and pointer on top of them.
 */
#include "hv-glue/kbdif.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static _Alignas(4096) uint8_t page[4096];
static struct kbdif k;
static uint32_t cons;

static int
setup(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	kbdif_attach(&k, page, true, 1024, 768, 0);
	cons = 0;
	return 0;
}

static bool
send(uint16_t type, uint16_t code, int32_t value)
{
	assert_false(kbdif_put(&k, type, code, value));
	return kbdif_put(&k, EV_SYN, 0, 0);
}

/* As xen-kbdfront.c reads; false if there is nothing. */
static bool
fetch(uint8_t out[40])
{
	if (get_u32(page + 4) == cons)
		return false;
	memcpy(out, page + 1024 + cons % 51 * 40, 40);
	put_u32(page, ++cons);
	return true;
}

static void
expect(uint8_t type, uint32_t a, uint32_t b, uint32_t c)
{
	uint8_t e[40];

	assert_true(fetch(e));
	assert_int_equal(e[0], type);
	if (type == 3) {
		assert_int_equal(e[1], a);
		assert_int_equal(get_u32(e + 4), b);
		return;
	}
	assert_int_equal(get_u32(e + 4), a);
	assert_int_equal(get_u32(e + 8), b);
	assert_int_equal(get_u32(e + 12), c);
}

static void
keys_and_buttons_are_said_as_they_come(void **state)
{
	uint8_t e[40];

	(void)state;
	assert_true(send(EV_KEY, KEY_A, 1));
	assert_false(send(EV_KEY, KEY_A, 2)); /* the guest repeats */
	assert_true(send(EV_KEY, KEY_A, 0));
	assert_true(send(EV_KEY, BTN_LEFT, 1));
	expect(3, 1, KEY_A, 0);
	expect(3, 0, KEY_A, 0);
	expect(3, 1, BTN_LEFT, 0);
	assert_false(fetch(e));
}

static void
a_position_comes_before_the_click_on_it(void **state)
{
	(void)state;
	assert_false(kbdif_put(&k, EV_KEY, BTN_LEFT, 1));
	assert_false(kbdif_put(&k, EV_ABS, ABS_X, 500));
	assert_false(kbdif_put(&k, EV_ABS, ABS_Y, 300));
	assert_false(kbdif_put(&k, EV_REL, REL_WHEEL, 2));
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect(4, 500, 300, (uint32_t)-2);
	expect(3, 1, BTN_LEFT, 0);
}

static void
a_front_end_without_positions_gets_motion(void **state)
{
	(void)state;
	kbdif_attach(&k, page, false, 0, 0, 0);
	for (int32_t i = 0; i < 3; i++) {
		assert_false(kbdif_put(&k, EV_ABS, ABS_X, 100 + 7 * i));
		assert_false(kbdif_put(&k, EV_ABS, ABS_Y, 100 - 5 * i));
		assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	}
	expect(1, 0, 0, 0);
	expect(1, 7, (uint32_t)-5, 0);
	expect(1, 7, (uint32_t)-5, 0);
}

static void
a_guest_that_does_not_read_loses_groups_and_has_no_key_stuck(void **state)
{
	uint8_t e[40];
	bool is_down[KEY_CNT] = {false};

	(void)state;
	for (uint16_t i = 0; i < 80; i++)
		send(EV_KEY, (uint16_t)(KEY_ESC + i), 1);
	for (uint16_t i = 0; i < 80; i++)
		send(EV_KEY, (uint16_t)(KEY_ESC + i), 0);
	for (uint32_t n = 0; n < 51; n++) {
		assert_true(fetch(e));
		is_down[get_u32(e + 4)] = e[1];
	}
	assert_false(fetch(e));
	assert_true(kbdif_read(&k));
	while (fetch(e)) {
		is_down[get_u32(e + 4)] = e[1];
		while (kbdif_read(&k))
			continue;
	}
	for (uint32_t i = 0; i < KEY_CNT; i++)
		assert_false(is_down[i]);
	assert_false(kbdif_read(&k));
	assert_true(send(EV_KEY, KEY_Z, 1)); /* and it goes on */
	expect(3, 1, KEY_Z, 0);
}

static void
lost_input_means_that_keys_are_up(void **state)
{
	uint8_t e[40];

	(void)state;
	assert_true(send(EV_KEY, KEY_A, 1));
	assert_false(kbdif_put(&k, EV_KEY, KEY_B, 1));
	assert_true(kbdif_lost(&k));
	expect(3, 1, KEY_A, 0);
	expect(3, 0, KEY_A, 0);
	assert_false(fetch(e)); /* B was never said */
	assert_false(kbdif_lost(&k));
}

static void
a_nonsense_index_of_the_guest_is_a_full_ring(void **state)
{
	(void)state;
	put_u32(page, 1);
	assert_false(send(EV_KEY, KEY_A, 1));
	put_u32(page, 0x80000000u);
	assert_false(send(EV_KEY, KEY_B, 1));
	put_u32(page, 0);
	assert_true(send(EV_KEY, KEY_C, 1));
	expect(3, 1, KEY_C, 0);
}

static void
too_long_a_group_is_no_group(void **state)
{
	uint8_t e[40];

	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		assert_false(kbdif_put(&k, EV_KEY, (uint16_t)(1 + i), 1));
	assert_false(kbdif_put(&k, EV_SYN, 0, 0));
	assert_false(fetch(e));
	assert_false(send(EV_KEY, KEY_CNT, 1)); /* no such key */
	assert_false(fetch(e));
}

static void
a_second_back_end_goes_on_where_the_first_ended(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(send(EV_KEY, KEY_A, 1));
		expect(3, 1, KEY_A, 0);
		kbdif_attach(&k, page, true, 1024, 768, 0);
	}
}

static void
touch(int32_t slot, uint16_t code, int32_t value)
{
	kbdif_touch(&k, ABS_MT_SLOT, slot);
	kbdif_touch(&k, code, value);
}

static void
finger(int32_t slot, bool begins, int32_t x, int32_t y)
{
	touch(slot, ABS_MT_TRACKING_ID, slot);
	if (!begins)
		kbdif_touch(&k, ABS_MT_SLOT, slot);
	kbdif_touch(&k, ABS_MT_POSITION_X, x);
	kbdif_touch(&k, ABS_MT_POSITION_Y, y);
}

/* xen/io/kbdif.h, "Multi-touch event" */
static void
expect_touch(uint8_t what, uint8_t contact, uint32_t x, uint32_t y)
{
	uint8_t e[40];

	assert_true(fetch(e));
	assert_int_equal(e[0], 5);
	assert_int_equal(e[1], what);
	assert_int_equal(e[2], contact);
	for (uint32_t i = 3; i < 8; i++)
		assert_int_equal(e[i], 0);
	assert_int_equal(get_u32(e + 8), x);
	assert_int_equal(get_u32(e + 12), y);
}

enum { DOWN, UP, MOTION, SYN };

static void
fingers_come_down_move_and_lift(void **state)
{
	uint8_t e[40];

	(void)state;
	kbdif_attach(&k, page, true, 1024, 768, 5);
	assert_false(kbdif_put(&k, EV_KEY, TDS_BTN_FINGER, 1));
	finger(0, true, 10, 20);
	finger(4, true, 30, 40);
	finger(5, true, 1, 1); /* more than it knows */
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect_touch(DOWN, 0, 10, 20);
	expect_touch(DOWN, 4, 30, 40);
	assert_true(fetch(e)); /* a frame ends; of which contact is nothing */
	assert_int_equal(e[1], SYN);
	finger(4, false, 31, 41);
	touch(0, ABS_MT_TRACKING_ID, -1);
	touch(3, ABS_MT_TRACKING_ID, -1); /* was never down */
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect_touch(MOTION, 4, 31, 41);
	assert_true(fetch(e));
	assert_int_equal(e[1], UP);
	assert_int_equal(e[2], 0);
	assert_true(fetch(e));
	assert_int_equal(e[1], SYN);
	assert_false(fetch(e));
}

static void
a_front_end_without_a_touchscreen_gets_a_click(void **state)
{
	uint8_t e[40];

	(void)state;
	assert_false(kbdif_put(&k, EV_KEY, TDS_BTN_FINGER, 1));
	finger(0, true, 10, 20);
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect(3, 1, BTN_LEFT, 0);
	assert_false(fetch(e));
}

static void
a_finger_that_lifts_in_the_group_it_came_in_is_not_stuck(void **state)
{
	(void)state;
	kbdif_attach(&k, page, true, 1024, 768, 5);
	finger(1, true, 10, 20);
	touch(1, ABS_MT_TRACKING_ID, -1);
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect_touch(DOWN, 1, 10, 20);
	expect_touch(UP, 1, 0, 0);
	expect_touch(SYN, 1, 0, 0);
}

static void
lost_input_means_that_fingers_have_lifted(void **state)
{
	uint8_t e[40];
	uint32_t touching = 0;

	(void)state;
	kbdif_attach(&k, page, true, 1024, 768, 10);
	for (int32_t i = 0; i < 200; i++) { /* until there is no room */
		finger(i % 10, true, i, i);
		(void)!kbdif_put(&k, EV_SYN, 0, 0);
		touch(i % 10, ABS_MT_TRACKING_ID, -1);
		if (i % 2 == 0)
			(void)!kbdif_put(&k, EV_SYN, 0, 0);
	}
	for (bool more = true; more; more = kbdif_read(&k))
		while (fetch(e))
			touching = e[1] == DOWN ? touching | 1u << e[2]
				   : e[1] == UP ? touching & ~(1u << e[2])
						: touching;
	assert_int_equal(touching, 0);
	finger(2, true, 7, 8); /* and it goes on */
	assert_true(kbdif_put(&k, EV_SYN, 0, 0));
	expect_touch(DOWN, 2, 7, 8);
	assert_true(kbdif_lost(&k));
	assert_true(fetch(e)); /* the end of that frame */
	expect_touch(UP, 2, 0, 0);
	assert_false(kbdif_lost(&k));
}

static void
nobody_listens_before_a_front_end_is_there(void **state)
{
	struct kbdif none = {0};

	(void)state;
	assert_false(kbdif_put(&none, EV_KEY, KEY_A, 1));
	assert_false(kbdif_put(&none, EV_SYN, 0, 0));
	assert_false(kbdif_lost(&none));
	assert_false(kbdif_read(&none));
}

/* ------------------------------------------------------------------- rings */

static void
requests_are_taken_once_and_answered_in_place(void **state)
{
	struct xenring ring;
	uint8_t entry[64];

	(void)state;
	memset(page, 0, sizeof(page));
	put_u32(page + 12, 1); /* "tell me of the first response" */
	xenring_init(&ring, page);
	assert_int_equal(xenring_get(&ring, entry), 0);
	assert_int_equal(get_u32(page + 4), 1); /* "tell me of the first" */
	for (uint32_t i = 0; i < 100; i++) {
		page[64 + i % 32 * 64] = (uint8_t)i;
		put_u32(page, i + 1);
		assert_int_equal(xenring_get(&ring, entry), 1);
		assert_int_equal(entry[0], i);
		assert_int_equal(xenring_get(&ring, entry), 0);
		entry[0] = (uint8_t)~i;
		xenring_put(&ring, entry);
		assert_int_equal(xenring_publish(&ring), i == 0);
		assert_int_equal(get_u32(page + 8), i + 1);
		assert_int_equal(page[64 + i % 32 * 64], (uint8_t)~i);
	}
}

static void
an_index_beyond_the_ring_is_malformed(void **state)
{
	struct xenring ring;
	uint8_t entry[64];

	(void)state;
	memset(page, 0, sizeof(page));
	xenring_init(&ring, page);
	put_u32(page, 33);
	assert_int_equal(xenring_get(&ring, entry), -EBADMSG);
	put_u32(page, UINT32_MAX);
	assert_int_equal(xenring_get(&ring, entry), -EBADMSG);
	put_u32(page, 32);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(xenring_get(&ring, entry), 1);
	put_u32(page, 33); /* no place is free: nothing was answered */
	assert_int_equal(xenring_get(&ring, entry), -EBADMSG);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(keys_and_buttons_are_said_as_they_come),
	    T(a_position_comes_before_the_click_on_it),
	    T(a_front_end_without_positions_gets_motion),
	    T(a_guest_that_does_not_read_loses_groups_and_has_no_key_stuck),
	    T(lost_input_means_that_keys_are_up),
	    T(a_nonsense_index_of_the_guest_is_a_full_ring),
	    T(too_long_a_group_is_no_group),
	    T(a_second_back_end_goes_on_where_the_first_ended),
	    T(fingers_come_down_move_and_lift),
	    T(a_front_end_without_a_touchscreen_gets_a_click),
	    T(a_finger_that_lifts_in_the_group_it_came_in_is_not_stuck),
	    T(lost_input_means_that_fingers_have_lifted),
	    T(nobody_listens_before_a_front_end_is_there),
	    T(requests_are_taken_once_and_answered_in_place),
	    T(an_index_beyond_the_ring_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
