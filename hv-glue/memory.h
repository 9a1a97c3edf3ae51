/*
 * memory: the guest's memory as the VMM shared it (SET_MEM_TABLE of the
 * vhost-user protocol, "Memory region description").
 *
 * Only files that can never shrink are mapped (F_SEAL_SHRINK), so no access
 * can raise SIGBUS because the VMM cut its file. An address range is valid
 * only if it lies in one region as a whole; nothing wraps.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum { MEMORY_MAX_REGIONS = 8 };

/* As sent: u64 gpa, size, uva, mmap offset; all in bytes. */
struct wire_region {
	uint64_t gpa, size, uva, offset;
};

struct wire_mem_table {
	uint32_t n;
	struct wire_region regions[MEMORY_MAX_REGIONS];
};

struct memory_region {
	uint64_t gpa;	  /* guest physical address of the first byte */
	uint64_t uva;	  /* the same byte as the VMM addresses it */
	uint64_t size;	  /* bytes, not 0 */
	uint8_t *at;	  /* the same byte here, inside map */
	void *map;	  /* owned; NULL in tests */
	size_t map_bytes; /* of map */
};

struct memory {
	uint32_t n;
	struct memory_region regions[MEMORY_MAX_REGIONS];
};

/*
 * Pure: sizes not 0, nothing wraps, no two regions overlap in guest physical
 * addresses. -ERANGE with *why set.
 */
int check_mem_table(
    const struct wire_mem_table *table, const char **why) MUST_CHECK;

/*
 * Map a checked table; fds[i], borrowed, backs region i. Replaces the old
 * mappings only on success. -EPERM a file may shrink, -ERANGE a file is too
 * short, -errno of mmap; *why says which.
 */
int memory_map(struct memory *memory, const struct wire_mem_table *table,
    const int *fds, const char **why) MUST_CHECK;
void memory_finish(struct memory *memory);

/* The len bytes at a guest physical address, or NULL. */
uint8_t *memory_at(const struct memory *memory, uint64_t gpa, uint64_t len);
/* The len bytes at one of the VMM's own addresses (rings), or NULL. */
uint8_t *memory_at_uva(const struct memory *memory, uint64_t uva, uint64_t len);
