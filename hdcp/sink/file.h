/*
 * file: a screen that is a PNG file, replaced whole by each new picture, at
 * most four times a second. A process of its own writes it, so that the one
 * with the keys opens nothing, links no use of libpng and never waits for a
 * disk: a picture that is being written is a flip that is pending.
 */
#pragma once

#include "compositor/screen.h"

/*
 * Starts the writer: call it before there are secrets, its memory is a copy
 * of ours. *fd: to be polled for reading, then flips(). There is one such
 * screen in a process. 0 or -errno.
 */
int file_create(const char *path, uint32_t width, uint32_t height,
    struct screen **out, int *fd) MUST_CHECK;
/* Waits for the writer to end; wipes the pixels. */
void file_destroy(struct screen *screen);
