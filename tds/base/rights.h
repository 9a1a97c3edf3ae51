/*
 * rights: what each process may still do after start-up, from one table
 * (rights.c). Sealing: no_new_privs, dumpable 0, rlimits, empty root, no
 * capabilities, Landlock with nothing allowed, a seccomp filter that kills.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_TDSD,
	ROLE_CORE,
	ROLE_GUEST,
	ROLE_CTL,
	ROLE_INPUT,
	ROLE_XEN,
	ROLE_HDCP, /* encrypts a sealed output */
	ROLE_SINK, /* shows one, on another machine */
	ROLE_COUNT,
};

/*
 * Seal the calling process for good. 0, or -errno when something could not be
 * dropped: the caller must exit, unless may_continue (try-out mode), where it
 * goes on and *what (never NULL on a non-zero return) names what is missing.
 */
int rights_seal(enum role role, bool may_continue,
    const char **what) MUST_CHECK;

/*
 * clone3() flags for a child of this role: the namespaces that it is born
 * into (user, pid, mount, net, ipc, uts, cgroup).
 */
uint64_t rights_namespaces(enum role role);
