/*
 * pool: page-aligned blocks of one domain's pixel pool. Pure bookkeeping; it
 * never touches the pixels.
 *
 * A block that the core may be reading is not given out again before the core
 * said that it consumed what replaced it:
 *
 *	        pool_free(shown)    pool_sent(seq)       pool_tick(>= seq)
 *	used --------------------> unsent -----------> sent ----------> free
 *	  \ pool_free(not shown)
 *	   +-----------------------------------------------------------> free
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { POOL_MAX_BLOCKS = 2048 };

enum pool_state { POOL_USED, POOL_UNSENT, POOL_SENT };

struct pool_block {
	uint64_t offset, bytes; /* multiples of TDS_PAGE_BYTES */
	enum pool_state state;
	uint32_t seq; /* POOL_SENT: free after the tick with this number */
};

/* Blocks that are not free, in order of offset, none overlapping. */
struct pool {
	uint64_t bytes;
	uint32_t ticked; /* what the core last said that it consumed */
	uint32_t n;
	struct pool_block blocks[POOL_MAX_BLOCKS];
};

void pool_init(struct pool *pool, uint64_t bytes);
/* First fit. 0; -ENOSPC; -EINVAL for 0 bytes. */
int pool_alloc(struct pool *pool, uint64_t bytes, uint64_t *offset) MUST_CHECK;
/* The block at offset. may_be_read: the core was told of it. */
void pool_free(struct pool *pool, uint64_t offset, bool may_be_read);
/*
 * Every commit that replaces a freed block is sent; seq is the last of them.
 * Blocks that the core let go before (a flip long ago) are free now: without
 * a new commit there will be no tick.
 */
void pool_sent(struct pool *pool, uint32_t seq);
/* The core consumed commits up to seq. */
void pool_tick(struct pool *pool, uint32_t seq);
/* The core is a new one: it knows no block. */
void pool_renew(struct pool *pool);
