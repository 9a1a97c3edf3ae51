#include "compositor/shell.h"

#include "compositor/kms_drm.h"
#include "tds/base/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int
on_link(struct shell *s, struct rd *rd, struct received *r)
{
	struct core_link record;
	int err = decode_core_link(rd, &record);

	if (err < 0)
		return err;
	if (record.domain >= s->core.n_domains)
		return -ERANGE;
	shell_close_link(s, record.domain);
	struct link *link = &s->links[record.domain];
	err = link_open(link, &record, r->fds);
	if (err < 0)
		return err;
	err = shell_watch(
	    s->bells_fd, link->bell_up, EPOLLIN | EPOLLET, record.domain);
	if (err < 0) {
		link_close(link);
		return err;
	}
	s->pools[record.domain] = link->pool;
	shell_step(
	    s, &(struct event){.kind = EVENT_LINK, .domain = record.domain});
	return 0;
}

static int
on_down(struct shell *s, struct rd *rd)
{
	struct core_down record;
	const int err = decode_core_down(rd, &record);

	if (err < 0)
		return err;
	if (record.domain < s->core.n_domains)
		shell_close_link(s, record.domain);
	return 0;
}

static int
on_input(struct shell *s, struct rd *rd)
{
	struct core_input record;
	const int err = decode_core_input(rd, &record);

	if (err < 0)
		return err;
	if (!(s->core.setup.flags & CORE_TRY_OUT))
		return -EPERM;
	s->last_input_ns = monotonic_ns();
	for (uint32_t i = 0; i < record.n; i++)
		shell_step(s,
		    &(struct event){
			.kind = EVENT_INPUT, .input = record.events[i]});
	return 0;
}

static void
send_status(struct shell *s, uint32_t cookie)
{
	core_status(&s->core, &s->status);
	s->status.wakeups = s->wakeups;
	shell_reply(s,
	    encode_core_reply(
		cookie, &s->status, s->record, sizeof(s->record)));
}

static int
on_snapshot(struct shell *s, struct rd *rd, const struct received *r)
{
	struct core_snapshot record;
	int err = decode_core_snapshot(rd, &record);

	if (err < 0)
		return err;
	if (record.output >= s->core.scene.n_outputs)
		return -ERANGE;
	err = frame_paint(s); /* pixels and status of the same state */
	if (err < 0)
		return err;
	err = frame_dump(s, record.output, r->fds[0]);
	if (err < 0 && err != -ENODEV) { /* off: the status says it */
		/* No memory for a picture is no reason to stop showing one:
		 * tdsctl hears of it when its time is up. */
		log_error("no screenshot: %s", strerror(-err));
		return 0;
	}
	send_status(s, record.cookie);
	return 0;
}

static int
on_sealed(struct shell *s, struct rd *rd, struct received *r)
{
	struct core_sealed record;
	int err = decode_core_sealed(rd, &record);

	if (err < 0)
		return err;
	err = seal_open(s, record.output, r->fds[0], r->fds[1]);
	r->fds[0] = r->fds[1] = -1;
	return err;
}

/* Looking at monitors takes long: what is no longer protected goes first. */
static int
on_hotplug(struct shell *s)
{
	cable_ask(s);
	const int err = frame_paint(s);
	return err < 0 ? err : frame_probe(s);
}

static int
on_record(struct shell *s, struct received *r)
{
	struct core_focus focus;
	uint32_t op, cookie;
	struct rd rd;
	int err = control_open(s->record, r->len, r->n_fds, &op, &rd);

	if (err < 0)
		return err;
	switch (op) {
	case CORE_LINK:
		return on_link(s, &rd, r);
	case CORE_DOWN:
		return on_down(s, &rd);
	case CORE_INPUT:
		return on_input(s, &rd);
	case CORE_FOCUS:
		err = decode_core_focus(&rd, &focus);
		if (err < 0)
			return err;
		shell_step(s,
		    &(struct event){
			.kind = EVENT_FOCUS, .domain = focus.domain});
		send_status(s, focus.cookie);
		return 0;
	case CORE_STATUS:
		err = decode_u32(&rd, &cookie);
		if (err < 0)
			return err;
		send_status(s, cookie);
		return 0;
	case CORE_SNAPSHOT:
		return on_snapshot(s, &rd, r);
	case CORE_HOTPLUG:
		return on_hotplug(s);
	case CORE_SEALED:
		return on_sealed(s, &rd, r);
	case CORE_SEAT:
		seat_open(s, r->fds[0]);
		r->fds[0] = -1;
		return 0;
	default:
		return -EPROTO;
	}
}

/* tdsd is our parent: a bad record from it is a bug, and the end. */
int
control_dispatch(struct shell *s)
{
	for (int i = 0; i < RECORDS_PER_TURN; i++) {
		struct received r = {0};
		int err = channel_receive(
		    CHANNEL_FD, s->record, sizeof(s->record), &r);
		if (err == -EAGAIN)
			return 0;
		if (err < 0)
			return err;
		err = on_record(s, &r);
		received_finish(&r);
		if (err < 0)
			return err;
		shell_flush(s);
		if (frame_has_news(s))
			frame_wake(s);
	}
	return 0;
}

/* ---------------------------------------------------------------- start-up */

static int
on_setup_record(struct shell *s, uint32_t op, struct rd *rd, struct received *r)
{
	struct core_setup setup;
	struct core_output output;
	struct core_domain domain;
	struct core_rule rule;
	int err;

	switch (op) {
	case CORE_SETUP:
		err = decode_core_setup(rd, &setup);
		return err < 0 ? err : core_add_setup(&s->core, &setup);
	case CORE_OUTPUT:
		err = decode_core_output(rd, &output);
		return err < 0 ? err : core_add_output(&s->core, &output);
	case CORE_DOMAIN:
		err = decode_core_domain(rd, &domain);
		return err < 0 ? err : core_add_domain(&s->core, &domain);
	case CORE_RULE:
		err = decode_core_rule(rd, &rule);
		return err < 0 ? err : core_add_rule(&s->core, &rule);
	case CORE_SCREEN:
		if (s->screen)
			return -EEXIST;
		err = kms_create(r->fds[0], &s->screen);
		r->fds[0] = -1; /* the card's from now on, for good */
		return err;
	default:
		return -EPROTO;
	}
}

/* Everything is told: find the screens, then place the windows on them. */
static int
on_start(struct shell *s)
{
	int err = 0;

	if (!s->screen) {
		err = headless_init(&s->headless, &s->core);
		s->screen = &s->headless.base;
	}
	sealed_init(&s->sealed, s->screen, &s->core);
	if (s->sealed.n_outputs > 0)
		s->screen = &s->sealed.base;
	if (err == 0)
		err = frame_probe(s);
	return err < 0 ? err : core_start(&s->core);
}

static int
receive_setup(struct shell *s, bool *is_started)
{
	struct pollfd p = {.fd = CHANNEL_FD, .events = POLLIN};
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	if (poll(&p, 1, -1) < 0 && errno != EINTR)
		return -errno;
	int err =
	    channel_receive(CHANNEL_FD, s->record, sizeof(s->record), &r);
	if (err == -EAGAIN)
		return 0;
	if (err < 0)
		return err;
	err = control_open(s->record, r.len, r.n_fds, &op, &rd);
	*is_started = err == 0 && op == CORE_START;
	if (*is_started)
		err = on_start(s);
	else if (err == 0)
		err = on_setup_record(s, op, &rd, &r);
	received_finish(&r);
	if (err < 0)
		log_error("%s is refused: %s", control_name(op), strerror(-err));
	return err;
}

int
control_setup(struct shell *s)
{
	bool is_started = false;
	int err = 0;

	while (err == 0 && !is_started)
		err = receive_setup(s, &is_started);
	return err;
}
