#include "compositor/core_private.h"

#include <linux/input-event-codes.h>

static void
input_key(struct core *core, const struct input_event_wire *in,
    struct actions *out)
{
	bool deliver = core->focus != TDS_NONE && !core->panel.is_open &&
	    core->domains[core->focus].is_linked;

	if (in->value == 1 && keys_is_button(in->code) &&
	    !keys_is_held(&core->keys, in->code) && !core->panel.is_open)
		deliver = pointer_press(core, in->code, out) && deliver;

	const struct keys_result keys =
	    keys_event(&core->keys, in->code, in->value, deliver);
	focus_send(core, &keys, out);
	if (keys.is_sak) {
		panel_open(core, out);
		return;
	}
	if (core->panel.is_open && keys.is_press)
		panel_key(core, in->code, out);
	if (in->value == 0 && keys_is_button(in->code))
		pointer_release(core, out);
}

void
input_event(struct core *core, const struct input_event_wire *in,
    struct actions *out)
{
	switch (in->type) {
	case EV_KEY:
		if (in->code < KEY_CNT && in->code != KEY_RESERVED)
			input_key(core, in, out);
		return;
	case EV_ABS:
	case EV_REL:
		pointer_axis(core, in->type, in->code, in->value, out);
		return;
	case EV_SYN:
		pointer_sync(core, out);
		return;
	default:
		return; /* MSC_SCAN and the like mean nothing here */
	}
}
