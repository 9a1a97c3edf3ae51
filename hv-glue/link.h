/*
 * link: the two rings to the core (protocol/ring.h). Posts what the outbox
 * holds as far as there is room, hands down records to its owner.
 */
#pragma once

#include "hv-glue/outbox.h"
#include "hv-glue/pool.h"
#include "protocol/ring.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"

#include <stdbool.h>

struct link {
	struct loop *loop;     /* borrowed */
	struct outbox *outbox; /* borrowed */
	struct pool *pool; /* borrowed; NULL: no ticks are kept from on_down */
	/* all but TICK; MAPPED as outbox_mapped() says */
	void (*on_down)(void *data, const struct down *record);
	void *data; /* borrowed */
	struct log_budget budget;

	void *map; /* owned: RING_BYTES; NULL: no core */
	struct ring up, down;
	int bell_up, bell_down; /* owned or -1 */
};

/* Zeroed but for the borrowed members. */
void link_init(struct link *link);
/*
 * A core, the first one or a new one: takes the three descriptors, then says
 * everything again. 0 or -errno (no core then).
 */
int link_attach(
    struct link *link, int ring_fd, int bell_up, int bell_down) MUST_CHECK;
void link_detach(struct link *link);
/* Post what waits. Call at the end of each wake-up. */
void link_flush(struct link *link);
