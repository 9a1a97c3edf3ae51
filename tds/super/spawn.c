#include "tds/super/spawn.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { CHANNEL_FD = 3 };

int
spawn_find(const char *program, char *path, size_t size)
{
	/* beside tdsd, in its build directory, where both are installed */
	static const char *const places[] = {"%s/%s",
	    "%s/../../compositor/%s", "%s/../../hv-glue/%s",
	    "%s/../../kbd/%s", "%s/../../hdcp/%s", "%s/" TDS_FROM_SBIN "/%s"};
	char self[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		const int len = snprintf(path, size, places[i], self, program);
#pragma GCC diagnostic pop
		if (len > 0 && (size_t)len < size && access(path, X_OK) == 0)
			return 0;
	}
	const int len = snprintf(path, size, TDS_LIBEXECDIR "/%s", program);
	return len > 0 && (size_t)len < size && access(path, X_OK) == 0
	    ? 0
	    : -ENOENT;
}

static int
write_file(const char *path, const char *text)
{
	int AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
	const size_t n = strlen(text);

	return fd >= 0 && write(fd, text, n) == (ssize_t)n ? 0 : -1;
}

/*
 * Be root of the new user namespace, and of nothing else: without a mapping
 * exec would take the capabilities that sealing needs. Safe: it maps our own
 * user only, and the program gives all of it up.
 */
static int
map_user(uid_t uid, gid_t gid)
{
	char line[32];

	/* We cannot be dumped, so these files are root's: nobody but root may
	 * write them. Safe: for these three lines only, and exec ends it. */
	if (uid != 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -1;
	snprintf(line, sizeof(line), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", line) < 0 ||
	    write_file("/proc/self/setgroups", "deny") < 0)
		return -1;
	snprintf(line, sizeof(line), "0 %u 1", gid);
	if (write_file("/proc/self/gid_map", line) < 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* In the child: only what exec needs; the program seals itself. */
static void __attribute__((noreturn))
become(const char *path, const char *name, int channel, pid_t parent)
{
	char *argv[] = {(char *)(uintptr_t)name, NULL};
	char *env[] = {NULL};
	sigset_t none;

	/* SIGKILL when tdsd dies; and if it died before this line, now. A
	 * child in its own pid namespace sees 0 as its parent. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(126);
	if (getppid() != parent && getppid() != 0)
		_exit(126);
	const int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(126);
	if (channel == CHANNEL_FD ? fcntl(channel, F_SETFD, 0) < 0
				  : dup2(channel, CHANNEL_FD) < 0)
		_exit(126);
	if (syscall(SYS_close_range, CHANNEL_FD + 1, ~0u, 0) < 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, argv, env);
	_exit(127);
}

int
spawn(const char *path, const char *name, enum role role, bool is_plain,
    struct child *out)
{
	struct clone_args args = {
	    .flags = is_plain ? 0 : rights_namespaces(role),
	    .exit_signal = SIGCHLD};
	const pid_t parent = getpid();
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	int pair[2];

	const int err = channel_pair(pair);
	if (err < 0)
		return err;
	int AUTO_FD ours = pair[0];
	int AUTO_FD theirs = pair[1];
	const long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid == 0 && (args.flags & CLONE_NEWUSER) && map_user(uid, gid) < 0)
		_exit(125);
	if (pid == 0)
		become(path, name, theirs, parent);
	out->pid = (pid_t)pid;
	out->channel = TAKE_FD(ours);
	return 0;
}

/* In a child of the probe: what the program will do before and after exec. */
static void __attribute__((noreturn))
try_to_seal(enum role role, uid_t uid, gid_t gid, int answer)
{
	const char *what = "the map of a user namespace";
	int err = map_user(uid, gid) < 0 ? -errno : 0;
	char line[96];

	if (err == 0)
		err = rights_seal(role, false, &what);
	if (err == 0)
		_exit(0);
	snprintf(line, sizeof(line), "%s: %s", what, strerror(-err));
	const ssize_t n = write(answer, line, strlen(line));
	_exit(n < 0 ? 2 : 1);
}

int
spawn_probe(enum role role, char *what, size_t size, bool *is_plain)
{
	struct clone_args args = {
	    .flags = rights_namespaces(role), .exit_signal = SIGCHLD};
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	int pair[2], status = 0;

	const int err = channel_pair(pair);
	if (err < 0)
		return err;
	int AUTO_FD ours = pair[0];
	int AUTO_FD theirs = pair[1];
	const long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0) {
		snprintf(what, size, "namespaces: %s", strerror(errno));
		*is_plain = true;
		return -EPERM;
	}
	if (pid == 0)
		try_to_seal(role, uid, gid, theirs);
	while (waitpid((pid_t)pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	const ssize_t n = read(ours, what, size - 1);
	what[n > 0 ? n : 0] = 0;
	if (n <= 0)
		snprintf(what, size, "a sealed process is killed at once");
	return -EPERM;
}

void
child_hung_up(struct loop *loop, const struct child *child)
{
	loop_remove(loop, child->channel);
	if (child->pid > 0)
		kill(child->pid, SIGKILL);
}

void
child_kill(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (child->channel >= 0)
		close(child->channel);
	*child = (struct child){.pid = -1, .channel = -1};
}
