/*
 * uinput_zoo: input devices made of nothing, by the kernel's uinput, from
 * ordinary ones to such as no honest hardware would be.
 */
#pragma once

#include <linux/input.h>
#include <stdbool.h>
#include <stdint.h>

enum animal {
	ZOO_KEYBOARD,
	ZOO_LIGHTS, /* a keyboard with lights and force feedback */
	ZOO_POWER_BUTTON,
	ZOO_ALL_KEYS, /* every code that there is */
	ZOO_MOUSE,
	ZOO_MOUSE_WITH_KEYS,	   /* volume keys: no keyboard */
	ZOO_KEYBOARD_WITH_POINTER, /* one node for both */
	ZOO_ABSOLUTE,		   /* as QEMU's tablet */
	ZOO_TOUCHPAD,
	ZOO_TOUCHSCREEN,
	ZOO_PEN,
	ZOO_GAMEPAD,
	ZOO_ACCELEROMETER,
	ZOO_LID,
	ZOO_ABSURD_TABLET,   /* ranges of which none is possible */
	ZOO_ABSURD_KEYBOARD, /* keys, and such ranges */
	ZOO_EMPTY,	     /* nothing at all but a name */
	ZOO_ANIMALS,
};

struct zoo_device {
	int uinput_fd; /* owned; closing it is pulling the plug */
	char node[64]; /* "/dev/input/eventN" */
};

/* name may be NULL. 0, or -errno with a line on stderr. */
int zoo_create(enum animal animal, const char *name, struct zoo_device *out);
void zoo_destroy(struct zoo_device *device);
/* One event without SYN_REPORT, and SYN_REPORT. Exits on failure. */
void zoo_put(const struct zoo_device *device, uint16_t type, uint16_t code,
    int32_t value);
void zoo_sync(const struct zoo_device *device);
/* A key or button by itself, with SYN_REPORT. */
void zoo_key(const struct zoo_device *device, uint16_t code, int32_t value);
/* What was written to the device from the other side: events of this type. */
uint32_t zoo_count_written(const struct zoo_device *device, uint16_t type);
