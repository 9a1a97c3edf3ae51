/*
 * seal: the outer layer. This is ours, not HDCP's: HDCP encrypts and does
 * nothing else, so that a carrier which knows a pixel could change it. Here
 * each piece of content carries a number, a time and a tag over all of it:
 *
 *	kind:1  length:3  number:8  sent_ms:4  PES packet  tag:16
 *	'---------------- tagged ------------------------'
 *
 * tag = Poly1305 under a key that is used once: 32 bytes of AES-128-CTR, keyed
 * with the session's mac_key, from the counter block number || 0. Numbers are
 * 0, 1, 2 ... in each session. What was changed, left out, repeated or moved is
 * found at once; what is held back, when it comes too late or not at all.
 *
 * The other kind of record carries HDCP's own messages, which protect
 * themselves: kind:1 length:3 bytes. length counts what follows it.
 */
#pragma once

#include "hdcp/content.h"

enum hdcp_record { HDCP_RECORD_MESSAGES = 1, HDCP_RECORD_CONTENT = 2 };

enum {
	HDCP_RECORD_HEADER = 4,
	HDCP_SEAL_HEADER = HDCP_RECORD_HEADER + 12,
	HDCP_SEAL_EXTRA = HDCP_SEAL_HEADER + HDCP_MAC,
	HDCP_RECORD_MAX =
	    HDCP_SEAL_EXTRA + HDCP_PES_HEADER + HDCP_PES_MAX_PAYLOAD,
	HDCP_SEAL_MAX_DELAY_MS = 500, /* beyond the fastest record so far */
	HDCP_SEAL_MAX_SILENCE_MS = 1000,
	HDCP_SEAL_BEAT_MS = 250, /* how often a sender says that it lives */
};

/* The length of the record that begins here; 0: four bytes are needed. */
int hdcp_record_length(const uint8_t *bytes, uint32_t n) MUST_CHECK;
/* Put a head before n bytes of messages: bytes written, or -EMSGSIZE. */
int hdcp_record_put_messages(const uint8_t *messages, uint32_t n, uint8_t *out,
    uint32_t room) MUST_CHECK;

struct hdcp_seal {
	struct hdcp_content content;
	struct hdcp_ctr *once; /* owned: makes the keys of the tags */
	struct hdcp_mac *mac;  /* owned */
	uint64_t number;       /* of the next record */
	uint64_t start_ns;
	bool is_broken; /* a receiver found something: until a new session */
	bool has_offset;
	int64_t least_offset_ms; /* our clock less the sender's, the fastest */
	uint64_t last_ns;	 /* when the last authentic record came */
};

/* Begins zeroed. session: as for hdcp_content_start(). */
int hdcp_seal_start(struct hdcp_seal *s, const struct hdcp_session *keys,
    uint32_t session, uint32_t stream_ctr, uint64_t now_ns) MUST_CHECK;
void hdcp_seal_stop(struct hdcp_seal *s);

/* As hdcp_content_put(), with the record around it. */
int hdcp_seal_put(struct hdcp_seal *s, const struct hdcp_tile *tile,
    const struct hdcp_image *from, uint64_t now_ns, uint8_t *out,
    uint32_t room) MUST_CHECK;
/*
 * Check one whole record, and only then decrypt it. After any error every
 * record is refused (-EPROTO) until a new session.
 * -EBADMSG: changed, or out of its place; -ETIME: held back.
 */
int hdcp_seal_take(struct hdcp_seal *s, const uint8_t *bytes, uint32_t n,
    uint64_t now_ns, struct hdcp_image *to, struct hdcp_tile *tile) MUST_CHECK;
/* Is what is shown still what the sender shows? Ask at every frame. */
bool hdcp_seal_is_authentic(const struct hdcp_seal *s, uint64_t now_ns);
/* Silence until then, and it is authentic no more. */
uint64_t hdcp_seal_deadline(const struct hdcp_seal *s);
