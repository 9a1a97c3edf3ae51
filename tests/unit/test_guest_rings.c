/* Guest memory, rings and messages of the VMM: each rule and one beyond. */
#include "hv-glue/vhost_user.h"
#include "hv-glue/virtqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_ring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { GUEST = 64 << 10, GPA = 0x100000, N = 8, DATA = GPA + 0x4000 };
#define UVA ((uint64_t)0x7f0000000000)

static _Alignas(64) uint8_t guest[GUEST];
static struct memory memory;
static struct virtqueue vq;
static struct vq_chain chain;
static const char *why;

static struct vring_desc *const descs = (void *)guest;
static struct vring_avail *const avail = (void *)(guest + 0x1000);
static struct vring_used *const used = (void *)(guest + 0x2000);

static int
setup(void **state)
{
	(void)state;
	memset(guest, 0, sizeof(guest));
	memory = (struct memory){.n = 2,
	    .regions = {{GPA, UVA, GUEST / 2, guest, NULL, 0},
		{GPA + GUEST / 2, UVA + GUEST / 2, GUEST / 2, guest + GUEST / 2,
		    NULL, 0}}};
	vq = (struct virtqueue){.memory = &memory,
	    .num = N,
	    .desc_uva = UVA,
	    .avail_uva = UVA + 0x1000,
	    .used_uva = UVA + 0x2000};
	assert_int_equal(virtqueue_map(&vq), 0);
	return 0;
}

static void
put(uint16_t i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	descs[i] = (struct vring_desc){addr, len, flags, next};
}

static void
offer(uint16_t head)
{
	avail->ring[avail->idx % N] = head;
	avail->idx++;
}

static void
expect_refused(void)
{
	why = NULL;
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), -EBADMSG);
	assert_non_null(why);
}

static void
an_address_must_lie_in_one_region_as_a_whole(void **state)
{
	(void)state;
	assert_ptr_equal(memory_at(&memory, GPA, GUEST / 2), guest);
	assert_ptr_equal(
	    memory_at(&memory, GPA + GUEST / 2 - 1, 1), guest + GUEST / 2 - 1);
	assert_null(memory_at(&memory, GPA + GUEST / 2 - 1, 2));
	assert_null(memory_at(&memory, GPA - 1, 1));
	assert_null(memory_at(&memory, GPA + GUEST, 1));
	assert_null(memory_at(&memory, GPA, UINT64_MAX));
	assert_null(memory_at(&memory, UINT64_MAX, 2));
}

static void
memory_that_may_shrink_is_refused(void **state)
{
	struct memory m = {0};
	const struct wire_mem_table t = {
	    .n = 1, .regions = {{.gpa = 0, .size = 4096}}};

	(void)state;
	const int fd = memfd_create("guest", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(memory_map(&m, &t, &fd, &why), -EPERM);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(memory_map(&m, &t, &fd, &why), 0);
	assert_int_equal(m.n, 1);
	memory_finish(&m);
	close(fd);
}

static void
a_region_beyond_its_file_leaves_the_old_table(void **state)
{
	struct memory m = {0};
	struct wire_mem_table t = {
	    .n = 1, .regions = {{.gpa = 0, .size = 4096, .offset = 4096}}};

	(void)state;
	const int fd = memfd_create("guest", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(memory_map(&m, &t, &fd, &why), 0);
	t.regions[0].size = 4097;
	assert_int_equal(memory_map(&m, &t, &fd, &why), -ERANGE);
	assert_non_null(memory_at(&m, 0, 4096));
	memory_finish(&m);
	close(fd);
}

static void
a_table_that_wraps_or_overlaps_is_refused(void **state)
{
	struct wire_mem_table t = {
	    .n = 2, .regions = {{0, 4096, 0, 0}, {4096, 4096, 4096, 0}}};

	(void)state;
	assert_int_equal(check_mem_table(&t, &why), 0);
	t.regions[1].gpa = 4095;
	assert_int_equal(check_mem_table(&t, &why), -ERANGE);
	t.regions[1].gpa = UINT64_MAX - 4094;
	assert_int_equal(check_mem_table(&t, &why), -ERANGE);
	t.regions[1] = (struct wire_region){4096, 0, 0, 0};
	assert_int_equal(check_mem_table(&t, &why), -ERANGE);
	t.regions[1] = (struct wire_region){4096, 4096, 0, INT64_MAX};
	assert_int_equal(check_mem_table(&t, &why), -ERANGE);
}

static void
a_chain_is_copied_out_in_order(void **state)
{
	uint8_t request[6];

	(void)state;
	memcpy(guest + 0x4000, "abc", 3);
	memcpy(guest + 0x5000, "def", 3);
	put(3, DATA, 3, VRING_DESC_F_NEXT, 1);
	put(1, DATA + 0x1000, 3, VRING_DESC_F_NEXT, 2);
	put(2, DATA + 0x2000, 4, VRING_DESC_F_WRITE, 0);
	offer(3);
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 1);
	assert_int_equal(chain.n_out, 2);
	assert_int_equal(chain.n_in, 1);
	assert_int_equal(virtqueue_read(&vq, &chain, request, 6), 6);
	assert_memory_equal(request, "abcdef", 6);
	assert_int_equal(
	    virtqueue_write(&vq, &chain, (const uint8_t *)"wxyz!", 5), 4);
	assert_memory_equal(guest + 0x6000, "wxyz", 5);
	virtqueue_push(&vq, chain.head, 4);
	assert_int_equal(used->idx, 1);
	assert_int_equal(used->ring[0].id, 3);
	assert_int_equal(used->ring[0].len, 4);
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 0);
}

static void
a_descriptor_outside_the_ring_is_refused(void **state)
{
	(void)state;
	offer(N);
	expect_refused();
}

static void
a_next_outside_the_ring_is_refused(void **state)
{
	(void)state;
	put(0, DATA, 1, VRING_DESC_F_NEXT, N);
	offer(0);
	expect_refused();
}

static void
a_loop_is_refused(void **state)
{
	(void)state;
	put(0, DATA, 1, VRING_DESC_F_NEXT, 1);
	put(1, DATA, 1, VRING_DESC_F_NEXT, 0);
	offer(0);
	expect_refused();
}

static void
a_chain_as_long_as_the_ring_is_taken(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < N; i++)
		put(i, DATA, 1, i < N - 1 ? VRING_DESC_F_NEXT : 0,
		    (uint16_t)(i + 1));
	offer(0);
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 1);
	assert_int_equal(chain.n_out, N);
}

static void
an_indirect_descriptor_is_refused(void **state)
{
	(void)state;
	put(0, DATA, 16, VRING_DESC_F_INDIRECT, 0);
	offer(0);
	expect_refused();
}

static void
an_address_that_wraps_or_crosses_is_refused(void **state)
{
	(void)state;
	put(0, UINT64_MAX - 3, 8, 0, 0);
	offer(0);
	expect_refused();
	put(0, GPA + GUEST / 2 - 4, 8, 0, 0);
	expect_refused();
	put(0, GPA + GUEST / 2 - 4, 4, 0, 0);
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 1);
}

static void
reading_after_writing_is_refused(void **state)
{
	(void)state;
	put(0, DATA, 1, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 1);
	put(1, DATA, 1, 0, 0);
	offer(0);
	expect_refused();
}

static void
an_available_index_may_run_ahead_by_the_ring_only(void **state)
{
	(void)state;
	put(0, DATA, 1, 0, 0);
	avail->idx = N;
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 1);
	avail->idx = N + 2;
	expect_refused();
}

static void
indices_wrap_at_16_bits(void **state)
{
	(void)state;
	vq.next_avail = vq.next_used = UINT16_MAX;
	avail->idx = UINT16_MAX;
	put(2, DATA, 1, VRING_DESC_F_WRITE, 0);
	offer(2);
	offer(2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(virtqueue_pop(&vq, &chain, &why), 1);
		virtqueue_push(&vq, chain.head, 1);
	}
	assert_int_equal(virtqueue_pop(&vq, &chain, &why), 0);
	assert_int_equal(used->idx, 1);
}

static void
a_ring_outside_of_memory_or_unaligned_is_refused(void **state)
{
	(void)state;
	vq.desc_uva = UVA + 8;
	assert_int_equal(virtqueue_map(&vq), -ERANGE);
	assert_null(vq.desc);
	vq.desc_uva = UVA + GUEST / 2 - 16 * N + 16;
	assert_int_equal(virtqueue_map(&vq), -ERANGE);
	vq.desc_uva = UVA + GUEST / 2 - 16 * N;
	assert_int_equal(virtqueue_map(&vq), 0);
	vq.num = 7;
	assert_int_equal(virtqueue_map(&vq), -ERANGE);
}

static void
a_guest_is_called_once_and_only_if_it_wants(void **state)
{
	(void)state;
	assert_false(virtqueue_wants_call(&vq));
	virtqueue_push(&vq, 0, 0);
	assert_true(virtqueue_wants_call(&vq));
	assert_false(virtqueue_wants_call(&vq));
	avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	virtqueue_push(&vq, 0, 0);
	assert_false(virtqueue_wants_call(&vq));
}

/* ------------------------------------------------------------------------ */

static uint8_t frame[2 * VU_MAX_BYTES];
static struct vu_message message;

static uint32_t
make(uint32_t request, uint32_t flags, uint32_t size)
{
	struct wr wr;

	memset(frame, 0, sizeof(frame));
	wr_init(&wr, frame, sizeof(frame));
	wr_u32(&wr, request);
	wr_u32(&wr, flags);
	wr_u32(&wr, size);
	return VU_HEADER_BYTES + size;
}

static void
each_request_has_its_own_sizes(void **state)
{
	static const struct {
		uint32_t request, size;
	} right[] = {{VU_GET_FEATURES, 0}, {VU_SET_FEATURES, 8},
	    {VU_SET_VRING_NUM, 8}, {VU_SET_VRING_ADDR, 40},
	    {VU_SET_VRING_CALL, 8}, {VU_GPU_SET_SOCKET, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		for (uint32_t size = 0; size <= 2 * VU_MAX_PAYLOAD; size++) {
			make(right[i].request, VU_VERSION, size);
			const int missing = vu_missing(frame, VU_HEADER_BYTES);
			assert_int_equal(missing,
			    size == right[i].size ? (int)size : -EBADMSG);
		}
	}
}

static void
an_unknown_request_or_flag_is_refused(void **state)
{
	(void)state;
	for (uint32_t request = 0; request < 64; request++) {
		make(request, VU_VERSION, 8);
		const int missing = vu_missing(frame, VU_HEADER_BYTES);
		if (strcmp(vu_name(request), "unknown") == 0)
			assert_int_equal(missing, -EBADMSG);
	}
	make(VU_GET_FEATURES, 2, 0);
	assert_int_equal(vu_missing(frame, VU_HEADER_BYTES), -EBADMSG);
	make(VU_GET_FEATURES, VU_VERSION | VU_REPLY, 0);
	assert_int_equal(vu_missing(frame, VU_HEADER_BYTES), -EBADMSG);
}

static void
descriptors_are_counted(void **state)
{
	(void)state;
	uint32_t len = make(VU_SET_VRING_KICK, VU_VERSION, 8);
	assert_int_equal(vu_decode(frame, len, 0, &message, &why), -EBADMSG);
	assert_int_equal(vu_decode(frame, len, 1, &message, &why), 0);
	assert_int_equal(vu_decode(frame, len, 2, &message, &why), -EBADMSG);
	frame[13] = 1; /* "no descriptor" */
	assert_int_equal(vu_decode(frame, len, 1, &message, &why), -EBADMSG);
	assert_int_equal(vu_decode(frame, len, 0, &message, &why), 0);
	len = make(VU_GET_FEATURES, VU_VERSION, 0);
	assert_int_equal(vu_decode(frame, len, 1, &message, &why), -EBADMSG);
}

static void
a_table_counts_its_regions_by_its_length(void **state)
{
	(void)state;
	const uint32_t len = make(VU_SET_MEM_TABLE, VU_VERSION, 8 + 32);
	frame[12] = 2;
	assert_int_equal(vu_decode(frame, len, 2, &message, &why), -EBADMSG);
	frame[12] = 1;
	assert_int_equal(vu_decode(frame, len, 1, &message, &why), -ERANGE);
	frame[29] = 1; /* size 256: not empty any more */
	assert_int_equal(vu_decode(frame, len, 1, &message, &why), 0);
	assert_int_equal(message.table.regions[0].size, 256);
}

static void
a_configuration_range_must_fit(void **state)
{
	(void)state;
	const uint32_t len = make(VU_GET_CONFIG, VU_VERSION, 12 + 16);
	frame[16] = 16;
	assert_int_equal(vu_decode(frame, len, 0, &message, &why), 0);
	frame[12] = VU_MAX_CONFIG - 15;
	assert_int_equal(vu_decode(frame, len, 0, &message, &why), -EBADMSG);
	frame[12] = 0;
	frame[16] = 15; /* one byte too many follows */
	assert_int_equal(vu_decode(frame, len, 0, &message, &why), -EBADMSG);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    TEST(an_address_must_lie_in_one_region_as_a_whole),
	    TEST(memory_that_may_shrink_is_refused),
	    TEST(a_region_beyond_its_file_leaves_the_old_table),
	    TEST(a_table_that_wraps_or_overlaps_is_refused),
	    TEST(a_chain_is_copied_out_in_order),
	    TEST(a_descriptor_outside_the_ring_is_refused),
	    TEST(a_next_outside_the_ring_is_refused),
	    TEST(a_loop_is_refused),
	    TEST(a_chain_as_long_as_the_ring_is_taken),
	    TEST(an_indirect_descriptor_is_refused),
	    TEST(an_address_that_wraps_or_crosses_is_refused),
	    TEST(reading_after_writing_is_refused),
	    TEST(an_available_index_may_run_ahead_by_the_ring_only),
	    TEST(indices_wrap_at_16_bits),
	    TEST(a_ring_outside_of_memory_or_unaligned_is_refused),
	    TEST(a_guest_is_called_once_and_only_if_it_wants),
	    TEST(each_request_has_its_own_sizes),
	    TEST(an_unknown_request_or_flag_is_refused),
	    TEST(descriptors_are_counted),
	    TEST(a_table_counts_its_regions_by_its_length),
	    TEST(a_configuration_range_must_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
