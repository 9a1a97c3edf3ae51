#include "kbd/keyboard_evdev.h"

#include <errno.h>
#include <libevdev/libevdev.h>
#include <stdlib.h>

enum { EVENTS_PER_TURN = 64 };

/*
 *	          SYN_DROPPED: the kernel's buffer was full
 *	following --------------------------------------> syncing
 *	    ^      libevdev has told all differences         |
 *	    +------------------------------------------------+
 */
struct keyboard {
	struct libevdev *evdev; /* owned */
	bool is_syncing;
};

/* libevdev's complaints quote device names and codes; neither is for logs. */
static void
ignore_log(const struct libevdev *dev, enum libevdev_log_priority priority,
    void *data, const char *file, int line, const char *func,
    const char *format, va_list args)
{
	(void)dev;
	(void)priority;
	(void)data;
	(void)file;
	(void)line;
	(void)func;
	(void)format;
	(void)args;
}

int
keyboard_create(int fd, struct keyboard **out)
{
	struct keyboard *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->evdev = libevdev_new();
	if (!k->evdev) {
		free(k);
		return -ENOMEM;
	}
	libevdev_set_device_log_function(
	    k->evdev, ignore_log, LIBEVDEV_LOG_ERROR, NULL);
	const int err = libevdev_set_fd(k->evdev, fd);
	if (err < 0) {
		keyboard_destroy(k);
		return err;
	}
	*out = k;
	return 0;
}

void
keyboard_destroy(struct keyboard *k)
{
	if (!k)
		return;
	libevdev_free(k->evdev);
	free(k);
}

static void
pass_on(struct seat *seat, uint32_t at, const struct input_event *e)
{
	seat_time(seat, at,
	    (uint64_t)e->input_event_sec * 1000000000u +
		(uint64_t)e->input_event_usec * 1000u);
	if (e->type == EV_KEY)
		seat_key(seat, at, e->code, e->value);
	else if (e->type == EV_SYN && e->code == SYN_REPORT)
		seat_flush(seat, at);
}

int
keyboard_read(struct keyboard *k, struct seat *seat, uint32_t at)
{
	for (int i = 0; i < EVENTS_PER_TURN; i++) {
		struct input_event e;
		const int rc = libevdev_next_event(k->evdev,
		    k->is_syncing ? LIBEVDEV_READ_FLAG_SYNC
				  : LIBEVDEV_READ_FLAG_NORMAL,
		    &e);
		if (rc == -EAGAIN && k->is_syncing) {
			k->is_syncing = false;
			seat_flush(seat, at);
			continue;
		}
		if (rc == -EAGAIN || rc == -EINTR)
			return 0;
		if (rc < 0)
			return rc;
		if (rc == LIBEVDEV_READ_STATUS_SYNC && !k->is_syncing)
			k->is_syncing = true; /* e is the SYN_DROPPED */
		else
			pass_on(seat, at, &e);
	}
	return 1;
}
