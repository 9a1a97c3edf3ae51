/*
 * link: the core's end of what it shares with one tds-guest: two rings, two
 * doorbells, and the guest's pixels, read-only. Nothing here blocks, and the
 * work of one poll is bounded by the size of the ring.
 *
 * A granted pool is a reservation of address space, in which ranges of a
 * descriptor are mapped and unmapped as the guest process says.
 */
#pragma once

#include "compositor/granted.h"
#include "compositor/paint.h"

struct link {
	bool is_open;
	void *ring_base;     /* owned mapping of RING_BYTES */
	struct pool pool;    /* owned mapping, PROT_READ; granted: PROT_NONE */
	bool is_granted;
	int pool_fd; /* owned if granted: what ranges are mapped from */
	struct granted granted;
	bool owes_mapped; /* at the next tick */
	struct down mapped;
	int bell_up;	     /* owned: the guest rings, we listen (edge) */
	int bell_down;	     /* owned: we ring */
	struct ring up, down;
	uint32_t quiet_frames; /* since this guest's last record */
	bool wants_bell;       /* up.wake as we last published it */
	bool has_news;	       /* put since the last flush */
	bool has_taken;	       /* records whose places are not given back */
	bool has_lost_input;   /* the ring was full: LOST is owed */
	bool owes_tick;
	bool owes_configure[TDS_MAX_SCANOUTS];
	struct down tick;
	struct down configure[TDS_MAX_SCANOUTS];
};

/*
 * fds: ring, pool, bell up, bell down; taken on success (set to -1). Demands
 * F_SEAL_SHRINK and the full size of both memfds: -EBADMSG otherwise. A granted
 * pool is a device (gntdev), or such a memfd; nothing of it is mapped yet.
 */
int link_open(struct link *link, const struct core_link *record,
    int fds[4]) MUST_CHECK;
void link_close(struct link *link);

/* Queue a record. Input that does not fit is lost and said to be lost. */
void link_put(struct link *link, const struct down *record);
/* Publish what was put and ring, if the guest wants its bell rung. */
void link_flush(struct link *link);

/*
 * Take in everything that waits, up to one MAP or UNMAP: each record is
 * decoded, checked, and stepped into the core. The number of records, or
 * -errno: to be dropped.
 */
int link_poll(struct link *link, struct core *core, uint32_t domain,
    uint64_t now_ns) MUST_CHECK;
/* Give back the places of what was polled, answer: at a phase fixed
 * beforehand. */
void link_release(struct link *link);
/* Once per frame, after link_poll(): ask for the bell when it was quiet. */
void link_settle(struct link *link, int n_records);
