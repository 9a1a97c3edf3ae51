/*
 * judge: pictures and the status of the same moment, to the label checker
 * (tests/labels/check), which shares nothing with the core.
 */
#pragma once

#include "protocol/control.h"

#include <stdbool.h>
#include <stdio.h>

FILE *judge_open(const char *checker);
/* One output's picture; colours[n_domains]: the only one each guest paints. */
void judge_frame(FILE *judge, const char *name, const struct status *status,
    uint32_t output, const void *pixels, const uint32_t *colours);
/* No picture was wrong. What was is on standard error. */
bool judge_verdict(FILE *judge);
