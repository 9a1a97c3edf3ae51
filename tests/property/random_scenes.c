/*
 * random_scenes CHECKER [--quick] [--seed N] [--few N]: random desktops, drawn
 * by the real core and painter from random user and guest events with a paint
 * after every few of them, and judged by the independent checker, each frame.
 *
 * Guests paint nothing but poison: colours that no trusted pixel ever has and
 * that differ from domain to domain.
 */
#include "compositor/paint.h"
#include "tds/base/names.h"
#include "tests/property/world.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SCENES = 10000,
	WORKERS = 2,
	POOL_WIDTH = 1200,
	POOL_HEIGHT = 900,
	CURSOR_BYTES = TDS_CURSOR_DIM * TDS_CURSOR_DIM * 4,
	POOL_BYTES = POOL_WIDTH * POOL_HEIGHT * 4 + CURSOR_BYTES,
	POISONS = 3,
	MAX_PIXELS = 1024 * 768,
};

static const struct world_limits limits = {
	.min_domains = 1,
	.max_domains = 8,
	.max_outputs = 2,
	.max_scale = 2,
	.min_width = 640,
	.max_width = 1024,
	.min_height = 400,
	.max_height = 768,
};

static struct {
	struct core core;
	struct actions actions;
	struct chance chance;
	struct target targets[TDS_MAX_OUTPUTS];
	struct pool pools[TDS_MAX_DOMAINS];
	uint32_t seq;
} t;

/* Far from every colour of ours, and from every mix of two of them. */
static uint32_t
poison(uint32_t domain, uint32_t k)
{
	static const uint32_t base[POISONS] = {0xfe0180, 0x01fe80, 0x02fdfd};

	return base[k] + domain * (k == 2 ? 0x010000u : 1u);
}

static void
fill_pool(uint32_t domain)
{
	uint32_t *at = calloc(1, POOL_BYTES);

	if (!at)
		abort();
	for (uint32_t i = 0; i < POOL_BYTES / 4; i++)
		at[i] = 0xff000000u | poison(domain, i / 7 % POISONS);
	t.pools[domain] =
	    (struct pool){.base = (const uint8_t *)at, .bytes = POOL_BYTES};
}

static void
step(struct event event)
{
	core_step(&t.core, &event, 0, &t.actions);
}

static void
paint(void)
{
	for (uint32_t i = 0; i < t.core.scene.n_outputs; i++) {
		scene_take_damage(&t.core.scene, i);
		paint_output(&t.core, i, t.pools, t.targets[i], NULL);
	}
}

/* ------------------------------------------------------------ what happens */

static void
random_commit(uint32_t domain)
{
	struct chance *c = &t.chance;
	const uint32_t width = chance_one_in(c, 8) ? 0 :
	    (uint32_t)chance_in(c, 1, POOL_WIDTH);
	const uint32_t height = width == 0 ? 0 :
	    (uint32_t)chance_in(c, 1, POOL_HEIGHT);
	struct event e =
	    event_commit(domain, chance_below(c, 2), t.seq++, width, height);
	const struct rect content =
	    t.core.scene.windows[scene_find(&t.core.scene, domain, 0)].content;

	if (width > 0 && chance_one_in(c, 2)) { /* it follows its window */
		e.commit.width_px = (uint32_t)(content.x1 - content.x0);
		e.commit.height_px = (uint32_t)(content.y1 - content.y0);
		e.commit.stride_bytes = 4 * e.commit.width_px;
		e.commit.w = e.commit.width_px;
		e.commit.h = e.commit.height_px;
	}
	if (width > 0 && chance_one_in(c, 3)) {
		e.commit.x = chance_below(c, e.commit.width_px);
		e.commit.y = chance_below(c, e.commit.height_px);
		e.commit.w = chance_below(c, e.commit.width_px - e.commit.x);
		e.commit.h = chance_below(c, e.commit.height_px - e.commit.y);
	}
	step(e);
}

static void
guest_event(void)
{
	struct chance *c = &t.chance;
	const uint32_t domain = chance_below(c, t.core.n_domains);
	struct event e = event_of(EVENT_CURSOR, domain);

	switch (chance_below(c, 16)) {
	case 0:
		step(event_of(EVENT_DOWN, domain));
		return;
	case 1:
		step(event_of(EVENT_LINK, domain));
		return;
	case 2:
	case 3:
	case 4:
		e.kind = EVENT_VM;
		e.is_up = !chance_one_in(c, 4);
		step(e);
		return;
	case 5:
		e.kind = EVENT_LEDS;
		e.leds = (uint8_t)chance_below(c, 8);
		step(e);
		return;
	case 6:
	case 7:
		e.cursor = (struct cursor){
			.visible = !chance_one_in(c, 3),
			.offset_bytes = POOL_WIDTH * POOL_HEIGHT * 4 /
			    TDS_PAGE_BYTES * TDS_PAGE_BYTES,
			.hot_x = chance_below(c, TDS_CURSOR_DIM),
			.hot_y = chance_below(c, TDS_CURSOR_DIM),
		};
		step(e);
		return;
	default:
		random_commit(domain);
		return;
	}
}

static void
point(int32_t x, int32_t y)
{
	step(event_input(EV_ABS, ABS_X, x));
	step(event_input(EV_ABS, ABS_Y, y));
	step(event_input(EV_SYN, SYN_REPORT, 0));
}

/* Half of the time near a window's frame, where something happens. */
static void
random_point(void)
{
	struct chance *c = &t.chance;
	const struct scene *scene = &t.core.scene;
	int32_t x = chance_in(c, -10, 2100), y = chance_in(c, -10, 800);

	if (chance_one_in(c, 2)) {
		const struct window *w =
		    &scene->windows[chance_below(c, scene->n_windows)];
		const uint32_t scale = scene->outputs[w->output].config.scale;
		const struct rect f = window_frame(w, scale);
		const struct rect b = window_button(w, scale,
		    (enum button)chance_below(c, BUTTON_COUNT));

		x = chance_in(c, f.x0, f.x1);
		y = chance_in(c, f.y0, f.y0 + 40 * (int32_t)scale);
		if (chance_one_in(c, 3)) {
			x = chance_in(c, b.x0, b.x1);
		} else if (chance_one_in(c, 3)) {
			x = f.x1 - 1 - (int32_t)chance_below(c, 8);
			y = f.y1 - 1 - (int32_t)chance_below(c, 8);
		}
		for (uint32_t i = 0; i < w->output; i++)
			x += (int32_t)scene->outputs[i].config.width;
	}
	point(x, y);
}

static void
chord(void)
{
	static const struct {
		uint32_t modifier;
		uint16_t code;
	} keys[] = {{CHORD_CTRL, KEY_LEFTCTRL}, {CHORD_ALT, KEY_RIGHTALT},
	    {CHORD_SHIFT, KEY_LEFTSHIFT}, {CHORD_META, KEY_RIGHTMETA}};

	for (int32_t down = 1; down >= 0; down--) {
		for (uint32_t i = 0; i < 4; i++)
			if (t.core.setup.modifiers & keys[i].modifier)
				step(event_key(keys[i].code, down));
		step(event_key((uint16_t)t.core.setup.key, down));
	}
}

static void
press(uint16_t code)
{
	step(event_key(code, 1));
	step(event_key(code, 0));
}

/* As an output needs it, or otherwise. */
static void
cable_changes(void)
{
	const struct scene *scene = &t.core.scene;
	struct event e = event_of(EVENT_CABLE, 0);

	e.cable = chance_below(&t.chance, scene->n_outputs);
	e.protection = chance_one_in(&t.chance, 3)
	    ? PROTECTION_NONE
	    : scene->outputs[e.cable].needs;
	step(e);
}

static void
user_event(void)
{
	static const uint16_t panel_keys[] = {KEY_ESC, KEY_ENTER, KEY_UP,
	    KEY_DOWN, KEY_D, KEY_1, KEY_2, KEY_3, KEY_4, KEY_X};
	struct chance *c = &t.chance;

	switch (chance_below(c, 13)) {
	case 0:
		chord();
		return;
	case 12:
		cable_changes();
		return;
	case 1:
	case 2:
		press(panel_keys[chance_below(c, 10)]);
		return;
	case 3:
		step(event_of(EVENT_FOCUS,
		    chance_below(c, t.core.n_domains)));
		return;
	case 4:
	case 5:
	case 6:
		random_point();
		press(BTN_LEFT);
		return;
	case 7:
	case 8:
	case 9: /* a drag, with paints on its way */
		random_point();
		step(event_key(BTN_LEFT, 1));
		random_point();
		paint();
		random_point();
		step(event_key(BTN_LEFT, 0));
		return;
	default:
		random_point();
		return;
	}
}

static void
scene_begin(uint64_t seed)
{
	t.chance = chance_seed(seed);
	world_init(&t.core, &t.chance, &limits);
	for (uint32_t i = 0; i < t.core.scene.n_outputs; i++) {
		const struct core_output *o = &t.core.scene.outputs[i].config;

		t.targets[i].stride_px = o->width;
		memset(t.targets[i].pixels, 0x5a,
		    (size_t)o->width * o->height * 4);
	}
	for (uint32_t i = 0; i < t.core.n_domains; i++) {
		step(event_of(EVENT_LINK, i));
		if (chance_one_in(&t.chance, 6))
			continue;
		struct event up = event_of(EVENT_VM, i);
		up.is_up = true;
		step(up);
		random_commit(i);
	}
}

static void
scene_live(void)
{
	const uint32_t n = 3 + chance_below(&t.chance, 12);

	for (uint32_t i = 0; i < n; i++) {
		if (chance_one_in(&t.chance, 2))
			user_event();
		else
			guest_event();
		if (chance_one_in(&t.chance, 3))
			paint();
	}
	if (!t.core.panel.is_open && chance_one_in(&t.chance, 8))
		chord();
	else if (t.core.panel.is_open && !chance_one_in(&t.chance, 4))
		press(KEY_ENTER);
	paint();
}

/* ------------------------------------------------------------ to the judge */

static void
put_rect(FILE *to, const char *name, struct rect r)
{
	fprintf(to, "\"%s\":{\"x\":%d,\"y\":%d,\"width\":%d,\"height\":%d}",
	    name, r.x0, r.y0, r.x1 - r.x0, r.y1 - r.y0);
}

static void
put_domains(FILE *to, const struct status *s)
{
	fputs("\"domains\":[", to);
	for (uint32_t i = 0; i < s->n_domains; i++)
		fprintf(to,
		    "%s{\"name\":\"%s\",\"label\":\"%s\","
		    "\"colour\":\"#%06x\",\"hdcp\":\"%s\"}",
		    i ? "," : "", (const char *)s->domains[i].name,
		    (const char *)s->domains[i].label, s->domains[i].colour,
		    protection_name(s->domains[i].protection));
	fputs("],", to);
}

static void
put_windows(FILE *to, const struct status *s)
{
	fputs("\"windows\":[", to);
	for (uint32_t i = 0; i < s->n_windows; i++) {
		const struct status_window *w = &s->windows[i];

		fprintf(to, "%s{\"domain\":\"%s\",\"output\":\"%s\",",
		    i ? "," : "", (const char *)s->domains[w->domain].name,
		    (const char *)s->outputs[w->output].name);
		put_rect(to, "frame", w->frame);
		fputc(',', to);
		put_rect(to, "content", w->content);
		fprintf(to, ",\"scanout\":%u,\"picture\":%s}", w->scanout,
		    w->has_picture ? "true" : "false");
	}
	fputs("],", to);
}

static void
put_outputs(FILE *to, const struct status *s)
{
	fputs("\"outputs\":[", to);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct status_output *o = &s->outputs[i];

		fprintf(to,
		    "%s{\"name\":\"%s\",\"width\":%u,\"height\":%u,"
		    "\"scale\":%u,",
		    i ? "," : "", (const char *)o->name, o->width, o->height,
		    o->scale);
		fprintf(to, "\"protection\":\"%s\",",
		    protection_name(o->protection));
		put_rect(to, "trust_bar", o->trust_bar);
		fputc('}', to);
	}
	fputs("],", to);
}

static void
put_status(FILE *to, const struct status *s)
{
	fprintf(to, "{\"attention\":%s,", s->is_attention ? "true" : "false");
	if (s->keyboard == TDS_NONE)
		fputs("\"keyboard\":null,", to);
	else
		fprintf(to, "\"keyboard\":\"%s\",",
		    (const char *)s->domains[s->keyboard].name);
	put_outputs(to, s);
	put_domains(to, s);
	put_windows(to, s);
	fprintf(to,
	    "\"pointer\":{\"output\":%u,\"x\":%u,\"y\":%u,\"ours\":%s}}",
	    s->pointer_output, s->pointer_x, s->pointer_y,
	    s->pointer_is_ours ? "true" : "false");
}

static void
judge(FILE *to, uint64_t seed, uint32_t output)
{
	static struct status s;

	core_status(&t.core, &s);
	const struct status_output *o = &s.outputs[output];
	fprintf(to, "{\"name\":\"seed %lu output %u\",\"output\":%u,"
		    "\"width\":%u,\"height\":%u,\"guest_colours\":{",
	    (unsigned long)seed, output, output, o->width, o->height);
	for (uint32_t i = 0; i < s.n_domains; i++)
		fprintf(to, "%s\"%s\":[\"#%06x\",\"#%06x\",\"#%06x\"]",
		    i ? "," : "", (const char *)s.domains[i].name,
		    poison(i, 0), poison(i, 1), poison(i, 2));
	fputs("},\"status\":", to);
	put_status(to, &s);
	fputs("}\n", to);
	fwrite(t.targets[output].pixels, 4, (size_t)o->width * o->height, to);
}

/* Every n-th scene from seed `first` on. 0 if the checker says OK. */
static int
work(const char *checker, uint64_t first, uint32_t scenes)
{
	char command[4096];

	snprintf(command, sizeof(command), "'%s' --stream", checker);
	FILE *to = popen(command, "w");
	if (!to)
		return 1;
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		t.targets[i].pixels = malloc(MAX_PIXELS * 4);
	for (uint32_t i = 0; i < limits.max_domains; i++)
		fill_pool(i);
	for (uint32_t i = 0; i < scenes; i++) {
		const uint64_t seed = first + (uint64_t)i * WORKERS;

		scene_begin(seed);
		scene_live();
		judge(to, seed,
		    chance_below(&t.chance, t.core.scene.n_outputs));
	}
	return pclose(to) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	uint32_t scenes = getenv("TDS_QUICK") ? SCENES / 10 : SCENES;
	uint64_t seed = 1;
	uint32_t few = 0; /* that many in one process */
	int failed = 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			scenes = SCENES / 10;
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--few") == 0 && i + 1 < argc)
			few = (uint32_t)atoi(argv[++i]);
		else
			return 2;
	}
	if (argc < 2)
		return 2;
	if (few > 0)
		return work(argv[1], seed, few);
	for (uint32_t i = 0; i < WORKERS; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0)
			_exit(work(argv[1], seed + i, scenes / WORKERS));
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		int status = 1;

		if (wait(&status) < 0 || status != 0)
			failed = 1;
	}
	return failed;
}
