/*
 * own: locals that own something say so. AUTO_FD closes at the end of the
 * scope, TAKE hands over.
 */
#pragma once

#include <unistd.h>

static inline void
own_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline int
own_take(int *fd)
{
	const int taken = *fd;

	*fd = -1;
	return taken;
}

/* int AUTO_FD fd = open(...); */
#define AUTO_FD __attribute__((cleanup(own_close)))
/* return TAKE_FD(fd); */
#define TAKE_FD(fd) own_take(&(fd))
