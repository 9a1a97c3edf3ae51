#include "hv-glue/outbox.h"

#include "hv-glue/up_records.h"

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
outbox_damage(struct outbox *box, uint32_t scanout, struct rect r)
{
	struct outbox_scanout *s = &box->scanouts[scanout];

	damage_add(&s->damage, rect_intersect(r, whole(&s->commit)));
}

void
outbox_renew(struct outbox *box)
{
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
	c.seq = ++box->seq;
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

int
outbox_next(struct outbox *box, uint8_t record[TDS_RING_RECORD_BYTES])
{
	const int vm = next_vm(box, true, record);
	int err;

	if (vm != 0)
		return vm;
	for (uint32_t i = 0; i < box->n_scanouts; i++) {
		struct outbox_scanout *s = &box->scanouts[i];
		if (s->is_changed || s->damage.n > 0)
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
	return next_vm(box, false, record);
}
