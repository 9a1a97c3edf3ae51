/*
 * fake_stack: a whole real tds (tdsd, its core, its guest processes), with a
 * fake_vm on each domain, and tdsctl's part played by the test.
 *
 * Each VM paints its one colour, so that the independent checker of
 * tests/labels can tell where it may be seen. VMs that lost their back end
 * are booted again by stack_revive(), as their users would.
 */
#pragma once

#include "protocol/control.h"
#include "tests/abuse/fake_gpu.h"

#include <stdio.h>

enum {
	STACK_DOMAINS = 6,
	STACK_WIDTH = 1280,
	STACK_HEIGHT = 720,
	STACK_CONTENT_WIDTH = 320,
	STACK_CONTENT_HEIGHT = 200,
	STACK_DEADLINE_MS = 20000,
};

struct stack {
	char dir[64]; /* configuration, sockets, log */
	pid_t tdsd;
	struct host hosts[STACK_DOMAINS]; /* only addresses */
	struct vm vms[STACK_DOMAINS];
	struct gpu_buffer screens[STACK_DOMAINS];
	bool is_up[STACK_DOMAINS];
	uint32_t seed;
	uint32_t n_draws; /* accepted by the back ends */
	struct status status;
	uint32_t *pixels; /* owned: the last picture */
	FILE *judge;	  /* owned: tests/labels/check --stream */
	uint32_t n_judged;
};

extern const char *stack_program; /* tdsd */
extern const char *stack_checker; /* tests/labels/check */

/* Fails the test when it does not come up. */
void stack_start(struct stack *stack);
void stack_stop(struct stack *stack);
/* tdsd again, in the same run directory, after it was killed. */
void stack_restart(struct stack *stack);

/* One small part of each VM that is up; false where the back end is gone. */
void stack_draw(struct stack *stack);
/* Boot each VM whose back end is gone, and show its screen. */
void stack_revive(struct stack *stack);
/* 0 with the status, or -errno: tdsd or the core is not there right now. */
int stack_ask_status(struct stack *stack);
/* Draw on until every domain has a window with its picture again. */
void stack_wait_shown(struct stack *stack);
/* A picture and its status, given to the judge. */
void stack_judge(struct stack *stack);
/* Ends the judge: true if it found nothing wrong in any picture. */
bool stack_verdict(struct stack *stack);

/* Processes: tdsd's children by name ("tds-compositor", "tds-guest@d0"). */
pid_t stack_child(const struct stack *stack, const char *name);
/* SIGKILL, and wait until it is gone. */
void stack_kill(pid_t pid);
