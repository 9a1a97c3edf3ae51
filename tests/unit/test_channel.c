#include "tests/unit/unit.h"

#include "tds/base/channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct fixture {
	int pair[2];
	int before; /* open descriptors when the test began */
};

static int
setup(void **state)
{
	static struct fixture f;

	f.before = open_descriptors();
	*state = &f;
	return channel_pair(f.pair);
}

/* Every test ends with as many descriptors as it began with. */
static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->pair[0] >= 0)
		close(f->pair[0]);
	if (f->pair[1] >= 0)
		close(f->pair[1]);
	return open_descriptors() == f->before ? 0 : -1;
}

static void
a_pair_is_non_blocking_and_closes_on_exec(void **state)
{
	const struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(f->pair[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(f->pair[i], F_GETFD) & FD_CLOEXEC);
	}
}

static void
records_keep_their_borders_and_order(void **state)
{
	const struct fixture *f = *state;
	uint8_t bytes[8];
	struct received r = {0};

	assert_int_equal(channel_send(f->pair[0], "ab", 2, NULL, 0), 0);
	assert_int_equal(channel_send(f->pair[0], "cde", 3, NULL, 0), 0);
	assert_int_equal(channel_receive(f->pair[1], bytes, 8, &r), 0);
	assert_int_equal(r.len, 2);
	assert_memory_equal(bytes, "ab", 2);
	assert_int_equal(channel_receive(f->pair[1], bytes, 8, &r), 0);
	assert_int_equal(r.len, 3);
	assert_int_equal(r.n_fds, 0);
	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 8, &r), -EAGAIN);
}

static void
a_record_of_exactly_the_size_fits_and_one_more_is_refused(void **state)
{
	const struct fixture *f = *state;
	uint8_t bytes[4];
	struct received r = {0};

	assert_int_equal(channel_send(f->pair[0], "abcd", 4, NULL, 0), 0);
	assert_int_equal(channel_send(f->pair[0], "abcde", 5, NULL, 0), 0);
	assert_int_equal(channel_receive(f->pair[1], bytes, 4, &r), 0);
	assert_int_equal(r.len, 4);
	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 4, &r), -EBADMSG);
}

static void
descriptors_come_along_and_close_on_exec(void **state)
{
	const struct fixture *f = *state;
	int fds[CHANNEL_MAX_FDS];
	uint8_t bytes[8];
	struct received r = {0};

	for (int i = 0; i < CHANNEL_MAX_FDS; i++)
		fds[i] = f->pair[0];
	assert_int_equal(
	    channel_send(f->pair[0], "x", 1, fds, CHANNEL_MAX_FDS), 0);
	assert_int_equal(channel_receive(f->pair[1], bytes, 8, &r), 0);
	assert_int_equal(r.n_fds, CHANNEL_MAX_FDS);
	for (uint32_t i = 0; i < r.n_fds; i++)
		assert_true(fcntl(r.fds[i], F_GETFD) & FD_CLOEXEC);
	received_finish(&r);
	received_finish(&r); /* legal twice, and on a zeroed one */
}

static void
what_the_caller_took_is_not_closed(void **state)
{
	const struct fixture *f = *state;
	const int fds[2] = {f->pair[0], f->pair[1]};
	uint8_t bytes[8];
	struct received r = {0};

	assert_int_equal(channel_send(f->pair[0], "x", 1, fds, 2), 0);
	assert_int_equal(channel_receive(f->pair[1], bytes, 8, &r), 0);
	const int mine = r.fds[1];
	r.fds[1] = -1;
	received_finish(&r);
	assert_true(fcntl(mine, F_GETFD) >= 0);
	close(mine);
}

static void
more_descriptors_than_the_limit_are_not_sent(void **state)
{
	const struct fixture *f = *state;
	const int fds[CHANNEL_MAX_FDS + 1] = {0};

	assert_int_equal(channel_send(f->pair[0], "x", 1, fds,
			     CHANNEL_MAX_FDS + 1), -EINVAL);
}

/* By hand: a hostile peer does not use channel_send(). */
static void
send_raw(int fd, int passed, uint32_t n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
		struct cmsghdr align;
	} control = {0};
	char byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	assert_non_null(cmsg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n);
	for (uint32_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &passed,
		    sizeof(passed));
	assert_int_equal(sendmsg(fd, &msg, 0), 1);
}

static void
more_descriptors_than_the_limit_are_refused_and_none_leaks(void **state)
{
	const struct fixture *f = *state;
	const int before = open_descriptors();
	uint8_t bytes[8];
	struct received r = {0};

	send_raw(f->pair[0], f->pair[1], CHANNEL_MAX_FDS + 1);
	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 8, &r), -EBADMSG);
	assert_int_equal(open_descriptors(), before);
	send_raw(f->pair[0], f->pair[1], 16);
	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 8, &r), -EBADMSG);
	assert_int_equal(open_descriptors(), before);
}

static void
descriptors_of_a_record_that_is_cut_do_not_leak(void **state)
{
	const struct fixture *f = *state;
	const int before = open_descriptors();
	const int fds[1] = {f->pair[1]};
	uint8_t bytes[1];
	struct received r = {0};

	assert_int_equal(channel_send(f->pair[0], "ab", 2, fds, 1), 0);
	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 1, &r), -EBADMSG);
	assert_int_equal(open_descriptors(), before);
}

static void
the_end_of_the_stream_is_told_from_nothing_to_read(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[8];
	struct received r = {0};

	assert_int_equal(
	    channel_receive(f->pair[1], bytes, 8, &r), -EAGAIN);
	close(f->pair[0]);
	f->pair[0] = -1;
	assert_int_equal(channel_receive(f->pair[1], bytes, 8, &r), -EPIPE);
}

static void
sending_to_a_dead_peer_is_an_error_and_no_signal(void **state)
{
	struct fixture *f = *state;

	close(f->pair[1]);
	f->pair[1] = -1;
	assert_int_equal(channel_send(f->pair[0], "x", 1, NULL, 0), -EPIPE);
}

static void
a_peer_that_does_not_read_never_blocks_the_sender(void **state)
{
	const struct fixture *f = *state;
	uint8_t bytes[4096] = {0};
	int err = 0;
	int sent = 0;

	while (err == 0 && sent < 100000) {
		err = channel_send(
		    f->pair[0], bytes, sizeof(bytes), NULL, 0);
		sent++;
	}
	assert_int_equal(err, -EAGAIN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_pair_is_non_blocking_and_closes_on_exec),
	    CASE(records_keep_their_borders_and_order),
	    CASE(a_record_of_exactly_the_size_fits_and_one_more_is_refused),
	    CASE(descriptors_come_along_and_close_on_exec),
	    CASE(what_the_caller_took_is_not_closed),
	    CASE(more_descriptors_than_the_limit_are_not_sent),
	    CASE(more_descriptors_than_the_limit_are_refused_and_none_leaks),
	    CASE(descriptors_of_a_record_that_is_cut_do_not_leak),
	    CASE(the_end_of_the_stream_is_told_from_nothing_to_read),
	    CASE(sending_to_a_dead_peer_is_an_error_and_no_signal),
	    CASE(a_peer_that_does_not_read_never_blocks_the_sender),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
