#include "kbd/seat_facts.h"

#include <stddef.h>
#include <string.h>

enum {
	FEW_KEYS = 20,	    /* letters and digits that make a keyboard */
	MAX_AXIS = 1 << 24, /* no device measures more finely */
	MAX_RESOLUTION = 1 << 20,
	MAX_SLOTS = 256, /* as in libevdev */
};

bool
facts_bit(const uint8_t *bits, uint32_t n)
{
	return (bits[n / 8] >> (n % 8) & 1) != 0;
}

bool
facts_is_key(uint32_t code)
{
	return (code > KEY_RESERVED && code < BTN_MISC) ||
	       (code >= KEY_OK && code < BTN_DPAD_UP) ||
	       (code > BTN_DPAD_RIGHT && code < BTN_TRIGGER_HAPPY);
}

/* ------------------------------------------------------------------ traits */

static bool
has_key(const struct device_facts *f, uint32_t code)
{
	return facts_bit(f->types, EV_KEY) && facts_bit(f->keys, code);
}

static bool
has_abs(const struct device_facts *f, uint32_t x, uint32_t y)
{
	return facts_bit(f->types, EV_ABS) && facts_bit(f->absolute, x) &&
	       facts_bit(f->absolute, y);
}

static uint32_t
count_keys(const struct device_facts *f, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t code = from; code <= to; code++)
		n += has_key(f, code);
	return n;
}

static bool
can_type(const struct device_facts *f)
{
	return count_keys(f, KEY_1, KEY_0) + count_keys(f, KEY_Q, KEY_P) +
		   count_keys(f, KEY_A, KEY_L) + count_keys(f, KEY_Z, KEY_M) >=
	       FEW_KEYS;
}

static bool
has_any_key(const struct device_facts *f)
{
	for (uint32_t code = 0; code < KEY_CNT; code++)
		if (facts_is_key(code) && has_key(f, code))
			return true;
	return false;
}

static bool
is_game_controller(const struct device_facts *f)
{
	return count_keys(f, BTN_JOYSTICK, BTN_DIGI - 1) > 0 ||
	       count_keys(f, BTN_DPAD_UP, BTN_DPAD_RIGHT) > 0 ||
	       count_keys(f, BTN_TRIGGER_HAPPY, BTN_TRIGGER_HAPPY40) > 0;
}

static bool
is_range_sane(uint32_t axis, const struct axis_range *r)
{
	switch (axis) {
	case ABS_VOLUME: /* libinput looks at none of these */
	case ABS_MISC:
	case ABS_MT_TRACKING_ID:
	case ABS_MT_TOOL_TYPE:
	case ABS_MT_BLOB_ID:
		return true;
	case ABS_MT_SLOT:
		return r->minimum == 0 && r->maximum >= 0 &&
		       r->maximum < MAX_SLOTS;
	case ABS_X:
	case ABS_Y:
	case ABS_MT_POSITION_X:
	case ABS_MT_POSITION_Y:
		if (r->minimum >= r->maximum)
			return false;
		break;
	default:
		break;
	}
	return r->minimum <= r->maximum && r->minimum >= -MAX_AXIS &&
	       r->maximum <= MAX_AXIS && r->resolution >= 0 &&
	       r->resolution <= MAX_RESOLUTION && r->fuzz >= 0 &&
	       r->fuzz <= MAX_AXIS;
}

/* Only such axes are given to libinput, which divides by them. */
static bool
are_axes_sane(const struct device_facts *f)
{
	if (!facts_bit(f->types, EV_ABS))
		return true;
	for (uint32_t axis = 0; axis < ABS_CNT; axis++)
		if (facts_bit(f->absolute, axis) &&
		    !is_range_sane(axis, &f->ranges[axis]))
			return false;
	return true;
}

static bool
is_mouse(const struct device_facts *f)
{
	return facts_bit(f->types, EV_REL) && facts_bit(f->relative, REL_X) &&
	       facts_bit(f->relative, REL_Y) && has_key(f, BTN_LEFT);
}

/* As udev's input_id decides, with fewer special cases. */
static uint32_t
pointer_traits(const struct device_facts *f)
{
	const bool is_direct = facts_bit(f->properties, INPUT_PROP_DIRECT);
	const bool has_xy = has_abs(f, ABS_X, ABS_Y);
	const bool has_pen = has_key(f, BTN_TOOL_PEN);

	if (facts_bit(f->properties, INPUT_PROP_ACCELEROMETER) ||
	    !are_axes_sane(f))
		return 0;
	if (has_xy && has_pen)
		return TRAIT_PEN;
	if (has_xy && is_game_controller(f))
		return 0;
	if (is_direct && (has_abs(f, ABS_MT_POSITION_X, ABS_MT_POSITION_Y) ||
			     (has_xy && has_key(f, BTN_TOUCH))))
		return TRAIT_TOUCHSCREEN;
	if (has_xy && has_key(f, BTN_TOOL_FINGER))
		return is_direct ? 0 : TRAIT_TOUCHPAD;
	if (is_mouse(f))
		return facts_bit(f->properties, INPUT_PROP_POINTING_STICK)
			   ? TRAIT_MOUSE | TRAIT_STICK
			   : TRAIT_MOUSE;
	/* QEMU's tablets; the button counts, newer ones have BTN_TOUCH too */
	if (has_xy && has_key(f, BTN_LEFT))
		return TRAIT_MOUSE;
	return 0;
}

/*
 * A mouse with a volume key is no keyboard: it could not type a code, and its
 * keys go nowhere. A power button is one: keys are all that it has.
 */
uint32_t
facts_traits(const struct device_facts *facts)
{
	const uint32_t pointer = pointer_traits(facts);

	if (can_type(facts))
		return pointer | TRAIT_KEYBOARD;
	if (pointer != 0)
		return pointer;
	return has_any_key(facts) && !is_game_controller(facts) &&
		       !facts_bit(facts->types, EV_ABS)
		   ? TRAIT_KEYBOARD
		   : 0;
}

uint32_t
facts_kinds(uint32_t traits)
{
	uint32_t kinds = 0;

	if (traits & TRAIT_KEYBOARD)
		kinds |= KIND_KEYBOARD;
	if (traits & (TRAIT_MOUSE | TRAIT_STICK | TRAIT_TOUCHPAD))
		kinds |= KIND_POINTER;
	if (traits & TRAIT_TOUCHSCREEN)
		kinds |= KIND_TOUCH;
	if (traits & TRAIT_PEN)
		kinds |= KIND_TABLET;
	return kinds;
}

enum device_reader
facts_reader(uint32_t kinds, uint32_t state)
{
	const bool has_keys = (kinds & KIND_KEYBOARD) != 0;

	if (state == DEVICE_ADMITTED)
		return kinds == KIND_KEYBOARD ? READER_KEYBOARD
					      : READER_POINTER;
	if (state == DEVICE_WAITING)
		return has_keys ? READER_KEYBOARD : READER_DISCARD;
	return READER_NONE;
}

/* -------------------------------------------------------------------- hash */

static uint64_t
hash_bytes(uint64_t hash, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t
hash_u32(uint64_t hash, uint32_t value)
{
	uint8_t bytes[4];

	put_u32(bytes, value);
	return hash_bytes(hash, bytes, sizeof(bytes));
}

static uint64_t
hash_range(uint64_t hash, const struct axis_range *r)
{
	hash = hash_u32(hash, (uint32_t)r->minimum);
	hash = hash_u32(hash, (uint32_t)r->maximum);
	hash = hash_u32(hash, (uint32_t)r->fuzz);
	hash = hash_u32(hash, (uint32_t)r->flat);
	return hash_u32(hash, (uint32_t)r->resolution);
}

uint64_t
facts_hash(const struct device_facts *f)
{
	uint64_t hash = 0xcbf29ce484222325u;

	hash = hash_u32(hash, f->bus);
	hash = hash_u32(hash, f->vendor);
	hash = hash_u32(hash, f->product);
	hash = hash_u32(hash, f->version);
	hash = hash_bytes(hash, f->properties, sizeof(f->properties));
	hash = hash_bytes(hash, f->types, sizeof(f->types));
	hash = hash_bytes(hash, f->keys, sizeof(f->keys));
	hash = hash_bytes(hash, f->relative, sizeof(f->relative));
	hash = hash_bytes(hash, f->absolute, sizeof(f->absolute));
	hash = hash_bytes(hash, f->misc, sizeof(f->misc));
	hash = hash_bytes(hash, f->switches, sizeof(f->switches));
	hash = hash_bytes(hash, f->leds, sizeof(f->leds));
	hash = hash_bytes(hash, f->sounds, sizeof(f->sounds));
	hash = hash_bytes(hash, f->effects, sizeof(f->effects));
	for (uint32_t axis = 0; axis < ABS_CNT; axis++)
		if (facts_bit(f->absolute, axis))
			hash = hash_range(hash, &f->ranges[axis]);
	return hash;
}

/* ------------------------------------------------------------------ record */

void
facts_text(const char *from, uint8_t *out, uint32_t size)
{
	uint32_t i = 0;

	memset(out, 0, size);
	for (; i + 1 < size && from[i] != '\0'; i++)
		out[i] =
		    from[i] >= ' ' && from[i] <= '~' ? (uint8_t)from[i] : '?';
}

void
facts_record(const struct device_facts *facts, uint32_t number, uint32_t state,
    struct seat_device *out)
{
	*out = (struct seat_device){
	    .device = number,
	    .state = state,
	    .kinds = facts_kinds(facts_traits(facts)),
	    .bus = facts->bus,
	    .vendor = facts->vendor,
	    .product = facts->product,
	    .capabilities = facts_hash(facts),
	};
	facts_text(facts->name, out->name, sizeof(out->name));
	facts_text(facts->serial, out->serial, sizeof(out->serial));
	facts_text(facts->port, out->port, sizeof(out->port));
}
