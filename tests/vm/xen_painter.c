/*
 * xen_painter: what a stock guest on Xen runs: it draws through KMS on
 * drm_xen_front, one colour all over its screen, and says what it reads from
 * the keyboards and pointers that there are.
 *
 *	xen_painter RRGGBB [MS]
 *
 * Two buffers are flipped in turn, the next flip so long after the last one is
 * done, so a display that stops answering stops it too. It says "card N" when
 * it opens one, "shown" at the first flip that was done, "flips" at every
 * second, "key CODE VALUE" and "abs CODE VALUE" for input events, and "error
 * WHAT" when the kernel refuses something, after which it begins anew. It never
 * ends.
 *
 * When its back end dies, drm_xen_front takes the device away and makes
 * another. What is still open keeps its number, so that one may be card1. Here
 * it always is: the old one is held until the new one is open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/drm_mode.h>
#include <linux/input.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	BUFFERS = 2,
	MAX_INPUTS = 8,
	CARD = 0, /* in the table of what is polled; inputs follow */
	RETRY_MS = 100,
	FLIP_MS = 600,
	SAY_FLIPS = 2,
};

struct picture {
	uint32_t handle, fb;
	uint64_t size;
	void *pixels;
};

struct painter {
	struct pollfd fds[1 + MAX_INPUTS];
	nfds_t n_fds;
	int gone; /* owned: a card that was taken away, or -1 */
	struct drm_mode_modeinfo mode;
	uint32_t connector, crtc;
	struct picture pictures[BUFFERS];
	uint32_t front;
	uint32_t colour;
	int every_ms;
	uint32_t flips; /* done */
	bool is_flipping;
};

static bool
failed(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	fflush(stdout);
	return false;
}

static bool
call(
    const struct painter *p, unsigned long request, void *arg, const char *what)
{
	int err;

	do {
		err = ioctl(p->fds[CARD].fd, request, arg);
	} while (err < 0 && (errno == EINTR || errno == EAGAIN));
	return err == 0 ? true : failed(what);
}

/* The first connector with a mode, and the first CRTC. */
static bool
find_output(struct painter *p)
{
	uint32_t connectors[4] = {0}, crtcs[4] = {0};
	struct drm_mode_card_res res = {
	    .connector_id_ptr = (uintptr_t)connectors,
	    .count_connectors = 4,
	    .crtc_id_ptr = (uintptr_t)crtcs,
	    .count_crtcs = 4,
	};
	struct drm_mode_modeinfo modes[8];

	if (!call(p, DRM_IOCTL_MODE_GETRESOURCES, &res, "resources"))
		return false;
	p->connector = connectors[0];
	p->crtc = crtcs[0];
	struct drm_mode_get_connector c = {.connector_id = p->connector};
	if (!call(p, DRM_IOCTL_MODE_GETCONNECTOR, &c, "connector"))
		return false;
	c = (struct drm_mode_get_connector){.connector_id = p->connector,
	    .modes_ptr = (uintptr_t)modes,
	    .count_modes = 8};
	if (!call(p, DRM_IOCTL_MODE_GETCONNECTOR, &c, "modes"))
		return false;
	if (c.count_modes == 0 || c.count_modes > 8) {
		errno = ENODEV;
		return failed("no mode");
	}
	p->mode = modes[0];
	return true;
}

static bool
make_picture(struct painter *p, struct picture *picture)
{
	struct drm_mode_create_dumb dumb = {
	    .width = p->mode.hdisplay, .height = p->mode.vdisplay, .bpp = 32};

	if (!call(p, DRM_IOCTL_MODE_CREATE_DUMB, &dumb, "dumb buffer"))
		return false;
	struct drm_mode_map_dumb map = {.handle = dumb.handle};
	struct drm_mode_fb_cmd fb = {.width = dumb.width,
	    .height = dumb.height,
	    .pitch = dumb.pitch,
	    .bpp = 32,
	    .depth = 24,
	    .handle = dumb.handle};
	if (!call(p, DRM_IOCTL_MODE_MAP_DUMB, &map, "map") ||
	    !call(p, DRM_IOCTL_MODE_ADDFB, &fb, "framebuffer"))
		return false;
	void *pixels = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    p->fds[CARD].fd, (off_t)map.offset);
	if (pixels == MAP_FAILED)
		return failed("mmap");
	uint32_t *pixel = pixels;
	for (uint64_t i = 0; i < dumb.size / 4; i++)
		pixel[i] = p->colour;
	*picture = (struct picture){dumb.handle, fb.fb_id, dumb.size, pixels};
	return true;
}

static bool
show(struct painter *p)
{
	for (uint32_t i = 0; i < BUFFERS; i++)
		if (!make_picture(p, &p->pictures[i]))
			return false;
	struct drm_mode_crtc crtc = {.crtc_id = p->crtc,
	    .fb_id = p->pictures[0].fb,
	    .set_connectors_ptr = (uintptr_t)&p->connector,
	    .count_connectors = 1,
	    .mode = p->mode,
	    .mode_valid = 1};
	return call(p, DRM_IOCTL_MODE_SETCRTC, &crtc, "mode set");
}

static void
add_inputs(struct painter *p)
{
	char path[sizeof("/dev/input/") + 256];
	DIR *dir = opendir("/dev/input");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && p->n_fds < 1 + MAX_INPUTS) {
		if (strncmp(entry->d_name, "event", 5) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/input/%s", entry->d_name);
		const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			p->fds[p->n_fds++] =
			    (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (dir)
		closedir(dir);
}

/* Of the cards that have a name, which those that went do not. */
static int
open_card(void)
{
	char path[] = "/dev/dri/card0";

	for (char n = '0'; n <= '9'; n++) {
		path[sizeof(path) - 2] = n;
		const int fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		printf("card %c\n", n);
		return fd;
	}
	return -1;
}

static bool
begin(struct painter *p)
{
	const int card = open_card();

	if (card < 0)
		return false;
	if (p->gone >= 0)
		close(p->gone);
	p->gone = -1;
	p->fds[CARD] = (struct pollfd){.fd = card, .events = POLLIN};
	p->n_fds = 1;
	add_inputs(p);
	return find_output(p) && show(p);
}

static bool
was_taken_away(int card)
{
	struct drm_version version = {0};

	return ioctl(card, DRM_IOCTL_VERSION, &version) < 0 && errno == ENODEV;
}

static void
end(struct painter *p)
{
	int gone = p->gone;

	if (p->n_fds > 0 && was_taken_away(p->fds[CARD].fd))
		gone = fcntl(p->fds[CARD].fd, F_DUPFD_CLOEXEC, 0);
	for (uint32_t i = 0; i < BUFFERS; i++)
		if (p->pictures[i].pixels)
			munmap(p->pictures[i].pixels, p->pictures[i].size);
	for (nfds_t i = 0; i < p->n_fds; i++)
		close(p->fds[i].fd);
	*p = (struct painter){
	    .colour = p->colour, .every_ms = p->every_ms, .gone = gone};
}

static bool
flip(struct painter *p)
{
	p->front = (p->front + 1) % BUFFERS;
	struct drm_mode_crtc_page_flip f = {.crtc_id = p->crtc,
	    .fb_id = p->pictures[p->front].fb,
	    .flags = DRM_MODE_PAGE_FLIP_EVENT};

	p->is_flipping = call(p, DRM_IOCTL_MODE_PAGE_FLIP, &f, "flip");
	return p->is_flipping;
}

static bool
on_flipped(struct painter *p)
{
	char events[256];

	if (read(p->fds[CARD].fd, events, sizeof(events)) <= 0)
		return failed("event");
	p->is_flipping = false;
	if (p->flips == 0)
		printf("shown\n");
	if (++p->flips % SAY_FLIPS == 0)
		printf("flips\n");
	return true;
}

static bool
on_input(const struct pollfd *fd)
{
	struct input_event event;

	while (read(fd->fd, &event, sizeof(event)) == sizeof(event)) {
		if (event.type == EV_KEY)
			printf("key %u %d\n", event.code, event.value);
		if (event.type == EV_ABS)
			printf("abs %u %d\n", event.code, event.value);
	}
	return errno == EAGAIN ? true : failed("input");
}

/* Until something fails. */
static void
paint(struct painter *p)
{
	bool is_well = true;

	while (is_well) {
		const int wait_ms = p->is_flipping ? FLIP_MS : p->every_ms;
		const int ready = poll(p->fds, p->n_fds, wait_ms);

		for (nfds_t i = 1; ready > 0 && i < p->n_fds && is_well; i++)
			if (p->fds[i].revents)
				is_well = on_input(&p->fds[i]);
		if (is_well && p->fds[CARD].revents)
			is_well = on_flipped(p);
		else if (is_well && ready == 0 && !p->is_flipping)
			is_well = flip(p);
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct painter p = {.gone = -1, .every_ms = FLIP_MS};

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: xen_painter RRGGBB [MS]\n");
		return 2;
	}
	p.colour = (uint32_t)strtoul(argv[1], NULL, 16);
	if (argc == 3)
		p.every_ms = (int)strtol(argv[2], NULL, 10);
	for (;;) {
		if (begin(&p))
			paint(&p);
		end(&p);
		(void)poll(NULL, 0, RETRY_MS);
	}
}
