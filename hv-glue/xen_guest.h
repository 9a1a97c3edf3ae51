/*
 * xen_guest: everything that the tds-guest of a Xen domain holds, and how its
 * parts meet: rings and event channels of the guest, the broker that maps for
 * it, the link to the core. Its twin for virtual machines is guest.h.
 */
#pragma once

#include "hv-glue/broker.h"
#include "hv-glue/displif.h"
#include "hv-glue/kbdif.h"
#include "hv-glue/link.h"
#include "protocol/control.h"

enum { XEN_GUEST_FDS = 7 };

struct xen_connector {
	struct xenring ring;	 /* page NULL: not connected */
	struct xenevents events;
	uint32_t port, event_port;
	bool has_responses, has_events; /* that are not published */
};

struct xen_guest {
	struct loop loop;
	char name[TDS_NAME_BYTES];
	uint32_t width, height; /* of each scanout, until it shows something */
	int gntdev, evtchn, news, ask; /* owned */
	int again; /* owned eventfd: rings hold more than one turn's work */
	struct outbox outbox;
	struct link link;
	struct displif display;
	struct xen_connector connectors[TDS_MAX_SCANOUTS];
	struct kbdif keyboard;
	uint32_t keyboard_port;
	struct log_budget budget;
	struct broker_ask question;	  /* scratch */
	uint8_t asked[BROKER_ASK_BYTES]; /* scratch */
};

/*
 * A zeroed guest from tdsd's record; takes fds[XEN_GUEST_FDS] out one by one.
 * 0 or -errno with *what failed; xen_guest_finish() in both cases.
 */
int xen_guest_init(struct xen_guest *guest, const struct guest_xen *setup,
    int *fds, const char **what) MUST_CHECK;
/* GUEST_CORE: takes the three descriptors. 0 or -errno. */
int xen_guest_core(struct xen_guest *guest, int ring_fd, int bell_up,
    int bell_down) MUST_CHECK;
void xen_guest_finish(struct xen_guest *guest);

/* xen_guest_map.c: what displif asks of others. */
extern const struct displif_ops xen_guest_ops;
/* One page of gntdev, for reading and writing; NULL with errno. */
uint8_t *xen_guest_page(struct xen_guest *guest, uint32_t page);
