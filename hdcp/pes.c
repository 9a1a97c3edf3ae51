#include "hdcp/pes.h"

#include "hdcp/wire.h"

#include <errno.h>
#include <string.h>

enum {
	FIXED = 9,	  /* up to and with PES_header_data_length */
	AFTER_LENGTH = 6, /* PES_packet_length counts from here */
	GROUP = 15,	  /* bits between two marker bits */
	ALIGNED = 0x84,
	HAS_EXTENSION = 0x01,
	HAS_PRIVATE_DATA = 0x8e, /* three reserved bits are 1 */
};

/* The low 16 bits: a group of 15 bits of value and its marker. */
static uint16_t
group(uint64_t value, uint32_t number)
{
	return (uint16_t)((value >> (GROUP * number) & 0x7fff) << 1 | 1);
}

void
hdcp_pes_put_private(const struct hdcp_pes *pes, uint8_t out[HDCP_PES_PRIVATE])
{
	struct wr wr;

	wr_init(&wr, out, HDCP_PES_PRIVATE);
	for (uint32_t i = 3; i > 0; i--)
		wr_big(&wr, group(pes->stream_ctr, i - 1), 2);
	for (uint32_t i = 5; i > 0; i--)
		wr_big(&wr, group(pes->input_ctr, i - 1), 2);
}

/* n groups; the first one has only that many bits of value. */
static uint64_t
rd_groups(struct rd *rd, uint32_t n, uint32_t first_bits)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t word = rd_big(rd, 2);
		if ((word & 1) == 0 ||
		    (i == 0 && word >> (first_bits + 1) != 0))
			rd->failed = 1;
		value = value << GROUP | word >> 1;
	}
	return value;
}

int
hdcp_pes_get_private(const uint8_t in[HDCP_PES_PRIVATE], struct hdcp_pes *pes)
{
	struct rd rd;

	rd_init(&rd, in, HDCP_PES_PRIVATE);
	pes->stream_ctr = (uint32_t)rd_groups(&rd, 3, 2);
	pes->input_ctr = rd_groups(&rd, 5, 4);
	return rd_end(&rd);
}

static void
put_fixed(uint32_t payload_bytes, uint8_t out[FIXED + 1])
{
	struct wr wr;

	wr_init(&wr, out, FIXED + 1);
	wr_big(&wr, 0x000001bd, 4); /* private_stream_1 */
	wr_big(&wr, HDCP_PES_HEADER - AFTER_LENGTH + payload_bytes, 2);
	wr_u8(&wr, ALIGNED);
	wr_u8(&wr, HAS_EXTENSION);
	wr_u8(&wr, HDCP_PES_HEADER - FIXED);
	wr_u8(&wr, HAS_PRIVATE_DATA);
}

void
hdcp_pes_encode(const struct hdcp_pes *pes, uint8_t out[HDCP_PES_HEADER])
{
	put_fixed(pes->payload_bytes, out);
	hdcp_pes_put_private(pes, out + FIXED + 1);
}

/* One form only: what would be written must be what is there. */
int
hdcp_pes_decode(const uint8_t *bytes, uint32_t n, struct hdcp_pes *out)
{
	uint8_t want[FIXED + 1];

	memset(out, 0, sizeof(*out));
	if (n < HDCP_PES_HEADER || n - HDCP_PES_HEADER > HDCP_PES_MAX_PAYLOAD)
		return -EBADMSG;
	put_fixed(n - HDCP_PES_HEADER, want);
	if (memcmp(bytes, want, sizeof(want)) != 0)
		return -EBADMSG;
	const int err = hdcp_pes_get_private(bytes + FIXED + 1, out);
	if (err < 0)
		memset(out, 0, sizeof(*out));
	else
		out->payload_bytes = (uint16_t)(n - HDCP_PES_HEADER);
	return err;
}
