#include "compositor/copy.h"

#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

enum { LINE = 64 }; /* what a write-combining buffer holds */

static void
stream_line(uint8_t *to, const uint8_t *from)
{
	__m128i part[4];

	memcpy(part, from, LINE); /* unaligned loads */
	_mm_stream_si128((__m128i *)(void *)(to + 0), part[0]);
	_mm_stream_si128((__m128i *)(void *)(to + 16), part[1]);
	_mm_stream_si128((__m128i *)(void *)(to + 32), part[2]);
	_mm_stream_si128((__m128i *)(void *)(to + 48), part[3]);
}

/* The ends that are no whole line go the ordinary way. */
static void
stream_row(uint8_t *to, const uint8_t *from, size_t bytes)
{
	const size_t off = (uintptr_t)to % LINE;
	size_t head = off == 0 ? 0 : LINE - off;

	if (head > bytes)
		head = bytes;
	memcpy(to, from, head);
	to += head;
	from += head;
	bytes -= head;
	for (; bytes >= LINE; bytes -= LINE) {
		stream_line(to, from);
		to += LINE;
		from += LINE;
	}
	memcpy(to, from, bytes);
}

void
copy_pixels(enum copy_kind kind, void *to, size_t to_stride, const void *from,
    size_t from_stride, size_t row_bytes, size_t rows)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if (row_bytes == to_stride && row_bytes == from_stride) {
		row_bytes *= rows;
		rows = rows > 0;
	}
	for (size_t i = 0; i < rows; i++) {
		if (kind == COPY_STREAM)
			stream_row(out, in, row_bytes);
		else
			memcpy(out, in, row_bytes);
		out += to_stride;
		in += from_stride;
	}
	if (kind == COPY_STREAM)
		_mm_sfence(); /* before anybody is told that it is there */
}
