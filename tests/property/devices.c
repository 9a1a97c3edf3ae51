/*
 * devices: random keyboards that come, wait, are admitted by their code or by
 * a rule, are refused, type faster than people, reach some domains only, and
 * go while keys are held; with screens that go dark, monitors that come and
 * go, guests and focus changes in between. After each event, from the core's
 * actions alone: presses and releases balance, nobody but the focused domain
 * is sent a press, and no device reaches a domain that it may not.
 */
#include "tests/property/world.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORLDS = 200, EVENTS = 5000, DEVICES = 6, MAX_QUEUE = 128 };

static const struct world_limits limits = {
	.min_domains = 2,
	.max_domains = 6,
	.max_outputs = 3,
	.max_scale = 2,
	.min_width = 640,
	.max_width = 1024,
	.min_height = 480,
	.max_height = 768,
};

struct run {
	struct core core;
	struct actions actions;
	struct chance chance;
	uint64_t now_ns;
	struct core_output monitors[TDS_MAX_OUTPUTS];
	uint8_t down[TDS_MAX_DOMAINS][KEY_CNT];
	uint32_t at, n_queue; /* a gesture under way */
	struct event queue[MAX_QUEUE];
	uint64_t presses, releases, withheld, gone_held, throttled, admitted;
};

/* Vendor n may reach the domains of mask_of(n); vendor 0 has no rule. */
static uint64_t
mask_of(uint32_t vendor)
{
	return vendor == 0 ? UINT64_MAX : 1u << vendor | 1;
}

static void
begin(struct run *r, uint64_t seed)
{
	memset(r->down, 0, sizeof(r->down));
	r->at = r->n_queue = 0;
	r->chance = chance_seed(seed);
	r->now_ns = 1000000000;
	world_init(&r->core, &r->chance, &limits);
	for (uint32_t i = 0; i < 3; i++) {
		const struct core_rule rule = {.index = i,
		    .is_allowed = i != 2,
		    .bus = TDS_NONE,
		    .vendor = i + 1,
		    .product = TDS_NONE,
		    .domains = mask_of(i + 1)};
		assert_int_equal(core_add_rule(&r->core, &rule), 0);
	}
	for (uint32_t i = 0; i < r->core.scene.n_outputs; i++)
		r->monitors[i] = r->core.scene.outputs[i].config;
}

/* ------------------------------------------------------------ what happens */

static struct event
some_device(struct run *r)
{
	struct chance *c = &r->chance;
	struct event e = {.kind = EVENT_DEVICE, .random = chance_u32(c)};

	e.device_info = (struct seat_device){.device =
						 1 + chance_below(c, DEVICES),
	    .state = DEVICE_WAITING + chance_below(c, 3),
	    .kinds = chance_one_in(c, 4) ? KIND_POINTER : KIND_KEYBOARD,
	    .vendor = chance_below(c, 4),
	    .product = chance_below(c, 3),
	    .capabilities = chance_below(c, 2)};
	return e;
}

static struct event
some_key(struct run *r)
{
	static const uint16_t of[] = {KEY_A, KEY_S, KEY_1, KEY_2, KEY_LEFTCTRL,
	    KEY_LEFTALT, KEY_DELETE, KEY_F12, KEY_LEFTSHIFT, KEY_LEFTMETA,
	    KEY_ESC, KEY_ENTER, BTN_LEFT, KEY_CAPSLOCK};
	struct event e = event_key(of[chance_below(&r->chance, 14)],
	    (int32_t)chance_below(&r->chance, 2));

	e.device = chance_below(&r->chance, DEVICES + 1);
	e.time_ns = r->now_ns;
	return e;
}

static void
queue_key(struct run *r, uint32_t device, uint16_t code, int32_t value)
{
	struct event e = event_key(code, value);

	e.device = device;
	if (r->n_queue < MAX_QUEUE)
		r->queue[r->n_queue++] = e;
}

/* The chord on a keyboard that waits, then its code. */
static void
queue_code(struct run *r, const struct device *d)
{
	static const uint16_t digits[] = {KEY_0, KEY_1, KEY_2, KEY_3, KEY_4,
	    KEY_5, KEY_6, KEY_7, KEY_8, KEY_9};
	const uint16_t chord[] = {KEY_LEFTCTRL, KEY_LEFTALT, KEY_LEFTSHIFT,
	    KEY_LEFTMETA, (uint16_t)r->core.setup.key};
	const uint32_t device = d->info.device;

	for (int32_t down = 1; down >= 0; down--)
		for (uint32_t i = 0; i < 5; i++)
			queue_key(r, device, chord[i], down);
	for (uint32_t i = 0; i < ADMIT_DIGITS; i++)
		for (int32_t down = 1; down >= 0; down--)
			queue_key(r, device, digits[d->code[i]], down);
}

/* A code, or a keyboard that is no person. */
static void
begin_gesture(struct run *r)
{
	const uint32_t device = 1 + chance_below(&r->chance, DEVICES);
	const struct device *d = admit_waiting(&r->core.admit);

	r->at = r->n_queue = 0;
	if (d && chance_one_in(&r->chance, 2)) {
		queue_code(r, d);
		return;
	}
	for (uint32_t i = 0; i < 60; i++)
		queue_key(r, device, (uint16_t)(KEY_Q + i / 2 % 9),
		    i % 2 == 0);
	for (uint32_t i = 0; i < 60; i++)
		queue_key(r, device, (uint16_t)(KEY_A + i / 2 % 9),
		    i % 2 == 0);
}

static struct event
some_event(struct run *r)
{
	struct chance *c = &r->chance;
	const uint32_t domain = chance_below(c, r->core.n_domains);
	struct event e = event_of(EVENT_LINK, domain);

	if (r->at < r->n_queue) {
		r->now_ns += 1000000;
		r->queue[r->at].time_ns = r->now_ns;
		return r->queue[r->at++];
	}
	/* most types at people's speed; some time nobody rests */
	r->now_ns += chance_one_in(c, 3) ? 1000 : chance_below(c, 90000000);
	switch (chance_below(c, 40)) {
	case 0:
		return e;
	case 1:
		e.kind = chance_one_in(c, 4) ? EVENT_DOWN : EVENT_VM;
		e.is_up = true;
		return e;
	case 2:
	case 3:
		return event_of(EVENT_FOCUS, domain);
	case 4:
		return event_commit(domain, 0, 1, 500, 400);
	case 5:
		return some_device(r);
	case 7:
		e.kind = EVENT_GONE;
		e.device = chance_below(c, chance_one_in(c, 4) ? 1 : DEVICES + 1);
		return e;
	case 8:
		return event_of(chance_one_in(c, 3) ? EVENT_DARK : EVENT_FRAME,
		    0);
	case 9:
		e.kind = EVENT_OUTPUT;
		e.output = r->monitors[chance_below(c,
		    r->core.scene.n_outputs)];
		e.output.width = chance_one_in(c, 3) ? 0 : e.output.width;
		return e;
	case 10:
	case 11:
		e = event_input(EV_ABS, chance_one_in(c, 2) ? ABS_X : ABS_Y,
		    chance_in(c, 0, 65535));
		e.device = chance_below(c, DEVICES + 1);
		return e;
	case 12:
		begin_gesture(r);
		return r->queue[r->at++];
	default:
		return some_key(r);
	}
}

/* ------------------------------------------------------------- the judge */

/* NULL, or what is wrong with the actions of this event. */
static const char *
judge_actions(struct run *r, const struct event *e, const struct device *d,
    bool was_open)
{
	/* as it was before the event: typing its code changes it */
	const bool may_speak = e->kind == EVENT_INPUT &&
	    (e->device == 0 || d->state == DEVICE_ADMITTED);
	/* a modifier that was held back is told when anybody lets go of it */
	/* and D in the panel sends a chord to the domain that is chosen there */
	const bool is_panel_key = was_open && e->input.code == KEY_D;
	const uint64_t reach = d->info.device != 0 && e->input.value == 1 &&
		!is_panel_key
	    ? d->domains
	    : UINT64_MAX;

	for (uint32_t i = 0; i < r->actions.n; i++) {
		const struct action *a = &r->actions.a[i];
		uint8_t *down = &r->down[a->domain][a->record.code];

		if (a->record.op != DOWN_INPUT || a->record.type != EV_KEY)
			continue;
		if (a->record.value == 1) {
			if (!may_speak)
				return "a press of a device that may not speak";
			if (a->domain != r->core.focus)
				return "a press for a domain without focus";
			if ((reach >> a->domain & 1) == 0)
				return "a press of a device that may not "
				       "reach that domain";
			if (*down)
				return "a second press";
			r->presses++;
		} else {
			if (!*down)
				return "a release without a press";
			r->releases++;
		}
		*down = a->record.value == 1;
	}
	return NULL;
}

static const char *
judge_balance(const struct run *r, bool is_all_up)
{
	static const uint8_t none[KEY_CNT];

	for (uint32_t i = 0; i < r->core.n_domains; i++)
		if ((i != r->core.focus || is_all_up) &&
		    memcmp(r->down[i], none, sizeof(none)) != 0)
			return is_all_up
			    ? "a key is down that no device holds"
			    : "a key is down in a domain without focus";
	return NULL;
}

static const char *
step(struct run *r, const struct event *e)
{
	const uint32_t focus = r->core.focus;
	const uint32_t n_held = r->core.keys.n;
	const bool was_open = r->core.panel.is_open;
	const struct device *at = admit_find(&r->core.admit, e->device);
	const struct device d = at ? *at : (struct device){0};
	const bool was_up = e->domain < r->core.n_domains &&
	    r->core.domains[e->domain].vm_is_up;

	core_step(&r->core, e, r->now_ns, &r->actions);
	/* a new process, or a new machine, saw nothing */
	if (e->kind == EVENT_LINK || e->kind == EVENT_DOWN ||
	    (e->kind == EVENT_VM &&
		was_up != r->core.domains[e->domain].vm_is_up))
		memset(r->down[e->domain], 0, sizeof(r->down[0]));
	r->gone_held += e->kind == EVENT_GONE && n_held > 0;
	at = e->device != 0 ? admit_find(&r->core.admit, e->device) : NULL;
	r->throttled += at && at->is_throttled;
	r->admitted += at && at->state == DEVICE_ADMITTED &&
	    d.state == DEVICE_WAITING;
	r->withheld += e->kind == EVENT_INPUT && d.info.device != 0 &&
	    focus != TDS_NONE && (d.domains >> focus & 1) == 0;
	if (r->core.panel.is_open && r->core.focus != TDS_NONE)
		return "the panel is open and somebody has the keyboard";
	const char *why = judge_actions(r, e, &d, was_open);
	return why ? why : judge_balance(r, e->kind == EVENT_GONE);
}

static void
devices_that_come_and_go_leave_nothing_pressed(void **state)
{
	static struct run r;
	const uint32_t worlds = getenv("TDS_QUICK") ? WORLDS / 10 : WORLDS;

	(void)state;
	for (uint64_t seed = 1; seed <= worlds; seed++) {
		begin(&r, seed);
		for (uint32_t i = 0; i < EVENTS; i++) {
			const struct event e = some_event(&r);
			const char *why = step(&r, &e);

			if (why)
				fail_msg("seed %lu, event %u (%s): %s",
				    (unsigned long)seed, i, event_text(&e),
				    why);
		}
	}
	print_message("# %u events: %lu presses, %lu releases, %lu events "
		      "withheld from a domain, %lu times gone with keys held, "
		      "%lu throttled, %lu admitted\n",
	    worlds * EVENTS, (unsigned long)r.presses,
	    (unsigned long)r.releases, (unsigned long)r.withheld,
	    (unsigned long)r.gone_held, (unsigned long)r.throttled,
	    (unsigned long)r.admitted);
	assert_true(r.presses > 50u * worlds);
	assert_true(r.withheld > 50u * worlds);
	assert_true(r.gone_held > 10u * worlds);
	assert_true(r.throttled > 10u * worlds);
	assert_true(r.admitted > worlds / 4);
}

/* A core that forgets to let go must be noticed. */
static void
a_release_that_is_lost_is_noticed(void **state)
{
	static struct run r;
	uint32_t found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		const char *why = NULL;

		begin(&r, seed);
		for (uint32_t i = 0; i < EVENTS && !why; i++) {
			struct event e = some_event(&r);

			if (e.kind == EVENT_GONE) { /* the mistake */
				keys_forget_seen(&r.core.keys);
			}
			why = step(&r, &e);
		}
		found += why != NULL;
	}
	assert_true(found >= 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_that_come_and_go_leave_nothing_pressed),
		cmocka_unit_test(a_release_that_is_lost_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
