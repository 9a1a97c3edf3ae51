#include "tds/super/console.h"

#include "tds/base/log.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <string.h>
#include <sys/ioctl.h>

static int
missing(const char *what, const char *path, int err)
{
	log_error("cannot %s %s: %s: %s", what, path, strerror(-err),
	    err == -EROFS ? "tdsd must run where /proc/sys can be written"
			  : "tdsd must run as root");
	return err;
}

/* A kernel that was built without it has nothing to be switched off. */
static int
switch_off(const char *path)
{
	int AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || write(fd, "0\n", 2) != 2)
		return missing("write", path, -errno);
	return 0;
}

/*
 * VT_PROCESS: another terminal comes to the front only after this process
 * gave way, and it never does. It is asked by signal 0, which is none.
 */
static int
take_terminal(int fd)
{
	const struct vt_mode mode = {.mode = VT_PROCESS};
	/* wiped: its picture is what the kernel shows when the card is free */
	static const char wipe[] = "\033[H\033[2J\033[3J\033[?25l";

	if (ioctl(fd, KDSKBMODE, K_OFF) < 0 || ioctl(fd, VT_SETMODE, &mode) < 0)
		return -errno;
	if (write(fd, wipe, sizeof(wipe) - 1) < 0)
		return -errno;
	return ioctl(fd, KDSETMODE, KD_GRAPHICS) < 0 ? -errno : 0;
}

int
console_take(int *tty)
{
	static const char path[] = "/dev/tty0";
	int err = switch_off("/proc/sys/kernel/ctrl-alt-del");

	if (err == 0)
		err = switch_off("/proc/sys/kernel/sysrq");
	if (err < 0)
		return err;
	int AUTO_FD fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV)) {
		*tty = -1;
		return 0;
	}
	if (fd < 0)
		return missing("open", path, -errno);
	err = take_terminal(fd);
	if (err < 0)
		return missing("take", path, err);
	*tty = TAKE_FD(fd);
	return 0;
}
