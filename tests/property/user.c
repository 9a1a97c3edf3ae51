#include "tests/property/user.h"

#include <linux/input-event-codes.h>
#include <string.h>

static void
add_point(struct user *u, int32_t x, int32_t y)
{
	if (u->n_points == USER_MAX_POINTS)
		return;
	u->points[u->n_points][0] = x;
	u->points[u->n_points][1] = y;
	u->n_points++;
}

/* Title, buttons, edges, middle: what a user aims at. */
static void
add_window(struct user *u, const struct window *w, uint32_t scale, int32_t left)
{
	const struct rect f = window_frame(w, scale);
	const struct rect t = window_title(w, scale);
	const struct rect c = w->content;

	for (uint32_t i = 0; i < BUTTON_COUNT; i++) {
		const struct rect b =
		    window_button(w, scale, (enum button)i);
		add_point(u, left + b.x0 + 5, b.y0 + 5);
	}
	add_point(u, left + t.x0 + 60, t.y0 + 10);
	add_point(u, left + f.x1 - 2, f.y1 - 2);
	add_point(u, left + f.x0 + 2, c.y0 + 50);
	add_point(u, left + (c.x0 + c.x1) / 2, (c.y0 + c.y1) / 2);
	add_point(u, left + c.x0 + 20, c.y0 + 20);
	add_point(u, left + c.x1 - 20, c.y1 - 20);
}

void
user_init(struct user *u, const struct core *core, uint64_t seed)
{
	static const struct {
		uint32_t modifier;
		uint16_t code;
	} of[] = {{CHORD_CTRL, KEY_LEFTCTRL}, {CHORD_ALT, KEY_LEFTALT},
	    {CHORD_SHIFT, KEY_RIGHTSHIFT}, {CHORD_META, KEY_LEFTMETA}};
	const struct scene *scene = &core->scene;
	int32_t left[TDS_MAX_OUTPUTS] = {0};

	memset(u, 0, sizeof(*u));
	u->chance = chance_seed(seed);
	u->n_domains = core->n_domains;
	u->chord_key = (uint16_t)core->setup.key;
	for (uint32_t i = 0; i < 4; i++)
		if (core->setup.modifiers & of[i].modifier)
			u->modifiers[u->n_modifiers++] = of[i].code;
	for (uint32_t i = 0; i < scene->n_outputs; i++) {
		left[i] = u->width;
		u->width += (int32_t)scene->outputs[i].config.width;
		if ((int32_t)scene->outputs[i].config.height > u->height)
			u->height = (int32_t)scene->outputs[i].config.height;
	}
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		const uint32_t o = scene->windows[i].output;
		add_window(u, &scene->windows[i],
		    scene->outputs[o].config.scale, left[o]);
	}
}

static void
queue(struct user *u, struct event e)
{
	if (u->n_queue < USER_MAX_QUEUE)
		u->queue[u->n_queue++] = e;
}

static void
queue_point(struct user *u)
{
	struct chance *c = &u->chance;
	int32_t x = chance_in(c, -20, u->width + 20);
	int32_t y = chance_in(c, -20, u->height + 20);

	if (u->n_points > 0 && !chance_one_in(c, 4)) {
		const int32_t *p = u->points[chance_below(c, u->n_points)];
		x = p[0];
		y = p[1];
	}
	u->x = x;
	u->y = y;
	queue(u, event_input(EV_ABS, ABS_X, x));
	queue(u, event_input(EV_ABS, ABS_Y, y));
	queue(u, event_input(EV_SYN, SYN_REPORT, 0));
}

void
user_chord(struct user *u)
{
	for (uint32_t i = 0; i < u->n_modifiers; i++)
		queue(u, event_key(u->modifiers[i], 1));
	queue(u, event_key(u->chord_key, 1));
	if (chance_one_in(&u->chance, 2)) {
		queue(u, event_key(u->chord_key, 0));
		for (uint32_t i = 0; i < u->n_modifiers; i++)
			queue(u, event_key(u->modifiers[i], 0));
	} else {
		for (uint32_t i = u->n_modifiers; i > 0; i--)
			queue(u, event_key(u->modifiers[i - 1], 0));
		queue(u, event_key(u->chord_key, 0));
	}
	u->n_chords++;
}

static uint16_t
random_key(struct user *u)
{
	static const uint16_t of[] = {KEY_A, KEY_D, KEY_X, KEY_1, KEY_2, KEY_3,
	    KEY_4, KEY_9, KEY_ESC, KEY_ENTER, KEY_UP, KEY_DOWN, KEY_DELETE,
	    KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTALT, KEY_RIGHTALT,
	    KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTMETA, KEY_RIGHTMETA,
	    KEY_F12, KEY_CAPSLOCK, KEY_SPACE, KEY_RESERVED, KEY_MAX,
	    BTN_TOUCH, BTN_JOYSTICK, BTN_LEFT, BTN_RIGHT, BTN_MIDDLE,
	    TDS_BTN_FINGER,
	    BTN_SIDE};
	const uint32_t n = sizeof(of) / sizeof(of[0]);

	if (chance_one_in(&u->chance, 12)) /* many keys at once */
		return (uint16_t)(1 + chance_below(&u->chance, 240));
	return of[chance_below(&u->chance, n)];
}

/* Down, moved, lifted; the first where the pointer is, as a rule. */
static void
queue_fingers(struct user *u)
{
	struct chance *c = &u->chance;
	const uint32_t n = 1 + chance_below(c, 2);
	int32_t x = u->x, y = u->y;

	for (uint32_t i = 0; i < n; i++) {
		const int32_t slot = chance_in(c, -1, 11);
		queue(u, event_input(EV_ABS, ABS_MT_SLOT, slot));
		if (chance_one_in(c, 3)) {
			queue(u,
			    event_input(EV_ABS, ABS_MT_TRACKING_ID, -1));
		} else {
			if (!chance_one_in(c, 3))
				queue(u, event_input(EV_ABS,
				    ABS_MT_TRACKING_ID, slot));
			queue(u, event_input(EV_ABS, ABS_MT_POSITION_X, x));
			queue(u, event_input(EV_ABS, ABS_MT_POSITION_Y, y));
		}
		if (!chance_one_in(c, 4))
			queue(u, event_input(EV_SYN, SYN_REPORT, 0));
		x += chance_in(c, -200, 200);
		y += chance_in(c, -200, 200);
	}
}

static void
begin_gesture(struct user *u)
{
	struct chance *c = &u->chance;

	switch (chance_below(c, 24)) {
	case 0:
		if (chance_one_in(c, 3))
			user_chord(u);
		else
			queue(u, event_key(KEY_ESC, 1));
		return;
	case 1:
		queue(u, event_of(EVENT_FOCUS,
		    chance_below(c, u->n_domains + 1)));
		return;
	case 2:
		queue(u, event_input(EV_REL,
		    chance_one_in(c, 2) ? REL_WHEEL : REL_HWHEEL,
		    chance_in(c, -3, 3)));
		return;
	case 3:
		queue(u, event_input(EV_REL, chance_one_in(c, 2) ? REL_X :
		    REL_Y, chance_in(c, -300, 300)));
		queue(u, event_input(EV_SYN, SYN_REPORT, 0));
		return;
	case 4:
	case 5:
	case 6: /* a click */
		queue_point(u);
		queue(u, event_key(BTN_LEFT, 1));
		queue(u, event_key(BTN_LEFT, 0));
		return;
	case 7:
	case 8: /* a drag */
		queue_point(u);
		queue(u, event_key(BTN_LEFT, 1));
		queue_point(u);
		queue_point(u);
		queue(u, event_key(BTN_LEFT, 0));
		return;
	case 9:
	case 10:
		queue_point(u);
		return;
	case 13:
	case 14:
	case 15: /* a finger, and some more; or of those that are down */
		if (chance_one_in(c, 2)) {
			queue_point(u);
			queue(u, event_key(TDS_BTN_FINGER, 1));
		}
		queue_fingers(u);
		if (chance_one_in(c, 2))
			queue(u, event_key(TDS_BTN_FINGER, 0));
		return;
	case 11: /* autorepeat, and what means nothing */
		queue(u, event_key(random_key(u), 2));
		queue(u, event_input(EV_MSC, MSC_SCAN, 17));
		return;
	case 12: /* a release that nobody expects */
		queue(u, event_key(random_key(u), 0));
		return;
	default:
		queue(u, event_key(random_key(u), 1));
		return;
	}
}

static void
note_held(struct user *u, const struct event *e)
{
	if (e->kind != EVENT_INPUT || e->input.type != EV_KEY)
		return;
	for (uint32_t i = 0; i < u->n_held; i++) {
		if (u->held[i] != e->input.code)
			continue;
		if (e->input.value == 0)
			u->held[i] = u->held[--u->n_held];
		return;
	}
	if (e->input.value == 1 && u->n_held < USER_MAX_HELD)
		u->held[u->n_held++] = e->input.code;
}

struct event
user_next(struct user *u)
{
	if (u->at == u->n_queue) {
		u->at = u->n_queue = 0;
		/* the more is held, the more is let go */
		if (u->n_held > 0 &&
		    chance_below(&u->chance, 40) < 12 + u->n_held)
			queue(u, event_key(u->held[chance_below(&u->chance,
			    u->n_held)], 0));
		else
			begin_gesture(u);
	}
	const struct event e = u->queue[u->at++];
	note_held(u, &e);
	return e;
}
