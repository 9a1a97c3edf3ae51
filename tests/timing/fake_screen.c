#include "tests/timing/fake_screen.h"

#include "compositor/kms_drm.h"
#include "tests/timing/virtual.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct card_output {
	struct core_output found; /* as the core was told; width 0: none */
	uint64_t turn;		  /* came_ns of the monitor then */
	bool is_pending;
	uint64_t flip_ns;
	uint32_t back;
	struct damage stale[2];
	uint8_t *tags[2];     /* owned; or */
	uint32_t *pixels[2];  /* owned */
};

struct fake_screen screen;
static struct card_output outputs[TDS_MAX_OUTPUTS];
static bool is_off;

uint64_t __real_paint_output(const struct core *core, uint32_t output,
    const struct pool *pools, struct target target,
    const struct paint_part *part);
uint64_t __wrap_paint_output(const struct core *core, uint32_t output,
    const struct pool *pools, struct target target,
    const struct paint_part *part);

static size_t
tags_per_row(const struct card_output *o)
{
	return (o->found.width + TAG_PIXELS - 1) / TAG_PIXELS;
}

static struct rect
area_of_output(const struct card_output *o)
{
	return rect_make(0, 0, (int32_t)o->found.width,
	    (int32_t)o->found.height);
}

static void
forget_buffers(struct card_output *o)
{
	const size_t n = (size_t)o->found.width * o->found.height;

	for (uint32_t b = 0; b < 2; b++) {
		free(o->tags[b]);
		free(o->pixels[b]);
		o->tags[b] = NULL;
		o->pixels[b] = NULL;
		damage_clear(&o->stale[b]);
		if (n == 0)
			continue;
		damage_add(&o->stale[b], area_of_output(o));
		if (screen.has_pixels)
			o->pixels[b] = calloc(n, 4);
		else
			o->tags[b] =
			    calloc(tags_per_row(o), o->found.height);
		if (!o->pixels[b] && !o->tags[b])
			abort();
	}
	o->is_pending = false;
	screen.shown[o - outputs] = (struct shown){0};
}

/* ------------------------------------------------------------- the monitors */

void
monitor_set(uint32_t i, uint32_t width, uint32_t height)
{
	screen.monitors[i] = (struct monitor){.is_connected = width > 0,
	    .width = width,
	    .height = height,
	    .scale = width >= 3840 ? 2 : 1,
	    .refresh_mhz = 60000,
	    .came_ns = virtual_now()};
}

static int
fake_probe(struct screen *base, const struct core_output *slots, uint32_t n,
    struct core_output *found)
{
	(void)base;
	virtual_advance((uint64_t)PROBE_NS * n);
	for (uint32_t i = 0; i < n; i++) {
		struct monitor *m = &screen.monitors[i];
		struct card_output *o = &outputs[i];

		found[i] = slots[i];
		found[i].width = m->is_connected ? m->width : 0;
		found[i].height = m->is_connected ? m->height : 0;
		found[i].scale = m->scale > 0 ? m->scale : 1;
		found[i].refresh_mhz = 60000;
		memcpy(found[i].name, "fake", 5);
		if (o->turn == m->came_ns)
			continue;
		const bool is_same = o->found.width == found[i].width &&
		    o->found.height == found[i].height;
		o->turn = m->came_ns;
		m->known_ns = virtual_now();
		if (is_same) /* pulled out and back in: it shows what it did */
			continue;
		o->found = found[i];
		forget_buffers(o);
	}
	return 0;
}

/* -------------------------------------------------------------------- frames */

static struct target
fake_begin(struct screen *base, uint32_t i, const struct damage **stale)
{
	struct card_output *o = &outputs[i];

	(void)base;
	if (o->found.width == 0 || o->is_pending || is_off)
		return (struct target){0};
	screen.is_painting = true;
	*stale = &o->stale[o->back];
	/* the wrapped paint_output() knows tags by has_pixels */
	void *at = screen.has_pixels ? (void *)o->pixels[o->back]
				     : (void *)o->tags[o->back];
	return (struct target){.pixels = at, .stride_px = o->found.width};
}

static void
judge_tags(const struct card_output *o)
{
	const uint8_t *tags = o->tags[o->back];
	const size_t n = tags_per_row(o) * o->found.height;
	const uint8_t want = screen.core->panel.is_open
	    ? (uint8_t)(TAG_PANEL + screen.panels % 200)
	    : TAG_DESK;

	if (tags[0] != want || memcmp(tags, tags + 1, n - 1) != 0)
		screen.wrong = screen.core->panel.is_open
		    ? "a frame that is not all of the panel"
		    : "a frame with a piece of a panel that is closed";
}

/* The target is a fresh rendering of this state, and no guest is in it. */
static void
judge_pixels(const struct card_output *o, uint32_t i)
{
	const size_t n = (size_t)o->found.width * o->found.height;
	const struct damage all = {.n = 1, .r = {area_of_output(o)}};
	const struct paint_part part = {.clip = all.r[0], .stale = &all};
	const uint32_t *is = o->pixels[o->back];
	uint32_t *fresh;

	if (!screen.core->panel.is_open)
		return;
	fresh = calloc(n, 4);
	if (!fresh)
		abort();
	__real_paint_output(screen.core, i, screen.pools,
	    (struct target){.pixels = fresh, .stride_px = o->found.width},
	    &part);
	for (size_t k = 0; k < n && getenv("TDS_VERBOSE"); k++)
		if (is[k] != fresh[k]) {
			fprintf(stderr, "# output %u, %zu,%zu: %x, not %x; "
				"pointer %u %d,%d\n", i, k % o->found.width,
			    k / o->found.width, is[k], fresh[k],
			    screen.core->pointer_output, screen.core->pointer_x,
			    screen.core->pointer_y);
			break;
		}
	if (memcmp(is, fresh, n * 4) != 0)
		screen.wrong = "a frame that is no rendering of the panel";
	for (size_t k = 0; k < n; k++)
		if ((is[k] & 0xffffff) == screen.canary)
			screen.wrong = "a guest's pixel beside the panel";
	screen.compared++;
	free(fresh);
}

/* Outputs have vblanks of their own, a quarter of a period apart. */
static uint64_t
next_vblank(uint32_t i, uint64_t t)
{
	const uint64_t period = 16666666, phase = i * period / 4;

	return (t - phase) / period * period + period + phase;
}

static int
fake_present(struct screen *base, uint32_t i, const struct damage *painted)
{
	struct card_output *o = &outputs[i];
	struct shown *shown = &screen.shown[i];

	(void)base;
	screen.is_painting = false;
	virtual_advance(FLIP_NS);
	if (o->found.width == 0 || o->is_pending || is_off)
		return -EBUSY;
	if (o->turn != screen.monitors[i].came_ns || world_one_in(2000)) {
		screen.refused++;
		return -EINVAL;
	}
	if (screen.has_pixels)
		judge_pixels(o, i);
	else
		judge_tags(o);
	for (uint32_t k = 0; k < painted->n; k++)
		damage_add(&o->stale[o->back ^ 1], painted->r[k]);
	damage_clear(&o->stale[o->back]);
	o->back ^= 1;
	o->is_pending = true;
	const uint64_t done =
	    virtual_now() + (shown->lit_ns == 0 ? MODESET_NS : FLIP_NS);
	o->flip_ns = screen.is_paced ? next_vblank(i, done) : done;
	if (screen.plant_stuck && i == 0 && world_one_in(40))
		o->flip_ns += 150 * MS;
	const uint32_t panel = screen.core->panel.is_open ? screen.panels : 0;
	if (panel != shown->panel || shown->lit_ns == 0) {
		shown->panel = panel;
		shown->present_ns = virtual_now();
		shown->flip_ns = o->flip_ns;
	}
	shown->lit_ns = shown->lit_ns == 0 ? o->flip_ns : shown->lit_ns;
	screen.frames++;
	return 0;
}

static int
fake_power(struct screen *base, bool is_on)
{
	(void)base;
	is_off = !is_on;
	if (is_on)
		return 0;
	virtual_advance(POWER_NS);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		forget_buffers(&outputs[i]);
	return 0;
}

static uint64_t
fake_flips(struct screen *base)
{
	bool is_fastest = true;
	uint64_t latest = 0;

	(void)base;
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		struct card_output *o = &outputs[i];
		const bool is_first = is_fastest && screen.shown[i].lit_ns > 0;

		if (is_first)
			is_fastest = false;
		if (!o->is_pending || o->flip_ns > virtual_now())
			continue;
		o->is_pending = false;
		if (is_first)
			latest = o->flip_ns;
	}
	return latest;
}

static int
fake_dump(struct screen *base, uint32_t i, int fd)
{
	(void)base;
	(void)i;
	(void)fd;
	return -EOPNOTSUPP;
}

static const struct screen_ops fake_ops = {
    .probe = fake_probe,
    .begin = fake_begin,
    .present = fake_present,
    .power = fake_power,
    .flips = fake_flips,
    .dump = fake_dump,
};

void
screen_init(bool is_paced, bool has_pixels)
{
	screen = (struct fake_screen){.base = {.ops = &fake_ops},
	    .is_paced = is_paced,
	    .has_pixels = has_pixels,
	    .canary = 0xfe01fe};
}

/* In place of kms_drm.c: what CORE_SCREEN brings is this card. */
int
kms_create(int card_fd, struct screen **out)
{
	close(card_fd);
	*out = &screen.base;
	return 0;
}

/* ------------------------------------------------------------------ painting */

static uint64_t
tag_rect(struct card_output *o, uint8_t tag, struct rect r)
{
	const size_t row = tags_per_row(o);
	const bool to_edge = r.x1 == (int32_t)o->found.width;
	size_t from = (size_t)r.x0 / TAG_PIXELS;
	size_t to = ((size_t)r.x1 + TAG_PIXELS - 1) / TAG_PIXELS;

	if (tag != TAG_DESK) { /* a panel counts where it is whole */
		from = ((size_t)r.x0 + TAG_PIXELS - 1) / TAG_PIXELS;
		to = to_edge ? row : (size_t)r.x1 / TAG_PIXELS;
	}
	for (int32_t y = r.y0; y < r.y1 && from < to; y++)
		memset(o->tags[o->back] + (size_t)y * row + from, tag,
		    to - from);
	return (uint64_t)rect_area(r);
}

static uint64_t
tag_damage(struct card_output *o, uint8_t tag, const struct damage *d,
    const struct paint_part *part, bool is_new)
{
	uint64_t area = 0;

	for (uint32_t i = 0; d && i < d->n; i++) {
		const struct rect r = rect_intersect(d->r[i], part->clip);

		if (rect_is_empty(r))
			continue;
		area += tag_rect(o, tag, r);
		if (is_new && part->painted)
			damage_add(part->painted, r);
	}
	return area;
}

static uint64_t
tag_output(const struct core *core, uint32_t output,
    const struct paint_part *part)
{
	struct card_output *o = &outputs[output];
	const bool is_panel = core->panel.is_open;
	const uint8_t tag =
	    is_panel ? (uint8_t)(TAG_PANEL + screen.panels % 200) : TAG_DESK;
	const uint64_t most = (uint64_t)rect_area(part->clip);
	uint64_t area = tag_damage(o, tag, part->stale, part, false);

	area += tag_damage(
	    o, tag, &core->scene.outputs[output].painting, part, true);
	for (uint32_t i = 0; i < core->scene.n_windows && !is_panel; i++) {
		const struct window *w = &core->scene.windows[i];
		struct damage moved = {0};
		int32_t x, y;

		if (w->output != output)
			continue;
		window_origin(w, &x, &y);
		for (uint32_t k = 0; k < w->painting.n; k++)
			damage_add(&moved,
			    rect_intersect(rect_move(w->painting.r[k], x, y),
				rect_intersect(w->content,
				    core->scene.outputs[output].desk)));
		area += tag_damage(o, tag, &moved, part, true);
	}
	return area < most ? area : most; /* each pixel is written once */
}

uint64_t
__wrap_paint_output(const struct core *core, uint32_t output,
    const struct pool *pools, struct target target,
    const struct paint_part *part)
{
	uint64_t pixels = 0;

	screen.pools = pools;
	if (screen.plant_hole && core->panel.is_open && part->clip.y0 > 0 &&
	    world_one_in(100))
		pixels = 1;
	else if (screen.has_pixels)
		pixels =
		    __real_paint_output(core, output, pools, target, part);
	else
		pixels = tag_output(core, output, part);
	virtual_advance(PART_NS + pixels * 4 * US / BYTES_PER_US);
	return pixels;
}
