#include "hv-glue/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool
wraps(uint64_t start, uint64_t size)
{
	return size > UINT64_MAX - start;
}

static bool
overlap(const struct wire_region *a, const struct wire_region *b)
{
	return a->gpa < b->gpa + b->size && b->gpa < a->gpa + a->size;
}

int
check_mem_table(const struct wire_mem_table *table, const char **why)
{
	for (uint32_t i = 0; i < table->n; i++) {
		const struct wire_region *r = &table->regions[i];
		if (r->size == 0 || wraps(r->gpa, r->size) ||
		    wraps(r->uva, r->size) || wraps(r->offset, r->size) ||
		    r->offset + r->size > INT64_MAX) {
			*why = "a memory region is empty or wraps";
			return -ERANGE;
		}
		for (uint32_t j = 0; j < i; j++) {
			if (overlap(r, &table->regions[j])) {
				*why = "memory regions overlap";
				return -ERANGE;
			}
		}
	}
	return 0;
}

static int
map_region(const struct wire_region *wire, int fd, struct memory_region *out,
    const char **why)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK)) {
		*why = "guest memory lacks F_SEAL_SHRINK";
		return -EPERM;
	}

	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 ||
	    (uint64_t)st.st_size < wire->offset + wire->size) {
		*why = "guest memory file is shorter than its region";
		return -ERANGE;
	}

	/* The whole file: with huge pages only that is sure to be aligned. */
	const size_t bytes = (size_t)st.st_size;
	void *map =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		*why = "guest memory cannot be mapped";
		return -errno;
	}
	*out = (struct memory_region){.gpa = wire->gpa,
	    .uva = wire->uva,
	    .size = wire->size,
	    .at = (uint8_t *)map + wire->offset,
	    .map = map,
	    .map_bytes = bytes};
	return 0;
}

int
memory_map(struct memory *memory, const struct wire_mem_table *table,
    const int *fds, const char **why)
{
	struct memory fresh = {0};

	for (uint32_t i = 0; i < table->n; i++) {
		const int err = map_region(
		    &table->regions[i], fds[i], &fresh.regions[i], why);
		if (err < 0) {
			memory_finish(&fresh);
			return err;
		}
		fresh.n++;
	}
	memory_finish(memory);
	*memory = fresh;
	return 0;
}

void
memory_finish(struct memory *memory)
{
	for (uint32_t i = 0; i < memory->n; i++)
		if (memory->regions[i].map)
			munmap(memory->regions[i].map,
			    memory->regions[i].map_bytes);
	*memory = (struct memory){0};
}

/* Distances from the region's start: no sum, so nothing can wrap. */
static bool
has(uint64_t start, uint64_t size, uint64_t at, uint64_t len)
{
	return at >= start && at - start <= size && len <= size - (at - start);
}

uint8_t *
memory_at(const struct memory *memory, uint64_t gpa, uint64_t len)
{
	for (uint32_t i = 0; i < memory->n; i++) {
		const struct memory_region *r = &memory->regions[i];
		if (has(r->gpa, r->size, gpa, len))
			return r->at + (gpa - r->gpa);
	}
	return NULL;
}

uint8_t *
memory_at_uva(const struct memory *memory, uint64_t uva, uint64_t len)
{
	for (uint32_t i = 0; i < memory->n; i++) {
		const struct memory_region *r = &memory->regions[i];
		if (has(r->uva, r->size, uva, len))
			return r->at + (uva - r->uva);
	}
	return NULL;
}
