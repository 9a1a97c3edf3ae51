#include "hv-glue/up_records.h"
#include "tests/abuse/fake_seat.h"

#include "tds/base/channel.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/abuse/check.h"

const char *seat_program;

static void
send_or_fail(struct seat *seat, const uint8_t *bytes, int len, const int *fds,
    uint32_t n_fds)
{
	assert_true(len > 0);
	const int err = seat_send(seat, bytes, len, fds, n_fds);
	if (err < 0)
		fail_msg("the core takes no record: %s; log:\n%s",
		    strerror(-err), seat->child.log);
}

int
seat_send(struct seat *seat, const void *bytes, int len, const int *fds,
    uint32_t n_fds)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	for (;;) {
		const int err = channel_send(
		    seat->child.control, bytes, (uint32_t)len, fds, n_fds);
		struct pollfd p = {
		    .fd = seat->child.control, .events = POLLOUT};

		if (err != -EAGAIN)
			return err;
		if (poll(&p, 1, (int)(deadline - now_ms())) <= 0)
			return err;
	}
}

static void
add_output(struct seat *seat, uint32_t index, uint32_t type)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct core_output output = {.index = index,
	    .type = type,
	    .x = -1,
	    .y = -1,
	    .width = SEAT_WIDTH,
	    .height = SEAT_HEIGHT,
	    .scale = 1,
	    .refresh_mhz = 500000}; /* the fastest: shorter tests */

	snprintf((char *)output.name, sizeof(output.name), "%s",
	    type == OUTPUT_SEALED ? "wall" : "fake-1");
	send_or_fail(seat, bytes,
	    encode_core_output(&output, bytes, sizeof(bytes)), NULL, 0);
}

static void
configure(struct seat *seat, uint32_t outputs)
{
	const bool has_both = outputs == 3;

	uint8_t bytes[CONTROL_MAX_BYTES];
	const struct core_setup setup = {.flags = CORE_TRY_OUT,
	    .modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = 0,
	    .phrase = "a phrase"};

	send_or_fail(seat, bytes,
	    encode_core_setup(&setup, bytes, sizeof(bytes)), NULL, 0);
	if (outputs & 1)
		add_output(seat, 0, OUTPUT_HEADLESS);
	if (outputs & 2)
		add_output(seat, has_both, OUTPUT_SEALED);
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++) {
		struct core_domain d = {.index = i,
		    .level = LEVEL_SECRET,
		    .colour = 0xc8102e,
		    .scanouts = 1,
		    .outputs = has_both && i == SEAT_ON_WALL ? 2 : 1,
		    .width = SEAT_CONTENT_WIDTH,
		    .height = SEAT_CONTENT_HEIGHT,
		    .x = 20 + (int32_t)(i % 2) * 380,
		    .y = 50 + (int32_t)(i / 2) * 270,
		    .label = "SECRET"};
		snprintf((char *)d.name, sizeof(d.name), "domain-%u", i);
		send_or_fail(seat, bytes,
		    encode_core_domain(&d, bytes, sizeof(bytes)), NULL, 0);
	}
	send_or_fail(seat, bytes,
	    encode_empty(CORE_START, bytes, sizeof(bytes)), NULL, 0);
}

void
seat_start(struct seat *seat)
{
	seat_start_sealed(seat, 1);
}

void
seat_start_sealed(struct seat *seat, uint32_t outputs)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	*seat = (struct seat){.watched_fd = -1};
	child_start(&seat->child, seat_program, "tds-compositor");
	seat->pixels = calloc(SEAT_WIDTH * SEAT_HEIGHT, 4);
	assert_non_null(seat->pixels);
	configure(seat, outputs);
	while (!seat->is_ready)
		seat_turn(seat, deadline);
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++)
		seat_link(seat, i);
}

void
seat_stop(struct seat *seat)
{
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++)
		seat_forget(seat, i);
	child_stop(&seat->child);
	free(seat->pixels);
	*seat = (struct seat){0};
}

void
seat_forget(struct seat *seat, uint32_t domain)
{
	struct seat_guest *g = &seat->guests[domain];

	if (!g->is_linked)
		return;
	munmap(g->ring_base, RING_BYTES);
	if (g->pool != MAP_FAILED)
		munmap(g->pool, SEAT_POOL);
	close(g->ring_fd);
	close(g->pool_fd);
	close(g->bell_up);
	close(g->bell_down);
	g->is_linked = false;
}

static void *
map(int fd, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

/* The pool is ours to close; it may be one that cannot be mapped here. */
static void
link_pool(struct seat *seat, const struct core_link *link, int pool_fd)
{
	struct seat_guest *g = &seat->guests[link->domain];
	uint8_t bytes[64];

	seat_forget(seat, link->domain);
	*g = (struct seat_guest){.is_linked = true,
	    .ring_fd = sealed_memfd("ring", RING_BYTES),
	    .pool_fd = pool_fd,
	    .bell_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	    .bell_down = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	g->ring_base = map(g->ring_fd, RING_BYTES);
	g->pool = mmap(NULL, SEAT_POOL, PROT_READ | PROT_WRITE, MAP_SHARED,
	    g->pool_fd, 0);
	ring_init(&g->up, g->ring_base, RING_UP);
	ring_init(&g->down, g->ring_base, RING_DOWN);
	ring_set_wake(&g->down, true);
	const int fds[] = {g->ring_fd, g->pool_fd, g->bell_up, g->bell_down};
	send_or_fail(
	    seat, bytes, encode_core_link(link, bytes, sizeof(bytes)), fds, 4);
}

void
seat_link(struct seat *seat, uint32_t domain)
{
	const struct core_link link = {
	    .domain = domain, .pid = 1, .pool_bytes = SEAT_POOL};

	link_pool(seat, &link, sealed_memfd("pool", SEAT_POOL));
}

void
seat_link_granted(struct seat *seat, uint32_t domain, int fd)
{
	const struct core_link link = {.domain = domain,
	    .pid = 1,
	    .is_granted = 1,
	    .pool_bytes = TDS_MAX_POOL_BYTES};

	link_pool(seat, &link,
	    fd >= 0 ? fd : sealed_memfd("grants", TDS_MAX_POOL_BYTES));
}

void
seat_down(struct seat *seat, uint32_t domain)
{
	uint8_t bytes[16];
	const struct core_down down = {domain, REASON_EXITED};

	send_or_fail(seat, bytes, encode_core_down(&down, bytes, sizeof(bytes)),
	    NULL, 0);
}

/* ------------------------------------------------------------------------ */

static bool
can_listen(const struct seat_guest *g)
{
	return g->is_linked && !g->is_blind;
}

static void
take_down(struct seat_guest *g)
{
	uint64_t count;

	if (!can_listen(g))
		return;
	if (read(g->bell_down, &count, sizeof(count)) < 0)
		assert_int_equal(errno, EAGAIN);
	const int n = ring_waiting(&g->down);
	if (n < 0)
		fail_msg("the head of a down ring is nonsense");
	for (int i = 0; i < n; i++) {
		uint8_t bytes[TDS_RING_RECORD_BYTES];
		struct down d;

		ring_get(&g->down, bytes);
		assert_int_equal(decode_down(bytes, sizeof(bytes), &d), 0);
		assert_int_equal(check_down(&d), 0);
		if (d.op == DOWN_TICK) {
			g->ticked = d.seq;
			g->n_ticks++;
		} else if (d.op == DOWN_LOST) {
			g->is_lost = true;
		} else if (d.op == DOWN_MAPPED) {
			g->mapped = d;
			g->n_mapped++;
		} else if (d.op == DOWN_INPUT) {
			g->n_inputs++;
			if (d.type != EV_SYN)
				g->input = d;
		}
	}
	if (n > 0)
		ring_release(&g->down);
}

static void
take_record(struct seat *seat)
{
	static uint8_t bytes[CONTROL_MAX_BYTES];
	struct received r = {0};
	struct rd rd;
	uint32_t op, cookie;

	while (channel_receive(seat->child.control, bytes, sizeof(bytes), &r) ==
	       0) {
		assert_int_equal(
		    control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
		if (op == CORE_READY) {
			seat->is_ready = true;
		} else if (op == CORE_DROPPED) {
			assert_int_equal(
			    decode_core_dropped(&rd, &seat->dropped), 0);
			seat->n_dropped++;
		} else if (op == CORE_REPLY) {
			assert_int_equal(
			    decode_core_reply(&rd, &cookie, &seat->status), 0);
			assert_int_equal(cookie, seat->cookie);
			seat->cookie++;
		} else {
			fail_msg("%s from the core", control_name(op));
		}
		received_finish(&r);
	}
}

static void
timed_out(const struct seat *seat)
{
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++) {
		const struct seat_guest *g = &seat->guests[i];

		print_message("# domain %u: linked %d, commit %u, tick %u, "
			      "input %u, up ring: %u free, wake %u\n",
		    i, g->is_linked, g->seq, g->ticked, g->n_inputs,
		    g->is_linked ? ring_room(&g->up) : 0,
		    g->is_linked
			? *(uint32_t *)(void *)((uint8_t *)g->ring_base + 256)
			: 0);
	}
	fail_msg("the core: timed out; log:\n%s", seat->child.log);
}

void
seat_turn(struct seat *seat, int64_t deadline)
{
	struct pollfd p[4 + SEAT_DOMAINS] = {
	    {.fd = seat->child.control, .events = POLLIN},
	    {.fd = seat->child.log_fd, .events = POLLIN},
	    {.fd = seat->child.pid_fd, .events = POLLIN},
	};
	const int64_t left = deadline - now_ms();

	p[3 + SEAT_DOMAINS] =
	    (struct pollfd){.fd = seat->watched_fd, .events = POLLIN};
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++)
		p[3 + i] = (struct pollfd){.fd = seat->guests[i].is_linked
						     ? seat->guests[i].bell_down
						     : -1,
		    .events = POLLIN};
	if (left < 0 || poll(p, 4 + SEAT_DOMAINS, (int)left) == 0)
		timed_out(seat);
	if (p[1].revents != 0)
		child_drain_log(&seat->child);
	take_record(seat);
	for (uint32_t i = 0; i < SEAT_DOMAINS; i++)
		take_down(&seat->guests[i]);
	if (p[2].revents == 0)
		return;
	child_reap(&seat->child);
	child_check(&seat->child);
	fail_msg("the core ended; log:\n%s", seat->child.log);
}

static void
wait_reply(struct seat *seat)
{
	const uint32_t cookie = seat->cookie;
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	while (seat->cookie == cookie)
		seat_turn(seat, deadline);
}

void
seat_ask_status(struct seat *seat)
{
	uint8_t bytes[16];

	send_or_fail(seat, bytes,
	    encode_u32(CORE_STATUS, seat->cookie, bytes, sizeof(bytes)), NULL,
	    0);
	wait_reply(seat);
}

void
seat_snapshot(struct seat *seat)
{
	seat_snapshot_of(seat, 0);
}

void
seat_snapshot_of(struct seat *seat, uint32_t output)
{
	uint8_t bytes[16];
	const size_t size = SEAT_WIDTH * SEAT_HEIGHT * 4;
	const int fd = sealed_memfd("snapshot", size);
	const struct core_snapshot ask = {seat->cookie, output};

	send_or_fail(seat, bytes,
	    encode_core_snapshot(&ask, bytes, sizeof(bytes)), &fd, 1);
	wait_reply(seat);
	assert_int_equal(pread(fd, seat->pixels, size, 0), size);
	close(fd);
}

void
seat_focus(struct seat *seat, uint32_t domain)
{
	uint8_t bytes[16];
	const struct core_focus focus = {seat->cookie, domain};

	send_or_fail(seat, bytes,
	    encode_core_focus(&focus, bytes, sizeof(bytes)), NULL, 0);
	wait_reply(seat);
}

void
seat_key(struct seat *seat, uint16_t code, int32_t value)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	const struct core_input input = {
	    .n = 2, .events = {{EV_KEY, code, value}, {EV_SYN, SYN_REPORT, 0}}};

	send_or_fail(seat, bytes,
	    encode_core_input(CORE_INPUT, &input, bytes, sizeof(bytes)), NULL,
	    0);
}

/* ------------------------------------------------------------------------ */

void
seat_put(struct seat *seat, uint32_t domain,
    const uint8_t record[TDS_RING_RECORD_BYTES])
{
	struct seat_guest *g = &seat->guests[domain];
	const uint64_t one = 1;

	assert_int_equal(ring_put(&g->up, record), 0);
	if (ring_publish(&g->up))
		assert_int_equal(write(g->bell_up, &one, sizeof(one)), 8);
}

const struct down *
seat_map(struct seat *seat, uint32_t domain, uint32_t page, uint32_t pages)
{
	struct seat_guest *g = &seat->guests[domain];
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;
	const uint32_t n = g->n_mapped;
	const struct grant grant = {
	    .op = pages > 0 ? UP_MAP : UP_UNMAP, .page = page, .pages = pages};
	uint8_t record[TDS_RING_RECORD_BYTES];

	assert_int_equal(encode_grant(&grant, record), 0);
	seat_put(seat, domain, record);
	while (g->n_mapped == n)
		seat_turn(seat, deadline);
	assert_int_equal(g->n_mapped, n + 1);
	assert_int_equal(g->mapped.page, page);
	return &g->mapped;
}

void
seat_show(struct seat *seat, uint32_t domain, uint32_t colour)
{
	seat_show_at(seat, domain, colour, 0);
}

void
seat_show_at(
    struct seat *seat, uint32_t domain, uint32_t colour, uint32_t page)
{
	struct seat_guest *g = &seat->guests[domain];
	uint8_t record[TDS_RING_RECORD_BYTES];
	uint32_t *pixels =
	    (uint32_t *)(void *)(g->pool + (size_t)page * TDS_PAGE_BYTES);
	const struct commit c = {.seq = ++g->seq,
	    .offset_bytes = (uint64_t)page * TDS_PAGE_BYTES,
	    .stride_bytes = SEAT_CONTENT_WIDTH * 4,
	    .width_px = SEAT_CONTENT_WIDTH,
	    .height_px = SEAT_CONTENT_HEIGHT,
	    .w = SEAT_CONTENT_WIDTH,
	    .h = SEAT_CONTENT_HEIGHT};

	for (uint32_t i = 0; i < SEAT_CONTENT_WIDTH * SEAT_CONTENT_HEIGHT; i++)
		pixels[i] = colour;
	assert_int_equal(encode_vm(true, record), 0);
	seat_put(seat, domain, record);
	assert_int_equal(encode_commit(&c, record), 0);
	seat_put(seat, domain, record);
}

void
seat_wait_tick(struct seat *seat, uint32_t domain)
{
	const struct seat_guest *g = &seat->guests[domain];
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	while (g->ticked != g->seq)
		seat_turn(seat, deadline);
}

void
seat_wait_dropped(struct seat *seat, uint32_t domain)
{
	const uint32_t n = seat->n_dropped;
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	while (seat->n_dropped == n)
		seat_turn(seat, deadline);
	assert_int_equal(seat->dropped.domain, domain);
}

bool
seat_shows(const struct seat *seat, uint32_t domain, uint32_t colour)
{
	const struct status_window *w = NULL;

	for (uint32_t i = 0; i < seat->status.n_windows; i++)
		if (seat->status.windows[i].domain == domain)
			w = &seat->status.windows[i];
	if (!w || !w->has_picture)
		return false;
	/* the pointer may lie on it: all but a few */
	uint32_t other = 0;
	for (int32_t y = w->content.y0; y < w->content.y1; y++)
		for (int32_t x = w->content.x0; x < w->content.x1; x++)
			other += ((seat->pixels[y * SEAT_WIDTH + x] ^ colour) &
				     0xffffff) != 0;
	return other < 32 * 32;
}
