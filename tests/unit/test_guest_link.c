/* The rings between tds-guest and the core, and the poke through VNC. */
#include "hv-glue/link.h"
#include "hv-glue/rfb.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { POOL = 8 << 20 };

static struct loop loop;
static struct link to_core;
static struct outbox box;
static struct pool pool;
static struct down got;
static uint32_t n_got;

/* The core's side. */
static void *map;
static struct ring up, down;
static int bell_up, bell_down;

static void
on_down(void *data, const struct down *record)
{
	(void)data;
	got = *record;
	n_got++;
}

static void
attach(void)
{
	const int ring = memfd_create("ring", MFD_CLOEXEC);

	assert_int_equal(ftruncate(ring, RING_BYTES), 0);
	map =
	    mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	ring_init(&up, map, RING_UP);
	ring_init(&down, map, RING_DOWN);
	bell_up = eventfd(0, EFD_NONBLOCK);
	bell_down = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(
	    link_attach(&to_core, ring, dup(bell_up), dup(bell_down)), 0);
}

static void
detach(void)
{
	munmap(map, RING_BYTES);
	close(bell_up);
	close(bell_down);
}

static int
setup(void **state)
{
	(void)state;
	n_got = 0;
	assert_int_equal(loop_init(&loop), 0);
	pool_init(&pool, POOL);
	outbox_init(&box, 1);
	to_core = (struct link){
	    .loop = &loop, .outbox = &box, .pool = &pool, .on_down = on_down};
	link_init(&to_core);
	attach();
	while (ring_waiting(&up) > 0) {
		uint8_t record[TDS_RING_RECORD_BYTES];
		ring_get(&up, record);
	}
	ring_release(&up);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	link_detach(&to_core);
	detach();
	loop_finish(&loop);
	return 0;
}

static const struct commit picture = {
    .stride_bytes = 4 * 1000, .width_px = 1000, .height_px = 1000};

static void
send_down(const struct down *d)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const uint64_t one = 1;

	assert_int_equal(encode_down(d, record), 0);
	assert_int_equal(ring_put(&down, record), 0);
	assert_true(ring_publish(&down)); /* it always wants its bell */
	assert_int_equal(write(bell_down, &one, 8), 8);
	assert_int_equal(loop_turn(&loop, 0), 0);
}

static bool
bell_rang(void)
{
	uint64_t count;

	return read(bell_up, &count, sizeof(count)) == sizeof(count);
}

static void
the_bell_is_rung_only_if_the_core_wants_it(void **state)
{
	(void)state;
	outbox_show(&box, 0, &picture);
	link_flush(&to_core);
	assert_false(bell_rang());
	ring_set_wake(&up, true);
	link_flush(&to_core); /* nothing new */
	assert_false(bell_rang());
	outbox_damage(&box, 0, rect_make(0, 0, 1, 1));
	link_flush(&to_core);
	assert_true(bell_rang());
	assert_int_equal(ring_waiting(&up), 2);
}

static void
a_full_ring_keeps_what_it_cannot_post_for_later(void **state)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	(void)state;
	outbox_show(&box, 0, &picture);
	for (int32_t i = 0; i < 2 * TDS_RING_UP_RECORDS; i++) {
		outbox_damage(&box, 0, rect_make(i % 1000, i % 997, 1, 1));
		link_flush(&to_core);
	}
	assert_int_equal(ring_waiting(&up), TDS_RING_UP_RECORDS);
	for (int i = 0; i < TDS_RING_UP_RECORDS; i++)
		ring_get(&up, record);
	ring_release(&up);
	send_down(&(struct down){.op = DOWN_TICK, .seq = box.seq});
	assert_in_range(ring_waiting(&up), 1, TDS_MAX_DAMAGE);
}

static void
a_tick_gives_a_replaced_block_back(void **state)
{
	uint64_t offset, again;

	(void)state;
	assert_int_equal(pool_alloc(&pool, POOL, &offset), 0);
	outbox_show(&box, 0, &picture);
	link_flush(&to_core);
	send_down(&(struct down){.op = DOWN_TICK, .seq = box.seq});
	pool_free(&pool, offset, true);
	outbox_show(&box, 0, &(struct commit){0});
	assert_int_equal(pool_alloc(&pool, 1, &again), -ENOSPC);
	link_flush(&to_core);
	assert_int_equal(pool_alloc(&pool, 1, &again), -ENOSPC);
	send_down(&(struct down){.op = DOWN_TICK, .seq = box.seq});
	assert_int_equal(pool_alloc(&pool, 1, &again), 0);
}

static void
records_for_the_devices_are_passed_on(void **state)
{
	const struct down configure = {
	    .op = DOWN_CONFIGURE, .width = 800, .height = 600};

	(void)state;
	send_down(&configure);
	assert_int_equal(n_got, 1);
	assert_int_equal(got.width, 800);
	send_down(&(struct down){.op = DOWN_TICK});
	assert_int_equal(n_got, 1);
}

static void
a_core_that_sends_nonsense_is_let_go(void **state)
{
	(void)state;
	send_down(&(struct down){.op = 99});
	assert_int_equal(n_got, 0);
	assert_null(to_core.map);
	outbox_show(&box, 0, &picture);
	link_flush(&to_core); /* waits for the next core */
}

static void
what_is_mapped_is_passed_on_and_what_waited_for_it_goes_out(void **state)
{
	(void)state;
	box.is_granted = true;
	outbox_show(&box, 0, &picture);
	assert_int_equal(outbox_map(&box, 0, 1000), 0);
	link_flush(&to_core);
	assert_int_equal(ring_waiting(&up), 1);
	send_down(
	    &(struct down){.op = DOWN_MAPPED, .pages = 1000, .is_mapped = 1});
	assert_int_equal(n_got, 1);
	assert_int_equal(got.op, DOWN_MAPPED);
	assert_int_equal(ring_waiting(&up), 2);
}

static void
a_core_that_answers_what_nobody_asked_is_let_go(void **state)
{
	(void)state;
	send_down(&(struct down){.op = DOWN_MAPPED, .is_mapped = 1});
	assert_int_equal(n_got, 0);
	assert_null(to_core.map);
}

static void
a_head_that_jumped_is_nonsense(void **state)
{
	const uint64_t one = 1;

	(void)state;
	down.index = TDS_RING_DOWN_RECORDS + 1;
	assert_true(ring_publish(&down));
	assert_int_equal(write(bell_down, &one, 8), 8);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_null(to_core.map);
}

static void
a_new_core_hears_everything(void **state)
{
	(void)state;
	outbox_vm(&box, true);
	outbox_show(&box, 0, &picture);
	link_flush(&to_core);
	detach();
	attach();
	assert_int_equal(ring_waiting(&up), 2);
}

/* ------------------------------------------------------------------------ */

static struct rfb rfb;
static uint8_t sent[4 * RFB_MAX_OUT];
static uint32_t n_sent;

static int
feed(const void *bytes, uint32_t n)
{
	const uint8_t *at = bytes;
	int err = 0;

	while (n > 0 && err == 0) {
		uint32_t used, out;
		err = rfb_take(&rfb, at, n, &used, sent + n_sent, &out);
		n_sent += out;
		at += used;
		n -= used;
	}
	return err;
}

static int
setup_rfb(void **state)
{
	(void)state;
	n_sent = 0;
	rfb_init(&rfb, 0x0506);
	return 0;
}

static const char greeting[] = "RFB 003.008\n\1\1\0\0\0\0\2\200\1\340"
			       "0123456789abcdef\0\0\0\4QEMU";

static void
a_poke_asks_for_its_size(void **state)
{
	static const uint8_t wanted[] = {2, 0, 0, 2, 0, 0, 0, 0, 0xff, 0xff,
	    0xfe, 0xcc, 251, 0, 5, 6, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6,
	    3, 0, 0, 0, 0, 0};

	(void)state;
	assert_int_equal(feed(greeting, sizeof(greeting) - 1), 0);
	assert_int_equal(n_sent, 12 + 1 + 1 + sizeof(wanted));
	assert_memory_equal(sent, "RFB 003.008\n\1\1", 14);
	assert_memory_equal(sent + 14, wanted, sizeof(wanted));
}

static void
a_poke_is_done_when_the_server_answers_it(void **state)
{
	static const uint8_t by_server[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1,
	    0xff, 0xff, 0xfe, 0xcc, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0};
	uint8_t by_us[sizeof(by_server)];

	(void)state;
	feed(greeting, sizeof(greeting) - 1);
	assert_int_equal(feed(by_server, sizeof(by_server)), 0);
	assert_int_equal(feed("\2", 1), 0); /* bell */
	memcpy(by_us, by_server, sizeof(by_us));
	by_us[5] = 1;
	assert_int_equal(feed(by_us, sizeof(by_us)), 1);
}

static void
a_server_that_wants_a_password_is_left(void **state)
{
	(void)state;
	assert_int_equal(feed("RFB 003.008\n\1\2", 14), -EPROTO);
}

static void
a_server_that_talks_without_end_is_left(void **state)
{
	uint8_t bells[1024];
	int err = 0;

	(void)state;
	memset(bells, 2, sizeof(bells));
	feed(greeting, sizeof(greeting) - 1);
	for (uint32_t i = 0; i <= RFB_MAX_BYTES / sizeof(bells) && !err; i++)
		err = feed(bells, sizeof(bells));
	assert_int_equal(err, -EBADMSG);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define RFB(f) cmocka_unit_test_setup(f, setup_rfb)
	const struct CMUnitTest tests[] = {
	    TEST(the_bell_is_rung_only_if_the_core_wants_it),
	    TEST(a_full_ring_keeps_what_it_cannot_post_for_later),
	    TEST(a_tick_gives_a_replaced_block_back),
	    TEST(records_for_the_devices_are_passed_on),
	    TEST(a_core_that_sends_nonsense_is_let_go),
	    TEST(what_is_mapped_is_passed_on_and_what_waited_for_it_goes_out),
	    TEST(a_core_that_answers_what_nobody_asked_is_let_go),
	    TEST(a_head_that_jumped_is_nonsense),
	    TEST(a_new_core_hears_everything),
	    RFB(a_poke_asks_for_its_size),
	    RFB(a_poke_is_done_when_the_server_answers_it),
	    RFB(a_server_that_wants_a_password_is_left),
	    RFB(a_server_that_talks_without_end_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
