#include "tds/super/init.h"

#include "tds/base/log.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_MS = 10000, COMPRESSED_FILE = 4 /* linux/module.h */ };

static const char modules_file[] = "/etc/tds/modules";

bool
init_is_us(void)
{
	return getpid() == 1;
}

/* ------------------------------------------------------------ file systems */

/* Whether something is mounted there: then it is on a device of its own. */
static bool
is_mounted(const char *path)
{
	struct stat here, root;

	return stat(path, &here) == 0 && stat("/", &root) == 0 &&
	       here.st_dev != root.st_dev;
}

static void
mount_all(void)
{
	const unsigned long flags = MS_NOSUID | MS_NOEXEC;
	static const struct {
		const char *type, *path, *data;
		unsigned long flags;
	} mounts[] = {
	    {"proc", "/proc", NULL, MS_NODEV},
	    {"sysfs", "/sys", NULL, MS_NODEV},
	    {"devtmpfs", "/dev", NULL, 0},
	    {"tmpfs", "/run", "mode=0755", MS_NODEV},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (is_mounted(mounts[i].path))
			continue;
		if ((mkdir(mounts[i].path, 0755) < 0 && errno != EEXIST) ||
		    mount(mounts[i].type, mounts[i].path, mounts[i].type,
			flags | mounts[i].flags, mounts[i].data) < 0)
			log_error("cannot mount %s: %s", mounts[i].path,
			    strerror(errno));
	}
}

/* The kernel opens /dev/console for process 1 only if the image has one. */
static void
open_log(void)
{
	if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
		return;
	/* the lowest free descriptors are 0, 1, 2 */
	for (int fd = -1; fd < STDERR_FILENO;) {
		fd = open("/dev/console", O_RDWR | O_NOCTTY);
		if (fd < 0)
			fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return;
	}
}

/* ----------------------------------------------------------------- modules */

static void
load_module(const char *path, const char *parameters)
{
	int AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	const size_t len = strlen(path);
	const bool is_plain = len > 3 && strcmp(path + len - 3, ".ko") == 0;

	if (fd < 0 || (syscall(SYS_finit_module, fd, parameters,
			   is_plain ? 0 : COMPRESSED_FILE) < 0 &&
			  errno != EEXIST))
		log_error(
		    "cannot load the module %s: %s", path, strerror(errno));
}

/* A line each: a path, a blank, parameters; in the order of their needs. */
static void
load_modules(void)
{
	char line[256];
	FILE *file = fopen(modules_file, "re");

	if (!file)
		return; /* a kernel that has everything built in */
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		const size_t len = strcspn(line, " ");
		const char *parameters = line + len + (line[len] == ' ');
		if (line[0] == '/') {
			line[len] = 0;
			load_module(line, parameters);
		}
		if (line[0] && line[0] != '/' && line[0] != '#')
			log_error("%s: %s: is not a path", modules_file, line);
	}
	fclose(file);
}

void
init_begin(void)
{
	mount_all();
	open_log();
	load_modules();
}

void
init_wait_for(const char *path, uint32_t ms)
{
	enum { STEP_MS = 10 };

	for (uint32_t waited = 0; waited < ms && access(path, F_OK) < 0;
	     waited += STEP_MS)
		poll(NULL, 0, STEP_MS);
}

void
init_end(bool has_failed)
{
	log_error("%s: this machine is switched off",
	    has_failed ? "tdsd failed" : "tdsd was stopped");
	if (has_failed)
		poll(NULL, 0, READ_MS);
	reboot(RB_POWER_OFF);
	/* A machine that cannot switch itself off: process 1 must not end. */
	for (;;)
		poll(NULL, 0, -1);
}
