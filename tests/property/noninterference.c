/*
 * noninterference: two cores take the same public script side by side: the
 * user, the clock, and every guest but one. That one, H, behaves differently
 * in each: other pictures, rates, sizes, cursors, lights, crashes, or it is
 * not there at all. Whatever the cores send to anybody else must be equal,
 * byte for byte, at every event of the virtual clock; and so must focus,
 * stacking and geometry, and every pixel outside of H's own pictures
 * . So must what is sent to H, when all that differs is
 * which cables are protected.
 *
 * A secret event takes no virtual time: that belongs to the public script.
 */
#include "compositor/paint.h"
#include "compositor/protect.h"
#include "tests/property/secret.h"
#include "tests/property/user.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	SCRIPTS = 200,
	EVENTS = 10000,
	BUFFER = 1024 * 768 * 4,
	FRAME_NS = 16666667,
};

static const struct world_limits limits = {
	.min_domains = 2,
	.max_domains = 8,
	.max_outputs = 2,
	.max_scale = 2,
	.min_width = 640,
	.max_width = 900,
	.min_height = 480,
	.max_height = 600,
};

enum manner { ABSENT, QUIET, BUSY, FLOOD, CRASHING, MANNERS };

/* One of the two cores, and the H that lives in it. */
struct side {
	struct core core;
	struct actions actions;
	struct chance secret;
	enum manner manner;
	uint32_t seq;
	uint64_t leak; /* for planted mistakes: commits of H so far */
};

struct pair;
typedef void plant_fn(struct pair *p, struct side *s, const struct event *e);

struct pair {
	struct side a, b;
	struct user user;
	struct chance public;
	struct event last;
	uint32_t h; /* the domain whose behaviour is secret */
	uint64_t now_ns;
	uint32_t seq;
	bool only_pictures; /* H keeps its process, its machine, its lights */
	plant_fn *plant;
	/* so that a run that showed nothing is noticed */
	uint64_t secrets, outputs, inputs;
};

static void
side_step(struct pair *p, struct side *s, struct event e)
{
	core_step(&s->core, &e, p->now_ns, &s->actions);
	if (p->plant)
		p->plant(p, s, &e);
}

/* --------------------------------------------------------- what H may do */

static struct event
secret_commit(struct pair *p, struct side *s)
{
	struct chance *c = &s->secret;
	struct event e = event_commit(p->h, chance_below(c, 2), s->seq,
	    chance_below(c, 1000), 1 + chance_below(c, 700));

	s->seq += 1 + chance_below(c, 1000);
	if (e.commit.width_px == 0)
		e.commit.height_px = e.commit.h = 0;
	e.commit.w = chance_below(c, e.commit.width_px + 1);
	return e;
}

static struct event
secret_event(struct pair *p, struct side *s)
{
	struct chance *c = &s->secret;
	struct event e = event_of(EVENT_CURSOR, p->h);
	const uint32_t kind = chance_below(c, 16);

	if (kind < 2) {
		e.cursor.visible = chance_one_in(c, 2);
		e.cursor.hot_x = chance_below(c, TDS_CURSOR_DIM);
		e.cursor.offset_bytes =
		    (uint64_t)chance_below(c, 100) * TDS_PAGE_BYTES;
		return e;
	}
	if (kind == 2 && !p->only_pictures) {
		e.kind = EVENT_LEDS;
		e.leds = (uint8_t)chance_below(c, 8);
		return e;
	}
	/* how a carrier is, or a sink: public to nobody either */
	if (kind == 3 && !p->only_pictures) {
		e.kind = EVENT_SINK;
		e.cable = chance_below(c, s->core.scene.n_outputs);
		e.is_up = chance_one_in(c, 2);
		return e;
	}
	if (kind < 8 && s->manner == CRASHING) {
		static const enum event_kind of[] = {
		    EVENT_DOWN, EVENT_LINK, EVENT_LINK, EVENT_VM};
		e.kind = of[chance_below(c, 4)];
		e.is_up = chance_one_in(c, 2);
		return e;
	}
	return secret_commit(p, s);
}

static uint32_t
secret_count(struct side *s)
{
	switch (s->manner) {
	case ABSENT:
	case MANNERS:
		return 0;
	case QUIET:
		return chance_one_in(&s->secret, 50) ? 1 : 0;
	case BUSY:
	case CRASHING:
		return chance_below(&s->secret, 3);
	case FLOOD:
		return 3 + chance_below(&s->secret, 10);
	}
	return 0;
}

/* NULL, or what another domain could have noticed. */
static const char *
secrets_happen(struct pair *p, struct side *s)
{
	const uint32_t n = secret_count(s);

	for (uint32_t i = 0; i < n; i++) {
		side_step(p, s, secret_event(p, s));
		p->secrets++;
		for (uint32_t k = 0; k < s->actions.n; k++)
			if (s->actions.a[k].domain != p->h)
				return "an event of H sent something";
	}
	return NULL;
}

/* ------------------------------------------------------ what all may see */

static struct event
public_guest_event(struct pair *p)
{
	struct chance *c = &p->public;
	const uint32_t n = p->a.core.n_domains;
	const uint32_t domain = (p->h + 1 + chance_below(c, n - 1)) % n;
	struct event e = event_of(EVENT_CURSOR, domain);

	switch (chance_below(c, 40)) {
	case 0:
		return event_of(EVENT_DOWN, domain);
	case 1:
	case 2:
		return event_of(EVENT_LINK, domain);
	case 3:
		e.kind = EVENT_VM;
		e.is_up = !chance_one_in(c, 4);
		return e;
	case 4:
		e.cursor.visible = chance_one_in(c, 2);
		return e;
	case 5:
		e.kind = EVENT_LEDS;
		e.leds = (uint8_t)chance_below(c, 8);
		return e;
	default:
		return event_commit(domain, chance_below(c, 2), p->seq++,
		    1 + chance_below(c, 1000), 1 + chance_below(c, 700));
	}
}

static struct event
public_event(struct pair *p)
{
	const uint32_t kind = chance_below(&p->public, 10);

	if (kind < 2) {
		p->now_ns += FRAME_NS;
		return event_of(EVENT_FRAME, 0);
	}
	p->now_ns += chance_below(&p->public, 1000000);
	return kind < 5 ? public_guest_event(p) : user_next(&p->user);
}

static uint32_t
next_visible(const struct pair *p, const struct actions *out, uint32_t i)
{
	while (i < out->n && out->a[i].domain == p->h)
		i++;
	return i;
}

/* Everything sent to others is equal, in order. */
static const char *
compare_actions(struct pair *p)
{
	const struct actions *x = &p->a.actions, *y = &p->b.actions;
	uint32_t i = next_visible(p, x, 0), k = next_visible(p, y, 0);

	for (; i < x->n && k < y->n; i = next_visible(p, x, i + 1),
	    k = next_visible(p, y, k + 1)) {
		uint8_t one[TDS_RING_RECORD_BYTES], two[TDS_RING_RECORD_BYTES];

		if (encode_down(&x->a[i].record, one) != 0 ||
		    encode_down(&y->a[k].record, two) != 0)
			return "a record that cannot be sent";
		if (x->a[i].domain != y->a[k].domain)
			return "another receiver";
		if (memcmp(one, two, sizeof(one)) != 0)
			return "other bytes";
		p->outputs++;
		p->inputs += x->a[i].record.op == DOWN_INPUT;
	}
	return i < x->n || k < y->n ? "more records in one run" : NULL;
}

/* A focus on H that crashed is nobody's: to others both mean "not you". */
static uint32_t
focus_seen(const struct pair *p, const struct core *core)
{
	return core->focus == p->h ? TDS_NONE : core->focus;
}

static const char *
compare_desks(const struct pair *p)
{
	const struct core *x = &p->a.core, *y = &p->b.core;

	if (focus_seen(p, x) != focus_seen(p, y))
		return "another domain has the keyboard";
	if (x->panel.is_open != y->panel.is_open)
		return "the panel is open in one run";
	if (memcmp(x->scene.stack, y->scene.stack, sizeof(x->scene.stack)))
		return "another stacking";
	for (uint32_t i = 0; i < x->scene.n_windows; i++) {
		const struct window *w = &x->scene.windows[i];
		const struct window *v = &y->scene.windows[i];

		if (memcmp(&w->content, &v->content, sizeof(w->content)))
			return "another geometry";
		if (w->is_hidden != v->is_hidden)
			return "a window is hidden in one run";
	}
	return NULL;
}

static void
pair_begin(struct pair *p, uint64_t seed, bool only_pictures)
{
	memset(p, 0, sizeof(*p));
	p->only_pictures = only_pictures;
	p->public = chance_seed(seed);
	world_init(&p->a.core, &p->public, &limits);
	p->b.core = p->a.core;
	p->h = chance_below(&p->public, p->a.core.n_domains);
	user_init(&p->user, &p->a.core, seed + 77);
	p->a.secret = chance_seed(seed + 1000001);
	p->b.secret = chance_seed(seed + 2000003);
	p->a.manner = (enum manner)(seed % MANNERS);
	p->b.manner = (enum manner)((seed / MANNERS + 1) % MANNERS);
	if (only_pictures) {
		p->a.manner = FLOOD;
		p->b.manner = seed % 2 ? BUSY : QUIET;
	}
}

static void
side_connect(struct pair *p, struct side *s)
{
	for (uint32_t i = 0; i < s->core.n_domains; i++) {
		struct event up = event_of(EVENT_VM, i);

		if (i == p->h && s->manner == ABSENT)
			continue;
		up.is_up = true;
		side_step(p, s, event_of(EVENT_LINK, i));
		side_step(p, s, up);
		side_step(p, s, event_commit(i, 0, 1, 500, 400));
	}
}

static void
side_painted(struct side *s)
{
	for (uint32_t i = 0; i < s->core.scene.n_outputs; i++)
		scene_take_damage(&s->core.scene, i);
}

static void
dump(const struct pair *p)
{
	for (const struct side *s = &p->a; s; s = s == &p->a ? &p->b : NULL) {
		fprintf(stderr, "# focus %d, panel %d, pointer %d,%d\n",
		    (int)s->core.focus, s->core.panel.is_open,
		    s->core.pointer_x, s->core.pointer_y);
		for (uint32_t i = 0; i < s->actions.n; i++)
			fprintf(stderr, "#  to %u: op %u type %u code %u "
			    "value %d\n", s->actions.a[i].domain,
			    s->actions.a[i].record.op,
			    s->actions.a[i].record.type,
			    s->actions.a[i].record.code,
			    s->actions.a[i].record.value);
	}
}

static const char *
pair_turn(struct pair *p)
{
	const char *why = secrets_happen(p, &p->a);

	if (!why)
		why = secrets_happen(p, &p->b);
	if (why)
		return why;
	const struct event e = public_event(p);
	p->last = e;
	side_step(p, &p->a, e);
	side_step(p, &p->b, e);
	why = compare_actions(p);
	return why ? why : compare_desks(p);
}

static const char *
pair_run(struct pair *p, uint64_t seed, uint32_t events, plant_fn *plant,
    uint32_t *at)
{
	const char *why = NULL;

	pair_begin(p, seed, false);
	p->plant = plant;
	side_connect(p, &p->a);
	side_connect(p, &p->b);
	for (*at = 0; *at < events && !why; ++*at) {
		why = pair_turn(p);
		if (*at % 64 == 0) {
			side_painted(&p->a);
			side_painted(&p->b);
		}
	}
	return why;
}

static uint32_t
scripts(void)
{
	return getenv("TDS_QUICK") ? SCRIPTS / 10 : SCRIPTS;
}

static void
what_one_guest_does_reaches_no_other(void **state)
{
	static struct pair p;
	uint64_t secrets = 0, outputs = 0, inputs = 0;
	uint32_t at;

	(void)state;
	for (uint64_t seed = 1; seed <= scripts(); seed++) {
		const char *why = pair_run(&p, seed, EVENTS, NULL, &at);

		if (why)
			fail_msg("seed %lu, event %u (%s): %s (H is %u, manners "
				 "%d and %d)",
			    (unsigned long)seed, at, event_text(&p.last), why,
			    p.h, (int)p.a.manner, (int)p.b.manner);
		secrets += p.secrets;
		outputs += p.outputs;
		inputs += p.inputs;
	}
	print_message("# %u scripts of %u events: %lu secret events, %lu "
		      "records to others, %lu of them input\n",
	    scripts(), EVENTS, (unsigned long)secrets, (unsigned long)outputs,
	    (unsigned long)inputs);
	assert_true(secrets > 1000u * scripts());
	assert_true(outputs > 1000u * scripts());
	assert_true(inputs > 200u * scripts());
}

/* ------------------------------------------------------------ the pixels */

struct pictures {
	uint8_t *memory[TDS_MAX_DOMAINS];
	struct pool pools[TDS_MAX_DOMAINS];
	struct target targets[TDS_MAX_OUTPUTS];
};

static void
pictures_init(struct pictures *s, uint32_t h, uint64_t seed)
{
	const uint64_t bytes = (uint64_t)BUFFER + 128 * TDS_PAGE_BYTES;

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		s->targets[i].pixels = calloc(1, BUFFER);
	for (uint32_t i = 0; i < limits.max_domains; i++) {
		s->memory[i] = malloc(bytes);
		if (!s->memory[i])
			abort();
		/* in H's other life, other pixels */
		for (uint64_t k = 0; k < bytes; k++)
			s->memory[i][k] = (uint8_t)(k * 31 + i * 7 +
			    (i == h ? seed : 0));
		s->pools[i] = (struct pool){s->memory[i], bytes};
	}
}

static void
pictures_finish(struct pictures *s)
{
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		free(s->targets[i].pixels);
	for (uint32_t i = 0; i < limits.max_domains; i++)
		free(s->memory[i]);
}

static void
pictures_paint(struct pictures *s, struct side *side)
{
	for (uint32_t i = 0; i < side->core.scene.n_outputs; i++) {
		s->targets[i].stride_px =
		    side->core.scene.outputs[i].config.width;
		scene_take_damage(&side->core.scene, i);
		paint_output(&side->core, i, s->pools, s->targets[i], NULL);
	}
}

static const char *
compare_pixels(const struct pair *p, const struct pictures *x,
    const struct pictures *y, uint64_t *differing)
{
	static uint8_t map[BUFFER / 4];
	static char text[96];

	for (uint32_t i = 0; i < p->a.core.scene.n_outputs; i++) {
		const struct core_output *o = &p->a.core.scene.outputs[i].config;

		secret_area(&p->a.core, p->h, i, map);
		for (uint32_t k = 0; k < o->width * o->height; k++) {
			if (x->targets[i].pixels[k] ==
			    y->targets[i].pixels[k])
				continue;
			++*differing;
			if (map[k])
				continue;
			snprintf(text, sizeof(text),
			    "a pixel of output %u at %u,%u depends on H", i,
			    k % o->width, k / o->width);
			return text;
		}
	}
	return NULL;
}

static const char *
pixels_run(struct pair *p, uint64_t seed, uint32_t events, uint32_t *at,
    uint64_t *differing)
{
	struct pictures x, y;
	const char *why = NULL;

	pair_begin(p, seed, true);
	side_connect(p, &p->a);
	side_connect(p, &p->b);
	pictures_init(&x, p->h, 0);
	pictures_init(&y, p->h, 101);
	for (*at = 0; *at < events && !why; ++*at) {
		why = pair_turn(p);
		if (*at % 40 != 0 || why)
			continue;
		pictures_paint(&x, &p->a);
		pictures_paint(&y, &p->b);
		why = compare_pixels(p, &x, &y, differing);
	}
	pictures_finish(&x);
	pictures_finish(&y);
	return why;
}

static void
no_pixel_outside_a_guests_picture_depends_on_it(void **state)
{
	static struct pair p;
	const uint32_t n = scripts() / 20 > 0 ? scripts() / 20 : 1;
	uint64_t differing = 0;
	uint32_t at;

	(void)state;
	for (uint64_t seed = 1; seed <= 4 * n; seed++) {
		const char *why = pixels_run(&p, seed, 2000, &at, &differing);

		if (why)
			fail_msg("seed %lu, event %u: %s (H is %u)",
			    (unsigned long)seed, at, why, p.h);
	}
	assert_true(differing > 1000); /* H's own pictures did differ */
}

/* --------------------------------------------------- attention: R-13 */

/* Open the panel, look around, go back; all keys up again. */
static void
attend(struct pair *p, struct side *s)
{
	static const uint16_t look[] = {KEY_UP, KEY_DOWN, KEY_X, KEY_SPACE,
	    KEY_CAPSLOCK};
	struct user u = p->user;

	u.at = u.n_queue = 0;
	user_chord(&u);
	for (uint32_t i = 0; i < u.n_queue; i++)
		side_step(p, s, u.queue[i]);
	for (uint32_t i = 0; i < 3; i++) {
		const uint16_t code = look[chance_below(&s->secret, 5)];

		side_step(p, s, event_key(code, 1));
		side_step(p, s, event_key(code, 0));
	}
	side_step(p, s, event_key(KEY_ESC, 1));
	side_step(p, s, event_key(KEY_ESC, 0));
}

static void
both_step(struct pair *p, struct event e)
{
	side_step(p, &p->a, e);
	side_step(p, &p->b, e);
	assert_null(compare_actions(p));
}

/* The user lets go of everything. */
static void
let_go(struct pair *p)
{
	while (p->user.n_held > 0 || p->user.at < p->user.n_queue) {
		struct event e = event_key(
		    p->user.n_held ? p->user.held[p->user.n_held - 1] : 0, 0);

		if (p->user.at < p->user.n_queue) /* the gesture ends first */
			e = user_next(&p->user);
		else
			p->user.n_held--;
		both_step(p, e);
	}
	for (int32_t i = 0; i < TDS_MAX_CONTACTS; i++) {
		both_step(p, event_input(EV_ABS, ABS_MT_SLOT, i));
		both_step(p, event_input(EV_ABS, ABS_MT_TRACKING_ID, -1));
	}
	both_step(p, event_input(EV_SYN, SYN_REPORT, 0));
}

static void
an_attention_key_leaves_no_trace_in_any_guest(void **state)
{
	static struct pair p;
	uint32_t attentions = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= scripts(); seed++) {
		const char *why = NULL;

		pair_begin(&p, seed, true);
		p.h = TDS_NONE; /* nobody has a secret but the user */
		p.a.manner = p.b.manner = ABSENT;
		p.h = 0;
		side_connect(&p, &p.a);
		side_connect(&p, &p.b);
		p.h = TDS_MAX_DOMAINS;
		for (uint32_t at = 0; at < EVENTS / 4; at++) {
			const struct event e = chance_one_in(&p.public, 4)
			    ? event_of(EVENT_FRAME, 0)
			    : user_next(&p.user);
			side_step(&p, &p.a, e);
			side_step(&p, &p.b, e);
			why = compare_actions(&p);
			why = why ? why : compare_desks(&p);
			if (why && getenv("TDS_VERBOSE"))
				dump(&p);
			if (why)
				fail_msg("seed %lu, event %u (%s): %s",
				    (unsigned long)seed, at, event_text(&e),
				    why);
			if (p.a.core.panel.is_open ||
			    !chance_one_in(&p.public, 20))
				continue;
			/* with a key down the guest sees its release early,
			 * which is what a focus-out is */
			let_go(&p);
			if (p.a.core.panel.is_open)
				continue;
			attend(&p, &p.a);
			attentions++;
			side_painted(&p.a);
			side_painted(&p.b);
		}
	}
	assert_true(attentions > 5u * scripts());
	assert_true(p.outputs > 100);
}

/* ---------------------------------------- what was typed elsewhere: R-11 */

/* Type into `domain` and leave: some keys stay down, locks are toggled. */
static void
type_secretly(struct pair *p, struct side *s, uint32_t domain,
    bool held[KEY_CNT])
{
	static const uint16_t of[] = {KEY_Q, KEY_W, KEY_E, KEY_R, KEY_T,
	    KEY_LEFTSHIFT, KEY_LEFTCTRL, KEY_LEFTMETA, KEY_CAPSLOCK,
	    KEY_NUMLOCK, KEY_RIGHTSHIFT, KEY_ESC};

	side_step(p, s, event_of(EVENT_FOCUS, domain));
	for (uint32_t i = chance_below(&s->secret, 12); i > 0; i--) {
		const uint16_t code = of[chance_below(&s->secret, 12)];

		held[code] = !held[code];
		side_step(p, s, event_key(code, held[code]));
	}
}

static void
what_was_typed_elsewhere_is_gone_at_focus_in(void **state)
{
	static struct pair p;
	static const uint16_t public_keys[] = {
	    KEY_A, KEY_S, KEY_1, KEY_RIGHTALT, KEY_SPACE, KEY_LEFTALT};

	(void)state;
	for (uint64_t seed = 1; seed <= scripts(); seed++) {
		static bool held[2][KEY_CNT];

		memset(held, 0, sizeof(held));
		pair_begin(&p, seed, true);
		side_connect(&p, &p.a);
		side_connect(&p, &p.b);
		const uint32_t n = p.a.core.n_domains;
		const uint32_t other = (p.h + 1) % n;
		for (uint32_t turn = 0; turn < 50; turn++) {
			type_secretly(&p, &p.a, p.h, held[0]);
			type_secretly(&p, &p.b, p.h, held[1]);
			side_step(&p, &p.a, event_of(EVENT_FOCUS, other));
			side_step(&p, &p.b, event_of(EVENT_FOCUS, other));
			assert_null(compare_actions(&p));
			for (uint32_t i = 0; i < 12; i++) {
				const uint16_t code =
				    public_keys[chance_below(&p.public, 6)];
				for (int32_t down = 1; down >= 0; down--) {
					side_step(&p, &p.a,
					    event_key(code, down));
					side_step(&p, &p.b,
					    event_key(code, down));
					assert_null(compare_actions(&p));
				}
			}
		}
		assert_true(p.inputs > 500);
	}
}

/* --------------------------------- protected cables */

static uint32_t
n_tiles(const struct core *core)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < core->scene.n_windows; i++)
		n += !protect_allows(core, &core->scene.windows[i]);
	return n;
}

/* Cables of this side gain and lose protection, as asked for or otherwise. */
static const char *
cables_change(struct pair *p, struct side *s)
{
	while (chance_one_in(&s->secret, 4)) {
		struct event e = event_of(EVENT_CABLE, 0);

		e.cable = chance_below(&s->secret, TDS_MAX_OUTPUTS);
		e.protection = chance_below(&s->secret, 4);
		if (e.cable < s->core.scene.n_outputs &&
		    chance_one_in(&s->secret, 2))
			e.protection = s->core.scene.outputs[e.cable].needs;
		side_step(p, s, e);
		p->secrets++;
		if (s->actions.n > 0)
			return "a cable's protection sent something";
	}
	return NULL;
}

static void
no_guest_sees_which_cables_are_protected(void **state)
{
	static struct pair p;
	uint64_t secrets = 0, differed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= scripts(); seed++) {
		const char *why = NULL;

		pair_begin(&p, seed, true);
		p.a.manner = p.b.manner = ABSENT; /* no secret guest */
		p.h = 0;
		side_connect(&p, &p.a);
		side_connect(&p, &p.b);
		for (uint32_t at = 0; at < EVENTS / 4 && !why; at++) {
			why = cables_change(&p, &p.a);
			why = why ? why : cables_change(&p, &p.b);
			differed +=
			    n_tiles(&p.a.core) != n_tiles(&p.b.core);
			const struct event e = public_event(&p);
			side_step(&p, &p.a, e);
			side_step(&p, &p.b, e);
			p.h = TDS_MAX_DOMAINS; /* all are compared */
			why = why ? why : compare_actions(&p);
			why = why ? why : compare_desks(&p);
			p.h = 0;
			if (why)
				fail_msg("seed %lu, event %u (%s): %s",
				    (unsigned long)seed, at, event_text(&e),
				    why);
			if (at % 64 == 0) {
				side_painted(&p.a);
				side_painted(&p.b);
			}
		}
		secrets += p.secrets;
	}
	assert_true(secrets > 500u * scripts());
	assert_true(differed > 50u * scripts());
}

/* ------------------------------------------------ is the test awake? */

/* Others' ticks carry how much H drew. */
static void
leak_counter(struct pair *p, struct side *s, const struct event *e)
{
	if (e->kind == EVENT_COMMIT && e->domain == p->h)
		s->leak++;
	for (uint32_t i = 0; i < s->actions.n; i++)
		if (s->actions.a[i].record.op == DOWN_TICK &&
		    s->actions.a[i].domain != p->h)
			s->actions.a[i].record.seq += (uint32_t)s->leak;
}

/* A frame in which H drew much has no time for the last tick. */
static void
leak_budget(struct pair *p, struct side *s, const struct event *e)
{
	if (e->kind == EVENT_COMMIT && e->domain == p->h)
		s->leak++;
	if (e->kind != EVENT_FRAME)
		return;
	if (s->leak > 6 && s->actions.n > 0)
		s->actions.n--;
	s->leak = 0;
}

/* H comes to the front when it is started. */
static void
leak_raise(struct pair *p, struct side *s, const struct event *e)
{
	if (e->kind == EVENT_LINK && e->domain == p->h)
		scene_raise(&s->core.scene,
		    scene_find(&s->core.scene, p->h, 0));
}

/* H's lights are everybody's. */
static void
leak_lights(struct pair *p, struct side *s, const struct event *e)
{
	const uint32_t other = (p->h + 1) % s->core.n_domains;

	if (e->kind == EVENT_LEDS && e->domain == p->h &&
	    s->actions.n < CORE_MAX_ACTIONS)
		s->actions.a[s->actions.n++] = (struct action){.domain = other,
		    .record = {.op = DOWN_INPUT, .type = EV_LED, .value = 1}};
}

static void
each_planted_leak_is_found(void **state)
{
	static struct pair p;
	static plant_fn *const plants[] = {
	    leak_counter, leak_budget, leak_raise, leak_lights};

	(void)state;
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		uint32_t found = 0, at;

		for (uint64_t seed = 1; seed <= 25; seed++)
			found += pair_run(&p, seed, EVENTS, plants[i], &at) !=
			    NULL;
		if (found < 8) /* not every pair of manners shows it */
			fail_msg("leak %zu: found in %u of 25", i, found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_guest_does_reaches_no_other),
		cmocka_unit_test(
		    no_pixel_outside_a_guests_picture_depends_on_it),
		cmocka_unit_test(an_attention_key_leaves_no_trace_in_any_guest),
		cmocka_unit_test(what_was_typed_elsewhere_is_gone_at_focus_in),
		cmocka_unit_test(no_guest_sees_which_cables_are_protected),
		cmocka_unit_test(each_planted_leak_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
