/*
 * bench_content: how fast frames are encrypted straight out of a frame buffer.
 * Prints, for each kind of work, GB/s of pixels and the share of a processor
 * that 60 frames a second need: the best of some rounds, CPU time. "bare" is
 * the library alone over the same frame in pieces of the same size: what the
 * memory allows. 512x64 is damage that is still in the cache.
 */
#include "hdcp/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 25 };

/* aligned: the tag's vector code wants it */
static uint8_t record[HDCP_RECORD_MAX] __attribute__((aligned(64)));

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct hdcp_content plain; /* without the outer layer */

/* One whole frame in pieces; is_sealed: with the outer layer. */
static void
send_frame(
    struct hdcp_seal *seal, const struct hdcp_image *from, bool is_sealed)
{
	const uint16_t rows = hdcp_tile_rows(from->width);

	for (uint16_t y = 0; y < from->height; y = (uint16_t)(y + rows)) {
		const uint16_t left = (uint16_t)(from->height - y);
		const struct hdcp_tile tile = {.width = from->width,
		    .height = from->height,
		    .y = y,
		    .w = from->width,
		    .h = left < rows ? left : rows};
		const int n = is_sealed ? hdcp_seal_put(seal, &tile, from, 0,
					      record, sizeof(record))
					: hdcp_content_put(&plain, &tile, from,
					      record, sizeof(record));
		if (n < 0)
			exit(1);
	}
}

enum kind { BARE, CIPHER, SEALED };
static const char *const names[] = {"bare", "cipher", "sealed"};

/* The least that encrypting a frame can be: no header, no rows, no tag. */
static void
send_bare(const struct hdcp_image *from)
{
	const uint8_t block[HDCP_BLOCK] = {0};
	const size_t n = from->stride_bytes * from->height;
	const size_t piece = from->stride_bytes * hdcp_tile_rows(from->width);

	for (size_t at = 0; at < n; at += piece) {
		const size_t left = n - at < piece ? n - at : piece;
		if (hdcp_ctr_seek(plain.ctr, block) < 0 ||
		    hdcp_ctr_xor(plain.ctr, from->pixels + at, record, left) <
			0)
			exit(1);
	}
}

static void
measure(struct hdcp_seal *seal, uint16_t width, uint16_t height, enum kind kind)
{
	const size_t bytes = 4 * (size_t)width * height;
	struct hdcp_image from = {.pixels = malloc(bytes),
	    .stride_bytes = 4 * (size_t)width,
	    .width = width,
	    .height = height};
	double best = 1e9;

	if (!from.pixels)
		exit(1);
	memset(from.pixels, 0x5a, bytes);
	for (int i = 0; i < ROUNDS; i++) {
		const double start = seconds();
		if (kind == BARE)
			send_bare(&from);
		else
			send_frame(seal, &from, kind == SEALED);
		const double took = seconds() - start;
		best = took < best ? took : best;
	}
	printf("%s %ux%u %.3f GB/s %.1f %%\n", names[kind], width, height,
	    (double)bytes / best / 1e9, 60 * 100 * best);
	free(from.pixels);
}

int
main(void)
{
	const struct hdcp_session keys = {.key = {1}, .mac_key = {2}};
	struct hdcp_seal seal = {0};

	if (hdcp_crypto_init() < 0 ||
	    hdcp_seal_start(&seal, &keys, 1, 0, 0) < 0 ||
	    hdcp_content_start(&plain, &keys, 1, 1) < 0)
		return 1;
	for (int kind = BARE; kind <= SEALED; kind++) {
		measure(&seal, 512, 64, (enum kind)kind);
		measure(&seal, 1920, 1080, (enum kind)kind);
		measure(&seal, 3840, 2160, (enum kind)kind);
	}
	hdcp_seal_stop(&seal);
	hdcp_content_stop(&plain);
	return 0;
}
