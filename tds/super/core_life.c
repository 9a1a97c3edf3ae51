#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/super/screen_drm.h"

#include <errno.h>
#include <string.h>

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
on_record(struct super *s, uint32_t op, struct rd *rd)
{
	switch (op) {
	case CORE_READY:
		return on_ready(s);
	case CORE_REPLY:
		return on_reply(s, rd);
	case CORE_DROPPED:
		return on_dropped(s, rd);
	case CORE_ADMITTED:
		return on_admitted(s, rd);
	default:
		return -EPROTO;
	}
}

static void
on_core(void *data, uint32_t events)
{
	struct super *s = data;

	(void)events;
	const int err = life_receive(s, &s->core, on_record);
	if (err < 0)
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

static struct life
life_of(struct super *s)
{
	return (struct life){.path = s->core_path,
	    .name = "tds-compositor",
	    .role = ROLE_CORE,
	    .child = &s->core,
	    .backoff = &s->core_backoff};
}

void
core_begin(struct super *s)
{
	const struct life life = life_of(s);

	if (!life_begin(s, &life, on_core, s))
		return;
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
	const struct life life = life_of(s);

	if (!life_kill(s, &life))
		return;
	/* dead, so that it cannot draw over the black */
	if (s->screen >= 0)
		screen_blank(s->screen);
	s->core_is_ready = false;
	life_again(s, &life, why);
	clients_fail_all(s, "the display is starting again; try once more");
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		guest_relink(s, i);
}
