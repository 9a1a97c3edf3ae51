/*
 * fake_xenstore: xenstored and the kernel's device before it, over a stream
 * socket: a tree of nodes, watches, and moods in which it answers wrongly.
 * Without threads: xenstore_turn() answers what has been asked until now.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	XENSTORE_NODES = 512,
	XENSTORE_WATCHES = 128,
	XENSTORE_PATH = 160,
	XENSTORE_VALUE = 96,
	XENSTORE_MESSAGE = 16 + 4096,
};

enum xenstore_mood {
	XENSTORE_HONEST,
	XENSTORE_SILENT,
	XENSTORE_CHATTY, /* a watch fires in place of each answer */
	/* what is read below `absurd` is anything that xenstore can hold */
	XENSTORE_ABSURD,
};

struct xenstore {
	int fd; /* owned: the device's end */
	enum xenstore_mood mood;
	const char *absurd; /* borrowed */
	uint64_t seed;
	uint32_t n_questions;
	uint32_t n_watches;
	struct {
		char path[XENSTORE_PATH], token[32]; /* path empty: free */
	} watches[XENSTORE_WATCHES];
	struct {
		char path[XENSTORE_PATH], value[XENSTORE_VALUE];
	} nodes[XENSTORE_NODES];
	uint32_t len; /* of the message that is being received */
	uint8_t message[XENSTORE_MESSAGE];
};

/* The other end of the socket, owned by the caller. */
int xenstore_open(struct xenstore *store);
void xenstore_close(struct xenstore *store);
/* Answer what was asked; false if the other side is gone. */
bool xenstore_turn(struct xenstore *store);

/* What others write: watches fire. NULL: the node and all below is removed. */
void xenstore_put(
    struct xenstore *store, const char *path, const char *value);
/* "" for a node that is not there. */
const char *xenstore_get(const struct xenstore *store, const char *path);
/* Any message to the one who asks. */
void xenstore_say(struct xenstore *store, uint32_t type, uint32_t said_len,
    const void *payload, uint32_t len);
/* A watch fires. */
void xenstore_fire(
    struct xenstore *store, const char *path, const char *token);
uint64_t xenstore_random(struct xenstore *store);
