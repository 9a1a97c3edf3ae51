#include "hdcp/cert.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

enum {
	SIGNED = HDCP_CERT_BYTES - HDCP_DCP_MODULUS,
	EXPONENT = 65537,
	ID_ONES = 20,
};

bool
hdcp_id_is_valid(const uint8_t id[HDCP_ID_BYTES])
{
	int ones = 0;

	for (int i = 0; i < HDCP_ID_BYTES; i++)
		ones += __builtin_popcount(id[i]);
	return ones == ID_ONES;
}

int
hdcp_cert_check(const uint8_t bytes[HDCP_CERT_BYTES],
    const struct hdcp_authority *authority, struct hdcp_cert *out)
{
	struct hdcp_cert cert;
	struct rd rd;

	memset(out, 0, sizeof(*out));
	rd_init(&rd, bytes, SIGNED);
	rd_bytes(&rd, cert.id, HDCP_ID_BYTES);
	rd_bytes(&rd, cert.n, HDCP_RX_MODULUS);
	const uint32_t e = rd_big(&rd, 3);
	const uint32_t reserved = rd_big(&rd, 2);
	cert.descriptor = (uint8_t)(reserved >> 12);
	int err = rd_end(&rd);
	if (err < 0)
		return err;

	/* the signature first: what nobody signed is not worth a reason */
	err = hdcp_rsa_verify(authority, bytes, SIGNED, bytes + SIGNED);
	if (err < 0)
		return err;
	if (e != EXPONENT || cert.descriptor > 1 || (reserved & 0xfff) != 0 ||
	    !hdcp_id_is_valid(cert.id))
		return -EBADMSG;
	*out = cert;
	return 0;
}
