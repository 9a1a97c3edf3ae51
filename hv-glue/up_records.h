/*
 * up_records: the records that guest processes send to the core, as bytes.
 * Their decoders and checks are the core's (protocol/ring.h); these are here
 * so that the core does not carry what it never does. Proved like those.
 */
#pragma once

#include "protocol/ring.h"

/*@ requires \valid_read(in) && \valid(out + (0 .. 31));
  @ requires \separated(in, out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_commit(const struct commit *in,
    uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(out + (0 .. 31));
  @ requires \separated(in, out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_cursor(const struct cursor *in,
    uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;

/*@ requires \valid(out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_leds(uint8_t mask, uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;

/*@ requires \valid(out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_vm(bool is_up, uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;

/*@ requires \valid_read(in) && \valid(out + (0 .. 31));
  @ requires \separated(in, out + (0 .. 31));
  @ assigns out[0 .. 31];
  @ ensures \result == 0;
  @*/
int encode_grant(const struct grant *in,
    uint8_t out[TDS_RING_RECORD_BYTES]) MUST_CHECK;
