/*
 * The other side of a tds-guest: a core that does not read, is replaced, or
 * was taken over and writes garbage; and tdsd's channel.
 */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tds/base/channel.h"
#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

/* One drawn frame that nobody fetches; never waits for a commit. */
static void
draw_blindly(struct world *w, uint32_t seed)
{
	const struct gpu_rect r = {seed % 300, seed % 180, 16, 16};

	gpu_paint(&w->vm, &w->screen, r, seed);
	assert_int_equal(
	    gpu_transfer(&w->vm, 1, r, ((uint64_t)r.y * 320 + r.x) * 4), ok);
	assert_int_equal(gpu_flush(&w->vm, 1, r), ok);
}

static void
core_that_never_reads_blocks_neither_guest_nor_process(void **state)
{
	struct world *w = *state;

	w->host.is_core_stuck = true;
	for (uint32_t i = 0; i < 3000; i++)
		draw_blindly(w, i);
	/* everything else is served, too */
	assert_int_equal(dev_sync(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	assert_int_equal(
	    gpu_cursor(&w->vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 1, 0, 0, 0, 0),
	    0);
	gpu_paint(&w->vm, &w->screen, gpu_all(&w->screen), 4242);
	assert_int_equal(gpu_transfer(&w->vm, 1, gpu_all(&w->screen), 0), ok);
	assert_int_equal(gpu_flush(&w->vm, 1, gpu_all(&w->screen)), ok);

	/* it wakes up: all damage arrives, although the ring had overflown */
	w->host.is_core_stuck = false;
	host_skip_ups(&w->host);
	struct commit c;
	uint32_t covered = 0;
	do {
		const struct down tick = {
		    .op = DOWN_TICK, .seq = w->host.last_seq};

		/* a core ticks at every frame while it lives */
		host_put_down(&w->host, &tick);
		c = host_expect_commit(&w->host, 0);
		covered = c.w * c.h;
	} while (covered < 320 * 200);
	assert_true(gpu_is_shown(&w->vm, &c, gpu_all(&w->screen), 4242));
}

static void
doorbell_is_rung_only_when_it_is_wanted(void **state)
{
	struct world *w = *state;

	ring_set_wake(&w->host.up, false);
	while (host_turn(&w->host, -1, 0, 0) == 0)
		;
	w->host.is_core_stuck = true;
	const uint32_t before = w->host.bells;
	for (uint32_t i = 0; i < 100; i++)
		draw_blindly(w, i);
	while (host_turn(&w->host, -1, 0, 0) == 0)
		;
	assert_int_equal(w->host.bells, before);
	/* the records are there all the same */
	w->host.is_core_stuck = false;
	host_skip_ups(&w->host);
	ring_set_wake(&w->host.up, true);
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 5);
	assert_true(w->host.bells > before);
}

static void
idle_guest_process_uses_no_time_at_all(void **state)
{
	struct world *w = *state;
	const uint64_t before = proc_cpu_ms(w->host.child.pid);

	/* nothing to wait for: the one deadline here that is meant to pass */
	assert_int_equal(host_turn(&w->host, -1, 0, 500), -ETIMEDOUT);
	assert_in_range(proc_cpu_ms(w->host.child.pid) - before, 0, 20);
}

static void
doorbell_without_a_record_is_harmless(void **state)
{
	struct world *w = *state;
	const uint64_t many = 1u << 20;

	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(
		    write(w->host.bell_down, &many, sizeof(many)), 8);
	world_expect_alive(w);
}

/* ------------------------------------------------------------------------ */

static void
new_core_is_told_everything_again(void **state)
{
	struct world *w = *state;
	const struct gpu_buffer second = gpu_show(&w->vm, 1, 2, 640, 400);
	struct up_record up;

	gpu_paint(&w->vm, &w->screen, gpu_all(&w->screen), 31);
	assert_int_equal(gpu_transfer(&w->vm, 1, gpu_all(&w->screen), 0), ok);
	assert_int_equal(gpu_flush(&w->vm, 1, gpu_all(&w->screen)), ok);
	for (uint32_t round = 0; round < 30; round++) {
		const struct gpu_buffer *const shown[2] = {&w->screen, &second};
		const uint32_t seeds[2] = {31, 2};
		bool has[2] = {false, false}, has_vm = false;

		host_skip_ups(&w->host);
		host_restart_core(&w->host);
		/* in any order, a full commit of each */
		while (!has[0] || !has[1] || !has_vm) {
			struct wire_commit wire;
			struct commit c;

			if (w->host.at_up == w->host.n_ups) {
				assert_true(host_turn(&w->host, -1, 0,
						HOST_DEADLINE_MS) >= 0);
				continue;
			}
			up = w->host.ups[w->host.at_up++];
			has_vm |= up.bytes[0] == UP_VM && up.bytes[1] == 1;
			if (up.bytes[0] != UP_COMMIT)
				continue;
			assert_int_equal(decode_commit(up.bytes, 32, &wire), 0);
			assert_int_equal(
			    check_commit(&wire, WORLD_POOL, WORLD_SCANOUTS, &c),
			    0);
			const struct gpu_buffer *b = shown[c.scanout];
			assert_int_equal(c.width_px, b->width);
			assert_int_equal(c.w, b->width);
			assert_int_equal(c.h, b->height);
			assert_true(gpu_is_shown(
			    &w->vm, &c, gpu_all(b), seeds[c.scanout]));
			has[c.scanout] = true;
		}
	}
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 99);
}

static void
cursor_and_lights_survive_a_new_core(void **state)
{
	struct world *w = *state;
	const struct gpu_buffer image = gpu_make_buffer(&w->vm, 3, 64, 64);
	struct up_record up;

	gpu_paint(&w->vm, &image, gpu_all(&image), 9);
	assert_int_equal(gpu_transfer(&w->vm, 3, gpu_all(&image), 0), ok);
	assert_int_equal(
	    gpu_cursor(&w->vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 3, 0, 0, 1, 2),
	    0);
	host_expect_up(&w->host, UP_CURSOR, &up);
	host_skip_ups(&w->host);
	host_restart_core(&w->host);
	struct wire_cursor wire;
	do {
		host_expect_up(&w->host, UP_CURSOR, &up);
		assert_int_equal(decode_cursor(up.bytes, 32, &wire), 0);
	} while (wire.visible == 0);
	assert_int_equal(wire.hot_x, 1);
	assert_int_equal(wire.hot_y, 2);
}

static void
restarts_of_the_core_leak_nothing(void **state)
{
	struct world *w = *state;
	uint64_t rss = 0;
	uint32_t fds = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		host_skip_ups(&w->host);
		host_restart_core(&w->host);
		(void)host_expect_commit(&w->host, 0);
		if (i % 50 == 0)
			(void)gpu_draw(
			    &w->vm, &w->screen, 0, gpu_all(&w->screen), i);
		if (i == 100) {
			rss = proc_rss_kb(w->host.child.pid);
			fds = world_count_fds(w);
		}
	}
	assert_int_equal(world_count_fds(w), fds);
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 256);
}

static void
unmap_of_a_shown_buffer_waits_for_the_tick(void **state)
{
	struct world *w = *state;

	/* a silent core may still read what was freed: not given out again */
	w->host.is_silent = true;
	const struct commit old =
	    gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 3);
	const uint64_t end =
	    old.offset_bytes + (uint64_t)old.stride_bytes * old.height_px;
	assert_int_equal(gpu_unref(&w->vm, 1), ok);
	for (uint32_t id = 2; id < 12; id++) {
		const struct gpu_buffer b =
		    gpu_make_buffer(&w->vm, id, 320, 200);

		assert_int_equal(
		    gpu_set_scanout(&w->vm, 0, id, gpu_all(&b)), ok);
		host_skip_ups(&w->host);
		assert_int_equal(gpu_flush(&w->vm, id, gpu_all(&b)), ok);
		const struct commit c = host_expect_commit(&w->host, 0);
		assert_true(c.offset_bytes >= end ||
			    c.offset_bytes + 320 * 200 * 4 <= old.offset_bytes);
	}
	w->host.is_silent = false;
	assert_true(gpu_is_shown(&w->vm, &old, gpu_all(&w->screen), 3));
}

/* ------------------------------------------------------------------------ */
/* A core that was taken over						     */

/*
 * The process has a defined answer: it goes on without that core, or ends by
 * exit(). In both cases with a line, and never by a crash.
 */
static void
expect_defined_answer(struct world *w, size_t log)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	while (!w->host.child.has_ended &&
	       host_count_log(&w->host, log, "") == 0 && now_ms() < deadline)
		(void)host_turn(&w->host, -1, 0, 100);
	assert_in_range(host_count_log(&w->host, log, ""), 1, 3);
	world_check_log(&w->host);
	if (w->host.child.has_ended) {
		world_may_end(w);
		assert_true(WIFEXITED(w->host.child.end_status));
		return;
	}
	/* a new core makes it whole */
	host_skip_ups(&w->host);
	host_restart_core(&w->host);
	(void)host_expect_commit(&w->host, 0);
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 6);
}

static void
put_garbage(struct world *w, uint8_t op, uint32_t at, uint8_t value)
{
	uint8_t record[TDS_RING_RECORD_BYTES] = {0};
	const size_t log = w->host.child.log_len;

	record[0] = op;
	record[at] = value;
	host_put_raw(&w->host, record);
	host_publish(&w->host);
	expect_defined_answer(w, log);
}

static void
down_record_of_no_kind_has_a_defined_answer(void **state)
{
	put_garbage(*state, 0, 0, 0);
}

static void
down_record_of_an_unknown_kind_has_a_defined_answer(void **state)
{
	put_garbage(*state, 5, 0, 5);
}

static void
down_record_for_an_unknown_device_has_a_defined_answer(void **state)
{
	put_garbage(*state, DOWN_INPUT, 1, 4);
}

static void
down_record_for_an_unknown_scanout_has_a_defined_answer(void **state)
{
	put_garbage(*state, DOWN_CONFIGURE, 2, TDS_MAX_SCANOUTS);
}

static void
down_record_with_dirty_padding_has_a_defined_answer(void **state)
{
	put_garbage(*state, DOWN_TICK, 31, 1);
}

static void
down_record_with_a_size_beyond_limits_has_a_defined_answer(void **state)
{
	put_garbage(*state, DOWN_CONFIGURE, 17, 0xff);
}

static void
down_head_that_jumps_has_a_defined_answer(void **state)
{
	struct world *w = *state;
	const size_t log = w->host.child.log_len;
	const uint64_t one = 1;

	atomic_store(
	    (_Atomic uint32_t *)(void *)((uint8_t *)w->host.ring_base + 128),
	    w->host.down.index + TDS_RING_DOWN_RECORDS + 1);
	assert_int_equal(write(w->host.bell_down, &one, sizeof(one)), 8);
	expect_defined_answer(w, log);
}

static void
up_tail_that_jumps_is_like_a_full_ring(void **state)
{
	struct world *w = *state;

	w->host.is_core_stuck = true;
	atomic_store(
	    (_Atomic uint32_t *)(void *)((uint8_t *)w->host.ring_base + 64),
	    w->host.up.index + 0x40000000);
	for (uint32_t i = 0; i < 100; i++)
		draw_blindly(w, i);
	world_expect_alive(w);
	w->host.is_core_stuck = false;
	host_restart_core(&w->host);
	(void)host_expect_commit(&w->host, 0);
}

static void
sizes_that_the_core_wishes_are_cut_to_what_a_mode_can_be(void **state)
{
	struct world *w = *state;
	const uint16_t sizes[] = {0, 1, 2, 3, 7, 319, 8191, TDS_MAX_DIM};
	struct virtio_gpu_resp_edid edid;
	struct virtio_gpu_resp_display_info info;

	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t k = 0; k < 8; k++) {
			const struct down wish = {.op = DOWN_CONFIGURE,
			    .scanout = i % WORLD_SCANOUTS,
			    .width = sizes[i],
			    .height = sizes[k]};

			host_put_down(&w->host, &wish);
			/* an EDID cannot say more than 4095: refused then */
			assert_true(gpu_edid(&w->vm, 0, &edid) != 0);
			assert_int_equal(gpu_display_info(&w->vm, &info),
			    VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
			assert_in_range(info.pmodes[0].r.width, 1, TDS_MAX_DIM);
		}
	world_expect_alive(w);
}

/* ------------------------------------------------------------------------ */
/* tdsd's channel							     */

static void
end_of_tdsd_ends_the_process_in_order(void **state)
{
	struct world *w = *state;

	world_may_end(w);
	shutdown(w->host.child.control, SHUT_RDWR);
	assert_true(host_expect_end(&w->host));
}

static void
garbage_from_tdsd_ends_the_process_in_order(void **state)
{
	struct world *w = *state;

	world_may_end(w);
	assert_int_equal(
	    channel_send(w->host.child.control, "garbage", 7, NULL, 0), 0);
	assert_true(host_expect_end(&w->host));
	assert_true(host_count_log(&w->host, 0, "") >= 1);
}

static const struct CMUnitTest tests[] = {
    world_test_vm(core_that_never_reads_blocks_neither_guest_nor_process),
    world_test_vm(doorbell_is_rung_only_when_it_is_wanted),
    world_test_vm(idle_guest_process_uses_no_time_at_all),
    world_test_vm(doorbell_without_a_record_is_harmless),
    world_test_vm(new_core_is_told_everything_again),
    world_test_vm(cursor_and_lights_survive_a_new_core),
    world_test_vm(restarts_of_the_core_leak_nothing),
    world_test_vm(unmap_of_a_shown_buffer_waits_for_the_tick),
    world_test_vm(down_record_of_no_kind_has_a_defined_answer),
    world_test_vm(down_record_of_an_unknown_kind_has_a_defined_answer),
    world_test_vm(down_record_for_an_unknown_device_has_a_defined_answer),
    world_test_vm(down_record_for_an_unknown_scanout_has_a_defined_answer),
    world_test_vm(down_record_with_dirty_padding_has_a_defined_answer),
    world_test_vm(down_record_with_a_size_beyond_limits_has_a_defined_answer),
    world_test_vm(down_head_that_jumps_has_a_defined_answer),
    world_test_vm(up_tail_that_jumps_is_like_a_full_ring),
    world_test_vm(sizes_that_the_core_wishes_are_cut_to_what_a_mode_can_be),
    world_test_vm(end_of_tdsd_ends_the_process_in_order),
    world_test_vm(garbage_from_tdsd_ends_the_process_in_order),
};

WORLD_MAIN(tests)
