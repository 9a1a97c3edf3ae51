/*
 * screen: where frames go. One kind of screen runs at a time: frames in memory
 * (headless.c) or KMS (kms_drm.c); main.c knows only this.
 *
 *	probe ---> begin -> (paint) -> present ---> begin -> ...
 *	  ^		       one flip is pending at most, per output
 *	  +-- CORE_HOTPLUG, a failed present
 *
 * Outputs have the index of their slot in the core. Nothing here blocks, and
 * the pixels of a target are never read: they may be write-combined.
 */
#pragma once

#include "compositor/paint.h"

struct screen;

/* What a cursor plane shows: over everything, so what is in it is chosen with
 * care (compositor/cursor.h). */
struct cursor_plane {
	bool is_visible;
	int32_t x, y; /* of its top left corner; may lie outside */
	/* borrowed: TDS_CURSOR_DIM^2 pixels, ARGB8888 premultiplied; NULL: the
	 * same as before */
	const uint32_t *image;
};

struct screen_ops {
	/*
	 * Find out what is connected. slots[TDS_MAX_OUTPUTS] is what the
	 * configuration says of each slot; found[i] is slots[i] with all that
	 * was left open (0) chosen: size as seen after rotation, scale,
	 * refresh, name; width 0 where nothing is connected or its mode fails.
	 * An output whose found[] changed starts anew: begin() names its whole
	 * area as stale, and it lights up with its first present(). One that
	 * went away is switched off. 0, or -errno if the card is gone.
	 */
	int (*probe)(struct screen *screen, const struct core_output *slots,
	    uint32_t n, struct core_output *found);
	/*
	 * Where to paint output i now. pixels NULL: not now, its last flip is
	 * pending, or it is off. *stale (never NULL with pixels): what this
	 * buffer shows of older frames, in pixels of the output.
	 */
	struct target (*begin)(struct screen *screen, uint32_t i,
	    const struct damage **stale);
	/*
	 * Show what was painted. painted: what changed since the last
	 * present(), for the other buffer's stale list and for damage clips.
	 * 0, or -errno: not shown; begin() gives the same buffer again.
	 */
	int (*present)(struct screen *screen, uint32_t i,
	    const struct damage *painted);
	/*
	 * All outputs off or on. Off is at once; what was on is wiped. On:
	 * each lights up with its next present(), for which begin() names its
	 * whole area as stale. 0 or -errno.
	 */
	int (*power)(struct screen *screen, bool is_on);
	/*
	 * Take in flips that are done, without blocking. The latest time at
	 * which the fastest output began to show one, CLOCK_MONOTONIC; 0: it
	 * did not (others may have: ask begin()).
	 */
	uint64_t (*flips)(struct screen *screen);
	/* Has output i, as it is now, a cursor plane? NULL: none has. Outputs
	 * that are turned have none. Ask after each probe(): a present() that
	 * failed may have cost it. */
	bool (*has_cursor)(const struct screen *screen, uint32_t i);
	/* What the next present() of output i that succeeds shows there, and
	 * those after it, until the output starts anew (then: nothing). That
	 * one may come with nothing painted (painted->n 0), and then flips no
	 * buffer, unless it lights the output up. */
	void (*set_cursor)(struct screen *screen, uint32_t i,
	    const struct cursor_plane *cursor);
	/*
	 * How the cable of output i is to be protected (enum protection) by
	 * its next present() that succeeds, and from then on, also when the
	 * output starts anew. NULL: this screen protects none.
	 */
	void (*protect)(struct screen *screen, uint32_t i, uint32_t level);
	/* What output i shows goes out protected as it was asked to be: asked
	 * from the kernel anew, true only if nothing is in doubt. */
	bool (*is_protected)(struct screen *screen, uint32_t i);
	/* Output i as it is shown, into fd (4 * width * height bytes).
	 * -EOPNOTSUPP: it cannot be read; paint it again elsewhere. */
	int (*dump)(struct screen *screen, uint32_t i, int fd);
};

struct screen {
	const struct screen_ops *ops;
};
