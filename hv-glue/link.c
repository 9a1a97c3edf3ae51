#include "hv-glue/link.h"

#include "tds/base/own.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

void
link_init(struct link *link)
{
	link->bell_up = -1;
	link->bell_down = -1;
}

void
link_detach(struct link *link)
{
	if (!link->map)
		return;
	loop_remove(link->loop, link->bell_down);
	close(link->bell_up);
	close(link->bell_down);
	munmap(link->map, RING_BYTES);
	link->map = NULL;
	link_init(link);
}

/* One record; anything but a known one is a core that went wrong. */
static int
handle(struct link *link)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];
	struct down record;

	ring_get(&link->down, bytes);
	int err = decode_down(bytes, sizeof(bytes), &record);
	if (err == 0)
		err = check_down(&record);
	if (err < 0)
		return err;
	if (record.op == DOWN_TICK && link->pool) {
		pool_tick(link->pool, record.seq);
		return 0;
	}
	if (record.op == DOWN_MAPPED) {
		const int told = outbox_mapped(link->outbox, &record);
		if (told <= 0)
			return told;
	}
	link->on_down(link->data, &record);
	return 0;
}

/* What is put after ring_waiting() rings the bell again. */
static void
on_bell(void *data, uint32_t events)
{
	struct link *link = data;
	uint64_t count;

	(void)events;
	if (read(link->bell_down, &count, sizeof(count)) < 0)
		return;
	const int n = ring_waiting(&link->down);
	int err = n < 0 ? n : 0;
	for (int i = 0; i < n && err == 0; i++)
		err = handle(link);
	if (err < 0) {
		log_peer(&link->budget, "core",
		    "malformed record (%d); the link is closed", err);
		link_detach(link);
		return;
	}
	ring_release(&link->down);
	link_flush(link);
}

int
link_attach(struct link *link, int ring_fd, int bell_up, int bell_down)
{
	int AUTO_FD ring = ring_fd;
	int AUTO_FD up = bell_up;
	int AUTO_FD down = bell_down;

	link_detach(link);
	void *map =
	    mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	if (map == MAP_FAILED)
		return -errno;
	const int err = loop_add(link->loop, down, EPOLLIN, on_bell, link);
	if (err < 0) {
		munmap(map, RING_BYTES);
		return err;
	}
	link->map = map;
	link->bell_up = TAKE_FD(up);
	link->bell_down = TAKE_FD(down);
	ring_init(&link->up, map, RING_UP);
	ring_init(&link->down, map, RING_DOWN);
	ring_set_wake(&link->down, true);

	if (link->pool)
		pool_renew(link->pool);
	outbox_renew(link->outbox);
	link_flush(link);
	return 0;
}

void
link_flush(struct link *link)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	bool is_new = false;
	int more = 1;

	if (!link->map)
		return;
	while (ring_room(&link->up) > 0) {
		more = outbox_next(link->outbox, record);
		if (more <= 0 || ring_put(&link->up, record) < 0)
			break;
		is_new = true;
	}
	if (more < 0)
		log_bug("a record cannot be encoded (%d)", more);
	if (more == 0 && link->pool)
		pool_sent(link->pool, link->outbox->seq);
	if (is_new && ring_publish(&link->up)) {
		const uint64_t one = 1;
		if (write(link->bell_up, &one, sizeof(one)) < 0)
			return; /* its counter is full: it rings already */
	}
}
