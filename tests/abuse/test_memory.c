/*
 * A hostile VMM: memory tables and descriptors (bug class 9). Whatever is
 * refused is refused as a whole; nothing of the file is touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tds/base/own.h"
#include "tests/abuse/world.h"

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

static uint32_t
table_bytes(uint32_t n)
{
	return 8 + n * (uint32_t)sizeof(struct vu_region);
}

/*
 * The back end refuses a table: it says so in its answer or hangs up, and it
 * says why in one line.
 */
static void
expect_refusal(struct world *w, struct dev *dev,
    const struct vu_mem_table *table, uint32_t bytes, const int *fds,
    uint32_t n_fds)
{
	const size_t log = w->host.child.log_len;
	uint64_t ack = 0;
	const int err = vu_send_acked(
	    dev, VU_SET_MEM_TABLE, table, bytes, fds, n_fds, &ack);

	if (err == 0)
		assert_true(ack != 0);
	else
		assert_int_equal(err, -EPIPE);
	assert_in_range(host_expect_log(&w->host, log, ""), 1, 3);
	world_check_log(&w->host);
	assert_false(w->host.child.has_ended);
}

/* A gpu that was realized and has no memory yet. */
static struct dev *
realized(struct world *w)
{
	assert_int_equal(world_realize(w, SOCKET_GPU), 0);
	return &w->vm.dev[SOCKET_GPU];
}

/* The same on a fresh tds-guest, whose log is not rate-limited yet. */
static struct dev *
fresh(struct world *w)
{
	world_renew(w);
	return realized(w);
}

static int
memfd_with(unsigned int seals)
{
	const int fd =
	    memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
refuse_regions(struct world *w, const struct vu_region *regions, uint32_t n)
{
	struct vu_mem_table table = {.n = n};
	int fds[VM_MAX_REGIONS + 1];

	memcpy(table.regions, regions, n * sizeof(*regions));
	struct dev *dev = fresh(w);
	for (uint32_t i = 0; i < n; i++)
		fds[i] = w->vm.mem_fd;
	expect_refusal(w, dev, &table, table_bytes(n), fds, n);
}

static void
table_that_is_no_table_is_refused(void **state)
{
	struct world *w = *state;
	static const uint64_t m = 1 << 20;
	static const struct {
		uint32_t n;
		struct vu_region r[3];
	} bad[] = {
	    {1, {{0, 0, VM_A_UVA, 0}}}, /* empty region */
	    {2, {{0, m, VM_A_UVA, 0}, {m - 4096, m, VM_B_UVA, 0}}},
	    {2, {{0, m, VM_A_UVA, 0}, {0, m, VM_B_UVA, 0}}},
	    {3, {{0, m, VM_A_UVA, 0}, {4 * m, m, VM_B_UVA, 0},
		    {m, 4 * m, 2 * VM_B_UVA, 0}}},
	    {1, {{0ull - 4096, m, VM_A_UVA, 0}}}, /* gpa wraps */
	    {1, {{~0ull, 1, VM_A_UVA, 0}}},	  /* ends at 2^64 */
	    {1, {{0, m, 0ull - 4096, 0}}},	  /* uva wraps */
	    {1, {{0, ~0ull, VM_A_UVA, 0}}},
	    {1, {{0, 1ull << 63, VM_A_UVA, 1ull << 63}}}, /* sum wraps */
	    {1, {{0, m, VM_A_UVA, ~0ull - 4095}}},
	    {1, {{0, m, VM_A_UVA, 0ull - m}}},
	    {1, {{0, VM_BYTES + 4096ull, VM_A_UVA, 0}}}, /* too long */
	    {1, {{0, m, VM_A_UVA, VM_BYTES}}},		 /* behind the end */
	    {1, {{0, m, VM_A_UVA, VM_BYTES - m + 4096}}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_regions(w, bad[i].r, bad[i].n);
}

static void
nine_regions_are_refused(void **state)
{
	struct world *w = *state;
	struct vu_region regions[VM_MAX_REGIONS + 1];

	for (uint32_t i = 0; i <= VM_MAX_REGIONS; i++)
		regions[i] = (struct vu_region){(uint64_t)i << 20, 1 << 20,
		    VM_A_UVA + ((uint64_t)i << 20), (uint64_t)i << 20};
	refuse_regions(w, regions, VM_MAX_REGIONS + 1);
}

static void
eight_regions_of_one_file_are_served(void **state)
{
	struct world *w = *state;
	struct dev *dev = realized(w);
	struct vu_mem_table table = {.n = VM_MAX_REGIONS};
	int fds[VM_MAX_REGIONS];
	uint64_t ack = 1;

	for (uint32_t i = 0; i < VM_MAX_REGIONS; i++) {
		fds[i] = w->vm.mem_fd;
		table.regions[i] = (struct vu_region){(uint64_t)i << 32,
		    1 << 20, VM_A_UVA + ((uint64_t)i << 32), (uint64_t)i << 20};
	}
	assert_int_equal(vu_send_acked(dev, VU_SET_MEM_TABLE, &table,
			     table_bytes(8), fds, 8, &ack),
	    0);
	assert_int_equal(ack, 0);
}

static void
count_that_does_not_match_the_regions_or_files_is_refused(void **state)
{
	struct world *w = *state;
	/* any file will do: it is not looked at */
	int AUTO_FD file = memfd_with(F_SEAL_SHRINK);
	const int fds[4] = {file, file, file, file};
	struct vu_mem_table table;

	vm_table(&table);
	/* too few and too many files */
	expect_refusal(w, fresh(w), &table, table_bytes(2), fds, 0);
	expect_refusal(w, fresh(w), &table, table_bytes(2), fds, 1);
	expect_refusal(w, fresh(w), &table, table_bytes(2), fds, 3);
	/* a payload of another length */
	expect_refusal(w, fresh(w), &table, table_bytes(1), fds, 2);
	expect_refusal(w, fresh(w), &table, table_bytes(2) - 1, fds, 2);
	table.n = 0xffffffff;
	expect_refusal(w, fresh(w), &table, table_bytes(2), fds, 2);
	table.n = 0x08000001; /* times 32 wraps to 32 */
	expect_refusal(w, fresh(w), &table, table_bytes(1), fds, 1);
}

/* A table of one region in that file. */
static void
refuse_file(struct world *w, int fd)
{
	const struct vu_mem_table table = {
	    .n = 1, .regions = {{0, 1 << 20, VM_A_UVA, 0}}};

	assert_true(fd >= 0);
	expect_refusal(w, fresh(w), &table, table_bytes(1), &fd, 1);
}

static void
memory_without_a_shrink_seal_is_refused(void **state)
{
	struct world *w = *state;
	int AUTO_FD none = memfd_with(0);
	int AUTO_FD grow = memfd_with(F_SEAL_GROW | F_SEAL_SEAL);
	int AUTO_FD file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	refuse_file(w, none);
	refuse_file(w, grow);
	assert_int_equal(ftruncate(file, 1 << 20), 0);
	refuse_file(w, file);
}

static void
memory_that_is_no_memory_is_refused(void **state)
{
	struct world *w = *state;
	int AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int AUTO_FD zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int AUTO_FD dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	int AUTO_FD event = eventfd(0, EFD_CLOEXEC);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	int AUTO_FD rd = ends[0];
	int AUTO_FD wr = ends[1];
	refuse_file(w, null);
	refuse_file(w, zero);
	refuse_file(w, dir);
	refuse_file(w, event);
	refuse_file(w, rd);
	refuse_file(w, wr);
	int AUTO_FD sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	refuse_file(w, sock);
}

static void
memory_that_cannot_be_written_is_refused_or_served(void **state)
{
	struct world *w = *state;
	int AUTO_FD fd = memfd_with(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	const struct vu_mem_table table = {
	    .n = 1, .regions = {{0, 1 << 20, VM_A_UVA, 0}}};
	uint64_t ack = 0;
	const int err = vu_send_acked(
	    fresh(w), VU_SET_MEM_TABLE, &table, table_bytes(1), &fd, 1, &ack);

	/* the used ring is in there: writing must not fault later */
	assert_true(err == -EPIPE || (err == 0 && ack != 0));
	assert_false(w->host.child.has_ended);
}

static void
thousand_bad_tables_leak_nothing(void **state)
{
	struct world *w = *state;
	int AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct vu_mem_table table = {
	    .n = 1, .regions = {{0, 1 << 20, VM_A_UVA, 0}}};
	uint64_t rss = 0;
	uint32_t fds = 0;
	uint64_t ack;

	for (uint32_t i = 0; i < 1000; i++) {
		struct dev *dev = realized(w);

		ack = 0;
		if (vu_send_acked(dev, VU_SET_MEM_TABLE, &table, table_bytes(1),
			&null, 1, &ack) == 0)
			assert_true(ack != 0);
		if (i == 200) {
			(void)realized(w);
			rss = proc_rss_kb(w->host.child.pid);
			fds = world_count_fds(w);
		}
	}
	(void)realized(w);
	assert_int_equal(world_count_fds(w), fds);
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 512);
}

/* ------------------------------------------------------------------------ */
/* A new table while the device runs					     */

static void
same_table_again_keeps_everything_running(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_GPU];
	const int fds[2] = {w->vm.mem_fd, w->vm.mem_fd};
	struct vu_mem_table table;
	uint64_t ack = 1;

	vm_table(&table);
	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(vu_send_acked(dev, VU_SET_MEM_TABLE, &table,
				     table_bytes(2), fds, 2, &ack),
		    0);
		assert_int_equal(ack, 0);
		if (i % 50 == 0)
			(void)gpu_draw(&w->vm, &w->screen, 0,
			    (struct gpu_rect){0, 0, 32, 32}, i);
	}
	(void)gpu_draw(&w->vm, &w->screen, 0, gpu_all(&w->screen), 999);
}

static void
table_without_the_attached_pages_makes_transfers_fail(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_GPU];
	const int fd = w->vm.mem_fd;
	struct vu_mem_table table;
	uint64_t ack = 1;

	vm_table(&table);
	table.n = 1; /* the rings stay, the pixels go */
	assert_int_equal(vu_send_acked(dev, VU_SET_MEM_TABLE, &table,
			     table_bytes(1), &fd, 1, &ack),
	    0);
	assert_int_equal(ack, 0);
	const uint32_t type =
	    gpu_transfer(&w->vm, 1, (struct gpu_rect){0, 0, 16, 16}, 0);
	assert_in_range(type, 0x1200, 0x1205);
	/* what was copied before is still shown */
	assert_int_equal(
	    gpu_flush(&w->vm, 1, (struct gpu_rect){0, 0, 16, 16}), ok);
	assert_int_equal(gpu_unref(&w->vm, 1), ok);
}

static void
table_without_the_rings_drops_or_stops_the_device(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_GPU];
	const int fd = w->vm.mem_fd;
	struct vu_mem_table table;
	uint64_t ack = 1;

	vm_table(&table);
	table.n = 1;
	table.regions[0] = table.regions[1];
	const int err = vu_send_acked(
	    dev, VU_SET_MEM_TABLE, &table, table_bytes(1), &fd, 1, &ack);
	assert_true(err == 0 || err == -EPIPE);
	for (uint32_t i = 0; err == 0 && i < 100; i++) {
		vq_offer(&dev->q[0], 0);
		vq_kick(&dev->q[0]);
	}
	if (err == 0)
		(void)dev_sync(dev);
	/* whatever it did, it wrote nothing to rings that it has lost */
	assert_false(vq_has_used(&dev->q[0]));
	assert_false(w->host.child.has_ended);
}

static void
bad_table_in_the_middle_drops_only_this_vm(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_GPU];
	const int fds[2] = {w->vm.mem_fd, w->vm.mem_fd};
	struct vu_mem_table table;

	vm_table(&table);
	table.regions[1].gpa = 4096; /* overlaps the first */
	expect_refusal(w, dev, &table, table_bytes(2), fds, 2);
}

static void
memory_swapped_under_attached_resources_is_read_anew(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_GPU];
	int AUTO_FD other = memfd_with(0);
	struct vu_mem_table table;
	uint64_t ack = 1;

	/* B is backed by another file of zeroes from now on */
	assert_int_equal(ftruncate(other, VM_BYTES), 0);
	assert_int_equal(
	    fcntl(other, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	const int fds[2] = {w->vm.mem_fd, other};
	vm_table(&table);
	assert_int_equal(vu_send_acked(dev, VU_SET_MEM_TABLE, &table,
			     table_bytes(2), fds, 2, &ack),
	    0);
	assert_int_equal(ack, 0);
	assert_int_equal(gpu_transfer(&w->vm, 1, gpu_all(&w->screen), 0), ok);
	host_skip_ups(&w->host);
	assert_int_equal(gpu_flush(&w->vm, 1, gpu_all(&w->screen)), ok);
	const struct commit c = host_expect_commit(&w->host, 0);
	for (uint32_t i = 0; i < 320 * 200; i++) {
		uint32_t pixel;

		memcpy(&pixel, w->host.pool + c.offset_bytes + i * 4, 4);
		assert_int_equal(pixel & 0xffffff, 0);
	}
}

static void
vanished_vmm_is_forgotten_300_times_over(void **state)
{
	struct world *w = *state;
	uint64_t rss = 0;
	uint32_t fds = 0;

	for (uint32_t i = 0; i < 300; i++) {
		struct up_record up;

		host_skip_ups(&w->host);
		vm_finish(&w->vm);
		do
			host_expect_up(&w->host, UP_VM, &up);
		while (up.bytes[1] != 0);
		vm_init(&w->vm, &w->host);
		assert_int_equal(vm_boot(&w->vm), 0);
		w->screen = gpu_show(&w->vm, 0, 1, 320, 200);
		if (i == 100) {
			rss = proc_rss_kb(w->host.child.pid);
			fds = world_count_fds(w);
		}
	}
	assert_int_equal(world_count_fds(w), fds);
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 512);
}

static const struct CMUnitTest tests[] = {
    world_test(table_that_is_no_table_is_refused),
    world_test(nine_regions_are_refused),
    world_test(eight_regions_of_one_file_are_served),
    world_test(count_that_does_not_match_the_regions_or_files_is_refused),
    world_test(memory_without_a_shrink_seal_is_refused),
    world_test(memory_that_is_no_memory_is_refused),
    world_test(memory_that_cannot_be_written_is_refused_or_served),
    world_test(thousand_bad_tables_leak_nothing),
    world_test_vm(same_table_again_keeps_everything_running),
    world_test_vm(table_without_the_attached_pages_makes_transfers_fail),
    world_test_vm(table_without_the_rings_drops_or_stops_the_device),
    world_test_vm(bad_table_in_the_middle_drops_only_this_vm),
    world_test_vm(memory_swapped_under_attached_resources_is_read_anew),
    world_test_vm(vanished_vmm_is_forgotten_300_times_over),
};

WORLD_MAIN(tests)
