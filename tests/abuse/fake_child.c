#include "tests/abuse/fake_child.h"

#include "tds/base/channel.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/abuse/check.h"

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
sealed_memfd(const char *name, uint64_t bytes)
{
	const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
	    0);
	return fd;
}

/* In the child: become the program, with fd 3 and nothing else. */
static void
exec_program(const char *program, const char *name, int control, int log_fd)
{
	static char argv0[64], asan[256], ubsan[256];
	const char *options = getenv("ASAN_OPTIONS");
	const char *more = getenv("UBSAN_OPTIONS");

	snprintf(argv0, sizeof(argv0), "%s", name);
	snprintf(asan, sizeof(asan), "ASAN_OPTIONS=%s", options ? options : "");
	snprintf(ubsan, sizeof(ubsan), "UBSAN_OPTIONS=%s", more ? more : "");
	char *const argv[] = {argv0, NULL};
	/* none, except for what a sanitizer must be told */
	char *const none[] = {NULL};
	char *const some[] = {asan, ubsan, NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	const int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, 0) < 0 || dup2(log_fd, 1) < 0 ||
	    dup2(log_fd, 2) < 0 || dup2(control, 3) < 0)
		_exit(126);
	syscall(SYS_close_range, 4u, ~0u, 0u);
	execve(program, argv, options || more ? some : none);
	_exit(127);
}

void
child_start(struct child *child, const char *program, const char *argv0)
{
	int pair[2], log_pipe[2];

	*child = (struct child){.log = calloc(1, CHILD_LOG_BYTES)};
	assert_non_null(child->log);
	assert_int_equal(channel_pair(pair), 0);
	assert_int_equal(pipe2(log_pipe, O_CLOEXEC), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		/* above 3, so that dup2() to 3 does not hit it */
		const int log_fd = fcntl(log_pipe[1], F_DUPFD, 10);
		const int control = fcntl(pair[1], F_DUPFD, 10);

		exec_program(program, argv0, control, log_fd);
	}
	close(pair[1]);
	close(log_pipe[1]);
	child->control = pair[0];
	child->log_fd = log_pipe[0];
	assert_int_equal(fcntl(child->log_fd, F_SETFL, O_NONBLOCK), 0);
	child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	assert_true(child->pid_fd >= 0);
}

void
child_stop(struct child *child)
{
	if (!child->has_ended) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	close(child->control);
	close(child->log_fd);
	close(child->pid_fd);
	free(child->log);
	*child = (struct child){0};
}

void
child_drain_log(struct child *child)
{
	for (;;) {
		char spill[4096];
		const size_t left = CHILD_LOG_BYTES - 1 - child->log_len;
		char *to = left > 0 ? child->log + child->log_len : spill;
		const ssize_t n =
		    read(child->log_fd, to, left > 0 ? left : sizeof(spill));

		if (n <= 0) {
			child->is_log_closed = n == 0;
			return;
		}
		if (left > 0)
			child->log_len += (size_t)n;
		child->log[child->log_len] = '\0';
	}
}

void
child_reap(struct child *child)
{
	if (child->has_ended ||
	    waitpid(child->pid, &child->end_status, WNOHANG) != child->pid)
		return;
	child->has_ended = true;
	child_drain_log(child);
}

uint32_t
child_count_log(
    const struct child *child, size_t from, const char *text, const char *more)
{
	uint32_t n = 0;
	const char *at = child->log + from;

	for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		char line[1024];
		const size_t len = (size_t)(end - at);

		if (len >= sizeof(line))
			continue;
		memcpy(line, at, len);
		line[len] = '\0';
		if (strstr(line, text) && strstr(line, more))
			n++;
	}
	return n;
}

void
child_check(const struct child *child)
{
	static const char *const bad[] = {
	    "Sanitizer", "runtime error", ": bug:", "stack smashing"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(child->log, bad[i]))
			fail_msg("%s in the log:\n%s", bad[i], child->log);
	if (child->has_ended && !WIFEXITED(child->end_status))
		fail_msg("killed by signal %d; log:\n%s",
		    WTERMSIG(child->end_status), child->log);
}

/* ------------------------------------------------------------------------ */

static uint64_t
proc_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	uint64_t value = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key) + 1, NULL, 10);
	fclose(f);
	return value;
}

uint64_t
proc_rss_kb(pid_t pid)
{
	/* not what is shared: pools, guests' memory */
	return proc_number(pid, "RssAnon");
}

uint64_t
proc_shared_kb(pid_t pid)
{
	return proc_number(pid, "RssShmem");
}

uint64_t
proc_size_kb(pid_t pid)
{
	return proc_number(pid, "VmSize");
}

uint32_t
proc_count_fds(pid_t pid)
{
	char path[64];
	uint32_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	if (!dir) /* not ours to look at: the size of the table */
		return (uint32_t)proc_number(pid, "FDSize");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

uint64_t
proc_cpu_ms(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user = 0, sys = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	const size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	const char *at = strrchr(text, ')');
	assert_non_null(at);
	assert_int_equal(sscanf(at + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			     "%lu %lu",
			     &user, &sys),
	    2);
	return (uint64_t)(user + sys) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
