#include "hv-glue/gpu_wire.h"

#include <errno.h>
#include <linux/virtio_gpu.h>

_Static_assert(sizeof(struct virtio_gpu_ctrl_hdr) == GPU_HEADER_BYTES,
    "virtio 1.2, 5.7.6.7");
_Static_assert(sizeof(struct virtio_gpu_resp_edid) == GPU_MAX_RESPONSE,
    "the largest response");

void
decode_gpu_header(struct rd *rd, struct gpu_header *out)
{
	uint8_t padding[3];

	out->type = rd_u32(rd);
	out->flags = rd_u32(rd);
	out->fence = rd_u64(rd);
	out->context = rd_u32(rd);
	out->ring = rd_u8(rd);
	rd_bytes(rd, padding, sizeof(padding));
}

static void
decode_rect(struct rd *rd, struct gpu_rect *out)
{
	out->x = rd_u32(rd);
	out->y = rd_u32(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
}

int
decode_create(struct rd *rd, struct wire_create *out)
{
	out->id = rd_u32(rd);
	out->format = rd_u32(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	return rd_end(rd);
}

int
decode_scanout(struct rd *rd, struct wire_scanout *out)
{
	decode_rect(rd, &out->r);
	out->scanout = rd_u32(rd);
	out->id = rd_u32(rd);
	return rd_end(rd);
}

int
decode_flush(struct rd *rd, struct wire_flush *out)
{
	decode_rect(rd, &out->r);
	out->id = rd_u32(rd);
	rd_u32(rd); /* padding */
	return rd_end(rd);
}

int
decode_transfer(struct rd *rd, struct wire_transfer *out)
{
	decode_rect(rd, &out->r);
	out->offset = rd_u64(rd);
	out->id = rd_u32(rd);
	rd_u32(rd); /* padding */
	return rd_end(rd);
}

int
decode_attach(struct rd *rd, struct wire_attach *out)
{
	out->id = rd_u32(rd);
	out->n = rd_u32(rd);
	if (rd->failed || out->n > GPU_MAX_ENTRIES ||
	    rd->len - rd->off != 16 * out->n)
		return -EBADMSG;
	return 0;
}

void
decode_entry(struct rd *rd, struct wire_entry *out)
{
	out->gpa = rd_u64(rd);
	out->len = rd_u32(rd);
	rd_u32(rd); /* padding */
}

int
decode_number(struct rd *rd, uint32_t *out)
{
	*out = rd_u32(rd);
	rd_u32(rd); /* padding */
	return rd_end(rd);
}

int
decode_update_cursor(struct rd *rd, struct wire_update_cursor *out)
{
	out->scanout = rd_u32(rd);
	out->x = rd_u32(rd);
	out->y = rd_u32(rd);
	rd_u32(rd); /* padding */
	out->id = rd_u32(rd);
	out->hot_x = rd_u32(rd);
	out->hot_y = rd_u32(rd);
	rd_u32(rd); /* padding */
	return rd_end(rd);
}

int
decode_nothing(struct rd *rd)
{
	return rd_end(rd);
}

void
encode_response(struct wr *wr, uint32_t type, const struct gpu_header *request)
{
	/* The flag decides: firmware fences with number 0. */
	const int is_fenced = request->flags & VIRTIO_GPU_FLAG_FENCE;

	wr_u32(wr, type);
	wr_u32(wr, is_fenced ? VIRTIO_GPU_FLAG_FENCE : 0);
	wr_u64(wr, is_fenced ? request->fence : 0);
	wr_u32(wr, is_fenced ? request->context : 0);
	wr_u32(wr, 0);
}
