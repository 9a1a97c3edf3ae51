/*
 * device_rings: the requests that set a ring up. Inside of device.c's work:
 * each returns 0, the length of its reply, or -errno with *why.
 *
 *	NUM, BASE, ADDR ---> KICK ---> running ---> GET_VRING_BASE ---> stopped
 */
#pragma once

#include "hv-glue/device.h"

int device_set_vring_num(
    struct device *d, const struct vu_state *s, const char **why) MUST_CHECK;
int device_set_vring_base(
    struct device *d, const struct vu_state *s, const char **why) MUST_CHECK;
int device_set_vring_addr(
    struct device *d, const struct vu_addr *a, const char **why) MUST_CHECK;
/* Take the descriptor out of fds. */
int device_set_vring_kick(struct device *d, const struct vu_vring_fd *m,
    int *fds, const char **why) MUST_CHECK;
int device_set_vring_call(struct device *d, const struct vu_vring_fd *m,
    int *fds, const char **why) MUST_CHECK;
int device_set_vring_enable(
    struct device *d, const struct vu_state *s, const char **why) MUST_CHECK;
int device_get_vring_base(struct device *d, const struct vu_state *s,
    uint8_t *reply, const char **why) MUST_CHECK;

void device_stop_queue(struct device_queue *q);
/* One more event on an eventfd of the VMM; -1: none. */
void device_ring_bell(int fd);
