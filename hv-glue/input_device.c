#include "hv-glue/input_device.h"

#include <errno.h>

enum { EVENT_RING, STATUS_RING, STATUS_PER_TURN = 64 };

static void
on_connection(void *data, bool is_up)
{
	struct input_dev *in = data;

	(void)is_up;
	input_reset(&in->input);
}

static void
on_start(void *data, bool is_fresh)
{
	struct input_dev *in = data;

	if (is_fresh)
		input_reset(&in->input);
}

/* What is pressed while nobody listens is not delivered later. */
static void
on_stop(void *data)
{
	struct input_dev *in = data;

	input_lost(&in->input);
}

static void
read_config(void *data, uint8_t *out)
{
	const struct input_dev *in = data;

	input_read_config(&in->input, out);
}

static void
write_config(void *data, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	struct input_dev *in = data;

	input_write_config(&in->input, offset, bytes, n);
}

/* As many events as the guest has buffers for. */
static int
deliver(struct input_dev *in, struct virtqueue *vq, const char **why)
{
	struct input_item item;

	while (input_peek(&in->input, &item)) {
		const int err = virtqueue_pop(vq, &in->chain, why);
		if (err <= 0)
			return err;
		if (in->chain.in_bytes < INPUT_EVENT_BYTES) {
			*why = "a buffer for an event is too short";
			return -EBADMSG;
		}
		uint8_t bytes[INPUT_EVENT_BYTES];
		struct wr wr;
		wr_init(&wr, bytes, sizeof(bytes));
		wr_u16(&wr, item.type);
		wr_u16(&wr, item.code);
		wr_u32(&wr, (uint32_t)item.value);
		if (virtqueue_write(vq, &in->chain, bytes, sizeof(bytes)) < 0)
			return -EBADMSG;
		virtqueue_push(vq, in->chain.head, sizeof(bytes));
		input_taken(&in->input);
	}
	return 0;
}

static int
take_status(struct input_dev *in, struct virtqueue *vq, const char **why)
{
	for (uint32_t i = 0; i < STATUS_PER_TURN; i++) {
		uint8_t bytes[INPUT_EVENT_BYTES];
		const int err = virtqueue_pop(vq, &in->chain, why);
		if (err <= 0)
			return err;
		const int n =
		    virtqueue_read(vq, &in->chain, bytes, sizeof(bytes));
		if (n < 0 || in->chain.out_bytes != INPUT_EVENT_BYTES ||
		    input_status(&in->input, bytes, (uint32_t)n) < 0) {
			*why = "a status event is not 8 bytes";
			return -EBADMSG;
		}
		virtqueue_push(vq, in->chain.head, 0);
	}
	return 1;
}

static int
on_kick(void *data, uint32_t index, struct virtqueue *vq, const char **why)
{
	struct input_dev *in = data;

	return index == EVENT_RING ? deliver(in, vq, why)
				   : take_status(in, vq, why);
}

#define MODEL(n)                                                               \
	{                                                                      \
		.name = n, .config_bytes = INPUT_CONFIG_BYTES,                 \
		.on_connection = on_connection, .on_start = on_start,          \
		.on_stop = on_stop, .read_config = read_config,                \
		.write_config = write_config, .on_kick = on_kick,              \
	}
static const struct device_model models[] = {
    [DEVICE_KEYBOARD] = MODEL("keyboard"),
    [DEVICE_TABLET] = MODEL("tablet"),
    [DEVICE_MOUSE] = MODEL("mouse"),
};

int
input_device_init(struct input_dev *in, enum input_device kind,
    const struct device_env *env, int listen_fd)
{
	input_init(&in->input, &input_profiles[kind]);
	return device_init(&in->device, &models[kind], in, env, listen_fd);
}

static bool
is_listening(const struct input_dev *in)
{
	const struct device_queue *q = &in->device.queues[EVENT_RING];

	return q->is_started && q->is_enabled;
}

void
input_device_put(struct input_dev *in, struct input_item item)
{
	if (!is_listening(in))
		return;
	input_put(&in->input, item);
	if (item.type == EV_SYN)
		device_run_queue(&in->device, EVENT_RING);
}

void
input_device_lost(struct input_dev *in)
{
	if (!is_listening(in))
		return;
	input_lost(&in->input);
	device_run_queue(&in->device, EVENT_RING);
}
