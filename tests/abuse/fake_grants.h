/*
 * fake_grants: gntdev and evtchn of a tds-xen that is linked with fake_grants.c
 * in place of grants_xen.c, and is the real program in everything else. What
 * it would ask of the kernel it asks of the test, over the descriptor: a
 * SOCK_SEQPACKET socket, whose end is the end of all that hung on it.
 *
 *	question: op, domid, n, first (a reference, port or page)
 *	answer: a page or a port, or -errno
 *
 * All are int32_t as the machine has them.
 */
#pragma once

#include <stdint.h>

enum grants_op {
	GRANTS_RESTRICT = 1,
	GRANTS_BIND,
	GRANTS_MAP,
	GRANTS_UNMAP,
};

struct grants_question {
	int32_t op, domid, n, first;
};
