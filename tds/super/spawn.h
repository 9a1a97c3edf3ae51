/*
 * spawn: start one of our own programs, sealed off from birth: its role's
 * namespaces, no environment, descriptor 3 the channel, 0 /dev/null, 2 the
 * log, nothing else; it dies with tdsd.
 */
#pragma once

#include "tds/base/loop.h"
#include "tds/base/rights.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Found beside tdsd, in its sibling build folders, or in the libexec folder. */
int spawn_find(const char *program, char *path, size_t size) MUST_CHECK;

struct child {
	pid_t pid;    /* -1: none */
	int channel;  /* owned; -1: none */
};

/*
 * is_plain: without its namespaces (try-out mode where there are none).
 * 0 or -errno; *out is set on success only.
 */
int spawn(const char *path, const char *name, enum role role, bool is_plain,
    struct child *out) MUST_CHECK;
/*
 * Its channel was closed: it is dead, or it must be. How it ended is told by
 * SIGCHLD; what killed it before stays what killed it.
 */
void child_hung_up(struct loop *loop, const struct child *child);
/*
 * Find out, in a child born like a real one, whether this role can be sealed
 * in here. 0, or -errno with what[size] naming what is missing; *is_plain is
 * set to true if there are not even namespaces.
 */
int spawn_probe(enum role role, char *what, size_t size,
    bool *is_plain) MUST_CHECK;
/* Kill it, wait for it, close its channel. Legal without a child. */
void child_kill(struct child *child);
