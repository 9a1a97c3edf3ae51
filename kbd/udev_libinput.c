#include "kbd/udev_libinput.h"

#include "kbd/seat_facts.h"
#include "protocol/limits.h"

#include <libudev.h>
#include <stdio.h>
#include <string.h>

/* Found by libinput before the function of the same name in a library. */
#define TAKES_PLACE __attribute__((visibility("default")))

struct udev {
	int nothing;
};

struct udev_device {
	uint32_t traits;
	char sysname[16];
	char syspath[40];
};

/* One per slot, never freed: what libinput holds of a device stays valid. */
static struct udev the_udev;
static struct udev_device devices[TDS_MAX_DEVICES];
static struct udev_device *announced; /* borrowed from devices, or NULL */

void
udev_announce(uint32_t at, uint32_t traits)
{
	struct udev_device *d = &devices[at];

	d->traits = traits;
	snprintf(d->sysname, sizeof(d->sysname), "event%u", at);
	snprintf(
	    d->syspath, sizeof(d->syspath), "/sys/class/input/event%u", at);
	announced = d;
}

void
udev_announce_nothing(void)
{
	announced = NULL;
}

/* ----------------------------------------------------------------- libudev */

TAKES_PLACE struct udev *
udev_new(void)
{
	return &the_udev;
}

TAKES_PLACE struct udev *
udev_ref(struct udev *udev)
{
	return udev;
}

TAKES_PLACE struct udev *
udev_unref(struct udev *udev)
{
	(void)udev;
	return NULL;
}

TAKES_PLACE struct udev_device *
udev_device_ref(struct udev_device *d)
{
	return d;
}

TAKES_PLACE struct udev_device *
udev_device_unref(struct udev_device *d)
{
	(void)d;
	return NULL;
}

TAKES_PLACE struct udev *
udev_device_get_udev(struct udev_device *d)
{
	(void)d;
	return &the_udev;
}

/* Asked for the path "/" and for the descriptor that it opened: the same. */
TAKES_PLACE struct udev_device *
udev_device_new_from_devnum(struct udev *udev, char type, dev_t number)
{
	(void)udev;
	(void)type;
	(void)number;
	return announced;
}

/* /sys/class/dmi/id: which computer this is, for its quirks */
TAKES_PLACE struct udev_device *
udev_device_new_from_syspath(struct udev *udev, const char *path)
{
	(void)udev;
	(void)path;
	return NULL;
}

TAKES_PLACE int
udev_device_get_is_initialized(struct udev_device *d)
{
	return d != NULL;
}

TAKES_PLACE const char *
udev_device_get_devnode(struct udev_device *d)
{
	return d ? "/" : NULL;
}

TAKES_PLACE const char *
udev_device_get_sysname(struct udev_device *d)
{
	return d ? d->sysname : NULL;
}

TAKES_PLACE const char *
udev_device_get_syspath(struct udev_device *d)
{
	return d ? d->syspath : NULL;
}

TAKES_PLACE const char *
udev_device_get_action(struct udev_device *d)
{
	(void)d;
	return NULL;
}

TAKES_PLACE struct udev_device *
udev_device_get_parent(struct udev_device *d)
{
	(void)d;
	return NULL;
}

TAKES_PLACE struct udev_device *
udev_device_get_parent_with_subsystem_devtype(
    struct udev_device *d, const char *subsystem, const char *devtype)
{
	(void)d;
	(void)subsystem;
	(void)devtype;
	return NULL;
}

TAKES_PLACE const char *
udev_device_get_property_value(struct udev_device *d, const char *key)
{
	static const struct {
		const char *key;
		uint32_t traits;
	} properties[] = {
	    {"ID_INPUT", UINT32_MAX},
	    {"ID_INPUT_KEY", TRAIT_KEYBOARD},
	    {"ID_INPUT_KEYBOARD", TRAIT_KEYBOARD},
	    {"ID_INPUT_MOUSE", TRAIT_MOUSE},
	    {"ID_INPUT_POINTINGSTICK", TRAIT_STICK},
	    {"ID_INPUT_TOUCHPAD", TRAIT_TOUCHPAD},
	    {"ID_INPUT_TOUCHSCREEN", TRAIT_TOUCHSCREEN},
	    {"ID_INPUT_TABLET", TRAIT_PEN},
	};

	for (size_t i = 0; d && i < sizeof(properties) / sizeof(properties[0]);
	     i++)
		if (strcmp(key, properties[i].key) == 0)
			return d->traits & properties[i].traits ? "1" : NULL;
	return NULL;
}

/* Only for contexts that look for devices themselves, which ours does not. */
TAKES_PLACE struct udev_monitor *
udev_monitor_new_from_netlink(struct udev *udev, const char *name)
{
	(void)udev;
	(void)name;
	return NULL;
}

TAKES_PLACE struct udev_enumerate *
udev_enumerate_new(struct udev *udev)
{
	(void)udev;
	return NULL;
}

/* ---------------------------------------------------------------- libwacom */

typedef struct _WacomDeviceDatabase WacomDeviceDatabase;
WacomDeviceDatabase *libwacom_database_new(void);

/* libinput goes on without: it then knows tablets by their axes alone. */
TAKES_PLACE WacomDeviceDatabase *
libwacom_database_new(void)
{
	return NULL;
}
