/*
 * bench: what one frame costs the real tds-compositor, beside a bare process
 * ("bound") that wakes, copies exactly the damaged rectangles with memcpy and
 * acknowledges: the least that anything can cost. Both are woken by a 60 Hz
 * timer of their own, copy from the same pool that this process writes, run on
 * the same processor, and are interleaved in pairs of rounds. Ratios of pairs
 * count; the machine is shared.
 *
 *	bench PATH-OF-TDS-COMPOSITOR [--rounds N] [--frames N] [--idle SECONDS]
 */
#include "hv-glue/up_records.h"
#include "protocol/control.h"
#include "protocol/ring.h"
#include "tds/base/channel.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

enum { MAX_RECTS = 64, SIDE = 8, TOP = 36, WARM_FRAMES = 20 };

struct config {
	const char *name;
	uint32_t out_w, out_h;	    /* the output */
	uint32_t guests;
	uint32_t w, h;		    /* content of each guest */
	uint32_t rects, rect_w, rect_h; /* damage of each guest per frame */
	double limit;		    /* of the ratio; 0: reported only */
};

static const struct config cases[] = {
    {"1080p full", 2048, 1200, 1, 1920, 1080, 1, 1920, 1080, 1.25},
    {"4K full", 4096, 2304, 1, 3840, 2160, 1, 3840, 2160, 1.25},
    {"64x64", 2048, 1200, 1, 1920, 1080, 1, 64, 64, 1.5},
    {"32 of 64x16, 1080p", 2048, 1200, 1, 1920, 1080, 32, 64, 16, 1.7},
    {"32 of 64x16, 4K", 4096, 2304, 1, 3840, 2160, 32, 64, 16, 1.7},
    {"64 guests, 64x64 each", 4096, 2304, 64, 320, 200, 1, 64, 64, 0},
};

struct guest {
	int x, y; /* content on the output */
	int pool_fd;
	uint8_t *pool;
	uint64_t pool_bytes;
	void *ring_base;
	struct ring up, down;
	int bell_up, bell_down;
	uint32_t ticked_seq, ticks;
};

struct bench {
	const struct config *c;
	struct rect rects[MAX_RECTS]; /* in content pixels */
	struct guest guests[TDS_MAX_DOMAINS];
	int channel;	   /* to the compositor */
	pid_t core, bound;
	_Atomic uint32_t *bound_frame; /* shared: what it is to have copied */
	int bound_done; /* an eventfd */
	uint32_t frame;
	uint8_t record[CONTROL_MAX_BYTES];
};

static struct bench b;
static const char *compositor_path;
static uint32_t n_rounds = 15, n_frames = 60, idle_seconds = 60;

static void __attribute__((noreturn))
die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
check(int err, const char *what)
{
	if (err < 0) {
		errno = -err;
		die(what);
	}
}

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		die("sched_setaffinity");
}

/* ------------------------------------------------------------- measurement */

struct usage {
	uint64_t cpu_ns;
	uint64_t switches; /* voluntary: one per wake-up */
};

static struct usage
usage_of(pid_t pid)
{
	struct usage u = {0};
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	FILE *f = fopen(path, "r");
	if (!f || fscanf(f, "%lu", &u.cpu_ns) != 1)
		die(path);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %lu",
			&u.switches) == 1)
			break;
	fclose(f);
	return u;
}

static double
private_dirty_mb(pid_t pid)
{
	char path[64], line[128];
	unsigned long kb = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %lu", &kb) == 1)
			break;
	fclose(f);
	return (double)kb / 1024;
}

/* ------------------------------------------------------------------- bound */

static void
copy_rect(uint8_t *to, size_t to_stride, const uint8_t *from,
    size_t from_stride, struct rect r)
{
	for (int y = r.y0; y < r.y1; y++)
		memcpy(to + (size_t)y * to_stride + (size_t)r.x0 * 4,
		    from + (size_t)y * from_stride + (size_t)r.x0 * 4,
		    (size_t)(r.x1 - r.x0) * 4);
}

static int
start_timer(void)
{
	const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	const struct itimerspec spec = {
	    {0, 1000000000 / 60}, {0, 1000000000 / 60}};

	if (timer < 0 || timerfd_settime(timer, 0, &spec, NULL) < 0)
		die("timer");
	return timer;
}

static void __attribute__((noreturn))
bound_main(void)
{
	const struct config *c = b.c;
	const size_t stride = (size_t)c->out_w * 4;
	const size_t bytes = stride * c->out_h;
	uint8_t *target = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const int epoll = epoll_create1(0), timer = start_timer();
	struct epoll_event ev = {.events = EPOLLIN};
	uint32_t copied = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (target == MAP_FAILED || epoll < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &ev) < 0)
		die("bound");
	for (;;) {
		uint64_t n = 0;
		if (epoll_wait(epoll, &ev, 1, -1) != 1 ||
		    read(timer, &n, sizeof(n)) != sizeof(n))
			die("bound: wait");
		if (*b.bound_frame == copied)
			continue;
		copied = *b.bound_frame;
		for (uint32_t g = 0; g < c->guests; g++) {
			const struct guest *q = &b.guests[g];
			uint8_t *at = target + (size_t)q->y * stride +
			    (size_t)q->x * 4;
			for (uint32_t i = 0; i < c->rects; i++)
				copy_rect(at, stride, q->pool,
				    (size_t)c->w * 4, b.rects[i]);
		}
		n = 1;
		if (write(b.bound_done, &n, sizeof(n)) != sizeof(n))
			die("bound: done");
	}
}

/* ---------------------------------------------------- tdsd for this bench */

static void
send_record(int len, const int *fds, uint32_t n_fds)
{
	check(len, "encode");
	int err;
	while ((err = channel_send(b.channel, b.record, (uint32_t)len, fds,
		    n_fds)) == -EAGAIN)
		poll(&(struct pollfd){.fd = b.channel, .events = POLLOUT}, 1,
		    -1);
	check(err, "send");
}

static uint32_t
receive_record(struct rd *rd)
{
	struct received r;
	uint32_t op;
	int err;

	while ((err = channel_receive(b.channel, b.record, sizeof(b.record),
		    &r)) == -EAGAIN)
		poll(&(struct pollfd){.fd = b.channel, .events = POLLIN}, 1,
		    -1);
	check(err, "receive");
	check(control_open(b.record, r.len, r.n_fds, &op, rd), "open");
	return op;
}

static int
sealed_memfd(uint64_t bytes)
{
	const int fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		die("memfd");
	return fd;
}

static void *
map(int fd, uint64_t bytes)
{
	void *base =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED)
		die("mmap");
	return base;
}

static void
make_guest(uint32_t i)
{
	const struct config *c = b.c;
	struct guest *g = &b.guests[i];
	const uint32_t columns = c->out_w / (c->w + 2 * SIDE);
	const uint64_t bytes = (uint64_t)c->w * c->h * 4;

	g->x = (int)((i % columns) * (c->w + 2 * SIDE)) + SIDE;
	g->y = 36 + (int)((i / columns) * (c->h + TOP + SIDE)) + TOP;
	g->pool_bytes = (bytes + 4095) / 4096 * 4096;
	if (g->pool_bytes < TDS_MIN_POOL_BYTES)
		g->pool_bytes = TDS_MIN_POOL_BYTES;
	g->pool_fd = sealed_memfd(g->pool_bytes);
	g->pool = map(g->pool_fd, g->pool_bytes);
	memset(g->pool, (int)i, bytes);
}

/* After the fork of the compositor: what only the two share. */
static void
link_guest(uint32_t i)
{
	struct guest *g = &b.guests[i];
	const int ring_fd = sealed_memfd(RING_BYTES);
	const struct core_link link = {
	    .domain = i, .pid = 1, .pool_bytes = g->pool_bytes};

	g->ring_base = map(ring_fd, RING_BYTES);
	ring_init(&g->up, g->ring_base, RING_UP);
	ring_init(&g->down, g->ring_base, RING_DOWN);
	ring_set_wake(&g->down, true);
	g->bell_up = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->bell_down = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const int fds[4] = {ring_fd, g->pool_fd, g->bell_up, g->bell_down};
	send_record(
	    encode_core_link(&link, b.record, sizeof(b.record)), fds, 4);
	close(ring_fd);
}

static void
configure_core(void)
{
	const struct config *c = b.c;
	const struct core_setup setup = {.flags = CORE_TRY_OUT,
	    .modifiers = CHORD_CTRL | CHORD_ALT, .key = 111, .focus = TDS_NONE};
	const struct core_output output = {.type = OUTPUT_HEADLESS,
	    .x = -1, .y = -1, .width = c->out_w,
	    .height = c->out_h, .scale = 1, .refresh_mhz = 60000,
	    .name = "headless-1"};
	struct rd rd;

	send_record(
	    encode_core_setup(&setup, b.record, sizeof(b.record)), NULL, 0);
	send_record(
	    encode_core_output(&output, b.record, sizeof(b.record)), NULL, 0);
	for (uint32_t i = 0; i < c->guests; i++) {
		struct core_domain d = {.index = i, .level = LEVEL_SECRET,
		    .colour = 0xc8102e, .scanouts = 1, .outputs = 1,
		    .width = c->w, .height = c->h,
		    .x = b.guests[i].x - SIDE, .y = b.guests[i].y - TOP};
		snprintf((char *)d.name, sizeof(d.name), "guest%u", i);
		snprintf((char *)d.label, sizeof(d.label), "SECRET");
		send_record(
		    encode_core_domain(&d, b.record, sizeof(b.record)), NULL,
		    0);
	}
	send_record(
	    encode_empty(CORE_START, b.record, sizeof(b.record)), NULL, 0);
	if (receive_record(&rd) != CORE_READY)
		die("no CORE_READY");
}

static void
start_core(void)
{
	int pair[2];

	check(channel_pair(pair), "channel");
	b.core = fork();
	if (b.core == 0) {
		char *argv[] = {(char *)"tds-compositor", NULL};
		char *env[] = {NULL};
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(1);
		dup2(pair[1], 3);
		close_range(4, ~0u, 0);
		execve(compositor_path, argv, env);
		die(compositor_path);
	}
	close(pair[1]);
	b.channel = pair[0];
	configure_core();
	for (uint32_t i = 0; i < b.c->guests; i++)
		link_guest(i);
	/* our own arrow must not lie over what is compared */
	const struct core_input away = {.n = 3,
	    .events = {{EV_ABS, ABS_X, 0}, {EV_ABS, ABS_Y, 0}, {0}}};
	send_record(encode_core_input(CORE_INPUT, &away, b.record,
			sizeof(b.record)),
	    NULL, 0);
}

static void
start_bound(void)
{
	b.bound_frame = mmap(NULL, sizeof(*b.bound_frame),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b.bound_frame == MAP_FAILED)
		die("mmap");
	b.bound_done = eventfd(0, EFD_NONBLOCK);
	b.bound = fork();
	if (b.bound == 0) {
		pin(1);
		bound_main();
	}
}

/* ------------------------------------------------------------------ frames */

static void
put_commit(struct guest *g, struct rect r)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const struct commit c = {.seq = b.frame,
	    .stride_bytes = b.c->w * 4, .width_px = b.c->w,
	    .height_px = b.c->h, .x = (uint32_t)r.x0, .y = (uint32_t)r.y0,
	    .w = (uint32_t)(r.x1 - r.x0), .h = (uint32_t)(r.y1 - r.y0)};

	check(encode_commit(&c, record), "encode_commit");
	while (ring_put(&g->up, record) < 0) /* the core was held up */
		if (poll(NULL, 0, 1) < 0 || kill(b.core, 0) < 0)
			die("the core is gone");
}

static void
dirty(struct guest *g)
{
	for (uint32_t i = 0; i < b.c->rects; i++)
		for (int y = b.rects[i].y0; y < b.rects[i].y1; y++)
			memset(g->pool +
				((size_t)y * b.c->w + (size_t)b.rects[i].x0) *
				    4,
			    (int)(b.frame + (uint32_t)y),
			    (size_t)(b.rects[i].x1 - b.rects[i].x0) * 4);
}

static void
drain_down(struct guest *g)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const int n = ring_waiting(&g->down);
	struct down down;

	for (int i = 0; i < n; i++) {
		ring_get(&g->down, record);
		check(decode_down(record, sizeof(record), &down), "down");
		if (down.op == DOWN_TICK) {
			g->ticked_seq = down.seq;
			g->ticks++;
		}
	}
	ring_release(&g->down);
}

/* A tick with our last commit's number: it was taken in, and painted. */
static void
await_last_tick(struct guest *g)
{
	struct pollfd p = {.fd = g->bell_down, .events = POLLIN};
	uint64_t n;

	for (drain_down(g); g->ticked_seq != b.frame; drain_down(g)) {
		if (poll(&p, 1, 5000) <= 0)
			die("no tick for the last commit");
		if (read(g->bell_down, &n, sizeof(n)) < 0 && errno != EAGAIN)
			die("bell");
	}
}

static void
one_frame(bool to_core)
{
	const uint64_t one = 1;

	b.frame++;
	for (uint32_t i = 0; i < b.c->guests; i++) {
		struct guest *g = &b.guests[i];
		dirty(g);
		if (!to_core)
			continue;
		drain_down(g);
		for (uint32_t k = 0; k < b.c->rects; k++)
			put_commit(g, b.rects[k]);
		if (ring_publish(&g->up) &&
		    write(g->bell_up, &one, sizeof(one)) < 0)
			die("bell");
	}
	if (!to_core)
		*b.bound_frame = b.frame;
}

static void
run_frames(bool to_core, uint32_t n)
{
	const int timer = start_timer();
	uint64_t ticks;

	for (uint32_t i = 0; i < n; i++) {
		if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
			die("timer");
		one_frame(to_core);
	}
	/* the last frame's work belongs to this run */
	if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		die("timer");
	close(timer);
}

/* Per frame that was really composed: a late one takes two for one. */
struct cost {
	double us, wakeups, frames;
};

static uint64_t
frames_done(bool to_core)
{
	static uint64_t bound_frames;
	uint64_t n;

	if (to_core) {
		drain_down(&b.guests[0]);
		return b.guests[0].ticks;
	}
	if (read(b.bound_done, &n, sizeof(n)) == (ssize_t)sizeof(n))
		bound_frames += n;
	return bound_frames;
}

static struct cost
measure(bool to_core)
{
	const pid_t pid = to_core ? b.core : b.bound;

	run_frames(to_core, WARM_FRAMES);
	const struct usage before = usage_of(pid);
	const uint64_t first = frames_done(to_core);
	run_frames(to_core, n_frames);
	const struct usage after = usage_of(pid);
	const double n = (double)(frames_done(to_core) - first);
	if (n < 1)
		die("no frame was composed");
	return (struct cost){(double)(after.cpu_ns - before.cpu_ns) / 1000 / n,
	    (double)(after.switches - before.switches) / n, n / n_frames};
}

/* What the core composed is what the guests last wrote, byte for byte. */
static void
check_pixels(void)
{
	const struct config *c = b.c;
	const uint64_t bytes = (uint64_t)c->out_w * c->out_h * 4;
	const int fd = sealed_memfd(bytes);
	const struct core_snapshot snapshot = {.cookie = 1};
	struct rd rd;

	send_record(encode_core_snapshot(&snapshot, b.record, sizeof(b.record)),
	    &fd, 1);
	if (receive_record(&rd) != CORE_REPLY)
		die("no CORE_REPLY");
	const uint8_t *frame = map(fd, bytes);
	for (uint32_t i = 0; i < c->guests; i++)
		for (uint32_t y = 0; y < c->h; y++)
			if (memcmp(frame +
				    ((size_t)(b.guests[i].y + (int)y) *
					    c->out_w +
					(size_t)b.guests[i].x) *
					4,
				b.guests[i].pool + (size_t)y * c->w * 4,
				(size_t)c->w * 4) != 0) {
				fprintf(stderr,
				    "bench: guest %u, row %u differs\n", i, y);
				exit(1);
			}
	munmap((void *)(uintptr_t)frame, bytes);
	close(fd);
}

static int
compare_doubles(const void *a, const void *c)
{
	const double x = *(const double *)a, y = *(const double *)c;

	return x < y ? -1 : x > y;
}

static double
median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), compare_doubles);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void
report_idle(void)
{
	/* let it fall idle, then look for a whole minute */
	poll(NULL, 0, 500);
	const struct usage before = usage_of(b.core);
	poll(NULL, 0, (int)idle_seconds * 1000);
	const struct usage after = usage_of(b.core);
	printf("\nidle %u s, %u guests connected: %lu wake-ups, %.1f us CPU\n",
	    idle_seconds, b.c->guests, after.switches - before.switches,
	    (double)(after.cpu_ns - before.cpu_ns) / 1000);
	const double frames_mb =
	    (double)b.c->out_w * b.c->out_h * 4 / 1024 / 1024;
	printf("private memory beyond frames: %.2f MB\n",
	    private_dirty_mb(b.core) - frames_mb);
}

static void
lay_out_rects(void)
{
	const struct config *c = b.c;

	for (uint32_t i = 0; i < c->rects; i++) {
		/* scattered over the content, none touching another */
		const uint32_t x = c->rects == 1 ? 0
		    : (i % 4) * (c->w / 4) + 16 + (i / 4) * 8;
		const uint32_t y =
		    c->rects == 1 ? 0 : (i / 4) * (c->h / 8) + 24;
		b.rects[i] = rect_make((int)x, (int)y, (int)c->rect_w,
		    (int)c->rect_h);
	}
}

/* True if within the limit. */
static bool
run_case(const struct config *c, bool is_last)
{
	double core_us[64], bound_us[64], ratio[64], wakeups[64];
	double composed[64];

	memset(&b, 0, sizeof(b));
	b.c = c;
	lay_out_rects();
	for (uint32_t i = 0; i < c->guests; i++)
		make_guest(i);
	start_bound();
	start_core();
	run_frames(true, WARM_FRAMES);
	for (uint32_t i = 0; i < n_rounds; i++) {
		const struct cost bound = measure(false);
		const struct cost core = measure(true);
		core_us[i] = core.us;
		bound_us[i] = bound.us;
		ratio[i] = core.us / bound.us;
		wakeups[i] = core.wakeups;
		composed[i] = core.frames;
	}
	for (uint32_t i = 0; i < c->guests; i++)
		await_last_tick(&b.guests[i]);
	check_pixels();
	const double r = median(ratio, n_rounds);
	char limit[8] = "-";
	if (c->limit > 0)
		snprintf(limit, sizeof(limit), "%.2f", c->limit);
	printf("| %-22s | %8.1f | %8.1f | %5.2f | %4.2f..%4.2f | %5s | %4.2f | %4.2f |\n",
	    c->name, median(bound_us, n_rounds), median(core_us, n_rounds), r,
	    ratio[0], ratio[n_rounds - 1],
	    limit, median(wakeups, n_rounds), median(composed, n_rounds));
	fflush(stdout);
	if (is_last)
		report_idle();
	kill(b.core, SIGKILL);
	kill(b.bound, SIGKILL);
	while (wait(NULL) > 0)
		continue;
	for (uint32_t i = 0; i < c->guests; i++) {
		munmap(b.guests[i].pool, b.guests[i].pool_bytes);
		close(b.guests[i].pool_fd);
		munmap(b.guests[i].ring_base, RING_BYTES);
		close(b.guests[i].bell_up);
		close(b.guests[i].bell_down);
	}
	munmap((void *)(uintptr_t)b.bound_frame, sizeof(*b.bound_frame));
	close(b.bound_done);
	close(b.channel);
	return c->limit == 0 || r <= c->limit;
}

int
main(int argc, char **argv)
{
	enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };
	uint32_t over = 0;

	for (int i = 2; i + 1 < argc; i += 2) {
		const uint32_t n = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--rounds") == 0 && n > 0 && n <= 64)
			n_rounds = n;
		else if (strcmp(argv[i], "--frames") == 0 && n > 0)
			n_frames = n;
		else if (strcmp(argv[i], "--idle") == 0)
			idle_seconds = n;
		else
			argc = 1;
	}
	if (argc < 2 || argc % 2 != 0) {
		fprintf(stderr, "usage: bench TDS-COMPOSITOR [--rounds N<=64] "
				"[--frames N] [--idle SECONDS]\n");
		return 2;
	}
	compositor_path = argv[1];
	pin(0);
	printf("%u paired rounds of %u frames at 60 Hz; CPU per frame, us\n\n",
	    n_rounds, n_frames);
	printf("| damage per frame       |    bound |      tds | ratio | "
	       "min..max   | limit | wake-ups | composed |\n");
	printf("|---|---|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < N_CASES; i++)
		over += !run_case(&cases[i], i + 1 == N_CASES);
	/* Told, not judged: the machine is shared. Wrong pixels are judged. */
	printf("\n%u of %u ratios over their limit\n", over, N_CASES - 1);
	return 0;
}
