#include "tds/base/rights.h"

#include "tds/base/own.h"
#include "tds/base/rights_table.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * What each role keeps, besides its system calls (rights_table.c).
 *
 * tdsd starts the others, and filters, Landlock and limits are inherited: a
 * Landlocked process may not mount, so its children could not empty their own
 * root. tdsd therefore keeps the file system and the right to fork; it parses
 * no byte of a guest. tdsctl is started by the user and writes the file that
 * it opened before.
 */
struct profile {
	uint64_t namespaces; /* clone3() flags that tdsd starts it with */
	rlim_t max_fds;
	bool may_fork;
	bool may_write_files;
	bool has_empty_root;
	bool has_landlock;
	bool has_caps; /* keeps the capabilities that it was started with */
};

#define ALL_NAMESPACES                                                         \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |           \
	    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static const struct profile profiles[ROLE_COUNT] = {
    [ROLE_TDSD] = {.max_fds = 4096,
	.may_fork = true,
	.may_write_files = true,
	.has_caps = true},
    /* writes snapshots into memfds of tdsd, which count as files */
    [ROLE_CORE] = {.namespaces = ALL_NAMESPACES,
	.max_fds = 1024,
	.may_write_files = true,
	.has_empty_root = true,
	.has_landlock = true},
    [ROLE_GUEST] = {.namespaces = ALL_NAMESPACES,
	.max_fds = 256,
	.has_empty_root = true,
	.has_landlock = true},
    [ROLE_INPUT] = {.namespaces = ALL_NAMESPACES,
	.max_fds = 64,
	.has_empty_root = true,
	.has_landlock = true},
    [ROLE_XEN] = {.namespaces = ALL_NAMESPACES,
	.max_fds = 1024,
	.has_empty_root = true,
	.has_landlock = true},
    /* writes its state: pairings, the newest list's version */
    [ROLE_HDCP] = {.namespaces = ALL_NAMESPACES,
	.max_fds = 64,
	.may_write_files = true,
	.has_empty_root = true,
	.has_landlock = true},
    /* the file of its picture is written by a process without keys */
    [ROLE_SINK] = {.max_fds = 64,
	.has_empty_root = true,
	.has_landlock = true},
    [ROLE_CTL] = {.max_fds = 64, .may_write_files = true, .has_landlock = true},
};

uint64_t
rights_namespaces(enum role role)
{
	return profiles[role].namespaces;
}

/* Safe: both only take rights away, from this process and its children. */
static int
seal_privileges(const struct profile *profile)
{
	(void)profile;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* No core dump, no ptrace by the same user: pixels stay in here. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int
limit(__rlimit_resource_t resource, rlim_t at_most)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0)
		return -errno;
	const rlim_t max = now.rlim_max < at_most ? now.rlim_max : at_most;
	now = (struct rlimit){.rlim_cur = max, .rlim_max = max};
	return setrlimit(resource, &now) < 0 ? -errno : 0;
}

/* Safe: limits are only lowered, both the soft and the hard one. */
static int
seal_limits(const struct profile *profile)
{
	struct stat log;
	int err = limit(RLIMIT_CORE, 0);

	if (err == 0)
		err = limit(RLIMIT_NOFILE, profile->max_fds);
	if (err == 0 && !profile->may_fork)
		err = limit(RLIMIT_NPROC, 0);
	/* With a regular file as log, a limit of 0 would kill at a line. */
	const bool logs_to_file =
	    fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode);
	if (err == 0 && !profile->may_write_files && !logs_to_file)
		err = limit(RLIMIT_FSIZE, 0);
	return err;
}

/*
 * Safe: whatever namespaces the process was born into, it first makes a mount
 * namespace of its own and cuts propagation, so nobody else sees the mounts.
 */
static int
own_mount_namespace(void)
{
	if (unshare(CLONE_NEWNS) < 0 &&
	    (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0))
		return -errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno
								     : 0;
}

/*
 * The root becomes an empty, read-only file system. /proc serves as the place
 * to mount it on because it exists everywhere; it is hidden, not changed.
 */
static int
seal_root(const struct profile *profile)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (!profile->has_empty_root)
		return 0;
	const int err = own_mount_namespace();
	if (err < 0)
		return err;
	if (mount("empty", "/proc", "tmpfs", flags, "size=4k,nr_inodes=1") < 0)
		return -errno;
	if (chdir("/proc") < 0)
		return -errno;
	/* An initramfs cannot be pivoted away; chroot does there, because the
	 * way out of one needs capabilities, or open, and both go below. */
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0)
			return -errno;
	} else if (errno != EINVAL || chroot(".") < 0) {
		return -errno;
	}
	if (chdir("/") < 0)
		return -errno;
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags,
		   NULL) < 0
		   ? -errno
		   : 0;
}

static int
drop_bounding_set(void)
{
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECUREBITS,
		   SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
		       SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
		       SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
		       SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		   0, 0, 0) < 0
		   ? -errno
		   : 0;
}

/*
 * Safe: the sets only shrink. Without CAP_SETPCAP the bounding set stays as
 * it is, which gives nothing back: no_new_privs is set and exec is filtered.
 */
static int
seal_capabilities(const struct profile *profile)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};

	if (profile->has_caps)
		return 0;
	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	if (sets[0].effective & (1u << CAP_SETPCAP)) {
		const int err = drop_bounding_set();
		if (err < 0)
			return err;
	}
	sets[0] = sets[1] = (struct __user_cap_data_struct){0};
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

/* linux/landlock.h, "struct landlock_ruleset_attr"; older headers lack two. */
struct landlock_attr {
	uint64_t fs, net, scopes;
};

/*
 * Safe: a ruleset only forbids. Every right that this kernel knows is handled
 * and no rule is added, so all of them are refused. ABI 1 could not refuse
 * moving files between directories; that is too old.
 */
static int
seal_landlock(const struct profile *profile)
{
	struct landlock_attr attr = {0};
	size_t size = sizeof(attr.fs);

	if (!profile->has_landlock)
		return 0;
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    1 /* LANDLOCK_CREATE_RULESET_VERSION */);
	if (abi < 0)
		return -errno;
	if (abi < 2)
		return -ENOSYS;
	attr.fs = (1u << 14) - 1; /* ABI 2: EXECUTE to REFER */
	if (abi >= 3)
		attr.fs |= 1u << 14; /* TRUNCATE */
	if (abi >= 5)
		attr.fs |= 1u << 15; /* IOCTL_DEV */
	if (abi >= 4) {
		attr.net = 3; /* BIND_TCP, CONNECT_TCP */
		size = offsetof(struct landlock_attr, scopes);
	}
	if (abi >= 6) {
		attr.scopes = 3; /* ABSTRACT_UNIX_SOCKET, SIGNAL */
		size = sizeof(attr);
	}

	int AUTO_FD ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

struct step {
	const char *what;
	int (*run)(const struct profile *profile);
};

/* Each step still needs what the steps below it take away. */
static const struct step steps[] = {
    {"no_new_privs", seal_privileges},
    {"resource limits", seal_limits},
    {"an empty root", seal_root},
    {"dropped capabilities", seal_capabilities},
    {"Landlock", seal_landlock},
};

int
rights_seal(enum role role, bool may_continue, const char **what)
{
	int first = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const int err = steps[i].run(&profiles[role]);
		if (err == 0 || first < 0)
			continue;
		first = err;
		*what = steps[i].what;
		if (!may_continue)
			return first;
	}

	const int err = rights_install_filter(role);
	if (err < 0 && first == 0) {
		first = err;
		*what = "a seccomp filter";
	}
	return first;
}
