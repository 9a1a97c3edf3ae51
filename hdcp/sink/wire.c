#include "hdcp/sink/wire.h"

#include "tds/base/log.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct log_budget refused;

/* A socket that a tds-sink before us left behind, and nothing else. */
static int
remove_old(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 ? -errno : 0;
}

static int
give_to(const char *path, const char *carrier)
{
	if (!carrier)
		return 0;
	const struct passwd *user = getpwnam(carrier);
	if (!user)
		return -ESRCH;
	return lchown(path, user->pw_uid, (gid_t)-1) < 0 ? -errno : 0;
}

static int
listen_at(struct wire *w, const char *path, const char *carrier)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	int err = remove_old(path);
	if (err < 0)
		return err;
	int AUTO_FD fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const mode_t before = umask(0177); /* its owner, from the start */
	err = fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0
		  ? -errno
		  : give_to(path, carrier);
	umask(before);
	if (err == 0 && listen(fd, 1) < 0)
		err = -errno;
	if (err == 0)
		w->listen_fd = TAKE_FD(fd);
	return err;
}

int
wire_open(struct wire *w, const char *path, const char *carrier)
{
	*w = (struct wire){.listen_fd = -1, .fd = -1, .deadline_ns = UINT64_MAX};
	if (strcmp(path, "-") != 0)
		return listen_at(w, path, carrier);
	const int flags = fcntl(STDIN_FILENO, F_GETFL);
	if (flags < 0 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	w->fd = STDIN_FILENO;
	return 0;
}

bool
wire_is_up(const struct wire *w)
{
	return w->fd >= 0;
}

bool
wire_accept(struct wire *w, uint64_t now_ns)
{
	const int fd = accept4(w->listen_fd, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return false;
	if (w->fd >= 0) {
		log_peer(&refused, "carrier",
		    "a second connection is refused: one is open");
		close(fd);
		return false;
	}
	w->fd = fd;
	w->deadline_ns = now_ns + (uint64_t)WIRE_PICTURE_MS * 1000000;
	return true;
}

void
wire_is_good(struct wire *w)
{
	w->deadline_ns = UINT64_MAX;
}

ssize_t
wire_read(struct wire *w, uint8_t *out, size_t room)
{
	const ssize_t n = read(w->fd, out, room);

	return n < 0 ? -errno : n;
}

int
wire_write(struct wire *w, const uint8_t *bytes, uint32_t n)
{
	const ssize_t done = write(w->fd, bytes, n);

	if (done < 0)
		return -errno;
	return (uint32_t)done == n ? 0 : -EAGAIN;
}

void
wire_close(struct wire *w)
{
	close(w->fd);
	w->fd = -1;
	w->deadline_ns = UINT64_MAX;
}
