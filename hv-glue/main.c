/*
 * tds-guest: one process per VM, the back-end of its display and its input
 * devices. tdsd starts it with a channel as descriptor 3, sends GUEST_SETUP
 * with everything it will ever hold, and it seals itself before it listens to
 * anything that the VM says.
 */
#include "hv-glue/guest.h"
#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { CHANNEL_FD = 3 };

/* The first record must be GUEST_SETUP; nothing is done before it comes. */
static int
receive_setup(struct guest_setup *setup, struct received *r)
{
	struct pollfd ready = {.fd = CHANNEL_FD, .events = POLLIN};
	uint8_t bytes[CONTROL_MAX_BYTES];
	uint32_t op;
	struct rd rd;

	if (poll(&ready, 1, -1) < 0)
		return -errno;
	int err = channel_receive(CHANNEL_FD, bytes, sizeof(bytes), r);
	if (err == 0)
		err = control_open(bytes, r->len, r->n_fds, &op, &rd);
	if (err == 0 && op != GUEST_SETUP)
		err = -EPROTO;
	return err < 0 ? err : decode_guest_setup(&rd, setup);
}

static int
handle_record(struct guest *g, uint32_t op, int *fds)
{
	if (op == GUEST_VNC) {
		vnc_connected(&g->vnc, TAKE_FD(fds[0]));
		return 0;
	}
	if (op != GUEST_CORE)
		return -EPROTO;
	return link_attach(
	    &g->link, TAKE_FD(fds[0]), TAKE_FD(fds[1]), TAKE_FD(fds[2]));
}

static void
on_channel(void *data, uint32_t events)
{
	struct guest *g = data;
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
		err = handle_record(g, op, r.fds);
	received_finish(&r);
	if (err < 0) {
		log_info("the end: %s from tdsd: %s",
		    op ? control_name(op) : "nothing more", strerror(-err));
		loop_stop(&g->loop);
	}
}

/* What cannot be given up ends it, unless tdsd knows (try-out mode). */
static int
seal(bool is_unsealed)
{
	const char *what = NULL;
	const int err = rights_seal(ROLE_GUEST, is_unsealed, &what);

	if (err < 0)
		log_error("cannot give up %s: %s", what, strerror(-err));
	return is_unsealed ? 0 : err;
}

static int
run(struct guest *g)
{
	struct received r __attribute__((cleanup(received_finish))) = {0};
	struct guest_setup setup;
	const char *what = "GUEST_SETUP from tdsd";

	int err = receive_setup(&setup, &r);
	if (err == 0)
		err = guest_init(g, &setup, CHANNEL_FD, r.fds, &what);
	if (err == 0)
		err = loop_add(&g->loop, CHANNEL_FD, EPOLLIN, on_channel, g);
	if (err < 0) {
		log_error("%s: %s", what, strerror(-err));
		return err;
	}
	err = seal(setup.is_unsealed);
	return err < 0 ? err : loop_run(&g->loop);
}

int
main(int argc, char **argv)
{
	struct guest *g = calloc(1, sizeof(*g));

	log_init(argc > 0 ? argv[0] : "tds-guest");
	if (!g || run(g) < 0)
		return EXIT_FAILURE;
	guest_finish(g);
	free(g);
	return EXIT_SUCCESS;
}
