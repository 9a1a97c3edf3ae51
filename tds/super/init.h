/*
 * init: tdsd as the first process of a display domain, where nobody else
 * mounts file systems, loads modules, or is there when it ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether we are process 1. */
bool init_is_us(void);
/*
 * Mount /proc, /sys, /dev and /run where they are not, and load the modules
 * that /etc/tds/modules names. What fails is said; the rest goes on.
 */
void init_begin(void);
/* Wait for a file that a driver makes, at most so long. */
void init_wait_for(const char *path, uint32_t ms);
/* Switch the machine off. has_failed: the last line can be read before. */
void __attribute__((noreturn)) init_end(bool has_failed);
