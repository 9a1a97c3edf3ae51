#include "hv-glue/xen/grants_xen.h"

#include <errno.h>
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

_Static_assert(GRANTS_REQUEST_BYTES >=
		   sizeof(struct ioctl_gntdev_map_grant_ref) +
		       BROKER_MAX_GREFS * sizeof(struct ioctl_gntdev_grant_ref),
    "the request with most references fits");

int
grants_map(int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    struct grants_request *request, uint32_t *page)
{
	struct ioctl_gntdev_map_grant_ref *map = (void *)request->bytes;
	struct ioctl_gntdev_grant_ref *refs = map->refs;

	if (n == 0 || n > BROKER_MAX_GREFS)
		return -ERANGE;
	map->count = n;
	map->pad = 0;
	for (uint32_t i = 0; i < n; i++)
		refs[i] = (struct ioctl_gntdev_grant_ref){domid, grefs[i]};
	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map) < 0)
		return -errno;
	const uint64_t index = map->index / TDS_PAGE_BYTES;
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
