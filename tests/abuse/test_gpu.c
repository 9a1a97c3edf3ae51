/*
 * A hostile guest on the virtio-gpu queues: bug classes 1 to 5 and 9 of
 * section 4 in the reference. Each command has a defined answer, and the VM
 * lives on.
 */
#include <errno.h>
#include <string.h>

#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;
static const uint32_t bgrx = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM;

static bool
is_refusal(uint32_t type)
{
	return type >= VIRTIO_GPU_RESP_ERR_UNSPEC &&
	       type <= VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
}

/* Large resources until the pool is full; how many. They are left. */
static uint32_t
fill_pool(struct vm *vm, uint32_t first_id, uint32_t w, uint32_t h)
{
	for (uint32_t n = 0; n < 10000; n++) {
		const uint32_t type = gpu_create(vm, first_id + n, bgrx, w, h);

		if (type == ok)
			continue;
		assert_true(is_refusal(type));
		return n;
	}
	fail_msg("there is no limit");
	return 0;
}

static void
unref_all(struct vm *vm, uint32_t first_id, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(gpu_unref(vm, first_id + i), ok);
}

/*
 * As many fit as before. What was shown needs a tick to be free again, so
 * wait for that one block only.
 */
static void
expect_room(struct vm *vm, uint32_t before, uint32_t w, uint32_t h)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;
	uint32_t now;

	do {
		now = fill_pool(vm, 5000, w, h);
		unref_all(vm, 5000, now);
		(void)host_turn(vm->host, -1, 0, 10);
	} while (now < before && now_ms() < deadline);
	assert_int_equal(now, before);
}

/* ------------------------------------------------------------------------ */
/* 1. scanout ids							     */

static void
scanout_out_of_range_is_refused(void **state)
{
	struct world *w = *state;
	const uint32_t ids[] = {WORLD_SCANOUTS, 4, 15, 16, 0xff, 0x100, 0xffff,
	    0x10000, 0x7fffffff, 0x80000000, 0xffffffff};
	struct virtio_gpu_resp_edid edid;

	host_skip_ups(&w->host);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(
		    gpu_set_scanout(&w->vm, ids[i], 1, gpu_all(&w->screen)),
		    VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID);
		assert_int_equal(
		    gpu_set_scanout(&w->vm, ids[i], 0, (struct gpu_rect){0}),
		    VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID);
		assert_true(is_refusal(gpu_edid(&w->vm, ids[i], &edid)));
		assert_int_equal(
		    gpu_cursor(&w->vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, ids[i], 1,
			0, 0, 0, 0),
		    0);
		assert_int_equal(gpu_cursor(&w->vm, VIRTIO_GPU_CMD_MOVE_CURSOR,
				     ids[i], 1, 0, 0, 0, 0),
		    0);
	}
	world_expect_alive(w);
	assert_false(host_has_up(&w->host, UP_COMMIT));
}

/* 2. 3D, capsets, blobs, nonsense					     */

static void
commands_that_are_not_offered_get_an_error_of_24_clean_bytes(void **state)
{
	struct world *w = *state;
	const uint32_t types[] = {0, 1, 0xff, 0x108, 0x109, 0x10b, 0x10c, 0x10d,
	    0x10e, 0x1ff, 0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206,
	    0x207, 0x208, 0x209, 0x300, 0x301, 0x302, 0x1100, 0x1200,
	    0x80000100, 0xffffffff};
	uint8_t request[128];
	uint8_t reply[1024];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		memset(request, 0xff, sizeof(request));
		memcpy(request, &types[i], 4);
		memset(request + 4, 0, 20);
		const uint32_t got = gpu_call(
		    &w->vm, request, sizeof(request), reply, sizeof(reply));
		assert_true(is_refusal(got));
		/* gpu_call() saw that nothing but zeroes or what was there
		 * before lies behind the header */
		for (uint32_t k = 4; k < 24; k++)
			assert_int_equal(reply[k], 0);
	}
	world_expect_alive(w);
}

static void
unknown_flags_and_contexts_change_nothing(void **state)
{
	struct world *w = *state;
	struct virtio_gpu_resource_flush c = {
	    .hdr = {.type = VIRTIO_GPU_CMD_RESOURCE_FLUSH,
		.ctx_id = 0xffffffff,
		.flags = 0xfffffffe},
	    .r = {0, 0, 320, 200},
	    .resource_id = 1,
	};

	/* answered, without a fence that was not asked for */
	assert_true(gpu_simple(&w->vm, &c, sizeof(c)) != 0);
	c.hdr.flags = VIRTIO_GPU_FLAG_FENCE | VIRTIO_GPU_FLAG_INFO_RING_IDX;
	c.hdr.fence_id = 77;
	assert_true(gpu_simple(&w->vm, &c, sizeof(c)) != 0);
	world_expect_alive(w);
}

/* 3. leaks								     */

static void
second_backing_is_refused_and_the_first_stays(void **state)
{
	struct world *w = *state;
	const uint32_t other = vm_alloc_b(&w->vm, 320 * 200 * 4);

	for (uint32_t i = 0; i < 2000; i++)
		assert_true(
		    is_refusal(gpu_attach(&w->vm, 1, other, 320 * 200 * 4)));
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 5);
	assert_int_equal(gpu_detach(&w->vm, 1), ok);
	/* once more changes nothing */
	assert_true(gpu_detach(&w->vm, 1) != 0);
	/* nothing to read from: refused, the picture stays */
	assert_true(
	    is_refusal(gpu_transfer(&w->vm, 1, gpu_all(&w->screen), 0)));
	assert_int_equal(gpu_attach(&w->vm, 1, other, 320 * 200 * 4), ok);
	w->screen.at = other;
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 6);
}

static void
thousands_of_resources_of_every_fate_leave_nothing_behind(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint32_t at = vm_alloc_b(vm, 256 * 256 * 4);
	const struct gpu_rect all = {0, 0, 256, 256};
	const uint32_t before = fill_pool(vm, 5000, 256, 256);
	uint64_t rss = 0;
	uint32_t fds = 0;

	assert_in_range(before, 8, 2000);
	unref_all(vm, 5000, before);
	for (uint32_t i = 0; i < 1500; i++) {
		assert_int_equal(gpu_create(vm, 9, bgrx, 256, 256), ok);
		/* the same id again: a failed create */
		assert_true(is_refusal(gpu_create(vm, 9, bgrx, 64, 64)));
		if (i % 2 == 0)
			assert_int_equal(
			    gpu_attach(vm, 9, at, 256 * 256 * 4), ok);
		if (i % 4 == 0)
			assert_int_equal(gpu_transfer(vm, 9, all, 0), ok);
		if (i % 3 == 0)
			assert_int_equal(gpu_set_scanout(vm, 1, 9, all), ok);
		if (i % 6 == 0)
			assert_int_equal(gpu_detach(vm, 9), ok);
		assert_int_equal(gpu_unref(vm, 9), ok);
		assert_true(is_refusal(gpu_unref(vm, 9)));
		if (i == 500) {
			rss = proc_rss_kb(w->host.child.pid);
			fds = world_count_fds(w);
		}
	}
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 512);
	assert_int_equal(world_count_fds(w), fds);
	expect_room(vm, before, 256, 256);
}

static void
number_of_resources_is_bounded(void **state)
{
	struct world *w = *state;
	const uint32_t n = fill_pool(&w->vm, 5000, 1, 1);

	assert_in_range(n, 16, 5000);
	unref_all(&w->vm, 5000, n);
	assert_int_equal(fill_pool(&w->vm, 9000, 1, 1), n);
	unref_all(&w->vm, 9000, n);
}

static void
buffer_that_was_replaced_and_ticked_is_free_at_once(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	struct gpu_buffer second = gpu_make_buffer(vm, 2, 320, 200);
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	/* flip away from 1, and see it consumed */
	assert_int_equal(gpu_set_scanout(vm, 0, 2, gpu_all(&second)), ok);
	(void)gpu_draw(vm, &second, 0, gpu_all(&second), 1);
	const uint32_t n = fill_pool(vm, 5000, 320, 200);
	assert_true(n > 0);
	/* a full pool: the place of 1 is the only one, no frame in between;
	 * only the tick itself may still be on its way */
	assert_int_equal(gpu_unref(vm, 1), ok);
	while (gpu_create(vm, 1, bgrx, 320, 200) != ok) {
		assert_true(now_ms() < deadline);
		(void)host_turn(&w->host, -1, 0, 10);
	}
}

static void
resource_zero_and_unknown_resources_are_refused(void **state)
{
	struct world *w = *state;
	const uint32_t ids[] = {0, 2, 0x7fffffff, 0xffffffff};
	const struct gpu_rect r = {0, 0, 16, 16};

	assert_true(is_refusal(gpu_create(&w->vm, 0, bgrx, 16, 16)));
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t id = ids[i];

		assert_true(is_refusal(gpu_unref(&w->vm, id)));
		assert_true(
		    is_refusal(gpu_attach(&w->vm, id, w->screen.at, 4096)));
		assert_true(is_refusal(gpu_detach(&w->vm, id)));
		assert_true(is_refusal(gpu_transfer(&w->vm, id, r, 0)));
		assert_true(is_refusal(gpu_flush(&w->vm, id, r)));
		if (id != 0)
			assert_true(
			    is_refusal(gpu_set_scanout(&w->vm, 0, id, r)));
		assert_int_equal(
		    gpu_cursor(&w->vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, id, 0,
			0, 0, 0),
		    0);
	}
	world_expect_alive(w);
}

static void
attach_with_nonsense_entries_is_refused(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint64_t end_b = VM_B_GPA + VM_BYTES - VM_A_BYTES;
	const struct virtio_gpu_mem_entry bad[] = {
	    {VM_A_BYTES, 4096, 0},		  /* just behind A */
	    {VM_A_BYTES - 4096, 8192, 0},	  /* leaves A */
	    {end_b, 4096, 0},			  /* just behind B */
	    {end_b - 4095, 4096, 0},		  /* one byte over */
	    {VM_B_GPA + VM_BYTES, 0xffffffff, 0}, /* far behind it */
	    {~0ull - 4095, 4096, 0},		  /* ends at 2^64 */
	    {~0ull, 4096, 0},			  /* wraps */
	    {0x8000000000000000ull, 1 << 20, 0},
	};
	const uint32_t counts[] = {
	    0, 2, 1000, 16385, 0x10000000, 0x10000001, 0x7fffffff, 0xffffffff};
	const struct virtio_gpu_mem_entry good = {
	    .addr = vm_gpa(w->screen.at), .length = 16384};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(gpu_create(vm, 9, bgrx, 64, 64), ok);
		/* refused at once, or when it is read; never read */
		if (gpu_attach_entries(vm, 9, 1, &bad[i], 1) == ok)
			assert_true(is_refusal(gpu_transfer(
			    vm, 9, (struct gpu_rect){0, 0, 64, 64}, 0)));
		assert_int_equal(gpu_unref(vm, 9), ok);
	}
	assert_int_equal(gpu_create(vm, 9, bgrx, 64, 64), ok);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		assert_true(
		    is_refusal(gpu_attach_entries(vm, 9, counts[i], &good, 1)));
	assert_int_equal(gpu_attach_entries(vm, 9, 1, &good, 1), ok);
	assert_int_equal(gpu_unref(vm, 9), ok);
	world_expect_alive(w);
}

static void
backing_that_is_too_small_is_never_read_beyond_its_end(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint32_t at = vm_alloc_b(vm, 4096);

	assert_int_equal(gpu_create(vm, 9, bgrx, 64, 64), ok);
	if (gpu_attach(vm, 9, at, 4096) != ok) /* refusing is fine, too */
		return;
	const struct gpu_rect fits = {0, 0, 64, 16}, over = {0, 1, 64, 16};
	assert_int_equal(gpu_transfer(vm, 9, fits, 0), ok);
	assert_true(is_refusal(gpu_transfer(vm, 9, over, 256)));
	assert_true(is_refusal(gpu_transfer(vm, 9, fits, 4)));
	assert_true(is_refusal(
	    gpu_transfer(vm, 9, (struct gpu_rect){0, 0, 64, 64}, 0)));
	assert_int_equal(gpu_unref(vm, 9), ok);
}

static void
entry_longer_than_memory_is_read_only_where_memory_is(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const struct virtio_gpu_mem_entry entry = {
	    .addr = VM_B_GPA + VM_BYTES - VM_A_BYTES - 4096,
	    .length = 0xffffffff};
	const struct gpu_rect page = {0, 0, 64, 16}, more = {0, 0, 64, 17};

	assert_int_equal(gpu_create(vm, 9, bgrx, 64, 64), ok);
	if (gpu_attach_entries(vm, 9, 1, &entry, 1) == ok) {
		assert_int_equal(gpu_transfer(vm, 9, page, 0), ok);
		assert_true(is_refusal(gpu_transfer(vm, 9, more, 0)));
		assert_true(is_refusal(gpu_transfer(vm, 9, page, 4)));
	}
	assert_int_equal(gpu_unref(vm, 9), ok);
}

/* 4. arithmetic							     */

static void
sizes_that_overflow_or_exceed_the_limits_are_refused(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t w, h;
	} bad[] = {{0, 0}, {0, 1}, {1, 0}, {16385, 1}, {1, 16385},
	    {16385, 16385}, {65536, 65536}, {0x40000000, 1}, {1, 0x40000000},
	    {0x40000001, 4}, {0x10000, 0x4000}, {0x8000, 0x8000},
	    {0xffffffff, 1}, {1, 0xffffffff}, {0xffffffff, 0xffffffff},
	    {0x80000000, 2}, {TDS_MAX_DIM + 1, 1}, {1, TDS_MAX_DIM + 1},
	    {TDS_MAX_DIM, TDS_MAX_DIM}};
	const uint32_t formats[] = {
	    0, 5, 66, 69, 120, 122, 133, 135, 0xff, 0x10002, 0xffffffff};

	const uint32_t before = fill_pool(&w->vm, 5000, 256, 256);
	unref_all(&w->vm, 5000, before);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(is_refusal(
		    gpu_create(&w->vm, 9, bgrx, bad[i].w, bad[i].h)));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		assert_true(
		    is_refusal(gpu_create(&w->vm, 9, formats[i], 16, 16)));
	assert_int_equal(fill_pool(&w->vm, 5000, 256, 256), before);
	unref_all(&w->vm, 5000, before);
	/* thin but legal */
	assert_int_equal(gpu_create(&w->vm, 9, bgrx, TDS_MAX_DIM, 1), ok);
	assert_int_equal(gpu_create(&w->vm, 10, bgrx, 1, TDS_MAX_DIM), ok);
	assert_int_equal(gpu_unref(&w->vm, 9), ok);
	assert_int_equal(gpu_unref(&w->vm, 10), ok);
}

/* 5. rectangles and offsets						     */

static void
rectangles_that_wrap_or_leave_the_resource_are_refused(void **state)
{
	struct world *w = *state;
	static const struct gpu_rect bad[] = {{0xffffffff, 0, 2, 1},
	    {0, 0xffffffff, 1, 2}, {0xfffffff0, 0, 0x20, 1}, {1, 0, 320, 1},
	    {0, 1, 1, 200}, {320, 0, 1, 1}, {0, 200, 1, 1}, {0, 0, 321, 1},
	    {0, 0, 1, 201}, {0x80000000, 0, 0x80000001, 1},
	    {0, 0, 0xffffffff, 0xffffffff}, {319, 199, 0xfffffffe, 1},
	    {1, 1, 0xffffffff, 0xffffffff}};

	host_skip_ups(&w->host);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(is_refusal(gpu_transfer(&w->vm, 1, bad[i], 0)));
		assert_true(is_refusal(gpu_flush(&w->vm, 1, bad[i])));
		assert_true(is_refusal(gpu_set_scanout(&w->vm, 0, 1, bad[i])));
	}
	assert_true(is_refusal(
	    gpu_set_scanout(&w->vm, 0, 1, (struct gpu_rect){0, 0, 0, 200})));
	assert_true(is_refusal(
	    gpu_set_scanout(&w->vm, 0, 1, (struct gpu_rect){0, 0, 320, 0})));
	world_expect_alive(w);
	assert_false(host_has_up(&w->host, UP_COMMIT));
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 3);
}

static void
empty_rectangles_are_answered_and_copy_nothing(void **state)
{
	struct world *w = *state;
	static const struct gpu_rect empty[] = {
	    {0, 0, 0, 0}, {320, 200, 0, 0}, {5, 5, 0, 5}, {5, 5, 5, 0}};

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_true(gpu_transfer(&w->vm, 1, empty[i], 0) != 0);
		assert_true(gpu_transfer(&w->vm, 1, empty[i], ~0ull) != 0);
		assert_true(gpu_flush(&w->vm, 1, empty[i]) != 0);
	}
	world_expect_alive(w);
}

static void
transfer_offset_is_not_cut_to_32_bits(void **state)
{
	struct world *w = *state;
	const uint64_t bytes = 320 * 200 * 4;
	const uint64_t bad[] = {1ull << 32, (1ull << 32) + 4, 1ull << 63, ~0ull,
	    ~0ull - 3, ~0ull - bytes + 1, bytes, bytes - 16 * 4 + 4,
	    0ull - bytes};
	const struct gpu_rect r = {0, 0, 16, 16};

	gpu_paint(&w->vm, &w->screen, gpu_all(&w->screen), 1234);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(is_refusal(gpu_transfer(&w->vm, 1, r, bad[i])));
	/* none of them copied anything */
	assert_int_equal(gpu_flush(&w->vm, 1, r), ok);
	const struct commit c = host_expect_commit(&w->host, 0);
	assert_true(gpu_is_shown(&w->vm, &c, r, 1));
}

static void
scanout_of_a_part_of_a_resource_shows_that_part_or_is_refused(void **state)
{
	struct world *w = *state;
	const struct gpu_rect part = {64, 32, 128, 96};

	host_skip_ups(&w->host);
	const uint32_t type = gpu_set_scanout(&w->vm, 1, 1, part);
	if (type != ok) {
		assert_true(is_refusal(type));
		return;
	}
	gpu_paint(&w->vm, &w->screen, gpu_all(&w->screen), 8);
	assert_int_equal(gpu_transfer(&w->vm, 1, gpu_all(&w->screen), 0), ok);
	assert_int_equal(gpu_flush(&w->vm, 1, gpu_all(&w->screen)), ok);
	const struct commit c = host_expect_commit(&w->host, 1);
	assert_int_equal(c.width_px, part.w);
	assert_int_equal(c.height_px, part.h);
	uint32_t first;
	memcpy(&first, w->host.pool + c.offset_bytes, 4);
	assert_int_equal((first ^ gpu_pattern(8, 64, 32)) & 0xffffff, 0);
}

/* 9. life time								     */

static void
unref_while_scanned_out_turns_the_scanout_off(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 0; i < 200; i++) {
		host_skip_ups(&w->host);
		assert_int_equal(gpu_unref(&w->vm, 1), ok);
		assert_int_equal(host_expect_commit(&w->host, 0).width_px, 0);
		assert_true(
		    is_refusal(gpu_flush(&w->vm, 1, gpu_all(&w->screen))));
		vm_free_b(&w->vm);
		w->screen = gpu_show(&w->vm, 0, 1, 320, 200);
	}
}

static void
unref_of_the_cursor_image_hides_or_keeps_a_copy(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint32_t before = fill_pool(vm, 5000, 256, 256);
	struct up_record up;

	unref_all(vm, 5000, before);
	const struct gpu_buffer image = gpu_make_buffer(vm, 3, 64, 64);
	assert_int_equal(gpu_unref(vm, 3), ok);
	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(gpu_create(vm, 3, bgrx, 64, 64), ok);
		assert_int_equal(gpu_attach(vm, 3, image.at, 16384), ok);
		assert_int_equal(gpu_transfer(vm, 3, gpu_all(&image), 0), ok);
		assert_int_equal(gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0,
				     3, 0, 0, 0, 0),
		    0);
		if (i == 0)
			host_expect_up(&w->host, UP_CURSOR, &up);
		assert_int_equal(gpu_unref(vm, 3), ok);
		assert_int_equal(gpu_cursor(vm, VIRTIO_GPU_CMD_MOVE_CURSOR, 0,
				     3, 1, 1, 0, 0),
		    0);
	}
	assert_int_equal(
	    gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0), 0);
	/* a copy of the cursor image, if it keeps one, was there before */
	expect_room(vm, before, 256, 256);
}

static void
cursor_of_a_wrong_size_or_hot_spot_is_harmless(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint32_t sizes[] = {1, 63, 65, 128, 256};

	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(
		    gpu_create(vm, 3, bgrx, sizes[i], sizes[i]), ok);
		assert_int_equal(gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0,
				     3, 0xffffffff, 0xffffffff, 0, 0),
		    0);
		assert_int_equal(gpu_unref(vm, 3), ok);
	}
	(void)gpu_make_buffer(vm, 3, 64, 64);
	const uint32_t spots[] = {63, 64, 65, 0x10000, 0x7fffffff, 0xffffffff};
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0,
				     3, 0, 0, spots[i], spots[i]),
		    0);
	world_expect_alive(w);
	/* whatever was sent up obeys the contract */
	(void)host_has_up(&w->host, UP_CURSOR);
	for (uint32_t i = 0; i < w->host.n_ups; i++) {
		struct wire_cursor wire;
		struct cursor cursor;

		if (w->host.ups[i].bytes[0] != UP_CURSOR)
			continue;
		assert_int_equal(
		    decode_cursor(w->host.ups[i].bytes, 32, &wire), 0);
		assert_int_equal(check_cursor(&wire, WORLD_POOL, &cursor), 0);
	}
}

static void
one_resource_on_all_scanouts_and_as_cursor_can_be_freed(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const uint32_t before = fill_pool(vm, 5000, 256, 256);

	unref_all(vm, 5000, before);
	for (uint32_t i = 0; i < 200; i++) {
		const struct gpu_rect r = {0, 0, 64, 64};

		assert_int_equal(gpu_create(vm, 3, bgrx, 64, 64), ok);
		assert_int_equal(gpu_attach(vm, 3, w->screen.at, 16384), ok);
		assert_int_equal(gpu_transfer(vm, 3, r, 0), ok);
		for (uint32_t s = 0; s < WORLD_SCANOUTS; s++)
			assert_int_equal(gpu_set_scanout(vm, s, 3, r), ok);
		assert_int_equal(gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0,
				     3, 0, 0, 0, 0),
		    0);
		assert_int_equal(gpu_flush(vm, 3, r), ok);
		assert_int_equal(gpu_unref(vm, 3), ok);
	}
	assert_int_equal(
	    gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0), 0);
	expect_room(vm, before, 256, 256);
}

static void
same_pages_behind_many_resources_are_only_read(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;

	for (uint32_t id = 20; id < 40; id++) {
		assert_int_equal(gpu_create(vm, id, bgrx, 64, 64), ok);
		assert_int_equal(gpu_attach(vm, id, w->screen.at, 16384), ok);
	}
	for (uint32_t id = 20; id < 40; id += 2)
		assert_int_equal(gpu_unref(vm, id), ok);
	for (uint32_t id = 21; id < 40; id += 2)
		assert_int_equal(
		    gpu_transfer(vm, id, (struct gpu_rect){0, 0, 64, 64}, 0),
		    ok);
	(void)gpu_draw(vm, &w->screen, 0, gpu_all(&w->screen), 77);
	for (uint32_t id = 21; id < 40; id += 2)
		assert_int_equal(gpu_unref(vm, id), ok);
}

static void
backing_inside_the_rings_is_only_read(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const struct virtio_gpu_mem_entry rings = {.addr = 0, .length = 65536};

	assert_int_equal(gpu_create(vm, 9, bgrx, 128, 128), ok);
	assert_int_equal(gpu_attach_entries(vm, 9, 1, &rings, 1), ok);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(
		    gpu_transfer(vm, 9, (struct gpu_rect){0, 0, 128, 128}, 0),
		    ok);
	assert_int_equal(gpu_unref(vm, 9), ok);
}

static const struct CMUnitTest tests[] = {
    world_test_vm(scanout_out_of_range_is_refused),
    world_test_vm(commands_that_are_not_offered_get_an_error_of_24_clean_bytes),
    world_test_vm(unknown_flags_and_contexts_change_nothing),
    world_test_vm(second_backing_is_refused_and_the_first_stays),
    world_test_vm(thousands_of_resources_of_every_fate_leave_nothing_behind),
    world_test_vm(number_of_resources_is_bounded),
    world_test_vm(buffer_that_was_replaced_and_ticked_is_free_at_once),
    world_test_vm(resource_zero_and_unknown_resources_are_refused),
    world_test_vm(attach_with_nonsense_entries_is_refused),
    world_test_vm(entry_longer_than_memory_is_read_only_where_memory_is),
    world_test_vm(backing_that_is_too_small_is_never_read_beyond_its_end),
    world_test_vm(sizes_that_overflow_or_exceed_the_limits_are_refused),
    world_test_vm(rectangles_that_wrap_or_leave_the_resource_are_refused),
    world_test_vm(empty_rectangles_are_answered_and_copy_nothing),
    world_test_vm(transfer_offset_is_not_cut_to_32_bits),
    world_test_vm(
	scanout_of_a_part_of_a_resource_shows_that_part_or_is_refused),
    world_test_vm(unref_while_scanned_out_turns_the_scanout_off),
    world_test_vm(unref_of_the_cursor_image_hides_or_keeps_a_copy),
    world_test_vm(cursor_of_a_wrong_size_or_hot_spot_is_harmless),
    world_test_vm(one_resource_on_all_scanouts_and_as_cursor_can_be_freed),
    world_test_vm(same_pages_behind_many_resources_are_only_read),
    world_test_vm(backing_inside_the_rings_is_only_read),
};

WORLD_MAIN(tests)
