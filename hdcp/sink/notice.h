/*
 * notice: the full-screen pictures that tds-sink shows instead of a desktop.
 * Pure. They hold nothing that came over the wire, and look like no desktop:
 * the one that warns can be told from across a room.
 */
#pragma once

#include "compositor/paint.h"

enum notice {
	NOTICE_WAITING,	      /* no picture came yet, or the sender went */
	NOTICE_NOT_AUTHENTIC, /* something was wrong on the way */
};

/* What the pictures say besides. */
struct notice_facts {
	const char *receiver;	/* borrowed: its identifier, hexadecimal */
	const char *why;	/* borrowed: one line; NOTICE_NOT_AUTHENTIC */
	bool is_facsimile;
};

/*
 * Draw the part of a notice that lies in clip. size: of the whole screen, from
 * (0, 0); clip inside. scale: 1..4 pixels for a logical one.
 */
void notice_draw(enum notice what, const struct notice_facts *facts,
    struct rect size, int32_t scale, struct rect clip, struct target target);
