#include "tds/super/place.h"

#include "tds/base/log.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static const char *const socket_names[PLACE_SOCKETS] = {
    "gpu.sock", "keyboard.sock", "tablet.sock", "mouse.sock"};

/* ------------------------------------------------------------- directories */

/* Open, or make, a directory that belongs to root, to us or to user. */
static int
open_dir(const char *path, mode_t mode, uid_t user)
{
	struct stat st;

	if (mkdir(path, mode) < 0 && errno != EEXIST) {
		const int err = -errno;
		log_error("cannot make %s: %s; make its parent first", path,
		    strerror(-err));
		return err;
	}
	int AUTO_FD dir =
	    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0) {
		const int err = -errno;
		log_error("cannot use %s: %s", path, strerror(-err));
		return err;
	}
	if ((st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != user) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH))) {
		log_error("%s belongs to user %u, mode %04o: others could put "
			  "sockets into it; remove it, or choose another",
		    path, st.st_uid, st.st_mode & 07777);
		return -EPERM;
	}
	return TAKE_FD(dir);
}

/* -------------------------------------------------------------------- lock */

static int
take_lock(struct place *place, const char *run_dir)
{
	char pid[16] = "";
	int AUTO_FD lock = openat(place->dir, "tdsd.lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (lock < 0) {
		const int err = -errno;
		log_error("cannot write in %s: %s", run_dir, strerror(-err));
		return err;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		const ssize_t n = read(lock, pid, sizeof(pid) - 1);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = 0;
		log_error("another tdsd (process %s) uses %s; stop it first, "
			  "or set another run-dir",
		    pid[0] ? pid : "unknown", run_dir);
		return -EBUSY;
	}
	const int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(lock, 0) < 0 || write(lock, pid, (size_t)n) != n)
		log_info("%s is full: the lock holds no process number",
		    run_dir);
	place->lock = TAKE_FD(lock);
	return 0;
}

/* ----------------------------------------------------------------- sockets */

/*
 * Listen on NAME in dir, which nobody else may write while this runs: what is
 * there is removed, and what appears is ours. Mode 0600.
 */
static int
listen_at(int dir, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path),
	    "/proc/self/fd/%d/%s", dir, name);
	int AUTO_FD fd =
	    socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	const mode_t before = umask(0177);
	const int bound = bind(fd, (const struct sockaddr *)&address,
	    sizeof(address));
	const int err = bound < 0 ? -errno : 0;
	umask(before);
	if (err < 0)
		return err;
	return listen(fd, 8) < 0 ? -errno : TAKE_FD(fd);
}

int
place_open(struct place *place, const char *run_dir)
{
	*place = (struct place){.dir = -1, .lock = -1, .control = -1};
	const int dir = open_dir(run_dir, 0711, geteuid());
	if (dir < 0)
		return dir;
	place->dir = dir;
	const int err = take_lock(place, run_dir);
	if (err < 0)
		return err;
	place->control = listen_at(dir, "control.sock", SOCK_SEQPACKET);
	if (place->control < 0)
		log_error("cannot listen at %s/control.sock: %s", run_dir,
		    strerror(-place->control));
	return place->control < 0 ? place->control : 0;
}

int
place_wire(const struct place *place, const struct config_output *output)
{
	char name[TDS_NAME_BYTES + 8];

	snprintf(name, sizeof(name), "%s.wire", (const char *)output->core.name);
	int AUTO_FD fd = listen_at(place->dir, name, SOCK_STREAM);
	int err = fd < 0 ? fd : 0;
	if (err == 0 && output->has_carrier &&
	    fchownat(place->dir, name, output->carrier_uid,
		output->carrier_gid, AT_SYMLINK_NOFOLLOW) < 0)
		err = -errno;
	if (err < 0)
		log_error("cannot make %s in the run directory: %s", name,
		    strerror(-err));
	return err < 0 ? err : TAKE_FD(fd);
}

void
place_remove_wire(const struct place *place, const struct config_output *output)
{
	char name[TDS_NAME_BYTES + 8];

	snprintf(name, sizeof(name), "%s.wire", (const char *)output->core.name);
	unlinkat(place->dir, name, 0);
}

/* Hand the directory over last: until then only we could change it. */
static int
give_to_user(int dir, const struct config_domain *domain)
{
	if (!domain->has_user)
		return 0;
	for (int i = 0; i < PLACE_SOCKETS; i++)
		if (fchownat(dir, socket_names[i], domain->uid, domain->gid,
			AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	return fchown(dir, domain->uid, domain->gid) < 0 ? -errno : 0;
}

static int
listen_all(int dir, int listeners[PLACE_SOCKETS])
{
	for (int i = 0; i < PLACE_SOCKETS; i++) {
		listeners[i] = listen_at(dir, socket_names[i], SOCK_STREAM);
		if (listeners[i] < 0)
			return listeners[i];
	}
	return 0;
}

int
place_domain(const struct config_domain *domain, int listeners[PLACE_SOCKETS])
{
	const uid_t user = domain->has_user ? domain->uid : geteuid();

	for (int i = 0; i < PLACE_SOCKETS; i++)
		listeners[i] = -1;
	int AUTO_FD dir = open_dir(domain->sockets, 0700, user);
	if (dir < 0)
		return dir;
	/* an earlier tdsd may have given it away: take it back first */
	int err = fchown(dir, geteuid(), getegid()) < 0 ? -errno : 0;
	if (err == 0 && fchmod(dir, 0700) < 0)
		err = -errno;
	if (err == 0)
		err = listen_all(dir, listeners);
	if (err == 0)
		err = give_to_user(dir, domain);
	if (err < 0)
		log_error("cannot make the sockets in %s: %s", domain->sockets,
		    strerror(-err));
	return err;
}

void
place_remove_domain(const struct config_domain *domain)
{
	int AUTO_FD dir = open(domain->sockets,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (int i = 0; i < PLACE_SOCKETS && dir >= 0; i++)
		unlinkat(dir, socket_names[i], 0);
	/* the VM may still have its VNC socket there: then it stays */
	if (!domain->lines[KEY_SOCKETS])
		rmdir(domain->sockets);
}

void
place_close(struct place *place)
{
	if (place->control >= 0)
		unlinkat(place->dir, "control.sock", 0);
	own_close(&place->control);
	own_close(&place->lock); /* the file stays: removing it would race */
	own_close(&place->dir);
	*place = (struct place){.dir = -1, .lock = -1, .control = -1};
}

/* --------------------------------------------------------------------- vnc */

int
place_connect_vnc(const struct config_domain *domain)
{
	const uid_t user = domain->has_user ? domain->uid : geteuid();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct stat st;

	int AUTO_FD node = open(domain->vnc, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0 || fstat(node, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || (st.st_uid != user && st.st_uid != 0))
		return -EPERM;
	snprintf(address.sun_path, sizeof(address.sun_path),
	    "/proc/self/fd/%d", node);
	int AUTO_FD fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.uid != user && (domain->has_user || peer.uid != 0))
		return -EPERM;
	return TAKE_FD(fd);
}
