/*
 * tds-input: holds the input devices. tdsd starts it with a channel as
 * descriptor 3; it seals itself before it is given the first device, opens
 * nothing, and tells the core over a channel of their own what was pressed,
 * moved and touched.
 *
 *	tdsd --INPUT_OPEN, _CLOSE, _START, _CORE--> tds-input --SEAT_*--> core
 *	     <------INPUT_READY, INPUT_PROBLEM-----           <--SEAT_ADMIT,
 *							        SEAT_LEDS--
 *
 * A device is seized as soon as it is here, admitted or not. Who reads it:
 *
 *			keyboard	  keyboard and	    pointer, touch
 *					  pointer
 *	waiting		libevdev	  libevdev	    nobody (thrown away)
 *	admitted	libevdev	  libinput	    libinput
 *	refused		nobody: its buffer fills, and it stays seized
 */
#include "kbd/device_evdev.h"
#include "kbd/keyboard_evdev.h"
#include "kbd/pointer_libinput.h"
#include "tds/base/channel.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { CHANNEL_FD = 3, RECORDS_PER_TURN = 64 };

/* Lights are set at most so often: they must not carry much. */
enum { LEDS_INTERVAL_NS = 100000000 };

struct input;

/* What belongs to a slot of the seat while it is in use. */
struct device {
	struct input *input; /* borrowed: what it is part of */
	uint32_t at;
	int fd; /* owned; -1: none */
	uint32_t traits;
	enum device_reader reader;
	struct keyboard *keyboard; /* owned; of READER_KEYBOARD */
	bool has_more;		   /* events that no poll tells of */
};

struct input {
	struct loop loop;
	struct seat seat;
	struct pointers *pointers; /* owned */
	int core_fd;		   /* owned; -1: there is none */
	int leds_timer_fd;	   /* owned */
	bool is_leds_timer_on;
	bool has_leds;	     /* the core said how they are to be */
	bool are_leds_late;  /* they changed while the timer ran */
	bool waits_for_room; /* polls core_fd for writing */
	uint32_t leds;
	struct device devices[TDS_MAX_DEVICES];
	struct log_budget budget;
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

static void on_device(void *data, uint32_t events);
static void on_core(void *data, uint32_t events);

/* -------------------------------------------------------------- to the core */

static int
send_to_core(void *data, const uint8_t *bytes, uint32_t len)
{
	const struct input *in = data;

	return in->core_fd < 0 ? -ENOTCONN
			       : channel_send(in->core_fd, bytes, len, NULL, 0);
}

static void
lose_core(struct input *in)
{
	if (in->core_fd < 0)
		return;
	loop_remove(&in->loop, in->core_fd);
	own_close(&in->core_fd);
	in->core_fd = -1;
	in->waits_for_room = false;
	seat_core(&in->seat, false);
}

/* After whatever may have sent: is there room, is there still a core? */
static void
settle_core(struct input *in)
{
	if (in->core_fd < 0)
		return;
	if (!in->seat.has_core) {
		log_info("the core is gone; tdsd gives us the next one");
		lose_core(in);
		return;
	}
	if (in->waits_for_room == in->seat.is_blocked)
		return;
	in->waits_for_room = in->seat.is_blocked;
	if (loop_modify(&in->loop, in->core_fd,
		in->waits_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
		lose_core(in);
}

/* -------------------------------------------------------------- to tdsd */

static void
tell_tdsd(struct input *in, int len)
{
	const int err = len < 0 ? len
				: channel_send(CHANNEL_FD, in->record,
				      (uint32_t)len, NULL, 0);

	if (err < 0)
		log_bug("tdsd takes no answer: %s", strerror(-err));
}

static void
tell_problem(struct input *in, uint32_t number, int err)
{
	const struct input_problem problem = {
	    .device = number, .error = (uint32_t)-err};

	tell_tdsd(
	    in, encode_input_problem(&problem, in->record, sizeof(in->record)));
}

/* ------------------------------------------------------------------ devices */

/* Nobody reads it any more; it stays seized. */
static void
stop_reading(struct input *in, struct device *d)
{
	pointers_remove(in->pointers, d->at);
	keyboard_destroy(d->keyboard);
	d->keyboard = NULL;
	d->has_more = false;
	d->reader = READER_NONE;
}

static int
start_reading(struct input *in, struct device *d)
{
	const struct seat_device *record = &in->seat.slots[d->at].record;
	const enum device_reader reader =
	    facts_reader(record->kinds, record->state);
	int err = 0;

	if (reader == READER_KEYBOARD)
		err = keyboard_create(d->fd, &d->keyboard);
	else if (reader == READER_POINTER)
		err = pointers_add(in->pointers, d->at, d->fd, d->traits);
	if (err < 0)
		return err;
	d->reader = reader;
	/* Without EPOLLIN only its end is told: libinput polls for itself. */
	const bool polls =
	    reader == READER_KEYBOARD || reader == READER_DISCARD;
	return loop_modify(&in->loop, d->fd, polls ? EPOLLIN : 0);
}

static void
close_device(struct input *in, struct device *d)
{
	stop_reading(in, d);
	loop_remove(&in->loop, d->fd);
	own_close(&d->fd);
	d->fd = -1;
	seat_remove(&in->seat, d->at);
}

static void
fail_device(struct input *in, struct device *d, int err)
{
	const uint32_t number = in->seat.slots[d->at].record.device;

	log_peer(
	    &in->budget, "device", "%u is gone: %s", number, strerror(-err));
	close_device(in, d);
	tell_problem(in, number, err);
}

static void
read_device(struct input *in, struct device *d)
{
	int err = 0;

	if (d->reader == READER_KEYBOARD)
		err = keyboard_read(d->keyboard, &in->seat, d->at);
	else if (d->reader == READER_DISCARD)
		err = device_discard(d->fd);
	d->has_more = err > 0;
	if (err < 0)
		fail_device(in, d, err);
}

static void
on_device(void *data, uint32_t events)
{
	struct device *d = data;
	struct input *in = d->input;

	/* it may have been closed by an event before this one */
	if (d->fd < 0)
		return;
	if (events & (EPOLLHUP | EPOLLERR))
		fail_device(in, d, -ENODEV);
	else
		read_device(in, d);
	settle_core(in);
}

static void
on_pointers(void *data, uint32_t events)
{
	struct input *in = data;

	(void)events;
	pointers_dispatch(in->pointers);
	settle_core(in);
}

/* --------------------------------------------------------------- open, close
 */

/* Seized and understood, or an errno. */
static int
examine(const struct input_open *open, int fd, struct seat_device *record,
    uint32_t *traits)
{
	struct device_facts facts;
	int err = device_seize(fd);

	if (err == 0)
		err = device_facts(fd, &facts);
	if (err < 0)
		return err;
	facts_record(&facts, open->device, open->state, record);
	*traits = facts_traits(&facts);
	return record->kinds == 0 ? -ENOTSUP : 0;
}

/* Takes fd over in any case. */
static int
open_device(struct input *in, const struct input_open *open, int fd_in)
{
	int AUTO_FD fd = fd_in;
	struct seat_device record;
	uint32_t traits;

	int err = examine(open, fd, &record, &traits);
	if (err < 0)
		return err;
	const int at = seat_add(&in->seat, &record);
	if (at < 0)
		return at;
	struct device *d = &in->devices[at];
	err = loop_add(&in->loop, fd, 0, on_device, d);
	if (err < 0) {
		seat_remove(&in->seat, (uint32_t)at);
		return err;
	}
	d->fd = TAKE_FD(fd);
	d->traits = traits;
	err = start_reading(in, d);
	if (err < 0)
		close_device(in, d);
	return err;
}

static int
on_open(struct input *in, struct rd *rd, struct received *r)
{
	struct input_open open;
	int err = decode_input_open(rd, &open);

	if (err < 0)
		return err;
	err = open_device(in, &open, TAKE_FD(r->fds[0]));
	if (err < 0) {
		log_peer(&in->budget, "device", "%u is not used: %s",
		    open.device, strerror(-err));
		tell_problem(in, open.device, err);
	}
	return 0;
}

static int
on_close(struct input *in, struct rd *rd)
{
	struct input_close close_record;
	const int err = decode_input_close(rd, &close_record);

	if (err < 0)
		return err;
	const int at = seat_find(&in->seat, close_record.device);
	if (at >= 0)
		close_device(in, &in->devices[at]);
	return 0;
}

/* ----------------------------------------------------------------- the core */

/* Lights of what the user admitted and what was opened for writing. */
static void
write_leds(struct input *in)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		const struct device *d = &in->devices[i];
		const struct seat_device *record = &in->seat.slots[i].record;
		if (d->fd < 0 || record->state != DEVICE_ADMITTED ||
		    !(record->kinds & KIND_KEYBOARD) ||
		    !device_is_writable(d->fd))
			continue;
		const int err = device_set_leds(d->fd, in->leds);
		if (err < 0)
			log_peer(&in->budget, "a keyboard",
			    "its lights cannot be set: %s", strerror(-err));
	}
}

static void
run_leds_timer(struct input *in, bool runs)
{
	const struct itimerspec when = {
	    .it_value = {.tv_nsec = runs ? LEDS_INTERVAL_NS : 0}};

	in->is_leds_timer_on =
	    timerfd_settime(in->leds_timer_fd, 0, &when, NULL) == 0 && runs;
}

/*
 *	      wanted: write		     wanted: noted
 *	idle ---------------> timer runs <------------+
 *	  ^			|   |		      |
 *	  +--time, none wanted--+   +--time: write----+
 */
static void
want_leds(struct input *in, uint32_t leds)
{
	in->leds = leds;
	if (in->is_leds_timer_on) {
		in->are_leds_late = true;
		return;
	}
	write_leds(in);
	run_leds_timer(in, true);
}

static void
on_leds_timer(void *data, uint32_t events)
{
	struct input *in = data;
	uint64_t ticks;

	(void)events;
	if (read(in->leds_timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	if (in->are_leds_late)
		write_leds(in);
	run_leds_timer(in, in->are_leds_late);
	in->are_leds_late = false;
}

static void
admit(struct input *in, const struct seat_admit *record)
{
	const int at = seat_find(&in->seat, record->device);

	/* it may have gone while the record was on its way */
	if (at < 0 || in->seat.slots[at].record.state == record->state)
		return;
	struct device *d = &in->devices[at];
	stop_reading(in, d);
	seat_set_state(&in->seat, (uint32_t)at, record->state);
	const int err = start_reading(in, d);
	if (err < 0) {
		fail_device(in, d, err);
		return;
	}
	/* a keyboard that is new shows what the others show */
	if (record->state == DEVICE_ADMITTED && in->has_leds)
		want_leds(in, in->leds);
}

static int
on_core_record(struct input *in, const struct received *r)
{
	struct seat_admit admit_record;
	struct seat_leds leds;
	uint32_t op;
	struct rd rd;
	int err = control_open(in->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	if (op == SEAT_ADMIT) {
		err = decode_seat_admit(&rd, &admit_record);
		if (err == 0)
			admit(in, &admit_record);
		return err;
	}
	if (op != SEAT_LEDS)
		return -EPROTO;
	err = decode_seat_leds(&rd, &leds);
	if (err == 0) {
		in->has_leds = true;
		want_leds(in, leds.leds);
	}
	return err;
}

static void
on_core(void *data, uint32_t events)
{
	struct input *in = data;
	int err = 0;

	if (events & EPOLLOUT)
		seat_pump(&in->seat);
	for (int i = 0; i < RECORDS_PER_TURN && err == 0; i++) {
		struct received r = {0};
		err = channel_receive(
		    in->core_fd, in->record, sizeof(in->record), &r);
		if (err == 0)
			err = on_core_record(in, &r);
		received_finish(&r);
	}
	if (err < 0 && err != -EAGAIN) {
		log_info("the channel to the core ends: %s", strerror(-err));
		lose_core(in);
	}
	settle_core(in);
}

static int
on_new_core(struct input *in, struct received *r)
{
	lose_core(in);
	in->has_leds = false;
	const int err = loop_add(&in->loop, r->fds[0], EPOLLIN, on_core, in);
	if (err < 0)
		return err;
	in->core_fd = TAKE_FD(r->fds[0]);
	seat_core(&in->seat, true);
	return 0;
}

/* --------------------------------------------------------------------- tdsd */

static int
handle_record(struct input *in, struct received *r)
{
	uint32_t op;
	struct rd rd;
	const int err = control_open(in->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	switch (op) {
	case INPUT_OPEN:
		return on_open(in, &rd, r);
	case INPUT_CLOSE:
		return on_close(in, &rd);
	case INPUT_START:
		/* all that came before this were seized when they came */
		tell_tdsd(in,
		    encode_empty(INPUT_READY, in->record, sizeof(in->record)));
		return 0;
	case INPUT_CORE:
		return on_new_core(in, r);
	default:
		return -EPROTO;
	}
}

/* tdsd is our parent: a bad record from it is a bug, and the end. */
static void
on_channel(void *data, uint32_t events)
{
	struct input *in = data;
	struct received r = {0};

	(void)events;
	int err =
	    channel_receive(CHANNEL_FD, in->record, sizeof(in->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = handle_record(in, &r);
	received_finish(&r);
	settle_core(in);
	if (err < 0) {
		log_info("the end: %s", strerror(-err));
		loop_stop(&in->loop);
	}
}

/* ----------------------------------------------------------------- start-up */

static int
start(struct input *in, const char **what)
{
	*what = "a loop";
	int err = loop_init(&in->loop);
	if (err < 0)
		return err;
	seat_init(&in->seat, send_to_core, in);
	*what = "libinput";
	err = pointers_create(&in->seat, &in->pointers);
	if (err < 0)
		return err;
	*what = "a timer";
	in->leds_timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (in->leds_timer_fd < 0)
		return -errno;
	err =
	    loop_add(&in->loop, in->leds_timer_fd, EPOLLIN, on_leds_timer, in);
	if (err == 0)
		err = loop_add(&in->loop, pointers_fd(in->pointers), EPOLLIN,
		    on_pointers, in);
	*what = "the channel from tdsd, descriptor 3";
	return err < 0
		   ? err
		   : loop_add(&in->loop, CHANNEL_FD, EPOLLIN, on_channel, in);
}

/* Keyboards with more than one turn's work come again at once. */
static bool
read_more(struct input *in)
{
	bool has_more = false;

	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct device *d = &in->devices[i];
		if (!d->has_more)
			continue;
		read_device(in, d);
		has_more |= d->has_more;
	}
	settle_core(in);
	return has_more;
}

static int
run(struct input *in)
{
	const char *what = NULL;
	int err = start(in, &what);

	if (err < 0) {
		log_error("cannot start: %s: %s", what, strerror(-err));
		return err;
	}
	err = rights_seal(ROLE_INPUT, false, &what);
	if (err < 0) {
		log_error("cannot give up %s: %s", what, strerror(-err));
		return err;
	}
	while (err == 0 && !in->loop.is_stopping)
		err = loop_turn(&in->loop, read_more(in) ? 0 : -1);
	return err;
}

static void
finish(struct input *in)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (in->devices[i].fd >= 0)
			close_device(in, &in->devices[i]);
	lose_core(in);
	pointers_destroy(in->pointers);
	own_close(&in->leds_timer_fd);
	loop_finish(&in->loop);
}

int
main(void)
{
	static struct input in;

	log_init("tds-input");
	in.core_fd = -1;
	in.leds_timer_fd = -1;
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		in.devices[i] =
		    (struct device){.input = &in, .at = i, .fd = -1};
	const int err = run(&in);
	if (err < 0)
		return EXIT_FAILURE;
	finish(&in);
	return EXIT_SUCCESS;
}
