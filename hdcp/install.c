#include "hdcp/install.h"

#include "hdcp/keyfile.h"
#include "hdcp/state.h"
#include "protocol/control.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"
#include "tds/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define STATE_NAME "installed.state"
#define KERNEL_FILE "/lib/firmware/display_hdcp_srm.bin"

struct install {
	const char *list, *keys, *to;
	bool is_facsimile;
	int list_fd, state_fd; /* owned */
	struct hdcp_authority authority;
	uint8_t dsa_y[HDCP_DSA_P]; /* zero: no lists of HDCP 1.x */
	struct hdcp_state state;
	uint8_t bytes[HDCP_SRM_MAX_BYTES];
	uint32_t n;
};

/* What the sealed process found: nothing else comes out of it. */
struct verdict {
	int32_t err;
	uint16_t format, version, n;
};

static int
say(const char *what, const char *why)
{
	fprintf(stderr, "tds-hdcp: %s: %s\n", what, why);
	return EXIT_FAILURE;
}

static const char *
reason(int err)
{
	switch (-err) {
	case EBADMSG:
		return "it is no list of revoked receivers, or is cut short";
	case ENOTSUP:
		return "it has a second generation, whose signature nobody "
		       "here knows how to check: refused";
	case EKEYREJECTED:
		return "its signature is not the authority's: refused";
	case ESTALE:
		return "it is older than one that was installed before: "
		       "refused";
	default:
		return strerror(-err);
	}
}

/* ------------------------------------------------------- what there is */

static int
open_state(struct install *in)
{
	const int err = secret_make(in->keys, STATE_NAME, HDCP_STATE_NEW);

	if (err < 0)
		return err;
	in->state_fd = secret_open(in->keys, STATE_NAME, O_RDWR);
	if (in->state_fd < 0)
		return in->state_fd;
	return hdcp_state_load(in->state_fd, &in->state);
}

static const char *
key_fault(int err)
{
	if (err == -EPERM)
		return "must be a file of root with mode 0600";
	return err == -EBADMSG ? "has another length" : strerror(-err);
}

static int
read_keys(struct install *in)
{
	uint8_t both[HDCP_DCP_MODULUS + 1];
	bool is_public = false;

	int err = keyfile_read(in->keys, "authority", both, sizeof(both));
	if (err < 0)
		return say("authority", key_fault(err));
	memcpy(in->authority.n, both, HDCP_DCP_MODULUS);
	in->authority.e = both[HDCP_DCP_MODULUS];
	is_public = keyfile_is_facsimile(both);
	err = keyfile_read(in->keys, "authority-1", in->dsa_y, HDCP_DSA_P);
	if (err < 0 && err != -ENOENT)
		return say("authority-1", key_fault(err));
	is_public |= err == 0 && keyfile_is_facsimile_1(in->dsa_y);
	if (is_public && !in->is_facsimile)
		return say(in->keys, "holds facsimile keys, with which anybody "
				     "can sign a list; allowed: with "
				     "--facsimile, for a test");
	return 0;
}

static int
open_all(struct install *in)
{
	int err = read_keys(in);

	if (err != 0)
		return err;
	err = open_state(in);
	if (err < 0)
		return say(STATE_NAME, err == -EUCLEAN
			? "is damaged, so nobody knows which list was the "
			  "newest; remove it to begin anew"
			: strerror(-err));
	in->list_fd = open(in->list, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const int n = in->list_fd < 0 ? -errno
				      : secret_read(in->list_fd, in->bytes,
					    sizeof(in->bytes));
	if (n < 0)
		return say(in->list, reason(n));
	in->n = (uint32_t)n;
	return 0;
}

/* --------------------------------------------------------------- checking */

/* In a process of its own that can do nothing but answer. */
static void __attribute__((noreturn))
check_sealed(const struct install *in, int answer)
{
	const struct hdcp_srm_keys keys = {
	    .dsa_y = in->dsa_y, .authority = &in->authority};
	static struct hdcp_srm srm;
	struct verdict verdict = {0};
	const char *what = NULL;

	if (rights_seal(ROLE_HDCP, false, &what) < 0) {
		fprintf(stderr, "tds-hdcp: cannot give up %s\n", what);
		verdict.err = -EPERM;
	} else {
		/* format first: each has a newest version of its own */
		verdict.err = hdcp_srm_decode(in->bytes, in->n, &srm);
		if (verdict.err == 0)
			verdict.err = hdcp_srm_check(in->bytes, in->n, &keys,
			    in->state.newest[srm.format], &srm);
		verdict.format = (uint16_t)srm.format;
		verdict.version = srm.version;
		verdict.n = srm.n;
	}
	_exit(write(answer, &verdict, sizeof(verdict)) !=
	    (ssize_t)sizeof(verdict));
}

static int
check(const struct install *in, struct verdict *out)
{
	int pair[2], status = -1;

	if (pipe(pair) < 0)
		return say("pipe", strerror(errno));
	int AUTO_FD ours = pair[0];
	int AUTO_FD theirs = pair[1];
	const pid_t pid = fork();
	if (pid < 0)
		return say("fork", strerror(errno));
	if (pid == 0)
		check_sealed(in, theirs);
	if (waitpid(pid, &status, 0) != pid || status != 0 ||
	    read(ours, out, sizeof(*out)) != (ssize_t)sizeof(*out))
		return say(in->list, "the process that checks it was killed");
	if (out->err == 0 && (out->format >= HDCP_STATE_FORMATS ||
				 out->version == 0))
		return say(in->list, "the process that checks it lies");
	return out->err < 0 ? say(in->list, reason(out->err)) : 0;
}

/* -------------------------------------------------------------- installing */

static int
write_all(int fd, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t at = 0; at < n;) {
		const ssize_t went = write(fd, bytes + at, n - at);
		if (went < 0)
			return -errno;
		at += (uint32_t)went;
	}
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The old one or the new one is there, whatever happens in between. */
static int
replace(const struct install *in)
{
	char path[PATH_MAX], new[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", in->to) >= (int)sizeof(path) ||
	    snprintf(new, sizeof(new), "%s.new", in->to) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	char *slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = 0;
	int AUTO_FD dir = open(slash ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unlink(new);
	int AUTO_FD fd =
	    open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (dir < 0 || fd < 0)
		return -errno;
	const int err = write_all(fd, in->bytes, in->n);
	if (err < 0)
		return err;
	return rename(new, in->to) < 0 || fsync(dir) < 0 ? -errno : 0;
}

/* The version first: a list that is installed is one that was recorded. */
static int
install(struct install *in, const struct verdict *v)
{
	static struct hdcp_srm srm;

	srm.format = (enum hdcp_srm_format)v->format;
	srm.version = v->version;
	int err = hdcp_state_believe(in->state_fd, &in->state, &srm);
	if (err < 0)
		return say(STATE_NAME, strerror(-err));
	err = replace(in);
	if (err < 0)
		return say(in->to, strerror(-err));
	printf("%s: version %u of HDCP %s, %u receivers revoked: installed\n",
	    in->to, v->version, v->format == HDCP_SRM_2 ? "2.x" : "1.x", v->n);
	return EXIT_SUCCESS;
}

static int
run(struct install *in)
{
	struct verdict verdict;

	if (hdcp_crypto_init() < 0)
		return say("start", "OpenSSL does not work here");
	int err = open_all(in);
	if (err == 0)
		err = check(in, &verdict);
	return err == 0 ? install(in, &verdict) : err;
}

static void
usage(FILE *to)
{
	fputs("usage: tds-hdcp --install-srm LIST --keys DIR [--to FILE] "
	      "[--facsimile]\n"
	      "Check a list of revoked receivers (SRM of HDCP 1.x or 2.x) and "
	      "install it\nwhere the kernel reads it. Never one that is older "
	      "than the last.\n"
	      "  --keys DIR   DIR/authority (HDCP 2.x), DIR/authority-1 (1.x); "
	      "the newest\n"
	      "               version is kept in DIR/" STATE_NAME "\n"
	      "  --to FILE    default " KERNEL_FILE "\n"
	      "  --facsimile  the published test keys will do\n"
	      "  --help\n"
	      "Without arguments it is the process behind a sealed output, "
	      "which only tdsd\nstarts. See tds-hdcp(8).\n",
	    to);
}

int
install_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"install-srm", required_argument, NULL, 'i'},
	    {"keys", required_argument, NULL, 'k'},
	    {"to", required_argument, NULL, 't'},
	    {"facsimile", no_argument, NULL, 'f'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	static struct install in = {
	    .to = KERNEL_FILE, .list_fd = -1, .state_fd = -1};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			in.list = optarg;
			break;
		case 'k':
			in.keys = optarg;
			break;
		case 't':
			in.to = optarg;
			break;
		case 'f':
			in.is_facsimile = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !in.list || !in.keys) {
		usage(stderr);
		return 2;
	}
	const int code = run(&in);
	hdcp_wipe(&in, sizeof(in));
	return code;
}
