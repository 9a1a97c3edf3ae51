/*
 * fake_drm: a graphics card in memory. Linked with --wrap for the five calls
 * that the KMS back-end makes, it checks what a kernel checks (ids, sizes, one
 * flip at a time), fails when told to, and knows what is left behind.
 */
#pragma once

#include <libdrm/drm.h>
#include <libdrm/drm_mode.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAKE_FD = 1000,
	FAKE_CRTCS = 3,
	/* first the primary plane of each CRTC, then the cursor planes */
	FAKE_PLANES = 2 * FAKE_CRTCS,
	FAKE_CONNECTORS = 4,
	FAKE_MODES = 8,
	FAKE_BUFFERS = 64,
	FAKE_BLOBS = 64,
};

struct fake_connector {
	bool exists, is_connected, is_link_bad;
	uint32_t type, number, crtcs, width_mm, height_mm;
	uint32_t n_modes; /* more than FAKE_MODES: says so, gives none */
	struct drm_mode_modeinfo modes[FAKE_MODES];
	uint32_t crtc; /* committed; 0: none */
	bool has_protection, has_content_type, refuses_protection;
};

/* A connector's content protection, as the kernel's properties say it. */
struct fake_protection {
	uint64_t state; /* UNDESIRED, DESIRED, ENABLED */
	uint64_t type;
};

struct fake_crtc {
	uint32_t mode_blob;
	struct drm_mode_modeinfo mode; /* committed */
	bool is_active, is_pending;
	uint64_t data; /* of the pending flip */
};

struct fake_plane {
	uint32_t fb, crtc;
	uint64_t src_w, src_h, crtc_w, crtc_h, rotation, clips;
	int64_t crtc_x, crtc_y;
};

struct fake_state {
	struct fake_crtc crtcs[FAKE_CRTCS];
	struct fake_plane planes[FAKE_PLANES];
	uint32_t crtc_of[FAKE_CONNECTORS];
	struct fake_protection protection[FAKE_CONNECTORS];
};

struct fake_buffer {
	uint32_t width, height, fb, format;
	bool exists, is_mapped;
	uint32_t *pixels;
};

struct fake_card {
	bool has_atomic, has_damage, has_rotation, has_cursor;
	struct fake_connector connectors[FAKE_CONNECTORS];
	struct fake_state now;
	struct fake_buffer buffers[FAKE_BUFFERS]; /* handle and fb: index + 1 */
	bool has_blob[FAKE_BLOBS];
	uint8_t blobs[FAKE_BLOBS][1024];
	uint32_t blob_bytes[FAKE_BLOBS];
	uint8_t events[4096]; /* to be read */
	uint32_t n_events;
	uint32_t n_calls, n_commits, n_modesets;
	/* failures */
	uint32_t fail_call; /* the n-th ioctl from now: 1 is the next */
	int fail_errno;
	uint32_t bad_test_width; /* TEST_ONLY with a mode this wide: EINVAL */
	uint32_t bad_width;	 /* the same for a commit only: ENOSPC */
	bool is_cursor_bad;	 /* TEST_ONLY with a cursor plane: EINVAL */
	bool is_cursor_broken;	 /* a commit with one: EINVAL */
	bool is_gone;		 /* ENODEV for everything */
	/* Protection is about to change, and what was shown still is. */
	void (*on_protection)(uint32_t at);
	uint32_t bad_pitch;	 /* given for every dumb buffer; 0: right */
	struct drm_mode_rect last_clips[64];
	uint32_t n_last_clips;
};

extern struct fake_card fake;

/* A card with three CRTCs; no connector exists yet. */
void fake_reset(void);
struct drm_mode_modeinfo fake_mode(
    uint32_t width, uint32_t height, uint32_t refresh, bool is_preferred);
/* Plug a monitor in, with these modes; connectors[at] begins to exist. */
void fake_plug(uint32_t at, const struct drm_mode_modeinfo *modes, uint32_t n);
/* The pending flip of this CRTC is done at t. */
void fake_flip_done(uint32_t crtc, uint64_t t_ns);
/* What connector at shows: NULL if nothing. */
const struct fake_buffer *fake_shown(uint32_t at);
/* Its cursor plane, and the image; NULL: it is off. */
const struct fake_plane *fake_cursor(uint32_t at);
const struct fake_buffer *fake_cursor_image(uint32_t at);
/* What the kernel does by itself: it authenticated, or lost the link. */
void fake_authenticate(uint32_t at);
void fake_lose_protection(uint32_t at);
/* Framebuffers, buffers, mappings and blobs that exist. */
uint32_t fake_left_over(void);
