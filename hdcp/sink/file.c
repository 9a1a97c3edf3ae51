#include "hdcp/sink/file.h"

#include "tds/base/log.h"
#include "tds/base/own.h"
#include "tds/ctl/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { PATH_BYTES = 4096, PAUSE_MS = 250 };

static struct file {
	struct screen base;
	uint32_t *pixels; /* owned, shared with the writer */
	uint32_t width, height;
	int fd; /* owned: a byte says "write", one back "written" */
	bool is_pending;
} the_file;

static size_t
bytes_of(const struct file *f)
{
	return (size_t)f->width * f->height * 4;
}

/* ---------------------------------------------------------------- the writer */

/* Under another name first: who reads the file finds all of a picture. */
static int
write_file(const struct file *f, const char *path)
{
	char draft[PATH_BYTES + 8];

	snprintf(draft, sizeof(draft), "%s.draft", path);
	int AUTO_FD fd = open(draft,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	FILE *to = fdopen(fd, "wb");
	if (!to)
		return -errno;
	(void)TAKE_FD(fd);
	int err = picture_write(to, f->pixels, f->width, f->height);
	if (fclose(to) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(draft, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(draft);
	return err;
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Until the sink closes its end; signals are for the sink. */
static void __attribute__((noreturn))
writer(const struct file *f, const char *path)
{
	int last = 0;
	char byte;

	close(STDIN_FILENO); /* it may be the wire */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_DUMPABLE, 0);
	while (read(f->fd, &byte, 1) == 1) {
		const uint64_t begin = now_ms();
		const int err = write_file(f, path);
		if (err < 0 && err != last)
			log_error("%s: %s", path, strerror(-err));
		last = err;
		const uint64_t took = now_ms() - begin;
		struct pollfd end = {.fd = f->fd, .events = POLLIN};
		/* nothing comes before the answer but the end */
		if (took < PAUSE_MS && poll(&end, 1, (int)(PAUSE_MS - took)) > 0)
			break;
		if (send(f->fd, &byte, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	memset(f->pixels, 0, bytes_of(f));
	_exit(0);
}

/* ---------------------------------------------------------------- the screen */

static struct file *
file_of(struct screen *screen)
{
	return (struct file *)(void *)screen; /* its first member */
}
_Static_assert(offsetof(struct file, base) == 0, "file_of() relies on it");

static int
file_probe(struct screen *screen, const struct core_output *slots, uint32_t n,
    struct core_output *found)
{
	(void)screen;
	memcpy(found, slots, n * sizeof(*slots));
	found[0].scale = slots[0].width >= 3000 ? 2 : 1;
	return 0;
}

static struct target
file_begin(struct screen *screen, uint32_t i, const struct damage **stale)
{
	static const struct damage nothing;
	const struct file *f = file_of(screen);

	(void)i;
	*stale = &nothing;
	return (struct target){.pixels = f->is_pending ? NULL : f->pixels,
	    .stride_px = f->width};
}

static int
file_present(struct screen *screen, uint32_t i, const struct damage *painted)
{
	struct file *f = file_of(screen);

	(void)i;
	(void)painted;
	if (write(f->fd, "", 1) != 1)
		return -errno;
	f->is_pending = true;
	return 0;
}

static uint64_t
file_flips(struct screen *screen)
{
	struct file *f = file_of(screen);
	char byte;

	if (read(f->fd, &byte, 1) == 1)
		f->is_pending = false;
	return 0;
}

static const struct screen_ops file_ops = {
    .probe = file_probe,
    .begin = file_begin,
    .present = file_present,
    .flips = file_flips,
};

int
file_create(const char *path, uint32_t width, uint32_t height,
    struct screen **out, int *fd)
{
	struct file *f = &the_file;
	int ends[2];

	*f = (struct file){
	    .base.ops = &file_ops, .width = width, .height = height};
	if (strlen(path) >= PATH_BYTES)
		return -ENAMETOOLONG;
	void *pixels = mmap(NULL, bytes_of(f), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pixels == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	f->pixels = pixels;
	const pid_t pid = fork();
	if (pid < 0)
		return -errno;
	f->fd = ends[pid == 0];
	close(ends[pid != 0]);
	if (pid == 0)
		writer(f, path);
	*out = &f->base;
	*fd = f->fd;
	return 0;
}

/* The writer wipes what both share. Its end is the end of its socket: a
 * sealed process cannot wait for a child. */
void
file_destroy(struct screen *screen)
{
	struct file *f = file_of(screen);
	char byte;

	if (shutdown(f->fd, SHUT_WR) < 0)
		return;
	while (read(f->fd, &byte, 1) == 1)
		continue;
	memset(f->pixels, 0, bytes_of(f));
}
