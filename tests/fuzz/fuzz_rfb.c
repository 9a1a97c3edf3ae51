/*
 * What a VNC server may answer. In any cut into pieces the same bytes have the
 * same end and cause the same answers.
 */
#include "hv-glue/rfb.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int err;
	uint32_t taken, sent;
	uint8_t bytes[4 * RFB_MAX_OUT];
};

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
feed(const uint8_t *data, uint32_t size, uint32_t step, struct outcome *o)
{
	struct rfb rfb;
	uint8_t out[RFB_MAX_OUT];

	memset(o, 0, sizeof(*o));
	rfb_init(&rfb, 1234);
	while (o->taken < size && o->err == 0) {
		const uint32_t left = size - o->taken;
		uint32_t used, n;
		o->err = rfb_take(&rfb, data + o->taken,
		    left < step ? left : step, &used, out, &n);
		must(used <= left && (used > 0 || o->err != 0));
		must(n <= RFB_MAX_OUT && o->sent + n <= sizeof(o->bytes));
		memcpy(o->bytes + o->sent, out, n);
		o->sent += n;
		o->taken += used;
	}
	must(rfb.total <= RFB_MAX_BYTES + step);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 1)
		return 0;
	const uint32_t step = 1u + data[0] % 40;
	feed(data + 1, (uint32_t)size - 1, UINT32_MAX / 2, &whole);
	feed(data + 1, (uint32_t)size - 1, step, &pieces);
	must(whole.err == pieces.err && whole.sent == pieces.sent);
	must(memcmp(whole.bytes, pieces.bytes, whole.sent) == 0);
	return 0;
}
