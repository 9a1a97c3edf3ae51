/*
 * Content protection (HDCP) of a connector, as the kernel's documentation of
 * its properties has it:
 *
 *		   we set DESIRED	 the kernel authenticated
 *	UNDESIRED --------------> DESIRED ---------------------> ENABLED
 *	    ^			   |  ^				  |  |
 *	    +--- we set UNDESIRED -+  +------ link lost, any time-+  |
 *	    +--------------------------------------------------------+
 *
 * In DESIRED the picture goes out in the clear. "HDCP Content Type" is what
 * ENABLED is worth; drivers that know only HDCP 1.4 lack it.
 */
#include "compositor/kms_parts_drm.h"

#include <libdrm/drm_mode.h>
#include <string.h>

#include "tds/base/log.h"

enum { CONTENT_TYPE0, CONTENT_TYPE1 }; /* DRM_MODE_HDCP_CONTENT_TYPE */

static const uint32_t *
props_of(const struct kms *kms, const struct kms_output *o)
{
	static const uint32_t none[CONNECTOR_PROPS];

	for (uint32_t i = 0; i < kms->n_connectors; i++)
		if (kms->connectors[i].id == o->connector_id)
			return kms->connectors[i].prop;
	return none;
}

static bool
is_possible(const uint32_t *prop, const struct kms_protection *p)
{
	return prop[CONNECTOR_PROTECTION] != 0 && !p->is_refused &&
	       (p->wanted < PROTECTION_TYPE1 ||
		   prop[CONNECTOR_CONTENT_TYPE] != 0);
}

void
kms_protect_prepare(const struct kms *kms, struct kms_output *o)
{
	struct kms_protection *p = &o->protection;

	p->next = p->wanted;
	if (p->wanted == PROTECTION_NONE || is_possible(props_of(kms, o), p))
		return;
	p->next = PROTECTION_NONE;
	if (!p->was_told && !p->is_refused)
		log_error("%s: the driver offers no protection (HDCP) of that "
			  "type for it; what needs it is not shown there",
		    (const char *)o->found.name);
	p->was_told = true;
}

bool
kms_protect_is_news(const struct kms_output *o)
{
	return o->protection.next != o->protection.committed;
}

uint32_t
kms_protect_values(const struct kms *kms, const struct kms_output *o,
    uint32_t props[2], uint64_t values[2])
{
	const uint32_t *prop = props_of(kms, o);
	const uint32_t level = o->protection.next;

	if (prop[CONNECTOR_PROTECTION] == 0)
		return 0;
	props[0] = prop[CONNECTOR_PROTECTION];
	values[0] = level == PROTECTION_NONE
			? DRM_MODE_CONTENT_PROTECTION_UNDESIRED
			: DRM_MODE_CONTENT_PROTECTION_DESIRED;
	props[1] = prop[CONNECTOR_CONTENT_TYPE];
	values[1] = level == PROTECTION_TYPE1 ? CONTENT_TYPE1 : CONTENT_TYPE0;
	return prop[CONNECTOR_CONTENT_TYPE] != 0 ? 2 : 1;
}

void
kms_protect_done(struct kms_output *o)
{
	o->protection.committed = o->protection.next;
}

bool
kms_protect_give_up(struct kms_output *o, int err)
{
	struct kms_protection *p = &o->protection;

	if (!kms_protect_is_news(o) &&
	    (o->state != KMS_READY || p->next == PROTECTION_NONE))
		return false;
	log_error("%s: protection (HDCP) is refused (%s); what needs it is not "
		  "shown there",
	    (const char *)o->found.name, strerror(-err));
	p->is_refused = true;
	p->committed = PROTECTION_NONE;
	return true;
}

void
kms_protect_release(struct kms_output *o)
{
	o->protection =
	    (struct kms_protection){.wanted = o->protection.wanted};
}

/* -------------------------------------------------------------- operations */

void
kms_protect(struct screen *screen, uint32_t i, uint32_t level)
{
	kms_of(screen)->outputs[i].protection.wanted = level;
}

bool
kms_is_protected(struct screen *screen, uint32_t i)
{
	const struct kms *kms = kms_of(screen);
	const struct kms_output *o = &kms->outputs[i];
	const uint32_t wanted = o->protection.wanted;
	const uint32_t *prop = props_of(kms, o);
	uint64_t state, type = CONTENT_TYPE0;

	if (o->state != KMS_LIT || kms->is_off || wanted == PROTECTION_NONE ||
	    o->protection.committed != wanted)
		return false;
	if (kms_read_prop(kms->fd, o->connector_id, prop[CONNECTOR_PROTECTION],
		&state) < 0 ||
	    state != DRM_MODE_CONTENT_PROTECTION_ENABLED)
		return false;
	if (prop[CONNECTOR_CONTENT_TYPE] != 0 &&
	    kms_read_prop(kms->fd, o->connector_id,
		prop[CONNECTOR_CONTENT_TYPE], &type) < 0)
		return false;
	return type == (wanted == PROTECTION_TYPE1 ? CONTENT_TYPE1
						   : CONTENT_TYPE0);
}
