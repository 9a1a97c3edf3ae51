#include "kbd/keys.h"

#include "protocol/control.h"

#include <linux/input-event-codes.h>

/* The eight physical modifier keys; bit in modifiers_down by position. */
static const struct {
	uint16_t code;
	uint32_t modifier;
} modifier_keys[8] = {
    {KEY_LEFTCTRL, CHORD_CTRL},
    {KEY_RIGHTCTRL, CHORD_CTRL},
    {KEY_LEFTALT, CHORD_ALT},
    {KEY_RIGHTALT, CHORD_ALT},
    {KEY_LEFTSHIFT, CHORD_SHIFT},
    {KEY_RIGHTSHIFT, CHORD_SHIFT},
    {KEY_LEFTMETA, CHORD_META},
    {KEY_RIGHTMETA, CHORD_META},
};

void
keys_init(struct keys *keys, uint32_t modifiers, uint16_t chord_key)
{
	*keys = (struct keys){
	    .modifiers = modifiers, .chord_key = chord_key};
}

static uint32_t
modifier_of(uint16_t code)
{
	for (uint32_t i = 0; i < 8; i++)
		if (modifier_keys[i].code == code)
			return modifier_keys[i].modifier;
	return 0;
}

/* Track the chord's own keys; independent of the table of held keys. */
static void
chord_track(struct keys *keys, uint16_t code, bool down)
{
	for (uint32_t i = 0; i < 8; i++)
		if (modifier_keys[i].code == code) {
			const uint8_t bit = (uint8_t)(1u << i);
			if (down)
				keys->modifiers_down |= bit;
			else
				keys->modifiers_down &= (uint8_t)~bit;
		}
	if (code == keys->chord_key)
		keys->is_chord_key_down = down;
}

static bool
chord_is_complete(const struct keys *keys)
{
	uint32_t held = 0;

	for (uint32_t i = 0; i < 8; i++)
		if (keys->modifiers_down & (1u << i))
			held |= modifier_keys[i].modifier;
	return keys->modifiers != 0 && keys->is_chord_key_down &&
	    (held & keys->modifiers) == keys->modifiers;
}

static bool
is_of_chord(const struct keys *keys, uint16_t code)
{
	return code == keys->chord_key ||
	    (modifier_of(code) & keys->modifiers) != 0;
}

static uint32_t
find(const struct keys *keys, uint16_t code)
{
	uint32_t i = 0;

	while (i < keys->n && keys->held[i].code != code)
		i++;
	return i;
}

static void
put(struct keys_result *r, uint16_t code, int32_t value)
{
	r->out[r->n++] = (struct key_out){.code = code, .value = value};
}

static void
pass_held_back(struct keys *keys, struct keys_result *r)
{
	for (uint32_t i = 0; i < keys->n; i++) {
		struct held_key *k = &keys->held[i];
		if (!k->is_held_back)
			continue;
		k->is_held_back = 0;
		k->is_seen = 1;
		put(r, k->code, 1);
	}
}

static struct keys_result
press(struct keys *keys, uint16_t code, bool deliver)
{
	struct keys_result r = {.is_press = true};

	if (find(keys, code) < keys->n)
		return (struct keys_result){0}; /* a source's bug: dropped */
	chord_track(keys, code, true);
	r.is_sak = is_of_chord(keys, code) && chord_is_complete(keys);
	for (uint32_t i = 0; i < keys->n && r.is_sak; i++)
		keys->held[i].is_held_back = 0;
	if (keys->n == TDS_MAX_HELD)
		return r; /* too many keys at once: this one is not passed on */

	const bool wait =
	    deliver && !r.is_sak && (modifier_of(code) & keys->modifiers) != 0;
	const bool pass = deliver && !r.is_sak && !wait;
	if (pass) {
		pass_held_back(keys, &r);
		put(&r, code, 1);
	}
	keys->held[keys->n++] = (struct held_key){
	    .code = code, .is_seen = pass, .is_held_back = wait};
	return r;
}

static struct keys_result
release(struct keys *keys, uint16_t code, bool deliver)
{
	struct keys_result r = {0};
	const uint32_t at = find(keys, code);

	chord_track(keys, code, false);
	if (at == keys->n)
		return r;
	if (deliver && keys->held[at].is_held_back)
		pass_held_back(keys, &r);
	if (deliver && keys->held[at].is_seen)
		put(&r, code, 0);
	for (uint32_t i = at; i + 1 < keys->n; i++)
		keys->held[i] = keys->held[i + 1];
	keys->n--;
	return r;
}

struct keys_result
keys_event(struct keys *keys, uint16_t code, int32_t value, bool deliver)
{
	if (value == 1)
		return press(keys, code, deliver);
	if (value == 0)
		return release(keys, code, deliver);
	return (struct keys_result){0};
}

struct keys_result
keys_pass_held_back(struct keys *keys)
{
	struct keys_result r = {0};

	pass_held_back(keys, &r);
	return r;
}

void
keys_forget_seen(struct keys *keys)
{
	for (uint32_t i = 0; i < keys->n; i++) {
		keys->held[i].is_seen = 0;
		keys->held[i].is_held_back = 0;
	}
}

struct keys_result
keys_release_all(struct keys *keys)
{
	struct keys_result r = {0};

	for (uint32_t i = keys->n; i > 0; i--)
		if (keys->held[i - 1].is_seen)
			put(&r, keys->held[i - 1].code, 0);
	keys_forget_seen(keys);
	return r;
}

struct keys_result
keys_chord(const struct keys *keys)
{
	struct keys_result r = {0};

	for (uint32_t i = 0; i < 8; i += 2) /* the left one of each pair */
		if (keys->modifiers & modifier_keys[i].modifier)
			put(&r, modifier_keys[i].code, 1);
	put(&r, keys->chord_key, 1);
	for (uint32_t i = r.n; i > 0; i--)
		put(&r, r.out[i - 1].code, 0);
	return r;
}

bool
keys_is_held(const struct keys *keys, uint16_t code)
{
	return find(keys, code) < keys->n;
}

bool
keys_is_button(uint16_t code)
{
	return code >= BTN_MOUSE && code < BTN_JOYSTICK;
}

bool
keys_any_button(const struct keys *keys)
{
	for (uint32_t i = 0; i < keys->n; i++)
		if (keys_is_button(keys->held[i].code))
			return true;
	return false;
}
