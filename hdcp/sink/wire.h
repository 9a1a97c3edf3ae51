/*
 * wire: the byte stream to the carrier, which may be anybody. One connection
 * at a time; one that brings no picture is closed after a while, so that
 * nobody can hold the place for nothing.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <sys/types.h>

enum { WIRE_PICTURE_MS = 10000 }; /* from connection to the first picture */

struct wire {
	int listen_fd;	      /* owned; -1: standard input is the only one */
	int fd;		      /* owned; -1: nobody is connected */
	uint64_t deadline_ns; /* a picture until then; UINT64_MAX: it came */
};

/* Listen at path, for carrier (NULL: who runs us), or "-". 0 or -errno. */
int wire_open(
    struct wire *w, const char *path, const char *carrier) MUST_CHECK;
bool wire_is_up(const struct wire *w);
/* Somebody connects. True: and has the place. */
bool wire_accept(struct wire *w, uint64_t now_ns);
void wire_is_good(struct wire *w);
/* Bytes; 0: it ended; -EAGAIN or another -errno. */
ssize_t wire_read(struct wire *w, uint8_t *out, size_t room) MUST_CHECK;
/* All of it, or -errno. */
int wire_write(struct wire *w, const uint8_t *bytes, uint32_t n) MUST_CHECK;
void wire_close(struct wire *w);
