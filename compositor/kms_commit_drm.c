#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <libdrm/drm_mode.h>
#include <string.h>

enum { MAX_OBJECTS = 160, MAX_VALUES = 640 };

/* An atomic request. What does not fit makes it fail for good. */
struct request {
	uint32_t n_objects, n_values;
	bool is_full;
	uint32_t objects[MAX_OBJECTS], counts[MAX_OBJECTS];
	uint32_t props[MAX_VALUES];
	uint64_t values[MAX_VALUES];
};

static void
set(struct request *r, uint32_t object, uint32_t prop, uint64_t value)
{
	if (r->n_objects == 0 || r->objects[r->n_objects - 1] != object) {
		if (r->n_objects == MAX_OBJECTS) {
			r->is_full = true;
			return;
		}
		r->objects[r->n_objects] = object;
		r->counts[r->n_objects++] = 0;
	}
	if (r->n_values == MAX_VALUES) {
		r->is_full = true;
		return;
	}
	r->counts[r->n_objects - 1]++;
	r->props[r->n_values] = prop;
	r->values[r->n_values++] = value;
}

static int
submit(struct kms *kms, const struct request *r, uint32_t flags, uint64_t data)
{
	struct drm_mode_atomic atomic = {.flags = flags,
	    .count_objs = r->n_objects,
	    .objs_ptr = (uintptr_t)r->objects,
	    .count_props_ptr = (uintptr_t)r->counts,
	    .props_ptr = (uintptr_t)r->props,
	    .prop_values_ptr = (uintptr_t)r->values,
	    .user_data = data};

	if (r->is_full)
		return -ENOSPC;
	if (r->n_objects == 0)
		return 0;
	return kms_call(kms->fd, DRM_IOCTL_MODE_ATOMIC, &atomic);
}

/* ---------------------------------------------------------- what a state is */

static void
add_plane_off(struct request *r, const struct kms_plane *p)
{
	set(r, p->id, p->prop[PLANE_FB_ID], 0);
	set(r, p->id, p->prop[PLANE_CRTC_ID], 0);
}

struct place {
	int32_t x, y;
	uint32_t width, height; /* on the CRTC */
	uint32_t rotation;	/* DRM_MODE_ROTATE_ bit */
};

/* All of a buffer at a place of a CRTC, and nothing left of what an earlier
 * master of the card may have set. */
static void
add_plane(struct request *r, const struct kms_plane *p, uint32_t crtc_id,
    const struct kms_buffer *b, struct place place)
{
	const uint32_t *prop = p->prop;

	set(r, p->id, prop[PLANE_FB_ID], b->fb);
	set(r, p->id, prop[PLANE_CRTC_ID], crtc_id);
	set(r, p->id, prop[PLANE_SRC_X], 0);
	set(r, p->id, prop[PLANE_SRC_Y], 0);
	set(r, p->id, prop[PLANE_SRC_W], (uint64_t)b->width << 16);
	set(r, p->id, prop[PLANE_SRC_H], (uint64_t)b->height << 16);
	set(r, p->id, prop[PLANE_CRTC_X], (uint64_t)(int64_t)place.x);
	set(r, p->id, prop[PLANE_CRTC_Y], (uint64_t)(int64_t)place.y);
	set(r, p->id, prop[PLANE_CRTC_W], place.width);
	set(r, p->id, prop[PLANE_CRTC_H], place.height);
	if (prop[PLANE_ROTATION] != 0)
		set(r, p->id, prop[PLANE_ROTATION], place.rotation);
	if (prop[PLANE_ALPHA] != 0)
		set(r, p->id, prop[PLANE_ALPHA], 0xffff); /* opaque */
	if (prop[PLANE_BLEND] != 0)
		set(r, p->id, prop[PLANE_BLEND], 0); /* premultiplied */
}

static void
add_cursor(struct request *r, const struct kms *kms, const struct kms_output *o)
{
	const struct kms_cursor *c = &o->cursor;

	if (kms_cursor_is_on(o))
		add_plane(r, &kms->planes[c->plane], kms->crtcs[o->crtc].id,
		    &c->images[c->next],
		    (struct place){c->x, c->y, TDS_CURSOR_DIM, TDS_CURSOR_DIM,
			DRM_MODE_ROTATE_0});
	else if (c->has_plane)
		add_plane_off(r, &kms->planes[c->plane]);
}

static uint32_t
prop_of_connector(const struct kms *kms, uint32_t id, enum connector_prop prop)
{
	for (uint32_t i = 0; i < kms->n_connectors; i++)
		if (kms->connectors[i].id == id)
			return kms->connectors[i].prop[prop];
	return 0;
}

static void
add_protection(
    struct request *r, const struct kms *kms, const struct kms_output *o)
{
	uint32_t props[2];
	uint64_t values[2];
	const uint32_t n = kms_protect_values(kms, o, props, values);

	for (uint32_t i = 0; i < n; i++)
		set(r, o->connector_id, props[i], values[i]);
}

/* The whole state of an output that is on. */
static void
add_output(struct request *r, const struct kms *kms, const struct kms_output *o,
    const struct kms_buffer *b)
{
	const struct kms_crtc *crtc = &kms->crtcs[o->crtc];
	const uint32_t link =
	    prop_of_connector(kms, o->connector_id, CONNECTOR_LINK_STATUS);

	set(r, o->connector_id,
	    prop_of_connector(kms, o->connector_id, CONNECTOR_CRTC_ID),
	    crtc->id);
	if (link != 0)
		set(r, o->connector_id, link, DRM_MODE_LINK_STATUS_GOOD);
	add_protection(r, kms, o);
	set(r, crtc->id, crtc->prop[CRTC_MODE_ID], o->mode_blob);
	set(r, crtc->id, crtc->prop[CRTC_ACTIVE], 1);
	add_plane(r, &kms->planes[o->plane], crtc->id, b,
	    (struct place){0, 0, o->mode.hdisplay, o->mode.vdisplay,
		o->rotation_bits != 0 ? o->rotation_bits : DRM_MODE_ROTATE_0});
	add_cursor(r, kms, o);
}

/* ------------------------------------------------------------ switching off */

static bool
uses(
    const struct kms *kms, uint32_t connector_id, uint32_t crtc, uint32_t plane)
{
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		const struct kms_output *o = &kms->outputs[i];

		if (o->state != KMS_LIT)
			continue;
		if (o->connector_id == connector_id || o->crtc == crtc ||
		    o->plane == plane ||
		    (o->cursor.has_plane && o->cursor.plane == plane))
			return true;
	}
	return false;
}

static void
add_unused_off(struct request *r, const struct kms *kms)
{
	for (uint32_t i = 0; i < kms->n_planes; i++)
		if (!uses(kms, 0, KMS_NONE, i))
			add_plane_off(r, &kms->planes[i]);
	for (uint32_t i = 0; i < kms->n_connectors; i++) {
		const struct kms_connector *c = &kms->connectors[i];

		if (!uses(kms, c->id, KMS_NONE, KMS_NONE) &&
		    c->prop[CONNECTOR_CRTC_ID] != 0)
			set(r, c->id, c->prop[CONNECTOR_CRTC_ID], 0);
	}
	for (uint32_t i = 0; i < kms->n_crtcs; i++) {
		const struct kms_crtc *c = &kms->crtcs[i];

		if (uses(kms, 0, i, KMS_NONE))
			continue;
		set(r, c->id, c->prop[CRTC_MODE_ID], 0);
		set(r, c->id, c->prop[CRTC_ACTIVE], 0);
	}
}

int
kms_commit_unused_off(struct kms *kms)
{
	struct request r = {0};

	add_unused_off(&r, kms);
	return submit(kms, &r, DRM_MODE_ATOMIC_ALLOW_MODESET, 0);
}

/* ------------------------------------------------------------------ lighting
 */

int
kms_test(struct kms *kms, uint32_t i)
{
	struct request r = {0};

	for (uint32_t k = 0; k < TDS_MAX_OUTPUTS; k++) {
		const struct kms_output *o = &kms->outputs[k];

		if (k == i || o->state != KMS_DARK)
			add_output(&r, kms, o, &o->buffers[o->back]);
	}
	return submit(kms, &r,
	    DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET, 0);
}

/* A blob for FB_DAMAGE_CLIPS; 0: none, which means all of it. */
static uint32_t
make_clips(
    struct kms *kms, const struct kms_output *o, const struct damage *painted)
{
	struct drm_mode_rect clips[TDS_MAX_DAMAGE];
	struct drm_mode_create_blob blob = {.data = (uintptr_t)clips,
	    .length = painted->n * (uint32_t)sizeof(clips[0])};

	for (uint32_t i = 0; i < painted->n; i++) {
		const struct rect r =
		    o->turns_here
			? kms_turn_rect(painted->r[i], o->slot.rotation,
			      o->found.width, o->found.height)
			: painted->r[i];
		clips[i] = (struct drm_mode_rect){r.x0, r.y0, r.x1, r.y1};
	}
	if (painted->n == 0 ||
	    kms_call(kms->fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob) < 0)
		return 0;
	return blob.blob_id;
}

int
kms_flip(struct kms *kms, uint32_t i, const struct damage *painted)
{
	struct kms_output *o = &kms->outputs[i];
	const struct kms_plane *plane = &kms->planes[o->plane];
	const uint32_t damage = plane->prop[PLANE_DAMAGE];
	const uint64_t data = (uint64_t)o->turn << 32 | i;
	const bool is_modeset = o->state == KMS_READY || kms_protect_is_news(o);
	const uint32_t flags =
	    DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT |
	    (is_modeset ? DRM_MODE_ATOMIC_ALLOW_MODESET : 0);
	struct request r;
	struct drm_mode_destroy_blob clips = {0};

	r.n_objects = r.n_values = 0;
	r.is_full = false;
	if (o->state == KMS_READY) {
		add_output(&r, kms, o, &o->buffers[o->back]);
	} else {
		if (is_modeset)
			add_protection(&r, kms, o);
		set(&r, plane->id, plane->prop[PLANE_FB_ID],
		    o->buffers[o->back].fb);
	}
	if (damage != 0) {
		if (painted && o->state == KMS_LIT)
			clips.blob_id = make_clips(kms, o, painted);
		set(&r, plane->id, damage, clips.blob_id);
	}
	if (o->state == KMS_LIT && o->cursor.is_news)
		add_cursor(&r, kms, o);
	int err = submit(kms, &r, flags, data);
	/* Setting a mode may involve other outputs, whose flips are pending:
	 * then it waits for these, once. */
	if (err == -EBUSY && is_modeset)
		err = submit(
		    kms, &r, flags & ~(uint32_t)DRM_MODE_ATOMIC_NONBLOCK, data);
	if (clips.blob_id != 0)
		(void)!kms_call(
		    kms->fd, DRM_IOCTL_MODE_DESTROYPROPBLOB, &clips);
	return err;
}

int
kms_commit_cursor(struct kms *kms, uint32_t i)
{
	const struct kms_output *o = &kms->outputs[i];
	const struct kms_crtc *crtc = &kms->crtcs[o->crtc];
	struct request r;

	r.n_objects = r.n_values = 0;
	r.is_full = false;
	/* what it is anyway: without a CRTC there is no event */
	set(&r, crtc->id, crtc->prop[CRTC_ACTIVE], 1);
	add_cursor(&r, kms, o);
	if (!kms_protect_is_news(o))
		return submit(kms, &r,
		    DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT,
		    (uint64_t)o->turn << 32 | i);
	add_protection(&r, kms, o);
	return submit(kms, &r,
	    DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT,
	    (uint64_t)o->turn << 32 | i);
}

int
kms_commit_inactive(struct kms *kms)
{
	struct request r = {0};

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		const struct kms_output *o = &kms->outputs[i];
		const struct kms_crtc *c = &kms->crtcs[o->crtc];

		if (o->state != KMS_LIT)
			continue;
		set(&r, c->id, c->prop[CRTC_ACTIVE], 0);
		if (o->cursor.has_plane)
			add_plane_off(&r, &kms->planes[o->cursor.plane]);
	}
	return submit(kms, &r, DRM_MODE_ATOMIC_ALLOW_MODESET, 0);
}
