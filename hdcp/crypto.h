/*
 * crypto: every operation of HDCP 2.x that is not ours to write, behind one
 * small header. crypto_openssl.c is the only file that knows the library.
 *
 * Functions that return int: 0; -EKEYREJECTED where a signature or padding is
 * wrong; -EINVAL, -ENOMEM or -EIO where the library refuses. On any error what
 * they would have written is zero. Comparison and wiping cannot fail.
 */
#pragma once

#include "tds/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HDCP_BLOCK = 16,	/* AES block and key */
	HDCP_HASH = 32,		/* SHA-256 */
	HDCP_RX_MODULUS = 128,	/* a receiver's RSA key, 1024 bits */
	HDCP_DCP_MODULUS = 384, /* the authority's RSA key, 3072 bits */
	HDCP_DSA_P = 128,	/* the authority's key of HDCP 1.x */
	HDCP_DSA_SIG = 40,	/* r || s */
	HDCP_PRIME = 64,	/* each part of a receiver's private key */
	HDCP_MAC = 16,		/* Poly1305 */
};

/* Get every algorithm and seed the generator: before a process seals itself. */
int hdcp_crypto_init(void) MUST_CHECK;

bool hdcp_equal(const void *a, const void *b, size_t n); /* constant time */
void hdcp_wipe(void *at, size_t n); /* also where a compiler sees no use */

/* Where random bytes come from: vectors bring their own. */
struct hdcp_random {
	int (*fill)(void *arg, uint8_t *out, size_t n);
	void *arg; /* borrowed from the caller */
};
extern const struct hdcp_random hdcp_random_system;

int hdcp_aes_block(const uint8_t key[HDCP_BLOCK], const uint8_t in[HDCP_BLOCK],
    uint8_t out[HDCP_BLOCK]) MUST_CHECK;
int hdcp_sha256(const uint8_t *in, size_t n, uint8_t out[HDCP_HASH]) MUST_CHECK;
int hdcp_hmac(const uint8_t key[HDCP_HASH], const uint8_t *in, size_t n,
    uint8_t out[HDCP_HASH]) MUST_CHECK;

/* in^e mod n, for EME-OAEP made by derive.c; e is the certificate's 65537. */
int hdcp_rsa_public(const uint8_t n[HDCP_RX_MODULUS],
    const uint8_t in[HDCP_RX_MODULUS], uint8_t out[HDCP_RX_MODULUS]) MUST_CHECK;

/* The authority's key of HDCP 2.x: signs certificates and SRMs. */
struct hdcp_authority {
	uint8_t n[HDCP_DCP_MODULUS];
	uint8_t e;
};
/* RSASSA-PKCS1-v1_5 with SHA-256. */
int hdcp_rsa_verify(const struct hdcp_authority *authority, const uint8_t *in,
    size_t n, const uint8_t sig[HDCP_DCP_MODULUS]) MUST_CHECK;
/* DSA with SHA-1, domain parameters of HDCP 1.x; y: the authority's key. */
int hdcp_dsa_verify(const uint8_t y[HDCP_DSA_P], const uint8_t *in, size_t n,
    const uint8_t sig[HDCP_DSA_SIG]) MUST_CHECK;

/* A receiver's private key. */
struct hdcp_private;
/* parts: p || q || dP || dQ || qInv */
int hdcp_private_create(
    const uint8_t parts[5 * HDCP_PRIME], struct hdcp_private **out) MUST_CHECK;
void hdcp_private_destroy(struct hdcp_private *key);
/* RSAES-OAEP, SHA-256, MGF1-SHA-256, no label: exactly one block comes out. */
int hdcp_private_open(const struct hdcp_private *key,
    const uint8_t in[HDCP_RX_MODULUS], uint8_t km[HDCP_BLOCK]) MUST_CHECK;

/* AES-128-CTR with a 128-bit big-endian counter block. */
struct hdcp_ctr;
int hdcp_ctr_create(
    const uint8_t key[HDCP_BLOCK], struct hdcp_ctr **out) MUST_CHECK;
void hdcp_ctr_destroy(struct hdcp_ctr *ctr);
/* The next byte is the first one under this counter block. */
int hdcp_ctr_seek(
    struct hdcp_ctr *ctr, const uint8_t block[HDCP_BLOCK]) MUST_CHECK;
/* in and out: the same place or apart. Goes on where the last call ended. */
int hdcp_ctr_xor(
    struct hdcp_ctr *ctr, const uint8_t *in, uint8_t *out, size_t n) MUST_CHECK;

/* Poly1305. Each key signs one message and is then worthless. */
struct hdcp_mac;
int hdcp_mac_create(struct hdcp_mac **out) MUST_CHECK;
void hdcp_mac_destroy(struct hdcp_mac *mac);
int hdcp_mac_once(struct hdcp_mac *mac, const uint8_t key[2 * HDCP_BLOCK],
    const uint8_t *in, size_t n, uint8_t tag[HDCP_MAC]) MUST_CHECK;
