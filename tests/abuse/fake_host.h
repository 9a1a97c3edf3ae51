/*
 * fake_host: plays tdsd and the core for one real tds-guest process.
 *
 * Makes what tdsd makes (fd 3, ring, pool, doorbells, listening sockets),
 * starts the process, reads its up ring like a core and collects its log.
 * Every wait is a poll() on everything that could happen, with one generous
 * deadline; nothing sleeps. A broken promise of the process under test fails
 * the running cmocka test, with its log.
 */
#pragma once

#include "protocol/control.h"
#include "protocol/ring.h"
#include "tests/abuse/fake_child.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	HOST_DEADLINE_MS = CHILD_DEADLINE_MS,
	HOST_MAX_UPS = 1 << 17,
};

enum host_socket {
	SOCKET_GPU,
	SOCKET_KEYBOARD,
	SOCKET_TABLET,
	SOCKET_MOUSE,
	SOCKET_COUNT,
};

struct host_options {
	const char *name;
	uint32_t scanouts, width, height;
	uint64_t pool_bytes;
};

struct up_record {
	uint8_t bytes[TDS_RING_RECORD_BYTES];
};

struct host {
	struct host_options options;
	struct child child;
	int ring_fd, pool_fd, bell_up, bell_down; /* owned */
	void *ring_base;			  /* owned mapping */
	uint8_t *pool; /* owned mapping, as the core */
	struct ring up, down;
	int listening[SOCKET_COUNT]; /* owned */
	struct sockaddr_un address[SOCKET_COUNT];
	socklen_t address_len[SOCKET_COUNT];

	bool is_core_stuck; /* leaves the up ring alone */
	bool is_silent;	    /* sends no ticks */
	int watched_fd;	    /* borrowed: whose hang-up ends a turn; -1 */
	bool is_remote;	    /* only addresses: a whole tds is behind them */
	uint32_t bells;	    /* rings of the up doorbell so far */
	uint32_t last_seq;  /* of the last commit */

	struct up_record *ups; /* owned: what came up so far, in order */
	uint32_t n_ups, at_up; /* at_up: first that no expectation took */
};

/* The program under test; from argv[1] of every abuse test. */
extern const char *host_program;

/* Start a tds-guest and hand it its set-up. Fails the test on errors. */
void host_start(struct host *host, const struct host_options *options);
/* Kill and reap it if it lives, free everything. */
void host_stop(struct host *host);
/* As tdsd does after a restart of the core: a fresh ring, new doorbells. */
void host_restart_core(struct host *host);

/*
 * One turn: wait until fd (or -1) has events or anything else of the host
 * moved. 1: fd is ready. 0: something else happened. -ETIMEDOUT.
 */
int host_turn(struct host *host, int fd, short events, int timeout_ms);

/* A stream connection to one of its sockets, or -errno. */
int host_connect(struct host *host, enum host_socket which);

/* The next up record with this op, in order; fails the test on a timeout. */
void host_expect_up(struct host *host, enum up_op op, struct up_record *out);
/* The next commit for a scanout, decoded and checked as the core would. */
struct commit host_expect_commit(struct host *host, uint32_t scanout);
/* Forget what came up so far. */
void host_skip_ups(struct host *host);
/* True if a commit, cursor... with this op is among the untaken records. */
bool host_has_up(struct host *host, enum up_op op);

/* Put a record into the down ring; rings the bell if it is wanted. */
void host_put_down(struct host *host, const struct down *record);
void host_put_raw(
    struct host *host, const uint8_t bytes[TDS_RING_RECORD_BYTES]);
void host_publish(struct host *host);
void host_input(struct host *host, enum input_device device, uint16_t type,
    uint16_t code, int32_t value);

/*
 * Wait for a log line that names the domain and holds text. Returns the
 * number of lines logged since `from` (an older log_len).
 */
uint32_t host_expect_log(struct host *host, size_t from, const char *text);
uint32_t host_count_log(const struct host *host, size_t from, const char *text);
/* Wait until the process has ended; true if it was exit(), not a signal. */
bool host_expect_end(struct host *host);
