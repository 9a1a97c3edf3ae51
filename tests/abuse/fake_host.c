#include "tests/abuse/fake_host.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/abuse/check.h"

const char *host_program;

static void
make_ring(struct host *host)
{
	host->ring_fd = sealed_memfd("ring", RING_BYTES);
	host->ring_base = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, host->ring_fd, 0);
	assert_true(host->ring_base != MAP_FAILED);
	host->bell_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	host->bell_down = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(host->bell_up >= 0 && host->bell_down >= 0);
	ring_init(&host->up, host->ring_base, RING_UP);
	ring_init(&host->down, host->ring_base, RING_DOWN);
	ring_set_wake(&host->up, true);
}

static void
drop_ring(struct host *host)
{
	munmap(host->ring_base, RING_BYTES);
	close(host->ring_fd);
	close(host->bell_up);
	close(host->bell_down);
}

static void
make_sockets(struct host *host)
{
	for (int i = 0; i < SOCKET_COUNT; i++) {
		struct sockaddr_un any = {.sun_family = AF_UNIX};
		const int fd = socket(
		    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		assert_true(fd >= 0);
		/* an abstract name of the kernel's choice */
		assert_int_equal(
		    bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)),
		    0);
		assert_int_equal(listen(fd, 4), 0);
		host->address_len[i] = (socklen_t)sizeof(host->address[i]);
		assert_int_equal(
		    getsockname(fd, (struct sockaddr *)&host->address[i],
			&host->address_len[i]),
		    0);
		host->listening[i] = fd;
	}
}

static void
send_setup(struct host *host)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct guest_setup setup = {
	    .domain = 0,
	    .scanouts = host->options.scanouts,
	    .width = host->options.width,
	    .height = host->options.height,
	    .pool_bytes = host->options.pool_bytes,
	};
	snprintf(
	    (char *)setup.name, sizeof(setup.name), "%s", host->options.name);
	const int n = encode_guest_setup(&setup, bytes, sizeof(bytes));
	const int fds[] = {host->ring_fd, host->pool_fd, host->bell_up,
	    host->bell_down, host->listening[0], host->listening[1],
	    host->listening[2], host->listening[3]};

	assert_true(n > 0);
	assert_int_equal(
	    channel_send(host->child.control, bytes, (uint32_t)n, fds, 8), 0);
}

void
host_start(struct host *host, const struct host_options *options)
{
	*host = (struct host){.options = *options, .watched_fd = -1};
	host->ups = calloc(HOST_MAX_UPS, sizeof(*host->ups));
	assert_non_null(host->ups);
	make_ring(host);
	host->pool_fd = sealed_memfd("pool", options->pool_bytes);
	host->pool = mmap(
	    NULL, options->pool_bytes, PROT_READ, MAP_SHARED, host->pool_fd, 0);
	assert_true(host->pool != MAP_FAILED);
	make_sockets(host);
	char argv0[64];
	snprintf(argv0, sizeof(argv0), "tds-guest@%s", options->name);
	child_start(&host->child, host_program, argv0);
	send_setup(host);
}

void
host_stop(struct host *host)
{
	child_stop(&host->child);
	drop_ring(host);
	munmap(host->pool, host->options.pool_bytes);
	close(host->pool_fd);
	for (int i = 0; i < SOCKET_COUNT; i++)
		close(host->listening[i]);
	free(host->ups);
	*host = (struct host){0};
}

void
host_restart_core(struct host *host)
{
	uint8_t bytes[16];

	drop_ring(host);
	make_ring(host);
	const int n = encode_empty(GUEST_CORE, bytes, sizeof(bytes));
	const int fds[] = {host->ring_fd, host->bell_up, host->bell_down};

	assert_true(n > 0);
	assert_int_equal(
	    channel_send(host->child.control, bytes, (uint32_t)n, fds, 3), 0);
}

/* ------------------------------------------------------------------------ */

static void
take_up(struct host *host, const uint8_t bytes[TDS_RING_RECORD_BYTES])
{
	struct wire_commit wire;

	assert_true(host->n_ups < HOST_MAX_UPS);
	memcpy(host->ups[host->n_ups++].bytes, bytes, TDS_RING_RECORD_BYTES);
	if (bytes[0] != UP_COMMIT)
		return;
	assert_int_equal(decode_commit(bytes, TDS_RING_RECORD_BYTES, &wire), 0);
	host->last_seq = wire.seq;
}

/* What the core does once per frame: take the records in, tick. */
static void
drain_ups(struct host *host)
{
	uint64_t count;
	bool has_commit = false;

	if (read(host->bell_up, &count, sizeof(count)) == sizeof(count))
		host->bells += (uint32_t)count;
	if (host->is_core_stuck)
		return;
	for (;;) {
		const int waiting = ring_waiting(&host->up);

		if (waiting < 0)
			fail_msg("the head of the up ring is nonsense");
		if (waiting == 0)
			break;
		for (int i = 0; i < waiting; i++) {
			uint8_t bytes[TDS_RING_RECORD_BYTES];

			ring_get(&host->up, bytes);
			take_up(host, bytes);
			has_commit |= bytes[0] == UP_COMMIT;
		}
		ring_release(&host->up);
	}
	if (has_commit && !host->is_silent) {
		const struct down tick = {
		    .op = DOWN_TICK, .seq = host->last_seq};

		host_put_down(host, &tick);
	}
}

int
host_turn(struct host *host, int fd, short events, int timeout_ms)
{
	struct pollfd p[] = {
	    {.fd = fd, .events = events},
	    {.fd = host->bell_up, .events = POLLIN},
	    {.fd = host->child.log_fd, .events = POLLIN},
	    {.fd = host->child.has_ended ? -1 : host->child.pid_fd,
		.events = POLLIN},
	    {.fd = host->watched_fd, .events = POLLRDHUP},
	};

	if (timeout_ms < 0)
		return -ETIMEDOUT;
	/* a closed log would be ready for ever */
	if (host->child.has_ended || host->child.is_log_closed)
		p[2].fd = -1;
	const int n = poll(p, 5, timeout_ms);
	if (n == 0)
		return -ETIMEDOUT;
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[2].revents != 0)
		child_drain_log(&host->child);
	if (p[1].revents != 0)
		drain_ups(host);
	if (p[3].revents != 0)
		child_reap(&host->child);
	return p[0].revents != 0 ? 1 : 0;
}

int
host_connect(struct host *host, enum host_socket which)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&host->address[which],
		host->address_len[which]) == 0)
		return fd;
	const int err = -errno;
	close(fd);
	return err;
}

/* ------------------------------------------------------------------------ */

static void
timed_out(const struct host *host, const char *what)
{
	fail_msg("%s: timed out%s; log:\n%s", what,
	    host->child.has_ended ? " (it has ended)" : "", host->child.log);
}

static bool
find_up(struct host *host, enum up_op op, int scanout, struct up_record *out)
{
	while (host->at_up < host->n_ups) {
		const struct up_record *up = &host->ups[host->at_up++];

		if (up->bytes[0] != op)
			continue;
		if (scanout >= 0 && up->bytes[1] != scanout)
			continue;
		*out = *up;
		return true;
	}
	return false;
}

static void
expect_up(struct host *host, enum up_op op, int scanout, struct up_record *out)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	while (!find_up(host, op, scanout, out)) {
		const int err = host_turn(host, -1, 0,
		    host->child.has_ended ? -1 : (int)(deadline - now_ms()));

		if (err < 0) {
			char what[64];

			snprintf(what, sizeof(what), "up record %u of %d", op,
			    scanout);
			timed_out(host, what);
		}
	}
}

void
host_expect_up(struct host *host, enum up_op op, struct up_record *out)
{
	expect_up(host, op, -1, out);
}

struct commit
host_expect_commit(struct host *host, uint32_t scanout)
{
	struct up_record up;
	struct wire_commit wire;
	struct commit commit;

	expect_up(host, UP_COMMIT, (int)scanout, &up);
	assert_int_equal(
	    decode_commit(up.bytes, TDS_RING_RECORD_BYTES, &wire), 0);
	assert_int_equal(check_commit(&wire, host->options.pool_bytes,
			     host->options.scanouts, &commit),
	    0);
	return commit;
}

void
host_skip_ups(struct host *host)
{
	drain_ups(host);
	host->n_ups = 0;
	host->at_up = 0;
}

bool
host_has_up(struct host *host, enum up_op op)
{
	drain_ups(host);
	for (uint32_t i = host->at_up; i < host->n_ups; i++)
		if (host->ups[i].bytes[0] == op)
			return true;
	return false;
}

void
host_put_raw(struct host *host, const uint8_t bytes[TDS_RING_RECORD_BYTES])
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	/* a full ring: the guest process has to catch up */
	while (ring_put(&host->down, bytes) < 0) {
		host_publish(host);
		if (now_ms() > deadline)
			timed_out(host, "room in the down ring");
		sched_yield();
	}
}

void
host_publish(struct host *host)
{
	const uint64_t one = 1;

	if (ring_publish(&host->down) &&
	    write(host->bell_down, &one, sizeof(one)) < 0)
		assert_int_equal(errno, EAGAIN);
}

void
host_put_down(struct host *host, const struct down *record)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];

	assert_int_equal(encode_down(record, bytes), 0);
	host_put_raw(host, bytes);
	host_publish(host);
}

void
host_input(struct host *host, enum input_device device, uint16_t type,
    uint16_t code, int32_t value)
{
	const struct down record = {
	    .op = DOWN_INPUT,
	    .device = (uint8_t)device,
	    .type = type,
	    .code = code,
	    .value = value,
	};

	host_put_down(host, &record);
}

/* ------------------------------------------------------------------------ */

uint32_t
host_count_log(const struct host *host, size_t from, const char *text)
{
	return child_count_log(&host->child, from, host->options.name, text);
}

uint32_t
host_expect_log(struct host *host, size_t from, const char *text)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	while (host_count_log(host, from, text) == 0)
		if (host_turn(host, -1, 0,
			host->child.has_ended ? -1
					      : (int)(deadline - now_ms())) < 0)
			timed_out(host, text);
	return host_count_log(host, from, "");
}

bool
host_expect_end(struct host *host)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	while (!host->child.has_ended)
		if (host_turn(host, -1, 0, (int)(deadline - now_ms())) < 0)
			timed_out(host, "end of the process");
	return WIFEXITED(host->child.end_status);
}
