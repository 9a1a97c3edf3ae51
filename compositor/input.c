#include "compositor/core_private.h"

#include <linux/input-event-codes.h>

/* ----------------------------------------------------------------- devices */

/* Where devices are told of: the trust bar, and the panel if it is open. */
static void
devices_damage(struct core *core)
{
	if (core->panel.is_open)
		scene_damage_all(&core->scene);
	else
		scene_damage_bars(&core->scene);
}

static void
tell(struct core *core, const struct device *d, struct actions *out)
{
	out->admit = (struct seat_admit){
	    .device = d->info.device, .state = d->state};
	devices_damage(core);
}

void
input_device(struct core *core, const struct event *event,
    struct actions *out)
{
	const struct device *d =
	    admit_add(&core->admit, &event->device_info, event->random);

	if (d)
		tell(core, d, out);
	else
		out->admit = (struct seat_admit){
		    .device = event->device_info.device,
		    .state = DEVICE_REFUSED};
}

/* Nobody knows which keys it held: all count as up. */
void
input_gone(struct core *core, uint32_t device, struct actions *out)
{
	const struct keys_result keys = keys_release_all(&core->keys);

	focus_send(core, &keys, out);
	keys_init(&core->keys, core->keys.modifiers, core->keys.chord_key);
	core->waiting = core->keys;
	touch_cancel(core, out);
	pointer_release(core, out);
	admit_remove(&core->admit, device);
	devices_damage(core);
}

void
input_admit(struct core *core, struct device *d, enum device_state state,
    struct actions *out)
{
	if (state != DEVICE_ADMITTED)
		touch_cancel(core, out);
	admit_set(&core->admit, d, state);
	tell(core, d, out);
}

/* A device that waits can open the panel and type its code there. */
static void
input_waiting(struct core *core, struct device *d,
    const struct input_event_wire *in, struct actions *out)
{
	if (in->type != EV_KEY || in->code >= KEY_CNT)
		return;
	const struct keys_result keys =
	    keys_event(&core->waiting, in->code, in->value, false);
	if (keys.is_sak) {
		panel_open(core, out);
	} else if (core->panel.is_open && keys.is_press &&
	    d == admit_waiting(&core->admit) &&
	    (d->info.kinds & KIND_KEYBOARD) != 0) {
		admit_type(&core->admit, d, in->code);
		tell(core, d, out);
	}
}

bool
input_reaches_focus(const struct core *core)
{
	return core->focus != TDS_NONE && (core->reach >> core->focus & 1) != 0;
}

/* ------------------------------------------------------------------ events */

static void
input_key(struct core *core, const struct input_event_wire *in, bool counts,
    struct actions *out)
{
	/* what a domain saw pressed comes up, whoever lets go of it */
	const bool may = in->value != 1 || (counts && input_reaches_focus(core));
	bool deliver = may && core->focus != TDS_NONE &&
	    !core->panel.is_open && core->domains[core->focus].is_linked;

	if (in->value == 1 && counts && keys_is_button(in->code) &&
	    !keys_is_held(&core->keys, in->code) && !core->panel.is_open)
		deliver = pointer_press(core, in->code, out) && deliver;

	const struct keys_result keys =
	    keys_event(&core->keys, in->code, in->value, deliver);
	focus_send(core, &keys, out);
	if (keys.is_sak) {
		panel_open(core, out);
		return;
	}
	if (core->panel.is_open && keys.is_press && counts)
		panel_key(core, in->code, out);
	if (in->value == 0 && keys_is_button(in->code))
		pointer_release(core, out);
}

static bool
is_of_touch(uint16_t code)
{
	return code >= ABS_MT_SLOT && code <= ABS_MT_TRACKING_ID;
}

/* Of the whole layout: what tds-input sends does not know its size. */
static int32_t
from_fraction(const struct core *core, uint16_t code, int32_t value)
{
	const bool is_x = code == ABS_X || code == ABS_MT_POSITION_X;
	int32_t size = 0;

	if (code == ABS_MT_SLOT || code == ABS_MT_TRACKING_ID)
		return value;
	for (uint32_t i = 0; i < core->scene.n_outputs; i++) {
		const struct output *o = &core->scene.outputs[i];
		size = max_i32(size,
		    is_x ? o->x + o->area.x1 : o->y + o->area.y1);
	}
	return (int32_t)((int64_t)(value & 0xffff) * size >> 16);
}

/* The device may speak: what of its event counts? The chord always does. */
static void
input_admitted(struct core *core, struct device *d,
    const struct event *event, struct actions *out)
{
	struct input_event_wire in = event->input;
	const bool was_dark = core->is_dark;
	bool counts = !was_dark; /* what wakes the screens does nothing else */

	core->is_dark = false;
	const bool is_touch = in.type == EV_ABS && is_of_touch(in.code);
	if (was_dark && in.type != EV_KEY && !is_touch)
		return; /* fingers lift, and no press makes new ones */
	if (d && in.type == EV_KEY && in.value == 1 &&
	    !keys_is_button(in.code)) {
		const bool was_throttled = d->is_throttled;
		counts = admit_press(d, event->time_ns) && counts;
		if (was_throttled != d->is_throttled)
			devices_damage(core);
	}
	if (in.type == EV_KEY) {
		if (in.code < KEY_CNT && in.code != KEY_RESERVED)
			input_key(core, &in, counts, out);
	} else if (in.type == EV_SYN) {
		pointer_sync(core, out);
		touch_sync(core, out);
	} else if (in.type == EV_ABS || in.type == EV_REL) {
		if (d && in.type == EV_ABS)
			in.value = from_fraction(core, in.code, in.value);
		if (is_touch)
			touch_axis(core, in.code, in.value, out);
		else
			pointer_axis(core, in.type, in.code, in.value, out);
	} /* MSC_SCAN and the like mean nothing here */
}

void
input_event(struct core *core, const struct event *event,
    struct actions *out)
{
	struct device *d = admit_find(&core->admit, event->device);

	if (event->device != 0 && !d)
		return;
	core->reach = d ? d->domains : UINT64_MAX;
	if (!d || d->state == DEVICE_ADMITTED)
		input_admitted(core, d, event, out);
	else if (d->state == DEVICE_WAITING)
		input_waiting(core, d, &event->input, out);
}
