/*
 * broker: the records between one tds-guest of a Xen domain and tds-xen, the
 * broker, over two SOCK_SEQPACKET sockets.
 *
 *	ask	tds-guest asks, waits a short time, is answered
 *	news	tds-xen says what has connected
 *
 * A page is a page offset in a gntdev descriptor, what mmap() takes. tds-guest
 * cannot map a page that it did not ask for, as it may do no ioctl of gntdev.
 * All numbers are u32, little-endian.
 */
#pragma once

#include "protocol/limits.h"
#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	BROKER_MAX_GREFS = 16384,
	BROKER_ASK_BYTES = 12 + 4 * BROKER_MAX_GREFS,
	BROKER_ANSWER_BYTES = 8,
	BROKER_NEWS_BYTES = 32,
};

enum broker_op { BROKER_MAP = 1, BROKER_UNMAP = 2 };
/*
 * Whose descriptor: pixels are the core's to mmap; single pages, and the same
 * pixels once more to look at, this process's.
 */
enum broker_where { BROKER_RINGS, BROKER_PIXELS, BROKER_LOOK };

/* ask: op, where, n, then n grefs (MAP) or the first page (UNMAP) */
struct broker_ask {
	enum broker_op op;
	enum broker_where where;
	uint32_t n;
	uint32_t page;			   /* UNMAP */
	uint32_t grefs[BROKER_MAX_GREFS]; /* MAP */
};

/* answer: errno or 0, first page */
struct broker_answer {
	uint32_t error, page;
};

enum broker_device { BROKER_CONNECTOR = 1, BROKER_KEYBOARD = 2 };

/*
 * news: device, connector, page, port, then
 *	CONNECTOR	event page, event port, version of the protocol, 0
 *	KEYBOARD	is_absolute, width, height of its axes, contacts
 */
struct broker_news {
	enum broker_device device;
	uint32_t connector, page, port;
	uint32_t event_page, event_port, version; /* CONNECTOR */
	uint32_t is_absolute, width, height;	  /* KEYBOARD */
	uint32_t contacts; /* KEYBOARD: 0: no touchscreen */
};

/* The length, or -EMSGSIZE. */
int encode_ask(const struct broker_ask *in, uint8_t *out,
    uint32_t size) MUST_CHECK;
/* -EBADMSG, -ERANGE */
int decode_ask(
    const uint8_t *bytes, uint32_t len, struct broker_ask *out) MUST_CHECK;
void encode_answer(
    const struct broker_answer *in, uint8_t out[BROKER_ANSWER_BYTES]);
int decode_answer(
    const uint8_t *bytes, uint32_t len, struct broker_answer *out) MUST_CHECK;
void encode_news(const struct broker_news *in, uint8_t out[BROKER_NEWS_BYTES]);
int decode_news(
    const uint8_t *bytes, uint32_t len, struct broker_news *out) MUST_CHECK;
