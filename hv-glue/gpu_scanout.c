#include "hv-glue/gpu_parts.h"

#include <string.h>

static const struct commit off = {0};

void
gpu_scanout_size(
    const struct gpu *gpu, uint32_t scanout, uint32_t *width, uint32_t *height)
{
	const struct gpu_scanout *s = &gpu->scanouts[scanout];

	*width = s->id ? s->r.width : s->mode_width;
	*height = s->id ? s->r.height : s->mode_height;
}

void
gpu_scanout_off(struct gpu *gpu, struct gpu_scanout *s)
{
	if (s->id != 0)
		outbox_show(gpu->outbox, (uint32_t)(s - gpu->scanouts), &off);
	if (s->has_shadow)
		pool_free(gpu->pool, s->shadow, true);
	s->id = 0;
	s->has_shadow = false;
}

void
gpu_pause(struct gpu *gpu)
{
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		if (gpu->scanouts[i].id != 0)
			outbox_show(gpu->outbox, i, &off);
	gpu_hide_cursor(gpu);
}

static uint64_t
first_pixel(const struct gpu_resource *res, const struct gpu_rect *r)
{
	return 4 * ((uint64_t)res->width * r->y + r->x);
}

/* Tell the core to show what the scanout holds. */
static void
announce(struct gpu *gpu, const struct gpu_scanout *s, struct gpu_resource *res)
{
	const struct commit commit = {
	    .offset_bytes = s->has_shadow
				? s->shadow
				: res->offset + first_pixel(res, &s->r),
	    .stride_bytes = 4 * (s->has_shadow ? s->r.width : res->width),
	    .width_px = s->r.width,
	    .height_px = s->r.height,
	};

	if (!s->has_shadow)
		res->was_shown = true;
	outbox_show(gpu->outbox, (uint32_t)(s - gpu->scanouts), &commit);
}

void
gpu_resume(struct gpu *gpu)
{
	for (uint32_t i = 0; i < gpu->n_scanouts; i++) {
		struct gpu_resource *res = gpu_find(gpu, gpu->scanouts[i].id);
		if (res)
			announce(gpu, &gpu->scanouts[i], res);
	}
}

/* The shown part, r in the resource's pixels, into the scanout's own copy. */
static void
copy_shadow(struct gpu *gpu, const struct gpu_scanout *s,
    const struct gpu_resource *res, const struct gpu_rect *r)
{
	const uint64_t stride = 4 * (uint64_t)s->r.width;
	uint8_t *to = gpu->pixels + s->shadow + (r->y - s->r.y) * stride +
		      4 * (uint64_t)(r->x - s->r.x);

	gpu_copy_rows(to, stride,
	    gpu->pixels + res->offset + first_pixel(res, r),
	    4 * (uint64_t)res->width, r->width, r->height);
}

static uint32_t
show(struct gpu *gpu, struct gpu_scanout *s, struct gpu_resource *res,
    const struct gpu_rect *r)
{
	struct gpu_scanout next = *s;

	next.id = res->id;
	next.r = *r;
	/* A commit names a page, so only some parts can be read in place. */
	next.has_shadow = first_pixel(res, r) % TDS_PAGE_BYTES != 0;
	if (next.has_shadow) {
		const uint64_t bytes = 4 * (uint64_t)r->width * r->height;
		if (pool_alloc(gpu->pool, bytes, &next.shadow) < 0)
			return GPU_NO_MEMORY;
		copy_shadow(gpu, &next, res, r);
	}
	if (s->has_shadow)
		pool_free(gpu->pool, s->shadow, true);
	*s = next;
	announce(gpu, s, res);
	return GPU_OK;
}

uint32_t
gpu_set_scanout(struct gpu *gpu, struct rd *rd)
{
	struct wire_scanout in;

	if (decode_scanout(rd, &in) < 0)
		return GPU_BAD_PARAMETER;
	if (in.scanout >= gpu->n_scanouts)
		return GPU_NO_SCANOUT;
	struct gpu_scanout *s = &gpu->scanouts[in.scanout];
	if (in.id == 0) {
		gpu_scanout_off(gpu, s);
		return GPU_OK;
	}
	struct gpu_resource *res = gpu_find(gpu, in.id);
	if (!res)
		return GPU_NO_RESOURCE;
	if (in.r.width < 1 || in.r.height < 1 ||
	    !gpu_rect_fits(&in.r, res->width, res->height))
		return GPU_BAD_PARAMETER;
	return show(gpu, s, res, &in.r);
}

static void
flush_scanout(struct gpu *gpu, uint32_t index, const struct gpu_resource *res,
    struct rect flushed)
{
	const struct gpu_scanout *s = &gpu->scanouts[index];
	const struct rect part = rect_intersect(
	    flushed, rect_make((int32_t)s->r.x, (int32_t)s->r.y,
			 (int32_t)s->r.width, (int32_t)s->r.height));

	if (s->id != res->id || rect_is_empty(part))
		return;
	if (s->has_shadow) {
		const struct gpu_rect r = {(uint32_t)part.x0, (uint32_t)part.y0,
		    (uint32_t)(part.x1 - part.x0),
		    (uint32_t)(part.y1 - part.y0)};
		copy_shadow(gpu, s, res, &r);
	}
	outbox_damage(gpu->outbox, index,
	    rect_move(part, -(int32_t)s->r.x, -(int32_t)s->r.y));
}

uint32_t
gpu_flush(struct gpu *gpu, struct rd *rd)
{
	struct wire_flush in;

	if (decode_flush(rd, &in) < 0)
		return GPU_BAD_PARAMETER;
	const struct gpu_resource *res = gpu_find(gpu, in.id);
	if (!res)
		return GPU_NO_RESOURCE;
	if (!gpu_rect_fits(&in.r, res->width, res->height))
		return GPU_BAD_PARAMETER;

	const struct rect flushed = rect_make((int32_t)in.r.x, (int32_t)in.r.y,
	    (int32_t)in.r.width, (int32_t)in.r.height);
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		flush_scanout(gpu, i, res, flushed);
	return GPU_OK;
}

void
gpu_hide_cursor(struct gpu *gpu)
{
	const struct cursor hidden = {0};

	if (gpu->outbox->cursor.visible)
		outbox_cursor(gpu->outbox, &hidden);
}

void
gpu_show_cursor(struct gpu *gpu, const struct gpu_resource *res, uint32_t hot_x,
    uint32_t hot_y)
{
	const uint32_t most = TDS_CURSOR_DIM;
	const uint64_t offset =
	    gpu->cursors +
	    (uint64_t)(gpu->next_cursor % GPU_CURSORS) * GPU_CURSOR_BYTES;
	const struct cursor cursor = {.visible = true,
	    .offset_bytes = offset,
	    .hot_x = hot_x < most ? hot_x : most - 1,
	    .hot_y = hot_y < most ? hot_y : most - 1};

	gpu->next_cursor++;
	memset(gpu->pixels + offset, 0, GPU_CURSOR_BYTES);
	gpu_copy_rows(gpu->pixels + offset, 4 * TDS_CURSOR_DIM,
	    gpu->pixels + res->offset, 4 * (uint64_t)res->width,
	    res->width < most ? res->width : most,
	    res->height < most ? res->height : most);
	outbox_cursor(gpu->outbox, &cursor);
}
