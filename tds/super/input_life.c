/* input_life: tds-input, its devices, and its channel to the core. */
#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static const uint64_t ready_time_ns = 10000000000u;

/* A record that s->record holds; a tds-input that takes none is ended. */
static void
input_send(struct super *s, int len, const int *fds, uint32_t n_fds)
{
	if (s->input.pid < 0 || len < 0)
		return;
	if (channel_send(s->input.channel, s->record, (uint32_t)len, fds,
		n_fds) == -EAGAIN)
		input_end(s, "it does not read its channel");
}

void
input_give(struct super *s, const struct device *device, int fd)
{
	const struct input_open record = {
	    .device = device->number, .state = device->state};

	input_send(s, encode_input_open(&record, s->record, sizeof(s->record)),
	    &fd, 1);
}

void
input_take_away(struct super *s, uint32_t number)
{
	const struct input_close record = {.device = number};

	input_send(s, encode_input_close(&record, s->record, sizeof(s->record)),
	    NULL, 0);
}

void
input_connect(struct super *s)
{
	int pair[2];

	if (!s->core_is_ready || !s->input_is_ready)
		return;
	if (channel_pair(pair) < 0) {
		input_end(s, "no channel to the core can be made");
		return;
	}
	int AUTO_FD to_input = pair[0];
	int AUTO_FD to_core = pair[1];
	core_send(s, encode_empty(CORE_SEAT, s->record, sizeof(s->record)),
	    &to_input, 1);
	input_send(s, encode_empty(INPUT_CORE, s->record, sizeof(s->record)),
	    &to_core, 1);
}

/* ----------------------------------------------------------------- records */

static int
on_ready(struct super *s)
{
	if (s->input_is_ready)
		return -EPROTO;
	s->input_is_ready = true;
	core_tell_ready(s);
	input_connect(s);
	return 0;
}

static int
on_problem(struct super *s, struct rd *rd)
{
	struct input_problem record;
	const int err = decode_input_problem(rd, &record);
	const char *remedy = "it is not used; plug it in again";

	if (err < 0)
		return err;
	const struct device *d = devices_find(&s->devices, record.device);
	if (!d || record.error == ENODEV)
		return 0; /* unplugged, which the kernel tells as well */
	if (record.error == EOPNOTSUPP)
		remedy = "it is no keyboard, pointer, touch screen or pen";
	if (record.error == EBUSY)
		remedy = "another program has seized it (another display "
			 "server?); stop that one, then plug it in again";
	if (record.error == EACCES || record.error == EPERM)
		remedy = "tdsd must run as root or be in group input";
	log_peer(&s->device_budget, "tds-input", "/dev/input/event%u: %s: %s",
	    d->event, strerror((int)record.error), remedy);
	return 0;
}

static int
on_record(struct super *s, const struct received *r)
{
	struct rd rd;
	uint32_t op;
	const int err = control_open(s->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	switch (op) {
	case INPUT_READY:
		return on_ready(s);
	case INPUT_PROBLEM:
		return on_problem(s, &rd);
	default:
		return -EPROTO;
	}
}

static void
on_input(void *data, uint32_t events)
{
	struct super *s = data;
	struct received r = {0};

	(void)events;
	int err =
	    channel_receive(s->input.channel, s->record, sizeof(s->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = on_record(s, &r);
	received_finish(&r);
	if (err == -EPIPE || err == -ECONNRESET)
		child_hung_up(&s->loop, &s->input);
	else if (err < 0)
		input_end(s, strerror(-err));
}

/* -------------------------------------------------------------------- life */

void
input_begin(struct super *s)
{
	char again[RESTART_BYTES];
	int err = spawn(
	    s->input_path, "tds-input", ROLE_INPUT, s->is_plain, &s->input);

	backoff_started(&s->input_backoff, super_now_ns());
	if (err == 0)
		err =
		    loop_add(&s->loop, s->input.channel, EPOLLIN, on_input, s);
	if (err < 0) {
		child_kill(&s->input);
		super_restart(s, &s->input_backoff, again);
		log_error("cannot start tds-input: %s; it is tried again %s",
		    strerror(-err), again);
		return;
	}
	hotplug_give_all(s);
	input_send(s, encode_empty(INPUT_START, s->record, sizeof(s->record)),
	    NULL, 0);
	super_arm(s);
}

uint64_t
input_deadline_ns(const struct super *s)
{
	return s->input.pid > 0 && !s->input_is_ready
		   ? s->input_backoff.started_ns + ready_time_ns
		   : 0;
}

void
input_end(struct super *s, const char *why)
{
	char again[RESTART_BYTES];

	if (s->input.pid < 0)
		return;
	loop_remove(&s->loop, s->input.channel);
	child_kill(&s->input);
	s->input_is_ready = false;
	super_restart(s, &s->input_backoff, again);
	log_error("tds-input ended (%s); it is started again %s", why, again);
}
