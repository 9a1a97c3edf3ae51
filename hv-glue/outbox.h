/*
 * outbox: what the core has yet to be told about one VM. Pure. The device
 * models write the present state here; link.c turns it into records whenever
 * the ring has room. So a full ring, or no ring at all, costs nothing but
 * exactness of the damage, and a new core is told everything again.
 *
 * A granted pool (Xen) has nothing in it but ranges that the core was asked to
 * map. A picture is shown once its range is mapped, not before:
 *
 *	          MAP posted        MAPPED, 1
 *	wanted ---------------> asked ------> mapped
 *	                          | MAPPED, 0: told, gone
 *	         outbox_unmap()         UNMAP posted           MAPPED, 0
 *	any -------------------> unwanted ---------> leaving ---------> told, gone
 *
 * A new core has mapped nothing: what was wanted is wanted again. Of what is
 * unwanted it says at once that it is not mapped.
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

enum range_state {
	RANGE_FREE,
	RANGE_WANTED,
	RANGE_ASKED,
	RANGE_MAPPED,
	RANGE_UNWANTED,
	RANGE_LEAVING,
};

struct outbox_range {
	enum range_state state;
	uint32_t page, pages;
	uint32_t n_owed; /* answers of the core that are to come */
};

struct outbox {
	bool is_granted; /* the pool; set by the owner after outbox_init() */
	uint32_t seq; /* of the last commit given out */
	uint32_t n_scanouts;
	bool cursor_changed, leds_changed, vm_changed;
	bool is_up;
	uint8_t leds; /* bit 0 num, 1 caps, 2 scroll */
	struct cursor cursor;
	struct outbox_scanout scanouts[TDS_MAX_SCANOUTS];
	struct outbox_range ranges[TDS_MAX_GRANTED];
};

void outbox_init(struct outbox *box, uint32_t n_scanouts);
void outbox_vm(struct outbox *box, bool is_up);
void outbox_leds(struct outbox *box, uint8_t leds);
void outbox_cursor(struct outbox *box, const struct cursor *cursor);
/* A scanout shows this buffer, all of it new; width_px 0: it is off. */
void outbox_show(
    struct outbox *box, uint32_t scanout, const struct commit *commit);
/*
 * It shows this buffer, in which only the damage is new; all of it is, if the
 * size is another.
 */
void outbox_flip(struct outbox *box, uint32_t scanout,
    const struct commit *commit, const struct damage *damage);
/* Part of what it shows is new. */
void outbox_damage(struct outbox *box, uint32_t scanout, struct rect r);
/*
 * The core is to map these pages of a granted pool. 0, -ERANGE beyond the
 * window, -EDQUOT, or -EEXIST for what overlaps a range that is not gone.
 */
int outbox_map(struct outbox *box, uint32_t page, uint32_t pages) MUST_CHECK;
/* It is to let go of the range that begins there. 0 or -ENOENT. */
int outbox_unmap(struct outbox *box, uint32_t page) MUST_CHECK;
/*
 * The core answered. 1: the range is mapped, or (is_mapped 0) gone: the owner
 * is to be told, once for outbox_map() and once for outbox_unmap(); 0: not
 * yet; -EPROTO: nothing was asked.
 */
int outbox_mapped(struct outbox *box, const struct down *answer) MUST_CHECK;
/* Whoever owns the pool begins anew with every range. */
void outbox_forget_ranges(struct outbox *box);
/* Whether the core, which said TICK{seq}, has seen what is shown last. */
bool outbox_is_shown(const struct outbox *box, uint32_t scanout, uint32_t seq);
/* Say everything again: the core is a new one. */
void outbox_renew(struct outbox *box);

/* The next record: 1, or 0 when the core was told everything; -errno: bug. */
int outbox_next(
    struct outbox *box, uint8_t record[TDS_RING_RECORD_BYTES]) MUST_CHECK;
