#include "hv-glue/virtqueue.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdatomic.h>
#include <string.h>

/* The guest's memory is little-endian, and so are the machines we run on. */
_Static_assert(
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ring fields are read natively");

static uint16_t
load_u16(const uint8_t *at)
{
	return *(const volatile uint16_t *)(const void *)at;
}

static uint16_t
load_u16_acquire(const uint8_t *at)
{
	return atomic_load_explicit(
	    (const _Atomic uint16_t *)(const void *)at, memory_order_acquire);
}

/* One descriptor: two loads of 8 bytes, each done exactly once. */
static struct vring_desc
load_desc(const uint8_t *at)
{
	const volatile uint64_t *from =
	    (const volatile uint64_t *)(const void *)at;
	const uint64_t copy[2] = {from[0], from[1]};
	struct vring_desc desc;

	_Static_assert(sizeof(desc) == sizeof(copy), "virtio 1.2, 2.7.5");
	memcpy(&desc, copy, sizeof(desc));
	return desc;
}

int
virtqueue_map(struct virtqueue *vq)
{
	virtqueue_unmap(vq);
	if (vq->num == 0 || vq->num > VIRTQUEUE_MAX ||
	    (vq->num & (vq->num - 1)) != 0)
		return -ERANGE;

	uint8_t *desc = memory_at_uva(vq->memory, vq->desc_uva, 16u * vq->num);
	uint8_t *avail =
	    memory_at_uva(vq->memory, vq->avail_uva, 4u + 2u * vq->num);
	uint8_t *used =
	    memory_at_uva(vq->memory, vq->used_uva, 4u + 8u * vq->num);
	if (!desc || !avail || !used)
		return -ERANGE;
	if ((uintptr_t)desc % 16 != 0 || (uintptr_t)avail % 2 != 0 ||
	    (uintptr_t)used % 4 != 0)
		return -ERANGE;

	vq->desc = desc;
	vq->avail = avail;
	vq->used = used;
	return 0;
}

void
virtqueue_unmap(struct virtqueue *vq)
{
	vq->desc = NULL;
	vq->avail = NULL;
	vq->used = NULL;
}

/*
 * Follow one chain. At most num descriptors, so a loop ends; each piece must
 * lie in guest memory as a whole; what is read comes before what is written.
 */
static int
walk(const struct virtqueue *vq, uint16_t head, struct vq_chain *chain,
    const char **why)
{
	const uint16_t known =
	    VRING_DESC_F_NEXT | VRING_DESC_F_WRITE | VRING_DESC_F_INDIRECT;
	uint16_t at = head;

	chain->head = head;
	chain->n_out = 0;
	chain->n_in = 0;
	chain->out_bytes = 0;
	chain->in_bytes = 0;
	for (uint32_t n = 0; n < vq->num; n++) {
		if (at >= vq->num) {
			*why = "a descriptor index is outside the ring";
			return -EBADMSG;
		}
		const struct vring_desc d = load_desc(vq->desc + 16u * at);
		if ((d.flags & VRING_DESC_F_INDIRECT) || (d.flags & ~known)) {
			*why = "a descriptor has flags that were not offered";
			return -EBADMSG;
		}
		const bool is_in = d.flags & VRING_DESC_F_WRITE;
		if (!is_in && chain->n_in > 0) {
			*why = "a readable descriptor follows a writable one";
			return -EBADMSG;
		}
		if (!memory_at(vq->memory, d.addr, d.len)) {
			*why = "a descriptor leaves guest memory";
			return -EBADMSG;
		}
		chain->pieces[n] = (struct vq_piece){d.addr, d.len};
		chain->n_out += is_in ? 0 : 1;
		chain->n_in += is_in ? 1 : 0;
		chain->out_bytes += is_in ? 0 : d.len;
		chain->in_bytes += is_in ? d.len : 0;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return 1;
		at = d.next;
	}
	*why = "a descriptor chain is longer than the ring";
	return -EBADMSG;
}

int
virtqueue_pop(struct virtqueue *vq, struct vq_chain *chain, const char **why)
{
	if (!vq->desc)
		return 0;

	const uint16_t idx = load_u16_acquire(vq->avail + 2);
	const uint16_t waiting = (uint16_t)(idx - vq->next_avail);
	if (waiting == 0)
		return 0;
	if (waiting > vq->num) {
		*why = "the available index jumped";
		return -EBADMSG;
	}

	const uint32_t slot = vq->next_avail & (vq->num - 1u);
	const uint16_t head = load_u16(vq->avail + 4 + 2u * slot);
	const int found = walk(vq, head, chain, why);
	if (found == 1)
		vq->next_avail++;
	return found;
}

int
virtqueue_read(const struct virtqueue *vq, const struct vq_chain *chain,
    uint8_t *out, uint32_t size)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < chain->n_out && done < size; i++) {
		const struct vq_piece *p = &chain->pieces[i];
		const uint32_t n = p->len < size - done ? p->len : size - done;
		const uint8_t *from = memory_at(vq->memory, p->gpa, n);
		if (!from)
			return -EBADMSG;
		memcpy(out + done, from, n);
		done += n;
	}
	return (int)done;
}

int
virtqueue_write(const struct virtqueue *vq, const struct vq_chain *chain,
    const uint8_t *in, uint32_t len)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < chain->n_in && done < len; i++) {
		const struct vq_piece *p = &chain->pieces[chain->n_out + i];
		const uint32_t n = p->len < len - done ? p->len : len - done;
		uint8_t *to = memory_at(vq->memory, p->gpa, n);
		if (!to)
			return -EBADMSG;
		memcpy(to, in + done, n);
		done += n;
	}
	return (int)done;
}

void
virtqueue_push(struct virtqueue *vq, uint16_t head, uint32_t written)
{
	const uint32_t slot = vq->next_used & (vq->num - 1u);
	const struct vring_used_elem elem = {.id = head, .len = written};

	if (!vq->used)
		return;
	memcpy(vq->used + 4 + 8u * slot, &elem, sizeof(elem));
	vq->next_used++;
	atomic_store_explicit((_Atomic uint16_t *)(void *)(vq->used + 2),
	    vq->next_used, memory_order_release);
	vq->must_call = true;
}

bool
virtqueue_wants_call(struct virtqueue *vq)
{
	if (!vq->must_call || !vq->avail)
		return false;
	vq->must_call = false;
	/* The guest sets flags, then reads idx: one of us sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	return !(load_u16(vq->avail) & VRING_AVAIL_F_NO_INTERRUPT);
}
