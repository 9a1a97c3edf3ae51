/*
 * super: tdsd's state. It starts, connects and restarts the other processes;
 * it parses its configuration, our own records, and no byte of a guest.
 *
 *	core:  none --spawn, setup--> starting --CORE_READY--> ready
 *	       any --exit, bad record--> none --back-off--> ...
 *	guest: none --spawn, setup--> running --exit, malformed--> none ...
 *	input: none --spawn, devices--> starting --INPUT_READY--> ready
 *	hdcp:  none --spawn, keys--> running, tied to each core
 *	xen:   none --spawn, domains--> running, tells which are found
 *
 * With a seat the display is ready when core and input are: then every
 * keyboard is seized, and both have the ends of one channel.
 */
#pragma once

#include "tds/base/log.h"
#include "tds/base/loop.h"
#include "tds/super/backoff.h"
#include "tds/super/config.h"
#include "tds/super/devices.h"
#include "tds/super/place.h"
#include "tds/super/shared.h"
#include "tds/super/spawn.h"

#include <limits.h>

enum { MAX_CLIENTS = 8, RESTART_BYTES = 80 };

struct super;

struct guest {
	struct super *super; /* borrowed: it holds us */
	uint32_t domain;
	struct child child;
	struct shared_link link;
	int pool; /* owned, read-only: for the core; -1: none */
	bool is_found; /* connect = xen: the domain is there */
	struct backoff backoff;
	uint64_t last_vnc_ns; /* when its VNC server was asked for */
	bool wants_vnc;	      /* again, and it is too early */
	struct log_budget budget;
};

/* A sealed output: one tds-hdcp. */
struct sealed {
	struct super *super; /* borrowed: it holds us */
	uint32_t output;
	struct child child;
	struct backoff backoff;
	int listener; /* owned: for carriers; -1: not a sealed output */
};

enum request { REQUEST_NONE, REQUEST_STATUS, REQUEST_PICTURE, REQUEST_FOCUS };

/* One connection of tdsctl: one request, one answer. */
struct client {
	int fd; /* owned; -1: free */
	enum request request;
	uint32_t cookie, domain, output;
	int picture; /* owned memfd; -1: none */
	uint64_t deadline_ns;
};

struct super {
	struct config config;
	struct loop loop;
	char core_path[PATH_MAX], guest_path[PATH_MAX], input_path[PATH_MAX],
	    xen_path[PATH_MAX], hdcp_path[PATH_MAX];
	bool is_plain; /* no namespaces here: try-out mode only */
	struct child core;
	bool core_is_ready;
	struct backoff core_backoff;
	struct child input; /* never one without a seat */
	bool input_is_ready;
	struct backoff input_backoff;
	struct child xen; /* never one without a domain that connects so */
	struct backoff xen_backoff;
	int xenbus; /* owned: the kernel's connection to xenstore; -1 */
	struct sealed sealed[TDS_MAX_OUTPUTS];
	struct devices devices;
	int uevents; /* owned: what the kernel says of devices; -1: unheard */
	int screen;  /* owned: the card, we are its master; -1: headless */
	int tty;     /* owned: the terminal that stays silent; -1: none */
	uint64_t last_hotplug_ns; /* when the core was told */
	bool wants_hotplug;	  /* again, and it is too early */
	struct guest guests[TDS_MAX_DOMAINS];
	struct client clients[MAX_CLIENTS];
	uint32_t next_cookie;
	struct place place; /* run directory, lock, listening for tdsctl */
	int signals;	/* owned: signalfd */
	int timer;	/* owned: restarts and deadlines */
	struct log_budget budget, device_budget;
	struct status status;		   /* scratch */
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

uint64_t super_now_ns(void);
/* Arm the timer for the earliest restart or deadline. */
void super_arm(struct super *s);

/* It ended: when it is started again is in b, and as text for the log in
 * out[RESTART_BYTES]. */
void super_restart(struct super *s, struct backoff *b, char *out);

/*
 * life.c: what the lives of our own processes have in common. Each is started
 * with a channel that the loop listens to, and again, after a wait, when it
 * ended or broke the rules.
 */
struct life {
	const char *path, *name; /* borrowed; the name is for people */
	enum role role;
	struct child *child;	 /* borrowed */
	struct backoff *backoff; /* borrowed */
};
/* False: it was not started, and is tried again. */
bool life_begin(struct super *s, const struct life *life,
    loop_callback on_event, void *data) MUST_CHECK;
/* It was begun, and cannot go on: as if it had not been. */
void life_fail(struct super *s, const struct life *life, int err);
/* False: it does not live. After true, life_again() follows. */
bool life_kill(struct super *s, const struct life *life);
void life_again(struct super *s, const struct life *life, const char *why);
/*
 * One record of it, into s->record. 0, or -errno that it is to be ended for. Its
 * death is told by SIGCHLD.
 */
int life_receive(struct super *s, const struct child *child,
    int (*on_record)(struct super *s, uint32_t op, struct rd *rd)) MUST_CHECK;

/* watch.c */
int watch_signals(struct super *s) MUST_CHECK;
int watch_time(struct super *s) MUST_CHECK;

/* core_life.c */
void core_begin(struct super *s);
void core_end(struct super *s, const char *why);
/* When a core that is starting must be ready; 0: none is. */
uint64_t core_deadline_ns(const struct super *s);
/* Send a record that s->record holds; a core that takes none is ended. */
void core_send(struct super *s, int len, const int *fds, uint32_t n_fds);

/* Say that the display is ready, if all of it is. */
void core_tell_ready(const struct super *s);

/* input_life.c */
void input_begin(struct super *s);
void input_end(struct super *s, const char *why);
/* When a tds-input that is starting must be ready; 0: none is. */
uint64_t input_deadline_ns(const struct super *s);
/* Both are ready: a new channel between core and tds-input. */
void input_connect(struct super *s);
/* Hand a device over; the descriptor stays the caller's. */
void input_give(struct super *s, const struct device *device, int fd);
void input_take_away(struct super *s, uint32_t number);

/* xen_life.c */
bool xen_is_wanted(const struct super *s);
/* What only a privileged process can open. Before the seal. */
int xen_open(struct super *s) MUST_CHECK;
void xen_begin(struct super *s);
void xen_end(struct super *s, const char *why);
/* Descriptors of one Xen guest, in the order of XEN_SERVE. */
enum { XEN_PIXELS, XEN_RINGS, XEN_EVENTS, XEN_NEWS, XEN_ASK, XEN_FDS };
/*
 * For a guest process that begins: ours[] for the broker, of which the core
 * gets the first, theirs[] (GUEST_XEN) for that process. 0 or -errno; all are
 * the caller's or -1.
 */
int xen_make(int ours[XEN_FDS], int theirs[XEN_FDS]) MUST_CHECK;
void xen_serve(struct super *s, uint32_t i, const int fds[XEN_FDS]);

/* hdcp_life.c */
bool hdcp_is_wanted(const struct super *s);
/* Sockets and states that are not there yet. Before the seal. */
int hdcp_open(struct super *s) MUST_CHECK;
/* Of a sealed output. */
void hdcp_begin(struct super *s, uint32_t i);
void hdcp_end(struct super *s, uint32_t i, const char *why);
/* Core and tds-hdcp are there: a fresh channel, fresh memory. */
void hdcp_connect(struct super *s, uint32_t i);

/* hotplug.c */
/* Listen to the kernel, and look at what is there. Before the seal. */
int hotplug_watch(struct super *s) MUST_CHECK;
/* Open each device again, for a tds-input that is new. */
void hotplug_give_all(struct super *s);
/* When the core is to be told of connectors; 0: nothing to tell. */
uint64_t hotplug_ns(const struct super *s);
void hotplug_tell(struct super *s);

/* guest_life.c */
void guest_begin(struct super *s, uint32_t i);
void guest_end(struct super *s, uint32_t i, const char *why);
/* When its wish for the VNC server is due; 0: it has none. */
uint64_t guest_vnc_ns(const struct guest *g);
void guest_give_vnc(struct super *s, uint32_t i);
/* The core is ready: show it this guest. */
void guest_link(struct super *s, uint32_t i);
/* The core is gone: a fresh ring and doorbells for this guest. */
void guest_relink(struct super *s, uint32_t i);

/* clients.c */
int clients_listen(struct super *s) MUST_CHECK;
void clients_reply(struct super *s, uint32_t cookie,
    const struct status *status);
void clients_fail_all(struct super *s, const char *why);
void clients_expire(struct super *s, uint64_t now_ns);
