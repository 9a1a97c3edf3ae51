#include "tests/abuse/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static struct world bystander;
static uint32_t bystander_fds, bystander_rounds;
static size_t bystander_log;

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

static void
start(struct world *world, const char *name)
{
	const struct host_options options = {
	    .name = name,
	    .scanouts = WORLD_SCANOUTS,
	    .width = WORLD_WIDTH,
	    .height = WORLD_HEIGHT,
	    .pool_bytes = WORLD_POOL,
	};

	*world = (struct world){0};
	host_start(&world->host, &options);
	vm_init(&world->vm, &world->host);
}

int
world_realize(struct world *world, enum host_socket which)
{
	struct dev *dev = &world->vm.dev[which];
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;
	int err;

	do {
		dev_disconnect(dev);
		err = dev_connect(dev);
		if (err == 0)
			err = dev_realize(dev);
	} while (err == -EPIPE && !world->host.child.has_ended &&
		 now_ms() < deadline);
	return err;
}

static void
boot(struct world *world)
{
	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		int err = world_realize(world, (enum host_socket)i);

		if (err == 0)
			err = dev_start(&world->vm.dev[i]);
		if (err < 0)
			fail_msg("device %u does not boot: %s; log:\n%s", i,
			    strerror(-err), world->host.child.log);
	}
	world->screen = gpu_show(&world->vm, 0, 1, 320, 200);
}

static void
finish(struct world *world)
{
	vm_finish(&world->vm);
	host_stop(&world->host);
}

void
world_renew(struct world *world)
{
	finish(world);
	start(world, "victim");
}

int
world_group_setup(void **state)
{
	(void)state;
	start(&bystander, "bystander");
	boot(&bystander);
	bystander_fds = world_count_fds(&bystander);
	bystander_log = bystander.host.child.log_len;
	return 0;
}

int
world_group_teardown(void **state)
{
	(void)state;
	finish(&bystander);
	return 0;
}

int
world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	start(world, "victim");
	*state = world;
	return 0;
}

int
world_setup_vm(void **state)
{
	if (world_setup(state) < 0)
		return -1;
	boot(*state);
	return 0;
}

void
world_check_log(const struct host *host)
{
	child_check(&host->child);
}

uint32_t
world_count_fds(struct world *world)
{
	/* one thread: who answers on one socket is done with the others */
	for (uint32_t i = 0; i < SOCKET_COUNT; i++)
		if (world->vm.dev[i].sock >= 0)
			(void)dev_sync(&world->vm.dev[i]);
	return proc_count_fds(world->host.child.pid);
}

static void
check_bystander(void)
{
	const struct gpu_rect r = {bystander_rounds % 300, 8, 16, 16};

	(void)gpu_draw(
	    &bystander.vm, &bystander.screen, 0, r, ++bystander_rounds);
	assert_int_equal(world_count_fds(&bystander), bystander_fds);
	assert_int_equal(bystander.host.child.log_len, bystander_log);
}

int
world_teardown(void **state)
{
	struct world *world = *state;

	/* let it say what it has to say before it is judged */
	while (host_turn(&world->host, -1, 0, 0) == 0)
		;
	world_check_log(&world->host);
	if (world->host.child.has_ended && !world->may_end)
		fail_msg("the process ended; log:\n%s", world->host.child.log);
	check_bystander();
	if (!world->host.child.has_ended)
		world_reboot(world);
	finish(world);
	free(world);
	*state = NULL;
	return 0;
}

void
world_may_end(struct world *world)
{
	world->may_end = true;
}

void
world_expect_drop(
    struct world *world, struct dev *dev, size_t from, const char *text)
{
	assert_int_equal(dev_wait_hangup(dev), 0);
	assert_in_range(host_expect_log(&world->host, from, text), 1, 3);
	world_check_log(&world->host);
}

void
world_reboot(struct world *world)
{
	vm_finish(&world->vm);
	vm_init(&world->vm, &world->host);
	boot(world);
}

void
world_expect_alive(struct world *world)
{
	struct vm *vm = &world->vm;

	assert_int_equal(dev_sync(&vm->dev[SOCKET_KEYBOARD]), 0);
	/* only what every test leaves alone: its own small resource */
	assert_int_equal(gpu_create(vm, 0x7ffffff0,
			     VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, 16, 16),
	    ok);
	assert_int_equal(gpu_unref(vm, 0x7ffffff0), ok);
}
