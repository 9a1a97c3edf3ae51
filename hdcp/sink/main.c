/*
 * tds-sink: the receiving end of a sealed output, headless: the picture goes
 * to a file when a line on standard input asks for it.
 *
 *	tds-sink KEYS WIRE-FD WIDTH HEIGHT PICTURE
 *
 * KEYS: a folder with cert (522 bytes), private (p || q || dP || dQ || qInv),
 * lc128 and, if the source is ours, source-key. For each line PICTURE is
 * written (PPM) and "authentic N", "nothing N" or "not-authentic N" answered,
 * N the frames so far. Ends with 3 when the connection fails.
 */
#include "hdcp/keyfile.h"
#include "hdcp/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, WRONG_COLOR = 0xb00000, CROSS_COLOR = 0xffffff };

static struct {
	uint8_t cert[HDCP_CERT_BYTES];
	uint8_t kh[HDCP_BLOCK];
	uint8_t lc128[HDCP_BLOCK];
	uint8_t source_key[HDCP_SOURCE_KEY];
	struct hdcp_private *private; /* owned */
	struct hdcp_rx_config config;
	struct sink sink;
	int wire; /* -1: closed */
	const char *path;
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
	fprintf(stderr, "tds-sink: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void
read_keys(const char *folder)
{
	uint8_t parts[5 * HDCP_PRIME];

	must(keyfile_read(folder, "cert", me.cert, sizeof(me.cert)), "cert");
	must(keyfile_read(folder, "lc128", me.lc128, HDCP_BLOCK), "lc128");
	must(keyfile_read(folder, "private", parts, sizeof(parts)), "private");
	must(hdcp_private_create(parts, &me.private), "private");
	must(hdcp_derive_kh(parts, me.kh), "private");
	hdcp_wipe(parts, sizeof(parts));
	const int err =
	    keyfile_read(folder, "source-key", me.source_key, HDCP_SOURCE_KEY);
	must(err == -ENOENT ? 0 : err, "source-key");
	me.config = (struct hdcp_rx_config){.cert = me.cert,
	    .private = me.private,
	    .kh = me.kh,
	    .lc128 = me.lc128,
	    .source_key = err == 0 ? me.source_key : NULL,
	    .random = hdcp_random_system,
	    .has_precompute = true};
}

static struct hdcp_image
make_image(int width, int height)
{
	if (width < 1 || width > HDCP_TILE_MAX_DIM || height < 1 ||
	    height > HDCP_TILE_MAX_DIM)
		must(-ERANGE, "size");
	const size_t stride = (size_t)width * HDCP_TILE_PIXEL;
	uint8_t *pixels = calloc((size_t)height, stride);
	if (!pixels)
		must(-ENOMEM, "picture");
	return (struct hdcp_image){.pixels = pixels,
	    .stride_bytes = stride,
	    .width = (uint16_t)width,
	    .height = (uint16_t)height};
}

/* A white cross on red: not to be mistaken for any picture of a desktop. */
static uint32_t
wrong_pixel(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	const int64_t a = (int64_t)x * height, b = (int64_t)y * width;
	const int64_t c = (int64_t)(width - 1 - x) * height;
	const int64_t thick = (int64_t)width * height / 40;

	return llabs(a - b) < thick || llabs(c - b) < thick ? CROSS_COLOR
							    : WRONG_COLOR;
}

static void
write_picture(enum sink_picture what)
{
	const struct hdcp_image *image = &me.sink.shown;
	FILE *f = fopen(me.path, "wb");

	if (!f)
		must(-errno, me.path);
	fprintf(f, "P6\n%u %u\n255\n", image->width, image->height);
	for (uint32_t y = 0; y < image->height; y++) {
		for (uint32_t x = 0; x < image->width; x++) {
			uint32_t p = 0;
			if (what == SINK_AUTHENTIC)
				memcpy(&p,
				    image->pixels + y * image->stride_bytes +
					(size_t)x * HDCP_TILE_PIXEL,
				    sizeof(p));
			else if (what == SINK_NOT_AUTHENTIC)
				p = wrong_pixel(
				    x, y, image->width, image->height);
			const uint8_t rgb[] = {
			    (uint8_t)(p >> 16), (uint8_t)(p >> 8), (uint8_t)p};
			fwrite(rgb, 1, sizeof(rgb), f);
		}
	}
	must(fclose(f) == 0 ? 0 : -errno, me.path);
}

static void
answer_lines(void)
{
	static const char *const names[] = {
	    "nothing", "authentic", "not-authentic"};
	char in[64];
	const ssize_t n = read(STDIN_FILENO, in, sizeof(in));

	if (n <= 0)
		exit(0);
	for (ssize_t i = 0; i < n; i++) {
		if (in[i] != '\n')
			continue;
		const enum sink_picture what = sink_show(&me.sink, now());
		write_picture(what);
		printf("%s %u\n", names[what], me.sink.n_frames);
		fflush(stdout);
	}
}

static void
close_wire(const char *why)
{
	fprintf(stderr, "tds-sink: %s\n", why);
	sink_disconnect(&me.sink);
	close(me.wire);
	me.wire = -1;
}

/* What a sink says is short: a carrier that does not take it is dropped. */
static void
read_wire(void)
{
	static uint8_t in[1 << 16], out[HDCP_RECORD_HEADER + 1024];
	const ssize_t n = recv(me.wire, in, sizeof(in), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close_wire("the connection ended");
		return;
	}
	if (sink_take(&me.sink, in, (uint32_t)n, now()) < 0) {
		close_wire("not authentic");
		return;
	}
	const int len = sink_fill(&me.sink, out, sizeof(out));
	if (len > 0 &&
	    send(me.wire, out, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) != len)
		close_wire("the carrier takes nothing");
}

int
main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr,
		    "usage: tds-sink KEYS WIRE-FD WIDTH HEIGHT PICTURE\n");
		return 2;
	}
	const struct hdcp_image next = make_image(atoi(argv[3]), atoi(argv[4]));
	const struct hdcp_image shown =
	    make_image(atoi(argv[3]), atoi(argv[4]));
	must(keyfile_protect_memory(), "memory");
	must(hdcp_crypto_init(), "crypto");
	read_keys(argv[1]);
	me.wire = atoi(argv[2]);
	me.path = argv[5];
	sink_init(&me.sink, &me.config, &next, &shown);
	for (;;) {
		struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
		    {.fd = me.wire, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			must(-errno, "poll");
		if (fds[1].revents)
			read_wire();
		if (fds[0].revents)
			answer_lines();
	}
}
