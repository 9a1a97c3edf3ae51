#include "tests/model/lockstep.h"

#include "compositor/core.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_KEYS = 7, NOBODY = 2 };
enum { UP, HELD, BACK, SEEN };
enum { PRESS, RELEASE, DEATH, LINK, CTL, GUEST, MACHINE };

static const uint16_t codes[N_KEYS] = {KEY_LEFTCTRL, KEY_RIGHTALT, KEY_DELETE,
    KEY_A, KEY_1, KEY_2, KEY_ESC};

static struct core core;
static int is_ready;

static void
make_core(void)
{
	const struct core_setup setup = {.modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE, .focus = TDS_NONE};
	const struct core_output output = {.type = OUTPUT_HEADLESS, .x = -1,
	    .y = -1, .width = 1024, .height = 768, .scale = 1, .refresh_mhz = 60000};

	core_init(&core);
	int err = core_add_setup(&core, &setup);
	err |= core_add_output(&core, &output);
	for (uint32_t i = 0; i < 2; i++) {
		const struct core_domain d = {.index = i,
		    .level = LEVEL_SECRET, .scanouts = 1, .outputs = 1,
		    .width = 400, .height = 300, .x = -1, .y = -1,
		    .name = "d", .label = "L"};
		err |= core_add_domain(&core, &d);
	}
	err |= core_start(&core);
	if (err != 0)
		abort();
	is_ready = 1;
}

static uint32_t
domain_of(byte_t d)
{
	return d == NOBODY ? TDS_NONE : d;
}

/* Which physical modifiers are down is part of the state, beside the table. */
static void
put_keys(const byte_t *st)
{
	keys_init(&core.keys, CHORD_CTRL | CHORD_ALT, KEY_DELETE);
	for (int i = 0; i < N_KEYS; i++)
		if (st[i] != UP)
			keys_event(&core.keys, codes[i], 1, false);
	for (uint32_t i = 0; i < core.keys.n; i++)
		for (int k = 0; k < N_KEYS; k++)
			if (core.keys.held[i].code == codes[k]) {
				core.keys.held[i].is_seen = st[k] == SEEN;
				core.keys.held[i].is_held_back = st[k] == BACK;
			}
}

void
lockstep_before(const byte_t *st, byte_t focus, byte_t back, byte_t panel,
    const byte_t *alive)
{
	if (!is_ready)
		make_core();
	put_keys(st);
	core.focus = domain_of(focus);
	core.panel.is_open = panel;
	core.panel.back = domain_of(back);
	core.grab = TDS_NONE;
	core.drag.kind = DRAG_NONE;
	for (uint32_t i = 0; i < 2; i++)
		core.domains[i].is_linked = alive[i];
	for (uint32_t i = 0; i < core.scene.n_outputs; i++)
		scene_take_damage(&core.scene, i);
}

static void
guest_records(uint32_t d, struct actions *out)
{
	const struct event events[] = {
	    {.kind = EVENT_COMMIT, .domain = d,
		.commit = {.width_px = 64, .height_px = 64, .w = 64, .h = 64}},
	    {.kind = EVENT_CURSOR, .domain = d, .cursor = {.visible = true}},
	    {.kind = EVENT_LEDS, .domain = d, .leds = 7},
	};
	struct actions one;

	out->n = 0;
	for (uint32_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		core_step(&core, &events[i], 0, &one);
		for (uint32_t k = 0; k < one.n; k++)
			out->a[out->n++] = one.a[k];
	}
}

static void
take_step(int op, int arg, struct actions *out)
{
	struct event e = {.domain = (uint32_t)arg};

	switch (op) {
	case PRESS:
	case RELEASE:
		e.kind = EVENT_INPUT;
		e.input = (struct input_event_wire){
		    EV_KEY, codes[arg], op == PRESS};
		break;
	case DEATH:
		e.kind = EVENT_DOWN;
		break;
	case LINK:
		e.kind = EVENT_LINK;
		break;
	case CTL:
		e.kind = EVENT_FOCUS;
		break;
	case MACHINE: /* up or down: as the state says, so it is a change */
		e.kind = EVENT_VM;
		e.is_up = !core.domains[arg].vm_is_up;
		break;
	default:
		guest_records((uint32_t)arg, out);
		return;
	}
	core_step(&core, &e, 0, out);
}

static int
state_of(uint16_t code)
{
	for (uint32_t i = 0; i < core.keys.n; i++)
		if (core.keys.held[i].code == code)
			return core.keys.held[i].is_seen ? SEEN
			    : core.keys.held[i].is_held_back
			    ? BACK
			    : HELD;
	return UP;
}

static int
differs(const char *what, long model, long c)
{
	if (model == c)
		return 0;
	printf("lockstep: %s: model %ld, core %ld\n", what, model, c);
	return 1;
}

/* Outputs as a set of keys; anything but keys and SYN must not be there. */
static int
outputs_differ(const struct actions *out, byte_t to, byte_t presses,
    byte_t releases)
{
	unsigned got[2] = {0, 0};
	int bad = 0;

	for (uint32_t i = 0; i < out->n; i++) {
		const struct down *r = &out->a[i].record;
		if (r->op == DOWN_CONFIGURE ||
		    (r->op == DOWN_INPUT && r->type == EV_SYN))
			continue;
		bad |= differs("receiver", domain_of(to), out->a[i].domain);
		for (unsigned k = 0; k < N_KEYS; k++)
			if (r->code == codes[k])
				got[r->value == 1] |= 1u << k;
	}
	return bad | differs("presses", presses, got[1]) |
	    differs("releases", releases, got[0]);
}

int
lockstep_after(int op, int arg, const byte_t *st, byte_t focus, byte_t back,
    byte_t panel, byte_t to, byte_t presses, byte_t releases)
{
	struct actions out;
	int bad = 0;

	take_step(op, arg, &out);
	for (int i = 0; i < N_KEYS; i++)
		bad |= differs("key", st[i], state_of(codes[i]));
	bad |= differs("focus", domain_of(focus), core.focus);
	bad |= differs("panel", panel, core.panel.is_open);
	bad |= differs("back", domain_of(back), core.panel.back);
	bad |= outputs_differ(&out, to, presses, releases);
	if (bad)
		printf("lockstep: op %d, arg %d\n", op, arg);
	return !bad;
}
