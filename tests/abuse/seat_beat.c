#include "tests/abuse/seat_beat.h"

#include <linux/input-event-codes.h>

#include "tests/abuse/check.h"

void
seat_beat(struct seat *seat, uint32_t round)
{
	const uint16_t code = (uint16_t)(KEY_1 + round % 10);
	struct seat_guest *g = &seat->guests[BUSY];
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	seat_show(seat, BUSY, 0x010203 * (round % 64 + 1));
	for (int32_t value = 1; value >= 0; value--) {
		const uint32_t inputs = g->n_inputs;

		seat_key(seat, code, value);
		while (g->n_inputs < inputs + 2)
			seat_turn(seat, deadline);
		assert_int_equal(g->input.type, EV_KEY);
		assert_int_equal(g->input.code, code);
		assert_int_equal(g->input.value, value);
	}
	seat_wait_tick(seat, BUSY);
	assert_false(g->is_lost);
}

void
seat_expect_undisturbed(struct seat *seat, uint32_t quiet_colour)
{
	seat_show(seat, BUSY, 0x00aa55);
	seat_wait_tick(seat, BUSY);
	seat_snapshot(seat);
	assert_true(seat_shows(seat, BUSY, 0x00aa55));
	assert_true(seat_shows(seat, QUIET, quiet_colour));
	assert_int_equal(seat->status.keyboard, BUSY);
	assert_int_equal(seat->status.domains[BUSY].state, DOMAIN_RUNNING);
	assert_int_equal(seat->status.domains[QUIET].state, DOMAIN_RUNNING);
	assert_int_equal(seat->status.is_attention, 0);
}
