/*
 * copy: rows of pixels into a target, plain or past the caches. Which of the
 * two is faster depends on the memory behind the target: write-combined
 * buffers of a card want whole lines, ordinary memory mostly does not care.
 * kms_buffers_drm.c measures both; headless targets are plain.
 *
 * Nothing is read from the target. The source may change meanwhile (a guest
 * writes it): each byte is read at most once.
 */
#pragma once

#include <stddef.h>

enum copy_kind {
	COPY_PLAIN,
	COPY_STREAM, /* non-temporal stores of whole 64-byte lines */
};

/* rows of row_bytes; a stride is the distance of two rows' beginnings. */
void copy_pixels(enum copy_kind kind, void *to, size_t to_stride,
    const void *from, size_t from_stride, size_t row_bytes, size_t rows);
