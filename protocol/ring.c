#include "protocol/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/*
 * The only file with atomics. The other side may write anything at any time;
 * each index is loaded once per call and only its distance to our own private
 * index is used.
 */

static _Atomic uint32_t *
word(const struct ring *ring, uint32_t at)
{
	return (_Atomic uint32_t *)(void *)((uint8_t *)ring->base + at);
}

static uint8_t *
record_at(const struct ring *ring, uint32_t index)
{
	return (uint8_t *)ring->base + ring->records_at +
	    (size_t)(index & (ring->n - 1)) * TDS_RING_RECORD_BYTES;
}

void
ring_init(struct ring *ring, void *base, enum ring_direction direction)
{
	const bool up = direction == RING_UP;

	*ring = (struct ring){
	    .base = base,
	    .n = up ? TDS_RING_UP_RECORDS : TDS_RING_DOWN_RECORDS,
	    .head_at = up ? 0 : 128,
	    .tail_at = up ? 64 : 192,
	    .wake_at = up ? 256 : 320,
	    .records_at = up ? RING_UP_AT : RING_DOWN_AT,
	};
}

uint32_t
ring_room(const struct ring *ring)
{
	const uint32_t tail = atomic_load_explicit(
	    word(ring, ring->tail_at), memory_order_acquire);
	const uint32_t fill = ring->index - tail;

	return fill > ring->n ? 0 : ring->n - fill;
}

int
ring_put(struct ring *ring, const uint8_t record[TDS_RING_RECORD_BYTES])
{
	if (ring_room(ring) == 0)
		return -EAGAIN;
	memcpy(record_at(ring, ring->index), record, TDS_RING_RECORD_BYTES);
	ring->index++;
	return 0;
}

bool
ring_publish(struct ring *ring)
{
	atomic_store_explicit(word(ring, ring->head_at), ring->index,
	    memory_order_release);
	/* The consumer sets wake, then reads head: one of us sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(word(ring, ring->wake_at),
		   memory_order_relaxed) != 0;
}

int
ring_waiting(const struct ring *ring)
{
	const uint32_t head = atomic_load_explicit(
	    word(ring, ring->head_at), memory_order_acquire);
	const uint32_t fill = head - ring->index;

	return fill > ring->n ? -EBADMSG : (int)fill;
}

void
ring_get(struct ring *ring, uint8_t record[TDS_RING_RECORD_BYTES])
{
	const volatile uint64_t *from =
	    (const volatile uint64_t *)(void *)record_at(ring, ring->index);
	uint64_t copy[TDS_RING_RECORD_BYTES / 8];

	/* volatile: each word is fetched exactly once */
	for (uint32_t i = 0; i < TDS_RING_RECORD_BYTES / 8; i++)
		copy[i] = from[i];
	memcpy(record, copy, TDS_RING_RECORD_BYTES);
	ring->index++;
}

void
ring_release(struct ring *ring)
{
	atomic_store_explicit(word(ring, ring->tail_at), ring->index,
	    memory_order_release);
}

void
ring_set_wake(struct ring *ring, bool wanted)
{
	atomic_store_explicit(word(ring, ring->wake_at), wanted ? 1u : 0u,
	    memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}
