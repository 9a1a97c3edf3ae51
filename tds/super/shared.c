#include "tds/super/shared.h"

#include "protocol/ring.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

int
shared_memory(const char *name, uint64_t bytes)
{
	int AUTO_FD fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
	    0)
		return -errno;
	return TAKE_FD(fd);
}

int
shared_read_only(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const int ro = open(path, O_RDONLY | O_CLOEXEC);
	return ro < 0 ? -errno : ro;
}

int
shared_bell(void)
{
	const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int
shared_link_make(struct shared_link *out)
{
	int AUTO_FD ring = shared_memory("tds-ring", RING_BYTES);
	int AUTO_FD up = shared_bell();
	int AUTO_FD down = shared_bell();

	if (ring < 0 || up < 0 || down < 0)
		return ring < 0 ? ring : up < 0 ? up : down;
	out->ring = TAKE_FD(ring);
	out->bell_up = TAKE_FD(up);
	out->bell_down = TAKE_FD(down);
	return 0;
}

void
shared_link_finish(struct shared_link *link)
{
	const int fds[] = {link->ring, link->bell_up, link->bell_down};

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*link = (struct shared_link){-1, -1, -1};
}
