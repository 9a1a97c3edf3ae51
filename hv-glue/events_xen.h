/*
 * events_xen: event channels of one guest through /dev/xen/evtchn
 * (xen/evtchn.h). A port that was read stays silent until it is unmasked.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

enum { EVENTS_AT_ONCE = 32 };

/* The ports that fired, at most EVENTS_AT_ONCE; their number or -errno. */
int events_read(int fd, uint32_t ports[EVENTS_AT_ONCE]) MUST_CHECK;
int events_unmask(int fd, uint32_t port) MUST_CHECK;
int events_notify(int fd, uint32_t port) MUST_CHECK;
