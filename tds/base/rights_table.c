#include "tds/base/rights_table.h"

#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/input.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "the table of system calls is written for x86-64"
#endif

/* clang says __has_feature, gcc says __SANITIZE_ADDRESS__ */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#endif

/*
 * A rule allows one call; with an argument rule only if
 * (args[arg] & mask) == value. The low 32 bits are compared: every argument
 * named here is an int, or its upper half has no meaning to the kernel.
 * Several rules for one call: any of them allows it.
 */
struct rule {
	uint32_t nr;
	uint32_t roles;
	uint32_t arg, mask, value; /* mask 0: any arguments */
};

enum {
	T = 1 << ROLE_TDSD,
	C = 1 << ROLE_CORE,
	G = 1 << ROLE_GUEST,
	U = 1 << ROLE_CTL,   /* the user's tdsctl */
	I = 1 << ROLE_INPUT, /* libevdev and libinput */
	B = 1 << ROLE_XEN,   /* the broker of Xen domains */
	H = 1 << ROLE_HDCP,  /* the source of a sealed output */
	S = 1 << ROLE_SINK,  /* its sink */
};

/* asm-generic/ioctl.h: direction (2: read) 2 bits, size 14, type 8, number 8;
 * EVIOCGBIT and its kin have sizes of the caller's choice */
#define IOC_DIRECTION (3u << 30)
#define IOC_TYPE (0xffu << 8)

/* xen/evtchn.h and xen/gntdev.h need types that no header brings. */
#define XEN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, 8)
#define XEN_NOTIFY _IOC(_IOC_NONE, 'E', 4, 4)
#define XEN_RESTRICT_DOMID _IOC(_IOC_NONE, 'E', 6, 2)
#define XEN_MAP_GRANT_REF _IOC(_IOC_NONE, 'G', 0, 24)
#define XEN_UNMAP_GRANT_REF _IOC(_IOC_NONE, 'G', 1, 16)

#define ANY 0, 0, 0
#define ARG_IS(arg, value) (arg), UINT32_MAX, (uint32_t)(value)
#define ARG_LACKS(arg, bits) (arg), (uint32_t)(bits), 0

/*
 * The table. Everything that is not here kills the process.
 *
 * A filter is inherited: what tdsd may not do, no child of tdsd may do. So
 * tdsd may do all that its children may (tdsd_inherits below), and T alone
 * marks what nobody else does after start-up.
 */
static const struct rule rules[] = {
    /* once per frame or per input event: first, so that it is found first */
    {SYS_epoll_wait, C | G | I | B | H, ANY},
    {SYS_read, C | G | U | I | B | H | S, ANY},
    {SYS_write, C | G | U | I | B | H | S, ANY},
    {SYS_recvmsg, C | G | U | I | B | H, ANY},
    {SYS_sendmsg, C | G | U | I | B | H, ANY},
    {SYS_timerfd_settime, C | G | I | H, ANY},
    {SYS_clock_gettime, C | G | U | I | B | H | S, ANY},

    /* descriptors come over the channel; nobody opens one */
    {SYS_close, C | G | U | I | B | H | S, ANY},
    {SYS_epoll_ctl, C | G | I | B | H, ANY},
    {SYS_accept4, G | H | S, ANY},
    {SYS_fstat, C | G | U | I | B | H, ANY},
    /* fstat() of glibc: a path would be refused by Landlock as well */
    {SYS_newfstatat, C | G | U | I | B | H, ARG_IS(3, AT_EMPTY_PATH)},
    /* never F_SETFL: O_NONBLOCK of a doorbell is shared with its other end */
    {SYS_fcntl, C | G | H, ARG_IS(1, F_GET_SEALS)},
    {SYS_fcntl, G | I, ARG_IS(1, F_GETFL)},

    /* memory: never executable */
    {SYS_mmap, C | G | U | I | B | H | S, ARG_LACKS(2, PROT_EXEC)},
    {SYS_munmap, C | G | U | I | B | H | S, ANY},
    {SYS_madvise, G, ANY},
    {SYS_brk, G | U | I | B | H | S, ANY},

    /* the graphics card: frames, then what a monitor that comes or goes
     * needs (compositor/kms_*_drm.c) */
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_ATOMIC)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_CREATEPROPBLOB)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_DESTROYPROPBLOB)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_GETRESOURCES)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_GETCONNECTOR)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_GETENCODER)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_OBJ_GETPROPERTIES)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_GETPROPERTY)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_CREATE_DUMB)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_MAP_DUMB)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_ADDFB2)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_RMFB)},
    {SYS_ioctl, C | S, ARG_IS(1, DRM_IOCTL_MODE_DESTROY_DUMB)},

    /* the end, and going on after SIGSTOP */
    {SYS_exit_group, C | G | U | I | B | H | S, ANY},
    {SYS_rt_sigreturn, C | G | U | I | B | H | S, ANY},
    {SYS_restart_syscall, C | G | U | I | B | H | S, ANY},

    /* tds-input: evdev devices are asked, seized and stamped, never set */
    {SYS_ioctl, I, 1, IOC_DIRECTION | IOC_TYPE, (2u << 30) | ('E' << 8)},
    {SYS_ioctl, I, ARG_IS(1, EVIOCGRAB)},
    {SYS_ioctl, I, ARG_IS(1, EVIOCSCLOCKID)},
    /* libinput asks for "/", the empty root, where it believes a device */
    {SYS_newfstatat, I, ARG_IS(3, 0)},

    /* Xen: a guest process signals on the channels that the broker bound for
     * it; the broker binds, and says what may be mapped. _IOC with a size of
     * the structs in xen/evtchn.h, xen/gntdev.h */
    {SYS_ioctl, G, ARG_IS(1, XEN_NOTIFY)},
    {SYS_ioctl, B, ARG_IS(1, XEN_BIND_INTERDOMAIN)},
    {SYS_ioctl, B, ARG_IS(1, XEN_RESTRICT_DOMID)},
    {SYS_ioctl, B, ARG_IS(1, XEN_MAP_GRANT_REF)},
    {SYS_ioctl, B, ARG_IS(1, XEN_UNMAP_GRANT_REF)},

    /* tdsctl: waits with a time limit, writes a PNG that it opened before */
    {SYS_poll, U | B | S, ANY},
    {SYS_lseek, U, ANY},
    {SYS_writev, U, ANY},
    {SYS_fsync, U, ANY},
    {SYS_ioctl, U, ARG_IS(1, TCGETS)}, /* stdio asks whether it is a tty */

    /* tds-sink tells the process that writes its file that this is the end */
    {SYS_shutdown, S, ANY},
    /* OpenSSL's generator looks whether it is in a fork */
    {SYS_getpid, S, ANY},

    /* tdsd, and its children before their own seal: starting programs */
    {SYS_clone, T, ANY},
    {SYS_clone3, T, ANY},
    {SYS_execve, T, ANY},
    {SYS_wait4, T, ANY},
    {SYS_kill, T, ANY},
    {SYS_dup2, T, ANY},
    {SYS_close_range, T, ANY},
    /* OpenSSL looks whether it was forked */
    {SYS_getpid, T | H | S, ANY},
    {SYS_getppid, T, ANY},
    {SYS_geteuid, T, ANY},
    {SYS_getegid, T, ANY},

    /* tdsd: descriptors for its children, its sockets */
    {SYS_openat, T, ANY},
    {SYS_mkdir, T, ANY},
    {SYS_unlinkat, T, ANY},
    {SYS_rmdir, T, ANY},
    {SYS_fchmod, T, ANY},
    {SYS_fchown, T, ANY},
    {SYS_fchownat, T, ANY},
    {SYS_chdir, T, ANY},
    {SYS_umask, T, ANY},
    {SYS_access, T, ANY},
    {SYS_newfstatat, T, ANY},
    {SYS_fcntl, T, ANY},
    {SYS_pread64, T, ANY},
    /* what OpenSSL does once, as its first error, ends so: nobody waits */
    {SYS_futex, H | S, ARG_IS(1, FUTEX_WAKE_PRIVATE)},
    /* a snapshot, into a memfd of tdsd; the state of a sealed output */
    {SYS_pwrite64, C | H, ANY},
    {SYS_mlock, T, ANY},
    {SYS_mlockall, T, ANY},  /* keys stay out of the swap */
    {SYS_fdatasync, T, ANY}, /* that state, before its seal */
    {SYS_memfd_create, T, ANY},
    {SYS_ftruncate, T, ANY},
    {SYS_eventfd2, T, ANY},
    {SYS_timerfd_create, T, ANY},
    {SYS_signalfd4, T, ANY},
    {SYS_epoll_create1, T, ANY},
    {SYS_socket, T, ARG_IS(0, 1 /* AF_UNIX */)},
    {SYS_socketpair, T, ARG_IS(0, 1 /* AF_UNIX */)},
    {SYS_bind, T, ANY},
    {SYS_listen, T, ANY},
    {SYS_connect, T, ANY},
    {SYS_getsockopt, T, ANY},
    /* a guest process of Xen, before its seal: how long it waits */
    {SYS_setsockopt, T, ARG_IS(1, 1 /* SOL_SOCKET */)},
    {SYS_getdents64, T, ANY}, /* /dev/input, when messages were lost */
    /* the screens go dark when the core died: what is there, off, removed
     * (GETRESOURCES, SETCRTC, RMFB; drm/drm.h has no place in here) */
    {SYS_ioctl, T, ARG_IS(1, 0xc04064a0)},
    {SYS_ioctl, T, ARG_IS(1, 0xc06864a2)},
    {SYS_ioctl, T, ARG_IS(1, 0xc00464af)},
    /* as process 1, at the very end: off, and nothing else */
    {SYS_reboot, T, ARG_IS(2, RB_POWER_OFF)},

    /* tdsd: the card, opened and blanked (tds/super/screen_drm.c) */
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_SET_MASTER)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_MODE_SETCRTC)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_MODE_GETFB)},
    /* the core before its seal: asks the card once what it has */
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_VERSION)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_GET_CAP)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_SET_CLIENT_CAP)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_MODE_GETPLANERESOURCES)},
    {SYS_ioctl, T, ARG_IS(1, DRM_IOCTL_MODE_GETPLANE)},

    /* what the C library and the loader of a new program need */
    {SYS_mmap, T, ANY},
    {SYS_mprotect, T, ANY},
    /* the libraries of tds-input when they are loaded; the time is a system
     * call where the kernel's clock is not the processor's */
    {SYS_futex, T, ANY},
    {SYS_gettimeofday, T, ANY},
    {SYS_arch_prctl, T, ANY},
    {SYS_set_tid_address, T, ANY},
    {SYS_set_robust_list, T, ANY},
    {SYS_rseq, T, ANY},
    /* malloc seeds itself; the core makes codes to type on new keyboards */
    {SYS_getrandom, C | T | U | H | S, ANY},
    {SYS_rt_sigaction, T, ANY},
    {SYS_rt_sigprocmask, T, ANY},

    /* a child's own rights_seal() */
    {SYS_prctl, T, ANY},
    {SYS_seccomp, T, ANY},
    {SYS_prlimit64, T, ANY},
    {SYS_unshare, T, ANY},
    {SYS_mount, T, ANY},
    {SYS_umount2, T, ANY},
    {SYS_pivot_root, T, ANY},
    {SYS_chroot, T, ANY},
    {SYS_capget, T, ANY},
    {SYS_capset, T, ANY},
    {SYS_landlock_create_ruleset, T, ANY},
    {SYS_landlock_restrict_self, T, ANY},

#if defined(IS_SANITIZED)
    /* the run-time library of the sanitizers; never in a release build */
    {SYS_mmap, C | G | U | I | B | H | S, ANY},
    {SYS_mprotect, C | G | U | I | B | H | S, ANY},
    {SYS_mremap, C | G | U | I | B | H | S, ANY},
    {SYS_futex, C | G | U | I | B | H | S, ANY},
    {SYS_sigaltstack, C | G | U | I | B | H | S, ANY},
    {SYS_rt_sigaction, C | G | U | I | B | H | S, ANY},
    {SYS_rt_sigprocmask, C | G | U | I | B | H | S, ANY},
    {SYS_sched_yield, C | G | U | I | B | H | S, ANY},
    {SYS_getpid, C | G | U | I | B | H | S, ANY},
    {SYS_gettid, C | G | U | I | B | H | S, ANY},
    {SYS_getrlimit, C | G | U | I | B | H | S, ANY},
    {SYS_prlimit64, C | G | U | I | B | H | S, ANY},
    {SYS_open, T | C | G | U | I | B | H | S, ANY},
    {SYS_madvise, T | C | G | U | I | B | H | S, ANY},
    {SYS_openat, C | G | U | I | B | H | S, ANY},
    {SYS_readlink, C | G | U | I | B | H | S, ANY},
    {SYS_newfstatat, C | G | U | I | B | H | S, ANY},
    {SYS_lseek, C | G | U | I | B | H | S, ANY},
    {SYS_personality, T | C | G | U | I | B | H | S, ANY},
    {SYS_ptrace, T, ANY},
#endif
};

#if defined(IS_SANITIZED)
/*
 * The leak checker needs threads, ptrace and /proc, which a sealed process
 * does not have; it would report its own failure at the end of each.
 */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

enum {
	N_RULES = sizeof(rules) / sizeof(rules[0]),
	MAX_INSNS = 6 + 6 * N_RULES + 1,
	X32_BIT = 0x40000000,
};

struct filter {
	uint16_t n;
	struct sock_filter insns[MAX_INSNS];
};

static bool
rule_holds(const struct rule *rule, enum role role)
{
	const bool tdsd_inherits = role == ROLE_TDSD;

	return tdsd_inherits || (rule->roles & (1u << role)) != 0;
}

bool
rights_table_has(enum role role, uint32_t nr)
{
	for (uint32_t i = 0; i < N_RULES; i++)
		if (rules[i].nr == nr && rule_holds(&rules[i], role))
			return true;
	return false;
}

static void
stmt(struct filter *f, uint16_t code, uint32_t k)
{
	f->insns[f->n++] = (struct sock_filter){.code = code, .k = k};
}

/* Go on with the next instruction if the accumulator is k, else skip n. */
static void
unless_equal_skip(struct filter *f, uint32_t k, uint8_t n)
{
	f->insns[f->n++] = (struct sock_filter){
	    .code = BPF_JMP | BPF_JEQ | BPF_K, .jf = n, .k = k};
}

static void
load(struct filter *f, size_t offset)
{
	stmt(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void
verdict(struct filter *f, uint32_t action)
{
	stmt(f, BPF_RET | BPF_K, action);
}

/* The accumulator holds the call's number before and after each rule. */
static void
add_rule(struct filter *f, const struct rule *rule)
{
	if (rule->mask == 0) {
		unless_equal_skip(f, rule->nr, 1);
		verdict(f, SECCOMP_RET_ALLOW);
		return;
	}

	unless_equal_skip(f, rule->nr, 5);
	load(f, offsetof(struct seccomp_data, args) + 8 * rule->arg);
	stmt(f, BPF_ALU | BPF_AND | BPF_K, rule->mask);
	unless_equal_skip(f, rule->value, 1);
	verdict(f, SECCOMP_RET_ALLOW);
	load(f, offsetof(struct seccomp_data, nr));
}

static void
build_filter(struct filter *f, enum role role)
{
	/* The numbers mean other calls on another architecture ... */
	load(f, offsetof(struct seccomp_data, arch));
	unless_equal_skip(f, AUDIT_ARCH_X86_64, 1);
	f->insns[f->n++] =
	    (struct sock_filter){.code = BPF_JMP | BPF_JA, .k = 1};
	verdict(f, SECCOMP_RET_KILL_PROCESS);

	/* ... and x32 calls have numbers of their own, which no rule names. */
	load(f, offsetof(struct seccomp_data, nr));
	for (uint32_t i = 0; i < N_RULES; i++)
		if (rule_holds(&rules[i], role))
			add_rule(f, &rules[i]);
	verdict(f, SECCOMP_RET_KILL_PROCESS);
}

_Static_assert(MAX_INSNS <= BPF_MAXINSNS, "the kernel takes the filter");

int
rights_install_filter(enum role role)
{
	struct filter f = {0};

	build_filter(&f, role);
	const struct sock_fprog program = {.len = f.n, .filter = f.insns};
	const long err = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &program);
	/* positive: the thread that could not be brought under the filter */
	return err < 0 ? -errno : err > 0 ? -EBUSY : 0;
}
