#include "kbd/seat_queue.h"

#include <stddef.h>

static uint32_t
place(const struct seat_queue *q, uint32_t i)
{
	return (q->first + i) % SEAT_QUEUE;
}

uint32_t
seat_queue_room(const struct seat_queue *q)
{
	return SEAT_QUEUE - q->n;
}

struct seat_events *
seat_queue_put(struct seat_queue *q)
{
	return &q->events[place(q, q->n++)];
}

const struct seat_events *
seat_queue_first(const struct seat_queue *q)
{
	return q->n > 0 ? &q->events[q->first] : NULL;
}

void
seat_queue_take(struct seat_queue *q)
{
	q->first = place(q, 1);
	q->n--;
}

uint32_t
seat_queue_count(const struct seat_queue *q, uint32_t device)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < q->n; i++)
		n += q->events[place(q, i)].device == device;
	return n;
}

void
seat_queue_drop(struct seat_queue *q, uint32_t device)
{
	uint32_t n_kept = 0;

	for (uint32_t i = 0; i < q->n; i++) {
		if (q->events[place(q, i)].device == device)
			continue;
		if (n_kept != i)
			q->events[place(q, n_kept)] = q->events[place(q, i)];
		n_kept++;
	}
	q->n = n_kept;
}
