/*
 * ctl: the parts of tdsctl. One verb, one request, one answer.
 */
#pragma once

#include "protocol/control.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit codes, documented in tdsctl(1). */
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_TDSD = 3 };

/* report.c */
void report_json(const struct status *status, FILE *to);
void report_text(const struct status *status, FILE *to);

/*
 * typing.c: what a person would press, as evdev events, each group ended by
 * EV_SYN. The events of one character or chord are appended whole or not at
 * all: -ENOSPC. -ENOENT: there is no key for it on a US keyboard.
 */
int typing_char(struct core_input *input, char c) MUST_CHECK;
int typing_chord(struct core_input *input, const char *chord) MUST_CHECK;
int typing_pointer(struct core_input *input, int32_t x, int32_t y,
    const char *action) MUST_CHECK;
