/* fake_grants: see there. Only read() and write(), which a sealed one may do. */
#include "tests/abuse/fake_grants.h"

#include "hv-glue/xen/grants_xen.h"

#include <errno.h>
#include <unistd.h>

static int
ask(int fd, struct grants_question q)
{
	int32_t answer;

	if (write(fd, &q, sizeof(q)) != sizeof(q) ||
	    read(fd, &answer, sizeof(answer)) != sizeof(answer))
		return -ENOTTY;
	return answer;
}

int
grants_restrict(int fd, uint32_t domid)
{
	return ask(fd, (struct grants_question){GRANTS_RESTRICT,
			   (int32_t)domid, 0, 0});
}

int
grants_bind(int fd, uint32_t domid, uint32_t port)
{
	return ask(fd, (struct grants_question){GRANTS_BIND, (int32_t)domid, 1,
			   (int32_t)port});
}

int
grants_map(int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    struct grants_request *request, uint32_t *page)
{
	(void)request;
	const int got = ask(fd, (struct grants_question){GRANTS_MAP,
				    (int32_t)domid, (int32_t)n,
				    (int32_t)grefs[0]});
	if (got < 0)
		return got;
	*page = (uint32_t)got;
	return 0;
}

int
grants_unmap(int fd, uint32_t page, uint32_t n)
{
	return ask(fd, (struct grants_question){GRANTS_UNMAP, 0, (int32_t)n,
			   (int32_t)page});
}
