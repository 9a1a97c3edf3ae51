#include "hv-glue/xen/find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct identity {
	char name[DOMAIN_VALUE], uuid[DOMAIN_VALUE]; /* empty: not known */
};

/* The device of a domain that has a back-end directory here. */
static bool
first_device(struct finder *f, const char *kind, uint32_t domid,
    uint32_t *devid)
{
	char path[DOMAIN_PATH], names[DOMAIN_VALUE];

	snprintf(path, sizeof(path), "backend/%s/%u", kind, domid);
	const int n = f->ops->list(f->data, path, names, sizeof(names));
	return n > 0 && memchr(names, 0, (size_t)n) &&
	       domain_number(names, devid);
}

static void
read_unique_id(struct finder *f, uint32_t domid, char name[DOMAIN_VALUE])
{
	char path[DOMAIN_PATH];
	uint32_t devid;

	if (!first_device(f, "vinput", domid, &devid))
		return;
	snprintf(path, sizeof(path), "backend/vinput/%u/%u/unique-id", domid,
	    devid);
	if (f->ops->read(f->data, path, name, DOMAIN_VALUE) < 0)
		name[0] = 0;
}

static void
identify(struct finder *f, uint32_t domid, struct identity *out)
{
	static const char vm[] = "/vm/";
	char path[DOMAIN_PATH], value[DOMAIN_VALUE];

	*out = (struct identity){0};
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	if (f->ops->read(f->data, path, out->name, sizeof(out->name)) < 0) {
		out->name[0] = 0;
		read_unique_id(f, domid, out->name);
	}
	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	if (f->ops->read(f->data, path, value, sizeof(value)) == 0 &&
	    strncmp(value, vm, strlen(vm)) == 0)
		memcpy(out->uuid, value + strlen(vm),
		    strlen(value + strlen(vm)) + 1);
}

static bool
matches(const struct domain *d, const struct identity *id)
{
	if (d->name[0] && strcmp(d->name, id->name) != 0)
		return false;
	if (d->uuid[0] && strcasecmp(d->uuid, id->uuid) != 0)
		return false;
	return d->name[0] || d->uuid[0];
}

/* The numbers below a directory of back ends, added to domids. */
static uint32_t
list_domids(struct finder *f, const char *path, uint32_t *domids, uint32_t n)
{
	const char *names = f->names;
	const int len =
	    f->ops->list(f->data, path, f->names, sizeof(f->names));

	for (int at = 0; at < len; at += (int)strlen(names + at) + 1) {
		uint32_t domid, i = 0;
		if (!domain_number(names + at, &domid) || domid >= DOMAIN_NONE)
			continue;
		while (i < n && domids[i] != domid)
			i++;
		if (i == n && n < FIND_MAX_DOMIDS)
			domids[n++] = domid;
	}
	return n;
}

static uint32_t
read_number(struct finder *f, const char *device, const char *node)
{
	char path[2 * DOMAIN_PATH], value[DOMAIN_VALUE];
	uint32_t n;

	snprintf(path, sizeof(path), "%s/%s", device, node);
	return f->ops->read(f->data, path, value, sizeof(value)) == 0 &&
		       domain_number(value, &n)
		   ? n
		   : UINT32_MAX;
}

/*
 * A device that nobody wants any more: its domain is dead, or the toolstack
 * took it away. That waits for the state Closed, which it must be able to
 * read, and then up to 10 s for the directory to go, which is ours to do (the
 * directory around it is the toolstack's). So there are two times.
 */
static void
close_or_remove(struct finder *f, const char *device, bool is_time)
{
	char path[2 * DOMAIN_PATH], closed[4];
	int err = 0;

	snprintf(path, sizeof(path), "%s/state", device);
	snprintf(closed, sizeof(closed), "%u", XENBUS_CLOSED);
	if (read_number(f, device, "state") != XENBUS_CLOSED) {
		err = f->ops->write(f->data, path, closed);
		is_time = false;
	}
	if (err == 0 && is_time)
		err = f->ops->remove(f->data, device);
	else
		f->wants_sweep = true;
	if (err < 0 && err != -ENOENT)
		log_peer(&f->budget, "xenstore", "%s stays: %s", device,
		    strerror(-err));
}

static void
clean_up(struct finder *f, const char *kind, uint32_t domid, bool is_dead,
    bool is_time)
{
	char path[DOMAIN_PATH], device[DOMAIN_PATH + 16], names[DOMAIN_VALUE];
	uint32_t devid;

	snprintf(path, sizeof(path), "backend/%s/%u", kind, domid);
	const int len = f->ops->list(f->data, path, names, sizeof(names));
	for (int at = 0; at < len; at += (int)strlen(names + at) + 1) {
		if (!domain_number(names + at, &devid))
			continue;
		snprintf(device, sizeof(device), "%s/%u", path, devid);
		if (is_dead || read_number(f, device, "online") == 0)
			close_or_remove(f, device, is_time);
	}
}

static void
clean_up_all(struct finder *f, uint32_t domid, bool is_dead, bool is_time)
{
	clean_up(f, "vdispl", domid, is_dead, is_time);
	clean_up(f, "vinput", domid, is_dead, is_time);
}

/* Whether it is served as some domain of ours. */
static bool
is_known(const struct domain *domains, uint32_t n, uint32_t domid)
{
	for (uint32_t i = 0; i < n; i++)
		if (domains[i].domid == domid)
			return true;
	return false;
}

/* A domain that is being taken apart is nobody, and says so of itself. */
static bool
is_wanted(struct finder *f, uint32_t domid)
{
	char device[DOMAIN_PATH];
	uint32_t devid;

	if (!first_device(f, "vdispl", domid, &devid))
		return false;
	snprintf(
	    device, sizeof(device), "backend/vdispl/%u/%u", domid, devid);
	return read_number(f, device, "online") != 0;
}

static void
match(struct finder *f, uint32_t domid, const struct domain *domains,
    uint32_t n, uint32_t *found)
{
	struct identity id;
	uint32_t hits = 0, which = 0;

	identify(f, domid, &id);
	for (uint32_t i = 0; i < n; i++)
		if (matches(&domains[i], &id)) {
			which = i;
			hits++;
		}
	if (hits == 0 && is_wanted(f, domid))
		log_peer(&f->budget, "xen",
		    "domain %u (%s) asks for a display and is no domain of "
		    "domains.d%s", domid, id.name[0] ? id.name : "no name",
		    id.name[0] ? ""
			       : ": give it vkb=[\"...,unique-id=NAME\"], or "
				 "let this domain read its name");
	if (hits != 1)
		return;
	if (found[which] != DOMAIN_NONE) {
		log_peer(&f->budget, "xen",
		    "domain %u is not the only one called %s: none is shown",
		    domid, id.name);
		domid = UINT32_MAX; /* and no third one either */
	}
	found[which] = domid;
}

/*
 * Whether a domain still lives. Only dom0 may ask xenstore that; what remains
 * to us is that a front end can be read as long as its domain lives, and that
 * nobody can once it is dead.
 */
static int
is_alive(struct finder *f, uint32_t domid)
{
	static const char *const kinds[][2] = {
	    {"vdispl", "vdispl"}, {"vinput", "vkbd"}};
	char path[DOMAIN_PATH], value[DOMAIN_VALUE];
	const int is_there = f->ops->is_there(f->data, domid);

	if (is_there != -EACCES)
		return is_there;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t devid;
		if (!first_device(f, kinds[i][0], domid, &devid))
			continue;
		snprintf(path, sizeof(path),
		    "/local/domain/%u/device/%s/%u/state", domid, kinds[i][1],
		    devid);
		const int err =
		    f->ops->read(f->data, path, value, sizeof(value));
		if (err != -ENOENT && err != -EACCES)
			return err == 0 || err == -E2BIG ? 1 : err;
	}
	return 0;
}

static uint32_t
list_all(struct finder *f, uint32_t domids[FIND_MAX_DOMIDS])
{
	const uint32_t n = list_domids(f, "backend/vdispl", domids, 0);

	return list_domids(f, "backend/vinput", domids, n);
}

void
find_all(struct finder *f, struct domain *domains, uint32_t n)
{
	uint32_t domids[FIND_MAX_DOMIDS], found[TDS_MAX_DOMAINS];
	const uint32_t n_domids = list_all(f, domids);

	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		found[i] = DOMAIN_NONE;
	for (uint32_t i = 0; i < n_domids; i++) {
		const int alive = is_alive(f, domids[i]);
		if (alive == 1)
			match(f, domids[i], domains, n, found);
		if (alive == 0)
			clean_up_all(f, domids[i], true, false);
		if (alive < 0)
			log_peer(&f->budget, "xenstore",
			    "whether domain %u lives cannot be known: %s",
			    domids[i], strerror(-alive));
	}
	for (uint32_t i = 0; i < n; i++)
		domain_is(&domains[i],
		    found[i] >= DOMAIN_NONE ? DOMAIN_NONE : found[i]);
	for (uint32_t i = 0; i < n_domids; i++)
		if (!is_known(domains, n, domids[i]))
			clean_up_all(f, domids[i], false, false);
}

void
find_sweep(struct finder *f)
{
	uint32_t domids[FIND_MAX_DOMIDS];
	const uint32_t n = list_all(f, domids);

	f->wants_sweep = false;
	for (uint32_t i = 0; i < n; i++)
		clean_up_all(f, domids[i], is_alive(f, domids[i]) == 0, true);
}
