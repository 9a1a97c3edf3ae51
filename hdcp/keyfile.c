#include "hdcp/keyfile.h"

#include "tds/base/own.h"
#include "tds/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int
keyfile_read_some(
    const char *folder, const char *name, uint8_t *out, uint32_t max)
{
	int AUTO_FD fd = secret_open(folder, name, O_RDONLY);

	return fd < 0 ? fd : secret_read(fd, out, max);
}

int
keyfile_read(const char *folder, const char *name, uint8_t *out, uint32_t n)
{
	const int got = keyfile_read_some(folder, name, out, n);

	if (got < 0)
		return got;
	return (uint32_t)got == n ? 0 : -EBADMSG;
}

bool
keyfile_is_facsimile(const uint8_t authority[HDCP_DCP_MODULUS + 1])
{
	static const uint8_t facsimile[HDCP_HASH] = {0x39, 0x39, 0xce, 0x90,
	    0x0a, 0x6d, 0x0d, 0xad, 0xd9, 0xc7, 0xdb, 0xfb, 0x15, 0xfd, 0x43,
	    0x35, 0xbf, 0xe0, 0x9e, 0x1b, 0xfa, 0x4b, 0x56, 0x26, 0x35, 0x38,
	    0x6c, 0x5c, 0x00, 0xa8, 0xe0, 0x31};
	uint8_t hash[HDCP_HASH];

	/* who cannot tell takes it for one */
	if (hdcp_sha256(authority, HDCP_DCP_MODULUS + 1, hash) < 0)
		return true;
	return memcmp(hash, facsimile, HDCP_HASH) == 0;
}

/*
 * Without a limit only: where there is one, memory that is mapped later, a
 * frame's, would be refused.
 */
static bool
may_lock(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit now;

	return setrlimit(RLIMIT_MEMLOCK, &all) == 0 ||
	       (getrlimit(RLIMIT_MEMLOCK, &now) == 0 &&
		   now.rlim_cur == RLIM_INFINITY);
}

int
keyfile_protect_memory(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (may_lock() && mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
		return 0;
	fprintf(stderr, "this process may not lock its memory: keys may reach "
			"the swap\n");
	return 0;
}
