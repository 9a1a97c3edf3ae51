#include "tests/property/judge.h"

#include <string.h>

void
judge_init(struct judge *j)
{
	memset(j, 0, sizeof(*j));
}

void
snapshot_take(struct snapshot *s, const struct core *core)
{
	s->focus = core->focus;
	s->is_open = core->panel.is_open;
	s->chosen = core->panel.chosen;
	s->x = core->pointer_x;
	s->y = core->pointer_y;
	s->output = core->pointer_output;
	s->grab = core->grab;
	s->drag = core->drag;
	s->n_windows = core->scene.n_windows;
	for (uint32_t i = 0; i < s->n_windows; i++) {
		const struct window *w = &core->scene.windows[i];

		s->stack[i] = core->scene.stack[i];
		s->content[i] = w->content;
		s->before[i] = w->before_maximise;
		s->hidden[i] = w->is_hidden;
	}
}

static bool
same_rect(struct rect a, struct rect b)
{
	return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
}

static bool
same_windows(const struct snapshot *s, const struct core *core)
{
	for (uint32_t i = 0; i < s->n_windows; i++) {
		const struct window *w = &core->scene.windows[i];

		if (s->stack[i] != core->scene.stack[i] ||
		    !same_rect(s->content[i], w->content) ||
		    !same_rect(s->before[i], w->before_maximise) ||
		    s->hidden[i] != w->is_hidden)
			return false;
	}
	return true;
}

static bool
is_user(const struct event *e)
{
	return e->kind == EVENT_INPUT || e->kind == EVENT_FOCUS;
}

/* what a guest or the clock does, changes none of these. */
static const char *
judge_user_only(const struct snapshot *s, const struct event *e,
    const struct core *core)
{
	const bool lost = e->kind == EVENT_DOWN && s->focus == e->domain;

	if (is_user(e))
		return NULL;
	if (core->focus != (lost ? TDS_NONE : s->focus))
		return "focus changed without the user";
	if (core->panel.is_open != s->is_open ||
	    core->panel.chosen != s->chosen)
		return "the panel changed without the user";
	if (core->pointer_x != s->x || core->pointer_y != s->y ||
	    core->pointer_output != s->output)
		return "the pointer moved without the user";
	if (!lost && (core->grab != s->grab || core->drag.kind != s->drag.kind))
		return "a grab or drag changed without the user";
	if (!same_windows(s, core))
		return "a window changed without the user";
	return NULL;
}

static void
forget(struct judge *j, uint32_t domain)
{
	memset(j->down[domain], 0, sizeof(j->down[domain]));
	j->n_down[domain] = 0;
	j->touching[domain] = 0;
}

/* The user's side of the books. */
static void
note_event(struct judge *j, const struct snapshot *s, const struct event *e)
{
	const struct input_event_wire *in = &e->input;

	const bool is_vm = e->kind == EVENT_VM && j->linked[e->domain] &&
	    j->is_up[e->domain] != e->is_up;

	if (e->kind == EVENT_LINK || e->kind == EVENT_DOWN || is_vm) {
		if (!is_vm)
			j->linked[e->domain] = e->kind == EVENT_LINK;
		j->is_up[e->domain] = is_vm && e->is_up;
		forget(j, e->domain); /* who is there now saw nothing yet */
		if (s->focus == e->domain)
			memset(j->stale, 1, sizeof(j->stale));
	}
	if (e->kind != EVENT_INPUT || in->type != EV_KEY ||
	    in->code >= KEY_CNT || in->code == KEY_RESERVED)
		return;
	if (in->value == 1 && !j->held[in->code]) {
		j->held[in->code] = true;
		j->told[in->code] = j->stale[in->code] = false;
		j->n_held++;
	}
}

static void
note_release(struct judge *j, const struct event *e)
{
	const struct input_event_wire *in = &e->input;

	if (e->kind == EVENT_INPUT && in->type == EV_KEY &&
	    in->code < KEY_CNT && in->value == 0 && j->held[in->code]) {
		j->held[in->code] = false;
		j->n_held--;
	}
}

/* A key of an action. is_chord: sent from the panel. */
static const char *
judge_key(struct judge *j, uint32_t domain, const struct down *d,
    uint32_t focus, bool is_chord)
{
	uint8_t *down = &j->down[domain][d->code];

	if (d->code >= KEY_CNT)
		return "a code that does not exist";
	if (d->value != 0 && d->value != 1)
		return "a key value that is neither press nor release";
	if (d->value == 1) {
		if (domain != focus)
			return "a press for a domain without focus";
		if (*down)
			return "a second press without a release";
		if (!is_chord && !j->held[d->code])
			return "a press that the user did not make";
		if (!is_chord && j->told[d->code])
			return "a press told twice";
		if (!is_chord && j->stale[d->code])
			return "a press from before the focus change";
		j->told[d->code] = j->told[d->code] || !is_chord;
		j->n_down[domain]++;
		j->presses++;
	} else {
		if (!*down)
			return "a release without a press";
		j->n_down[domain]--;
		j->releases++;
	}
	*down = d->value == 1;
	return NULL;
}

static bool
any_button_down(const struct judge *j, uint32_t domain)
{
	for (uint32_t b = BTN_MOUSE; b < BTN_JOYSTICK; b++)
		if (j->down[domain][b])
			return true;
	return false;
}

/* is_old: for the domain that loses the focus. */
static const char *
judge_touch(struct judge *j, uint32_t domain, const struct down *d, bool is_old)
{
	const uint32_t bit = 1u << (j->slot[domain] & 31);
	const bool is_down = (j->touching[domain] & bit) != 0;

	if (d->type != EV_ABS)
		return "a touchscreen with more than axes";
	if (d->code == ABS_MT_SLOT) {
		j->slot[domain] = (uint32_t)d->value;
		return j->slot[domain] < TDS_MAX_CONTACTS ? NULL
							  : "an odd slot";
	}
	if (d->code == ABS_MT_TRACKING_ID && d->value < 0) {
		j->touching[domain] &= ~bit;
		return is_down ? NULL : "a finger lifts that was not down";
	}
	if (is_old)
		return "more than lifts for the domain that loses focus";
	if (j->touching[domain] && d->scanout != j->touch_scanout[domain])
		return "the window changed while a finger was down";
	if (d->code == ABS_MT_TRACKING_ID) {
		j->touching[domain] |= bit;
		j->touch_scanout[domain] = d->scanout;
		j->touches++;
		return is_down ? "a finger comes down twice" : NULL;
	}
	if (d->code != ABS_MT_POSITION_X && d->code != ABS_MT_POSITION_Y)
		return "an axis that no touchscreen has";
	if (!is_down)
		return "a finger moves that is not down";
	return d->value < 0 || d->value >= TDS_MAX_DIM
	    ? "a finger outside of any picture"
	    : NULL;
}

static const char *
judge_axis(struct judge *j, uint32_t domain, const struct down *d)
{
	if (d->device != DEVICE_TABLET && d->device != DEVICE_MOUSE)
		return "an axis of a keyboard";
	if (d->type != EV_ABS)
		return NULL;
	if (d->value < 0 || d->value >= TDS_MAX_DIM)
		return "a position outside of any picture";
	if (any_button_down(j, domain) &&
	    j->grab_scanout[domain] != d->scanout)
		return "the window changed while a button was held";
	j->grab_scanout[domain] = d->scanout;
	return NULL;
}

static const char *
judge_input(struct judge *j, const struct snapshot *s, const struct event *e,
    const struct core *core, const struct action *a)
{
	const bool open_before = s->is_open, open_after = core->panel.is_open;
	const bool is_chord = open_before && !open_after;
	const bool is_old = a->domain == s->focus && a->domain != core->focus;
	const struct down *d = &a->record;

	if (!is_user(e))
		return "input without the user";
	if (open_before && open_after)
		return "input while the panel is open";
	if (a->domain != core->focus && !is_old)
		return "input for a domain that has no focus";
	if (!j->linked[a->domain])
		return "input for a domain without a guest process";
	if (is_old && d->type == EV_KEY && d->value != 0)
		return "more than releases for the domain that loses focus";
	if (d->device == DEVICE_TOUCH && d->type != EV_SYN)
		return judge_touch(j, a->domain, d, is_old);
	switch (d->type) {
	case EV_KEY:
		return judge_key(j, a->domain, d, core->focus, is_chord);
	case EV_ABS:
	case EV_REL:
		return judge_axis(j, a->domain, d);
	case EV_SYN:
		return NULL;
	default:
		return "input of an unknown type";
	}
}

static const char *
judge_action(struct judge *j, const struct snapshot *s, const struct event *e,
    const struct core *core, const struct action *a)
{
	uint8_t bytes[TDS_RING_RECORD_BYTES];

	if (a->domain >= core->n_domains)
		return "an action for nobody";
	if (encode_down(&a->record, bytes) != 0 || check_down(&a->record) != 0)
		return "a record that its receiver would refuse";
	switch ((enum down_op)a->record.op) {
	case DOWN_TICK:
		return e->kind == EVENT_FRAME ? NULL : "a tick between frames";
	case DOWN_CONFIGURE:
		return is_user(e) ||
			(e->kind == EVENT_LINK && e->domain == a->domain)
		    ? NULL
		    : "a size without the user";
	case DOWN_INPUT:
		return judge_input(j, s, e, core, a);
	case DOWN_LOST:
		return "lost input is the link's business";
	case DOWN_MAPPED:
		return "what is mapped is the link's business";
	}
	return "an unknown record";
}

/* what a user presses for a focused guest arrives, at once. */
static const char *
judge_arrived(const struct judge *j, const struct snapshot *s,
    const struct event *e, const struct core *core)
{
	const struct input_event_wire *in = &e->input;
	const uint32_t focus = core->focus;

	if (e->kind != EVENT_INPUT || in->type != EV_KEY || in->value != 1 ||
	    in->code >= KEY_CNT || in->code == KEY_RESERVED)
		return NULL;
	if (focus == TDS_NONE || focus != s->focus || !j->linked[focus] ||
	    s->is_open || core->panel.is_open || j->n_held > TDS_MAX_HELD)
		return NULL;
	/* modifiers may be held back, buttons may be for a frame */
	if ((in->code >= BTN_MOUSE && in->code < BTN_JOYSTICK) ||
	    in->code == KEY_LEFTCTRL || in->code == KEY_RIGHTCTRL ||
	    in->code == KEY_LEFTALT || in->code == KEY_RIGHTALT ||
	    in->code == KEY_LEFTSHIFT || in->code == KEY_RIGHTSHIFT ||
	    in->code == KEY_LEFTMETA || in->code == KEY_RIGHTMETA)
		return NULL;
	if (j->stale[in->code] || j->told[in->code])
		return NULL; /* pressed again without a release */
	return "a press that did not arrive";
}

static const char *
judge_balance(const struct judge *j, const struct core *core)
{
	for (uint32_t i = 0; i < core->n_domains; i++)
		if (i != core->focus && j->n_down[i] != 0)
			return "a key is down in a domain without focus";
	for (uint32_t i = 0; i < core->n_domains; i++)
		if (i != core->focus && j->touching[i] != 0)
			return "a finger is down in a domain without focus";
	if (core->panel.is_open && core->focus != TDS_NONE)
		return "the panel is open and somebody has the keyboard";
	return NULL;
}

const char *
judge_step(struct judge *j, const struct snapshot *s, const struct event *e,
    const struct core *core, const struct actions *out)
{
	const char *why = judge_user_only(s, e, core);

	j->events++;
	note_event(j, s, e);
	if (why)
		return why;
	if (out->n >= CORE_MAX_ACTIONS)
		return "so many actions that some may be lost";
	for (uint32_t i = 0; i < out->n; i++) {
		why = judge_action(j, s, e, core, &out->a[i]);
		if (why)
			return why;
	}
	why = judge_arrived(j, s, e, core);
	if (why)
		return why;
	if (core->focus != s->focus) {
		memset(j->stale, 1, sizeof(j->stale));
		j->switches++;
	}
	j->attentions += core->panel.is_open && !s->is_open;
	if (core->panel.is_open)
		memset(j->stale, 1, sizeof(j->stale));
	note_release(j, e);
	return judge_balance(j, core);
}
