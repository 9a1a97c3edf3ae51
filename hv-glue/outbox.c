#include "hv-glue/outbox.h"

#include "hv-glue/up_records.h"

#include <errno.h>
#include <stddef.h>

void
outbox_init(struct outbox *box, uint32_t n_scanouts)
{
	*box = (struct outbox){.n_scanouts = n_scanouts};
	for (uint32_t i = 0; i < TDS_MAX_SCANOUTS; i++)
		box->scanouts[i].commit.scanout = i;
}

void
outbox_vm(struct outbox *box, bool is_up)
{
	box->vm_changed |= box->is_up != is_up;
	box->is_up = is_up;
}

void
outbox_leds(struct outbox *box, uint8_t leds)
{
	box->leds_changed |= box->leds != leds;
	box->leds = leds;
}

void
outbox_cursor(struct outbox *box, const struct cursor *cursor)
{
	box->cursor = *cursor;
	box->cursor_changed = true;
}

static struct rect
whole(const struct commit *c)
{
	return rect_make(0, 0, (int32_t)c->width_px, (int32_t)c->height_px);
}

void
outbox_show(struct outbox *box, uint32_t scanout, const struct commit *commit)
{
	struct outbox_scanout *s = &box->scanouts[scanout];

	s->commit = *commit;
	s->commit.scanout = scanout;
	s->is_changed = true;
	damage_clear(&s->damage);
	damage_add(&s->damage, whole(commit));
}

void
outbox_flip(struct outbox *box, uint32_t scanout, const struct commit *commit,
    const struct damage *damage)
{
	struct outbox_scanout *s = &box->scanouts[scanout];

	if (s->commit.width_px != commit->width_px ||
	    s->commit.height_px != commit->height_px) {
		outbox_show(box, scanout, commit);
		return;
	}
	s->commit = *commit;
	s->commit.scanout = scanout;
	s->commit.is_exact = true; /* what is still to be said, is */
	s->is_changed = true;
	for (uint32_t i = 0; i < damage->n; i++)
		outbox_damage(box, scanout, damage->r[i]);
}

void
outbox_damage(struct outbox *box, uint32_t scanout, struct rect r)
{
	struct outbox_scanout *s = &box->scanouts[scanout];

	damage_add(&s->damage, rect_intersect(r, whole(&s->commit)));
}

static struct outbox_range *
range_at(struct outbox *box, uint32_t page)
{
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		if (box->ranges[i].state != RANGE_FREE &&
		    box->ranges[i].page == page)
			return &box->ranges[i];
	return NULL;
}

int
outbox_map(struct outbox *box, uint32_t page, uint32_t pages)
{
	const uint64_t end = (uint64_t)page + pages;
	struct outbox_range *unused = NULL;

	if (pages == 0 || end > TDS_MAX_POOL_BYTES / TDS_PAGE_BYTES)
		return -ERANGE;
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++) {
		struct outbox_range *r = &box->ranges[i];
		if (r->state == RANGE_FREE)
			unused = r;
		else if (page < r->page + r->pages && r->page < end)
			return -EEXIST;
	}
	if (!unused)
		return -EDQUOT;
	*unused = (struct outbox_range){
	    .state = RANGE_WANTED, .page = page, .pages = pages};
	return 0;
}

int
outbox_unmap(struct outbox *box, uint32_t page)
{
	struct outbox_range *r = range_at(box, page);

	if (!r || r->state == RANGE_UNWANTED || r->state == RANGE_LEAVING)
		return -ENOENT;
	r->state = RANGE_UNWANTED;
	return 0;
}

int
outbox_mapped(struct outbox *box, const struct down *answer)
{
	struct outbox_range *r = range_at(box, answer->page);

	if (!r || r->n_owed == 0)
		return -EPROTO;
	r->n_owed--;
	if (r->state == RANGE_ASKED && answer->is_mapped) {
		r->state = RANGE_MAPPED;
		return 1;
	}
	/* the answer to a MAP that nobody waits for any more */
	if (r->state == RANGE_UNWANTED || r->n_owed > 0)
		return 0;
	if (answer->is_mapped)
		return -EPROTO;
	r->state = RANGE_FREE;
	return 1;
}

static bool
may_be_shown(const struct outbox *box, const struct commit *c)
{
	const uint64_t end =
	    c->offset_bytes + (uint64_t)c->stride_bytes * c->height_px;

	if (!box->is_granted || c->width_px == 0)
		return true;
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++) {
		const struct outbox_range *r = &box->ranges[i];
		const uint64_t begin = (uint64_t)r->page * TDS_PAGE_BYTES;
		if (r->state == RANGE_MAPPED && begin <= c->offset_bytes &&
		    end <= begin + (uint64_t)r->pages * TDS_PAGE_BYTES)
			return true;
	}
	return false;
}

void
outbox_forget_ranges(struct outbox *box)
{
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++)
		box->ranges[i] = (struct outbox_range){.state = RANGE_FREE};
}

bool
outbox_is_shown(const struct outbox *box, uint32_t scanout, uint32_t seq)
{
	const struct outbox_scanout *s = &box->scanouts[scanout];

	/* Sequence numbers run freely: their distance decides. */
	return !s->is_changed && s->damage.n == 0 &&
	       seq - s->commit.seq < UINT32_MAX / 2;
}

static void
renew_ranges(struct outbox *box)
{
	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++) {
		struct outbox_range *r = &box->ranges[i];
		r->n_owed = 0;
		if (r->state == RANGE_ASKED || r->state == RANGE_MAPPED)
			r->state = RANGE_WANTED;
		else if (r->state == RANGE_LEAVING)
			r->state = RANGE_UNWANTED;
	}
}

void
outbox_renew(struct outbox *box)
{
	renew_ranges(box);
	box->vm_changed = true;
	box->leds_changed = box->leds != 0;
	box->cursor_changed = box->cursor.visible;
	for (uint32_t i = 0; i < box->n_scanouts; i++) {
		struct outbox_scanout *s = &box->scanouts[i];
		s->is_changed = false;
		damage_clear(&s->damage);
		if (s->commit.width_px > 0)
			outbox_show(box, i, &s->commit);
	}
}

static int
next_commit(struct outbox *box, struct outbox_scanout *s,
    uint8_t record[TDS_RING_RECORD_BYTES])
{
	struct commit c = s->commit;

	if (s->damage.n > 0) {
		const struct rect r = s->damage.r[--s->damage.n];
		c.x = (uint32_t)r.x0;
		c.y = (uint32_t)r.y0;
		c.w = (uint32_t)(r.x1 - r.x0);
		c.h = (uint32_t)(r.y1 - r.y0);
	}
	s->is_changed = false;
	c.seq = s->commit.seq = ++box->seq;
	const int err = encode_commit(&c, record);
	return err < 0 ? err : 1;
}

/* A VM that came is announced first; one that went, after its pictures. */
static int
next_vm(struct outbox *box, bool is_up, uint8_t record[TDS_RING_RECORD_BYTES])
{
	if (!box->vm_changed || box->is_up != is_up)
		return 0;
	box->vm_changed = false;
	const int err = encode_vm(is_up, record);
	return err < 0 ? err : 1;
}

/* The next range in this state is asked for, or to be let go. */
static int
next_range(struct outbox *box, enum range_state state,
    uint8_t record[TDS_RING_RECORD_BYTES])
{
	const bool is_map = state == RANGE_WANTED;

	for (uint32_t i = 0; i < TDS_MAX_GRANTED; i++) {
		struct outbox_range *r = &box->ranges[i];
		if (r->state != state)
			continue;
		r->state = is_map ? RANGE_ASKED : RANGE_LEAVING;
		r->n_owed++;
		const struct grant g = {.op = is_map ? UP_MAP : UP_UNMAP,
		    .page = r->page,
		    .pages = is_map ? r->pages : 0};
		const int err = encode_grant(&g, record);
		return err < 0 ? err : 1;
	}
	return 0;
}

int
outbox_next(struct outbox *box, uint8_t record[TDS_RING_RECORD_BYTES])
{
	int err = next_vm(box, true, record);

	if (err == 0)
		err = next_range(box, RANGE_WANTED, record);
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < box->n_scanouts; i++) {
		struct outbox_scanout *s = &box->scanouts[i];
		if ((s->is_changed || s->damage.n > 0) &&
		    may_be_shown(box, &s->commit))
			return next_commit(box, s, record);
	}
	if (box->cursor_changed) {
		box->cursor_changed = false;
		err = encode_cursor(&box->cursor, record);
		return err < 0 ? err : 1;
	}
	if (box->leds_changed) {
		box->leds_changed = false;
		err = encode_leds(box->leds, record);
		return err < 0 ? err : 1;
	}
	err = next_range(box, RANGE_UNWANTED, record);
	return err != 0 ? err : next_vm(box, false, record);
}
