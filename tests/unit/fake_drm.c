#include "tests/unit/fake_drm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { XRGB = 0x34325258, ARGB = 0x34325241 };
enum { CRTC = 50, PLANE = 40, CONNECTOR = 60, ENCODER = 70, PROP = 100 };

struct fake_card fake;

static const char *const props[] = {"type", "FB_ID", "CRTC_ID", "SRC_X",
    "SRC_Y", "SRC_W", "SRC_H", "CRTC_X", "CRTC_Y", "CRTC_W", "CRTC_H",
    "rotation", "FB_DAMAGE_CLIPS", "ACTIVE", "MODE_ID", "link-status",
    "non-desktop", "EDID", "Content Protection", "HDCP Content Type"};

enum prop {
	P_TYPE,
	P_FB,
	P_CRTC,
	P_SRC_X,
	P_SRC_Y,
	P_SRC_W,
	P_SRC_H,
	P_CRTC_X,
	P_CRTC_Y,
	P_CRTC_W,
	P_CRTC_H,
	P_ROTATION,
	P_CLIPS,
	P_ACTIVE,
	P_MODE,
	P_LINK,
	P_NON_DESKTOP,
	P_EDID,
	P_PROTECTION,
	P_CONTENT_TYPE,
	N_PROPS,
};

void
fake_reset(void)
{
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++)
		free(fake.buffers[i].pixels);
	fake = (struct fake_card){.has_atomic = true};
}

struct drm_mode_modeinfo
fake_mode(uint32_t width, uint32_t height, uint32_t refresh, bool is_preferred)
{
	struct drm_mode_modeinfo m = {.hdisplay = (uint16_t)width,
	    .vdisplay = (uint16_t)height,
	    .htotal = (uint16_t)(width + 100),
	    .vtotal = (uint16_t)(height + 40),
	    .type = is_preferred ? DRM_MODE_TYPE_PREFERRED : 0};

	m.clock = (width + 100) * (height + 40) / 1000 * refresh;
	return m;
}

void
fake_plug(uint32_t at, const struct drm_mode_modeinfo *modes, uint32_t n)
{
	struct fake_connector *c = &fake.connectors[at];

	if (!c->exists) {
		c->type =
		    at == 0 ? DRM_MODE_CONNECTOR_eDP : DRM_MODE_CONNECTOR_HDMIA;
		c->number = at == 0 ? 1 : at;
		c->crtcs = (1u << FAKE_CRTCS) - 1;
	}
	c->exists = c->is_connected = true;
	c->n_modes = n;
	memcpy(c->modes, modes, n * sizeof(modes[0]));
}

void
fake_flip_done(uint32_t crtc, uint64_t t_ns)
{
	struct drm_event_vblank e = {
	    .base = {.type = DRM_EVENT_FLIP_COMPLETE, .length = sizeof(e)},
	    .user_data = fake.now.crtcs[crtc].data,
	    .tv_sec = (uint32_t)(t_ns / 1000000000u),
	    .tv_usec = (uint32_t)(t_ns % 1000000000u / 1000),
	    .crtc_id = CRTC + crtc};

	if (!fake.now.crtcs[crtc].is_pending)
		return;
	fake.now.crtcs[crtc].is_pending = false;
	memcpy(fake.events + fake.n_events, &e, sizeof(e));
	fake.n_events += (uint32_t)sizeof(e);
}

const struct fake_buffer *
fake_shown(uint32_t at)
{
	const uint32_t crtc = fake.now.crtc_of[at];

	if (crtc == 0 || !fake.now.crtcs[crtc - CRTC].is_active)
		return NULL;
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		if (fake.now.planes[i].crtc == crtc)
			return &fake.buffers[fake.now.planes[i].fb - 1];
	return NULL;
}

const struct fake_plane *
fake_cursor(uint32_t at)
{
	const uint32_t crtc = fake.now.crtc_of[at];

	for (uint32_t i = FAKE_CRTCS; i < FAKE_PLANES && crtc != 0; i++)
		if (fake.now.planes[i].crtc == crtc)
			return &fake.now.planes[i];
	return NULL;
}

const struct fake_buffer *
fake_cursor_image(uint32_t at)
{
	const struct fake_plane *p = fake_cursor(at);

	return p ? &fake.buffers[p->fb - 1] : NULL;
}

void
fake_authenticate(uint32_t at)
{
	struct fake_protection *p = &fake.now.protection[at];

	if (p->state == DRM_MODE_CONTENT_PROTECTION_DESIRED && fake_shown(at) &&
	    fake.connectors[at].is_connected)
		p->state = DRM_MODE_CONTENT_PROTECTION_ENABLED;
}

void
fake_lose_protection(uint32_t at)
{
	struct fake_protection *p = &fake.now.protection[at];

	if (p->state == DRM_MODE_CONTENT_PROTECTION_ENABLED)
		p->state = DRM_MODE_CONTENT_PROTECTION_DESIRED;
}

uint32_t
fake_left_over(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FAKE_BUFFERS; i++) {
		n += fake.buffers[i].exists;
		n += fake.buffers[i].is_mapped;
		n += fake.buffers[i].fb != 0;
	}
	for (uint32_t i = 0; i < FAKE_BLOBS; i++)
		n += fake.has_blob[i];
	return n;
}

/* ------------------------------------------------------------------- atomic */

static uint32_t
n_planes(void)
{
	return fake.has_cursor ? FAKE_PLANES : FAKE_CRTCS;
}

static uint32_t
blob_index(uint64_t id)
{
	return id > 0 && id <= FAKE_BLOBS && fake.has_blob[id - 1]
		   ? (uint32_t)id - 1
		   : FAKE_BLOBS;
}

static int
set_crtc(struct fake_crtc *c, enum prop prop, uint64_t value)
{
	if (prop == P_ACTIVE) {
		c->is_active = value != 0;
		return 0;
	}
	if (prop != P_MODE)
		return ENOENT;
	c->mode_blob = (uint32_t)value;
	memset(&c->mode, 0, sizeof(c->mode));
	if (value == 0)
		return 0;
	const uint32_t i = blob_index(value);
	if (i == FAKE_BLOBS || fake.blob_bytes[i] != sizeof(c->mode))
		return EINVAL;
	memcpy(&c->mode, fake.blobs[i], sizeof(c->mode));
	return 0;
}

static int
set_plane(struct fake_plane *p, enum prop prop, uint64_t value)
{
	if (prop == P_FB) {
		if (value > FAKE_BUFFERS ||
		    (value > 0 && fake.buffers[value - 1].fb == 0))
			return ENOENT;
		p->fb = (uint32_t)value;
	} else if (prop == P_CRTC) {
		p->crtc = (uint32_t)value;
	} else if (prop == P_CRTC_X || prop == P_CRTC_Y) {
		/* a signed value of 32 bits, as the kernel bounds it */
		if ((int64_t)value != (int32_t)value)
			return EINVAL;
		if (prop == P_CRTC_X)
			p->crtc_x = (int64_t)value;
		else
			p->crtc_y = (int64_t)value;
	} else if (prop == P_SRC_W) {
		p->src_w = value >> 16;
	} else if (prop == P_SRC_H) {
		p->src_h = value >> 16;
	} else if (prop == P_CRTC_W) {
		p->crtc_w = value;
	} else if (prop == P_CRTC_H) {
		p->crtc_h = value;
	} else if (prop == P_ROTATION && fake.has_rotation) {
		p->rotation = value;
	} else if (prop == P_CLIPS && fake.has_damage) {
		p->clips = value;
		return value != 0 && blob_index(value) == FAKE_BLOBS ? EINVAL
								     : 0;
	} else if (prop < P_SRC_X || prop > P_CRTC_H) {
		return ENOENT;
	}
	return 0;
}

/* Another type while it is not UNDESIRED begins anew; ENABLED is the kernel's
 * to say. */
static int
set_protection(struct fake_state *s, uint32_t at, enum prop p, uint64_t value)
{
	const struct fake_connector *c = &fake.connectors[at];
	struct fake_protection *now = &s->protection[at];

	if (p == P_CONTENT_TYPE && c->has_content_type && value <= 1) {
		if (now->type != value &&
		    now->state == DRM_MODE_CONTENT_PROTECTION_ENABLED)
			now->state = DRM_MODE_CONTENT_PROTECTION_DESIRED;
		now->type = value;
		return 0;
	}
	if (p != P_PROTECTION || !c->has_protection)
		return ENOENT;
	if (value > DRM_MODE_CONTENT_PROTECTION_DESIRED ||
	    (value != 0 && c->refuses_protection))
		return EINVAL;
	now->state = value;
	return 0;
}

static int
set_one(struct fake_state *s, uint32_t object, uint32_t prop, uint64_t value)
{
	const enum prop p = (enum prop)(prop - PROP);

	if (object >= CRTC && object < CRTC + FAKE_CRTCS)
		return set_crtc(&s->crtcs[object - CRTC], p, value);
	if (object >= PLANE && object < PLANE + n_planes())
		return set_plane(&s->planes[object - PLANE], p, value);
	if (object < CONNECTOR || object >= CONNECTOR + FAKE_CONNECTORS ||
	    !fake.connectors[object - CONNECTOR].exists)
		return ENOENT;
	if (p == P_PROTECTION || p == P_CONTENT_TYPE)
		return set_protection(s, object - CONNECTOR, p, value);
	if (p == P_LINK)
		fake.connectors[object - CONNECTOR].is_link_bad = false;
	else if (p == P_CRTC)
		s->crtc_of[object - CONNECTOR] = (uint32_t)value;
	else
		return ENOENT;
	return 0;
}

/* As drm_atomic_check_only() judges a CRTC and its plane. */
static int
judge(const struct fake_state *s, uint32_t i)
{
	const struct fake_crtc *c = &s->crtcs[i];
	const struct fake_plane *p = &s->planes[i];
	uint32_t n_connectors = 0;

	for (uint32_t k = 0; k < FAKE_CONNECTORS; k++)
		if (s->crtc_of[k] == CRTC + i) {
			n_connectors++;
			if ((fake.connectors[k].crtcs & (1u << i)) == 0)
				return EINVAL;
		}
	if ((c->mode_blob != 0) != (n_connectors == 1) ||
	    (c->is_active && c->mode_blob == 0))
		return EINVAL;
	if ((p->fb != 0) != (p->crtc != 0))
		return EINVAL;
	if (p->fb == 0)
		return c->is_active ? EINVAL : 0;
	const struct fake_buffer *b = &fake.buffers[p->fb - 1];
	const bool is_odd = p->rotation == 2 || p->rotation == 8;
	if (b->format != XRGB || p->crtc_x != 0 || p->crtc_y != 0)
		return EINVAL;
	if (p->crtc != CRTC + i || p->src_w != b->width ||
	    p->src_h != b->height || p->crtc_w != c->mode.hdisplay ||
	    p->crtc_h != c->mode.vdisplay ||
	    b->width != (is_odd ? c->mode.vdisplay : c->mode.hdisplay) ||
	    b->height != (is_odd ? c->mode.hdisplay : c->mode.vdisplay))
		return EINVAL;
	return 0;
}

/* A cursor plane: 64x64, on its own CRTC, which has a mode. */
static int
judge_cursor(const struct fake_state *s, uint32_t i)
{
	const struct fake_plane *p = &s->planes[FAKE_CRTCS + i];

	if (p->fb == 0)
		return p->crtc != 0 ? EINVAL : 0;
	const struct fake_buffer *b = &fake.buffers[p->fb - 1];
	if (p->crtc != CRTC + i || s->crtcs[i].mode_blob == 0 ||
	    b->format != ARGB || b->width != 64 || b->height != 64 ||
	    p->src_w != 64 || p->src_h != 64 || p->crtc_w != 64 ||
	    p->crtc_h != 64)
		return EINVAL;
	return 0;
}

static bool
is_modeset(const struct fake_state *a, const struct fake_state *b)
{
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		if (a->crtcs[i].is_active != b->crtcs[i].is_active ||
		    a->crtcs[i].mode_blob != b->crtcs[i].mode_blob)
			return true;
	/* drivers want protection to change in a mode set only */
	return memcmp(a->crtc_of, b->crtc_of, sizeof(a->crtc_of)) != 0 ||
	       memcmp(a->protection, b->protection, sizeof(a->protection)) != 0;
}

static bool
has_cursor_on(const struct fake_state *s)
{
	for (uint32_t i = FAKE_CRTCS; i < FAKE_PLANES; i++)
		if (s->planes[i].fb != 0)
			return true;
	return false;
}

static int
refuse(const struct fake_state *s, uint32_t width)
{
	for (uint32_t i = 0; i < FAKE_CRTCS && width != 0; i++)
		if (s->crtcs[i].is_active && s->crtcs[i].mode.hdisplay == width)
			return 1;
	return 0;
}

static void
take_clips(const struct fake_state *s, uint32_t i)
{
	const uint32_t b = blob_index(s->planes[i].clips);

	fake.n_last_clips = 0;
	if (s->planes[i].clips == 0 || b == FAKE_BLOBS)
		return;
	fake.n_last_clips = fake.blob_bytes[b] / sizeof(fake.last_clips[0]);
	memcpy(fake.last_clips, fake.blobs[b], fake.blob_bytes[b]);
}

/* Which CRTCs a request touches, by itself or by its planes. */
static uint32_t
touched(const struct fake_state *s, const struct drm_mode_atomic *a)
{
	const uint32_t *objects = (const uint32_t *)(uintptr_t)a->objs_ptr;
	uint32_t bits = 0;

	for (uint32_t i = 0; i < a->count_objs; i++) {
		const uint32_t plane = objects[i] - PLANE;

		if (objects[i] >= CRTC && objects[i] < CRTC + FAKE_CRTCS)
			bits |= 1u << (objects[i] - CRTC);
		if (plane >= FAKE_PLANES)
			continue;
		/* the one where it was, and the one where it will be */
		if (s->planes[plane].crtc != 0)
			bits |= 1u << (s->planes[plane].crtc - CRTC);
		if (fake.now.planes[plane].crtc != 0)
			bits |= 1u << (fake.now.planes[plane].crtc - CRTC);
	}
	return bits;
}

static int
apply(struct fake_state *s, const struct drm_mode_atomic *a)
{
	const uint32_t *objects = (const uint32_t *)(uintptr_t)a->objs_ptr;
	const uint32_t *counts =
	    (const uint32_t *)(uintptr_t)a->count_props_ptr;
	const uint32_t *ids = (const uint32_t *)(uintptr_t)a->props_ptr;
	const uint64_t *values =
	    (const uint64_t *)(uintptr_t)a->prop_values_ptr;

	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		s->planes[i].clips = 0;
	for (uint32_t i = 0; i < a->count_objs; i++)
		for (uint32_t k = 0; k < counts[i]; k++) {
			const int err =
			    set_one(s, objects[i], *ids++, *values++);
			if (err != 0)
				return err;
		}
	return 0;
}

static int
atomic(const struct drm_mode_atomic *a)
{
	const bool is_test = a->flags & DRM_MODE_ATOMIC_TEST_ONLY;
	const bool has_event = a->flags & DRM_MODE_PAGE_FLIP_EVENT;
	struct fake_state next = fake.now;
	const int err = apply(&next, a);
	const uint32_t crtcs = touched(&next, a);

	if (err != 0)
		return err;
	if (is_test && has_event)
		return EINVAL;
	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		if (judge(&next, i) != 0 || judge_cursor(&next, i) != 0)
			return EINVAL;
	if (has_event && crtcs == 0)
		return EINVAL;
	if (is_modeset(&fake.now, &next) &&
	    (a->flags & DRM_MODE_ATOMIC_ALLOW_MODESET) == 0)
		return EINVAL;
	if (has_cursor_on(&next) &&
	    (is_test ? fake.is_cursor_bad : fake.is_cursor_broken))
		return EINVAL;
	if (is_test)
		return refuse(&next, fake.bad_test_width) ? EINVAL : 0;
	if (refuse(&next, fake.bad_width))
		return ENOSPC;
	for (uint32_t i = 0; i < FAKE_CRTCS; i++) {
		if ((crtcs & (1u << i)) == 0)
			continue;
		if (fake.now.crtcs[i].is_pending) {
			if (a->flags & DRM_MODE_ATOMIC_NONBLOCK)
				return EBUSY;
			fake_flip_done(i, 1); /* the kernel waits for it */
			next.crtcs[i].is_pending = false;
		}
		if (has_event && !next.crtcs[i].is_active)
			return EINVAL;
		next.crtcs[i].is_pending = has_event;
		next.crtcs[i].data = a->user_data;
		take_clips(&next, i);
	}
	for (uint32_t i = 0; i < FAKE_CONNECTORS; i++) {
		const struct fake_protection was = fake.now.protection[i];

		if (memcmp(&was, &next.protection[i], sizeof(was)) == 0)
			continue;
		fake.now.protection[i] = next.protection[i];
		if (fake.on_protection)
			fake.on_protection(i);
		fake.now.protection[i] = was;
	}
	for (uint32_t i = 0; i < FAKE_CONNECTORS; i++)
		if ((next.crtc_of[i] == 0 ||
			!next.crtcs[next.crtc_of[i] - CRTC].is_active) &&
		    next.protection[i].state ==
			DRM_MODE_CONTENT_PROTECTION_ENABLED)
			next.protection[i].state =
			    DRM_MODE_CONTENT_PROTECTION_DESIRED;
	fake.n_commits++;
	fake.n_modesets += is_modeset(&fake.now, &next);
	fake.now = next;
	return 0;
}

/* ------------------------------------------------------------------ buffers */

static int
create_dumb(struct drm_mode_create_dumb *c)
{
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++) {
		struct fake_buffer *b = &fake.buffers[i];

		if (b->exists || b->fb != 0)
			continue;
		*b = (struct fake_buffer){
		    .exists = true, .width = c->width, .height = c->height};
		c->handle = i + 1;
		c->pitch = fake.bad_pitch ? fake.bad_pitch : c->width * 4;
		c->size = (uint64_t)c->pitch * c->height;
		return 0;
	}
	return ENOMEM;
}

static int
add_fb(struct drm_mode_fb_cmd2 *add)
{
	struct fake_buffer *b = &fake.buffers[add->handles[0] - 1];

	if (add->handles[0] == 0 || !b->exists || b->fb != 0 ||
	    b->width != add->width || b->height != add->height)
		return EINVAL;
	b->format = add->pixel_format;
	b->fb = add->fb_id = add->handles[0];
	return 0;
}

/* Removing what is shown switches it off, as the kernel does. */
static int
remove_fb(uint32_t id)
{
	if (id == 0 || id > FAKE_BUFFERS || fake.buffers[id - 1].fb == 0)
		return ENOENT;
	fake.buffers[id - 1].fb = 0;
	for (uint32_t i = 0; i < FAKE_PLANES; i++)
		if (fake.now.planes[i].fb == id) {
			fake.now.planes[i].fb = fake.now.planes[i].crtc = 0;
			if (i < FAKE_CRTCS)
				fake.now.crtcs[i].is_active = false;
		}
	return 0;
}

static int
destroy_dumb(uint32_t handle)
{
	if (handle == 0 || handle > FAKE_BUFFERS ||
	    !fake.buffers[handle - 1].exists)
		return EINVAL;
	fake.buffers[handle - 1].exists = false;
	free(fake.buffers[handle - 1].pixels);
	fake.buffers[handle - 1].pixels = NULL;
	return 0;
}

static int
create_blob(struct drm_mode_create_blob *c)
{
	for (uint32_t i = 0; i < FAKE_BLOBS; i++)
		if (!fake.has_blob[i] && c->length <= sizeof(fake.blobs[0])) {
			fake.has_blob[i] = true;
			fake.blob_bytes[i] = c->length;
			memcpy(fake.blobs[i], (const void *)(uintptr_t)c->data,
			    c->length);
			c->blob_id = i + 1;
			return 0;
		}
	return ENOMEM;
}

static int
destroy_blob(uint32_t id)
{
	if (blob_index(id) == FAKE_BLOBS)
		return ENOENT;
	fake.has_blob[id - 1] = false;
	return 0;
}

/* ---------------------------------------------------------------- questions */

static void
give_id(uint64_t array, uint32_t room, uint32_t *n, uint32_t id)
{
	if (*n < room)
		((uint32_t *)(uintptr_t)array)[*n] = id;
	(*n)++;
}

static int
resources(struct drm_mode_card_res *r)
{
	uint32_t n_crtcs = 0, n_connectors = 0, n_fbs = 0;

	for (uint32_t i = 0; i < FAKE_CRTCS; i++)
		give_id(r->crtc_id_ptr, r->count_crtcs, &n_crtcs, CRTC + i);
	for (uint32_t i = 0; i < FAKE_CONNECTORS; i++)
		if (fake.connectors[i].exists)
			give_id(r->connector_id_ptr, r->count_connectors,
			    &n_connectors, CONNECTOR + i);
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++)
		if (fake.buffers[i].fb != 0)
			give_id(r->fb_id_ptr, r->count_fbs, &n_fbs, i + 1);
	r->count_crtcs = n_crtcs;
	r->count_connectors = n_connectors;
	r->count_fbs = n_fbs;
	return 0;
}

static int
connector(struct drm_mode_get_connector *g)
{
	const struct fake_connector *c =
	    &fake.connectors[g->connector_id - CONNECTOR];

	if (g->connector_id < CONNECTOR || !c->exists)
		return ENOENT;
	if (g->count_modes >= c->n_modes && c->n_modes <= FAKE_MODES)
		memcpy((void *)(uintptr_t)g->modes_ptr, c->modes,
		    c->n_modes * sizeof(c->modes[0]));
	g->count_modes = c->is_connected ? c->n_modes : 0;
	if (g->count_encoders >= 1)
		*(uint32_t *)(uintptr_t)g->encoders_ptr =
		    ENCODER + g->connector_id - CONNECTOR;
	g->count_encoders = 1;
	g->connector_type = c->type;
	g->connector_type_id = c->number;
	g->connection = c->is_connected ? 1 : 2;
	g->mm_width = c->width_mm;
	g->mm_height = c->height_mm;
	return 0;
}

static int
object_props(struct drm_mode_obj_get_properties *g)
{
	uint64_t *values = (uint64_t *)(uintptr_t)g->prop_values_ptr;
	const uint32_t room = g->count_props;
	uint32_t n = 0;

	const uint32_t at = g->obj_type == DRM_MODE_OBJECT_CONNECTOR
				? g->obj_id - CONNECTOR
				: 0;
	const struct fake_connector *c = &fake.connectors[at];

	for (uint32_t p = 0; p < N_PROPS; p++) {
		uint64_t value = 0;
		bool has = false;

		if (g->obj_type == DRM_MODE_OBJECT_CRTC)
			has = p == P_ACTIVE || p == P_MODE;
		else if (g->obj_type == DRM_MODE_OBJECT_CONNECTOR)
			has = p == P_CRTC || (p >= P_LINK && p <= P_EDID) ||
			      (p == P_PROTECTION && c->has_protection) ||
			      (p == P_CONTENT_TYPE && c->has_content_type);
		else
			has = p <= P_CRTC_H ||
			      (p == P_ROTATION && fake.has_rotation) ||
			      (p == P_CLIPS && fake.has_damage);
		if (p == P_TYPE)
			value = g->obj_id < PLANE + FAKE_CRTCS ? 1 /* primary */
							       : 2; /* cursor */
		if (p == P_LINK && g->obj_type == DRM_MODE_OBJECT_CONNECTOR)
			value = c->is_link_bad;
		if (p == P_PROTECTION)
			value = fake.now.protection[at].state;
		if (p == P_CONTENT_TYPE)
			value = fake.now.protection[at].type;
		if (has && n < room)
			values[n] = value;
		if (has)
			give_id(g->props_ptr, room, &n, PROP + p);
	}
	g->count_props = n;
	return 0;
}

static int
property(struct drm_mode_get_property *g)
{
	if (g->prop_id < PROP || g->prop_id >= PROP + N_PROPS)
		return ENOENT;
	snprintf(g->name, sizeof(g->name), "%s", props[g->prop_id - PROP]);
	if (g->prop_id != PROP + P_ROTATION)
		return 0;
	g->flags = DRM_MODE_PROP_BITMASK;
	for (uint32_t i = 0; i < 4 && i < g->count_enum_blobs; i++)
		((struct drm_mode_property_enum *)(uintptr_t)
			g->enum_blob_ptr)[i]
		    .value = i;
	g->count_enum_blobs = 4;
	return 0;
}

static int
plane(struct drm_mode_get_plane *g)
{
	const uint32_t i = g->plane_id - PLANE;

	g->possible_crtcs = 1u << (i % FAKE_CRTCS);
	if (g->count_format_types >= 1)
		*(uint32_t *)(uintptr_t)g->format_type_ptr =
		    i < FAKE_CRTCS ? XRGB : ARGB;
	g->count_format_types = 1;
	return 0;
}

static int
planes(struct drm_mode_get_plane_res *g)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_planes(); i++)
		give_id(g->plane_id_ptr, g->count_planes, &n, PLANE + i);
	g->count_planes = n;
	return 0;
}

static int
answer(unsigned long request, void *arg)
{
	switch (request) {
	case DRM_IOCTL_VERSION:
		return 0;
	case DRM_IOCTL_GET_CAP:
		((struct drm_get_cap *)arg)->value = 1;
		return 0;
	case DRM_IOCTL_SET_CLIENT_CAP:
		return fake.has_atomic ? 0 : EOPNOTSUPP;
	case DRM_IOCTL_MODE_GETRESOURCES:
		return resources(arg);
	case DRM_IOCTL_MODE_GETPLANERESOURCES:
		return planes(arg);
	case DRM_IOCTL_MODE_GETPLANE:
		return plane(arg);
	case DRM_IOCTL_MODE_GETCONNECTOR:
		return connector(arg);
	case DRM_IOCTL_MODE_GETENCODER: {
		struct drm_mode_get_encoder *e = arg;
		e->possible_crtcs =
		    fake.connectors[e->encoder_id - ENCODER].crtcs;
		return 0;
	}
	case DRM_IOCTL_MODE_OBJ_GETPROPERTIES:
		return object_props(arg);
	case DRM_IOCTL_MODE_GETPROPERTY:
		return property(arg);
	case DRM_IOCTL_MODE_CREATE_DUMB:
		return create_dumb(arg);
	case DRM_IOCTL_MODE_MAP_DUMB: {
		struct drm_mode_map_dumb *m = arg;
		m->offset = (uint64_t)m->handle << 32;
		return 0;
	}
	case DRM_IOCTL_MODE_DESTROY_DUMB:
		return destroy_dumb(
		    ((struct drm_mode_destroy_dumb *)arg)->handle);
	case DRM_IOCTL_MODE_ADDFB2:
		return add_fb(arg);
	case DRM_IOCTL_MODE_RMFB:
		return remove_fb(*(uint32_t *)arg);
	case DRM_IOCTL_MODE_CREATEPROPBLOB:
		return create_blob(arg);
	case DRM_IOCTL_MODE_DESTROYPROPBLOB:
		return destroy_blob(
		    ((struct drm_mode_destroy_blob *)arg)->blob_id);
	case DRM_IOCTL_MODE_ATOMIC:
		return atomic(arg);
	default:
		return ENOTTY;
	}
}

/* ------------------------------------------------------------ wrapped calls */

int __wrap_ioctl(int fd, unsigned long request, ...);
void *__real_mmap64(
    void *at, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(
    void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t len);
int __wrap_munmap(void *at, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len);
ssize_t __real_read(int fd, void *to, size_t len);
int __wrap_fcntl64(int fd, int command, ...);
int __real_fcntl64(int fd, int command, ...);

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	int err = EBADF;

	va_start(args, request);
	void *arg = va_arg(args, void *);
	va_end(args);
	fake.n_calls++;
	if (fake.is_gone)
		err = ENODEV;
	else if (fake.fail_call != 0 && --fake.fail_call == 0)
		err = fake.fail_errno;
	else if (fd == FAKE_FD)
		err = answer(request, arg);
	errno = err;
	return err == 0 ? 0 : -1;
}

void *
__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fd != FAKE_FD)
		return __real_mmap64(at, len, prot, flags, fd, offset);
	struct fake_buffer *b = &fake.buffers[(offset >> 32) - 1];
	if (!b->exists || b->is_mapped) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	b->pixels = malloc(len);
	memset(b->pixels, 0x5a, len); /* nobody cleared it */
	b->is_mapped = true;
	return b->pixels;
}

int
__wrap_munmap(void *at, size_t len)
{
	for (uint32_t i = 0; i < FAKE_BUFFERS; i++)
		if (fake.buffers[i].pixels == at && fake.buffers[i].is_mapped) {
			fake.buffers[i].is_mapped = false;
			return 0;
		}
	return __real_munmap(at, len);
}

ssize_t
__wrap_read(int fd, void *to, size_t len)
{
	const uint32_t n = fake.n_events < len ? fake.n_events : (uint32_t)len;

	if (fd != FAKE_FD)
		return __real_read(fd, to, len);
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(to, fake.events, n);
	memmove(fake.events, fake.events + n, fake.n_events - n);
	fake.n_events -= n;
	return n;
}

int
__wrap_fcntl64(int fd, int command, ...)
{
	va_list args;

	if (fd == FAKE_FD)
		return 0;
	if (command == F_GET_SEALS)
		return __real_fcntl64(fd, command);
	va_start(args, command);
	const int arg = va_arg(args, int);
	va_end(args);
	return __real_fcntl64(fd, command, arg);
}
