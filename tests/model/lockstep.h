/*
 * lockstep: take the model's step with the real core. The core is put into
 * the state that the model had before, steps, and must be in the state that
 * the model has after, having sent the same.
 */
#pragma once

typedef unsigned char byte_t;

void lockstep_before(const byte_t *st, byte_t focus, byte_t back, byte_t panel,
    const byte_t *alive);
/* 1 if the core agrees; else prints what differs and returns 0. */
int lockstep_after(int op, int arg, const byte_t *st, byte_t focus,
    byte_t back, byte_t panel, byte_t to, byte_t presses, byte_t releases);
