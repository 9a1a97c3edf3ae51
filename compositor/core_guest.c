/* What guest processes and their records do to the core. */
#include "compositor/core_private.h"

static void
domain_damage(struct core *core, uint32_t domain)
{
	scene_damage_domain(&core->scene, domain);
	scene_damage_bars(&core->scene);
	if (core->panel.is_open)
		scene_damage_all(&core->scene); /* it tells the state */
}

/* Nothing of what lies in these bytes of the pool is shown any more. */
static void
domain_unmap(struct core *core, uint32_t domain, uint64_t begin, uint64_t bytes)
{
	struct domain *d = &core->domains[domain];

	for (uint32_t i = 0; i < core->scene.n_windows; i++) {
		struct window *w = &core->scene.windows[i];
		if (w->domain != domain ||
		    w->buffer.offset_bytes - begin >= bytes)
			continue;
		w->buffer = (struct commit){0};
		damage_clear(&w->damage);
		scene_damage_window(&core->scene, i);
	}
	if (d->cursor.offset_bytes - begin < bytes) {
		d->cursor = (struct cursor){0};
		d->has_cursor = false;
		pointer_damage(core);
	}
}

/* Nothing of what the machine showed and set is left. */
static void
domain_forget(struct core *core, uint32_t domain)
{
	domain_unmap(core, domain, 0, UINT64_MAX);
	core->domains[domain].vm_is_up = false;
	core->domains[domain].leds = 0;
	domain_damage(core, domain);
}

void
guest_link(struct core *core, uint32_t domain, struct actions *out)
{
	struct domain *d = &core->domains[domain];

	domain_forget(core, domain);
	if (core->focus == domain)
		focus_forget(core); /* the new process saw nothing */
	d->is_linked = true;
	d->has_news = false;
	for (uint32_t i = 0; i < core->scene.n_windows; i++)
		if (core->scene.windows[i].domain == domain)
			act_configure(core, out, i);
}

void
guest_down(struct core *core, uint32_t domain)
{
	struct domain *d = &core->domains[domain];

	domain_forget(core, domain);
	d->is_linked = false;
	d->is_stopped = true;
	d->has_news = false;
	if (core->focus == domain)
		focus_lose(core);
	if (core->panel.back == domain)
		core->panel.back = TDS_NONE;
}

static void
guest_vm(struct core *core, uint32_t domain, bool is_up)
{
	struct domain *d = &core->domains[domain];

	if (is_up && d->vm_is_up)
		return; /* said again: nothing to paint for it */
	/* one machine's presses are not the next one's to see released */
	if (d->vm_is_up != is_up && core->focus == domain)
		focus_forget(core);
	d->is_stopped = !is_up && (d->is_stopped || d->vm_is_up);
	if (!is_up)
		domain_forget(core, domain);
	d->vm_is_up = is_up;
	domain_damage(core, domain);
}

static void
guest_commit(struct core *core, uint32_t domain, const struct commit *c)
{
	struct domain *d = &core->domains[domain];
	const uint32_t at = scene_find(&core->scene, domain, c->scanout);

	d->has_news = true;
	d->released_seq = c->seq;
	if (at == TDS_NONE)
		return;
	struct window *w = &core->scene.windows[at];
	const struct commit old = w->buffer;
	const bool is_same_size =
	    old.width_px == c->width_px && old.height_px == c->height_px;
	/* Same picture memory: only the guest's own damage is new. */
	const bool is_same = is_same_size && (c->is_exact ||
	    (old.offset_bytes == c->offset_bytes &&
		old.stride_bytes == c->stride_bytes));
	w->buffer = *c;
	if (!is_same_size)
		scene_damage_window(&core->scene, at);
	if (core->panel.is_open || !window_is_visible(w))
		return; /* painted whole when it is shown again */
	damage_add(&w->damage, is_same ?
	    rect_make((int32_t)c->x, (int32_t)c->y, (int32_t)c->w,
		(int32_t)c->h) :
	    rect_make(0, 0, (int32_t)c->width_px, (int32_t)c->height_px));
}

static void
guest_cursor(struct core *core, uint32_t domain, const struct cursor *cursor)
{
	struct domain *d = &core->domains[domain];

	d->has_news = true;
	d->has_cursor = true;
	d->cursor = *cursor;
	core->cursor_is_new |= core->focus == domain;
	if (core->focus == domain)
		pointer_damage(core);
}

static void
guest_leds(struct core *core, uint32_t domain, uint8_t leds)
{
	if (core->domains[domain].leds == leds)
		return;
	core->domains[domain].leds = leds;
	if (core->focus == domain)
		scene_damage_bars(&core->scene);
}

void
guest_record(struct core *core, const struct event *event)
{
	const uint32_t domain = event->domain;

	if (event->kind == EVENT_COMMIT)
		guest_commit(core, domain, &event->commit);
	else if (event->kind == EVENT_CURSOR)
		guest_cursor(core, domain, &event->cursor);
	else if (event->kind == EVENT_LEDS)
		guest_leds(core, domain, event->leds);
	else if (event->kind == EVENT_VM)
		guest_vm(core, domain, event->is_up);
	else if (event->kind == EVENT_UNMAP)
		domain_unmap(core, domain,
		    (uint64_t)event->grant.page * TDS_PAGE_BYTES,
		    (uint64_t)event->grant.pages * TDS_PAGE_BYTES);
}
