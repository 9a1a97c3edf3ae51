/*
 * painter: a fake VM for the display domain's tests: one colour all over its
 * screen, drawn again and again, and what arrives at its keyboard said aloud.
 *
 *	painter RUN_DIR DOMAIN RRGGBB [PERIOD_MS]
 *
 * With a period it draws rectangles of other colours here and there instead,
 * one each so many milliseconds, and tells of only that part. While there is a
 * file /run/agent/hold it draws nothing and has told of all that it drew.
 * Boots a tests/abuse/fake_vm on the domain's sockets. Each key that arrives is
 * a line "key CODE VALUE". Where the back end goes away it boots again, as long
 * as there is one to connect to; it never gives up, its VM ends it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/abuse/fake_gpu.h"

enum {
	KEY_BUFFERS = 32,
	EVENT_BYTES = 8,
	SCREEN = 1, /* the resource */
	RETRY_MS = 20,
	DRAW_MS = 5,
};

struct painter {
	struct host host; /* only addresses */
	struct vm vm;
	struct gpu_buffer screen;
	uint32_t colour;
	int period_ms; /* 0: one colour */
	uint32_t chance;
};

static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

static void
aim(struct painter *p, const char *run_dir, const char *domain)
{
	static const char *const names[SOCKET_COUNT] = {
	    "gpu", "keyboard", "tablet", "mouse"};

	p->host = (struct host){
	    .child = {.pid_fd = -1, .log_fd = -1, .control = -1},
	    .bell_up = -1,
	    .watched_fd = -1,
	    .is_remote = true,
	};
	for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
		struct sockaddr_un *a = &p->host.address[i];

		a->sun_family = AF_UNIX;
		snprintf(a->sun_path, sizeof(a->sun_path), "%.40s/%.31s/%s.sock",
		    run_dir, domain, names[i]);
		p->host.address_len[i] = sizeof(*a);
	}
}

static void
offer_key_buffers(struct vm *vm)
{
	struct vq *q = &vm->dev[SOCKET_KEYBOARD].q[0];
	const uint32_t at = vm_alloc_a(vm, KEY_BUFFERS * EVENT_BYTES);

	for (uint16_t i = 0; i < KEY_BUFFERS; i++) {
		const struct piece piece = {
		    at + (uint32_t)i * EVENT_BYTES, EVENT_BYTES, true};

		vq_chain(q, i, &piece, 1);
		vq_offer(q, i);
	}
	vq_kick(q);
}

/* Of the size that the window wants. */
static bool
show(struct painter *p)
{
	struct virtio_gpu_resp_display_info info = {0};
	struct vm *vm = &p->vm;

	if (gpu_display_info(vm, &info) != VIRTIO_GPU_RESP_OK_DISPLAY_INFO)
		return false;
	p->screen = (struct gpu_buffer){.id = SCREEN,
	    .width = info.pmodes[0].r.width,
	    .height = info.pmodes[0].r.height};
	const struct gpu_rect all = gpu_all(&p->screen);
	const uint32_t n = all.w * all.h;
	if (n == 0 || n > (VM_BYTES - VM_A_BYTES) / 4)
		return false;
	p->screen.at = vm_alloc_b(vm, n * 4);
	uint32_t *pixels = (uint32_t *)(void *)(vm->mem + p->screen.at);
	for (uint32_t i = 0; i < n; i++)
		pixels[i] = p->colour;
	return gpu_create(vm, SCREEN, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, all.w,
		   all.h) == ok &&
	       gpu_attach(vm, SCREEN, p->screen.at, n * 4) == ok &&
	       gpu_set_scanout(vm, 0, SCREEN, all) == ok &&
	       gpu_transfer(vm, SCREEN, all, 0) == ok &&
	       gpu_flush(vm, SCREEN, all) == ok;
}

/* The keys that arrived so far; their buffers go back. */
static void
say_keys(struct vm *vm)
{
	struct vq *q = &vm->dev[SOCKET_KEYBOARD].q[0];
	struct vring_used_elem elem;

	while (vq_has_used(q) && vq_wait_used(q, &elem) == 0) {
		struct {
			uint16_t type, code;
			int32_t value;
		} event;
		const uint64_t gpa =
		    vq_desc(q, (uint16_t)(elem.id % KEY_BUFFERS))->addr;

		if (elem.id >= KEY_BUFFERS || gpa > VM_A_BYTES - EVENT_BYTES)
			return;
		memcpy(&event, vm->mem + gpa, sizeof(event));
		vq_offer(q, (uint16_t)elem.id);
		vq_kick(q);
		if (event.type == 1) {
			printf("key %u %d\n", event.code, event.value);
			fflush(stdout);
		}
	}
}

/* Less than limit, which is not 0; the same at each start. */
static uint32_t
some(struct painter *p, uint32_t limit)
{
	p->chance = p->chance * 1103515245u + 12345u;
	return (p->chance >> 8) % limit;
}

/* What is new in the picture. */
static struct gpu_rect
draw(struct painter *p)
{
	const struct gpu_rect all = gpu_all(&p->screen);
	uint32_t *pixels = (uint32_t *)(void *)(p->vm.mem + p->screen.at);

	if (p->period_ms == 0)
		return all;
	struct gpu_rect r = {.x = some(p, all.w), .y = some(p, all.h)};
	r.w = 1 + some(p, all.w - r.x);
	r.h = 1 + some(p, all.h - r.y);
	const uint32_t colour = p->colour ^ (some(p, 1u << 24) & 0x7f7f7f);
	for (uint32_t y = r.y; y < r.y + r.h; y++)
		for (uint32_t x = r.x; x < r.x + r.w; x++)
			pixels[y * all.w + x] = colour;
	return r;
}

static void
rest(struct painter *p)
{
	do {
		say_keys(&p->vm);
		(void)poll(NULL, 0, p->period_ms ? p->period_ms : DRAW_MS);
	} while (access("/run/agent/hold", F_OK) == 0);
}

/* Until the back end is gone. */
static void
paint(struct painter *p)
{
	uint64_t offset;
	struct gpu_rect r;

	do {
		rest(p);
		r = draw(p);
		offset = ((uint64_t)r.y * p->screen.width + r.x) * 4;
	} while (gpu_transfer(&p->vm, SCREEN, r, offset) == ok &&
		 gpu_flush(&p->vm, SCREEN, r) == ok);
}

int
main(int argc, char **argv)
{
	static struct painter p;

	if (argc != 4 && argc != 5) {
		fprintf(stderr,
		    "usage: painter RUN_DIR DOMAIN RRGGBB [PERIOD_MS]\n");
		return 2;
	}
	aim(&p, argv[1], argv[2]);
	p.colour = (uint32_t)strtoul(argv[3], NULL, 16);
	p.period_ms = argc == 5 ? atoi(argv[4]) : 0;
	for (;;) {
		vm_init(&p.vm, &p.host);
		if (vm_boot(&p.vm) == 0) {
			offer_key_buffers(&p.vm);
			if (show(&p)) {
				printf("shown\n");
				fflush(stdout);
				paint(&p);
			}
		}
		vm_finish(&p.vm);
		(void)poll(NULL, 0, RETRY_MS);
	}
}
