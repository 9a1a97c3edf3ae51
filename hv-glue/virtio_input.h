/*
 * virtio_input: an input device (virtio 1.2, 5.8; linux/virtio_input.h) as a
 * state machine: events from the core in, events for the guest out. Pure.
 *
 * A guest may be slow or dead; nobody waits for it. Motion that it did not
 * fetch yet is merged into one. When even so the queue is full, the queue is
 * thrown away and the guest is told that everything it saw pressed is up.
 */
#pragma once

#include "tds/base/bytes.h"

#include <linux/input-event-codes.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	INPUT_FIFO = 1024, /* events; a power of two */
	INPUT_GROUP = 64,  /* events up to and with EV_SYN */
	INPUT_EVENT_BYTES = 8,
	INPUT_CONFIG_BYTES = 136,
	INPUT_ABS_MAX = 32767,
	INPUT_LEDS = 3, /* LED_NUML, LED_CAPSL, LED_SCROLLL */
};

struct input_event_bits { /* codes first..last of type */
	uint16_t type, first, last;
};

/* What a device can do; one per enum input_device, indexed by it. */
struct input_profile {
	const char *name;
	uint16_t product;
	struct input_event_bits bits[4]; /* unused: all 0 */
};
extern const struct input_profile input_profiles[3];

struct input_item { /* le16, le16, le32 on the ring */
	uint16_t type, code;
	int32_t value;
};

struct input {
	const struct input_profile *profile; /* borrowed, static */
	uint8_t select, subsel;		     /* of the configuration space */
	uint8_t leds;			     /* bit n: LED n is lit */

	uint32_t head, tail; /* put, taken; free-running */
	uint32_t last_group; /* where the newest group in the FIFO begins */
	bool last_is_motion; /* and whether motion may be merged into it */
	bool abs_is_owed;    /* a position was dropped: send the last one */
	bool abs_is_known;
	int32_t abs[2];	  /* the last position, ABS_X and ABS_Y */
	uint32_t n_group; /* events since the last EV_SYN */
	struct input_item group[INPUT_GROUP];
	struct input_item fifo[INPUT_FIFO];
	uint8_t seen[KEY_CNT / 8]; /* keys that the guest saw pressed */
};

void input_init(struct input *input, const struct input_profile *profile);
/* The driver starts or is gone: nothing is queued, nothing is pressed. */
void input_reset(struct input *input);

/* One event of the core. False: the device has no such event; ignored. */
bool input_put(struct input *input, struct input_item item);
/* The core lost events: everything that was seen pressed is up. */
void input_lost(struct input *input);
/* The next event for the guest, false if none; then that it has it. */
bool input_peek(struct input *input, struct input_item *out);
void input_taken(struct input *input);

/* virtio_input_config as selected; out[INPUT_CONFIG_BYTES]. */
void input_read_config(const struct input *input, uint8_t *out);
/* Only the two selectors can be written. */
void input_write_config(
    struct input *input, uint32_t offset, const uint8_t *in, uint32_t n);
/* An event of the status queue: an LED, or nothing. -EBADMSG: wrong length. */
int input_status(
    struct input *input, const uint8_t *bytes, uint32_t len) MUST_CHECK;
