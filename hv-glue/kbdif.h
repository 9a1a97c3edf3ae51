/*
 * kbdif: keyboard and pointer of a Xen guest (xen/io/kbdif.h) as a state
 * machine: events of the core in, entries of the shared page out. Pure but for
 * that page.
 *
 * Events are put as whole groups, up to EV_SYN. A guest that does not read
 * loses groups, and is told, when there is room again, that everything it saw
 * pressed is up and each finger that it saw has lifted: at most what fits, the
 * rest when it has read that.
 */
#pragma once

#include "hv-glue/xenring.h"
#include "protocol/control.h"

#include <linux/input-event-codes.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	KBDIF_GROUP = 24, /* entries of one group: ten fingers and a key */
	KBDIF_BYTES = 40, /* of an entry */
};

struct kbdif {
	struct xenevents events; /* page NULL: no front end */
	bool is_absolute;	 /* it asked for positions, not for motion */
	uint32_t width, height;	 /* of its absolute axes */
	bool is_lost;		 /* releases are owed */
	bool has_position;	 /* abs and last are known */
	int32_t abs[2], last[2]; /* of the axes; as it was last told */
	bool has_moved;		 /* in this group */
	int32_t wheel;
	uint32_t n; /* of this group so far */
	bool is_void; /* too long, or not true any more: it counts as lost */
	uint32_t contacts; /* that its touchscreen knows; 0: none */
	uint32_t slot;	   /* of the next event of a finger */
	bool begins, has_touched;
	int32_t touch_x;
	uint32_t touching; /* bit n: the guest saw contact n come down */
	uint32_t touching_next; /* with this group */
	uint8_t group[KBDIF_GROUP][KBDIF_BYTES];
	uint8_t seen[KEY_CNT / 8]; /* keys that the guest saw pressed */
};

/* A front end that has just connected, or that an earlier one of us served. */
void kbdif_attach(struct kbdif *k, uint8_t *page, bool is_absolute,
    uint32_t width, uint32_t height, uint32_t contacts);
/*
 * One event of the core; an absolute one on the guest's own axes. True if the
 * guest is to be notified.
 */
bool kbdif_put(struct kbdif *k, uint16_t type, uint16_t code,
    int32_t value) MUST_CHECK;
/*
 * The same for an axis of a finger (ABS_MT_...), on the axes of the pointer.
 * A front end without a touchscreen gets TDS_BTN_FINGER as its left button.
 */
void kbdif_touch(struct kbdif *k, uint16_t code, int32_t value);
/* The core lost events: everything that was seen pressed is up. */
bool kbdif_lost(struct kbdif *k) MUST_CHECK;
/* The guest has read; true as above. */
bool kbdif_read(struct kbdif *k) MUST_CHECK;
