/*
 * rights_table: which system calls each role may still make, and the seccomp
 * filter built from that. Internal to rights.c and its tests; the table that
 * one edits is at the top of rights_table.c.
 */
#pragma once

#include "tds/base/rights.h"

/*
 * Install the role's filter on every thread, for good. Needs no_new_privs.
 * Allocates nothing and calls nothing else, so that a vfork child may use it.
 * 0 or -errno.
 */
int rights_install_filter(enum role role) MUST_CHECK;

/* Whether the table lets the role make this call, at least with some args. */
bool rights_table_has(enum role role, uint32_t nr);
