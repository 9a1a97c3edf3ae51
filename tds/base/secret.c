#include "tds/base/secret.h"

#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
secret_open(const char *folder, const char *name, int flags)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	int AUTO_FD fd =
	    open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	return TAKE_FD(fd);
}

int
secret_read(int fd, uint8_t *out, uint32_t max)
{
	uint32_t n = 0;
	uint8_t more;

	while (n < max) {
		const ssize_t got = pread(fd, out + n, max - n, n);
		if (got < 0)
			return -errno;
		if (got == 0)
			return (int)n;
		n += (uint32_t)got;
	}
	const ssize_t got = pread(fd, &more, 1, n);
	if (got < 0)
		return -errno;
	return got == 0 ? (int)n : -EBADMSG;
}

int
secret_make(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX], new[PATH_MAX];
	const ssize_t n = (ssize_t)strlen(text);

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path) ||
	    snprintf(new, sizeof(new), "%s/.%s", folder, name) >=
		(int)sizeof(new))
		return -ENAMETOOLONG;
	if (access(path, F_OK) == 0)
		return 0;
	int AUTO_FD fd = open(
	    new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	const ssize_t went = write(fd, text, (size_t)n);
	if (went != n)
		return went < 0 ? -errno : -ENOSPC;
	return fsync(fd) < 0 || rename(new, path) < 0 ? -errno : 0;
}
