/*
 * config: tds.conf and domains.d, read and checked as a whole. Nothing of it
 * is used unless all of it is right.
 */
#pragma once

#include "protocol/control.h"

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

/* sockaddr_un.sun_path, with its NUL */
enum { CONFIG_SOCKET_PATH_BYTES = 108 };

struct config_domain {
	struct core_domain core;
	uint64_t pool_bytes;
	char sockets[CONFIG_SOCKET_PATH_BYTES]; /* directory */
	char vnc[CONFIG_SOCKET_PATH_BYTES];	/* the VM's VNC console */
	bool has_owner;
	uid_t owner; /* who may connect to the sockets */
};

struct config {
	struct core_setup setup; /* flags: CORE_TRY_OUT or 0 */
	char run_dir[CONFIG_SOCKET_PATH_BYTES];
	uint32_t n_outputs;
	struct core_output outputs[TDS_MAX_OUTPUTS];
	uint32_t n_domains;
	struct config_domain domains[TDS_MAX_DOMAINS];
};

/*
 * Read DIR/tds.conf and DIR/domains.d/(name).conf. Every error is printed to
 * errors as "FILE:LINE: key: what is wrong; allowed: ...". 0, or -EINVAL if
 * there was any.
 */
int config_read(const char *dir, struct config *out, FILE *errors) MUST_CHECK;
