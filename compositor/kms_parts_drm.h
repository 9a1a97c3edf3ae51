/*
 * kms_parts: what the kms files share. Objects are found by kms_props_drm.c,
 * buffers made by kms_buffers_drm.c, modes and connectors chosen by
 * kms_choose_drm.c (pure), requests built and sent by kms_commit_drm.c; the
 * screen's operations are in kms_drm.c, kms_events_drm.c, kms_cursor_drm.c and
 * kms_protect_drm.c.
 */
#pragma once

#include "compositor/copy.h"
#include "compositor/kms_drm.h"

#include <libdrm/drm.h>

enum {
	KMS_MAX_CRTCS = 16,
	KMS_MAX_PLANES = 64,
	KMS_MAX_CONNECTORS = 16,
	KMS_MAX_MODES = 256,
	KMS_MAX_FAILED = 16, /* modes of one connector; then it stays dark */
};

/* "no such index" */
#define KMS_NONE UINT32_MAX

/* Properties by their place in the tables of kms_props_drm.c. */
enum plane_prop {
	PLANE_TYPE,
	PLANE_FB_ID,
	PLANE_CRTC_ID,
	PLANE_SRC_X,
	PLANE_SRC_Y,
	PLANE_SRC_W,
	PLANE_SRC_H,
	PLANE_CRTC_X,
	PLANE_CRTC_Y,
	PLANE_CRTC_W,
	PLANE_CRTC_H,
	PLANE_REQUIRED, /* so far; what follows may be missing */
	PLANE_ROTATION = PLANE_REQUIRED,
	PLANE_DAMAGE,
	PLANE_ALPHA,
	PLANE_BLEND,
	PLANE_PROPS,
};
enum crtc_prop { CRTC_ACTIVE, CRTC_MODE_ID, CRTC_PROPS };
enum connector_prop {
	CONNECTOR_CRTC_ID,
	CONNECTOR_REQUIRED,
	CONNECTOR_LINK_STATUS = CONNECTOR_REQUIRED,
	CONNECTOR_NON_DESKTOP,
	CONNECTOR_PROTECTION,
	CONNECTOR_CONTENT_TYPE,
	CONNECTOR_PROPS,
};

struct kms_plane {
	uint32_t id;
	uint32_t crtcs; /* bit n: can be on the n-th CRTC */
	uint32_t type;	/* DRM_PLANE_TYPE_ */
	bool has_xrgb, has_argb;
	uint32_t rotations;	    /* DRM_MODE_ROTATE_ bits; 0: none */
	uint32_t prop[PLANE_PROPS]; /* ids; 0: it has none */
};

struct kms_crtc {
	uint32_t id;
	uint32_t prop[CRTC_PROPS];
};

struct kms_connector {
	uint32_t id;
	char name[TDS_NAME_BYTES];
	bool is_connected, is_link_bad;
	uint32_t crtcs;
	uint32_t width_mm, height_mm;
	uint32_t prop[CONNECTOR_PROPS];
	uint32_t n_modes;
	struct drm_mode_modeinfo modes[KMS_MAX_MODES];
};

struct kms_buffer {
	uint32_t handle, fb; /* owned; 0: none */
	uint32_t width, height, stride;
	size_t bytes;
	uint32_t *pixels;    /* owned mapping; write only */
	struct damage stale; /* in pixels of the output, as it is seen */
};

/*
 * The cursor plane of an output. What set_cursor() says is kept here until a
 * commit took it; the image of which the card shows one is not written.
 */
struct kms_cursor {
	bool has_plane; /* and images; it passed its test */
	uint32_t plane; /* index */
	struct kms_buffer images[2];
	uint32_t shown, next; /* of images[]: committed; to be committed */
	bool is_news;	      /* anything is not committed */
	bool is_image_new;    /* image is not in images[shown] */
	bool is_visible;
	int32_t x, y;
	uint32_t image[TDS_CURSOR_DIM * TDS_CURSOR_DIM];
};

/* Of an output's cable; levels are enum protection. */
struct kms_protection {
	uint32_t wanted;    /* by protect() */
	uint32_t next;	    /* to be committed: less, where it cannot be */
	uint32_t committed; /* as long as the output does not start anew */
	bool is_refused, was_told;
};

/*
 *	        probe finds a mode           present
 *	  DARK ---------------------> READY ---------> LIT
 *	   ^                           | ^   power off  |
 *	   |   probe: gone or changed  | +--------------+
 *	   +---------------------------+----------------+
 */
enum kms_state { KMS_DARK, KMS_READY, KMS_LIT };

struct kms_output {
	enum kms_state state;
	bool is_pending;    /* a flip's event is to come */
	uint32_t turn;	    /* counts up: events of older turns are no news */
	uint32_t told_turn; /* turn + 1 when the log knows of this one */
	struct core_output slot, found;
	uint32_t connector_id; /* 0: none */
	uint32_t crtc, plane;  /* indices */
	struct drm_mode_modeinfo mode;
	uint32_t mode_blob;
	uint32_t rotation_bits; /* what the plane is told; 0: nothing */
	bool turns_here;	/* rotated by copying from frame */
	uint32_t *frame;	/* owned mapping if turns_here */
	size_t frame_bytes;
	struct damage frame_stale;
	uint32_t back; /* of buffers[]: where the next frame goes */
	struct kms_buffer buffers[2];
	bool is_clip_lost; /* painted, but that present() failed */
	struct kms_cursor cursor;
	struct kms_protection protection;
	/* modes that failed on this connector, as long as its list is this */
	uint64_t modes_hash;
	uint32_t n_failed;
	struct drm_mode_modeinfo failed[KMS_MAX_FAILED];
};

struct kms {
	struct screen screen;
	int fd; /* borrowed */
	bool is_off, was_probed, was_copy_chosen;
	enum copy_kind copy;
	uint32_t n_crtcs, n_planes, n_connectors;
	struct kms_crtc crtcs[KMS_MAX_CRTCS];
	struct kms_plane planes[KMS_MAX_PLANES];
	struct kms_connector connectors[KMS_MAX_CONNECTORS];
	struct kms_output outputs[TDS_MAX_OUTPUTS];
};

struct kms *kms_of(struct screen *screen);

/* ------------------------------------------------------- kms_props_drm.c */

/* An ioctl, repeated while a signal interrupts it. 0 or -errno. */
int kms_call(int fd, unsigned long request, void *arg) MUST_CHECK;
/* Capabilities, CRTCs and planes: these never change. Logs its errors. */
int kms_find_objects(struct kms *kms) MUST_CHECK;

/* ------------------------------------------------- kms_connectors_drm.c */

/* Look at all connectors again; this reads the monitors' EDID. */
int kms_find_connectors(struct kms *kms) MUST_CHECK;
/* Ids by name, and the values; 0 where the object has no such property. */
int kms_find_props(int fd, uint32_t object, uint32_t type,
    const char *const *names, uint32_t n, uint32_t *ids,
    uint64_t *values) MUST_CHECK;
/* A connector's value now. -ENOENT: it has no such property. */
int kms_read_prop(
    int fd, uint32_t connector, uint32_t prop, uint64_t *value) MUST_CHECK;
/* Which bits a bitmask property takes. */
uint32_t kms_bits_of(int fd, uint32_t prop);

/* ----------------------------------------------------- kms_buffers_drm.c */

int kms_buffer_init(int fd, struct kms_buffer *buffer, uint32_t width,
    uint32_t height, uint32_t format) MUST_CHECK;
/* Also what is partly made. */
void kms_buffer_finish(int fd, struct kms_buffer *buffer);
/* What an earlier core that had this card left behind. */
void kms_forget_older(int fd);
/* The faster way into this buffer, whose content is overwritten. */
enum copy_kind kms_choose_copy(const struct kms_buffer *buffer);
/* Quarter turns clockwise, 1..3: from r of frame to the buffer. */
struct rect kms_turn_rect(
    struct rect r, uint32_t turns, uint32_t width, uint32_t height);
void kms_turn_pixels(struct rect r, uint32_t turns, const uint32_t *frame,
    uint32_t width, uint32_t height, const struct kms_buffer *to);

/* ------------------------------------------------------ kms_choose_drm.c */

/* Slots to connectors: of_slot[i] is an index, or KMS_NONE. */
void kms_bind(const struct kms *kms, const struct core_output *slots,
    uint32_t n, uint32_t of_slot[TDS_MAX_OUTPUTS]);
/* The best mode that is not among the failed ones; NULL: none is left. */
const struct drm_mode_modeinfo *kms_choose_mode(
    const struct kms_connector *connector, const struct core_output *slot,
    const struct drm_mode_modeinfo *failed, uint32_t n_failed);
uint32_t kms_refresh_mhz(const struct drm_mode_modeinfo *mode);
bool kms_mode_is_same(
    const struct drm_mode_modeinfo *a, const struct drm_mode_modeinfo *b);
/* 1 or 2, from the monitor's size if that is believable. */
uint32_t kms_choose_scale(const struct kms_connector *connector,
    const struct drm_mode_modeinfo *mode);
uint64_t kms_modes_hash(const struct kms_connector *connector);

/* ------------------------------------------------------ kms_outputs_drm.c */

/* Find a mode, a CRTC and buffers for a DARK output: READY, or still DARK
 * after a line to the log. An error is the card's. */
int kms_output_light(struct kms *kms, uint32_t i,
    const struct kms_connector *connector,
    const struct core_output *slot) MUST_CHECK;
/* Is it still what it should be? */
bool kms_output_is_same(const struct kms_output *o,
    const struct kms_connector *connector, const struct core_output *slot);
/* Its mode does not work, whatever TEST_ONLY said. */
void kms_output_refuse_mode(struct kms_output *o);
/* It is inactive: READY, with black buffers. */
void kms_output_darken(struct kms_output *o);
/* Free its buffers; DARK. Its connector and failed modes are kept. */
void kms_output_release(struct kms *kms, struct kms_output *o);
/* Errors after which nothing more can be tried. */
bool kms_is_fatal(int err);

/* ------------------------------------------------------ kms_commit_drm.c */

/* Everything off that no LIT or READY output uses. */
int kms_commit_unused_off(struct kms *kms) MUST_CHECK;
/* Would output i light up, together with those that are on? */
int kms_test(struct kms *kms, uint32_t i) MUST_CHECK;
/* Show the back buffer of output i; painted NULL: all of it is new. */
int kms_flip(
    struct kms *kms, uint32_t i, const struct damage *painted) MUST_CHECK;
/* What the cursor plane shows, and nothing else. */
int kms_commit_cursor(struct kms *kms, uint32_t i) MUST_CHECK;
/* All LIT outputs go dark, with everything else as it is. */
int kms_commit_inactive(struct kms *kms) MUST_CHECK;

/* ------------------------------------------------------ kms_events_drm.c */

uint64_t kms_flips(struct screen *screen);

/* ------------------------------------------------------ kms_cursor_drm.c */

/* Find and test a cursor plane for a READY output. That there is none is no
 * error; those are the card's. */
int kms_cursor_init(struct kms *kms, uint32_t i) MUST_CHECK;
/* Removing its buffers takes it off the screen, if it still is. */
void kms_cursor_finish(struct kms *kms, struct kms_output *o);
/* It is off with its output: wiped, and to be set anew. */
void kms_cursor_darken(struct kms_output *o);
/* Should the plane be on? */
bool kms_cursor_is_on(const struct kms_output *o);
/* Before a commit, when no flip is pending: write a new image. */
void kms_cursor_prepare(struct kms_output *o);
/* That commit succeeded. */
void kms_cursor_done(struct kms_output *o);
/* That commit failed. True: it may have been the cursor's fault, so the
 * output has none from now on. */
bool kms_cursor_give_up(struct kms *kms, struct kms_output *o, int err);
bool kms_has_cursor(const struct screen *screen, uint32_t i);
void kms_set_cursor(
    struct screen *screen, uint32_t i, const struct cursor_plane *cursor);

/* ----------------------------------------------------- kms_protect_drm.c */

/* Before a commit: what it is to ask for. */
void kms_protect_prepare(const struct kms *kms, struct kms_output *o);
/* It differs from what was asked for: a mode set, for the kernel. */
bool kms_protect_is_news(const struct kms_output *o);
/* The connector's properties to be set, and how many: 0 to 2. */
uint32_t kms_protect_values(const struct kms *kms, const struct kms_output *o,
    uint32_t props[2], uint64_t values[2]);
/* That commit succeeded. */
void kms_protect_done(struct kms_output *o);
/* That commit failed. True: it may have been for this, so the output has no
 * protection until it starts anew. */
bool kms_protect_give_up(struct kms_output *o, int err);
/* The output starts anew. */
void kms_protect_release(struct kms_output *o);
void kms_protect(struct screen *screen, uint32_t i, uint32_t level);
bool kms_is_protected(struct screen *screen, uint32_t i);
