#include "hv-glue/xen_guest.h"

#include "hv-glue/events_xen.h"
#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>

/* The wait for the broker; a guest's own keys wait as long, nobody else's. */
enum { ASK_TIMEOUT_S = 2 };

static void
notify(struct xen_guest *g, uint32_t port)
{
	const int err = events_notify(g->evtchn, port);

	if (err < 0)
		log_guest(&g->budget, g->name, "cannot be notified: %s",
		    strerror(-err));
}

/* The end of each wake-up: all that changed goes out at once. */
static void
settle(struct xen_guest *g)
{
	for (uint32_t i = 0; i < TDS_MAX_SCANOUTS; i++) {
		struct xen_connector *c = &g->connectors[i];
		if (c->has_responses && xenring_publish(&c->ring))
			notify(g, c->port);
		if (c->has_events) {
			xenevents_publish(&c->events);
			notify(g, c->event_port);
		}
		c->has_responses = c->has_events = false;
	}
	link_flush(&g->link);
}

/* One turn of one ring; true if it may hold more. */
static bool
run_ring(struct xen_guest *g, uint32_t i)
{
	struct xen_connector *c = &g->connectors[i];
	uint8_t request[DISPLIF_BYTES];

	for (uint32_t n = 0; n < XENRING_ENTRIES; n++) {
		if (displif_is_busy(&g->display))
			return false; /* whoever ends the job comes here */
		const int got = xenring_get(&c->ring, request);
		if (got < 0) {
			log_guest(&g->budget, g->name,
			    "connector %u: its ring is malformed; it is "
			    "disconnected", i);
			loop_stop(&g->loop);
		}
		if (got <= 0)
			return false;
		displif_request(&g->display, i, request);
	}
	return true;
}

static void
run_rings(struct xen_guest *g)
{
	const uint64_t one = 1;
	bool more = false;

	for (uint32_t i = 0; i < TDS_MAX_SCANOUTS; i++)
		if (g->connectors[i].ring.page)
			more |= run_ring(g, i);
	if (more && write(g->again, &one, sizeof(one)) < 0)
		log_bug("a turn is lost: %s", strerror(errno));
}

static void
on_again(void *data, uint32_t events)
{
	struct xen_guest *g = data;
	uint64_t count;

	(void)events;
	if (read(g->again, &count, sizeof(count)) < 0)
		return;
	run_rings(g);
	settle(g);
}

static void
on_events(void *data, uint32_t events)
{
	struct xen_guest *g = data;
	uint32_t ports[EVENTS_AT_ONCE];
	const int n = events_read(g->evtchn, ports);

	(void)events;
	for (int i = 0; i < n; i++)
		if (ports[i] == g->keyboard_port && kbdif_read(&g->keyboard))
			notify(g, g->keyboard_port);
	run_rings(g);
	settle(g);
	for (int i = 0; i < n; i++)
		if (events_unmask(g->evtchn, ports[i]) < 0)
			log_bug("port %u stays masked", ports[i]);
}

/* ----------------------------------------------------------- from the core */

static uint32_t
width_of(const struct xen_guest *g, uint32_t i)
{
	const struct displif_connector *c = &g->display.connectors[i];

	return c->is_on ? c->width : c->mode_width;
}

/* The middle of pixel px of extent, on an axis of so many places. */
static int32_t
scale(uint64_t px, uint64_t extent, uint64_t places)
{
	if (extent == 0 || places == 0)
		return 0;
	if (px >= extent)
		return (int32_t)(places - 1);
	return (int32_t)((2 * px + 1) * places / 2 / extent);
}

/* The axes span all connectors, side by side. */
static int32_t
to_axis(const struct xen_guest *g, uint32_t scanout, uint16_t code, int32_t px)
{
	const bool is_x = code == ABS_X || code == ABS_MT_POSITION_X;
	const uint32_t at = px < 0 ? 0 : (uint32_t)px;
	uint32_t left = 0, width = 0, height = 0;

	for (uint32_t i = 0; i < g->display.n_connectors; i++) {
		const struct displif_connector *c = &g->display.connectors[i];
		const uint32_t h = c->is_on ? c->height : c->mode_height;
		left += i < scanout ? width_of(g, i) : 0;
		width += width_of(g, i);
		height = h > height ? h : height;
	}
	return is_x ? scale((uint64_t)left + at, width,
				   g->keyboard.width)
			     : scale(at, height, g->keyboard.height);
}

static bool
is_axis(uint16_t code)
{
	return code == ABS_X || code == ABS_Y || code == ABS_MT_POSITION_X ||
	       code == ABS_MT_POSITION_Y;
}

static void
on_input(struct xen_guest *g, const struct down *d)
{
	int32_t value = d->value;

	if (d->type == EV_ABS) {
		if (d->scanout >= g->display.n_connectors)
			return;
		if (is_axis(d->code))
			value = to_axis(g, d->scanout, d->code, value);
	}
	if (d->device == DEVICE_TOUCH && d->type == EV_ABS)
		kbdif_touch(&g->keyboard, d->code, value);
	else if (kbdif_put(&g->keyboard, d->type, d->code, value))
		notify(g, g->keyboard_port);
}

static void
on_down(void *data, const struct down *record)
{
	struct xen_guest *g = data;

	switch ((enum down_op)record->op) {
	case DOWN_INPUT:
		on_input(g, record);
		break;
	case DOWN_LOST:
		if (kbdif_lost(&g->keyboard))
			notify(g, g->keyboard_port);
		break;
	case DOWN_TICK:
		displif_tick(&g->display, record->seq);
		settle(g);
		break;
	case DOWN_MAPPED:
		if (displif_mapped(&g->display, record) < 0)
			log_bug("the core answered what nobody asked");
		run_rings(g);
		settle(g);
		break;
	case DOWN_CONFIGURE: /* the protocol has no way to say it */
		break;
	}
}

/* --------------------------------------------------------- from the broker */

static int
connect_display(struct xen_guest *g, const struct broker_news *n)
{
	struct xen_connector *c = &g->connectors[n->connector];

	if (c->ring.page || n->connector >= g->display.n_connectors)
		return -EPROTO;
	uint8_t *ring = xen_guest_page(g, n->page);
	uint8_t *events = xen_guest_page(g, n->event_page);
	if (!ring || !events)
		return -errno;
	xenring_init(&c->ring, ring);
	xenevents_init(&c->events, events, &xenevents_display);
	c->port = n->port;
	c->event_port = n->event_port;
	g->display.version = n->version;
	return 0;
}

static int
connect_keyboard(struct xen_guest *g, const struct broker_news *n)
{
	if (g->keyboard.events.page)
		return -EPROTO;
	uint8_t *page = xen_guest_page(g, n->page);
	if (!page)
		return -errno;
	kbdif_attach(&g->keyboard, page, n->is_absolute, n->width, n->height,
	    n->contacts);
	g->keyboard_port = n->port;
	return 0;
}

static void
on_news(void *data, uint32_t events)
{
	struct xen_guest *g = data;
	uint8_t bytes[BROKER_NEWS_BYTES + 1];
	struct received r;
	struct broker_news news;

	(void)events;
	int err = channel_receive(g->news, bytes, sizeof(bytes), &r);
	if (err == -EAGAIN)
		return;
	if (err == -EPIPE || err == -ECONNRESET) {
		loop_stop(&g->loop); /* a new one of us is on its way */
		return;
	}
	if (err == 0) {
		received_finish(&r);
		err = decode_news(bytes, r.len, &news);
	}
	if (err == 0)
		err = news.device == BROKER_CONNECTOR
			  ? connect_display(g, &news)
			  : connect_keyboard(g, &news);
	if (err < 0) {
		log_guest(&g->budget, g->name,
		    "its front end cannot be served: %s", strerror(-err));
		loop_stop(&g->loop);
		return;
	}
	outbox_vm(&g->outbox, true);
	run_rings(g);
	settle(g);
}

/* -------------------------------------------------------------------- life */

static void
init_parts(struct xen_guest *g, const struct guest_xen *setup)
{
	for (uint32_t i = 0; i < sizeof(g->name); i++)
		g->name[i] = (char)setup->name[i];
	g->link = (struct link){.loop = &g->loop,
	    .outbox = &g->outbox,
	    .on_down = on_down,
	    .data = g};
	link_init(&g->link);
	outbox_init(&g->outbox, setup->scanouts);
	g->outbox.is_granted = true;
	g->display.ops = &xen_guest_ops;
	g->display.data = g;
	g->display.outbox = &g->outbox;
	g->display.n_connectors = setup->scanouts;
	g->display.version = 1;
	for (uint32_t i = 0; i < setup->scanouts; i++) {
		g->display.connectors[i].mode_width = setup->width;
		g->display.connectors[i].mode_height = setup->height;
	}
}

static int
watch(struct xen_guest *g)
{
	const struct timeval at_most = {.tv_sec = ASK_TIMEOUT_S};

	g->again = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (g->again < 0)
		return -errno;
	/* Safe: nobody else has this end of the socket. */
	if (fcntl(g->ask, F_SETFL, 0) < 0 ||
	    setsockopt(g->ask, SOL_SOCKET, SO_RCVTIMEO, &at_most,
		sizeof(at_most)) < 0 ||
	    setsockopt(g->ask, SOL_SOCKET, SO_SNDTIMEO, &at_most,
		sizeof(at_most)) < 0)
		return -errno;
	int err = loop_add(&g->loop, g->again, EPOLLIN, on_again, g);
	if (err == 0)
		err = loop_add(&g->loop, g->evtchn, EPOLLIN, on_events, g);
	if (err == 0)
		err = loop_add(&g->loop, g->news, EPOLLIN, on_news, g);
	return err;
}

int
xen_guest_init(struct xen_guest *g, const struct guest_xen *setup, int *fds,
    const char **what)
{
	g->again = -1;
	g->gntdev = TAKE_FD(fds[3]);
	g->evtchn = TAKE_FD(fds[4]);
	g->news = TAKE_FD(fds[5]);
	g->ask = TAKE_FD(fds[6]);
	init_parts(g, setup);

	uint64_t chance;
	*what = "a number of chance";
	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return -EIO;
	displif_init(&g->display, chance);
	*what = "the event loop";
	int err = loop_init(&g->loop);
	if (err < 0)
		return err;
	*what = "event channels and the broker";
	err = watch(g);
	if (err < 0)
		return err;
	*what = "the link to the core";
	return link_attach(
	    &g->link, TAKE_FD(fds[0]), TAKE_FD(fds[1]), TAKE_FD(fds[2]));
}

int
xen_guest_core(struct xen_guest *g, int ring_fd, int bell_up, int bell_down)
{
	displif_core_lost(&g->display);
	if (kbdif_lost(&g->keyboard))
		notify(g, g->keyboard_port);
	const int err = link_attach(&g->link, ring_fd, bell_up, bell_down);
	run_rings(g);
	settle(g);
	return err;
}

void
xen_guest_finish(struct xen_guest *g)
{
	const int fds[] = {g->again, g->gntdev, g->evtchn, g->news, g->ask};

	link_detach(&g->link);
	for (uint32_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	loop_finish(&g->loop);
}
