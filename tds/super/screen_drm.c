#include "tds/super/screen_drm.h"

#include "tds/base/log.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/drm_mode.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { MAX_CARDS = 16, MAX_IDS = 64 };

static int
call(int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* Can it show anything at all? A render-only GPU has no connectors. */
static int
has_screens(int fd)
{
	struct drm_mode_card_res res = {0};
	const int err = call(fd, DRM_IOCTL_MODE_GETRESOURCES, &res);

	if (err < 0)
		return err;
	return res.count_connectors > 0 && res.count_crtcs > 0 ? 0 : -ENXIO;
}

static int
try_card(const char *path)
{
	int AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	const int err = has_screens(fd);
	return err < 0 ? err : TAKE_FD(fd);
}

static int
fail(int err, const char *path)
{
	switch (err) {
	case -ENOENT:
		log_error("no graphics card: there is no %s; load the card's "
			  "kernel driver",
		    path);
		break;
	case -EACCES:
	case -EPERM:
		log_error("no right to open %s for reading and writing: run "
			  "tdsd as root, or add its user to the group that "
			  "owns it (video)",
		    path);
		break;
	case -ENXIO:
	case -EOPNOTSUPP:
	case -ENOTTY:
	case -EINVAL:
		log_error("%s has no connector for a screen; name another "
			  "card",
		    path);
		break;
	default:
		log_error("%s cannot be opened: %s; see the kernel's log", path,
		    strerror(-err));
	}
	return err;
}

/*
 * The first process that opens a card is its master. When that is another,
 * taking it over needs that it lets go, or CAP_SYS_ADMIN where it just did.
 */
static int
become_master(int fd, const char *path)
{
	const int err = call(fd, DRM_IOCTL_SET_MASTER, NULL);

	if (err == -EBUSY || err == -EACCES)
		log_error("another program has the screens of %s (a desktop, "
			  "a boot splash): end it first%s",
		    path, err == -EACCES ? ", or run tdsd as root" : "");
	else if (err < 0)
		log_error("%s: cannot become its DRM master: %s; see the "
			  "kernel's log",
		    path, strerror(-err));
	return err;
}

/* *path: where it was, or where the best reason not to open one is. */
static int
find_card(char path[32])
{
	char at[32];
	int first = -ENOENT;

	snprintf(path, 32, "/dev/dri/card0");
	for (int i = 0; i < MAX_CARDS; i++) {
		snprintf(at, sizeof(at), "/dev/dri/card%d", i);
		const int fd = try_card(at);
		if (fd == -ENOENT || (fd < 0 && first != -ENOENT))
			continue;
		memcpy(path, at, sizeof(at));
		if (fd >= 0)
			return fd;
		first = fd;
	}
	return first;
}

int
screen_open(const char *path)
{
	char found[32];
	int AUTO_FD fd = path ? try_card(path) : find_card(found);

	if (!path)
		path = found;
	if (fd < 0)
		return fail(fd, path);
	const int err = become_master(fd, path);
	return err < 0 ? err : TAKE_FD(fd);
}

/*
 * Black, whatever it holds, for cards that go on showing it though off (bochs).
 * From below: what is left of a window meanwhile is under its label.
 */
static int
wipe(int fd, uint32_t fb)
{
	struct drm_mode_fb_cmd get = {.fb_id = fb};
	int err = call(fd, DRM_IOCTL_MODE_GETFB, &get);
	struct drm_mode_map_dumb map = {.handle = get.handle};
	struct drm_mode_destroy_dumb close_handle = {.handle = get.handle};

	if (err < 0)
		return err;
	const size_t bytes = (size_t)get.pitch * get.height;
	err = call(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (err == 0) {
		void *pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, (off_t)map.offset);
		if (pixels == MAP_FAILED) {
			err = -errno;
		} else {
			for (size_t y = get.height; y-- > 0;)
				memset((uint8_t *)pixels + y * get.pitch, 0,
				    get.pitch);
			munmap(pixels, bytes);
		}
	}
	/* GETFB made a handle of its own: it goes, the buffer does not */
	const int closed = call(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &close_handle);
	return err < 0 ? err : closed;
}

static int
first_of(int first, int err)
{
	return first < 0 ? first : err;
}

int
screen_blank(int fd)
{
	uint32_t crtcs[MAX_IDS] = {0}, fbs[MAX_IDS] = {0};
	struct drm_mode_card_res res = {.crtc_id_ptr = (uintptr_t)crtcs,
	    .count_crtcs = MAX_IDS,
	    .fb_id_ptr = (uintptr_t)fbs,
	    .count_fbs = MAX_IDS};
	int first = call(fd, DRM_IOCTL_MODE_GETRESOURCES, &res);

	if (first < 0)
		return first;
	const uint32_t n_fbs =
	    res.count_fbs < MAX_IDS ? res.count_fbs : MAX_IDS;
	/* Also a CRTC that shows something else, the console for example. */
	for (uint32_t i = 0; i < res.count_crtcs && i < MAX_IDS; i++) {
		struct drm_mode_crtc off = {.crtc_id = crtcs[i]};
		first = first_of(first, call(fd, DRM_IOCTL_MODE_SETCRTC, &off));
	}
	for (uint32_t i = 0; i < n_fbs; i++)
		first = first_of(first, wipe(fd, fbs[i]));
	for (uint32_t i = 0; i < n_fbs; i++)
		first = first_of(first, call(fd, DRM_IOCTL_MODE_RMFB, &fbs[i]));
	return first;
}
