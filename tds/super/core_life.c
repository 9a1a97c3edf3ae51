#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/super/screen_drm.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static const uint64_t ready_time_ns = 10000000000u;

void
core_send(struct super *s, int len, const int *fds, uint32_t n_fds)
{
	if (s->core.pid < 0)
		return;
	if (len < 0) {
		log_bug("a record for the core does not fit");
		return;
	}
	const int err =
	    channel_send(s->core.channel, s->record, (uint32_t)len, fds, n_fds);
	/* Its end, if this was the end, comes with SIGCHLD. */
	if (err == -EAGAIN)
		core_end(s, "it does not read its channel");
}

static int
on_reply(struct super *s, struct rd *rd)
{
	uint32_t cookie;
	const int err = decode_core_reply(rd, &cookie, &s->status);

	if (err < 0)
		return err;
	for (uint32_t i = 0; i < s->status.n_domains; i++)
		s->status.domains[i].pid =
		    s->guests[i].child.pid > 0
			? (uint32_t)s->guests[i].child.pid
			: 0;
	clients_reply(s, cookie, &s->status);
	return 0;
}

static int
on_dropped(struct super *s, struct rd *rd)
{
	struct core_dropped record;
	const int err = decode_core_dropped(rd, &record);

	if (err < 0)
		return err;
	if (record.domain == TDS_NONE && s->config.has_seat) {
		input_end(s, "it sent the core a malformed record");
		return 0;
	}
	if (record.domain >= s->config.n_domains)
		return -ERANGE;
	guest_end(s, record.domain, "it sent the core a malformed record");
	return 0;
}

/* Kept, so that a tds-input that is started again brings it along. */
static int
on_admitted(struct super *s, struct rd *rd)
{
	static const char *const words[] = {
	    [DEVICE_WAITING] = "waits to be admitted",
	    [DEVICE_ADMITTED] = "is admitted",
	    [DEVICE_REFUSED] = "is refused"};
	struct core_admitted record;
	const int err = decode_core_admitted(rd, &record);

	if (err < 0)
		return err;
	struct device *d = devices_find(&s->devices, record.device);
	if (!d || d->state == record.state)
		return 0; /* it went away meanwhile */
	d->state = record.state;
	log_peer(&s->device_budget, "input",
	    "device %u (/dev/input/event%u) %s", d->number, d->event,
	    words[d->state]);
	return 0;
}

static int
on_ready(struct super *s)
{
	if (s->core_is_ready)
		return -EPROTO;
	s->core_is_ready = true;
	core_tell_ready(s);
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		guest_link(s, i);
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		hdcp_connect(s, i);
	input_connect(s);
	super_arm(s); /* a connector may have changed meanwhile */
	return 0;
}

void
core_tell_ready(const struct super *s)
{
	if (s->core_is_ready && (!s->config.has_seat || s->input_is_ready))
		log_info("the display is ready");
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
	case CORE_READY:
		return on_ready(s);
	case CORE_REPLY:
		return on_reply(s, &rd);
	case CORE_DROPPED:
		return on_dropped(s, &rd);
	case CORE_ADMITTED:
		return on_admitted(s, &rd);
	default:
		return -EPROTO;
	}
}

static void
on_core(void *data, uint32_t events)
{
	struct super *s = data;
	struct received r = {0};

	(void)events;
	int err =
	    channel_receive(s->core.channel, s->record, sizeof(s->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = on_record(s, &r);
	received_finish(&r);
	if (err == -EPIPE || err == -ECONNRESET)
		child_hung_up(&s->loop, &s->core);
	else if (err < 0 && s->core.pid > 0)
		core_end(s, strerror(-err));
}

static void
send_configuration(struct super *s)
{
	const struct config *c = &s->config;
	uint8_t *to = s->record;
	const uint32_t size = sizeof(s->record);

	core_send(s, encode_core_setup(&c->core, to, size), NULL, 0);
	for (uint32_t i = 0; i < c->n_outputs; i++)
		core_send(s, encode_core_output(&c->outputs[i].core, to, size),
		    NULL, 0);
	for (uint32_t i = 0; i < c->n_domains; i++)
		core_send(s, encode_core_domain(&c->domains[i].core, to, size),
		    NULL, 0);
	for (uint32_t i = 0; i < c->n_rules; i++)
		core_send(
		    s, encode_core_rule(&c->rules[i].core, to, size), NULL, 0);
	if (s->screen >= 0)
		core_send(
		    s, encode_empty(CORE_SCREEN, to, size), &s->screen, 1);
	core_send(s, encode_empty(CORE_START, to, size), NULL, 0);
}

void
core_begin(struct super *s)
{
	char again[RESTART_BYTES];
	int err = spawn(
	    s->core_path, "tds-compositor", ROLE_CORE, s->is_plain, &s->core);

	backoff_started(&s->core_backoff, super_now_ns());
	if (err == 0)
		err = loop_add(&s->loop, s->core.channel, EPOLLIN, on_core, s);
	if (err < 0) {
		child_kill(&s->core);
		super_restart(s, &s->core_backoff, again);
		log_error("cannot start tds-compositor: %s; it is tried again "
			  "%s",
		    strerror(-err), again);
		return;
	}
	send_configuration(s);
	super_arm(s);
}

uint64_t
core_deadline_ns(const struct super *s)
{
	return s->core.pid > 0 && !s->core_is_ready
		   ? s->core_backoff.started_ns + ready_time_ns
		   : 0;
}

void
core_end(struct super *s, const char *why)
{
	char again[RESTART_BYTES];

	if (s->core.pid < 0)
		return;
	loop_remove(&s->loop, s->core.channel);
	child_kill(&s->core); /* dead, so that it cannot draw over the black */
	if (s->screen >= 0)
		screen_blank(s->screen);
	s->core_is_ready = false;
	super_restart(s, &s->core_backoff, again);
	log_error(
	    "tds-compositor ended (%s); it is started again %s", why, again);
	clients_fail_all(s, "the display is starting again; try once more");
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		guest_relink(s, i);
}
