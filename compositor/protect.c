#include "compositor/protect.h"

bool
protect_allows(const struct core *core, const struct window *w)
{
	return core->domains[w->domain].config.protection <=
	    core->scene.outputs[w->output].protection;
}

static uint32_t
need_of(const struct core *core, uint32_t output)
{
	uint32_t needs = PROTECTION_NONE;

	for (uint32_t i = 0; i < core->scene.n_windows; i++) {
		const struct window *w = &core->scene.windows[i];
		const uint32_t level =
		    core->domains[w->domain].config.protection;

		if (w->output == output && window_is_visible(w) &&
		    level > needs)
			needs = level;
	}
	return needs;
}

/* What shows it, on this output. */
static void
damage(struct core *core, uint32_t output)
{
	struct scene *scene = &core->scene;

	scene_damage_output(scene, output, scene->outputs[output].trust_bar);
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		const struct window *w = &scene->windows[i];

		if (w->output == output &&
		    core->domains[w->domain].config.protection !=
			PROTECTION_NONE)
			scene_damage_window(scene, i);
	}
}

void
protect_update(struct core *core)
{
	for (uint32_t i = 0; i < core->scene.n_outputs; i++) {
		struct output *o = &core->scene.outputs[i];
		const uint32_t needs = need_of(core, i);

		if (needs == o->needs)
			continue;
		o->needs = needs;
		o->protection = PROTECTION_NONE;
		damage(core, i);
	}
}

void
protect_set(struct core *core, uint32_t output, uint32_t level)
{
	if (output >= core->scene.n_outputs)
		return;
	struct output *o = &core->scene.outputs[output];
	/* what was asked for another need says nothing of this one */
	const uint32_t now = level == o->needs ? level : PROTECTION_NONE;

	if (now == o->protection)
		return;
	o->protection = now;
	damage(core, output);
}
