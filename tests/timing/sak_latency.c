/*
 * sak_latency: from a key's time at the device to the panel on every output,
 * ten thousand times, while guests flood and outputs come and go (R-13, R-50,
 * The real shell of tds-compositor runs: main.c, shell_*.c, link.c and
 * everything below; time and the card are virtual (virtual.h, fake_screen.h).
 *
 *	sak_latency [--presses N]	at most LIMIT_NS each, or exit 1
 *	sak_latency --self-test		each planted mistake must be found
 *
 * Each world has its own process, outputs, guests and user, and ends after
 * WORLD_PRESSES of the chord. A press is measured from the key-down's time_ns
 * until the present() after which every output shows the panel and nothing
 * else. Of an output that the core did not know yet at the key-down, the first
 * frame must be the panel; how long after it came is told apart. An output
 * whose modeset was under way with an older frame counts from that frame.
 */
int shell_main(void);
#define main shell_main
#include "compositor/main.c"
#undef main

#include "tests/timing/fake_screen.h"
#include "tests/timing/guests.h"
#include "tests/timing/presser.h"
#include "tests/timing/virtual.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
	WORLD_PRESSES = 50,
	IDLE_S = 1,
	MAX_PRESSES = 100000,
	LIMIT_NS = 100 * MS,
	LATE_LIMIT_NS = 250 * MS, /* for outputs that come meanwhile */
};

enum plant {
	PLANT_NONE,
	PLANT_LATE_INPUT, /* tds-input sends the chord 90 ms late, at times */
	PLANT_STUCK,	  /* a screen takes 150 ms for a frame, at times */
	PLANT_HOLE,	  /* a part of the panel's frame is not painted */
	PLANT_LEAK,	  /* the chord's key reaches a guest */
	PLANTS,
};

/* What one press took: the worst of the outputs. */
struct press {
	uint32_t n_on; /* outputs that were on when it came */
	uint64_t presented_ns, seen_ns;
	uint64_t late_ns; /* of those that came meanwhile */
};

/* Shared with the world's process. */
struct result {
	uint32_t n, n_midway, n_dark, n_hotplug;
	struct press presses[WORLD_PRESSES];
	uint32_t n_late;
	uint64_t late_ns; /* the worst */
	uint64_t records, inputs, malformed, frames, compared, refused;
	char wrong[96]; /* empty: nothing */
};

static struct result *result;
static struct chance chance;
static enum plant plant;
static int tdsd = -1; /* our end of the control channel */
static bool is_over;
static uint64_t next_hotplug_ns = NEVER;
static bool is_big;

void __real_core_step(struct core *core, const struct event *event,
    uint64_t now_ns, struct actions *out);
void __wrap_core_step(struct core *core, const struct event *event,
    uint64_t now_ns, struct actions *out);

static void
wrong(const char *what)
{
	if (result->wrong[0] == 0)
		snprintf(result->wrong, sizeof(result->wrong), "%s", what);
}

bool
world_one_in(uint32_t n)
{
	return chance_one_in(&chance, n);
}

/* Every step of the core: it costs, and its panels are counted. */
void
__wrap_core_step(struct core *core, const struct event *event,
    uint64_t now_ns, struct actions *out)
{
	const bool was_open = core->panel.is_open;

	__real_core_step(core, event, now_ns, out);
	if (!was_open && core->panel.is_open) {
		screen.panels++;
		if (plant == PLANT_LEAK && world_one_in(50))
			out->a[out->n++] = (struct action){.domain = 0,
			    .record = {.op = DOWN_INPUT,
				.type = EV_KEY,
				.code = KEY_DELETE,
				.value = 1}};
	}
	virtual_advance(STEP_NS);
}

/* ------------------------------------------------------------------- tdsd */

static void
tell_core(int len, const uint8_t *bytes, const int *fds, uint32_t n_fds)
{
	if (len <= 0 ||
	    channel_send(tdsd, bytes, (uint32_t)len, fds, n_fds) < 0) {
		perror("the core takes no record");
		abort();
	}
}

static void
hear_core(void)
{
	static uint8_t bytes[CONTROL_MAX_BYTES];
	struct core_dropped dropped;
	struct received r;
	struct rd rd;
	uint32_t op;

	while (channel_receive(tdsd, bytes, sizeof(bytes), &r) == 0) {
		if (control_open(bytes, r.len, r.n_fds, &op, &rd) < 0)
			abort();
		if (op != CORE_DROPPED)
			continue;
		if (decode_core_dropped(&rd, &dropped) < 0)
			abort();
		if (dropped.domain == TDS_NONE)
			wrong("the core refuses what tds-input sends");
		else
			guests_dropped(dropped.domain, virtual_now());
	}
}

static void
random_monitor(uint32_t i)
{
	static const uint16_t big[][2] = {
	    {1920, 1080}, {3840, 2160}, {2560, 1440}, {1280, 1024}};
	static const uint16_t small[][2] = {
	    {1024, 768}, {800, 600}, {640, 480}, {720, 900}};
	const uint16_t *m = is_big ? big[chance_below(&chance, 4)]
				   : small[chance_below(&chance, 4)];

	/* one 4K screen beside three others */
	for (uint32_t k = 0; k < TDS_MAX_OUTPUTS && m[0] == 3840; k++)
		if (k != i && screen.monitors[k].width == 3840)
			m = big[0];
	monitor_set(i, m[0], m[1]);
}

/* A monitor comes, goes, or changes its mode. */
static void
hotplug(void)
{
	const uint32_t i = chance_below(&chance, is_big ? 4 : 3);
	uint8_t bytes[8];

	if (screen.monitors[i].is_connected && chance_one_in(&chance, 2))
		monitor_set(i, 0, 0);
	else
		random_monitor(i);
	tell_core(encode_empty(CORE_HOTPLUG, bytes, sizeof(bytes)), bytes, NULL,
	    0);
	result->n_hotplug++;
}

static void
configure(void)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	const struct core_setup setup = {.flags = CORE_TRY_OUT,
	    .modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = KEY_DELETE,
	    .focus = 0,
	    .idle_s = 1,
	    .phrase = "the heron waits for rain"};
	const int card = open("/dev/null", O_RDWR | O_CLOEXEC);

	tell_core(encode_core_setup(&setup, bytes, sizeof(bytes)), bytes, NULL,
	    0);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		const struct core_output slot = {.index = i,
		    .type = OUTPUT_KMS, .x = -1, .y = -1};
		tell_core(encode_core_output(&slot, bytes, sizeof(bytes)),
		    bytes, NULL, 0);
	}
	guests_configure();
	tell_core(encode_empty(CORE_SCREEN, bytes, sizeof(bytes)), bytes, &card,
	    1);
	tell_core(encode_empty(CORE_START, bytes, sizeof(bytes)), bytes, NULL,
	    0);
	close(card);
}

/* ------------------------------------------------------------------ the judge */

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A press that took too long, or came to nothing: what was the case? */
static void
describe(uint64_t took_ns)
{
	fprintf(stderr, "# press %u of key at %.1f ms: %.1f ms, midway %d, "
	    "dark %d, guests %u, paced %d, motion %d; panel %d, dark %d\n",
	    result->n, (double)presser.key_ns / MS, (double)took_ns / MS,
	    presser.was_midway, presser.was_dark, guests.n, screen.is_paced,
	    presser.has_motion, shell.core.panel.is_open, shell.core.is_dark);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		if (screen.monitors[i].is_connected)
			fprintf(stderr, "#   output %u, %ux%u: came %.1f, known "
			    "%.1f, lit %.1f, presented %.1f; dirty %d\n", i,
			    screen.monitors[i].width, screen.monitors[i].height,
			    (double)screen.monitors[i].came_ns / MS,
			    (double)screen.monitors[i].known_ns / MS,
			    (double)screen.shown[i].lit_ns / MS,
			    (double)screen.shown[i].present_ns / MS,
			    scene_is_dirty(&shell.core.scene, i));
}

/* Output i shows the panel: how long it took since it had to. */
static void
note_shown(uint32_t i, uint64_t key_ns, struct press *press)
{
	const struct shown *s = &screen.shown[i];
	const struct monitor *m = &screen.monitors[i];
	const bool is_late = m->known_ns > key_ns;
	/* its modeset was under way, with a frame from before */
	const bool was_old = s->present_ns > s->lit_ns && s->lit_ns > key_ns;
	const uint64_t base = was_old ? s->lit_ns
	    : is_late		      ? later(key_ns, m->came_ns)
				      : key_ns;
	const uint64_t presented =
	    s->present_ns > base ? s->present_ns - base : 0;
	const uint64_t seen = s->flip_ns > base ? s->flip_ns - base : 0;

	if (is_late) {
		press->late_ns = later(press->late_ns, presented);
		return;
	}
	press->n_on++;
	press->presented_ns = later(press->presented_ns, presented);
	press->seen_ns = later(press->seen_ns, seen);
}

/* Output i does not show the panel yet. */
static void
judge_wait(uint32_t i)
{
	static const uint64_t most = 1000 * (uint64_t)MS;
	const uint64_t since =
	    later(presser.key_ns, screen.monitors[i].came_ns);

	/* nothing was connected until the screens went dark again */
	if (shell.core.is_dark &&
	    screen.monitors[i].known_ns > presser.key_ns) {
		presser_go_on(virtual_now(), true);
		return;
	}
	if (virtual_now() < since + most)
		return;
	describe(virtual_now() - presser.key_ns);
	wrong("a press without a panel");
	is_over = true;
}

/* Do all outputs show the panel? Then how long did it take? */
static void
judge(void)
{
	struct press press = {0};
	uint32_t n_connected = 0;

	if (screen.wrong)
		wrong(screen.wrong);
	if (guests.wrong)
		wrong(guests.wrong);
	if (presser.key_ns == 0)
		return;
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		if (!screen.monitors[i].is_connected)
			continue;
		n_connected++;
		if (screen.monitors[i].known_ns < screen.monitors[i].came_ns ||
		    screen.shown[i].panel <= presser.panels_before) {
			judge_wait(i);
			return;
		}
		note_shown(i, presser.key_ns, &press);
	}
	if (n_connected == 0)
		return; /* until one comes */
	if (press.presented_ns > LIMIT_NS || press.late_ns > LATE_LIMIT_NS)
		describe(later(press.presented_ns, press.late_ns));
	result->n_midway += presser.was_midway;
	result->n_dark += presser.was_dark;
	result->late_ns = later(result->late_ns, press.late_ns);
	result->n_late += press.late_ns > 0;
	if (press.n_on > 0) /* else nothing is left of what was on */
		result->presses[result->n++] = press;
	is_over = result->n == WORLD_PRESSES;
	presser_go_on(virtual_now(), false);
}

/* ------------------------------------------------------------------ the world */

/* The core takes a channel that is closed as its end. */
static void
end_world(void)
{
	is_over = true;
	hear_core(); /* what nobody read would make the end an error */
	if (tdsd >= 0)
		close(tdsd);
	tdsd = -1;
	virtual_changed();
}

uint64_t
world_next(void)
{
	const uint64_t a = guests_next(), b = presser_next();
	const uint64_t ab = a < b ? a : b;

	return is_over ? NEVER : ab < next_hotplug_ns ? ab : next_hotplug_ns;
}

static void
schedule_hotplug(uint64_t now)
{
	/* mostly near a press, to the millisecond */
	next_hotplug_ns = presser.plan_ns > now && !chance_one_in(&chance, 3)
	    ? presser.plan_ns - 40 * MS + chance_below(&chance, 80) * MS
	    : now + chance_below(&chance, 1500) * MS;
	next_hotplug_ns = later(next_hotplug_ns, now + MS);
}

void
world_happen(void)
{
	const uint64_t now = virtual_now();

	if (is_over)
		return;
	judge();
	if (is_over) {
		end_world();
		return;
	}
	hear_core();
	presser_happen(now, screen.is_painting, shell.core.is_dark,
	    screen.panels);
	if (next_hotplug_ns <= now) {
		hotplug();
		schedule_hotplug(now);
	}
	guests_happen(now);
}

static void
set_up(uint64_t seed)
{
	int pair[2];

	chance = chance_seed(seed);
	is_big = !chance_one_in(&chance, 20);
	screen_init(chance_one_in(&chance, 2), !is_big);
	screen.core = &shell.core;
	screen.plant_hole = plant == PLANT_HOLE;
	screen.plant_stuck = plant == PLANT_STUCK;
	/* so that none of the pair is CHANNEL_FD itself */
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ||
	    channel_pair(pair) < 0 || dup2(pair[1], CHANNEL_FD) < 0)
		abort();
	close(pair[1]);
	tdsd = pair[0];
	guests.channel = presser.channel = tdsd;
	guests.n = 8 + (chance_one_in(&chance, 4) ? chance_below(&chance, 57)
						  : chance_below(&chance, 9));
	guests.chance = chance_seed(seed + 1000);
	guests.is_big = is_big;
	guests.has_pixels = !is_big;
	guests.canary = screen.canary;
	presser.chance = chance_seed(seed + 2000);
	presser.n_domains = guests.n;
	presser.has_motion = chance_one_in(&chance, 4);
	presser.plant_late = plant == PLANT_LATE_INPUT;
	for (uint32_t i = chance_below(&chance, is_big ? 3 : 2) + 1; i > 0; i--)
		random_monitor(i - 1);
	configure();
	presser_start();
	guests_start(chance_one_in(&chance, 8)
		? MANNER_QUIET
		: chance_one_in(&chance, 4) ? MANNER_FLOOD : MANNER_FRAME);
	next_hotplug_ns = virtual_now() + 500 * MS;
}

static void
run_world(uint64_t seed)
{
	set_up(seed);
	if (shell_main() != EXIT_SUCCESS)
		wrong("the core gave up");
	guests_finish();
	if (guests.wrong)
		wrong(guests.wrong);
	result->records = guests.records;
	result->inputs = guests.inputs;
	result->malformed = guests.malformed;
	result->frames = screen.frames;
	result->compared = screen.compared;
	result->refused = screen.refused;
}

/* In a process of its own: the shell runs once. */
static const struct result *
world(uint64_t seed)
{
	int status = 0;

	memset(result, 0, sizeof(*result));
	fflush(stdout);
	const pid_t pid = fork();
	if (pid == 0) {
		/* notices about guests that were dropped */
		const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (!getenv("TDS_VERBOSE"))
			dup2(null, STDERR_FILENO);
		run_world(seed);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (status != 0)
		wrong("the world broke down (TDS_VERBOSE=1 says why)");
	return result;
}

/* ---------------------------------------------------------------- the figures */

static uint64_t presented[MAX_PRESSES], seen[MAX_PRESSES];

static int
compare_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
print_figures(const char *what, uint64_t *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), compare_u64);
	printf("%s: median %.1f ms, p99 %.1f ms, worst %.1f ms\n", what,
	    (double)v[n / 2] / MS, (double)v[n - 1 - n / 100] / MS,
	    (double)v[n - 1] / MS);
}

static void
add_up(struct result *sum, const struct result *r)
{
	sum->n_midway += r->n_midway;
	sum->n_dark += r->n_dark;
	sum->n_hotplug += r->n_hotplug;
	sum->n_late += r->n_late;
	sum->late_ns = later(sum->late_ns, r->late_ns);
	sum->records += r->records;
	sum->inputs += r->inputs;
	sum->malformed += r->malformed;
	sum->frames += r->frames;
	sum->compared += r->compared;
	sum->refused += r->refused;
}

static int
measure(uint32_t n_presses)
{
	static struct result sum;
	uint32_t n = 0;

	for (uint64_t seed = 1; n < n_presses; seed++) {
		const struct result *r = world(seed);

		if (r->wrong[0] != 0) {
			printf("world %lu, press %u: %s\n", (unsigned long)seed,
			    r->n, r->wrong);
			return 1;
		}
		for (uint32_t i = 0; i < r->n && n < n_presses; i++, n++) {
			presented[n] = r->presses[i].presented_ns;
			seen[n] = r->presses[i].seen_ns;
			if (presented[n] > LIMIT_NS)
				printf("world %lu, press %u: %.1f ms\n",
				    (unsigned long)seed, i,
				    (double)presented[n] / MS);
		}
		add_up(&sum, r);
	}
	printf("%u presses: %u while a frame was painted, %u of dark screens; "
	       "%u hotplugs\n", n, sum.n_midway, sum.n_dark, sum.n_hotplug);
	printf("%lu guest records, %lu malformed, %lu keys to guests, %lu "
	       "frames, %lu refused by the card, %lu compared by pixel\n",
	    (unsigned long)sum.records, (unsigned long)sum.malformed,
	    (unsigned long)sum.inputs, (unsigned long)sum.frames,
	    (unsigned long)sum.refused, (unsigned long)sum.compared);
	print_figures("key-down to panel presented on every output", presented,
	    n);
	print_figures("key-down to panel to be seen on every output", seen, n);
	printf("outputs that came meanwhile: %u, the panel is their first frame; "
	       "worst %.1f ms after they came\n", sum.n_late,
	    (double)sum.late_ns / MS);
	printf("check: attention key, virtual time: worst %.1f ms of %u\n",
	    (double)presented[n - 1] / MS, n);
	/* a run that tried nothing says nothing */
	const bool is_awake = sum.n_midway > n / 50 && sum.n_dark > n / 200 &&
	    sum.n_hotplug > n / 10 && sum.inputs > n / 10 &&
	    sum.compared > n / 50;
	if (!is_awake)
		printf("too little of that happened to judge\n");
	return presented[n - 1] <= LIMIT_NS && sum.late_ns <= LATE_LIMIT_NS &&
		is_awake
	    ? 0
	    : 1;
}

static int
self_test(void)
{
	int missed = 0;

	for (plant = PLANT_NONE + 1; plant < PLANTS; plant++) {
		bool is_found = false;
		uint64_t seed = 1;

		for (; seed <= 20 && !is_found; seed++) {
			const struct result *r = world(seed);

			is_found = r->wrong[0] != 0;
			for (uint32_t i = 0; i < r->n; i++)
				is_found = is_found ||
				    r->presses[i].presented_ns > LIMIT_NS;
		}
		printf("planted mistake %u: %s in world %lu (%s)\n", plant,
		    is_found ? "found" : "NOT FOUND", (unsigned long)seed - 1,
		    result->wrong[0] ? result->wrong : "too late");
		missed += !is_found;
	}
	return missed;
}

int
main(int argc, char **argv)
{
	uint32_t n_presses = 10000;

	setvbuf(stdout, NULL, _IOLBF, 0);

	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		abort();
	if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
		return self_test();
	if (argc == 3 && strcmp(argv[1], "--presses") == 0)
		n_presses = (uint32_t)strtoul(argv[2], NULL, 10);
	if (n_presses == 0 || n_presses > MAX_PRESSES || (argc != 1 && argc != 3))
		return 2;
	return measure(n_presses);
}
