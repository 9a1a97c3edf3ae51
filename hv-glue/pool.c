#include "hv-glue/pool.h"

#include "protocol/limits.h"

#include <errno.h>
#include <string.h>

void
pool_init(struct pool *pool, uint64_t bytes)
{
	pool->bytes = bytes;
	pool->ticked = 0;
	pool->n = 0;
}

static void
insert(struct pool *pool, uint32_t at, uint64_t offset, uint64_t bytes)
{
	memmove(&pool->blocks[at + 1], &pool->blocks[at],
	    (pool->n - at) * sizeof(pool->blocks[0]));
	pool->blocks[at] = (struct pool_block){
	    .offset = offset, .bytes = bytes, .state = POOL_USED};
	pool->n++;
}

int
pool_alloc(struct pool *pool, uint64_t bytes, uint64_t *offset)
{
	uint64_t end = 0; /* of the block before the gap */

	if (bytes == 0)
		return -EINVAL;
	if (bytes > pool->bytes || pool->n == POOL_MAX_BLOCKS)
		return -ENOSPC;
	bytes = (bytes + TDS_PAGE_BYTES - 1) / TDS_PAGE_BYTES * TDS_PAGE_BYTES;

	for (uint32_t i = 0; i <= pool->n; i++) {
		const uint64_t next =
		    i < pool->n ? pool->blocks[i].offset : pool->bytes;
		if (next - end >= bytes) {
			insert(pool, i, end, bytes);
			*offset = end;
			return 0;
		}
		if (i < pool->n)
			end = next + pool->blocks[i].bytes;
	}
	return -ENOSPC;
}

/* Drop the blocks that are free now; the others move together. */
static void
remove_free(struct pool *pool,
    bool (*is_free)(const struct pool_block *b, uint32_t key), uint32_t key)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->n; i++)
		if (!is_free(&pool->blocks[i], key))
			pool->blocks[kept++] = pool->blocks[i];
	pool->n = kept;
}

void
pool_free(struct pool *pool, uint64_t offset, bool may_be_read)
{
	for (uint32_t i = 0; i < pool->n; i++) {
		struct pool_block *b = &pool->blocks[i];
		if (b->offset != offset || b->state != POOL_USED)
			continue;
		if (may_be_read) {
			b->state = POOL_UNSENT;
			return;
		}
		memmove(b, b + 1, (pool->n - i - 1) * sizeof(*b));
		pool->n--;
		return;
	}
}

static bool
is_covered(const struct pool_block *b, uint32_t seq)
{
	/* Sequence numbers run freely: their distance decides. */
	return b->state == POOL_SENT && seq - b->seq < UINT32_MAX / 2;
}

void
pool_sent(struct pool *pool, uint32_t seq)
{
	for (uint32_t i = 0; i < pool->n; i++) {
		if (pool->blocks[i].state == POOL_UNSENT) {
			pool->blocks[i].state = POOL_SENT;
			pool->blocks[i].seq = seq;
		}
	}
	remove_free(pool, is_covered, pool->ticked);
}

void
pool_tick(struct pool *pool, uint32_t seq)
{
	pool->ticked = seq;
	remove_free(pool, is_covered, seq);
}

static bool
is_quarantined(const struct pool_block *b, uint32_t unused)
{
	(void)unused;
	return b->state != POOL_USED;
}

void
pool_renew(struct pool *pool)
{
	remove_free(pool, is_quarantined, 0);
}
