/*
 * shell: what turns the core's crank. It owns every descriptor of
 * tds-compositor and decides nothing.
 *
 *	main.c		start-up, waiting
 *	shell_frame.c	the frame clock, idle
 *	shell_paint.c	what is connected, painting, dark
 *	shell_control.c	records of tdsd
 *	shell_seat.c	records of tds-input
 *	shell_cable.c	protection of cables: asks for it, asks about it
 *	shell_seal.c	records of tds-hdcp
 *
 *		    input, commit	 nothing for QUIET frames
 *	    idle ----------------> active ------------------------> idle
 *	    (doorbells wake us)    (rings polled once per frame)
 */
#pragma once

#include "compositor/clock.h"
#include "compositor/cursor.h"
#include "compositor/headless.h"
#include "compositor/link.h"
#include "compositor/sealed.h"
#include "tds/base/log.h"

enum { CHANNEL_FD = 3, RECORDS_PER_TURN = 64 };

/* What the one timer is set for. */
enum phase {
	PHASE_NONE,
	PHASE_TICK,  /* flips, releases and ticks to guests */
	PHASE_PAINT, /* rings, pixels */
	PHASE_DARK,  /* idle: nobody touched anything for so long, or cables
		      * that need protection are to be looked at */
};

/* An output's protection; enum protection. */
struct cable {
	uint32_t asked;	      /* of the screen */
	uint32_t painted_for; /* the need that the last frame knew */
};

struct shell {
	struct core core;
	struct headless headless;
	struct sealed sealed;
	struct screen *screen; /* borrowed: headless, that of KMS, or sealed
				* in front of one of them */
	bool is_dark;	       /* as the screen was told */
	struct link links[TDS_MAX_DOMAINS];
	struct pool pools[TDS_MAX_DOMAINS]; /* borrowed from links */
	int epoll_fd; /* owned: channel, timer, seat, while idle bells_fd */
	int bells_fd; /* owned: an epoll of all doorbells, edge-triggered */
	int timer_fd; /* owned */
	int seat_fd;  /* owned: channel to tds-input; -1: none */
	uint32_t leds; /* as tds-input was told */
	/* as each cursor plane was told; output TDS_NONE: not yet */
	struct cursor_look cursors[TDS_MAX_OUTPUTS];
	struct cable cables[TDS_MAX_OUTPUTS];
	uint64_t cable_ns; /* when the screen was asked about them */
	struct frame_clock clock;
	enum phase phase;
	uint64_t timer_period_ns; /* 0: it goes off once */
	uint64_t tick_ns;	/* when this frame's tick was due */
	uint64_t last_input_ns; /* of the user */
	bool is_idle;
	uint32_t quiet_frames;
	uint64_t wakeups;
	struct log_budget budget;
	struct status status;		   /* scratch */
	uint8_t record[CONTROL_MAX_BYTES]; /* scratch */
};

uint64_t monotonic_ns(void);
/* One step of the core, and what it asks for. */
void shell_step(struct shell *s, const struct event *event);
void shell_flush(struct shell *s);
/* A record that s->record holds (len from an encoder), to tdsd. */
void shell_reply(struct shell *s, int len);
void shell_close_link(struct shell *s, uint32_t domain);

enum { TAG_CHANNEL, TAG_TIMER, TAG_BELLS, TAG_SEAT };
int shell_watch(int epoll_fd, int fd, uint32_t events,
    uint32_t tag) MUST_CHECK;

/* shell_paint.c */
/* Look at what is connected and tell the core. 0 or -errno: no card. */
int frame_probe(struct shell *s) MUST_CHECK;
/* Something is to be shown that is not. */
bool frame_has_news(const struct shell *s);
/* Paint and show what is damaged on all outputs. Painted any, or -errno. */
int frame_paint(struct shell *s) MUST_CHECK;
/* Output i as it is now, into fd. 0 or -errno. */
int frame_dump(struct shell *s, uint32_t i, int fd) MUST_CHECK;

/* Off: at once. On: the next frame brings it. */
int frame_follow_darkness(struct shell *s) MUST_CHECK;

/* shell_frame.c */
/* Frames run again, if they did not. */
void frame_wake(struct shell *s);
/* The timer is readable. -errno: the card is gone. */
int frame_timer(struct shell *s) MUST_CHECK;

/* shell_seal.c */
/* A channel and a memory (both taken) for a sealed output. 0 or -errno. */
int seal_open(struct shell *s, uint32_t output, int channel,
    int memory) MUST_CHECK;
/* Take in what tds-hdcp said of each. Was there anything? */
bool seal_dispatch(struct shell *s);

/* shell_cable.c */
/* When to ask again how cables are protected; 0: nothing needs it. */
uint64_t cable_at(const struct shell *s);
/* Ask, and tell the core. */
void cable_ask(struct shell *s);
/* The same, if it is time to. */
void cable_look(struct shell *s, uint64_t now);
/* Output i's screen is still to be asked for another level. */
bool cable_has_changed(const struct shell *s, uint32_t i);
/* Around each present(); after: it succeeded. */
void cable_before(struct shell *s, uint32_t i);
void cable_after(struct shell *s, uint32_t i);

/* shell_control.c: -errno is the end: tdsd is gone, or sends nonsense. */
int control_setup(struct shell *s) MUST_CHECK;
int control_dispatch(struct shell *s) MUST_CHECK;

/* shell_seat.c */
void seat_open(struct shell *s, int fd);
void seat_close(struct shell *s);
/* Take in what waits, at most RECORDS_PER_TURN. */
void seat_dispatch(struct shell *s);
/* What the core decided about devices and lights, to tds-input. */
void seat_carry_out(struct shell *s, const struct actions *actions);
