#include "hv-glue/gpu_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Number 0 means "none" in all commands, so no resource has it. */
struct gpu_resource *
gpu_find(struct gpu *gpu, uint32_t id)
{
	for (uint32_t i = 0; id != 0 && i < GPU_MAX_RESOURCES; i++)
		if (gpu->resources[i].id == id)
			return &gpu->resources[i];
	return NULL;
}

static struct gpu_resource *
find_free(struct gpu *gpu)
{
	for (uint32_t i = 0; i < GPU_MAX_RESOURCES; i++)
		if (gpu->resources[i].id == 0)
			return &gpu->resources[i];
	return NULL;
}

/* x + width and y + height never wrap: differences only. */
bool
gpu_rect_fits(const struct gpu_rect *r, uint32_t width, uint32_t height)
{
	return r->x <= width && r->width <= width - r->x && r->y <= height &&
	       r->height <= height - r->y;
}

static void
drop_backing(struct gpu *gpu, struct gpu_resource *res)
{
	gpu->n_entries -= res->n_entries;
	free(res->entries);
	res->entries = NULL;
	res->n_entries = 0;
}

void
gpu_drop_resource(struct gpu *gpu, struct gpu_resource *res)
{
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		if (gpu->scanouts[i].id == res->id)
			gpu_scanout_off(gpu, &gpu->scanouts[i]);
	drop_backing(gpu, res);
	pool_free(gpu->pool, res->offset, res->was_shown);
	*res = (struct gpu_resource){0};
}

uint32_t
gpu_create_2d(struct gpu *gpu, struct rd *rd)
{
	struct wire_create in;

	if (decode_create(rd, &in) < 0)
		return GPU_BAD_PARAMETER;
	if (in.id == 0 || gpu_find(gpu, in.id))
		return GPU_NO_RESOURCE;
	if (!gpu_knows_format(in.format) || in.width < 1 || in.height < 1 ||
	    in.width > TDS_MAX_DIM || in.height > TDS_MAX_DIM)
		return GPU_BAD_PARAMETER;

	struct gpu_resource *res = find_free(gpu);
	const uint64_t bytes = 4 * (uint64_t)in.width * in.height;
	uint64_t offset;
	if (!res || pool_alloc(gpu->pool, bytes, &offset) < 0)
		return GPU_NO_MEMORY;
	/* What an earlier resource left there is not this one's picture. */
	memset(gpu->pixels + offset, 0, bytes);
	*res = (struct gpu_resource){.id = in.id,
	    .format = in.format,
	    .width = in.width,
	    .height = in.height,
	    .offset = offset};
	return GPU_OK;
}

uint32_t
gpu_unref(struct gpu *gpu, struct rd *rd)
{
	uint32_t id;

	if (decode_number(rd, &id) < 0)
		return GPU_BAD_PARAMETER;
	struct gpu_resource *res = gpu_find(gpu, id);
	if (!res)
		return GPU_NO_RESOURCE;
	gpu_drop_resource(gpu, res);
	return GPU_OK;
}

static int
read_entries(struct gpu_resource *res, struct rd *rd, uint32_t n)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct wire_entry in;
		decode_entry(rd, &in);
		if (in.len == 0 || in.gpa > UINT64_MAX - in.len)
			return -ERANGE;
		res->entries[i] = (struct gpu_entry){
		    .gpa = in.gpa, .start = start, .len = in.len};
		start += in.len;
	}
	return rd_end(rd);
}

uint32_t
gpu_attach_backing(struct gpu *gpu, struct rd *rd)
{
	struct wire_attach in;

	if (decode_attach(rd, &in) < 0 || in.n == 0)
		return GPU_BAD_PARAMETER;
	struct gpu_resource *res = gpu_find(gpu, in.id);
	if (!res)
		return GPU_NO_RESOURCE;
	if (res->entries)
		return GPU_UNSPECIFIED;
	if (in.n > GPU_MAX_ALL_ENTRIES - gpu->n_entries)
		return GPU_NO_MEMORY;
	res->entries = calloc(in.n, sizeof(*res->entries));
	if (!res->entries)
		return GPU_NO_MEMORY;
	if (read_entries(res, rd, in.n) < 0) {
		drop_backing(gpu, res);
		return GPU_BAD_PARAMETER;
	}
	res->n_entries = in.n;
	gpu->n_entries += in.n;
	return GPU_OK;
}

uint32_t
gpu_detach_backing(struct gpu *gpu, struct rd *rd)
{
	uint32_t id;

	if (decode_number(rd, &id) < 0)
		return GPU_BAD_PARAMETER;
	struct gpu_resource *res = gpu_find(gpu, id);
	if (!res)
		return GPU_NO_RESOURCE;
	drop_backing(gpu, res);
	return GPU_OK;
}

uint32_t
gpu_transfer(struct gpu *gpu, struct rd *rd)
{
	struct wire_transfer in;

	if (decode_transfer(rd, &in) < 0)
		return GPU_BAD_PARAMETER;
	const struct gpu_resource *res = gpu_find(gpu, in.id);
	if (!res || !res->entries)
		return GPU_NO_RESOURCE;
	if (!gpu_rect_fits(&in.r, res->width, res->height))
		return GPU_BAD_PARAMETER;
	return gpu_copy_in(gpu, res, &in.r, in.offset) < 0 ? GPU_BAD_PARAMETER
							   : GPU_OK;
}
