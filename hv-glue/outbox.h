/*
 * outbox: what the core has yet to be told about one VM. Pure. The device
 * models write the present state here; link.c turns it into records whenever
 * the ring has room. So a full ring, or no ring at all, costs nothing but
 * exactness of the damage, and a new core is told everything again.
 */
#pragma once

#include "protocol/rect.h"
#include "protocol/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct outbox_scanout {
	bool is_changed;      /* the core knows another buffer, or none */
	struct commit commit; /* damage left out; width_px 0: off */
	struct damage damage; /* in pixels of the buffer */
};

struct outbox {
	uint32_t seq; /* of the last commit given out */
	uint32_t n_scanouts;
	bool cursor_changed, leds_changed, vm_changed;
	bool is_up;
	uint8_t leds; /* bit 0 num, 1 caps, 2 scroll */
	struct cursor cursor;
	struct outbox_scanout scanouts[TDS_MAX_SCANOUTS];
};

void outbox_init(struct outbox *box, uint32_t n_scanouts);
void outbox_vm(struct outbox *box, bool is_up);
void outbox_leds(struct outbox *box, uint8_t leds);
void outbox_cursor(struct outbox *box, const struct cursor *cursor);
/* A scanout shows this buffer, all of it new; width_px 0: it is off. */
void outbox_show(
    struct outbox *box, uint32_t scanout, const struct commit *commit);
/* Part of what it shows is new. */
void outbox_damage(struct outbox *box, uint32_t scanout, struct rect r);
/* Say everything again: the core is a new one. */
void outbox_renew(struct outbox *box);

/* The next record: 1, or 0 when the core was told everything; -errno: bug. */
int outbox_next(
    struct outbox *box, uint8_t record[TDS_RING_RECORD_BYTES]) MUST_CHECK;
