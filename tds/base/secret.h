/*
 * secret: files that hold secrets or decide about them. One that anybody but
 * its owner may read or write, or whose owner is neither root nor who runs us,
 * is refused.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdint.h>

/*
 * Open folder/name; flags: O_RDONLY or O_RDWR. A descriptor that is the
 * caller's; -EPERM: owner or mode are wrong; or another -errno.
 */
int secret_open(const char *folder, const char *name, int flags) MUST_CHECK;
/* All of it from its start, at most max bytes: how many. -EBADMSG: more. */
int secret_read(int fd, uint8_t *out, uint32_t max) MUST_CHECK;
/*
 * Make folder/name with this text in it, unless there is a file. It is there
 * whole or not at all. 0 or -errno.
 */
int secret_make(
    const char *folder, const char *name, const char *text) MUST_CHECK;
