#include "hv-glue/events_xen.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef uint16_t domid_t; /* which the kernel's header does not bring */
#include <xen/evtchn.h>

int
events_read(int fd, uint32_t ports[EVENTS_AT_ONCE])
{
	const ssize_t n = read(fd, ports, EVENTS_AT_ONCE * sizeof(ports[0]));

	return n < 0 ? -errno : (int)((size_t)n / sizeof(ports[0]));
}

int
events_unmask(int fd, uint32_t port)
{
	return write(fd, &port, sizeof(port)) < 0 ? -errno : 0;
}

int
events_notify(int fd, uint32_t port)
{
	struct ioctl_evtchn_notify notify = {.port = port};

	return ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify) < 0 ? -errno : 0;
}
