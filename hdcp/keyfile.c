#include "hdcp/keyfile.h"

#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int
keyfile_read_some(
    const char *folder, const char *name, uint8_t *out, uint32_t max)
{
	char path[4096];
	uint8_t more;
	struct stat st;
	uint32_t n = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	int AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	while (n < max) {
		const ssize_t got = read(fd, out + n, max - n);
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (uint32_t)got;
	}
	return read(fd, &more, 1) == 0 ? (int)n : -EBADMSG;
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

int
keyfile_protect_memory(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		perror("keys may reach the swap: mlockall");
	return 0;
}
