#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static const uint64_t client_deadline_ns = 5000000000u;

/* The connection last: its end tells that nothing of it is left here. */
static void
client_close(struct super *s, struct client *c)
{
	if (c->picture >= 0)
		close(c->picture);
	if (c->fd >= 0) {
		loop_remove(&s->loop, c->fd);
		close(c->fd);
	}
	*c = (struct client){.fd = -1, .picture = -1};
}

/* The one answer; a client that does not take it at once goes without. */
static void
answer(struct super *s, struct client *c, int len, const int *fds,
    uint32_t n_fds)
{
	const int err = len < 0 ? len
				: channel_send(c->fd, s->record, (uint32_t)len,
				      fds, n_fds);

	if (err < 0 && err != -EPIPE)
		log_peer(&s->budget, "tdsctl", "takes no answer: %s",
		    strerror(-err));
	client_close(s, c);
}

static void __attribute__((format(printf, 4, 5)))
answer_result(struct super *s, struct client *c, int error,
    const char *format, ...)
{
	struct ctl_result result = {.error = error};
	va_list ap;

	va_start(ap, format);
	vsnprintf((char *)result.text, sizeof(result.text), format, ap);
	va_end(ap);
	/* the record wants every byte after the text to be zero */
	const size_t n = strlen((const char *)result.text);
	memset(result.text + n, 0, sizeof(result.text) - n);
	answer(s, c, encode_ctl_result(&result, s->record, sizeof(s->record)),
	    NULL, 0);
}

static void
expect_reply(struct super *s, struct client *c, enum request request)
{
	c->request = request;
	c->cookie = ++s->next_cookie;
}

static int
find_domain(const struct super *s, const uint8_t name[TDS_NAME_BYTES])
{
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		if (memcmp(s->config.domains[i].core.name, name,
			TDS_NAME_BYTES) == 0)
			return (int)i;
	return -ENOENT;
}

static void
on_focus(struct super *s, struct client *c, const struct ctl_focus *in)
{
	const int domain = find_domain(s, in->name);

	if (domain < 0) {
		answer_result(s, c, domain,
		    "no domain \"%s\": see tdsctl status",
		    (const char *)in->name);
		return;
	}
	expect_reply(s, c, REQUEST_FOCUS);
	c->domain = (uint32_t)domain;
	const struct core_focus record = {
	    .cookie = c->cookie, .domain = c->domain};
	core_send(s, encode_core_focus(&record, s->record, sizeof(s->record)),
	    NULL, 0);
}

static void
on_screenshot(struct super *s, struct client *c, uint32_t output)
{
	if (output >= s->config.n_outputs) {
		answer_result(s, c, -ENOENT, "no output %u: there are %u",
		    output, s->config.n_outputs);
		return;
	}
	/* the monitor decides how much of it is used */
	c->picture = shared_memory(
	    "tds-picture", (uint64_t)TDS_MAX_DIM * TDS_MAX_DIM * 4);
	if (c->picture < 0) {
		answer_result(s, c, c->picture, "no memory for the picture");
		return;
	}
	expect_reply(s, c, REQUEST_PICTURE);
	c->output = output;
	const struct core_snapshot record = {
	    .cookie = c->cookie, .output = output};
	core_send(s,
	    encode_core_snapshot(&record, s->record, sizeof(s->record)),
	    &c->picture, 1);
}

static void
on_input(struct super *s, struct client *c, const struct core_input *in)
{
	if (!(s->config.core.flags & CORE_TRY_OUT)) {
		answer_result(s, c, -EPERM,
		    "input from tdsctl is for trying out: it needs "
		    "\"mode = try-out\" in %.64s, line %d",
		    s->config.file, s->config.mode_line);
		return;
	}
	core_send(s,
	    encode_core_input(CORE_INPUT, in, s->record, sizeof(s->record)),
	    NULL, 0);
	answer_result(s, c, 0, "%s", "");
}

static int
dispatch(struct super *s, struct client *c, uint32_t op, struct rd *rd)
{
	struct ctl_focus focus;
	struct core_input input;
	uint32_t output;
	int err = 0;

	switch (op) {
	case CTL_STATUS:
		expect_reply(s, c, REQUEST_STATUS);
		core_send(s,
		    encode_u32(CORE_STATUS, c->cookie, s->record,
			sizeof(s->record)),
		    NULL, 0);
		return rd_end(rd);
	case CTL_SCREENSHOT:
		err = decode_u32(rd, &output);
		if (err == 0)
			on_screenshot(s, c, output);
		return err;
	case CTL_FOCUS:
		err = decode_ctl_focus(rd, &focus);
		if (err == 0)
			on_focus(s, c, &focus);
		return err;
	case CTL_INPUT:
		err = decode_core_input(rd, &input);
		if (err == 0)
			on_input(s, c, &input);
		return err;
	default:
		return -EPROTO;
	}
}

static struct client *
client_of(struct super *s, int fd)
{
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].fd == fd)
			return &s->clients[i];
	return NULL;
}

static void
on_request(struct super *s, struct client *c)
{
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	int err = channel_receive(c->fd, s->record, sizeof(s->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == -EPIPE || c->request != REQUEST_NONE) {
		received_finish(&r);
		client_close(s, c); /* gone, or a second request */
		return;
	}
	if (err == 0)
		err = control_open(s->record, r.len, r.n_fds, &op, &rd);
	received_finish(&r);
	if (err == 0 && !s->core_is_ready) {
		answer_result(s, c, -EAGAIN,
		    "the display is starting; try again");
		return;
	}
	if (err == 0)
		err = dispatch(s, c, op, &rd);
	if (err < 0) {
		log_peer(&s->budget, "tdsctl", "malformed request: dropped");
		client_close(s, c);
	}
}

/* The loop's pointer is the super; the descriptor tells which client. */
struct client_source {
	struct super *super;
	struct client *client;
};

static struct client_source client_sources[MAX_CLIENTS];

static void
on_client(void *data, uint32_t events)
{
	const struct client_source *source = data;

	(void)events;
	if (source->client->fd >= 0)
		on_request(source->super, source->client);
}

static void
on_connect(void *data, uint32_t events)
{
	struct super *s = data;
	int AUTO_FD fd =
	    accept4(s->place.control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = client_of(s, -1);

	(void)events;
	if (fd < 0)
		return;
	if (!c) {
		log_peer(&s->budget, "tdsctl",
		    "more than %d clients at once: refused", MAX_CLIENTS);
		return;
	}
	struct client_source *source = &client_sources[c - s->clients];
	*source = (struct client_source){s, c};
	if (loop_add(&s->loop, fd, EPOLLIN, on_client, source) < 0)
		return;
	*c = (struct client){.fd = TAKE_FD(fd),
	    .picture = -1,
	    .deadline_ns = super_now_ns() + client_deadline_ns};
	super_arm(s);
}

int
clients_listen(struct super *s)
{
	return loop_add(&s->loop, s->place.control, EPOLLIN, on_connect, s);
}

static void
reply_focus(struct super *s, struct client *c, const struct status *status)
{
	const char *name =
	    (const char *)s->config.domains[c->domain].core.name;

	if (status->keyboard == c->domain)
		answer_result(s, c, 0, "%s has the keyboard", name);
	else
		answer_result(s, c, -EBUSY,
		    "the trusted panel is open: choose there");
}

void
clients_reply(struct super *s, uint32_t cookie, const struct status *status)
{
	struct client *c = s->clients;

	while (c < s->clients + MAX_CLIENTS &&
	    (c->fd < 0 || c->request == REQUEST_NONE || c->cookie != cookie))
		c++;
	if (c == s->clients + MAX_CLIENTS)
		return; /* it went away */
	if (c->request == REQUEST_STATUS) {
		answer(s, c,
		    encode_ctl_report(status, s->record, sizeof(s->record)),
		    NULL, 0);
	} else if (c->request == REQUEST_PICTURE &&
	    !status->outputs[c->output].is_on) {
		answer_result(s, c, -ENODEV,
		    "nothing is connected to output %u", c->output);
	} else if (c->request == REQUEST_PICTURE) {
		static struct ctl_picture picture;
		picture.width = status->outputs[c->output].width;
		picture.height = status->outputs[c->output].height;
		picture.status = *status;
		answer(s, c,
		    encode_ctl_picture(
			&picture, s->record, sizeof(s->record)),
		    &c->picture, 1);
	} else {
		reply_focus(s, c, status);
	}
}

void
clients_fail_all(struct super *s, const char *why)
{
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0 &&
		    s->clients[i].request != REQUEST_NONE)
			answer_result(s, &s->clients[i], -EAGAIN, "%s", why);
}

void
clients_expire(struct super *s, uint64_t now_ns)
{
	for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = &s->clients[i];
		if (c->fd < 0 || c->deadline_ns > now_ns)
			continue;
		if (c->request == REQUEST_NONE)
			client_close(s, c);
		else
			answer_result(s, c, -ETIMEDOUT,
			    "the display gave no answer");
	}
}
