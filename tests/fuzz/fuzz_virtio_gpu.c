/*
 * A guest's display commands, in a row on one device. After each: one whole
 * response, blocks of the pool that do not overlap, each resource inside its
 * block, each scanout and cursor that the core is told of inside the pool.
 *
 * Input: repeated {u8 how, u16 length, command}. how: bit 0 the cursor queue,
 * bit 1 the core shows a frame first, bit 2 pause and resume, bit 3 the driver
 * starts anew.
 */
#include "hv-glue/virtio_gpu.h"

#include <linux/virtio_gpu.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POOL = 1 << 20, GUEST = 1 << 16, SCANOUTS = 2 };

static struct gpu gpu;
static struct pool pool;
static struct outbox outbox;
static uint8_t guest[GUEST];
static uint8_t *pixels;

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
judge_pool(void)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < pool.n; i++) {
		const struct pool_block *b = &pool.blocks[i];
		must(b->offset >= end && b->offset % TDS_PAGE_BYTES == 0);
		must(b->bytes > 0 && b->bytes % TDS_PAGE_BYTES == 0);
		end = b->offset + b->bytes;
	}
	must(end <= POOL);
}

static const struct pool_block *
block_at(uint64_t offset)
{
	for (uint32_t i = 0; i < pool.n; i++)
		if (pool.blocks[i].offset == offset &&
		    pool.blocks[i].state == POOL_USED)
			return &pool.blocks[i];
	return NULL;
}

static void
judge_resources(void)
{
	uint32_t n_entries = 0, n_blocks = 1; /* the cursors */

	for (uint32_t i = 0; i < GPU_MAX_RESOURCES; i++) {
		const struct gpu_resource *r = &gpu.resources[i];
		if (r->id == 0)
			continue;
		const struct pool_block *b = block_at(r->offset);
		must(b && 4ull * r->width * r->height <= b->bytes);
		must((r->entries != NULL) == (r->n_entries > 0));
		n_entries += r->n_entries;
		n_blocks++;
	}
	must(n_entries == gpu.n_entries);
	for (uint32_t i = 0; i < SCANOUTS; i++)
		n_blocks += gpu.scanouts[i].has_shadow;
	/* nothing leaks: each used block has an owner */
	for (uint32_t i = 0; i < pool.n; i++)
		n_blocks -= pool.blocks[i].state == POOL_USED;
	must(n_blocks == 0);
}

static void
judge_record(const uint8_t *record)
{
	struct wire_commit wire;
	struct commit commit;
	struct wire_cursor wire_cursor;
	struct cursor cursor;

	if (record[0] == UP_COMMIT) {
		must(decode_commit(record, 32, &wire) == 0);
		must(check_commit(&wire, POOL, SCANOUTS, &commit) == 0);
	} else {
		must(record[0] == UP_CURSOR);
		must(decode_cursor(record, 32, &wire_cursor) == 0);
		must(check_cursor(&wire_cursor, POOL, &cursor) == 0);
	}
}

/* The core takes everything and shows it. */
static void
frame(void)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	int more;

	while ((more = outbox_next(&outbox, record)) == 1)
		judge_record(record);
	must(more == 0);
	pool_sent(&pool, outbox.seq);
	pool_tick(&pool, outbox.seq);
	for (uint32_t i = 0; i < pool.n; i++)
		must(pool.blocks[i].state == POOL_USED);
}

static void
run(uint8_t how, const uint8_t *bytes, uint32_t len)
{
	static uint8_t response[GPU_MAX_RESPONSE];
	uint8_t *copy = malloc(len ? len : 1);

	/* exactly that size, so that a byte beyond is seen */
	must(copy != NULL);
	memcpy(copy, bytes, len);
	if (how & 2)
		frame();
	if (how & 4) {
		gpu_pause(&gpu);
		gpu_resume(&gpu);
	}
	if (how & 8)
		gpu_reset(&gpu);
	if (how & 1) {
		gpu_cursor_command(&gpu, copy, len);
	} else {
		const uint32_t n = gpu_command(&gpu, copy, len, response);
		struct virtio_gpu_ctrl_hdr header;
		memcpy(&header, response, sizeof(header));
		must(n == 24 || n == 408 || n == 1056);
		must((header.type >= VIRTIO_GPU_RESP_OK_NODATA &&
			 header.type <= VIRTIO_GPU_RESP_OK_EDID) ||
		     (header.type >= VIRTIO_GPU_RESP_ERR_UNSPEC &&
			 header.type <= VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER));
	}
	free(copy);
	judge_pool();
	judge_resources();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct memory memory = {
	    .n = 1, .regions = {{.gpa = 0x1000, .size = GUEST, .at = guest}}};

	if (!pixels)
		pixels = malloc(POOL);
	must(pixels != NULL);
	gpu = (struct gpu){0};
	pool_init(&pool, POOL);
	outbox_init(&outbox, SCANOUTS);
	must(gpu_init(&gpu, &memory, pixels, &pool, &outbox, SCANOUTS) == 0);
	gpu_set_mode(&gpu, 0, 640, 480);
	gpu_set_mode(&gpu, 1, 5000, 100); /* no EDID can say that */

	while (size >= 3) {
		const uint32_t len = data[1] + 256u * data[2];
		if (len > size - 3)
			break;
		run(data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	gpu_reset(&gpu);
	frame();
	must(pool.n == 1 && gpu.n_entries == 0);
	return 0;
}
