/*
 * keyboard_evdev: keyboards through libevdev, which resynchronises after
 * SYN_DROPPED. Only keys are looked at.
 */
#pragma once

#include "kbd/seat.h"

struct keyboard;

/* fd: borrowed, a seized evdev node. */
int keyboard_create(int fd, struct keyboard **out) MUST_CHECK;
void keyboard_destroy(struct keyboard *k);
/*
 * Pass on at most 64 events to slot `at`, then let others have their turn.
 * 1: there is more, 0: there is not, -errno: the device is gone.
 */
int keyboard_read(
    struct keyboard *k, struct seat *seat, uint32_t at) MUST_CHECK;
