/* seat_queue: moments with keys that wait for room in the channel. Pure. */
#pragma once

#include "protocol/control.h"

enum { SEAT_QUEUE = 64 };

struct seat_queue {
	uint32_t first, n;
	struct seat_events events[SEAT_QUEUE];
};

uint32_t seat_queue_room(const struct seat_queue *q);
/* A place at the end; only while there is room. */
struct seat_events *seat_queue_put(struct seat_queue *q);
/* The one that has waited longest, or NULL. */
const struct seat_events *seat_queue_first(const struct seat_queue *q);
void seat_queue_take(struct seat_queue *q);
uint32_t seat_queue_count(const struct seat_queue *q, uint32_t device);
/* All of one device: the others keep their order. */
void seat_queue_drop(struct seat_queue *q, uint32_t device);
