#include "hdcp/srm.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

enum {
	HEAD = 5,   /* before the length */
	LENGTH = 3, /* of the length */
	KIND_1 = 0x80,
	KIND_2 = 0x91,
	FIRST_GENERATION = 1,
	COUNT_BITS = 0x7f, /* the eighth bit of a count is reserved */
	DEVICES_SHIFT = 22,
};

/* Vectors of revoked KSVs: a count and so many, until the signature. */
static void
rd_ksvs(struct rd *rd, uint32_t end, struct hdcp_srm *srm)
{
	while (!rd->failed && rd->off < end) {
		const uint8_t count = rd_u8(rd);
		if (count > COUNT_BITS || srm->n + count > HDCP_SRM_MAX_IDS)
			rd->failed = 1;
		for (uint8_t i = 0; i < count && !rd->failed; i++)
			rd_bytes(rd, srm->ids[srm->n++], HDCP_ID_BYTES);
	}
	if (rd->off != end)
		rd->failed = 1;
}

static void
rd_devices(struct rd *rd, uint32_t end, struct hdcp_srm *srm)
{
	const uint32_t field = rd_big(rd, 4);

	if ((field & ((1u << DEVICES_SHIFT) - 1)) != 0)
		rd->failed = 1;
	srm->n = (uint16_t)(field >> DEVICES_SHIFT);
	for (uint16_t i = 0; i < srm->n && !rd->failed; i++)
		rd_bytes(rd, srm->ids[i], HDCP_ID_BYTES);
	if (rd->off != end)
		rd->failed = 1;
}

static uint32_t
signature_bytes(enum hdcp_srm_format format)
{
	return format == HDCP_SRM_1 ? HDCP_DSA_SIG : HDCP_DCP_MODULUS;
}

static int
decode(struct rd *rd, struct hdcp_srm *srm)
{
	const uint8_t kind = rd_u8(rd);
	const uint8_t reserved = rd_u8(rd);
	srm->version = (uint16_t)rd_big(rd, 2);
	const uint8_t generation = rd_u8(rd);
	const uint32_t length = rd_big(rd, LENGTH);

	if (rd->failed || (kind != KIND_1 && kind != KIND_2) || reserved != 0)
		return -EBADMSG;
	srm->format = kind == KIND_1 ? HDCP_SRM_1 : HDCP_SRM_2;
	const uint32_t sig = signature_bytes(srm->format);
	if (length < LENGTH + sig || length > rd->len - HEAD)
		return -EBADMSG;
	if (generation != FIRST_GENERATION || length != rd->len - HEAD)
		return -ENOTSUP;

	const uint32_t end = rd->len - sig;
	if (srm->format == HDCP_SRM_1)
		rd_ksvs(rd, end, srm);
	else
		rd_devices(rd, end, srm);
	return rd->failed ? -EBADMSG : 0;
}

int
hdcp_srm_decode(const uint8_t *bytes, uint32_t n, struct hdcp_srm *out)
{
	struct rd rd;
	int err = -EBADMSG;

	memset(out, 0, sizeof(*out));
	if (n <= HDCP_SRM_MAX_BYTES) {
		rd_init(&rd, bytes, n);
		err = decode(&rd, out);
	}
	if (err < 0)
		memset(out, 0, sizeof(*out));
	return err;
}

int
hdcp_srm_check(const uint8_t *bytes, uint32_t n,
    const struct hdcp_srm_keys *keys, uint16_t newest, struct hdcp_srm *out)
{
	int err = hdcp_srm_decode(bytes, n, out);

	if (err < 0)
		return err;
	const uint32_t in = n - signature_bytes(out->format);
	if (out->format == HDCP_SRM_1)
		err = hdcp_dsa_verify(keys->dsa_y, bytes, in, bytes + in);
	else
		err = hdcp_rsa_verify(keys->authority, bytes, in, bytes + in);
	if (err == 0 && (out->version == 0 || out->version < newest))
		err = -ESTALE;
	if (err < 0)
		memset(out, 0, sizeof(*out));
	return err;
}

bool
hdcp_srm_revokes(const struct hdcp_srm *srm, const uint8_t id[HDCP_ID_BYTES])
{
	for (uint16_t i = 0; i < srm->n; i++) {
		if (memcmp(srm->ids[i], id, HDCP_ID_BYTES) == 0)
			return true;
	}
	return false;
}

bool
hdcp_srm_revokes_ksv(
    const struct hdcp_srm *srm, const uint8_t ksv[HDCP_ID_BYTES])
{
	uint8_t id[HDCP_ID_BYTES];

	for (int i = 0; i < HDCP_ID_BYTES; i++)
		id[i] = ksv[HDCP_ID_BYTES - 1 - i];
	return hdcp_srm_revokes(srm, id);
}
