/*
 * fake_child: one of our programs as tdsd starts it: fd 3 a SEQPACKET
 * channel, stdin /dev/null, no environment, and its log collected here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CHILD_LOG_BYTES = 1 << 18, CHILD_DEADLINE_MS = 20000 };

struct child {
	pid_t pid;
	int pid_fd;	/* owned; readable when the process has ended */
	int control;	/* owned: our end of fd 3 */
	int log_fd;	/* owned: read end of its stderr */
	bool has_ended; /* reaped */
	int end_status; /* of waitpid() */
	bool is_log_closed;
	char *log; /* owned, NUL-terminated */
	size_t log_len;
};

/* Monotonic milliseconds, for deadlines. */
int64_t now_ms(void);
/* A memfd that can neither shrink nor grow, as tdsd makes them. */
int sealed_memfd(const char *name, uint64_t bytes);
/* user + system time and resident kilobytes of a process, its descriptors. */
uint64_t proc_cpu_ms(pid_t pid);
uint64_t proc_rss_kb(pid_t pid);
/* Shared memory that it has touched; its address space. */
uint64_t proc_shared_kb(pid_t pid);
uint64_t proc_size_kb(pid_t pid);
uint32_t proc_count_fds(pid_t pid);

/* Fails the test on errors. */
void child_start(struct child *child, const char *program, const char *argv0);
/* Kill and reap it if it lives. */
void child_stop(struct child *child);
/* Take in what it logged; after its pid_fd was readable, its end. */
void child_drain_log(struct child *child);
void child_reap(struct child *child);
/* Lines from `from` (an older log_len) on that hold both texts. */
uint32_t child_count_log(
    const struct child *child, size_t from, const char *text, const char *more);
/* Fails the test if it crashed, or says that it is itself to blame. */
void child_check(const struct child *child);
