/*
 * super: tdsd's state. It starts, connects and restarts the other processes;
 * it parses its configuration, our own records, and no byte of a guest.
 *
 *	core:  none --spawn, setup--> starting --CORE_READY--> ready
 *	       any --exit, bad record--> none --back-off--> ...
 *	guest: none --spawn, setup--> running --exit, malformed--> none ...
 */
#pragma once

#include "tds/base/log.h"
#include "tds/base/loop.h"
#include "tds/super/config.h"
#include "tds/super/place.h"
#include "tds/super/shared.h"
#include "tds/super/spawn.h"

#include <limits.h>

enum { MAX_CLIENTS = 8 };

/* When to start again: at once, unless it lives too short. */
struct backoff {
	uint64_t started_ns;
	uint64_t again_ns; /* 0: not waiting */
	uint32_t short_lives;
};

struct super;

struct guest {
	struct super *super; /* borrowed: it holds us */
	uint32_t domain;
	struct child child;
	struct shared_link link;
	int pool; /* owned, read-only: for the core; -1: none */
	struct backoff backoff;
	uint64_t last_vnc_ns; /* when its VNC server was asked for */
	bool wants_vnc;	      /* again, and it is too early */
	struct log_budget budget;
};

enum request { REQUEST_NONE, REQUEST_STATUS, REQUEST_PICTURE, REQUEST_FOCUS };

/* One connection of tdsctl: one request, one answer. */
struct client {
	int fd; /* owned; -1: free */
	enum request request;
	uint32_t cookie, domain, output;
	int picture; /* owned memfd; -1: none */
	uint64_t deadline_ns;
};

struct super {
	struct config config;
	struct loop loop;
	char core_path[PATH_MAX], guest_path[PATH_MAX];
	bool is_plain; /* no namespaces here: try-out mode only */
	struct child core;
	bool core_is_ready;
	struct backoff core_backoff;
	struct guest guests[TDS_MAX_DOMAINS];
	struct client clients[MAX_CLIENTS];
	uint32_t next_cookie;
	struct place place; /* run directory, lock, listening for tdsctl */
	int signals;	/* owned: signalfd */
	int timer;	/* owned: restarts and deadlines */
	struct log_budget budget;
	struct status status;		   /* scratch */
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

uint64_t super_now_ns(void);
/* Arm the timer for the earliest restart or deadline. */
void super_arm(struct super *s);

void backoff_started(struct backoff *b);
void backoff_ended(struct backoff *b);

/* core_life.c */
void core_begin(struct super *s);
void core_end(struct super *s, const char *why);
/* When a core that is starting must be ready; 0: none is. */
uint64_t core_deadline_ns(const struct super *s);
/* Send a record that s->record holds; a core that takes none is ended. */
void core_send(struct super *s, int len, const int *fds, uint32_t n_fds);

/* guest_life.c */
void guest_begin(struct super *s, uint32_t i);
void guest_end(struct super *s, uint32_t i, const char *why);
/* When its wish for the VNC server is due; 0: it has none. */
uint64_t guest_vnc_ns(const struct guest *g);
void guest_give_vnc(struct super *s, uint32_t i);
/* The core is ready: show it this guest. */
void guest_link(struct super *s, uint32_t i);
/* The core is gone: a fresh ring and doorbells for this guest. */
void guest_relink(struct super *s, uint32_t i);

/* clients.c */
int clients_listen(struct super *s) MUST_CHECK;
void clients_reply(struct super *s, uint32_t cookie,
    const struct status *status);
void clients_fail_all(struct super *s, const char *why);
void clients_expire(struct super *s, uint64_t now_ns);
