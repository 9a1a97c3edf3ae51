#include "compositor/kms_drm.h"

#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm_mode.h>
#include <string.h>

#include "tds/base/log.h"

/* One card per process: main.c has one screen. */
static struct kms the_card;

struct kms *
kms_of(struct screen *screen)
{
	return (struct kms *)(void *)screen; /* its first member */
}
_Static_assert(offsetof(struct kms, screen) == 0, "kms_of() relies on it");

/* ------------------------------------------------------------------- probe */

/* Switch off what went away or changed. Only then its buffers may go: the
 * card must not read memory that is somebody else's. */
static int
let_go(struct kms *kms, const struct core_output *slots, uint32_t n,
    const uint32_t of_slot[TDS_MAX_OUTPUTS])
{
	bool is_gone[TDS_MAX_OUTPUTS] = {false};
	bool any = !kms->was_probed;

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		struct kms_output *o = &kms->outputs[i];

		if (o->state == KMS_DARK)
			continue;
		is_gone[i] = i >= n || of_slot[i] == KMS_NONE ||
			     !kms_output_is_same(
				 o, &kms->connectors[of_slot[i]], &slots[i]);
		any |= is_gone[i];
		if (is_gone[i])
			o->state = KMS_DARK;
	}
	if (!any)
		return 0;
	const int err = kms_commit_unused_off(kms);
	if (kms_is_fatal(err))
		return err;
	if (err < 0) /* removing the buffers switches off as well */
		log_error("unused screens cannot be switched off: %s",
		    strerror(-err));
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		if (is_gone[i])
			kms_output_release(kms, &kms->outputs[i]);
	kms->was_probed = true;
	return 0;
}

/* Connectors that can go to few CRTCs choose first. */
static int
light(struct kms *kms, const struct core_output *slots, uint32_t n,
    const uint32_t of_slot[TDS_MAX_OUTPUTS])
{
	for (int choices = 0; choices <= KMS_MAX_CRTCS; choices++)
		for (uint32_t i = 0; i < n; i++) {
			if (of_slot[i] == KMS_NONE ||
			    kms->outputs[i].state != KMS_DARK)
				continue;
			const struct kms_connector *c =
			    &kms->connectors[of_slot[i]];
			if (__builtin_popcount(c->crtcs) != choices)
				continue;
			const int err = kms_output_light(kms, i, c, &slots[i]);
			if (err < 0)
				return err;
		}
	return 0;
}

static void
tell(const struct kms_output *o, uint32_t i)
{
	log_info("screen %u: %s, %ux%u at %u.%03u Hz, scale %u", i,
	    (const char *)o->found.name, o->mode.hdisplay, o->mode.vdisplay,
	    o->found.refresh_mhz / 1000, o->found.refresh_mhz % 1000,
	    o->found.scale);
}

/* What the caller is told of output i. */
static struct core_output
settle(struct kms *kms, uint32_t i, const struct core_output *slot)
{
	struct kms_output *o = &kms->outputs[i];
	struct core_output dark = *slot;

	dark.width = dark.height = 0;
	if (o->state == KMS_DARK)
		return dark;
	if (o->state == KMS_READY && !kms->was_copy_chosen) {
		kms->copy = kms_choose_copy(&o->buffers[0]);
		kms->was_copy_chosen = true;
	}
	if (o->told_turn != o->turn + 1)
		tell(o, i);
	o->told_turn = o->turn + 1;
	return o->found;
}

static int
kms_probe(struct screen *screen, const struct core_output *slots, uint32_t n,
    struct core_output *found)
{
	struct kms *kms = kms_of(screen);
	uint32_t of_slot[TDS_MAX_OUTPUTS];

	if (n > TDS_MAX_OUTPUTS)
		return -ERANGE;
	int err = kms_find_connectors(kms);
	if (err < 0)
		return err;
	kms_bind(kms, slots, n, of_slot);
	err = let_go(kms, slots, n, of_slot);
	if (err == 0)
		err = light(kms, slots, n, of_slot);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < n; i++) {
		if (of_slot[i] == KMS_NONE)
			kms->outputs[i].connector_id = 0;
		found[i] = settle(kms, i, &slots[i]);
	}
	return 0;
}

/* ------------------------------------------------------------------ frames */

static struct target
kms_begin(struct screen *screen, uint32_t i, const struct damage **stale)
{
	struct kms *kms = kms_of(screen);
	struct kms_output *o = &kms->outputs[i];
	const struct kms_buffer *b = &o->buffers[o->back];

	if (o->state == KMS_DARK || o->is_pending || kms->is_off)
		return (struct target){0};
	if (o->turns_here) {
		*stale = &o->frame_stale;
		return (struct target){
		    .pixels = o->frame, .stride_px = o->found.width};
	}
	*stale = &b->stale;
	return (struct target){
	    .pixels = b->pixels, .stride_px = b->stride / 4, .copy = kms->copy};
}

/* From the private frame to the buffer: what it lacks and what is new. */
static void
turn(struct kms_output *o, const struct damage *painted)
{
	struct kms_buffer *b = &o->buffers[o->back];
	const struct rect all =
	    rect_make(0, 0, (int32_t)o->found.width, (int32_t)o->found.height);
	struct damage lacking = b->stale;

	for (uint32_t k = 0; k < painted->n; k++)
		damage_add(&lacking, rect_intersect(painted->r[k], all));
	for (uint32_t k = 0; k < lacking.n; k++)
		kms_turn_pixels(lacking.r[k], o->slot.rotation, o->frame,
		    o->found.width, o->found.height, b);
	damage_clear(&o->frame_stale);
}

/* The other buffer does not have it; stale is in pixels of the output. */
static void
make_stale(struct kms_output *o, const struct damage *painted)
{
	for (uint32_t k = 0; k < painted->n; k++)
		damage_add(&o->buffers[o->back ^ 1].stale, painted->r[k]);
}

/* What a commit that failed means for the next one. */
static void
blame(struct kms *kms, struct kms_output *o, int err)
{
	if (kms_is_fatal(err) || err == -EBUSY ||
	    kms_protect_give_up(o, err) || kms_cursor_give_up(kms, o, err))
		return;
	log_error("%s: %ux%u cannot be shown (%s)", (const char *)o->found.name,
	    o->mode.hdisplay, o->mode.vdisplay, strerror(-err));
	kms_output_refuse_mode(o);
}

static int
kms_present(struct screen *screen, uint32_t i, const struct damage *painted)
{
	struct kms *kms = kms_of(screen);
	struct kms_output *o = &kms->outputs[i];
	const bool is_frame = painted->n > 0 || o->state == KMS_READY;
	int err;

	if (o->state == KMS_DARK || o->is_pending || kms->is_off)
		return -EBUSY;
	if (is_frame && o->turns_here)
		turn(o, painted);
	make_stale(o, painted);
	kms_cursor_prepare(o);
	kms_protect_prepare(kms, o);
	if (is_frame)
		err = kms_flip(kms, i, o->is_clip_lost ? NULL : painted);
	else
		err = kms_commit_cursor(kms, i);
	if (err < 0) {
		o->is_clip_lost |= is_frame;
		blame(kms, o, err);
		return err;
	}
	kms_cursor_done(o);
	kms_protect_done(o);
	o->is_pending = true;
	if (!is_frame)
		return 0;
	o->is_clip_lost = false;
	damage_clear(&o->buffers[o->back].stale);
	o->back ^= 1;
	o->state = KMS_LIT;
	return 0;
}

static int
kms_power(struct screen *screen, bool is_on)
{
	struct kms *kms = kms_of(screen);

	if (is_on) {
		kms->is_off = false; /* present() does the rest */
		return 0;
	}
	if (kms->is_off)
		return 0;
	const int err = kms_commit_inactive(kms);
	if (err < 0)
		return err;
	kms->is_off = true;
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		if (kms->outputs[i].state == KMS_LIT)
			kms_output_darken(&kms->outputs[i]);
	return 0;
}

/* ------------------------------------------------------------------ others */

/* Card memory is not read: it is painted again elsewhere. */
static int
kms_dump(struct screen *screen, uint32_t i, int fd)
{
	(void)screen;
	(void)i;
	(void)fd;
	return -EOPNOTSUPP;
}

/* --------------------------------------------------------- create, destroy */

static const struct screen_ops kms_ops = {
    .probe = kms_probe,
    .begin = kms_begin,
    .present = kms_present,
    .power = kms_power,
    .flips = kms_flips,
    .has_cursor = kms_has_cursor,
    .set_cursor = kms_set_cursor,
    .protect = kms_protect,
    .is_protected = kms_is_protected,
    .dump = kms_dump,
};

int
kms_create(int card_fd, struct screen **out)
{
	struct kms *kms = &the_card;
	const int flags = fcntl(card_fd, F_GETFL);

	memset(kms, 0, sizeof(*kms));
	kms->screen.ops = &kms_ops;
	kms->fd = card_fd;
	/* events are read until there are none */
	if (flags < 0 || fcntl(card_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	const int err = kms_find_objects(kms);
	if (err < 0)
		return err;
	kms_forget_older(card_fd);
	*out = &kms->screen;
	return 0;
}

void
kms_destroy(struct screen *screen)
{
	struct kms *kms = kms_of(screen);

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		kms->outputs[i].state = KMS_DARK;
	(void)!kms_commit_unused_off(kms);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		kms_output_release(kms, &kms->outputs[i]);
}
