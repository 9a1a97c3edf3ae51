#include "hv-glue/changes.h"

#include <stdbool.h>
#include <string.h>

enum { HALF = CHANGES_TILE / 2, ACROSS = TDS_MAX_DIM / CHANGES_TILE };

_Static_assert(CHANGES_MAX_TILES == ACROSS * ACROSS,
    "a picture of the largest size has a place for each tile");

/* splitmix64: one seed to as many words as wanted. */
static uint64_t
next_word(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void
changes_init(struct changes *changes, uint64_t key)
{
	for (uint32_t i = 0; i < CHANGES_TILE; i++)
		changes->key[i] = (uint32_t)next_word(&key);
	changes->mix = next_word(&key) | 1;
	changes_forget(changes);
}

static uint32_t
tiles_in(uint32_t px)
{
	return (px + CHANGES_TILE - 1) / CHANGES_TILE;
}

void
changes_forget(struct changes *changes)
{
	changes->width_px = 0;
	changes->height_px = 0;
	changes->n_unseen = 0;
}

/*
 * NH over a row of a tile: products of a pixel of its left half and one of its
 * right half, a word of the key added to each. Without a branch, and so that
 * the compiler takes several at once.
 */
static uint64_t
nh(const uint32_t *pixels, const uint32_t *key)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < HALF; i++)
		sum += (uint64_t)(pixels[i] + key[i]) *
		    (pixels[i + HALF] + key[i + HALF]);
	return sum;
}

/* The last tile of a row may be narrower. */
static uint64_t
nh_end(const uint32_t *pixels, const uint32_t *key, uint32_t n)
{
	uint32_t padded[CHANGES_TILE] = {0};

	memcpy(padded, pixels, (size_t)n * 4);
	return nh(padded, key);
}

static void
hash_row(const struct changes *changes, const uint32_t *row, uint32_t width_px,
    uint64_t *hashes)
{
	const uint32_t n = width_px / CHANGES_TILE;
	const uint32_t rest = width_px % CHANGES_TILE;

	for (uint32_t i = 0; i < n; i++) {
		hashes[i] += nh(row + i * CHANGES_TILE, changes->key);
		hashes[i] *= changes->mix;
	}
	if (rest > 0) {
		hashes[n] +=
		    nh_end(row + n * CHANGES_TILE, changes->key, rest);
		hashes[n] *= changes->mix;
	}
}

/* Tiles side by side that are new are one rectangle. */
static void
add_damage(const bool *is_new, uint32_t n, struct rect row, struct damage *out)
{
	for (uint32_t i = 0, end; i < n; i = end + 1) {
		for (end = i; end < n && is_new[end]; end++)
			continue;
		const struct rect run = {(int32_t)i * CHANGES_TILE, row.y0,
		    (int32_t)end * CHANGES_TILE, row.y1};
		if (end > i)
			damage_add(out, rect_intersect(run, row));
	}
}

/* One row of tiles; how many are new. */
static uint32_t
look_at_row(struct changes *changes, const uint8_t *pixels,
    uint32_t stride_bytes, struct rect row, uint64_t *tiles,
    struct damage *damage)
{
	uint64_t hashes[ACROSS] = {0};
	bool is_new[ACROSS];
	uint32_t n_new = 0;
	const uint32_t n = tiles_in((uint32_t)row.x1);

	for (int32_t y = row.y0; y < row.y1; y++)
		hash_row(changes,
		    (const uint32_t *)(const void *)(pixels +
			(size_t)y * stride_bytes),
		    (uint32_t)row.x1, hashes);
	for (uint32_t i = 0; i < n; i++) {
		is_new[i] = changes->width_px == 0 || tiles[i] != hashes[i];
		n_new += is_new[i];
		tiles[i] = hashes[i];
	}
	add_damage(is_new, n, row, damage);
	return n_new;
}

void
changes_look(struct changes *changes, const uint8_t *pixels,
    uint32_t stride_bytes, uint32_t width_px, uint32_t height_px,
    struct damage *damage)
{
	const uint32_t across = tiles_in(width_px);
	const uint32_t n_tiles = across * tiles_in(height_px);
	uint32_t n_new = 0;

	if (changes->n_unseen > 0) {
		/* the hashes are those of a picture that is long gone */
		changes->width_px = 0;
		changes->n_unseen--;
		damage_add(damage,
		    rect_make(0, 0, (int32_t)width_px, (int32_t)height_px));
		return;
	}
	const bool is_known = changes->width_px == width_px &&
	    changes->height_px == height_px;
	if (!is_known)
		changes_forget(changes);
	for (uint32_t y = 0; y < height_px; y += CHANGES_TILE) {
		const uint32_t end = y + CHANGES_TILE < height_px
		    ? y + CHANGES_TILE
		    : height_px;
		const struct rect row = {
		    0, (int32_t)y, (int32_t)width_px, (int32_t)end};
		n_new += look_at_row(changes, pixels, stride_bytes, row,
		    &changes->tiles[y / CHANGES_TILE * across], damage);
	}
	changes->width_px = width_px;
	changes->height_px = height_px;
	if (is_known && n_new > n_tiles / 2)
		changes->n_unseen = CHANGES_UNSEEN;
}
