#include "kbd/device_evdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64 };

int
device_seize(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	const int clock = CLOCK_MONOTONIC;

	if (flags < 0)
		return -errno;
	if (!(flags & O_NONBLOCK))
		return -EINVAL;
	if (ioctl(fd, EVIOCGRAB, 1) < 0)
		return -errno;
	return ioctl(fd, EVIOCSCLOCKID, &clock) < 0 ? -errno : 0;
}

/* Bits that the kernel does not know stay 0: *out begins as zeroes. */
static int
ask_bits(int fd, uint32_t type, uint8_t *bits, size_t size)
{
	return ioctl(fd, EVIOCGBIT(type, size), bits) < 0 ? -errno : 0;
}

/* A device without that text says ENOENT; then it is empty. */
static void
ask_text(int fd, unsigned long request, char text[FACTS_TEXT_BYTES])
{
	if (ioctl(fd, request, text) < 0)
		text[0] = '\0';
	text[FACTS_TEXT_BYTES - 1] = '\0';
}

static void
ask_ranges(int fd, struct device_facts *f)
{
	for (uint32_t axis = 0; axis < ABS_CNT; axis++) {
		struct input_absinfo abs = {0};

		if (!facts_bit(f->absolute, axis) ||
		    ioctl(fd, EVIOCGABS(axis), &abs) < 0)
			continue;
		f->ranges[axis] = (struct axis_range){.minimum = abs.minimum,
		    .maximum = abs.maximum,
		    .fuzz = abs.fuzz,
		    .flat = abs.flat,
		    .resolution = abs.resolution};
	}
}

static int
ask_all_bits(int fd, struct device_facts *f)
{
	const struct {
		uint32_t type;
		uint8_t *bits;
		size_t size;
	} fields[] = {
	    {0, f->types, sizeof(f->types)},
	    {EV_KEY, f->keys, sizeof(f->keys)},
	    {EV_REL, f->relative, sizeof(f->relative)},
	    {EV_ABS, f->absolute, sizeof(f->absolute)},
	    {EV_MSC, f->misc, sizeof(f->misc)},
	    {EV_SW, f->switches, sizeof(f->switches)},
	    {EV_LED, f->leds, sizeof(f->leds)},
	    {EV_SND, f->sounds, sizeof(f->sounds)},
	    {EV_FF, f->effects, sizeof(f->effects)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const int err = ask_bits(
		    fd, fields[i].type, fields[i].bits, fields[i].size);
		if (err < 0)
			return err;
	}
	return 0;
}

int
device_facts(int fd, struct device_facts *out)
{
	struct device_facts f = {0};
	struct input_id id;

	if (ioctl(fd, EVIOCGID, &id) < 0)
		return -errno;
	f.bus = id.bustype;
	f.vendor = id.vendor;
	f.product = id.product;
	f.version = id.version;
	const int err = ask_all_bits(fd, &f);
	if (err < 0)
		return err;
	if (ioctl(fd, EVIOCGPROP(sizeof(f.properties)), f.properties) < 0)
		return -errno;
	ask_ranges(fd, &f);
	ask_text(fd, EVIOCGNAME(FACTS_TEXT_BYTES), f.name);
	ask_text(fd, EVIOCGUNIQ(FACTS_TEXT_BYTES), f.serial);
	ask_text(fd, EVIOCGPHYS(FACTS_TEXT_BYTES), f.port);
	*out = f;
	return 0;
}

int
device_discard(int fd)
{
	struct input_event events[EVENTS_AT_ONCE];

	if (read(fd, events, sizeof(events)) < 0 && errno != EAGAIN &&
	    errno != EINTR)
		return -errno;
	return 0;
}

bool
device_is_writable(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

int
device_set_leds(int fd, uint32_t leds)
{
	static const uint16_t codes[] = {LED_NUML, LED_CAPSL, LED_SCROLLL};
	struct input_event events[4] = {0};

	for (uint32_t i = 0; i < 3; i++) {
		events[i].type = EV_LED;
		events[i].code = codes[i];
		events[i].value = (int32_t)(leds >> i & 1);
	}
	events[3].type = EV_SYN;
	events[3].code = SYN_REPORT;
	return write(fd, events, sizeof(events)) < 0 ? -errno : 0;
}
