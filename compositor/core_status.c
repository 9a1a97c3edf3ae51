#include "compositor/core.h"
#include "compositor/cursor.h"
#include "compositor/protect.h"

#include <string.h>

enum domain_state
core_domain_state(const struct core *core, uint32_t domain)
{
	const struct domain *d = &core->domains[domain];

	if (d->vm_is_up)
		return DOMAIN_RUNNING;
	return d->is_stopped ? DOMAIN_STOPPED : DOMAIN_WAITING;
}

static void
status_domain(const struct core *core, uint32_t i, struct status_domain *out)
{
	const struct core_domain *config = &core->domains[i].config;

	out->state = core_domain_state(core, i);
	out->level = config->level;
	out->colour = config->colour;
	out->protection = config->protection;
	memcpy(out->name, config->name, sizeof(out->name));
	memcpy(out->label, config->label, sizeof(out->label));
}

void
core_status(const struct core *core, struct status *out)
{
	const struct scene *scene = &core->scene;

	memset(out, 0, sizeof(*out));
	out->is_try_out = (core->setup.flags & CORE_TRY_OUT) != 0;
	out->is_unsealed = (core->setup.flags & CORE_UNSEALED) != 0;
	out->is_facsimile = (core->setup.flags & CORE_FACSIMILE) != 0;
	out->is_attention = core->panel.is_open;
	out->is_dark = core->is_dark;
	out->n_waiting = admit_count(&core->admit, DEVICE_WAITING);
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		out->n_throttled += core->admit.devices[i].is_throttled;
	out->keyboard = core->focus;
	out->pointer_output = core->pointer_output;
	out->pointer_x = (uint32_t)core->pointer_x;
	out->pointer_y = (uint32_t)core->pointer_y;
	out->pointer_is_ours = cursor_is_ours(core);
	out->pointer_on_plane = cursor_look(core).is_on_plane;
	out->n_outputs = scene->n_outputs;
	out->n_domains = core->n_domains;
	out->frames = core->frames;
	out->dropped = core->dropped;
	for (uint32_t i = 0; i < scene->n_outputs; i++) {
		const struct output *o = &scene->outputs[i];
		out->outputs[i].type = o->slot.type;
		out->outputs[i].has_sink = o->has_sink;
		out->outputs[i].is_on = output_is_on(o);
		out->outputs[i].rotation = o->config.rotation;
		out->outputs[i].x = o->x;
		out->outputs[i].y = o->y;
		out->outputs[i].width = o->config.width;
		out->outputs[i].height = o->config.height;
		out->outputs[i].protection = o->protection;
		out->outputs[i].scale = o->config.scale;
		out->outputs[i].trust_bar = o->trust_bar;
		memcpy(out->outputs[i].name, o->config.name, TDS_NAME_BYTES);
	}
	for (uint32_t i = 0; i < core->n_domains; i++)
		status_domain(core, i, &out->domains[i]);
	for (uint32_t i = 0; i < scene->n_windows; i++) {
		const struct window *w = &scene->windows[scene->stack[i]];
		if (!window_is_visible(w) ||
		    !output_is_on(&scene->outputs[w->output]))
			continue;
		out->windows[out->n_windows++] = (struct status_window){
		    .domain = w->domain,
		    .output = w->output,
		    .scanout = w->scanout,
		    .has_picture = w->buffer.width_px > 0 &&
			protect_allows(core, w),
		    .frame = window_frame(
			w, scene->outputs[w->output].config.scale),
		    .content = w->content,
		};
	}
}
