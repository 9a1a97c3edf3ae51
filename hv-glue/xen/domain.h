/*
 * domain: one Xen domain that is served: its two devices and what its
 * tds-guest has mapped. It decides; xenstore, gntdev and evtchn are behind
 * ops. What it reads of the front end is the guest's to write, and text.
 *
 * The life of a tds-guest is the life of its front ends: when one of them
 * disconnects the process ends, and with it everything that it held, and a
 * fresh one serves what is there then.
 */
#pragma once

#include "hv-glue/broker.h"
#include "hv-glue/xen/xenbus.h"
#include "tds/base/log.h"

#include <stddef.h>

enum {
	DOMAIN_PATH = 96,
	DOMAIN_VALUE = 80,
	DOMAIN_NONE = 0x7ff0, /* DOMID_FIRST_RESERVED */
	DOMAIN_MAPS = 2 * TDS_MAX_GRANTED + 16,
	DOMAIN_RINGS = 16, /* pages that are not pixels, at one time */
	/*
	 * What a domain may map with Xen's default max_maptrack_frames (1024
	 * of 256 each): shared out evenly, or a guest could take it all.
	 */
	DOMAIN_ALL_PAGES = 1 << 18,
};

/* Each returns 0 or -errno; bind a port; is_there 0 or 1. */
struct domain_ops {
	int (*read)(void *data, const char *path, char *value, size_t size);
	int (*write)(void *data, const char *path, const char *value);
	int (*remove)(void *data, const char *path);
	int (*list)(void *data, const char *path, char *names, size_t size);
	int (*watch)(void *data, const char *path, const char *token);
	int (*unwatch)(void *data, const char *path, const char *token);
	int (*is_there)(void *data, uint32_t domid);
	int (*restrict_to)(void *data, int fd, uint32_t domid);
	int (*bind)(void *data, int fd, uint32_t domid, uint32_t port);
	int (*map)(void *data, int fd, uint32_t domid, const uint32_t *grefs,
	    uint32_t n, uint32_t *page);
	int (*unmap)(void *data, int fd, uint32_t page, uint32_t n);
	/* news to its tds-guest */
	int (*tell)(void *data, int fd, const struct broker_news *news);
	/* to tdsd: XEN_FOUND, XEN_GONE */
	void (*found)(void *data, uint32_t index);
	void (*gone)(void *data, uint32_t index, bool is_found, int error);
	/* a device is Closed and not wanted: see find_sweep() */
	void (*sweep_later)(void *data);
	/* its descriptors are of no use any more */
	void (*drop)(void *data, uint32_t index);
};

struct domain_map {
	uint32_t page, n; /* n 0: free */
	enum broker_where where;
};

struct domain_device {
	bool is_there, is_connected;
	bool is_refused; /* what it said of its rings was wrong */
	char back[DOMAIN_PATH], front[DOMAIN_PATH]; /* directories */
};

enum { DEVICE_DISPLAY, DEVICE_KEYS, DOMAIN_DEVICES };

struct domain {
	const struct domain_ops *ops; /* borrowed */
	void *data;		      /* borrowed */
	uint32_t index;		      /* tdsd's */
	uint32_t scanouts, width, height;
	char name[TDS_PHRASE_BYTES], uuid[TDS_LABEL_BYTES]; /* empty: any */
	uint32_t domid; /* DOMAIN_NONE: not there */
	struct domain_device devices[DOMAIN_DEVICES];
	bool has_guest; /* the descriptors below are a tds-guest's */
	int pixels, rings, evtchn, news; /* borrowed */
	uint32_t max_pages; /* of all that is mapped together */
	struct domain_map maps[DOMAIN_MAPS];
	struct log_budget budget;
};

/* It is this one now, or (DOMAIN_NONE) there is none. */
void domain_is(struct domain *d, uint32_t domid);
/* Look at the device directories and go as far as can be gone. */
void domain_step(struct domain *d);
/* A tds-guest serves it: the four descriptors are set. */
void domain_serve(struct domain *d);
/* That process is gone. */
void domain_unserved(struct domain *d);
/* What that process asks. */
struct broker_answer domain_answer(
    struct domain *d, const struct broker_ask *ask);
/* A number and nothing else, in decimal; false for any other text. */
bool domain_number(const char *text, uint32_t *out);
