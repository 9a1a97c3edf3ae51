/* The vhost-user half of fake_vm: messages, and QEMU's order of them. */
#include "tests/abuse/fake_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_gpu.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/abuse/check.h"

enum { PROTOCOL_BIT = 30, MAX_FDS = 64 };

int
vu_send_raw(struct dev *dev, const void *bytes, size_t len, const int *fds,
    uint32_t n_fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MAX_FDS)];
		struct cmsghdr align;
	} control = {{0}};
	uint8_t copy[1 << 14];
	struct iovec iov = {copy, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	assert_true(len <= sizeof(copy) && n_fds <= MAX_FDS);
	if (len > 0)
		memcpy(copy, bytes, len);
	if (n_fds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	const ssize_t n = sendmsg(dev->sock, &msg, MSG_NOSIGNAL);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (size_t)n == len ? 0 : -EMSGSIZE;
}

int
vu_send(struct dev *dev, uint32_t request, uint32_t flags, const void *payload,
    uint32_t size, const int *fds, uint32_t n_fds)
{
	const struct vu_header header = {request, flags | VU_VERSION, size};
	uint8_t bytes[sizeof(header) + 4096];

	assert_true(size <= 4096);
	memcpy(bytes, &header, sizeof(header));
	if (size > 0)
		memcpy(bytes + sizeof(header), payload, size);
	return vu_send_raw(dev, bytes, sizeof(header) + size, fds, n_fds);
}

int
vu_send_u64(struct dev *dev, uint32_t request, uint64_t value, int fd)
{
	return vu_send(
	    dev, request, 0, &value, sizeof(value), &fd, fd >= 0 ? 1 : 0);
}

/* Exactly len bytes. */
static int
receive_bytes(struct dev *dev, void *out, size_t len)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;
	uint8_t *at = out;

	while (len > 0) {
		const ssize_t n = recv(dev->sock, at, len, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return -EPIPE;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN)
			return -errno;
		const int err = host_turn(dev->vm->host, dev->sock, POLLIN,
		    (int)(deadline - now_ms()));
		if (err < 0)
			return err;
	}
	return 0;
}

int
vu_receive(
    struct dev *dev, struct vu_header *header, void *payload, uint32_t size)
{
	const int err = receive_bytes(dev, header, sizeof(*header));

	if (err < 0)
		return err;
	if (header->size > size)
		return -EMSGSIZE;
	return receive_bytes(dev, payload, header->size);
}

/* A reply to request with exactly size bytes. */
static int
receive_reply(struct dev *dev, uint32_t request, void *payload, uint32_t size)
{
	struct vu_header header;
	const int err = vu_receive(dev, &header, payload, size);

	if (err < 0)
		return err;
	if (header.request != request || header.size != size ||
	    (header.flags & 3) != VU_VERSION || (header.flags & VU_REPLY) == 0)
		return -EBADMSG;
	return 0;
}

int
vu_get_u64(struct dev *dev, uint32_t request, uint64_t *out)
{
	const int err = vu_send(dev, request, 0, NULL, 0, NULL, 0);

	return err < 0 ? err : receive_reply(dev, request, out, sizeof(*out));
}

int
vu_send_acked(struct dev *dev, uint32_t request, const void *payload,
    uint32_t size, const int *fds, uint32_t n_fds, uint64_t *out)
{
	const int err =
	    vu_send(dev, request, VU_NEED_REPLY, payload, size, fds, n_fds);

	return err < 0 ? err : receive_reply(dev, request, out, sizeof(*out));
}

int
vu_get_config(struct dev *dev, uint32_t offset, uint32_t size, uint8_t *out)
{
	struct vu_config config = {.offset = offset, .size = size};
	const uint32_t whole = 12 + size;

	assert_true(size <= sizeof(config.bytes));
	int err = vu_send(dev, VU_GET_CONFIG, 0, &config, whole, NULL, 0);
	if (err == 0)
		err = receive_reply(dev, VU_GET_CONFIG, &config, whole);
	if (err == 0)
		memcpy(out, config.bytes, size);
	return err;
}

int
vu_set_config(
    struct dev *dev, uint32_t offset, uint32_t size, const uint8_t *bytes)
{
	struct vu_config config = {.offset = offset, .size = size};

	assert_true(size <= sizeof(config.bytes));
	memcpy(config.bytes, bytes, size);
	return vu_send(dev, VU_SET_CONFIG, 0, &config, 12 + size, NULL, 0);
}

/* ------------------------------------------------------------------------ */

int
dev_connect(struct dev *dev)
{
	const int fd = host_connect(dev->vm->host, dev->which);

	dev->sock = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
dev_disconnect(struct dev *dev)
{
	close_fd(&dev->sock);
	close_fd(&dev->slave);
	close_fd(&dev->display);
	for (uint32_t i = 0; i < VM_QUEUES; i++) {
		close_fd(&dev->q[i].kick);
		close_fd(&dev->q[i].call);
		close_fd(&dev->q[i].err);
	}
}

int
dev_sync(struct dev *dev)
{
	uint64_t features;

	return vu_get_u64(dev, VU_GET_FEATURES, &features);
}

int
dev_wait_hangup(struct dev *dev)
{
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;

	for (;;) {
		char spill[4096];
		const ssize_t n =
		    recv(dev->sock, spill, sizeof(spill), MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
		if (n > 0)
			continue;
		const int err = host_turn(dev->vm->host, dev->sock, POLLIN,
		    (int)(deadline - now_ms()));
		if (err < 0)
			return err;
	}
}

static int
send_slave_fd(struct dev *dev)
{
	int pair[2];
	uint64_t ack = 1;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close_fd(&dev->slave);
	dev->slave = pair[0];
	const int err =
	    vu_send_acked(dev, VU_SET_SLAVE_REQ_FD, NULL, 0, &pair[1], 1, &ack);
	close(pair[1]);
	return err == 0 && ack != 0 ? -EPROTO : err;
}

static int
send_calls(struct dev *dev)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++)
		err = vu_send_u64(dev, VU_SET_VRING_CALL, i, dev->q[i].call);
	return err;
}

int
dev_realize(struct dev *dev)
{
	uint64_t queues = 0;
	int err = vu_get_u64(dev, VU_GET_FEATURES, &dev->features);

	if (err == 0)
		err = vu_get_u64(
		    dev, VU_GET_PROTOCOL_FEATURES, &dev->protocol_features);
	const uint64_t wanted = dev->protocol_features & 0x229;
	if (err == 0)
		err = vu_send_u64(dev, VU_SET_PROTOCOL_FEATURES, wanted, -1);
	if (err == 0 && (wanted & 1) != 0)
		err = vu_get_u64(dev, VU_GET_QUEUE_NUM, &queues);
	if (err == 0 && (wanted & 1) != 0 && queues < VM_QUEUES)
		err = -EPROTO;
	if (err == 0 && (wanted & 0x20) != 0)
		err = send_slave_fd(dev);
	if (err == 0)
		err = vu_send(dev, VU_SET_OWNER, 0, NULL, 0, NULL, 0);
	if (err == 0)
		err = vu_get_u64(dev, VU_GET_FEATURES, &dev->features);
	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++) {
		vq_reset(&dev->q[i], dev->q[i].num);
		err = vu_send_u64(dev, VU_SET_VRING_CALL, i, dev->q[i].call);
		if (err == 0)
			err = vu_send_u64(
			    dev, VU_SET_VRING_ERR, i, dev->q[i].err);
	}
	return err;
}

int
vu_set_ring(struct vq *q)
{
	struct dev *dev = q->dev;
	const uint32_t index = (uint32_t)(q - dev->q);
	const struct vu_vring_state num = {index, q->num};
	const struct vu_vring_state base = {index, 0};
	const struct vu_vring_addr addr = {
	    .index = index,
	    .desc = vm_uva(q->desc_at),
	    .used = vm_uva(q->used_at),
	    .avail = vm_uva(q->avail_at),
	};
	int err = vu_send(dev, VU_SET_VRING_NUM, 0, &num, sizeof(num), NULL, 0);

	if (err == 0)
		err = vu_send(
		    dev, VU_SET_VRING_BASE, 0, &base, sizeof(base), NULL, 0);
	if (err == 0)
		err = vu_send(
		    dev, VU_SET_VRING_ADDR, 0, &addr, sizeof(addr), NULL, 0);
	if (err == 0)
		err = vu_send_u64(dev, VU_SET_VRING_KICK, index, q->kick);
	return err;
}

static int
send_display(struct dev *dev)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close_fd(&dev->display);
	dev->display = pair[0];
	const int err =
	    vu_send(dev, VU_GPU_SET_SOCKET, 0, NULL, 0, &pair[1], 1);
	close(pair[1]);
	return err;
}

int
dev_start(struct dev *dev)
{
	const uint64_t features =
	    dev->features &
	    (1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_GPU_F_EDID |
		1ull << PROTOCOL_BIT);
	struct vu_mem_table table;
	const int mem_fds[2] = {dev->vm->mem_fd, dev->vm->mem_fd};
	uint64_t ack = 1;
	int err = 0;

	for (uint32_t i = 0; i < VM_QUEUES; i++)
		vq_reset(&dev->q[i], dev->q[i].num);
	if (dev->which == SOCKET_GPU)
		err = send_display(dev);
	if (err == 0)
		err = send_calls(dev);
	if (err == 0)
		err = vu_send_u64(dev, VU_SET_FEATURES, features, -1);
	vm_table(&table);
	if (err == 0)
		err = vu_send_acked(dev, VU_SET_MEM_TABLE, &table,
		    8 + 2 * sizeof(struct vu_region), mem_fds, 2, &ack);
	if (err == 0 && ack != 0)
		err = -EPROTO;
	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++)
		err = vu_set_ring(&dev->q[i]);
	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++) {
		const struct vu_vring_state on = {i, 1};

		err = vu_send(
		    dev, VU_SET_VRING_ENABLE, 0, &on, sizeof(on), NULL, 0);
	}
	if (err == 0)
		err = send_calls(dev);
	return err < 0 ? err : dev_sync(dev);
}

int
dev_stop(struct dev *dev)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++) {
		const struct vu_vring_state off = {i, 0};

		err = vu_send(
		    dev, VU_SET_VRING_ENABLE, 0, &off, sizeof(off), NULL, 0);
	}
	close_fd(&dev->display);
	for (uint32_t i = 0; err == 0 && i < VM_QUEUES; i++) {
		const struct vu_vring_state ask = {i, 0};
		struct vu_vring_state base;

		err = vu_send(
		    dev, VU_GET_VRING_BASE, 0, &ask, sizeof(ask), NULL, 0);
		if (err == 0)
			err = receive_reply(
			    dev, VU_GET_VRING_BASE, &base, sizeof(base));
		if (err == 0 && (base.index != i ||
				    (base.num & 0xffff) != dev->q[i].avail_idx))
			err = -EPROTO;
	}
	if (err == 0)
		err = send_calls(dev);
	return err;
}
