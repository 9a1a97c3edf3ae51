/*
 * flip: what a flip of a Xen guest costs, from the event to the composed frame:
 * the CPU of a process that is woken, as tds-guest is by its event channel, and
 * tells the core, and of the real, sealed tds-compositor; beside a bare process
 * ("bound") that a 60 Hz timer of its own wakes, as it wakes the core, and that
 * copies the whole picture with memcpy. The pool is granted: memory in place of
 * /dev/xen/gntdev, mapped range by range.
 *
 * Twice: the core is told that all is new ("told"), or the process looks for
 * what is (hv-glue/changes.c, "looked"). All run on one processor, this process,
 * which draws, on the other; rounds alternate, ratios of rounds count.
 *
 *	flip PATH-OF-TDS-COMPOSITOR [--rounds N] [--frames N]
 */
#include "tests/bench/rig.h"

#include "hv-glue/changes.h"
#include "hv-glue/outbox.h"
#include "hv-glue/up_records.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WIDTH = 1920,
	HEIGHT = 1080,
	OUT_WIDTH = 2048,
	OUT_HEIGHT = 1200,
	LEFT = 8, /* of the content on the output */
	TOP = 72,
	WARM_FRAMES = 10,
	MAX_ROUNDS = 64,
	MANY = 64,
};

enum who { BOUND, TOLD, LOOKED, WHO };

static struct rig rig;
static uint32_t n_rounds = 9, n_frames = 30;
static uint32_t n_drawn; /* the picture shown: even or odd */
static pid_t bound, viewer;
static int go[WHO], done; /* eventfds */

static const struct {
	const char *name;
	uint32_t rows; /* that are new */
} cases[] = {{"nothing new", 0}, {"a tenth new", HEIGHT / 10},
    {"all new", HEIGHT}};

static const uint8_t *
picture(uint32_t n)
{
	const struct rig_guest *g = &rig.guests[0];

	return g->pool + n % 2 * rig_second(g);
}

/* ------------------------------------------------------- the other processes */

static uint64_t
wait_for(int fd)
{
	uint64_t n = 0;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		rig_die("eventfd");
	return n;
}

static void
ring_bell(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		rig_die("eventfd");
}

static int
start_timer(void)
{
	const struct itimerspec spec = {
	    {0, 1000000000 / 60}, {0, 1000000000 / 60}};
	const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (timer < 0 || timerfd_settime(timer, 0, &spec, NULL) < 0)
		rig_die("timer");
	return timer;
}

static void __attribute__((noreturn))
bound_main(void)
{
	const size_t stride = OUT_WIDTH * 4;
	uint8_t *frame = mmap(NULL, stride * OUT_HEIGHT, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (frame == MAP_FAILED)
		rig_die("memory");
	const int timer = start_timer();
	for (uint32_t n = 0;;) {
		uint64_t one;
		wait_for(timer);
		if (read(go[BOUND], &one, sizeof(one)) < 0)
			continue; /* nothing new */
		for (size_t y = 0; y < HEIGHT; y++)
			memcpy(frame + (y + TOP) * stride + (size_t)LEFT * 4,
			    picture(n) + y * WIDTH * 4, (size_t)WIDTH * 4);
		n++;
		ring_bell(done);
	}
}

static void
flip(struct outbox *box, struct changes *changes, uint32_t n, bool is_looked)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	struct rig_guest *g = &rig.guests[0];
	struct damage damage = {0};
	const struct commit c = {.offset_bytes = n % 2 * rig_second(g),
	    .stride_bytes = WIDTH * 4,
	    .width_px = WIDTH,
	    .height_px = HEIGHT};

	if (is_looked) {
		changes_look(changes, picture(n), WIDTH * 4, WIDTH, HEIGHT,
		    &damage);
		outbox_flip(box, 0, &c, &damage);
	} else {
		outbox_show(box, 0, &c);
	}
	while (outbox_next(box, record) == 1)
		if (ring_put(&g->up, record) < 0)
			rig_die("the ring is full");
	if (ring_publish(&g->up))
		ring_bell(g->bell_up);
}

/* As tds-guest: 1 to be told only, 2 to look, in the eventfd. */
static void __attribute__((noreturn))
viewer_main(void)
{
	static struct outbox box;
	static struct changes changes;

	outbox_init(&box, 1);
	changes_init(&changes, rig_now_ns());
	for (uint32_t n = 1;; n++) {
		const uint64_t what = wait_for(go[TOLD]);
		flip(&box, &changes, n, what == LOOKED);
		ring_bell(done);
	}
}

static pid_t
start(void (*run)(void))
{
	const pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rig_pin(1);
		run();
	}
	return pid;
}

/* ------------------------------------------------------------------ frames */

static uint64_t
cpu_ns(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	FILE *f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		rig_die(path);
	fclose(f);
	return ns;
}

/* Into the picture that is not shown; the rest of both is the same. */
static void
draw(uint32_t rows)
{
	uint8_t *to = rig.guests[0].pool +
	    (n_drawn + 1) % 2 * rig_second(&rig.guests[0]);

	n_drawn++;
	for (uint32_t y = 0; y < rows; y++)
		memset(to + ((size_t)HEIGHT / 4 + y) % HEIGHT * WIDTH * 4,
		    (int)(n_drawn + y), (size_t)WIDTH * 4);
}

/* Composed frames; all of who's rounds begin with the same pictures. */
static double
run_frames(enum who who, uint32_t rows, uint32_t n, int timer)
{
	struct rig_guest *g = &rig.guests[0];
	uint64_t ticks;

	rig_drain(g);
	const uint32_t from = g->ticks;
	for (uint32_t i = 0; i < n; i++) {
		if (read(timer, &ticks, sizeof(ticks)) < 0)
			rig_die("timer");
		if (who == BOUND) {
			draw(rows);
			draw(0); /* the viewer's count of pictures stands */
			ring_bell(go[BOUND]);
		} else {
			const uint64_t what = who;
			draw(rows);
			if (write(go[TOLD], &what, sizeof(what)) < 0)
				rig_die("eventfd");
		}
		wait_for(done);
		rig_drain(g);
	}
	if (read(timer, &ticks, sizeof(ticks)) < 0 ||
	    read(timer, &ticks, sizeof(ticks)) < 0)
		rig_die("timer");
	rig_drain(g);
	return who == BOUND ? n : g->ticks - from;
}

static double
us_per_frame(enum who who, uint32_t rows, int timer)
{
	run_frames(who, rows, WARM_FRAMES, timer);
	const uint64_t before = who == BOUND
	    ? cpu_ns(bound)
	    : cpu_ns(rig.core) + cpu_ns(viewer);
	const double n = run_frames(who, rows, n_frames, timer);
	const uint64_t after = who == BOUND
	    ? cpu_ns(bound)
	    : cpu_ns(rig.core) + cpu_ns(viewer);
	if (n < 1)
		rig_die("no frame was composed");
	return (double)(after - before) / 1000 / n;
}

/* The composed frame is the picture that was flipped last. */
static void
check_pixels(void)
{
	const uint64_t bytes = (uint64_t)OUT_WIDTH * OUT_HEIGHT * 4;
	uint32_t *frame = rig_snapshot(&rig, bytes);
	uint32_t n_other = 0;

	for (size_t y = 0; y < HEIGHT; y++)
		for (size_t x = 0; x < WIDTH; x++) {
			uint32_t want;
			memcpy(&want, picture(n_drawn) + (y * WIDTH + x) * 4,
			    4);
			n_other += ((frame[(y + TOP) * OUT_WIDTH + x + LEFT] ^
					want) & 0xffffff) != 0;
		}
	munmap(frame, bytes);
	if (n_other > 40 * 40) { /* our own arrow lies on it */
		fprintf(stderr, "flip: %u pixels differ\n", n_other);
		exit(1);
	}
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *v)
{
	qsort(v, n_rounds, sizeof(*v), compare);
	return v[n_rounds / 2];
}

static void
run_case(uint32_t i, int timer)
{
	double us[WHO][MAX_ROUNDS], ratio[WHO][MAX_ROUNDS];

	for (uint32_t r = 0; r < n_rounds; r++)
		for (enum who w = BOUND; w < WHO; w++) {
			us[w][r] = us_per_frame(w, cases[i].rows, timer);
			ratio[w][r] = us[w][r] / us[BOUND][r];
			if (w != BOUND)
				check_pixels();
		}
	printf("| %-11s | %8.1f | %8.1f | %5.2f | %8.1f | %5.2f |\n",
	    cases[i].name, median(us[BOUND]), median(us[TOLD]),
	    median(ratio[TOLD]), median(us[LOOKED]), median(ratio[LOOKED]));
	fflush(stdout);
}

static void
run_flips(int timer)
{
	const struct rig_size size = {WIDTH, HEIGHT};

	rig_start(&rig, OUT_WIDTH, OUT_HEIGHT, &size, 1);
	rig_map(&rig.guests[0]);
	memset(rig.guests[0].pool, 7, rig.guests[0].pool_bytes);
	bound = start(bound_main);
	viewer = start(viewer_main);
	printf("| 1080p       |    bound |     told | ratio |   looked | ratio "
	       "|\n|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i, timer);
	kill(bound, SIGKILL);
	kill(viewer, SIGKILL);
	waitpid(bound, NULL, 0);
	waitpid(viewer, NULL, 0);
	rig_stop(&rig);
}

/* ------------------------------------------------------------- many guests */

static void
flip_many(uint32_t frame)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	for (uint32_t i = 0; i < MANY; i++) {
		struct rig_guest *g = &rig.guests[i];
		const struct commit c = {.seq = frame,
		    .offset_bytes = frame % 2 * rig_second(g),
		    .stride_bytes = g->width * 4,
		    .width_px = g->width,
		    .height_px = g->height,
		    .w = 64,
		    .h = 64,
		    .is_exact = true};
		if (encode_commit(&c, record) < 0)
			rig_die("commit");
		rig_drain(g);
		rig_put(g, record);
	}
}

static bool
run_many(int timer)
{
	enum { N = 300 };
	static struct rig_size sizes[MANY];
	struct rig_usage from = {0};
	uint64_t ticks;

	for (uint32_t i = 0; i < MANY; i++)
		sizes[i] = (struct rig_size){320, 200};
	rig_start(&rig, 4096, 2304, sizes, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		rig_map(&rig.guests[i]);
	for (uint32_t i = 0; i < N + WARM_FRAMES; i++) {
		if (read(timer, &ticks, sizeof(ticks)) < 0)
			rig_die("timer");
		flip_many(i);
		if (i == WARM_FRAMES)
			from = rig_usage(&rig);
	}
	const struct rig_usage to = rig_usage(&rig);
	/* one of them is our own question */
	const double per_frame = (double)(to.switches - from.switches) /
	    (double)(to.frames - from.frames);
	printf("\n%u granted guests that flip: %.2f wake-ups of the core per "
	       "frame (at most 2)\n",
	    MANY, per_frame);
	rig_stop(&rig);
	return per_frame <= 2;
}

int
main(int argc, char **argv)
{
	for (int i = 2; i + 1 < argc; i += 2) {
		const uint32_t n = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--rounds") == 0 && n > 0 &&
		    n <= MAX_ROUNDS)
			n_rounds = n;
		else if (strcmp(argv[i], "--frames") == 0 && n > 0)
			n_frames = n;
		else
			argc = 1;
	}
	if (argc < 2 || argc % 2 != 0) {
		fprintf(stderr, "usage: flip TDS-COMPOSITOR [--rounds N<=64] "
				"[--frames N]\n");
		return 2;
	}
	for (enum who w = BOUND; w < WHO; w++)
		go[w] = eventfd(0, EFD_CLOEXEC | (w == BOUND ? EFD_NONBLOCK : 0));
	done = eventfd(0, EFD_CLOEXEC);
	const int timer = start_timer();
	rig.compositor = argv[1];
	rig.is_granted = true;
	rig_pin(0);
	printf("%u rounds of %u flips at 60 Hz; CPU per flip, us\n\n", n_rounds,
	    n_frames);
	run_flips(timer);
	return run_many(timer) ? 0 : 1;
}
