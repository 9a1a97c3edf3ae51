/* domain_maps: what a tds-guest has mapped, within its limits. */
#include "hv-glue/xen/domain.h"

#include <errno.h>

static int
fd_of(const struct domain *d, enum broker_where where)
{
	return where == BROKER_PIXELS ? d->pixels : d->rings;
}

/* A free place, if that process may have one more map of this kind. */
static struct domain_map *
free_place(struct domain *d, enum broker_where where, uint32_t n)
{
	struct domain_map *unused = NULL;
	uint32_t maps = 0, pages = DOMAIN_RINGS; /* connected rings as well */

	for (uint32_t i = 0; i < DOMAIN_MAPS; i++) {
		struct domain_map *m = &d->maps[i];
		pages += m->n;
		if (m->n == 0)
			unused = m;
		else if (m->where == where)
			maps++;
	}
	if (where == BROKER_RINGS)
		return maps < DOMAIN_RINGS && n == 1 ? unused : NULL;
	/* looking must leave room for what is to be shown */
	const uint32_t most =
	    where == BROKER_LOOK ? d->max_pages / 2 : d->max_pages;
	return maps < TDS_MAX_GRANTED && pages <= most && n <= most - pages
		   ? unused
		   : NULL;
}

static int
map(struct domain *d, const struct broker_ask *ask, uint32_t *page)
{
	struct domain_map *m = free_place(d, ask->where, ask->n);

	if (!m)
		return -EDQUOT;
	const int err = d->ops->map(d->data, fd_of(d, ask->where), d->domid,
	    ask->grefs, ask->n, page);
	if (err < 0)
		return err;
	*m = (struct domain_map){*page, ask->n, ask->where};
	return 0;
}

static int
unmap(struct domain *d, const struct broker_ask *ask)
{
	for (uint32_t i = 0; i < DOMAIN_MAPS; i++) {
		struct domain_map *m = &d->maps[i];
		if (m->n != ask->n || m->page != ask->page ||
		    m->where != ask->where)
			continue;
		m->n = 0;
		return d->ops->unmap(
		    d->data, fd_of(d, ask->where), ask->page, ask->n);
	}
	return -ENOENT;
}

struct broker_answer
domain_answer(struct domain *d, const struct broker_ask *ask)
{
	uint32_t page = 0;
	const int err =
	    ask->op == BROKER_MAP ? map(d, ask, &page) : unmap(d, ask);

	return (struct broker_answer){
	    .error = err < 0 ? (uint32_t)-err : 0, .page = err < 0 ? 0 : page};
}
