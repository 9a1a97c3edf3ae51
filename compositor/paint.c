#include "compositor/paint.h"

#include <string.h>

#include "compositor/cursor.h"
#include "compositor/paint_parts.h"
#include "compositor/protect.h"
#include "compositor/theme.h"

/*
 * What is visible on an output is a list of opaque rectangles, topmost first:
 *
 *	earlier pieces | trust bar | picture, frame | picture, frame | ... desk
 *	 (skipped)		     topmost window
 *
 * A damaged piece is compared with them from the top. The part that a cover
 * hides is painted as that cover and done; the up to four rectangles left
 * around it go on to the next cover. Nothing is painted twice: each pixel of
 * the target is written once per frame (our arrow's few pixels excepted).
 *
 * Bounds: every piece advances by at least one cover each time it is split and
 * leaves at most four, so at most 3 * covers + 1 pieces wait. The pieces of a
 * frame are disjoint rectangles between the edges of c covers and d damaged
 * rectangles: at most (2 * (c + d) + 1)^2 and never more than the pixels of
 * the output, for c <= 258, d <= 64 + 64 * windows. A guest can bring about 64
 * rectangles per scanout and frame, each cut only by the windows that the user
 * laid above it.
 */
enum layer { LAYER_SKIP, LAYER_PANEL, LAYER_BAR, LAYER_PICTURE, LAYER_FRAME };

struct cover {
	struct rect r;
	enum layer layer;
	uint32_t window; /* PICTURE, FRAME */
};

enum {
	/* the pieces before a damaged rectangle in its own list, and the
	 * buffer's and the scene's damage before a window's */
	MAX_SKIPS = 3 * TDS_MAX_DAMAGE,
	MAX_COVERS = 2 * TDS_MAX_WINDOWS + 1,
	MAX_PIECES = 3 * (MAX_SKIPS + MAX_COVERS) + 1,
};

struct piece {
	struct rect r;
	uint32_t next; /* cover to compare with */
};

struct painter {
	const struct core *core;
	const struct output *output;
	uint32_t output_index;
	const struct pool *pools;
	struct target target;
	struct rect clip;
	bool has_cursor; /* draw it even if a plane does */
	struct damage *log; /* what is new in this frame; NULL: nobody asks */
	uint64_t pixels;
	uint32_t cursor_window; /* whose guest draws the pointer, or NONE */
	struct rect cursor;	/* where */
	struct rect arrow;	/* where ours is, if it is ours */
	bool is_arrow_hit;	/* something was painted there */
	/* covers: skips grow down from MAX_SKIPS, the rest up from there */
	uint32_t first, end;
	struct cover covers[MAX_SKIPS + MAX_COVERS];
	uint32_t n_pieces;
	struct piece pieces[MAX_PIECES];
};

static inline bool
rects_touch(struct rect a, struct rect b)
{
	return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

static void
note_new(struct painter *p, struct rect r)
{
	if (p->log)
		damage_add(p->log, r);
}

static void
painted(struct painter *p, struct rect r)
{
	p->pixels += (uint64_t)rect_area(r);
	note_new(p, r);
	p->is_arrow_hit |= rects_touch(r, p->arrow);
}

static uint32_t *
target_at(const struct painter *p, int32_t x, int32_t y)
{
	return p->target.pixels + (size_t)y * p->target.stride_px + (size_t)x;
}

/* The window's picture as the pool holds it; NULL if it lies outside, or is not
 * to be seen on this screen. */
static const uint8_t *
guest_pixels(const struct painter *p, const struct window *w)
{
	const struct pool *pool = &p->pools[w->domain];
	const struct commit *b = &w->buffer;
	const uint64_t size = (uint64_t)b->stride_bytes * b->height_px;

	if (!protect_allows(p->core, w))
		return NULL;
	if (!pool->base || b->width_px == 0 || b->height_px == 0 ||
	    b->stride_bytes / 4 < b->width_px || size > pool->bytes ||
	    b->offset_bytes > pool->bytes - size)
		return NULL;
	return pool->base + b->offset_bytes;
}

/* --------------------------------------------------------------- trusted */

/* A band is drawn in private memory, then copied to the target once. */
static __attribute__((noinline)) void
paint_trusted(struct painter *p, struct rect r, enum layer layer,
    uint32_t window)
{
	const int32_t width = r.x1 - r.x0;
	const int32_t rows = CANVAS_PIXELS / width; /* at least 1 */
	struct canvas c UNFILLED;

	for (int32_t y0 = r.y0; y0 < r.y1; y0 += rows) {
		const int32_t y1 = min_i32(r.y1, y0 + rows);

		c.clip = (struct rect){r.x0, y0, r.x1, y1};
		switch (layer) {
		case LAYER_PANEL:
			panel_draw(&c, p->core, p->output_index);
			break;
		case LAYER_BAR:
			bar_draw(&c, p->core, p->output_index);
			break;
		case LAYER_FRAME:
			frame_draw(&c, p->core, window,
			    guest_pixels(p, &p->core->scene.windows[window]));
			break;
		case LAYER_SKIP:
		case LAYER_PICTURE:
			canvas_fill(&c, r, THEME_DESK);
			break;
		}
		for (int32_t y = y0; y < y1; y++)
			memcpy(target_at(p, r.x0, y), canvas_row(&c, y),
			    (size_t)width * 4);
	}
	painted(p, r);
}

/* ----------------------------------------------------------------- guest */

/* r, in the output, of the window's picture: rows copied, nothing more. */
static void
copy_rows(struct painter *p, struct rect r, const struct window *w)
{
	const size_t stride = w->buffer.stride_bytes;
	const size_t row = (size_t)(r.x1 - r.x0) * 4;
	int32_t x, y;

	window_origin(w, &x, &y);
	const uint8_t *from = guest_pixels(p, w) +
	    (size_t)(r.y0 - y) * stride + (size_t)(r.x0 - x) * 4;

	painted(p, r);
	copy_pixels(p->target.copy, target_at(p, r.x0, r.y0),
	    (size_t)p->target.stride_px * 4, from, stride, row,
	    (size_t)(r.y1 - r.y0));
}

static uint32_t
load_pixel(const uint8_t *at)
{
	uint32_t pixel;

	memcpy(&pixel, at, sizeof(pixel)); /* once: the guest may write */
	return pixel;
}

/* Premultiplied over opaque, saturating: the guest may send any values. */
static uint32_t
over(uint32_t image, uint32_t under)
{
	const uint32_t keep = 255 - (image >> 24);
	uint32_t out = 0;

	for (uint32_t shift = 0; shift < 24; shift += 8) {
		const uint32_t a = image >> shift & 255;
		const uint32_t b = ((under >> shift & 255) * keep + 127) / 255;

		out |= (a + b < 255 ? a + b : 255) << shift;
	}
	return out;
}

/* r lies in the guest's cursor image and in its own picture. */
static void
blend_cursor(struct painter *p, struct rect r, const struct window *w)
{
	const struct cursor *cursor = &p->core->domains[w->domain].cursor;
	const uint8_t *image =
	    p->pools[w->domain].base + cursor->offset_bytes;
	const uint8_t *picture = guest_pixels(p, w);
	const int32_t left = p->core->pointer_x - (int32_t)cursor->hot_x;
	const int32_t top = p->core->pointer_y - (int32_t)cursor->hot_y;
	int32_t x0, y0;

	window_origin(w, &x0, &y0);
	for (int32_t y = r.y0; y < r.y1; y++) {
		const uint8_t *under = picture +
		    (size_t)(y - y0) * w->buffer.stride_bytes +
		    (size_t)(r.x0 - x0) * 4;
		const uint8_t *at = image +
		    ((size_t)(y - top) * TDS_CURSOR_DIM +
			(size_t)(r.x0 - left)) * 4;
		uint32_t *to = target_at(p, r.x0, y);

		for (int32_t i = 0; i < r.x1 - r.x0; i++)
			to[i] = over(load_pixel(at + 4 * i),
			    load_pixel(under + 4 * i));
	}
	painted(p, r);
}

static void
copy_guest(struct painter *p, struct rect r, uint32_t window)
{
	const struct window *w = &p->core->scene.windows[window];
	struct rect around[4];

	if (window != p->cursor_window || !rects_touch(r, p->cursor)) {
		copy_rows(p, r, w);
		return;
	}
	const uint32_t n = rect_subtract(r, p->cursor, around);
	for (uint32_t i = 0; i < n; i++)
		copy_rows(p, around[i], w);
	blend_cursor(p, rect_intersect(r, p->cursor), w);
}

/* --------------------------------------------------------------- resolve */

static void
add_cover(struct painter *p, struct rect r, enum layer layer, uint32_t window)
{
	const struct rect in = rect_intersect(r, p->clip);

	if (rect_is_empty(in))
		return;
	p->covers[p->end++] = (struct cover){in, layer, window};
}

static void
add_skip(struct painter *p, struct rect r)
{
	p->covers[--p->first] = (struct cover){r, LAYER_SKIP, TDS_NONE};
}

static void
add_window(struct painter *p, uint32_t window)
{
	const struct window *w = &p->core->scene.windows[window];
	const struct rect desk = p->output->desk;

	if (guest_pixels(p, w))
		add_cover(p, rect_intersect(window_picture(w), desk),
		    LAYER_PICTURE, window);
	add_cover(p, rect_intersect(window_frame(w,
	    p->output->config.scale), desk), LAYER_FRAME, window);
}

static void
find_covers(struct painter *p)
{
	const struct scene *scene = &p->core->scene;

	p->first = MAX_SKIPS;
	p->end = MAX_SKIPS;
	if (p->core->panel.is_open) {
		add_cover(p, p->output->area, LAYER_PANEL, TDS_NONE);
		return;
	}
	add_cover(p, p->output->trust_bar, LAYER_BAR, TDS_NONE);
	for (uint32_t i = scene->n_windows; i > 0; i--) {
		const uint32_t at = scene->stack[i - 1];
		const struct window *w = &scene->windows[at];

		if (w->output == p->output_index && window_is_visible(w))
			add_window(p, at);
	}
}

static void
paint_cover(struct painter *p, struct rect r, const struct cover *cover)
{
	if (cover->layer == LAYER_PICTURE)
		copy_guest(p, r, cover->window);
	else if (cover->layer != LAYER_SKIP)
		paint_trusted(p, r, cover->layer, cover->window);
}

/*
 * Split r among the covers before `end`. With a bottom, only what none of them
 * hides is painted, as that; without, each part as what is on top there, and
 * what nothing covers is desk.
 */
static void
resolve(struct painter *p, struct rect r, uint32_t end,
    const struct cover *bottom)
{
	struct rect rest[4];

	p->pieces[0] = (struct piece){r, p->first};
	p->n_pieces = 1;
	while (p->n_pieces > 0) {
		const struct piece piece = p->pieces[--p->n_pieces];
		uint32_t i = piece.next;

		while (i < end && !rects_touch(p->covers[i].r, piece.r))
			i++;
		if (i == end) {
			if (bottom)
				paint_cover(p, piece.r, bottom);
			else
				paint_trusted(p, piece.r, LAYER_SKIP, TDS_NONE);
			continue;
		}
		const struct cover *cover = &p->covers[i];
		const uint32_t n = rect_subtract(piece.r, cover->r, rest);
		/* Painted already, perhaps only because this buffer was
		 * stale there: then the other one does not have it. */
		if (cover->layer == LAYER_SKIP)
			note_new(p, rect_intersect(piece.r, cover->r));
		if (!bottom)
			paint_cover(p, rect_intersect(piece.r, cover->r),
			    cover);
		for (uint32_t k = 0; k < n; k++)
			p->pieces[p->n_pieces++] =
			    (struct piece){rest[k], i + 1};
	}
}

/* Everything that is on top in this damage. */
static void
paint_damage(struct painter *p, const struct damage *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct rect r = rect_intersect(d->r[i], p->clip);

		if (rect_is_empty(r))
			continue;
		resolve(p, r, p->end, NULL);
		add_skip(p, r);
	}
}

/* New guest pixels, where that window is on top and nothing is painted yet. */
static void
paint_picture(struct painter *p, uint32_t at)
{
	const struct cover *cover = &p->covers[at];
	const struct window *w = &p->core->scene.windows[cover->window];
	const uint32_t skips = p->first;
	int32_t x, y;

	window_origin(w, &x, &y);
	for (uint32_t i = 0; i < w->painting.n; i++) {
		const struct rect r = rect_intersect(
		    rect_move(w->painting.r[i], x, y), cover->r);

		if (rect_is_empty(r))
			continue;
		resolve(p, r, at, cover);
		add_skip(p, r);
	}
	p->first = skips;
}

/* The guest's image as the pool holds it; NULL if it lies outside. */
static const uint8_t *
cursor_pixels(const struct core *core, const struct pool *pools,
    const struct cursor_look *look)
{
	const struct pool *pool =
	    &pools[core->scene.windows[look->window].domain];
	const uint64_t size = 4 * TDS_CURSOR_DIM * TDS_CURSOR_DIM;

	if (!pool->base || size > pool->bytes ||
	    look->offset_bytes > pool->bytes - size)
		return NULL;
	return pool->base + look->offset_bytes;
}

void
paint_cursor(
    const struct core *core, const struct pool *pools, uint32_t *image)
{
	const struct cursor_look look = cursor_look(core);
	const size_t size = 4 * TDS_CURSOR_DIM * TDS_CURSOR_DIM;
	const uint8_t *from = look.window == TDS_NONE
	    ? NULL
	    : cursor_pixels(core, pools, &look);

	memset(image, 0, size);
	if (from)
		memcpy(image, from, size);
	else if (look.window == TDS_NONE)
		arrow_image(image,
		    (int32_t)core->scene.outputs[look.output].config.scale);
}

/* Whose pointer is drawn on this output, and where. */
static void
find_cursor(struct painter *p)
{
	const struct core *core = p->core;
	const struct cursor_look look = cursor_look(core);

	p->cursor_window = TDS_NONE;
	p->arrow = (struct rect){0, 0, 0, 0};
	p->is_arrow_hit = false;
	if (look.output != p->output_index ||
	    (look.is_on_plane && !p->has_cursor))
		return;
	if (look.window == TDS_NONE) {
		p->arrow = look.r;
		return;
	}
	if (!cursor_pixels(core, p->pools, &look))
		return;
	p->cursor_window = look.window;
	p->cursor = look.r;
}

uint64_t
paint_output(const struct core *core, uint32_t output,
    const struct pool *pools, struct target target,
    const struct paint_part *part)
{
	struct painter p UNFILLED;

	p.core = core;
	p.output = &core->scene.outputs[output];
	p.output_index = output;
	p.pools = pools;
	p.target = target;
	p.clip = part ? rect_intersect(part->clip, p.output->area)
		      : p.output->area;
	p.has_cursor = part && part->has_cursor;
	p.log = NULL;
	p.pixels = 0;
	find_cursor(&p);
	find_covers(&p);
	if (part && part->stale)
		paint_damage(&p, part->stale);
	p.log = part ? part->painted : NULL;
	paint_damage(&p, &p.output->painting);
	for (uint32_t i = MAX_SKIPS; i < p.end; i++)
		if (p.covers[i].layer == LAYER_PICTURE)
			paint_picture(&p, i);
	if (p.is_arrow_hit)
		p.pixels += arrow_draw(core, output, target);
	return p.pixels;
}
