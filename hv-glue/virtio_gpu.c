#include "hv-glue/virtio_gpu.h"

#include "hv-glue/edid.h"

#include <errno.h>
#include <linux/virtio_gpu.h>
#include <stdlib.h>
#include <string.h>

enum {
	OK = VIRTIO_GPU_RESP_OK_NODATA,
	NO_SUCH_RESOURCE = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
	NO_SUCH_SCANOUT = VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID,
	BAD_PARAMETER = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
	NO_MEMORY = VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY,
};

static const struct commit off = {0};

int
gpu_init(struct gpu *gpu, const struct memory *memory, uint8_t *pixels,
    struct pool *pool, struct outbox *outbox, uint32_t n_scanouts)
{
	gpu->memory = memory;
	gpu->pixels = pixels;
	gpu->pool = pool;
	gpu->outbox = outbox;
	gpu->n_scanouts = n_scanouts;
	return pool_alloc(
	    pool, (uint64_t)GPU_CURSORS * GPU_CURSOR_BYTES, &gpu->cursors);
}

void
gpu_set_mode(struct gpu *gpu, uint32_t scanout, uint32_t width, uint32_t height)
{
	gpu->scanouts[scanout].mode_width = width;
	gpu->scanouts[scanout].mode_height = height;
}

void
gpu_scanout_size(
    const struct gpu *gpu, uint32_t scanout, uint32_t *width, uint32_t *height)
{
	const struct gpu_scanout *s = &gpu->scanouts[scanout];

	*width = s->id ? s->r.width : s->mode_width;
	*height = s->id ? s->r.height : s->mode_height;
}

/* Number 0 means "none" in all commands, so no resource has it. */
static struct gpu_resource *
find(struct gpu *gpu, uint32_t id)
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
static bool
rect_fits(const struct gpu_rect *r, uint32_t width, uint32_t height)
{
	return r->x <= width && r->width <= width - r->x && r->y <= height &&
	       r->height <= height - r->y;
}

static void
scanout_off(struct gpu *gpu, struct gpu_scanout *s)
{
	if (s->id != 0)
		outbox_show(gpu->outbox, (uint32_t)(s - gpu->scanouts), &off);
	if (s->has_shadow)
		pool_free(gpu->pool, s->shadow, true);
	s->id = 0;
	s->has_shadow = false;
}

static void
drop_backing(struct gpu *gpu, struct gpu_resource *res)
{
	gpu->n_entries -= res->n_entries;
	free(res->entries);
	res->entries = NULL;
	res->n_entries = 0;
}

static void
drop_resource(struct gpu *gpu, struct gpu_resource *res)
{
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		if (gpu->scanouts[i].id == res->id)
			scanout_off(gpu, &gpu->scanouts[i]);
	drop_backing(gpu, res);
	pool_free(gpu->pool, res->offset, res->was_shown);
	*res = (struct gpu_resource){0};
}

static void
hide_cursor(struct gpu *gpu)
{
	const struct cursor hidden = {0};

	if (gpu->outbox->cursor.visible)
		outbox_cursor(gpu->outbox, &hidden);
}

void
gpu_reset(struct gpu *gpu)
{
	for (uint32_t i = 0; i < GPU_MAX_RESOURCES; i++)
		if (gpu->resources[i].id != 0)
			drop_resource(gpu, &gpu->resources[i]);
	hide_cursor(gpu);
}

void
gpu_pause(struct gpu *gpu)
{
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		if (gpu->scanouts[i].id != 0)
			outbox_show(gpu->outbox, i, &off);
	hide_cursor(gpu);
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
		struct gpu_resource *res = find(gpu, gpu->scanouts[i].id);
		if (res)
			announce(gpu, &gpu->scanouts[i], res);
	}
}

static uint32_t
create_2d(struct gpu *gpu, struct rd *rd)
{
	struct wire_create in;

	if (decode_create(rd, &in) < 0)
		return BAD_PARAMETER;
	if (in.id == 0 || find(gpu, in.id))
		return NO_SUCH_RESOURCE;
	if (!gpu_knows_format(in.format) || in.width < 1 || in.height < 1 ||
	    in.width > TDS_MAX_DIM || in.height > TDS_MAX_DIM)
		return BAD_PARAMETER;

	struct gpu_resource *res = find_free(gpu);
	const uint64_t bytes = 4 * (uint64_t)in.width * in.height;
	uint64_t offset;
	if (!res || pool_alloc(gpu->pool, bytes, &offset) < 0)
		return NO_MEMORY;
	/* What an earlier resource left there is not this one's picture. */
	memset(gpu->pixels + offset, 0, bytes);
	*res = (struct gpu_resource){.id = in.id,
	    .format = in.format,
	    .width = in.width,
	    .height = in.height,
	    .offset = offset};
	return OK;
}

static uint32_t
unref(struct gpu *gpu, struct rd *rd)
{
	uint32_t id;

	if (decode_number(rd, &id) < 0)
		return BAD_PARAMETER;
	struct gpu_resource *res = find(gpu, id);
	if (!res)
		return NO_SUCH_RESOURCE;
	drop_resource(gpu, res);
	return OK;
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

static uint32_t
attach_backing(struct gpu *gpu, struct rd *rd)
{
	struct wire_attach in;

	if (decode_attach(rd, &in) < 0 || in.n == 0)
		return BAD_PARAMETER;
	struct gpu_resource *res = find(gpu, in.id);
	if (!res)
		return NO_SUCH_RESOURCE;
	if (res->entries)
		return VIRTIO_GPU_RESP_ERR_UNSPEC;
	if (in.n > GPU_MAX_ALL_ENTRIES - gpu->n_entries)
		return NO_MEMORY;
	res->entries = calloc(in.n, sizeof(*res->entries));
	if (!res->entries)
		return NO_MEMORY;
	if (read_entries(res, rd, in.n) < 0) {
		drop_backing(gpu, res);
		return BAD_PARAMETER;
	}
	res->n_entries = in.n;
	gpu->n_entries += in.n;
	return OK;
}

static uint32_t
detach_backing(struct gpu *gpu, struct rd *rd)
{
	uint32_t id;

	if (decode_number(rd, &id) < 0)
		return BAD_PARAMETER;
	struct gpu_resource *res = find(gpu, id);
	if (!res)
		return NO_SUCH_RESOURCE;
	drop_backing(gpu, res);
	return OK;
}

static uint32_t
transfer(struct gpu *gpu, struct rd *rd)
{
	struct wire_transfer in;

	if (decode_transfer(rd, &in) < 0)
		return BAD_PARAMETER;
	const struct gpu_resource *res = find(gpu, in.id);
	if (!res || !res->entries)
		return NO_SUCH_RESOURCE;
	if (!rect_fits(&in.r, res->width, res->height))
		return BAD_PARAMETER;
	return gpu_copy_in(gpu, res, &in.r, in.offset) < 0 ? BAD_PARAMETER : OK;
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
			return NO_MEMORY;
		copy_shadow(gpu, &next, res, r);
	}
	if (s->has_shadow)
		pool_free(gpu->pool, s->shadow, true);
	*s = next;
	announce(gpu, s, res);
	return OK;
}

static uint32_t
set_scanout(struct gpu *gpu, struct rd *rd)
{
	struct wire_scanout in;

	if (decode_scanout(rd, &in) < 0)
		return BAD_PARAMETER;
	if (in.scanout >= gpu->n_scanouts)
		return NO_SUCH_SCANOUT;
	struct gpu_scanout *s = &gpu->scanouts[in.scanout];
	if (in.id == 0) {
		scanout_off(gpu, s);
		return OK;
	}
	struct gpu_resource *res = find(gpu, in.id);
	if (!res)
		return NO_SUCH_RESOURCE;
	if (in.r.width < 1 || in.r.height < 1 ||
	    !rect_fits(&in.r, res->width, res->height))
		return BAD_PARAMETER;
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

static uint32_t
flush(struct gpu *gpu, struct rd *rd)
{
	struct wire_flush in;

	if (decode_flush(rd, &in) < 0)
		return BAD_PARAMETER;
	const struct gpu_resource *res = find(gpu, in.id);
	if (!res)
		return NO_SUCH_RESOURCE;
	if (!rect_fits(&in.r, res->width, res->height))
		return BAD_PARAMETER;

	const struct rect flushed = rect_make((int32_t)in.r.x, (int32_t)in.r.y,
	    (int32_t)in.r.width, (int32_t)in.r.height);
	for (uint32_t i = 0; i < gpu->n_scanouts; i++)
		flush_scanout(gpu, i, res, flushed);
	return OK;
}

/* 16 places of {rect, enabled, flags}; ours stand side by side. */
static uint32_t
get_display_info(const struct gpu *gpu, struct rd *rd, struct wr *wr,
    const struct gpu_header *header)
{
	uint32_t x = 0;

	if (decode_nothing(rd) < 0)
		return BAD_PARAMETER;
	encode_response(wr, VIRTIO_GPU_RESP_OK_DISPLAY_INFO, header);
	for (uint32_t i = 0; i < VIRTIO_GPU_MAX_SCANOUTS; i++) {
		const bool has = i < gpu->n_scanouts;
		const uint32_t w = has ? gpu->scanouts[i].mode_width : 0;
		wr_u32(wr, has ? x : 0);
		wr_u32(wr, 0);
		wr_u32(wr, w);
		wr_u32(wr, has ? gpu->scanouts[i].mode_height : 0);
		wr_u32(wr, has ? 1 : 0);
		wr_u32(wr, 0);
		x += w;
	}
	return VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
}

static uint32_t
get_edid(const struct gpu *gpu, struct rd *rd, struct wr *wr,
    const struct gpu_header *header)
{
	uint8_t edid[GPU_EDID_ROOM] = {0};
	uint32_t scanout;

	if (decode_number(rd, &scanout) < 0)
		return BAD_PARAMETER;
	if (scanout >= gpu->n_scanouts)
		return NO_SUCH_SCANOUT;
	const struct gpu_scanout *s = &gpu->scanouts[scanout];
	if (edid_build(s->mode_width, s->mode_height, scanout, edid) < 0)
		return VIRTIO_GPU_RESP_ERR_UNSPEC;
	encode_response(wr, VIRTIO_GPU_RESP_OK_EDID, header);
	wr_u32(wr, EDID_BYTES);
	wr_u32(wr, 0);
	wr_bytes(wr, edid, sizeof(edid));
	return VIRTIO_GPU_RESP_OK_EDID;
}

/* The type of the response; one with a body is written here. */
static uint32_t
run(struct gpu *gpu, const struct gpu_header *header, struct rd *rd,
    struct wr *wr)
{
	switch (header->type) {
	case VIRTIO_GPU_CMD_GET_DISPLAY_INFO:
		return get_display_info(gpu, rd, wr, header);
	case VIRTIO_GPU_CMD_GET_EDID:
		return get_edid(gpu, rd, wr, header);
	case VIRTIO_GPU_CMD_RESOURCE_CREATE_2D:
		return create_2d(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_UNREF:
		return unref(gpu, rd);
	case VIRTIO_GPU_CMD_SET_SCANOUT:
		return set_scanout(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_FLUSH:
		return flush(gpu, rd);
	case VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D:
		return transfer(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING:
		return attach_backing(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING:
		return detach_backing(gpu, rd);
	}
	return VIRTIO_GPU_RESP_ERR_UNSPEC; /* 3D, blobs, capsets, anything */
}

uint32_t
gpu_command(
    struct gpu *gpu, const uint8_t *request, uint32_t len, uint8_t *response)
{
	struct gpu_header header = {0};
	struct rd rd;
	struct wr wr;

	rd_init(&rd, request, len);
	wr_init(&wr, response, GPU_MAX_RESPONSE);
	decode_gpu_header(&rd, &header);
	const uint32_t type = rd.failed ? VIRTIO_GPU_RESP_ERR_UNSPEC
					: run(gpu, &header, &rd, &wr);
	if (wr.off == 0)
		encode_response(&wr, type, &header);
	return wr.off;
}

/* A snapshot: the resource may go or change without the cursor doing so. */
static void
show_cursor(struct gpu *gpu, const struct gpu_resource *res, uint32_t hot_x,
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

void
gpu_cursor_command(struct gpu *gpu, const uint8_t *request, uint32_t len)
{
	struct gpu_header header;
	struct wire_update_cursor in;
	struct rd rd;

	rd_init(&rd, request, len);
	decode_gpu_header(&rd, &header);
	if (decode_update_cursor(&rd, &in) < 0)
		return;
	/* MOVE says where the guest thinks it is; the user's hand decides. */
	if (header.type != VIRTIO_GPU_CMD_UPDATE_CURSOR ||
	    in.scanout >= gpu->n_scanouts)
		return;
	const struct gpu_resource *res = find(gpu, in.id);
	if (res)
		show_cursor(gpu, res, in.hot_x, in.hot_y);
	else
		hide_cursor(gpu);
}
