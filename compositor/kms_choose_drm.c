#include "compositor/kms_parts_drm.h"

#include <libdrm/drm_mode.h>
#include <string.h>

enum {
	MIN_WIDTH = 640,
	MIN_HEIGHT = 480,
	/* a monitor that claims more would make us fill memory with frames */
	MAX_PIXELS = 8192 * 4320,
};

uint32_t
kms_refresh_mhz(const struct drm_mode_modeinfo *mode)
{
	const uint64_t total = (uint64_t)mode->htotal * mode->vtotal;

	if (total == 0)
		return 0;
	/* clock in kHz, at most 2^32: no overflow */
	return (
	    uint32_t)(((uint64_t)mode->clock * 1000000 + total / 2) / total);
}

static bool
is_usable(const struct drm_mode_modeinfo *m)
{
	const uint32_t refresh = kms_refresh_mhz(m);
	const uint32_t never = DRM_MODE_FLAG_INTERLACE | DRM_MODE_FLAG_DBLSCAN;

	return m->hdisplay >= MIN_WIDTH && m->vdisplay >= MIN_HEIGHT &&
	       m->hdisplay <= TDS_MAX_DIM && m->vdisplay <= TDS_MAX_DIM &&
	       m->hdisplay * m->vdisplay <= MAX_PIXELS &&
	       refresh >= 1000 && refresh <= 500000 && (m->flags & never) == 0;
}

bool
kms_mode_is_same(
    const struct drm_mode_modeinfo *a, const struct drm_mode_modeinfo *b)
{
	return a->clock == b->clock && a->hdisplay == b->hdisplay &&
	       a->vdisplay == b->vdisplay && a->htotal == b->htotal &&
	       a->vtotal == b->vtotal && a->hsync_start == b->hsync_start &&
	       a->vsync_start == b->vsync_start && a->flags == b->flags;
}

/*
 * The lower, the better:
 *	0 ..    configured, by how far its refresh is from the configured one
 *	2^20    preferred by the monitor
 *	2^21    any other, in the kernel's order
 */
static uint32_t
cost_of(const struct drm_mode_modeinfo *m, const struct core_output *slot)
{
	const bool is_upright = slot->rotation % 2 == 0;
	const uint32_t width = is_upright ? slot->width : slot->height;
	const uint32_t height = is_upright ? slot->height : slot->width;
	const uint32_t refresh = kms_refresh_mhz(m);
	const bool is_preferred = m->type & DRM_MODE_TYPE_PREFERRED;
	const uint32_t off = refresh > slot->refresh_mhz
				 ? refresh - slot->refresh_mhz
				 : slot->refresh_mhz - refresh;

	if (width != 0 && m->hdisplay == width && m->vdisplay == height) {
		if (slot->refresh_mhz != 0)
			return off;
		/* what is left open: as preferred, else the fastest */
		return is_preferred ? 0 : 500001 - refresh;
	}
	if (is_preferred)
		return 1u << 20;
	return 1u << 21;
}

const struct drm_mode_modeinfo *
kms_choose_mode(const struct kms_connector *connector,
    const struct core_output *slot, const struct drm_mode_modeinfo *failed,
    uint32_t n_failed)
{
	const struct drm_mode_modeinfo *best = NULL;

	for (uint32_t i = 0; i < connector->n_modes; i++) {
		const struct drm_mode_modeinfo *m = &connector->modes[i];
		bool is_out = !is_usable(m);

		for (uint32_t k = 0; k < n_failed; k++)
			is_out |= kms_mode_is_same(m, &failed[k]);
		if (!is_out &&
		    (!best || cost_of(m, slot) < cost_of(best, slot)))
			best = m;
	}
	return best;
}

/*
 * 2 from about 192 dpi (95 % of it), if the monitor tells a size at all: some
 * give the aspect ratio in cm, projectors give nothing.
 */
uint32_t
kms_choose_scale(
    const struct kms_connector *c, const struct drm_mode_modeinfo *mode)
{
	const uint32_t mm = c->width_mm;
	const bool is_aspect = (c->width_mm == 160 || c->width_mm == 16) &&
			       (c->height_mm == 90 || c->height_mm == 100 ||
				   c->height_mm == 9 || c->height_mm == 10);

	if (mm < 80 || mm > 3000 || c->height_mm < 50 || c->height_mm > 3000 ||
	    is_aspect)
		return 1;
	if (mode->hdisplay < 1280 || mode->vdisplay < 800)
		return 1;
	return (uint64_t)mode->hdisplay * 254 >= (uint64_t)mm * 1824 ? 2 : 1;
}

/* FNV-1a over what tells modes apart. */
uint64_t
kms_modes_hash(const struct kms_connector *c)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < c->n_modes; i++) {
		const struct drm_mode_modeinfo *m = &c->modes[i];
		const uint32_t parts[] = {m->clock, m->hdisplay, m->vdisplay,
		    m->htotal, m->vtotal, m->flags, m->type};

		for (uint32_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
			hash = (hash ^ parts[k]) * 0x100000001b3;
	}
	return hash;
}

/* ------------------------------------------------------------------ slots */

static uint32_t
find_by_name(const struct kms *kms, const uint8_t name[TDS_NAME_BYTES])
{
	for (uint32_t i = 0; i < kms->n_connectors; i++)
		if (memcmp(kms->connectors[i].name, name, TDS_NAME_BYTES) == 0)
			return i;
	return KMS_NONE;
}

static uint32_t
find_by_id(const struct kms *kms, uint32_t id)
{
	for (uint32_t i = 0; i < kms->n_connectors; i++)
		if (kms->connectors[i].id == id)
			return i;
	return KMS_NONE;
}

struct binding {
	const struct kms *kms;
	const struct core_output *slots;
	uint32_t taken; /* bit n: connector n */
	uint32_t *of_slot;
};

static void
take(struct binding *b, uint32_t slot, uint32_t connector)
{
	if (connector == KMS_NONE || b->of_slot[slot] != KMS_NONE ||
	    (b->taken & (1u << connector)) != 0 ||
	    !b->kms->connectors[connector].is_connected ||
	    b->slots[slot].type == OUTPUT_SEALED)
		return;
	b->of_slot[slot] = connector;
	b->taken |= 1u << connector;
}

/*
 * First the slots with a name; then those without keep what they have, and
 * only then take what is left over: plugging one monitor moves no other.
 */
void
kms_bind(const struct kms *kms, const struct core_output *slots, uint32_t n,
    uint32_t of_slot[TDS_MAX_OUTPUTS])
{
	struct binding b = {.kms = kms, .slots = slots, .of_slot = of_slot};

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		of_slot[i] = KMS_NONE;
	for (uint32_t i = 0; i < n; i++)
		if (slots[i].name[0] != '\0' &&
		    slots[i].type != OUTPUT_SEALED) {
			const uint32_t at = find_by_name(kms, slots[i].name);
			take(&b, i, at);
			/* a name is reserved, connected or not */
			if (at != KMS_NONE)
				b.taken |= 1u << at;
		}
	for (uint32_t i = 0; i < n; i++)
		if (slots[i].name[0] == '\0' &&
		    kms->outputs[i].connector_id != 0)
			take(&b, i,
			    find_by_id(kms, kms->outputs[i].connector_id));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < kms->n_connectors; k++)
			if (slots[i].name[0] == '\0')
				take(&b, i, k);
}
