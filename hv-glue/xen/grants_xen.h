/*
 * grants_xen: what the broker does to gntdev and evtchn (xen/gntdev.h,
 * xen/evtchn.h): every call names the domain that it is about, and that is
 * never a number from a guest process.
 */
#pragma once

#include "hv-glue/broker.h"

#include <stdint.h>

enum { GRANTS_REQUEST_BYTES = 24 + 8 * BROKER_MAX_GREFS };

/* Room for what the kernel is told; nothing is allocated after the seal. */
struct grants_request {
	_Alignas(8) uint8_t bytes[GRANTS_REQUEST_BYTES];
};

/* Only that domain's channels can be bound through fd from now on. */
int grants_restrict(int fd, uint32_t domid) MUST_CHECK;
/* The local end of a channel, or -errno. */
int grants_bind(int fd, uint32_t domid, uint32_t port) MUST_CHECK;
/* n granted pages are to be mapped by one mmap() at *page; 0 or -errno. */
int grants_map(int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    struct grants_request *request, uint32_t *page) MUST_CHECK;
int grants_unmap(int fd, uint32_t page, uint32_t n) MUST_CHECK;
