/*
 * tdsd follows devices and monitors that come and go faster than it can look.
 * Real: hotplug.c, the table of devices, the loop, and in one test the netlink
 * socket. Made up: /dev/input, the kernel's messages, the clock, and the two
 * processes that are told.
 */
#include "tests/unit/unit.h"

#include "tds/super/super.h"
#include "tds/super/uevent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NODES = 40, FEW = 24, LOST = UEVENT_SCREEN + 1, MAX_TOLD = 64 };

static const uint64_t ms_ns = 1000000u;

int __wrap_uevent_open(void);
int __real_uevent_open(void);
int __wrap_uevent_receive(int fd, struct uevent *out);
int __real_uevent_receive(int fd, struct uevent *out);
int __wrap_device_open(uint32_t event, bool is_writable, uint64_t *node);
int __wrap_devices_scan(uint32_t *events);

static struct super super;
static int kernel = -1; /* the other end of super.uevents */
static bool is_real;	/* the socket is the kernel's own */
static uint64_t now_ns, next_node;
static uint64_t nodes[NODES];	/* of /dev/input/eventN; 0: not there */
static uint32_t held[NODES];	/* number that tds-input has; 0: none */
static uint32_t waiting, scans; /* given as such; looks into /dev/input */
static uint64_t told_ns[MAX_TOLD];
static uint32_t n_told, n_received;

/* --------------------------------------------------------------- the others */

uint64_t
super_now_ns(void)
{
	return now_ns;
}

void
super_arm(struct super *s)
{
	(void)s;
}

void
core_send(struct super *s, int len, const int *fds, uint32_t n_fds)
{
	struct rd rd;
	uint32_t op = 0;

	(void)fds;
	assert_true(len > 0);
	assert_int_equal(
	    control_open(s->record, (uint32_t)len, n_fds, &op, &rd), 0);
	assert_int_equal(op, CORE_HOTPLUG);
	assert_true(s->core_is_ready);
	assert_in_range(n_told, 0, MAX_TOLD - 1);
	told_ns[n_told++] = now_ns;
}

void
input_give(struct super *s, const struct device *device, int fd)
{
	(void)s;
	assert_true(fd >= 0);
	assert_int_equal(held[device->event], 0); /* never two of one node */
	held[device->event] = device->number;
	waiting += device->state == DEVICE_WAITING;
}

void
input_take_away(struct super *s, uint32_t number)
{
	uint32_t n = 0;

	(void)s;
	for (uint32_t i = 0; i < NODES; i++)
		if (held[i] == number) {
			held[i] = 0;
			n++;
		}
	assert_int_equal(n, 1); /* it had it */
}

/* --------------------------------------------------------------- the kernel */

int
__wrap_uevent_open(void)
{
	int pair[2];

	if (is_real)
		return __real_uevent_open();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	kernel = pair[1];
	return pair[0];
}

int
__wrap_uevent_receive(int fd, struct uevent *out)
{
	n_received++;
	if (is_real)
		return __real_uevent_receive(fd, out);
	const ssize_t n = recv(fd, out, sizeof(*out), MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	assert_int_equal(n, sizeof(*out));
	return (int)out->kind == LOST ? -ENOBUFS : 0;
}

int
__wrap_device_open(uint32_t event, bool is_writable, uint64_t *node)
{
	assert_false(is_writable);
	if (event >= NODES || nodes[event] == 0)
		return -ENOENT;
	*node = nodes[event];
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int
__wrap_devices_scan(uint32_t *events)
{
	int n = 0;

	scans++;
	for (uint32_t i = 0; i < NODES; i++)
		if (nodes[i] != 0)
			events[n++] = i;
	return n;
}

/* Room for all that a test says before anybody listens. */
static bool
say(int kind, uint32_t event)
{
	const struct uevent e = {
	    .kind = (enum uevent_kind)kind, .event = event};

	return send(kernel, &e, sizeof(e), MSG_DONTWAIT) == sizeof(e);
}

static void
turn(void)
{
	assert_int_equal(loop_turn(&super.loop, 0), 0);
	/* as tdsd's timer does */
	if (hotplug_ns(&super) != 0 && hotplug_ns(&super) <= now_ns)
		hotplug_tell(&super);
}

static void
listen_until_silence(void)
{
	uint32_t before;

	do {
		before = n_received;
		turn();
		/* the last one, that finds nothing, counts as well */
		assert_in_range(n_received - before, 0, 64);
	} while (n_received != before);
}

static void
assert_input_has_what_is_there(void)
{
	for (uint32_t i = 0; i < NODES; i++) {
		const struct device *d =
		    devices_find(&super.devices, held[i] ? held[i] : TDS_NONE);
		assert_int_equal(held[i] != 0, nodes[i] != 0);
		if (nodes[i] == 0)
			continue;
		assert_non_null(d);
		assert_int_equal(d->event, i);
		assert_int_equal(d->node, nodes[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	memset(&super, 0, sizeof(super));
	memset(nodes, 0, sizeof(nodes));
	memset(held, 0, sizeof(held));
	waiting = scans = n_told = n_received = 0;
	now_ns = 1000 * ms_ns;
	devices_init(&super.devices);
	super.uevents = super.screen = super.tty = -1;
	super.config.has_seat = super.config.is_kms = true;
	super.core_is_ready = true;
	nodes[0] = ++next_node;
	nodes[1] = ++next_node;
	assert_int_equal(loop_init(&super.loop), 0);
	assert_int_equal(hotplug_watch(&super), 0);
	assert_input_has_what_is_there();
	assert_int_equal(waiting, 0); /* there from the start: admitted */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_remove(&super.loop, super.uevents);
	close(super.uevents);
	if (kernel >= 0)
		close(kernel);
	kernel = -1;
	is_real = false;
	loop_finish(&super.loop);
	return 0;
}

/* -------------------------------------------------------------------- tests */

static void
device_that_comes_later_waits(void **state)
{
	(void)state;
	nodes[5] = ++next_node;
	assert_true(say(UEVENT_ADD, 5));
	turn();
	assert_input_has_what_is_there();
	assert_int_equal(waiting, 1);
	nodes[5] = 0;
	assert_true(say(UEVENT_REMOVE, 5));
	turn();
	assert_input_has_what_is_there();
	/* one that is gone when its message is read, whatever that says */
	nodes[6] = ++next_node;
	assert_true(say(UEVENT_ADD, 6));
	turn();
	nodes[6] = 0;
	assert_true(say(UEVENT_ADD, 6));
	turn();
	assert_input_has_what_is_there();
	assert_int_equal(scans, 1);
}

static void
on_other(void *data, uint32_t events)
{
	(void)events;
	++*(uint32_t *)data;
}

/* What a message tells of is long past when it is read. */
static void
flood_of_messages_is_followed_and_others_get_their_turn(void **state)
{
	uint64_t seed = 5;
	uint32_t others = 0, said = 0, turns = 0;
	int ready[2];

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(write(ready[1], "x", 1), 1);
	assert_int_equal(
	    loop_add(&super.loop, ready[0], EPOLLIN, on_other, &others), 0);
	while (said < 20000) {
		const uint32_t event = (uint32_t)(unit_random(&seed) % FEW);
		const bool is_there = nodes[event] != 0;

		if (!say(is_there ? UEVENT_REMOVE : UEVENT_ADD, event)) {
			turn(); /* the socket is full: 64 are read at most */
			assert_int_equal(others, ++turns);
			continue;
		}
		nodes[event] = is_there ? 0 : ++next_node;
		said++;
	}
	const uint32_t before = n_received;
	listen_until_silence();
	assert_true(n_received > before && turns > 100);
	assert_input_has_what_is_there();
	assert_int_equal(scans, 1); /* nothing was lost: no need to look */
	loop_remove(&super.loop, ready[0]);
	close(ready[0]);
	close(ready[1]);
}

static void
lost_messages_lead_to_a_look_at_everything(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (uint32_t round = 0; round < 500; round++) {
		for (uint32_t k = 0; k < 10; k++) {
			const uint64_t r = unit_random(&seed);
			const uint32_t event = (uint32_t)(r % FEW);
			/* gone, or another one in its place */
			nodes[event] = r & 0x10000 ? 0 : ++next_node;
		}
		assert_true(say(LOST, 0));
		now_ns += 50 * ms_ns;
		n_told = 0;
		turn();
		assert_input_has_what_is_there();
		assert_int_equal(n_told, 1); /* connectors as well */
		assert_int_equal(scans, round + 2);
	}
	assert_true(waiting > 500);
}

static void
devices_beyond_the_table_are_left_and_found_when_there_is_room(void **state)
{
	uint32_t n = 0;

	(void)state;
	_Static_assert(
	    NODES > (int)TDS_MAX_DEVICES, "more than the table holds");
	for (uint32_t i = 2; i < NODES; i++) {
		nodes[i] = ++next_node;
		assert_true(say(UEVENT_ADD, i));
	}
	listen_until_silence();
	for (uint32_t i = 0; i < NODES; i++)
		n += held[i] != 0;
	assert_int_equal(n, TDS_MAX_DEVICES);
	for (uint32_t i = 0; i < NODES / 2; i++)
		nodes[i] = 0;
	assert_true(say(LOST, 0));
	turn();
	assert_input_has_what_is_there();
}

/* A plug that bounces once in a ms for a second, and then rests. */
static void
core_hears_of_connectors_every_50_ms_and_always_of_the_last(void **state)
{
	uint64_t last_ns = 0;

	(void)state;
	for (uint32_t ms = 0; ms < 2000; ms++) {
		now_ns += ms_ns;
		if (ms < 1000) {
			assert_true(say(UEVENT_SCREEN, 0));
			last_ns = now_ns;
		}
		turn();
		if (ms == 0)
			assert_int_equal(n_told, 1); /* the first, at once */
	}
	for (uint32_t i = 1; i < n_told; i++)
		assert_true(told_ns[i] - told_ns[i - 1] >= 50 * ms_ns);
	assert_in_range(n_told, 20, 21);
	assert_true(told_ns[n_told - 1] >= last_ns);
	assert_true(told_ns[n_told - 1] <= last_ns + 50 * ms_ns);
}

static void
core_that_starts_is_told_when_it_is_ready(void **state)
{
	(void)state;
	super.core_is_ready = false;
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(say(UEVENT_SCREEN, 0));
		now_ns += 10 * ms_ns;
		turn();
	}
	assert_int_equal(n_told, 0);
	super.core_is_ready = true;
	turn();
	assert_int_equal(n_told, 1);
}

static void
without_monitors_no_core_is_asked_for_them(void **state)
{
	(void)state;
	super.config.is_kms = false;
	assert_true(say(UEVENT_SCREEN, 0));
	assert_true(say(LOST, 0));
	turn();
	assert_int_equal(n_told, 0);
	assert_int_equal(scans, 2);
}

/* In a network of our own: there we may send like the kernel, but are not
 * believed. That messages were lost is what the kernel itself says. */
static int
setup_real(void **state)
{
	/* without root, a user namespace gives the right to */
	if (unshare(CLONE_NEWNET) < 0)
		assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	is_real = true;
	return setup(state);
}

static void
real_socket_that_overflows_is_followed_by_a_look(void **state)
{
	static const char message[2048] = "add@/x";
	const struct sockaddr_nl group = {
	    .nl_family = AF_NETLINK, .nl_groups = 1};
	const int sender =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	(void)state;
	assert_true(sender >= 0);
	nodes[0] = 0;
	nodes[7] = ++next_node;
	for (uint32_t i = 0; i < 4096; i++)
		(void)!sendto(sender, message, sizeof(message), 0,
		    (const struct sockaddr *)&group, sizeof(group));
	listen_until_silence();
	assert_int_equal(scans, 2);
	assert_int_equal(n_told, 1);
	assert_input_has_what_is_there();
	assert_true(n_received > 64); /* the socket was full of them */
	/* and it goes on hearing */
	(void)!sendto(sender, message, sizeof(message), 0,
	    (const struct sockaddr *)&group, sizeof(group));
	const uint32_t before = n_received;
	turn();
	assert_int_equal(n_received - before, 2); /* it, and then none */
	assert_int_equal(scans, 2);
	close(sender);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(device_that_comes_later_waits),
	    TEST(flood_of_messages_is_followed_and_others_get_their_turn),
	    TEST(lost_messages_lead_to_a_look_at_everything),
	    TEST(
		devices_beyond_the_table_are_left_and_found_when_there_is_room),
	    TEST(core_hears_of_connectors_every_50_ms_and_always_of_the_last),
	    TEST(core_that_starts_is_told_when_it_is_ready),
	    TEST(without_monitors_no_core_is_asked_for_them),
	    cmocka_unit_test_setup_teardown(
		real_socket_that_overflows_is_followed_by_a_look, setup_real,
		teardown),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
