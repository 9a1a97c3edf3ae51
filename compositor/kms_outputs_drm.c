#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <libdrm/drm_fourcc.h>
#include <libdrm/drm_mode.h>
#include <string.h>
#include <sys/mman.h>

#include "tds/base/log.h"

bool
kms_is_fatal(int err)
{
	return err == -ENODEV || err == -EACCES || err == -EPERM ||
	       err == -EBADF || err == -EIO;
}

/* ------------------------------------------------------- owned by an output */

void
kms_output_release(struct kms *kms, struct kms_output *o)
{
	struct drm_mode_destroy_blob blob = {.blob_id = o->mode_blob};

	for (uint32_t k = 0; k < 2; k++)
		kms_buffer_finish(kms->fd, &o->buffers[k]);
	kms_cursor_finish(kms, o);
	kms_protect_release(o);
	if (o->frame)
		munmap(o->frame, o->frame_bytes);
	if (o->mode_blob != 0)
		(void)!kms_call(kms->fd, DRM_IOCTL_MODE_DESTROYPROPBLOB, &blob);
	o->frame = NULL;
	o->frame_bytes = 0;
	o->mode_blob = 0;
	o->turns_here = false;
	o->rotation_bits = 0;
	o->back = 0;
	o->is_pending = false;
	o->is_clip_lost = false;
	o->turn++; /* events that are still to come are not ours */
	o->state = KMS_DARK;
	o->found.width = o->found.height = 0;
}

/* As it is seen, turned or not. */
static struct rect
whole(const struct kms_output *o)
{
	return rect_make(
	    0, 0, (int32_t)o->found.width, (int32_t)o->found.height);
}

static int
make_frame(struct kms_output *o)
{
	const size_t bytes = (size_t)o->found.width * o->found.height * 4;
	void *frame = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (frame == MAP_FAILED)
		return -errno;
	o->frame = frame;
	o->frame_bytes = bytes;
	damage_clear(&o->frame_stale);
	damage_add(&o->frame_stale, whole(o));
	return 0;
}

void
kms_output_darken(struct kms_output *o)
{
	for (uint32_t k = 0; k < 2; k++) {
		memset(o->buffers[k].pixels, 0, o->buffers[k].bytes);
		damage_add(&o->buffers[k].stale, whole(o));
	}
	kms_cursor_darken(o);
	o->state = KMS_READY;
}

static int
make_mode_blob(struct kms *kms, struct kms_output *o)
{
	struct drm_mode_create_blob blob = {
	    .data = (uintptr_t)&o->mode, .length = sizeof(o->mode)};
	const int err = kms_call(kms->fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob);

	if (err == 0)
		o->mode_blob = blob.blob_id;
	return err;
}

/* Buffers as the plane reads them: turned by it, or by us. */
static int
make_buffers(struct kms *kms, struct kms_output *o)
{
	const bool by_plane = o->rotation_bits != 0;
	const uint32_t width = by_plane ? o->found.width : o->mode.hdisplay;
	const uint32_t height = by_plane ? o->found.height : o->mode.vdisplay;
	int err = make_mode_blob(kms, o);

	o->turns_here = !by_plane && o->slot.rotation != 0;
	if (err == 0 && o->turns_here)
		err = make_frame(o);
	for (uint32_t k = 0; k < 2 && err == 0; k++) {
		err = kms_buffer_init(kms->fd, &o->buffers[k], width, height,
		    DRM_FORMAT_XRGB8888);
		damage_add(&o->buffers[k].stale, whole(o));
	}
	return err;
}

/* --------------------------------------------------------- prepare and test */

static int
try_with(struct kms *kms, uint32_t i, uint32_t rotation_bits)
{
	struct kms_output *o = &kms->outputs[i];
	const bool is_odd = o->slot.rotation % 2 == 1;

	o->rotation_bits = rotation_bits;
	o->found.width = is_odd ? o->mode.vdisplay : o->mode.hdisplay;
	o->found.height = is_odd ? o->mode.hdisplay : o->mode.vdisplay;
	int err = make_buffers(kms, o);
	if (err == 0)
		err = kms_test(kms, i);
	if (err == 0)
		err = kms_cursor_init(kms, i);
	if (err < 0)
		kms_output_release(kms, o);
	else
		o->state = KMS_READY;
	return err;
}

/* The kernel counts quarter turns against the clock. */
static uint32_t
rotation_bit(uint32_t turns)
{
	return 1u << ((4 - turns) % 4);
}

static bool
is_taken(const struct kms *kms, uint32_t crtc, uint32_t plane)
{
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		if (kms->outputs[i].state != KMS_DARK &&
		    (kms->outputs[i].crtc == crtc ||
			kms->outputs[i].plane == plane))
			return true;
	return false;
}

/* A primary plane for this CRTC that nobody has; KMS_NONE: none. */
static uint32_t
find_primary(const struct kms *kms, uint32_t crtc)
{
	for (uint32_t i = 0; i < kms->n_planes; i++) {
		const struct kms_plane *p = &kms->planes[i];

		if (p->type == 1 /* DRM_PLANE_TYPE_PRIMARY */ &&
		    (p->crtcs & (1u << crtc)) != 0 && p->has_xrgb &&
		    !is_taken(kms, KMS_NONE, i))
			return i;
	}
	return KMS_NONE;
}

static int
try_crtc(struct kms *kms, uint32_t i, uint32_t crtc)
{
	struct kms_output *o = &kms->outputs[i];
	const uint32_t plane = find_primary(kms, crtc);
	const uint32_t bit = rotation_bit(o->slot.rotation);

	if (plane == KMS_NONE)
		return -EBUSY;
	o->crtc = crtc;
	o->plane = plane;
	if (o->slot.rotation != 0 &&
	    (kms->planes[plane].rotations & bit) != 0) {
		const int err = try_with(kms, i, bit);
		if (err == 0 || kms_is_fatal(err))
			return err;
	}
	return try_with(kms, i, 0);
}

static int
try_mode(struct kms *kms, uint32_t i, const struct kms_connector *c)
{
	int err = -EBUSY; /* no CRTC is free */

	for (uint32_t crtc = 0; crtc < kms->n_crtcs; crtc++) {
		if ((c->crtcs & (1u << crtc)) == 0 ||
		    is_taken(kms, crtc, KMS_NONE))
			continue;
		err = try_crtc(kms, i, crtc);
		if (err == 0 || kms_is_fatal(err))
			return err;
	}
	return err;
}

static void
tell_dark(const struct kms_connector *c, int err)
{
	log_error("no mode of the monitor at %s works (%s); it stays dark, "
		  "choose another mode or use another connector",
	    c->name, strerror(-err));
}

int
kms_output_light(struct kms *kms, uint32_t i, const struct kms_connector *c,
    const struct core_output *slot)
{
	struct kms_output *o = &kms->outputs[i];
	const uint64_t hash = kms_modes_hash(c);
	const struct drm_mode_modeinfo *mode;
	int err = 0;

	if (o->connector_id != c->id || o->modes_hash != hash)
		o->n_failed = 0;
	o->connector_id = c->id;
	o->modes_hash = hash;
	o->slot = o->found = *slot;
	memcpy(o->found.name, c->name, sizeof(o->found.name));
	while (o->n_failed < KMS_MAX_FAILED &&
	       (mode = kms_choose_mode(c, slot, o->failed, o->n_failed))) {
		o->mode = *mode;
		o->found.refresh_mhz = kms_refresh_mhz(mode);
		if (slot->scale == 0)
			o->found.scale = kms_choose_scale(c, mode);
		err = try_mode(kms, i, c);
		if (err == 0 || kms_is_fatal(err))
			return err;
		kms_output_refuse_mode(o);
	}
	if (err < 0)
		tell_dark(c, err);
	return 0;
}

void
kms_output_refuse_mode(struct kms_output *o)
{
	if (o->n_failed < KMS_MAX_FAILED)
		o->failed[o->n_failed++] = o->mode;
}

bool
kms_output_is_same(const struct kms_output *o, const struct kms_connector *c,
    const struct core_output *slot)
{
	if (o->state == KMS_DARK || o->connector_id != c->id ||
	    c->is_link_bad || memcmp(&o->slot, slot, sizeof(*slot)) != 0)
		return false;
	const bool is_same_list = o->modes_hash == kms_modes_hash(c);
	const struct drm_mode_modeinfo *mode =
	    kms_choose_mode(c, slot, o->failed, is_same_list ? o->n_failed : 0);
	return mode && kms_mode_is_same(mode, &o->mode) &&
	       (slot->scale != 0 ||
		   kms_choose_scale(c, mode) == o->found.scale);
}
