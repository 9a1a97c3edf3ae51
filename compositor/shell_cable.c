#include "compositor/shell.h"

/*
 * The cable's protection is the kernel's business and takes seconds; what it
 * is worth right now is asked for once a second while something needs it, and
 * whenever the kernel says that something changed at the card.
 */
static const uint64_t ask_every_ns = 1000000000u;

static bool
is_needed(const struct shell *s)
{
	for (uint32_t i = 0; i < s->core.scene.n_outputs; i++)
		if (s->core.scene.outputs[i].needs != PROTECTION_NONE &&
		    !sealed_has(&s->sealed, i) && /* never protected */
		    output_is_on(&s->core.scene.outputs[i]))
			return true;
	return false;
}

uint64_t
cable_at(const struct shell *s)
{
	return s->core.is_dark || !s->screen->ops->is_protected ||
		!is_needed(s)
	    ? 0
	    : s->cable_ns + ask_every_ns;
}

void
cable_ask(struct shell *s)
{
	for (uint32_t i = 0; i < s->core.scene.n_outputs; i++) {
		struct event e = {.kind = EVENT_CABLE, .cable = i};

		if (s->core.scene.outputs[i].needs == PROTECTION_NONE)
			continue;
		if (s->screen->ops->is_protected &&
		    s->screen->ops->is_protected(s->screen, i))
			e.protection = s->cables[i].asked;
		shell_step(s, &e);
	}
	s->cable_ns = monotonic_ns();
}

void
cable_look(struct shell *s, uint64_t now)
{
	if (cable_at(s) != 0 && cable_at(s) <= now)
		cable_ask(s);
}

bool
cable_has_changed(const struct shell *s, uint32_t i)
{
	const struct output *o = &s->core.scene.outputs[i];

	return s->screen->ops->protect && output_is_on(o) &&
	    s->cables[i].asked != o->needs;
}

/*
 * Another level is asked for when the frame before was painted for it, so
 * without anything that needs protection: the kernel may stop to encrypt
 * before it starts anew, while what was there is still shown.
 */
void
cable_before(struct shell *s, uint32_t i)
{
	struct cable *c = &s->cables[i];

	if (!cable_has_changed(s, i) ||
	    c->painted_for != s->core.scene.outputs[i].needs)
		return;
	c->asked = c->painted_for;
	s->screen->ops->protect(s->screen, i, c->asked);
}

void
cable_after(struct shell *s, uint32_t i)
{
	s->cables[i].painted_for = s->core.scene.outputs[i].needs;
}
