/*
 * hotplug: devices and monitors that come and go. What was there at the start
 * is admitted (a rule may say otherwise), what comes later waits for the user.
 */
#include "tds/super/super.h"

#include "tds/base/own.h"
#include "tds/super/uevent.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { BATCH = 64 }; /* messages in one turn: others get theirs as well */

/* The core asks every connector each time: a loose plug must not drown it. */
static const uint64_t hotplug_every_ns = 50000000u;

static void
cannot_open(struct super *s, uint32_t event, int err)
{
	const char *remedy = "it is not used";

	if (err == -EACCES || err == -EPERM)
		remedy = "tdsd must run as root or be in group input";
	if (err == -ENODEV)
		remedy = "it is no input device of the kernel's";
	log_peer(&s->device_budget, "input",
	    "cannot open /dev/input/event%u: %s: %s", event, strerror(-err),
	    remedy);
}

static void
lose(struct super *s, uint32_t event)
{
	const uint32_t number = devices_lose(&s->devices, event);

	if (number == TDS_NONE)
		return;
	log_peer(&s->device_budget, "input",
	    "device %u (/dev/input/event%u) is gone", number, event);
	input_take_away(s, number);
}

/* /dev/input/eventN is there: 0, or -errno if it cannot be used. */
static int
see(struct super *s, uint32_t event, enum device_state state)
{
	uint64_t node;
	int AUTO_FD fd = device_open(event, s->config.core.leds != 0, &node);

	if (fd < 0) {
		lose(s, event);
		/* gone before we came, which its removal tells as well */
		if (fd != -ENOENT && fd != -ENXIO)
			cannot_open(s, event, fd);
		return fd;
	}
	const struct device_change change =
	    devices_see(&s->devices, event, node, state);
	if (change.closed != TDS_NONE)
		input_take_away(s, change.closed);
	if (change.is_full)
		log_peer(&s->device_budget, "input",
		    "/dev/input/event%u is one too many: at most %d input "
		    "devices are used, unplug one",
		    event, TDS_MAX_DEVICES);
	if (change.opened) {
		log_peer(&s->device_budget, "input",
		    "device %u (/dev/input/event%u) is there",
		    change.opened->number, event);
		input_give(s, change.opened, fd);
	}
	return change.is_full ? -EDQUOT : 0;
}

void
hotplug_give_all(struct super *s)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct device *d = &s->devices.items[i];
		uint64_t node = 0;
		if (d->number == TDS_NONE)
			continue;
		int AUTO_FD fd =
		    device_open(d->event, s->config.core.leds != 0, &node);
		if (fd >= 0 && node == d->node)
			input_give(s, d, fd);
		else
			d->number = TDS_NONE; /* its removal is on the way */
	}
}

/* ------------------------------------------------------------ looking again */

/* Take away what is not among events[n], then see these. How many can be
 * used; *denied: how many could not be opened for want of a right. */
static uint32_t
see_all(struct super *s, const uint32_t *events, uint32_t n,
    enum device_state state, uint32_t *denied)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		const struct device *d = &s->devices.items[i];
		bool is_there = d->number == TDS_NONE;
		for (uint32_t j = 0; j < n && !is_there; j++)
			is_there = events[j] == d->event;
		if (!is_there)
			lose(s, d->event);
	}
	for (uint32_t i = 0; i < n; i++) {
		const int err = see(s, events[i], state);
		used += err == 0;
		*denied += err == -EACCES || err == -EPERM;
	}
	return used;
}

/* Messages were lost: what they said shows in what is there now. */
static void
look_again(struct super *s)
{
	uint32_t events[DEVICES_MAX_SEEN], denied = 0;
	const int n = devices_scan(events);

	log_peer(&s->device_budget, "input",
	    "devices come and go faster than they can be followed; looking "
	    "again at all");
	s->wants_hotplug = s->config.is_kms;
	if (s->config.has_seat)
		see_all(s, events, n < 0 ? 0 : (uint32_t)n, DEVICE_WAITING,
		    &denied);
}

/* ----------------------------------------------------------------- monitors */

uint64_t
hotplug_ns(const struct super *s)
{
	return s->wants_hotplug && s->core_is_ready
		   ? s->last_hotplug_ns + hotplug_every_ns
		   : 0;
}

void
hotplug_tell(struct super *s)
{
	s->wants_hotplug = false;
	s->last_hotplug_ns = super_now_ns();
	core_send(s, encode_empty(CORE_HOTPLUG, s->record, sizeof(s->record)),
	    NULL, 0);
}

/* ----------------------------------------------------------------- messages */

static void
on_message(struct super *s, const struct uevent *e)
{
	switch (e->kind) {
	case UEVENT_ADD:
		if (s->config.has_seat)
			(void)!see(s, e->event, DEVICE_WAITING);
		break;
	case UEVENT_REMOVE:
		lose(s, e->event);
		break;
	case UEVENT_SCREEN:
		s->wants_hotplug = s->config.is_kms;
		break;
	case UEVENT_OTHER:
		break;
	}
}

static void
on_uevents(void *data, uint32_t events)
{
	struct super *s = data;
	struct uevent e;
	int err = 0;

	(void)events;
	for (uint32_t i = 0; i < BATCH && err == 0; i++) {
		err = uevent_receive(s->uevents, &e);
		if (err == 0)
			on_message(s, &e);
	}
	if (err == -ENOBUFS)
		look_again(s);
	else if (err < 0 && err != -EAGAIN)
		log_peer(&s->device_budget, "input",
		    "cannot hear of new devices: %s", strerror(-err));
	if (hotplug_ns(s) != 0 && hotplug_ns(s) <= super_now_ns())
		hotplug_tell(s);
	super_arm(s);
}

/* Try-out mode goes on without. */
static int
see_first(struct super *s)
{
	uint32_t events[DEVICES_MAX_SEEN], denied = 0;
	const int n = devices_scan(events);
	const uint32_t used = see_all(
	    s, events, n < 0 ? 0 : (uint32_t)n, DEVICE_ADMITTED, &denied);

	if (denied > 0 && !s->config.is_try_out)
		return -EACCES; /* which is missing was said */
	if (used == 0 && denied == 0)
		log_error("there is no input device in /dev/input: plug in a "
			  "keyboard; it is asked for on the screen");
	return 0;
}

int
hotplug_watch(struct super *s)
{
	if (!s->config.has_seat && !s->config.is_kms)
		return 0;
	/* first listen, then look: nothing comes unseen in between */
	s->uevents = uevent_open();
	int err = s->uevents < 0
		      ? s->uevents
		      : loop_add(&s->loop, s->uevents, EPOLLIN, on_uevents, s);
	if (err < 0) {
		log_error("cannot hear of new devices (netlink uevents): %s",
		    strerror(-err));
		return err;
	}
	return s->config.has_seat ? see_first(s) : 0;
}
