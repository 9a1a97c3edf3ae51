/*
 * tdsctl: ask tdsd one thing. It parses what tdsd answers, so it drops its
 * rights first; only the parent of the process that writes a screenshot keeps
 * the right to give the finished file its name.
 */
#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"
#include "tds/ctl/ctl.h"
#include "tds/ctl/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { ANSWER_TIMEOUT_MS = 10000, BATCH_PAUSE_MS = 10 };

static struct options {
	const char *run_dir, *status_file, *output;
	bool is_json;
} options = {.run_dir = "/run/tds"};

static uint8_t record[CONTROL_MAX_BYTES];

static void __attribute__((noreturn, format(printf, 2, 3)))
fail(int code, const char *format, ...)
{
	va_list ap;

	fputs("tdsctl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
}

static void
usage(FILE *to)
{
	fputs(
	    "usage: tdsctl [--run-dir DIR] VERB\n"
	    "  status [--json]            who has the keyboard, domains, windows\n"
	    "  screenshot FILE.png [--status FILE.json] [--output NAME]\n"
	    "                             what the screen shows, and the status\n"
	    "                             of exactly that frame\n"
	    "  focus DOMAIN               give it keyboard and pointer\n"
	    "and, only with \"mode = try-out\" in tds.conf:\n"
	    "  type TEXT                  as on a US keyboard\n"
	    "  key CTRL+ALT+DELETE        press together, release in reverse\n"
	    "  pointer X Y [left|middle|right|press|release|wheel-up|wheel-down]\n"
	    "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no tdsd.\n",
	    to);
}

/* ----------------------------------------------------------------- talking */

static int
connect_tdsd(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int n = snprintf(address.sun_path, sizeof(address.sun_path),
	    "%s/control.sock", options.run_dir);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		fail(EXIT_USAGE, "--run-dir is too long for a socket");
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fail(EXIT_NO_TDSD, "%s: %s%s", address.sun_path,
		    strerror(errno),
		    errno == EACCES
			? " (only the user that runs tdsd may)"
			: " (is tdsd running? another --run-dir?)");
	return fd;
}

static void
drop_rights(void)
{
	const char *what = "";
	const int err = rights_seal(ROLE_CTL, false, &what);

	if (err < 0)
		fail(EXIT_REFUSED, "cannot drop rights: %s: %s", what,
		    strerror(-err));
}

/* Send what record holds, receive the answer into it. Returns its op. */
static uint32_t
ask(int fd, int len, struct received *r, struct rd *rd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint32_t op;

	if (len < 0 || channel_send(fd, record, (uint32_t)len, NULL, 0) < 0)
		fail(EXIT_REFUSED, "tdsd takes no request");
	if (poll(&p, 1, ANSWER_TIMEOUT_MS) <= 0)
		fail(EXIT_REFUSED, "tdsd gives no answer");
	const int err = channel_receive(fd, record, sizeof(record), r);
	if (err < 0)
		fail(EXIT_REFUSED, "tdsd closed the connection; its log says "
				   "why");
	if (control_open(record, r->len, r->n_fds, &op, rd) < 0)
		fail(EXIT_REFUSED, "the answer of tdsd is malformed: is it of "
				   "the same version?");
	return op;
}

/* The answer must be of this kind; a refusal is told, and the end. */
static void
expect(uint32_t op, uint32_t wanted, struct rd *rd)
{
	struct ctl_result result;

	if (op == wanted)
		return;
	if (op != CTL_RESULT || decode_ctl_result(rd, &result) < 0)
		fail(EXIT_REFUSED, "tdsd answered something else");
	fail(EXIT_REFUSED, "%s", (const char *)result.text);
}

static void
get_result(int fd, int len)
{
	struct received r;
	struct rd rd;
	struct ctl_result result;

	expect(ask(fd, len, &r, &rd), CTL_RESULT, &rd);
	if (decode_ctl_result(&rd, &result) < 0)
		fail(EXIT_REFUSED, "the answer of tdsd is malformed");
	if (result.error != 0)
		fail(EXIT_REFUSED, "%s", (const char *)result.text);
}

static void
get_status(int fd, struct status *out)
{
	struct received r;
	struct rd rd;

	expect(ask(fd, encode_empty(CTL_STATUS, record, sizeof(record)), &r,
		   &rd),
	    CTL_REPORT, &rd);
	if (decode_ctl_report(&rd, out) < 0)
		fail(EXIT_REFUSED, "the answer of tdsd is malformed");
}

/* ------------------------------------------------------------------- verbs */

static int
do_status(void)
{
	static struct status status;
	const int fd = connect_tdsd();

	drop_rights();
	get_status(fd, &status);
	if (options.is_json)
		report_json(&status, stdout);
	else
		report_text(&status, stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_REFUSED;
}

static int
do_focus(const char *domain)
{
	struct ctl_focus focus = {0};

	if (domain[0] == 0 || strlen(domain) >= sizeof(focus.name))
		fail(EXIT_REFUSED, "no domain \"%s\"", domain);
	memcpy(focus.name, domain, strlen(domain));
	const int fd = connect_tdsd();
	drop_rights();
	get_result(fd, encode_ctl_focus(&focus, record, sizeof(record)));
	return EXIT_SUCCESS;
}

static void
send_input(const struct core_input *input)
{
	int AUTO_FD fd = connect_tdsd();

	get_result(
	    fd, encode_core_input(CTL_INPUT, input, record, sizeof(record)));
}

static int
do_type(const char *text)
{
	struct core_input input = {0};

	for (const char *c = text; *c != 0; c++) {
		struct core_input probe = {0};
		if (typing_char(&probe, *c) < 0)
			fail(EXIT_REFUSED,
			    "character %d of the text (byte 0x%02x) is not on "
			    "a US keyboard; nothing was typed",
			    (int)(c - text) + 1, (unsigned char)*c);
	}
	while (*text != 0) {
		if (typing_char(&input, *text) == 0) {
			text++;
			continue;
		}
		send_input(&input);
		input.n = 0;
		poll(NULL, 0, BATCH_PAUSE_MS); /* faster than any typist */
	}
	if (input.n > 0)
		send_input(&input);
	return EXIT_SUCCESS;
}

static int
do_key(const char *chord)
{
	struct core_input input = {0};
	const int err = typing_chord(&input, chord);

	if (err < 0)
		fail(EXIT_USAGE, "\"%s\": %s; as in CTRL+ALT+DELETE", chord,
		    err == -ENOENT ? "names a key that there is not"
				   : "is not KEY+KEY...");
	send_input(&input);
	return EXIT_SUCCESS;
}

static int32_t
coordinate(const char *text)
{
	char *end;
	const long v = strtol(text, &end, 10);

	if (*text == 0 || *end != 0 || v < 0 ||
	    v > TDS_MAX_DIM * TDS_MAX_OUTPUTS)
		fail(EXIT_USAGE, "\"%s\" is no coordinate in pixels", text);
	return (int32_t)v;
}

static int
do_pointer(char **args, int n)
{
	struct core_input input = {0};

	if (typing_pointer(&input, coordinate(args[0]), coordinate(args[1]),
		n > 2 ? args[2] : NULL) < 0)
		fail(EXIT_USAGE,
		    "\"%s\" is none of left, middle, right, press, release, "
		    "wheel-up, wheel-down",
		    args[2]);
	send_input(&input);
	return EXIT_SUCCESS;
}

/* -------------------------------------------------------------- screenshot */

/* A file beside the wanted one, renamed when all of it is there. */
struct draft {
	const char *path; /* borrowed; NULL: not wanted */
	char temporary[PATH_MAX];
	FILE *file; /* owned */
};

static void
draft_open(struct draft *d, const char *path)
{
	d->path = path;
	if (!path)
		return;
	/* rename() would put a file where /dev/null or a pipe was */
	struct stat old;
	if (lstat(path, &old) == 0 && !S_ISREG(old.st_mode))
		fail(EXIT_REFUSED, "%s is no ordinary file: choose another",
		    path);
	const int n = snprintf(d->temporary, sizeof(d->temporary),
	    "%s.XXXXXX", path);
	const int fd = n < 0 || (size_t)n >= sizeof(d->temporary)
	    ? -1
	    : mkostemp(d->temporary, O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_REFUSED, "cannot write beside %s: %s", path,
		    strerror(errno));
	d->file = fdopen(fd, "w");
	if (!d->file || fchmod(fd, 0644) < 0)
		fail(EXIT_REFUSED, "%s: %s", path, strerror(errno));
}

static bool
draft_finish(struct draft *d, bool is_good)
{
	if (!d->path)
		return is_good;
	if (is_good && rename(d->temporary, d->path) == 0)
		return true;
	if (is_good)
		fprintf(stderr, "tdsctl: %s: %s\n", d->path, strerror(errno));
	unlink(d->temporary);
	return false;
}

static uint32_t
find_output(const struct status *status)
{
	for (uint32_t i = 0; i < status->n_outputs; i++)
		if (status->outputs[i].is_on &&
		    (!options.output ||
			strcmp((const char *)status->outputs[i].name,
			    options.output) == 0))
			return i;
	if (!options.output)
		fail(EXIT_REFUSED, "no screen is connected");
	fail(EXIT_REFUSED, "no output \"%s\": see tdsctl status --json",
	    options.output);
}

static void
write_picture(const struct ctl_picture *picture, int fd, struct draft *png,
    struct draft *json)
{
	const size_t bytes = (size_t)picture->width * picture->height * 4;
	void *pixels = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

	if (pixels == MAP_FAILED)
		fail(EXIT_REFUSED, "cannot map the picture");
	const int err = picture_write(
	    png->file, pixels, picture->width, picture->height);
	if (err < 0)
		fail(EXIT_REFUSED, "%s: %s", png->path, strerror(-err));
	if (!json->path)
		return;
	report_json(&picture->status, json->file);
	if (fflush(json->file) != 0 || ferror(json->file))
		fail(EXIT_REFUSED, "%s: %s", json->path, strerror(errno));
}

/* The sealed half: ask, receive, encode into files that are open already. */
static void __attribute__((noreturn))
screenshot_child(int status_fd, int picture_fd, struct draft *png,
    struct draft *json)
{
	static struct ctl_picture picture;
	static struct status status;
	struct received r;
	struct rd rd;

	drop_rights();
	get_status(status_fd, &status);
	const uint32_t output = find_output(&status);
	expect(ask(picture_fd,
		   encode_u32(
		       CTL_SCREENSHOT, output, record, sizeof(record)),
		   &r, &rd),
	    CTL_PICTURE, &rd);
	if (decode_ctl_picture(&rd, &picture) < 0)
		fail(EXIT_REFUSED, "the answer of tdsd is malformed");
	write_picture(&picture, r.fds[0], png, json);
	exit(EXIT_SUCCESS);
}

static int
do_screenshot(const char *path)
{
	static struct draft png, json;
	int status;

	const int status_fd = connect_tdsd();
	const int picture_fd = connect_tdsd();
	draft_open(&png, path);
	draft_open(&json, options.status_file);
	const pid_t pid = fork();
	if (pid == 0)
		screenshot_child(status_fd, picture_fd, &png, &json);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	bool is_good =
	    pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (pid > 0 && WIFSIGNALED(status))
		fprintf(stderr, "tdsctl: ended by signal %d\n",
		    WTERMSIG(status));
	is_good = draft_finish(&png, is_good);
	is_good = draft_finish(&json, is_good);
	return is_good ? EXIT_SUCCESS : EXIT_REFUSED;
}

/* -------------------------------------------------------------------- main */

static void
parse_options(int argc, char **argv)
{
	static const struct option known[] = {
	    {"run-dir", required_argument, NULL, 'r'},
	    {"json", no_argument, NULL, 'j'},
	    {"status", required_argument, NULL, 's'},
	    {"output", required_argument, NULL, 'o'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'r':
			options.run_dir = optarg;
			break;
		case 'j':
			options.is_json = true;
			break;
		case 's':
			options.status_file = optarg;
			break;
		case 'o':
			options.output = optarg;
			break;
		case 'v':
			puts("tdsctl " TDS_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(EXIT_USAGE);
		}
	}
}

int
main(int argc, char **argv)
{
	parse_options(argc, argv);
	char **args = argv + optind + 1;
	const int n = argc - optind - 1;
	const char *verb = n >= 0 ? argv[optind] : "";

	if (strcmp(verb, "status") == 0 && n == 0)
		return do_status();
	if (strcmp(verb, "screenshot") == 0 && n == 1)
		return do_screenshot(args[0]);
	if (strcmp(verb, "focus") == 0 && n == 1)
		return do_focus(args[0]);
	if (strcmp(verb, "type") == 0 && n == 1)
		return do_type(args[0]);
	if (strcmp(verb, "key") == 0 && n == 1)
		return do_key(args[0]);
	if (strcmp(verb, "pointer") == 0 && (n == 2 || n == 3))
		return do_pointer(args, n);
	usage(stderr);
	return EXIT_USAGE;
}
