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

static int
map_sealed(int fd, uint64_t bytes, int prot, void **out)
{
	struct stat st;
	const int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EBADMSG;
	if (fstat(fd, &st) < 0 || st.st_size < 0 ||
	    (uint64_t)st.st_size < bytes)
		return -EBADMSG;
	void *base = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*out = base;
	return 0;
}

int
link_open(struct link *link, const struct core_link *record, int fds[4])
{
	void *ring_base = NULL;
	void *pool_base = NULL;

	int err = map_sealed(
	    fds[0], RING_BYTES, PROT_READ | PROT_WRITE, &ring_base);
	if (err < 0)
		return err;
	err = map_sealed(fds[1], record->pool_bytes, PROT_READ, &pool_base);
	if (err < 0) {
		munmap(ring_base, RING_BYTES);
		return err;
	}
	*link = (struct link){
	    .is_open = true,
	    .ring_base = ring_base,
	    .pool = {.base = pool_base, .bytes = record->pool_bytes},
	    .bell_up = fds[2],
	    .bell_down = fds[3],
	    .wants_bell = true,
	};
	ring_init(&link->up, ring_base, RING_UP);
	ring_init(&link->down, ring_base, RING_DOWN);
	ring_set_wake(&link->up, true);
	close(fds[0]);
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

static int
decode_event(const struct link *link, const uint8_t *bytes,
    uint32_t scanouts, struct event *event)
{
	struct wire_commit commit;
	struct wire_cursor cursor;
	struct wire_leds leds;
	struct wire_vm vm;
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
		err = decode_leds(bytes, TDS_RING_RECORD_BYTES, &leds);
		return err < 0 ? err : check_leds(&leds, &event->leds);
	case UP_VM:
		event->kind = EVENT_VM;
		err = decode_vm(bytes, TDS_RING_RECORD_BYTES, &vm);
		return err < 0 ? err : check_vm(&vm, &event->is_up);
	default:
		return -EBADMSG;
	}
}

int
link_poll(struct link *link, struct core *core, uint32_t domain,
    uint64_t now_ns)
{
	const uint32_t scanouts = core->domains[domain].config.scanouts;
	const int n = ring_waiting(&link->up);
	struct actions none;

	for (int i = 0; i < n; i++) {
		uint8_t bytes[TDS_RING_RECORD_BYTES];
		struct event event = {.domain = domain};

		ring_get(&link->up, bytes);
		const int err = decode_event(link, bytes, scanouts, &event);
		if (err < 0)
			return err;
		core_step(core, &event, now_ns, &none);
	}
	link->has_taken = link->has_taken || n > 0;
	return n;
}

void
link_release(struct link *link)
{
	if (link->has_taken)
		ring_release(&link->up);
	link->has_taken = false;
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
