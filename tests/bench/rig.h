/*
 * rig: the real, sealed tds-compositor with frames in memory and guests that
 * are rings of this process. What a benchmark cannot do without ends it.
 */
#pragma once

#include "protocol/control.h"
#include "protocol/ring.h"
#include "tds/base/channel.h"

#include <stdbool.h>
#include <sys/types.h>

struct rig_size {
	uint32_t width, height;
};

struct rig_guest {
	uint32_t width, height;
	uint8_t *pool;
	uint64_t pool_bytes;
	void *ring_base;
	struct ring up, down;
	int bell_up, bell_down;
	uint32_t seq, ticked_seq, ticks, n_mapped;
};

struct rig {
	const char *compositor; /* path */
	bool is_granted; /* pools: two pictures, each a range; set before start */
	pid_t core;
	int channel; /* to the core, as tdsd has it */
	uint32_t n;
	struct rig_guest guests[TDS_MAX_DOMAINS];
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

/* Of the core. */
struct rig_usage {
	uint64_t cpu_ns, switches, frames;
};

void rig_die(const char *what) __attribute__((noreturn));
void rig_pin(int cpu);
/* All processes from now on before all that is not of this benchmark; false:
 * not allowed. */
bool rig_be_first(void);
uint64_t rig_now_ns(void);
void rig_sleep_us(uint32_t us);
uint32_t rig_random(uint32_t below);
int rig_compare_u64(const void *a, const void *b);

/* One output at 60 Hz; the first guest has the keyboard. */
void rig_start(struct rig *rig, uint32_t width, uint32_t height,
    const struct rig_size *sizes, uint32_t n);
void rig_stop(struct rig *rig);
/* A record that is only a descriptor, which is closed here. */
void rig_send_fd(struct rig *rig, uint32_t op, int fd);
struct rig_usage rig_usage(struct rig *rig);
/* Of a granted pool: both pictures, mapped. */
void rig_map(struct rig_guest *g);
/* Where a guest's second picture begins. */
uint64_t rig_second(const struct rig_guest *g);
/* A frame of the whole output as it is now; owned by the caller. */
uint32_t *rig_snapshot(struct rig *rig, uint64_t bytes);
/* Any record: put, published, rung. */
void rig_put(struct rig_guest *g, const uint8_t record[TDS_RING_RECORD_BYTES]);
/* The picture, of which w x h are new. */
void rig_commit(struct rig_guest *g, uint32_t w, uint32_t h);
void rig_drain(struct rig_guest *g);
/* Until the last commit is acknowledged; when that was. */
uint64_t rig_wait_tick(struct rig_guest *g);
