/*
 * The tds-guest of a Xen domain, the real program, sealed as in use. Memory
 * stands in for /dev/xen/gntdev, which it only mmaps: grant n is page n of it.
 * A socket stands in for /dev/xen/evtchn. The test is the guest's kernel, the
 * broker and the core. NOTIFY fails on a socket, so nobody waits for one.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv-glue/broker.h"
#include "protocol/control.h"
#include "protocol/ring.h"
#include "tds/base/channel.h"
#include "tests/abuse/check.h"
#include "tests/abuse/fake_child.h"

enum {
	PAGE = 4096,
	PIXELS = 64,
	MEMORY_PAGES = 128,
	REQUESTS = 1, /* grants, and so pages, of the rings */
	EVENTS = 2,
	KEYBOARD = 3,
	DIRECTORY = 4,
	REQUEST_PORT = 10,
	EVENT_PORT = 11,
	KEYBOARD_PORT = 12,
	WIDTH = 320,
	HEIGHT = 200,
	PAGES = (WIDTH * HEIGHT * 4 + PAGE - 1) / PAGE,
};

static const char *program;

struct bench {
	struct child child;
	int ask, news, events; /* owned: our ends */
	int memory, ring_fd, bell_up, bell_down; /* owned */
	uint8_t *pages;				 /* of the guest */
	void *rings;
	struct ring up, down;
	uint32_t requests, responses; /* the guest's indices */
	uint16_t next_event;
	uint32_t pixel_maps, page_maps; /* that the broker has given */
	bool is_core_silent, is_broker_mean;
	uint32_t commits;
	struct commit shown;
};

/* -------------------------------------------------------------------- core */

static void
core_says(struct bench *b, const struct down *d)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const uint64_t one = 1;

	assert_int_equal(encode_down(d, record), 0);
	assert_int_equal(ring_put(&b->down, record), 0);
	(void)!ring_publish(&b->down);
	assert_int_equal(write(b->bell_down, &one, 8), 8);
}

static void
core_hears(struct bench *b, const uint8_t record[TDS_RING_RECORD_BYTES])
{
	struct wire_commit wire;
	struct grant g;

	if (record[0] == UP_COMMIT) {
		assert_int_equal(decode_commit(record, 32, &wire), 0);
		assert_int_equal(
		    check_commit(&wire, TDS_MAX_POOL_BYTES, 1, &b->shown), 0);
		b->commits++;
		core_says(b,
		    &(struct down){.op = DOWN_TICK, .seq = b->shown.seq});
		return;
	}
	if (record[0] != UP_MAP && record[0] != UP_UNMAP)
		return;
	assert_int_equal(decode_grant(record, 32, &g), 0);
	assert_int_equal(check_grant(&g), 0);
	core_says(b,
	    &(struct down){.op = DOWN_MAPPED,
		.page = g.page,
		.pages = g.pages,
		.is_mapped = g.op == UP_MAP});
}

static void
core_turn(struct bench *b)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	uint64_t count;

	(void)!read(b->bell_up, &count, 8);
	if (b->is_core_silent)
		return;
	const int n = ring_waiting(&b->up);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		ring_get(&b->up, record);
		core_hears(b, record);
	}
	ring_release(&b->up);
}

/* ------------------------------------------------------------------ broker */

static void
broker_turn(struct bench *b)
{
	static uint8_t bytes[BROKER_ASK_BYTES + 1];
	static struct broker_ask ask;
	struct broker_answer answer = {0};
	const ssize_t n = recv(b->ask, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n <= 0)
		return;
	assert_int_equal(decode_ask(bytes, (uint32_t)n, &ask), 0);
	uint32_t *maps =
	    ask.where == BROKER_PIXELS ? &b->pixel_maps : &b->page_maps;
	if (ask.op == BROKER_UNMAP) {
		assert_true(*maps > 0);
		--*maps;
	} else if (b->is_broker_mean) {
		answer.error = EDQUOT;
	} else {
		/* pixels of every buffer lie at the same place here */
		answer.page = ask.where == BROKER_PIXELS ? 1024 * *maps
			      : ask.where == BROKER_LOOK ? PIXELS
							 : ask.grefs[0] %
				    MEMORY_PAGES;
		++*maps;
	}
	encode_answer(&answer, bytes);
	assert_int_equal(
	    send(b->ask, bytes, BROKER_ANSWER_BYTES, 0), BROKER_ANSWER_BYTES);
}

/* One turn of everybody but tds-guest; false when the deadline is over. */
static bool
turn(struct bench *b, int64_t deadline)
{
	struct pollfd p[] = {{.fd = b->ask, .events = POLLIN},
	    {.fd = b->bell_up, .events = POLLIN},
	    {.fd = b->events, .events = POLLIN},
	    {.fd = b->child.pid_fd, .events = POLLIN}};
	uint32_t unmasked[16];
	const int64_t left = deadline - now_ms();

	/* what is only in memory has no descriptor: at most 1 ms late */
	if (left <= 0 || poll(p, 4, 1) < 0)
		return false;
	broker_turn(b);
	core_turn(b);
	while (recv(b->events, unmasked, sizeof(unmasked), MSG_DONTWAIT) > 0)
		continue;
	child_drain_log(&b->child);
	if (p[3].revents)
		child_reap(&b->child);
	return !b->child.has_ended;
}

static int64_t
soon(void)
{
	return now_ms() + CHILD_DEADLINE_MS;
}

/* ------------------------------------------------------------------- guest */

static void
fire(struct bench *b, uint32_t port)
{
	assert_int_equal(send(b->events, &port, sizeof(port), 0), 4);
}

static uint8_t *
page_at(struct bench *b, uint32_t gref)
{
	return b->pages + (size_t)gref * PAGE;
}

static void
put_request(struct bench *b, uint8_t op, const uint32_t *words, uint32_t n)
{
	uint8_t *ring = page_at(b, REQUESTS);
	uint8_t *entry = ring + 64 + b->requests % 32 * 64;

	memset(entry, 0, 64);
	put_u16(entry, (uint16_t)b->requests);
	entry[2] = op;
	for (uint32_t i = 0; i < n; i++)
		put_u32(entry + 8 + 4 * i, words[i]);
	__atomic_store_n((uint32_t *)(void *)ring, ++b->requests,
	    __ATOMIC_RELEASE);
	fire(b, REQUEST_PORT);
}

/* The status of the request that was put last. */
static int
response(struct bench *b)
{
	uint8_t *ring = page_at(b, REQUESTS);
	const int64_t deadline = soon();

	while (__atomic_load_n((uint32_t *)(void *)(ring + 8),
		   __ATOMIC_ACQUIRE) != b->requests)
		if (!turn(b, deadline))
			fail_msg("no response; log:\n%s", b->child.log);
	const uint8_t *entry = ring + 64 + (b->requests - 1) % 32 * 64;
	assert_int_equal(get_u16(entry), (b->requests - 1) & 0xffff);
	return (int)get_u32(entry + 4);
}

#define REQUEST(b, op, ...)                                                    \
	(put_request(b, op, (const uint32_t[]){__VA_ARGS__},                   \
	     sizeof((const uint32_t[]){__VA_ARGS__}) / 4),                     \
	    response(b))

/* The event of one flip, with the number that Linux expects. */
static void
expect_flip(struct bench *b)
{
	uint8_t *page = page_at(b, EVENTS);
	const int64_t deadline = soon();
	uint32_t *prod = (uint32_t *)(void *)(page + 4);

	while (__atomic_load_n(prod, __ATOMIC_ACQUIRE) == get_u32(page))
		assert_true(turn(b, deadline));
	const uint32_t cons = get_u32(page);
	assert_int_equal(get_u16(page + 64 + cons % 63 * 64), b->next_event++);
	put_u32(page, cons + 1);
}

static int
create(struct bench *b, uint32_t cookie)
{
	return REQUEST(b, 0x10, cookie, 0, WIDTH, HEIGHT, 32,
	    WIDTH * HEIGHT * 4, 0, DIRECTORY, 0);
}

static void
show(struct bench *b)
{
	assert_int_equal(create(b, 1), 0);
	assert_int_equal(
	    REQUEST(b, 0x12, 1, 0, 2, 0, WIDTH, HEIGHT, 0x34325258), 0);
	assert_int_equal(REQUEST(b, 0x14, 2, 0, 0, 0, WIDTH, HEIGHT, 32), 0);
}

static void
flip(struct bench *b)
{
	assert_int_equal(REQUEST(b, 0x15, 2, 0), 0);
	expect_flip(b);
}

static void
hide(struct bench *b)
{
	assert_int_equal(REQUEST(b, 0x13, 2, 0), 0);
	assert_int_equal(REQUEST(b, 0x11, 1, 0), 0);
}

/* -------------------------------------------------------------------- life */

static void
make_ring(struct bench *b)
{
	b->ring_fd = sealed_memfd("ring", RING_BYTES);
	b->bell_up = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	b->bell_down = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	b->rings = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	    b->ring_fd, 0);
	assert_true(b->rings != MAP_FAILED);
	ring_init(&b->up, b->rings, RING_UP);
	ring_init(&b->down, b->rings, RING_DOWN);
	ring_set_wake(&b->up, true);
}

static void
drop_ring(struct bench *b)
{
	munmap(b->rings, RING_BYTES);
	close(b->ring_fd);
	close(b->bell_up);
	close(b->bell_down);
}

static void
tell(struct bench *b, const struct broker_news *news)
{
	uint8_t bytes[BROKER_NEWS_BYTES];

	encode_news(news, bytes);
	assert_int_equal(
	    channel_send(b->news, bytes, sizeof(bytes), NULL, 0), 0);
}

static void
start(struct bench *b)
{
	static const struct guest_xen record = {.scanouts = 1,
	    .width = WIDTH,
	    .height = HEIGHT,
	    .pool_bytes = TDS_MAX_POOL_BYTES,
	    .name = "work"};
	uint8_t bytes[256];
	int ask[2], news[2], events[2];

	child_start(&b->child, program, "tds-guest@work");
	assert_int_equal(channel_pair(ask), 0);
	assert_int_equal(channel_pair(news), 0);
	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			     events),
	    0);
	make_ring(b);
	const int fds[] = {b->ring_fd, b->bell_up, b->bell_down, b->memory,
	    events[1], news[1], ask[1]};
	const int len = encode_guest_xen(&record, bytes, sizeof(bytes));
	assert_int_equal(
	    channel_send(b->child.control, bytes, (uint32_t)len, fds, 7), 0);
	close(ask[1]);
	close(news[1]);
	close(events[1]);
	b->ask = ask[0];
	b->news = news[0];
	b->events = events[0];
}

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->memory = sealed_memfd("grants", MEMORY_PAGES * PAGE);
	b->pages = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
	    MAP_SHARED, b->memory, 0);
	assert_true(b->pages != MAP_FAILED);
	for (uint32_t i = 1; i <= PAGES; i++)
		put_u32(page_at(b, DIRECTORY) + 4 * i, 100 + i);
	start(b);
	tell(b,
	    &(struct broker_news){.device = BROKER_CONNECTOR,
		.page = REQUESTS,
		.port = REQUEST_PORT,
		.event_page = EVENTS,
		.event_port = EVENT_PORT,
		.version = 2});
	tell(b,
	    &(struct broker_news){.device = BROKER_KEYBOARD,
		.page = KEYBOARD,
		.port = KEYBOARD_PORT,
		.is_absolute = 1,
		.width = WIDTH,
		.height = HEIGHT});
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	child_drain_log(&b->child);
	child_check(&b->child);
	child_stop(&b->child);
	drop_ring(b);
	close(b->ask);
	close(b->news);
	close(b->events);
	close(b->memory);
	munmap(b->pages, MEMORY_PAGES * PAGE);
	free(b);
	return 0;
}

static void
expect_end(struct bench *b, const char *text)
{
	const int64_t deadline = soon();

	while (turn(b, deadline))
		continue;
	assert_true(b->child.has_ended);
	assert_true(WIFEXITED(b->child.end_status));
	assert_int_equal(child_count_log(&b->child, 0, text, ""), 1);
}

/* -------------------------------------------------------------------- tests */

static void
a_guest_draws_and_a_thousand_rounds_leak_nothing(void **state)
{
	struct bench *b = *state;
	uint64_t rss = 0, size = 0;
	uint32_t fds = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		show(b);
		flip(b);
		assert_int_equal(b->shown.width_px, WIDTH);
		hide(b);
		assert_int_equal(b->pixel_maps, 0);
		assert_int_equal(b->page_maps, 0);
		if (i == 50) {
			rss = proc_rss_kb(b->child.pid);
			size = proc_size_kb(b->child.pid);
			fds = proc_count_fds(b->child.pid);
		}
	}
	assert_int_equal(proc_count_fds(b->child.pid), fds);
	assert_in_range(proc_rss_kb(b->child.pid), 0, rss + 64);
	assert_in_range(proc_size_kb(b->child.pid), 0, size + 64);
}

static void
keys_reach_the_guest_in_order(void **state)
{
	struct bench *b = *state;
	const uint8_t *page = page_at(b, KEYBOARD);
	const int64_t deadline = soon();

	show(b); /* so that it is attached */
	for (uint16_t code = 30; code < 40; code++)
		for (int32_t value = 1; value >= 0; value--) {
			core_says(b,
			    &(struct down){.op = DOWN_INPUT,
				.type = 1,
				.code = code,
				.value = value});
			core_says(b, &(struct down){.op = DOWN_INPUT});
		}
	while (__atomic_load_n((const uint32_t *)(const void *)(page + 4),
		   __ATOMIC_ACQUIRE) != 20)
		assert_true(turn(b, deadline));
	for (uint32_t i = 0; i < 20; i++) {
		const uint8_t *e = page + 1024 + 40 * i;
		assert_int_equal(e[0], 3);
		assert_int_equal(e[1], i % 2 == 0);
		assert_int_equal(get_u32(e + 4), 30 + i / 2);
	}
}

static void
a_new_core_shows_what_was_shown_and_nothing_leaks(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	show(b);
	for (uint32_t i = 0; i < 100; i++) {
		const uint32_t before = b->commits;
		const int64_t deadline = soon();

		drop_ring(b);
		make_ring(b);
		const int fds[] = {b->ring_fd, b->bell_up, b->bell_down};
		const int len = encode_empty(GUEST_CORE, bytes, sizeof(bytes));
		assert_int_equal(channel_send(b->child.control, bytes,
				     (uint32_t)len, fds, 3),
		    0);
		while (b->commits == before || b->shown.width_px != WIDTH)
			assert_true(turn(b, deadline));
		assert_int_equal(b->pixel_maps, 1);
	}
	flip(b);
	hide(b);
	assert_int_equal(b->pixel_maps, 0);
}

static void
a_broker_that_refuses_is_the_guests_error(void **state)
{
	struct bench *b = *state;

	b->is_broker_mean = true;
	assert_int_equal(create(b, 1), -EDQUOT);
	b->is_broker_mean = false;
	show(b);
	flip(b);
}

static void
a_flood_of_requests_is_answered_one_by_one(void **state)
{
	struct bench *b = *state;

	for (uint32_t i = 0; i < 30; i++)
		put_request(b, 0x15, (const uint32_t[]){77, 0}, 2);
	assert_int_equal(response(b), -EINVAL);
	for (uint32_t i = 0; i < 1000; i++) {
		fire(b, 0xffffffffu - i); /* ports that nobody bound */
		if (i % 16 == 0)
			assert_true(turn(b, soon()));
	}
	show(b);
}

static void
a_core_that_does_not_answer_keeps_the_keys_coming(void **state)
{
	struct bench *b = *state;
	const uint8_t *page = page_at(b, KEYBOARD);
	const int64_t deadline = soon();

	b->is_core_silent = true;
	put_request(b, 0x10,
	    (const uint32_t[]){1, 0, WIDTH, HEIGHT, 32, WIDTH * HEIGHT * 4, 0,
		DIRECTORY, 0},
	    9);
	while (b->pixel_maps == 0)
		assert_true(turn(b, deadline));
	core_says(b,
	    &(struct down){.op = DOWN_INPUT, .type = 1, .code = 30, .value = 1});
	core_says(b, &(struct down){.op = DOWN_INPUT});
	while (get_u32(page + 4) != 1)
		assert_true(turn(b, deadline));
	b->is_core_silent = false;
	assert_int_equal(response(b), 0);
}

static void
a_malformed_ring_ends_the_process_with_one_line(void **state)
{
	struct bench *b = *state;

	show(b);
	put_u32(page_at(b, REQUESTS), b->requests + 33);
	fire(b, REQUEST_PORT);
	expect_end(b, "its ring is malformed");
}

static void
a_broker_that_is_gone_ends_the_process(void **state)
{
	struct bench *b = *state;

	show(b);
	shutdown(b->news, SHUT_RDWR);
	const int64_t deadline = soon();
	while (turn(b, deadline))
		continue;
	assert_true(b->child.has_ended);
	assert_true(WIFEXITED(b->child.end_status));
}

static void
news_of_nonsense_end_the_process(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[BROKER_NEWS_BYTES];

	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(
	    channel_send(b->news, bytes, sizeof(bytes), NULL, 0), 0);
	expect_end(b, "its front end cannot be served");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(a_guest_draws_and_a_thousand_rounds_leak_nothing),
	    T(keys_reach_the_guest_in_order),
	    T(a_new_core_shows_what_was_shown_and_nothing_leaks),
	    T(a_broker_that_refuses_is_the_guests_error),
	    T(a_flood_of_requests_is_answered_one_by_one),
	    T(a_core_that_does_not_answer_keeps_the_keys_coming),
	    T(a_malformed_ring_ends_the_process_with_one_line),
	    T(a_broker_that_is_gone_ends_the_process),
	    T(news_of_nonsense_end_the_process),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
