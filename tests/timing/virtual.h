/*
 * virtual: the time and the kernel that the shell of tds-compositor sees in
 * this test. Time stands still while code runs and passes only where the model
 * of costs says so: painting, steps of the core, ioctls of the card, waiting.
 * What falls due meanwhile happens then, in the middle of painting too.
 *
 * clock_gettime, epoll_wait, timerfd_* and getrandom are replaced when this is
 * linked (--wrap); sockets, eventfds and shared memory are the real ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NEVER UINT64_MAX

enum {
	US = 1000,
	MS = 1000000,
	/* what things cost; the machine is assumed to be no slower */
	BYTES_PER_US = 2000, /* painting, guests' pixels and our own: 2 GB/s */
	STEP_NS = 150,	     /* one record or event through the core */
	PART_NS = 5 * US,    /* a call of paint_output() */
	WAKE_NS = 50 * US,   /* from readable to running */
	LATE_WAKE_NS = 2 * MS, /* the same, once in 64: another had the CPU */
	FLIP_NS = 100 * US,    /* an atomic commit that the kernel queues */
	PROBE_NS = 2 * MS,     /* per slot: connectors, monitors' EDID */
	POWER_NS = 20 * MS,    /* all screens off, which waits */
	MODESET_NS = 40 * MS,  /* from the first commit to its first frame */
	HOP_NS = 100 * US,     /* from the key's time to tds-input's send */
	LATE_HOP_NS = 2 * MS,  /* the same, once in 64 */
};

uint64_t virtual_now(void);
void virtual_advance(uint64_t ns);
/* world_next() may give another answer from now on. */
void virtual_changed(void);

/* What the world is: supplied by the test. When something next happens. */
uint64_t world_next(void);
/* Everything that is due at virtual_now() happens. */
void world_happen(void);
/* Once per wake-up; a chance of 1 in n. */
bool world_one_in(uint32_t n);
