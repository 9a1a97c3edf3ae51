/*
 * core_private: what the files of the core share with one another and with
 * nobody else.
 */
#pragma once

#include "compositor/core.h"

void act(struct actions *out, uint32_t domain, const struct down *record);
/* One evdev event for a device of the domain that has the focus. */
void act_input(struct core *core, struct actions *out,
    enum input_device device, uint16_t type, uint16_t code, int32_t value);
/* The size that the user chose for a window, to its guest. */
void act_configure(struct core *core, struct actions *out, uint32_t window);

/* core_guest.c: guest processes and what they send */
void guest_link(struct core *core, uint32_t domain, struct actions *out);
void guest_down(struct core *core, uint32_t domain);
/* A record of one that is attached. */
void guest_record(struct core *core, const struct event *event);

/* input.c: user events */
void input_event(struct core *core, const struct event *event,
    struct actions *out);
/* Devices come, go, and are decided about. */
void input_device(struct core *core, const struct event *event,
    struct actions *out);
void input_gone(struct core *core, uint32_t device, struct actions *out);
void input_admit(struct core *core, struct device *d, enum device_state state,
    struct actions *out);
/* The domain with the focus may get what this event's device sends. */
bool input_reaches_focus(const struct core *core);

/* focus.c: the only code that changes who has keyboard and pointer */
void focus_set(struct core *core, uint32_t domain, struct actions *out);
/* The same without raising its windows: everything as it was before. */
void focus_return(struct core *core, uint32_t domain, struct actions *out);
/* The same for a domain that is gone: nothing is sent to it. */
void focus_lose(struct core *core);
/* What its machine saw pressed and touched, the next one does not see end. */
void focus_forget(struct core *core);
/* Send what a change of keys brought to the focused domain. */
void focus_send(struct core *core, const struct keys_result *keys,
    struct actions *out);

/* panel.c: the trusted panel */
void panel_open(struct core *core, struct actions *out);
void panel_key(struct core *core, uint16_t code, struct actions *out);

/* pointer.c */
void pointer_axis(struct core *core, uint16_t type, uint16_t code,
    int32_t value, struct actions *out);
/* Forget what an unfinished report of a device aimed at. */
void pointer_aim(struct core *core);
void pointer_sync(struct core *core, struct actions *out);
/* True if the press is for the focused domain, false if it is the user's
 * business with tds (focus, raise, move, resize, buttons). */
bool pointer_press(struct core *core, uint16_t code, struct actions *out);
void pointer_release(struct core *core, struct actions *out);
/* Position before a button, so that it means what the user sees. */
void pointer_send_position(struct core *core, struct actions *out);
/* touch.c */
void touch_axis(struct core *core, uint16_t code, int32_t value,
    struct actions *out);
void touch_sync(struct core *core, struct actions *out);
/* All fingers have lifted, as far as the window knows. */
void touch_cancel(struct core *core, struct actions *out);

/* Everything that the cursor may cover at its present place. */
void pointer_damage(struct core *core);
