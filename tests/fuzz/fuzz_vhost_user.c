/*
 * What a hostile VMM says on a vhost-user socket. A message that is believed
 * must obey every rule again when it is judged here, in other words; then the
 * device carries it out on real descriptors, and its rings must lie in the
 * memory that it mapped.
 *
 * Input: frames, each preceded by one byte: how many descriptors it carries
 * (low 2 bits), and what they are (bit 2: memory that may shrink).
 */
#include "hv-glue/device.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_BYTES = 1 << 16, FRAMES = 24 };

static struct loop loop;
static struct device device;
static bool is_ready;
static int memory_fd = -1, loose_fd = -1;

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
on_bool(void *data, bool value)
{
	(void)data;
	(void)value;
}

static void
on_nothing(void *data)
{
	(void)data;
}

static void
read_config(void *data, uint8_t *out)
{
	(void)data;
	memset(out, 0x5a, 16);
}

static void
write_config(void *data, uint32_t offset, const uint8_t *in, uint32_t n)
{
	(void)data;
	(void)in;
	must(offset <= VU_MAX_CONFIG && n <= VU_MAX_CONFIG - offset);
}

static int
on_kick(void *data, uint32_t index, struct virtqueue *vq, const char **why)
{
	static struct vq_chain chain;

	(void)data;
	must(index < DEVICE_QUEUES);
	must(vq->num > 0 && vq->desc && vq->avail && vq->used);
	const int n = virtqueue_pop(vq, &chain, why);
	if (n == 1)
		virtqueue_push(vq, chain.head, 0);
	return n < 0 ? n : 0;
}

static const struct device_model model = {
    .name = "fuzz",
    .features = 2,
    .config_bytes = 16,
    .has_display = true,
    .on_connection = on_bool,
    .on_start = on_bool,
    .on_stop = on_nothing,
    .read_config = read_config,
    .write_config = write_config,
    .on_kick = on_kick,
};

static const struct device_env env = {&loop, "fuzz", on_nothing, NULL};

static void
get_ready(void)
{
	must(loop_init(&loop) == 0);
	must(device_init(&device, &model, NULL, &env, -1) == 0);
	memory_fd = memfd_create("guest", MFD_ALLOW_SEALING);
	loose_fd = memfd_create("loose", MFD_ALLOW_SEALING);
	must(ftruncate(memory_fd, MEMORY_BYTES) == 0);
	must(ftruncate(loose_fd, MEMORY_BYTES) == 0);
	must(fcntl(memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	is_ready = true;
}

/* What decode and check believed, judged by sums in 128 bits. */
static void
judge(const struct vu_message *m, uint32_t n_fds)
{
	if (m->request == VU_SET_MEM_TABLE) {
		must(m->table.n == n_fds && n_fds <= MEMORY_MAX_REGIONS);
		for (uint32_t i = 0; i < m->table.n; i++) {
			const struct wire_region *r = &m->table.regions[i];
			const __uint128_t top = (__uint128_t)1 << 64;
			must(r->size > 0);
			must((__uint128_t)r->gpa + r->size <= top);
			must((__uint128_t)r->uva + r->size <= top);
			must((__uint128_t)r->offset + r->size <= top / 2);
		}
	}
	if (m->request == VU_GET_CONFIG || m->request == VU_SET_CONFIG)
		must((uint64_t)m->config.offset + m->config.size <=
		     VU_MAX_CONFIG);
	if (m->request == VU_SET_VRING_KICK)
		must(m->vring_fd.has_fd == (n_fds == 1));
}

static int
make_fd(const uint8_t *frame, uint8_t how)
{
	if (frame[0] == VU_SET_MEM_TABLE)
		return dup(how & 4 ? loose_fd : memory_fd);
	return eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
}

static bool
is_memory(const uint8_t *at, uint64_t bytes)
{
	for (uint32_t i = 0; i < device.memory.n; i++) {
		const struct memory_region *r = &device.memory.regions[i];
		if (at >= r->at && (uint64_t)(at - r->at) <= r->size &&
		    bytes <= r->size - (uint64_t)(at - r->at))
			return true;
	}
	return false;
}

/* Every running ring lies in what is mapped now. */
static void
judge_rings(void)
{
	for (uint32_t i = 0; i < DEVICE_QUEUES; i++) {
		const struct device_queue *q = &device.queues[i];
		if (!q->is_started)
			continue;
		must(is_memory(q->vq.desc, 16u * q->vq.num));
		must(is_memory(q->vq.avail, 4u + 2u * q->vq.num));
		must(is_memory(q->vq.used, 4u + 8u * q->vq.num));
	}
}

/* false: the VMM would have been dropped. */
static bool
run_frame(const uint8_t *frame, uint32_t len, uint8_t how)
{
	uint8_t reply[VU_MAX_REPLY];
	struct vu_message message;
	const char *why = NULL;
	int fds[4] = {-1, -1, -1, -1};
	const uint32_t n_fds = how & 3;

	if (vu_decode(frame, len, n_fds, &message, &why) < 0)
		return false;
	judge(&message, n_fds);
	for (uint32_t i = 0; i < n_fds; i++)
		fds[i] = make_fd(frame, how);
	const int n = device_request(&device, &message, fds, reply, &why);
	must(n <= VU_MAX_REPLY);
	must(n >= 0 || why != NULL);
	for (uint32_t i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	judge_rings();
	for (uint32_t i = 0; i < DEVICE_QUEUES && n >= 0; i++)
		device_run_queue(&device, i);
	return n >= 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;

	if (!is_ready)
		get_ready();
	device.fd = dup(memory_fd); /* something that a drop may close */
	for (uint32_t i = 0; i < FRAMES && end - data > 1; i++) {
		uint8_t frame[VU_MAX_BYTES];
		const uint8_t how = *data++;
		uint32_t have = 0;
		int missing;

		while ((missing = vu_missing(frame, have)) > 0) {
			must(have + (uint32_t)missing <= sizeof(frame));
			if (end - data < missing)
				break;
			memcpy(frame + have, data, (size_t)missing);
			have += (uint32_t)missing;
			data += missing;
		}
		if (missing != 0 || !run_frame(frame, have, how))
			break;
	}
	device_drop(&device, NULL, NULL);
	must(device.memory.n == 0 && device.fd == -1);
	return 0;
}
