/*
 * seat: the table of input devices and what the core is told about them. Pure
 * but for one call, send(), which must not block.
 *
 * A full channel to the core holds nothing up. What then happens:
 *	motion, wheel	added up, and sent when there is room again
 *	a key		queued, before motion: a mouse that floods, or a core
 *			that is busy for a while, loses no key
 *	the queue full	the device with most in it is *lost*: nothing more of it
 *			is sent until there is room; then SEAT_GONE (to the core, all its
 *			keys are up) and SEAT_DEVICE. Keys that are still down
 *			then count as up until they are pressed anew: no press
 *			is sent that no hand made at that moment.
 * SEAT_GONE of a device that vanished waits in its slot until there is room.
 *
 *	free --add--> used --remove--> gone --SEAT_GONE is sent--> free
 */
#pragma once

#include "kbd/seat_facts.h"
#include "kbd/seat_queue.h"

/* Motion that did not fit in the channel, or that is not a whole pixel yet. */
struct seat_motion {
	bool has_position;
	int32_t x, y; /* 0..65535 */
	int32_t dx, dy, wheel, hwheel;
	uint64_t time_ns;
};

enum seat_use { SEAT_FREE, SEAT_USED, SEAT_REMOVED };

struct seat_slot {
	enum seat_use use;
	bool owes_gone, owes_device; /* not sent yet */
	struct seat_device record;
	uint8_t down[BITS_BYTES(KEY_CNT)]; /* the core saw these pressed */
	uint32_t contacts;		   /* and these fingers */
	struct seat_events batch;	   /* of one moment, not ended */
	struct seat_motion late;
	double part_x, part_y;		/* of a pixel */
	double part_wheel, part_hwheel; /* of a click, in 120ths */
};

/* 0, -EAGAIN (full), or another -errno: there is no core any more, and the
 * owner says so with seat_core() when it has come back from here. */
typedef int (*seat_send)(void *data, const uint8_t *bytes, uint32_t len);

struct seat {
	seat_send send;
	void *data; /* borrowed, for send() */
	bool has_core;
	bool is_blocked; /* owes something: seat_pump() when there is room */
	struct seat_slot slots[TDS_MAX_DEVICES];
	struct seat_queue queue;
};

void seat_init(struct seat *seat, seat_send send, void *data);
/* A core, or a new one: it is told of every device. false: it is gone. */
void seat_core(struct seat *seat, bool has_core);

/* Index of the slot; -EDQUOT: no more fit, -EEXIST: the number is in use. */
int seat_add(struct seat *seat, const struct seat_device *record) MUST_CHECK;
/* Index or -ENOENT. */
int seat_find(const struct seat *seat, uint32_t number) MUST_CHECK;
void seat_remove(struct seat *seat, uint32_t at);
/* Keys and fingers that the core saw come up first: readers may change. */
void seat_set_state(struct seat *seat, uint32_t at, uint32_t state);

/*
 * Events of a device, ended by seat_flush(). Dropped are: repeats (value 2),
 * a second press, a release without a press, keys of what is no keyboard,
 * buttons of what is one only, all but keys while the device waits, and
 * everything once it is refused.
 */
/* When the events that follow happened. */
void seat_time(struct seat *seat, uint32_t at, uint64_t time_ns);
void seat_key(struct seat *seat, uint32_t at, uint32_t code, int32_t value);
void seat_move(struct seat *seat, uint32_t at, double dx, double dy);
/* 0..65535 of the whole layout; what is outside is moved to the edge. */
void seat_position(struct seat *seat, uint32_t at, double x, double y);
/* A finger of a touchscreen, new or moved; the same of its place. */
void seat_touch(
    struct seat *seat, uint32_t at, int32_t contact, double x, double y);
void seat_lift(struct seat *seat, uint32_t at, int32_t contact);
/* In 120ths of a click; down and right are positive, as in libinput. */
void seat_wheel(struct seat *seat, uint32_t at, double down, double right);
/* Forget what is less than a click: the finger was lifted. */
void seat_wheel_end(struct seat *seat, uint32_t at);
/* The moment is over: send it with EV_SYN. */
void seat_flush(struct seat *seat, uint32_t at);

/* There is room: send what is owed. Clears is_blocked if all of it fits. */
void seat_pump(struct seat *seat);
