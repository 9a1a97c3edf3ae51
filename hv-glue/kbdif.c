#include "hv-glue/kbdif.h"

#include <string.h>

enum { TYPE_MOTION = 1, TYPE_KEY = 3, TYPE_POS = 4 };

static void
begin_group(struct kbdif *k)
{
	k->n = 1; /* the first is kept for the pointer */
	k->wheel = 0;
	k->has_moved = k->is_too_long = false;
}

void
kbdif_attach(struct kbdif *k, uint8_t *page, bool is_absolute, uint32_t width,
    uint32_t height)
{
	*k = (struct kbdif){
	    .is_absolute = is_absolute, .width = width, .height = height};
	xenevents_init(&k->events, page, &xenevents_keyboard);
	begin_group(k);
}

static bool
is_pressed(const struct kbdif *k, uint16_t code)
{
	return k->seen[code / 8] & 1u << code % 8;
}

static void
set_pressed(struct kbdif *k, uint16_t code, bool pressed)
{
	if (pressed)
		k->seen[code / 8] |= (uint8_t)(1u << code % 8);
	else
		k->seen[code / 8] &= (uint8_t) ~(1u << code % 8);
}

static void
encode_key(uint8_t entry[KBDIF_BYTES], uint16_t code, bool pressed)
{
	struct wr wr;

	put_zero(entry, KBDIF_BYTES);
	wr_init(&wr, entry, KBDIF_BYTES);
	wr_u32(&wr, TYPE_KEY | (uint32_t)pressed << 8);
	wr_u32(&wr, code);
}

static void
encode_pointer(uint8_t entry[KBDIF_BYTES], uint8_t type, int32_t x, int32_t y,
    int32_t z)
{
	struct wr wr;

	put_zero(entry, KBDIF_BYTES);
	wr_init(&wr, entry, KBDIF_BYTES);
	wr_u32(&wr, type);
	wr_u32(&wr, (uint32_t)x);
	wr_u32(&wr, (uint32_t)y);
	wr_u32(&wr, (uint32_t)z);
}

static void
add_key(struct kbdif *k, uint16_t code, bool pressed)
{
	if (k->n == KBDIF_GROUP) {
		k->is_too_long = true;
		return;
	}
	encode_key(k->group[k->n++], code, pressed);
}

/* The wheel of the front end turns the other way (xen-kbdfront.c). */
static void
encode_motion(struct kbdif *k)
{
	uint8_t *entry = k->group[0];
	const int32_t x = k->abs[0], y = k->abs[1];

	if (k->is_absolute && k->has_position)
		encode_pointer(entry, TYPE_POS, x, y, -k->wheel);
	else if (k->has_moved && k->has_position)
		encode_pointer(entry, TYPE_MOTION, x - k->last[0],
		    y - k->last[1], -k->wheel);
	else
		encode_pointer(entry, TYPE_MOTION, 0, 0, -k->wheel);
	k->last[0] = x;
	k->last[1] = y;
}

/* Releases of what the guest saw pressed, as many as there is room for. */
static bool
release_all(struct kbdif *k)
{
	uint32_t room = xenevents_room(&k->events);
	uint8_t entry[KBDIF_BYTES];
	bool any = false;

	k->is_lost = false;
	for (uint16_t code = 0; code < KEY_CNT; code++) {
		if (!is_pressed(k, code))
			continue;
		if (room == 0) {
			k->is_lost = true;
			break;
		}
		encode_key(entry, code, false);
		xenevents_put(&k->events, entry);
		set_pressed(k, code, false);
		room--;
		any = true;
	}
	if (any)
		xenevents_publish(&k->events);
	return any;
}

/* What the group said of keys, once the guest is to see it. */
static void
note_keys(struct kbdif *k)
{
	for (uint32_t i = 1; i < k->n; i++)
		if (k->group[i][0] == TYPE_KEY)
			set_pressed(k, get_u16(&k->group[i][4]),
			    k->group[i][1] != 0);
}

static bool
end_group(struct kbdif *k)
{
	/* where it is, before what is pressed there */
	const bool has_motion = k->has_moved || k->wheel != 0;
	const uint32_t first = has_motion ? 0 : 1;
	bool notify = false;

	if (k->is_lost)
		notify = release_all(k);
	if (k->is_lost || k->is_too_long ||
	    k->n - first > xenevents_room(&k->events)) {
		k->is_lost = true;
		begin_group(k);
		return notify;
	}
	if (has_motion)
		encode_motion(k);
	note_keys(k);
	for (uint32_t i = first; i < k->n; i++)
		xenevents_put(&k->events, k->group[i]);
	if (k->n > first) {
		xenevents_publish(&k->events);
		notify = true;
	}
	begin_group(k);
	return notify;
}

static void
put_key(struct kbdif *k, uint16_t code, int32_t value)
{
	if (code >= KEY_CNT || value == 2)
		return; /* the guest repeats by itself */
	add_key(k, code, value != 0);
}

bool
kbdif_put(struct kbdif *k, uint16_t type, uint16_t code, int32_t value)
{
	if (!k->events.page)
		return false;
	switch (type) {
	case EV_SYN:
		return end_group(k);
	case EV_KEY:
		put_key(k, code, value);
		return false;
	case EV_ABS:
		if (code > ABS_Y)
			return false;
		k->abs[code] = value;
		if (!k->has_position)
			k->last[code] = value;
		k->has_moved = true;
		k->has_position |= code == ABS_Y;
		return false;
	case EV_REL:
		/* one wheel is all that there is */
		if (code == REL_WHEEL && value > -100 && value < 100)
			k->wheel += value;
		return false;
	default:
		return false;
	}
}

bool
kbdif_lost(struct kbdif *k)
{
	if (!k->events.page)
		return false;
	begin_group(k);
	return release_all(k);
}

bool
kbdif_read(struct kbdif *k)
{
	return k->events.page && k->is_lost && release_all(k);
}
