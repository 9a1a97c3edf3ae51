/* The public-key half of crypto.h. */
#include "hdcp/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { RX_EXPONENT = 65537, DSA_Q = 20 };

/* DSA domain parameters that HDCP 1.x publishes for its SRM. */
static const char dsa_p[] =
    "d3c3f5b2fd1761b7018d75f79343786b17395b355a52c7b8a1a24fc36a7058ff"
    "8e7fa164f500e0dca0d284821d969e4b4f34dc0cae7c7667b844c747d4c6b983"
    "e52ba70e5447cf35f404a0bcd1974c3a10715509b3721530a73f3207b9982049"
    "5c7b9c143275733b028a49fd968919542a39951c46edc2118c59802bf3287527";
static const char dsa_q[] = "ee8af2ce5e6db56acd6d14e297ef3f4df9c708e7";
static const char dsa_g[] =
    "92f85d1b6a4d52131ae43e2445de1ab502afdeaca9bed7315d56d766cd278611"
    "8f5db14abdeca9d25162977da83effa88eedc6bfeb37e1a90e29cd0ca03d799e"
    "92dd2945f778585ff7c835642c21ba7fb1a0b6be81c8a5e3c8ab69b21da54242"
    "c98e9b8aab4a9dc251fa7dac29216fe8b93f185b2f67405b69462442c2ba0bd9";

static void
free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
free_context(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}

static void
free_digest(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static void
free_build(OSSL_PARAM_BLD **b)
{
	OSSL_PARAM_BLD_free(*b);
}

static void
free_number(BIGNUM **n)
{
	BN_clear_free(*n);
}

#define AUTO_KEY __attribute__((cleanup(free_key))) EVP_PKEY
#define AUTO_CONTEXT __attribute__((cleanup(free_context))) EVP_PKEY_CTX
#define AUTO_DIGEST __attribute__((cleanup(free_digest))) EVP_MD_CTX
#define AUTO_BUILD __attribute__((cleanup(free_build))) OSSL_PARAM_BLD
#define AUTO_NUMBER __attribute__((cleanup(free_number))) BIGNUM

static EVP_PKEY *
make_key(const char *type, int selection, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	AUTO_CONTEXT *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params && c && EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &key, selection, params) != 1)
		key = NULL;
	/* the library does not wipe what it built them from */
	for (OSSL_PARAM *p = params; p && p->key; p++)
		OPENSSL_cleanse(p->data, p->data_size);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *
make_rsa_public(const uint8_t *n_bytes, int len, unsigned long e_value)
{
	AUTO_BUILD *build = OSSL_PARAM_BLD_new();
	AUTO_NUMBER *n = BN_bin2bn(n_bytes, len, NULL);
	AUTO_NUMBER *e = BN_new();

	if (!build || !n || !e || !BN_set_word(e, e_value) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		return NULL;
	return make_key("RSA", EVP_PKEY_PUBLIC_KEY, build);
}

int
hdcp_rsa_public(const uint8_t n[HDCP_RX_MODULUS],
    const uint8_t in[HDCP_RX_MODULUS], uint8_t out[HDCP_RX_MODULUS])
{
	AUTO_KEY *key = make_rsa_public(n, HDCP_RX_MODULUS, RX_EXPONENT);
	AUTO_CONTEXT *c = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t len = HDCP_RX_MODULUS;

	memset(out, 0, HDCP_RX_MODULUS);
	if (!c)
		return -EINVAL;
	if (EVP_PKEY_encrypt_init(c) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) != 1 ||
	    EVP_PKEY_encrypt(c, out, &len, in, HDCP_RX_MODULUS) != 1 ||
	    len != HDCP_RX_MODULUS) {
		memset(out, 0, HDCP_RX_MODULUS);
		return -EINVAL; /* e.g. in is not below n */
	}
	return 0;
}

int
hdcp_rsa_verify(const struct hdcp_authority *authority, const uint8_t *in,
    size_t n, const uint8_t sig[HDCP_DCP_MODULUS])
{
	AUTO_KEY *key =
	    make_rsa_public(authority->n, HDCP_DCP_MODULUS, authority->e);
	AUTO_DIGEST *c = EVP_MD_CTX_new();

	if (!key || !c)
		return -EINVAL;
	/* PKCS #1 v1.5 is what EVP takes for RSA unless told otherwise */
	if (EVP_DigestVerifyInit_ex(c, NULL, "SHA256", NULL, NULL, key, NULL) !=
	    1)
		return -EIO;
	return EVP_DigestVerify(c, sig, HDCP_DCP_MODULUS, in, n) == 1
		   ? 0
		   : -EKEYREJECTED;
}

/* r || s as the DER that the library wants; its length, or -1. */
static int
encode_dsa_sig(const uint8_t sig[HDCP_DSA_SIG], uint8_t **der)
{
	BIGNUM *r = BN_bin2bn(sig, DSA_Q, NULL);
	BIGNUM *s = BN_bin2bn(sig + DSA_Q, DSA_Q, NULL);
	DSA_SIG *parts = DSA_SIG_new();

	if (!r || !s || !parts || DSA_SIG_set0(parts, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		DSA_SIG_free(parts);
		return -1;
	}
	const int len = i2d_DSA_SIG(parts, der);
	DSA_SIG_free(parts);
	return len;
}

static EVP_PKEY *
make_dsa_public(const uint8_t y_bytes[HDCP_DSA_P])
{
	AUTO_BUILD *build = OSSL_PARAM_BLD_new();
	AUTO_NUMBER *y = BN_bin2bn(y_bytes, HDCP_DSA_P, NULL);
	BIGNUM *p = NULL, *q = NULL, *g = NULL;
	EVP_PKEY *key = NULL;

	if (build && y && BN_hex2bn(&p, dsa_p) && BN_hex2bn(&q, dsa_q) &&
	    BN_hex2bn(&g, dsa_g) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, q) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, y))
		key = make_key("DSA", EVP_PKEY_PUBLIC_KEY, build);
	BN_free(p);
	BN_free(q);
	BN_free(g);
	return key;
}

int
hdcp_dsa_verify(const uint8_t y[HDCP_DSA_P], const uint8_t *in, size_t n,
    const uint8_t sig[HDCP_DSA_SIG])
{
	AUTO_KEY *key = make_dsa_public(y);
	AUTO_DIGEST *c = EVP_MD_CTX_new();
	uint8_t *der = NULL;

	if (!key || !c)
		return -EINVAL;
	if (EVP_DigestVerifyInit_ex(c, NULL, "SHA1", NULL, NULL, key, NULL) !=
	    1)
		return -EIO;
	const int len = encode_dsa_sig(sig, &der);
	if (len <= 0)
		return -ENOMEM;
	const int ok = EVP_DigestVerify(c, der, (size_t)len, in, n);
	OPENSSL_free(der);
	return ok == 1 ? 0 : -EKEYREJECTED;
}

struct hdcp_private {
	EVP_PKEY *key; /* owned */
};

struct parts {
	BIGNUM *p, *q, *dp, *dq, *qinv; /* owned */
	BIGNUM *n, *e, *d;		/* owned: derived */
};

static void
finish_parts(struct parts *k)
{
	BN_clear_free(k->p);
	BN_clear_free(k->q);
	BN_clear_free(k->dp);
	BN_clear_free(k->dq);
	BN_clear_free(k->qinv);
	BN_clear_free(k->n);
	BN_clear_free(k->e);
	BN_clear_free(k->d);
}

/* n = pq, d = 1/e mod (p - 1)(q - 1): the library wants them as well. */
static bool
derive_parts(struct parts *k)
{
	BN_CTX *c = BN_CTX_secure_new();
	AUTO_NUMBER *p1 = BN_dup(k->p);
	AUTO_NUMBER *q1 = BN_dup(k->q);
	AUTO_NUMBER *phi = BN_new();

	k->n = BN_new();
	k->e = BN_new();
	k->d = BN_new();
	const bool ok = c && p1 && q1 && phi && k->n && k->e && k->d &&
			BN_mul(k->n, k->p, k->q, c) && BN_sub_word(p1, 1) &&
			BN_sub_word(q1, 1) && BN_mul(phi, p1, q1, c) &&
			BN_set_word(k->e, RX_EXPONENT) &&
			BN_mod_inverse(k->d, k->e, phi, c);
	BN_CTX_free(c);
	return ok;
}

static EVP_PKEY *
make_private(const struct parts *k)
{
	AUTO_BUILD *b = OSSL_PARAM_BLD_new();

	if (!b || !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, k->n) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, k->e) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, k->d) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR1, k->p) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR2, k->q) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT1, k->dp) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT2, k->dq) ||
	    !OSSL_PARAM_BLD_push_BN(
		b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, k->qinv))
		return NULL;
	return make_key("RSA", EVP_PKEY_KEYPAIR, b);
}

int
hdcp_private_create(
    const uint8_t parts[5 * HDCP_PRIME], struct hdcp_private **out)
{
	struct hdcp_private *key = calloc(1, sizeof(*key));
	struct parts k = {
	    .p = BN_bin2bn(parts, HDCP_PRIME, NULL),
	    .q = BN_bin2bn(parts + HDCP_PRIME, HDCP_PRIME, NULL),
	    .dp = BN_bin2bn(parts + 2 * HDCP_PRIME, HDCP_PRIME, NULL),
	    .dq = BN_bin2bn(parts + 3 * HDCP_PRIME, HDCP_PRIME, NULL),
	    .qinv = BN_bin2bn(parts + 4 * HDCP_PRIME, HDCP_PRIME, NULL),
	};

	if (key && k.p && k.q && k.dp && k.dq && k.qinv && derive_parts(&k))
		key->key = make_private(&k);
	finish_parts(&k);
	if (!key || !key->key) {
		free(key);
		return -EINVAL;
	}
	*out = key;
	return 0;
}

void
hdcp_private_destroy(struct hdcp_private *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

int
hdcp_private_open(const struct hdcp_private *key,
    const uint8_t in[HDCP_RX_MODULUS], uint8_t km[HDCP_BLOCK])
{
	AUTO_CONTEXT *c = EVP_PKEY_CTX_new(key->key, NULL);
	uint8_t plain[HDCP_RX_MODULUS] = {0};
	size_t len = sizeof(plain);
	int err = -EKEYREJECTED;

	memset(km, 0, HDCP_BLOCK);
	if (!c || EVP_PKEY_decrypt_init(c) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md_name(c, "SHA256", NULL) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(c, "SHA256", NULL) != 1)
		return -EIO;
	if (EVP_PKEY_decrypt(c, plain, &len, in, HDCP_RX_MODULUS) == 1 &&
	    len == HDCP_BLOCK) {
		memcpy(km, plain, HDCP_BLOCK);
		err = 0;
	}
	hdcp_wipe(plain, sizeof(plain));
	return err;
}
