/* xen_life: tds-xen, and which of its domains are there. */
#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

bool
xen_is_wanted(const struct super *s)
{
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		if (s->config.domains[i].is_xen)
			return true;
	return false;
}

static int
open_device(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	const int err = -errno;
	log_error("%s: %s (does this machine run under Xen, and are the "
		  "modules xen_gntdev and xen_evtchn loaded?)",
	    path, strerror(-err));
	return err;
}

int
xen_open(struct super *s)
{
	if (!xen_is_wanted(s))
		return 0;
	s->xenbus = open_device("/dev/xen/xenbus", O_RDWR);
	return s->xenbus < 0 ? s->xenbus : 0;
}

int
xen_make(int ours[XEN_FDS], int theirs[XEN_FDS])
{
	for (int i = 0; i < XEN_FDS; i++)
		ours[i] = theirs[i] = -1;
	/* What the core maps cannot be mapped for writing, by nobody. */
	ours[XEN_PIXELS] = open_device("/dev/xen/gntdev", O_RDONLY);
	ours[XEN_RINGS] = open_device("/dev/xen/gntdev", O_RDWR);
	ours[XEN_EVENTS] = open_device("/dev/xen/evtchn", O_RDWR);
	for (int i = XEN_PIXELS; i <= XEN_EVENTS; i++)
		if (ours[i] < 0)
			return ours[i];
	for (int i = XEN_NEWS; i <= XEN_ASK; i++) {
		int pair[2];
		const int err = channel_pair(pair);
		if (err < 0)
			return err;
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	for (int i = XEN_RINGS; i <= XEN_EVENTS; i++) {
		theirs[i] = fcntl(ours[i], F_DUPFD_CLOEXEC, 0);
		if (theirs[i] < 0)
			return -errno;
	}
	return 0;
}

/* A record that s->record holds; a tds-xen that takes none is ended. */
static void
xen_send(struct super *s, int len, const int *fds, uint32_t n_fds)
{
	if (s->xen.pid < 0 || len < 0)
		return;
	if (channel_send(s->xen.channel, s->record, (uint32_t)len, fds,
		n_fds) == -EAGAIN)
		xen_end(s, "it does not read its channel");
}

void
xen_serve(struct super *s, uint32_t i, const int fds[XEN_FDS])
{
	const struct xen_serve record = {.domain = i};

	xen_send(s, encode_xen_serve(&record, s->record, sizeof(s->record)),
	    fds, XEN_FDS);
}

/* ----------------------------------------------------------------- records */

static const char *
name_of(const struct super *s, uint32_t i)
{
	return (const char *)s->config.domains[i].core.name;
}

static int
on_found(struct super *s, struct rd *rd)
{
	struct xen_found record;
	const int err = decode_xen_found(rd, &record);

	if (err < 0)
		return err;
	if (record.domain >= s->config.n_domains ||
	    !s->config.domains[record.domain].is_xen)
		return -ERANGE;
	struct guest *g = &s->guests[record.domain];
	if (g->is_found)
		return -EPROTO;
	g->is_found = true;
	log_guest(&g->budget, name_of(s, record.domain),
	    "its Xen domain is there");
	if (g->child.pid < 0 && g->backoff.again_ns == 0)
		guest_begin(s, record.domain);
	return 0;
}

static int
on_gone(struct super *s, struct rd *rd)
{
	struct xen_gone record;
	const int err = decode_xen_gone(rd, &record);

	if (err < 0)
		return err;
	if (record.domain >= s->config.n_domains ||
	    !s->config.domains[record.domain].is_xen)
		return -ERANGE;
	s->guests[record.domain].is_found = record.is_found;
	guest_end(s, record.domain,
	    record.error	? strerror((int)record.error)
	    : record.is_found	? "its front end has disconnected"
				: "its Xen domain is gone");
	return 0;
}

static int
on_record(struct super *s, uint32_t op, struct rd *rd)
{
	switch (op) {
	case XEN_FOUND:
		return on_found(s, rd);
	case XEN_GONE:
		return on_gone(s, rd);
	default:
		return -EPROTO;
	}
}

static void
on_xen(void *data, uint32_t events)
{
	struct super *s = data;

	(void)events;
	const int err = life_receive(s, &s->xen, on_record);
	if (err < 0)
		xen_end(s, strerror(-err));
}

/* -------------------------------------------------------------------- life */

static void
send_configuration(struct super *s)
{
	const struct xen_setup setup = {
	    .is_unsealed = (s->config.core.flags & CORE_UNSEALED) != 0};
	const uint32_t size = sizeof(s->record);

	xen_send(s, encode_xen_setup(&setup, s->record, size), &s->xenbus, 1);
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		const struct config_domain *d = &s->config.domains[i];
		struct xen_domain record = {.domain = i,
		    .scanouts = d->core.scanouts,
		    .width = d->core.width,
		    .height = d->core.height};
		if (!d->is_xen)
			continue;
		memcpy(record.name, d->xen_name, sizeof(record.name));
		memcpy(record.uuid, d->xen_uuid, sizeof(record.uuid));
		xen_send(s, encode_xen_domain(&record, s->record, size), NULL,
		    0);
	}
	xen_send(s, encode_empty(XEN_START, s->record, size), NULL, 0);
}

static struct life
life_of(struct super *s)
{
	return (struct life){.path = s->xen_path,
	    .name = "tds-xen",
	    .role = ROLE_XEN,
	    .child = &s->xen,
	    .backoff = &s->xen_backoff};
}

void
xen_begin(struct super *s)
{
	const struct life life = life_of(s);

	if (!life_begin(s, &life, on_xen, s))
		return;
	/* a connection with nothing in it that another one asked for */
	const int err = s->xenbus < 0 ? xen_open(s) : 0;
	if (err < 0) {
		life_fail(s, &life, err);
		return;
	}
	send_configuration(s);
	if (s->xenbus >= 0)
		close(s->xenbus);
	s->xenbus = -1;
}

/* Nobody knows any more which domains are there. */
void
xen_end(struct super *s, const char *why)
{
	const struct life life = life_of(s);

	if (!life_kill(s, &life))
		return;
	life_again(s, &life, why);
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		if (!s->config.domains[i].is_xen)
			continue;
		s->guests[i].is_found = false;
		guest_end(s, i, "the broker ended");
	}
}
