#include "hdcp/sink/view.h"

#include <errno.h>
#include <string.h>

#include "tds/base/log.h"

static const uint64_t probe_again_ns = 1000000000;

static struct rect
whole(const struct view *v)
{
	return rect_make(
	    0, 0, (int32_t)v->found.width, (int32_t)v->found.height);
}

static void
paint_all(struct view *v)
{
	damage_clear(&v->todo);
	damage_add(&v->todo, whole(v));
	v->n_rounds = 2;
}

/* ------------------------------------------------------------------ screens */

static bool
is_lit(const struct view *v)
{
	return v->found.width > 0;
}

static int
probe(struct view *v, uint64_t now_ns)
{
	const struct core_output before = v->found;
	const int err =
	    v->screen->ops->probe(v->screen, &v->slot, 1, &v->found);

	if (err < 0)
		return err;
	/* never a part of a picture: its labels might be what is missing */
	if (is_lit(v) && (v->found.width < v->slot.width ||
			     v->found.height < v->slot.height)) {
		log_error("the screen has %ux%u pixels, the picture %ux%u: "
			  "say --size as the sender's output has",
		    v->found.width, v->found.height, v->slot.width,
		    v->slot.height);
		v->found.width = 0;
	}
	if (memcmp(&before, &v->found, sizeof(before)) != 0)
		paint_all(v);
	v->probe_ns = is_lit(v) ? UINT64_MAX : now_ns + probe_again_ns;
	return 0;
}

int
view_init(struct view *v, struct screen *screen, uint32_t width,
    uint32_t height)
{
	v->screen = screen;
	v->slot = (struct core_output){.width = width, .height = height};
	v->what = SINK_NOTHING;
	return probe(v, 0);
}

/* ----------------------------------------------------------------- pictures */

/* The picture stands in the middle of a screen that is larger. */
static struct rect
place_of(const struct view *v, const struct hdcp_image *image)
{
	return rect_make(((int32_t)v->found.width - image->width) / 2,
	    ((int32_t)v->found.height - image->height) / 2, image->width,
	    image->height);
}

static void
copy_part(const struct hdcp_image *image, struct rect place, struct rect r,
    struct target t)
{
	const struct rect in = rect_intersect(r, place);

	if (rect_is_empty(in))
		return;
	copy_pixels(t.copy,
	    t.pixels + (size_t)in.y0 * t.stride_px + (size_t)in.x0,
	    (size_t)t.stride_px * HDCP_TILE_PIXEL,
	    image->pixels + (size_t)(in.y0 - place.y0) * image->stride_bytes +
		(size_t)(in.x0 - place.x0) * HDCP_TILE_PIXEL,
	    image->stride_bytes, (size_t)(in.x1 - in.x0) * HDCP_TILE_PIXEL,
	    (size_t)(in.y1 - in.y0));
}

static void
black_part(struct rect r, struct target t)
{
	for (int32_t y = r.y0; y < r.y1; y++)
		memset(t.pixels + (size_t)y * t.stride_px + (size_t)r.x0, 0,
		    (size_t)(r.x1 - r.x0) * HDCP_TILE_PIXEL);
}

static const char *
words_of(int why)
{
	switch (why) {
	case -ETIME:
		return "What should have come was held back on its way, or the "
		       "sender stopped.";
	case -EPIPE:
		return "The connection was cut.";
	case -ERANGE:
		return "The sender's picture is of another size than this "
		       "screen was started for.";
	default:
		return "What came was changed on its way, or comes from another "
		       "sender.";
	}
}

static void
paint(const struct view *v, const struct sink *sink, struct rect r,
    struct target t)
{
	const int32_t scale = (int32_t)v->found.scale;

	switch (v->what) {
	case SINK_AUTHENTIC: {
		const struct rect place = place_of(v, &sink->shown);
		struct rect beside[4];
		const uint32_t n = rect_subtract(r, place, beside);

		for (uint32_t i = 0; i < n; i++)
			black_part(beside[i], t);
		copy_part(&sink->shown, place, r, t);
		return;
	}
	case SINK_NOTHING:
		notice_draw(NOTICE_WAITING, &v->facts, whole(v), scale, r, t);
		return;
	case SINK_NOT_AUTHENTIC:
		notice_draw(
		    NOTICE_NOT_AUTHENTIC, &v->facts, whole(v), scale, r, t);
		return;
	}
}

/* ------------------------------------------------------------------- frames */

/* What the sink shows now, and what of it is new. */
static bool
take_changes(struct view *v, struct sink *sink, uint64_t now_ns)
{
	const enum sink_picture what = sink_show(sink, now_ns);
	const bool is_other =
	    what != v->what || (what == SINK_NOT_AUTHENTIC && v->why != sink->why);
	const struct rect place = place_of(v, &sink->shown);

	v->what = what;
	v->why = sink->why;
	v->facts.why = words_of(sink->why);
	if (is_other)
		paint_all(v);
	for (uint32_t i = 0;
	     !is_other && what == SINK_AUTHENTIC && i < sink->changed.n; i++)
		damage_add(&v->todo,
		    rect_intersect(rect_move(sink->changed.r[i], place.x0,
				       place.y0),
			whole(v)));
	damage_clear(&sink->changed);
	return is_other;
}

static void
present(struct view *v, const struct sink *sink, uint64_t now_ns)
{
	const struct damage *stale = NULL;
	const struct target t = v->screen->ops->begin(v->screen, 0, &stale);

	if (!t.pixels)
		return;
	for (uint32_t i = 0; i < v->todo.n; i++)
		paint(v, sink, v->todo.r[i], t);
	for (uint32_t i = 0; i < stale->n; i++)
		paint(v, sink, stale->r[i], t);
	if (v->screen->ops->present(v->screen, 0, &v->todo) < 0) {
		v->probe_ns = now_ns + probe_again_ns / 10;
		return;
	}
	damage_clear(&v->todo);
	if (v->n_rounds > 0 && --v->n_rounds > 0)
		damage_add(&v->todo, whole(v));
}

bool
view_show(struct view *v, struct sink *sink, uint64_t now_ns)
{
	if (now_ns >= v->probe_ns && probe(v, now_ns) < 0)
		v->probe_ns = now_ns + probe_again_ns;
	const bool is_other = take_changes(v, sink, now_ns);
	if (is_lit(v) && v->probe_ns == UINT64_MAX && v->todo.n > 0)
		present(v, sink, now_ns);
	return is_other;
}
