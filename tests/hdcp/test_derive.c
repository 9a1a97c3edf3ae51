/*
 * Every published vector of key derivation and authentication, positive and
 * with one bit flipped in what went in.
 */
#include "tests/hdcp/hex.h"
#include "tests/hdcp/vectors.h"

#include "hdcp/cert.h"
#include "hdcp/derive.h"
#include "hdcp/wire.h"

#include <errno.h>

#define LC128 "93ce5a56a0a1f4f73c658a1bd2aef0f7"
#define KS "f3df1dd95796123f989789b421e12de1"
#define SEED "000102030405060708090a0b0c0d0e0f" \
	     "101112131415161718191a1b1c1d1e1f"

struct vector {
	const char *rtx, *rrx, *km, *rn, *id;
	const char *cert, *private, *ekpub;
	bool is_legacy, is_repeater;
	const char *caps; /* RxCaps || TxCaps of HDMI; NULL: IIA 2.0/2.1 */
	const char *kh, *kd, *h, *ekh, *l, *dkey2, *edkey;
};

#define R1 \
	.rtx = "18fae4206afb5149", .rrx = "3ba0bede0c46a991", \
	.km = "68bcc51ba9db1bd0faf15e9ad8a5afb9", .rn = "32753ea878a6381c", \
	.id = "745bb8bd04", .is_repeater = true
#define R2 \
	.rtx = "f9f130a82d5be5c3", .rrx = "e17ab0fd0f544052", \
	.km = "ca9f839570d0d0f9cfe4eb547e09fa3b", .rn = "a0fe9bb8206058ca", \
	.id = "8ba44742fb"

static const struct vector vectors[] = {
    {R1, .cert = CERT_22_R1, .private = PRIVATE_22_R1, .ekpub = EKPUB_22_R1,
	.caps = "020001020000", .kh = "8586c7b66d9fb366a0760cfbc2ab4d34",
	.kd = "4f148d11dd4918106fab166ff6fda6ed"
	      "b5020c0df281badfe41977fad0ac6117",
	.h = "69e0ab212fdb57e67efc43761a2c5cce76c365f19b75c3eac2d277dd5c7e4ac4",
	.ekh = "b89ff9726a6f2c1e29b6448ddca310bd",
	.l = "bc2092335491c19ea4de8b3049c2066ad811a22ab146df74584705a8b767fbdd",
	.dkey2 = "bfed5acb9328d456a9f52e0ef33675f3",
	.edkey = "4c324712c4bec6690ac21964de91f183"},
    {R2, .cert = CERT_22_R2, .private = PRIVATE_22_R2, .ekpub = EKPUB_22_R2,
	.caps = "020000020000", .kh = "c6aa14ebb0354d5083f5de742a8c1ba2",
	.kd = "2a04d7eb0a0b4e20264584011eab0a4a"
	      "f9dc1897e8eed8f9ec6a5d34a96202c9",
	.h = "4ff1a2a56167c8e0ad16c895991b1a21a880c627393fc7bb83eda7e56907a5dc",
	.ekh = "e6578ebcc7684487888a9bd7d6ae38be",
	.l = "f20f136e8553c10cd3ddb2f96d3331f9cb6e978ccd5eda13ddea4144109b51b0",
	.dkey2 = "4554977d855da8c02adef89095027d1a",
	.edkey = "b68b8aa4d2cbbaff5333c1d9bbb710a9"},
    /* DisplayPort: only H' differs, by RxCaps */
    {R1, .cert = CERT_22_R1, .private = PRIVATE_22_R1, .ekpub = EKPUB_22_R1,
	.caps = "020003020000", .kh = "8586c7b66d9fb366a0760cfbc2ab4d34",
	.kd = "4f148d11dd4918106fab166ff6fda6ed"
	      "b5020c0df281badfe41977fad0ac6117",
	.h = "2ef5edf87fd8a3d0f4a9d8ac3ad0b4562e3219114116f1ef0f023d3a78e22ac6",
	.ekh = "b89ff9726a6f2c1e29b6448ddca310bd",
	.l = "bc2092335491c19ea4de8b3049c2066ad811a22ab146df74584705a8b767fbdd",
	.dkey2 = "bfed5acb9328d456a9f52e0ef33675f3",
	.edkey = "4c324712c4bec6690ac21964de91f183"},
    {R2, .cert = CERT_22_R2, .private = PRIVATE_22_R2, .ekpub = EKPUB_22_R2,
	.caps = "020002020000", .kh = "c6aa14ebb0354d5083f5de742a8c1ba2",
	.kd = "2a04d7eb0a0b4e20264584011eab0a4a"
	      "f9dc1897e8eed8f9ec6a5d34a96202c9",
	.h = "82b81acaedfc87727d172353cb8183bfdbbafb90b24e96feba6dad67aa2b2a56",
	.ekh = "e6578ebcc7684487888a9bd7d6ae38be",
	.l = "f20f136e8553c10cd3ddb2f96d3331f9cb6e978ccd5eda13ddea4144109b51b0",
	.dkey2 = "4554977d855da8c02adef89095027d1a",
	.edkey = "b68b8aa4d2cbbaff5333c1d9bbb710a9"},
    {R1, .cert = CERT_20_R1, .private = PRIVATE_20_R1, .ekpub = EKPUB_20_R1,
	.is_legacy = true,
	.kd = "899ea97a52a81a15a3d00874b0677df4"
	      "9a80a3a31add355524771e668d8f5d2d",
	.h = "c3c0392dc866a2c39807b4bc3cbb7ad0e61f49d5e7047e9aea8cacf9d7c8cd89",
	.ekh = "ce82f83656cbbbaf40ba83178cd3a4a6",
	.l = "1b5726deb5651c773170d0094a14eb0d1f1caba9fe84fdd4eb1752e3e8d0d636",
	.dkey2 = "384debf35db23b70dd685d03ea056f75",
	.edkey = "cb92f62a0a24294f7e5f6a69c7a2eb05"},
    /* nobody published this one's private key */
    {R2, .cert = CERT_20_R2, .ekpub = EKPUB_20_R2, .is_legacy = true,
	.kd = "8302a3c7572cc669f70ae73f84bf0565"
	      "8feb206768b0368bc91585628f5c345b",
	.h = "ee6f4074eb1bd07b3515b0f8286ab56696e9392bd762bed46a92d8d0a4184d42",
	.l = "1916b15973bee367f0565051440f53a2df538dcee2581f65f3bf030e6814e0e4",
	.dkey2 = "5604d8410727f65d70902d00e5b42997",
	.edkey = "a5dbc59850b1e462097d1449cb014424"},
};

enum { N_VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void
load(const struct vector *v, struct hdcp_ake *ake, uint8_t rn[HDCP_NONCE])
{
	ake->is_legacy = v->is_legacy;
	HEX(v->km, ake->km);
	HEX(v->rtx, ake->rtx);
	HEX(v->rrx, ake->rrx);
	assert_int_equal(hex(v->rn, rn, HDCP_NONCE), HDCP_NONCE);
}

static void
load_authority(struct hdcp_authority *a)
{
	uint8_t both[HDCP_DCP_MODULUS + 1];

	HEX(AUTHORITY, both);
	memcpy(a->n, both, HDCP_DCP_MODULUS);
	a->e = both[HDCP_DCP_MODULUS];
}

static void
derive_h(const struct vector *v, const struct hdcp_ake *ake,
    const uint8_t kd[HDCP_HASH], uint8_t h[HDCP_HASH])
{
	uint8_t in[HDCP_NONCE + 6];

	if (!v->caps) {
		assert_int_equal(
		    hdcp_derive_h(kd, ake->rtx, v->is_repeater, NULL, h), 0);
		return;
	}
	memcpy(in, ake->rtx, HDCP_NONCE);
	hex(v->caps, in + HDCP_NONCE, 6);
	assert_int_equal(hdcp_hmac(kd, in, sizeof(in), h), 0);
}

static void
kd_h_l_and_edkey_are_the_published_ones(void **state)
{
	(void)state;
	for (int i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t rn[HDCP_NONCE], kd[HDCP_HASH], out[HDCP_HASH];
		uint8_t ks[HDCP_BLOCK], edkey[HDCP_BLOCK];
		struct hdcp_ake ake;
		load(v, &ake, rn);
		HEX(KS, ks);

		assert_int_equal(hdcp_derive_kd(&ake, kd), 0);
		assert_hex(kd, HDCP_HASH, v->kd);
		derive_h(v, &ake, kd, out);
		assert_hex(out, HDCP_HASH, v->h);
		assert_int_equal(hdcp_derive_l(kd, ake.rrx, rn, out), 0);
		assert_hex(out, HDCP_HASH, v->l);
		assert_int_equal(hdcp_derive_dkey(&ake, rn, 2, out), 0);
		assert_hex(out, HDCP_BLOCK, v->dkey2);
		assert_int_equal(hdcp_mask_ks(&ake, rn, ks, edkey), 0);
		assert_hex(edkey, HDCP_BLOCK, v->edkey);
		assert_int_equal(hdcp_mask_ks(&ake, rn, edkey, out), 0);
		assert_memory_equal(out, ks, HDCP_BLOCK);
	}
}

/* Each input bit matters; in 2.0/2.1 rrx does not matter for kd. */
static void
one_flipped_bit_changes_what_is_derived(void **state)
{
	(void)state;
	for (int i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t rn[HDCP_NONCE], kd[HDCP_HASH], want[HDCP_HASH];
		uint8_t out[HDCP_HASH];
		struct hdcp_ake ake;
		load(v, &ake, rn);
		HEX(v->kd, want);

		ake.km[i] ^= 1;
		assert_int_equal(hdcp_derive_kd(&ake, kd), 0);
		assert_memory_not_equal(kd, want, HDCP_HASH);
		ake.km[i] ^= 1;
		ake.rtx[i] ^= 0x80;
		assert_int_equal(hdcp_derive_kd(&ake, kd), 0);
		assert_memory_not_equal(kd, want, HDCP_HASH);
		ake.rtx[i] ^= 0x80;
		ake.rrx[i] ^= 0x10;
		assert_int_equal(hdcp_derive_kd(&ake, kd), 0);
		assert_int_equal(memcmp(kd, want, HDCP_HASH) == 0,
		    v->is_legacy);

		HEX(v->l, want);
		HEX(v->kd, kd);
		assert_int_equal(hdcp_derive_l(kd, ake.rrx, rn, out), 0);
		assert_memory_not_equal(out, want, HDCP_HASH);
		ake.rrx[i] ^= 0x10;
		rn[7] ^= 1;
		assert_int_equal(hdcp_derive_l(kd, ake.rrx, rn, out), 0);
		assert_memory_not_equal(out, want, HDCP_HASH);
		assert_int_equal(hdcp_derive_dkey(&ake, rn, 2, out), 0);
		HEX(v->dkey2, out + HDCP_BLOCK);
		assert_memory_not_equal(out, out + HDCP_BLOCK, HDCP_BLOCK);
		HEX(v->h, want);
		kd[31] ^= 1;
		derive_h(v, &ake, kd, out);
		assert_memory_not_equal(out, want, HDCP_HASH);
	}
}


static void
km_is_wrapped_and_opened_as_published(void **state)
{
	uint8_t seed[HDCP_HASH];

	(void)state;
	HEX(SEED, seed);
	for (int i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t rn[HDCP_NONCE], cert[HDCP_CERT_BYTES];
		uint8_t ekpub[HDCP_RX_MODULUS], parts[5 * HDCP_PRIME];
		uint8_t km[HDCP_BLOCK];
		struct hdcp_private *key;
		struct hdcp_ake ake;
		load(v, &ake, rn);
		HEX(v->cert, cert);

		assert_int_equal(hdcp_wrap_km(cert + HDCP_ID_BYTES, ake.km,
				     seed, ekpub), 0);
		assert_hex(ekpub, sizeof(ekpub), v->ekpub);
		if (!v->private)
			continue;
		HEX(v->private, parts);
		assert_int_equal(hdcp_private_create(parts, &key), 0);
		assert_int_equal(hdcp_private_open(key, ekpub, km), 0);
		assert_memory_equal(km, ake.km, HDCP_BLOCK);
		ekpub[i] ^= 4;
		assert_int_equal(
		    hdcp_private_open(key, ekpub, km), -EKEYREJECTED);
		for (int b = 0; b < HDCP_BLOCK; b++)
			assert_int_equal(km[b], 0);
		hdcp_private_destroy(key);
	}
}

static void
pairing_is_as_published_in_both_directions(void **state)
{
	(void)state;
	for (int i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t rn[HDCP_NONCE], parts[5 * HDCP_PRIME], m[HDCP_BLOCK];
		uint8_t kh[HDCP_BLOCK], ekh[HDCP_BLOCK], km[HDCP_BLOCK];
		struct hdcp_ake ake;
		if (!v->private)
			continue;
		load(v, &ake, rn);
		HEX(v->private, parts);

		assert_int_equal(hdcp_derive_kh(parts, kh), 0);
		if (v->kh)
			assert_hex(kh, HDCP_BLOCK, v->kh);
		hdcp_pairing_m(&ake, m);
		assert_int_equal(hdcp_mask_km(kh, m, ake.km, ekh), 0);
		assert_hex(ekh, HDCP_BLOCK, v->ekh);
		assert_int_equal(hdcp_mask_km(kh, m, ekh, km), 0);
		assert_memory_equal(km, ake.km, HDCP_BLOCK);
		m[i] ^= 1;
		assert_int_equal(hdcp_mask_km(kh, m, ekh, km), 0);
		assert_memory_not_equal(km, ake.km, HDCP_BLOCK);
	}
}

/* HDMI's V covers the same key and other bytes; M' is the same function. */
static void
v_and_m_of_a_repeater_are_the_published_ones(void **state)
{
	const char *v_in = "478e71e20f35796a170e74e85397a20231000000";
	uint8_t kd[HDCP_HASH], in[32], out[HDCP_HASH];

	(void)state;
	HEX(vectors[0].kd, kd);
	const uint32_t n = hex(v_in, in, sizeof(in));
	assert_int_equal(hdcp_hmac(kd, in, n, out), 0);
	assert_hex(out, HDCP_HASH, "bccc7d16e6bcb90260081df74ab45c8a"
				   "636dc5084d6cb10e93a528670f341f88");

	const uint8_t streams[] = {0, 1, 0, 0, 0};
	assert_int_equal(hdcp_derive_m(kd, streams, sizeof(streams), out), 0);
	assert_hex(out, HDCP_HASH, "dd26e9526e0e1d69c884e4ccc809aac7"
				   "71e997b56189096e4d9424c21b6458c6");
	kd[0] ^= 1;
	assert_int_equal(hdcp_derive_m(kd, streams, sizeof(streams), out), 0);
	assert_int_not_equal(out[0], 0xdd);
}

/* The order of fields, spelled out: no vector is published for these. */
static void
v_and_m_of_iia_cover_these_bytes(void **state)
{
	const struct hdcp_topology t = {.n = 1, .depth = 2, .seq_num_v = 0x30405,
	    .max_cascade_exceeded = true, .has_hdcp1_device = true,
	    .ids = {{0x47, 0x8e, 0x71, 0xe2, 0x0f}}};
	const struct hdcp_streams s = {.seq_num_m = 0x10203, .n = 1,
	    .at = {{.ctr = 0xa0b0c0d0, .id = 0x1122, .type = 1}}};
	uint8_t in[64], kd[HDCP_HASH], want[HDCP_HASH], out[HDCP_HASH];

	(void)state;
	HEX(vectors[0].kd, kd);
	uint32_t n = hex("478e71e20f0201000100" "01030405", in, sizeof(in));
	assert_int_equal(hdcp_hmac(kd, in, n, want), 0);
	assert_int_equal(hdcp_derive_v(kd, &t, out), 0);
	assert_memory_equal(out, want, HDCP_HASH);

	n = hex("a0b0c0d0112201010203", in, sizeof(in));
	assert_int_equal(hdcp_derive_m(kd, in, n, want), 0);
	assert_int_equal(hdcp_derive_m_iia(kd, &s, out), 0);
	assert_memory_equal(out, want, HDCP_HASH);
}

static void
h_since_2_2_covers_both_versions(void **state)
{
	const struct hdcp_both_versions both = {
	    .rx = {.version = 2, .mask = 0x0301}, .tx = {.version = 3, .mask = 4}};
	uint8_t in[14], kd[HDCP_HASH], rtx[HDCP_NONCE], want[HDCP_HASH];
	uint8_t h[HDCP_HASH];

	(void)state;
	HEX(vectors[0].kd, kd);
	HEX(vectors[0].rtx, rtx);
	hex("18fae4206afb5148" "020301" "030004", in, sizeof(in));
	assert_int_equal(hdcp_hmac(kd, in, sizeof(in), want), 0);
	assert_int_equal(hdcp_derive_h(kd, rtx, true, &both, h), 0);
	assert_memory_equal(h, want, HDCP_HASH);
}

static void
certificates_are_signed_by_the_authority_and_by_no_other(void **state)
{
	struct hdcp_authority authority;

	(void)state;
	load_authority(&authority);
	for (int i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t bytes[HDCP_CERT_BYTES];
		struct hdcp_cert cert;
		HEX(v->cert, bytes);

		assert_int_equal(hdcp_cert_check(bytes, &authority, &cert), 0);
		assert_hex(cert.id, HDCP_ID_BYTES, v->id);
		assert_int_equal(cert.descriptor, v->is_legacy ? 0 : 1);
		bytes[87 * i] ^= 1; /* in the identifier, in n, in the rest */
		assert_int_equal(hdcp_cert_check(bytes, &authority, &cert),
		    -EKEYREJECTED);
		bytes[87 * i] ^= 1;
		authority.n[200] ^= 2;
		assert_int_not_equal(
		    hdcp_cert_check(bytes, &authority, &cert), 0);
		authority.n[200] ^= 2;
		assert_int_equal(cert.id[0] | cert.n[0], 0);
	}
}

static void
the_content_key_is_ks_with_the_global_constant(void **state)
{
	uint8_t ks[HDCP_BLOCK], lc128[HDCP_BLOCK], key[HDCP_BLOCK];

	(void)state;
	HEX(KS, ks);
	HEX(LC128, lc128);
	hdcp_content_key(ks, lc128, key);
	assert_hex(key, HDCP_BLOCK, "6011478ff737e6c8a4f203aff34fdd16");
}

/* riv, streamCtr and inputCtr are content.c's; here the cipher alone. */
static void
content_is_encrypted_as_published(void **state)
{
	const char *plain = "00000100011b3c5bb800000001b58544"
			    "3b980000000001b24454473141fe0000";
	uint8_t key[HDCP_BLOCK], block[HDCP_BLOCK] = {0}, text[32], out[32];
	struct hdcp_ctr *ctr;

	(void)state;
	HEX("6011478ff737e6c8a4f203aff34fdd16", key);
	HEX("9a6d1100a9b76f64", block);
	HEX(plain, text);
	assert_int_equal(hdcp_ctr_create(key, &ctr), 0);
	assert_int_equal(hdcp_ctr_seek(ctr, block), 0);
	assert_int_equal(hdcp_ctr_xor(ctr, text, out, 5), 0);
	assert_int_equal(hdcp_ctr_xor(ctr, text + 5, out + 5, 27), 0);
	assert_hex(out, 32, "218b92a328c9843617464ed8687a67b0"
			    "eb667230245b702a2586ab4a7a9a3a4f");
	assert_int_equal(hdcp_ctr_seek(ctr, block), 0);
	assert_int_equal(hdcp_ctr_xor(ctr, out, out, 32), 0);
	assert_memory_equal(out, text, 32);
	hdcp_ctr_destroy(ctr);
}

/* RFC 8439, 2.5.2 */
static void
the_outer_mac_is_poly1305(void **state)
{
	const char *text = "Cryptographic Forum Research Group";
	uint8_t key[2 * HDCP_BLOCK], tag[HDCP_MAC];
	struct hdcp_mac *mac;

	(void)state;
	HEX("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
	    key);
	assert_int_equal(hdcp_mac_create(&mac), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(hdcp_mac_once(mac, key, (const uint8_t *)text,
				     strlen(text), tag), 0);
		assert_hex(tag, HDCP_MAC, "a8061dc1305136c6c22b8baf0c0127a9");
	}
	hdcp_mac_destroy(mac);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kd_h_l_and_edkey_are_the_published_ones),
	    cmocka_unit_test(one_flipped_bit_changes_what_is_derived),
	    cmocka_unit_test(km_is_wrapped_and_opened_as_published),
	    cmocka_unit_test(pairing_is_as_published_in_both_directions),
	    cmocka_unit_test(v_and_m_of_a_repeater_are_the_published_ones),
	    cmocka_unit_test(v_and_m_of_iia_cover_these_bytes),
	    cmocka_unit_test(h_since_2_2_covers_both_versions),
	    cmocka_unit_test(
		certificates_are_signed_by_the_authority_and_by_no_other),
	    cmocka_unit_test(the_content_key_is_ks_with_the_global_constant),
	    cmocka_unit_test(content_is_encrypted_as_published),
	    cmocka_unit_test(the_outer_mac_is_poly1305),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
