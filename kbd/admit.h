/*
 * admit: which input devices may speak. Pure.
 *
 * A device that was there from the start may, unless a rule refuses it. One
 * that comes later may if a rule allows it, or if it is the same in every
 * respect as one that was admitted before; else it waits:
 *
 *	        code typed on it (keyboard), A in the panel (others)
 *	WAITING ----------------------------------------------------> ADMITTED
 *	   +------> REFUSED: R in the panel, TRIES wrong codes, a rule
 *
 * One that comes back with the same name tags but other abilities waits,
 * whatever a rule says: it is not the device that the rule was written for.
 */
#pragma once

#include "kbd/keys.h"
#include "protocol/control.h"

enum { ADMIT_DIGITS = 6 };

struct device {
	struct seat_device info; /* info.device 0: a free place */
	enum device_state state;
	uint64_t domains; /* bit per domain that it may reach */
	uint8_t code[ADMIT_DIGITS]; /* 0..9, WAITING only */
	uint8_t n_typed, n_wrong;
	/* presses that it may still send at once; refilled with time */
	uint32_t presses;
	uint64_t refilled_ns;
	bool is_throttled; /* until it has rested */
};

struct admit {
	uint32_t n_rules;
	struct core_rule rules[TDS_MAX_RULES];
	struct device devices[TDS_MAX_DEVICES];
	/* devices that were admitted, the oldest is forgotten first */
	uint32_t n_known;
	struct seat_device known[TDS_MAX_DEVICES];
};

/* -EDQUOT, -EEXIST: out of order. */
int admit_add_rule(struct admit *a, const struct core_rule *rule) MUST_CHECK;
/* A device came. random: for its code. NULL: no place is left for it. */
struct device *admit_add(struct admit *a, const struct seat_device *info,
    uint32_t random);
/* It went; 0: all of them. */
void admit_remove(struct admit *a, uint32_t device);
/* NULL: there is none of this number. */
struct device *admit_find(struct admit *a, uint32_t device);
/* The one that the panel asks about: the first keyboard that waits, else the
 * first other device; NULL: none. */
const struct device *admit_waiting(const struct admit *a);
uint32_t admit_count(const struct admit *a, enum device_state state);
/* Decide about a device. */
void admit_set(struct admit *a, struct device *d, enum device_state state);
/* A key was pressed on a keyboard that waits and is asked about. Its state may
 * be another one afterwards. */
void admit_type(struct admit *a, struct device *d, uint16_t key);
/*
 * A key was pressed on an admitted keyboard at time_ns. False: faster than
 * people type for longer than a second, it counts for nothing until the
 * device rested for as long.
 */
bool admit_press(struct device *d, uint64_t time_ns);
