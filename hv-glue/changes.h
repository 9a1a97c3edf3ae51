/*
 * changes: which parts of a picture differ from the one before. Pure.
 *
 * A Xen guest's flip says which buffer is to be shown, not what is new in it.
 * Each look reads every pixel, whatever is found; it hashes tiles of 64x64
 * pixels and compares with the hashes of the last look.
 *
 * Where most of a picture is new, as in a film, a look costs more than it saves
 * (docs/performance.md): then the next pictures are new as a whole, unseen. That
 * follows from how much was new before, which the core is told anyway: what a
 * flip costs tells nothing that its damage does not.
 *
 * The hash is NH (of UMAC) over a row of a tile, the rows taken together by
 * multiplication, with a key that the guest does not know. Two tiles that
 * collide, and pixels that change while they are looked at, leave an old part of
 * the guest's picture in the guest's own window, and harm nobody else.
 */
#pragma once

#include "protocol/rect.h"

enum {
	CHANGES_TILE = 64, /* pixels, wide and high */
	CHANGES_MAX_TILES = 1 << 14, /* 8192 x 8192 pixels */
	CHANGES_UNSEEN = 14, /* pictures, after one of which half was new */
};

struct changes {
	uint32_t key[CHANGES_TILE];
	uint64_t mix; /* odd */
	uint32_t width_px, height_px; /* of the last look; 0: none */
	uint32_t n_unseen; /* pictures that are not to be looked at */
	uint64_t tiles[CHANGES_MAX_TILES];
};

/* key: bytes of chance. */
void changes_init(struct changes *changes, uint64_t key);
/* The next look finds that all is new. */
void changes_forget(struct changes *changes);
/*
 * Look at a picture of at most TDS_MAX_DIM in both directions; what is new
 * since the last look, of a picture of the same size, is added to *damage.
 */
void changes_look(struct changes *changes, const uint8_t *pixels,
    uint32_t stride_bytes, uint32_t width_px, uint32_t height_px,
    struct damage *damage);
