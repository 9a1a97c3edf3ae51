#include "compositor/kms_parts_drm.h"

#include <libdrm/drm_fourcc.h>
#include <string.h>

#include "tds/base/log.h"

enum { DIM = TDS_CURSOR_DIM, PLANE_TYPE_CURSOR = 2 };

/* A cursor plane for the CRTC of this output that nobody has. */
static uint32_t
find_plane(const struct kms *kms, const struct kms_output *o)
{
	for (uint32_t i = 0; i < kms->n_planes; i++) {
		const struct kms_plane *p = &kms->planes[i];
		bool is_free = p->type == PLANE_TYPE_CURSOR && p->has_argb &&
			       (p->crtcs & (1u << o->crtc)) != 0;

		for (uint32_t k = 0; k < TDS_MAX_OUTPUTS; k++)
			is_free &= !kms->outputs[k].cursor.has_plane ||
				   kms->outputs[k].cursor.plane != i;
		if (is_free)
			return i;
	}
	return KMS_NONE;
}

int
kms_cursor_init(struct kms *kms, uint32_t i)
{
	struct kms_output *o = &kms->outputs[i];
	struct kms_cursor *c = &o->cursor;
	const uint32_t plane =
	    o->slot.rotation != 0 ? KMS_NONE : find_plane(kms, o);
	int err = 0;

	if (plane == KMS_NONE)
		return 0;
	for (uint32_t k = 0; k < 2 && err == 0; k++)
		err = kms_buffer_init(
		    kms->fd, &c->images[k], DIM, DIM, DRM_FORMAT_ARGB8888);
	c->has_plane = true;
	c->plane = plane;
	c->x = c->y = 0;
	c->is_visible = true; /* for the test */
	if (err == 0)
		err = kms_test(kms, i);
	if (err < 0)
		kms_cursor_finish(kms, o);
	c->is_visible = false;
	c->is_image_new = c->is_news = true;
	return kms_is_fatal(err) ? err : 0;
}

void
kms_cursor_finish(struct kms *kms, struct kms_output *o)
{
	struct kms_cursor *c = &o->cursor;

	c->has_plane = c->is_visible = false;
	for (uint32_t k = 0; k < 2; k++)
		kms_buffer_finish(kms->fd, &c->images[k]);
}

void
kms_cursor_darken(struct kms_output *o)
{
	struct kms_cursor *c = &o->cursor;

	for (uint32_t k = 0; k < 2 && c->has_plane; k++)
		memset(c->images[k].pixels, 0, c->images[k].bytes);
	c->is_image_new = c->is_news = true;
}

bool
kms_cursor_is_on(const struct kms_output *o)
{
	const struct kms_cursor *c = &o->cursor;

	/* drivers differ in what they make of a plane that is all outside */
	return c->has_plane && c->is_visible && c->x > -DIM && c->y > -DIM &&
	       c->x < (int32_t)o->found.width &&
	       c->y < (int32_t)o->found.height;
}

void
kms_cursor_prepare(struct kms_output *o)
{
	struct kms_cursor *c = &o->cursor;

	c->next = c->shown;
	if (!kms_cursor_is_on(o) || !c->is_image_new)
		return;
	c->next = c->shown ^ 1;
	const struct kms_buffer *b = &c->images[c->next];
	copy_pixels(
	    COPY_PLAIN, b->pixels, b->stride, c->image, DIM * 4, DIM * 4, DIM);
}

void
kms_cursor_done(struct kms_output *o)
{
	struct kms_cursor *c = &o->cursor;

	c->is_image_new &= c->next == c->shown;
	c->shown = c->next;
	c->is_news = false;
}

bool
kms_cursor_give_up(struct kms *kms, struct kms_output *o, int err)
{
	if (!o->cursor.is_news || !kms_cursor_is_on(o))
		return false;
	log_error("the cursor plane of %s fails (%s): the cursor is painted",
	    (const char *)o->found.name, strerror(-err));
	kms_cursor_finish(kms, o);
	return true;
}

/* -------------------------------------------------------------- operations */

bool
kms_has_cursor(const struct screen *screen, uint32_t i)
{
	const struct kms *kms = (const struct kms *)(const void *)screen;

	return kms->outputs[i].state != KMS_DARK &&
	       kms->outputs[i].cursor.has_plane;
}

void
kms_set_cursor(
    struct screen *screen, uint32_t i, const struct cursor_plane *cursor)
{
	struct kms_cursor *c = &kms_of(screen)->outputs[i].cursor;

	c->is_visible = cursor->is_visible;
	c->x = cursor->x;
	c->y = cursor->y;
	c->is_news = true;
	if (!cursor->image)
		return;
	memcpy(c->image, cursor->image, sizeof(c->image));
	c->is_image_new = true;
}
