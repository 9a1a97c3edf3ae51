/*
 * cursor: whose cursor is shown. The one rule, for painting and for status.
 *
 * Inside the visible picture of the focused domain its own image is shown (or
 * none, where it hid it), blended with its own pixels only. Everywhere else,
 * and where the guest never set one, it is our opaque arrow; so it is where the
 * picture is not shown because the cable is not protected.
 */
#pragma once

#include "compositor/core.h"

enum { ARROW_WIDTH = 16, ARROW_HEIGHT = 24 }; /* logical pixels */

/* The focused domain's window with the pointer in its visible picture. */
uint32_t cursor_target(const struct core *core);
bool cursor_is_ours(const struct core *core);
/* Window whose guest's image is shown, or TDS_NONE. */
uint32_t cursor_window(const struct core *core);
/*
 * What is seen of the pointer: its place, and whose image. Where two of them
 * differ, both places must be painted again.
 */
struct cursor_look {
	uint32_t output;
	struct rect r;	       /* empty: nothing is drawn */
	uint32_t window;       /* whose guest draws it; TDS_NONE: ours */
	uint64_t offset_bytes; /* the guest's image */
	/*
	 * A cursor plane lies over everything. So it gets our own arrow, and
	 * a guest's image only where all of its 64x64 pixels lie in that
	 * guest's picture and nothing lies above.
	 */
	bool is_on_plane;
	int32_t x, y; /* then: its top left corner */
};

struct cursor_look cursor_look(const struct core *core);
