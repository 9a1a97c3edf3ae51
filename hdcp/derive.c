#include "hdcp/derive.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

static void
xor_bytes(uint8_t *at, const uint8_t *with, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		at[i] ^= with[i];
}

int
hdcp_derive_dkey(const struct hdcp_ake *ake, const uint8_t rn[HDCP_NONCE],
    uint8_t i, uint8_t dkey[HDCP_BLOCK])
{
	uint8_t key[HDCP_BLOCK], block[HDCP_BLOCK] = {0};

	memcpy(key, ake->km, HDCP_BLOCK);
	xor_bytes(key + HDCP_NONCE, rn, HDCP_NONCE);
	memcpy(block, ake->rtx, HDCP_NONCE);
	if (!ake->is_legacy)
		memcpy(block + HDCP_NONCE, ake->rrx, HDCP_NONCE);
	block[HDCP_BLOCK - 1] ^= i; /* the counter, 64 bits, big-endian */

	const int err = hdcp_aes_block(key, block, dkey);
	hdcp_wipe(key, sizeof(key));
	return err;
}

int
hdcp_derive_kd(const struct hdcp_ake *ake, uint8_t kd[HDCP_HASH])
{
	const uint8_t no_rn[HDCP_NONCE] = {0};
	int err = hdcp_derive_dkey(ake, no_rn, 0, kd);

	if (err == 0)
		err = hdcp_derive_dkey(ake, no_rn, 1, kd + HDCP_BLOCK);
	if (err < 0)
		hdcp_wipe(kd, HDCP_HASH);
	return err;
}

static void
wr_versions(struct wr *wr, const struct hdcp_versions *v)
{
	wr_u8(wr, v->version);
	wr_big(wr, v->mask, 2);
}

int
hdcp_derive_h(const uint8_t kd[HDCP_HASH], const uint8_t rtx[HDCP_NONCE],
    bool is_repeater, const struct hdcp_both_versions *both,
    uint8_t h[HDCP_HASH])
{
	uint8_t in[HDCP_NONCE + 6];
	struct wr wr;

	wr_init(&wr, in, sizeof(in));
	wr_bytes(&wr, rtx, HDCP_NONCE);
	in[HDCP_NONCE - 1] ^= is_repeater;
	if (both) {
		wr_versions(&wr, &both->rx);
		wr_versions(&wr, &both->tx);
	}
	return hdcp_hmac(kd, in, wr.off, h);
}

int
hdcp_derive_l(const uint8_t kd[HDCP_HASH], const uint8_t rrx[HDCP_NONCE],
    const uint8_t rn[HDCP_NONCE], uint8_t l[HDCP_HASH])
{
	uint8_t key[HDCP_HASH];

	memcpy(key, kd, HDCP_HASH);
	xor_bytes(key + HDCP_HASH - HDCP_NONCE, rrx, HDCP_NONCE);
	const int err = hdcp_hmac(key, rn, HDCP_NONCE, l);
	hdcp_wipe(key, sizeof(key));
	return err;
}

int
hdcp_derive_v(const uint8_t kd[HDCP_HASH], const struct hdcp_topology *t,
    uint8_t v[HDCP_HASH])
{
	uint8_t in[HDCP_MAX_DEVICES * HDCP_ID_BYTES + 9];
	struct wr wr;

	wr_init(&wr, in, sizeof(in));
	hdcp_put_topology(&wr, t);
	return hdcp_hmac(kd, in, wr.off, v);
}

int
hdcp_derive_m(const uint8_t kd[HDCP_HASH], const uint8_t *streams, uint32_t n,
    uint8_t m[HDCP_HASH])
{
	uint8_t key[HDCP_HASH];
	int err = hdcp_sha256(kd, HDCP_HASH, key);

	if (err == 0)
		err = hdcp_hmac(key, streams, n, m);
	hdcp_wipe(key, sizeof(key));
	return err;
}

int
hdcp_derive_m_iia(const uint8_t kd[HDCP_HASH], const struct hdcp_streams *s,
    uint8_t m[HDCP_HASH])
{
	uint8_t in[HDCP_MAX_STREAMS * 7 + 3];
	struct wr wr;

	wr_init(&wr, in, sizeof(in));
	hdcp_put_streams(&wr, s);
	return hdcp_derive_m(kd, in, wr.off, m);
}

/* at ^= MGF1-SHA-256(seed): PKCS #1 v2.2, B.2.1. n is a few blocks at most. */
static int
xor_mgf1(uint8_t *at, uint32_t n, const uint8_t *seed, uint32_t n_seed)
{
	uint8_t in[HDCP_RX_MODULUS + 4] = {0}, mask[HDCP_HASH];

	memcpy(in, seed, n_seed);
	for (uint32_t done = 0; done < n; done += HDCP_HASH) {
		const uint32_t left = n - done;
		in[n_seed + 3] = (uint8_t)(done / HDCP_HASH);
		const int err = hdcp_sha256(in, n_seed + 4, mask);
		if (err < 0)
			return err;
		xor_bytes(at + done, mask, left < HDCP_HASH ? left : HDCP_HASH);
	}
	hdcp_wipe(mask, sizeof(mask));
	hdcp_wipe(in, sizeof(in));
	return 0;
}

/*
 * EM = 0 || seed ^ MGF(DB) || DB ^ MGF(seed)
 * DB = SHA-256("") || 0 ... 0 || 1 || km: PKCS #1 v2.2, 7.1.1. Written here
 * because the library chooses the seed itself, and vectors bring one.
 */
int
hdcp_wrap_km(const uint8_t n[HDCP_RX_MODULUS], const uint8_t km[HDCP_BLOCK],
    const uint8_t seed[HDCP_HASH], uint8_t ekpub[HDCP_RX_MODULUS])
{
	enum { DB = HDCP_RX_MODULUS - 1 - HDCP_HASH };
	uint8_t em[HDCP_RX_MODULUS] = {0};
	uint8_t *const masked_seed = em + 1;
	uint8_t *const db = em + 1 + HDCP_HASH;

	memcpy(masked_seed, seed, HDCP_HASH);
	int err = hdcp_sha256(NULL, 0, db);
	db[DB - HDCP_BLOCK - 1] = 1;
	memcpy(db + DB - HDCP_BLOCK, km, HDCP_BLOCK);
	if (err == 0)
		err = xor_mgf1(db, DB, seed, HDCP_HASH);
	if (err == 0)
		err = xor_mgf1(masked_seed, HDCP_HASH, db, DB);
	if (err == 0)
		err = hdcp_rsa_public(n, em, ekpub);
	else
		memset(ekpub, 0, HDCP_RX_MODULUS);
	hdcp_wipe(em, sizeof(em));
	return err;
}

int
hdcp_derive_kh(const uint8_t parts[5 * HDCP_PRIME], uint8_t kh[HDCP_BLOCK])
{
	uint8_t hash[HDCP_HASH];
	const int err = hdcp_sha256(parts, 5 * HDCP_PRIME, hash);

	memcpy(kh, hash + HDCP_HASH - HDCP_BLOCK, HDCP_BLOCK);
	hdcp_wipe(hash, sizeof(hash));
	return err;
}

void
hdcp_pairing_m(const struct hdcp_ake *ake, uint8_t m[HDCP_BLOCK])
{
	memset(m, 0, HDCP_BLOCK);
	memcpy(m, ake->rtx, HDCP_NONCE);
	if (!ake->is_legacy)
		memcpy(m + HDCP_NONCE, ake->rrx, HDCP_NONCE);
}

int
hdcp_mask_km(const uint8_t kh[HDCP_BLOCK], const uint8_t m[HDCP_BLOCK],
    const uint8_t in[HDCP_BLOCK], uint8_t out[HDCP_BLOCK])
{
	uint8_t mask[HDCP_BLOCK];
	const int err = hdcp_aes_block(kh, m, mask);

	xor_bytes(mask, in, HDCP_BLOCK);
	if (err == 0)
		memcpy(out, mask, HDCP_BLOCK);
	else
		memset(out, 0, HDCP_BLOCK);
	hdcp_wipe(mask, sizeof(mask));
	return err;
}

int
hdcp_mask_ks(const struct hdcp_ake *ake, const uint8_t rn[HDCP_NONCE],
    const uint8_t in[HDCP_BLOCK], uint8_t out[HDCP_BLOCK])
{
	uint8_t mask[HDCP_BLOCK];
	const int err = hdcp_derive_dkey(ake, rn, 2, mask);

	xor_bytes(mask + HDCP_NONCE, ake->rrx, HDCP_NONCE);
	xor_bytes(mask, in, HDCP_BLOCK);
	if (err == 0)
		memcpy(out, mask, HDCP_BLOCK);
	else
		memset(out, 0, HDCP_BLOCK);
	hdcp_wipe(mask, sizeof(mask));
	return err;
}

void
hdcp_content_key(const uint8_t ks[HDCP_BLOCK], const uint8_t lc128[HDCP_BLOCK],
    uint8_t key[HDCP_BLOCK])
{
	memcpy(key, ks, HDCP_BLOCK);
	xor_bytes(key, lc128, HDCP_BLOCK);
}
