#include "kbd/seat.h"

#include <errno.h>
#include <string.h>

enum {
	FULL_SCALE = 65535,
	MAX_STEP = 1 << 20, /* pixels, or 120ths of a click, at one moment */
	CLICK = 120,
};

void
seat_init(struct seat *seat, seat_send send, void *data)
{
	memset(seat, 0, sizeof(*seat));
	seat->send = send;
	seat->data = data;
}

/* ------------------------------------------------------------------- owing */

/* true if it was sent, or there is nobody to send it to. */
static bool
send_record(struct seat *seat, const uint8_t *bytes, int len)
{
	if (!seat->has_core || len < 0)
		return true;
	if (seat->is_blocked)
		return false;
	const int err = seat->send(seat->data, bytes, (uint32_t)len);
	seat->is_blocked = err == -EAGAIN;
	seat->has_core = err == 0 || err == -EAGAIN;
	return !seat->is_blocked;
}

/* From here on the core knows of no key that is down, and of no motion. */
static void
forget_events(struct seat_slot *s)
{
	memset(s->down, 0, sizeof(s->down));
	s->contacts = 0;
	s->batch.input.n = 0;
	s->late = (struct seat_motion){0};
	s->part_x = s->part_y = 0;
	s->part_wheel = s->part_hwheel = 0;
}

static void
lose(struct seat *seat, struct seat_slot *s)
{
	/* what waits must not follow SEAT_GONE */
	seat_queue_drop(&seat->queue, s->record.device);
	forget_events(s);
	s->owes_gone = true;
	s->owes_device = true;
}

static bool
is_lost(const struct seat_slot *s)
{
	return s->owes_gone || s->owes_device;
}

/* false: there is no room. */
static bool
pay(struct seat *seat, struct seat_slot *s)
{
	uint8_t bytes[4 + WIRE_BYTES(SEAT_DEVICE_FIELDS)];

	if (s->owes_gone) {
		const struct seat_gone gone = {.device = s->record.device};
		if (!send_record(seat, bytes,
			encode_seat_gone(&gone, bytes, sizeof(bytes))))
			return false;
		s->owes_gone = false;
	}
	if (s->use == SEAT_REMOVED) {
		*s = (struct seat_slot){0};
		return true;
	}
	if (s->owes_device) {
		if (!send_record(seat, bytes,
			encode_seat_device(&s->record, bytes, sizeof(bytes))))
			return false;
		s->owes_device = false;
	}
	return true;
}

/* ------------------------------------------------------------------ events */

/* Something that must not be lost. */
static bool
has_key_event(const struct core_input *input)
{
	for (uint32_t i = 0; i < input->n; i++)
		if (input->events[i].type == EV_KEY ||
		    (input->events[i].type == EV_ABS &&
			input->events[i].code == ABS_MT_TRACKING_ID))
			return true;
	return false;
}

static int32_t
add_clamped(int32_t a, int32_t b)
{
	const int32_t sum = a + b; /* both within MAX_STEP */

	return sum > MAX_STEP ? MAX_STEP : sum < -MAX_STEP ? -MAX_STEP : sum;
}

static void
keep_motion(struct seat_slot *s, const struct input_event_wire *e)
{
	struct seat_motion *late = &s->late;

	if (e->type == EV_ABS && e->code == ABS_X)
		late->x = e->value;
	else if (e->type == EV_ABS && e->code == ABS_Y)
		late->y = e->value;
	else if (e->type == EV_REL && e->code == REL_X)
		late->dx = add_clamped(late->dx, e->value);
	else if (e->type == EV_REL && e->code == REL_Y)
		late->dy = add_clamped(late->dy, e->value);
	else if (e->type == EV_REL && e->code == REL_WHEEL)
		late->wheel = add_clamped(late->wheel, e->value);
	else if (e->type == EV_REL && e->code == REL_HWHEEL)
		late->hwheel = add_clamped(late->hwheel, e->value);
	/* where fingers are is said again when they move */
	late->has_position |= e->type == EV_ABS && e->code <= ABS_Y;
	late->time_ns = s->batch.time_ns;
}

static bool
has_late(const struct seat_motion *m)
{
	return m->has_position || m->dx || m->dy || m->wheel || m->hwheel;
}

static void
append(struct core_input *input, uint32_t type, uint32_t code, int32_t value)
{
	input->events[input->n++] = (struct input_event_wire){
	    .type = (uint16_t)type, .code = (uint16_t)code, .value = value};
}

static void
append_nonzero(struct core_input *input, uint32_t code, int32_t value)
{
	if (value != 0)
		append(input, EV_REL, code, value);
}

static bool
send_events(struct seat *seat, const struct seat_events *events)
{
	uint8_t bytes[CONTROL_MAX_BYTES];

	return send_record(
	    seat, bytes, encode_seat_events(events, bytes, sizeof(bytes)));
}

static void
take_late(struct seat_slot *s, struct seat_events *out)
{
	const struct seat_motion *late = &s->late;

	*out = (struct seat_events){
	    .device = s->record.device, .time_ns = late->time_ns};
	if (late->has_position) {
		append(&out->input, EV_ABS, ABS_X, late->x);
		append(&out->input, EV_ABS, ABS_Y, late->y);
	}
	append_nonzero(&out->input, REL_X, late->dx);
	append_nonzero(&out->input, REL_Y, late->dy);
	append_nonzero(&out->input, REL_WHEEL, late->wheel);
	append_nonzero(&out->input, REL_HWHEEL, late->hwheel);
	append(&out->input, EV_SYN, SYN_REPORT, 0);
}

static bool
send_late(struct seat *seat, struct seat_slot *s)
{
	struct seat_events events;

	if (!has_late(&s->late))
		return true;
	take_late(s, &events);
	if (!send_events(seat, &events))
		return false;
	s->late = (struct seat_motion){0};
	return true;
}

/* The motion before a click goes with it. false: the queue is full. */
static bool
queue_batch(struct seat *seat, struct seat_slot *s)
{
	if (seat_queue_room(&seat->queue) < 2)
		return false;
	if (has_late(&s->late))
		take_late(s, seat_queue_put(&seat->queue));
	s->late = (struct seat_motion){0};
	*seat_queue_put(&seat->queue) = s->batch;
	return true;
}

static bool
send_queued(struct seat *seat)
{
	const struct seat_events *e;

	while ((e = seat_queue_first(&seat->queue)) != NULL) {
		if (!send_events(seat, e))
			return false;
		seat_queue_take(&seat->queue);
	}
	return true;
}

static struct seat_slot *
most_queued(struct seat *seat, struct seat_slot *most)
{
	uint32_t n_most = 0;

	for (uint32_t at = 0; at < TDS_MAX_DEVICES; at++) {
		struct seat_slot *s = &seat->slots[at];
		const uint32_t n =
		    seat_queue_count(&seat->queue, s->record.device);
		if (s->use == SEAT_USED && n > n_most) {
			most = s;
			n_most = n;
		}
	}
	return most;
}

/* A device that floods is what is lost, not the one that comes after it. */
static void
queue_or_lose(struct seat *seat, struct seat_slot *s)
{
	if (queue_batch(seat, s))
		return;
	struct seat_slot *most = most_queued(seat, s);
	lose(seat, most);
	if (most != s && !queue_batch(seat, s))
		lose(seat, s);
}

/* In order: what is late, then this moment. */
static void
end_batch(struct seat *seat, struct seat_slot *s)
{
	struct core_input *input = &s->batch.input;

	if (input->n == 0)
		return;
	append(input, EV_SYN, SYN_REPORT, 0);
	if (!send_late(seat, s) || !send_events(seat, &s->batch)) {
		if (!has_key_event(input))
			for (uint32_t i = 0; i + 1 < input->n; i++)
				keep_motion(s, &input->events[i]);
		else
			queue_or_lose(seat, s);
	}
	input->n = 0;
}

static void
put(struct seat *seat, struct seat_slot *s, uint32_t type, uint32_t code,
    int32_t value)
{
	/* one place is kept for EV_SYN */
	if (s->batch.input.n == TDS_MAX_INPUT_BATCH - 1)
		end_batch(seat, s);
	if (seat->has_core && !is_lost(s))
		append(&s->batch.input, type, code, value);
}

static bool
may_point(const struct seat_slot *s)
{
	return s->use == SEAT_USED && s->record.state == DEVICE_ADMITTED &&
	       (s->record.kinds & ~(uint32_t)KIND_KEYBOARD) != 0;
}

static bool
may_send_key(const struct seat_slot *s, uint32_t code)
{
	if (s->use != SEAT_USED || s->record.state == DEVICE_REFUSED)
		return false;
	if (code >= BTN_MOUSE && code < BTN_JOYSTICK)
		return may_point(s);
	return facts_is_key(code) && (s->record.kinds & KIND_KEYBOARD) != 0;
}

void
seat_time(struct seat *seat, uint32_t at, uint64_t time_ns)
{
	seat->slots[at].batch.time_ns = time_ns;
}

void
seat_key(struct seat *seat, uint32_t at, uint32_t code, int32_t value)
{
	struct seat_slot *s = &seat->slots[at];

	if (code >= KEY_CNT || (value != 0 && value != 1) ||
	    !may_send_key(s, code) || !seat->has_core || is_lost(s))
		return;
	if (facts_bit(s->down, code) == (value == 1))
		return;
	s->down[code / 8] ^= (uint8_t)(1u << (code % 8));
	put(seat, s, EV_KEY, code, value);
}

/* Whole units of what has come together; the part that is left stays. */
static int32_t
take_whole(double *part, double delta, int32_t unit)
{
	if (!(delta > -MAX_STEP && delta < MAX_STEP))
		return 0; /* not a number, or not of this world */
	*part += delta;
	const int32_t whole = (int32_t)(*part / unit);
	*part -= (double)whole * unit;
	return whole;
}

static void
put_nonzero(
    struct seat *seat, struct seat_slot *s, uint32_t code, int32_t value)
{
	if (value != 0)
		put(seat, s, EV_REL, code, value);
}

void
seat_move(struct seat *seat, uint32_t at, double dx, double dy)
{
	struct seat_slot *s = &seat->slots[at];

	if (!may_point(s))
		return;
	put_nonzero(seat, s, REL_X, take_whole(&s->part_x, dx, 1));
	put_nonzero(seat, s, REL_Y, take_whole(&s->part_y, dy, 1));
}

static int32_t
on_scale(double value)
{
	if (!(value > 0))
		return 0;
	return value < FULL_SCALE ? (int32_t)value : FULL_SCALE;
}

void
seat_position(struct seat *seat, uint32_t at, double x, double y)
{
	struct seat_slot *s = &seat->slots[at];

	if (!may_point(s))
		return;
	put(seat, s, EV_ABS, ABS_X, on_scale(x));
	put(seat, s, EV_ABS, ABS_Y, on_scale(y));
}

/* -1: not one of those that are looked at. */
static int32_t
contact_bit(const struct seat *seat, const struct seat_slot *s, int32_t contact)
{
	if (!may_point(s) || !seat->has_core || is_lost(s) || contact < 0 ||
	    contact >= TDS_MAX_CONTACTS)
		return -1;
	return 1 << contact;
}

void
seat_touch(struct seat *seat, uint32_t at, int32_t contact, double x, double y)
{
	struct seat_slot *s = &seat->slots[at];
	const int32_t bit = contact_bit(seat, s, contact);

	if (bit < 0)
		return;
	put(seat, s, EV_ABS, ABS_MT_SLOT, contact);
	if ((s->contacts & (uint32_t)bit) == 0)
		put(seat, s, EV_ABS, ABS_MT_TRACKING_ID, contact);
	s->contacts |= (uint32_t)bit;
	put(seat, s, EV_ABS, ABS_MT_POSITION_X, on_scale(x));
	put(seat, s, EV_ABS, ABS_MT_POSITION_Y, on_scale(y));
}

void
seat_lift(struct seat *seat, uint32_t at, int32_t contact)
{
	struct seat_slot *s = &seat->slots[at];
	const int32_t bit = contact_bit(seat, s, contact);

	if (bit < 0 || (s->contacts & (uint32_t)bit) == 0)
		return;
	s->contacts &= ~(uint32_t)bit;
	put(seat, s, EV_ABS, ABS_MT_SLOT, contact);
	put(seat, s, EV_ABS, ABS_MT_TRACKING_ID, -1);
}

void
seat_wheel(struct seat *seat, uint32_t at, double down, double right)
{
	struct seat_slot *s = &seat->slots[at];

	if (!may_point(s))
		return;
	/* REL_WHEEL counts upwards */
	put_nonzero(
	    seat, s, REL_WHEEL, -take_whole(&s->part_wheel, down, CLICK));
	put_nonzero(
	    seat, s, REL_HWHEEL, take_whole(&s->part_hwheel, right, CLICK));
}

void
seat_wheel_end(struct seat *seat, uint32_t at)
{
	seat->slots[at].part_wheel = 0;
	seat->slots[at].part_hwheel = 0;
}

void
seat_flush(struct seat *seat, uint32_t at)
{
	end_batch(seat, &seat->slots[at]);
}

/* ----------------------------------------------------------------- devices */

int
seat_find(const struct seat *seat, uint32_t number)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (seat->slots[i].use == SEAT_USED &&
		    seat->slots[i].record.device == number)
			return (int)i;
	return -ENOENT;
}

int
seat_add(struct seat *seat, const struct seat_device *record)
{
	uint32_t at = 0;

	if (seat_find(seat, record->device) >= 0)
		return -EEXIST;
	while (at < TDS_MAX_DEVICES && seat->slots[at].use != SEAT_FREE)
		at++;
	if (at == TDS_MAX_DEVICES)
		return -EDQUOT;
	seat->slots[at] = (struct seat_slot){.use = SEAT_USED,
	    .owes_device = true,
	    .record = *record,
	    .batch.device = record->device};
	pay(seat, &seat->slots[at]);
	return (int)at;
}

void
seat_remove(struct seat *seat, uint32_t at)
{
	struct seat_slot *s = &seat->slots[at];

	/* a core that never heard of it need not hear that it is gone */
	const bool was_told = !s->owes_device || s->owes_gone;

	seat_queue_drop(&seat->queue, s->record.device);
	forget_events(s);
	s->use = SEAT_REMOVED;
	s->owes_gone = seat->has_core && was_told;
	pay(seat, s);
}

void
seat_set_state(struct seat *seat, uint32_t at, uint32_t state)
{
	struct seat_slot *s = &seat->slots[at];

	for (uint32_t code = 0; code < KEY_CNT; code++)
		if (facts_bit(s->down, code))
			put(seat, s, EV_KEY, code, 0);
	for (int32_t i = 0; i < TDS_MAX_CONTACTS; i++)
		seat_lift(seat, at, i);
	end_batch(seat, s);
	memset(s->down, 0, sizeof(s->down));
	s->record.state = state;
}

void
seat_core(struct seat *seat, bool has_core)
{
	seat->has_core = has_core;
	seat->is_blocked = false;
	seat->queue.n = 0;
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct seat_slot *s = &seat->slots[i];
		if (s->use == SEAT_REMOVED)
			*s = (struct seat_slot){0};
		forget_events(s);
		s->owes_gone = false;
		s->owes_device = s->use == SEAT_USED;
	}
	seat_pump(seat);
}

void
seat_pump(struct seat *seat)
{
	if (!seat->has_core)
		return;
	seat->is_blocked = false;
	if (!send_queued(seat))
		return;
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct seat_slot *s = &seat->slots[i];
		if (s->use == SEAT_FREE)
			continue;
		if (!pay(seat, s) || !send_late(seat, s))
			return;
	}
}
