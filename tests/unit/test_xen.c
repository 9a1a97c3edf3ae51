/*
 * The broker of Xen domains: a fake xenstore, gntdev and evtchn behind the
 * ops, and a fake toolstack and guest that write what they like. Grants and
 * ports are counted.
 */
#include "hv-glue/xen/find.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NODES = 256, DOMAINS = 3, WORK = 0, WEB = 1, BY_UUID = 2 };

static struct {
	char path[DOMAIN_PATH + 32], value[DOMAIN_VALUE];
} nodes[NODES];
static struct domain domains[DOMAINS];
static struct finder finder;
static struct {
	int watches, maps, ports, restricted;
	int map_error, tell_error;
	uint32_t map_domid, bind_domid, gone_there;
	int found[DOMAINS], gone[DOMAINS], drops[DOMAINS], errors[DOMAINS];
	int n_news;
	struct broker_news news[8];
	bool is_dead[64], is_unprivileged;
} fake;
static const char uuid[] = "c0ffee00-1111-2222-3333-444455556666";

/* ------------------------------------------------------------------- fakes */

static int
at(const char *path)
{
	for (int i = 0; i < NODES; i++)
		if (strcmp(nodes[i].path, path) == 0)
			return i;
	return -1;
}

static void
put(const char *path, const char *value)
{
	int i = at(path);

	if (i < 0)
		i = at("");
	assert_true(i >= 0);
	snprintf(nodes[i].path, sizeof(nodes[i].path), "%s", path);
	snprintf(nodes[i].value, sizeof(nodes[i].value), "%s", value);
}

static const char *
value_of(const char *path)
{
	return at(path) < 0 ? "nothing" : nodes[at(path)].value;
}

static int
op_read(void *data, const char *path, char *value, size_t size)
{
	(void)data;
	if (at(path) < 0)
		return -ENOENT;
	if (strcmp(value_of(path), "secret") == 0)
		return -EACCES;
	snprintf(value, size, "%s", value_of(path));
	return 0;
}

static int
op_write(void *data, const char *path, const char *value)
{
	(void)data;
	put(path, value);
	return 0;
}

static int
op_remove(void *data, const char *path)
{
	const size_t n = strlen(path);

	(void)data;
	for (int i = 0; i < NODES; i++)
		if (strncmp(nodes[i].path, path, n) == 0 &&
		    (nodes[i].path[n] == '/' || nodes[i].path[n] == 0))
			nodes[i].path[0] = 0;
	return 0;
}

static int
op_list(void *data, const char *path, char *names, size_t size)
{
	const size_t n = strlen(path);
	size_t len = 0;

	(void)data;
	for (int i = 0; i < NODES; i++) {
		if (strncmp(nodes[i].path, path, n) != 0 ||
		    nodes[i].path[n] != '/')
			continue;
		const char *name = nodes[i].path + n + 1;
		const size_t name_len = strcspn(name, "/");
		bool is_known = false;
		for (size_t j = 0; j < len; j += strlen(names + j) + 1)
			is_known |= strlen(names + j) == name_len &&
				    memcmp(names + j, name, name_len) == 0;
		if (is_known)
			continue;
		if (len + name_len + 1 > size)
			return -E2BIG;
		memcpy(names + len, name, name_len);
		names[len + name_len] = 0;
		len += name_len + 1;
	}
	return len == 0 ? -ENOENT : (int)len;
}

static int
op_watch(void *data, const char *path, const char *token)
{
	(void)data;
	(void)path;
	(void)token;
	fake.watches++;
	return 0;
}

static int
op_unwatch(void *data, const char *path, const char *token)
{
	(void)data;
	(void)path;
	(void)token;
	fake.watches--;
	return 0;
}

static int
op_is_there(void *data, uint32_t domid)
{
	(void)data;
	if (fake.is_unprivileged) /* as xenstored answers a guest */
		return -EACCES;
	return domid < 64 && !fake.is_dead[domid];
}

static int
op_restrict(void *data, int fd, uint32_t domid)
{
	(void)data;
	(void)fd;
	fake.restricted = (int)domid;
	return 0;
}

static int
op_bind(void *data, int fd, uint32_t domid, uint32_t port)
{
	(void)data;
	(void)fd;
	fake.bind_domid = domid;
	if (port == 666)
		return -EINVAL;
	return 100 + fake.ports++;
}

static int
op_map(void *data, int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    uint32_t *page)
{
	(void)data;
	(void)fd;
	(void)grefs;
	(void)n;
	if (fake.map_error < 0)
		return fake.map_error;
	fake.map_domid = domid;
	*page = (uint32_t)fake.maps++;
	return 0;
}

static int
op_unmap(void *data, int fd, uint32_t page, uint32_t n)
{
	(void)data;
	(void)fd;
	(void)page;
	(void)n;
	fake.maps--;
	return 0;
}

static int
op_tell(void *data, int fd, const struct broker_news *news)
{
	(void)data;
	(void)fd;
	if (fake.tell_error < 0)
		return fake.tell_error;
	fake.news[fake.n_news++ % 8] = *news;
	return 0;
}

static void
op_found(void *data, uint32_t index)
{
	(void)data;
	fake.found[index]++;
}

static void
op_gone(void *data, uint32_t index, bool is_found, int error)
{
	(void)data;
	fake.gone[index]++;
	fake.gone_there = is_found;
	fake.errors[index] = error;
}

static void
op_sweep_later(void *data)
{
	(void)data;
	finder.wants_sweep = true;
}

/* The descriptors are closed: the kernel lets go of all that hung on them. */
static void
op_drop(void *data, uint32_t index)
{
	(void)data;
	fake.drops[index]++;
	fake.maps = fake.ports = 0;
}

static const struct domain_ops ops = {op_read, op_write, op_remove, op_list,
    op_watch, op_unwatch, op_is_there, op_restrict, op_bind, op_map, op_unmap,
    op_tell, op_found, op_gone, op_sweep_later, op_drop};

static int
setup(void **state)
{
	(void)state;
	memset(nodes, 0, sizeof(nodes));
	memset(&fake, 0, sizeof(fake));
	finder = (struct finder){.ops = &ops};
	for (uint32_t i = 0; i < DOMAINS; i++)
		domains[i] = (struct domain){.ops = &ops,
		    .index = i,
		    .scanouts = 2,
		    .width = 800,
		    .height = 600,
		    .domid = DOMAIN_NONE,
		    .max_pages = DOMAIN_ALL_PAGES / DOMAINS};
	strcpy(domains[WORK].name, "work");
	strcpy(domains[WEB].name, "web");
	strcpy(domains[BY_UUID].uuid, uuid);
	return 0;
}

/* --------------------------------------------------------------- toolstack */

static void
node(uint32_t domid, const char *kind, const char *name, const char *value)
{
	char path[DOMAIN_PATH + 32];

	snprintf(path, sizeof(path), "backend/%s/%u/0/%s", kind, domid, name);
	put(path, value);
}

static void
front(uint32_t domid, const char *kind, const char *name, const char *value)
{
	char path[DOMAIN_PATH + 32];

	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/0/%s", domid,
	    kind, name);
	put(path, value);
}

/* What xl create writes; unique_id may be NULL. */
static void
xl_create(uint32_t domid, const char *unique_id)
{
	char path[DOMAIN_PATH];

	snprintf(path, sizeof(path), "/local/domain/%u/device/vdispl/0", domid);
	node(domid, "vdispl", "frontend", path);
	snprintf(path, sizeof(path), "/local/domain/%u/device/vkbd/0", domid);
	node(domid, "vinput", "frontend", path);
	if (unique_id)
		node(domid, "vinput", "unique-id", unique_id);
	node(domid, "vdispl", "online", "1");
	node(domid, "vinput", "online", "1");
	node(domid, "vdispl", "state", "1");
	node(domid, "vinput", "state", "1");
	front(domid, "vdispl", "state", "1");
	front(domid, "vkbd", "state", "1");
}

static void
look(void)
{
	find_all(&finder, domains, DOMAINS);
	for (uint32_t i = 0; i < DOMAINS; i++)
		domain_step(&domains[i]);
}

/* Some time later. */
static void
sweep(void)
{
	if (finder.wants_sweep)
		find_sweep(&finder);
	look();
}

static void
display_rings(uint32_t domid)
{
	front(domid, "vdispl", "0/req-ring-ref", "8");
	front(domid, "vdispl", "0/req-event-channel", "9");
	front(domid, "vdispl", "0/evt-ring-ref", "10");
	front(domid, "vdispl", "0/evt-event-channel", "11");
}

static void
keyboard_rings(uint32_t domid)
{
	front(domid, "vkbd", "page-gref", "5");
	front(domid, "vkbd", "event-channel", "6");
	front(domid, "vkbd", "request-abs-pointer", "1");
}

/* Domain 7 is "work", its tds-guest is there, both devices are connected. */
static void
connect_all(void)
{
	xl_create(7, "work");
	look();
	domain_serve(&domains[WORK]);
	display_rings(7);
	keyboard_rings(7);
	front(7, "vdispl", "state", "3");
	front(7, "vkbd", "state", "3");
	look();
	front(7, "vdispl", "state", "4");
	front(7, "vkbd", "state", "4");
	look();
}

#define BACK(kind, name) value_of("backend/" kind "/7/0/" name)

/* ------------------------------------------------------------------ honest */

static void
a_domain_is_found_served_and_connected(void **state)
{
	(void)state;
	xl_create(7, "work");
	look();
	assert_int_equal(fake.found[WORK], 1);
	assert_string_equal(BACK("vdispl", "state"), "2"); /* xl waits */
	assert_string_equal(BACK("vinput", "state"), "2");
	assert_string_equal(BACK("vinput", "feature-abs-pointer"), "1");
	assert_string_equal(BACK("vinput", "width"), "1600");
	assert_string_equal(BACK("vinput", "height"), "600");
	connect_all();
	assert_int_equal(fake.restricted, 7);
	assert_int_equal(fake.map_domid, 7);
	assert_int_equal(fake.bind_domid, 7);
	assert_string_equal(BACK("vdispl", "state"), "4");
	assert_string_equal(BACK("vinput", "state"), "4");
	assert_int_equal(fake.n_news, 2);
	assert_int_equal(fake.news[0].device, BROKER_CONNECTOR);
	assert_int_equal(fake.news[1].device, BROKER_KEYBOARD);
	assert_true(fake.news[1].is_absolute);
	assert_int_equal(fake.news[1].width, 1600);
	assert_int_equal(fake.found[WORK], 1);
	assert_int_equal(fake.gone[WORK], 0);
}

static void
a_touchscreen_is_served_where_it_is_configured_and_wanted(void **state)
{
	static const struct {
		const char *wants, *width, *n;
		uint32_t contacts;
	} cases[] = {{"1", "1600", "5", 5}, {"1", "1600", "40", 10},
	    {"0", "1600", "5", 0}, {"1", "1601", "5", 0},
	    {"1", "1600", "-1", 0}, {"1", "", "5", 0}, {"x", "1600", "5", 0}};

	(void)state;
	xl_create(7, "work");
	look();
	keyboard_rings(7);
	front(7, "vkbd", "state", "3");
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		front(7, "vkbd", "request-multi-touch", cases[i].wants);
		node(7, "vinput", "multi-touch-width", cases[i].width);
		node(7, "vinput", "multi-touch-height", "600");
		node(7, "vinput", "multi-touch-num-contacts", cases[i].n);
		fake.n_news = 0;
		domain_serve(&domains[WORK]);
		assert_int_equal(fake.n_news, 1);
		assert_int_equal(fake.news[0].contacts, cases[i].contacts);
		domain_unserved(&domains[WORK]);
	}
}

static void
rings_wait_for_a_tds_guest(void **state)
{
	(void)state;
	xl_create(7, "work");
	display_rings(7);
	front(7, "vdispl", "state", "3");
	look();
	assert_string_equal(BACK("vdispl", "state"), "1");
	assert_int_equal(fake.maps, 0);
	domain_serve(&domains[WORK]);
	assert_string_equal(BACK("vdispl", "state"), "4");
}

static void
every_connector_is_connected(void **state)
{
	(void)state;
	xl_create(7, "work");
	look();
	domain_serve(&domains[WORK]);
	display_rings(7);
	front(7, "vdispl", "1/req-ring-ref", "18");
	front(7, "vdispl", "1/req-event-channel", "19");
	front(7, "vdispl", "1/evt-ring-ref", "20");
	front(7, "vdispl", "1/evt-event-channel", "21");
	front(7, "vdispl", "version", "2");
	front(7, "vdispl", "state", "3");
	look();
	assert_int_equal(fake.n_news, 2);
	assert_int_equal(fake.news[1].connector, 1);
	assert_int_equal(fake.news[1].version, 2);
}

static void
a_display_that_reconfigures_gets_a_fresh_process(void **state)
{
	(void)state;
	connect_all();
	front(7, "vdispl", "state", "7");
	look();
	assert_int_equal(fake.gone[WORK], 1);
	assert_true(fake.gone_there);
	assert_int_equal(fake.drops[WORK], 1);
	assert_string_equal(BACK("vdispl", "state"), "6");
	assert_string_equal(BACK("vinput", "state"), "4");
	domain_serve(&domains[WORK]);
	assert_int_equal(fake.n_news, 3); /* the keyboard goes on */
	front(7, "vdispl", "state", "1");
	look();
	assert_string_equal(BACK("vdispl", "state"), "2");
	front(7, "vdispl", "state", "3");
	look();
	assert_string_equal(BACK("vdispl", "state"), "4");
}

static void
a_new_tds_guest_makes_the_display_begin_anew(void **state)
{
	(void)state;
	connect_all();
	domain_unserved(&domains[WORK]); /* it crashed */
	look();
	assert_string_equal(BACK("vdispl", "state"), "6");
	assert_string_equal(BACK("vinput", "state"), "4");
	domain_serve(&domains[WORK]);
	assert_int_equal(fake.n_news, 3);
	assert_int_equal(fake.gone[WORK], 0); /* tdsd knew */
}

static void
a_new_broker_finds_what_is_there(void **state)
{
	(void)state;
	connect_all();
	for (uint32_t i = 0; i < DOMAINS; i++) {
		domains[i].has_guest = false;
		domains[i].domid = DOMAIN_NONE;
		memset(domains[i].devices, 0, sizeof(domains[i].devices));
	}
	look();
	assert_int_equal(fake.found[WORK], 2);
	assert_string_equal(BACK("vdispl", "state"), "6");
	domain_serve(&domains[WORK]);
	assert_int_equal(fake.news[2].device, BROKER_KEYBOARD);
}

static void
a_reboot_is_another_domain(void **state)
{
	(void)state;
	connect_all();
	op_remove(NULL, "/local/domain/7");
	fake.is_dead[7] = true;
	xl_create(8, "work");
	look();
	assert_int_equal(domains[WORK].domid, 8);
	assert_int_equal(fake.found[WORK], 2);
	assert_int_equal(fake.gone[WORK], 1);
	assert_string_equal(BACK("vdispl", "state"), "6");
	sweep();
	assert_int_equal(at("backend/vdispl/7/0/state"), -1); /* ours to do */
	assert_int_equal(at("backend/vinput/7/0/state"), -1);
}

static void
an_unprivileged_domain_sees_life_and_death_in_the_front_end(void **state)
{
	(void)state;
	fake.is_unprivileged = true;
	connect_all();
	assert_string_equal(BACK("vdispl", "state"), "4");
	op_remove(NULL, "/local/domain/7/device/vkbd");
	look();
	assert_int_equal(domains[WORK].domid, 7);
	op_remove(NULL, "/local/domain/7");
	look();
	assert_int_equal(domains[WORK].domid, DOMAIN_NONE);
	sweep();
	assert_int_equal(at("backend/vdispl/7/0/state"), -1);
	assert_int_equal(fake.gone[WORK], 2); /* its keyboard went first */
}

static void
a_device_that_is_taken_away_leaves_no_directory(void **state)
{
	(void)state;
	connect_all();
	node(7, "vdispl", "online", "0");
	node(7, "vdispl", "state", "5");
	look();
	assert_string_equal(BACK("vdispl", "state"), "6"); /* xl reads it */
	sweep();
	assert_int_equal(at("backend/vdispl/7/0/state"), -1);
	assert_int_equal(fake.gone[WORK], 1);
	node(7, "vinput", "online", "0");
	look();
	sweep();
	assert_int_equal(at("backend/vinput/7/0/state"), -1);
	look();
	assert_int_equal(domains[WORK].domid, DOMAIN_NONE);
	assert_int_equal(fake.watches, 0);
}

/* xl destroy: the keyboard goes first, and with it the name. */
static void
a_destroyed_domain_leaves_nothing_for_the_toolstack_to_wait_for(void **state)
{
	(void)state;
	connect_all();
	node(7, "vinput", "online", "0");
	look();
	sweep();
	assert_int_equal(domains[WORK].domid, DOMAIN_NONE);
	node(7, "vdispl", "online", "0");
	look();
	assert_string_equal(BACK("vdispl", "state"), "6");
	sweep();
	assert_int_equal(at("backend/vdispl/7/0/state"), -1);
	assert_int_equal(at("backend/vinput/7/0/state"), -1);
}

/* ---------------------------------------------------------------- identity */

static void
a_name_that_may_be_read_counts_alone(void **state)
{
	(void)state;
	put("/local/domain/7/name", "web");
	xl_create(7, "work");
	look();
	assert_int_equal(domains[WORK].domid, DOMAIN_NONE);
	assert_int_equal(domains[WEB].domid, 7);
}

static void
a_name_that_may_not_be_read_is_the_unique_id(void **state)
{
	(void)state;
	put("/local/domain/7/name", "secret");
	xl_create(7, "work");
	look();
	assert_int_equal(domains[WORK].domid, 7);
}

static void
two_of_one_name_are_nobody(void **state)
{
	(void)state;
	xl_create(7, "work");
	look();
	xl_create(8, "work");
	xl_create(9, "work");
	look();
	assert_int_equal(domains[WORK].domid, DOMAIN_NONE);
	assert_int_equal(fake.gone[WORK], 1);
}

static void
a_uuid_must_be_readable_and_right(void **state)
{
	char vm[64];

	(void)state;
	strcpy(domains[BY_UUID].name, "both");
	xl_create(7, "both");
	look();
	assert_int_equal(domains[BY_UUID].domid, DOMAIN_NONE);
	put("/local/domain/7/vm", "secret");
	look();
	assert_int_equal(domains[BY_UUID].domid, DOMAIN_NONE);
	put("/local/domain/7/vm", "/vm/00000000-1111-2222-3333-444455556666");
	look();
	assert_int_equal(domains[BY_UUID].domid, DOMAIN_NONE);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	put("/local/domain/7/vm", vm);
	look();
	assert_int_equal(domains[BY_UUID].domid, 7);
	put("/local/domain/7/name", "other"); /* fail closed at once */
	look();
	assert_int_equal(domains[BY_UUID].domid, DOMAIN_NONE);
}

static void
nobody_is_found_without_a_name(void **state)
{
	(void)state;
	xl_create(7, NULL);
	xl_create(8, "");
	xl_create(9, "wor");
	look();
	for (uint32_t i = 0; i < DOMAINS; i++)
		assert_int_equal(fake.found[i], 0);
	assert_string_equal(BACK("vdispl", "state"), "1");
}

/* ----------------------------------------------------------------- hostile */

static void
a_front_end_of_another_domain_is_not_served(void **state)
{
	(void)state;
	xl_create(7, "work");
	node(7, "vdispl", "frontend", "/local/domain/8/device/vdispl/0");
	node(7, "vinput", "frontend", "/local/domain/7/device/vkbd/00");
	look();
	assert_string_equal(BACK("vdispl", "state"), "1");
	assert_string_equal(BACK("vinput", "state"), "1");
}

static void
nodes_that_are_no_numbers_are_refused_once(void **state)
{
	static const char *const bad[] = {"", "-1", "0x8", " 8", "8 ", "08",
	    "4294967296", "99999999999999999999", "8\n", "eight"};

	(void)state;
	xl_create(7, "work");
	look();
	display_rings(7);
	front(7, "vdispl", "state", "3");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		front(7, "vdispl", "0/req-ring-ref", bad[i]);
		front(7, "vdispl", "state", "3");
		domain_serve(&domains[WORK]);
		assert_string_equal(BACK("vdispl", "state"), "6");
		assert_int_equal(fake.gone[WORK], i + 1);
		domain_serve(&domains[WORK]); /* not tried again */
		assert_true(domains[WORK].has_guest);
		look();
		assert_int_equal(fake.n_news, 0);
		front(7, "vdispl", "state", "1");
		look();
		assert_string_equal(BACK("vdispl", "state"), "2");
		domain_unserved(&domains[WORK]);
	}
	assert_int_equal(fake.maps, 0);
}

static void
what_cannot_be_bound_or_mapped_leaves_nothing(void **state)
{
	(void)state;
	xl_create(7, "work");
	look();
	display_rings(7);
	front(7, "vdispl", "0/evt-event-channel", "666");
	front(7, "vdispl", "state", "3");
	domain_serve(&domains[WORK]);
	assert_string_equal(BACK("vdispl", "state"), "6");
	assert_int_equal(fake.maps, 0);
	assert_int_equal(fake.ports, 0);
	assert_int_equal(fake.drops[WORK], 1);
}

static void
states_in_any_order_end_and_leak_nothing(void **state)
{
	static const char *const states[] = {
	    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "x", ""};
	uint64_t seed = 5;

	(void)state;
	xl_create(7, "work");
	display_rings(7);
	keyboard_rings(7);
	look();
	for (uint32_t i = 0; i < 100000; i++) {
		const uint64_t r = unit_random(&seed);
		front(7, r & 1 ? "vdispl" : "vkbd", "state",
		    states[r / 2 % 12]);
		if (!domains[WORK].has_guest && (r >> 20 & 3) == 0)
			domain_serve(&domains[WORK]);
		if ((r >> 24 & 15) == 0)
			look();
		else
			domain_step(&domains[WORK]);
		assert_true(fake.maps <= 3 && fake.ports <= 3);
		assert_true(fake.watches <= 2);
	}
	assert_true(fake.n_news > 1000);
	fake.is_dead[7] = true;
	look();
	assert_int_equal(fake.watches, 0);
	assert_int_equal(fake.maps, 0);
	assert_int_equal(fake.ports, 0);
}

/* ------------------------------------------------------- what is asked for */

static void
maps_are_counted_and_undone_only_as_made(void **state)
{
	static struct broker_ask ask;

	(void)state;
	connect_all();
	const int before = fake.maps;
	ask = (struct broker_ask){
	    .op = BROKER_MAP, .where = BROKER_PIXELS, .n = 2025};
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.where = BROKER_RINGS;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.n = 1;
	for (uint32_t i = 0; i < DOMAIN_RINGS; i++)
		assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);

	ask = (struct broker_ask){.op = BROKER_UNMAP,
	    .where = BROKER_PIXELS,
	    .n = 2024,
	    .page = (uint32_t)before};
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, ENOENT);
	ask.n = 2025;
	ask.where = BROKER_RINGS;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, ENOENT);
	ask.where = BROKER_PIXELS;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, ENOENT);
	ask.page = 0; /* its ring was never its to unmap */
	ask.n = 1;
	ask.where = BROKER_RINGS;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, ENOENT);
}

static void
a_domain_maps_no_more_than_its_share(void **state)
{
	static struct broker_ask ask;
	const uint32_t share = 1000;

	(void)state;
	connect_all();
	domains[WORK].max_pages = share;
	ask = (struct broker_ask){.op = BROKER_MAP,
	    .where = BROKER_LOOK,
	    .n = share / 2 - DOMAIN_RINGS + 1};
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.n--; /* half of it, to look at */
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
	ask.n = 1;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.where = BROKER_PIXELS;
	ask.n = share / 2 + 1;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.n--;
	const uint32_t page = domain_answer(&domains[WORK], &ask).page;
	ask.n = 1;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, EDQUOT);
	ask.op = BROKER_UNMAP;
	ask.page = page;
	ask.n = share / 2;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
	ask.op = BROKER_MAP;
	assert_int_equal(domain_answer(&domains[WORK], &ask).error, 0);
}

static void
records_of_the_broker_come_back_as_sent(void **state)
{
	static uint8_t bytes[BROKER_ASK_BYTES + 1];
	static struct broker_ask in, out;
	struct broker_answer a = {.error = EDQUOT, .page = 77}, b;
	const struct broker_news news = {.device = BROKER_CONNECTOR,
	    .connector = 3, .page = 1, .port = 2, .event_page = 3,
	    .event_port = 4, .version = 2};
	struct broker_news got;

	(void)state;
	in = (struct broker_ask){.op = BROKER_MAP,
	    .where = BROKER_PIXELS,
	    .n = BROKER_MAX_GREFS};
	for (uint32_t i = 0; i < in.n; i++)
		in.grefs[i] = i * 3;
	const int n = encode_ask(&in, bytes, sizeof(bytes));
	assert_int_equal(n, BROKER_ASK_BYTES);
	assert_int_equal(decode_ask(bytes, (uint32_t)n, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(decode_ask(bytes, (uint32_t)n - 1, &out), -EBADMSG);
	assert_int_equal(decode_ask(bytes, (uint32_t)n + 1, &out), -EBADMSG);
	put_u32(bytes + 8, BROKER_MAX_GREFS + 1);
	assert_int_equal(decode_ask(bytes, (uint32_t)n, &out), -ERANGE);
	put_u32(bytes + 8, 0);
	assert_int_equal(decode_ask(bytes, 12, &out), -ERANGE);

	encode_answer(&a, bytes);
	assert_int_equal(decode_answer(bytes, 8, &b), 0);
	assert_int_equal(b.page, 77);
	assert_int_equal(decode_answer(bytes, 7, &b), -EBADMSG);
	encode_news(&news, bytes);
	assert_int_equal(decode_news(bytes, 32, &got), 0);
	assert_memory_equal(&news, &got, sizeof(got));
	put_u32(bytes + 4, TDS_MAX_SCANOUTS);
	assert_int_equal(decode_news(bytes, 32, &got), -ERANGE);
	put_u32(bytes + 28, 1);
	assert_int_equal(decode_news(bytes, 32, &got), -EBADMSG);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_domain_is_found_served_and_connected),
	    T(a_touchscreen_is_served_where_it_is_configured_and_wanted),
	    T(rings_wait_for_a_tds_guest),
	    T(every_connector_is_connected),
	    T(a_display_that_reconfigures_gets_a_fresh_process),
	    T(a_new_tds_guest_makes_the_display_begin_anew),
	    T(a_new_broker_finds_what_is_there),
	    T(a_reboot_is_another_domain),
	    T(an_unprivileged_domain_sees_life_and_death_in_the_front_end),
	    T(a_device_that_is_taken_away_leaves_no_directory),
	    T(a_destroyed_domain_leaves_nothing_for_the_toolstack_to_wait_for),
	    T(a_name_that_may_be_read_counts_alone),
	    T(a_name_that_may_not_be_read_is_the_unique_id),
	    T(two_of_one_name_are_nobody),
	    T(a_uuid_must_be_readable_and_right),
	    T(nobody_is_found_without_a_name),
	    T(a_front_end_of_another_domain_is_not_served),
	    T(nodes_that_are_no_numbers_are_refused_once),
	    T(what_cannot_be_bound_or_mapped_leaves_nothing),
	    T(states_in_any_order_end_and_leak_nothing),
	    T(maps_are_counted_and_undone_only_as_made),
	    T(a_domain_maps_no_more_than_its_share),
	    T(records_of_the_broker_come_back_as_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
