/*
 * place: the run directory, its lock, and the sockets in it.
 *
 *	RUN_DIR/		0711, ours
 *	  tdsd.lock		held while tdsd runs
 *	  control.sock		0600, for tdsctl
 *	  OUTPUT.wire		0600, the carrier's: of a sealed output
 *	  NAME/			0700, the domain's user's
 *	    gpu.sock keyboard.sock tablet.sock mouse.sock    0600, the user's
 *	    vnc.sock		made by the VM
 */
#pragma once

#include "tds/base/bytes.h"
#include "tds/super/config.h"

enum { PLACE_SOCKETS = 4 };

struct place {
	int dir;     /* owned: RUN_DIR */
	int lock;    /* owned */
	int control; /* owned: listening SEQPACKET socket */
};

/* All of these log what is wrong, with the remedy. 0 or -errno. */
int place_open(struct place *place, const char *run_dir) MUST_CHECK;
/* Listening stream sockets for one domain, in the order of GUEST_SETUP. */
int place_domain(const struct config_domain *domain,
    int listeners[PLACE_SOCKETS]) MUST_CHECK;
/* The listening stream socket of a sealed output, for its carrier. */
int place_wire(
    const struct place *place, const struct config_output *output) MUST_CHECK;
void place_remove_wire(
    const struct place *place, const struct config_output *output);
/* Remove what place_open() and place_domain() made. */
void place_remove_domain(const struct config_domain *domain);
void place_close(struct place *place);

/*
 * Connect to the VNC socket of a domain's VM. Safe: the path is the user's to
 * change, so only a socket that the user owns, served by the user's process,
 * is handed out. A connected descriptor or -errno.
 */
int place_connect_vnc(const struct config_domain *domain) MUST_CHECK;
