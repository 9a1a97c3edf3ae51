#include "tests/vm/uinput_zoo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct range {
	uint16_t axis;
	int32_t minimum, maximum, resolution;
};

/* Each list ends with 0, or with an axis range of 0..0. */
struct form {
	const char *name;
	uint16_t first_key, last_key; /* a run of keys */
	uint16_t keys[10];
	uint16_t relative[4]; /* REL_X is 0: always with the others */
	struct range ranges[8];
	uint16_t property; /* + 1; 0: none */
	bool has_lights, has_switch;
};

enum { MAX = 32767 };

/* what a device does not have is left out, which clang takes for an error */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct form forms[ZOO_ANIMALS] = {
    [ZOO_KEYBOARD] = {"keyboard", KEY_ESC, KEY_COMPOSE},
    [ZOO_LIGHTS] = {"keyboard with lights", KEY_ESC, KEY_COMPOSE,
	.has_lights = true},
    [ZOO_POWER_BUTTON] = {"power button", KEY_POWER, KEY_POWER},
    [ZOO_ALL_KEYS] = {"all keys", KEY_ESC, KEY_MAX - 1},
    [ZOO_MOUSE] = {"mouse", BTN_LEFT, BTN_EXTRA,
	.relative = {REL_Y, REL_WHEEL, REL_HWHEEL}},
    [ZOO_MOUSE_WITH_KEYS] = {"mouse with keys", BTN_LEFT, BTN_MIDDLE,
	{KEY_VOLUMEUP, KEY_VOLUMEDOWN}, {REL_Y, REL_WHEEL}},
    [ZOO_KEYBOARD_WITH_POINTER] = {"keyboard with pointer", KEY_ESC,
	KEY_COMPOSE, {BTN_LEFT, BTN_RIGHT}, {REL_Y, REL_WHEEL}},
    [ZOO_ABSOLUTE] = {"absolute pointer", BTN_LEFT, BTN_MIDDLE, {0},
	{REL_WHEEL}, {{ABS_X, 0, MAX, 0}, {ABS_Y, 0, MAX, 0}}},
    [ZOO_TOUCHPAD] = {"touchpad", BTN_LEFT, BTN_LEFT,
	{BTN_TOUCH, BTN_TOOL_FINGER, BTN_TOOL_DOUBLETAP}, {0},
	{{ABS_X, 0, 4000, 40}, {ABS_Y, 0, 3000, 40}, {ABS_MT_SLOT, 0, 4, 0},
	    {ABS_MT_POSITION_X, 0, 4000, 40}, {ABS_MT_POSITION_Y, 0, 3000, 40},
	    {ABS_MT_TRACKING_ID, 0, 65535, 0}},
	INPUT_PROP_POINTER + 1},
    [ZOO_TOUCHSCREEN] = {"touchscreen", BTN_TOUCH, BTN_TOUCH, {0}, {0},
	{{ABS_X, 0, MAX, 0}, {ABS_Y, 0, MAX, 0}, {ABS_MT_SLOT, 0, 9, 0},
	    {ABS_MT_POSITION_X, 0, MAX, 0}, {ABS_MT_POSITION_Y, 0, MAX, 0},
	    {ABS_MT_TRACKING_ID, 0, 65535, 0}},
	INPUT_PROP_DIRECT + 1},
    [ZOO_PEN] = {"pen", BTN_TOOL_PEN, BTN_TOOL_PEN,
	{BTN_TOUCH, BTN_STYLUS, BTN_STYLUS2}, {0},
	{{ABS_X, 0, 20000, 100}, {ABS_Y, 0, 15000, 100},
	    {ABS_PRESSURE, 0, 1023, 0}},
	INPUT_PROP_DIRECT + 1},
    [ZOO_GAMEPAD] = {"gamepad", BTN_GAMEPAD, BTN_THUMBR, {BTN_DPAD_UP}, {0},
	{{ABS_X, -MAX, MAX, 0}, {ABS_Y, -MAX, MAX, 0}}},
    [ZOO_ACCELEROMETER] = {"accelerometer", 0, 0, {0}, {0},
	{{ABS_X, -MAX, MAX, 1}, {ABS_Y, -MAX, MAX, 1}, {ABS_Z, -MAX, MAX, 1}},
	INPUT_PROP_ACCELEROMETER + 1},
    [ZOO_LID] = {"lid", .has_switch = true},
    [ZOO_ABSURD_TABLET] = {"absurd tablet", BTN_LEFT, BTN_MIDDLE, {0}, {0},
	{{ABS_X, INT_MIN, INT_MAX, INT_MAX}, {ABS_Y, -5, 5, INT_MIN}}},
    [ZOO_ABSURD_KEYBOARD] = {"absurd keyboard", KEY_ESC, KEY_COMPOSE,
	{BTN_LEFT, BTN_TOOL_PEN, BTN_TOUCH}, {0},
	{{ABS_X, INT_MIN, INT_MAX, -1}, {ABS_Y, INT_MIN, INT_MAX, -1}}},
    [ZOO_EMPTY] = {"\x1b[31mred\x1b[0m\n\x07 nothing\xff"},
};

static void
must(int fd, unsigned long request, unsigned long value)
{
	if (ioctl(fd, request, value) >= 0)
		return;
	fprintf(stderr, "uinput refuses %lx %lu: %s\n", request, value,
	    strerror(errno));
	exit(1);
}

static void
set_keys(int fd, const struct form *f)
{
	if (f->first_key == 0)
		return;
	must(fd, UI_SET_EVBIT, EV_KEY);
	for (uint16_t k = f->first_key; k <= f->last_key; k++)
		must(fd, UI_SET_KEYBIT, k);
	for (uint32_t i = 0; i < 10 && f->keys[i]; i++)
		must(fd, UI_SET_KEYBIT, f->keys[i]);
}

static void
set_axes(int fd, const struct form *f)
{
	if (f->relative[0]) {
		must(fd, UI_SET_EVBIT, EV_REL);
		if (f->relative[0] == REL_Y)
			must(fd, UI_SET_RELBIT, REL_X);
	}
	for (uint32_t i = 0; i < 4 && f->relative[i]; i++)
		must(fd, UI_SET_RELBIT, f->relative[i]);
	for (uint32_t i = 0; i < 8 && f->ranges[i].maximum; i++) {
		const struct range *r = &f->ranges[i];
		struct uinput_abs_setup setup = {.code = r->axis};
		setup.absinfo.minimum = r->minimum;
		setup.absinfo.maximum = r->maximum;
		setup.absinfo.resolution = r->resolution;
		must(fd, UI_SET_EVBIT, EV_ABS);
		if (ioctl(fd, UI_ABS_SETUP, &setup) < 0)
			fprintf(stderr, "uinput refuses axis %u: %s\n", r->axis,
			    strerror(errno));
	}
}

static void
set_rest(int fd, const struct form *f)
{
	if (f->property)
		must(fd, UI_SET_PROPBIT, f->property - 1u);
	if (f->has_switch) {
		must(fd, UI_SET_EVBIT, EV_SW);
		must(fd, UI_SET_SWBIT, SW_LID);
	}
	if (f->has_lights) {
		must(fd, UI_SET_EVBIT, EV_LED);
		must(fd, UI_SET_LEDBIT, LED_NUML);
		must(fd, UI_SET_LEDBIT, LED_CAPSL);
		must(fd, UI_SET_EVBIT, EV_FF);
		must(fd, UI_SET_FFBIT, FF_RUMBLE);
	}
}

/* /sys/class/input/inputN/eventM -> /dev/input/eventM */
static int
find_node(int fd, char node[64])
{
	char sysname[32] = "", path[96];

	if (ioctl(fd, UI_GET_SYSNAME(sizeof(sysname)), sysname) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/sys/class/input/%s", sysname);
	DIR *dir = opendir(path);
	if (!dir)
		return -errno;
	int err = -ENOENT;
	for (struct dirent *e; err < 0 && (e = readdir(dir)) != NULL;)
		if (strncmp(e->d_name, "event", 5) == 0) {
			snprintf(node, 64, "/dev/input/%.40s", e->d_name);
			err = 0;
		}
	closedir(dir);
	return err;
}

int
zoo_create(enum animal animal, const char *name, struct zoo_device *out)
{
	const struct form *f = &forms[animal];
	struct uinput_setup setup = {.id = {.bustype = BUS_USB,
					 .vendor = 0x1209,
					 .product = (uint16_t)animal},
	    .ff_effects_max = f->has_lights ? 4 : 0};
	const int fd = open("/dev/uinput", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "/dev/uinput: %s\n", strerror(errno));
		return -errno;
	}
	snprintf(setup.name, sizeof(setup.name), "%s", name ? name : f->name);
	set_keys(fd, f);
	set_axes(fd, f);
	set_rest(fd, f);
	must(fd, UI_SET_PHYS, (unsigned long)(uintptr_t) "zoo/1");
	if (ioctl(fd, UI_DEV_SETUP, &setup) < 0 ||
	    ioctl(fd, UI_DEV_CREATE) < 0 || find_node(fd, out->node) < 0) {
		const int err = errno ? -errno : -ENODEV;
		fprintf(stderr, "%s: %s\n", setup.name, strerror(-err));
		close(fd);
		return err;
	}
	out->uinput_fd = fd;
	return 0;
}

void
zoo_destroy(struct zoo_device *device)
{
	close(device->uinput_fd);
	device->uinput_fd = -1;
}

void
zoo_put(const struct zoo_device *device, uint16_t type, uint16_t code,
    int32_t value)
{
	const struct input_event e = {
	    .type = type, .code = code, .value = value};

	if (write(device->uinput_fd, &e, sizeof(e)) == (ssize_t)sizeof(e))
		return;
	fprintf(
	    stderr, "%s takes no event: %s\n", device->node, strerror(errno));
	exit(1);
}

void
zoo_sync(const struct zoo_device *device)
{
	zoo_put(device, EV_SYN, SYN_REPORT, 0);
}

void
zoo_key(const struct zoo_device *device, uint16_t code, int32_t value)
{
	zoo_put(device, EV_KEY, code, value);
	zoo_sync(device);
}

uint32_t
zoo_count_written(const struct zoo_device *device, uint16_t type)
{
	struct input_event e;
	uint32_t n = 0;

	while (read(device->uinput_fd, &e, sizeof(e)) == (ssize_t)sizeof(e))
		n += e.type == type;
	return n;
}
