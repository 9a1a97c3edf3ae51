/*
 * kms_probe: the only process of a VM, with a stock kernel and a virtual
 * graphics card. It opens the card as tdsd does, and a child drives the
 * screens as the core does, told so by lines on the second serial port:
 *
 *	slot I W H MHZ ROTATION NAME|-	configuration of a slot
 *	probe N		look at the connectors; an "out" line per slot
 *	frames I N	N frames of output I, a few changes each
 *	clock I N	the same when the frame clock says so
 *	crc I		CRC-32 of what output I should show, as RGB
 *	white I		a frame that is all white
 *	cursor I X Y	a new image in the cursor plane, and no frame
 *	hide I		the same without a cursor
 *	bake I X Y	a frame in which that image is painted, the plane off
 *	kernel		planes that are on, and the CRC of what is scanned out
 *	power 0|1, seal, die (by SIGKILL), quit
 *
 * and when the child is dead, the parent: blank, kernel, again (a new child),
 * quit.
 * Each command is answered by a line that begins with "ok" or "failed".
 * tests/vm/kms.py speaks the other side and looks at the screen.
 */
#include "compositor/clock.h"
#include "compositor/kms_drm.h"
#include "tds/base/log.h"
#include "tds/base/rights.h"
#include "tds/super/screen_drm.h"
#include "tests/vm/kernel_says.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { DIM = TDS_CURSOR_DIM };
enum { LINE = 256, MAX_PIXELS = 4096 * 4096, SLOTS = TDS_MAX_OUTPUTS };

struct tester {
	int tty, card, epoll;
	struct screen *screen;
	struct core_output slots[SLOTS], found[SLOTS];
	uint32_t *picture[SLOTS]; /* what each output should show */
	uint32_t cursor[DIM * DIM]; /* the image set last */
	uint64_t seed;
};

static struct tester tester = {.seed = 88172645463325252u};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t
any(struct tester *t, uint32_t below)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (uint32_t)((t->seed >> 11) % below);
}

static int
read_line(int fd, char line[LINE])
{
	uint32_t n = 0;
	char c;

	while (n < LINE - 1 && read(fd, &c, 1) == 1 && c != '\n')
		line[n++] = c;
	line[n] = '\0';
	return n > 0 ? 0 : -EPIPE;
}

static void
say(struct tester *t, const char *text)
{
	const size_t len = strlen(text);

	if (write(t->tty, text, len) != (ssize_t)len)
		exit(1);
}

static void
answer(struct tester *t, int err)
{
	char line[LINE];

	snprintf(line, sizeof(line), err < 0 ? "failed %d\n" : "ok %d\n", err);
	say(t, line);
}

/* ---------------------------------------------------------------- the core */

static void
fill(struct tester *t, uint32_t i, struct rect r, uint32_t colour)
{
	for (int32_t y = r.y0; y < r.y1; y++)
		for (int32_t x = r.x0; x < r.x1; x++)
			t->picture[i]
				  [(size_t)y * t->found[i].width + (size_t)x] =
			    colour + (uint32_t)(x * 3 + y);
}

static void
begin_anew(struct tester *t, uint32_t i)
{
	if (!t->picture[i])
		t->picture[i] = mmap(NULL, MAX_PIXELS * 4,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(t, i,
	    rect_make(
		0, 0, (int32_t)t->found[i].width, (int32_t)t->found[i].height),
	    0x203040 * (i + 1));
}

static int
probe(struct tester *t, uint32_t n)
{
	struct core_output before[SLOTS];
	char line[LINE];

	memcpy(before, t->found, sizeof(before));
	const int err = t->screen->ops->probe(t->screen, t->slots, n, t->found);
	for (uint32_t i = 0; err == 0 && i < n; i++) {
		const struct core_output *f = &t->found[i];
		if (f->width > 0 && memcmp(f, &before[i], sizeof(*f)) != 0)
			begin_anew(t, i);
		snprintf(line, sizeof(line), "out %u %s %u %u %u %u\n", i,
		    f->name[0] ? (const char *)f->name : "-", f->width,
		    f->height, f->refresh_mhz, f->scale);
		say(t, line);
	}
	return err;
}

static void
copy_damage(
    struct tester *t, uint32_t i, const struct damage *d, struct target target)
{
	const uint32_t width = t->found[i].width;

	for (uint32_t k = 0; k < d->n; k++) {
		const struct rect r = d->r[k];
		copy_pixels(target.copy,
		    target.pixels + (size_t)r.y0 * target.stride_px +
			(size_t)r.x0,
		    (size_t)target.stride_px * 4,
		    t->picture[i] + (size_t)r.y0 * width + (size_t)r.x0,
		    (size_t)width * 4, (size_t)(r.x1 - r.x0) * 4,
		    (size_t)(r.y1 - r.y0));
	}
}

static void
change(struct tester *t, uint32_t i, struct damage *changed)
{
	const uint32_t w = t->found[i].width, h = t->found[i].height;

	damage_clear(changed);
	for (uint32_t k = any(t, 5); k < 6; k++) {
		const uint32_t x = any(t, w - 8), y = any(t, h - 8);
		const struct rect r = rect_make((int32_t)x, (int32_t)y,
		    (int32_t)(1 + any(t, w - x < 200 ? w - x : 200)),
		    (int32_t)(1 + any(t, h - y < 100 ? h - y : 100)));
		fill(t, i, r, any(t, 0xffffff));
		damage_add(changed, r);
	}
}

struct timing {
	uint64_t shown, least, most, sum;
	uint32_t n;
};

/* Wait for the flip; how long after its commit was it shown? */
static void
wait_shown(struct tester *t, struct timing *timing)
{
	struct epoll_event e;

	epoll_wait(t->epoll, &e, 1, 2000);
	const uint64_t shown = t->screen->ops->flips(t->screen);
	if (shown == 0)
		return;
	if (timing->shown != 0) {
		const uint64_t gap = shown - timing->shown;
		timing->least = gap < timing->least ? gap : timing->least;
		timing->most = gap > timing->most ? gap : timing->most;
		timing->sum += gap;
		timing->n++;
	}
	timing->shown = shown;
}

static int
present(struct tester *t, uint32_t i, const struct damage *changed)
{
	const struct damage *stale;
	const int err = t->screen->ops->present(t->screen, i, changed);

	if (err < 0)
		return err;
	/* one is pending */
	return t->screen->ops->begin(t->screen, i, &stale).pixels ? -EPROTO : 0;
}

/* A frame with what it lacks and what has changed. 0 or -errno. */
static int
show(struct tester *t, uint32_t i, const struct damage *changed)
{
	const struct damage *stale = NULL;
	const struct target target =
	    t->screen->ops->begin(t->screen, i, &stale);

	if (!target.pixels)
		return -EAGAIN;
	copy_damage(t, i, stale, target);
	copy_damage(t, i, changed, target);
	return present(t, i, changed);
}

static int
one_frame(struct tester *t, uint32_t i)
{
	struct damage changed;

	change(t, i, &changed);
	return show(t, i, &changed);
}

static int
frames(struct tester *t, uint32_t i, uint32_t n)
{
	struct timing timing = {.least = UINT64_MAX};
	char line[LINE];

	for (uint32_t k = 0; k < n; k++) {
		const int err = one_frame(t, i);
		if (err < 0)
			return err;
		wait_shown(t, &timing);
	}
	snprintf(line, sizeof(line), "gaps_us %llu %llu %llu\n",
	    (unsigned long long)(timing.n ? timing.least / 1000 : 0),
	    (unsigned long long)(timing.n ? timing.sum / timing.n / 1000 : 0),
	    (unsigned long long)timing.most / 1000);
	say(t, line);
	return 0;
}

static void
sleep_until(uint64_t ns)
{
	const struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000u),
	    .tv_nsec = (long)(ns % 1000000000u)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* As the core does it; a missed vblank is a gap of more than 1.5 periods. */
static int
clocked(struct tester *t, uint32_t i, uint32_t n)
{
	struct timing timing = {.least = UINT64_MAX};
	struct frame_clock clock;
	uint32_t missed = 0, locked_at = 0;
	uint64_t last = 0;
	char line[LINE];

	clock_init(&clock, t->found[i].refresh_mhz, now_ns());
	for (uint32_t k = 0; k < n; k++) {
		/* a tick that is over when its flip is known is not left out */
		const uint64_t since = last != 0 ? last : now_ns();
		sleep_until(
		    clock_paint(&clock, clock_next_tick(&clock, since)));
		const uint64_t begin = now_ns();
		const int err = one_frame(t, i);
		if (err < 0)
			return err;
		clock_composed(&clock, now_ns() - begin);
		wait_shown(t, &timing);
		clock_flip(&clock, timing.shown);
		if (clock.is_locked && locked_at == 0)
			locked_at = k;
		else if (clock.is_locked)
			missed += timing.shown - last >
				  clock.period_ns + clock.period_ns / 2;
		last = timing.shown;
	}
	snprintf(line, sizeof(line),
	    "locked %u at %u refused %u missed %u budget_us %llu\n",
	    clock.is_locked, locked_at, clock.refused, missed,
	    (unsigned long long)clock.compose_ns / 1000);
	say(t, line);
	return 0;
}

/* ---------------------------------------------------------- cursor plane */

/* Every alpha, and colours that stay below it; other ones each time. */
static void
draw_cursor(struct tester *t)
{
	const uint32_t seed = any(t, 255);

	for (uint32_t i = 0; i < DIM * DIM; i++) {
		const uint32_t alpha = (i * 5 + seed) & 0xff;
		const uint32_t red = alpha * (i % DIM) / DIM;
		const uint32_t green = alpha * (i / DIM) / DIM;

		t->cursor[i] = alpha << 24 | red << 16 | green << 8 | alpha / 3;
	}
}

static int
set_cursor(struct tester *t, uint32_t i, bool is_visible, int32_t x, int32_t y)
{
	if (!t->screen->ops->has_cursor(t->screen, i))
		return -EOPNOTSUPP;
	t->screen->ops->set_cursor(t->screen, i,
	    &(struct cursor_plane){.is_visible = is_visible,
		.x = x,
		.y = y,
		.image = is_visible ? t->cursor : NULL});
	return 0;
}

/* No frame, only the cursor plane; its event comes all the same. */
static int
show_cursor(struct tester *t, uint32_t i, bool is_visible, const char *words)
{
	const struct damage nothing = {0};
	struct timing timing = {.least = UINT64_MAX};
	const struct damage *stale;
	int x = 0, y = 0;

	(void)!sscanf(words, "%d %d", &x, &y);
	draw_cursor(t);
	int err = set_cursor(t, i, is_visible, x, y);
	if (err == 0)
		err = present(t, i, &nothing);
	if (err < 0)
		return err;
	wait_shown(t, &timing);
	return t->screen->ops->begin(t->screen, i, &stale).pixels ? 0 : -ETIME;
}

static uint32_t
over(uint32_t from, uint32_t to)
{
	uint32_t out = 0;

	for (uint32_t shift = 0; shift < 24; shift += 8)
		out |= ((from >> shift & 0xff) +
			   ((to >> shift & 0xff) * (255 - (from >> 24)) + 127) /
			       255)
		       << shift;
	return out;
}

/* What the plane shows is painted instead. */
static int
bake_cursor(struct tester *t, uint32_t i, const char *words)
{
	const int32_t w = (int32_t)t->found[i].width;
	const int32_t h = (int32_t)t->found[i].height;
	struct timing timing = {.least = UINT64_MAX};
	struct damage changed = {0};
	int x0 = 0, y0 = 0;

	(void)!sscanf(words, "%d %d", &x0, &y0);
	const struct rect r = rect_intersect(
	    rect_make(x0, y0, DIM, DIM), rect_make(0, 0, w, h));
	for (int32_t y = r.y0; y < r.y1; y++)
		for (int32_t x = r.x0; x < r.x1; x++) {
			uint32_t *to = &t->picture[i][y * w + x];
			*to = over(t->cursor[(y - y0) * DIM + x - x0], *to);
		}
	damage_add(&changed, r);
	int err = set_cursor(t, i, false, 0, 0);
	if (err == 0)
		err = show(t, i, &changed);
	if (err == 0)
		wait_shown(t, &timing);
	return err;
}

static int
whiten(struct tester *t, uint32_t i)
{
	const uint32_t w = t->found[i].width, h = t->found[i].height;
	struct timing timing = {.least = UINT64_MAX};
	struct damage all = {0};

	memset(t->picture[i], 0xff, (size_t)w * h * 4);
	damage_add(&all, rect_make(0, 0, (int32_t)w, (int32_t)h));
	const int err = show(t, i, &all);
	if (err == 0)
		wait_shown(t, &timing);
	return err;
}

static int
tell_kernel(struct tester *t)
{
	uint32_t crc = 0;
	char line[LINE];
	const int planes = kernel_planes_on();
	const int err = kernel_crc(&crc);

	snprintf(line, sizeof(line), "kernel %d %d %u\n", planes, err, crc);
	say(t, line);
	return planes < 0 ? planes : 0;
}

static uint32_t
crc_add(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

/* What the screen shows at x, y: the picture turned clockwise. */
static uint32_t
shown_at(const struct tester *t, uint32_t i, uint32_t x, uint32_t y)
{
	const uint32_t w = t->found[i].width, h = t->found[i].height;
	const uint32_t turns = t->found[i].rotation;
	const uint32_t from_x = turns == 0   ? x
				: turns == 1 ? y
				: turns == 2 ? w - 1 - x
					     : w - 1 - y;
	const uint32_t from_y = turns == 0   ? y
				: turns == 1 ? h - 1 - x
				: turns == 2 ? h - 1 - y
					     : x;

	return t->picture[i][(size_t)from_y * w + from_x];
}

static void
tell_crc(struct tester *t, uint32_t i)
{
	const bool is_odd = t->found[i].rotation % 2 == 1;
	const uint32_t w = is_odd ? t->found[i].height : t->found[i].width;
	const uint32_t h = is_odd ? t->found[i].width : t->found[i].height;
	uint32_t crc = UINT32_MAX;
	char line[LINE];

	for (uint32_t k = 0; k < w * h; k++) {
		const uint32_t pixel = shown_at(t, i, k % w, k / w);
		for (uint32_t shift = 24; shift > 0; shift -= 8)
			crc = crc_add(crc, (uint8_t)(pixel >> (shift - 8)));
	}
	snprintf(line, sizeof(line), "crc %u\n", ~crc);
	say(t, line);
}

static int
seal(void)
{
	const char *what = "";
	const int err = rights_seal(ROLE_CORE, false, &what);

	if (err < 0)
		log_error("not sealed: %s", what);
	return err;
}

static int
set_slot(struct tester *t, const char *words)
{
	struct core_output s = {.type = OUTPUT_KMS, .x = -1, .y = -1};
	char name[TDS_NAME_BYTES] = {0};
	uint32_t i;

	if (sscanf(words, "%u %u %u %u %u %31s", &i, &s.width, &s.height,
		&s.refresh_mhz, &s.rotation, name) != 6 ||
	    i >= SLOTS)
		return -EINVAL;
	s.index = i;
	if (strcmp(name, "-") != 0)
		memcpy(s.name, name, sizeof(name));
	t->slots[i] = s;
	return 0;
}

static int
core_command(struct tester *t, const char *line)
{
	uint32_t a = 0, b = 0;
	char verb[16] = "";

	(void)!sscanf(line, "%15s %u %u", verb, &a, &b);
	if (a >= SLOTS + 1)
		return -EINVAL;
	if (strcmp(verb, "slot") == 0)
		return set_slot(t, line + 5);
	if (strcmp(verb, "probe") == 0)
		return probe(t, a);
	if (strcmp(verb, "frames") == 0)
		return frames(t, a, b);
	if (strcmp(verb, "clock") == 0)
		return clocked(t, a, b);
	if (strcmp(verb, "white") == 0)
		return whiten(t, a);
	if (strcmp(verb, "cursor") == 0)
		return show_cursor(t, a, true, line + 9);
	if (strcmp(verb, "hide") == 0)
		return show_cursor(t, a, false, "");
	if (strcmp(verb, "bake") == 0)
		return bake_cursor(t, a, line + 7);
	if (strcmp(verb, "kernel") == 0)
		return tell_kernel(t);
	if (strcmp(verb, "power") == 0)
		return t->screen->ops->power(t->screen, a != 0);
	if (strcmp(verb, "seal") == 0)
		return seal();
	if (strcmp(verb, "crc") == 0)
		tell_crc(t, a);
	else if (strcmp(verb, "die") == 0)
		kill(getpid(), SIGKILL);
	else
		return -ENOSYS;
	return 0;
}

static int
core(struct tester *t)
{
	struct epoll_event e = {.events = EPOLLIN};
	char line[LINE];
	const int err = kms_create(t->card, &t->screen);

	answer(t, err);
	if (err < 0)
		return 1;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->card, &e);
	while (read_line(t->tty, line) == 0) {
		if (strcmp(line, "quit") == 0) {
			kms_destroy(t->screen);
			answer(t, 0);
			return 0;
		}
		answer(t, core_command(t, line));
	}
	return 1;
}

/* -------------------------------------------------------------------- tdsd */

static void
insmod_all(void)
{
	/* no dependencies are known: again while one more goes in */
	for (int round = 0; round < 12; round++) {
		DIR *dir = opendir("/modules");
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			char path[300];
			snprintf(
			    path, sizeof(path), "/modules/%s", entry->d_name);
			const int fd = open(path, O_RDONLY | O_CLOEXEC);
			if (entry->d_name[0] != '.' &&
			    syscall(SYS_finit_module, fd, "", 0) == 0)
				unlink(path);
			close(fd);
		}
		if (dir)
			closedir(dir);
	}
}

static int
open_tty(void)
{
	struct termios raw;
	const int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		exit(1);
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

static int
open_card(void)
{
	int fd = -ENOENT;

	/* the driver may still be looking for its device */
	for (int i = 0; i < 50 && access("/dev/dri/card0", F_OK) != 0; i++)
		usleep(50000);
	fd = screen_open(NULL);
	return fd;
}

static void
run_core(struct tester *t)
{
	int status;
	const pid_t pid = fork();

	if (pid == 0)
		_exit(core(t));
	waitpid(pid, &status, 0);
	say(t, WIFSIGNALED(status) ? "died\n" : "ended\n");
}

int
main(void)
{
	struct tester *t = &tester;
	char line[LINE];

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/debug", 0700);
	mount("debugfs", "/debug", "debugfs", 0, NULL);
	const int console = open("/dev/console", O_RDWR);
	dup2(console, STDERR_FILENO);
	log_init("kms_probe");
	insmod_all();
	t->tty = open_tty();
	t->card = open_card();
	answer(t, t->card < 0 ? t->card : 0);
	if (t->card >= 0)
		run_core(t);
	while (t->card >= 0 && read_line(t->tty, line) == 0 &&
	       strcmp(line, "quit") != 0)
		if (strcmp(line, "blank") == 0)
			answer(t, screen_blank(t->card));
		else if (strcmp(line, "kernel") == 0)
			answer(t, tell_kernel(t));
		else if (strcmp(line, "again") == 0)
			run_core(t);
		else if (strcmp(line, "second") == 0)
			answer(t, screen_open(NULL) < 0 ? -1 : 0);
	reboot(RB_POWER_OFF);
	return 0;
}
