/*
 * control: the records between tdsd and its children, and between tdsctl and
 * tdsd. One record per SOCK_SEQPACKET datagram, descriptors beside it.
 *
 * Every record begins with u32 op, then its fields in the order of the struct,
 * little-endian, no padding; text is fixed-size, UTF-8, NUL-padded, and ends
 * with at least one NUL. Anything of another length, with another number of
 * descriptors, or with a value out of limits: the sender is dropped.
 */
#pragma once

#include "protocol/limits.h"
#include "protocol/rect.h"
#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One table of messages: X(name, op, bytes of payload after op, descriptors).
 * control_open() checks a received record against it.
 */
#define CONTROL_MESSAGES(X)                                                    \
	/* tdsd -> core, once, before START */                                 \
	X(CORE_SETUP, 1, 4 + 4 + 2 * 4 + TDS_PHRASE_BYTES, 0)                  \
	X(CORE_OUTPUT, 2, 4 * 5 + TDS_NAME_BYTES, 0)                           \
	X(CORE_DOMAIN, 3, 4 * 10 + TDS_NAME_BYTES + TDS_LABEL_BYTES, 0)        \
	X(CORE_START, 4, 0, 0)                                                 \
	/* tdsd -> core, while running */                                      \
	X(CORE_LINK, 10, 4 + 4 + 8, 4)                                         \
	X(CORE_DOWN, 11, 4 + 4, 0)                                             \
	X(CORE_INPUT, 12, 4 + 8 * TDS_MAX_INPUT_BATCH, 0)                      \
	X(CORE_FOCUS, 13, 4 + 4, 0)                                            \
	X(CORE_STATUS, 14, 4, 0)                                               \
	X(CORE_SNAPSHOT, 15, 4 + 4, 1)                                         \
	/* core -> tdsd */                                                     \
	X(CORE_READY, 30, 0, 0)                                                \
	X(CORE_REPLY, 31, 4 + STATUS_BYTES, 0)                                 \
	X(CORE_DROPPED, 32, 4 + 4, 0)                                          \
	/* tdsd -> tds-guest */                                                \
	X(GUEST_SETUP, 50, 4 * 4 + 8 + TDS_NAME_BYTES, 8)                      \
	X(GUEST_CORE, 51, 0, 3)                                                \
	X(GUEST_VNC, 52, 0, 1)                                                 \
	/* tds-guest -> tdsd */                                                \
	X(GUEST_WANT_VNC, 60, 0, 0)                                            \
	/* tdsctl -> tdsd */                                                   \
	X(CTL_STATUS, 70, 0, 0)                                                \
	X(CTL_SCREENSHOT, 71, 4, 0)                                            \
	X(CTL_FOCUS, 72, TDS_NAME_BYTES, 0)                                    \
	X(CTL_INPUT, 73, 4 + 8 * TDS_MAX_INPUT_BATCH, 0)                       \
	/* tdsd -> tdsctl */                                                   \
	X(CTL_RESULT, 80, 4 + TDS_TEXT_BYTES, 0)                               \
	X(CTL_REPORT, 81, STATUS_BYTES, 0)                                     \
	X(CTL_PICTURE, 82, 4 * 2 + STATUS_BYTES, 1)

/* ------------------------------------------------------------------------ */
/* status: what the core shows, as tdsctl prints it and the tests judge it    */

enum domain_state { DOMAIN_WAITING, DOMAIN_RUNNING, DOMAIN_STOPPED };

struct status_output {
	uint32_t width, height, scale;
	struct rect trust_bar;
	uint8_t name[TDS_NAME_BYTES];
};

struct status_domain {
	uint32_t state; /* enum domain_state */
	uint32_t level; /* enum level */
	uint32_t colour; /* 0xRRGGBB */
	uint32_t pid;	/* of its tds-guest; filled in by tdsd */
	uint8_t name[TDS_NAME_BYTES];
	uint8_t label[TDS_LABEL_BYTES];
};

struct status_window {
	uint32_t domain, output, scanout;
	uint32_t has_picture; /* 0: a tile is shown instead */
	struct rect frame, content;
};

struct status {
	uint32_t is_try_out;
	uint32_t is_unsealed; /* a process runs without its sandbox */
	uint32_t is_locked;
	uint32_t is_attention;
	uint32_t keyboard;    /* domain, or TDS_NONE */
	uint32_t pointer_output;
	uint32_t pointer_x, pointer_y;
	uint32_t pointer_is_ours; /* drawn by tds, not the guest's cursor */
	uint32_t n_outputs, n_domains, n_windows;
	uint64_t frames;      /* composed since the core started */
	uint64_t wakeups;     /* of the core */
	uint64_t dropped;     /* guests dropped for malformed records */
	struct status_output outputs[TDS_MAX_OUTPUTS];
	struct status_domain domains[TDS_MAX_DOMAINS];
	struct status_window windows[TDS_MAX_WINDOWS]; /* bottom to top */
};

enum {
	STATUS_BYTES = 12 * 4 + 3 * 8 +
	    TDS_MAX_OUTPUTS * (7 * 4 + TDS_NAME_BYTES) +
	    TDS_MAX_DOMAINS * (4 * 4 + TDS_NAME_BYTES + TDS_LABEL_BYTES) +
	    TDS_MAX_WINDOWS * (12 * 4),
	CONTROL_MAX_BYTES = 4 + 8 + STATUS_BYTES,
};

/* ------------------------------------------------------------------------ */

#define X(name, op, size, fds) name = op,
enum control_op { CONTROL_MESSAGES(X) };
#undef X

/* Order is order of dominance; 0 is refused in a configuration. */
enum level {
	LEVEL_UNCLASSIFIED = 1,
	LEVEL_CUI,
	LEVEL_CONFIDENTIAL,
	LEVEL_SECRET,
	LEVEL_TOP_SECRET,
	LEVEL_TOP_SECRET_SCI,
};

enum pattern {
	PATTERN_PLAIN,
	PATTERN_DIAGONAL,
	PATTERN_DOTS,
	PATTERN_VERTICAL,
	PATTERN_HORIZONTAL,
	PATTERN_CROSS,
	PATTERN_CHEVRON,
	PATTERN_CHECKS,
	PATTERN_COUNT,
};

enum core_flag { CORE_TRY_OUT = 1, CORE_UNSEALED = 2 };

/* Chord of the secure attention key. Modifiers as on either side. */
enum chord_modifier {
	CHORD_CTRL = 1,
	CHORD_ALT = 2,
	CHORD_SHIFT = 4,
	CHORD_META = 8,
};

struct core_setup {
	uint32_t flags;	       /* enum core_flag */
	uint32_t modifiers;    /* enum chord_modifier; at least two */
	uint32_t key;	       /* evdev code, not a modifier */
	uint32_t focus;	       /* domain that has the keyboard first, or NONE */
	uint8_t phrase[TDS_PHRASE_BYTES];
};

struct core_output {
	uint32_t index, width, height, scale; /* px, px, 1..4 */
	uint32_t refresh_mhz;		      /* 1000..500000 */
	uint8_t name[TDS_NAME_BYTES];
};

struct core_domain {
	uint32_t index;
	uint32_t level, colour, pattern;
	uint32_t scanouts;	/* 1..TDS_MAX_SCANOUTS */
	uint32_t outputs;	/* bit n: may be shown on output n; not 0 */
	uint32_t width, height;	/* first content size, px */
	int32_t x, y;		/* of the frame; -1, -1: placed by tds */
	uint8_t name[TDS_NAME_BYTES];
	uint8_t label[TDS_LABEL_BYTES];
};

/* fds: ring (rw), pool (read-only), doorbell up, doorbell down */
struct core_link {
	uint32_t domain, pid;
	uint64_t pool_bytes;
};

enum down_reason { REASON_EXITED = 1, REASON_MALFORMED };

struct core_down {
	uint32_t domain, reason;
};

struct input_event_wire {
	uint16_t type, code;
	int32_t value;
};

/*
 * Normalised events as tds-input will send them, from the control socket in
 * try-out mode: EV_KEY (value 0, 1, 2), EV_ABS ABS_X/ABS_Y (pixels of the
 * whole row of outputs), EV_REL, EV_SYN.
 */
struct core_input {
	uint32_t n;
	struct input_event_wire events[TDS_MAX_INPUT_BATCH];
};

struct core_focus {
	uint32_t cookie, domain;
};

struct core_snapshot { /* fd: a memfd of width * height * 4 bytes */
	uint32_t cookie, output;
};

struct core_dropped {
	uint32_t domain, error;
};

/*
 * fds: ring, pool (rw), doorbell up, doorbell down, then the listening stream
 * sockets for vhost-user-gpu, keyboard, tablet and mouse.
 */
struct guest_setup {
	uint32_t domain;
	uint32_t scanouts;
	uint32_t width, height; /* first mode of every scanout, px */
	uint64_t pool_bytes;
	uint8_t name[TDS_NAME_BYTES];
};

struct ctl_focus {
	uint8_t name[TDS_NAME_BYTES];
};

struct ctl_result {
	int32_t error; /* 0 or -errno */
	uint8_t text[TDS_TEXT_BYTES];
};

/* fd: a memfd of width * height * 4 bytes, XRGB8888 */
struct ctl_picture {
	uint32_t width, height;
	struct status status;
};

/*
 * Check a received datagram against the table: a known op, exactly its length
 * and its number of descriptors. 0 with *op set and rd at the payload, else
 * -EBADMSG.
 */
int control_open(const uint8_t *bytes, uint32_t len, uint32_t n_fds,
    uint32_t *op, struct rd *rd) MUST_CHECK;
/* For logs: the message's name, or "unknown". */
const char *control_name(uint32_t op);

/*
 * encode_x: the length written to out[size], or -EMSGSIZE.
 * decode_x: rd from control_open(); 0 only if the record was read exactly and
 * every value is within limits (-EBADMSG, -ERANGE). Between our own programs
 * decode and check are one step: the struct is what was sent.
 */
int encode_empty(uint32_t op, uint8_t *out, uint32_t size) MUST_CHECK;
int encode_u32(uint32_t op, uint32_t value, uint8_t *out,
    uint32_t size) MUST_CHECK; /* CORE_STATUS cookie, CTL_SCREENSHOT output */
int decode_u32(struct rd *rd, uint32_t *out) MUST_CHECK;

#define CONTROL_CODEC(name)                                                    \
	int encode_##name(const struct name *in, uint8_t *out,                 \
	    uint32_t size) MUST_CHECK;                                         \
	int decode_##name(struct rd *rd, struct name *out) MUST_CHECK

CONTROL_CODEC(core_setup);
CONTROL_CODEC(core_output);
CONTROL_CODEC(core_domain);
CONTROL_CODEC(core_link);
CONTROL_CODEC(core_down);
CONTROL_CODEC(core_focus);
CONTROL_CODEC(core_snapshot);
CONTROL_CODEC(core_dropped);
CONTROL_CODEC(guest_setup);
CONTROL_CODEC(ctl_focus);
CONTROL_CODEC(ctl_result);
CONTROL_CODEC(ctl_picture);
#undef CONTROL_CODEC

/* CORE_INPUT and CTL_INPUT have the same layout. */
int encode_core_input(uint32_t op, const struct core_input *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_core_input(struct rd *rd, struct core_input *out) MUST_CHECK;

/* CORE_REPLY: cookie, then the status. CTL_REPORT: the status. */
int encode_core_reply(uint32_t cookie, const struct status *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_core_reply(struct rd *rd, uint32_t *cookie,
    struct status *out) MUST_CHECK;
int encode_ctl_report(const struct status *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_ctl_report(struct rd *rd, struct status *out) MUST_CHECK;
