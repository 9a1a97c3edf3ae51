/*
 * fake_vm: plays QEMU and its guest towards a tds-guest: memory in a memfd,
 * up to four vhost-user connections, split virtqueues in that memory.
 *
 * Written from the vhost-user and virtio texts, shares no code with hv-glue.
 * Where a test wants to break a rule it writes the descriptor tables, rings
 * and messages itself: everything is public. The functions return 0 or
 * -errno (-EPIPE: the back end hung up, -ETIMEDOUT) and never fail a test,
 * except for what cannot fail.
 *
 *	file	0	1 MiB			64 MiB
 *		| A	| B			|
 *	gpa	0	1 GiB
 *	uva	0x7e0000000000, 0x7f0000000000
 *
 * Rings and small buffers lie in A, pixels in B. All positions below are
 * offsets in the file.
 */
#pragma once

#include "tests/abuse/fake_host.h"

#include <linux/virtio_ring.h>

enum {
	VM_A_BYTES = 1 << 20,
	VM_BYTES = 64 << 20,
	VM_GPU_BYTES = 66 << 10, /* end of A: requests of fake_gpu */
	VM_QUEUES = 2,
	VM_MAX_REGIONS = 8,
};

#define VM_B_GPA 0x40000000ull
#define VM_A_UVA 0x7e0000000000ull
#define VM_B_UVA 0x7f0000000000ull

enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES = 2,
	VU_SET_OWNER = 3,
	VU_SET_MEM_TABLE = 5,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR = 9,
	VU_SET_VRING_BASE = 10,
	VU_GET_VRING_BASE = 11,
	VU_SET_VRING_KICK = 12,
	VU_SET_VRING_CALL = 13,
	VU_SET_VRING_ERR = 14,
	VU_GET_PROTOCOL_FEATURES = 15,
	VU_SET_PROTOCOL_FEATURES = 16,
	VU_GET_QUEUE_NUM = 17,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_SLAVE_REQ_FD = 21,
	VU_GET_CONFIG = 24,
	VU_SET_CONFIG = 25,
	VU_GPU_SET_SOCKET = 33,
};

enum { VU_VERSION = 1, VU_REPLY = 4, VU_NEED_REPLY = 8 };

struct vu_header {
	uint32_t request, flags, size;
};

struct vu_region {
	uint64_t gpa, size, uva, mmap_offset;
};

struct vu_mem_table {
	uint32_t n, pad;
	struct vu_region regions[VM_MAX_REGIONS + 1];
};

struct vu_vring_state {
	uint32_t index, num;
};

struct vu_vring_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

struct vu_config {
	uint32_t offset, size, flags;
	uint8_t bytes[256];
};

struct vm;

struct vq {
	struct dev *dev; /* borrowed */
	uint16_t num;
	uint32_t desc_at, avail_at, used_at; /* in the file */
	uint16_t avail_idx, used_idx;	     /* as the driver counts them */
	int kick, call, err;		     /* owned eventfds, or -1 */
};

struct dev {
	struct vm *vm; /* borrowed */
	enum host_socket which;
	int sock;    /* owned, -1: not connected */
	int slave;   /* owned: our end of SET_SLAVE_REQ_FD */
	int display; /* owned: our end of GPU_SET_SOCKET */
	uint64_t features, protocol_features; /* as offered */
	struct vq q[VM_QUEUES];
};

struct vm {
	struct host *host; /* borrowed */
	int mem_fd;	   /* owned */
	uint8_t *mem;	   /* owned mapping of VM_BYTES */
	uint32_t next_a, next_b;
	struct dev dev[SOCKET_COUNT];
};

/* One buffer of a request; at: offset in the file. */
struct piece {
	uint32_t at, len;
	bool is_writable;
};

/* Not connected yet. */
void vm_init(struct vm *vm, struct host *host);
/* QEMU is gone. */
void vm_finish(struct vm *vm);
/* Connect and start all four devices as QEMU does for a Linux guest. */
int vm_boot(struct vm *vm);

uint64_t vm_gpa(uint32_t at);
uint64_t vm_uva(uint32_t at);
/* Memory in A (small) or B (page aligned); never given back. */
uint32_t vm_alloc_a(struct vm *vm, uint32_t bytes);
uint32_t vm_alloc_b(struct vm *vm, uint32_t bytes);
void vm_free_b(struct vm *vm);
/* The table of the two regions, for SET_MEM_TABLE. */
void vm_table(struct vu_mem_table *out);

/* Connection: what QEMU does when the device is realized. */
int dev_connect(struct dev *dev);
int dev_realize(struct dev *dev);
/* What follows when the guest's driver says DRIVER_OK. */
int dev_start(struct dev *dev);
/* Reset of the device by the guest or at its reboot. */
int dev_stop(struct dev *dev);
void dev_disconnect(struct dev *dev);
/* Everything sent so far was handled: GET_FEATURES was answered. */
int dev_sync(struct dev *dev);
/* Wait until the back end hangs up. 0 or -ETIMEDOUT. */
int dev_wait_hangup(struct dev *dev);

/* Messages. Payload and descriptors as given, true or not. */
int vu_send(struct dev *dev, uint32_t request, uint32_t flags,
    const void *payload, uint32_t size, const int *fds, uint32_t n_fds);
int vu_send_raw(struct dev *dev, const void *bytes, size_t len, const int *fds,
    uint32_t n_fds);
int vu_send_u64(struct dev *dev, uint32_t request, uint64_t value, int fd);
/* The next message from the back end; -EMSGSIZE if over size. */
int vu_receive(
    struct dev *dev, struct vu_header *header, void *payload, uint32_t size);
/* Request and reply of a u64. */
int vu_get_u64(struct dev *dev, uint32_t request, uint64_t *out);
/* With need_reply; *out: 0 means done. */
int vu_send_acked(struct dev *dev, uint32_t request, const void *payload,
    uint32_t size, const int *fds, uint32_t n_fds, uint64_t *out);
int vu_get_config(
    struct dev *dev, uint32_t offset, uint32_t size, uint8_t *out);
int vu_set_config(
    struct dev *dev, uint32_t offset, uint32_t size, const uint8_t *bytes);
/* Send NUM, BASE, ADDR, KICK of one ring (no enable). */
int vu_set_ring(struct vq *q);

/* Rings. */
struct vring_desc *vq_desc(struct vq *q, uint16_t i);
struct vring_avail *vq_avail(struct vq *q);
struct vring_used *vq_used(struct vq *q);
/* Fresh, empty rings of num entries. */
void vq_reset(struct vq *q, uint16_t num);
/* Describe pieces with descriptors first, first + 1, ... */
void vq_chain(
    struct vq *q, uint16_t first, const struct piece *pieces, uint32_t n);
void vq_offer(struct vq *q, uint16_t head);
void vq_kick(struct vq *q);
/* The next used element. */
int vq_wait_used(struct vq *q, struct vring_used_elem *out);
bool vq_has_used(struct vq *q);
/* All of it for one request: chain from 0, offer, kick, wait. */
int vq_call(
    struct vq *q, const struct piece *pieces, uint32_t n, uint32_t *used_len);
