#include "compositor/shell.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum {
	/* Input waits no longer than the copying of so many pixels: 1 MiB. */
	PART_PIXELS = 1 << 18,
	/* Input may change a frame in work so often; then it waits. */
	ROUNDS = 3,
};

static const uint64_t second_ns = 1000000000u;

int
frame_probe(struct shell *s)
{
	const struct scene *scene = &s->core.scene;
	struct core_output slots[TDS_MAX_OUTPUTS], found[TDS_MAX_OUTPUTS];
	uint32_t fastest_mhz = 0;

	for (uint32_t i = 0; i < scene->n_outputs; i++)
		slots[i] = scene->outputs[i].slot;
	const int err =
	    s->screen->ops->probe(s->screen, slots, scene->n_outputs, found);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < scene->n_outputs; i++) {
		const struct output *o = &scene->outputs[i];
		if ((found[i].width > 0 || output_is_on(o)) &&
		    memcmp(&found[i], &o->config, sizeof(found[i])) != 0)
			core_set_output(&s->core, &found[i]);
		core_set_cursor_plane(&s->core, i,
		    s->screen->ops->has_cursor &&
			s->screen->ops->has_cursor(s->screen, i));
		if (found[i].width > 0 && found[i].refresh_mhz > fastest_mhz)
			fastest_mhz = found[i].refresh_mhz;
	}
	/* an output may start anew with the same mode */
	scene_damage_all(&s->core.scene);
	cable_ask(s); /* what starts anew is not protected yet */
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		s->cursors[i] = (struct cursor_look){.output = TDS_NONE};
	/* Nothing is connected: the clock goes on as it did, so that what
	 * comes next does not wait for a slow one. */
	if (fastest_mhz == 0 && s->clock.period_ns != 0)
		return 0;
	fastest_mhz = fastest_mhz > 0 ? fastest_mhz : 60000;
	const uint64_t period = second_ns * 1000 / fastest_mhz;
	if (s->clock.period_ns != period)
		clock_set_refresh(&s->clock, fastest_mhz, monotonic_ns());
	return 0;
}

static uint64_t
area_of(const struct damage *d)
{
	uint64_t area = 0;

	for (uint32_t i = 0; i < d->n; i++)
		area += (uint64_t)rect_area(d->r[i]);
	return area;
}

static uint64_t
area_to_paint(const struct shell *s, uint32_t i, const struct damage *stale)
{
	const struct scene *scene = &s->core.scene;
	uint64_t area = area_of(&scene->outputs[i].painting);

	if (stale)
		area += area_of(stale);
	for (uint32_t w = 0; w < scene->n_windows; w++)
		if (scene->windows[w].output == i)
			area += area_of(&scene->windows[w].painting);
	return area;
}

/* All of it is to be painted anew: what is being painted is in vain. */
static bool
is_all_damaged(const struct output *o)
{
	return o->damage.n == 1 && rect_covers(o->damage.r[0], o->area);
}

/* In parts, so that no copy keeps input waiting for long. */
static void
paint_in_parts(struct shell *s, uint32_t i, struct target target,
    struct paint_part part, bool take_input)
{
	const struct rect area = s->core.scene.outputs[i].area;
	const int32_t rows = PART_PIXELS / area.x1 + 1;

	part.clip = area;
	if (area_to_paint(s, i, part.stale) <= PART_PIXELS) {
		paint_output(&s->core, i, s->pools, target, &part);
		return;
	}
	for (int32_t y = 0; y < area.y1; y += rows) {
		part.clip = (struct rect){
		    0, y, area.x1, min_i32(y + rows, area.y1)};
		paint_output(&s->core, i, s->pools, target, &part);
		if (!take_input)
			continue;
		seat_dispatch(s);
		if (is_all_damaged(&s->core.scene.outputs[i]))
			return;
	}
}

/* What the cursor plane of output i should show is not what it shows. */
static bool
cursor_has_changed(const struct shell *s, uint32_t i)
{
	const struct cursor_look *was = &s->cursors[i];
	const struct cursor_look is = cursor_look(&s->core);
	const bool was_here = was->output == i && was->is_on_plane;
	const bool is_here = is.output == i && is.is_on_plane;

	if (!s->core.scene.outputs[i].has_cursor_plane)
		return false;
	if (!was_here || !is_here)
		return was_here != is_here || was->output == TDS_NONE;
	return is.x != was->x || is.y != was->y || is.window != was->window ||
	    is.offset_bytes != was->offset_bytes || s->core.cursor_is_new;
}

bool
frame_has_news(const struct shell *s)
{
	if (s->is_dark != s->core.is_dark)
		return true;
	for (uint32_t i = 0; i < s->core.scene.n_outputs; i++)
		if (!sealed_waits(&s->sealed, i) &&
		    (scene_is_dirty(&s->core.scene, i) ||
			cursor_has_changed(s, i) || cable_has_changed(s, i)))
			return true;
	return false;
}

/* For the frame that is presented next. */
static void
set_cursor(struct shell *s, uint32_t i)
{
	static uint32_t image[TDS_CURSOR_DIM * TDS_CURSOR_DIM];
	const struct cursor_look is = cursor_look(&s->core);
	const bool is_here = is.output == i && is.is_on_plane;

	if (is_here)
		paint_cursor(&s->core, s->pools, image);
	s->screen->ops->set_cursor(s->screen, i,
	    &(struct cursor_plane){.is_visible =
				       is_here && !rect_is_empty(is.r),
		.x = is.x,
		.y = is.y,
		.image = is_here ? image : NULL});
	s->cursors[i] = is;
	s->core.cursor_is_new &= !is_here;
}

/* The whole state of this moment, or of one a bit later, on output i. */
static int
paint_one(struct shell *s, uint32_t i)
{
	struct damage painted = {0};
	const struct damage *stale = NULL;
	const struct target target =
	    s->screen->ops->begin(s->screen, i, &stale);

	if (!target.pixels)
		return 0; /* not now: the damage stays */
	const uint32_t rounds = scene_is_dirty(&s->core.scene, i) ? ROUNDS : 0;
	for (uint32_t round = 0; round < rounds; round++) {
		scene_take_damage(&s->core.scene, i);
		paint_in_parts(s, i, target,
		    (struct paint_part){.stale = round == 0 ? stale : NULL,
			.painted = s->screen == &s->headless.base ? NULL
								  : &painted},
		    round + 1 < ROUNDS);
		if (!scene_is_dirty(&s->core.scene, i))
			break;
	}
	if (cursor_has_changed(s, i))
		set_cursor(s, i);
	cable_before(s, i);
	const int err = s->screen->ops->present(s->screen, i, &painted);
	if (err == 0) {
		cable_after(s, i);
		return 1;
	}
	scene_damage_output(
	    &s->core.scene, i, s->core.scene.outputs[i].area);
	return err == -EBUSY ? 0 : err; /* EBUSY: the next frame */
}

/* On: the next frame brings it, not the last one of before. */
int
frame_follow_darkness(struct shell *s)
{
	if (s->is_dark == s->core.is_dark)
		return 0;
	s->is_dark = s->core.is_dark;
	const int err = s->screen->ops->power(s->screen, !s->is_dark);
	if (s->is_dark)
		cable_ask(s); /* they light up without protection */
	else
		scene_damage_all(&s->core.scene);
	return err;
}

static bool
is_card_lost(int err)
{
	return err == -ENODEV || err == -EACCES || err == -EPERM ||
	    err == -EBADF || err == -EIO;
}

int
frame_paint(struct shell *s)
{
	int n_painted = 0;
	int err = frame_follow_darkness(s);

	for (uint32_t i = 0; i < s->core.scene.n_outputs && err >= 0; i++) {
		if (s->is_dark || (!scene_is_dirty(&s->core.scene, i) &&
				      !cursor_has_changed(s, i) &&
				      !cable_has_changed(s, i)))
			continue;
		err = paint_one(s, i);
		n_painted += err > 0;
	}
	if (err < 0 && !is_card_lost(err)) {
		/* something else may be connected by now */
		log_error("a frame is not shown: %s", strerror(-err));
		err = frame_probe(s);
	}
	return err < 0 ? err : n_painted;
}

static int
paint_elsewhere(struct shell *s, uint32_t i, int fd)
{
	const struct rect area = s->core.scene.outputs[i].area;
	const size_t bytes = (size_t)area.x1 * (size_t)area.y1 * 4;
	const struct damage all = {.n = 1, .r = {area}};
	void *at =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	paint_output(&s->core, i, s->pools,
	    (struct target){.pixels = at, .stride_px = (uint32_t)area.x1},
	    &(struct paint_part){
		.clip = area, .stale = &all, .has_cursor = true});
	munmap(at, bytes);
	return 0;
}

int
frame_dump(struct shell *s, uint32_t i, int fd)
{
	if (!output_is_on(&s->core.scene.outputs[i]))
		return -ENODEV;
	const int err = s->screen->ops->dump(s->screen, i, fd);
	return err == -EOPNOTSUPP ? paint_elsewhere(s, i, fd) : err;
}
