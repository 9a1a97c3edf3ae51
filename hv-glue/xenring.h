/*
 * xenring: the two kinds of rings in a page that a Xen guest shares with us
 * (xen/io/ring.h; the event page of displif.h; the page of kbdif.h). The
 * guest may write anything at any time: an index is loaded once per call, its
 * distance to our own private index decides, and entries are copied out once.
 *
 *	requests	+0 u32 req_prod  +4 u32 req_event
 *			+8 u32 rsp_prod  +12 u32 rsp_event
 *			+64 32 entries of 64 bytes, a request or its response
 *	events		+0 u32 cons (guest)  +4 u32 prod (we)
 *			+at n entries of bytes
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	XENRING_ENTRIES = 32, /* of requests */
	XENRING_ENTRY_BYTES = 64,
};

struct xenring {
	uint8_t *page; /* borrowed: 4 KiB, shared */
	uint32_t req_cons, rsp_prod; /* ours */
};

/* Goes on after the last response: what was not answered comes again. */
void xenring_init(struct xenring *ring, uint8_t *page);
/*
 * The next request: 1 with its copy in out; 0 if there is none (and the guest
 * will notify of the next); -EBADMSG if the index is nonsense.
 */
int xenring_get(
    struct xenring *ring, uint8_t out[XENRING_ENTRY_BYTES]) MUST_CHECK;
/* One response for each request that was taken, never more. */
void xenring_put(
    struct xenring *ring, const uint8_t response[XENRING_ENTRY_BYTES]);
/* Make what was put visible; true if the guest wants to be notified. */
bool xenring_publish(struct xenring *ring) MUST_CHECK;

/* Where the events of a page are. */
struct xenevents_layout {
	uint32_t at, bytes, n; /* first entry, of one entry, entries */
};
extern const struct xenevents_layout xenevents_display, xenevents_keyboard;

struct xenevents {
	uint8_t *page; /* borrowed: 4 KiB, shared */
	const struct xenevents_layout *layout;
	uint32_t prod; /* ours */
};

/* Goes on where the page says that events ended: another back-end was here. */
void xenevents_init(struct xenevents *events, uint8_t *page,
    const struct xenevents_layout *layout);
/* Free places; 0 if the guest's index is nonsense. */
uint32_t xenevents_room(const struct xenevents *events);
/* Only into a free place. bytes: of one entry. */
void xenevents_put(struct xenevents *events, const uint8_t *bytes);
void xenevents_publish(struct xenevents *events);
