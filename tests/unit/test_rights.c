/*
 * The sandbox that a sealed process is in, seen from inside and from outside.
 * The sweep installs the product's own filter, not a copy.
 */
#include "tds/base/rights.h"

#include "tds/base/rights_table.h"

#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/input.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

/* Linked with --wrap, so that the layers under the filter can be seen. */
static bool is_filter_left_out;
int __real_rights_install_filter(enum role role);
int __wrap_rights_install_filter(enum role role);

int
__wrap_rights_install_filter(enum role role)
{
	return is_filter_left_out ? 0 : __real_rights_install_filter(role);
}

/* ------------------------------------------------------------------------ */
/* The filter: every number, by every door                                    */

enum door { NATIVE, I386 };
enum fate { DIED_OF_SIGSYS, LIVED, NOT_FILTERED };

static long
int80(long nr)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
			 : "memory");
	return r;
}

static enum fate
fate_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return DIED_OF_SIGSYS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		return NOT_FILTERED;
	return LIVED;
}

/*
 * One call with these arguments in a child under the role's filter. vfork,
 * because thousands of forks are slow; the child makes raw calls only. A call
 * that is allowed may block: SIGALRM ends it, which counts as alive.
 */
static enum fate
probe(enum role role, enum door door, long nr, const long arg[6])
{
	const pid_t pid = vfork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(5);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    __real_rights_install_filter(role) < 0)
			_exit(99);
		if (door == I386)
			int80(nr);
		else
			syscall(
			    nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
		/* the exit itself may be what kills: then it was not alive */
		_exit(0);
	}
	return fate_of(pid);
}

static const long all_minus_one[6] = {-1, -1, -1, -1, -1, -1};

/*
 * uretprobe and uprobe: since Linux 6.11 and 6.18 the kernel itself lets its
 * own trampolines past every filter, on x86-64.
 */
static bool
is_outside_every_filter(long nr)
{
	return nr == 335 || nr == 336;
}

/* Allowed, and with arguments of -1 they disturb the test, not the system:
 * they jump to a frame that is not there, wait, replace or share the child. */
static bool
cannot_be_tried(long nr)
{
	static const long calls[] = {SYS_rt_sigreturn, SYS_clone, SYS_fork,
	    SYS_vfork, SYS_kill, SYS_wait4, SYS_munmap, SYS_close_range,
	    SYS_rt_sigprocmask, SYS_restart_syscall};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == nr)
			return true;
	return false;
}

static void
sweep(enum role role)
{
	uint32_t wrong = 0;

	for (long nr = 0; nr < 1024; nr++) {
		const bool named = rights_table_has(role, (uint32_t)nr);
		if (!named && !is_outside_every_filter(nr) &&
		    probe(role, NATIVE, nr, all_minus_one) != DIED_OF_SIGSYS) {
			print_error("role %d: %ld lives\n", (int)role, nr);
			wrong++;
		}
		const long x32 = nr | 0x40000000;
		if (probe(role, NATIVE, x32, all_minus_one) != DIED_OF_SIGSYS) {
			print_error("role %d: x32 %ld lives\n", (int)role, nr);
			wrong++;
		}
		if (probe(role, I386, nr, NULL) != DIED_OF_SIGSYS) {
			print_error("role %d: i386 %ld lives\n", (int)role, nr);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
the_core_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_CORE);
}

static void
a_guest_process_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_GUEST);
}

static void
tds_input_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_INPUT);
}

static void
tds_xen_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_XEN);
}

static void
tds_hdcp_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_HDCP);
}

static void
tds_sink_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_SINK);
}

static void
tdsctl_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_CTL);
}

static void
tdsd_dies_of_every_call_that_is_not_in_its_table(void **state)
{
	(void)state;
	sweep(ROLE_TDSD);
}

static void
odd_numbers_are_no_way_round_the_table(void **state)
{
	static const long odd[] = {
	    -1, 0x7fffffff, 0x80000000L, 0x100000000L + SYS_execve};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(
		    probe(ROLE_CORE, NATIVE, odd[i], all_minus_one),
		    DIED_OF_SIGSYS);
}

/* The sweep would also pass if every call died: the allowed ones live. */
static void
calls_in_the_table_live(void **state)
{
	(void)state;
	for (int role = 0; role < ROLE_COUNT; role++)
		for (long nr = 0; nr < 512; nr++) {
			if (!rights_table_has((enum role)role, (uint32_t)nr) ||
			    cannot_be_tried(nr))
				continue;
			const enum fate fate =
			    probe((enum role)role, NATIVE, nr, all_minus_one);
			const bool by_argument =
			    nr == SYS_mmap || nr == SYS_fcntl ||
			    nr == SYS_ioctl || nr == SYS_newfstatat ||
			    nr == SYS_socket || nr == SYS_socketpair ||
			    nr == SYS_setsockopt || nr == SYS_futex ||
			    nr == SYS_reboot;
			if (by_argument)
				continue; /* see the argument probes */
			if (fate != LIVED)
				print_error("role %d: %ld dies\n", role, nr);
			assert_int_equal(fate, LIVED);
		}
}

static void
guest_parsers_never_get_the_calls_that_matter(void **state)
{
	static const uint32_t never[] = {SYS_openat, SYS_open, SYS_socket,
	    SYS_connect, SYS_execve, SYS_clone, SYS_clone3, SYS_fork,
	    SYS_ptrace, SYS_process_vm_readv, SYS_kill, SYS_io_uring_setup,
	    SYS_userfaultfd, SYS_perf_event_open, SYS_bpf, SYS_keyctl,
	    SYS_mount, SYS_unshare, SYS_memfd_create, SYS_reboot};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
#if defined(__SANITIZE_ADDRESS__)
		if (never[i] == SYS_openat || never[i] == SYS_open)
			continue; /* the run-time library opens /proc */
#endif
		assert_false(rights_table_has(ROLE_CORE, never[i]));
		assert_false(rights_table_has(ROLE_GUEST, never[i]));
		assert_false(rights_table_has(ROLE_INPUT, never[i]));
		assert_false(rights_table_has(ROLE_XEN, never[i]));
		assert_false(rights_table_has(ROLE_HDCP, never[i]));
		assert_false(rights_table_has(ROLE_SINK, never[i]));
	}
}

struct argument_probe {
	enum role role;
	long nr;
	long arg[6];
	enum fate fate;
};

static void
argument_rules_hold_on_both_sides(void **state)
{
	static const struct argument_probe probes[] = {
#if !defined(__SANITIZE_ADDRESS__)
		{ROLE_CORE, SYS_mmap,
		    {0, 4096, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
		    DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_mmap,
		    {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
		    DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_newfstatat, {3, 0, 0, 0}, DIED_OF_SIGSYS},
#endif
		{ROLE_CORE, SYS_mmap,
		    {0, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
		    LIVED},
		{ROLE_TDSD, SYS_mmap,
		    {0, 4096, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
		    LIVED},
		{ROLE_GUEST, SYS_fcntl, {-1, F_GET_SEALS}, LIVED},
		{ROLE_GUEST, SYS_fcntl, {-1, F_SETFL, O_NONBLOCK},
		    DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_fcntl, {-1, F_DUPFD, 0}, DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_fcntl, {-1, F_ADD_SEALS, 0}, DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_fcntl, {-1, F_GET_SEALS | (1L << 32)}, LIVED},
		/* xen/evtchn.h, xen/gntdev.h: NOTIFY; BIND_INTERDOMAIN,
		 * RESTRICT_DOMID, MAP_GRANT_REF, UNMAP_GRANT_REF; BIND_VIRQ,
		 * RESET, GRANT_COPY */
		{ROLE_TDSD, SYS_setsockopt, {-1, SOL_SOCKET, 0}, LIVED},
		{ROLE_TDSD, SYS_setsockopt, {-1, 6, 0}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_setsockopt, {-1, SOL_SOCKET, 0},
		    DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, 0x44504, 0}, LIVED},
		{ROLE_GUEST, SYS_ioctl, {-1, 0x84501, 0}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, 0x24506, 0}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, 0x184700, 0}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, 0x104701, 0}, DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, 0x44504, 0}, DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, 0x184700, 0}, DIED_OF_SIGSYS},
		{ROLE_HDCP, SYS_futex, {0, FUTEX_WAKE_PRIVATE, 1}, LIVED},
#if !defined(__SANITIZE_ADDRESS__)
		{ROLE_HDCP, SYS_futex, {0, FUTEX_WAIT_PRIVATE, 0},
		    DIED_OF_SIGSYS},
#endif
		{ROLE_XEN, SYS_ioctl, {-1, 0x84501, 0}, LIVED},
		{ROLE_XEN, SYS_ioctl, {-1, 0x24506, 0}, LIVED},
		{ROLE_XEN, SYS_ioctl, {-1, 0x184700, 0}, LIVED},
		{ROLE_XEN, SYS_ioctl, {-1, 0x104701, 0}, LIVED},
		{ROLE_XEN, SYS_ioctl, {-1, 0x44504, 0}, DIED_OF_SIGSYS},
		{ROLE_XEN, SYS_ioctl, {-1, 0x44500, 0}, DIED_OF_SIGSYS},
		{ROLE_XEN, SYS_ioctl, {-1, 0x4505, 0}, DIED_OF_SIGSYS},
		{ROLE_XEN, SYS_ioctl, {-1, 0x104708, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCGRAB, 1}, LIVED},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCGBIT(EV_KEY, 96), 0}, LIVED},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCGNAME(256), 0}, LIVED},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCSABS(0), 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCSREP, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCSKEYCODE, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCSFF, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, EVIOCREVOKE, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, TIOCSTI, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_ioctl, {-1, TCGETS, 0}, DIED_OF_SIGSYS},
		{ROLE_INPUT, SYS_fcntl, {-1, F_SETFL, 0}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, EVIOCGRAB, 1}, DIED_OF_SIGSYS},
		{ROLE_CTL, SYS_ioctl, {-1, TCGETS}, LIVED},
		{ROLE_CTL, SYS_ioctl, {-1, TIOCSTI}, DIED_OF_SIGSYS},
		/* the card: to show frames, not to become its master */
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_MODE_ATOMIC}, LIVED},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_MODE_GETCONNECTOR},
		    LIVED},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_SET_MASTER},
		    DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_DROP_MASTER},
		    DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_PRIME_HANDLE_TO_FD},
		    DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_MODE_GETFB2},
		    DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, DRM_IOCTL_MODE_CREATE_LEASE},
		    DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_ioctl, {-1, TIOCSTI}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_ioctl, {-1, DRM_IOCTL_MODE_ATOMIC},
		    DIED_OF_SIGSYS},
		{ROLE_CTL, SYS_ioctl, {-1, DRM_IOCTL_MODE_ATOMIC},
		    DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_SET_MASTER}, LIVED},
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_MODE_RMFB}, LIVED},
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_DROP_MASTER},
		    DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_ioctl, {-1, TIOCSTI}, DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_socket, {AF_UNIX, -1, -1}, LIVED},
		{ROLE_TDSD, SYS_socket, {AF_INET, SOCK_STREAM, 0},
		    DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_socket, {AF_NETLINK, SOCK_RAW, 15},
		    DIED_OF_SIGSYS}, /* it listens since before its seal */
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_MODE_GETRESOURCES},
		    LIVED},
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_MODE_SETCRTC}, LIVED},
		{ROLE_TDSD, SYS_ioctl, {-1, DRM_IOCTL_MODE_RMFB}, LIVED},
		{ROLE_GUEST, SYS_ioctl, {-1, DRM_IOCTL_MODE_RMFB},
		    DIED_OF_SIGSYS},
		/* without the magic numbers nothing happens */
		{ROLE_TDSD, SYS_reboot, {-1, -1, RB_POWER_OFF}, LIVED},
		{ROLE_TDSD, SYS_reboot, {-1, -1, RB_AUTOBOOT}, DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_reboot, {-1, -1, RB_KEXEC}, DIED_OF_SIGSYS},
		{ROLE_CORE, SYS_reboot, {-1, -1, RB_POWER_OFF}, DIED_OF_SIGSYS},
		{ROLE_GUEST, SYS_reboot, {-1, -1, RB_POWER_OFF},
		    DIED_OF_SIGSYS},
		{ROLE_TDSD, SYS_socketpair, {AF_UNIX, -1, -1, 0}, LIVED},
		{ROLE_TDSD, SYS_socketpair, {AF_INET, -1, -1, 0},
		    DIED_OF_SIGSYS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const struct argument_probe *p = &probes[i];
		const enum fate fate = probe(p->role, NATIVE, p->nr, p->arg);
		if (fate != p->fate)
			print_error("probe %zu, call %ld\n", i, p->nr);
		assert_int_equal(fate, p->fate);
	}
}

/* ------------------------------------------------------------------------ */
/* A sealed process, seen from outside                                        */

struct sealed {
	pid_t pid;
	int go; /* the child waits here for end of file */
};

static struct sealed
sealed_start(enum role role)
{
	int ready[2], go[2];
	char byte = 0;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const char *what = "nothing";
		close(go[1]);
		if (rights_seal(role, false, &what) < 0)
			byte = 1;
		if (write(ready[1], &byte, 1) == 1)
			(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 0);
	close(ready[0]);
	return (struct sealed){.pid = pid, .go = go[1]};
}

static void
sealed_end(struct sealed s)
{
	int status = -1;

	close(s.go);
	assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
	assert_int_equal(status, 0);
}

/* The text of /proc/PID/name; fails the test if there is none. */
static const char *
proc_text(pid_t pid, const char *name)
{
	static char text[65536];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	const size_t n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
a_sealed_core_has_no_privilege_left(void **state)
{
	const struct sealed s = sealed_start(ROLE_CORE);
	const char *text = proc_text(s.pid, "status");

	(void)state;
	assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(text, "Seccomp:\t2\n"));
	assert_non_null(strstr(text, "CapInh:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapAmb:\t0000000000000000\n"));
	text = proc_text(s.pid, "limits");
	assert_non_null(strstr(text, "Max core file size        0 "));
	assert_non_null(strstr(text, "Max processes             0 "));
	assert_non_null(strstr(text, "Max open files            1024 "));
	sealed_end(s);
}

static void
a_sealed_guest_process_sees_an_empty_read_only_root(void **state)
{
	const struct sealed s = sealed_start(ROLE_GUEST);
	const char *text = proc_text(s.pid, "mountinfo");
	const char *end = strchr(text, '\n');

	(void)state;
	assert_non_null(end);
	assert_int_equal(end[1], '\0'); /* one mount, and it is ours */
	assert_non_null(strstr(text, " / / ro,nosuid,nodev,noexec"));
	assert_non_null(strstr(text, " - tmpfs empty "));
	sealed_end(s);
}

static void
tdsd_keeps_only_what_it_needs_to_start_others(void **state)
{
	const struct sealed s = sealed_start(ROLE_TDSD);
	const char *text = proc_text(s.pid, "status");

	(void)state;
	assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(text, "Seccomp:\t2\n"));
	assert_non_null(
	    strstr(proc_text(s.pid, "limits"), "Max core file size        0 "));
	sealed_end(s);
}

/* A child of a sealed tdsd can still seal itself: filters are inherited. */
static void
a_child_of_a_sealed_tdsd_can_seal_itself(void **state)
{
	(void)state;
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const char *what = NULL;
		if (rights_seal(ROLE_TDSD, false, &what) < 0)
			_exit(1);
		const pid_t child = fork();
		if (child == 0)
			_exit(rights_seal(ROLE_GUEST, false, &what) < 0);
		int status = -1;
		_exit(
		    waitpid(child, &status, 0) == child && status == 0 ? 0 : 2);
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ------------------------------------------------------------------------ */
/* The layers under the filter, seen from inside                              */

/* Exit code of a child that seals itself without a filter, then runs try(). */
static int
without_filter(enum role role, int (*try)(void))
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const char *what = NULL;
		is_filter_left_out = true;
		if (rights_seal(role, false, &what) < 0) {
			print_error("not sealed: %s\n", what);
			_exit(100);
		}
		_exit(try());
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
try_files(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != ENOENT)
		return 1;
	if (open("/proc/self/exe", O_RDONLY) >= 0 || errno != ENOENT)
		return 2;
	/* the empty root is there, and even that may not be listed */
	if (open("/", O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES)
		return 3;
	if (open("/new", O_WRONLY | O_CREAT, 0600) >= 0)
		return 4;
	if (chdir("..") < 0 || open("etc/passwd", O_RDONLY) >= 0)
		return 5;
	return 0;
}

static int
try_privileges(void)
{
	if (unshare(CLONE_NEWNS) == 0 || errno != EPERM)
		return 1;
	if (mount("x", "/", "tmpfs", 0, NULL) == 0 || errno != EPERM)
		return 2;
	if (chroot("/") == 0 || errno != EPERM)
		return 3;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 4;
}

static void
without_a_filter_there_is_still_no_file_to_open(void **state)
{
	(void)state;
	assert_int_equal(without_filter(ROLE_CORE, try_files), 0);
	assert_int_equal(without_filter(ROLE_GUEST, try_files), 0);
	assert_int_equal(without_filter(ROLE_INPUT, try_files), 0);
	assert_int_equal(without_filter(ROLE_HDCP, try_files), 0);
	assert_int_equal(without_filter(ROLE_SINK, try_files), 0);
}

static void
without_a_filter_there_is_still_no_privilege_to_use(void **state)
{
	(void)state;
	assert_int_equal(without_filter(ROLE_CORE, try_privileges), 0);
	assert_int_equal(without_filter(ROLE_GUEST, try_privileges), 0);
	assert_int_equal(without_filter(ROLE_INPUT, try_privileges), 0);
	assert_int_equal(without_filter(ROLE_HDCP, try_privileges), 0);
	assert_int_equal(without_filter(ROLE_SINK, try_privileges), 0);
}

static int
try_files_of_the_user(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static void
without_a_filter_tdsctl_opens_nothing_more(void **state)
{
	(void)state;
	assert_int_equal(without_filter(ROLE_CTL, try_files_of_the_user), 0);
}

/* ------------------------------------------------------------------------ */
/* Fail closed                                                                */

/* As on a kernel that was built without it: this call says ENOSYS. */
static int
take_away(uint32_t nr)
{
	struct sock_filter insns[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
	    .len = sizeof(insns) / sizeof(insns[0]), .filter = insns};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno
									: 0;
}

struct missing {
	uint32_t nr;
	const char *what;
};

static const struct missing missing[] = {
    {SYS_landlock_create_ruleset, "Landlock"},
    {SYS_landlock_restrict_self, "Landlock"},
    {SYS_unshare, "an empty root"},
    {SYS_mount, "an empty root"},
    {SYS_pivot_root, "an empty root"},
    {SYS_capset, "dropped capabilities"},
    {SYS_seccomp, "a seccomp filter"},
};

/* 0 if rights_seal() failed with -ENOSYS and named this. */
static int
seal_without(const struct missing *m, bool may_continue, bool *was_filtered)
{
	const char *what = NULL;

	if (take_away(m->nr) < 0)
		return 1;
	const int err = rights_seal(ROLE_GUEST, may_continue, &what);
	if (err != -ENOSYS)
		return 2;
	if (!what || strcmp(what, m->what) != 0)
		return 3;
	*was_filtered = true;
	return 0;
}

static void
a_missing_right_to_seal_is_an_error_that_names_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			bool done = false;
			_exit(seal_without(&missing[i], false, &done));
		}
		int status = -1;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			print_error("%s\n", missing[i].what);
		assert_int_equal(status, 0);
	}
}

/* Try-out goes on, reports the same, and takes every other layer. */
static void
try_out_goes_on_and_takes_all_other_layers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			bool done = false;
			const int r = seal_without(&missing[i], true, &done);
			if (r != 0 || missing[i].nr == SYS_seccomp)
				_exit(r);
			syscall(SYS_getppid); /* the filter kills here */
			_exit(4);
		}
		const enum fate fate = fate_of(pid);
		assert_int_equal(fate,
		    missing[i].nr == SYS_seccomp ? LIVED : DIED_OF_SIGSYS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_core_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		a_guest_process_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		tdsctl_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		tds_xen_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		tds_hdcp_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		tds_sink_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(
		tds_input_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(tdsd_dies_of_every_call_that_is_not_in_its_table),
	    cmocka_unit_test(odd_numbers_are_no_way_round_the_table),
	    cmocka_unit_test(calls_in_the_table_live),
	    cmocka_unit_test(guest_parsers_never_get_the_calls_that_matter),
	    cmocka_unit_test(argument_rules_hold_on_both_sides),
	    cmocka_unit_test(a_sealed_core_has_no_privilege_left),
	    cmocka_unit_test(
		a_sealed_guest_process_sees_an_empty_read_only_root),
	    cmocka_unit_test(tdsd_keeps_only_what_it_needs_to_start_others),
	    cmocka_unit_test(a_child_of_a_sealed_tdsd_can_seal_itself),
	    cmocka_unit_test(without_a_filter_there_is_still_no_file_to_open),
	    cmocka_unit_test(
		without_a_filter_there_is_still_no_privilege_to_use),
	    cmocka_unit_test(without_a_filter_tdsctl_opens_nothing_more),
	    cmocka_unit_test(a_missing_right_to_seal_is_an_error_that_names_it),
	    cmocka_unit_test(try_out_goes_on_and_takes_all_other_layers),
	};

	return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
