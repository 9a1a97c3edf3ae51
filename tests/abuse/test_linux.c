/* A well-behaved VM: what stock Linux does, in its order. */
#include <linux/input-event-codes.h>
#include <linux/virtio_input.h>
#include <string.h>
#include <unistd.h>

#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

/* ------------------------------------------------------------------------ */
/* connection and configuration						     */

static void
back_end_offers_what_stock_qemu_needs_and_nothing_more(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		struct dev *dev = &w->vm.dev[i];
		const uint64_t edid = i == SOCKET_GPU ? 1ull << 1 : 0;

		assert_int_equal(dev_connect(dev), 0);
		assert_int_equal(dev_realize(dev), 0);
		assert_true(dev->features == (1ull << 32 | 1ull << 30 | edid));
		/* CONFIG is required, REPLY_ACK makes errors visible; nothing
		 * beyond MQ, SLAVE_REQ */
		assert_true((dev->protocol_features & 1u << 9) != 0);
		assert_true((dev->protocol_features & 1u << 3) != 0);
		assert_true((dev->protocol_features & ~0x229ull) == 0);
	}
}

static void
gpu_config_is_readable_before_any_memory_is_known(void **state)
{
	struct world *w = *state;
	struct dev *gpu = &w->vm.dev[SOCKET_GPU];
	struct virtio_gpu_config config;

	assert_int_equal(dev_connect(gpu), 0);
	assert_int_equal(dev_realize(gpu), 0);
	memset(&config, 0xff, sizeof(config));
	assert_int_equal(
	    vu_get_config(gpu, 0, sizeof(config), (uint8_t *)&config), 0);
	/* QEMU fills in the other three from its own max_outputs */
	assert_int_equal(config.num_capsets, 0);
	/* QEMU writes the whole image when the guest clears an event */
	assert_int_equal(
	    vu_set_config(gpu, 0, sizeof(config), (const uint8_t *)&config), 0);
	assert_int_equal(dev_sync(gpu), 0);
}

static void
vm_that_comes_and_goes_is_announced_to_the_core(void **state)
{
	struct world *w = *state;
	struct up_record up;

	assert_int_equal(vm_boot(&w->vm), 0);
	/* a core is first told what is so: none yet */
	do
		host_expect_up(&w->host, UP_VM, &up);
	while (up.bytes[1] != 1);
	vm_finish(&w->vm);
	host_expect_up(&w->host, UP_VM, &up);
	assert_int_equal(up.bytes[1], 0);
	vm_init(&w->vm, &w->host);
	assert_int_equal(vm_boot(&w->vm), 0);
	host_expect_up(&w->host, UP_VM, &up);
	assert_int_equal(up.bytes[1], 1);
}

/* ------------------------------------------------------------------------ */
/* picture								     */

static void
display_info_tells_the_configured_scanouts(void **state)
{
	struct world *w = *state;
	struct virtio_gpu_resp_display_info info;

	assert_int_equal(
	    gpu_display_info(&w->vm, &info), VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
	for (uint32_t i = 0; i < 16; i++) {
		const struct virtio_gpu_display_one *one = &info.pmodes[i];
		const bool on = i < WORLD_SCANOUTS;

		assert_int_equal(one->enabled, on ? 1 : 0);
		assert_int_equal(one->r.width, on ? WORLD_WIDTH : 0);
		assert_int_equal(one->r.height, on ? WORLD_HEIGHT : 0);
	}
}

static void
edid_prefers_the_configured_mode(void **state)
{
	struct world *w = *state;
	struct virtio_gpu_resp_edid reply;
	uint8_t sum = 0;

	assert_int_equal(gpu_edid(&w->vm, 0, &reply), VIRTIO_GPU_RESP_OK_EDID);
	const uint8_t *e = reply.edid;
	assert_true(
	    reply.size >= 128 && reply.size <= 1024 && reply.size % 128 == 0);
	static const uint8_t magic[] = {0, 255, 255, 255, 255, 255, 255, 0};
	assert_memory_equal(e, magic, sizeof(magic));
	for (uint32_t i = 0; i < 128; i++)
		sum = (uint8_t)(sum + e[i]);
	assert_int_equal(sum, 0);
	assert_int_equal(e[126] * 128u + 128, reply.size);
	/* first detailed timing: low byte, high nibble of the active pixels */
	assert_int_equal(e[56] | (e[58] & 0xf0) << 4, WORLD_WIDTH);
	assert_int_equal(e[59] | (e[61] & 0xf0) << 4, WORLD_HEIGHT);
	const uint32_t clock_khz = (uint32_t)(e[54] | e[55] << 8) * 10;
	assert_in_range(clock_khz, 5000, 655350);
}

static void
flush_commits_exactly_the_pixels_of_guest_memory(void **state)
{
	struct world *w = *state;
	const struct gpu_rect parts[] = {{0, 0, 320, 200}, {17, 33, 1, 1},
	    {319, 199, 1, 1}, {0, 199, 320, 1}, {100, 50, 64, 64}};

	for (uint32_t i = 0; i < 5; i++) {
		const struct commit c =
		    gpu_draw(&w->vm, &w->screen, 0, parts[i], 100 + i);

		/* exact damage, not the whole frame */
		assert_int_equal(c.w, parts[i].w);
		assert_int_equal(c.h, parts[i].h);
	}
}

static void
backing_scattered_over_hundreds_of_pages_is_gathered(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	enum { N = 250 };
	struct virtio_gpu_mem_entry entries[N];
	const struct gpu_buffer b = {.id = 7,
	    .width = 640,
	    .height = 400,
	    .at = vm_alloc_b(vm, N * 4096)};
	const struct gpu_buffer linear = {.id = 7,
	    .width = 640,
	    .height = 400,
	    .at = vm_alloc_b(vm, N * 4096)};

	/* page i of the picture lies at page (i * 87) mod 250 of the memory */
	gpu_paint(vm, &linear, gpu_all(&linear), 3);
	for (uint32_t i = 0; i < N; i++) {
		const uint32_t page = i * 87 % N;

		entries[i] = (struct virtio_gpu_mem_entry){
		    .addr = vm_gpa(b.at + page * 4096), .length = 4096};
		memcpy(vm->mem + b.at + page * 4096,
		    vm->mem + linear.at + i * 4096, 4096);
	}
	assert_int_equal(gpu_create(vm, 7, 2, 640, 400), ok);
	assert_int_equal(gpu_attach_entries(vm, 7, N, entries, N), ok);
	assert_int_equal(gpu_set_scanout(vm, 1, 7, gpu_all(&b)), ok);
	assert_int_equal(gpu_transfer(vm, 7, gpu_all(&b), 0), ok);
	assert_int_equal(gpu_flush(vm, 7, gpu_all(&b)), ok);
	struct commit c = host_expect_commit(&w->host, 1);
	if (!gpu_is_shown(vm, &c, gpu_all(&b), 3))
		c = host_expect_commit(&w->host, 1);
	assert_true(gpu_is_shown(vm, &c, gpu_all(&b), 3));
}

static void
page_flip_between_two_buffers_shows_each_in_turn(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const struct gpu_buffer b[2] = {
	    w->screen, gpu_make_buffer(vm, 2, 320, 200)};

	for (uint32_t i = 0; i < 20; i++) {
		const struct gpu_buffer *to = &b[i % 2];

		gpu_paint(vm, to, gpu_all(to), i);
		assert_int_equal(gpu_transfer(vm, to->id, gpu_all(to), 0), ok);
		host_skip_ups(&w->host);
		assert_int_equal(
		    gpu_set_scanout(vm, 0, to->id, gpu_all(to)), ok);
		assert_int_equal(gpu_flush(vm, to->id, gpu_all(to)), ok);
		const struct commit c = host_expect_commit(&w->host, 0);
		assert_true(gpu_is_shown(vm, &c, gpu_all(to), i));
	}
}

static void
scanouts_are_independent_and_can_be_switched_off(void **state)
{
	struct world *w = *state;
	const struct gpu_buffer second = gpu_show(&w->vm, 1, 2, 640, 400);
	const struct gpu_rect part = {5, 6, 7, 8};

	(void)gpu_draw(&w->vm, &w->screen, 0, part, 50);
	(void)gpu_draw(&w->vm, &second, 1, part, 51);
	host_skip_ups(&w->host);
	assert_int_equal(
	    gpu_set_scanout(&w->vm, 1, 0, (struct gpu_rect){0}), ok);
	assert_int_equal(host_expect_commit(&w->host, 1).width_px, 0);
	(void)gpu_draw(&w->vm, &w->screen, 0, part, 52);
}

static void
fence_is_returned_by_its_flag_even_with_id_zero(void **state)
{
	struct world *w = *state;
	const uint64_t ids[] = {0, 1, ~0ull};

	for (uint32_t i = 0; i < 3; i++) {
		const struct virtio_gpu_resource_detach_backing c = {
		    .hdr = {.type = VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING,
			.flags = VIRTIO_GPU_FLAG_FENCE,
			.fence_id = ids[i]},
		    .resource_id = i == 2 ? 99 : w->screen.id,
		};
		const struct virtio_gpu_mem_entry entry = {
		    .addr = vm_gpa(w->screen.at), .length = 320 * 200 * 4};

		/* gpu_call() demands the same flag and id in the reply, also
		 * in that of a refusal */
		const uint32_t type = gpu_simple(&w->vm, &c, sizeof(c));
		assert_int_equal(type == ok, i != 2);
		if (i != 2)
			assert_int_equal(gpu_attach_entries(&w->vm,
					     w->screen.id, 1, &entry, 1),
			    ok);
	}
}

static void
cursor_is_shown_moved_and_hidden(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const struct gpu_buffer image = gpu_make_buffer(vm, 3, 64, 64);
	struct up_record up;
	struct wire_cursor wire;
	struct cursor cursor;

	gpu_paint(vm, &image, gpu_all(&image), 9);
	for (uint32_t i = 0; i < 64 * 64; i++) /* opaque */
		vm->mem[image.at + i * 4 + 3] = 0xff;
	assert_int_equal(gpu_transfer(vm, 3, gpu_all(&image), 0), ok);
	assert_int_equal(
	    gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 3, 10, 20, 5, 6),
	    0);
	host_expect_up(&w->host, UP_CURSOR, &up);
	assert_int_equal(decode_cursor(up.bytes, sizeof(up.bytes), &wire), 0);
	assert_int_equal(check_cursor(&wire, WORLD_POOL, &cursor), 0);
	assert_true(cursor.visible);
	assert_int_equal(cursor.hot_x, 5);
	assert_int_equal(cursor.hot_y, 6);
	const struct commit as = {
	    .offset_bytes = cursor.offset_bytes, .stride_bytes = 256};
	assert_true(gpu_is_shown(vm, &as, gpu_all(&image), 9));
	/* opaque pixels stay opaque */
	assert_int_equal(w->host.pool[cursor.offset_bytes + 3], 0xff);
	assert_int_equal(
	    gpu_cursor(vm, VIRTIO_GPU_CMD_MOVE_CURSOR, 0, 3, 11, 21, 5, 6), 0);
	assert_int_equal(
	    gpu_cursor(vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0), 0);
	host_expect_up(&w->host, UP_CURSOR, &up);
	assert_int_equal(up.bytes[1], 0);
}

static void
reboot_of_the_guest_starts_from_nothing(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	struct dev *gpu = &vm->dev[SOCKET_GPU];

	for (uint32_t i = 0; i < 20; i++) {
		host_skip_ups(&w->host);
		assert_int_equal(dev_stop(gpu), 0);
		/* its picture goes, and its resources */
		assert_int_equal(host_expect_commit(&w->host, 0).width_px, 0);
		assert_int_equal(dev_start(gpu), 0);
		assert_true(gpu_flush(vm, 1, gpu_all(&w->screen)) != ok);
		vm_free_b(vm);
		w->screen = gpu_show(vm, 0, 1, 320 + i, 200);
	}
}

static void
new_mode_wish_reaches_display_info_and_edid(void **state)
{
	struct world *w = *state;
	struct virtio_gpu_resp_display_info info;
	struct virtio_gpu_resp_edid edid;
	const struct down wish = {
	    .op = DOWN_CONFIGURE, .scanout = 0, .width = 800, .height = 592};
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	host_put_down(&w->host, &wish);
	do { /* nothing tells us when it was read, so ask again */
		assert_int_equal(gpu_display_info(&w->vm, &info),
		    VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
		assert_true(now_ms() < deadline);
	} while (info.pmodes[0].r.width != 800);
	assert_int_equal(info.pmodes[0].r.height, 592);
	assert_int_equal(info.pmodes[1].r.width, WORLD_WIDTH);
	assert_int_equal(gpu_edid(&w->vm, 0, &edid), VIRTIO_GPU_RESP_OK_EDID);
	assert_int_equal(edid.edid[56] | (edid.edid[58] & 0xf0) << 4, 800);
	assert_int_equal(edid.edid[59] | (edid.edid[61] & 0xf0) << 4, 592);
}

static const struct CMUnitTest tests[] = {
    world_test(back_end_offers_what_stock_qemu_needs_and_nothing_more),
    world_test(gpu_config_is_readable_before_any_memory_is_known),
    world_test(vm_that_comes_and_goes_is_announced_to_the_core),
    world_test_vm(display_info_tells_the_configured_scanouts),
    world_test_vm(edid_prefers_the_configured_mode),
    world_test_vm(flush_commits_exactly_the_pixels_of_guest_memory),
    world_test_vm(backing_scattered_over_hundreds_of_pages_is_gathered),
    world_test_vm(page_flip_between_two_buffers_shows_each_in_turn),
    world_test_vm(scanouts_are_independent_and_can_be_switched_off),
    world_test_vm(fence_is_returned_by_its_flag_even_with_id_zero),
    world_test_vm(cursor_is_shown_moved_and_hidden),
    world_test_vm(reboot_of_the_guest_starts_from_nothing),
    world_test_vm(new_mode_wish_reaches_display_info_and_edid),
};

WORLD_MAIN(tests)
