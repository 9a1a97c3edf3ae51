#include "hv-glue/kbdif.h"

#include <string.h>

enum { TYPE_MOTION = 1, TYPE_KEY = 3, TYPE_POS = 4, TYPE_TOUCH = 5 };
enum { TOUCH_DOWN, TOUCH_UP, TOUCH_MOTION, TOUCH_SYN }; /* XENKBD_MT_EV_ */

static void
begin_group(struct kbdif *k)
{
	k->n = 1; /* the first is kept for the pointer */
	k->wheel = 0;
	k->touching_next = k->touching;
	k->has_moved = k->has_touched = k->is_void = false;
}

void
kbdif_attach(struct kbdif *k, uint8_t *page, bool is_absolute, uint32_t width,
    uint32_t height, uint32_t contacts)
{
	*k = (struct kbdif){.is_absolute = is_absolute,
	    .width = width,
	    .height = height,
	    .contacts = contacts};
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

/* A place in the group, or NULL. */
static uint8_t *
add(struct kbdif *k)
{
	if (k->n < KBDIF_GROUP)
		return k->group[k->n++];
	k->is_void = true;
	return NULL;
}

static void
encode_touch(uint8_t entry[KBDIF_BYTES], uint32_t what, uint32_t contact,
    int32_t x, int32_t y)
{
	struct wr wr;

	put_zero(entry, KBDIF_BYTES);
	wr_init(&wr, entry, KBDIF_BYTES);
	wr_u32(&wr, TYPE_TOUCH | what << 8 | contact << 16);
	wr_u32(&wr, 0);
	wr_u32(&wr, (uint32_t)x);
	wr_u32(&wr, (uint32_t)y);
}

static void
add_touch(struct kbdif *k, uint32_t what, int32_t x, int32_t y)
{
	uint8_t *entry = add(k);
	const uint32_t contact = k->slot < k->contacts ? k->slot : 0;

	if (entry)
		encode_touch(entry, what, contact, x, y);
	if (what == TOUCH_DOWN)
		k->touching_next |= 1u << contact;
	if (what == TOUCH_UP)
		k->touching_next &= ~(1u << contact);
	k->has_touched = true;
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

/* Lifts of what the guest saw; a frame of a touchscreen is ended by SYN. */
static bool
lift_all(struct kbdif *k)
{
	uint8_t entry[KBDIF_BYTES];

	if (k->touching == 0)
		return false;
	/* the frame is told as one */
	if (xenevents_room(&k->events) <= TDS_MAX_CONTACTS) {
		k->is_lost = true;
		return false;
	}
	for (uint32_t i = 0; i < TDS_MAX_CONTACTS; i++) {
		if ((k->touching >> i & 1) == 0)
			continue;
		encode_touch(entry, TOUCH_UP, i, 0, 0);
		xenevents_put(&k->events, entry);
	}
	encode_touch(entry, TOUCH_SYN, 0, 0, 0);
	xenevents_put(&k->events, entry);
	k->touching = k->touching_next = 0;
	/* what the group says of fingers is not true any more */
	k->is_void |= k->has_touched;
	return true;
}

/* Releases of what the guest saw pressed, as many as there is room for. */
static bool
release_all(struct kbdif *k)
{
	uint8_t entry[KBDIF_BYTES];

	k->is_lost = false;
	bool any = lift_all(k);
	uint32_t room = xenevents_room(&k->events);
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

/* What the group said of keys and fingers, once the guest is to see it. */
static void
note_group(struct kbdif *k)
{
	for (uint32_t i = 1; i < k->n; i++)
		if (k->group[i][0] == TYPE_KEY)
			set_pressed(k, get_u16(&k->group[i][4]),
			    k->group[i][1] != 0);
	k->touching = k->touching_next;
}

static bool
end_group(struct kbdif *k)
{
	/* where it is, before what is pressed there */
	const bool has_motion = k->has_moved || k->wheel != 0;
	const uint32_t first = has_motion ? 0 : 1;
	bool notify = false;

	if (k->has_touched)
		add_touch(k, TOUCH_SYN, 0, 0);
	if (k->is_lost)
		notify = release_all(k);
	if (k->is_lost || k->is_void ||
	    k->n - first > xenevents_room(&k->events)) {
		k->is_lost = true;
		begin_group(k);
		return notify;
	}
	if (has_motion)
		encode_motion(k);
	note_group(k);
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
	if (code == TDS_BTN_FINGER && k->contacts > 0)
		return; /* it has the finger itself */
	if (code == TDS_BTN_FINGER)
		code = BTN_LEFT;
	if (code >= KEY_CNT || value == 2)
		return; /* the guest repeats by itself */
	uint8_t *entry = add(k);
	if (entry)
		encode_key(entry, code, value != 0);
}

static bool
is_touching(const struct kbdif *k)
{
	return (k->touching_next >> k->slot & 1) != 0;
}

void
kbdif_touch(struct kbdif *k, uint16_t code, int32_t value)
{
	if (code == ABS_MT_SLOT) {
		k->slot = value < 0 ? TDS_MAX_CONTACTS : (uint32_t)value;
		k->begins = false;
		return;
	}
	if (!k->events.page || k->slot >= k->contacts)
		return;
	if (code == ABS_MT_TRACKING_ID) {
		k->begins = value >= 0 && !is_touching(k);
		if (value < 0 && is_touching(k))
			add_touch(k, TOUCH_UP, 0, 0);
	} else if (code == ABS_MT_POSITION_X) {
		k->touch_x = value;
	} else if (code == ABS_MT_POSITION_Y) {
		if (k->begins || is_touching(k))
			add_touch(k, k->begins ? TOUCH_DOWN : TOUCH_MOTION,
			    k->touch_x, value);
		k->begins = false;
	}
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
