/*
 * seat_facts: what an input device says about itself, and what we make of it:
 * its traits, the kinds that the core is told, a hash of everything that it
 * can send, and text that is safe to show. Pure; every field is hostile.
 */
#pragma once

#include "protocol/control.h"

#include <linux/input-event-codes.h>
#include <stdbool.h>
#include <stdint.h>

enum { FACTS_TEXT_BYTES = 256 };

#define BITS_BYTES(count) (((count) + 7) / 8)

/* The limits of struct input_absinfo; what is measured now is no capability. */
struct axis_range {
	int32_t minimum, maximum, fuzz, flat, resolution;
};

/* Bit n of a field is bit n % 8 of byte n / 8, as the kernel lays it out. */
struct device_facts {
	uint16_t bus, vendor, product, version;
	uint8_t properties[BITS_BYTES(INPUT_PROP_CNT)];
	uint8_t types[BITS_BYTES(EV_CNT)];
	uint8_t keys[BITS_BYTES(KEY_CNT)];
	uint8_t relative[BITS_BYTES(REL_CNT)];
	uint8_t absolute[BITS_BYTES(ABS_CNT)];
	uint8_t misc[BITS_BYTES(MSC_CNT)];
	uint8_t switches[BITS_BYTES(SW_CNT)];
	uint8_t leds[BITS_BYTES(LED_CNT)];
	uint8_t sounds[BITS_BYTES(SND_CNT)];
	uint8_t effects[BITS_BYTES(128)]; /* force feedback */
	struct axis_range ranges[ABS_CNT];
	char name[FACTS_TEXT_BYTES]; /* always with a NUL */
	char serial[FACTS_TEXT_BYTES];
	char port[FACTS_TEXT_BYTES];
};

enum device_trait {
	TRAIT_KEYBOARD = 1, /* types, or has keys and nothing else */
	TRAIT_MOUSE = 2,    /* relative, or absolute with a button */
	TRAIT_STICK = 4,    /* the mouse is a pointing stick */
	TRAIT_TOUCHPAD = 8,
	TRAIT_TOUCHSCREEN = 16,
	TRAIT_PEN = 32,
};

/* Who reads a device's events. A node is read once, so by one of them. */
enum device_reader {
	READER_NONE,	 /* refused: held, so that nobody else reads it */
	READER_DISCARD,	 /* waits and cannot type a code */
	READER_KEYBOARD, /* libevdev: keys only */
	READER_POINTER,	 /* libinput: all, and its keys as well */
};

/* enum device_trait, or-ed; 0: a device that tds has no use for. */
uint32_t facts_traits(const struct device_facts *facts);
/* enum device_kind, or-ed. */
uint32_t facts_kinds(uint32_t traits);
enum device_reader facts_reader(uint32_t kinds, uint32_t state);
/* FNV-1a of identity, capabilities, ranges and properties; no text. */
uint64_t facts_hash(const struct device_facts *facts);
/* Printable ASCII, '?' for the rest, cut to size - 1 and padded with NUL. */
void facts_text(const char *from, uint8_t *out, uint32_t size);
/* The record for the core. */
void facts_record(const struct device_facts *facts, uint32_t number,
    uint32_t state, struct seat_device *out);

bool facts_bit(const uint8_t *bits, uint32_t n);
/* A key of a keyboard, as against a button of whatever kind. */
bool facts_is_key(uint32_t code);
