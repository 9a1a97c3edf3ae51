#include "hv-glue/up_records.h"
#include "tests/bench/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void
rig_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
rig_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		rig_die("sched_setaffinity");
}

bool
rig_be_first(void)
{
	const struct sched_param param = {.sched_priority = 1};

	return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

uint64_t
rig_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void
rig_sleep_us(uint32_t us)
{
	const struct timespec ts = {
	    .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&ts, NULL);
}

uint32_t
rig_random(uint32_t below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) * below >> 31);
}

int
rig_compare_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* -------------------------------------------------------------------- tdsd */

static void
send_record(struct rig *rig, int len, const int *fds, uint32_t n_fds)
{
	int err = len;

	while (len > 0 &&
	    (err = channel_send(rig->channel, rig->record, (uint32_t)len, fds,
		 n_fds)) == -EAGAIN)
		poll(&(struct pollfd){.fd = rig->channel, .events = POLLOUT},
		    1, -1);
	if (err < 0)
		rig_die("the core takes no record");
}

void
rig_send_fd(struct rig *rig, uint32_t op, int fd)
{
	send_record(rig, encode_empty(op, rig->record, sizeof(rig->record)),
	    &fd, 1);
	close(fd);
}

static uint32_t
receive_record(struct rig *rig, struct rd *rd)
{
	struct received r;
	uint32_t op;
	int err;

	while ((err = channel_receive(rig->channel, rig->record,
		    sizeof(rig->record), &r)) == -EAGAIN)
		poll(&(struct pollfd){.fd = rig->channel, .events = POLLIN}, 1,
		    -1);
	if (err < 0 ||
	    control_open(rig->record, r.len, r.n_fds, &op, rd) < 0)
		rig_die("the core says nothing sensible");
	return op;
}

static uint32_t
await_record(struct rig *rig, uint32_t op, struct rd *rd)
{
	while (receive_record(rig, rd) != op)
		continue;
	return op;
}

static void
configure(struct rig *rig, uint32_t width, uint32_t height)
{
	uint8_t *out = rig->record;
	const uint32_t size = sizeof(rig->record);
	const struct core_setup setup = {.flags = CORE_TRY_OUT,
	    .modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = 111,
	    .focus = 0};
	const struct core_output output = {.type = OUTPUT_HEADLESS,
	    .x = -1,
	    .y = -1,
	    .width = width,
	    .height = height,
	    .scale = 1,
	    .refresh_mhz = 60000,
	    .name = "headless-1"};
	struct rd rd;

	send_record(rig, encode_core_setup(&setup, out, size), NULL, 0);
	send_record(rig, encode_core_output(&output, out, size), NULL, 0);
	for (uint32_t i = 0; i < rig->n; i++) {
		const struct rig_guest *g = &rig->guests[i];
		struct core_domain d = {.index = i,
		    .level = LEVEL_SECRET,
		    .colour = 0xc8102e,
		    .scanouts = 1,
		    .outputs = 1,
		    .width = g->width,
		    .height = g->height,
		    .x = (int32_t)(i % 12) * 336,
		    .y = 36 + (int32_t)(i / 12) * 244,
		    .label = "SECRET"};
		snprintf((char *)d.name, sizeof(d.name), "guest%u", i);
		send_record(rig, encode_core_domain(&d, out, size), NULL, 0);
	}
	send_record(rig, encode_empty(CORE_START, out, size), NULL, 0);
	await_record(rig, CORE_READY, &rd);
}

static uint64_t
picture_bytes(const struct rig_guest *g)
{
	return ((uint64_t)g->width * g->height * 4 + 4095) / 4096 * 4096;
}

uint64_t
rig_second(const struct rig_guest *g)
{
	return picture_bytes(g);
}

static int
memory(uint64_t bytes, void **base)
{
	const int fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		rig_die("memfd");
	*base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*base == MAP_FAILED)
		rig_die("mmap");
	return fd;
}

static void
link_guest(struct rig *rig, uint32_t i)
{
	struct rig_guest *g = &rig->guests[i];
	const uint64_t bytes = picture_bytes(g);
	const uint64_t window = TDS_MAX_POOL_BYTES;
	void *pool;

	g->pool_bytes = rig->is_granted ? 2 * bytes
	    : bytes < TDS_MIN_POOL_BYTES ? TDS_MIN_POOL_BYTES
					 : bytes;
	const int pool_fd =
	    memory(rig->is_granted ? window : g->pool_bytes, &pool);
	const int ring_fd = memory(RING_BYTES, &g->ring_base);
	const struct core_link link = {.domain = i,
	    .pid = 1,
	    .is_granted = rig->is_granted,
	    .pool_bytes = rig->is_granted ? window : g->pool_bytes};

	g->pool = pool;
	memset(g->pool, (int)i + 1, g->pool_bytes);
	ring_init(&g->up, g->ring_base, RING_UP);
	ring_init(&g->down, g->ring_base, RING_DOWN);
	ring_set_wake(&g->down, true);
	g->bell_up = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->bell_down = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const int fds[4] = {ring_fd, pool_fd, g->bell_up, g->bell_down};
	send_record(rig,
	    encode_core_link(&link, rig->record, sizeof(rig->record)), fds, 4);
	close(ring_fd);
	close(pool_fd);
}

void
rig_start(struct rig *rig, uint32_t width, uint32_t height,
    const struct rig_size *sizes, uint32_t n)
{
	int pair[2];

	if (channel_pair(pair) < 0)
		rig_die("channel");
	rig->core = fork();
	if (rig->core == 0) {
		char *argv[] = {(char *)"tds-compositor", NULL};
		char *env[] = {NULL};
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rig_pin(1);
		dup2(pair[1], 3);
		close_range(4, ~0u, 0);
		execve(rig->compositor, argv, env);
		rig_die(rig->compositor);
	}
	close(pair[1]);
	rig->channel = pair[0];
	rig->n = n;
	for (uint32_t i = 0; i < n; i++)
		rig->guests[i] = (struct rig_guest){
		    .width = sizes[i].width, .height = sizes[i].height};
	configure(rig, width, height);
	for (uint32_t i = 0; i < n; i++)
		link_guest(rig, i);
}

void
rig_stop(struct rig *rig)
{
	kill(rig->core, SIGKILL);
	waitpid(rig->core, NULL, 0);
	for (uint32_t i = 0; i < rig->n; i++) {
		struct rig_guest *g = &rig->guests[i];

		munmap(g->pool, rig->is_granted ? TDS_MAX_POOL_BYTES
						: g->pool_bytes);
		munmap(g->ring_base, RING_BYTES);
		close(g->bell_up);
		close(g->bell_down);
	}
	close(rig->channel);
}

/* ------------------------------------------------------------- measurement */

/* The number behind a name at the begin of a line. */
static uint64_t
number_in(const char *path, const char *name)
{
	const size_t len = strlen(name);
	char line[128];
	uint64_t n = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		rig_die(path);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, len) == 0) {
			n = strtoull(line + len, NULL, 10);
			break;
		}
	fclose(f);
	return n;
}

struct rig_usage
rig_usage(struct rig *rig)
{
	struct rig_usage u = {0};
	static struct status status;
	char path[64];
	uint32_t cookie;
	struct rd rd;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", rig->core);
	u.cpu_ns = number_in(path, "");
	snprintf(path, sizeof(path), "/proc/%d/status", rig->core);
	u.switches = number_in(path, "voluntary_ctxt_switches:");
	send_record(rig,
	    encode_u32(CORE_STATUS, 1, rig->record, sizeof(rig->record)), NULL,
	    0);
	await_record(rig, CORE_REPLY, &rd);
	if (decode_core_reply(&rd, &cookie, &status) < 0)
		rig_die("status");
	u.frames = status.frames;
	return u;
}

/* ------------------------------------------------------------------ guests */

void
rig_put(struct rig_guest *g, const uint8_t record[TDS_RING_RECORD_BYTES])
{
	const uint64_t one = 1;

	while (ring_put(&g->up, record) < 0) /* the core was held up */
		rig_sleep_us(1000);
	if (ring_publish(&g->up) &&
	    write(g->bell_up, &one, sizeof(one)) < 0)
		rig_die("bell");
}

void
rig_map(struct rig_guest *g)
{
	const uint32_t pages = (uint32_t)(rig_second(g) / TDS_PAGE_BYTES);
	struct pollfd p = {.fd = g->bell_down, .events = POLLIN};
	uint8_t record[TDS_RING_RECORD_BYTES];

	for (uint32_t i = 0; i < 2; i++) {
		const struct grant grant = {UP_MAP, i * pages, pages};
		if (encode_grant(&grant, record) < 0)
			rig_die("map");
		rig_put(g, record);
	}
	for (rig_drain(g); g->n_mapped < 2; rig_drain(g))
		if (poll(&p, 1, 5000) <= 0)
			rig_die("a range is not mapped");
}

uint32_t *
rig_snapshot(struct rig *rig, uint64_t bytes)
{
	void *base;
	const int fd = memory(bytes, &base);
	const struct core_snapshot snapshot = {.cookie = 1};
	struct rd rd;

	send_record(rig,
	    encode_core_snapshot(&snapshot, rig->record, sizeof(rig->record)),
	    &fd, 1);
	await_record(rig, CORE_REPLY, &rd);
	close(fd);
	return base;
}

void
rig_commit(struct rig_guest *g, uint32_t w, uint32_t h)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const struct commit c = {.seq = ++g->seq,
	    .stride_bytes = g->width * 4,
	    .width_px = g->width,
	    .height_px = g->height,
	    .w = w,
	    .h = h};

	if (encode_commit(&c, record) < 0)
		rig_die("commit");
	rig_put(g, record);
}

void
rig_drain(struct rig_guest *g)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	const int n = ring_waiting(&g->down);
	struct down down;

	for (int i = 0; i < n; i++) {
		ring_get(&g->down, record);
		if (decode_down(record, sizeof(record), &down) < 0)
			rig_die("a record from the core");
		if (down.op == DOWN_TICK) {
			g->ticked_seq = down.seq;
			g->ticks++;
		}
		g->n_mapped += down.op == DOWN_MAPPED && down.is_mapped;
	}
	ring_release(&g->down);
}

uint64_t
rig_wait_tick(struct rig_guest *g)
{
	struct pollfd p = {.fd = g->bell_down, .events = POLLIN};
	uint64_t n;

	for (rig_drain(g); g->ticked_seq != g->seq; rig_drain(g)) {
		if (poll(&p, 1, 5000) <= 0)
			rig_die("no tick for the last commit");
		if (read(g->bell_down, &n, sizeof(n)) < 0 && errno != EAGAIN)
			rig_die("bell");
	}
	return rig_now_ns();
}
