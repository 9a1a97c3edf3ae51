/* tdsd's part of the card: what it says when a card cannot be had, and that a
 * blank leaves nothing. The cards are made of wrapped calls. */
#include "tests/unit/unit.h"

#include "tds/base/log.h"
#include "tds/super/screen_drm.h"

#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/drm_mode.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CARDS = 3, FBS = 3, CRTCS = 2, FB = 70, CRTC = 40, HANDLE = 10 };

struct card {
	int open_errno; /* 0: it can be opened */
	int resources_errno, master_errno;
	uint32_t n_connectors;
};

/* The cards, and what is on one whose screens are made dark. */
static struct world {
	struct card cards[CARDS];
	uint32_t opened; /* index of the card that was opened last */
	int fd;
	bool is_on[CRTCS], has_fb[FBS], is_mapped, has_handle[FBS];
	uint32_t pixels[FBS][64 * 64];
	uint32_t fail_request; /* this ioctl fails with EIO */
} world;

static char said[4096];
static int saved_stderr, out;

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	memset(&world, 0, sizeof(world));
	for (uint32_t i = 0; i < CARDS; i++)
		world.cards[i] = (struct card){.open_errno = ENOENT};
	for (uint32_t i = 0; i < FBS; i++)
		world.has_fb[i] = true;
	memset(world.is_on, true, sizeof(world.is_on));
	memset(world.pixels, 0x77, sizeof(world.pixels));
	world.fd = -1;
	if (pipe2(pair, O_NONBLOCK) < 0)
		return -1;
	saved_stderr = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	out = pair[0];
	return 0;
}

static int
clean_up(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(out);
	return 0;
}

/* The lines since the start of the test. */
static const char *
log_text(void)
{
	const ssize_t n = read(out, said, sizeof(said) - 1);

	said[n > 0 ? n : 0] = '\0';
	return said;
}

static void
card_works(uint32_t i)
{
	world.cards[i] = (struct card){.n_connectors = 2};
}

/* ------------------------------------------------------------ wrapped calls */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap64(
    void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t len);

int
__wrap_open64(const char *path, int flags, ...)
{
	uint32_t i = CARDS;

	(void)flags;
	if (sscanf(path, "/dev/dri/card%u", &i) != 1 || i >= CARDS)
		errno = ENOENT;
	else
		errno = world.cards[i].open_errno;
	if (errno != 0)
		return -1;
	world.opened = i;
	world.fd = __real_open64("/dev/null", O_RDWR | O_CLOEXEC);
	return world.fd;
}

static int
resources(struct drm_mode_card_res *r)
{
	const struct card *c = &world.cards[world.opened];
	uint32_t *crtcs = (uint32_t *)(uintptr_t)r->crtc_id_ptr;
	uint32_t *fbs = (uint32_t *)(uintptr_t)r->fb_id_ptr;
	uint32_t n = 0;

	for (uint32_t i = 0; i < CRTCS && r->count_crtcs >= CRTCS; i++)
		crtcs[i] = CRTC + i;
	for (uint32_t i = 0; i < FBS && r->count_fbs >= FBS; i++)
		if (world.has_fb[i])
			fbs[n++] = FB + i;
	r->count_crtcs = CRTCS;
	r->count_connectors = c->n_connectors;
	r->count_fbs = n;
	return c->resources_errno;
}

/* Like the kernel: a handle of its own each time. */
static int
get_fb(struct drm_mode_fb_cmd *get)
{
	const uint32_t i = get->fb_id - FB;

	if (i >= FBS || !world.has_fb[i] || world.has_handle[i])
		return ENOENT;
	world.has_handle[i] = true;
	get->handle = HANDLE + i;
	get->width = get->height = 64;
	get->pitch = 64 * 4;
	return 0;
}

static int
answer(unsigned long request, void *arg)
{
	uint32_t i;

	if (request == world.fail_request)
		return EIO;
	switch (request) {
	case DRM_IOCTL_MODE_GETRESOURCES:
		return resources(arg);
	case DRM_IOCTL_SET_MASTER:
		return world.cards[world.opened].master_errno;
	case DRM_IOCTL_MODE_GETFB:
		return get_fb(arg);
	case DRM_IOCTL_MODE_MAP_DUMB:
		((struct drm_mode_map_dumb *)arg)->offset =
		    (uint64_t)((struct drm_mode_map_dumb *)arg)->handle << 32;
		return 0;
	case DRM_IOCTL_MODE_DESTROY_DUMB:
		i = ((struct drm_mode_destroy_dumb *)arg)->handle - HANDLE;
		if (i >= FBS || !world.has_handle[i])
			return EINVAL;
		world.has_handle[i] = false;
		return 0;
	case DRM_IOCTL_MODE_SETCRTC:
		i = ((struct drm_mode_crtc *)arg)->crtc_id - CRTC;
		world.is_on[i] = ((struct drm_mode_crtc *)arg)->mode_valid != 0;
		return 0;
	case DRM_IOCTL_MODE_RMFB:
		world.has_fb[*(uint32_t *)arg - FB] = false;
		return 0;
	default:
		return ENOTTY;
	}
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	va_start(args, request);
	void *arg = va_arg(args, void *);
	va_end(args);
	errno = fd == world.fd ? answer(request, arg) : EBADF;
	return errno == 0 ? 0 : -1;
}

void *
__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	const uint64_t i = ((uint64_t)offset >> 32) - HANDLE;

	(void)at;
	(void)prot;
	(void)flags;
	if (fd != world.fd || i >= FBS || len > sizeof(world.pixels[0]) ||
	    world.is_mapped) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	world.is_mapped = true;
	return world.pixels[i];
}

int
__wrap_munmap(void *at, size_t len)
{
	(void)at;
	(void)len;
	world.is_mapped = false;
	return 0;
}

/* ------------------------------------------------------------------- opening
 */

/* It fails, says so in one line with these words, and leaves no descriptor. */
static void
assert_refused(const char *path, int err, const char *what, const char *remedy)
{
	const int got = screen_open(path);
	const char *line = log_text();

	assert_int_equal(got, err);
	if (!strstr(line, what) || !strstr(line, remedy))
		fail_msg(
		    "'%s' says nothing of '%s' and '%s'", line, what, remedy);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	if (world.fd >= 0)
		assert_int_equal(fcntl(world.fd, F_GETFD), -1);
}

static void
a_machine_without_a_card_is_told_so(void **state)
{
	(void)state;
	assert_refused(NULL, -ENOENT,
	    "no graphics card: there is no "
	    "/dev/dri/card0",
	    "kernel driver");
	assert_refused("/dev/dri/card7", -ENOENT, "/dev/dri/card7", "driver");
}

static void
a_missing_right_names_the_file_and_who_has_it(void **state)
{
	static const int errors[] = {EACCES, EPERM};

	(void)state;
	for (int k = 0; k < 2; k++) {
		world.cards[1].open_errno = errors[k];
		assert_refused(NULL, -errors[k],
		    "no right to open /dev/dri/card1", "as root");
		assert_refused("/dev/dri/card1", -errors[k],
		    "no right to open /dev/dri/card1", "video");
	}
}

static void
a_card_without_screens_is_not_taken(void **state)
{
	static const int errors[] = {EOPNOTSUPP, ENOTTY, EINVAL};

	(void)state;
	card_works(0);
	world.cards[0].n_connectors = 0;
	assert_refused(NULL, -ENXIO, "/dev/dri/card0 has no connector",
	    "name another card");
	for (int k = 0; k < 3; k++) {
		card_works(0);
		world.cards[0].resources_errno = errors[k];
		assert_refused("/dev/dri/card0", -errors[k],
		    "/dev/dri/card0 has no connector", "name another card");
	}
}

static void
another_master_is_named_as_the_reason(void **state)
{
	(void)state;
	card_works(0);
	world.cards[0].master_errno = EBUSY;
	assert_refused(NULL, -EBUSY,
	    "another program has the screens of /dev/dri/card0",
	    "end it first\n");
	world.cards[0].master_errno = EACCES;
	assert_refused("/dev/dri/card0", -EACCES,
	    "another program has the screens of /dev/dri/card0",
	    "run tdsd as root");
	world.cards[0].master_errno = EIO;
	assert_refused(NULL, -EIO,
	    "/dev/dri/card0: cannot become its DRM "
	    "master",
	    "kernel's log");
}

static void
any_other_error_points_to_the_kernel(void **state)
{
	(void)state;
	world.cards[0].open_errno = ENODEV;
	assert_refused(
	    NULL, -ENODEV, "/dev/dri/card0 cannot be opened", "kernel's log");
}

static void
the_first_card_with_screens_is_taken(void **state)
{
	(void)state;
	card_works(0);
	world.cards[0].n_connectors = 0;
	world.cards[1].open_errno = EACCES;
	card_works(2);
	const int fd = screen_open(NULL);
	assert_true(fd >= 0);
	assert_int_equal(world.opened, 2);
	assert_string_equal(log_text(), "");
	close(fd);
	/* of several reasons not to open one, the first card's */
	world.cards[2].open_errno = ENODEV;
	assert_refused(NULL, -ENXIO, "/dev/dri/card0 has no connector", "name");
}

/* ------------------------------------------------------------------ blanking
 */

static void
open_card(void)
{
	card_works(0);
	const int fd = screen_open("/dev/dri/card0");
	assert_int_equal(fd, world.fd);
}

static void
a_blank_leaves_no_pixel_and_no_framebuffer(void **state)
{
	(void)state;
	open_card();
	assert_int_equal(screen_blank(world.fd), 0);
	for (uint32_t i = 0; i < FBS; i++) {
		assert_false(world.has_fb[i]);
		assert_false(world.has_handle[i]);
		for (uint32_t k = 0; k < 64 * 64; k++)
			assert_int_equal(world.pixels[i][k], 0);
	}
	for (uint32_t i = 0; i < CRTCS; i++)
		assert_false(world.is_on[i]);
	close(world.fd);
}

static void
a_blank_goes_on_after_a_step_that_failed(void **state)
{
	static const unsigned long requests[] = {DRM_IOCTL_MODE_GETFB,
	    DRM_IOCTL_MODE_MAP_DUMB, DRM_IOCTL_MODE_SETCRTC};

	(void)state;
	for (int k = 0; k < 3; k++) {
		open_card();
		memset(world.has_fb, true, sizeof(world.has_fb));
		memset(world.is_on, true, sizeof(world.is_on));
		world.fail_request = (uint32_t)requests[k];
		assert_int_equal(screen_blank(world.fd), -EIO);
		world.fail_request = 0;
		for (uint32_t i = 0; i < FBS; i++) {
			assert_false(world.has_fb[i]);
			assert_false(world.has_handle[i]);
		}
		for (uint32_t i = 0; i < CRTCS; i++)
			assert_int_equal(world.is_on[i], k == 2);
		close(world.fd);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_machine_without_a_card_is_told_so),
	    TEST(a_missing_right_names_the_file_and_who_has_it),
	    TEST(a_card_without_screens_is_not_taken),
	    TEST(another_master_is_named_as_the_reason),
	    TEST(any_other_error_points_to_the_kernel),
	    TEST(the_first_card_with_screens_is_taken),
	    TEST(a_blank_leaves_no_pixel_and_no_framebuffer),
	    TEST(a_blank_goes_on_after_a_step_that_failed),
	};

	log_init("tdsd");
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
