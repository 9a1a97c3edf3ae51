/*
 * devices: the input devices that tdsd knows. Each has a number that is never
 * used twice: what comes back is another device, and asks again. They begin
 * with 1; in records 0 means no device.
 *
 *	add, scan ---> devices_see() ---> in the table ---> devices_lose()
 */
#pragma once

#include "protocol/control.h"

struct device {
	uint32_t number; /* TDS_NONE: a free entry */
	uint32_t event;	 /* N of /dev/input/eventN */
	uint64_t node;	 /* another inode there is another device */
	uint32_t state;	 /* enum device_state */
};

struct devices {
	uint32_t next_number;
	struct device items[TDS_MAX_DEVICES];
};

struct device_change {
	uint32_t closed;	     /* a number, or TDS_NONE */
	const struct device *opened; /* borrowed from the table, or NULL */
	bool is_full;		     /* no room: it stays unused */
};

void devices_init(struct devices *devices);
/* This node is there now. Nothing changes if it was there before. */
struct device_change devices_see(struct devices *devices, uint32_t event,
    uint64_t node, uint32_t state) MUST_CHECK;
/* It is gone: its number, or TDS_NONE if it was not known. */
uint32_t devices_lose(struct devices *devices, uint32_t event) MUST_CHECK;
/* NULL if there is none. */
struct device *devices_find(struct devices *devices, uint32_t number);

/*
 * Open /dev/input/eventN, for writing lights as well if is_writable. A
 * descriptor with *node set, or -errno; -ENODEV if it is no input device.
 */
int device_open(uint32_t event, bool is_writable, uint64_t *node) MUST_CHECK;

enum { DEVICES_MAX_SEEN = 256 };

/* The N of every /dev/input/eventN into events[DEVICES_MAX_SEEN], ascending;
 * how many, or -errno. What is beyond that is not seen. */
int devices_scan(uint32_t *events) MUST_CHECK;
