/*
 * fake_seat: plays tdsd and the guest processes for one real tds-compositor:
 * configures it, links guests whose ring, doorbells and pool the test holds
 * itself, asks for status and pixels.
 *
 * One output of 800x600, and with seat_start_sealed() a sealed one beside it,
 * where SEAT_ON_WALL is shown, or only that. Domain i has one window of 320x200 content. Focus is
 * with domain 0. All waits end at a deadline and fail the test then.
 */
#pragma once

#include "protocol/control.h"
#include "protocol/ring.h"
#include "tests/abuse/fake_child.h"

enum {
	SEAT_DOMAINS = 3,
	SEAT_ON_WALL = 2, /* the domain on the sealed output, if there are two */
	SEAT_WIDTH = 800,
	SEAT_HEIGHT = 600,
	SEAT_CONTENT_WIDTH = 320,
	SEAT_CONTENT_HEIGHT = 200,
	SEAT_POOL = 8 << 20,
};

/* The guest process's end of one link. */
struct seat_guest {
	bool is_linked;
	bool is_blind; /* leaves the down ring alone */
	int ring_fd, pool_fd, bell_up, bell_down; /* owned */
	void *ring_base;			  /* owned mapping */
	uint8_t *pool;				  /* owned mapping */
	struct ring up, down;
	uint32_t seq;	 /* of the last commit */
	uint32_t ticked; /* the last seq that came back */
	uint32_t n_ticks;
	uint32_t n_inputs; /* INPUT records so far */
	struct down input; /* the last of them that is no EV_SYN */
	bool is_lost;	   /* LOST came */
	uint32_t n_mapped; /* MAPPED records so far */
	struct down mapped; /* the last of them */
};

struct seat {
	struct child child;
	struct seat_guest guests[SEAT_DOMAINS];
	uint32_t cookie;
	bool is_ready;
	struct core_dropped dropped; /* the last of them */
	uint32_t n_dropped;
	struct status status; /* as last asked for */
	uint32_t *pixels;     /* owned: the last snapshot */
	int watched_fd;	      /* borrowed: ends a turn as well; -1 */
};

extern const char *seat_program;

/* A core that is ready, with all guests linked. */
void seat_start(struct seat *seat);
/* The same with outputs: bit 0 in memory, bit 1 sealed, in this order. */
void seat_start_sealed(struct seat *seat, uint32_t outputs);
void seat_stop(struct seat *seat);
/* Send a control record as it is. */
int seat_send(struct seat *seat, const void *bytes, int len, const int *fds,
    uint32_t n_fds);
/* Fresh ring, doorbells and pool for a domain, linked. */
void seat_link(struct seat *seat, uint32_t domain);
/* The same with a granted pool: this descriptor (taken), or memory for -1. */
void seat_link_granted(struct seat *seat, uint32_t domain, int fd);
/* MAP, or with pages 0 UNMAP, and the answer to it. */
const struct down *seat_map(
    struct seat *seat, uint32_t domain, uint32_t page, uint32_t pages);
/* What tdsd says when the guest's process ended. */
void seat_down(struct seat *seat, uint32_t domain);
/* What our side of the link holds is thrown away, unsaid. */
void seat_forget(struct seat *seat, uint32_t domain);

/* Wait until something came in, and take it in. */
void seat_turn(struct seat *seat, int64_t deadline);
/* status, also as it was when the snapshot was taken */
void seat_ask_status(struct seat *seat);
void seat_snapshot(struct seat *seat);
void seat_snapshot_of(struct seat *seat, uint32_t output);
void seat_focus(struct seat *seat, uint32_t domain);
void seat_key(struct seat *seat, uint16_t code, int32_t value);

/* A raw up record, published, bell rung where it is wanted. */
void seat_put(struct seat *seat, uint32_t domain,
    const uint8_t record[TDS_RING_RECORD_BYTES]);
/* VM is up; a picture of one colour, committed whole. */
void seat_show(struct seat *seat, uint32_t domain, uint32_t colour);
/* The same, a picture that begins at this page of the pool. */
void seat_show_at(
    struct seat *seat, uint32_t domain, uint32_t colour, uint32_t page);
/* Until the last commit of the domain was ticked. */
void seat_wait_tick(struct seat *seat, uint32_t domain);
/* Until a CORE_DROPPED came for it; fails if for another one. */
void seat_wait_dropped(struct seat *seat, uint32_t domain);
/* Whether the window of a domain shows this colour all over (snapshot). */
bool seat_shows(const struct seat *seat, uint32_t domain, uint32_t colour);
