/*
 * virtqueue: the device's side of one split virtqueue (virtio 1.2, 2.7),
 * without indirect descriptors and event indices, which we never offer.
 *
 * The guest may write to all of it at any time. Each value is read once into
 * private memory and judged there; a chain that breaks a rule is -EBADMSG and
 * the VMM is dropped.
 *
 *	desc   16 * num:     u64 gpa, u32 len, u16 flags, u16 next
 *	avail  4 + 2 * num:  u16 flags, u16 idx, u16 ring[num]
 *	used   4 + 8 * num:  u16 flags, u16 idx, {u32 id, u32 len}[num]
 */
#pragma once

#include "hv-glue/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum { VIRTQUEUE_MAX = 1024 };

struct virtqueue {
	const struct memory *memory; /* borrowed from the device */
	uint16_t num;		     /* a power of two; 0: not set up */
	uint64_t desc_uva, avail_uva, used_uva;
	uint8_t *desc, *avail, *used; /* borrowed from memory; NULL: unmapped */
	uint16_t next_avail;	      /* our own indices, free-running */
	uint16_t next_used;
	bool must_call; /* something was used since virtqueue_wants_call() */
};

struct vq_piece {
	uint64_t gpa;
	uint32_t len; /* bytes */
};

/* One request, copied out of the ring: n_out pieces to read, n_in to write. */
struct vq_chain {
	uint16_t head;
	uint32_t n_out, n_in;
	uint64_t out_bytes, in_bytes;
	struct vq_piece pieces[VIRTQUEUE_MAX]; /* first out, then in */
};

/*
 * Find the three areas in memory; called when the queue starts and after each
 * new memory table. -ERANGE if they do not lie in it or are not aligned.
 */
int virtqueue_map(struct virtqueue *vq) MUST_CHECK;
void virtqueue_unmap(struct virtqueue *vq);

/* 1 with the next chain; 0 if none waits; -EBADMSG, with *why. */
int virtqueue_pop(
    struct virtqueue *vq, struct vq_chain *chain, const char **why) MUST_CHECK;
/* Copy at most size bytes of the request. Bytes copied, or -EBADMSG. */
int virtqueue_read(const struct virtqueue *vq, const struct vq_chain *chain,
    uint8_t *out, uint32_t size) MUST_CHECK;
/* Copy the answer as far as it is writable. Bytes written, or -EBADMSG. */
int virtqueue_write(const struct virtqueue *vq, const struct vq_chain *chain,
    const uint8_t *in, uint32_t len) MUST_CHECK;
/* Give the chain back with written bytes of answer. */
void virtqueue_push(struct virtqueue *vq, uint16_t head, uint32_t written);
/* Once after a batch: does the guest want its interrupt now? */
bool virtqueue_wants_call(struct virtqueue *vq);
