#include "tests/scenes/scene.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void
must_be_zero(int err)
{
	if (err != 0)
		abort();
}

void
demo_init(struct demo *d, uint32_t modifiers, uint32_t key, uint32_t flags,
    const char *phrase)
{
	struct core_setup setup = {.flags = flags,
	    .modifiers = modifiers,
	    .key = key,
	    .focus = TDS_NONE};

	memset(d, 0, sizeof(*d));
	core_init(&d->core);
	snprintf((char *)setup.phrase, sizeof(setup.phrase), "%s", phrase);
	must_be_zero(core_add_setup(&d->core, &setup));
}

void
demo_finish(struct demo *d)
{
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		free(d->memory[i]);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		free(d->target[i].pixels);
}

void
demo_output(struct demo *d, uint32_t width, uint32_t height, uint32_t scale)
{
	const uint32_t index = d->core.scene.n_outputs;
	struct core_output o = {.index = index, .type = OUTPUT_HEADLESS,
	    .width = width, .height = height, .scale = scale,
	    .refresh_mhz = 60000, .x = -1, .y = -1};

	snprintf((char *)o.name, sizeof(o.name), "headless-%u", index + 1);
	must_be_zero(core_add_output(&d->core, &o));
	d->target[index].stride_px = width;
	d->target[index].pixels = must(calloc((size_t)width * height, 4));
}

void
demo_domain(struct demo *d, const char *name, const char *label,
    uint32_t level, uint32_t colour, uint32_t pattern, const struct rect *r,
    uint32_t outputs)
{
	struct core_domain c = {.index = d->core.n_domains,
	    .level = level,
	    .colour = colour,
	    .pattern = pattern,
	    .scanouts = 1,
	    .outputs = outputs,
	    .width = (uint32_t)(r->x1 - r->x0),
	    .height = (uint32_t)(r->y1 - r->y0),
	    .x = r->x0,
	    .y = r->y0};

	snprintf((char *)c.name, sizeof(c.name), "%s", name);
	snprintf((char *)c.label, sizeof(c.label), "%s", label);
	must_be_zero(core_add_domain(&d->core, &c));
}

void
demo_start(struct demo *d, uint32_t focus)
{
	d->core.setup.focus = focus;
	must_be_zero(core_start(&d->core));
}

void
demo_step(struct demo *d, struct event event)
{
	core_step(&d->core, &event, 0, &d->actions);
}

void
demo_input(struct demo *d, uint16_t type, uint16_t code, int32_t value)
{
	demo_step(d, (struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = code, .value = value}});
}

void
demo_point(struct demo *d, int32_t x, int32_t y)
{
	demo_input(d, EV_ABS, ABS_X, x);
	demo_input(d, EV_ABS, ABS_Y, y);
	demo_input(d, EV_SYN, SYN_REPORT, 0);
}

void
demo_press(struct demo *d, uint16_t code)
{
	demo_input(d, EV_KEY, code, 1);
	demo_input(d, EV_KEY, code, 0);
}

void
demo_guest(struct demo *d, uint32_t domain, uint64_t bytes)
{
	free(d->memory[domain]);
	d->memory[domain] = must(calloc(1, bytes));
	d->pools[domain] = (struct pool){d->memory[domain], bytes};
	demo_step(d, (struct event){.kind = EVENT_LINK, .domain = domain});
	demo_step(d, (struct event){.kind = EVENT_VM, .domain = domain,
	    .is_up = true});
}

void
demo_commit(struct demo *d, uint32_t domain, uint32_t offset, uint32_t width,
    uint32_t height)
{
	demo_step(d, (struct event){.kind = EVENT_COMMIT,
	    .domain = domain,
	    .commit = {.offset_bytes = offset,
		.stride_bytes = 4 * width,
		.width_px = width,
		.height_px = height,
		.w = width,
		.h = height}});
}

uint64_t
demo_paint(struct demo *d, uint32_t output)
{
	scene_take_damage(&d->core.scene, output);
	return paint_output(
	    &d->core, output, d->pools, d->target[output], NULL);
}
