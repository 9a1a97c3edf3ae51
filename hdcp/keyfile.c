#include "hdcp/keyfile.h"

#include "tds/base/log.h"
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

/* Who cannot tell takes it for one. */
static bool
has_hash(const uint8_t *key, size_t n, const uint8_t hash[HDCP_HASH])
{
	uint8_t found[HDCP_HASH];

	return hdcp_sha256(key, n, found) < 0 ||
	       memcmp(found, hash, HDCP_HASH) == 0;
}

bool
keyfile_is_facsimile(const uint8_t authority[HDCP_DCP_MODULUS + 1])
{
	static const uint8_t hash[HDCP_HASH] = {
	    0x39, 0x39, 0xce, 0x90, 0x0a, 0x6d, 0x0d, 0xad,
	    0xd9, 0xc7, 0xdb, 0xfb, 0x15, 0xfd, 0x43, 0x35,
	    0xbf, 0xe0, 0x9e, 0x1b, 0xfa, 0x4b, 0x56, 0x26,
	    0x35, 0x38, 0x6c, 0x5c, 0x00, 0xa8, 0xe0, 0x31};

	return has_hash(authority, HDCP_DCP_MODULUS + 1, hash);
}

bool
keyfile_is_facsimile_1(const uint8_t dsa_y[HDCP_DSA_P])
{
	static const uint8_t hash[HDCP_HASH] = {
	    0x6a, 0xc5, 0xc9, 0xdf, 0xd7, 0x12, 0x4b, 0xf7,
	    0x5a, 0x52, 0x2f, 0x8d, 0x76, 0x2f, 0x1c, 0x4f,
	    0xac, 0x82, 0xc0, 0x84, 0x58, 0x75, 0xdc, 0xc3,
	    0xba, 0x94, 0x3b, 0x93, 0xc9, 0x20, 0x8d, 0x36};

	return has_hash(dsa_y, HDCP_DSA_P, hash);
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
	log_info("not all memory may be locked here: keys may reach the swap");
	return 0;
}
