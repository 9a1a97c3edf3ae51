/*
 * uevent: what the kernel says about devices that come and go. Anybody may
 * send to such a socket; only what the kernel itself sent is believed, and of
 * that only three things are read.
 *
 *	add@/devices/pci0000:00/.../input/input7/event3 NUL
 *	ACTION=add NUL SUBSYSTEM=input NUL DEVNAME=input/event3 NUL ... NUL
 *	(Linux, Documentation/core-api/kobject.rst, lib/kobject_uevent.c)
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	UEVENT_BYTES = 8192, /* the kernel's own limit is 2048 and a path */
	UEVENT_MAX_EVENT = 65535, /* N of /dev/input/eventN */
};

enum uevent_kind {
	UEVENT_OTHER,  /* nothing for us, or nothing that is believed */
	UEVENT_ADD,    /* /dev/input/eventN is there */
	UEVENT_REMOVE, /* /dev/input/eventN is gone */
	UEVENT_SCREEN, /* a connector of a graphics card changed */
};

struct uevent {
	enum uevent_kind kind;
	uint32_t event;
};

/* Who sent it, as the kernel says. */
struct uevent_sender {
	uint32_t port; /* netlink; 0: the kernel itself */
	bool has_credentials;
	uid_t uid;
};

/* Total: any bytes are legal input, len <= UEVENT_BYTES or it is OTHER. */
struct uevent uevent_parse(
    const struct uevent_sender *sender, const char *bytes, size_t len);

/* A listening socket, or -errno. */
int uevent_open(void) MUST_CHECK;
/* 0; -EAGAIN if there is none; -ENOBUFS if some were lost: look again. */
int uevent_receive(int fd, struct uevent *out) MUST_CHECK;
