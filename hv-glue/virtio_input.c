#include "hv-glue/virtio_input.h"

#include <errno.h>
#include <linux/input.h>
#include <linux/virtio_input.h>
#include <string.h>

_Static_assert(sizeof(struct virtio_input_config) == INPUT_CONFIG_BYTES,
    "virtio 1.2, 5.8.4");
_Static_assert((INPUT_FIFO & (INPUT_FIFO - 1)) == 0, "indices are masked");

const struct input_profile input_profiles[3] = {
    {"tds keyboard", 1,
	{{EV_KEY, KEY_ESC, KEY_MICMUTE}, {EV_LED, LED_NUML, LED_SCROLLL},
	    {EV_REP, REP_DELAY, REP_PERIOD}}},
    {"tds tablet", 2,
	{{EV_KEY, BTN_LEFT, BTN_TASK}, {EV_ABS, ABS_X, ABS_Y},
	    {EV_REL, REL_HWHEEL, REL_HWHEEL}, {EV_REL, REL_WHEEL, REL_WHEEL}}},
    {"tds mouse", 3,
	{{EV_KEY, BTN_LEFT, BTN_TASK}, {EV_REL, REL_X, REL_Y},
	    {EV_REL, REL_HWHEEL, REL_HWHEEL}, {EV_REL, REL_WHEEL, REL_WHEEL}}},
};

void
input_init(struct input *input, const struct input_profile *profile)
{
	*input = (struct input){.profile = profile};
}

void
input_reset(struct input *input)
{
	input_init(input, input->profile);
}

static bool
knows(const struct input_profile *profile, uint16_t type, uint16_t code)
{
	for (uint32_t i = 0; i < 4; i++) {
		const struct input_event_bits *b = &profile->bits[i];
		if (b->type == type && type != EV_SYN && code >= b->first &&
		    code <= b->last)
			return true;
	}
	return false;
}

static struct input_item *
at(struct input *input, uint32_t index)
{
	return &input->fifo[index & (INPUT_FIFO - 1)];
}

static void
append(struct input *input, uint16_t type, uint16_t code, int32_t value)
{
	*at(input, input->head) = (struct input_item){type, code, value};
	input->head++;
}

static uint32_t
room(const struct input *input)
{
	return INPUT_FIFO - (input->head - input->tail);
}

static void
begin_group(struct input *input, bool is_motion)
{
	input->last_group = input->head;
	input->last_is_motion = is_motion;
}

static void
append_position(struct input *input)
{
	begin_group(input, true);
	append(input, EV_ABS, ABS_X, input->abs[0]);
	append(input, EV_ABS, ABS_Y, input->abs[1]);
	append(input, EV_SYN, SYN_REPORT, 0);
	input->abs_is_owed = false;
}

/* Releases for what the guest saw, at most one per key: they fit. */
void
input_lost(struct input *input)
{
	_Static_assert(KEY_CNT + 8 <= INPUT_FIFO, "all keys and a position");
	input->tail = input->head;
	input->n_group = 0;
	begin_group(input, false);
	for (uint16_t code = 0; code < KEY_CNT; code++)
		if (input->seen[code / 8] & 1u << code % 8)
			append(input, EV_KEY, code, 0);
	if (input->head != input->tail)
		append(input, EV_SYN, SYN_REPORT, 0);
	if (input->abs_is_known)
		append_position(input);
}

static int32_t
add(int32_t a, int32_t b)
{
	const int64_t sum = (int64_t)a + b;

	return sum > INT32_MAX	 ? INT32_MAX
	       : sum < INT32_MIN ? INT32_MIN
				 : (int32_t)sum;
}

/* Into the newest group, before its EV_SYN. */
static void
merge_item(struct input *input, struct input_item item)
{
	for (uint32_t i = input->last_group; i != input->head - 1; i++) {
		struct input_item *old = at(input, i);
		if (old->type != item.type || old->code != item.code)
			continue;
		old->value = item.type == EV_REL ? add(old->value, item.value)
						 : item.value;
		return;
	}
	if (room(input) > 0) {
		*at(input, input->head - 1) = item;
		append(input, EV_SYN, SYN_REPORT, 0);
	}
}

static bool
is_motion(const struct input_item *items, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (items[i].type != EV_ABS && items[i].type != EV_REL)
			return false;
	return true;
}

/* A group is complete: merge it, append it, or give up on the queue. */
static void
put_group(struct input *input)
{
	const uint32_t n = input->n_group;
	const bool motion = is_motion(input->group, n);
	const bool is_untouched = input->head != input->tail &&
				  input->last_group - input->tail < INPUT_FIFO;

	input->n_group = 0;
	if (motion && input->last_is_motion && is_untouched) {
		for (uint32_t i = 0; i < n; i++)
			merge_item(input, input->group[i]);
		return;
	}
	if (motion && room(input) < n + 1) {
		input->abs_is_owed = input->abs_is_known;
		return;
	}
	if (room(input) < n + 1)
		input_lost(input);
	begin_group(input, motion);
	for (uint32_t i = 0; i < n; i++)
		append(input, input->group[i].type, input->group[i].code,
		    input->group[i].value);
	append(input, EV_SYN, SYN_REPORT, 0);
}

bool
input_put(struct input *input, struct input_item item)
{
	if (item.type == EV_SYN) {
		if (input->n_group > 0)
			put_group(input);
		return true;
	}
	if (!knows(input->profile, item.type, item.code))
		return false;
	if (item.type == EV_KEY && item.value > 1)
		return true; /* the guest repeats by itself */
	if (item.type == EV_ABS) {
		input->abs[item.code] = item.value;
		input->abs_is_known = true;
	}
	input->group[input->n_group++] = item;
	if (input->n_group == INPUT_GROUP)
		put_group(input);
	return true;
}

bool
input_peek(struct input *input, struct input_item *out)
{
	if (input->head == input->tail && input->abs_is_owed)
		append_position(input);
	if (input->head == input->tail)
		return false;
	*out = *at(input, input->tail);
	return true;
}

void
input_taken(struct input *input)
{
	const struct input_item *item = at(input, input->tail);

	if (item->type == EV_KEY) {
		uint8_t *byte = &input->seen[item->code / 8];
		const uint8_t bit = (uint8_t)(1u << item->code % 8);
		*byte = (uint8_t)(item->value ? *byte | bit : *byte & ~bit);
	}
	input->tail++;
}

int
input_status(struct input *input, const uint8_t *bytes, uint32_t len)
{
	struct rd rd;

	rd_init(&rd, bytes, len);
	const uint16_t type = rd_u16(&rd);
	const uint16_t code = rd_u16(&rd);
	const uint32_t value = rd_u32(&rd);
	if (rd_end(&rd) < 0)
		return -EBADMSG;
	if (type == EV_LED && code < INPUT_LEDS &&
	    knows(input->profile, type, code)) {
		const uint8_t bit = (uint8_t)(1u << code);
		input->leds =
		    (uint8_t)(value ? input->leds | bit : input->leds & ~bit);
	}
	return 0;
}
