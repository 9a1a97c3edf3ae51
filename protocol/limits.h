/*
 * limits: every number that bounds what anybody may send, derived from one
 * another. A limit that is not here does not exist.
 */
#pragma once

#include <stdint.h>

enum {
	TDS_MAX_DOMAINS = 64,
	TDS_MAX_OUTPUTS = 4,
	TDS_MAX_SCANOUTS = 4,	/* per domain; one window each */
	TDS_MAX_WINDOWS = 128,	/* sum of the scanouts of all domains */
	TDS_MAX_DIM = 8192,	/* width and height of anything, pixels */
	TDS_MAX_COORD = 16384,	/* |x|, |y| of anything, pixels */
	TDS_MIN_CONTENT_WIDTH = 320, /* a title bar must hold its label */
	TDS_MIN_CONTENT_HEIGHT = 200,
	TDS_CURSOR_DIM = 64,	/* virtio-gpu cursors are 64x64 */
	TDS_MAX_DAMAGE = 64,	/* rectangles in one damage list */
	TDS_MAX_DEVICES = 32,	/* input devices at one time */
	TDS_MAX_RULES = 32,	/* for input devices */
	TDS_MAX_HELD = 32,	/* keys and buttons held at one time */

	TDS_NAME_BYTES = 32,	/* domain and output names, NUL-padded */
	TDS_LABEL_BYTES = 48,	/* label text, UTF-8, NUL-padded */
	TDS_PHRASE_BYTES = 64,	/* the user's phrase, UTF-8, NUL-padded */
	TDS_PORT_BYTES = 64,	/* where an input device is plugged in */
	TDS_TEXT_BYTES = 160,	/* an error text to tdsctl */

	TDS_PAGE_BYTES = 4096,
	TDS_RING_RECORD_BYTES = 32,
	TDS_RING_UP_RECORDS = 512,    /* guest -> core; a power of two */
	TDS_RING_DOWN_RECORDS = 1024, /* core -> guest; a power of two */
	TDS_MAX_INPUT_BATCH = 64,     /* events in one INPUT record */
	TDS_MAX_CONTACTS = 10,	      /* fingers on touchscreens */
	TDS_MAX_GRANTED = 16, /* ranges of a granted pool, mapped at a time */
};

/* Bytes of one domain's pixel pool: its resources live here. */
#define TDS_MIN_POOL_BYTES ((uint64_t)8 << 20)
#define TDS_MAX_POOL_BYTES ((uint64_t)1 << 30)

/* "no domain", "no window", "no output" */
#define TDS_NONE UINT32_MAX

_Static_assert(TDS_MAX_WINDOWS >= TDS_MAX_DOMAINS,
    "each domain has at least one window");
_Static_assert((TDS_RING_UP_RECORDS & (TDS_RING_UP_RECORDS - 1)) == 0,
    "ring indices are masked");
_Static_assert((TDS_RING_DOWN_RECORDS & (TDS_RING_DOWN_RECORDS - 1)) == 0,
    "ring indices are masked");
