/*
 * store: xenstore through the kernel's device /dev/xen/xenbus (the messages of
 * xen/io/xs_wire.h; docs/misc/xenstore.txt of Xen). One question at a time,
 * with a time limit; watches that fire meanwhile are kept. A xenstore that does
 * not answer, or not in its own form, is dead from then on. Paths that do not
 * begin with / are below our own domain's home, in dom0 as in a guest.
 *
 *	0 u32 type  4 u32 request  8 u32 transaction (0)  12 u32 len
 *	16 u8[len] strings, each with its NUL, or a value without
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STORE_MAX_PAYLOAD = 4096,
	STORE_PATH = 160,
	STORE_VALUE = 128,
	STORE_TOKEN = 16,
	STORE_EVENTS = 128,
};

struct store {
	int fd; /* owned */
	uint32_t request;
	uint32_t n_tokens;
	bool has_lost; /* more watches fired than were kept */
	bool is_dead;  /* no more questions: each fails at once */
	char tokens[STORE_EVENTS][STORE_TOKEN];
	uint32_t len; /* of the message that is being received */
	uint8_t message[16 + STORE_MAX_PAYLOAD + 1];
};

void store_init(struct store *store, int fd);
/* 0 with a NUL-terminated value, -ENOENT, -EACCES, ...; -E2BIG: longer. */
int store_read(struct store *store, const char *path, char *value,
    size_t size) MUST_CHECK;
int store_write(
    struct store *store, const char *path, const char *value) MUST_CHECK;
int store_remove(struct store *store, const char *path) MUST_CHECK;
/* The names in a directory, each with its NUL; their length or -errno. */
int store_list(struct store *store, const char *path, char *names,
    size_t size) MUST_CHECK;
int store_watch(
    struct store *store, const char *path, const char *token) MUST_CHECK;
int store_unwatch(
    struct store *store, const char *path, const char *token) MUST_CHECK;
/* 1 if that domain is there, 0 if not, -errno. */
int store_is_there(struct store *store, uint32_t domid) MUST_CHECK;
/*
 * Take in what the kernel has, without waiting: watches that fired. 0, or
 * -errno when xenstore is dead.
 */
int store_poll(struct store *store) MUST_CHECK;
