/*
 * keynames: the names by which a configuration and tdsctl call keys, and their
 * evdev codes (linux/input-event-codes.h). Names are upper case ASCII; reading
 * one does not care about case.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

/* Keys in one chord, modifiers included. */
enum { KEYNAMES_MAX_CHORD = 6, TDS_KEYNAME_BYTES = 16 };

/* The code of the key called name[len], or -ENOENT. */
int keynames_find(const char *name, uint32_t len) MUST_CHECK;
/*
 * Read "CTRL+ALT+DELETE" into codes[], in the order given. The number of keys;
 * -EINVAL for an empty name, -ENOENT for an unknown one, -E2BIG for too many,
 * -EEXIST if a key is there twice.
 */
int keynames_chord(const char *text,
    uint16_t codes[KEYNAMES_MAX_CHORD]) MUST_CHECK;
