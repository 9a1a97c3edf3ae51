/*
 * tds-sink: the receiving end of a sealed output, on the machine whose screen
 * it is. Opens everything, reads its keys, seals itself in, and then shows
 * what arrives whole and authentic, or a notice that says why there is no
 * picture. A connection at a time; a new one begins a new session.
 *
 *	options -> screen, wire, signals opened -> keys read -> sealed -> turns
 */
#include "compositor/kms_drm.h"
#include "hdcp/sink/file.h"
#include "hdcp/sink/identity.h"
#include "hdcp/sink/view.h"
#include "hdcp/sink/wire.h"
#include "tds/base/log.h"
#include "tds/base/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, EXIT_USAGE = 2, EXIT_ENDED = 3 };

struct options {
	const char *keys, *wire, *carrier, *png, *card;
	uint32_t width, height;
	bool is_facsimile;
};

static struct {
	struct options options;
	struct identity keys;
	struct sink sink;
	struct hdcp_image next, shown; /* owned mappings */
	struct screen *screen;
	struct view view;
	struct wire wire;
	int screen_fd, signal_fd;
} me;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

/* ------------------------------------------------------------------ options */

static const char usage_text[] =
    "usage: tds-sink --keys DIR --wire PATH|- [--carrier USER] [--size WxH]\n"
    "                [--facsimile] (--png FILE | --card /dev/dri/cardN)\n"
    "\n"
    "  --keys DIR       cert, private, lc128 and, if there is one, source-key\n"
    "  --wire PATH      listen there for the carrier; -: standard input is the\n"
    "                   socket\n"
    "  --carrier USER   who may connect to PATH, besides root (default: who\n"
    "                   runs tds-sink)\n"
    "  --size WxH       of the sender's output (default 1920x1080)\n"
    "  --facsimile      allow the published keys, which protect nothing\n"
    "  --png FILE       no screen: FILE holds what one would show\n"
    "  --card CARD      the screen of this graphics card\n";

static void __attribute__((noreturn))
usage(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

static void
must(int err, const char *what)
{
	if (err >= 0)
		return;
	log_error("%s: %s", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static void
read_size(const char *text, struct options *o)
{
	char more;

	if (sscanf(text, "%ux%u%c", &o->width, &o->height, &more) != 2 ||
	    o->width < 320 || o->width > HDCP_TILE_MAX_DIM ||
	    o->height < 200 || o->height > HDCP_TILE_MAX_DIM)
		usage();
}

static void
read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {{"keys", 1, NULL, 'k'},
	    {"wire", 1, NULL, 'w'}, {"carrier", 1, NULL, 'c'},
	    {"size", 1, NULL, 's'}, {"facsimile", 0, NULL, 'f'},
	    {"png", 1, NULL, 'p'}, {"card", 1, NULL, 'd'},
	    {"help", 0, NULL, 'h'}, {"version", 0, NULL, 'v'}, {0}};
	int c;

	*o = (struct options){.width = 1920, .height = 1080};
	while ((c = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		switch (c) {
		case 'k': o->keys = optarg; break;
		case 'w': o->wire = optarg; break;
		case 'c': o->carrier = optarg; break;
		case 's': read_size(optarg, o); break;
		case 'f': o->is_facsimile = true; break;
		case 'p': o->png = optarg; break;
		case 'd': o->card = optarg; break;
		case 'v': puts("tds-sink " TDS_VERSION); exit(0);
		case 'h': fputs(usage_text, stdout); exit(0);
		default: usage();
		}
	}
	if (optind != argc || !o->keys || !o->wire || !o->png == !o->card)
		usage();
}

/* ----------------------------------------------------------------- start-up */

static struct hdcp_image
make_image(uint32_t width, uint32_t height)
{
	const size_t stride = (size_t)width * HDCP_TILE_PIXEL;
	void *pixels = mmap(NULL, stride * height, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(pixels == MAP_FAILED ? -errno : 0, "memory for the picture");
	return (struct hdcp_image){.pixels = pixels,
	    .stride_bytes = stride,
	    .width = (uint16_t)width,
	    .height = (uint16_t)height};
}

static void
open_screen(const struct options *o)
{
	if (o->png) {
		must(file_create(o->png, o->width, o->height, &me.screen,
			 &me.screen_fd), o->png);
		return;
	}
	/* the first to open a card is its master */
	me.screen_fd = open(o->card, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	must(me.screen_fd < 0 ? -errno : 0, o->card);
	must(kms_create(me.screen_fd, &me.screen), o->card);
}

static void
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN); /* a carrier that went is no reason to end */
	sigprocmask(SIG_BLOCK, &set, NULL);
	me.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	must(me.signal_fd < 0 ? -errno : 0, "signals");
}

static void
read_keys(const struct options *o)
{
	const char *what = "";

	must(keyfile_protect_memory(), "memory");
	must(hdcp_crypto_init(), "crypto");
	const int err = identity_read(&me.keys, o->keys, &what);
	must(err, what);
	if (me.keys.is_facsimile && !o->is_facsimile) {
		log_error("these are the published keys, which protect "
			  "nothing: say --facsimile to use them");
		exit(EXIT_FAILURE);
	}
}

/* HDCP wants some answers within 7 ms, whatever else this machine does. Only
 * root may ask for it; not as a real-time process, which a carrier that floods
 * could make a machine stand still with. */
static void
ask_to_run_first(void)
{
	(void)setpriority(PRIO_PROCESS, 0, -15);
}

/* With keys that everybody knows there is nothing to lose. */
static void
seal(void)
{
	const char *what = "";
	const int err = rights_seal(ROLE_SINK, me.keys.is_facsimile, &what);

	if (err == 0)
		return;
	log_error("cannot drop rights (%s): %s", what,
	    strerror(err < 0 ? -err : err));
	if (!me.keys.is_facsimile)
		exit(EXIT_FAILURE);
}

static void
start(const struct options *o)
{
	open_screen(o); /* first: its writer gets a copy of what there is */
	open_signals();
	must(wire_open(&me.wire, o->wire, o->carrier), o->wire);
	me.next = make_image(o->width, o->height);
	me.shown = make_image(o->width, o->height);
	must(view_init(&me.view, me.screen, o->width, o->height), "screen");
	ask_to_run_first();
	read_keys(o);
	sink_init(&me.sink, &me.keys.config, &me.next, &me.shown);
	me.view.facts = (struct notice_facts){.receiver = me.keys.name,
	    .why = "",
	    .is_facsimile = me.keys.is_facsimile};
	seal();
	if (wire_is_up(&me.wire))
		sink_connect(&me.sink);
	log_info("receiver %s%s, %ux%u", me.keys.name,
	    me.keys.is_facsimile ? " (facsimile keys)" : "", o->width,
	    o->height);
}

/* -------------------------------------------------------------------- turns */

static struct log_budget carrier;

static void
hang_up(const char *why)
{
	log_peer(&carrier, "carrier", "connection closed: %s", why);
	sink_disconnect(&me.sink);
	wire_close(&me.wire);
}

/* What a sink says is short: a carrier that does not take it is dropped. */
static void
take(uint64_t at_ns)
{
	static uint8_t in[1 << 16], out[HDCP_RECORD_HEADER + 1024];
	const ssize_t n = wire_read(&me.wire, in, sizeof(in));

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		hang_up("it ended");
		return;
	}
	const uint32_t frames = me.sink.n_frames;
	if (sink_take(&me.sink, in, (uint32_t)n, at_ns) < 0) {
		hang_up("what came is not authentic");
		return;
	}
	if (me.sink.n_frames != frames || me.sink.arriving.n > 0)
		wire_is_good(&me.wire); /* authentic, at least a part */
	const int len = sink_fill(&me.sink, out, sizeof(out));
	if (len > 0 && wire_write(&me.wire, out, (uint32_t)len) < 0)
		hang_up("the carrier takes nothing");
}

static void
show(uint64_t at_ns)
{
	static const char *const names[] = {
	    "no picture yet", "authentic", "not authentic"};

	if (!view_show(&me.view, &me.sink, at_ns))
		return;
	log_info("%s", names[me.view.what]);
	/* of what take() finds the connection is closed already; after silence
	 * the sender would have to begin anew */
	if (me.view.what == SINK_NOT_AUTHENTIC && wire_is_up(&me.wire))
		hang_up("silence");
}

static int
wait_ms(uint64_t at_ns)
{
	uint64_t until = sink_deadline(&me.sink);

	if (me.view.probe_ns < until)
		until = me.view.probe_ns;
	if (me.wire.deadline_ns < until)
		until = me.wire.deadline_ns;
	if (until == UINT64_MAX)
		return -1;
	return until <= at_ns ? 0 : (int)((until - at_ns) / MS) + 1;
}

/* False: it is the end. */
static bool
turn(void)
{
	struct pollfd fds[4] = {{.fd = me.signal_fd, .events = POLLIN},
	    {.fd = me.screen_fd, .events = POLLIN},
	    {.fd = me.wire.listen_fd, .events = POLLIN},
	    {.fd = me.wire.fd, .events = POLLIN}};

	if (poll(fds, 4, wait_ms(now())) < 0 && errno != EINTR)
		must(-errno, "poll");
	const uint64_t at_ns = now();
	if (fds[0].revents)
		return false;
	if (fds[1].revents & (POLLHUP | POLLERR)) {
		log_error("the screen is gone");
		return false;
	}
	if (fds[1].revents)
		(void)me.screen->ops->flips(me.screen);
	if (fds[3].fd >= 0 && fds[3].revents)
		take(at_ns);
	if (fds[2].revents && wire_accept(&me.wire, at_ns)) {
		log_peer(&carrier, "carrier", "connection opened");
		sink_connect(&me.sink);
	}
	if (wire_is_up(&me.wire) && at_ns >= me.wire.deadline_ns)
		hang_up("no picture in time");
	show(at_ns);
	return wire_is_up(&me.wire) || me.wire.listen_fd >= 0;
}

/* Nothing of the picture or of the keys stays in memory. */
static void
finish(void)
{
	sink_finish(&me.sink);
	if (me.options.png)
		file_destroy(me.screen);
	else
		kms_destroy(me.screen);
	identity_forget(&me.keys);
}

int
main(int argc, char **argv)
{
	log_init("tds-sink");
	read_options(argc, argv, &me.options);
	start(&me.options);
	show(now());
	while (turn())
		continue;
	const bool was_ended = !wire_is_up(&me.wire) && me.wire.listen_fd < 0;
	finish();
	/* what libraries do at exit() needs calls that were given up */
	_exit(was_ended ? EXIT_ENDED : EXIT_SUCCESS);
}
