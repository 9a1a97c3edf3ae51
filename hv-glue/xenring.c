#include "hv-glue/xenring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

enum { REQ_PROD = 0, REQ_EVENT = 4, RSP_PROD = 8, RSP_EVENT = 12, RING = 64 };
enum { CONS = 0, PROD = 4 };

const struct xenevents_layout
    xenevents_display = {.at = 64, .bytes = 64, .n = 63},
    xenevents_keyboard = {.at = 1024, .bytes = 40, .n = 51};

static _Atomic uint32_t *
word(uint8_t *page, uint32_t at)
{
	return (_Atomic uint32_t *)(void *)(page + at);
}

static uint32_t
load(uint8_t *page, uint32_t at)
{
	return atomic_load_explicit(word(page, at), memory_order_acquire);
}

static void
store(uint8_t *page, uint32_t at, uint32_t value)
{
	atomic_store_explicit(word(page, at), value, memory_order_release);
}

/* ---------------------------------------------------------------- requests */

static uint8_t *
entry_at(const struct xenring *ring, uint32_t index)
{
	return ring->page + RING +
	       (size_t)(index % XENRING_ENTRIES) * XENRING_ENTRY_BYTES;
}

void
xenring_init(struct xenring *ring, uint8_t *page)
{
	const uint32_t prod = load(page, RSP_PROD);

	*ring = (struct xenring){
	    .page = page, .req_cons = prod, .rsp_prod = prod};
}

static int
waiting(const struct xenring *ring)
{
	const uint32_t n = load(ring->page, REQ_PROD) - ring->req_cons;

	/* Requests whose responses are not given yet hold their places. */
	if (n > XENRING_ENTRIES - (ring->req_cons - ring->rsp_prod))
		return -EBADMSG;
	return (int)n;
}

int
xenring_get(struct xenring *ring, uint8_t out[XENRING_ENTRY_BYTES])
{
	int n = waiting(ring);

	if (n == 0) {
		/* "Notify of the next one", then look again: one of us sees
		 * the other. */
		store(ring->page, REQ_EVENT, ring->req_cons + 1);
		atomic_thread_fence(memory_order_seq_cst);
		n = waiting(ring);
	}
	if (n <= 0)
		return n;

	const volatile uint64_t *from =
	    (const volatile uint64_t *)(void *)entry_at(ring, ring->req_cons);
	uint64_t copy[XENRING_ENTRY_BYTES / 8];

	/* volatile: each word is fetched exactly once */
	for (uint32_t i = 0; i < XENRING_ENTRY_BYTES / 8; i++)
		copy[i] = from[i];
	memcpy(out, copy, XENRING_ENTRY_BYTES);
	ring->req_cons++;
	return 1;
}

void
xenring_put(struct xenring *ring, const uint8_t response[XENRING_ENTRY_BYTES])
{
	memcpy(entry_at(ring, ring->rsp_prod), response, XENRING_ENTRY_BYTES);
	ring->rsp_prod++;
}

bool
xenring_publish(struct xenring *ring)
{
	const uint32_t old = load(ring->page, RSP_PROD);

	store(ring->page, RSP_PROD, ring->rsp_prod);
	atomic_thread_fence(memory_order_seq_cst);
	const uint32_t event = load(ring->page, RSP_EVENT);
	return ring->rsp_prod - event < ring->rsp_prod - old;
}

/* ------------------------------------------------------------------ events */

void
xenevents_init(struct xenevents *events, uint8_t *page,
    const struct xenevents_layout *layout)
{
	*events = (struct xenevents){
	    .page = page, .layout = layout, .prod = load(page, PROD)};
}

uint32_t
xenevents_room(const struct xenevents *events)
{
	const uint32_t fill = events->prod - load(events->page, CONS);

	return fill > events->layout->n ? 0 : events->layout->n - fill;
}

void
xenevents_put(struct xenevents *events, const uint8_t *bytes)
{
	const struct xenevents_layout *l = events->layout;

	memcpy(events->page + l->at + (size_t)(events->prod % l->n) * l->bytes,
	    bytes, l->bytes);
	events->prod++;
}

void
xenevents_publish(struct xenevents *events)
{
	store(events->page, PROD, events->prod);
}
