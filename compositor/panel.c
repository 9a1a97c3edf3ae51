#include "compositor/core_private.h"

#include <linux/input-event-codes.h>

/*
 *	closed --SAK--> open --digit, Enter, D--> closed, that domain focused
 *			open --Escape--> closed, back to who had it
 *
 * While it is open nobody has the keyboard, and no input leaves the core.
 */

void
panel_open(struct core *core, struct actions *out)
{
	if (core->panel.is_open)
		return;
	core->panel.back = core->focus;
	core->panel.chosen = core->panel.home;
	focus_set(core, TDS_NONE, out);
	core->panel.is_open = true;
	core->is_dark = false; /* also if a device that waits opened it */
	scene_damage_all(&core->scene);
}

static void
panel_close(struct core *core, uint32_t domain, struct actions *out)
{
	core->panel.is_open = false;
	scene_damage_all(&core->scene);
	focus_set(core, domain, out);
}

static void
choose(struct core *core, uint32_t domain)
{
	core->panel.chosen = domain;
	scene_damage_all(&core->scene);
}

void
panel_key(struct core *core, uint16_t code, struct actions *out)
{
	const uint32_t chosen = core->panel.chosen;
	const uint32_t n = core->n_domains;
	const struct keys_result chord = keys_chord(&core->keys);
	const struct device *waiting = admit_waiting(&core->admit);

	if (code >= KEY_1 && code <= KEY_9 && (uint32_t)(code - KEY_1) < n) {
		panel_close(core, (uint32_t)(code - KEY_1), out);
		return;
	}
	switch (code) {
	case KEY_ESC: /* as if it had never been open */
		core->panel.is_open = false;
		scene_damage_all(&core->scene);
		focus_return(core, core->panel.back, out);
		return;
	case KEY_UP:
		if (chosen > 0)
			choose(core, chosen - 1);
		return;
	case KEY_DOWN:
		if (chosen + 1 < n)
			choose(core, chosen + 1);
		return;
	case KEY_ENTER:
	case KEY_KPENTER:
		if (chosen < n)
			panel_close(core, chosen, out);
		return;
	case KEY_A: /* a keyboard proves itself with its code */
	case KEY_R:
		if (waiting && (code == KEY_R ||
				   !(waiting->info.kinds & KIND_KEYBOARD)))
			input_admit(core,
			    admit_find(&core->admit, waiting->info.device),
			    code == KEY_R ? DEVICE_REFUSED : DEVICE_ADMITTED,
			    out);
		return;
	case KEY_D:
		/* The panel closes in any case: otherwise a guest that died
		 * would decide what the user's next keys mean. */
		if (chosen >= n)
			return;
		panel_close(core, chosen, out);
		if (core->domains[chosen].is_linked && input_reaches_focus(core))
			focus_send(core, &chord, out);
		return;
	default:
		return;
	}
}
