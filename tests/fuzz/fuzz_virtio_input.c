/*
 * Input devices between a core that sends anything and a guest that fetches
 * whenever it likes. A naive oracle follows what the guest was given: no event
 * that its device does not have, and after "lost" no key stays down.
 *
 *	byte 0	which device
 *	then	{u8 what, 7 bytes}: see run()
 */
#include "hv-glue/virtio_input.h"

#include <linux/input.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct input input;
static bool is_down[KEY_CNT]; /* as the guest was told */

static void
must(bool fact)
{
	if (!fact)
		abort();
}

/* Does the configuration space say that the device has this event? */
static bool
is_announced(uint16_t type, uint16_t code)
{
	const uint8_t select[2] = {0x11, (uint8_t)type};
	uint8_t config[INPUT_CONFIG_BYTES];
	struct input asked = input;

	input_write_config(&asked, 0, select, 2);
	input_read_config(&asked, config);
	return code / 8 < config[2] && (config[8 + code / 8] >> code % 8 & 1);
}

static void
fetch(uint32_t n)
{
	struct input_item item;

	while (n-- > 0 && input_peek(&input, &item)) {
		must(input.head - input.tail <= INPUT_FIFO);
		must(item.type == EV_SYN || is_announced(item.type, item.code));
		if (item.type == EV_KEY)
			is_down[item.code] = item.value != 0;
		input_taken(&input);
	}
}

static void
fetch_all(void)
{
	fetch(2 * INPUT_FIFO);
	must(input.head == input.tail);
}

static void
check_config(const uint8_t *bytes)
{
	uint8_t config[INPUT_CONFIG_BYTES];

	input_write_config(&input, bytes[0], bytes + 1, bytes[0] % 4);
	input_read_config(&input, config);
	must(config[0] == input.select && config[1] == input.subsel);
	must(config[2] <= 128);
	for (uint32_t i = 8u + config[2]; i < sizeof(config); i++)
		must(config[i] == 0);
}

static void
run(const uint8_t *bytes)
{
	const struct input_item item = {
	    .type = bytes[1] % 6 == 5 ? 0x14 : bytes[1] % 6,
	    .code = (uint16_t)(bytes[2] + 256 * (bytes[3] % 4)),
	    .value =
		(int32_t)((uint32_t)bytes[4] | (uint32_t)bytes[5] << 8 |
			  (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 24)};

	switch (bytes[0] % 8) {
	case 0:
	case 1:
		must(input_put(&input, item) ==
		     (item.type == EV_SYN ||
			 is_announced(item.type, item.code)));
		break;
	case 2: /* many groups, so that the queue fills */
		for (uint32_t i = 0; i < bytes[7]; i++) {
			input_put(&input, item);
			input_put(&input, (struct input_item){0});
		}
		break;
	case 3:
		fetch(bytes[1]);
		break;
	case 4:
		input_lost(&input);
		if (bytes[1] & 1) {
			fetch_all();
			for (uint32_t i = 0; i < KEY_CNT; i++)
				must(!is_down[i]);
		}
		break;
	case 5:
		check_config(bytes + 1);
		break;
	case 6:
		must(input_status(&input, bytes + 1, bytes[0] >> 3 & 7) < 0);
		must(input_status(&input, bytes, 8) == 0);
		must(input.leds < 1 << INPUT_LEDS);
		break;
	case 7:
		input_put(&input, (struct input_item){0});
		break;
	}
	must(input.head - input.tail <= INPUT_FIFO);
	must(input.n_group < INPUT_GROUP);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	input_init(&input, &input_profiles[data[0] % 3]);
	memset(is_down, 0, sizeof(is_down));
	for (data++, size--; size >= 8; data += 8, size -= 8)
		run(data);
	fetch_all();
	for (uint32_t i = 0; i < KEY_CNT; i++)
		must(is_down[i] == (input.seen[i / 8] >> i % 8 & 1));
	input_lost(&input);
	fetch_all();
	for (uint32_t i = 0; i < KEY_CNT; i++)
		must(!is_down[i]);
	return 0;
}
