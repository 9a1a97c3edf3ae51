/*
 * channel: one record per datagram over a SOCK_SEQPACKET UNIX socket, with
 * file descriptors beside it. Never blocks: the sockets are O_NONBLOCK and
 * both calls pass MSG_DONTWAIT.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

enum { CHANNEL_MAX_FDS = 8 };

/* A pair of connected, close-on-exec, non-blocking sockets. 0 or -errno. */
int channel_pair(int out[2]) MUST_CHECK;

/*
 * Send one record and n_fds <= CHANNEL_MAX_FDS descriptors (borrowed).
 * 0; -EAGAIN if the peer does not read; other -errno if the peer is gone.
 */
int channel_send(int fd, const void *bytes, uint32_t len, const int *fds,
    uint32_t n_fds) MUST_CHECK;

/* One received record; the caller owns the descriptors that it takes out. */
struct received {
	uint32_t len;
	uint32_t n_fds;
	int fds[CHANNEL_MAX_FDS]; /* owned; -1 where there is none or taken */
};

/*
 * Receive one record into bytes[size]. 0; -EAGAIN if there is none; -EPIPE at
 * the end of the stream; -EBADMSG if the record or its descriptors were cut
 * short (everything received is closed then).
 */
int channel_receive(int fd, void *bytes, uint32_t size,
    struct received *out) MUST_CHECK;

/* Close what the caller did not take. Legal on a zeroed struct. */
void received_finish(struct received *r);
