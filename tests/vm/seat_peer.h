/*
 * seat_peer: tdsd and the core to a real tds-input, as far as it can tell.
 * Whatever goes wrong in here ends the program with a line of TAP.
 */
#pragma once

#include "protocol/control.h"
#include "tests/vm/uinput_zoo.h"

#include <sys/types.h>

enum { PEER_MAX_RECORDS = 16384 };

/* A record from tds-input, either side of it. */
struct peer_record {
	uint32_t op;
	union {
		struct seat_device device;
		struct seat_gone gone;
		struct seat_events events;
		struct input_problem problem;
	} is;
	uint64_t received_ns;
};

struct peer {
	pid_t pid;
	int tdsd_fd; /* owned: we are tdsd */
	int core_fd; /* owned: we are the core; -1 before peer_new_core() */
	uint32_t last_number;
	uint32_t n; /* what the core received since peer_forget() */
	struct peer_record records[PEER_MAX_RECORDS];
};

void peer_start(struct peer *p, const char *program);
/* Closes the channel; the exit status of tds-input. */
int peer_end(struct peer *p);
/* Hands an open device over; its number. flags: O_RDONLY or O_RDWR. */
uint32_t peer_open(
    struct peer *p, const struct zoo_device *device, uint32_t state, int flags);
void peer_close(struct peer *p, uint32_t number);
/* INPUT_START, and waits for INPUT_READY. */
void peer_ready(struct peer *p);
/* A new channel to "the core". */
void peer_new_core(struct peer *p);
void peer_admit(struct peer *p, uint32_t number, uint32_t state);
void peer_leds(struct peer *p, uint32_t leds);

/* Wait for the next INPUT_PROBLEM: its errno, 0 if there is none in 2 s. */
uint32_t peer_problem(struct peer *p, uint32_t number);
/* Receive as the core until nothing came for quiet_ms. */
void peer_listen(struct peer *p, int quiet_ms);
/* The same, and no more than so many records. */
void peer_listen_some(struct peer *p, int quiet_ms, uint32_t at_most);
void peer_forget(struct peer *p);

/* Of what was received: */
uint32_t peer_count_op(const struct peer *p, uint32_t op, uint32_t number);
uint32_t peer_count(const struct peer *p, uint32_t number, uint16_t type,
    uint16_t code, int32_t value);
/* The sum of the values, for relative axes. */
int64_t peer_sum(
    const struct peer *p, uint32_t number, uint16_t type, uint16_t code);
const struct seat_device *peer_device(const struct peer *p, uint32_t number);

uint64_t peer_now_ns(void);
void peer_sleep_ms(int ms);
