/*
 * udev_libinput: what libinput believes to be libudev and libwacom's database.
 *
 * libinput asks udev what a device is and waits for udevd to have seen it. A
 * display domain has no udevd, and a sealed process no file to ask. So the
 * functions of libudev that libinput calls are defined here, in the program,
 * where the dynamic linker finds them first: they know the devices that we
 * announce, nothing of what those are plugged into, and open nothing.
 */
#pragma once

#include <stdint.h>

/*
 * The device that libinput asks about from now on, until the next call: its
 * slot, and what it is (enum device_trait).
 */
void udev_announce(uint32_t at, uint32_t traits);
/* No device: whatever libinput asks about is not there. */
void udev_announce_nothing(void);
