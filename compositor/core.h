/*
 * core: the pure state machine of the trusted display.
 *
 * core_step(state, event, now) -> actions. No I/O, no clock of its own, no
 * allocation. Focus, the secure attention key, stacking, geometry, labels and
 * the release schedule are decided here and only here. A shell (main.c,
 * headless.c; tests) feeds events in order and carries the actions out.
 *
 * What always holds after core_step():
 *   - only EVENT_INPUT and EVENT_FOCUS (the user) change focus, stacking
 *     between domains and window geometry;
 *   - keyboard and pointer belong to the same domain (`focus`) or to nobody;
 *   - while `attention` is set, no input action is produced;
 *   - per domain and key: presses minus releases is 0 or 1, and 0 for a
 *     domain without focus;
 *   - actions for a domain depend on that domain's events, the user's events
 *     and the clock, not on other domains (two-run test).
 */
#pragma once

#include "compositor/scene.h"
#include "kbd/admit.h"
#include "kbd/keys.h"
#include "protocol/control.h"
#include "protocol/ring.h"

enum event_kind {
	EVENT_INPUT,  /* one evdev event of the user */
	EVENT_LINK,   /* a guest process was attached to a domain */
	EVENT_DOWN,   /* a guest process is gone */
	EVENT_COMMIT, /* guest records, checked */
	EVENT_CURSOR,
	EVENT_LEDS,
	EVENT_VM,
	EVENT_UNMAP,
	EVENT_FOCUS,  /* the user asks for a domain through tdsctl */
	EVENT_FRAME,  /* the frame clock: before records are polled */
	EVENT_OUTPUT, /* something else, or nothing, is connected to a slot */
	EVENT_DEVICE, /* an input device came */
	EVENT_GONE,   /* it went, or (device 0) all of them */
	EVENT_CABLE,  /* how the cable to an output is protected now */
	EVENT_SINK,   /* a sealed output has, or has no, sink */
	EVENT_DARK,   /* the user did nothing for long: screens go off */
};

struct event {
	enum event_kind kind;
	uint32_t domain;	       /* of a guest or of FOCUS */
	uint32_t device;	       /* INPUT (0: from tdsctl), GONE */
	uint64_t time_ns;	       /* INPUT: when the device sent it */
	struct input_event_wire input; /* INPUT */
	struct commit commit;	       /* COMMIT */
	struct cursor cursor;	       /* CURSOR */
	uint8_t leds;		       /* LEDS */
	bool is_up;		       /* VM, SINK */
	struct grant grant; /* UNMAP: these pages go when the step is done */
	struct core_output output;     /* OUTPUT */
	struct seat_device device_info; /* DEVICE */
	uint32_t cable; /* CABLE, SINK: output */
	uint32_t protection; /* CABLE: as asked for and in force */
	uint32_t random;	       /* DEVICE: for the code that admits it */
};

/* A record to put into a domain's down ring. */
struct action {
	uint32_t domain;
	struct down record;
};

/* Bounded: 64 ticks, or releases of all held keys and a chord, in one step. */
enum { CORE_MAX_ACTIONS = 256 };

struct actions {
	uint32_t n;
	struct action a[CORE_MAX_ACTIONS];
	struct seat_admit admit; /* for tds-input; device 0: none */
};

struct domain {
	bool exists;	  /* configured */
	bool is_linked;	  /* a guest process is attached */
	bool vm_is_up;
	bool is_stopped;  /* the VM or its guest process went away */
	bool has_news;	  /* committed since the last tick */
	uint8_t leds;
	uint32_t released_seq; /* last commit taken in */
	bool has_cursor;  /* it set an image, shown or hidden, since it is up */
	struct cursor cursor;
	struct core_domain config;
};

/* What the panel offers; the same table draws it and acts on it. */
struct panel {
	bool is_open;
	uint32_t chosen; /* index of a domain */
	uint32_t back;	 /* domain that had the keyboard, or TDS_NONE */
	uint32_t home;	 /* domain that the user last gave it, dead or not */
};

/* A drag of a window by its title bar or its border. */
enum drag_kind { DRAG_NONE, DRAG_MOVE, DRAG_RESIZE };

struct drag {
	enum drag_kind kind;
	uint32_t window;
	int32_t from_x, from_y; /* pointer when it began */
	struct rect content;	/* geometry when it began */
	uint32_t edges;		/* RESIZE: bit 0 left, 1 right, 2 bottom */
};

/* Fingers on touchscreens that a window sees. */
struct touch {
	uint32_t window;   /* while contacts */
	uint32_t contacts; /* bit n: slot n */
	uint32_t slot;	   /* that the next event is of */
	int32_t x, y;	   /* of it, in the layout */
	bool begins;	   /* it has just come down */
	bool has_news;	   /* since the last EV_SYN */
};

struct core {
	struct core_setup setup;
	uint32_t n_domains;
	struct domain domains[TDS_MAX_DOMAINS];
	struct scene scene;	/* outputs, windows, stacking, damage */
	struct keys keys;	/* held keys, chord, what each saw */
	struct admit admit;	/* input devices */
	struct keys waiting;	/* for the chord on devices that wait */
	uint64_t reach;	/* domains that the present event may reach */
	bool is_dark;		/* screens are off until the user is back */
	uint32_t focus;		/* has keyboard and pointer, or TDS_NONE */
	struct panel panel;
	struct drag drag;
	int32_t pointer_x, pointer_y; /* on pointer_output */
	int32_t aim_x, aim_y; /* in the layout, between two EV_SYN */
	uint32_t pointer_output;
	bool cursor_is_new; /* a guest set its image; whoever shows it clears */
	bool pointer_moved;	/* since the last EV_SYN */
	uint32_t grab;		/* window that a held button began in */
	struct touch touch;
	uint64_t frames;
	uint64_t dropped;
};

/* Configuration, before the first step. 0 or -ERANGE/-EEXIST/-EDQUOT. */
void core_init(struct core *core);
int core_add_setup(struct core *core,
    const struct core_setup *setup) MUST_CHECK;
/* A slot: what is connected to one on KMS is told by core_set_output(). */
int core_add_output(struct core *core,
    const struct core_output *slot) MUST_CHECK;
/* What is connected to a slot (width 0: nothing); at any time. */
void core_set_output(struct core *core, const struct core_output *found);
/* It has a cursor plane, which the shell keeps to cursor_look(). */
void core_set_cursor_plane(struct core *core, uint32_t output, bool has_one);
int core_add_rule(struct core *core, const struct core_rule *rule) MUST_CHECK;
int core_add_domain(struct core *core,
    const struct core_domain *domain) MUST_CHECK;
/* Place the windows. -EINVAL if there is no output or no setup. */
int core_start(struct core *core) MUST_CHECK;

/* now_ns is for the record of the frame only; decisions do not depend on it. */
void core_step(struct core *core, const struct event *event, uint64_t now_ns,
    struct actions *out);

/* Lock lights that keyboards should show. */
uint32_t core_leds(const struct core *core);
/* Something on an output must be painted. */
bool core_is_dirty(const struct core *core);
enum domain_state core_domain_state(const struct core *core, uint32_t domain);
void core_status(const struct core *core, struct status *out);
