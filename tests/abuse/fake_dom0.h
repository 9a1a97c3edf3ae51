/*
 * fake_dom0: everything around one real tds-xen: tdsd, xenstored and the
 * toolstack, the kernel's devices (fake_grants), the guests' front ends and
 * their tds-guests. Counts what each tds-guest has mapped and bound.
 *
 * Domain WORK is each test's victim; domain WEB is a bystander that is
 * connected from the start and must never notice anything.
 */
#pragma once

#include "hv-glue/broker.h"
#include "tests/abuse/fake_child.h"
#include "tests/abuse/fake_xenstore.h"

enum { WORK, WEB, DOM0_DOMAINS, WEB_DOMID = 3, DOM0_FDS = 5 };

enum { DEV_PIXELS, DEV_RINGS, DEV_EVENTS, DEV_NEWS, DEV_ASK };

/* What tdsd and a tds-guest have of one domain. */
struct dom0_guest {
	bool is_found, is_served;
	bool is_stuck;	   /* reads neither news nor answers */
	int fds[DOM0_FDS]; /* owned: our ends, -1 where it was closed */
	uint32_t domid;	   /* that all of it must name */
	int32_t restricted; /* of evtchn; 0: not yet */
	uint32_t maps, pages, ports;
	uint32_t next_page;
	uint32_t n_found, n_gone, n_news;
	uint32_t error; /* of the last XEN_GONE */
	uint32_t n_answers;
	struct broker_answer answer; /* the last */
};

struct dom0 {
	struct child child;
	struct xenstore store;
	bool is_deaf;	 /* tdsd reads nothing */
	bool is_idle;	 /* and starts no tds-guest of its own accord */
	bool may_end;	 /* the process */
	bool is_unreal;	 /* fake_grants is in it */
	bool is_broken; /* that maps nothing */
	struct dom0_guest guests[DOM0_DOMAINS];
};

/* The program alone, told nothing. */
void dom0_start(struct dom0 *dom0, const char *program);
/* Told all, and at work. */
void dom0_configure(struct dom0 *dom0);
void dom0_stop(struct dom0 *dom0);
/* One turn of everybody else; false at its end, or after the deadline. */
bool dom0_turn(struct dom0 *dom0, int64_t deadline_ms);
/* Turns until it is so; the log is shown if it never is. */
#define DOM0_WAIT(dom0, so)                                                    \
	do {                                                                   \
		const int64_t until = now_ms() + CHILD_DEADLINE_MS;            \
		while (!(so))                                                  \
			if (!dom0_turn(dom0, until))                           \
				fail_msg(                                      \
				    "never: %s; log:\n%s", #so, (dom0)->child.log); \
	} while (0)
/* It ends by itself, as a failure, and says this in the log. */
void dom0_expect_end(struct dom0 *dom0, const char *text);
/* A record as it is. */
void dom0_send(struct dom0 *dom0, const void *bytes, int len, const int *fds,
    uint32_t n_fds);

/* tdsd starts a tds-guest; the old one is gone. */
void dom0_serve(struct dom0 *dom0, uint32_t index);
/* What tds-guest says, as it is. */
void dom0_say(struct dom0 *dom0, uint32_t index, const void *bytes, int len);
/* A question, and its answer. */
struct broker_answer dom0_ask(
    struct dom0 *dom0, uint32_t index, const struct broker_ask *ask);
/* It dies; what it had is let go, and a new one is started. */
void dom0_kill_guest(struct dom0 *dom0, uint32_t index);

/* xl create NAME, up to a tds-guest that serves it. */
void dom0_create(struct dom0 *dom0, uint32_t index, uint32_t domid);
/* Its nodes go, or it is dead, up to the end of its tds-guest. */
void dom0_remove(struct dom0 *dom0, uint32_t index);
void dom0_destroy(struct dom0 *dom0, uint32_t index);
/* Nodes of a guest's own: kind is vdispl or vkbd. */
void dom0_front(struct dom0 *dom0, uint32_t index, const char *kind,
    const char *node, const char *value);
/* The state of the back end, of vdispl or vinput. */
char dom0_back(const struct dom0 *dom0, uint32_t index, const char *kind);
/* Both front ends name their rings. */
void dom0_rings(struct dom0 *dom0, uint32_t index);
/* Both front ends connect as Linux's do, and work. */
void dom0_connect(struct dom0 *dom0, uint32_t index);
/* A back end of the toolstack's, and only that. */
void dom0_node(struct dom0 *dom0, uint32_t domid, const char *kind,
    const char *node, const char *value);
