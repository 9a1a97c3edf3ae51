/*
 * links: noninterference down to the memory that a guest process shares with
 * the core. Two desks, each a real core with the real links of its shell, take
 * the same public script side by side: the user, the clock, and every guest but
 * one, H. That one behaves differently on each, well or badly. After every half
 * of a frame the ring memory of each other guest must be equal, byte for byte:
 * its records, what was taken of them, who is to ring; and so must every pixel
 * outside of H's picture.
 *
 * Pools are granted, as a Xen guest's are, or memory, as those of KVM. Memory
 * stands in for gntdev, /dev/null for one that maps nothing.
 */
#include "compositor/link.h"
#include "hv-glue/outbox.h"
#include "hv-glue/up_records.h"
#include "tests/property/secret.h"
#include "tests/property/user.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SCRIPTS = 25, /* each manner beside each other one */
	FRAMES = 500,
	SLOTS = 16,
	SLOT_PAGES = 128, /* of a pool: places for pictures */
	USED_PAGES = 120,
	MAX_WIDTH = 400,
	MAX_HEIGHT = 300, /* 400 x 300 pixels are 118 pages */
	POOL = SLOTS * SLOT_PAGES * TDS_PAGE_BYTES,
	TARGET = 1024 * 768 * 4,
};

static const struct world_limits limits = {
	.min_domains = 2,
	.max_domains = 4,
	.max_outputs = 2,
	.max_scale = 2,
	.min_width = 640,
	.max_width = 900,
	.min_height = 480,
	.max_height = 600,
};

/* The guest process's end of a link. */
struct peer {
	struct outbox box;
	struct ring up, down;
	void *ring_base;  /* owned mapping */
	uint8_t *pixels;  /* owned mapping, or MAP_FAILED */
	int bell_down;	  /* owned */
	uint64_t n_rung;  /* by the core */
	uint32_t n_answers;
};

enum manner { ABSENT, QUIET, BUSY, FLOOD, CRASHING, MANNERS };

/* One of the two desks. */
struct desk {
	struct core core;
	struct link links[TDS_MAX_DOMAINS];
	struct pool pools[TDS_MAX_DOMAINS];
	struct peer peers[TDS_MAX_DOMAINS];
	struct target targets[TDS_MAX_OUTPUTS];
	struct chance secret;
	enum manner manner;
	uint8_t colour; /* of H's pixels; 0: nobody looks */
	uint32_t n_polled; /* records of H in this frame */
	uint32_t n_dropped;
};

enum plant { NO_LEAK, LEAK_BUDGET, LEAK_ERROR, PLANTS };

struct pair {
	struct desk a, b;
	struct user user;
	struct chance public;
	uint32_t h;
	bool is_granted[TDS_MAX_DOMAINS];
	enum plant plant;
	bool with_pixels; /* H keeps its process, its machine, its lights */
	/* so that a run that showed nothing is noticed */
	uint64_t answers, secrets, differing;
};

/* ------------------------------------------------------------------- a desk */

static void
step(struct desk *d, const struct event *e)
{
	static struct actions actions;

	core_step(&d->core, e, 0, &actions);
	for (uint32_t i = 0; i < actions.n; i++)
		if (d->links[actions.a[i].domain].is_open)
			link_put(&d->links[actions.a[i].domain],
			    &actions.a[i].record);
}

static void
flush(struct desk *d)
{
	for (uint32_t i = 0; i < d->core.n_domains; i++)
		if (d->links[i].is_open)
			link_flush(&d->links[i]);
}

static int
sealed(uint64_t bytes)
{
	const int fd = memfd_create("links", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

static void
disconnect(struct desk *d, uint32_t i)
{
	struct peer *p = &d->peers[i];

	if (d->links[i].is_open) {
		link_close(&d->links[i]);
		d->pools[i] = (struct pool){0};
		step(d, &(struct event){.kind = EVENT_DOWN, .domain = i});
	}
	if (!p->ring_base)
		return;
	munmap(p->ring_base, RING_BYTES);
	if (p->pixels != MAP_FAILED)
		munmap(p->pixels, POOL);
	close(p->bell_down);
	*p = (struct peer){0};
}

/* Each place of the pool has its own pixels, for good. */
static void
fill(uint8_t *pixels, uint8_t colour)
{
	if (pixels == MAP_FAILED || colour == 0)
		return;
	for (uint32_t i = 0; i < SLOTS; i++)
		memset(pixels + (size_t)i * SLOT_PAGES * TDS_PAGE_BYTES,
		    colour + (int)i, (size_t)USED_PAGES * TDS_PAGE_BYTES);
}

static void
connect_guest(struct desk *d, uint32_t i, bool is_granted, bool is_refused,
    uint8_t colour)
{
	struct peer *p = &d->peers[i];
	const struct core_link record = {.domain = i,
	    .pid = 1,
	    .is_granted = is_granted,
	    .pool_bytes = is_granted ? TDS_MAX_POOL_BYTES : POOL};
	int fds[4] = {sealed(RING_BYTES),
	    is_refused ? open("/dev/null", O_RDONLY | O_CLOEXEC)
		       : sealed(record.pool_bytes),
	    eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
	    eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};

	disconnect(d, i);
	p->ring_base = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fds[0], 0);
	p->pixels = mmap(
	    NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0);
	p->bell_down = fcntl(fds[3], F_DUPFD_CLOEXEC, 0);
	assert_true(p->ring_base != MAP_FAILED && p->bell_down >= 0);
	fill(p->pixels, colour);
	ring_init(&p->up, p->ring_base, RING_UP);
	ring_init(&p->down, p->ring_base, RING_DOWN);
	ring_set_wake(&p->down, true);
	outbox_init(&p->box, d->core.domains[i].config.scanouts);
	p->box.is_granted = is_granted;
	assert_int_equal(link_open(&d->links[i], &record, fds), 0);
	d->pools[i] = d->links[i].pool;
	step(d, &(struct event){.kind = EVENT_LINK, .domain = i});
	outbox_renew(&p->box);
	outbox_vm(&p->box, true);
}

/* ------------------------------------------------- what guest processes do */

static void
show(struct peer *p, struct chance *c, bool is_flip)
{
	const uint32_t slot = chance_below(c, SLOTS);
	const struct commit commit = {
	    .offset_bytes = (uint64_t)slot * SLOT_PAGES * TDS_PAGE_BYTES,
	    .stride_bytes = MAX_WIDTH * 4,
	    .width_px = 1 + chance_below(c, MAX_WIDTH),
	    .height_px = 1 + chance_below(c, MAX_HEIGHT)};
	const struct damage all = {.n = 1,
	    .r = {rect_make(0, 0, MAX_WIDTH, MAX_HEIGHT)}};
	const uint32_t scanout = chance_below(c, p->box.n_scanouts);

	if (is_flip)
		outbox_flip(&p->box, scanout, &commit, &all);
	else
		outbox_show(&p->box, scanout, &commit);
}

static void
behave(struct peer *p, struct chance *c, bool only_pictures)
{
	const uint32_t kind = chance_below(c, 16);
	const uint32_t page = chance_below(c, SLOTS) * SLOT_PAGES;
	int err = 0;

	if (kind < 2 && only_pictures)
		return;
	switch (kind) {
	case 0:
		outbox_vm(&p->box, !chance_one_in(c, 4));
		break;
	case 1:
		outbox_leds(&p->box, (uint8_t)chance_below(c, 8));
		break;
	case 2:
		if (!p->box.is_granted)
			outbox_cursor(&p->box,
			    &(struct cursor){.visible = chance_one_in(c, 2),
				.offset_bytes = (uint64_t)page * 4096});
		break;
	case 3:
	case 4:
	case 5:
	case 6: /* most fail: it is there already */
		if (p->box.is_granted)
			err = outbox_map(&p->box, page, USED_PAGES);
		break;
	case 7:
	case 8:
		if (p->box.is_granted)
			err = outbox_unmap(&p->box, page);
		break;
	default:
		show(p, c, chance_one_in(c, 2));
	}
	(void)err;
}

static void
post(struct peer *p)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	while (ring_room(&p->up) > 0 && outbox_next(&p->box, record) == 1)
		assert_int_equal(ring_put(&p->up, record), 0);
	(void)!ring_publish(&p->up); /* the bell is of no use here */
}

/* -EPROTO: the core answered what nobody asked. */
static int
listen_to_core(struct peer *p)
{
	const int n = ring_waiting(&p->down);
	uint64_t rung;
	int err = n < 0 ? n : 0;

	if (read(p->bell_down, &rung, sizeof(rung)) == (ssize_t)sizeof(rung))
		p->n_rung += rung;
	for (int i = 0; i < n; i++) {
		uint8_t bytes[TDS_RING_RECORD_BYTES];
		struct down d;

		ring_get(&p->down, bytes);
		if (decode_down(bytes, sizeof(bytes), &d) < 0 ||
		    check_down(&d) < 0)
			return -1;
		if (d.op != DOWN_MAPPED)
			continue;
		p->n_answers++;
		const int told = outbox_mapped(&p->box, &d);
		err = told < 0 ? told : err;
	}
	ring_release(&p->down);
	return err;
}

/* Whatever comes to mind; some of it is well-formed. */
static void
rave(struct peer *p, struct chance *c)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const struct grant g = {.op = chance_one_in(c, 3) ? UP_UNMAP : UP_MAP,
	    .page = chance_below(c, 64),
	    .pages = 1 + chance_below(c, 64)};

	if (chance_one_in(c, 200)) {
		for (uint32_t i = 0; i < sizeof(record); i++)
			record[i] = (uint8_t)chance_u32(c);
	} else {
		struct grant right = g;
		right.pages = g.op == UP_MAP ? g.pages : 0;
		if (encode_grant(&right, record) < 0)
			return;
	}
	if (ring_room(&p->up) > 0)
		assert_int_equal(ring_put(&p->up, record), 0);
}

static void
secret_life(struct pair *p, struct desk *d)
{
	struct chance *c = &d->secret;
	struct peer *peer = &d->peers[p->h];

	if (d->manner == ABSENT)
		return;
	if (!d->links[p->h].is_open ||
	    (d->manner == CRASHING && chance_one_in(c, 20)))
		connect_guest(d, p->h, p->is_granted[p->h],
		    p->is_granted[p->h] && chance_one_in(c, 4), d->colour);
	const uint32_t n = d->manner == QUIET ? chance_one_in(c, 20)
	    : d->manner == FLOOD ? 200
				 : chance_below(c, 8);
	for (uint32_t i = 0; i < n; i++) {
		p->secrets++;
		if (d->manner == FLOOD && chance_one_in(c, 2))
			rave(peer, c);
		else
			behave(peer, c, p->with_pixels);
	}
	post(peer);
	/* a flooding one confuses itself, and does not always listen */
	if (d->manner != FLOOD || chance_one_in(c, 30))
		(void)!listen_to_core(peer);
}

/* -------------------------------------------------------------- the script */

static void
drop(struct desk *d, uint32_t i)
{
	d->n_dropped++;
	disconnect(d, i);
}

/* As the shell does it: tick(), then poll_links(). */
static void
tick(struct pair *p, struct desk *d)
{
	step(d, &(struct event){.kind = EVENT_FRAME});
	for (uint32_t i = 0; i < d->core.n_domains; i++) {
		if (!d->links[i].is_open)
			continue;
		if (p->plant == LEAK_BUDGET && i != p->h && d->n_polled > 2)
			continue; /* "no time left for this one" */
		link_release(&d->links[i]);
	}
	flush(d);
}

static const char *
poll_all(struct pair *p, struct desk *d)
{
	d->n_polled = 0;
	for (uint32_t i = 0; i < d->core.n_domains; i++) {
		if (!d->links[i].is_open)
			continue;
		const int n = link_poll(&d->links[i], &d->core, i, 0);
		if (n < 0 && i != p->h)
			return "a guest that behaves was dropped";
		if (n < 0) {
			drop(d, i);
			continue;
		}
		link_settle(&d->links[i], n);
		if (i == p->h)
			d->n_polled = (uint32_t)n;
		if (p->plant == LEAK_ERROR && i != p->h &&
		    d->links[p->h].owes_mapped && d->links[i].owes_mapped)
			d->links[i].mapped.seq = d->links[p->h].mapped.error;
	}
	flush(d);
	return NULL;
}

/* What each other guest process can see, all of it. */
static const char *
compare_rings(struct pair *p)
{
	for (uint32_t i = 0; i < p->a.core.n_domains; i++) {
		const struct peer *x = &p->a.peers[i], *y = &p->b.peers[i];

		if (i == p->h)
			continue;
		if (memcmp(x->ring_base, y->ring_base, RING_BYTES) != 0)
			return "another guest's ring differs";
		if (x->n_rung != y->n_rung)
			return "another guest's bell rang";
	}
	return NULL;
}

static const char *
public_life(struct pair *p)
{
	struct chance *c = &p->public;

	for (uint32_t i = 0; i < p->a.core.n_domains; i++) {
		const uint32_t n = chance_below(c, 4);
		const bool is_listening = !chance_one_in(c, 4);
		if (i == p->h)
			continue;
		struct chance again = *c;
		for (uint32_t k = 0; k < n; k++) {
			behave(&p->a.peers[i], c, false);
			behave(&p->b.peers[i], &again, false);
		}
		post(&p->a.peers[i]);
		post(&p->b.peers[i]);
		if (is_listening && (listen_to_core(&p->a.peers[i]) < 0 ||
					listen_to_core(&p->b.peers[i]) < 0))
			return "the core said nonsense to a guest";
		p->answers = 0;
	}
	for (uint32_t i = 0; i < p->a.core.n_domains; i++)
		if (i != p->h && p->is_granted[i])
			p->answers += p->a.peers[i].n_answers;
	for (uint32_t i = chance_below(c, 6); i > 0; i--) {
		const struct event e = user_next(&p->user);
		step(&p->a, &e);
		step(&p->b, &e);
		flush(&p->a);
		flush(&p->b);
	}
	return NULL;
}

static void
paint(struct desk *d)
{
	for (uint32_t i = 0; i < d->core.scene.n_outputs; i++) {
		d->targets[i].stride_px =
		    d->core.scene.outputs[i].config.width;
		scene_take_damage(&d->core.scene, i);
		paint_output(&d->core, i, d->pools, d->targets[i], NULL);
	}
}

static const char *
compare_pixels(struct pair *p)
{
	static uint8_t map[TARGET / 4];

	for (uint32_t i = 0; i < p->a.core.scene.n_outputs; i++) {
		const struct core_output *o =
		    &p->a.core.scene.outputs[i].config;
		secret_area(&p->a.core, p->h, i, map);
		for (uint32_t k = 0; k < o->width * o->height; k++) {
			if (p->a.targets[i].pixels[k] ==
			    p->b.targets[i].pixels[k])
				continue;
			p->differing++;
			if (!map[k])
				return "a pixel outside of H's picture";
		}
	}
	return NULL;
}

static const char *
one_frame(struct pair *p, uint32_t frame)
{
	secret_life(p, &p->a);
	secret_life(p, &p->b);
	const char *why = public_life(p);
	why = why ? why : compare_rings(p);
	if (why)
		return why;
	tick(p, &p->a);
	tick(p, &p->b);
	why = compare_rings(p);
	why = why ? why : poll_all(p, &p->a);
	why = why ? why : poll_all(p, &p->b);
	why = why ? why : compare_rings(p);
	if (why || !p->with_pixels || frame % 10 != 0)
		return why;
	paint(&p->a);
	paint(&p->b);
	return compare_pixels(p);
}

static void
desk_begin(struct pair *p, struct desk *d, uint8_t colour)
{
	d->colour = colour;
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		d->targets[i].pixels = calloc(1, TARGET);
	for (uint32_t i = 0; i < d->core.n_domains; i++)
		if (i != p->h || d->manner != ABSENT)
			connect_guest(d, i, p->is_granted[i], false,
			    i == p->h || colour == 0
				? colour
				: (uint8_t)(40 + 16 * i));
}

static void
desk_end(struct desk *d)
{
	for (uint32_t i = 0; i < d->core.n_domains; i++)
		disconnect(d, i);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		free(d->targets[i].pixels);
}

/* h: is H granted; others: 0 none of them, 1 all, 2 in turn. */
static const char *
run(struct pair *p, uint64_t seed, bool h, uint32_t others, bool with_pixels,
    enum plant plant)
{
	const char *why = NULL;

	memset(p, 0, sizeof(*p));
	p->plant = plant;
	p->with_pixels = with_pixels;
	p->public = chance_seed(seed);
	world_init(&p->a.core, &p->public, &limits);
	p->b.core = p->a.core;
	p->h = chance_below(&p->public, p->a.core.n_domains);
	for (uint32_t i = 0; i < p->a.core.n_domains; i++)
		p->is_granted[i] = i == p->h ? h
		    : others == 2	     ? i % 2 == 0
					     : others == 1;
	user_init(&p->user, &p->a.core, seed + 77);
	p->a.secret = chance_seed(seed + 1000001);
	p->b.secret = chance_seed(seed + 2000003);
	p->a.manner = (enum manner)(seed % MANNERS);
	p->b.manner = (enum manner)((seed / MANNERS + 1) % MANNERS);
	if (with_pixels) {
		p->a.manner = BUSY;
		p->b.manner = QUIET;
	}
	desk_begin(p, &p->a, with_pixels ? 1 : 0);
	desk_begin(p, &p->b, with_pixels ? 128 : 0);
	for (uint32_t i = 0; i < FRAMES && !why; i++)
		why = one_frame(p, i);
	desk_end(&p->a);
	desk_end(&p->b);
	return why;
}

static void
run_all(bool h, uint32_t others)
{
	static struct pair p;
	const uint32_t n = getenv("TDS_QUICK") ? SCRIPTS / 10 : SCRIPTS;
	uint64_t answers = 0, secrets = 0;

	for (uint64_t seed = 1; seed <= n; seed++) {
		const char *why = run(&p, seed, h, others, false, NO_LEAK);

		if (why)
			fail_msg("seed %lu: %s (H is %u, manners %d and %d)",
			    (unsigned long)seed, why, p.h, (int)p.a.manner,
			    (int)p.b.manner);
		answers += p.answers;
		secrets += p.secrets;
	}
	print_message("# %u scripts of %u frames: %lu acts of H, %lu answers "
		      "to others' ranges\n",
	    n, FRAMES, (unsigned long)secrets, (unsigned long)answers);
	assert_true(secrets > 100u * n);
	assert_true(others == 0 || answers > 20u * n);
}

static void
two_xen_guests_see_nothing_of_one_another(void **state)
{
	(void)state;
	run_all(true, 1);
}

static void
guests_of_kvm_see_nothing_of_one_of_xen(void **state)
{
	(void)state;
	run_all(true, 0);
}

static void
guests_of_xen_see_nothing_of_one_of_kvm(void **state)
{
	(void)state;
	run_all(false, 1);
}

static void
guests_of_both_kinds_see_nothing_of_either(void **state)
{
	(void)state;
	run_all(true, 2);
	run_all(false, 2);
}

static void
no_pixel_outside_a_granted_picture_depends_on_it(void **state)
{
	static struct pair p;
	uint64_t differing = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		const char *why =
		    run(&p, seed, true, (uint32_t)seed % 3, true, NO_LEAK);

		if (why)
			fail_msg("seed %lu: %s (H is %u)", (unsigned long)seed,
			    why, p.h);
		differing += p.differing;
	}
	assert_true(differing > 1000); /* H's own pictures did differ */
}

static void
each_planted_leak_is_found(void **state)
{
	static struct pair p;

	(void)state;
	for (enum plant plant = NO_LEAK + 1; plant < PLANTS; plant++) {
		uint32_t n_found = 0;
		for (uint64_t seed = 1; seed <= 25; seed++)
			n_found +=
			    run(&p, seed, true, 1, false, plant) != NULL;
		if (n_found < 5) /* not every pair of manners shows it */
			fail_msg("leak %d: found in %u of 25", (int)plant,
			    n_found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_xen_guests_see_nothing_of_one_another),
	    cmocka_unit_test(guests_of_kvm_see_nothing_of_one_of_xen),
	    cmocka_unit_test(guests_of_xen_see_nothing_of_one_of_kvm),
	    cmocka_unit_test(guests_of_both_kinds_see_nothing_of_either),
	    cmocka_unit_test(no_pixel_outside_a_granted_picture_depends_on_it),
	    cmocka_unit_test(each_planted_leak_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
