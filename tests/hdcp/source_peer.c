/*
 * source_peer: the sending end of a sealed output without tdsd and a core, for
 * tests of the sink: what changes comes on standard input.
 *
 *	source_peer [--facsimile] KEYS WIRE-FD FRAME-FD WIDTH HEIGHT
 *
 * KEYS: a folder with authority (n || e, 385 bytes), lc128, srm and, if the
 * sink is ours, source-key. FRAME-FD: memory with XRGB8888 rows. A line
 * "X Y W H" on standard input says what changed there; "done" on standard
 * output that a frame was sent and its memory may be written again.
 * Ends with 3 when the connection fails or the sink is refused.
 */
#include "hdcp/keyfile.h"
#include "hdcp/source.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, LINE = 64 };

static struct {
	struct hdcp_authority authority;
	struct hdcp_srm srm;
	struct hdcp_pairings pairings;
	uint8_t lc128[HDCP_BLOCK];
	uint8_t source_key[HDCP_SOURCE_KEY];
	struct hdcp_tx_config config;
	struct source source;
	struct damage waiting; /* for the next frame */
	uint32_t n_reported, n_sessions;
	int wire;
	uint32_t n_out, out_at;
	uint8_t out[HDCP_RECORD_MAX] __attribute__((aligned(64)));
	uint32_t n_line;
	char line[LINE];
} me;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static void
must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "source_peer: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void
read_keys(const char *folder, bool is_facsimile)
{
	static const uint8_t no_key[HDCP_DSA_P];
	const struct hdcp_srm_keys keys = {
	    .dsa_y = no_key, .authority = &me.authority};
	static uint8_t list[HDCP_SRM_MAX_BYTES];
	uint8_t both[HDCP_DCP_MODULUS + 1];

	must(
	    keyfile_read(folder, "authority", both, sizeof(both)), "authority");
	if (keyfile_is_facsimile(both) && !is_facsimile)
		must(-EPERM, "facsimile keys without --facsimile");
	memcpy(me.authority.n, both, HDCP_DCP_MODULUS);
	me.authority.e = both[HDCP_DCP_MODULUS];
	must(keyfile_read(folder, "lc128", me.lc128, HDCP_BLOCK), "lc128");
	const int n = keyfile_read_some(folder, "srm", list, sizeof(list));
	must(n, "srm");
	must(hdcp_srm_check(list, (uint32_t)n, &keys, 0, &me.srm), "srm");

	const int err =
	    keyfile_read(folder, "source-key", me.source_key, HDCP_SOURCE_KEY);
	must(err == -ENOENT ? 0 : err, "source-key");
	me.config = (struct hdcp_tx_config){.authority = &me.authority,
	    .srm = &me.srm,
	    .lc128 = me.lc128,
	    .source_key = err == 0 ? me.source_key : NULL,
	    .pairings = &me.pairings,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .streams = {.n = 1, .at = {{.id = 1}}}};
}

static struct hdcp_image
map_frame(int fd, int width, int height)
{
	if (width < 1 || width > HDCP_TILE_MAX_DIM || height < 1 ||
	    height > HDCP_TILE_MAX_DIM)
		must(-ERANGE, "size");
	const size_t stride = (size_t)width * HDCP_TILE_PIXEL;
	void *at =
	    mmap(NULL, stride * (size_t)height, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		must(-errno, "frame");
	return (struct hdcp_image){.pixels = at,
	    .stride_bytes = stride,
	    .width = (uint16_t)width,
	    .height = (uint16_t)height};
}

static void
on_line(const char *line)
{
	int x, y, w, h;

	if (sscanf(line, "%d %d %d %d", &x, &y, &w, &h) != 4 || x < 0 ||
	    y < 0 || w < 1 || h < 1 || x > HDCP_TILE_MAX_DIM ||
	    y > HDCP_TILE_MAX_DIM || w > HDCP_TILE_MAX_DIM ||
	    h > HDCP_TILE_MAX_DIM)
		must(-EBADMSG, "standard input");
	damage_add(&me.waiting, rect_make(x, y, w, h));
}

static void
read_lines(void)
{
	const ssize_t n =
	    read(STDIN_FILENO, me.line + me.n_line, LINE - 1 - me.n_line);

	if (n <= 0)
		exit(0);
	me.n_line += (uint32_t)n;
	for (;;) {
		char *end = memchr(me.line, '\n', me.n_line);
		if (!end)
			break;
		*end = 0;
		on_line(me.line);
		me.n_line -= (uint32_t)(end + 1 - me.line);
		memmove(me.line, end + 1, me.n_line);
	}
	if (me.n_line == LINE - 1)
		must(-EBADMSG, "standard input");
}

static int
read_wire(void)
{
	static uint8_t in[4096];
	const ssize_t n = recv(me.wire, in, sizeof(in), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -EPIPE;
	return source_take(&me.source, in, (uint32_t)n, now());
}

/* One record at a time is made, and only when the last one is gone. */
static int
write_wire(void)
{
	for (;;) {
		if (me.out_at == me.n_out) {
			const int n = source_fill(
			    &me.source, now(), me.out, sizeof(me.out));
			if (n <= 0)
				return n;
			me.n_out = (uint32_t)n;
			me.out_at = 0;
		}
		const ssize_t n = send(me.wire, me.out + me.out_at,
		    me.n_out - me.out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		me.out_at += (uint32_t)n;
	}
}

/* Frames that were sent whole are reported, then the next one may begin. */
static void
offer_frame(void)
{
	for (; me.n_reported != me.source.number; me.n_reported++) {
		puts("done");
		fflush(stdout);
	}
	if (source_is_on(&me.source) &&
	    me.n_sessions != me.source.tx.n_sessions) {
		me.n_sessions = me.source.tx.n_sessions;
		damage_add(&me.waiting,
		    rect_make(0, 0, me.source.frame.width,
			me.source.frame.height));
	}
	if (me.waiting.n > 0 && source_frame(&me.source, &me.waiting) == 0)
		damage_clear(&me.waiting);
}

static int
wait_ms(void)
{
	const uint64_t deadline = source_deadline(&me.source);
	const uint64_t at = now();

	if (deadline == UINT64_MAX)
		return -1;
	return deadline <= at ? 0 : (int)((deadline - at) / MS) + 1;
}

static int
turn(void)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = me.wire, .events = POLLIN}};

	int err = write_wire();
	offer_frame();
	if (err == 0)
		err = write_wire();
	offer_frame();
	if (err < 0)
		return err;
	if (me.out_at < me.n_out)
		fds[1].events |= POLLOUT;
	const bool is_next =
	    source_is_busy(&me.source) && me.out_at == me.n_out;
	if (poll(fds, 2, is_next ? 0 : wait_ms()) < 0)
		return -errno;
	if (fds[0].revents)
		read_lines();
	if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		err = read_wire();
	return err < 0 ? err : source_tick(&me.source, now());
}

int
main(int argc, char **argv)
{
	const bool is_facsimile =
	    argc > 1 && strcmp(argv[1], "--facsimile") == 0;
	char **arg = argv + 1 + is_facsimile;

	if (argc != 6 + is_facsimile) {
		fprintf(stderr, "usage: source_peer [--facsimile] KEYS WIRE-FD "
				"FRAME-FD WIDTH HEIGHT\n");
		return 2;
	}
	must(keyfile_protect_memory(), "memory");
	must(hdcp_crypto_init(), "crypto");
	read_keys(arg[0], is_facsimile);
	me.wire = atoi(arg[1]);
	const struct hdcp_image frame =
	    map_frame(atoi(arg[2]), atoi(arg[3]), atoi(arg[4]));
	source_init(&me.source, &me.config, &frame);
	source_connect(&me.source, now());

	int err = 0;
	while (err == 0)
		err = turn();
	fprintf(stderr, "source_peer: %s (%s)\n", strerror(-err),
	    hdcp_tx_reason_name(me.source.tx.reason));
	source_finish(&me.source);
	hdcp_wipe(&me, sizeof(me));
	return 3;
}
