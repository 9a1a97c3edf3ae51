/*
 * world: what the property tests share: a repeatable source of chance, a core
 * with random outputs and domains, and short ways to feed it events.
 */
#pragma once

#include "compositor/core.h"

/* A stream of pseudo-random numbers; the same seed gives the same stream. */
struct chance {
	uint64_t state;
};

struct chance chance_seed(uint64_t seed);
uint32_t chance_u32(struct chance *c);
/* 0 .. n - 1; n > 0 */
uint32_t chance_below(struct chance *c, uint32_t n);
/* low .. high, both included */
int32_t chance_in(struct chance *c, int32_t low, int32_t high);
/* true once in n times */
bool chance_one_in(struct chance *c, uint32_t n);

struct world_limits {
	uint32_t min_domains, max_domains;
	uint32_t max_outputs, max_scale;
	int32_t min_width, max_width, min_height, max_height;
};

/* Outputs, domains, chord Ctrl Alt Del or another; started. Aborts on error. */
void world_init(struct core *core, struct chance *c,
    const struct world_limits *limits);

struct event event_key(uint16_t code, int32_t value);
struct event event_input(uint16_t type, uint16_t code, int32_t value);
struct event event_of(enum event_kind kind, uint32_t domain);

/* A commit for a 4 bytes per pixel buffer at the pool's start. */
struct event event_commit(uint32_t domain, uint32_t scanout, uint32_t seq,
    uint32_t width, uint32_t height);


/* For messages; in memory that the next call reuses. */
const char *event_text(const struct event *e);
