#include "hv-glue/guest.h"

#include "tds/base/own.h"

#include <errno.h>
#include <sys/mman.h>

/* The end of each wake-up of any device: all that changed goes out at once. */
static void
on_settled(void *data)
{
	struct guest *g = data;

	outbox_leds(&g->outbox, g->inputs[DEVICE_KEYBOARD].input.leds);
	link_flush(&g->link);
}

int32_t
guest_scale_abs(uint32_t px, uint32_t extent_px)
{
	const uint64_t range = INPUT_ABS_MAX + 1;

	if (px >= extent_px)
		return extent_px == 0 ? 0 : INPUT_ABS_MAX;
	return (int32_t)((2 * (uint64_t)px + 1) * range / 2 / extent_px);
}

/*
 * The tablet spans all scanouts, side by side as GET_DISPLAY_INFO says:
 *
 *	0       w0           w0+w1
 *	+-------+-------------+
 *	|   0   |      1      |
 *	+-------+   +---------+
 */
static int32_t
to_tablet(const struct guest *g, uint32_t scanout, uint16_t axis, int32_t px)
{
	const struct gpu *gpu = &g->gpu.gpu;
	uint32_t width = 0, height = 0, left = 0;

	for (uint32_t i = 0; i < gpu->n_scanouts; i++) {
		uint32_t w, h;
		gpu_scanout_size(gpu, i, &w, &h);
		left += i < scanout ? w : 0;
		width += w;
		height = h > height ? h : height;
	}
	const uint32_t at = px < 0 ? 0 : (uint32_t)px;
	return axis == ABS_X ? guest_scale_abs(left + at, width)
			     : guest_scale_abs(at, height);
}

static void
on_input(struct guest *g, const struct down *d)
{
	struct input_item item = {d->type, d->code, d->value};

	if (d->device == DEVICE_TOUCH)
		return; /* our devices have no such axes */
	if (d->type == EV_KEY && d->code == TDS_BTN_FINGER)
		item.code = BTN_LEFT;
	if (d->device == DEVICE_TABLET && d->type == EV_ABS) {
		if (d->scanout >= g->gpu.gpu.n_scanouts)
			return;
		item.value = to_tablet(g, d->scanout, d->code, d->value);
	}
	input_device_put(&g->inputs[d->device], item);
}

static void
on_configure(struct guest *g, const struct down *d)
{
	struct gpu *gpu = &g->gpu.gpu;

	if (d->scanout >= gpu->n_scanouts || d->width == 0 || d->height == 0)
		return;
	const struct gpu_scanout *s = &gpu->scanouts[d->scanout];
	if (s->mode_width == d->width && s->mode_height == d->height)
		return;
	gpu_set_mode(gpu, d->scanout, d->width, d->height);
	/* A driver that is not there yet asks by itself. */
	if (g->gpu.device.queues[0].is_started)
		vnc_poke(&g->vnc);
}

static void
on_down(void *data, const struct down *record)
{
	struct guest *g = data;

	switch ((enum down_op)record->op) {
	case DOWN_INPUT:
		on_input(g, record);
		break;
	case DOWN_CONFIGURE:
		on_configure(g, record);
		break;
	case DOWN_LOST:
		for (uint32_t i = 0; i < GUEST_INPUTS; i++)
			input_device_lost(&g->inputs[i]);
		break;
	case DOWN_TICK:
	case DOWN_MAPPED: /* its pool is not granted */
		break; /* link.c's */
	}
}

static int
map_pool(struct guest *g, const struct guest_setup *setup, int pool_fd)
{
	void *map = mmap(NULL, setup->pool_bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED, pool_fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	g->pixels = map;
	g->pool_bytes = setup->pool_bytes;
	pool_init(&g->pool, setup->pool_bytes);
	return 0;
}

static int
init_devices(struct guest *g, const struct guest_setup *setup, int *fds)
{
	int err = gpu_init(&g->gpu.gpu, &g->gpu.device.memory, g->pixels,
	    &g->pool, &g->outbox, setup->scanouts);

	for (uint32_t i = 0; i < setup->scanouts; i++)
		gpu_set_mode(&g->gpu.gpu, i, setup->width, setup->height);
	if (err == 0)
		err = gpu_device_init(&g->gpu, &g->env, TAKE_FD(fds[0]));
	for (uint32_t i = 0; i < GUEST_INPUTS && err == 0; i++)
		err = input_device_init(&g->inputs[i], (enum input_device)i,
		    &g->env, TAKE_FD(fds[1 + i]));
	return err;
}

int
guest_init(struct guest *guest, const struct guest_setup *setup, int channel_fd,
    int *fds, const char **what)
{
	int AUTO_FD pool_fd = TAKE_FD(fds[1]);

	for (uint32_t i = 0; i < sizeof(guest->name); i++)
		guest->name[i] = (char)setup->name[i];
	guest->channel_fd = channel_fd;
	guest->env =
	    (struct device_env){&guest->loop, guest->name, on_settled, guest};
	guest->link = (struct link){.loop = &guest->loop,
	    .outbox = &guest->outbox,
	    .pool = &guest->pool,
	    .on_down = on_down,
	    .data = guest};
	link_init(&guest->link);
	outbox_init(&guest->outbox, setup->scanouts);
	vnc_init(&guest->vnc, &guest->loop, channel_fd);

	*what = "the event loop";
	int err = loop_init(&guest->loop);
	if (err < 0)
		return err;
	*what = "the pixel pool";
	err = map_pool(guest, setup, pool_fd);
	if (err < 0)
		return err;
	*what = "the devices";
	err = init_devices(guest, setup, fds + 4);
	if (err < 0)
		return err;
	*what = "the link to the core";
	return link_attach(
	    &guest->link, TAKE_FD(fds[0]), TAKE_FD(fds[2]), TAKE_FD(fds[3]));
}

void
guest_finish(struct guest *guest)
{
	device_finish(&guest->gpu.device);
	for (uint32_t i = 0; i < GUEST_INPUTS; i++)
		device_finish(&guest->inputs[i].device);
	vnc_finish(&guest->vnc);
	link_detach(&guest->link);
	if (guest->pixels)
		munmap(guest->pixels, guest->pool_bytes);
	loop_finish(&guest->loop);
}
