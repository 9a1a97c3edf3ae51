#include "hv-glue/virtio_input.h"

#include <linux/input.h>
#include <linux/virtio_input.h>
#include <string.h>

/*
 * The configuration space of an input device:
 *	0 u8 select  1 u8 subsel  2 u8 size  3 u8[5] zero  8 u8[128] answer
 * size 0: the device has no such thing.
 */

enum { ANSWER_AT = 8, ANSWER_BYTES = 128 };

static uint8_t
put_name(const struct input_profile *profile, uint8_t *answer)
{
	const size_t len = strlen(profile->name);

	memcpy(answer, profile->name, len);
	return (uint8_t)len;
}

static uint8_t
put_ids(const struct input_profile *profile, uint8_t *answer)
{
	struct wr wr;

	wr_init(&wr, answer, ANSWER_BYTES);
	wr_u16(&wr, BUS_VIRTUAL);
	wr_u16(&wr, 0); /* vendor */
	wr_u16(&wr, profile->product);
	wr_u16(&wr, 1); /* version */
	return (uint8_t)wr.off;
}

/* A bitmap of the codes of one type, as short as it can be. */
static uint8_t
put_bits(const struct input_profile *profile, uint8_t type, uint8_t *answer)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < 4; i++) {
		const struct input_event_bits *b = &profile->bits[i];
		if (b->type != type || type == EV_SYN)
			continue;
		for (uint32_t code = b->first; code <= b->last; code++) {
			answer[code / 8] |= (uint8_t)(1u << code % 8);
			if (size < code / 8 + 1)
				size = code / 8 + 1;
		}
	}
	return (uint8_t)size;
}

static uint8_t
put_abs(const struct input_profile *profile, uint8_t axis, uint8_t *answer)
{
	struct wr wr;

	for (uint32_t i = 0; i < 4; i++) {
		const struct input_event_bits *b = &profile->bits[i];
		if (b->type != EV_ABS || axis < b->first || axis > b->last)
			continue;
		wr_init(&wr, answer, ANSWER_BYTES);
		wr_u32(&wr, 0); /* min */
		wr_u32(&wr, INPUT_ABS_MAX);
		wr_u32(&wr, 0); /* fuzz */
		wr_u32(&wr, 0); /* flat */
		wr_u32(&wr, 0); /* resolution: unknown */
		return (uint8_t)wr.off;
	}
	return 0;
}

void
input_read_config(const struct input *input, uint8_t *out)
{
	uint8_t *answer = out + ANSWER_AT;
	uint8_t size = 0;

	memset(out, 0, INPUT_CONFIG_BYTES);
	switch (input->select) {
	case VIRTIO_INPUT_CFG_ID_NAME:
		if (input->subsel == 0)
			size = put_name(input->profile, answer);
		break;
	case VIRTIO_INPUT_CFG_ID_DEVIDS:
		if (input->subsel == 0)
			size = put_ids(input->profile, answer);
		break;
	case VIRTIO_INPUT_CFG_EV_BITS:
		size = put_bits(input->profile, input->subsel, answer);
		break;
	case VIRTIO_INPUT_CFG_ABS_INFO:
		size = put_abs(input->profile, input->subsel, answer);
		break;
	}
	out[0] = input->select;
	out[1] = input->subsel;
	out[2] = size;
}

void
input_write_config(
    struct input *input, uint32_t offset, const uint8_t *in, uint32_t n)
{
	if (offset == 0 && n >= 1)
		input->select = in[0];
	if (offset <= 1 && n >= 2 - offset)
		input->subsel = in[1 - offset];
}
