#include "compositor/core_private.h"

#include <linux/input-event-codes.h>

/*
 * Fingers on touchscreens. The first is a button of the pointer, too: it gives
 * the focus, moves windows, and is the only one that means anything to tds.
 *
 *		the finger's press went to a window of the domain with the
 *		focus; it, and others after it, came down in its content
 *	nobody ---------------------------------------------------> window
 *	       <---------------------------------------------------
 *		all have lifted; lifted for them: the focus moves, a device
 *		goes or is refused
 *
 * A finger that came down anywhere else is nobody's until it lifts.
 */

static void
send(struct core *core, struct actions *out, uint16_t code, int32_t value)
{
	const struct window *w = &core->scene.windows[core->touch.window];

	act(out, core->focus,
	    &(struct down){.op = DOWN_INPUT,
		.device = DEVICE_TOUCH,
		.scanout = (uint8_t)w->scanout,
		.type = EV_ABS,
		.code = code,
		.value = value});
	core->touch.has_news = true;
}

static bool
is_contact(const struct touch *t)
{
	return (t->contacts >> t->slot & 1) != 0;
}

/* In the content that the user sees there. */
static bool
is_on_window(const struct core *core)
{
	const struct touch *t = &core->touch;
	const struct window *w = &core->scene.windows[t->window];
	const struct output *o = &core->scene.outputs[w->output];

	return scene_output_at(&core->scene, t->x, t->y) == w->output &&
	    scene_window_at(&core->scene, w->output, t->x - o->x,
		t->y - o->y) == t->window &&
	    rect_has(w->content, t->x - o->x, t->y - o->y);
}

static bool
may_begin(struct core *core)
{
	struct touch *t = &core->touch;

	if (t->contacts == 0)
		t->window = core->grab;
	return t->window != TDS_NONE && !core->panel.is_open &&
	    core->domains[core->focus].is_linked && is_on_window(core);
}

static int32_t
clamp(int32_t v, uint32_t size)
{
	return v < 0 ? 0 : v < (int32_t)size ? v : (int32_t)size - 1;
}

/* The finger is at a place of which both axes are known. */
static void
place(struct core *core, struct actions *out)
{
	struct touch *t = &core->touch;
	const bool begins = t->begins;
	int32_t x, y;

	t->begins = false;
	if (!input_reaches_focus(core) ||
	    (begins ? !may_begin(core) : !is_contact(t)))
		return;
	const struct window *w = &core->scene.windows[t->window];
	const struct output *o = &core->scene.outputs[w->output];
	if (w->buffer.width_px == 0)
		return;
	window_origin(w, &x, &y);
	t->contacts |= 1u << t->slot;
	send(core, out, ABS_MT_SLOT, (int32_t)t->slot);
	if (begins)
		send(core, out, ABS_MT_TRACKING_ID, (int32_t)t->slot);
	send(core, out, ABS_MT_POSITION_X,
	    clamp(t->x - o->x - x, w->buffer.width_px));
	send(core, out, ABS_MT_POSITION_Y,
	    clamp(t->y - o->y - y, w->buffer.height_px));
}

static void
lift(struct core *core, struct actions *out)
{
	struct touch *t = &core->touch;

	if (!is_contact(t))
		return;
	send(core, out, ABS_MT_SLOT, (int32_t)t->slot);
	send(core, out, ABS_MT_TRACKING_ID, -1);
	t->contacts &= ~(1u << t->slot);
}

void
touch_axis(struct core *core, uint16_t code, int32_t value,
    struct actions *out)
{
	struct touch *t = &core->touch;

	switch (code) {
	case ABS_MT_SLOT:
		t->slot = value < 0 || value >= TDS_MAX_CONTACTS
		    ? TDS_MAX_CONTACTS /* which is nobody's */
		    : (uint32_t)value;
		t->begins = false;
		return;
	case ABS_MT_TRACKING_ID:
		if (value < 0)
			lift(core, out);
		t->begins = value >= 0 && t->slot < TDS_MAX_CONTACTS &&
		    !is_contact(t);
		return;
	case ABS_MT_POSITION_X:
		t->x = clamp(value, TDS_MAX_COORD);
		return;
	case ABS_MT_POSITION_Y:
		t->y = clamp(value, TDS_MAX_COORD);
		place(core, out);
		return;
	default:
		return;
	}
}

void
touch_sync(struct core *core, struct actions *out)
{
	if (core->touch.has_news)
		act_input(core, out, DEVICE_TOUCH, EV_SYN, SYN_REPORT, 0);
	core->touch.has_news = false;
}

void
touch_cancel(struct core *core, struct actions *out)
{
	struct touch *t = &core->touch;
	const uint32_t slot = t->slot; /* what is being said goes on */

	for (t->slot = 0; t->slot < TDS_MAX_CONTACTS; t->slot++)
		lift(core, out);
	t->slot = slot;
	touch_sync(core, out);
}
