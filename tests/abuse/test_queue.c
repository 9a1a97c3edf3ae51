/*
 * A hostile guest that breaks the rules of its virtqueues: bug classes 6, 7
 * and 8 of section 4 in the reference. A request that is only strange is
 * answered; a ring that is broken costs the VM its connection.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

enum { SCRATCH = 64 << 10, HEADER_BYTES = 24 };

static struct vq *
control_queue(struct world *w)
{
	return &w->vm.dev[SOCKET_GPU].q[0];
}

static uint32_t
scratch(struct world *w)
{
	return vm_alloc_a(&w->vm, SCRATCH);
}

static struct virtio_gpu_transfer_to_host_2d
transfer_of(uint32_t id)
{
	return (struct virtio_gpu_transfer_to_host_2d){
	    .hdr = {.type = VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D},
	    .r = {0, 0, 16, 16},
	    .resource_id = id,
	};
}

static uint32_t
reply_type(struct world *w, uint32_t at)
{
	uint32_t type;

	memcpy(&type, w->vm.mem + at, sizeof(type));
	return type;
}

/* ------------------------------------------------------------------------ */
/* 6. short descriptors							     */

static void
every_command_cut_short_at_every_length_is_refused(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t type, size;
	} commands[] = {{0x101, 40}, {0x102, 32}, {0x103, 48}, {0x104, 48},
	    {0x105, 56}, {0x106, 32}, {0x107, 32}, {0x10a, 32}};
	const uint32_t at = scratch(w);
	uint32_t used;

	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++)
		for (uint32_t len = 0; len < commands[c].size; len++) {
			const struct piece pieces[] = {
			    {at, len, false}, {at + 4096, HEADER_BYTES, true}};

			if (len == 0) /* a zero descriptor: see below */
				continue;
			memset(w->vm.mem + at, 0, 64);
			memcpy(w->vm.mem + at, &commands[c].type, 4);
			w->vm.mem[at + 24] = 1; /* resource 1 or width 1 */
			memset(w->vm.mem + at + 4096, 0, HEADER_BYTES);
			assert_int_equal(
			    vq_call(control_queue(w), pieces, 2, &used), 0);
			assert_true(used <= HEADER_BYTES);
			if (used >= 4)
				assert_in_range(
				    reply_type(w, at + 4096), 0x1200, 0x1205);
		}
	/* nothing of it had an effect: the screen is still there */
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 4);
}

static void
request_in_single_byte_descriptors_works_like_a_whole_one(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct virtio_gpu_transfer_to_host_2d c = transfer_of(1);
	struct piece pieces[58];
	uint32_t used;

	for (uint32_t i = 0; i < sizeof(c); i++) {
		/* scattered, backwards */
		pieces[i] = (struct piece){at + (60 - i) * 64, 1, false};
		w->vm.mem[pieces[i].at] = ((const uint8_t *)&c)[i];
	}
	/* the reply in two odd parts */
	pieces[56] = (struct piece){at + 8192, 3, true};
	pieces[57] = (struct piece){at + 8195, 21, true};
	gpu_paint(&w->vm, &w->screen, gpu_all(&w->screen), 21);
	assert_int_equal(vq_call(control_queue(w), pieces, 58, &used), 0);
	assert_int_equal(used, HEADER_BYTES);
	assert_int_equal(reply_type(w, at + 8192), ok);
	host_skip_ups(&w->host);
	assert_int_equal(
	    gpu_flush(&w->vm, 1, (struct gpu_rect){0, 0, 16, 16}), ok);
	const struct commit commit = host_expect_commit(&w->host, 0);
	assert_true(
	    gpu_is_shown(&w->vm, &commit, (struct gpu_rect){0, 0, 16, 16}, 21));
}

static void
odd_splits_of_a_request_all_work(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct virtio_gpu_transfer_to_host_2d c = transfer_of(1);
	uint32_t used;

	for (uint32_t a = 1; a < sizeof(c) - 1; a++)
		for (uint32_t b = a + 1; b < sizeof(c); b += 5) {
			const struct piece pieces[] = {{at, a, false},
			    {at + 1024, b - a, false},
			    {at + 2048, (uint32_t)sizeof(c) - b, false},
			    {at + 3072, HEADER_BYTES, true}};
			const uint8_t *bytes = (const uint8_t *)&c;

			memcpy(w->vm.mem + at, bytes, a);
			memcpy(w->vm.mem + at + 1024, bytes + a, b - a);
			memcpy(w->vm.mem + at + 2048, bytes + b, sizeof(c) - b);
			assert_int_equal(
			    vq_call(control_queue(w), pieces, 4, &used), 0);
			assert_int_equal(used, HEADER_BYTES);
			assert_int_equal(reply_type(w, at + 3072), ok);
		}
}

static void
reply_never_exceeds_what_is_writable(void **state)
{
	struct world *w = *state;
	struct virtio_gpu_ctrl_hdr c = {
	    .type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO};
	const uint32_t at = scratch(w);
	const uint32_t sizes[] = {1, 3, 4, 23, 24, 25, 100, 407, 408};
	uint32_t used;

	memcpy(w->vm.mem + at, &c, sizeof(c));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct piece pieces[] = {
		    {at, sizeof(c), false}, {at + 4096, sizes[i], true}};

		memset(w->vm.mem + at + 4096, 0x5a, 1024);
		assert_int_equal(
		    vq_call(control_queue(w), pieces, 2, &used), 0);
		assert_true(used <= sizes[i]);
		for (uint32_t k = sizes[i]; k < 1024; k++)
			assert_int_equal(w->vm.mem[at + 4096 + k], 0x5a);
	}
	world_expect_alive(w);
}

static void
request_without_any_reply_buffer_is_given_back(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	uint32_t used;

	for (uint32_t type = 0x100; type < 0x110; type++) {
		const struct piece piece = {at, 64, false};

		memset(w->vm.mem + at, 0, 64);
		memcpy(w->vm.mem + at, &type, 4);
		assert_int_equal(
		    vq_call(control_queue(w), &piece, 1, &used), 0);
		assert_int_equal(used, 0);
	}
	world_expect_alive(w);
}

static void
request_with_nothing_to_read_is_given_back(void **state)
{
	struct world *w = *state;
	const struct piece piece = {scratch(w), 4096, true};
	uint32_t used;

	assert_int_equal(vq_call(control_queue(w), &piece, 1, &used), 0);
	assert_true(used <= 4096);
	world_expect_alive(w);
}

static void
cursor_queue_takes_reply_buffers_and_foreign_commands(void **state)
{
	struct world *w = *state;
	struct vq *q = &w->vm.dev[SOCKET_GPU].q[1];
	const uint32_t at = scratch(w);
	uint32_t used;

	for (uint32_t type = 0; type < 0x400; type++) {
		const struct piece pieces[] = {{at, 1 + type % 128, false},
		    {at + 4096, type % 29 + 1, true}};

		memset(w->vm.mem + at, 0, 128);
		memcpy(w->vm.mem + at, &type, 4);
		assert_int_equal(vq_call(q, pieces, 1 + type % 2, &used), 0);
	}
	world_expect_alive(w);
}

static void
reply_before_request_in_the_chain_drops_the_vm_or_is_answered(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {{at + 4096, 64, true}, {at, 64, false}};
	const size_t log = w->host.child.log_len;
	uint32_t used;

	memset(w->vm.mem + at, 0, 64);
	if (vq_call(control_queue(w), pieces, 2, &used) == 0)
		world_expect_alive(w);
	else
		world_expect_drop(w, &w->vm.dev[SOCKET_GPU], log, "");
}

/* ------------------------------------------------------------------------ */
/* 8. ring walking							     */

/* What the driver did breaks the ring; the VM is dropped, with one line. */
static void
expect_broken(struct world *w, struct vq *q)
{
	const size_t log = w->host.child.log_len;

	vq_kick(q);
	world_expect_drop(w, q->dev, log, "");
}

static void
head_outside_the_table_drops_the_vm(void **state)
{
	struct world *w = *state;

	vq_offer(control_queue(w), 64);
	expect_broken(w, control_queue(w));
}

static void
largest_head_drops_the_vm(void **state)
{
	struct world *w = *state;

	vq_offer(control_queue(w), 0xffff);
	expect_broken(w, control_queue(w));
}

static void
next_outside_the_table_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);
	const struct piece pieces[] = {
	    {scratch(w), 24, false}, {scratch(w), 24, true}};

	vq_chain(q, 0, pieces, 2);
	vq_desc(q, 0)->next = 64;
	vq_offer(q, 0);
	expect_broken(w, q);
}

static void
chain_that_loops_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {
	    {at, 24, false}, {at, 24, false}, {at, 24, false}};

	vq_chain(q, 0, pieces, 3);
	*vq_desc(q, 2) = (struct vring_desc){.addr = vm_gpa(at),
	    .len = 24,
	    .flags = VRING_DESC_F_NEXT,
	    .next = 1};
	vq_offer(q, 0);
	expect_broken(w, q);
}

static void
descriptor_that_is_its_own_next_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);

	*vq_desc(q, 5) = (struct vring_desc){.addr = vm_gpa(scratch(w)),
	    .len = 1,
	    .flags = VRING_DESC_F_NEXT,
	    .next = 5};
	vq_offer(q, 5);
	expect_broken(w, q);
}

static void
chain_of_all_descriptors_is_answered(void **state)
{
	struct world *w = *state;
	struct piece pieces[64];
	const uint32_t at = scratch(w);
	uint32_t used;

	memset(w->vm.mem + at, 0, SCRATCH);
	for (uint32_t i = 0; i < 64; i++)
		pieces[i] = (struct piece){at + i * 512, 512, i >= 32};
	assert_int_equal(vq_call(control_queue(w), pieces, 64, &used), 0);
	world_expect_alive(w);
}

static void
indirect_descriptor_that_was_never_offered_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);
	const uint32_t at = scratch(w);

	*(struct vring_desc *)(void *)(w->vm.mem + at) = (struct vring_desc){
	    .addr = vm_gpa(at), .len = 16, .flags = VRING_DESC_F_INDIRECT};
	*vq_desc(q, 0) = (struct vring_desc){
	    .addr = vm_gpa(at), .len = 16, .flags = VRING_DESC_F_INDIRECT};
	vq_offer(q, 0);
	expect_broken(w, q);
}

static void
expect_bad_piece(struct world *w, uint64_t addr, uint32_t len, bool is_reply)
{
	struct vq *q = control_queue(w);
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {{at, 24, false}, {at + 64, 24, true}};

	memset(w->vm.mem + at, 0, 64);
	vq_chain(q, 0, pieces, 2);
	vq_desc(q, is_reply ? 1 : 0)->addr = addr;
	vq_desc(q, is_reply ? 1 : 0)->len = len;
	vq_offer(q, 0);
	expect_broken(w, q);
}

static void
request_at_an_address_that_wraps_drops_the_vm(void **state)
{
	expect_bad_piece(*state, ~0ull - 8, 24, false);
}

static void
request_outside_all_regions_drops_the_vm(void **state)
{
	expect_bad_piece(*state, 1ull << 50, 24, false);
}

static void
request_that_leaves_its_region_drops_the_vm(void **state)
{
	/* contiguous in the file, not in guest physical addresses */
	expect_bad_piece(*state, VM_A_BYTES - 12, 24, false);
}

static void
request_of_four_gigabytes_drops_the_vm(void **state)
{
	expect_bad_piece(*state, 0, 0xffffffff, false);
}

static void
reply_to_an_address_that_wraps_drops_the_vm(void **state)
{
	expect_bad_piece(*state, ~0ull - 8, 24, true);
}

static void
reply_that_leaves_its_region_drops_the_vm(void **state)
{
	expect_bad_piece(
	    *state, VM_B_GPA + VM_BYTES - VM_A_BYTES - 23, 24, true);
}

static void
descriptors_of_length_zero_are_defined(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {{at, 0, false}, {at, 24, false},
	    {at + 64, 0, true}, {at + 64, 24, true}};
	const size_t log = w->host.child.log_len;
	uint32_t used;

	memset(w->vm.mem + at, 0, 64);
	/* virtio 1.2, 2.7.5.2 forbids them only by implication */
	if (vq_call(control_queue(w), pieces, 4, &used) == 0)
		world_expect_alive(w);
	else
		world_expect_drop(w, &w->vm.dev[SOCKET_GPU], log, "");
}

static void
available_index_that_jumps_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);

	vq_avail(q)->idx = (uint16_t)(q->avail_idx + 65);
	expect_broken(w, q);
}

static void
available_index_that_goes_back_drops_the_vm(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);

	vq_avail(q)->idx = (uint16_t)(q->avail_idx - 1);
	expect_broken(w, q);
}

static void
same_head_offered_64_times_is_served_64_times(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {{at, 24, false}, {at + 64, 24, true}};
	struct vring_used_elem elem;

	memset(w->vm.mem + at, 0, 64);
	vq_chain(q, 0, pieces, 2);
	for (uint32_t i = 0; i < 64; i++)
		vq_offer(q, 0);
	vq_kick(q);
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(vq_wait_used(q, &elem), 0);
		assert_int_equal(elem.id, 0);
	}
	world_expect_alive(w);
}

static void
indices_wrap_at_65536_without_a_gap(void **state)
{
	struct world *w = *state;
	struct vq *q = &w->vm.dev[SOCKET_GPU].q[1];
	const uint32_t at = scratch(w);
	const struct piece piece = {at, 56, false};
	struct vring_used_elem elem;

	memset(w->vm.mem + at, 0, 64);
	vq_chain(q, 0, &piece, 1);
	for (uint32_t i = 0; i < 65536 + 64; i += 16) {
		for (uint32_t k = 0; k < 16; k++)
			vq_offer(q, 0);
		vq_kick(q);
		for (uint32_t k = 0; k < 16; k++)
			assert_int_equal(vq_wait_used(q, &elem), 0);
	}
	world_expect_alive(w);
}

static void
backlog_of_expensive_requests_is_served_in_small_batches(void **state)
{
	struct world *w = *state;
	struct dev *gpu = &w->vm.dev[SOCKET_GPU];
	struct vq *q = control_queue(w);
	enum { BACKLOG = 256, SIDE = 1024 };
	struct virtio_gpu_transfer_to_host_2d c = transfer_of(2);
	struct vring_used_elem elem;
	uint8_t config[136];

	assert_int_equal(dev_stop(gpu), 0);
	q->num = BACKLOG;
	assert_int_equal(dev_start(gpu), 0);
	(void)gpu_make_buffer(&w->vm, 2, SIDE, SIDE);
	const uint32_t at = scratch(w);
	const struct piece pieces[] = {
	    {at, sizeof(c), false}, {at + 64, 24, true}};
	c.r = (struct virtio_gpu_rect){0, 0, SIDE, SIDE};
	memcpy(w->vm.mem + at, &c, sizeof(c));
	vq_chain(q, 0, pieces, 2);
	for (uint32_t i = 0; i < BACKLOG; i++)
		vq_offer(q, 0);
	vq_kick(q);
	/* once the first batch was begun, another device asks */
	const volatile uint16_t *used = &vq_used(q)->idx;
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;
	while (*used == q->used_idx && now_ms() < deadline)
		sched_yield();
	assert_int_equal(
	    vu_get_config(&w->vm.dev[SOCKET_KEYBOARD], 0, 136, config), 0);
	/* it did not have to wait for all of them */
	assert_true((uint16_t)(*used - q->used_idx) < BACKLOG);
	for (uint32_t i = 0; i < BACKLOG; i++)
		assert_int_equal(vq_wait_used(q, &elem), 0);
}

struct flood {
	struct world *w;
	_Atomic bool is_over;
};

/* A guest that never lets the control queue run empty. */
static void *
offer_for_ever(void *data)
{
	struct flood *flood = data;
	struct vq *q = control_queue(flood->w);
	uint32_t turns = 0;

	while (!atomic_load(&flood->is_over)) {
		volatile uint16_t *avail = &vq_avail(q)->idx;
		const uint16_t used = *(volatile uint16_t *)&vq_used(q)->idx;

		*avail = (uint16_t)(used + 60);
		if (turns++ % 64 == 0)
			vq_kick(q);
	}
	return NULL;
}

static void
endless_requests_do_not_starve_the_other_devices(void **state)
{
	struct world *w = *state;
	struct vq *q = control_queue(w);
	const uint32_t at = scratch(w);
	/* the most expensive cheap command: a copy of the whole screen */
	struct virtio_gpu_transfer_to_host_2d c = transfer_of(1);
	const struct piece pieces[] = {
	    {at, sizeof(c), false}, {at + 64, 24, true}};
	struct flood flood = {.w = w};
	pthread_t thread;
	uint8_t config[136];

	c.r = (struct virtio_gpu_rect){0, 0, 320, 200};
	memcpy(w->vm.mem + at, &c, sizeof(c));
	vq_chain(q, 0, pieces, 2);
	memset(vq_avail(q)->ring, 0, 64 * 2);
	assert_int_equal(
	    pthread_create(&thread, NULL, offer_for_ever, &flood), 0);
	const int64_t start = now_ms();
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(
		    vu_get_config(&w->vm.dev[SOCKET_KEYBOARD], 0, 136, config),
		    0);
		assert_int_equal(dev_sync(&w->vm.dev[SOCKET_GPU]), 0);
	}
	const int64_t took = now_ms() - start;
	atomic_store(&flood.is_over, true);
	pthread_join(thread, NULL);
	/* 200 round trips; each may wait for one bounded batch of copies */
	assert_in_range(took, 0, HOST_DEADLINE_MS / 2);
	q->avail_idx = vq_avail(q)->idx;
	assert_int_equal(dev_sync(&w->vm.dev[SOCKET_GPU]), 0);
}

/* ------------------------------------------------------------------------ */
/* 7. double fetch							     */

struct flipper {
	struct world *w;
	volatile uint32_t *words[4]; /* in guest memory */
	uint32_t values[4][4];
	_Atomic bool is_over;
};

static void *
flip_for_ever(void *data)
{
	struct flipper *flip = data;
	uint32_t i = 0;

	while (!atomic_load_explicit(&flip->is_over, memory_order_relaxed)) {
		for (uint32_t k = 0; k < 4; k++)
			if (flip->words[k])
				*flip->words[k] = flip->values[k][i & 3];
		i++;
	}
	return NULL;
}

/* The same chain n times, 16 in flight, while a thread flips its fields. */
static int
hammer(struct world *w, struct flipper *flip, uint32_t n)
{
	struct vq *q = control_queue(w);
	pthread_t thread;
	int err = 0;

	assert_int_equal(pthread_create(&thread, NULL, flip_for_ever, flip), 0);
	for (uint32_t i = 0; err == 0 && i < n; i += 16) {
		struct vring_used_elem elem;

		for (uint32_t k = 0; k < 16; k++)
			vq_offer(q, 0);
		vq_kick(q);
		for (uint32_t k = 0; err == 0 && k < 16; k++) {
			err = vq_wait_used(q, &elem);
			if (err == 0 && (elem.id != 0 || elem.len > 24))
				err = -EBADMSG;
		}
	}
	atomic_store(&flip->is_over, true);
	pthread_join(thread, NULL);
	return err;
}

static volatile uint32_t *
word_at(struct world *w, uint32_t at)
{
	return (volatile uint32_t *)(void *)(w->vm.mem + at);
}

static void
command_that_changes_while_it_is_read_is_judged_once(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct virtio_gpu_transfer_to_host_2d c = transfer_of(1);
	const struct piece pieces[] = {
	    {at, sizeof(c), false}, {at + 64, 24, true}};
	/* x, width, offset's high word, id: legal and deadly in turn */
	struct flipper flip = {
	    .w = w,
	    .words = {word_at(w, at + 24), word_at(w, at + 32),
		word_at(w, at + 44), word_at(w, at + 48)},
	    .values = {{0, 0xfffffff0, 0, 304}, {16, 16, 0xffffffff, 17},
		{0, 0, 0, 0xffffffff}, {1, 1, 0xffffffff, 1}},
	};

	memcpy(w->vm.mem + at, &c, sizeof(c));
	vq_chain(control_queue(w), 0, pieces, 2);
	assert_int_equal(hammer(w, &flip, 100000), 0);
	world_expect_alive(w);
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 4);
}

static void
attach_whose_count_and_entries_change_is_judged_once(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	struct {
		struct virtio_gpu_resource_attach_backing c;
		struct virtio_gpu_mem_entry entries[4];
	} request = {
	    .c = {.hdr = {.type = VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING},
		.resource_id = 9,
		.nr_entries = 4},
	    .entries = {{VM_B_GPA, 4096, 0}, {VM_B_GPA, 4096, 0},
		{VM_B_GPA, 4096, 0}, {VM_B_GPA, 4096, 0}},
	};
	const struct piece pieces[] = {
	    {at, sizeof(request), false}, {at + 256, 24, true}};
	/* type: attach, detach, transfer; then count, address, length */
	struct flipper flip = {
	    .w = w,
	    .words = {word_at(w, at), word_at(w, at + 28), word_at(w, at + 36),
		word_at(w, at + 40)},
	    .values = {{0x106, 0x107, 0x105, 0x106}, {4, 3, 0xffffffff, 5},
		{0, 0xffffffff, 0, 0x7fffffff}, {4096, 0xffffffff, 1, 0}},
	};

	assert_int_equal(gpu_create(&w->vm, 9, 2, 64, 64), ok);
	memcpy(w->vm.mem + at, &request, sizeof(request));
	vq_chain(control_queue(w), 0, pieces, 2);
	assert_int_equal(hammer(w, &flip, 100000), 0);
	world_expect_alive(w);
	assert_int_equal(gpu_unref(&w->vm, 9), ok);
}

static void
descriptors_that_change_while_they_are_walked_are_judged_once(void **state)
{
	struct world *w = *state;
	const uint32_t at = scratch(w);
	const struct virtio_gpu_transfer_to_host_2d c = transfer_of(1);
	const struct piece pieces[] = {
	    {at, sizeof(c), false}, {at + 64, 24, true}};
	struct vq *q = control_queue(w);

	memcpy(w->vm.mem + at, &c, sizeof(c));
	/* length and high half of the address, both still in memory: the
	 * request is short, long or whole, and never dropped */
	vq_chain(q, 0, pieces, 2);
	struct flipper flip = {
	    .w = w,
	    .words = {&vq_desc(q, 0)->len, &vq_desc(q, 1)->len,
		(volatile uint32_t *)(void *)vq_desc(q, 0), NULL},
	    .values = {{56, 1, 4096, 23}, {24, 1, 24, 23},
		{(uint32_t)vm_gpa(at), (uint32_t)vm_gpa(at) + 1,
		    (uint32_t)vm_gpa(at), 0}},
	};
	assert_int_equal(hammer(w, &flip, 100000), 0);
	vq_chain(q, 0, pieces, 2);
	world_expect_alive(w);
}

static void
descriptors_that_turn_deadly_end_only_this_vm(void **state)
{
	struct world *w = *state;

	/* each round ends when the ring was caught broken */
	for (uint32_t round = 0; round < 20; round++) {
		const uint32_t at = scratch(w);
		const struct piece pieces[] = {
		    {at, 56, false}, {at + 64, 24, true}};
		struct vq *q = control_queue(w);

		vq_chain(q, 0, pieces, 2);
		struct flipper flip = {
		    .w = w,
		    .words =
			{(volatile uint32_t *)(void *)&vq_desc(q, 0)->flags,
			    &vq_desc(q, 0)->len, &vq_desc(q, 1)->len,
			    (volatile uint32_t *)(void *)vq_desc(q, 1) + 1},
		    /* flags and next in one word */
		    .values = {{0x10001, 0x10001, 0x00001, 0x400001},
			{56, 56, 0xffffffff, 56}, {24, 0xffffffff, 24, 24},
			{0, 0, 0x80000000, 0xffffffff}},
		};
		const int err = hammer(w, &flip, 20000);

		assert_true(err == -EPIPE || err == 0);
		world_check_log(&w->host);
		if (w->host.child.has_ended)
			fail_msg("ended; log:\n%s", w->host.child.log);
		world_reboot(w);
	}
}

static const struct CMUnitTest tests[] = {
    world_test_vm(every_command_cut_short_at_every_length_is_refused),
    world_test_vm(request_in_single_byte_descriptors_works_like_a_whole_one),
    world_test_vm(odd_splits_of_a_request_all_work),
    world_test_vm(reply_never_exceeds_what_is_writable),
    world_test_vm(request_without_any_reply_buffer_is_given_back),
    world_test_vm(request_with_nothing_to_read_is_given_back),
    world_test_vm(cursor_queue_takes_reply_buffers_and_foreign_commands),
    world_test_vm(
	reply_before_request_in_the_chain_drops_the_vm_or_is_answered),
    world_test_vm(head_outside_the_table_drops_the_vm),
    world_test_vm(largest_head_drops_the_vm),
    world_test_vm(next_outside_the_table_drops_the_vm),
    world_test_vm(chain_that_loops_drops_the_vm),
    world_test_vm(descriptor_that_is_its_own_next_drops_the_vm),
    world_test_vm(chain_of_all_descriptors_is_answered),
    world_test_vm(indirect_descriptor_that_was_never_offered_drops_the_vm),
    world_test_vm(request_at_an_address_that_wraps_drops_the_vm),
    world_test_vm(request_outside_all_regions_drops_the_vm),
    world_test_vm(request_that_leaves_its_region_drops_the_vm),
    world_test_vm(request_of_four_gigabytes_drops_the_vm),
    world_test_vm(reply_to_an_address_that_wraps_drops_the_vm),
    world_test_vm(reply_that_leaves_its_region_drops_the_vm),
    world_test_vm(descriptors_of_length_zero_are_defined),
    world_test_vm(available_index_that_jumps_drops_the_vm),
    world_test_vm(available_index_that_goes_back_drops_the_vm),
    world_test_vm(same_head_offered_64_times_is_served_64_times),
    world_test_vm(indices_wrap_at_65536_without_a_gap),
    world_test_vm(backlog_of_expensive_requests_is_served_in_small_batches),
    world_test_vm(endless_requests_do_not_starve_the_other_devices),
    world_test_vm(command_that_changes_while_it_is_read_is_judged_once),
    world_test_vm(attach_whose_count_and_entries_change_is_judged_once),
    world_test_vm(
	descriptors_that_change_while_they_are_walked_are_judged_once),
    world_test_vm(descriptors_that_turn_deadly_end_only_this_vm),
};

WORLD_MAIN(tests)
