#include "tds/super/devices.h"

#include "tds/base/own.h"
#include "tds/super/uevent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* --------------------------------------------------------------- the table */

void
devices_init(struct devices *devices)
{
	*devices = (struct devices){.next_number = 1};
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		devices->items[i].number = TDS_NONE;
}

static struct device *
at_event(struct devices *devices, uint32_t event)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct device *d = &devices->items[i];
		if (d->number != TDS_NONE && d->event == event)
			return d;
	}
	return NULL;
}

struct device *
devices_find(struct devices *devices, uint32_t number)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES && number != TDS_NONE; i++)
		if (devices->items[i].number == number)
			return &devices->items[i];
	return NULL;
}

uint32_t
devices_lose(struct devices *devices, uint32_t event)
{
	struct device *d = at_event(devices, event);

	if (!d)
		return TDS_NONE;
	const uint32_t number = d->number;
	d->number = TDS_NONE;
	return number;
}

struct device_change
devices_see(
    struct devices *devices, uint32_t event, uint64_t node, uint32_t state)
{
	struct device_change change = {.closed = TDS_NONE};
	const struct device *known = at_event(devices, event);
	uint32_t i = 0;

	if (known && known->node == node)
		return change;
	change.closed = devices_lose(devices, event);
	while (i < TDS_MAX_DEVICES && devices->items[i].number != TDS_NONE)
		i++;
	/* Numbers do not begin anew: after 4 billion devices it is over. */
	if (i == TDS_MAX_DEVICES || devices->next_number == TDS_NONE) {
		change.is_full = true;
		return change;
	}
	devices->items[i] = (struct device){.number = devices->next_number++,
	    .event = event,
	    .node = node,
	    .state = state};
	change.opened = &devices->items[i];
	return change;
}

/* --------------------------------------------------------------- the nodes */

int
device_open(uint32_t event, bool is_writable, uint64_t *node)
{
	char path[32];
	struct stat st;
	const int mode = is_writable ? O_RDWR : O_RDONLY;

	snprintf(path, sizeof(path), "/dev/input/event%u", event);
	int AUTO_FD fd =
	    open(path, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != INPUT_MAJOR)
		return -ENODEV;
	*node = st.st_ino;
	return TAKE_FD(fd);
}

/* N of "eventN", or -1. */
static int64_t
event_of(const char *name)
{
	if (strncmp(name, "event", 5) != 0 || name[5] < '0' || name[5] > '9' ||
	    strlen(name) > 10)
		return -1;
	char *end;
	const unsigned long n = strtoul(name + 5, &end, 10);
	return *end == 0 && n <= UEVENT_MAX_EVENT ? (int64_t)n : -1;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
devices_scan(uint32_t *events)
{
	DIR *dir = opendir("/dev/input");
	const struct dirent *entry;
	uint32_t n = 0;

	if (!dir)
		return -errno;
	while (n < DEVICES_MAX_SEEN && (entry = readdir(dir))) {
		const int64_t event = event_of(entry->d_name);
		if (event >= 0)
			events[n++] = (uint32_t)event;
	}
	closedir(dir);
	qsort(events, n, sizeof(events[0]), by_number);
	return (int)n;
}
