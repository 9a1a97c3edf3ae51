/*
 * balance: a million random events of user and guests against the core. After
 * each: presses and releases are balanced per domain and key, input goes to
 * the focused domain only, nothing goes out while the panel is open, and only
 * the user moves focus and windows.
 */
#include "tests/property/judge.h"
#include "tests/property/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORLDS = 200, EVENTS = 5000 };

static const struct world_limits limits = {
	.min_domains = 1,
	.max_domains = 8,
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
	struct judge judge;
	struct user user;
	struct chance chance;
	uint32_t seq;
	struct event last;
	bool has_plant;
};

/* A mistake planted between core and judge, or nothing. */
typedef bool plant_fn(struct run *r, const struct snapshot *before,
    const struct event *e);

static struct event
guest_event(struct run *r)
{
	struct chance *c = &r->chance;
	const uint32_t domain = chance_below(c, r->core.n_domains);
	struct event e = event_of(EVENT_COMMIT, domain);

	switch (chance_below(c, 20)) {
	case 0:
		if (chance_one_in(c, 8))
			return event_of(EVENT_DOWN, domain);
		return event_of(EVENT_LINK, domain);
	case 1:
		e.kind = EVENT_VM;
		e.is_up = !chance_one_in(c, 3);
		return e;
	case 6:
		e.kind = EVENT_LEDS;
		e.leds = (uint8_t)chance_below(c, 8);
		return e;
	case 7:
	case 8:
		e.kind = EVENT_CURSOR;
		e.cursor.visible = chance_one_in(c, 2);
		e.cursor.hot_x = chance_below(c, TDS_CURSOR_DIM);
		return e;
	case 9:
	case 10:
		return event_of(EVENT_FRAME, 0);
	default:
		return event_commit(domain, chance_below(c, 3), r->seq++,
		    chance_below(c, 1200), 1 + chance_below(c, 900));
	}
}

static void
run_begin(struct run *r, uint64_t seed)
{
	r->chance = chance_seed(seed);
	world_init(&r->core, &r->chance, &limits);
	user_init(&r->user, &r->core, seed + 1000000);
	judge_init(&r->judge);
	r->seq = 0;
}

/* NULL, or what is wrong. */
static const char *
run_step(struct run *r, struct event e, plant_fn *plant, bool *planted)
{
	static struct snapshot before;

	snapshot_take(&before, &r->core);
	r->last = e;
	core_step(&r->core, &e, 0, &r->actions);
	if (e.kind == EVENT_FRAME)
		for (uint32_t i = 0; i < r->core.scene.n_outputs; i++)
			scene_take_damage(&r->core.scene, i);
	if (plant && !*planted)
		*planted = plant(r, &before, &e);
	return judge_step(&r->judge, &before, &e, &r->core, &r->actions);
}

/* All guests are there, with a picture. */
static const char *
run_guests(struct run *r)
{
	const char *why = NULL;
	bool planted = true;

	for (uint32_t i = 0; i < r->core.n_domains && !why; i++) {
		struct event up = event_of(EVENT_VM, i);

		up.is_up = true;
		why = run_step(r, event_of(EVENT_LINK, i), NULL, &planted);
		why = why ? why : run_step(r, up, NULL, &planted);
		why = why ? why : run_step(r, event_commit(i, 0, r->seq++,
		    500, 400), NULL, &planted);
	}
	return why;
}

static const char *
run_all(struct run *r, uint64_t seed, uint32_t events, plant_fn *plant,
    uint32_t *at)
{
	bool planted = false;

	run_begin(r, seed);
	r->has_plant = false;
	const char *why = run_guests(r);
	for (*at = 0; *at < events && !why; ++*at) {
		const struct event e = chance_one_in(&r->chance, 4)
		    ? guest_event(r)
		    : user_next(&r->user);
		why = run_step(r, e, plant, &planted);
	}
	r->has_plant = planted;
	return why;
}

static void
add_counts(struct judge *sum, const struct judge *j)
{
	sum->events += j->events;
	sum->presses += j->presses;
	sum->releases += j->releases;
	sum->switches += j->switches;
	sum->attentions += j->attentions;
	sum->touches += j->touches;
}

static void
a_million_events_keep_what_must_hold(void **state)
{
	static struct run r;
	static struct judge sum;
	const uint32_t worlds = getenv("TDS_QUICK") ? WORLDS / 10 : WORLDS;
	uint32_t at;

	(void)state;
	for (uint64_t seed = 1; seed <= worlds; seed++) {
		const char *why = run_all(&r, seed, EVENTS, NULL, &at);

		add_counts(&sum, &r.judge);
		if (why)
			fail_msg("seed %lu, event %u (%s): %s",
			    (unsigned long)seed, at, event_text(&r.last),
			    why);
	}
	print_message("# %lu events: %lu presses, %lu releases, %lu switches, "
		      "%lu panels, %lu fingers\n",
	    (unsigned long)sum.events, (unsigned long)sum.presses,
	    (unsigned long)sum.releases, (unsigned long)sum.switches,
	    (unsigned long)sum.attentions, (unsigned long)sum.touches);
	assert_true(sum.events >= (uint64_t)worlds * EVENTS);
	assert_true(sum.presses > 200u * worlds);
	assert_true(sum.switches > 50u * worlds);
	assert_true(sum.attentions > 10u * worlds);
	assert_true(sum.touches > 2u * worlds);
}

/* ----------------------------------------------------- is the judge awake? */

static uint32_t
find_key(const struct run *r, int32_t value)
{
	uint32_t i = 0;

	while (i < r->actions.n &&
	    !(r->actions.a[i].record.op == DOWN_INPUT &&
		r->actions.a[i].record.type == EV_KEY &&
		r->actions.a[i].record.value == value))
		i++;
	return i;
}

static void
drop_action(struct run *r, uint32_t i)
{
	for (r->actions.n--; i < r->actions.n; i++)
		r->actions.a[i] = r->actions.a[i + 1];
}

static bool
drop_a_release(struct run *r, const struct snapshot *s, const struct event *e)
{
	const uint32_t i = find_key(r, 0);

	(void)e;
	/* at a change of focus: nothing would ever make up for it */
	if (i == r->actions.n || s->focus == r->core.focus)
		return false;
	drop_action(r, i);
	return true;
}

static bool
drop_a_press(struct run *r, const struct snapshot *s, const struct event *e)
{
	const uint32_t i = find_key(r, 1);

	(void)s;
	if (i == r->actions.n || e->input.code != KEY_A ||
	    r->actions.a[i].record.code != KEY_A)
		return false;
	drop_action(r, i);
	return true;
}

static bool
press_twice(struct run *r, const struct snapshot *s, const struct event *e)
{
	const uint32_t i = find_key(r, 1);

	(void)s, (void)e;
	if (i == r->actions.n)
		return false;
	r->actions.a[r->actions.n++] = r->actions.a[i];
	return true;
}

static bool
send_to_another(struct run *r, const struct snapshot *s, const struct event *e)
{
	const uint32_t i = find_key(r, 1);

	(void)s, (void)e;
	if (i == r->actions.n || r->core.n_domains < 2)
		return false;
	r->actions.a[i].domain =
	    (r->actions.a[i].domain + 1) % r->core.n_domains;
	return true;
}

static bool
type_into_the_panel(struct run *r, const struct snapshot *s,
    const struct event *e)
{
	if (!s->is_open || !r->core.panel.is_open ||
	    e->kind != EVENT_INPUT || e->input.type != EV_KEY ||
	    e->input.value != 1)
		return false;
	r->actions.a[r->actions.n++] = (struct action){.domain = 0,
	    .record = {.op = DOWN_INPUT, .type = EV_KEY,
		.code = e->input.code, .value = 1}};
	return true;
}

static bool
guest_takes_focus(struct run *r, const struct snapshot *s,
    const struct event *e)
{
	if (e->kind != EVENT_COMMIT || s->focus == e->domain)
		return false;
	r->core.focus = e->domain;
	return true;
}

static bool
guest_raises_itself(struct run *r, const struct snapshot *s,
    const struct event *e)
{
	(void)s;
	if (e->kind != EVENT_VM || r->core.scene.n_windows < 2 ||
	    r->core.scene.stack[r->core.scene.n_windows - 1] == 0)
		return false;
	scene_raise(&r->core.scene, 0);
	return true;
}

static void
the_judge_notices_each_planted_mistake(void **state)
{
	static struct run r;
	static plant_fn *const plants[] = {drop_a_release, drop_a_press,
	    press_twice, send_to_another, type_into_the_panel,
	    guest_takes_focus, guest_raises_itself};
	uint32_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		uint32_t planted = 0;

		for (uint64_t seed = 1; seed <= 20; seed++) {
			const char *why =
			    run_all(&r, seed * 7, EVENTS, plants[i], &at);

			planted += r.has_plant;
			if (!why && r.has_plant)
				fail_msg("mistake %zu, seed %lu: not noticed",
				    i, (unsigned long)seed * 7);
		}
		assert_true(planted >= 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_events_keep_what_must_hold),
		cmocka_unit_test(the_judge_notices_each_planted_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
