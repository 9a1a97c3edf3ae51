#include "hdcp/crypto.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* Kept for the life of the process, so that nothing is fetched later. */
static struct {
	EVP_CIPHER *ecb, *ctr;
	EVP_MD *sha256;
	EVP_MAC *hmac, *poly1305;
} algorithms;

int
hdcp_crypto_init(void)
{
	uint8_t seed[HDCP_BLOCK];

	if (algorithms.poly1305)
		return 0;
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
		return -EIO;
	algorithms.ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	algorithms.ctr = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	algorithms.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	algorithms.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	algorithms.poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	if (!algorithms.ecb || !algorithms.ctr || !algorithms.sha256 ||
	    !algorithms.hmac || !algorithms.poly1305)
		return -EIO;
	return hdcp_random_system.fill(NULL, seed, sizeof(seed));
}

bool
hdcp_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
hdcp_wipe(void *at, size_t n)
{
	OPENSSL_cleanse(at, n);
}

static int
fill_random(void *arg, uint8_t *out, size_t n)
{
	(void)arg;
	if (n > INT_MAX || RAND_priv_bytes(out, (int)n) != 1) {
		memset(out, 0, n);
		return -EIO;
	}
	return 0;
}

const struct hdcp_random hdcp_random_system = {.fill = fill_random};

static void
free_cipher(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c); /* wipes the key schedule */
}

static void
free_mac(EVP_MAC_CTX **c)
{
	EVP_MAC_CTX_free(*c);
}

#define AUTO_CIPHER __attribute__((cleanup(free_cipher))) EVP_CIPHER_CTX
#define AUTO_MAC __attribute__((cleanup(free_mac))) EVP_MAC_CTX

int
hdcp_aes_block(const uint8_t key[HDCP_BLOCK], const uint8_t in[HDCP_BLOCK],
    uint8_t out[HDCP_BLOCK])
{
	AUTO_CIPHER *c = EVP_CIPHER_CTX_new();
	int n = 0;

	memset(out, 0, HDCP_BLOCK);
	if (!c)
		return -ENOMEM;
	if (EVP_EncryptInit_ex2(c, algorithms.ecb, key, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(c, 0) != 1 ||
	    EVP_EncryptUpdate(c, out, &n, in, HDCP_BLOCK) != 1 ||
	    n != HDCP_BLOCK)
		return -EIO;
	return 0;
}

int
hdcp_sha256(const uint8_t *in, size_t n, uint8_t out[HDCP_HASH])
{
	unsigned int len = 0;

	if (EVP_Digest(in, n, out, &len, algorithms.sha256, NULL) == 1 &&
	    len == HDCP_HASH)
		return 0;
	memset(out, 0, HDCP_HASH);
	return -EIO;
}

int
hdcp_hmac(const uint8_t key[HDCP_HASH], const uint8_t *in, size_t n,
    uint8_t out[HDCP_HASH])
{
	char name[] = "SHA256";
	const OSSL_PARAM digest[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
	    OSSL_PARAM_construct_end()};
	AUTO_MAC *c = EVP_MAC_CTX_new(algorithms.hmac);
	size_t len = 0;

	memset(out, 0, HDCP_HASH);
	if (!c)
		return -ENOMEM;
	if (EVP_MAC_init(c, key, HDCP_HASH, digest) != 1 ||
	    EVP_MAC_update(c, in, n) != 1 ||
	    EVP_MAC_final(c, out, &len, HDCP_HASH) != 1 || len != HDCP_HASH)
		return -EIO;
	return 0;
}

struct hdcp_ctr {
	EVP_CIPHER_CTX *c; /* owned */
};

int
hdcp_ctr_create(const uint8_t key[HDCP_BLOCK], struct hdcp_ctr **out)
{
	struct hdcp_ctr *ctr = calloc(1, sizeof(*ctr));

	if (!ctr)
		return -ENOMEM;
	ctr->c = EVP_CIPHER_CTX_new();
	if (!ctr->c ||
	    EVP_EncryptInit_ex2(ctr->c, algorithms.ctr, key, NULL, NULL) != 1) {
		hdcp_ctr_destroy(ctr);
		return -ENOMEM;
	}
	*out = ctr;
	return 0;
}

void
hdcp_ctr_destroy(struct hdcp_ctr *ctr)
{
	if (!ctr)
		return;
	EVP_CIPHER_CTX_free(ctr->c);
	free(ctr);
}

int
hdcp_ctr_seek(struct hdcp_ctr *ctr, const uint8_t block[HDCP_BLOCK])
{
	return EVP_EncryptInit_ex2(ctr->c, NULL, NULL, block, NULL) == 1 ? 0
									 : -EIO;
}

int
hdcp_ctr_xor(struct hdcp_ctr *ctr, const uint8_t *in, uint8_t *out, size_t n)
{
	int len = 0;

	if (n > INT_MAX)
		return -EINVAL;
	if (EVP_EncryptUpdate(ctr->c, out, &len, in, (int)n) == 1 &&
	    (size_t)len == n)
		return 0;
	memset(out, 0, n); /* no byte of plain text where cipher text goes */
	return -EIO;
}

struct hdcp_mac {
	EVP_MAC_CTX *c; /* owned */
};

int
hdcp_mac_create(struct hdcp_mac **out)
{
	struct hdcp_mac *mac = calloc(1, sizeof(*mac));

	if (!mac)
		return -ENOMEM;
	mac->c = EVP_MAC_CTX_new(algorithms.poly1305);
	if (!mac->c) {
		free(mac);
		return -ENOMEM;
	}
	*out = mac;
	return 0;
}

void
hdcp_mac_destroy(struct hdcp_mac *mac)
{
	if (!mac)
		return;
	EVP_MAC_CTX_free(mac->c);
	free(mac);
}

int
hdcp_mac_once(struct hdcp_mac *mac, const uint8_t key[2 * HDCP_BLOCK],
    const uint8_t *in, size_t n, uint8_t tag[HDCP_MAC])
{
	size_t len = 0;

	if (EVP_MAC_init(mac->c, key, 2 * HDCP_BLOCK, NULL) == 1 &&
	    EVP_MAC_update(mac->c, in, n) == 1 &&
	    EVP_MAC_final(mac->c, tag, &len, HDCP_MAC) == 1 && len == HDCP_MAC)
		return 0;
	memset(tag, 0, HDCP_MAC);
	return -EIO;
}
