/*
 * device_evdev: what is done to every evdev node, whoever reads its events:
 * seize it, ask what it is, throw events away, set its lights. These are all
 * the system calls that tds-input's own code makes on a device.
 */
#pragma once

#include "kbd/seat_facts.h"

/*
 * Grab it, so that nobody else reads it and the kernel's own handlers (VT
 * switching, SysRq) do not; and stamp events with CLOCK_MONOTONIC. -EBUSY if
 * somebody else has it, -ENOTTY if it is no evdev node, -EINVAL if it would
 * block.
 */
int device_seize(int fd) MUST_CHECK;
int device_facts(int fd, struct device_facts *out) MUST_CHECK;
/* Read and forget at most 64 events. 0, or -errno: the device is gone. */
int device_discard(int fd) MUST_CHECK;
/* It was opened for writing. */
bool device_is_writable(int fd);
/* leds as in LEDS records: bit 0 num, 1 caps, 2 scroll. 0 or -errno. */
int device_set_leds(int fd, uint32_t leds) MUST_CHECK;
