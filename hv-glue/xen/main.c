/*
 * tds-xen: the broker of Xen domains. The kernel's devices take the number of
 * any domain, and xenstore answers for all of them: this process alone speaks
 * to both, and gives each tds-guest what belongs to its own domain. It reads
 * no ring, no directory of pages and no pixel.
 *
 * tdsd starts it with a channel as descriptor 3, and hands it every other
 * descriptor; it opens nothing.
 */
#include "hv-glue/xen/process.h"
#include "protocol/control.h"
#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static struct broker broker;

static struct domain *
domain_of(struct broker *b, uint32_t index)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->domains[i].index == index)
			return &b->domains[i];
	return NULL;
}

/* ------------------------------------------------------------------ events */

static void
on_ask(void *data, uint32_t events)
{
	struct server *s = data;
	struct broker *b = s->broker;
	struct domain *d = domain_of(b, s->index);
	const int fd = s->fds[SERVE_FDS - 1];
	uint8_t bytes[BROKER_ANSWER_BYTES];
	struct received r = {0};

	(void)events;
	int err = channel_receive(fd, b->asked, sizeof(b->asked), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = r.n_fds > 0 ? -EPROTO
				  : decode_ask(b->asked, r.len, &b->question);
	received_finish(&r);
	if (err == 0) {
		const struct broker_answer a = domain_answer(d, &b->question);
		encode_answer(&a, bytes);
		err = channel_send(fd, bytes, sizeof(bytes), NULL, 0);
	}
	if (err == 0)
		return;
	domain_unserved(d);
	if (err == -EPIPE || err == -ECONNRESET) /* its end; tdsd knows */
		domain_step(d);
	else
		process_ops.gone(b, s->index, true, -err);
}

static void
look_again(struct broker *b)
{
	find_all(&b->finder, b->domains, b->n);
	for (uint32_t i = 0; i < b->n; i++)
		domain_step(&b->domains[i]);
}

/* "s": the directories of back ends; "f3": a front end of domain 3. */
static void
on_store(void *data, uint32_t events)
{
	struct broker *b = data;
	char tokens[STORE_EVENTS][STORE_TOKEN];

	(void)events;
	const int err = store_poll(&b->store);
	const uint32_t n = b->store.n_tokens;
	bool is_all = b->store.has_lost;

	process_judge(b, err);
	memcpy(tokens, b->store.tokens, sizeof(tokens));
	b->store.n_tokens = 0;
	b->store.has_lost = false;
	for (uint32_t i = 0; i < n && err == 0; i++) {
		uint32_t index;
		struct domain *d =
		    tokens[i][0] == 'f' && domain_number(tokens[i] + 1, &index)
			? domain_of(b, index)
			: NULL;
		if (d)
			domain_step(d);
		else
			is_all = true;
	}
	if (is_all && err == 0)
		look_again(b);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* How long to wait for an event; -1 for ever. Sweeps when it is time. */
static int
wait_ms(struct broker *b)
{
	if (!b->finder.wants_sweep) {
		b->sweep_ms = 0;
		return -1;
	}
	const uint64_t now = now_ms();
	if (b->sweep_ms == 0)
		b->sweep_ms = now + FIND_SWEEP_MS;
	if (now < b->sweep_ms)
		return (int)(b->sweep_ms - now);
	find_sweep(&b->finder);
	b->sweep_ms = 0;
	return b->finder.wants_sweep ? FIND_SWEEP_MS : -1;
}

/* What fired while questions were asked is not announced by the kernel. */
static int
turn(struct broker *b)
{
	const int timeout_ms = wait_ms(b);
	const bool waits = b->store.n_tokens > 0 || b->store.has_lost;
	const int err = loop_turn(&b->loop, waits ? 0 : timeout_ms);

	if (err == 0 && (b->store.n_tokens > 0 || b->store.has_lost))
		on_store(b, 0);
	return err;
}

/* --------------------------------------------------------------- from tdsd */

static int
on_setup(struct broker *b, struct rd *rd, int *fds)
{
	struct xen_setup setup;
	const int err = decode_xen_setup(rd, &setup);

	if (err < 0)
		return err;
	if (b->store.fd >= 0)
		return -EPROTO;
	b->is_unsealed = setup.is_unsealed;
	store_init(&b->store, TAKE_FD(fds[0]));
	return 0;
}

static int
on_domain(struct broker *b, struct rd *rd)
{
	struct xen_domain in;
	const int err = decode_xen_domain(rd, &in);

	if (err < 0)
		return err;
	if (b->has_started || b->n == TDS_MAX_DOMAINS ||
	    domain_of(b, in.domain))
		return -EPROTO;
	struct domain *d = &b->domains[b->n++];
	*d = (struct domain){.ops = &process_ops,
	    .data = b,
	    .index = in.domain,
	    .scanouts = in.scanouts,
	    .width = in.width,
	    .height = in.height,
	    .domid = DOMAIN_NONE};
	memcpy(d->name, in.name, sizeof(d->name));
	memcpy(d->uuid, in.uuid, sizeof(d->uuid));
	return 0;
}

static int
on_start(struct broker *b)
{
	const char *what = NULL;

	if (b->has_started || b->store.fd < 0)
		return -EPROTO;
	int err = rights_seal(ROLE_XEN, b->is_unsealed, &what);
	if (err < 0)
		log_error("cannot give up %s: %s", what, strerror(-err));
	if (err < 0 && !b->is_unsealed)
		return err;
	b->has_started = true;
	for (uint32_t i = 0; i < b->n; i++)
		b->domains[i].max_pages = DOMAIN_ALL_PAGES / b->n;
	b->finder = (struct finder){.ops = &process_ops, .data = b};
	err = loop_add(&b->loop, b->store.fd, EPOLLIN, on_store, b);
	if (err == 0)
		err = store_watch(&b->store, "backend/vdispl", "s");
	if (err == 0)
		err = store_watch(&b->store, "backend/vinput", "s");
	if (err < 0)
		log_error("xenstore cannot be watched: %s", strerror(-err));
	return err;
}

static int
on_serve(struct broker *b, struct rd *rd, int *fds)
{
	struct xen_serve in;
	const int err = decode_xen_serve(rd, &in);
	struct domain *d = err == 0 ? domain_of(b, in.domain) : NULL;

	if (!d || !b->has_started)
		return err < 0 ? err : -EPROTO;
	domain_unserved(d);
	if (d->domid == DOMAIN_NONE)
		return 0; /* it went meanwhile, as tdsd will read */
	struct server *s = &b->servers[in.domain];
	for (uint32_t i = 0; i < SERVE_FDS; i++)
		s->fds[i] = TAKE_FD(fds[i]);
	d->pixels = s->fds[0];
	d->rings = s->fds[1];
	d->evtchn = s->fds[2];
	d->news = s->fds[3];
	const int added = loop_add(&b->loop, s->fds[4], EPOLLIN, on_ask, s);
	if (added < 0) {
		process_ops.drop(b, in.domain);
		return added;
	}
	domain_serve(d);
	return 0;
}

static int
handle_record(struct broker *b, uint32_t op, struct rd *rd, int *fds)
{
	switch (op) {
	case XEN_SETUP:
		return on_setup(b, rd, fds);
	case XEN_DOMAIN:
		return on_domain(b, rd);
	case XEN_START:
		return on_start(b);
	case XEN_SERVE:
		return on_serve(b, rd, fds);
	default:
		return -EPROTO;
	}
}

static void
on_channel(void *data, uint32_t events)
{
	struct broker *b = data;
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	(void)events;
	int err = channel_receive(CHANNEL_FD, bytes, sizeof(bytes), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = control_open(bytes, r.len, r.n_fds, &op, &rd);
	if (err == 0)
		err = handle_record(b, op, &rd, r.fds);
	received_finish(&r);
	if (err < 0) {
		log_info("the end: %s from tdsd: %s",
		    op ? control_name(op) : "nothing more", strerror(-err));
		b->has_failed = true;
		loop_stop(&b->loop);
	}
}

int
main(int argc, char **argv)
{
	struct broker *b = &broker;

	log_init(argc > 0 ? argv[0] : "tds-xen");
	signal(SIGPIPE, SIG_IGN); /* an error says it as well */
	b->store.fd = -1;
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		b->servers[i] = (struct server){
		    .broker = b, .index = i, .fds = {-1, -1, -1, -1, -1}};
	int err = loop_init(&b->loop);
	if (err == 0)
		err = loop_add(&b->loop, CHANNEL_FD, EPOLLIN, on_channel, b);
	while (err == 0 && !b->loop.is_stopping)
		err = turn(b);
	return err < 0 || b->has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
