/*
 * tds-input: holds the input devices. tdsd starts it with a channel as
 * descriptor 3; it seals itself before it is given the first device, opens
 * nothing, and tells the core over a channel of their own what was pressed,
 * moved and touched.
 *
 *	tdsd --INPUT_OPEN, _CLOSE, _START, _CORE--> tds-input --SEAT_*--> core
 *	     <------INPUT_READY, INPUT_PROBLEM-----           <--SEAT_ADMIT,
 *								 SEAT_LEDS--
 */
#include "kbd/devices_evdev.h"
#include "tds/base/channel.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { CHANNEL_FD = 3, RECORDS_PER_TURN = 64 };

struct input {
	struct loop loop;
	struct seat seat;
	struct devices devices;
	int core_fd;	     /* owned; -1: there is none */
	bool waits_for_room; /* polls core_fd for writing */
	struct log_budget budget;
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

/* ------------------------------------------------------------- to the core */

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
settle_core(void *data)
{
	struct input *in = data;

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

/* ----------------------------------------------------------- from the core */

static int
on_core_record(struct input *in, const struct received *r)
{
	struct seat_admit admit;
	struct seat_leds leds;
	uint32_t op;
	struct rd rd;
	int err = control_open(in->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	if (op == SEAT_ADMIT) {
		err = decode_seat_admit(&rd, &admit);
		if (err == 0)
			devices_admit(&in->devices, &admit);
		return err;
	}
	if (op != SEAT_LEDS)
		return -EPROTO;
	err = decode_seat_leds(&rd, &leds);
	if (err == 0)
		devices_light(&in->devices, leds.leds);
	return err;
}

/* A core that says nonsense is given up; tdsd gives us the next one. */
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

/* --------------------------------------------------------------------- tdsd */

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
tell_problem(void *data, uint32_t number, int err)
{
	struct input *in = data;
	const struct input_problem problem = {
	    .device = number, .error = (uint32_t)-err};

	tell_tdsd(
	    in, encode_input_problem(&problem, in->record, sizeof(in->record)));
}

static int
on_open(struct input *in, struct rd *rd, struct received *r)
{
	struct input_open open;
	int err = decode_input_open(rd, &open);

	if (err < 0)
		return err;
	err = devices_open(&in->devices, &open, TAKE_FD(r->fds[0]));
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
	struct input_close record;
	const int err = decode_input_close(rd, &record);

	if (err < 0)
		return err;
	devices_close(&in->devices, record.device);
	return 0;
}

static int
on_new_core(struct input *in, struct received *r)
{
	lose_core(in);
	devices_forget_lights(&in->devices);
	const int err = loop_add(&in->loop, r->fds[0], EPOLLIN, on_core, in);
	if (err < 0)
		return err;
	in->core_fd = TAKE_FD(r->fds[0]);
	seat_core(&in->seat, true);
	return 0;
}

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
	const struct devices_calls calls = {
	    .on_problem = tell_problem, .on_turn_end = settle_core, .data = in};

	*what = "a loop";
	int err = loop_init(&in->loop);
	if (err < 0)
		return err;
	seat_init(&in->seat, send_to_core, in);
	*what = "libinput and a timer";
	err = devices_init(&in->devices, &in->loop, &in->seat, &calls);
	if (err < 0)
		return err;
	*what = "the channel from tdsd, descriptor 3";
	return loop_add(&in->loop, CHANNEL_FD, EPOLLIN, on_channel, in);
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
	while (err == 0 && !in->loop.is_stopping) {
		const bool has_more = devices_read_more(&in->devices);
		settle_core(in);
		err = loop_turn(&in->loop, has_more ? 0 : -1);
	}
	return err;
}

int
main(void)
{
	static struct input in;

	log_init("tds-input");
	in.core_fd = -1;
	if (run(&in) < 0)
		return EXIT_FAILURE;
	lose_core(&in);
	devices_finish(&in.devices);
	loop_finish(&in.loop);
	return EXIT_SUCCESS;
}
