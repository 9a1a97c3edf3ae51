/* When the guest is poked: between tdsd, which connects, and a VNC server. */
#include "hv-glue/vnc.h"
#include "protocol/control.h"
#include "tds/base/channel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop loop;
static struct vnc vnc;
static int tdsd[2];
static int server = -1; /* the other end of the connection */

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(channel_pair(tdsd), 0);
	vnc_init(&vnc, &loop, tdsd[0]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	vnc_finish(&vnc);
	loop_finish(&loop);
	close(tdsd[0]);
	close(tdsd[1]);
	if (server >= 0)
		close(server);
	server = -1;
	return 0;
}

static bool
was_asked(void)
{
	uint8_t bytes[64];
	struct received r;
	struct rd rd;
	uint32_t op;

	if (channel_receive(tdsd[1], bytes, sizeof(bytes), &r) < 0)
		return false;
	assert_int_equal(control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
	assert_int_equal(op, GUEST_WANT_VNC);
	return true;
}

/* tdsd's answer; the old server end, if any, is left to the caller. */
static void
connect_server(void)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	if (server >= 0)
		close(server);
	server = pair[1];
	vnc_connected(&vnc, pair[0]);
}

static bool
is_connected(void)
{
	char byte;

	return recv(server, &byte, 1, MSG_PEEK) != 0;
}

/* A whole session of a server that grants every size. */
static void
serve(void)
{
	static const char session[] =
	    "RFB 003.008\n\1\1\0\0\0\0\2\200\1\340"
	    "0123456789abcdef\0\0\0\0\0\0\0\1\0\1\0\0\0\1\0\1\377\377\376\314"
	    "\1\0\0\0";

	assert_int_equal(
	    write(server, session, sizeof(session) - 1), sizeof(session) - 1);
	assert_int_equal(loop_turn(&loop, 0), 0);
}

static void
a_new_size_asks_for_a_connection_and_ends_it(void **state)
{
	(void)state;
	vnc_poke(&vnc);
	assert_true(was_asked());
	connect_server();
	assert_true(is_connected());
	serve();
	assert_int_equal(vnc.fd, -1);
	assert_false(was_asked());
}

static void
a_size_that_comes_meanwhile_is_poked_afterwards(void **state)
{
	(void)state;
	vnc_poke(&vnc);
	assert_true(was_asked());
	connect_server();
	vnc_poke(&vnc);
	assert_false(was_asked());
	assert_true(is_connected());
	serve();
	assert_true(was_asked());
}

static void
a_server_that_hangs_is_left_at_the_third_size(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		vnc_poke(&vnc);
		assert_int_equal(was_asked(), i != 1);
		if (i == 0)
			connect_server();
	}
	assert_false(is_connected());
}

static void
a_second_connection_does_not_end_the_first(void **state)
{
	(void)state;
	vnc_poke(&vnc);
	vnc_poke(&vnc);
	assert_true(was_asked());
	assert_true(was_asked());
	connect_server();
	const int first = vnc.fd;
	connect_server();
	assert_false(is_connected());
	assert_int_equal(vnc.fd, first);
}

static void
a_connection_that_nobody_wants_is_closed(void **state)
{
	(void)state;
	connect_server();
	assert_false(is_connected());
}

static void
each_poke_asks_for_another_size(void **state)
{
	uint16_t last = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		vnc_poke(&vnc);
		assert_true(was_asked());
		connect_server();
		assert_int_not_equal(vnc.rfb.width, last);
		last = vnc.rfb.width;
		vnc_finish(&vnc);
		assert_int_equal(loop_turn(&loop, 0), 0);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_new_size_asks_for_a_connection_and_ends_it),
	    TEST(a_size_that_comes_meanwhile_is_poked_afterwards),
	    TEST(a_server_that_hangs_is_left_at_the_third_size),
	    TEST(a_second_connection_does_not_end_the_first),
	    TEST(a_connection_that_nobody_wants_is_closed),
	    TEST(each_poke_asks_for_another_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
