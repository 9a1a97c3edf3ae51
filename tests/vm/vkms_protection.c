/*
 * For tests only, and never part of what is installed: vkms_output.c of the
 * kernel includes this, so that its connector has the content protection
 * properties, and /sys/kernel/debug/vkms_protection to play the part of a
 * driver that authenticates (2: DESIRED becomes ENABLED) or loses the link
 * (1: back to DESIRED). The kernel's own code does the rest, its message to
 * user space included.
 */
#include <drm/display/drm_hdcp_helper.h>
#include <linux/debugfs.h>

static int
vkms_protection_set(void *data, u64 value)
{
	struct drm_connector *connector = data;
	struct drm_modeset_lock *lock =
	    &connector->dev->mode_config.connection_mutex;
	int err = -EINVAL;

	drm_modeset_lock(lock, NULL);
	if (value >= DRM_MODE_CONTENT_PROTECTION_DESIRED &&
	    value <= DRM_MODE_CONTENT_PROTECTION_ENABLED &&
	    connector->state->content_protection !=
		DRM_MODE_CONTENT_PROTECTION_UNDESIRED) {
		drm_hdcp_update_content_protection(connector, value);
		err = 0;
	}
	drm_modeset_unlock(lock);
	return err;
}

static int
vkms_protection_get(void *data, u64 *value)
{
	const struct drm_connector *connector = data;

	*value = connector->state->content_protection |
		 (u64)connector->state->hdcp_content_type << 4;
	return 0;
}

DEFINE_SIMPLE_ATTRIBUTE(vkms_protection_fops, vkms_protection_get,
    vkms_protection_set, "%llu\n");

static void
vkms_protection_init(struct drm_connector *connector)
{
	if (drm_connector_attach_content_protection_property(connector, true))
		return;
	debugfs_create_file(
	    "vkms_protection", 0600, NULL, connector, &vkms_protection_fops);
}
