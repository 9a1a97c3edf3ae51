/*
 * read_libinput: libinput reads a device until it is empty, and libevdev in it
 * reads once for every event. A device that is filled as fast as it is emptied
 * would keep all others, the keyboard and the SAK among them, waiting. So
 * read(2) is defined here, in the program, where libevdev finds it first: of
 * libinput's devices each may be read once in a turn, at most 256 events. For
 * the rest, libinput's next turn comes at once, after the other devices'.
 */
#pragma once

#include <stdint.h>

/* The descriptor of libinput's device in this slot; -1: none. */
void read_limit(uint32_t at, int fd);
/* Each may be read once more. */
void read_begin_turn(void);
