#include "hv-glue/virtio_gpu.h"

#include <errno.h>
#include <linux/virtio_gpu.h>
#include <string.h>

/* How the four bytes of a pixel become B G R X: X[i] is their old place. */
struct order {
	uint8_t b, g, r, x;
};

static bool
find_order(uint32_t format, struct order *out)
{
	switch (format) {
	case VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM:
	case VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM:
		*out = (struct order){0, 1, 2, 3};
		return true;
	case VIRTIO_GPU_FORMAT_A8R8G8B8_UNORM:
	case VIRTIO_GPU_FORMAT_X8R8G8B8_UNORM:
		*out = (struct order){3, 2, 1, 0};
		return true;
	case VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM:
	case VIRTIO_GPU_FORMAT_R8G8B8X8_UNORM:
		*out = (struct order){2, 1, 0, 3};
		return true;
	case VIRTIO_GPU_FORMAT_X8B8G8R8_UNORM:
	case VIRTIO_GPU_FORMAT_A8B8G8R8_UNORM:
		*out = (struct order){1, 2, 3, 0};
		return true;
	}
	return false;
}

bool
gpu_knows_format(uint32_t format)
{
	struct order unused;

	return find_order(format, &unused);
}

static void
reorder(uint8_t *at, uint32_t n_px, struct order o)
{
	for (uint32_t i = 0; i < n_px; i++, at += 4) {
		const uint8_t px[4] = {at[o.b], at[o.g], at[o.r], at[o.x]};
		memcpy(at, px, sizeof(px));
	}
}

/* The entry that holds byte at of the backing: the last that starts before. */
static uint32_t
find_entry(const struct gpu_resource *res, uint64_t at)
{
	uint32_t low = 0, high = res->n_entries;

	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;
		if (res->entries[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/*
 * Copy n bytes from byte at of the backing, across as many runs as it takes.
 * *entry, where to look first, starts no later than at, and goes on from row
 * to row.
 */
static int
gather(const struct gpu *gpu, const struct gpu_resource *res, uint32_t *entry,
    uint64_t at, uint8_t *to, uint64_t n)
{
	while (n > 0) {
		if (*entry >= res->n_entries)
			return -ERANGE;
		const struct gpu_entry *e = &res->entries[*entry];
		const uint64_t skip = at - e->start;
		if (skip >= e->len) {
			++*entry;
			continue;
		}
		const uint64_t run = e->len - skip < n ? e->len - skip : n;
		const uint8_t *from =
		    memory_at(gpu->memory, e->gpa + skip, run);
		if (!from)
			return -EFAULT;
		memcpy(to, from, run);
		to += run;
		at += run;
		n -= run;
	}
	return 0;
}

static bool
backing_holds(const struct gpu_resource *res, uint64_t offset, uint64_t bytes)
{
	const struct gpu_entry *last = &res->entries[res->n_entries - 1];
	const uint64_t size = last->start + last->len;

	return bytes <= size && offset <= size - bytes;
}

int
gpu_copy_in(const struct gpu *gpu, const struct gpu_resource *res,
    const struct gpu_rect *r, uint64_t offset)
{
	const uint64_t stride = 4 * (uint64_t)res->width;
	const uint64_t row = 4 * (uint64_t)r->width;
	uint8_t *to = gpu->pixels + res->offset + r->y * stride + 4ull * r->x;
	struct order order = {0};

	if (row == 0 || r->height == 0)
		return 0;
	if (!backing_holds(res, offset, stride * (r->height - 1) + row))
		return -ERANGE;

	/* Full rows lie side by side on both ends: one long run. */
	const bool is_whole = row == stride;
	const uint64_t run = is_whole ? stride * r->height : row;
	const uint32_t n = is_whole ? 1 : r->height;
	uint32_t entry = find_entry(res, offset);
	const bool is_native = !find_order(res->format, &order) || order.b == 0;
	for (uint32_t i = 0; i < n; i++) {
		const int err = gather(gpu, res, &entry, offset, to, run);
		if (err < 0)
			return err;
		if (!is_native)
			reorder(to, (uint32_t)(run / 4), order);
		offset += stride;
		to += stride;
	}
	return 0;
}

void
gpu_copy_rows(uint8_t *to, uint64_t to_stride, const uint8_t *from,
    uint64_t from_stride, uint32_t width_px, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++) {
		memcpy(to, from, 4ull * width_px);
		to += to_stride;
		from += from_stride;
	}
}
