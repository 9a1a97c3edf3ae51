/*
 * kms: screens of a graphics card, by the kernel's atomic mode setting and
 * nothing else. Speaks ioctls itself: no library, no allocation but the dumb
 * buffers, so that the list of calls after start is short and fixed
 * (tds/base/rights_table.c).
 *
 * Per output two dumb buffers; one flip is pending at most. A mode is tried
 * with TEST_ONLY when the output is probed and set by its first present(); if
 * either fails, the next mode is taken: the configured one, the monitor's
 * preferred one, then the others in the kernel's order. Everything that was on
 * before is switched off by the first probe(), so no older picture stays.
 *
 * The card's memory is written, never read. What the kernel says is bounded:
 * more connectors, modes or properties than fit are not looked at.
 */
#pragma once

#include "compositor/screen.h"

/*
 * card_fd: a card of which we are the DRM master; borrowed, and watched by
 * the caller for reading (then: flips()). There is one such screen in a
 * process; its storage is static. 0, or -errno after a line to the log that
 * says what to do: -EOPNOTSUPP if the driver knows no atomic mode setting or
 * no dumb buffers, -EACCES if we are not the master.
 */
int kms_create(int card_fd, struct screen **out) MUST_CHECK;
/* Switch everything off and give it back; the descriptor stays open. */
void kms_destroy(struct screen *screen);
