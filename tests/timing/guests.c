#include "hv-glue/up_records.h"
#include "tests/timing/guests.h"

#include "tds/base/channel.h"
#include "tests/timing/virtual.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SMALL_POOL = 8 << 20, BIG_POOL = 40 << 20, PERIOD_NS = 16666667 };

struct guest {
	bool is_linked, is_blind;
	enum manner manner;
	uint64_t next_ns;
	uint32_t width, height, seq;
	void *ring_base; /* owned mapping */
	int bell_up, bell_down;
	struct ring up, down;
};

struct guests guests;
static struct guest all[TDS_MAX_DOMAINS];

static void
must(bool is_so, const char *what)
{
	if (is_so)
		return;
	perror(what);
	abort();
}

static void
send_record(int len, const int *fds, uint32_t n_fds, const uint8_t *bytes)
{
	must(len > 0 &&
		channel_send(guests.channel, bytes, (uint32_t)len, fds,
		    n_fds) == 0,
	    "the core takes no record");
}

void
guests_configure(void)
{
	struct chance *c = &guests.chance;
	uint8_t bytes[CONTROL_MAX_BYTES];

	for (uint32_t i = 0; i < guests.n; i++) {
		struct guest *g = &all[i];
		const bool is_full = chance_one_in(c, 2);

		g->width = is_full ? (guests.is_big ? 3840 : 1024)
				   : 320 + chance_below(c, 600);
		g->height = is_full ? (guests.is_big ? 2160 : 768)
				    : 200 + chance_below(c, 500);
		struct core_domain d = {.index = i,
		    .level = LEVEL_SECRET,
		    .colour = 0xc8102e,
		    .scanouts = 1,
		    .outputs = 1 + chance_below(c, 15),
		    .width = g->width,
		    .height = g->height,
		    .x = -1,
		    .y = -1,
		    .label = "SECRET"};
		snprintf((char *)d.name, sizeof(d.name), "guest-%u", i);
		send_record(encode_core_domain(&d, bytes, sizeof(bytes)), NULL,
		    0, bytes);
	}
}

static int
memory(size_t size, void **base)
{
	const int fd = memfd_create("timing", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	must(fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0,
	    "memfd");
	*base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(*base != MAP_FAILED, "mmap");
	return fd;
}

static void
put(struct guest *g, const uint8_t record[TDS_RING_RECORD_BYTES])
{
	guests.records += ring_put(&g->up, record) == 0;
}

static void
publish(struct guest *g)
{
	const uint64_t one = 1;

	if (ring_publish(&g->up))
		must(write(g->bell_up, &one, sizeof(one)) == 8, "bell");
}

static void
attach(uint32_t i)
{
	struct guest *g = &all[i];
	const size_t size = guests.is_big ? BIG_POOL : SMALL_POOL;
	uint8_t bytes[64];
	void *pool;
	const int pool_fd = memory(size, &pool);
	const int ring_fd = memory(RING_BYTES, &g->ring_base);
	const struct core_link link = {
	    .domain = i, .pid = 1, .pool_bytes = size};

	for (size_t k = 0; guests.has_pixels && k < size / 4; k++)
		((uint32_t *)pool)[k] = guests.canary;
	munmap(pool, size);
	ring_init(&g->up, g->ring_base, RING_UP);
	ring_init(&g->down, g->ring_base, RING_DOWN);
	ring_set_wake(&g->down, true);
	g->bell_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g->bell_down = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const int fds[] = {ring_fd, pool_fd, g->bell_up, g->bell_down};
	send_record(
	    encode_core_link(&link, bytes, sizeof(bytes)), fds, 4, bytes);
	close(ring_fd);
	close(pool_fd);
	g->is_linked = true;
	must(encode_vm(true, bytes) == 0, "vm");
	put(g, bytes);
	publish(g);
}

/* ------------------------------------------------------- what they are sent */

static void
judge(const struct down *d)
{
	if (d->op != DOWN_INPUT || d->type != EV_KEY)
		return;
	guests.inputs++;
	switch (d->code) {
	case KEY_LEFTCTRL:
	case KEY_RIGHTCTRL:
	case KEY_LEFTALT:
	case KEY_RIGHTALT:
	case KEY_DELETE:
		guests.wrong = "a key of the chord in a guest's ring";
		return;
	default:
		return;
	}
}

static void
drain(struct guest *g)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];
	struct down d;
	const int n = ring_waiting(&g->down);

	must(n >= 0, "the core's head is nonsense");
	for (int i = 0; i < n; i++) {
		ring_get(&g->down, bytes);
		must(decode_down(bytes, sizeof(bytes), &d) == 0, "down");
		judge(&d);
	}
	ring_release(&g->down);
}

static void
detach(struct guest *g)
{
	if (!g->is_linked)
		return;
	drain(g);
	munmap(g->ring_base, RING_BYTES);
	close(g->bell_up);
	close(g->bell_down);
	g->is_linked = false;
}

/* ------------------------------------------------------------ what they send */

static void
one_record(struct guest *g, uint8_t bytes[TDS_RING_RECORD_BYTES])
{
	struct chance *c = &guests.chance;
	const uint32_t kind = chance_below(c, 64);
	const struct cursor cursor = {.visible = chance_one_in(c, 2),
	    .hot_x = chance_below(c, TDS_CURSOR_DIM)};
	struct commit commit = {.seq = ++g->seq,
	    .stride_bytes = g->width * 4,
	    .width_px = g->width,
	    .height_px = g->height,
	    .w = g->width,
	    .h = g->height};
	int err = 0;

	if (kind < 8) {
		err = encode_cursor(&cursor, bytes);
	} else if (kind < 12) {
		err = encode_leds((uint8_t)chance_below(c, 8), bytes);
	} else if (kind == 12 && chance_one_in(c, 100)) {
		guests.malformed++;
		memset(bytes, (int)chance_below(c, 256), 32);
	} else {
		if (kind < 20) { /* another picture: all is painted anew */
			commit.width_px = 320 + chance_below(c, g->width - 319);
			commit.w = commit.width_px;
		}
		err = encode_commit(&commit, bytes);
	}
	must(err == 0, "encode");
}

static void
one_frame(struct guest *g)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];
	uint32_t n = 1 + chance_below(&guests.chance, 4);

	if (g->manner == MANNER_FLOOD && chance_one_in(&guests.chance, 4))
		n = ring_room(&g->up);
	for (uint32_t i = 0; i < n; i++) {
		one_record(g, bytes);
		put(g, bytes);
	}
	publish(g);
	if (!g->is_blind)
		drain(g);
}

void
guests_start(enum manner manner)
{
	for (uint32_t i = 0; i < guests.n; i++) {
		struct guest *g = &all[i];

		g->manner = manner;
		if (manner == MANNER_FLOOD && chance_one_in(&guests.chance, 2))
			g->manner = MANNER_FRAME;
		g->is_blind = chance_one_in(&guests.chance, 8);
		g->next_ns = virtual_now() + (i + 1) * MS;
	}
	virtual_changed();
}

uint64_t
guests_next(void)
{
	uint64_t at = NEVER;

	for (uint32_t i = 0; i < guests.n; i++)
		if (all[i].next_ns != 0 && all[i].next_ns < at)
			at = all[i].next_ns;
	return at;
}

void
guests_happen(uint64_t now_ns)
{
	for (uint32_t i = 0; i < guests.n; i++) {
		struct guest *g = &all[i];

		if (g->next_ns == 0 || g->next_ns > now_ns)
			continue;
		if (!g->is_linked)
			attach(i);
		else
			one_frame(g);
		g->next_ns = now_ns +
		    (g->manner == MANNER_QUIET
			    ? chance_below(&guests.chance, 3000) * MS + MS
			    : PERIOD_NS);
	}
}

void
guests_dropped(uint32_t domain, uint64_t now_ns)
{
	must(domain < guests.n, "a domain that is none was dropped");
	detach(&all[domain]);
	all[domain].next_ns = now_ns + 30 * MS;
	virtual_changed();
}

void
guests_finish(void)
{
	for (uint32_t i = 0; i < guests.n; i++)
		detach(&all[i]);
}
