#include "compositor/core_private.h"
#include "compositor/cursor.h"
#include "compositor/protect.h"

#include <errno.h>
#include <string.h>

void
core_init(struct core *core)
{
	memset(core, 0, sizeof(*core));
	core->focus = TDS_NONE;
	core->grab = TDS_NONE;
	core->panel.back = TDS_NONE;
}

int
core_add_setup(struct core *core, const struct core_setup *setup)
{
	/* One modifier and a key is too easy to press by chance, and too easy
	 * to need in a guest. */
	if (__builtin_popcount(setup->modifiers) < 2 || setup->key == 0)
		return -ERANGE;
	core->setup = *setup;
	keys_init(&core->keys, setup->modifiers, (uint16_t)setup->key);
	keys_init(&core->waiting, setup->modifiers, (uint16_t)setup->key);
	return 0;
}

void
core_set_output(struct core *core, const struct core_output *found)
{
	struct scene *scene = &core->scene;
	uint32_t allowed[TDS_MAX_DOMAINS];
	uint32_t at = core->pointer_output;

	for (uint32_t i = 0; i < core->n_domains; i++)
		allowed[i] = core->domains[i].config.outputs;
	scene_set_output(scene, found, allowed);
	scene->outputs[found->index].protection = PROTECTION_NONE;
	protect_update(core);
	core->drag = (struct drag){.kind = DRAG_NONE};
	if (!rect_has(scene->outputs[at].area, core->pointer_x,
		core->pointer_y)) {
		for (at = 0; at + 1 < scene->n_outputs; at++)
			if (output_is_on(&scene->outputs[at]))
				break;
		core->pointer_output = at;
		core->pointer_x = scene->outputs[at].area.x1 / 2;
		core->pointer_y = scene->outputs[at].area.y1 / 2;
	}
	pointer_aim(core);
}

void
core_set_cursor_plane(struct core *core, uint32_t output, bool has_one)
{
	struct output *o = &core->scene.outputs[output];

	if (o->has_cursor_plane != has_one)
		scene_damage_output(&core->scene, output, o->area);
	o->has_cursor_plane = has_one;
}

int
core_add_output(struct core *core, const struct core_output *slot)
{
	struct scene *scene = &core->scene;
	const bool is_memory = slot->type != OUTPUT_KMS;

	if (slot->index != scene->n_outputs)
		return -EEXIST;
	if (scene->n_outputs == TDS_MAX_OUTPUTS)
		return -EDQUOT;
	if (is_memory && slot->height <= BAR_HEIGHT * slot->scale)
		return -ERANGE;

	/* a connector has to be found first; memory is there */
	struct core_output found = *slot;
	found.width = is_memory ? slot->width : 0;
	scene->outputs[scene->n_outputs++] = (struct output){.slot = *slot};
	core_set_output(core, &found);
	return 0;
}

int
core_add_rule(struct core *core, const struct core_rule *rule)
{
	return admit_add_rule(&core->admit, rule);
}

int
core_add_domain(struct core *core, const struct core_domain *config)
{
	struct scene *scene = &core->scene;

	if (config->index != core->n_domains)
		return -EEXIST;
	if (core->n_domains == TDS_MAX_DOMAINS ||
	    scene->n_windows + config->scanouts > TDS_MAX_WINDOWS)
		return -EDQUOT;
	core->domains[core->n_domains] =
	    (struct domain){.exists = true, .config = *config};
	core->n_domains++;
	for (uint32_t i = 0; i < config->scanouts; i++)
		scene->windows[scene->n_windows++] = (struct window){
		    .domain = config->index, .scanout = i};
	return 0;
}

/*
 * The n-th output that the domain may be shown on, of those that are on; of
 * all if none is; -1 if there is none.
 */
static int
allowed_output(const struct core *core, uint32_t allowed, uint32_t nth)
{
	uint32_t found[TDS_MAX_OUTPUTS];
	uint32_t n = 0;

	for (uint32_t pass = 0; pass < 2 && n == 0; pass++)
		for (uint32_t i = 0; i < core->scene.n_outputs; i++)
			if ((allowed & (1u << i)) != 0 &&
			    (pass > 0 ||
				output_is_on(&core->scene.outputs[i])))
				found[n++] = i;
	return n == 0 ? -1 : (int)found[nth % n];
}

/* Cascade from the top left, so that every title bar can be seen. */
static void
place_first(struct core *core, uint32_t window, const struct core_domain *config)
{
	enum { MARGIN = 48, STEP = 56, PLACES = 8 };
	struct window *w = &core->scene.windows[window];
	const struct output *o = &core->scene.outputs[w->output];
	const int32_t s = (int32_t)o->config.scale;
	const int32_t at =
	    (MARGIN + STEP * (int32_t)(window % PLACES)) * s;
	int32_t x = o->desk.x0 + at;
	int32_t y = o->desk.y0 + at;

	if (config->x >= 0 && config->y >= 0 && w->scanout == 0) {
		x = config->x;
		y = config->y;
	}
	w->wanted = rect_make(x + (OUTLINE + BAND) * s,
	    y + (OUTLINE + TITLE_HEIGHT) * s, (int32_t)config->width,
	    (int32_t)config->height);
	w->content = scene_fit(&core->scene, w, w->wanted);
	if (output_is_on(o))
		w->wanted = w->content;
}

int
core_start(struct core *core)
{
	struct scene *scene = &core->scene;

	if (scene->n_outputs == 0 || core->keys.modifiers == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		struct window *w = &scene->windows[i];
		const struct core_domain *config =
		    &core->domains[w->domain].config;
		const int output =
		    allowed_output(core, config->outputs, w->scanout);
		if (output < 0)
			return -EINVAL;
		w->home = w->output = (uint32_t)output;
		place_first(core, i, config);
		scene->stack[i] = i;
	}
	if (core->setup.focus != TDS_NONE &&
	    core->setup.focus >= core->n_domains)
		return -EINVAL;
	struct actions none = {0};
	focus_set(core, core->setup.focus, &none);
	protect_update(core);
	scene_damage_all(scene);
	return 0;
}

/* ---------------------------------------------------------------- actions */

void
act(struct actions *out, uint32_t domain, const struct down *record)
{
	if (out->n == CORE_MAX_ACTIONS)
		return; /* cannot be: see CORE_MAX_ACTIONS */
	out->a[out->n].domain = domain;
	out->a[out->n].record = *record;
	out->n++;
}

void
act_input(struct core *core, struct actions *out, enum input_device device,
    uint16_t type, uint16_t code, int32_t value)
{
	act(out, core->focus,
	    &(struct down){.op = DOWN_INPUT,
		.device = (uint8_t)device,
		.type = type,
		.code = code,
		.value = value});
}

void
act_configure(struct core *core, struct actions *out, uint32_t window)
{
	const struct window *w = &core->scene.windows[window];

	if (!core->domains[w->domain].is_linked)
		return;
	act(out, w->domain,
	    &(struct down){.op = DOWN_CONFIGURE,
		.scanout = (uint8_t)w->scanout,
		.width = (uint16_t)(w->wanted.x1 - w->wanted.x0),
		.height = (uint16_t)(w->wanted.y1 - w->wanted.y0)});
}

/* A sealed output has somebody who can read it, or lost it: each bar says so. */
static void
set_sink(struct core *core, uint32_t output, bool has_sink)
{
	if (core->scene.outputs[output].has_sink != has_sink)
		scene_damage_bars(&core->scene);
	core->scene.outputs[output].has_sink = has_sink;
}

/* Release and tick: at the frame's start, before any work is known. */
static void
frame(struct core *core, struct actions *out)
{
	core->frames++;
	for (uint32_t i = 0; i < core->n_domains; i++) {
		struct domain *d = &core->domains[i];
		if (!d->is_linked || !d->has_news)
			continue;
		d->has_news = false;
		act(out, i,
		    &(struct down){.op = DOWN_TICK, .seq = d->released_seq});
	}
}

static void
dispatch(struct core *core, const struct event *event, struct actions *out)
{
	const uint32_t domain = event->domain;
	const bool is_known = domain < core->n_domains;

	switch (event->kind) {
	case EVENT_INPUT:
		input_event(core, event, out);
		return;
	case EVENT_DEVICE:
		input_device(core, event, out);
		return;
	case EVENT_GONE:
		input_gone(core, event->device, out);
		return;
	case EVENT_DARK:
		core->is_dark = true;
		return;
	case EVENT_FRAME:
		frame(core, out);
		return;
	case EVENT_OUTPUT:
		core_set_output(core, &event->output);
		return;
	case EVENT_CABLE:
		protect_set(core, event->cable, event->protection);
		return;
	case EVENT_SINK:
		set_sink(core, event->cable, event->is_up);
		return;
	case EVENT_LINK:
		if (is_known)
			guest_link(core, domain, out);
		return;
	case EVENT_DOWN:
		if (is_known)
			guest_down(core, domain);
		return;
	case EVENT_FOCUS:
		/* While the panel is open the answer is given there. */
		if (is_known && !core->panel.is_open)
			focus_set(core, domain, out);
		return;
	case EVENT_COMMIT:
	case EVENT_CURSOR:
	case EVENT_LEDS:
	case EVENT_VM:
	case EVENT_UNMAP:
		/* of a guest process that is not attached: means nothing */
		if (is_known && core->domains[domain].is_linked)
			guest_record(core, event);
		return;
	}
}

/*
 * Whose cursor is shown follows from focus, stacking, geometry and pictures.
 * Frames and lights change none of them, and most commits neither.
 */
static bool
may_change_cursor(const struct core *core, const struct event *event)
{
	if (event->kind == EVENT_FRAME || event->kind == EVENT_LEDS ||
	    event->kind == EVENT_SINK)
		return false;
	if (event->kind != EVENT_COMMIT)
		return true;
	const uint32_t at =
	    scene_find(&core->scene, event->domain, event->commit.scanout);
	if (at == TDS_NONE)
		return false;
	const struct commit *b = &core->scene.windows[at].buffer;
	return b->width_px != event->commit.width_px ||
	    b->height_px != event->commit.height_px;
}

void
core_step(struct core *core, const struct event *event, uint64_t now_ns,
    struct actions *out)
{
	(void)now_ns;
	out->n = 0;
	out->admit = (struct seat_admit){0};
	core->reach = UINT64_MAX;
	if (!may_change_cursor(core, event)) {
		dispatch(core, event, out);
		return;
	}
	const struct cursor_look before = cursor_look(core);
	dispatch(core, event, out);
	protect_update(core);
	const struct cursor_look after = cursor_look(core);
	if (before.output == after.output && before.window == after.window &&
	    before.offset_bytes == after.offset_bytes &&
	    before.is_on_plane == after.is_on_plane &&
	    rect_covers(before.r, after.r) && rect_covers(after.r, before.r))
		return;
	if (!before.is_on_plane)
		scene_damage_output(&core->scene, before.output, before.r);
	if (!after.is_on_plane)
		scene_damage_output(&core->scene, after.output, after.r);
}

uint32_t
core_leds(const struct core *core)
{
	return core->setup.leds && core->focus != TDS_NONE
	    ? core->domains[core->focus].leds
	    : 0;
}

bool
core_is_dirty(const struct core *core)
{
	for (uint32_t i = 0; i < core->scene.n_outputs; i++)
		if (scene_is_dirty(&core->scene, i))
			return true;
	return false;
}
