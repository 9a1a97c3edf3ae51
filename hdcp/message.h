/*
 * message: the messages of HDCP 2.2 and 2.3, Interface Independent Adaptation,
 * in both directions. One message is one id and its fields; there is no length
 * on the wire, so hdcp_message_length() finds it.
 *
 *	transmitter                        receiver
 *	AKE_Init, AKE_Transmitter_Info ->
 *	                               <- AKE_Send_Cert, AKE_Receiver_Info
 *	AKE_No_Stored_km               ->
 *	                               <- AKE_Send_rrx, _H_prime, _Pairing_Info
 *	(or AKE_Stored_km -> <- AKE_Send_rrx, AKE_Send_H_prime)
 *	LC_Init                        ->
 *	            (with pre-computation: <- RTT_Ready, RTT_Challenge ->)
 *	                               <- LC_Send_L_prime
 *	SKE_Send_Eks                   ->
 *	a repeater:                    <- RepeaterAuth_Send_ReceiverID_List
 *	RepeaterAuth_Send_Ack          ->
 *	RepeaterAuth_Stream_Manage     ->
 *	                               <- RepeaterAuth_Stream_Ready
 *	at any time                    <- Receiver_AuthStatus
 */
#pragma once

#include "hdcp/crypto.h"

enum hdcp_id {
	HDCP_AKE_INIT = 2,
	HDCP_AKE_SEND_CERT,
	HDCP_AKE_NO_STORED_KM,
	HDCP_AKE_STORED_KM,
	HDCP_AKE_SEND_RRX,
	HDCP_AKE_SEND_H_PRIME,
	HDCP_AKE_SEND_PAIRING_INFO,
	HDCP_LC_INIT,
	HDCP_LC_SEND_L_PRIME,
	HDCP_SKE_SEND_EKS,
	HDCP_SEND_RECEIVER_IDS,
	HDCP_RTT_READY,
	HDCP_RTT_CHALLENGE,
	HDCP_SEND_ACK,
	HDCP_STREAM_MANAGE,
	HDCP_STREAM_READY,
	HDCP_AUTH_STATUS,
	HDCP_AKE_TRANSMITTER_INFO,
	HDCP_AKE_RECEIVER_INFO,
};

enum {
	HDCP_NONCE = 8,
	HDCP_HALF = 16, /* of a hash: what V', and L' in two halves, send */
	HDCP_ID_BYTES = 5,
	HDCP_CERT_BYTES = 522,
	HDCP_MAX_DEVICES = 31,
	HDCP_MAX_DEPTH = 4,
	HDCP_MAX_STREAMS = 8, /* ours; the field could say 65,535 */
	HDCP_MAX_MESSAGE = 524,

	HDCP_VERSION_2_1 = 1,
	HDCP_VERSION_2_2 = 2,
	HDCP_PRECOMPUTE = 1, /* in the capability masks */
};

struct hdcp_versions {
	uint8_t version; /* 0: 2.0, 1: 2.1, 2: 2.2 and later */
	uint16_t mask;
};

/* All bytes, so a message of fixed size lies in memory as it is sent. */
struct hdcp_body_cert {
	uint8_t repeater; /* 0 or 1 */
	uint8_t cert[HDCP_CERT_BYTES];
};
struct hdcp_body_stored {
	uint8_t ekh[HDCP_BLOCK];
	uint8_t m[HDCP_BLOCK];
};
struct hdcp_body_eks {
	uint8_t edkey[HDCP_BLOCK];
	uint8_t riv[HDCP_NONCE];
};

struct hdcp_l {
	uint8_t bytes[HDCP_HASH];
	bool is_half; /* the first half only: with pre-computation */
};

struct hdcp_topology {
	bool max_devices_exceeded, max_cascade_exceeded;
	bool has_hdcp20_repeater, has_hdcp1_device; /* downstream */
	uint8_t n, depth;
	uint32_t seq_num_v; /* 24 bits */
	uint8_t v[HDCP_HALF];
	uint8_t ids[HDCP_MAX_DEVICES][HDCP_ID_BYTES];
};

struct hdcp_stream {
	uint32_t ctr;
	uint16_t id;
	uint8_t type; /* 0: any receiver; 1: none with HDCP below 2.2 */
};

struct hdcp_streams {
	uint32_t seq_num_m; /* 24 bits */
	uint16_t n;
	struct hdcp_stream at[HDCP_MAX_STREAMS];
};

struct hdcp_message {
	enum hdcp_id id;
	union {
		uint8_t nonce[HDCP_NONCE]; /* AKE_INIT rtx, RRX, LC_INIT rn */
		struct hdcp_body_cert cert;
		uint8_t ekpub[HDCP_RX_MODULUS]; /* NO_STORED_KM */
		struct hdcp_body_stored stored;
		uint8_t hash[HDCP_HASH]; /* H_PRIME, STREAM_READY */
		uint8_t ekh[HDCP_BLOCK]; /* PAIRING_INFO */
		uint8_t half[HDCP_HALF]; /* RTT_CHALLENGE, ACK */
		struct hdcp_l l;
		struct hdcp_body_eks eks;
		struct hdcp_topology topology;
		struct hdcp_streams streams;
		bool reauth_req; /* AUTH_STATUS */
		struct hdcp_versions info;
	};
};

enum hdcp_sender { HDCP_FROM_TRANSMITTER, HDCP_FROM_RECEIVER };

/* What a reader must know to find the end of a message. */
struct hdcp_framing {
	enum hdcp_sender sender;
	bool is_half_l; /* pre-computation was agreed on */
};

/*
 * How long the message is that begins here: 0 if more bytes are needed to say,
 * -EBADMSG if this sender sends none such, -ERANGE if it is above our limits.
 */
int hdcp_message_length(
    struct hdcp_framing framing, const uint8_t *bytes, uint32_t n) MUST_CHECK;
/* Exactly one message. -EBADMSG, -ERANGE; then *out is zero. */
int hdcp_decode(struct hdcp_framing framing, const uint8_t *bytes, uint32_t n,
    struct hdcp_message *out) MUST_CHECK;
/* Its length, or -EMSGSIZE. */
int hdcp_encode(
    const struct hdcp_message *m, uint8_t *out, uint32_t n) MUST_CHECK;

/* What V and M' are made of: a part of the message in another order. */
void hdcp_put_topology(struct wr *wr, const struct hdcp_topology *t);
void hdcp_put_streams(struct wr *wr, const struct hdcp_streams *s);

/* Bytes in, messages out. */
struct hdcp_inbox {
	uint32_t n;
	uint8_t bytes[HDCP_MAX_MESSAGE];
};
/*
 * Take bytes until one message is whole: 1 and *out; 0: all n are taken and
 * more are needed. *used bytes are taken. -EBADMSG, -ERANGE: give up.
 */
int hdcp_inbox_take(struct hdcp_inbox *inbox, struct hdcp_framing framing,
    const uint8_t *bytes, uint32_t n, uint32_t *used,
    struct hdcp_message *out) MUST_CHECK;
