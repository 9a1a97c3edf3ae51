/*
 * process: the state of tds-xen, and what it does for those who decide
 * (domain.c, find.c): main.c says when, process_ops.c how.
 */
#pragma once

#include "hv-glue/xen/find.h"
#include "hv-glue/xen/grants_xen.h"
#include "hv-glue/xen/store.h"
#include "tds/base/loop.h"

enum { CHANNEL_FD = 3, SERVE_FDS = 5 };

struct server { /* the descriptors of one tds-guest; all owned or -1 */
	struct broker *broker; /* borrowed */
	uint32_t index;
	int fds[SERVE_FDS]; /* pixels, rings, evtchn, news, ask */
};

struct broker {
	struct loop loop;
	struct store store;
	struct finder finder;
	uint64_t sweep_ms; /* when; 0: not planned */
	bool is_unsealed, has_started, has_failed;
	uint32_t n;
	struct domain domains[TDS_MAX_DOMAINS]; /* in the order of tdsd's */
	struct server servers[TDS_MAX_DOMAINS];
	struct broker_ask question;	 /* scratch */
	struct grants_request request;	 /* scratch */
	uint8_t asked[BROKER_ASK_BYTES + 1]; /* scratch */
};

/* Their data is the struct broker. */
extern const struct domain_ops process_ops;

/* What an answer of xenstore means to the process; err as it came. */
int process_judge(struct broker *b, int err);
