/*
 * shared: what tdsd makes for a guest process and the core: sealed memory and
 * doorbells.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

/* A memfd of this size that can never shrink nor grow. fd or -errno. */
int shared_memory(const char *name, uint64_t bytes) MUST_CHECK;
/* The same memory, through a descriptor that cannot write. fd or -errno. */
int shared_read_only(int fd) MUST_CHECK;
/* A non-blocking eventfd. fd or -errno. */
int shared_bell(void) MUST_CHECK;

/* The ring and the doorbells of one guest process and the core. */
struct shared_link {
	int ring, bell_up, bell_down; /* owned; -1: none */
};

int shared_link_make(struct shared_link *out) MUST_CHECK;
void shared_link_finish(struct shared_link *link);
