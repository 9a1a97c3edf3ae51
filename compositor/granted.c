#include "compositor/granted.h"

#include <errno.h>

static uint64_t
end_of(const struct grant *r)
{
	return (uint64_t)r->page + r->pages;
}

int
granted_add(struct granted *granted, const struct grant *range)
{
	for (uint32_t i = 0; i < granted->n; i++)
		if (range->page < end_of(&granted->ranges[i]) &&
		    granted->ranges[i].page < end_of(range))
			return -EEXIST;
	if (granted->n == TDS_MAX_GRANTED)
		return -EDQUOT;
	granted->ranges[granted->n++] = *range;
	return 0;
}

int
granted_remove(struct granted *granted, struct grant *range)
{
	for (uint32_t i = 0; i < granted->n; i++)
		if (granted->ranges[i].page == range->page) {
			*range = granted->ranges[i];
			granted->ranges[i] = granted->ranges[--granted->n];
			return 0;
		}
	return -ENOENT;
}

bool
granted_has(const struct granted *granted, uint64_t offset_bytes,
    uint64_t bytes)
{
	for (uint32_t i = 0; i < granted->n; i++) {
		const struct grant *r = &granted->ranges[i];
		const uint64_t begin = (uint64_t)r->page * TDS_PAGE_BYTES;
		const uint64_t size = (uint64_t)r->pages * TDS_PAGE_BYTES;
		if (offset_bytes >= begin && bytes <= size &&
		    offset_bytes - begin <= size - bytes)
			return true;
	}
	return false;
}
