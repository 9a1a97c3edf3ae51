/*
 * granted: which ranges of one domain's granted pool are mapped. Pure: link.c
 * maps and unmaps what this allows. Ranges are whole pages, lie in the window
 * (check_grant() saw to it), and none overlaps another.
 */
#pragma once

#include "protocol/ring.h"

struct granted {
	uint32_t n;
	struct grant ranges[TDS_MAX_GRANTED]; /* op is of no meaning */
};

/* 0, -EEXIST for what overlaps, -EDQUOT. */
int granted_add(struct granted *granted, const struct grant *range) MUST_CHECK;
/* The range that begins at range->page, into *range. 0 or -ENOENT. */
int granted_remove(struct granted *granted, struct grant *range) MUST_CHECK;
/* All of these bytes lie in one range. */
bool granted_has(
    const struct granted *granted, uint64_t offset_bytes, uint64_t bytes);
