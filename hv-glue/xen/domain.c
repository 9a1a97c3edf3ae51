#include "hv-glue/xen/domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_STEPS = 12 };

static const char *const kinds[] = {
    [DEVICE_DISPLAY] = "vdispl", [DEVICE_KEYS] = "vinput"};
static const char *const front_kinds[] = {
    [DEVICE_DISPLAY] = "vdispl", [DEVICE_KEYS] = "vkbd"};

bool
domain_number(const char *text, uint32_t *out)
{
	uint64_t n = 0;

	if (text[0] == 0 || (text[0] == '0' && text[1] != 0))
		return false;
	for (uint32_t i = 0; text[i]; i++) {
		if (text[i] < '0' || text[i] > '9' || i > 9)
			return false;
		n = 10 * n + (uint64_t)(text[i] - '0');
	}
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* ------------------------------------------------------------------- nodes */

static int
read_text(const struct domain *d, const char *directory, const char *node,
    char value[DOMAIN_VALUE])
{
	char path[2 * DOMAIN_PATH];

	snprintf(path, sizeof(path), "%s/%s", directory, node);
	return d->ops->read(d->data, path, value, DOMAIN_VALUE);
}

static int
read_number(const struct domain *d, const char *directory, const char *node,
    uint32_t *out)
{
	char value[DOMAIN_VALUE];
	const int err = read_text(d, directory, node, value);

	if (err < 0)
		return err;
	return domain_number(value, out) ? 0 : -EINVAL;
}

static int
write_number(const struct domain *d, const char *directory, const char *node,
    uint32_t n)
{
	char path[2 * DOMAIN_PATH], value[16];

	snprintf(path, sizeof(path), "%s/%s", directory, node);
	snprintf(value, sizeof(value), "%u", n);
	return d->ops->write(d->data, path, value);
}

static enum xenbus_state
read_state(const struct domain *d, const char *directory)
{
	uint32_t n = 0;

	if (read_number(d, directory, "state", &n) < 0 ||
	    n > XENBUS_RECONFIGURED)
		return XENBUS_UNKNOWN;
	return (enum xenbus_state)n;
}

/* ----------------------------------------------------------------- devices */

static void
watch_device(struct domain *d, const struct domain_device *dev, bool on)
{
	char path[DOMAIN_PATH + 8], token[16];

	snprintf(path, sizeof(path), "%s/state", dev->front);
	snprintf(token, sizeof(token), "f%u", d->index);
	const int err = on ? d->ops->watch(d->data, path, token)
			   : d->ops->unwatch(d->data, path, token);
	if (err < 0 && on)
		log_guest(&d->budget, d->name, "%s cannot be watched: %s",
		    path, strerror(-err));
}

/*
 * Its directory is ours, and the toolstack wrote where the front end is: not
 * anywhere else than in the domain that the directory is for.
 */
static void
find_device(struct domain *d, uint32_t kind)
{
	struct domain_device *dev = &d->devices[kind];
	char names[DOMAIN_VALUE], value[DOMAIN_VALUE], front[DOMAIN_PATH];
	uint32_t devid;

	snprintf(dev->back, sizeof(dev->back), "backend/%s/%u", kinds[kind],
	    d->domid);
	const int n = d->ops->list(d->data, dev->back, names, sizeof(names));
	if (n <= 0 || !memchr(names, 0, (size_t)n) ||
	    !domain_number(names, &devid))
		return;
	snprintf(dev->back, sizeof(dev->back), "backend/%s/%u/%u",
	    kinds[kind], d->domid, devid);
	snprintf(front, sizeof(front), "/local/domain/%u/device/%s/%u",
	    d->domid, front_kinds[kind], devid);
	const int err = read_text(d, dev->back, "frontend", value);
	if (err == -ENOENT)
		return; /* not written yet */
	if (err < 0 || strcmp(value, front) != 0) {
		log_guest(&d->budget, d->name, "%s/frontend is not %s; the "
		    "device is not served", dev->back, front);
		return;
	}
	memcpy(dev->front, front, sizeof(front));
	dev->is_there = true;
	watch_device(d, dev, true);
}

/* The directory may be taken away at any time. */
static void
look_at_device(struct domain *d, uint32_t kind)
{
	struct domain_device *dev = &d->devices[kind];
	char value[DOMAIN_VALUE];

	if (!dev->is_there) {
		find_device(d, kind);
		return;
	}
	if (read_text(d, dev->back, "frontend", value) != -ENOENT)
		return;
	watch_device(d, dev, false);
	dev->is_there = false;
}

static bool
is_online(const struct domain *d, const struct domain_device *dev)
{
	uint32_t online = 0;

	return read_number(d, dev->back, "online", &online) == 0 && online != 0;
}

/* The end of the process is the end of its rings. */
static void
disconnect(struct domain *d, int error)
{
	if (!d->has_guest)
		return;
	domain_unserved(d);
	d->ops->gone(d->data, d->index, d->domid != DOMAIN_NONE, error);
}

static int
map_ring(struct domain *d, uint32_t gref, uint32_t *page)
{
	const int err =
	    d->ops->map(d->data, d->rings, d->domid, &gref, 1, page);

	return err < 0 ? err : 0; /* until the process ends */
}

static int
bind_port(struct domain *d, uint32_t remote, uint32_t *port)
{
	const int local = d->ops->bind(d->data, d->evtchn, d->domid, remote);

	if (local < 0)
		return local;
	*port = (uint32_t)local;
	return 0;
}

/* ------------------------------------------------------------------ connect */

struct rings {
	uint32_t ring, channel, event_ring, event_channel;
};

static int
read_rings(const struct domain *d, const char *directory, struct rings *out)
{
	int err = read_number(d, directory, "req-ring-ref", &out->ring);

	if (err == 0)
		err = read_number(
		    d, directory, "req-event-channel", &out->channel);
	if (err == 0)
		err = read_number(
		    d, directory, "evt-ring-ref", &out->event_ring);
	if (err == 0)
		err = read_number(
		    d, directory, "evt-event-channel", &out->event_channel);
	return err;
}

static int
connect_connector(struct domain *d, uint32_t i, uint32_t version)
{
	const struct domain_device *dev = &d->devices[DEVICE_DISPLAY];
	struct broker_news news = {.device = BROKER_CONNECTOR,
	    .connector = i,
	    .version = version == 2 ? 2 : 1};
	char directory[DOMAIN_PATH + 16];
	struct rings r;

	snprintf(directory, sizeof(directory), "%s/%u", dev->front, i);
	int err = read_rings(d, directory, &r);
	if (err == -ENOENT && i > 0)
		return 0; /* it has fewer */
	if (err == 0)
		err = map_ring(d, r.ring, &news.page);
	if (err == 0)
		err = map_ring(d, r.event_ring, &news.event_page);
	if (err == 0)
		err = bind_port(d, r.channel, &news.port);
	if (err == 0)
		err = bind_port(d, r.event_channel, &news.event_port);
	return err < 0 ? err : d->ops->tell(d->data, d->news, &news);
}

static int
connect_display(struct domain *d)
{
	uint32_t version = 1;
	int err = read_number(
	    d, d->devices[DEVICE_DISPLAY].front, "version", &version);

	if (err < 0 && err != -ENOENT)
		return err;
	err = 0;
	for (uint32_t i = 0; i < d->scanouts && err == 0; i++)
		err = connect_connector(d, i, version);
	return err;
}

/*
 * How many fingers its touchscreen knows, where the configuration of the guest
 * has one of the size of its pointer, and the guest asked for it.
 */
static uint32_t
count_contacts(struct domain *d, const struct broker_news *news)
{
	const struct domain_device *dev = &d->devices[DEVICE_KEYS];
	uint32_t wants = 0, width = 0, height = 0, n = 0;

	if (read_number(d, dev->front, "request-multi-touch", &wants) < 0 ||
	    read_number(d, dev->back, "multi-touch-width", &width) < 0 ||
	    read_number(d, dev->back, "multi-touch-height", &height) < 0 ||
	    read_number(d, dev->back, "multi-touch-num-contacts", &n) < 0 ||
	    wants != 1 || width != news->width || height != news->height)
		return 0;
	return n < TDS_MAX_CONTACTS ? n : TDS_MAX_CONTACTS;
}

static int
connect_keyboard(struct domain *d)
{
	const struct domain_device *dev = &d->devices[DEVICE_KEYS];
	struct broker_news news = {.device = BROKER_KEYBOARD};
	uint32_t gref, port;
	int err = read_number(d, dev->front, "page-gref", &gref);

	if (err == 0)
		err = read_number(d, dev->front, "event-channel", &port);
	if (err < 0)
		return err;
	/* what is missing or nonsense is as 0, and then motion is sent */
	if (read_number(d, dev->front, "request-abs-pointer",
		&news.is_absolute) < 0 ||
	    read_number(d, dev->back, "width", &news.width) < 0 ||
	    read_number(d, dev->back, "height", &news.height) < 0 ||
	    news.is_absolute != 1 || news.width == 0 || news.height == 0 ||
	    news.width > INT32_MAX || news.height > INT32_MAX)
		news.is_absolute = 0;
	if (!news.is_absolute) {
		news.width = d->width * d->scanouts;
		news.height = d->height;
	}
	news.contacts = count_contacts(d, &news);
	err = map_ring(d, gref, &news.page);
	if (err == 0)
		err = bind_port(d, port, &news.port);
	return err < 0 ? err : d->ops->tell(d->data, d->news, &news);
}

static int
connect_device(struct domain *d, uint32_t kind)
{
	struct domain_device *dev = &d->devices[kind];
	const int err =
	    kind == DEVICE_DISPLAY ? connect_display(d) : connect_keyboard(d);

	if (err == 0) {
		dev->is_connected = true;
		return write_number(d, dev->back, "state", XENBUS_CONNECTED);
	}
	log_guest(&d->budget, d->name, "%s cannot be connected: %s",
	    dev->front, strerror(-err));
	if (err == -EAGAIN || err == -EPIPE) {
		disconnect(d, -err); /* it is its tds-guest that is wrong */
		return err;
	}
	/* Half of it may be mapped and bound: that ends with the process. */
	dev->is_refused = true;
	const int closed = write_number(d, dev->back, "state", XENBUS_CLOSED);
	disconnect(d, 0);
	return closed < 0 ? closed : err;
}

/*
 * What a front end reads when it is probed, before it looks at our state:
 * positions for the pointer, where the configuration of the guest says nothing.
 */
static void
offer(struct domain *d, uint32_t kind)
{
	const char *back = d->devices[kind].back;
	const struct {
		const char *node;
		uint32_t value;
	} defaults[] = {{"feature-abs-pointer", 1},
	    {"width", d->width * d->scanouts}, {"height", d->height}};
	char value[DOMAIN_VALUE];
	int err = 0;

	if (kind == DEVICE_DISPLAY) {
		snprintf(value, sizeof(value), "%s/versions", back);
		err = d->ops->write(d->data, value, "1,2");
	}
	for (size_t i = 0; i < 3 && kind == DEVICE_KEYS && err == 0; i++)
		if (read_text(d, back, defaults[i].node, value) == -ENOENT)
			err = write_number(
			    d, back, defaults[i].node, defaults[i].value);
	if (err < 0)
		log_guest(&d->budget, d->name, "%s cannot be written: %s",
		    back, strerror(-err));
}

/* One step; true if there may be another. */
static bool
step_device(struct domain *d, uint32_t kind)
{
	struct domain_device *dev = &d->devices[kind];

	if (!dev->is_there) {
		if (dev->is_connected)
			disconnect(d, 0);
		return false;
	}
	const struct xenbus_facts facts = {.front = read_state(d, dev->front),
	    .back = read_state(d, dev->back),
	    .is_online = is_online(d, dev),
	    .is_keyboard = kind == DEVICE_KEYS,
	    .has_guest = d->has_guest,
	    .is_connected = dev->is_connected};
	const struct xenbus_next next = xenbus_next(&facts);
	/* until it has been elsewhere and tries again */
	dev->is_refused &= next.step == STEP_CONNECT || next.step == STEP_NONE;
	if (dev->is_refused)
		return false;
	switch (next.step) {
	case STEP_NONE:
		return false;
	case STEP_SET:
		if (next.state == XENBUS_INIT_WAIT)
			offer(d, kind);
		return write_number(d, dev->back, "state", next.state) == 0;
	case STEP_CONNECT:
		return connect_device(d, kind) == 0;
	case STEP_DISCONNECT:
		disconnect(d, 0);
		return true;
	case STEP_REMOVE:
		d->ops->sweep_later(d->data);
		return false;
	}
	return false;
}

void
domain_step(struct domain *d)
{
	if (d->domid == DOMAIN_NONE)
		return;
	for (uint32_t kind = 0; kind < DOMAIN_DEVICES; kind++) {
		look_at_device(d, kind);
		for (uint32_t n = 0; n < MOST_STEPS; n++)
			if (!step_device(d, kind))
				break;
	}
}

/* -------------------------------------------------------------------- life */

void
domain_is(struct domain *d, uint32_t domid)
{
	if (d->domid == domid)
		return;
	const bool was_there = d->domid != DOMAIN_NONE;
	for (uint32_t i = 0; i < DOMAIN_DEVICES; i++) {
		if (d->devices[i].is_there)
			watch_device(d, &d->devices[i], false);
		d->devices[i] = (struct domain_device){0};
	}
	domain_unserved(d);
	d->domid = domid;
	if (was_there)
		d->ops->gone(d->data, d->index, false, 0);
	if (domid != DOMAIN_NONE)
		d->ops->found(d->data, d->index);
}

void
domain_serve(struct domain *d)
{
	d->has_guest = true;
	const int err = d->ops->restrict_to(d->data, d->evtchn, d->domid);
	if (err < 0) {
		log_error("event channels cannot be restricted to domain %u: "
			  "%s; it is not served", d->domid, strerror(-err));
		disconnect(d, -err);
		return;
	}
	domain_step(d);
}

void
domain_unserved(struct domain *d)
{
	if (!d->has_guest)
		return;
	d->has_guest = false;
	for (uint32_t i = 0; i < DOMAIN_DEVICES; i++)
		d->devices[i].is_connected = false;
	for (uint32_t i = 0; i < DOMAIN_MAPS; i++)
		d->maps[i].n = 0;
	d->ops->drop(d->data, d->index);
}
