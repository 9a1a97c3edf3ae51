#include "compositor/core_private.h"

#include <linux/input-event-codes.h>

/*
 * Keyboard and pointer belong to one domain, `focus`, or to nobody. They move
 * in one step: the old domain gets a release for each key and button that it
 * saw pressed, in reverse, and a lift of each finger; the new one starts with
 * nothing pressed.
 *
 *		  click, digit in the panel, tdsctl focus
 *	nobody <-------------------------------------------> domain
 *		  SAK (panel opens), its guest process ends
 *
 * No guest record reaches any function of this file.
 */

void
focus_send(struct core *core, const struct keys_result *keys,
    struct actions *out)
{
	if (core->focus == TDS_NONE)
		return;
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct key_out *k = &keys->out[i];
		const enum input_device device =
		    keys_is_button(k->code) ? DEVICE_TABLET : DEVICE_KEYBOARD;
		if (device == DEVICE_TABLET)
			pointer_send_position(core, out);
		act_input(core, out, device, EV_KEY, k->code, k->value);
		act_input(core, out, device, EV_SYN, SYN_REPORT, 0);
	}
}

/* Bring the domain's windows to the front, in their own order. */
static void
raise_domain(struct core *core, uint32_t domain)
{
	uint32_t mine[TDS_MAX_SCANOUTS];
	uint32_t n = 0;

	for (uint32_t i = 0; i < core->scene.n_windows; i++) {
		const uint32_t at = core->scene.stack[i];
		if (core->scene.windows[at].domain == domain &&
		    n < TDS_MAX_SCANOUTS)
			mine[n++] = at;
	}
	for (uint32_t i = 0; i < n; i++) {
		scene_set_hidden(&core->scene, mine[i], false);
		scene_raise(&core->scene, mine[i]);
	}
}

static void
move_to(struct core *core, uint32_t domain)
{
	scene_damage_domain(&core->scene, core->focus);
	scene_damage_domain(&core->scene, domain);
	pointer_damage(core);
	core->focus = domain;
	core->grab = TDS_NONE;
	pointer_damage(core);
	scene_damage_bars(&core->scene);
}

void
focus_return(struct core *core, uint32_t domain, struct actions *out)
{
	/* in any case: a guest that died must not decide where it ends */
	core->drag = (struct drag){.kind = DRAG_NONE};
	if (core->focus == domain)
		return;
	const struct keys_result keys = keys_release_all(&core->keys);

	focus_send(core, &keys, out);
	touch_cancel(core, out);
	move_to(core, domain);
	if (domain != TDS_NONE)
		core->panel.home = domain;
}

void
focus_set(struct core *core, uint32_t domain, struct actions *out)
{
	focus_return(core, domain, out);
	if (domain != TDS_NONE)
		raise_domain(core, domain);
}

void
focus_forget(struct core *core)
{
	keys_forget_seen(&core->keys);
	core->touch.contacts = 0;
	core->touch.has_news = false;
}

/* A drag goes on: a guest that dies must not move where windows come to lie. */
void
focus_lose(struct core *core)
{
	focus_forget(core);
	move_to(core, TDS_NONE);
}
