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
 * The fields of each record in the order of the wire: F(name, type, limit,
 * numbers of the limit). Struct, encoder, decoder, check and length all come
 * from these lists.
 *
 *	types	U32, I32, U64, RECT (struct rect), TEXT (bytes[n]),
 *		INPUT (struct core_input), STATUS (struct status)
 *	limits	IN, low, high		BELOW, n
 *		OPTIONAL, n: below n, or TDS_NONE
 *		MODE, low, high: or 0 if the type is OUTPUT_KMS: the monitor's
 *		POOL, bytes: size of a pool	FILLED, bytes: not empty
 *		EVENTS, SHOWN: of INPUT and STATUS	ANY, bytes
 */

/* Configuration of the core: everything before CORE_START. */
#define CORE_SETUP_FIELDS(F)                                                   \
	F(flags, U32, IN, 0, CORE_FLAGS)                                       \
	F(modifiers, U32, IN, 0, 15) /* enum chord_modifier; at least two */   \
	F(key, U32, IN, 0, 0x2ff)    /* evdev code, not a modifier */          \
	F(focus, U32, OPTIONAL, TDS_MAX_DOMAINS) /* has the keyboard first */  \
	F(idle_s, U32, IN, 0, 86400) /* dark after so long; 0: never */        \
	F(leds, U32, IN, 0, 1) /* show the focused domain's lock lights */     \
	F(phrase, TEXT, ANY, TDS_PHRASE_BYTES)

/*
 * A slot for an output. On KMS a slot with a name waits for the connector of
 * that name, one without takes any; what is 0 is chosen from the monitor.
 */
#define CORE_OUTPUT_FIELDS(F)                                                  \
	F(index, U32, BELOW, TDS_MAX_OUTPUTS)                                  \
	F(type, U32, IN, OUTPUT_HEADLESS, OUTPUT_SEALED)                       \
	F(width, U32, MODE, 1, TDS_MAX_DIM) /* px, as seen: after rotation */  \
	F(height, U32, MODE, 1, TDS_MAX_DIM)                                   \
	F(scale, U32, MODE, 1, 4) /* 0: from the monitor's size */             \
	F(refresh_mhz, U32, MODE, 1000, 500000)                                \
	F(rotation, U32, IN, 0, 3) /* quarter turns clockwise */               \
	/* in the layout; -1, -1: right of the others */                       \
	F(x, I32, IN, -1, TDS_MAX_COORD) F(y, I32, IN, -1, TDS_MAX_COORD)      \
	F(name, TEXT, ANY, TDS_NAME_BYTES)

/* Which input devices may do what; the first rule that matches decides. */
#define CORE_RULE_FIELDS(F)                                                    \
	F(index, U32, BELOW, TDS_MAX_RULES)                                    \
	F(is_allowed, U32, IN, 0, 1)                                           \
	F(bus, U32, ANY, 4) /* as in input_id; TDS_NONE: any */                \
	F(vendor, U32, ANY, 4) F(product, U32, ANY, 4)                         \
	F(domains, U64, ANY, 8) /* bit n: may reach domain n */                \
	F(serial, TEXT, ANY, TDS_NAME_BYTES) /* empty: any */                  \
	F(port, TEXT, ANY, TDS_PORT_BYTES)

/* No label, no picture. */
#define CORE_DOMAIN_FIELDS(F)                                                  \
	F(index, U32, BELOW, TDS_MAX_DOMAINS)                                  \
	F(level, U32, IN, LEVEL_UNCLASSIFIED, LEVEL_TOP_SECRET_SCI)            \
	F(colour, U32, IN, 0, 0xffffff) /* 0xRRGGBB */                         \
	F(pattern, U32, BELOW, PATTERN_COUNT)                                  \
	F(scanouts, U32, IN, 1, TDS_MAX_SCANOUTS)                              \
	/* bit n: may be shown on output n */                                  \
	F(outputs, U32, IN, 1, (1 << TDS_MAX_OUTPUTS) - 1)                     \
	F(width, U32, IN, TDS_MIN_CONTENT_WIDTH, TDS_MAX_DIM) /* first size */ \
	F(height, U32, IN, TDS_MIN_CONTENT_HEIGHT, TDS_MAX_DIM)                \
	/* of the frame; -1, -1: placed by tds */                              \
	F(x, I32, IN, -1, TDS_MAX_DIM) F(y, I32, IN, -1, TDS_MAX_DIM)          \
	/* shown only where the cable is protected so, or better */            \
	F(protection, U32, IN, PROTECTION_NONE, PROTECTION_TYPE1)              \
	F(name, TEXT, FILLED, TDS_NAME_BYTES)                                  \
	F(label, TEXT, FILLED, TDS_LABEL_BYTES)

/*
 * fds: ring (rw), pool (read-only), doorbell up, doorbell down. A granted pool
 * is no memory but a descriptor of which ranges are mapped when the guest
 * process says so (UP_MAP in ring.h); pool_bytes is the most that there is.
 */
#define CORE_LINK_FIELDS(F)                                                    \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)                                 \
	F(pid, U32, ANY, 4)                                                    \
	F(is_granted, U32, IN, 0, 1)                                           \
	F(pool_bytes, U64, POOL, 8)
#define CORE_DOWN_FIELDS(F)                                                    \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)                                 \
	F(reason, U32, IN, REASON_EXITED, REASON_MALFORMED)
#define CORE_FOCUS_FIELDS(F)                                                   \
	F(cookie, U32, ANY, 4)                                                 \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)
/* fd: a memfd of width * height * 4 bytes */
#define CORE_SNAPSHOT_FIELDS(F)                                                \
	F(cookie, U32, ANY, 4)                                                 \
	F(output, U32, BELOW, TDS_MAX_OUTPUTS)
/*
 * The process behind a sealed output was started. fds: a channel to it; the
 * memory of the output, a memfd of width * height * 4 bytes.
 */
#define CORE_SEALED_FIELDS(F) F(output, U32, BELOW, TDS_MAX_OUTPUTS)
/* A malformed sender; domain TDS_NONE: tds-input. */
#define CORE_DROPPED_FIELDS(F)                                                 \
	F(domain, U32, OPTIONAL, TDS_MAX_DOMAINS)                              \
	F(error, U32, IN, 0, 4095) /* errno */
/* The user's or a rule's decision, for tdsd to keep across restarts. */
#define CORE_ADMITTED_FIELDS(F)                                                \
	F(device, U32, ANY, 4)                                                 \
	F(state, U32, IN, DEVICE_WAITING, DEVICE_REFUSED)

/* fd: an evdev node, opened read-only unless lights are to be written */
#define INPUT_OPEN_FIELDS(F)                                                   \
	F(device, U32, ANY, 4)                                                 \
	F(state, U32, IN, DEVICE_WAITING, DEVICE_REFUSED)
#define INPUT_CLOSE_FIELDS(F) F(device, U32, IN, 1, TDS_NONE)
#define INPUT_PROBLEM_FIELDS(F)                                                \
	F(device, U32, ANY, 4)                                                 \
	F(error, U32, IN, 1, 4095) /* errno */

/* An input device, as its kernel driver describes it. */
#define SEAT_DEVICE_FIELDS(F)                                                  \
	F(device, U32, IN, 1, TDS_NONE) /* tdsd's number, never twice */       \
	F(state, U32, IN, DEVICE_WAITING, DEVICE_REFUSED)                      \
	F(kinds, U32, IN, 1, 15) /* enum device_kind, or-ed */                 \
	F(bus, U32, ANY, 4)                                                    \
	F(vendor, U32, ANY, 4) F(product, U32, ANY, 4)                         \
	F(capabilities, U64, ANY, 8) /* hash of all that it says it sends */   \
	F(name, TEXT, ANY, TDS_LABEL_BYTES)                                    \
	F(serial, TEXT, ANY, TDS_NAME_BYTES)                                   \
	F(port, TEXT, ANY, TDS_PORT_BYTES)
#define SEAT_GONE_FIELDS(F) F(device, U32, IN, 1, TDS_NONE)
#define SEAT_ADMIT_FIELDS(F)                                                   \
	F(device, U32, ANY, 4)                                                 \
	F(state, U32, IN, DEVICE_WAITING, DEVICE_REFUSED)
#define SEAT_LEDS_FIELDS(F) F(leds, U32, IN, 0, 31) /* as in LEDS records */

/*
 * fds: ring, pool (rw), doorbell up, doorbell down, then the listening stream
 * sockets for vhost-user-gpu, keyboard, tablet and mouse.
 */
#define GUEST_SETUP_FIELDS(F)                                                  \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)                                 \
	F(scanouts, U32, IN, 1, TDS_MAX_SCANOUTS)                              \
	F(width, U32, IN, TDS_MIN_CONTENT_WIDTH, TDS_MAX_DIM) /* first mode */ \
	F(height, U32, IN, TDS_MIN_CONTENT_HEIGHT, TDS_MAX_DIM)                \
	F(is_unsealed, U32, IN, 0, 1) /* try-out; tdsd saw it fail */          \
	F(pool_bytes, U64, POOL, 8)                                            \
	F(name, TEXT, ANY, TDS_NAME_BYTES)

/*
 * A Xen guest. fds: ring, doorbell up, doorbell down; gntdev and evtchn of
 * that guest; and two sockets to tds-xen (hv-glue/broker.h).
 */
#define GUEST_XEN_FIELDS(F) GUEST_SETUP_FIELDS(F)

/* fd: the kernel's connection to xenstore */
#define XEN_SETUP_FIELDS(F) F(is_unsealed, U32, IN, 0, 1)
/* A domain that is to be found; what is empty does not matter, one is not. */
#define XEN_DOMAIN_FIELDS(F)                                                   \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)                                 \
	F(scanouts, U32, IN, 1, TDS_MAX_SCANOUTS)                              \
	F(width, U32, IN, TDS_MIN_CONTENT_WIDTH, TDS_MAX_DIM)                  \
	F(height, U32, IN, TDS_MIN_CONTENT_HEIGHT, TDS_MAX_DIM)                \
	F(name, TEXT, ANY, TDS_PHRASE_BYTES)                                   \
	F(uuid, TEXT, ANY, TDS_LABEL_BYTES)
/*
 * Its tds-guest was started. fds: gntdev for pixels, which the core maps;
 * gntdev for the rest and evtchn, which its tds-guest has as well; and two
 * sockets to that.
 */
#define XEN_SERVE_FIELDS(F) F(domain, U32, BELOW, TDS_MAX_DOMAINS)
#define XEN_FOUND_FIELDS(F) XEN_SERVE_FIELDS(F)
/* Its tds-guest is to end: the domain is gone, or is to be served anew. */
#define XEN_GONE_FIELDS(F)                                                     \
	F(domain, U32, BELOW, TDS_MAX_DOMAINS)                                 \
	F(is_found, U32, IN, 0, 1) /* the domain is still there */             \
	F(error, U32, IN, 0, 4095) /* errno, if that process is to blame */

/*
 * A sealed output. fds: authority, lc128, srm, source-key (empty: there is
 * none), the file of its state (rw), its listening wire socket.
 */
#define HDCP_SETUP_FIELDS(F)                                                   \
	F(width, U32, IN, 1, TDS_MAX_DIM)                                      \
	F(height, U32, IN, 1, TDS_MAX_DIM)                                     \
	F(is_facsimile, U32, IN, 0, 1) /* facsimile keys are allowed */        \
	F(is_unsealed, U32, IN, 0, 1)  /* try-out; tdsd saw it fail */         \
	F(name, TEXT, FILLED, TDS_NAME_BYTES)
/* What the file of a state holds that nobody wrote yet. */
#define HDCP_STATE_NEW "tds-hdcp: new\n"
/*
 * A part of the frame that is new, in pixels; the receiver compares it with
 * the size of its output. From the first part until SEALED_FREE the core does
 * not write to the memory.
 */
#define SEALED_PART_FIELDS(F)                                                  \
	F(area, RECT, ANY, 16)                                                 \
	F(is_last, U32, IN, 0, 1) /* of this frame */
/* The memory is the core's again. */
#define SEALED_FREE_FIELDS(F)                                                  \
	F(wants_all, U32, IN, 0, 1) /* the next frame is to name everything */
#define SEALED_STATE_FIELDS(F) F(is_on, U32, IN, 0, 1) /* a sink is there */

/* One device's events of one moment, as tds-input sends them. */
#define SEAT_EVENTS_FIELDS(F)                                                  \
	F(device, U32, ANY, 4)                                                 \
	F(time_ns, U64, ANY, 8) /* of the device, CLOCK_MONOTONIC */           \
	F(input, INPUT, EVENTS, INPUT_BYTES)

/* fd: a memfd of width * height * 4 bytes, XRGB8888 */
#define CTL_PICTURE_FIELDS(F)                                                  \
	F(width, U32, IN, 1, TDS_MAX_DIM)                                      \
	F(height, U32, IN, 1, TDS_MAX_DIM)                                     \
	F(status, STATUS, SHOWN, STATUS_BYTES)

#define CTL_FOCUS_FIELDS(F) F(name, TEXT, FILLED, TDS_NAME_BYTES)
#define CTL_RESULT_FIELDS(F)                                                   \
	F(error, I32, IN, -4095, 0) /* 0 or -errno */                          \
	F(text, TEXT, ANY, TDS_TEXT_BYTES)

/* What the core shows, as tdsctl prints it and the tests judge it. */
#define STATUS_OUTPUT_FIELDS(F)                                                \
	F(trust_bar, RECT, ANY, 16) F(name, TEXT, ANY, TDS_NAME_BYTES)         \
	F(is_on, U32, ANY, 4) /* 0: nothing is connected there */              \
	F(width, U32, ANY, 4) F(height, U32, ANY, 4)                           \
	F(scale, U32, ANY, 4) F(rotation, U32, ANY, 4)                         \
	F(x, I32, ANY, 4) F(y, I32, ANY, 4)                                    \
	F(protection, U32, ANY, 4) /* of its cable, now */                     \
	F(type, U32, ANY, 4) F(has_sink, U32, ANY, 4) /* sealed: read by one */
#define STATUS_DOMAIN_FIELDS(F)                                                \
	F(state, U32, IN, 0, DOMAIN_STOPPED)                                   \
	F(level, U32, IN, 0, LEVEL_TOP_SECRET_SCI)                             \
	F(colour, U32, ANY, 4)                                                 \
	F(protection, U32, IN, 0, PROTECTION_TYPE1) /* that it needs */        \
	F(pid, U32, ANY, 4) /* of its tds-guest; tdsd fills it in */           \
	F(name, TEXT, ANY, TDS_NAME_BYTES) F(label, TEXT, ANY, TDS_LABEL_BYTES)
#define STATUS_WINDOW_FIELDS(F)                                                \
	F(domain, U32, ANY, 4) F(output, U32, ANY, 4) F(scanout, U32, ANY, 4)  \
	F(has_picture, U32, ANY, 4) /* 0: a tile is shown instead */           \
	F(frame, RECT, ANY, 16) F(content, RECT, ANY, 16)
#define STATUS_FIELDS(F)                                                       \
	F(is_try_out, U32, ANY, 4)                                             \
	F(is_unsealed, U32, ANY, 4) /* a process without its sandbox */        \
	F(is_facsimile, U32, ANY, 4) /* seals with keys that anybody has */    \
	F(is_locked, U32, ANY, 4) F(is_attention, U32, ANY, 4)                 \
	F(is_dark, U32, ANY, 4)                                                \
	F(n_waiting, U32, ANY, 4)   /* input devices to be admitted */         \
	F(n_throttled, U32, ANY, 4) /* keyboards faster than people */         \
	F(keyboard, U32, OPTIONAL, in->n_domains)                              \
	F(pointer_output, U32, IN, 0, TDS_MAX_OUTPUTS - 1)                     \
	F(pointer_x, U32, ANY, 4) F(pointer_y, U32, ANY, 4)                    \
	F(pointer_is_ours, U32, ANY, 4) /* not the guest's cursor */           \
	F(pointer_on_plane, U32, ANY, 4) /* not in the frame itself */         \
	F(n_outputs, U32, IN, 0, TDS_MAX_OUTPUTS)                              \
	F(n_domains, U32, IN, 0, TDS_MAX_DOMAINS)                              \
	F(n_windows, U32, IN, 0, TDS_MAX_WINDOWS)                              \
	F(frames, U64, ANY, 8) F(wakeups, U64, ANY, 8) F(dropped, U64, ANY, 8)

/* ------------------------------------------------------------------------ */

#define MEMBER_U32(name, ...) uint32_t name;
#define MEMBER_I32(name, ...) int32_t name;
#define MEMBER_U64(name, ...) uint64_t name;
#define MEMBER_RECT(name, ...) struct rect name;
#define MEMBER_INPUT(name, ...) struct core_input name;
#define MEMBER_STATUS(name, ...) struct status name;
#define MEMBER_TEXT(name, bytes) uint8_t name[bytes];
#define MEMBER(name, type, limit, ...) MEMBER_##type(name, __VA_ARGS__)

#define BYTES_U32(...) +4
#define BYTES_I32(...) +4
#define BYTES_U64(...) +8
#define BYTES_RECT(...) +16
#define BYTES_TEXT(bytes) +(bytes)
#define BYTES_INPUT(bytes) +(bytes)
#define BYTES_STATUS(bytes) +(bytes)
#define BYTES(name, type, limit, ...) BYTES_##type(__VA_ARGS__)
#define WIRE_BYTES(FIELDS) (0 FIELDS(BYTES))

enum {
	STATUS_BYTES = WIRE_BYTES(STATUS_FIELDS) +
	    TDS_MAX_OUTPUTS * WIRE_BYTES(STATUS_OUTPUT_FIELDS) +
	    TDS_MAX_DOMAINS * WIRE_BYTES(STATUS_DOMAIN_FIELDS) +
	    TDS_MAX_WINDOWS * WIRE_BYTES(STATUS_WINDOW_FIELDS),
	INPUT_BYTES = 4 + 8 * TDS_MAX_INPUT_BATCH,
	CONTROL_MAX_BYTES = 4 + 8 + STATUS_BYTES,
};

/*
 * One table of messages: X(name, op, bytes of payload after op, descriptors),
 * or R(name, op, struct, descriptors) with the fields name_FIELDS as payload.
 * control_open() checks a received record against it.
 */
#define CONTROL_MESSAGES(X, R)                                                 \
	/* tdsd -> core, once, before START */                                 \
	R(CORE_SETUP, 1, core_setup, 0)                                        \
	R(CORE_OUTPUT, 2, core_output, 0)                                      \
	R(CORE_DOMAIN, 3, core_domain, 0)                                      \
	X(CORE_START, 4, 0, 0)                                                 \
	R(CORE_RULE, 5, core_rule, 0)                                          \
	X(CORE_SCREEN, 6, 0, 1) /* fd: the DRM card, we are its master */      \
	/* tdsd -> core, while running */                                      \
	R(CORE_LINK, 10, core_link, 4)                                         \
	R(CORE_DOWN, 11, core_down, 0)                                         \
	X(CORE_INPUT, 12, INPUT_BYTES, 0)                                      \
	R(CORE_FOCUS, 13, core_focus, 0)                                       \
	X(CORE_STATUS, 14, 4, 0) /* cookie */                                  \
	R(CORE_SNAPSHOT, 15, core_snapshot, 1)                                 \
	X(CORE_HOTPLUG, 16, 0, 0) /* look at the connectors again */           \
	X(CORE_SEAT, 17, 0, 1)	  /* fd: a channel to tds-input */             \
	R(CORE_SEALED, 18, core_sealed, 2)                                     \
	/* core -> tdsd */                                                     \
	X(CORE_READY, 30, 0, 0)                                                \
	X(CORE_REPLY, 31, 4 + STATUS_BYTES, 0) /* cookie, status */            \
	R(CORE_DROPPED, 32, core_dropped, 0)                                   \
	R(CORE_ADMITTED, 33, core_admitted, 0)                                 \
	/* tdsd -> tds-guest */                                                \
	R(GUEST_SETUP, 50, guest_setup, 8)                                     \
	X(GUEST_CORE, 51, 0, 3) /* fds: ring, doorbell up, down */             \
	X(GUEST_VNC, 52, 0, 1)	/* fd: the VM's VNC console, connected */      \
	R(GUEST_XEN, 53, guest_xen, 7)                                         \
	/* tds-guest -> tdsd */                                                \
	X(GUEST_WANT_VNC, 60, 0, 0)                                            \
	/* tdsctl -> tdsd */                                                   \
	X(CTL_STATUS, 70, 0, 0)                                                \
	X(CTL_SCREENSHOT, 71, 4, 0) /* output */                               \
	R(CTL_FOCUS, 72, ctl_focus, 0)                                         \
	X(CTL_INPUT, 73, INPUT_BYTES, 0)                                       \
	/* tdsd -> tds-input */                                                \
	R(INPUT_OPEN, 90, input_open, 1)                                       \
	R(INPUT_CLOSE, 91, input_close, 0)                                     \
	X(INPUT_START, 92, 0, 0) /* all devices so far were handed over */     \
	X(INPUT_CORE, 93, 0, 1)	 /* fd: a channel to the core */               \
	/* tds-input -> tdsd */                                                \
	X(INPUT_READY, 95, 0, 0) /* they are grabbed */                        \
	R(INPUT_PROBLEM, 96, input_problem, 0)                                 \
	/* tds-input -> core */                                                \
	R(SEAT_DEVICE, 100, seat_device, 0)                                    \
	R(SEAT_GONE, 101, seat_gone, 0)                                        \
	R(SEAT_EVENTS, 102, seat_events, 0)                                    \
	/* core -> tds-input */                                                \
	R(SEAT_ADMIT, 105, seat_admit, 0)                                      \
	R(SEAT_LEDS, 106, seat_leds, 0)                                        \
	/* tdsd -> tds-xen */                                                  \
	R(XEN_SETUP, 110, xen_setup, 1)                                        \
	R(XEN_DOMAIN, 111, xen_domain, 0)                                      \
	X(XEN_START, 112, 0, 0)                                                \
	R(XEN_SERVE, 113, xen_serve, 5)                                        \
	/* tds-xen -> tdsd */                                                  \
	R(XEN_FOUND, 115, xen_found, 0)                                        \
	R(XEN_GONE, 116, xen_gone, 0)                                          \
	/* tdsd -> tds-hdcp */                                                 \
	R(HDCP_SETUP, 120, hdcp_setup, 6)                                      \
	/* fds: a channel to the core, the output's memory; for each core */   \
	X(HDCP_CORE, 121, 0, 2)                                                \
	/* core -> tds-hdcp */                                                 \
	R(SEALED_PART, 125, sealed_part, 0)                                    \
	/* tds-hdcp -> core */                                                 \
	R(SEALED_FREE, 126, sealed_free, 0)                                    \
	R(SEALED_STATE, 127, sealed_state, 0)                                  \
	/* tdsd -> tdsctl */                                                   \
	R(CTL_RESULT, 80, ctl_result, 0)                                       \
	X(CTL_REPORT, 81, STATUS_BYTES, 0)                                     \
	R(CTL_PICTURE, 82, ctl_picture, 1)

struct input_event_wire {
	uint16_t type, code;
	int32_t value;
};

/*
 * Normalised events: EV_KEY (keys, and buttons as BTN_LEFT ..; value 0, 1, 2),
 * EV_REL (REL_X, REL_Y in pixels; wheels in clicks), EV_SYN, and EV_ABS
 * ABS_X/ABS_Y: from tdsctl in pixels of the layout, from tds-input 0..65535 of
 * the whole layout. Fingers on touchscreens are ABS_MT_SLOT below
 * TDS_MAX_CONTACTS, then ABS_MT_TRACKING_ID (-1: it lifts) and ABS_MT_POSITION_X
 * and _Y as above; one that points besides is the button TDS_BTN_FINGER.
 */
enum { TDS_BTN_FINGER = 0x11f }; /* of a mouse's; no device has it */

struct core_input {
	uint32_t n;
	struct input_event_wire events[TDS_MAX_INPUT_BATCH];
};

struct status_output {
	STATUS_OUTPUT_FIELDS(MEMBER)
};
struct status_domain {
	STATUS_DOMAIN_FIELDS(MEMBER)
};
struct status_window {
	STATUS_WINDOW_FIELDS(MEMBER)
};
struct status {
	STATUS_FIELDS(MEMBER)
	struct status_output outputs[TDS_MAX_OUTPUTS];
	struct status_domain domains[TDS_MAX_DOMAINS];
	struct status_window windows[TDS_MAX_WINDOWS]; /* bottom to top */
};

#define X(name, op, bytes, fds)
#define R(name, op, type, fds)                                                 \
	struct type {                                                          \
		name##_FIELDS(MEMBER)                                          \
	};
CONTROL_MESSAGES(X, R)
#undef R
#undef X

#define CONTROL_OP(name, op, ...) name = op,
enum control_op { CONTROL_MESSAGES(CONTROL_OP, CONTROL_OP) };

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

/* Of the cable to a screen, by HDCP: none, any version, 2.2 or later. Each is
 * stricter than the one before. */
enum protection { PROTECTION_NONE, PROTECTION_TYPE0, PROTECTION_TYPE1 };

enum output_type { OUTPUT_HEADLESS = 1, OUTPUT_KMS, OUTPUT_SEALED };

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

enum core_flag {
	CORE_TRY_OUT = 1,
	CORE_UNSEALED = 2,  /* a process without its sandbox */
	CORE_FACSIMILE = 4, /* sealed outputs with keys that anybody has */
	CORE_FLAGS = 7,
};

/* Chord of the secure attention key. Modifiers as on either side. */
enum chord_modifier {
	CHORD_CTRL = 1,
	CHORD_ALT = 2,
	CHORD_SHIFT = 4,
	CHORD_META = 8,
};

enum down_reason { REASON_EXITED = 1, REASON_MALFORMED };

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

#define X(name, op, bytes, fds)
#define R(name, op, type, fds)                                                 \
	int encode_##type(const struct type *in, uint8_t *out,                 \
	    uint32_t size) MUST_CHECK;                                         \
	int decode_##type(struct rd *rd, struct type *out) MUST_CHECK;
CONTROL_MESSAGES(X, R)
#undef R
#undef X

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
