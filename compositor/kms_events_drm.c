#include "compositor/kms_parts_drm.h"

#include <string.h>
#include <unistd.h>

/* The output whose flips the frame clock follows. */
static uint32_t
fastest(const struct kms *kms)
{
	uint32_t best = KMS_NONE;

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		const struct kms_output *o = &kms->outputs[i];

		if (o->state == KMS_LIT &&
		    (best == KMS_NONE ||
			o->found.refresh_mhz >
			    kms->outputs[best].found.refresh_mhz))
			best = i;
	}
	return best;
}

static uint64_t
on_flip(struct kms *kms, const struct drm_event_vblank *e)
{
	const uint64_t i = e->user_data & UINT32_MAX;

	if (i >= TDS_MAX_OUTPUTS || kms->outputs[i].turn != e->user_data >> 32)
		return 0;
	kms->outputs[i].is_pending = false;
	if (i != fastest(kms))
		return 0;
	return (uint64_t)e->tv_sec * 1000000000u + (uint64_t)e->tv_usec * 1000;
}

uint64_t
kms_flips(struct screen *screen)
{
	struct kms *kms = kms_of(screen);
	uint64_t latest = 0;
	uint8_t bytes[1024];
	ssize_t len;

	/* the kernel gives whole events only, as many as fit */
	while ((len = read(kms->fd, bytes, sizeof(bytes))) > 0)
		for (size_t at = 0; (size_t)len - at >= 8;) {
			struct drm_event_vblank e = {0};

			memcpy(&e.base, bytes + at, sizeof(e.base));
			if (e.base.length < sizeof(e.base) ||
			    e.base.length > (size_t)len - at)
				break;
			if (e.base.type == DRM_EVENT_FLIP_COMPLETE &&
			    e.base.length >= sizeof(e)) {
				memcpy(&e, bytes + at, sizeof(e));
				const uint64_t t = on_flip(kms, &e);
				latest = t > latest ? t : latest;
			}
			at += e.base.length;
		}
	return latest;
}
