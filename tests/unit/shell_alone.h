/*
 * shell_alone: the painting half of the shell (shell_frame.c, shell_paint.c,
 * shell_cable.c, shell_seal.c) with a core behind it, and nothing of the rest:
 * no tdsd, no tds-input, no guest processes.
 */
#pragma once

#include "compositor/shell.h"

extern struct shell shell;
extern uint64_t alone_ns; /* what its clock says */
extern void (*alone_in_mid_frame)(void); /* when it lets input in; or NULL */

/* A shell that knows nothing yet, at this time. */
void alone_reset(uint64_t now_ns);
/* One step of its core; what is said of cables and sinks tells no guest. */
void step(struct event event);
