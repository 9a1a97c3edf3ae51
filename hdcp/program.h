/*
 * program: tds-hdcp@OUTPUT, the process behind one sealed output. It gets
 * everything from tdsd, opens nothing, and sits between the core, which has
 * the pixels, and a carrier, who has the line:
 *
 *	tdsd --HDCP_SETUP--> main.c
 *	core --SEALED_PART--> core_side.c --> source --> wire_side.c --> carrier
 *
 * One loop; nothing in it waits for anybody. The core is answered at once
 * while there is no sink, and otherwise when the frame was encrypted; a
 * carrier that takes nothing costs one buffer. Nonsense from the core or from
 * tdsd ends the process: tdsd starts another one. Nonsense from the carrier
 * ends its connection.
 */
#pragma once

#include "hdcp/source.h"
#include "hdcp/state.h"
#include "protocol/control.h"
#include "tds/base/log.h"
#include "tds/base/loop.h"

struct program {
	struct loop loop;
	bool is_set_up, has_failed;
	struct hdcp_setup setup;
	struct hdcp_authority authority;
	struct hdcp_srm srm;
	uint8_t lc128[HDCP_BLOCK];
	uint8_t source_key[HDCP_SOURCE_KEY];
	struct hdcp_tx_config config;
	struct source source;
	struct hdcp_state state;
	struct hdcp_pairings saved; /* as they are in the file */
	int state_file, timer;	    /* owned */

	/* core_side.c */
	int core;	 /* owned: channel; -1: none */
	uint8_t *memory; /* owned: mapped, read-only; NULL: none */
	struct damage parts;
	uint32_t n_parts;
	bool has_frame;	   /* parts is one; the memory is ours */
	bool is_sending;   /* the source has it */
	bool wants_all;	   /* a session began while the memory was ours */
	bool is_told_on;   /* what the core knows */
	uint32_t n_told;   /* of which session */
	uint8_t record[CONTROL_MAX_BYTES];

	/* wire_side.c */
	int listener, wire; /* owned; wire -1: nobody is connected */
	bool wants_out;
	uint64_t stuck_ns; /* since when it takes nothing; 0: it does */
	uint32_t n_out, out_at;
	struct log_budget budget;
	uint8_t out[HDCP_RECORD_MAX] __attribute__((aligned(64)));
};

uint64_t program_now_ns(void);
/* Something happened: tell the core, write, arm the timer, keep the state. */
void program_settle(struct program *p);
/* Nothing goes on from here; why is logged. The exit code says so. */
void program_end(struct program *p, const char *why);

/* What is sent while there is no core: black. */
struct hdcp_image core_side_black(const struct hdcp_setup *setup);
/* HDCP_CORE: descriptors that are taken out are -1. 0 or -errno. */
int core_side_begin(struct program *p, int fds[2]) MUST_CHECK;
/* Frames that can go on, and sessions that came or went. */
void core_side_settle(struct program *p);

int wire_side_begin(struct program *p) MUST_CHECK;
/* Write what there is, up to a bound. */
void wire_side_settle(struct program *p);
/* When a carrier that takes nothing is given up; UINT64_MAX: never. */
uint64_t wire_side_deadline(const struct program *p);
void wire_side_tick(struct program *p);
void wire_side_close(struct program *p, const char *why);
