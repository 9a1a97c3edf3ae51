/*
 * device: one vhost-user device: a listening socket, at most one VMM on it,
 * its memory and its rings. What the device does is a struct device_model.
 *
 *	            accept          SET_VRING_KICK + SET_VRING_ENABLE 1
 *	listening ----------> connected ----------------------------> running
 *	    ^                  |     ^                                   |
 *	    |  EOF, malformed  |     |           GET_VRING_BASE          |
 *	    +------------------+     +-----------------------------------+
 *
 * Nothing here waits for the VMM: sockets and eventfds are non-blocking, work
 * per wake-up is bounded, a peer that breaks a rule is dropped with one line.
 */
#pragma once

#include "hv-glue/memory.h"
#include "hv-glue/vhost_user.h"
#include "hv-glue/virtqueue.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { DEVICE_QUEUES = 2 };

/* data is the device_init() argument of the same name. */
struct device_model {
	const char *name;      /* "gpu", "keyboard"; for logs */
	uint64_t features;     /* device features to offer */
	uint32_t config_bytes; /* <= VU_MAX_CONFIG */
	bool has_display;      /* takes GPU_SET_SOCKET */

	void (*on_connection)(void *data, bool is_up);
	/* Rings begin. is_fresh: the guest's driver does, too. */
	void (*on_start)(void *data, bool is_fresh);
	void (*on_stop)(void *data);
	void (*read_config)(void *data, uint8_t *out);
	void (*write_config)(
	    void *data, uint32_t offset, const uint8_t *in, uint32_t n);
	/*
	 * Handle requests of one ring: 0, or 1 when it left some for the next
	 * turn, or -errno with *why: the VMM is dropped.
	 */
	int (*on_kick)(
	    void *data, uint32_t index, struct virtqueue *vq, const char **why);
};

/* What all devices of one guest share. */
struct device_env {
	struct loop *loop;		 /* borrowed */
	const char *domain;		 /* borrowed; for logs */
	void (*on_settled)(void *guest); /* at the end of each wake-up */
	void *guest;			 /* borrowed */
};

struct device;

struct device_queue {
	struct virtqueue vq;
	struct device *device; /* borrowed: the one that it is part of */
	uint32_t index;
	int kick_fd, call_fd; /* owned or -1 */
	bool is_started;      /* has num, base, addresses and a kick */
	bool is_enabled;
};

struct device {
	const struct device_model *model; /* borrowed, static */
	void *data;			  /* borrowed, see device_model */
	const struct device_env *env;	  /* borrowed */
	struct log_budget budget;
	struct log_budget visits; /* lines about VMMs that come and go */

	int listen_fd;	/* owned */
	int fd;		/* owned; -1: no VMM */
	int backend_fd; /* owned or -1: kept open for the VMM, never used */
	int display_fd; /* owned or -1: the same */
	struct memory memory;
	struct device_queue queues[DEVICE_QUEUES];

	uint32_t have; /* bytes of the frame that is being received */
	uint32_t n_fds;
	int fds[VU_MAX_FDS]; /* owned or -1 */
	uint8_t frame[VU_MAX_BYTES];
};

/* Takes listen_fd, non-blocking; -1: none. 0 or -errno. */
int device_init(struct device *device, const struct device_model *model,
    void *data, const struct device_env *env, int listen_fd) MUST_CHECK;
void device_finish(struct device *device);

/*
 * One complete message; the device takes the descriptors it keeps out of
 * fds. The length of the reply (0: none) in reply[VU_MAX_REPLY], or -errno
 * with *why: the VMM is to be dropped.
 */
int device_request(struct device *device, const struct vu_message *message,
    int *fds, uint8_t *reply, const char **why) MUST_CHECK;
/* Run a ring's model, then interrupt the guest if it wants that. */
void device_run_queue(struct device *device, uint32_t index);
/* Forget the VMM; why, if not NULL, is logged with blame. */
void device_drop(struct device *device, const char *request, const char *why);
