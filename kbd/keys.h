/*
 * keys: which keys and buttons are held, the chord of the secure attention
 * key, and what the focused domain saw. Pure.
 *
 * Modifiers of the chord are held back until they mean something else: a
 * guest sees Ctrl only when another key that is not part of the chord is
 * pressed, or when Ctrl is released again. So no guest sees any part of a
 * completed chord.
 *
 *	  press of a chord modifier		other press, release
 *	idle ---------------------> held back ------------------> passed on
 *				       |
 *				       | the chord's key goes down
 *				       v
 *			completed: forgotten; all keys of the chord are
 *			swallowed until they are up
 */
#pragma once

#include "protocol/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct held_key {
	uint16_t code;
	uint8_t is_seen;      /* the focused domain saw the press */
	uint8_t is_held_back; /* waits: may be part of the chord */
};

struct keys {
	uint32_t modifiers; /* enum chord_modifier of the chord */
	uint16_t chord_key;
	/* Kept beside the table, so that a full table never hides the chord. */
	uint8_t modifiers_down; /* bit per physical modifier key */
	bool is_chord_key_down;
	uint32_t n;
	struct held_key held[TDS_MAX_HELD]; /* in order of press */
};

/* Codes to send to the focused domain now, in order, with their values. */
struct key_out {
	uint16_t code;
	int32_t value; /* 1 press, 0 release */
};

struct keys_result {
	bool is_sak; /* the chord was completed by this event */
	bool is_press; /* a new press of a key that was up */
	uint32_t n;
	struct key_out out[TDS_MAX_HELD + 2]; /* all held back, and the key */
};

void keys_init(struct keys *keys, uint32_t modifiers, uint16_t chord_key);
/*
 * A key or button went down (value 1) or up (0); value 2, autorepeat, is
 * ignored: repeat is the guest's. deliver: a domain may see keys now.
 */
struct keys_result keys_event(struct keys *keys, uint16_t code, int32_t value,
    bool deliver);
/* Something else happened (wheel): what is held back is passed on now. */
struct keys_result keys_pass_held_back(struct keys *keys);
/* The guest is gone: it saw nothing; no releases are owed. */
void keys_forget_seen(struct keys *keys);
/* The focus goes away: releases for exactly what was seen, in reverse. */
struct keys_result keys_release_all(struct keys *keys);
bool keys_is_held(const struct keys *keys, uint16_t code);
/* The chord pressed and released, as if a device had sent it; no key is held. */
struct keys_result keys_chord(const struct keys *keys);
/* A button of a pointer (BTN_*), not a key. */
bool keys_is_button(uint16_t code);
/* Any button is held: geometry and focus wait. */
bool keys_any_button(const struct keys *keys);
