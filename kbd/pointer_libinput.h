/*
 * pointer_libinput: mice, touchpads, touchscreens and pens through libinput.
 * Only admitted devices are given to it. A pen's tip is an absolute pointer with
 * a left button; fingers on a touchscreen are contacts, and the first of them an
 * absolute pointer with a button of its own as well.
 */
#pragma once

#include "kbd/seat.h"

struct pointers;

/*
 * Opens all that it will ever open (epoll, timer, libinput's quirks if there
 * are any): before the seal. seat: borrowed.
 */
int pointers_create(struct seat *seat, struct pointers **out) MUST_CHECK;
void pointers_destroy(struct pointers *p);
/* Readable when pointers_dispatch() has something to do. */
int pointers_fd(const struct pointers *p);
/* fd: borrowed until pointers_remove(). traits: enum device_trait. -ENOTSUP if
 * libinput refuses. */
int pointers_add(
    struct pointers *p, uint32_t at, int fd, uint32_t traits) MUST_CHECK;
void pointers_remove(struct pointers *p, uint32_t at);
void pointers_dispatch(struct pointers *p);
