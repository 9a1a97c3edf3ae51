/*
 * tds-guest: one process per VM, the back-end of its display and its input
 * devices. tdsd starts it with a channel as descriptor 3, sends GUEST_SETUP (or
 * GUEST_XEN) with everything it will ever hold, and it seals itself before it listens to
 * anything that the VM says.
 */
#include "hv-glue/guest.h"
#include "hv-glue/xen_guest.h"
#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { CHANNEL_FD = 3 };

/* One of the two, as the first record says. */
struct process {
	struct guest *kvm;     /* owned */
	struct xen_guest *xen; /* owned */
	struct loop *loop;     /* borrowed from it */
	bool is_unsealed;
};

static int
set_up_kvm(struct process *p, struct rd *rd, int *fds, const char **what)
{
	struct guest_setup setup;
	int err = decode_guest_setup(rd, &setup);

	if (err < 0)
		return err;
	*what = "memory";
	p->kvm = calloc(1, sizeof(*p->kvm));
	if (!p->kvm)
		return -ENOMEM;
	p->loop = &p->kvm->loop;
	p->is_unsealed = setup.is_unsealed;
	return guest_init(p->kvm, &setup, CHANNEL_FD, fds, what);
}

static int
set_up_xen(struct process *p, struct rd *rd, int *fds, const char **what)
{
	struct guest_xen setup;
	int err = decode_guest_xen(rd, &setup);

	if (err < 0)
		return err;
	*what = "memory";
	p->xen = calloc(1, sizeof(*p->xen));
	if (!p->xen)
		return -ENOMEM;
	p->loop = &p->xen->loop;
	p->is_unsealed = setup.is_unsealed;
	return xen_guest_init(p->xen, &setup, fds, what);
}

/* The first record says what this is; nothing is done before it comes. */
static int
set_up(struct process *p, const char **what)
{
	struct received r __attribute__((cleanup(received_finish))) = {0};
	struct pollfd ready = {.fd = CHANNEL_FD, .events = POLLIN};
	uint8_t bytes[CONTROL_MAX_BYTES];
	uint32_t op;
	struct rd rd;

	*what = "GUEST_SETUP from tdsd";
	if (poll(&ready, 1, -1) < 0)
		return -errno;
	int err = channel_receive(CHANNEL_FD, bytes, sizeof(bytes), &r);
	if (err == 0)
		err = control_open(bytes, r.len, r.n_fds, &op, &rd);
	if (err < 0)
		return err;
	if (op == GUEST_XEN)
		return set_up_xen(p, &rd, r.fds, what);
	return op == GUEST_SETUP ? set_up_kvm(p, &rd, r.fds, what) : -EPROTO;
}

static int
handle_record(struct process *p, uint32_t op, int *fds)
{
	if (op == GUEST_VNC && p->kvm) {
		vnc_connected(&p->kvm->vnc, TAKE_FD(fds[0]));
		return 0;
	}
	if (op != GUEST_CORE)
		return -EPROTO;
	return p->kvm ? link_attach(&p->kvm->link, TAKE_FD(fds[0]),
			    TAKE_FD(fds[1]), TAKE_FD(fds[2]))
		      : xen_guest_core(p->xen, TAKE_FD(fds[0]),
			    TAKE_FD(fds[1]), TAKE_FD(fds[2]));
}

static void
on_channel(void *data, uint32_t events)
{
	struct process *p = data;
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
		err = handle_record(p, op, r.fds);
	received_finish(&r);
	if (err < 0) {
		log_info("the end: %s from tdsd: %s",
		    op ? control_name(op) : "nothing more", strerror(-err));
		loop_stop(p->loop);
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
run(struct process *p)
{
	const char *what = "";

	int err = set_up(p, &what);
	if (err == 0)
		err = loop_add(p->loop, CHANNEL_FD, EPOLLIN, on_channel, p);
	if (err < 0) {
		log_error("%s: %s", what, strerror(-err));
		return err;
	}
	err = seal(p->is_unsealed);
	return err < 0 ? err : loop_run(p->loop);
}

int
main(int argc, char **argv)
{
	struct process p = {0};

	log_init(argc > 0 ? argv[0] : "tds-guest");
	if (run(&p) < 0)
		return EXIT_FAILURE;
	if (p.kvm)
		guest_finish(p.kvm);
	else
		xen_guest_finish(p.xen);
	free(p.kvm);
	free(p.xen);
	return EXIT_SUCCESS;
}
