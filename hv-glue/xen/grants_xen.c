#include "hv-glue/xen/grants_xen.h"

#include "hv-glue/broker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* which the kernel's headers do not bring */
typedef uint16_t domid_t;
typedef uint32_t grant_ref_t;
#include <xen/evtchn.h>
#include <xen/gntdev.h>

int
grants_restrict(int fd, uint32_t domid)
{
	struct ioctl_evtchn_restrict_domid restriction = {
	    .domid = (domid_t)domid};

	return ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &restriction) < 0
		   ? -errno
		   : 0;
}

int
grants_bind(int fd, uint32_t domid, uint32_t port)
{
	struct ioctl_evtchn_bind_interdomain bind = {
	    .remote_domain = domid, .remote_port = port};
	const int local = ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);

	return local < 0 ? -errno : local;
}

int
grants_map(int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    uint32_t *page)
{
	enum { MOST = BROKER_MAX_GREFS };
	const size_t bytes = sizeof(struct ioctl_gntdev_map_grant_ref) +
	    MOST * sizeof(struct ioctl_gntdev_grant_ref);

	if (n == 0 || n > MOST)
		return -ERANGE;
	struct ioctl_gntdev_map_grant_ref *map = calloc(1, bytes);
	if (!map)
		return -ENOMEM;
	struct ioctl_gntdev_grant_ref *refs = map->refs;
	map->count = n;
	for (uint32_t i = 0; i < n; i++)
		refs[i] = (struct ioctl_gntdev_grant_ref){domid, grefs[i]};
	const int err =
	    ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map) < 0 ? -errno : 0;
	const uint64_t index = map->index / TDS_PAGE_BYTES;
	free(map);
	if (err < 0)
		return err;
	*page = (uint32_t)index;
	if (index + n <= TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES)
		return 0;
	const int undone = grants_unmap(fd, *page, n);
	return undone < 0 ? undone : -EDQUOT;
}

int
grants_unmap(int fd, uint32_t page, uint32_t n)
{
	struct ioctl_gntdev_unmap_grant_ref unmap = {
	    .index = (uint64_t)page * TDS_PAGE_BYTES, .count = n};

	return ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) < 0 ? -errno
								   : 0;
}
