#include "kbd/pointer_libinput.h"

#include "kbd/read_libinput.h"
#include "kbd/udev_libinput.h"
#include "tds/base/log.h"

#include <errno.h>
#include <libinput.h>
#include <stdlib.h>
#include <string.h>

enum {
	FULL_SCALE = 65536,
	CONTINUOUS_TO_120 = 8, /* 15 units are one click */
	NO_CONTACT = -1,
};

struct pointer {
	struct pointers *all;		/* borrowed: what it belongs to */
	struct libinput_device *device; /* owned; NULL: not libinput's */
	uint32_t at;
	int32_t contact; /* slot of the finger that points, or NO_CONTACT */
};

struct pointers {
	struct libinput *context; /* owned */
	struct seat *seat;	  /* borrowed */
	int opening_fd;		  /* borrowed: what libinput opens next */
	struct log_budget budget;
	struct pointer pointers[TDS_MAX_DEVICES];
};

/* ------------------------------------------------------------------ set-up */

static int
on_open(const char *path, int flags, void *data)
{
	const struct pointers *p = data;

	(void)path;
	(void)flags;
	return p->opening_fd < 0 ? -ENODEV : p->opening_fd;
}

/* Whoever called pointers_add() owns it. */
static void
on_close(int fd, void *data)
{
	(void)fd;
	(void)data;
}

static const struct libinput_interface interface = {
    .open_restricted = on_open,
    .close_restricted = on_close,
};

/* The format is libinput's own text; what it would fill in may be a key. */
static void
on_log(struct libinput *context, enum libinput_log_priority priority,
    const char *format, va_list args)
{
	struct pointers *p = libinput_get_user_data(context);

	(void)priority;
	(void)args;
	/* that there is none of libwacom's database is our own doing */
	if (!p || strstr(format, "libwacom"))
		return;
	log_peer(
	    &p->budget, "libinput", "%.*s", (int)strcspn(format, "\n"), format);
}

int
pointers_create(struct seat *seat, struct pointers **out)
{
	struct pointers *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->seat = seat;
	p->opening_fd = -1;
	p->context = libinput_path_create_context(&interface, p);
	if (!p->context) {
		free(p);
		return -ENOMEM;
	}
	/* A device that is not there makes libinput read its quirks now. */
	libinput_log_set_handler(p->context, NULL);
	udev_announce(0, TRAIT_MOUSE);
	(void)!libinput_path_add_device(p->context, "/");
	udev_announce_nothing();
	libinput_log_set_handler(p->context, on_log);
	*out = p;
	return 0;
}

void
pointers_destroy(struct pointers *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		pointers_remove(p, i);
	libinput_unref(p->context);
	free(p);
}

int
pointers_fd(const struct pointers *p)
{
	return libinput_get_fd(p->context);
}

int
pointers_add(struct pointers *p, uint32_t at, int fd, uint32_t traits)
{
	struct pointer *pointer = &p->pointers[at];

	p->opening_fd = fd;
	udev_announce(at, traits);
	struct libinput_device *device =
	    libinput_path_add_device(p->context, "/");
	udev_announce_nothing();
	p->opening_fd = -1;
	if (!device)
		return -ENOTSUP;
	*pointer = (struct pointer){.all = p,
	    .device = libinput_device_ref(device),
	    .at = at,
	    .contact = NO_CONTACT};
	read_limit(at, fd);
	libinput_device_set_user_data(device, pointer);
	if (libinput_device_config_tap_get_finger_count(device) > 0)
		libinput_device_config_tap_set_enabled(
		    device, LIBINPUT_CONFIG_TAP_ENABLED);
	return 0;
}

void
pointers_remove(struct pointers *p, uint32_t at)
{
	struct pointer *pointer = &p->pointers[at];

	if (!pointer->device)
		return;
	/* events that are still queued find no pointer any more */
	libinput_device_set_user_data(pointer->device, NULL);
	libinput_path_remove_device(pointer->device);
	libinput_device_unref(pointer->device);
	read_limit(at, -1);
	*pointer = (struct pointer){0};
}

/* ------------------------------------------------------------------ events */

static void
begin(const struct pointer *p, uint64_t time_us)
{
	seat_time(p->all->seat, p->at, time_us * 1000);
}

static void
on_key(const struct pointer *p, struct libinput_event_keyboard *e)
{
	begin(p, libinput_event_keyboard_get_time_usec(e));
	seat_key(p->all->seat, p->at, libinput_event_keyboard_get_key(e),
	    libinput_event_keyboard_get_key_state(e) ==
		LIBINPUT_KEY_STATE_PRESSED);
	seat_flush(p->all->seat, p->at);
}

/* Axes in 120ths of a click; 0 where the event does not have that axis. */
static double
scrolled(struct libinput_event_pointer *e, enum libinput_event_type type,
    enum libinput_pointer_axis axis)
{
	if (!libinput_event_pointer_has_axis(e, axis))
		return 0;
	return type == LIBINPUT_EVENT_POINTER_SCROLL_WHEEL
		   ? libinput_event_pointer_get_scroll_value_v120(e, axis)
		   : libinput_event_pointer_get_scroll_value(e, axis) *
			 CONTINUOUS_TO_120;
}

static void
on_scroll(const struct pointer *p, struct libinput_event_pointer *e,
    enum libinput_event_type type)
{
	const double down =
	    scrolled(e, type, LIBINPUT_POINTER_AXIS_SCROLL_VERTICAL);
	const double right =
	    scrolled(e, type, LIBINPUT_POINTER_AXIS_SCROLL_HORIZONTAL);

	seat_wheel(p->all->seat, p->at, down, right);
	if (!(down < 0 || down > 0 || right < 0 || right > 0))
		seat_wheel_end(p->all->seat, p->at);
}

static void
on_pointer(const struct pointer *p, struct libinput_event *event,
    enum libinput_event_type type)
{
	struct libinput_event_pointer *e =
	    libinput_event_get_pointer_event(event);
	struct seat *seat = p->all->seat;

	begin(p, libinput_event_pointer_get_time_usec(e));
	if (type == LIBINPUT_EVENT_POINTER_MOTION)
		seat_move(seat, p->at, libinput_event_pointer_get_dx(e),
		    libinput_event_pointer_get_dy(e));
	else if (type == LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE)
		seat_position(seat, p->at,
		    libinput_event_pointer_get_absolute_x_transformed(
			e, FULL_SCALE),
		    libinput_event_pointer_get_absolute_y_transformed(
			e, FULL_SCALE));
	else if (type == LIBINPUT_EVENT_POINTER_BUTTON)
		seat_key(seat, p->at, libinput_event_pointer_get_button(e),
		    libinput_event_pointer_get_button_state(e) ==
			LIBINPUT_BUTTON_STATE_PRESSED);
	else
		on_scroll(p, e, type);
	seat_flush(seat, p->at);
}

/* A screen's first finger points as well. */
static void
on_touch(struct pointer *p, struct libinput_event *event,
    enum libinput_event_type type)
{
	struct libinput_event_touch *e = libinput_event_get_touch_event(event);
	const int32_t contact = libinput_event_touch_get_seat_slot(e);
	struct seat *seat = p->all->seat;

	if (type == LIBINPUT_EVENT_TOUCH_DOWN && p->contact == NO_CONTACT)
		p->contact = contact;
	const bool points = contact == p->contact;
	begin(p, libinput_event_touch_get_time_usec(e));
	if (type == LIBINPUT_EVENT_TOUCH_UP ||
	    type == LIBINPUT_EVENT_TOUCH_CANCEL) {
		seat_lift(seat, p->at, contact);
		if (points)
			seat_key(seat, p->at, TDS_BTN_FINGER, 0);
		p->contact = points ? NO_CONTACT : p->contact;
		return;
	}
	const double x = libinput_event_touch_get_x_transformed(e, FULL_SCALE);
	const double y = libinput_event_touch_get_y_transformed(e, FULL_SCALE);
	if (points)
		seat_position(seat, p->at, x, y);
	if (points && type == LIBINPUT_EVENT_TOUCH_DOWN)
		seat_key(seat, p->at, TDS_BTN_FINGER, 1);
	seat_touch(seat, p->at, contact, x, y);
}

static uint32_t
pen_button(uint32_t code)
{
	return code == BTN_STYLUS ? BTN_RIGHT : BTN_MIDDLE;
}

static void
on_pen(const struct pointer *p, struct libinput_event *event,
    enum libinput_event_type type)
{
	struct libinput_event_tablet_tool *e =
	    libinput_event_get_tablet_tool_event(event);
	struct seat *seat = p->all->seat;

	begin(p, libinput_event_tablet_tool_get_time_usec(e));
	seat_position(seat, p->at,
	    libinput_event_tablet_tool_get_x_transformed(e, FULL_SCALE),
	    libinput_event_tablet_tool_get_y_transformed(e, FULL_SCALE));
	if (type == LIBINPUT_EVENT_TABLET_TOOL_TIP)
		seat_key(seat, p->at, BTN_LEFT,
		    libinput_event_tablet_tool_get_tip_state(e) ==
			LIBINPUT_TABLET_TOOL_TIP_DOWN);
	else if (type == LIBINPUT_EVENT_TABLET_TOOL_BUTTON)
		seat_key(seat, p->at,
		    pen_button(libinput_event_tablet_tool_get_button(e)),
		    libinput_event_tablet_tool_get_button_state(e) ==
			LIBINPUT_BUTTON_STATE_PRESSED);
	seat_flush(seat, p->at);
}

static void
on_event(struct libinput_event *event)
{
	const enum libinput_event_type type = libinput_event_get_type(event);
	struct pointer *p =
	    libinput_device_get_user_data(libinput_event_get_device(event));

	if (!p)
		return;
	if (type == LIBINPUT_EVENT_KEYBOARD_KEY)
		on_key(p, libinput_event_get_keyboard_event(event));
	else if (type == LIBINPUT_EVENT_POINTER_MOTION ||
		 type == LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE ||
		 type == LIBINPUT_EVENT_POINTER_BUTTON ||
		 type == LIBINPUT_EVENT_POINTER_SCROLL_WHEEL ||
		 type == LIBINPUT_EVENT_POINTER_SCROLL_FINGER ||
		 type == LIBINPUT_EVENT_POINTER_SCROLL_CONTINUOUS)
		on_pointer(p, event, type);
	else if (type == LIBINPUT_EVENT_TOUCH_FRAME)
		seat_flush(p->all->seat, p->at);
	else if (type >= LIBINPUT_EVENT_TOUCH_DOWN &&
		 type <= LIBINPUT_EVENT_TOUCH_CANCEL)
		on_touch(p, event, type);
	else if (type >= LIBINPUT_EVENT_TABLET_TOOL_AXIS &&
		 type <= LIBINPUT_EVENT_TABLET_TOOL_BUTTON)
		on_pen(p, event, type);
}

void
pointers_dispatch(struct pointers *p)
{
	struct libinput_event *event;

	read_begin_turn();
	if (libinput_dispatch(p->context) < 0)
		return;
	while ((event = libinput_get_event(p->context)) != NULL) {
		on_event(event);
		libinput_event_destroy(event);
	}
}
