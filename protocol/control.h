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
 * The fields of each record in the order of the wire, by kind: U u32, I i32,
 * L u64, R struct rect, T(name, bytes) text. Struct, encoder, decoder and
 * length all come from these lists.
 */

/* Configuration of the core: everything before CORE_START. */
#define CORE_SETUP_FIELDS(U, I, L, R, T)                                       \
	U(flags)     /* enum core_flag */                                      \
	U(modifiers) /* enum chord_modifier; at least two */                   \
	U(key)	     /* evdev code, not a modifier */                          \
	U(focus)     /* domain that has the keyboard first, or TDS_NONE */     \
	U(idle_s)    /* screens go dark after so long without input; 0: never */ \
	U(leds)	     /* 1: lock lights of the focused domain on keyboards */   \
	T(phrase, TDS_PHRASE_BYTES)

/*
 * A slot for an output. On KMS a slot with a name waits for the connector of
 * that name, one without takes any; what is 0 is chosen from the monitor.
 */
#define CORE_OUTPUT_FIELDS(U, I, L, R, T)                                      \
	U(index) U(type)	    /* enum output_type */                     \
	U(width) U(height)	    /* px, as seen: after rotation */          \
	U(scale)		    /* 1..4; KMS: 0 from the monitor's size */ \
	U(refresh_mhz)		    /* 1000..500000; KMS: 0 the mode's */      \
	U(rotation)		    /* quarter turns clockwise, 0..3 */        \
	I(x) I(y)		    /* in the layout; -1, -1: right of others */ \
	T(name, TDS_NAME_BYTES)

/* Which input devices may do what; the first rule that matches decides. */
#define CORE_RULE_FIELDS(U, I, L, R, T)                                        \
	U(index) U(is_allowed)                                                 \
	U(bus) U(vendor) U(product) /* as in input_id; TDS_NONE: any */        \
	L(domains)		    /* bit n: may reach domain n */            \
	T(serial, TDS_NAME_BYTES) T(port, TDS_PORT_BYTES) /* empty: any */

#define CORE_DOMAIN_FIELDS(U, I, L, R, T)                                      \
	U(index)                                                               \
	U(level)	  /* enum level */                                     \
	U(colour)	  /* 0xRRGGBB */                                       \
	U(pattern)	  /* enum pattern */                                   \
	U(scanouts)	  /* 1..TDS_MAX_SCANOUTS */                            \
	U(outputs)	  /* bit n: may be shown on output n; not 0 */         \
	U(width) U(height) /* first content size, px */                        \
	I(x) I(y)	  /* of the frame, px; -1, -1: placed by tds */        \
	T(name, TDS_NAME_BYTES) T(label, TDS_LABEL_BYTES)

/* fds: ring (rw), pool (read-only), doorbell up, doorbell down */
#define CORE_LINK_FIELDS(U, I, L, R, T) U(domain) U(pid) L(pool_bytes)
#define CORE_DOWN_FIELDS(U, I, L, R, T) U(domain) U(reason)
#define CORE_FOCUS_FIELDS(U, I, L, R, T) U(cookie) U(domain)
/* fd: a memfd of width * height * 4 bytes */
#define CORE_SNAPSHOT_FIELDS(U, I, L, R, T) U(cookie) U(output)
/* A malformed sender; domain TDS_NONE: tds-input. error: errno */
#define CORE_DROPPED_FIELDS(U, I, L, R, T) U(domain) U(error)
/* The user's or a rule's decision, for tdsd to keep across restarts. */
#define CORE_ADMITTED_FIELDS(U, I, L, R, T) U(device) U(state)

/* fd: an evdev node, opened read-only unless lights are to be written */
#define INPUT_OPEN_FIELDS(U, I, L, R, T) U(device) U(state)
#define INPUT_CLOSE_FIELDS(U, I, L, R, T) U(device)
#define INPUT_PROBLEM_FIELDS(U, I, L, R, T) U(device) U(error) /* errno */

/* An input device, as its kernel driver describes it. */
#define SEAT_DEVICE_FIELDS(U, I, L, R, T)                                      \
	U(device) /* tdsd's number for it: from 1 on, never used twice */     \
	U(state)  /* enum device_state */                                      \
	U(kinds)  /* enum device_kind, or-ed */                                \
	U(bus) U(vendor) U(product)                                            \
	L(capabilities) /* hash of everything that it says it can send */     \
	T(name, TDS_LABEL_BYTES) T(serial, TDS_NAME_BYTES)                     \
	T(port, TDS_PORT_BYTES)
#define SEAT_GONE_FIELDS(U, I, L, R, T) U(device)
#define SEAT_ADMIT_FIELDS(U, I, L, R, T) U(device) U(state)
#define SEAT_LEDS_FIELDS(U, I, L, R, T) U(leds) /* bits as in LEDS records */

/*
 * fds: ring, pool (rw), doorbell up, doorbell down, then the listening stream
 * sockets for vhost-user-gpu, keyboard, tablet and mouse.
 */
#define GUEST_SETUP_FIELDS(U, I, L, R, T)                                      \
	U(domain) U(scanouts) U(width) U(height) /* first mode, px */          \
	U(is_unsealed) /* 1: try-out where tdsd saw that sealing fails */      \
	L(pool_bytes) T(name, TDS_NAME_BYTES)

#define CTL_FOCUS_FIELDS(U, I, L, R, T) T(name, TDS_NAME_BYTES)
#define CTL_RESULT_FIELDS(U, I, L, R, T)                                       \
	I(error) /* 0 or -errno */ T(text, TDS_TEXT_BYTES)

/* What the core shows, as tdsctl prints it and the tests judge it. */
#define STATUS_OUTPUT_FIELDS(U, I, L, R, T)                                    \
	U(is_on) /* 0: nothing is connected there */                           \
	U(width) U(height) U(scale) U(rotation) I(x) I(y) R(trust_bar)         \
	T(name, TDS_NAME_BYTES)
#define STATUS_DOMAIN_FIELDS(U, I, L, R, T)                                    \
	U(state) U(level) U(colour) /* enum domain_state, enum level */        \
	U(pid)			    /* of its tds-guest; tdsd fills it in */   \
	T(name, TDS_NAME_BYTES) T(label, TDS_LABEL_BYTES)
#define STATUS_WINDOW_FIELDS(U, I, L, R, T)                                    \
	U(domain) U(output) U(scanout)                                         \
	U(has_picture) /* 0: a tile is shown instead */ R(frame) R(content)
#define STATUS_FIELDS(U, I, L, R, T)                                           \
	U(is_try_out) U(is_unsealed) /* a process without its sandbox */       \
	U(is_locked) U(is_attention) U(is_dark)                                \
	U(n_waiting)   /* input devices that wait to be admitted */            \
	U(n_throttled) /* keyboards that type faster than people do */         \
	U(keyboard) /* domain, or TDS_NONE */                                  \
	U(pointer_output) U(pointer_x) U(pointer_y)                            \
	U(pointer_is_ours) /* drawn by tds, not the guest's cursor */          \
	U(n_outputs) U(n_domains) U(n_windows)                                 \
	L(frames) L(wakeups) L(dropped) /* since the core started */

/* ------------------------------------------------------------------------ */

/* Records that travel alone: X(struct, op, fields). */
#define CONTROL_RECORDS(X)                                                     \
	X(core_setup, CORE_SETUP, CORE_SETUP_FIELDS)                           \
	X(core_output, CORE_OUTPUT, CORE_OUTPUT_FIELDS)                        \
	X(core_domain, CORE_DOMAIN, CORE_DOMAIN_FIELDS)                        \
	X(core_link, CORE_LINK, CORE_LINK_FIELDS)                              \
	X(core_down, CORE_DOWN, CORE_DOWN_FIELDS)                              \
	X(core_focus, CORE_FOCUS, CORE_FOCUS_FIELDS)                           \
	X(core_snapshot, CORE_SNAPSHOT, CORE_SNAPSHOT_FIELDS)                  \
	X(core_dropped, CORE_DROPPED, CORE_DROPPED_FIELDS)                     \
	X(core_rule, CORE_RULE, CORE_RULE_FIELDS)                              \
	X(core_admitted, CORE_ADMITTED, CORE_ADMITTED_FIELDS)                  \
	X(input_open, INPUT_OPEN, INPUT_OPEN_FIELDS)                           \
	X(input_close, INPUT_CLOSE, INPUT_CLOSE_FIELDS)                        \
	X(input_problem, INPUT_PROBLEM, INPUT_PROBLEM_FIELDS)                  \
	X(seat_device, SEAT_DEVICE, SEAT_DEVICE_FIELDS)                        \
	X(seat_gone, SEAT_GONE, SEAT_GONE_FIELDS)                              \
	X(seat_admit, SEAT_ADMIT, SEAT_ADMIT_FIELDS)                           \
	X(seat_leds, SEAT_LEDS, SEAT_LEDS_FIELDS)                              \
	X(guest_setup, GUEST_SETUP, GUEST_SETUP_FIELDS)                        \
	X(ctl_focus, CTL_FOCUS, CTL_FOCUS_FIELDS)                              \
	X(ctl_result, CTL_RESULT, CTL_RESULT_FIELDS)
/* Parts of the status. */
#define STATUS_RECORDS(X)                                                      \
	X(status_output, 0, STATUS_OUTPUT_FIELDS)                              \
	X(status_domain, 0, STATUS_DOMAIN_FIELDS)                              \
	X(status_window, 0, STATUS_WINDOW_FIELDS)

#define MEMBER_U(name) uint32_t name;
#define MEMBER_I(name) int32_t name;
#define MEMBER_L(name) uint64_t name;
#define MEMBER_R(name) struct rect name;
#define MEMBER_T(name, bytes) uint8_t name[bytes];
#define MEMBERS(FIELDS) FIELDS(MEMBER_U, MEMBER_I, MEMBER_L, MEMBER_R, MEMBER_T)
#define X(name, op, FIELDS)                                                    \
	struct name {                                                          \
		MEMBERS(FIELDS)                                                \
	};
CONTROL_RECORDS(X)
STATUS_RECORDS(X)
#undef X

struct status {
	MEMBERS(STATUS_FIELDS)
	struct status_output outputs[TDS_MAX_OUTPUTS];
	struct status_domain domains[TDS_MAX_DOMAINS];
	struct status_window windows[TDS_MAX_WINDOWS]; /* bottom to top */
};

#define BYTES_U(name) +4
#define BYTES_I(name) +4
#define BYTES_L(name) +8
#define BYTES_R(name) +16
#define BYTES_T(name, bytes) +(bytes)
#define WIRE_BYTES(FIELDS)                                                     \
	(0 FIELDS(BYTES_U, BYTES_I, BYTES_L, BYTES_R, BYTES_T))

enum {
	STATUS_BYTES = WIRE_BYTES(STATUS_FIELDS) +
	    TDS_MAX_OUTPUTS * WIRE_BYTES(STATUS_OUTPUT_FIELDS) +
	    TDS_MAX_DOMAINS * WIRE_BYTES(STATUS_DOMAIN_FIELDS) +
	    TDS_MAX_WINDOWS * WIRE_BYTES(STATUS_WINDOW_FIELDS),
	INPUT_BYTES = 4 + 8 * TDS_MAX_INPUT_BATCH,
	SEAT_EVENTS_BYTES = 4 + 8 + INPUT_BYTES,
	CONTROL_MAX_BYTES = 4 + 8 + STATUS_BYTES,
};

/*
 * One table of messages: X(name, op, bytes of payload after op, descriptors).
 * control_open() checks a received record against it.
 */
#define CONTROL_MESSAGES(X)                                                    \
	/* tdsd -> core, once, before START */                                 \
	X(CORE_SETUP, 1, WIRE_BYTES(CORE_SETUP_FIELDS), 0)                     \
	X(CORE_OUTPUT, 2, WIRE_BYTES(CORE_OUTPUT_FIELDS), 0)                   \
	X(CORE_DOMAIN, 3, WIRE_BYTES(CORE_DOMAIN_FIELDS), 0)                   \
	X(CORE_START, 4, 0, 0)                                                 \
	X(CORE_RULE, 5, WIRE_BYTES(CORE_RULE_FIELDS), 0)                       \
	X(CORE_SCREEN, 6, 0, 1) /* fd: the DRM card, we are its master */      \
	/* tdsd -> core, while running */                                      \
	X(CORE_LINK, 10, WIRE_BYTES(CORE_LINK_FIELDS), 4)                      \
	X(CORE_DOWN, 11, WIRE_BYTES(CORE_DOWN_FIELDS), 0)                      \
	X(CORE_INPUT, 12, INPUT_BYTES, 0)                                      \
	X(CORE_FOCUS, 13, WIRE_BYTES(CORE_FOCUS_FIELDS), 0)                    \
	X(CORE_STATUS, 14, 4, 0) /* cookie */                                  \
	X(CORE_SNAPSHOT, 15, WIRE_BYTES(CORE_SNAPSHOT_FIELDS), 1)              \
	X(CORE_HOTPLUG, 16, 0, 0) /* look at the connectors again */           \
	X(CORE_SEAT, 17, 0, 1)	  /* fd: a channel to tds-input */             \
	/* core -> tdsd */                                                     \
	X(CORE_READY, 30, 0, 0)                                                \
	X(CORE_REPLY, 31, 4 + STATUS_BYTES, 0) /* cookie, status */            \
	X(CORE_DROPPED, 32, WIRE_BYTES(CORE_DROPPED_FIELDS), 0)                \
	X(CORE_ADMITTED, 33, WIRE_BYTES(CORE_ADMITTED_FIELDS), 0)              \
	/* tdsd -> tds-guest */                                                \
	X(GUEST_SETUP, 50, WIRE_BYTES(GUEST_SETUP_FIELDS), 8)                  \
	X(GUEST_CORE, 51, 0, 3) /* fds: ring, doorbell up, down */             \
	X(GUEST_VNC, 52, 0, 1)	/* fd: the VM's VNC console, connected */      \
	/* tds-guest -> tdsd */                                                \
	X(GUEST_WANT_VNC, 60, 0, 0)                                            \
	/* tdsctl -> tdsd */                                                   \
	X(CTL_STATUS, 70, 0, 0)                                                \
	X(CTL_SCREENSHOT, 71, 4, 0) /* output */                               \
	X(CTL_FOCUS, 72, WIRE_BYTES(CTL_FOCUS_FIELDS), 0)                      \
	X(CTL_INPUT, 73, INPUT_BYTES, 0)                                       \
	/* tdsd -> tds-input */                                                \
	X(INPUT_OPEN, 90, WIRE_BYTES(INPUT_OPEN_FIELDS), 1)                    \
	X(INPUT_CLOSE, 91, WIRE_BYTES(INPUT_CLOSE_FIELDS), 0)                  \
	X(INPUT_START, 92, 0, 0) /* all devices so far were handed over */     \
	X(INPUT_CORE, 93, 0, 1)	 /* fd: a channel to the core */               \
	/* tds-input -> tdsd */                                                \
	X(INPUT_READY, 95, 0, 0) /* they are grabbed */                        \
	X(INPUT_PROBLEM, 96, WIRE_BYTES(INPUT_PROBLEM_FIELDS), 0)              \
	/* tds-input -> core */                                                \
	X(SEAT_DEVICE, 100, WIRE_BYTES(SEAT_DEVICE_FIELDS), 0)                 \
	X(SEAT_GONE, 101, WIRE_BYTES(SEAT_GONE_FIELDS), 0)                     \
	X(SEAT_EVENTS, 102, SEAT_EVENTS_BYTES, 0)                              \
	/* core -> tds-input */                                                \
	X(SEAT_ADMIT, 105, WIRE_BYTES(SEAT_ADMIT_FIELDS), 0)                   \
	X(SEAT_LEDS, 106, WIRE_BYTES(SEAT_LEDS_FIELDS), 0)                     \
	/* tdsd -> tdsctl */                                                   \
	X(CTL_RESULT, 80, WIRE_BYTES(CTL_RESULT_FIELDS), 0)                    \
	X(CTL_REPORT, 81, STATUS_BYTES, 0)                                     \
	X(CTL_PICTURE, 82, 4 * 2 + STATUS_BYTES, 1)

#define X(name, op, size, fds) name = op,
enum control_op { CONTROL_MESSAGES(X) };
#undef X

enum domain_state { DOMAIN_WAITING, DOMAIN_RUNNING, DOMAIN_STOPPED };

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

enum output_type { OUTPUT_HEADLESS = 1, OUTPUT_KMS };

/*
 *	            code typed, A pressed in the panel, rule
 *	WAITING -----------------------------------------------> ADMITTED
 *	   +------> REFUSED (R pressed, wrong code, rule)
 */
enum device_state { DEVICE_WAITING = 1, DEVICE_ADMITTED, DEVICE_REFUSED };

enum device_kind {
	KIND_KEYBOARD = 1,
	KIND_POINTER = 2, /* mouse, touchpad, absolute pointer */
	KIND_TOUCH = 4,
	KIND_TABLET = 8, /* pen */
};

enum core_flag { CORE_TRY_OUT = 1, CORE_UNSEALED = 2 };

/* Chord of the secure attention key. Modifiers as on either side. */
enum chord_modifier {
	CHORD_CTRL = 1,
	CHORD_ALT = 2,
	CHORD_SHIFT = 4,
	CHORD_META = 8,
};

enum down_reason { REASON_EXITED = 1, REASON_MALFORMED };

struct input_event_wire {
	uint16_t type, code;
	int32_t value;
};

/*
 * Normalised events: EV_KEY (keys, and buttons as BTN_LEFT ..; value 0, 1, 2),
 * EV_REL (REL_X, REL_Y in pixels; wheels in clicks), EV_SYN, and EV_ABS
 * ABS_X/ABS_Y: from tdsctl in pixels of the layout, from tds-input 0..65535 of
 * the whole layout.
 */
struct core_input {
	uint32_t n;
	struct input_event_wire events[TDS_MAX_INPUT_BATCH];
};

/* One device's events of one moment, as tds-input sends them. */
struct seat_events {
	uint32_t device;
	uint64_t time_ns; /* of the device's event, CLOCK_MONOTONIC */
	struct core_input input;
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

#define X(name, op, FIELDS)                                                    \
	int encode_##name(const struct name *in, uint8_t *out,                 \
	    uint32_t size) MUST_CHECK;                                         \
	int decode_##name(struct rd *rd, struct name *out) MUST_CHECK;
CONTROL_RECORDS(X)
#undef X
int encode_ctl_picture(const struct ctl_picture *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_ctl_picture(struct rd *rd, struct ctl_picture *out) MUST_CHECK;

/* CORE_INPUT and CTL_INPUT have the same layout. */
int encode_core_input(uint32_t op, const struct core_input *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_core_input(struct rd *rd, struct core_input *out) MUST_CHECK;

int encode_seat_events(const struct seat_events *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_seat_events(struct rd *rd, struct seat_events *out) MUST_CHECK;

/* CORE_REPLY: cookie, then the status. CTL_REPORT: the status. */
int encode_core_reply(uint32_t cookie, const struct status *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_core_reply(struct rd *rd, uint32_t *cookie,
    struct status *out) MUST_CHECK;
int encode_ctl_report(const struct status *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
int decode_ctl_report(struct rd *rd, struct status *out) MUST_CHECK;
