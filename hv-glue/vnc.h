/*
 * vnc: the one-shot VNC connection of rfb.h. tdsd makes it, since we may not
 * open sockets; we ask for it, poke the guest and close it. The VM may have no
 * VNC server: then its guest learns of a new size when it asks by itself.
 */
#pragma once

#include "hv-glue/rfb.h"
#include "tds/base/loop.h"

#include <stdbool.h>

struct vnc {
	struct loop *loop; /* borrowed */
	int channel_fd;	   /* borrowed: to tdsd */
	int fd;		   /* owned; -1: not connected */
	bool is_wanted;	   /* a size changed since the last poke was sent */
	bool was_logged;   /* that it cannot be had */
	uint16_t pokes;
	struct rfb rfb;
};

void vnc_init(struct vnc *vnc, struct loop *loop, int channel_fd);
/* A size changed: have the guest told. */
void vnc_poke(struct vnc *vnc);
/* tdsd's answer; takes fd, a connected non-blocking stream socket. */
void vnc_connected(struct vnc *vnc, int fd);
/* The VM is gone, or all is over. */
void vnc_finish(struct vnc *vnc);
