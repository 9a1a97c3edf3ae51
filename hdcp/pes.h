/*
 * pes: the header in front of each piece of encrypted content: an MPEG-2 PES
 * header (ISO/IEC 13818-1) whose private data carry HDCP's two counters, in
 * the clear. Exactly this form is written and read:
 *
 *	00 00 01 BD  length:2  84 01 11  8E  private data:16   payload ...
 *	             |         |  |  |   '- private data, nothing else
 *	             |         |  |  '- 17 more bytes of header
 *	             |         |  '- an extension, no time stamps
 *	             |         '- the payload begins a unit
 *	             '- of all that follows
 *
 *	private data, bits: 0:13 streamCtr[31:30] 1 [29:15] 1 [14:0] 1
 *	0:11 inputCtr[63:60] 1 [59:45] 1 [44:30] 1 [29:15] 1 [14:0] 1
 */
#pragma once

#include "tds/base/bytes.h"

enum {
	HDCP_PES_HEADER = 26,
	HDCP_PES_PRIVATE = 16,
	HDCP_PES_MAX_PAYLOAD = 65535 - (HDCP_PES_HEADER - 6),
};

struct hdcp_pes {
	uint32_t stream_ctr;
	uint64_t input_ctr; /* 16-byte blocks before this payload */
	uint16_t payload_bytes;
};

void hdcp_pes_put_private(
    const struct hdcp_pes *pes, uint8_t out[HDCP_PES_PRIVATE]);
/* -EBADMSG: a marker bit is 0, or a reserved bit is 1. */
int hdcp_pes_get_private(
    const uint8_t in[HDCP_PES_PRIVATE], struct hdcp_pes *pes) MUST_CHECK;

void hdcp_pes_encode(const struct hdcp_pes *pes, uint8_t out[HDCP_PES_HEADER]);
/* A header and its whole payload: n is their sum. -EBADMSG. */
int hdcp_pes_decode(
    const uint8_t *bytes, uint32_t n, struct hdcp_pes *out) MUST_CHECK;
