#include "compositor/headless.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct headless *
headless_of(struct screen *screen)
{
	return (struct headless *)screen; /* base is its first member */
}

static int
headless_probe(struct screen *screen, const struct core_output *slots,
    uint32_t n, struct core_output *found)
{
	(void)screen;
	memcpy(found, slots, n * sizeof(*slots));
	return 0;
}

static struct target
headless_begin(struct screen *screen, uint32_t i, const struct damage **stale)
{
	static const struct damage nothing;

	*stale = &nothing;
	return headless_of(screen)->targets[i];
}

static int
headless_present(
    struct screen *screen, uint32_t i, const struct damage *painted)
{
	(void)screen;
	(void)i;
	(void)painted;
	return 0;
}

/* Nobody looks at memory. */
static int
headless_power(struct screen *screen, bool is_on)
{
	(void)screen;
	(void)is_on;
	return 0;
}

static uint64_t
headless_flips(struct screen *screen)
{
	(void)screen;
	return 0;
}

static int
headless_dump(struct screen *screen, uint32_t i, int fd)
{
	const struct headless *h = headless_of(screen);
	const uint8_t *bytes = (const uint8_t *)h->targets[i].pixels;
	const size_t len = (size_t)h->width[i] * h->height[i] * 4;
	size_t done = 0;

	while (done < len) {
		const ssize_t n =
		    pwrite(fd, bytes + done, len - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

static const struct screen_ops headless_ops = {
    .probe = headless_probe,
    .begin = headless_begin,
    .present = headless_present,
    .power = headless_power,
    .flips = headless_flips,
    .dump = headless_dump,
};

int
headless_init(struct headless *h, const struct core *core)
{
	*h = (struct headless){
	    .base.ops = &headless_ops, .n = core->scene.n_outputs};
	for (uint32_t i = 0; i < h->n; i++) {
		const struct core_output *o = &core->scene.outputs[i].slot;
		const size_t bytes = (size_t)o->width * o->height * 4;

		if (o->type == OUTPUT_SEALED)
			continue; /* painted into its own memory */
		void *pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (pixels == MAP_FAILED)
			return -errno;
		h->targets[i] = (struct target){
		    .pixels = pixels, .stride_px = o->width};
		h->width[i] = o->width;
		h->height[i] = o->height;
	}
	return 0;
}
