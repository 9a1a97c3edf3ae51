#include "hv-glue/virtio_gpu.h"

#include "hv-glue/edid.h"
#include "hv-glue/gpu_parts.h"

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
gpu_reset(struct gpu *gpu)
{
	for (uint32_t i = 0; i < GPU_MAX_RESOURCES; i++)
		if (gpu->resources[i].id != 0)
			gpu_drop_resource(gpu, &gpu->resources[i]);
	gpu_hide_cursor(gpu);
}

/* 16 places of {rect, enabled, flags}; ours stand side by side. */
static uint32_t
get_display_info(const struct gpu *gpu, struct rd *rd, struct wr *wr,
    const struct gpu_header *header)
{
	uint32_t x = 0;

	if (decode_nothing(rd) < 0)
		return GPU_BAD_PARAMETER;
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
		return GPU_BAD_PARAMETER;
	if (scanout >= gpu->n_scanouts)
		return GPU_NO_SCANOUT;
	const struct gpu_scanout *s = &gpu->scanouts[scanout];
	if (edid_build(s->mode_width, s->mode_height, scanout, edid) < 0)
		return GPU_UNSPECIFIED;
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
		return gpu_create_2d(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_UNREF:
		return gpu_unref(gpu, rd);
	case VIRTIO_GPU_CMD_SET_SCANOUT:
		return gpu_set_scanout(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_FLUSH:
		return gpu_flush(gpu, rd);
	case VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D:
		return gpu_transfer(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING:
		return gpu_attach_backing(gpu, rd);
	case VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING:
		return gpu_detach_backing(gpu, rd);
	}
	return GPU_UNSPECIFIED; /* 3D, blobs, capsets, anything */
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
	const uint32_t type =
	    rd.failed ? GPU_UNSPECIFIED : run(gpu, &header, &rd, &wr);
	if (wr.off == 0)
		encode_response(&wr, type, &header);
	return wr.off;
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
	const struct gpu_resource *res = gpu_find(gpu, in.id);
	if (res)
		gpu_show_cursor(gpu, res, in.hot_x, in.hot_y);
	else
		gpu_hide_cursor(gpu);
}
