/*
 * find: which Xen domain is which domain of our configuration. The toolstack
 * says it, in nodes that a guest cannot write:
 *
 *	/local/domain/N/name	where we may read it (dom0, or by permission)
 *	backend/vinput/N/D/unique-id	else: of vkb in the guest's xl.cfg
 *	/local/domain/N/vm	"/vm/UUID", if a UUID is configured
 *
 * Looked at anew each time: a number is of no worth once the domain is gone.
 * Whoever does not match exactly one domain, or is matched by two, is nobody.
 */
#pragma once

#include "hv-glue/xen/domain.h"

enum { FIND_MAX_DOMIDS = 128, FIND_NAMES = 4096,
	FIND_SWEEP_MS = 500 };

struct finder {
	const struct domain_ops *ops; /* borrowed */
	void *data;		      /* borrowed */
	bool wants_sweep; /* find_sweep(), after FIND_SWEEP_MS */
	struct log_budget budget;
	char names[FIND_NAMES]; /* scratch */
};

/* Remove the devices that are closed and that nobody wants any more. */
void find_sweep(struct finder *f);
/* Give each domain its number, or DOMAIN_NONE. */
void find_all(struct finder *f, struct domain *domains, uint32_t n);
