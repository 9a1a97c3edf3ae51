/*
 * log: one line to stderr per decision, with blame. Lines that a guest or a
 * peer can cause are rate-limited per caller-owned budget. Never keys, pixels
 * or secrets. Control characters of a line are written as '?'.
 */
#pragma once

#include <stdint.h>

/* Name that begins each line, for example "tds-guest@work". Copied. */
void log_init(const char *process);

/* For the operator: what happened. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For the operator: what is wrong on this machine, with the remedy. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Our own mistake; the program goes on in a safe way. */
void log_bug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* At most 10 lines per budget in any 10 s; then one line says how many more. */
struct log_budget {
	uint64_t window_start_ns;
	uint32_t used;
	uint32_t dropped;
};

/* The guest (VM) behind domain is to blame. */
void log_guest(struct log_budget *budget, const char *domain,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Another process of ours, or a client, is to blame. */
void log_peer(struct log_budget *budget, const char *peer, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
