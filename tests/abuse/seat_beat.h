/*
 * seat_beat: what must go on whatever somebody else does: the domain BUSY has
 * the keyboard and draws, QUIET shows its picture.
 */
#pragma once

#include "tests/abuse/fake_seat.h"

enum { BUSY = 0, QUIET = 1 };

/* One frame of the busy domain, and one key to it; both must arrive. */
void seat_beat(struct seat *seat, uint32_t round);
/* Both are as they should be, down to the pixel. */
void seat_expect_undisturbed(struct seat *seat, uint32_t quiet_colour);
