#include "compositor/kms_parts_drm.h"

#include <errno.h>
#include <libdrm/drm_fourcc.h>
#include <libdrm/drm_mode.h>
#include <string.h>
#include <sys/ioctl.h>

#include "tds/base/log.h"

enum { MAX_FORMATS = 256 };

static const char *const plane_names[PLANE_PROPS] = {
    [PLANE_TYPE] = "type",
    [PLANE_FB_ID] = "FB_ID",
    [PLANE_CRTC_ID] = "CRTC_ID",
    [PLANE_SRC_X] = "SRC_X",
    [PLANE_SRC_Y] = "SRC_Y",
    [PLANE_SRC_W] = "SRC_W",
    [PLANE_SRC_H] = "SRC_H",
    [PLANE_CRTC_X] = "CRTC_X",
    [PLANE_CRTC_Y] = "CRTC_Y",
    [PLANE_CRTC_W] = "CRTC_W",
    [PLANE_CRTC_H] = "CRTC_H",
    [PLANE_ROTATION] = "rotation",
    [PLANE_DAMAGE] = "FB_DAMAGE_CLIPS",
    [PLANE_ALPHA] = "alpha",
    [PLANE_BLEND] = "pixel blend mode",
};

static const char *const crtc_names[CRTC_PROPS] = {
    [CRTC_ACTIVE] = "ACTIVE",
    [CRTC_MODE_ID] = "MODE_ID",
};

int
kms_call(int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && (errno == EINTR || errno == EAGAIN));
	return r < 0 ? -errno : 0;
}

static uint64_t
capability(int fd, uint64_t what)
{
	struct drm_get_cap cap = {.capability = what};

	return kms_call(fd, DRM_IOCTL_GET_CAP, &cap) < 0 ? 0 : cap.value;
}

static int
claim(int fd, uint64_t what)
{
	struct drm_set_client_cap cap = {.capability = what, .value = 1};

	return kms_call(fd, DRM_IOCTL_SET_CLIENT_CAP, &cap);
}

/* The driver's name for messages, NUL-padded; "" if it has none. */
static void
driver_name(int fd, char name[32])
{
	struct drm_version version = {.name_len = 31, .name = name};

	memset(name, 0, 32);
	if (kms_call(fd, DRM_IOCTL_VERSION, &version) < 0)
		memset(name, 0, 32);
	name[31] = '\0';
}

static int
claim_all(int fd)
{
	char name[32];
	int err = claim(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES);

	driver_name(fd, name);
	if (err == 0)
		err = claim(fd, DRM_CLIENT_CAP_ATOMIC);
	if (err == -ENODEV || err == -EBADF)
		return err;
	if (err < 0) {
		log_error("the graphics driver '%s' has no atomic mode "
			  "setting; use a card or driver that has it "
			  "(nouveau: boot with nouveau.atomic=1)",
		    name);
		return -EOPNOTSUPP;
	}
	if (capability(fd, DRM_CAP_DUMB_BUFFER) == 0 ||
	    capability(fd, DRM_CAP_TIMESTAMP_MONOTONIC) == 0) {
		log_error("the graphics driver '%s' has no dumb buffers or no "
			  "monotonic time stamps; use another card",
		    name);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int
find_crtcs(struct kms *kms)
{
	uint32_t ids[KMS_MAX_CRTCS] = {0};
	uint64_t values[CRTC_PROPS];
	struct drm_mode_card_res res = {
	    .crtc_id_ptr = (uintptr_t)ids, .count_crtcs = KMS_MAX_CRTCS};
	int err = kms_call(kms->fd, DRM_IOCTL_MODE_GETRESOURCES, &res);

	if (err < 0)
		return err;
	/* More than fit are not filled in; a bit of possible_crtcs counts. */
	if (res.count_crtcs == 0 || res.count_crtcs > KMS_MAX_CRTCS)
		return -ENXIO;
	kms->n_crtcs = res.count_crtcs;
	for (uint32_t i = 0; i < kms->n_crtcs; i++) {
		kms->crtcs[i].id = ids[i];
		err = kms_find_props(kms->fd, ids[i], DRM_MODE_OBJECT_CRTC,
		    crtc_names, CRTC_PROPS, kms->crtcs[i].prop, values);
		if (err < 0)
			return err;
		for (uint32_t k = 0; k < CRTC_PROPS; k++)
			if (kms->crtcs[i].prop[k] == 0)
				return -ENXIO;
	}
	return 0;
}

static int
find_plane(struct kms *kms, uint32_t id, struct kms_plane *p)
{
	uint32_t formats[MAX_FORMATS] = {0};
	uint64_t values[PLANE_PROPS];
	struct drm_mode_get_plane get = {.plane_id = id,
	    .count_format_types = MAX_FORMATS,
	    .format_type_ptr = (uintptr_t)formats};
	int err = kms_call(kms->fd, DRM_IOCTL_MODE_GETPLANE, &get);

	if (err < 0)
		return err;
	*p = (struct kms_plane){.id = id, .crtcs = get.possible_crtcs};
	for (uint32_t i = 0; i < get.count_format_types && i < MAX_FORMATS;
	     i++) {
		p->has_xrgb |= formats[i] == DRM_FORMAT_XRGB8888;
		p->has_argb |= formats[i] == DRM_FORMAT_ARGB8888;
	}
	err = kms_find_props(kms->fd, id, DRM_MODE_OBJECT_PLANE, plane_names,
	    PLANE_PROPS, p->prop, values);
	if (err < 0)
		return err;
	for (uint32_t k = 0; k < PLANE_REQUIRED; k++)
		if (p->prop[k] == 0)
			return -ENXIO;
	p->type = (uint32_t)values[PLANE_TYPE];
	if (p->prop[PLANE_ROTATION] != 0)
		p->rotations = kms_bits_of(kms->fd, p->prop[PLANE_ROTATION]);
	return 0;
}

static int
find_planes(struct kms *kms)
{
	uint32_t ids[KMS_MAX_PLANES] = {0};
	struct drm_mode_get_plane_res res = {
	    .plane_id_ptr = (uintptr_t)ids, .count_planes = KMS_MAX_PLANES};
	int err = kms_call(kms->fd, DRM_IOCTL_MODE_GETPLANERESOURCES, &res);

	if (err < 0)
		return err;
	if (res.count_planes == 0 || res.count_planes > KMS_MAX_PLANES)
		return -ENXIO;
	for (uint32_t i = 0; i < res.count_planes; i++) {
		err = find_plane(kms, ids[i], &kms->planes[i]);
		if (err < 0)
			return err;
	}
	kms->n_planes = res.count_planes;
	return 0;
}

int
kms_find_objects(struct kms *kms)
{
	int err = claim_all(kms->fd);

	if (err == -EOPNOTSUPP)
		return err;
	if (err == 0)
		err = find_crtcs(kms);
	if (err == 0)
		err = find_planes(kms);
	if (err < 0)
		log_error("the graphics card cannot be asked what it has: %s; "
			  "see the kernel's log",
		    strerror(-err));
	return err;
}
