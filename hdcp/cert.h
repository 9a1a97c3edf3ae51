/*
 * cert: a receiver's certificate, and what every identifier in HDCP obeys.
 *
 *	0          5          133      136       138             522
 *	| ReceiverID | modulus n | e | reserved | signature      |
 *
 * The signature is the authority's, over the first 138 bytes. The top four
 * bits of the reserved field are the protocol descriptor: 1 since HDCP 2.2.
 */
#pragma once

#include "hdcp/message.h"

struct hdcp_cert {
	uint8_t id[HDCP_ID_BYTES];
	uint8_t n[HDCP_RX_MODULUS];
	uint8_t descriptor; /* 0 or 1 */
};

/*
 * 0; -EBADMSG: an exponent that is not 65537, reserved bits, a descriptor that
 * we do not know, an identifier without 20 ones; -EKEYREJECTED: not signed by
 * this authority. *out is zero on error.
 */
int hdcp_cert_check(const uint8_t bytes[HDCP_CERT_BYTES],
    const struct hdcp_authority *authority, struct hdcp_cert *out) MUST_CHECK;

/* 20 of 40 bits are set in every ReceiverID and every KSV. */
bool hdcp_id_is_valid(const uint8_t id[HDCP_ID_BYTES]);
