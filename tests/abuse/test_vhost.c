/*
 * A hostile VMM: messages of the vhost-user protocol that are cut short,
 * oversized, unknown, in the wrong order or at the wrong socket; and a VMM
 * that never reads (bug classes 10 and 11).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tds/base/own.h"
#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

/* A realized device on a tds-guest whose log is not rate-limited yet. */
static struct dev *
fresh(struct world *w, enum host_socket which)
{
	world_renew(w);
	assert_int_equal(world_realize(w, which), 0);
	return &w->vm.dev[which];
}

static void
expect_drop(struct world *w, struct dev *dev, size_t log)
{
	world_expect_drop(w, dev, log, "");
	assert_false(w->host.child.has_ended);
}

/* ------------------------------------------------------------------------ */
/* frames								     */

static void
message_byte_by_byte_works_like_a_whole_one(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	const struct vu_header ask = {VU_GET_FEATURES, VU_VERSION, 0};

	for (uint32_t round = 0; round < 20; round++) {
		struct vu_header reply;
		uint64_t features;

		for (size_t i = 0; i < sizeof(ask); i++)
			assert_int_equal(
			    vu_send_raw(
				dev, (const uint8_t *)&ask + i, 1, NULL, 0),
			    0);
		assert_int_equal(vu_receive(dev, &reply, &features, 8), 0);
		assert_int_equal(reply.request, VU_GET_FEATURES);
	}
}

static void
many_messages_in_one_write_are_all_answered(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	struct vu_header ask[100];

	for (uint32_t i = 0; i < 100; i++)
		ask[i] = (struct vu_header){VU_GET_FEATURES, VU_VERSION, 0};
	assert_int_equal(vu_send_raw(dev, ask, sizeof(ask), NULL, 0), 0);
	for (uint32_t i = 0; i < 100; i++) {
		struct vu_header reply;
		uint64_t features;

		assert_int_equal(vu_receive(dev, &reply, &features, 8), 0);
	}
}

static void
message_cut_short_by_the_end_of_the_connection_is_forgotten(void **state)
{
	struct world *w = *state;
	const uint8_t message[20] = {
	    VU_SET_FEATURES, 0, 0, 0, VU_VERSION, 0, 0, 0, 8};

	for (size_t len = 0; len < sizeof(message); len++) {
		struct dev *dev = fresh(w, SOCKET_GPU);

		assert_int_equal(vu_send_raw(dev, message, len, NULL, 0), 0);
		assert_int_equal(shutdown(dev->sock, SHUT_WR), 0);
		assert_int_equal(dev_wait_hangup(dev), 0);
		world_check_log(&w->host);
	}
}

static void
size_that_is_not_the_messages_size_drops_the_vmm(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t request, size;
	} all[] = {{VU_GET_FEATURES, 0}, {VU_SET_FEATURES, 8},
	    {VU_SET_MEM_TABLE, 72}, {VU_SET_VRING_NUM, 8},
	    {VU_SET_VRING_ADDR, 40}, {VU_SET_VRING_BASE, 8},
	    {VU_GET_VRING_BASE, 8}, {VU_SET_VRING_KICK, 8},
	    {VU_SET_VRING_CALL, 8}, {VU_GET_PROTOCOL_FEATURES, 0},
	    {VU_SET_PROTOCOL_FEATURES, 8}, {VU_SET_VRING_ENABLE, 8},
	    {VU_GET_CONFIG, 28}, {VU_SET_CONFIG, 28}};
	static const uint8_t zeroes[4096];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const uint32_t sizes[] = {
		    0, 1, all[i].size - 1, all[i].size + 1, 4096};

		for (uint32_t k = 0; k < 5; k++) {
			if (sizes[k] == all[i].size || sizes[k] > 4096)
				continue;
			struct dev *dev = fresh(w, SOCKET_GPU);
			const size_t log = w->host.child.log_len;

			const int err = vu_send(
			    dev, all[i].request, 0, zeroes, sizes[k], NULL, 0);
			assert_true(err == 0 || err == -EPIPE);
			expect_drop(w, dev, log);
		}
	}
}

static void
size_field_of_gigabytes_is_not_waited_for(void **state)
{
	struct world *w = *state;
	const uint32_t sizes[] = {
	    4097, 65536, 0x7fffffff, 0x80000000, 0xfffffff4, 0xffffffff};

	for (uint32_t i = 0; i < 6; i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const struct vu_header lie = {
		    VU_SET_MEM_TABLE, VU_VERSION, sizes[i]};
		const size_t log = w->host.child.log_len;

		/* dropped at once, although more could come */
		assert_int_equal(
		    vu_send_raw(dev, &lie, sizeof(lie), NULL, 0), 0);
		expect_drop(w, dev, log);
	}
}

static void
config_whose_inner_size_lies_drops_the_vmm(void **state)
{
	struct world *w = *state;
	static const struct vu_config bad[] = {{.offset = 0, .size = 17},
	    {.offset = 0, .size = 0xffffffff},
	    {.offset = 0xffffffff, .size = 16}, {.offset = 0, .size = 15},
	    {.offset = 0xfffffff8, .size = 16}};
	const uint32_t requests[] = {VU_GET_CONFIG, VU_SET_CONFIG};

	for (uint32_t r = 0; r < 2; r++)
		for (uint32_t i = 0; i < 5; i++) {
			struct dev *dev = fresh(w, SOCKET_GPU);
			const size_t log = w->host.child.log_len;

			assert_int_equal(vu_send(dev, requests[r], 0, &bad[i],
					     12 + 16, NULL, 0),
			    0);
			expect_drop(w, dev, log);
		}
}

static void
config_beyond_the_device_is_answered_or_drops_the_vmm(void **state)
{
	struct world *w = *state;
	const uint32_t offsets[] = {1, 16, 100, 256, 0xffff0000, 0xffffffff};
	uint8_t bytes[256];

	for (uint32_t which = 0; which < SOCKET_COUNT; which++)
		for (uint32_t i = 0; i < 6; i++) {
			struct dev *dev = fresh(w, (enum host_socket)which);
			const int err =
			    vu_get_config(dev, offsets[i], 16, bytes);

			/* -EBADMSG: answered with size 0, which says "no" */
			assert_true(err == 0 || err == -EPIPE ||
				    err == -EBADMSG || err == -EMSGSIZE);
			world_check_log(&w->host);
			assert_false(w->host.child.has_ended);
		}
}

static void
unknown_requests_drop_the_vmm(void **state)
{
	struct world *w = *state;
	const uint32_t requests[] = {0, 6, 7, 19, 20, 22, 23, 26, 27, 28, 29,
	    30, 31, 32, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 100,
	    0x7fffffff, 0xffffffff};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (uint32_t flags = 0; flags <= VU_NEED_REPLY;
		     flags += VU_NEED_REPLY) {
			struct dev *dev = fresh(w, SOCKET_GPU);
			const size_t log = w->host.child.log_len;
			const uint64_t payload = 0;

			assert_int_equal(vu_send(dev, requests[i], flags,
					     &payload, 8, NULL, 0),
			    0);
			expect_drop(w, dev, log);
		}
}

static void
wrong_version_or_a_reply_we_never_asked_for_drops_the_vmm(void **state)
{
	struct world *w = *state;
	const uint32_t flags[] = {0, 2, 3, VU_VERSION | VU_REPLY,
	    VU_VERSION | 0x10, 0xfffffff1, 0xffffffff};

	for (uint32_t i = 0; i < 7; i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const struct vu_header bad = {VU_GET_FEATURES, flags[i], 0};
		const size_t log = w->host.child.log_len;

		assert_int_equal(
		    vu_send_raw(dev, &bad, sizeof(bad), NULL, 0), 0);
		expect_drop(w, dev, log);
	}
}

static void
need_reply_on_everything_is_answered_exactly_once(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	const struct vu_vring_state num = {0, 64}, off = {0, 0};
	uint64_t ack = 1, features = dev->features;

	for (uint32_t i = 0; i < 50; i++) {
		assert_int_equal(vu_send_acked(dev, VU_SET_FEATURES, &features,
				     8, NULL, 0, &ack),
		    0);
		assert_int_equal(ack, 0);
		ack = 1;
		assert_int_equal(
		    vu_send_acked(dev, VU_SET_OWNER, NULL, 0, NULL, 0, &ack),
		    0);
		assert_int_equal(ack, 0);
		ack = 1;
		assert_int_equal(vu_send_acked(dev, VU_SET_VRING_NUM, &num,
				     sizeof(num), NULL, 0, &ack),
		    0);
		assert_int_equal(ack, 0);
		ack = 1;
		assert_int_equal(vu_send_acked(dev, VU_SET_VRING_ENABLE, &off,
				     sizeof(off), NULL, 0, &ack),
		    0);
		assert_int_equal(ack, 0);
		/* a request with a reply of its own gets that one only */
		assert_int_equal(vu_send_acked(dev, VU_GET_FEATURES, NULL, 0,
				     NULL, 0, &features),
		    0);
		assert_int_equal(dev_sync(dev), 0);
	}
}

/* ------------------------------------------------------------------------ */
/* descriptors								     */

static void
descriptors_where_none_belong_drop_the_vmm_and_are_closed(void **state)
{
	struct world *w = *state;
	const uint32_t requests[] = {
	    VU_GET_FEATURES, VU_SET_OWNER, VU_GET_QUEUE_NUM};
	int fds[64];

	for (uint32_t i = 0; i < 64; i++)
		fds[i] = STDERR_FILENO;
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t n = 1; n <= 64; n *= 8) {
			world_renew(w);
			assert_int_equal(world_realize(w, SOCKET_MOUSE), 0);
			const uint32_t before = world_count_fds(w);
			assert_int_equal(world_realize(w, SOCKET_GPU), 0);
			struct dev *dev = &w->vm.dev[SOCKET_GPU];
			const size_t log = w->host.child.log_len;

			assert_int_equal(
			    vu_send(dev, requests[i], 0, NULL, 0, fds, n), 0);
			expect_drop(w, dev, log);
			assert_int_equal(dev_sync(&w->vm.dev[SOCKET_MOUSE]), 0);
			assert_int_equal(world_count_fds(w), before);
		}
}

static void
descriptors_that_are_missing_drop_the_vmm(void **state)
{
	struct world *w = *state;
	const uint32_t requests[] = {VU_GPU_SET_SOCKET, VU_SET_SLAVE_REQ_FD};

	for (uint32_t i = 0; i < 2; i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const size_t log = w->host.child.log_len;

		assert_int_equal(
		    vu_send(dev, requests[i], 0, NULL, 0, NULL, 0), 0);
		expect_drop(w, dev, log);
	}
}

static void
descriptors_spread_over_the_bytes_of_a_message_are_closed(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	const uint32_t before = world_count_fds(w);
	const struct vu_header ask = {VU_GET_FEATURES, VU_VERSION, 0};
	int fds[8];

	for (uint32_t i = 0; i < 8; i++)
		fds[i] = STDERR_FILENO;
	/* 8 with each byte of the header: 96 for one message */
	for (size_t i = 0; i < sizeof(ask); i++)
		if (vu_send_raw(dev, (const uint8_t *)&ask + i, 1, fds, 8) < 0)
			break;
	assert_int_equal(dev_wait_hangup(dev), 0);
	assert_int_equal(world_realize(w, SOCKET_GPU), 0);
	assert_int_equal(world_count_fds(w), before);
}

static void
doorbells_that_are_no_eventfds_are_refused_or_never_block(void **state)
{
	struct world *w = *state;
	const uint32_t requests[] = {
	    VU_SET_VRING_KICK, VU_SET_VRING_CALL, VU_SET_VRING_ERR};
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	int AUTO_FD rd = ends[0];
	int AUTO_FD wr = ends[1];
	int AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int AUTO_FD dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	static const uint8_t full[65536];

	/* full, so that a write to it blocks; and blocking */
	assert_true(write(wr, full, sizeof(full)) > 0);
	assert_int_equal(fcntl(wr, F_SETFL, 0), 0);
	const int fds[] = {rd, wr, null, dir};
	for (uint32_t r = 0; r < 3; r++)
		for (uint32_t i = 0; i < 4; i++) {
			world_renew(w);
			assert_int_equal(world_realize(w, SOCKET_GPU), 0);
			struct dev *dev = &w->vm.dev[SOCKET_GPU];
			if (dev_start(dev) < 0)
				fail_msg(
				    "no start; log:\n%s", w->host.child.log);

			(void)vu_send_u64(dev, requests[r], 0, fds[i]);
			vq_offer(&dev->q[0], 0);
			vq_kick(&dev->q[0]);
			(void)dev_sync(dev);
			/* it serves others, whatever it made of it */
			assert_int_equal(world_realize(w, SOCKET_MOUSE), 0);
			world_check_log(&w->host);
			assert_false(w->host.child.has_ended);
		}
}

/* A bell in front of which a plain write() would block for ever. */
static int
full_eventfd(int flags)
{
	const uint64_t most = 0xfffffffffffffffeull;
	const int fd = eventfd(0, EFD_CLOEXEC | flags);

	assert_int_equal(write(fd, &most, sizeof(most)), sizeof(most));
	return fd;
}

static void
call_eventfd_that_is_full_never_blocks_the_back_end(void **state)
{
	struct world *w = *state;
	struct vq *q = &w->vm.dev[SOCKET_GPU].q[0];
	int AUTO_FD full = full_eventfd(EFD_NONBLOCK);

	assert_int_equal(
	    vu_send_u64(&w->vm.dev[SOCKET_GPU], VU_SET_VRING_CALL, 0, full), 0);
	assert_int_equal(dev_sync(&w->vm.dev[SOCKET_GPU]), 0);
	for (uint32_t i = 0; i < 10; i++) {
		vq_offer(q, 0);
		vq_kick(q);
		assert_int_equal(dev_sync(&w->vm.dev[SOCKET_GPU]), 0);
		assert_int_equal(dev_sync(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	}
}

static void
call_eventfd_that_would_block_is_refused_or_never_blocks(void **state)
{
	struct world *w = *state;
	struct vq *q = &w->vm.dev[SOCKET_GPU].q[0];
	int AUTO_FD full = full_eventfd(0);

	assert_int_equal(
	    vu_send_u64(&w->vm.dev[SOCKET_GPU], VU_SET_VRING_CALL, 0, full), 0);
	for (uint32_t i = 0; i < 10; i++) {
		vq_offer(q, 0);
		vq_kick(q);
		(void)dev_sync(&w->vm.dev[SOCKET_GPU]);
		assert_int_equal(dev_sync(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	}
}

/* ------------------------------------------------------------------------ */
/* order								     */

static void
ring_state_in_any_order_and_beyond_limits_is_survived(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t request, index, num;
	} tries[] = {{VU_SET_VRING_NUM, 0, 0}, {VU_SET_VRING_NUM, 0, 3},
	    {VU_SET_VRING_NUM, 0, 65536}, {VU_SET_VRING_NUM, 0, 0x8000},
	    {VU_SET_VRING_NUM, 0, 0xffffffff}, {VU_SET_VRING_NUM, 2, 64},
	    {VU_SET_VRING_NUM, 0xffffffff, 64}, {VU_SET_VRING_BASE, 2, 0},
	    {VU_SET_VRING_BASE, 0x80000000, 0},
	    {VU_SET_VRING_BASE, 0, 0xffffffff}, {VU_GET_VRING_BASE, 2, 0},
	    {VU_GET_VRING_BASE, 0xffffffff, 0}, {VU_SET_VRING_ENABLE, 2, 1},
	    {VU_SET_VRING_ENABLE, 0xffffffff, 1},
	    {VU_SET_VRING_ENABLE, 0, 0xffffffff}, {VU_SET_VRING_ENABLE, 0, 2}};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const struct vu_vring_state s = {tries[i].index, tries[i].num};
		const size_t log = w->host.child.log_len;
		const bool is_bad_index = s.index >= 2;

		assert_int_equal(
		    vu_send(dev, tries[i].request, 0, &s, sizeof(s), NULL, 0),
		    0);
		if (is_bad_index) {
			expect_drop(w, dev, log);
			continue;
		}
		(void)dev_sync(dev);
		world_check_log(&w->host);
		assert_false(w->host.child.has_ended);
	}
}

static void
kick_and_enable_before_the_ring_is_known_are_harmless(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	const struct vu_vring_state on = {0, 1}, on1 = {1, 1};

	/* OVMF enables ring 1 without ever giving it anything */
	assert_int_equal(
	    vu_send(dev, VU_SET_VRING_ENABLE, 0, &on1, sizeof(on1), NULL, 0),
	    0);
	assert_int_equal(dev_sync(dev), 0);
	assert_int_equal(
	    vu_send(dev, VU_SET_VRING_ENABLE, 0, &on, sizeof(on), NULL, 0), 0);
	const int err = vu_send_u64(dev, VU_SET_VRING_KICK, 0, dev->q[0].kick);
	assert_true(err == 0 || err == -EPIPE);
	vq_kick(&dev->q[0]);
	(void)dev_sync(dev);
	assert_false(w->host.child.has_ended);
	world_check_log(&w->host);
}

static void
ring_addresses_outside_the_table_drop_the_vmm(void **state)
{
	struct world *w = *state;
	const uint64_t bad[] = {0, 1, VM_A_UVA - 16, VM_A_UVA + VM_A_BYTES,
	    VM_A_UVA + VM_A_BYTES - 16, VM_A_UVA + 1, ~0ull, ~0ull - 15,
	    VM_B_UVA + VM_BYTES};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (uint32_t part = 0; part < 3; part++) {
			struct dev *dev = fresh(w, SOCKET_GPU);
			struct vq *q = &dev->q[0];
			if (dev_start(dev) < 0)
				fail_msg(
				    "no start; log:\n%s", w->host.child.log);
			const struct vu_vring_addr addr = {
			    .desc = part == 0 ? bad[i] : vm_uva(q->desc_at),
			    .avail = part == 1 ? bad[i] : vm_uva(q->avail_at),
			    .used = part == 2 ? bad[i] : vm_uva(q->used_at),
			};
			const size_t log = w->host.child.log_len;

			assert_int_equal(vu_send(dev, VU_SET_VRING_ADDR, 0,
					     &addr, sizeof(addr), NULL, 0),
			    0);
			(void)vu_send_u64(dev, VU_SET_VRING_KICK, 0, q->kick);
			vq_kick(q);
			expect_drop(w, dev, log);
		}
}

static void
features_that_were_not_offered_drop_the_vmm(void **state)
{
	struct world *w = *state;
	/* VIRGL, INDIRECT_DESC, EVENT_IDX, PACKED, RING_RESET... */
	const uint32_t bits[] = {0, 3, 4, 26, 28, 29, 34, 40, 63};

	for (uint32_t i = 0; i < 9; i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const uint64_t features = dev->features | 1ull << bits[i];
		const size_t log = w->host.child.log_len;

		assert_int_equal(
		    vu_send_u64(dev, VU_SET_FEATURES, features, -1), 0);
		if (bits[i] == 28 || bits[i] == 29 || bits[i] == 34 ||
		    bits[i] == 40) {
			/* the rings would have another layout */
			expect_drop(w, dev, log);
			continue;
		}
		(void)dev_sync(dev);
		world_check_log(&w->host);
		assert_false(w->host.child.has_ended);
	}
	const uint32_t protocol_bits[] = {1, 2, 8, 12, 13, 15, 16, 63};
	for (uint32_t i = 0; i < 8; i++) {
		struct dev *dev = fresh(w, SOCKET_GPU);
		const uint64_t features =
		    dev->protocol_features | 1ull << protocol_bits[i];
		const size_t log = w->host.child.log_len;

		assert_int_equal(
		    vu_send_u64(dev, VU_SET_PROTOCOL_FEATURES, features, -1),
		    0);
		expect_drop(w, dev, log);
	}
}

static void
random_messages_in_random_order_are_survived(void **state)
{
	struct world *w = *state;
	uint32_t seed = 12345;

	for (uint32_t round = 0; round < 300; round++) {
		if (w->host.child.has_ended || round % 100 == 0)
			world_renew(w);
		const enum host_socket which = round % SOCKET_COUNT;
		assert_int_equal(world_realize(w, which), 0);
		struct dev *dev = &w->vm.dev[which];
		int err = dev_start(dev);

		for (uint32_t i = 0; err == 0 && i < 30; i++) {
			static const uint8_t sizes[] = {0, 8, 8, 0, 8, 0, 0, 0,
			    8, 40, 8, 8, 8, 8, 8, 0, 8, 0, 8};
			uint64_t payload[8];

			seed = seed * 1103515245 + 12345;
			const uint32_t request = seed >> 16 & 15;
			const uint32_t values[] = {
			    0, 1, 2, 64, 256, 0x8000, 0xffffffff, seed};
			for (uint32_t k = 0; k < 8; k++)
				payload[k] = values[(seed >> (k + 4)) & 7];
			if (request == 9) /* often legal addresses */
				payload[1] = vm_uva(dev->q[0].desc_at);
			err = vu_send(dev, request,
			    (seed >> 8 & 1) * VU_NEED_REPLY, payload,
			    sizes[request], &dev->q[0].kick,
			    request >= 12 && request <= 14 ? seed >> 9 & 1 : 0);
			vq_offer(&dev->q[0], (uint16_t)(seed >> 20 & 63));
			vq_kick(&dev->q[0]);
		}
		assert_true(err == 0 || err == -EPIPE);
		world_check_log(&w->host);
		assert_false(w->host.child.has_ended);
	}
}

/* ------------------------------------------------------------------------ */
/* connections								     */

static void
second_vmm_is_refused_and_the_first_goes_on(void **state)
{
	struct world *w = *state;
	const uint32_t before = world_count_fds(w);

	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		const size_t log = w->host.child.log_len;
		struct dev second = {.vm = &w->vm,
		    .which = (enum host_socket)i,
		    .sock = host_connect(&w->host, (enum host_socket)i)};

		assert_int_equal(dev_wait_hangup(&second), 0);
		close(second.sock);
		assert_in_range(host_expect_log(&w->host, log, ""), 1, 1);
		assert_int_equal(dev_sync(&w->vm.dev[i]), 0);
	}
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 3);
	assert_int_equal(world_count_fds(w), before);
}

static void
thousand_second_connections_leak_nothing_and_log_little(void **state)
{
	struct world *w = *state;
	const uint32_t before = world_count_fds(w);
	const size_t log = w->host.child.log_len;

	for (uint32_t i = 0; i < 1000; i++) {
		struct dev second = {.vm = &w->vm,
		    .which = SOCKET_GPU,
		    .sock = host_connect(&w->host, SOCKET_GPU)};

		assert_int_equal(dev_wait_hangup(&second), 0);
		close(second.sock);
	}
	assert_in_range(host_count_log(&w->host, log, ""), 1, 40);
	assert_int_equal(world_count_fds(w), before);
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 3);
}

static void
vmm_that_connects_in_a_loop_cannot_flood_the_log(void **state)
{
	struct world *w = *state;
	const size_t log = w->host.child.log_len;

	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(world_realize(w, SOCKET_TABLET), 0);
	assert_in_range(host_count_log(&w->host, log, ""), 1, 40);
}

static void
gpu_talk_on_an_input_socket_is_refused_with_one_line(void **state)
{
	struct world *w = *state;
	const enum host_socket wrong[] = {
	    SOCKET_KEYBOARD, SOCKET_TABLET, SOCKET_MOUSE};

	for (uint32_t i = 0; i < 3; i++) {
		struct dev *dev = fresh(w, wrong[i]);
		const size_t log = w->host.child.log_len;
		uint8_t config[16];

		/* QEMU's vhost-user-gpu asks for its config, then gives the
		 * display socket */
		(void)vu_get_config(dev, 0, 16, config);
		(void)vu_send(dev, VU_GPU_SET_SOCKET, 0, NULL, 0,
		    &(int){STDERR_FILENO}, 1);
		assert_int_equal(dev_wait_hangup(dev), 0);
		assert_int_equal(host_expect_log(&w->host, log, ""), 1);
		assert_false(w->host.child.has_ended);
		world_check_log(&w->host);
	}
}

static void
keyboard_talk_on_the_gpu_socket_is_refused_with_one_line(void **state)
{
	struct world *w = *state;
	struct dev *dev = fresh(w, SOCKET_GPU);
	const size_t log = w->host.child.log_len;
	uint8_t image[136] = {1};

	(void)vu_set_config(dev, 0, 136, image);
	(void)vu_get_config(dev, 0, 136, image);
	assert_int_equal(dev_wait_hangup(dev), 0);
	assert_int_equal(host_expect_log(&w->host, log, ""), 1);
	assert_false(w->host.child.has_ended);
}

/* ------------------------------------------------------------------------ */
/* 10 and 11: the VMM does not answer, does not read			     */

static void
vmm_that_never_reads_its_replies_blocks_nobody(void **state)
{
	struct world *w = *state;
	struct dev *gpu = &w->vm.dev[SOCKET_GPU];
	const struct vu_header ask = {VU_GET_FEATURES, VU_VERSION, 0};
	const uint64_t rss = proc_rss_kb(w->host.child.pid);
	int err = 0;

	assert_int_equal(fcntl(gpu->sock, F_SETFL, O_NONBLOCK), 0);
	/* until neither side's buffers take any more */
	for (uint32_t i = 0; i < 200000 && err == 0; i++)
		err = vu_send_raw(gpu, &ask, sizeof(ask), NULL, 0);
	assert_true(err == -EAGAIN || err == -EPIPE || err == 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(dev_sync(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 1024);
	world_check_log(&w->host);
	assert_false(w->host.child.has_ended);
}

static void
vmm_that_never_answers_display_and_request_sockets_blocks_nobody(void **state)
{
	struct world *w = *state;
	struct dev *gpu = &w->vm.dev[SOCKET_GPU];

	/* both stay open and are never read; the guest changes its mode,
	 * cursor and scanouts all the time */
	for (uint32_t i = 0; i < 300; i++) {
		assert_int_equal(gpu_set_scanout(&w->vm, 1, i % 2 == 0 ? 1 : 0,
				     gpu_all(&w->screen)),
		    ok);
		assert_int_equal(
		    gpu_cursor(
			&w->vm, VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 1, i, i, 0, 0),
		    0);
	}
	assert_true(gpu->display >= 0 && gpu->slave >= 0);
	world_expect_alive(w);
}

static void
display_socket_that_hangs_up_changes_nothing(void **state)
{
	struct world *w = *state;
	struct dev *gpu = &w->vm.dev[SOCKET_GPU];

	shutdown(gpu->display, SHUT_RDWR);
	shutdown(gpu->slave, SHUT_RDWR);
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 3);
	for (uint32_t i = 0; i < 100; i++) { /* a new one at each boot */
		assert_int_equal(vu_send(gpu, VU_GPU_SET_SOCKET, 0, NULL, 0,
				     &gpu->display, 1),
		    0);
		assert_int_equal(dev_sync(gpu), 0);
	}
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 4);
}

static const struct CMUnitTest tests[] = {
    world_test(message_byte_by_byte_works_like_a_whole_one),
    world_test(many_messages_in_one_write_are_all_answered),
    world_test(message_cut_short_by_the_end_of_the_connection_is_forgotten),
    world_test(size_that_is_not_the_messages_size_drops_the_vmm),
    world_test(size_field_of_gigabytes_is_not_waited_for),
    world_test(config_whose_inner_size_lies_drops_the_vmm),
    world_test(config_beyond_the_device_is_answered_or_drops_the_vmm),
    world_test(unknown_requests_drop_the_vmm),
    world_test(wrong_version_or_a_reply_we_never_asked_for_drops_the_vmm),
    world_test(need_reply_on_everything_is_answered_exactly_once),
    world_test(descriptors_where_none_belong_drop_the_vmm_and_are_closed),
    world_test(descriptors_that_are_missing_drop_the_vmm),
    world_test(descriptors_spread_over_the_bytes_of_a_message_are_closed),
    world_test(doorbells_that_are_no_eventfds_are_refused_or_never_block),
    world_test_vm(call_eventfd_that_is_full_never_blocks_the_back_end),
    world_test_vm(call_eventfd_that_would_block_is_refused_or_never_blocks),
    world_test(ring_state_in_any_order_and_beyond_limits_is_survived),
    world_test(kick_and_enable_before_the_ring_is_known_are_harmless),
    world_test(ring_addresses_outside_the_table_drop_the_vmm),
    world_test(features_that_were_not_offered_drop_the_vmm),
    world_test(random_messages_in_random_order_are_survived),
    world_test_vm(second_vmm_is_refused_and_the_first_goes_on),
    world_test_vm(thousand_second_connections_leak_nothing_and_log_little),
    world_test(vmm_that_connects_in_a_loop_cannot_flood_the_log),
    world_test(gpu_talk_on_an_input_socket_is_refused_with_one_line),
    world_test(keyboard_talk_on_the_gpu_socket_is_refused_with_one_line),
    world_test_vm(vmm_that_never_reads_its_replies_blocks_nobody),
    world_test_vm(
	vmm_that_never_answers_display_and_request_sockets_blocks_nobody),
    world_test_vm(display_socket_that_hangs_up_changes_nothing),
};

WORLD_MAIN(tests)
