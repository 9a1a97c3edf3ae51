#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <libdrm/drm_mode.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PROPS = 96, MAX_ENUMS = 32, MAX_ENCODERS = 16 };

static const char *const connector_names[CONNECTOR_PROPS] = {
    [CONNECTOR_CRTC_ID] = "CRTC_ID",
    [CONNECTOR_LINK_STATUS] = "link-status",
    [CONNECTOR_NON_DESKTOP] = "non-desktop",
    [CONNECTOR_PROTECTION] = "Content Protection",
    [CONNECTOR_CONTENT_TYPE] = "HDCP Content Type",
};

/* By DRM_MODE_CONNECTOR_, as the kernel names them (drm_connector.c). */
static const char *const type_names[] = {"Unknown", "VGA", "DVI-I", "DVI-D",
    "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP", "HDMI-A",
    "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB"};

int
kms_find_props(int fd, uint32_t object, uint32_t type, const char *const *names,
    uint32_t n, uint32_t *ids, uint64_t *values)
{
	uint32_t all_ids[MAX_PROPS] = {0};
	uint64_t all_values[MAX_PROPS] = {0};
	struct drm_mode_obj_get_properties get = {
	    .props_ptr = (uintptr_t)all_ids,
	    .prop_values_ptr = (uintptr_t)all_values,
	    .count_props = MAX_PROPS,
	    .obj_id = object,
	    .obj_type = type};
	int err = kms_call(fd, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get);

	if (err < 0)
		return err;
	memset(ids, 0, n * sizeof(ids[0]));
	memset(values, 0, n * sizeof(values[0]));
	for (uint32_t i = 0; i < get.count_props && i < MAX_PROPS; i++) {
		struct drm_mode_get_property p = {.prop_id = all_ids[i]};

		err = kms_call(fd, DRM_IOCTL_MODE_GETPROPERTY, &p);
		if (err < 0)
			return err;
		for (uint32_t k = 0; k < n; k++)
			if (strncmp(p.name, names[k], sizeof(p.name)) == 0) {
				ids[k] = all_ids[i];
				values[k] = all_values[i];
			}
	}
	return 0;
}

int
kms_read_prop(int fd, uint32_t connector, uint32_t prop, uint64_t *value)
{
	uint32_t ids[MAX_PROPS] = {0};
	uint64_t values[MAX_PROPS] = {0};
	struct drm_mode_obj_get_properties get = {.props_ptr = (uintptr_t)ids,
	    .prop_values_ptr = (uintptr_t)values,
	    .count_props = MAX_PROPS,
	    .obj_id = connector,
	    .obj_type = DRM_MODE_OBJECT_CONNECTOR};
	const int err = kms_call(fd, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get);

	if (err < 0)
		return err;
	for (uint32_t i = 0; i < get.count_props && i < MAX_PROPS; i++)
		if (ids[i] == prop && prop != 0) {
			*value = values[i];
			return 0;
		}
	return -ENOENT;
}

uint32_t
kms_bits_of(int fd, uint32_t prop)
{
	struct drm_mode_property_enum enums[MAX_ENUMS] = {0};
	uint64_t values[MAX_ENUMS] = {0};
	struct drm_mode_get_property p = {.prop_id = prop,
	    .values_ptr = (uintptr_t)values,
	    .enum_blob_ptr = (uintptr_t)enums,
	    .count_values = MAX_ENUMS,
	    .count_enum_blobs = MAX_ENUMS};
	uint32_t bits = 0;

	if (kms_call(fd, DRM_IOCTL_MODE_GETPROPERTY, &p) < 0 ||
	    (p.flags & DRM_MODE_PROP_BITMASK) == 0)
		return 0;
	for (uint32_t i = 0; i < p.count_enum_blobs && i < MAX_ENUMS; i++)
		if (enums[i].value < 32)
			bits |= 1u << enums[i].value;
	return bits;
}

static uint32_t
crtcs_of(int fd, uint32_t encoder)
{
	struct drm_mode_get_encoder get = {.encoder_id = encoder};

	return kms_call(fd, DRM_IOCTL_MODE_GETENCODER, &get) < 0
		   ? 0
		   : get.possible_crtcs;
}

static void
name_connector(struct kms_connector *c, uint32_t type, uint32_t number)
{
	const uint32_t n = sizeof(type_names) / sizeof(type_names[0]);

	memset(c->name, 0, sizeof(c->name));
	snprintf(c->name, sizeof(c->name), "%s-%u",
	    type_names[type < n ? type : 0], number);
}

/* -ENOENT: it is gone again (a hub was unplugged), which is no failure. */
static int
find_connector(int fd, uint32_t id, struct kms_connector *c)
{
	uint32_t encoders[MAX_ENCODERS] = {0};
	uint64_t values[CONNECTOR_PROPS];
	/* no room for modes: the kernel asks the monitor */
	struct drm_mode_get_connector get = {.connector_id = id};
	int err = kms_call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get);

	if (err < 0)
		return err;
	c->id = id;
	get = (struct drm_mode_get_connector){.connector_id = id,
	    .modes_ptr = (uintptr_t)c->modes,
	    .count_modes = KMS_MAX_MODES,
	    .encoders_ptr = (uintptr_t)encoders,
	    .count_encoders = MAX_ENCODERS};
	err = kms_call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get);
	if (err < 0)
		return err;
	name_connector(c, get.connector_type, get.connector_type_id);
	c->width_mm = get.mm_width;
	c->height_mm = get.mm_height;
	/* what does not fit was not filled in */
	c->n_modes = get.count_modes <= KMS_MAX_MODES ? get.count_modes : 0;
	c->crtcs = 0;
	for (uint32_t i = 0; i < get.count_encoders && i < MAX_ENCODERS; i++)
		c->crtcs |= crtcs_of(fd, encoders[i]);
	err = kms_find_props(fd, id, DRM_MODE_OBJECT_CONNECTOR, connector_names,
	    CONNECTOR_PROPS, c->prop, values);
	if (err < 0)
		return err;
	c->is_link_bad =
	    values[CONNECTOR_LINK_STATUS] == DRM_MODE_LINK_STATUS_BAD;
	/* "unknown" counts as connected where there is a mode list: the
	 * driver cannot tell, as with old analogue monitors */
	c->is_connected = get.connection != 2 && c->n_modes > 0 &&
			  c->prop[CONNECTOR_CRTC_ID] != 0 &&
			  values[CONNECTOR_NON_DESKTOP] == 0;
	return 0;
}

int
kms_find_connectors(struct kms *kms)
{
	uint32_t ids[KMS_MAX_CONNECTORS] = {0};
	struct drm_mode_card_res res = {.connector_id_ptr = (uintptr_t)ids,
	    .count_connectors = KMS_MAX_CONNECTORS};
	int err = kms_call(kms->fd, DRM_IOCTL_MODE_GETRESOURCES, &res);

	if (err < 0)
		return err;
	kms->n_connectors = 0;
	/* the kernel fills in as many as fit */
	for (uint32_t i = 0; i < res.count_connectors && i < KMS_MAX_CONNECTORS;
	     i++) {
		if (ids[i] == 0)
			continue;
		err = find_connector(
		    kms->fd, ids[i], &kms->connectors[kms->n_connectors]);
		if (err == 0)
			kms->n_connectors++;
		else if (err != -ENOENT)
			return err;
	}
	return 0;
}
