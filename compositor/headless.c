#include "compositor/headless.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const uint64_t second_ns = 1000000000u;

uint64_t
monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * second_ns + (uint64_t)ts.tv_nsec;
}

int
headless_init(struct headless *h, const struct core *core)
{
	uint32_t fastest_mhz = 1000;

	*h = (struct headless){.n = core->scene.n_outputs, .timer_fd = -1};
	for (uint32_t i = 0; i < h->n; i++) {
		const struct core_output *o =
		    &core->scene.outputs[i].config;
		const size_t bytes = (size_t)o->width * o->height * 4;
		void *pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (pixels == MAP_FAILED)
			return -errno;
		h->targets[i] = (struct target){
		    .pixels = pixels, .stride_px = o->width};
		h->width[i] = o->width;
		h->height[i] = o->height;
		if (o->refresh_mhz > fastest_mhz)
			fastest_mhz = o->refresh_mhz;
	}
	h->period_ns = second_ns * 1000 / fastest_mhz;
	h->origin_ns = monotonic_ns();
	h->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return h->timer_fd < 0 ? -errno : 0;
}

static struct timespec
to_timespec(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / second_ns),
	    .tv_nsec = (long)(ns % second_ns)};
}

int
headless_run(struct headless *h, bool run)
{
	struct itimerspec spec = {0};

	if (h->is_running == run)
		return 0;
	if (run) {
		const uint64_t since = monotonic_ns() - h->origin_ns;
		const uint64_t next = since / h->period_ns + 1;
		spec.it_value =
		    to_timespec(h->origin_ns + next * h->period_ns);
		spec.it_interval = to_timespec(h->period_ns);
	}
	if (timerfd_settime(h->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return -errno;
	h->is_running = run;
	return 0;
}

uint64_t
headless_ticks(struct headless *h)
{
	uint64_t n = 0;

	return read(h->timer_fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

int
headless_dump(const struct headless *h, uint32_t i, int fd)
{
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
