#include "kbd/read_libinput.h"

#include "protocol/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* unistd.h of a fortified build has a read() of its own */
long syscall(long number, ...);
ssize_t read(int fd, void *bytes, size_t size);

static struct limit {
	bool is_set, was_read;
	int fd;
} limits[TDS_MAX_DEVICES];

void
read_limit(uint32_t at, int fd)
{
	limits[at] = (struct limit){.is_set = fd >= 0, .fd = fd};
}

void
read_begin_turn(void)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		limits[i].was_read = false;
}

static struct limit *
find(int fd)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (limits[i].is_set && limits[i].fd == fd)
			return &limits[i];
	return NULL;
}

__attribute__((visibility("default"))) ssize_t
read(int fd, void *bytes, size_t size)
{
	struct limit *limit = find(fd);

	if (limit && limit->was_read) {
		errno = EAGAIN;
		return -1;
	}
	if (limit)
		limit->was_read = true;
	return syscall(SYS_read, fd, bytes, size);
}
