#include "tests/abuse/fake_gpu.h"

#include <errno.h>
#include <string.h>

#include "tests/abuse/check.h"

enum {
	HEADER_BYTES = 24,
	REQUEST_MAX = 1 << 16,
	REPLY_MAX = 2048,
	UNTOUCHED = 0xa5,
};

_Static_assert(
    REQUEST_MAX + REPLY_MAX <= VM_GPU_BYTES, "vm_alloc_a() leaves them alone");

/* Request and reply buffers live at the end of A, above the rings. */
static const uint32_t request_at = VM_A_BYTES - REQUEST_MAX - REPLY_MAX;
static const uint32_t reply_at = VM_A_BYTES - REPLY_MAX;

static struct virtio_gpu_ctrl_hdr
header(uint32_t type)
{
	return (struct virtio_gpu_ctrl_hdr){.type = type};
}

/* A fence comes back exactly as it was sent; nothing else does. */
static bool
reply_is_sane(const struct virtio_gpu_ctrl_hdr *sent,
    const struct virtio_gpu_ctrl_hdr *got)
{
	if ((sent->flags & VIRTIO_GPU_FLAG_FENCE) != 0)
		return (got->flags & VIRTIO_GPU_FLAG_FENCE) != 0 &&
		       got->fence_id == sent->fence_id;
	return got->flags == 0 && got->fence_id == 0;
}

uint32_t
gpu_call(struct vm *vm, const void *request, uint32_t size, void *reply,
    uint32_t reply_size)
{
	const struct piece pieces[] = {
	    {request_at, size, false},
	    {reply_at, reply_size, true},
	};
	struct virtio_gpu_ctrl_hdr sent, got;
	uint32_t used = 0;

	assert_true(size <= REQUEST_MAX && reply_size <= REPLY_MAX);
	assert_true(size >= HEADER_BYTES && reply_size >= HEADER_BYTES);
	memcpy(vm->mem + request_at, request, size);
	memset(vm->mem + reply_at, UNTOUCHED, REPLY_MAX);
	if (vq_call(&vm->dev[SOCKET_GPU].q[0], pieces, 2, &used) < 0)
		return 0;
	if (used < HEADER_BYTES || used > reply_size)
		return 0;
	for (uint32_t i = used; i < reply_size; i++)
		if (vm->mem[reply_at + i] != UNTOUCHED &&
		    vm->mem[reply_at + i] != 0)
			return 0;
	memcpy(reply, vm->mem + reply_at, reply_size);
	memcpy(&sent, request, sizeof(sent));
	memcpy(&got, reply, sizeof(got));
	return reply_is_sane(&sent, &got) ? got.type : 0;
}

uint32_t
gpu_simple(struct vm *vm, const void *request, uint32_t size)
{
	uint8_t reply[HEADER_BYTES];

	return gpu_call(vm, request, size, reply, sizeof(reply));
}

uint32_t
gpu_create(struct vm *vm, uint32_t id, uint32_t format, uint32_t w, uint32_t h)
{
	const struct virtio_gpu_resource_create_2d c = {
	    .hdr = header(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D),
	    .resource_id = id,
	    .format = format,
	    .width = w,
	    .height = h,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

uint32_t
gpu_unref(struct vm *vm, uint32_t id)
{
	const struct virtio_gpu_resource_unref c = {
	    .hdr = header(VIRTIO_GPU_CMD_RESOURCE_UNREF),
	    .resource_id = id,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

uint32_t
gpu_attach_entries(struct vm *vm, uint32_t id, uint32_t n,
    const struct virtio_gpu_mem_entry *entries, uint32_t n_sent)
{
	static uint8_t bytes[REQUEST_MAX];
	const struct virtio_gpu_resource_attach_backing c = {
	    .hdr = header(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
	    .resource_id = id,
	    .nr_entries = n,
	};
	const size_t size = sizeof(c) + n_sent * sizeof(*entries);

	assert_true(size <= sizeof(bytes));
	memcpy(bytes, &c, sizeof(c));
	if (n_sent > 0)
		memcpy(bytes + sizeof(c), entries, n_sent * sizeof(*entries));
	return gpu_simple(vm, bytes, (uint32_t)size);
}

uint32_t
gpu_attach(struct vm *vm, uint32_t id, uint32_t at, uint32_t bytes)
{
	const struct virtio_gpu_mem_entry entry = {
	    .addr = vm_gpa(at), .length = bytes};

	return gpu_attach_entries(vm, id, 1, &entry, 1);
}

uint32_t
gpu_detach(struct vm *vm, uint32_t id)
{
	const struct virtio_gpu_resource_detach_backing c = {
	    .hdr = header(VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING),
	    .resource_id = id,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

static struct virtio_gpu_rect
wire_rect(struct gpu_rect r)
{
	return (struct virtio_gpu_rect){r.x, r.y, r.w, r.h};
}

uint32_t
gpu_set_scanout(struct vm *vm, uint32_t scanout, uint32_t id, struct gpu_rect r)
{
	const struct virtio_gpu_set_scanout c = {
	    .hdr = header(VIRTIO_GPU_CMD_SET_SCANOUT),
	    .r = wire_rect(r),
	    .scanout_id = scanout,
	    .resource_id = id,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

uint32_t
gpu_transfer(struct vm *vm, uint32_t id, struct gpu_rect r, uint64_t offset)
{
	const struct virtio_gpu_transfer_to_host_2d c = {
	    .hdr = header(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D),
	    .r = wire_rect(r),
	    .offset = offset,
	    .resource_id = id,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

uint32_t
gpu_flush(struct vm *vm, uint32_t id, struct gpu_rect r)
{
	const struct virtio_gpu_resource_flush c = {
	    .hdr = header(VIRTIO_GPU_CMD_RESOURCE_FLUSH),
	    .r = wire_rect(r),
	    .resource_id = id,
	};

	return gpu_simple(vm, &c, sizeof(c));
}

uint32_t
gpu_display_info(struct vm *vm, struct virtio_gpu_resp_display_info *out)
{
	const struct virtio_gpu_ctrl_hdr c =
	    header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);

	return gpu_call(vm, &c, sizeof(c), out, sizeof(*out));
}

uint32_t
gpu_edid(struct vm *vm, uint32_t scanout, struct virtio_gpu_resp_edid *out)
{
	const struct virtio_gpu_cmd_get_edid c = {
	    .hdr = header(VIRTIO_GPU_CMD_GET_EDID),
	    .scanout = scanout,
	};

	return gpu_call(vm, &c, sizeof(c), out, sizeof(*out));
}

int
gpu_cursor(struct vm *vm, uint32_t type, uint32_t scanout, uint32_t id,
    uint32_t x, uint32_t y, uint32_t hot_x, uint32_t hot_y)
{
	const struct virtio_gpu_update_cursor c = {
	    .hdr = header(type),
	    .pos = {.scanout_id = scanout, .x = x, .y = y},
	    .resource_id = id,
	    .hot_x = hot_x,
	    .hot_y = hot_y,
	};
	const struct piece piece = {request_at, sizeof(c), false};
	uint32_t used = 0;

	memcpy(vm->mem + request_at, &c, sizeof(c));
	return vq_call(&vm->dev[SOCKET_GPU].q[1], &piece, 1, &used);
}

/* ------------------------------------------------------------------------ */

struct gpu_buffer
gpu_make_buffer(struct vm *vm, uint32_t id, uint32_t w, uint32_t h)
{
	const struct gpu_buffer b = {
	    .id = id, .width = w, .height = h, .at = vm_alloc_b(vm, w * h * 4)};

	assert_int_equal(
	    gpu_create(vm, id, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, w, h),
	    VIRTIO_GPU_RESP_OK_NODATA);
	assert_int_equal(
	    gpu_attach(vm, id, b.at, w * h * 4), VIRTIO_GPU_RESP_OK_NODATA);
	return b;
}

uint32_t
gpu_pattern(uint32_t seed, uint32_t x, uint32_t y)
{
	return (seed * 2654435761u) ^ (x * 40503u) ^ (y * 69069u << 8);
}

static uint32_t *
pixel(struct vm *vm, const struct gpu_buffer *b, uint32_t x, uint32_t y)
{
	return (uint32_t *)(void *)(vm->mem + b->at) + (size_t)y * b->width + x;
}

void
gpu_paint(
    struct vm *vm, const struct gpu_buffer *b, struct gpu_rect r, uint32_t seed)
{
	for (uint32_t y = r.y; y < r.y + r.h; y++)
		for (uint32_t x = r.x; x < r.x + r.w; x++)
			*pixel(vm, b, x, y) = gpu_pattern(seed, x, y);
}

bool
gpu_is_shown(
    struct vm *vm, const struct commit *c, struct gpu_rect r, uint32_t seed)
{
	const uint8_t *base = vm->host->pool + c->offset_bytes;

	for (uint32_t y = r.y; y < r.y + r.h; y++)
		for (uint32_t x = r.x; x < r.x + r.w; x++) {
			uint32_t got;

			memcpy(&got, base + (size_t)y * c->stride_bytes + x * 4,
			    4);
			/* the X of XRGB is anything */
			if (((got ^ gpu_pattern(seed, x, y)) & 0xffffff) != 0)
				return false;
		}
	return true;
}

struct commit
gpu_draw(struct vm *vm, const struct gpu_buffer *b, uint32_t scanout,
    struct gpu_rect r, uint32_t seed)
{
	gpu_paint(vm, b, r, seed);
	assert_int_equal(
	    gpu_transfer(vm, b->id, r, ((uint64_t)r.y * b->width + r.x) * 4),
	    VIRTIO_GPU_RESP_OK_NODATA);
	host_skip_ups(vm->host);
	assert_int_equal(gpu_flush(vm, b->id, r), VIRTIO_GPU_RESP_OK_NODATA);
	const struct commit c = host_expect_commit(vm->host, scanout);
	assert_int_equal(c.width_px, b->width);
	assert_int_equal(c.height_px, b->height);
	/* all of what was flushed is announced as new */
	assert_true(c.x <= r.x && c.y <= r.y && c.x + c.w >= r.x + r.w &&
		    c.y + c.h >= r.y + r.h);
	assert_true(gpu_is_shown(vm, &c, r, seed));
	return c;
}

struct gpu_buffer
gpu_show(struct vm *vm, uint32_t scanout, uint32_t id, uint32_t w, uint32_t h)
{
	const struct gpu_buffer b = gpu_make_buffer(vm, id, w, h);

	assert_int_equal(gpu_set_scanout(vm, scanout, id, gpu_all(&b)),
	    VIRTIO_GPU_RESP_OK_NODATA);
	(void)gpu_draw(vm, &b, scanout, gpu_all(&b), id);
	return b;
}
