/* input_life: tds-input, its devices, and its channel to the core. */
#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <string.h>

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
on_record(struct super *s, uint32_t op, struct rd *rd)
{
	switch (op) {
	case INPUT_READY:
		return on_ready(s);
	case INPUT_PROBLEM:
		return on_problem(s, rd);
	default:
		return -EPROTO;
	}
}

static void
on_input(void *data, uint32_t events)
{
	struct super *s = data;

	(void)events;
	const int err = life_receive(s, &s->input, on_record);
	if (err < 0)
		input_end(s, strerror(-err));
}

/* -------------------------------------------------------------------- life */

static struct life
life_of(struct super *s)
{
	return (struct life){.path = s->input_path,
	    .name = "tds-input",
	    .role = ROLE_INPUT,
	    .child = &s->input,
	    .backoff = &s->input_backoff};
}

void
input_begin(struct super *s)
{
	const struct life life = life_of(s);

	if (!life_begin(s, &life, on_input, s))
		return;
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
	const struct life life = life_of(s);

	if (!life_kill(s, &life))
		return;
	s->input_is_ready = false;
	life_again(s, &life, why);
}
