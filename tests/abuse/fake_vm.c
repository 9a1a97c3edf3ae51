#include "tests/abuse/fake_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/abuse/check.h"

static const uint16_t queue_sizes[SOCKET_COUNT][VM_QUEUES] = {
    {64, 16}, {64, 64}, {64, 64}, {64, 64}};

static void
queue_init(struct vq *q, struct dev *dev, uint16_t num)
{
	*q = (struct vq){
	    .dev = dev, .num = num, .kick = -1, .call = -1, .err = -1};
	q->desc_at = vm_alloc_a(dev->vm, 4096);
	q->avail_at = vm_alloc_a(dev->vm, 4096);
	q->used_at = vm_alloc_a(dev->vm, 4096);
}

void
vm_init(struct vm *vm, struct host *host)
{
	*vm = (struct vm){.host = host, .next_b = VM_A_BYTES};
	/* address 0 is legal, but a poor place to look for bugs */
	vm->next_a = 4096;
	vm->mem_fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(vm->mem_fd >= 0);
	assert_int_equal(ftruncate(vm->mem_fd, VM_BYTES), 0);
	assert_int_equal(fcntl(vm->mem_fd, F_ADD_SEALS,
			     F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
	    0);
	vm->mem = mmap(
	    NULL, VM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);
	assert_true(vm->mem != MAP_FAILED);
	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		struct dev *dev = &vm->dev[i];

		*dev = (struct dev){.vm = vm,
		    .which = (enum host_socket)i,
		    .sock = -1,
		    .slave = -1,
		    .display = -1};
		for (uint32_t k = 0; k < VM_QUEUES; k++)
			queue_init(&dev->q[k], dev, queue_sizes[i][k]);
	}
}

void
vm_finish(struct vm *vm)
{
	if (!vm->mem)
		return;
	for (uint32_t i = 0; i < SOCKET_COUNT; i++)
		dev_disconnect(&vm->dev[i]);
	munmap(vm->mem, VM_BYTES);
	close(vm->mem_fd);
	vm->mem = NULL;
}

int
vm_boot(struct vm *vm)
{
	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		struct dev *dev = &vm->dev[i];
		int err = dev_connect(dev);

		if (err == 0)
			err = dev_realize(dev);
		if (err == 0)
			err = dev_start(dev);
		if (err < 0)
			return err;
	}
	return 0;
}

uint64_t
vm_gpa(uint32_t at)
{
	return at < VM_A_BYTES ? at : VM_B_GPA + (at - VM_A_BYTES);
}

uint64_t
vm_uva(uint32_t at)
{
	return at < VM_A_BYTES ? VM_A_UVA + at : VM_B_UVA + (at - VM_A_BYTES);
}

uint32_t
vm_alloc_a(struct vm *vm, uint32_t bytes)
{
	const uint32_t at = vm->next_a;

	vm->next_a += (bytes + 15u) & ~15u;
	assert_true(vm->next_a <= VM_A_BYTES - VM_GPU_BYTES);
	return at;
}

uint32_t
vm_alloc_b(struct vm *vm, uint32_t bytes)
{
	const uint32_t at = vm->next_b;

	vm->next_b += (bytes + 4095u) & ~4095u;
	assert_true(vm->next_b <= VM_BYTES);
	return at;
}

void
vm_free_b(struct vm *vm)
{
	vm->next_b = VM_A_BYTES;
}

void
vm_table(struct vu_mem_table *out)
{
	*out = (struct vu_mem_table){.n = 2};
	out->regions[0] = (struct vu_region){0, VM_A_BYTES, VM_A_UVA, 0};
	out->regions[1] = (struct vu_region){
	    VM_B_GPA, VM_BYTES - VM_A_BYTES, VM_B_UVA, VM_A_BYTES};
}

/* ------------------------------------------------------------------------ */

struct vring_desc *
vq_desc(struct vq *q, uint16_t i)
{
	return (struct vring_desc *)(void *)(q->dev->vm->mem + q->desc_at) + i;
}

struct vring_avail *
vq_avail(struct vq *q)
{
	return (struct vring_avail *)(void *)(q->dev->vm->mem + q->avail_at);
}

struct vring_used *
vq_used(struct vq *q)
{
	return (struct vring_used *)(void *)(q->dev->vm->mem + q->used_at);
}

static void
eventfd_renew(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(*fd >= 0);
}

void
vq_reset(struct vq *q, uint16_t num)
{
	uint8_t *mem = q->dev->vm->mem;

	q->num = num;
	q->avail_idx = 0;
	q->used_idx = 0;
	memset(mem + q->desc_at, 0, 4096);
	memset(mem + q->avail_at, 0, 4096);
	memset(mem + q->used_at, 0, 4096);
	eventfd_renew(&q->kick);
	eventfd_renew(&q->call);
	eventfd_renew(&q->err);
}

void
vq_chain(struct vq *q, uint16_t first, const struct piece *pieces, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const bool is_last = i + 1 == n;
		uint16_t flags = is_last ? 0 : VRING_DESC_F_NEXT;

		if (pieces[i].is_writable)
			flags |= VRING_DESC_F_WRITE;
		*vq_desc(q, (uint16_t)(first + i)) = (struct vring_desc){
		    .addr = vm_gpa(pieces[i].at),
		    .len = pieces[i].len,
		    .flags = flags,
		    .next = is_last ? 0 : (uint16_t)(first + i + 1),
		};
	}
}

void
vq_offer(struct vq *q, uint16_t head)
{
	struct vring_avail *avail = vq_avail(q);

	avail->ring[q->avail_idx & (q->num - 1)] = head;
	q->avail_idx++;
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint16_t *)&avail->idx = q->avail_idx;
}

void
vq_kick(struct vq *q)
{
	const uint64_t one = 1;

	atomic_thread_fence(memory_order_seq_cst);
	if (write(q->kick, &one, sizeof(one)) < 0)
		assert_int_equal(errno, EAGAIN);
}

bool
vq_has_used(struct vq *q)
{
	return *(volatile uint16_t *)&vq_used(q)->idx != q->used_idx;
}

/* Wait for fd, or for the back end to hang up on dev. */
static int
wait_for(struct dev *dev, int fd, int64_t deadline)
{
	struct pollfd p = {.fd = dev->sock, .events = POLLRDHUP};
	struct host *host = dev->vm->host;

	host->watched_fd = dev->sock;
	const int n = host_turn(host, fd, POLLIN, (int)(deadline - now_ms()));
	host->watched_fd = -1;
	if (n != 0)
		return n;
	if (host->child.has_ended || (poll(&p, 1, 0) > 0 && p.revents != 0))
		return -EPIPE;
	return 0;
}

int
vq_wait_used(struct vq *q, struct vring_used_elem *out)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	while (!vq_has_used(q)) {
		uint64_t count;
		struct pollfd p = {.fd = q->dev->sock, .events = POLLRDHUP};
		const int n = wait_for(q->dev, q->call, deadline);

		if (n < 0)
			return n;
		if (read(q->call, &count, sizeof(count)) < 0 &&
		    !vq_has_used(q) && poll(&p, 1, 0) > 0 && p.revents != 0)
			return -EPIPE;
	}
	atomic_thread_fence(memory_order_seq_cst);
	*out = vq_used(q)->ring[q->used_idx & (q->num - 1)];
	q->used_idx++;
	return 0;
}

int
vq_call(
    struct vq *q, const struct piece *pieces, uint32_t n, uint32_t *used_len)
{
	struct vring_used_elem elem;

	vq_chain(q, 0, pieces, n);
	vq_offer(q, 0);
	vq_kick(q);
	const int err = vq_wait_used(q, &elem);
	if (err < 0)
		return err;
	if (elem.id != 0)
		return -EBADMSG;
	*used_len = elem.len;
	return 0;
}
