#include "compositor/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Frames without a record after which a guest is asked to ring. */
enum { QUIET_FRAMES = 2 };
/* Places that input never takes, so that ticks and sizes always fit. */
enum { RESERVED_PLACES = 64 };

static bool
is_sealed(int fd, uint64_t bytes)
{
	struct stat st;
	const int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 &&
	    fstat(fd, &st) == 0 && st.st_size >= 0 &&
	    (uint64_t)st.st_size >= bytes;
}

static int
map_sealed(int fd, uint64_t bytes, int prot, void **out)
{
	if (!is_sealed(fd, bytes))
		return -EBADMSG;
	void *base = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*out = base;
	return 0;
}

/* ----------------------------------------------------------- granted pages */

/* Address space in which nothing can be read; at NULL: anywhere. */
static void *
reserve(void *at, uint64_t bytes)
{
	return mmap(at, bytes, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED : 0),
	    -1, 0);
}

/* A driver, or memory of which no page can go (as tests have it). */
static int
reserve_window(int fd, void **out)
{
	struct stat st;

	if (fstat(fd, &st) < 0 ||
	    (!S_ISCHR(st.st_mode) && !is_sealed(fd, TDS_MAX_POOL_BYTES)))
		return -EBADMSG;
	*out = reserve(NULL, TDS_MAX_POOL_BYTES);
	return *out == MAP_FAILED ? -errno : 0;
}

static void *
place_of(const struct link *link, const struct grant *r)
{
	return (void *)(uintptr_t)(link->pool.base +
	    (uint64_t)r->page * TDS_PAGE_BYTES);
}

/* 0, or -errno: what is there now nobody knows, all of it has to go. */
static int
unmap_range(const struct link *link, const struct grant *r)
{
	const uint64_t bytes = (uint64_t)r->pages * TDS_PAGE_BYTES;

	return reserve(place_of(link, r), bytes) == MAP_FAILED ? -errno : 0;
}

/* 0 with why it is not mapped in *error, or -errno: to be dropped. */
static int
map_range(struct link *link, struct grant *r, int *error)
{
	int err = granted_add(&link->granted, r);

	*error = err == -EDQUOT ? EDQUOT : 0;
	if (err < 0)
		return err == -EDQUOT ? 0 : err;
	if (mmap(place_of(link, r), (uint64_t)r->pages * TDS_PAGE_BYTES,
		PROT_READ, MAP_SHARED | MAP_FIXED, link->pool_fd,
		(off_t)r->page * TDS_PAGE_BYTES) != MAP_FAILED)
		return 0;
	*error = errno;
	err = granted_remove(&link->granted, r);
	/* a driver that refuses is asked after the reservation is gone */
	return err < 0 ? err : unmap_range(link, r);
}

/* MAP or UNMAP: done now, answered at the next tick. */
static int
take_grant(struct link *link, struct core *core, struct event *event,
    uint64_t now_ns)
{
	struct grant *g = &event->grant;
	const bool is_map = g->op == UP_MAP;
	struct actions none UNFILLED;
	int error = 0, err = 0;

	if (is_map) {
		err = map_range(link, g, &error);
	} else if (granted_remove(&link->granted, g) < 0) {
		error = ENOENT;
	} else {
		core_step(core, event, now_ns, &none);
		err = unmap_range(link, g);
	}
	link->mapped = (struct down){.op = DOWN_MAPPED,
	    .page = g->page,
	    .pages = g->pages,
	    .is_mapped = is_map && error == 0,
	    .error = (uint8_t)error};
	link->owes_mapped = true;
	return err;
}

/* -------------------------------------------------------- coming and going */

int
link_open(struct link *link, const struct core_link *record, int fds[4])
{
	const bool is_granted = record->is_granted;
	void *ring_base = NULL;
	void *pool_base = NULL;

	int err = map_sealed(
	    fds[0], RING_BYTES, PROT_READ | PROT_WRITE, &ring_base);
	if (err < 0)
		return err;
	if (is_granted)
		err = reserve_window(fds[1], &pool_base);
	else
		err = map_sealed(
		    fds[1], record->pool_bytes, PROT_READ, &pool_base);
	if (err < 0) {
		munmap(ring_base, RING_BYTES);
		return err;
	}
	*link = (struct link){
	    .is_open = true,
	    .ring_base = ring_base,
	    .pool = {.base = pool_base,
		.bytes = is_granted ? TDS_MAX_POOL_BYTES : record->pool_bytes},
	    .is_granted = is_granted,
	    .pool_fd = is_granted ? fds[1] : -1,
	    .bell_up = fds[2],
	    .bell_down = fds[3],
	    .wants_bell = true,
	};
	ring_init(&link->up, ring_base, RING_UP);
	ring_init(&link->down, ring_base, RING_DOWN);
	ring_set_wake(&link->up, true);
	close(fds[0]);
	if (!is_granted)
		close(fds[1]);
	for (int i = 0; i < 4; i++)
		fds[i] = -1;
	return 0;
}

void
link_close(struct link *link)
{
	if (!link->is_open)
		return;
	munmap(link->ring_base, RING_BYTES);
	munmap((void *)(uintptr_t)link->pool.base, link->pool.bytes);
	if (link->is_granted)
		close(link->pool_fd);
	close(link->bell_up);
	close(link->bell_down);
	*link = (struct link){0};
}

/* Our own record; encoding cannot fail. */
static int
put(struct link *link, const struct down *record)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];

	if (encode_down(record, bytes) < 0)
		return -EMSGSIZE;
	const int err = ring_put(&link->down, bytes);
	link->has_news = link->has_news || err == 0;
	return err;
}

static void
put_input(struct link *link, const struct down *record)
{
	if (link->has_lost_input) {
		/* Half empty again: say that all is up, then go on. */
		if (ring_room(&link->down) < TDS_RING_DOWN_RECORDS / 2 ||
		    put(link, &(struct down){.op = DOWN_LOST}) < 0)
			return;
		link->has_lost_input = false;
	}
	if (ring_room(&link->down) <= RESERVED_PLACES ||
	    put(link, record) < 0)
		link->has_lost_input = true;
}

void
link_put(struct link *link, const struct down *record)
{
	if (record->op == DOWN_INPUT) {
		put_input(link, record);
	} else if (record->op == DOWN_TICK) {
		link->tick = *record;
		link->owes_tick = true;
	} else if (record->op == DOWN_CONFIGURE) {
		link->configure[record->scanout] = *record;
		link->owes_configure[record->scanout] = true;
	}
}

void
link_flush(struct link *link)
{
	if (link->owes_tick && put(link, &link->tick) == 0)
		link->owes_tick = false;
	for (uint32_t i = 0; i < TDS_MAX_SCANOUTS; i++)
		if (link->owes_configure[i] &&
		    put(link, &link->configure[i]) == 0)
			link->owes_configure[i] = false;
	if (!link->has_news)
		return;
	link->has_news = false;
	if (ring_publish(&link->down)) {
		const uint64_t one = 1;
		/* Full or broken: the guest will look at its next bell. */
		const ssize_t n = write(link->bell_down, &one, sizeof(one));
		(void)n;
	}
}

/* A buffer of a granted pool lies in what is mapped. */
static int
check_place(const struct link *link, const struct event *event)
{
	const struct commit *c = &event->commit;
	const uint64_t cursor_bytes =
	    (uint64_t)TDS_CURSOR_DIM * TDS_CURSOR_DIM * 4;
	bool is_right = true;

	if (link->is_granted && event->kind == EVENT_COMMIT)
		is_right = c->width_px == 0 ||
		    granted_has(&link->granted, c->offset_bytes,
			(uint64_t)c->stride_bytes * c->height_px);
	if (link->is_granted && event->kind == EVENT_CURSOR)
		is_right = !event->cursor.visible ||
		    granted_has(&link->granted, event->cursor.offset_bytes,
			cursor_bytes);
	return is_right ? 0 : -ERANGE;
}

static int
decode_event(const struct link *link, const uint8_t *bytes,
    uint32_t scanouts, struct event *event)
{
	struct wire_commit commit;
	struct wire_cursor cursor;
	struct wire_value value;
	int err;

	switch (bytes[0]) {
	case UP_COMMIT:
		event->kind = EVENT_COMMIT;
		err = decode_commit(bytes, TDS_RING_RECORD_BYTES, &commit);
		return err < 0 ? err
			       : check_commit(&commit, link->pool.bytes,
				     scanouts, &event->commit);
	case UP_CURSOR:
		event->kind = EVENT_CURSOR;
		err = decode_cursor(bytes, TDS_RING_RECORD_BYTES, &cursor);
		return err < 0 ? err
			       : check_cursor(&cursor, link->pool.bytes,
				     &event->cursor);
	case UP_LEDS:
		event->kind = EVENT_LEDS;
		err = decode_value(bytes, TDS_RING_RECORD_BYTES, &value);
		return err < 0 ? err : check_leds(&value, &event->leds);
	case UP_VM:
		event->kind = EVENT_VM;
		err = decode_value(bytes, TDS_RING_RECORD_BYTES, &value);
		return err < 0 ? err : check_vm(&value, &event->is_up);
	case UP_MAP:
	case UP_UNMAP:
		event->kind = EVENT_UNMAP;
		err = decode_grant(
		    bytes, TDS_RING_RECORD_BYTES, &event->grant);
		if (err == 0 && !link->is_granted)
			err = -EPROTO;
		return err < 0 ? err : check_grant(&event->grant);
	default:
		return -EBADMSG;
	}
}

int
link_poll(struct link *link, struct core *core, uint32_t domain,
    uint64_t now_ns)
{
	const uint32_t scanouts = core->domains[domain].config.scanouts;
	/* a guest process that reads no answer is not heard further */
	const int waiting = link->owes_mapped ? 0 : ring_waiting(&link->up);
	struct actions none UNFILLED;
	int n = 0;

	while (n < waiting && !link->owes_mapped) {
		uint8_t bytes[TDS_RING_RECORD_BYTES];
		struct event event = {.domain = domain};

		ring_get(&link->up, bytes);
		n++;
		int err = decode_event(link, bytes, scanouts, &event);
		if (err == 0)
			err = check_place(link, &event);
		if (err == 0 && event.kind == EVENT_UNMAP)
			err = take_grant(link, core, &event, now_ns);
		else if (err == 0)
			core_step(core, &event, now_ns, &none);
		if (err < 0)
			return err;
	}
	link->has_taken = link->has_taken || n > 0;
	return waiting < 0 ? waiting : n;
}

void
link_release(struct link *link)
{
	if (link->has_taken)
		ring_release(&link->up);
	link->has_taken = false;
	if (link->owes_mapped && put(link, &link->mapped) == 0)
		link->owes_mapped = false;
}

void
link_settle(struct link *link, int n_records)
{
	link->quiet_frames = n_records > 0 ? 0 : link->quiet_frames + 1;
	const bool wants = link->quiet_frames >= QUIET_FRAMES;
	if (wants != link->wants_bell) {
		link->wants_bell = wants;
		ring_set_wake(&link->up, wants);
	}
}
