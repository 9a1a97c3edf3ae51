/*
 * protect: which domains are shown only over a protected cable, and when.
 *
 * An output needs the strictest level of the domains that have a window on it
 * that is not hidden, whatever those domains do. What is in force counts only
 * for exactly that need: when the need changes, nothing that needs protection
 * is shown from that step on; the shell presents a frame without it, then asks
 * the screen for the new level, then tells (EVENT_CABLE) that it is in force.
 *
 *		  need changed, output changed, told otherwise
 *	  SHOWN ------------------------------------------------> TILES
 *	    ^							    |
 *	    +---------------- told: as needed, in force ------------+
 */
#pragma once

#include "compositor/core.h"

/* Its window's content may be painted where it is. */
bool protect_allows(const struct core *core, const struct window *w);
/* After whatever may have changed which windows are where. */
void protect_update(struct core *core);
/* In force on an output is now what was asked of it: a level, or none. */
void protect_set(struct core *core, uint32_t output, uint32_t level);
