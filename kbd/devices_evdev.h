/*
 * devices_evdev: the open devices, one per slot of the seat: who reads each,
 * and which lights they show. A device is seized as soon as it is here,
 * admitted or not. Who reads it:
 *
 *			keyboard	  keyboard and	    pointer, touch
 *					  pointer
 *	waiting		libevdev	  libevdev	    nobody (thrown away)
 *	admitted	libevdev	  libinput	    libinput
 *	refused		nobody: its buffer fills, and it stays seized
 */
#pragma once

#include "kbd/keyboard_evdev.h"
#include "kbd/pointer_libinput.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"

struct devices;

struct device {
	struct devices *all; /* borrowed: what it is part of */
	uint32_t at;
	int fd; /* owned; -1: none */
	uint32_t traits;
	enum device_reader reader;
	struct keyboard *keyboard; /* owned; of READER_KEYBOARD */
	bool has_more;		   /* events that no poll tells of */
};

/*
 * Lights are written at most ten times a second, so that they carry little
 * and only to what is admitted and was opened for writing.
 *
 *	      wanted: write		     wanted: noted
 *	idle ---------------> timer runs <------------+
 *	  ^			|   |		      |
 *	  +--time, none wanted--+   +--time: write----+
 */
struct lights {
	int timer_fd; /* owned */
	bool is_timer_on, is_late;
	bool is_known; /* the core said how they are to be */
	uint32_t leds; /* bits as in LEDS records */
};

/* What the owner is told; both may be called by the loop. */
struct devices_calls {
	/* The device is not used any more: errno is why. */
	void (*on_problem)(void *data, uint32_t number, int err);
	/* Events may have been sent: is the core still there? */
	void (*on_turn_end)(void *data);
	void *data; /* borrowed */
};

struct devices {
	struct loop *loop; /* borrowed */
	struct seat *seat; /* borrowed */
	struct devices_calls calls;
	struct pointers *pointers; /* owned */
	struct lights lights;
	struct log_budget budget;
	struct device devices[TDS_MAX_DEVICES];
};

/* Opens all that it needs: before the seal. */
int devices_init(struct devices *ds, struct loop *loop, struct seat *seat,
    const struct devices_calls *calls) MUST_CHECK;
void devices_finish(struct devices *ds);

/* Takes fd over in any case. 0, or why the device is not used. */
int devices_open(
    struct devices *ds, const struct input_open *open, int fd) MUST_CHECK;
void devices_close(struct devices *ds, uint32_t number);
void devices_admit(struct devices *ds, const struct seat_admit *admit);
void devices_light(struct devices *ds, uint32_t leds);
/* Another core: it says anew how lights are to be. */
void devices_forget_lights(struct devices *ds);
/*
 * Give keyboards with more than one turn's work another one. true: there is
 * still more, so the loop must not wait.
 */
bool devices_read_more(struct devices *ds);
