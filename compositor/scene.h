/*
 * scene: outputs, windows, their geometry and stacking, and what is damaged.
 *
 * All rectangles are physical pixels of their output, origin top left. The
 * frame of a window is everything trusted around its content:
 *
 *	+--------------------------------------+ frame: outline 2, band 6,
 *	| title bar 34: label, domain, buttons |	title bar 34 above the
 *	+--+--------------------------------+--+	content (all * scale)
 *	|  |	       content		    |  |
 *	|  +--------------------------------+  |
 *	+--------------------------------------+
 *
 * Its size does not depend on focus: an unfocused window draws a narrower
 * coloured band (4) and a dark line inside it.
 */
#pragma once

#include "protocol/control.h"
#include "protocol/rect.h"
#include "protocol/ring.h"

enum {
	BAR_HEIGHT = 36, /* trust bar, logical pixels */
	OUTLINE = 2,
	BAND = 6,
	BAND_UNFOCUSED = 4,
	TITLE_HEIGHT = 34,
};

struct output {
	struct core_output slot;   /* what the configuration says of it */
	struct core_output config; /* what is connected; width 0: nothing */
	int32_t x, y;	       /* in the layout */
	bool has_cursor_plane; /* of what is connected */
	uint32_t needs;	       /* enum protection: by what may be seen on it */
	uint32_t protection;   /* in force for that need; else none */
	bool has_sink;	       /* sealed, and somebody can read it */
	struct rect area;      /* (0, 0, width, height); empty: off */
	struct rect trust_bar; /* top, full width, BAR_HEIGHT * scale */
	struct rect desk;      /* area below the trust bar */
	struct damage damage;  /* to be resolved from the top of the stack */
	struct damage painting; /* the same, taken for the frame in work */
};

struct window {
	bool is_hidden;	 /* minimised by the user */
	uint32_t domain, scanout;
	uint32_t home, output; /* where the user has it; where it is now */
	struct rect wanted;  /* on its home; size is what the user chose */
	struct rect content; /* on its output */
	struct rect before_maximise; /* empty: not maximised */
	/* the guest's buffer, shown unscaled at the content's origin or centred
	 * in it where it is smaller; width 0: no picture, a tile is drawn */
	struct commit buffer;
	struct damage damage; /* in buffer pixels, since the last paint */
	struct damage painting;
};

struct scene {
	uint32_t n_outputs;
	struct output outputs[TDS_MAX_OUTPUTS];
	uint32_t n_windows;
	struct window windows[TDS_MAX_WINDOWS];
	uint32_t stack[TDS_MAX_WINDOWS]; /* window indices, bottom to top */
};

struct rect window_frame(const struct window *w, uint32_t scale);
/* The title bar: inside the outline, above content and side bands. */
struct rect window_title(const struct window *w, uint32_t scale);
/* Buttons at the right of the title bar: minimise, maximise. */
enum button { BUTTON_MINIMISE, BUTTON_MAXIMISE, BUTTON_COUNT };
struct rect window_button(const struct window *w, uint32_t scale,
    enum button which);
/* Where buffer pixel (0, 0) lies on the output: content origin, or centred. */
void window_origin(const struct window *w, int32_t *x, int32_t *y);
/* Part of the content that the buffer fills. Empty without a picture. */
struct rect window_picture(const struct window *w);

/* Topmost visible window whose frame holds the point; TDS_NONE if none. */
uint32_t scene_window_at(const struct scene *scene, uint32_t output, int32_t x,
    int32_t y);
void scene_raise(struct scene *scene, uint32_t window);
/*
 * Make content legal for its output: at least the minimum size, frame wholly
 * inside the desk where it fits, at most TDS_MAX_DIM. The one place where
 * geometry is decided.
 */
struct rect scene_fit(const struct scene *scene, const struct window *w,
    struct rect content);
void scene_damage_output(struct scene *scene, uint32_t output, struct rect r);
void scene_damage_window(struct scene *scene, uint32_t window);
/* All windows of a domain. */
void scene_damage_domain(struct scene *scene, uint32_t domain);
void scene_damage_all(struct scene *scene);
/* Every output's trust bar. */
void scene_damage_bars(struct scene *scene);
/*
 * Take what is damaged on this output for painting. What changes from now on,
 * also while it is being painted, is damage of its own: where nothing is
 * damaged after painting, the output shows the present state.
 */
void scene_take_damage(struct scene *scene, uint32_t output);
bool scene_is_dirty(const struct scene *scene, uint32_t output);
bool output_is_on(const struct output *output);
/*
 * Something else is connected to a slot, or nothing (width 0). Windows of an
 * output that is off wait on the first one that their domain may use
 * (allowed[domain], bit per output), and go home when it is back. Nothing of
 * this is told to a guest.
 */
void scene_set_output(struct scene *scene, const struct core_output *found,
    const uint32_t *allowed);
/* The output at a point of the layout, or TDS_NONE. */
uint32_t scene_output_at(const struct scene *scene, int32_t x, int32_t y);
uint32_t scene_find(const struct scene *scene, uint32_t domain,
    uint32_t scanout);
/* The user moves a window: damage what it was and what it is. */
void scene_place(struct scene *scene, uint32_t window, struct rect content);
void scene_set_hidden(struct scene *scene, uint32_t window, bool is_hidden);
bool window_is_visible(const struct window *w);
