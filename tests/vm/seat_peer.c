#include "tests/vm/seat_peer.h"

#include "tds/base/channel.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static void
die(const char *what, int err)
{
	printf("Bail out! %s: %s\n", what, strerror(err < 0 ? -err : err));
	fflush(stdout);
	exit(1);
}

uint64_t
peer_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
peer_sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

void
peer_start(struct peer *p, const char *program)
{
	int pair[2];
	const int err = channel_pair(pair);

	if (err < 0)
		die("socketpair", err);
	const pid_t pid = fork();
	if (pid == 0) {
		char *const argv[] = {(char *)(uintptr_t)program, NULL};
		char *const envp[] = {NULL};
		const char *what = "";
		/* a filter is inherited: what tdsd may not do kills it */
		if (dup2(pair[1], 3) == 3 &&
		    rights_seal(ROLE_TDSD, false, &what) == 0)
			execve(program, argv, envp);
		_exit(127);
	}
	close(pair[1]);
	*p = (struct peer){.pid = pid, .tdsd_fd = pair[0], .core_fd = -1};
	/* away from 3, which a child gets its channel as */
	p->tdsd_fd = fcntl(pair[0], F_DUPFD_CLOEXEC, 10);
	close(pair[0]);
}

int
peer_end(struct peer *p)
{
	int status = -1;

	close(p->tdsd_fd);
	if (p->core_fd >= 0)
		close(p->core_fd);
	if (waitpid(p->pid, &status, 0) != p->pid)
		die("waitpid", errno);
	return status;
}

/* What became of it, if that is why it takes no record. */
static void
tell_status(void)
{
	int status = 0;

	if (waitpid(-1, &status, WNOHANG) > 0)
		printf("# tds-input: exit status %d, signal %d\n",
		    WEXITSTATUS(status), WTERMSIG(status));
}

static void
send_as(int fd, const uint8_t *bytes, int len, const int *fds, uint32_t n_fds)
{
	const int err =
	    len < 0 ? len : channel_send(fd, bytes, (uint32_t)len, fds, n_fds);

	if (err < 0) {
		peer_sleep_ms(200);
		tell_status();
		die("tds-input takes no record", err);
	}
}

uint32_t
peer_open(
    struct peer *p, const struct zoo_device *device, uint32_t state, int flags)
{
	uint8_t bytes[256];
	const int fd = open(device->node, flags | O_NONBLOCK | O_CLOEXEC);
	const struct input_open record = {
	    .device = ++p->last_number, .state = state};

	if (fd < 0)
		die(device->node, errno);
	send_as(p->tdsd_fd, bytes,
	    encode_input_open(&record, bytes, sizeof(bytes)), &fd, 1);
	close(fd);
	return record.device;
}

void
peer_close(struct peer *p, uint32_t number)
{
	uint8_t bytes[256];
	const struct input_close record = {.device = number};

	send_as(p->tdsd_fd, bytes,
	    encode_input_close(&record, bytes, sizeof(bytes)), NULL, 0);
}

/* The next record from fd; false if none came in time. */
static bool
receive(int fd, int timeout_ms, uint8_t *bytes, uint32_t size, struct rd *rd,
    uint32_t *op)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct received r = {0};

	if (poll(&ready, 1, timeout_ms) != 1)
		return false;
	int err = channel_receive(fd, bytes, size, &r);
	if (err == 0)
		err = control_open(bytes, r.len, r.n_fds, op, rd);
	received_finish(&r);
	if (err < 0)
		die("from tds-input", err);
	return true;
}

void
peer_ready(struct peer *p)
{
	uint8_t bytes[256];
	uint32_t op = 0;
	struct rd rd;

	send_as(p->tdsd_fd, bytes,
	    encode_empty(INPUT_START, bytes, sizeof(bytes)), NULL, 0);
	if (!receive(p->tdsd_fd, PATIENCE_MS, bytes, sizeof(bytes), &rd, &op) ||
	    op != INPUT_READY)
		die("INPUT_READY does not come", ETIMEDOUT);
}

void
peer_new_core(struct peer *p)
{
	uint8_t bytes[256];
	int pair[2];
	const int err = channel_pair(pair);

	if (err < 0)
		die("socketpair", err);
	if (p->core_fd >= 0)
		close(p->core_fd);
	p->core_fd = pair[0];
	send_as(p->tdsd_fd, bytes,
	    encode_empty(INPUT_CORE, bytes, sizeof(bytes)), &pair[1], 1);
	close(pair[1]);
}

void
peer_admit(struct peer *p, uint32_t number, uint32_t state)
{
	uint8_t bytes[256];
	const struct seat_admit record = {.device = number, .state = state};

	send_as(p->core_fd, bytes,
	    encode_seat_admit(&record, bytes, sizeof(bytes)), NULL, 0);
}

void
peer_leds(struct peer *p, uint32_t leds)
{
	uint8_t bytes[256];
	const struct seat_leds record = {.leds = leds};

	send_as(p->core_fd, bytes,
	    encode_seat_leds(&record, bytes, sizeof(bytes)), NULL, 0);
}

uint32_t
peer_problem(struct peer *p, uint32_t number)
{
	uint8_t bytes[256];
	uint32_t op = 0;
	struct rd rd;

	while (
	    receive(p->tdsd_fd, PATIENCE_MS, bytes, sizeof(bytes), &rd, &op)) {
		struct input_problem problem;
		if (op != INPUT_PROBLEM ||
		    decode_input_problem(&rd, &problem) < 0)
			die("not an INPUT_PROBLEM", EBADMSG);
		if (problem.device == number)
			return problem.error;
	}
	return 0;
}

static int
decode(struct peer_record *r, struct rd *rd)
{
	switch (r->op) {
	case SEAT_DEVICE:
		return decode_seat_device(rd, &r->is.device);
	case SEAT_GONE:
		return decode_seat_gone(rd, &r->is.gone);
	case SEAT_EVENTS:
		return decode_seat_events(rd, &r->is.events);
	default:
		return -EPROTO;
	}
}

void
peer_listen(struct peer *p, int quiet_ms)
{
	peer_listen_some(p, quiet_ms, UINT32_MAX);
}

void
peer_listen_some(struct peer *p, int quiet_ms, uint32_t at_most)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct rd rd;
	uint32_t op;

	while (at_most-- > 0 &&
	       receive(p->core_fd, quiet_ms, bytes, sizeof(bytes), &rd, &op)) {
		if (p->n == PEER_MAX_RECORDS)
			die("more records than we count", ENOSPC);
		struct peer_record *r = &p->records[p->n++];
		r->received_ns = peer_now_ns();
		r->op = op;
		const int err = decode(r, &rd);
		if (err < 0)
			die("tds-input sends what the core refuses", err);
	}
}

void
peer_forget(struct peer *p)
{
	p->n = 0;
}

static uint32_t
number_of(const struct peer_record *r)
{
	return r->op == SEAT_DEVICE ? r->is.device.device
	       : r->op == SEAT_GONE ? r->is.gone.device
				    : r->is.events.device;
}

uint32_t
peer_count_op(const struct peer *p, uint32_t op, uint32_t number)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		n += p->records[i].op == op &&
		     number_of(&p->records[i]) == number;
	return n;
}

uint32_t
peer_count(const struct peer *p, uint32_t number, uint16_t type, uint16_t code,
    int32_t value)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct seat_events *e = &p->records[i].is.events;
		if (p->records[i].op != SEAT_EVENTS || e->device != number)
			continue;
		for (uint32_t k = 0; k < e->input.n; k++)
			n += e->input.events[k].type == type &&
			     e->input.events[k].code == code &&
			     e->input.events[k].value == value;
	}
	return n;
}

int64_t
peer_sum(const struct peer *p, uint32_t number, uint16_t type, uint16_t code)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct seat_events *e = &p->records[i].is.events;
		if (p->records[i].op != SEAT_EVENTS || e->device != number)
			continue;
		for (uint32_t k = 0; k < e->input.n; k++)
			if (e->input.events[k].type == type &&
			    e->input.events[k].code == code)
				sum += e->input.events[k].value;
	}
	return sum;
}

const struct seat_device *
peer_device(const struct peer *p, uint32_t number)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->records[i].op == SEAT_DEVICE &&
		    p->records[i].is.device.device == number)
			return &p->records[i].is.device;
	return NULL;
}
