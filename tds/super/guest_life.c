#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/* A drag makes many sizes; a hostile process could ask without end. */
static const uint64_t vnc_every_ns = 100000000u;

static const char *
name_of(const struct super *s, uint32_t i)
{
	return (const char *)s->config.domains[i].core.name;
}

/* A record that s->record holds; a guest process that takes none is ended. */
static void
guest_send(struct super *s, uint32_t i, int len, const int *fds, uint32_t n_fds)
{
	struct guest *g = &s->guests[i];

	if (g->child.pid < 0 || len < 0)
		return;
	if (channel_send(g->child.channel, s->record, (uint32_t)len, fds,
		n_fds) == -EAGAIN)
		guest_end(s, i, "it does not read its channel");
}

void
guest_link(struct super *s, uint32_t i)
{
	struct guest *g = &s->guests[i];
	const struct core_link record = {.domain = i,
	    .pid = (uint32_t)g->child.pid,
	    .is_granted = s->config.domains[i].is_xen,
	    .pool_bytes = s->config.domains[i].pool_bytes};
	const int fds[] = {
	    g->link.ring, g->pool, g->link.bell_up, g->link.bell_down};

	if (g->child.pid < 0 || !s->core_is_ready)
		return;
	core_send(
	    s, encode_core_link(&record, s->record, sizeof(s->record)), fds, 4);
}

void
guest_relink(struct super *s, uint32_t i)
{
	struct guest *g = &s->guests[i];
	struct shared_link fresh;

	if (g->child.pid < 0)
		return;
	if (shared_link_make(&fresh) < 0) {
		guest_end(s, i, "no memory for a fresh ring");
		return;
	}
	shared_link_finish(&g->link);
	g->link = fresh;
	const int fds[] = {fresh.ring, fresh.bell_up, fresh.bell_down};
	guest_send(s, i, encode_empty(GUEST_CORE, s->record, sizeof(s->record)),
	    fds, 3);
}

uint64_t
guest_vnc_ns(const struct guest *g)
{
	return g->child.pid > 0 && g->wants_vnc ? g->last_vnc_ns + vnc_every_ns
						: 0;
}

/* The VM's console, by which QEMU tells its guest about a new size. */
void
guest_give_vnc(struct super *s, uint32_t i)
{
	const char *path = s->config.domains[i].vnc;
	struct guest *g = &s->guests[i];

	g->wants_vnc = false;
	g->last_vnc_ns = super_now_ns();
	int AUTO_FD fd = place_connect_vnc(&s->config.domains[i]);

	if (fd < 0) {
		log_guest(&g->budget, name_of(s, i),
		    "cannot tell its guest the new size: %s: %s (start QEMU "
		    "with -vnc unix:%s)",
		    path, strerror(-fd), path);
		return;
	}
	guest_send(s, i, encode_empty(GUEST_VNC, s->record, sizeof(s->record)),
	    &fd, 1);
}

static void
on_guest(void *data, uint32_t events)
{
	struct guest *g = data;
	struct super *s = g->super;
	const uint32_t i = g->domain;
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	(void)events;
	int err =
	    channel_receive(g->child.channel, s->record, sizeof(s->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = control_open(s->record, r.len, r.n_fds, &op, &rd);
	received_finish(&r);
	if (err == 0 && op != GUEST_WANT_VNC)
		err = -EPROTO;
	if (err == -EPIPE || err == -ECONNRESET) {
		child_hung_up(&s->loop, &g->child);
	} else if (err < 0) {
		guest_end(s, i, strerror(-err));
	} else {
		g->wants_vnc = true;
		if (guest_vnc_ns(g) <= super_now_ns())
			guest_give_vnc(s, i);
		else
			super_arm(s);
	}
}

static void
close_all(int *fds, int n)
{
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int
set_up(struct super *s, uint32_t i, int pool)
{
	const struct config_domain *d = &s->config.domains[i];
	struct guest *g = &s->guests[i];
	int fds[8] = {g->link.ring, pool, g->link.bell_up, g->link.bell_down,
	    -1, -1, -1, -1};
	struct guest_setup setup = {.domain = i,
	    .scanouts = d->core.scanouts,
	    .width = d->core.width,
	    .height = d->core.height,
	    .is_unsealed = (s->config.core.flags & CORE_UNSEALED) != 0,
	    .pool_bytes = d->pool_bytes};

	memcpy(setup.name, d->core.name, sizeof(setup.name));
	const int err = place_domain(d, fds + 4);
	if (err == 0)
		guest_send(s, i,
		    encode_guest_setup(&setup, s->record, sizeof(s->record)),
		    fds, 8);
	close_all(fds + 4, PLACE_SOCKETS);
	return err;
}

/* Its Xen domain is there: descriptors for it, the broker and the core. */
static int
set_up_xen(struct super *s, uint32_t i)
{
	const struct config_domain *d = &s->config.domains[i];
	struct guest *g = &s->guests[i];
	int ours[XEN_FDS], theirs[XEN_FDS];
	struct guest_xen setup = {.domain = i,
	    .scanouts = d->core.scanouts,
	    .width = d->core.width,
	    .height = d->core.height,
	    .is_unsealed = (s->config.core.flags & CORE_UNSEALED) != 0,
	    .pool_bytes = d->pool_bytes};
	const int err = xen_make(ours, theirs);

	memcpy(setup.name, d->core.name, sizeof(setup.name));
	if (err == 0) {
		const int fds[] = {g->link.ring, g->link.bell_up,
		    g->link.bell_down, theirs[XEN_RINGS], theirs[XEN_EVENTS],
		    theirs[XEN_NEWS], theirs[XEN_ASK]};
		guest_send(s, i,
		    encode_guest_xen(&setup, s->record, sizeof(s->record)),
		    fds, 7);
		xen_serve(s, i, ours);
	}
	if (err == 0 && g->child.pid > 0) {
		g->pool = TAKE_FD(ours[XEN_PIXELS]);
	}
	close_all(ours, XEN_FDS);
	close_all(theirs, XEN_FDS);
	return err;
}

static int
set_up_vmm(struct super *s, uint32_t i)
{
	struct guest *g = &s->guests[i];
	int AUTO_FD pool =
	    shared_memory("tds-pool", s->config.domains[i].pool_bytes);

	if (pool < 0)
		return pool;
	g->pool = shared_read_only(pool);
	return g->pool < 0 ? g->pool : set_up(s, i, pool);
}

static int
try_begin(struct super *s, uint32_t i)
{
	struct guest *g = &s->guests[i];
	char name[TDS_NAME_BYTES + 16];

	int err = shared_link_make(&g->link);
	if (err < 0)
		return err;
	snprintf(name, sizeof(name), "tds-guest@%s", name_of(s, i));
	err = spawn(s->guest_path, name, ROLE_GUEST, s->is_plain, &g->child);
	if (err == 0)
		err =
		    loop_add(&s->loop, g->child.channel, EPOLLIN, on_guest, g);
	if (err == 0)
		err = s->config.domains[i].is_xen ? set_up_xen(s, i)
						  : set_up_vmm(s, i);
	return err;
}

/* again: as of super_restart() */
static void
forget(struct super *s, uint32_t i, char *again)
{
	struct guest *g = &s->guests[i];

	if (g->child.channel >= 0)
		loop_remove(&s->loop, g->child.channel);
	child_kill(&g->child);
	shared_link_finish(&g->link);
	if (g->pool >= 0)
		close(g->pool);
	g->pool = -1;
	g->wants_vnc = false;
	super_restart(s, &g->backoff, again);
}

void
guest_begin(struct super *s, uint32_t i)
{
	char again[RESTART_BYTES];

	backoff_started(&s->guests[i].backoff, super_now_ns());
	if (s->config.domains[i].is_xen && !s->guests[i].is_found)
		return; /* its broker says when there is something to serve */
	const int err = try_begin(s, i);
	if (err < 0) {
		forget(s, i, again);
		log_error("cannot start tds-guest@%s in %s: %s; it is tried "
			  "again %s",
		    name_of(s, i), s->config.domains[i].is_xen
			? "Xen" : s->config.domains[i].sockets,
		    strerror(-err), again);
		return;
	}
	guest_link(s, i);
}

void
guest_end(struct super *s, uint32_t i, const char *why)
{
	const struct core_down record = {.domain = i, .reason = REASON_EXITED};
	char again[RESTART_BYTES];

	if (s->guests[i].child.pid < 0)
		return;
	forget(s, i, again);
	log_guest(&s->guests[i].budget, name_of(s, i),
	    "tds-guest@%s ended (%s); it is started again %s%s", name_of(s, i),
	    why, s->config.domains[i].is_xen && !s->guests[i].is_found
		     ? "when its domain is there"
		     : again,
	    s->config.domains[i].is_xen
		? ""
		: "; its virtual machine must be restarted to be shown again");
	if (s->core_is_ready)
		core_send(s,
		    encode_core_down(&record, s->record, sizeof(s->record)),
		    NULL, 0);
}
