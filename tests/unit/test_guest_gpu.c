/* The 2D device: every command, its errors, and what the core is told. */
#include "hv-glue/edid.h"
#include "hv-glue/virtio_gpu.h"

#include <errno.h>
#include <linux/virtio_gpu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	POOL = 8 << 20,
	GUEST = 256 << 10,
	GPA = 0x40000000,
	OK = VIRTIO_GPU_RESP_OK_NODATA,
	UNSPEC = VIRTIO_GPU_RESP_ERR_UNSPEC,
	NO_MEMORY = VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY,
	NO_SCANOUT = VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID,
	NO_RESOURCE = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
	BAD = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
};

static struct gpu gpu;
static struct pool pool;
static struct outbox box;
static struct memory memory;
static uint8_t guest[GUEST], pixels[POOL];
static uint8_t request[GPU_MAX_REQUEST + 1], response[GPU_MAX_RESPONSE];
static struct wr wr;
static bool allocation_fails;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *
__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails ? NULL : __real_calloc(n, size);
}

static int
setup(void **state)
{
	(void)state;
	allocation_fails = false;
	memory = (struct memory){
	    .n = 1, .regions = {{.gpa = GPA, .size = GUEST, .at = guest}}};
	for (uint32_t i = 0; i < GUEST; i++)
		guest[i] = (uint8_t)(i * 7 + i / 251);
	memset(pixels, 0xee, sizeof(pixels));
	gpu = (struct gpu){0};
	pool_init(&pool, POOL);
	outbox_init(&box, 2);
	assert_int_equal(gpu_init(&gpu, &memory, pixels, &pool, &box, 2), 0);
	gpu_set_mode(&gpu, 0, 1000, 640);
	gpu_set_mode(&gpu, 1, 800, 600);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gpu_reset(&gpu);
	return 0;
}

static void
begin(uint32_t type)
{
	wr_init(&wr, request, sizeof(request));
	wr_u32(&wr, type);
	wr_u32(&wr, 0);
	wr_u64(&wr, 0);
	wr_u64(&wr, 0);
}

static uint32_t
u32_at(uint32_t offset)
{
	struct rd rd;

	rd_init(&rd, response + offset, 4);
	return rd_u32(&rd);
}

/* The type of the response. */
static uint32_t
run(void)
{
	memset(response, 0x77, sizeof(response));
	gpu_command(&gpu, request, wr.off, response);
	return u32_at(0);
}

static void
put_rect(uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	wr_u32(&wr, x);
	wr_u32(&wr, y);
	wr_u32(&wr, w);
	wr_u32(&wr, h);
}

static uint32_t
create(uint32_t id, uint32_t format, uint32_t w, uint32_t h)
{
	begin(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D);
	put_rect(id, format, w, h);
	return run();
}

static uint32_t
attach_2(uint32_t id, uint64_t a, uint32_t a_len, uint64_t b, uint32_t b_len)
{
	begin(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING);
	wr_u32(&wr, id);
	wr_u32(&wr, 2);
	wr_u64(&wr, a);
	wr_u64(&wr, a_len);
	wr_u64(&wr, b);
	wr_u64(&wr, b_len);
	return run();
}

static uint32_t
one_number(uint32_t type, uint32_t id)
{
	begin(type);
	wr_u64(&wr, id);
	return run();
}

static uint32_t
transfer(struct gpu_rect r, uint64_t offset, uint32_t id)
{
	begin(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D);
	put_rect(r.x, r.y, r.width, r.height);
	wr_u64(&wr, offset);
	wr_u64(&wr, id);
	return run();
}

static uint32_t
set_scanout(struct gpu_rect r, uint32_t scanout, uint32_t id)
{
	begin(VIRTIO_GPU_CMD_SET_SCANOUT);
	put_rect(r.x, r.y, r.width, r.height);
	wr_u32(&wr, scanout);
	wr_u32(&wr, id);
	return run();
}

static uint32_t
flush(struct gpu_rect r, uint32_t id)
{
	begin(VIRTIO_GPU_CMD_RESOURCE_FLUSH);
	put_rect(r.x, r.y, r.width, r.height);
	wr_u64(&wr, id);
	return run();
}

/* A resource of 64x32 whose backing is the guest's first 8 KiB. */
static void
make_64x32(uint32_t id, uint32_t format)
{
	assert_int_equal(create(id, format, 64, 32), OK);
	assert_int_equal(attach_2(id, GPA, 1000, GPA + 1000, 7192), OK);
}

static const struct gpu_rect all = {0, 0, 64, 32};

static bool
next_record(uint8_t record[TDS_RING_RECORD_BYTES])
{
	const int more = outbox_next(&box, record);

	assert_true(more >= 0);
	return more == 1;
}

/* The next commit, checked as the core does. */
static struct commit
next_commit(void)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct wire_commit wire;
	struct commit c;

	assert_true(next_record(record));
	assert_int_equal(record[0], UP_COMMIT);
	assert_int_equal(decode_commit(record, sizeof(record), &wire), 0);
	assert_int_equal(check_commit(&wire, POOL, 2, &c), 0);
	return c;
}

static void
expect_silence(void)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	assert_false(next_record(record));
}

static void
display_info_puts_scanouts_side_by_side(void **state)
{
	(void)state;
	begin(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
	assert_int_equal(run(), VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
	assert_int_equal(u32_at(24 + 8), 1000);
	assert_int_equal(u32_at(24 + 16), 1);
	assert_int_equal(u32_at(48), 1000);
	assert_int_equal(u32_at(48 + 12), 600);
	for (uint32_t at = 72; at < 408; at += 4)
		assert_int_equal(u32_at(at), 0);
}

static void
a_fence_is_answered_by_its_flag(void **state)
{
	(void)state;
	begin(VIRTIO_GPU_CMD_RESOURCE_UNREF);
	wr_u64(&wr, 5);
	request[4] = VIRTIO_GPU_FLAG_FENCE; /* number 0, as firmware does */
	assert_int_equal(run(), NO_RESOURCE);
	assert_int_equal(u32_at(4), VIRTIO_GPU_FLAG_FENCE);
	request[8] = 99;
	run();
	assert_int_equal(u32_at(8), 99);
	request[4] = 0;
	run();
	assert_int_equal(u32_at(4), 0);
	assert_int_equal(u32_at(8), 0);
}

static void
unknown_commands_get_an_error(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 0x400; type++) {
		begin(type);
		const uint32_t answer = run();
		if (type < 0x100 || type > 0x10a || type == 0x108 ||
		    type == 0x109)
			assert_int_equal(answer, UNSPEC);
	}
	wr.off = 23;
	assert_int_equal(run(), UNSPEC);
	wr.off = 0;
	assert_int_equal(run(), UNSPEC);
}

static void
every_other_length_is_a_bad_parameter(void **state)
{
	static const struct {
		uint32_t type, len;
	} right[] = {{0x100, 24}, {0x101, 40}, {0x102, 32}, {0x103, 48},
	    {0x104, 48}, {0x105, 56}, {0x107, 32}, {0x10a, 32}};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		for (uint32_t len = 24; len < 80; len++) {
			begin(right[i].type);
			memset(request + 24, 0, 64);
			wr.off = len;
			const uint32_t answer = run();
			if (len != right[i].len)
				assert_int_equal(answer, BAD);
			else
				assert_int_not_equal(answer, UNSPEC);
		}
	}
}

static void
create_refuses_what_is_out_of_limits(void **state)
{
	(void)state;
	assert_int_equal(create(0, 2, 1, 1), NO_RESOURCE);
	assert_int_equal(create(1, 0, 1, 1), BAD);
	assert_int_equal(create(1, 2, 0, 1), BAD);
	assert_int_equal(create(1, 2, 1, 0), BAD);
	assert_int_equal(create(1, 2, TDS_MAX_DIM + 1, 1), BAD);
	assert_int_equal(create(1, 2, 1, TDS_MAX_DIM + 1), BAD);
	assert_int_equal(create(1, 2, UINT32_MAX, UINT32_MAX), BAD);
	assert_int_equal(create(1, 2, TDS_MAX_DIM, TDS_MAX_DIM), NO_MEMORY);
	assert_int_equal(create(1, 2, TDS_MAX_DIM, 1), OK);
	assert_int_equal(create(1, 2, 1, 1), NO_RESOURCE);
}

static void
resources_are_counted(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= GPU_MAX_RESOURCES; i++)
		assert_int_equal(create(i, 2, 1, 1), OK);
	assert_int_equal(create(99999, 2, 1, 1), NO_MEMORY);
	assert_int_equal(one_number(VIRTIO_GPU_CMD_RESOURCE_UNREF, 7), OK);
	assert_int_equal(create(99999, 2, 1, 1), OK);
}

static void
a_new_resource_shows_nothing_of_an_older_one(void **state)
{
	(void)state;
	assert_int_equal(create(1, 2, 64, 32), OK);
	const uint8_t *at = pixels + gpu.resources[0].offset;
	for (uint32_t i = 0; i < 64 * 32 * 4; i++)
		assert_int_equal(at[i], 0);
}

static void
backing_is_refused_twice_empty_or_wrapping(void **state)
{
	(void)state;
	create(1, 2, 64, 32);
	assert_int_equal(attach_2(2, GPA, 1, GPA, 1), NO_RESOURCE);
	assert_int_equal(attach_2(1, GPA, 0, GPA, 1), BAD);
	assert_int_equal(attach_2(1, UINT64_MAX, 2, GPA, 1), BAD);
	assert_int_equal(attach_2(1, GPA, 4096, GPA, 4096), OK);
	assert_int_equal(attach_2(1, GPA, 4096, GPA, 4096), UNSPEC);
	assert_int_equal(
	    one_number(VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING, 1), OK);
	assert_int_equal(attach_2(1, GPA, 4096, GPA, 4096), OK);
	assert_int_equal(gpu.n_entries, 2);
}

static void
backing_entries_are_counted_exactly(void **state)
{
	(void)state;
	create(1, 2, 64, 32);
	for (uint32_t n = 0; n <= GPU_MAX_ENTRIES + 1; n += 8192 + n % 2) {
		begin(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING);
		wr_u32(&wr, 1);
		wr_u32(&wr, n);
		for (uint32_t i = 0; i < n && i < GPU_MAX_ENTRIES; i++) {
			wr_u64(&wr, GPA);
			wr_u64(&wr, 4);
		}
		const bool fits = n >= 1 && n <= GPU_MAX_ENTRIES;
		wr.off += 16; /* one too many */
		assert_int_equal(run(), BAD);
		wr.off -= 16;
		assert_int_equal(run(), fits ? OK : BAD);
		one_number(VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING, 1);
	}
	assert_int_equal(gpu.n_entries, 0);
}

static void
without_memory_attach_fails_and_leaves_nothing(void **state)
{
	(void)state;
	create(1, 2, 64, 32);
	allocation_fails = true;
	assert_int_equal(attach_2(1, GPA, 4096, GPA, 4096), NO_MEMORY);
	allocation_fails = false;
	assert_int_equal(gpu.n_entries, 0);
	assert_int_equal(attach_2(1, GPA, 4096, GPA, 4096), OK);
}

static void
a_transfer_copies_the_rectangle_and_no_more(void **state)
{
	(void)state;
	make_64x32(1, 2);
	const struct gpu_rect r = {3, 5, 20, 7};
	assert_int_equal(transfer(r, 4 * (5 * 64 + 3), 1), OK);
	const uint8_t *at = pixels + gpu.resources[0].offset;
	for (uint32_t y = 0; y < 32; y++) {
		for (uint32_t x = 0; x < 256; x++) {
			const bool in = y >= 5 && y < 12 && x >= 12 && x < 92;
			assert_int_equal(
			    at[y * 256 + x], in ? guest[y * 256 + x] : 0);
		}
	}
}

static void
a_whole_transfer_copies_everything(void **state)
{
	(void)state;
	make_64x32(1, 1);
	assert_int_equal(transfer(all, 0, 1), OK);
	assert_memory_equal(
	    pixels + gpu.resources[0].offset, guest, 64 * 32 * 4);
}

static void
formats_become_bgrx(void **state)
{
	static const struct {
		uint32_t format;
		uint8_t b, g, r, x;
	} orders[] = {{1, 0, 1, 2, 3}, {2, 0, 1, 2, 3}, {3, 3, 2, 1, 0},
	    {4, 3, 2, 1, 0}, {67, 2, 1, 0, 3}, {134, 2, 1, 0, 3},
	    {68, 1, 2, 3, 0}, {121, 1, 2, 3, 0}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		make_64x32(i + 1, orders[i].format);
		assert_int_equal(transfer(all, 0, i + 1), OK);
		const uint8_t *at = pixels + gpu.resources[i].offset + 400;
		assert_int_equal(at[0], guest[400 + orders[i].b]);
		assert_int_equal(at[1], guest[400 + orders[i].g]);
		assert_int_equal(at[2], guest[400 + orders[i].r]);
		assert_int_equal(at[3], guest[400 + orders[i].x]);
	}
}

static void
a_transfer_outside_of_anything_is_refused(void **state)
{
	(void)state;
	create(1, 2, 64, 32);
	assert_int_equal(transfer(all, 0, 1), NO_RESOURCE); /* no backing */
	assert_int_equal(transfer(all, 0, 2), NO_RESOURCE);
	attach_2(1, GPA, 4096, GPA + 4096, 4096);
	assert_int_equal(transfer(all, 1, 1), BAD);
	assert_int_equal(transfer(all, UINT64_MAX, 1), BAD);
	assert_int_equal(transfer(all, (uint64_t)1 << 32, 1), BAD);
	assert_int_equal(transfer((struct gpu_rect){1, 0, 64, 1}, 0, 1), BAD);
	assert_int_equal(
	    transfer((struct gpu_rect){UINT32_MAX, 0, 2, 1}, 0, 1), BAD);
	assert_int_equal(
	    transfer((struct gpu_rect){0, UINT32_MAX, 1, 2}, 0, 1), BAD);
	assert_int_equal(
	    transfer((struct gpu_rect){64, 32, 0, 0}, UINT64_MAX, 1), OK);
}

static void
backing_that_leaves_guest_memory_is_refused_at_the_transfer(void **state)
{
	(void)state;
	create(1, 2, 64, 32);
	assert_int_equal(attach_2(1, GPA, 4096, GPA + GUEST - 1, 4096), OK);
	assert_int_equal(transfer(all, 0, 1), BAD);
	memory.n = 0; /* a new table without it */
	assert_int_equal(transfer((struct gpu_rect){0, 0, 1, 1}, 0, 1), BAD);
}

static void
a_scanout_is_shown_where_the_resource_lies(void **state)
{
	(void)state;
	make_64x32(1, 2);
	assert_int_equal(set_scanout(all, 1, 1), OK);
	const struct commit c = next_commit();
	assert_int_equal(c.scanout, 1);
	assert_int_equal(c.offset_bytes, gpu.resources[0].offset);
	assert_int_equal(c.stride_bytes, 256);
	assert_int_equal(c.width_px, 64);
	assert_int_equal(c.h, 32);
	assert_int_equal(flush((struct gpu_rect){2, 3, 4, 5}, 1), OK);
	const struct commit d = next_commit();
	assert_int_equal(d.x, 2);
	assert_int_equal(d.y, 3);
	assert_int_equal(d.w, 4);
	assert_int_equal(d.h, 5);
	expect_silence();
}

static void
scanout_errors_are_told_apart(void **state)
{
	(void)state;
	make_64x32(1, 2);
	assert_int_equal(set_scanout(all, 2, 1), NO_SCANOUT);
	assert_int_equal(set_scanout(all, UINT32_MAX, 1), NO_SCANOUT);
	assert_int_equal(set_scanout(all, 0, 9), NO_RESOURCE);
	assert_int_equal(
	    set_scanout((struct gpu_rect){0, 0, 0, 32}, 0, 1), BAD);
	assert_int_equal(
	    set_scanout((struct gpu_rect){1, 0, 64, 32}, 0, 1), BAD);
	assert_int_equal(
	    set_scanout((struct gpu_rect){UINT32_MAX, 0, 2, 2}, 0, 1), BAD);
	assert_int_equal(one_number(VIRTIO_GPU_CMD_GET_EDID, 2), NO_SCANOUT);
	expect_silence();
}

static void
a_part_that_begins_inside_a_page_is_copied(void **state)
{
	(void)state;
	make_64x32(1, 2);
	transfer(all, 0, 1);
	assert_int_equal(
	    set_scanout((struct gpu_rect){10, 4, 30, 20}, 0, 1), OK);
	const struct commit c = next_commit();
	assert_int_equal(c.stride_bytes, 30 * 4);
	assert_int_equal(c.offset_bytes % TDS_PAGE_BYTES, 0);
	for (uint32_t y = 0; y < 20; y++)
		assert_memory_equal(pixels + c.offset_bytes + y * 120,
		    guest + (y + 4) * 256 + 40, 120);

	memset(guest, 0x11, 8192);
	transfer(all, 0, 1);
	assert_int_equal(flush((struct gpu_rect){0, 0, 12, 6}, 1), OK);
	const struct commit d = next_commit();
	assert_int_equal(d.w, 2);
	assert_int_equal(d.h, 2);
	assert_int_equal(pixels[c.offset_bytes], 0x11);
	assert_int_not_equal(pixels[c.offset_bytes + 8], 0x11);
}

static void
unref_of_what_is_shown_turns_its_scanouts_off(void **state)
{
	(void)state;
	make_64x32(1, 2);
	set_scanout(all, 0, 1);
	set_scanout(all, 1, 1);
	next_commit();
	next_commit();
	one_number(VIRTIO_GPU_CMD_RESOURCE_UNREF, 1);
	assert_int_equal(next_commit().width_px, 0);
	assert_int_equal(next_commit().width_px, 0);
	expect_silence();
	assert_int_equal(flush(all, 1), NO_RESOURCE);
}

static void
what_was_shown_is_not_reused_before_the_core_let_go(void **state)
{
	(void)state;
	assert_int_equal(create(1, 2, 1000, 1000), OK);
	const uint64_t first = gpu.resources[0].offset;
	set_scanout((struct gpu_rect){0, 0, 1000, 1000}, 0, 1);
	next_commit();
	one_number(VIRTIO_GPU_CMD_RESOURCE_UNREF, 1);
	create(1, 2, 64, 32);
	assert_int_not_equal(gpu.resources[0].offset, first);
	one_number(VIRTIO_GPU_CMD_RESOURCE_UNREF, 1);
	const uint32_t off = next_commit().seq;
	pool_sent(&pool, off);
	pool_tick(&pool, off);
	create(1, 2, 64, 32);
	assert_int_equal(gpu.resources[0].offset, first);
}

static void
a_paused_vm_finds_its_picture_again(void **state)
{
	(void)state;
	make_64x32(1, 2);
	set_scanout(all, 0, 1);
	next_commit();
	gpu_pause(&gpu);
	assert_int_equal(next_commit().width_px, 0);
	gpu_resume(&gpu);
	assert_int_equal(next_commit().width_px, 64);
	gpu_reset(&gpu);
	assert_int_equal(next_commit().width_px, 0);
	assert_int_equal(flush(all, 1), NO_RESOURCE);
}

static void
cursor_command(uint32_t type, uint32_t scanout, uint32_t id, uint32_t hot)
{
	begin(type);
	put_rect(scanout, 5, 6, 0);
	put_rect(id, hot, 3, 0);
	gpu_cursor_command(&gpu, request, wr.off);
}

static void
a_cursor_is_a_snapshot(void **state)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct wire_cursor wire;
	struct cursor c;

	(void)state;
	assert_int_equal(create(1, 2, 64, 64), OK);
	attach_2(1, GPA, 8192, GPA + 8192, 8192);
	transfer((struct gpu_rect){0, 0, 64, 64}, 0, 1);
	cursor_command(VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 1, 200);
	one_number(VIRTIO_GPU_CMD_RESOURCE_UNREF, 1);
	assert_true(next_record(record));
	assert_int_equal(decode_cursor(record, sizeof(record), &wire), 0);
	assert_int_equal(check_cursor(&wire, POOL, &c), 0);
	assert_true(c.visible);
	assert_int_equal(c.hot_x, 63); /* cut to the image */
	assert_int_equal(c.hot_y, 3);
	assert_memory_equal(pixels + c.offset_bytes, guest, 64 * 64 * 4);

	cursor_command(VIRTIO_GPU_CMD_MOVE_CURSOR, 0, 0, 0);
	expect_silence();
	cursor_command(VIRTIO_GPU_CMD_UPDATE_CURSOR, 7, 0, 0);
	expect_silence();
	cursor_command(VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 0, 0);
	assert_true(next_record(record));
	assert_int_equal(record[1], 0);
}

static void
edid_says_the_size_it_was_built_for(void **state)
{
	(void)state;
	begin(VIRTIO_GPU_CMD_GET_EDID);
	wr_u64(&wr, 0);
	assert_int_equal(run(), VIRTIO_GPU_RESP_OK_EDID);
	assert_int_equal(u32_at(24), EDID_BYTES);
	const uint8_t *dtd = response + 32 + 54;
	assert_int_equal(dtd[2] + 256 * (dtd[4] >> 4), 1000);
	assert_int_equal(dtd[5] + 256 * (dtd[7] >> 4), 640);
	for (uint32_t i = 32 + EDID_BYTES; i < GPU_MAX_RESPONSE; i++)
		assert_int_equal(response[i], 0);
}

static void
each_edid_sums_to_zero_and_runs_at_sixty(void **state)
{
	uint8_t e[EDID_BYTES];

	(void)state;
	for (uint32_t w = 320; w <= 4095; w += 75) {
		for (uint32_t h = 200; h <= 4095; h += 41) {
			uint8_t sum = 0;
			assert_int_equal(edid_build(w, h, 0, e), 0);
			for (uint32_t i = 0; i < EDID_BYTES; i++)
				sum = (uint8_t)(sum + e[i]);
			assert_int_equal(sum, 0);
			const uint32_t clock = e[54] + 256u * e[55];
			const uint32_t total =
			    (w + 160) * (h + e[60] + 256u * (e[61] & 15));
			const double hz = clock * 1e4 / total;
			assert_true(clock == 65535 || (hz > 59.9 && hz < 60.1));
		}
	}
	assert_int_equal(edid_build(4096, 600, 0, e), -ERANGE);
	assert_int_equal(edid_build(600, 4096, 0, e), -ERANGE);
	assert_int_equal(edid_build(0, 600, 0, e), -ERANGE);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(display_info_puts_scanouts_side_by_side),
	    TEST(a_fence_is_answered_by_its_flag),
	    TEST(unknown_commands_get_an_error),
	    TEST(every_other_length_is_a_bad_parameter),
	    TEST(create_refuses_what_is_out_of_limits),
	    TEST(resources_are_counted),
	    TEST(a_new_resource_shows_nothing_of_an_older_one),
	    TEST(backing_is_refused_twice_empty_or_wrapping),
	    TEST(backing_entries_are_counted_exactly),
	    TEST(without_memory_attach_fails_and_leaves_nothing),
	    TEST(a_transfer_copies_the_rectangle_and_no_more),
	    TEST(a_whole_transfer_copies_everything),
	    TEST(formats_become_bgrx),
	    TEST(a_transfer_outside_of_anything_is_refused),
	    TEST(backing_that_leaves_guest_memory_is_refused_at_the_transfer),
	    TEST(a_scanout_is_shown_where_the_resource_lies),
	    TEST(scanout_errors_are_told_apart),
	    TEST(a_part_that_begins_inside_a_page_is_copied),
	    TEST(unref_of_what_is_shown_turns_its_scanouts_off),
	    TEST(what_was_shown_is_not_reused_before_the_core_let_go),
	    TEST(a_paused_vm_finds_its_picture_again),
	    TEST(a_cursor_is_a_snapshot),
	    TEST(edid_says_the_size_it_was_built_for),
	    TEST(each_edid_sums_to_zero_and_runs_at_sixty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
