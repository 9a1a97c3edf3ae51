#include "tds/super/super.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static const uint64_t second_ns = 1000000000u;
static struct super super;

uint64_t
super_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * second_ns + (uint64_t)ts.tv_nsec;
}

/* ----------------------------------------------------------------- waiting */

void
backoff_started(struct backoff *b)
{
	b->started_ns = super_now_ns();
	b->again_ns = 0;
}

/* 20 ms after a life of at least 200 ms, else twice as long each time. */
void
backoff_ended(struct backoff *b)
{
	enum { MOST_DOUBLINGS = 8 };
	const uint64_t now = super_now_ns();

	if (now - b->started_ns >= second_ns / 5)
		b->short_lives = 0;
	else if (b->short_lives < MOST_DOUBLINGS)
		b->short_lives++;
	b->again_ns = now + ((second_ns / 50) << b->short_lives);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

void
super_arm(struct super *s)
{
	uint64_t next = s->core_backoff.again_ns;

	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		next = earlier(next, s->guests[i].backoff.again_ns);
		next = earlier(next, guest_vnc_ns(&s->guests[i]));
	}
	next = earlier(next, core_deadline_ns(s));
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			next = earlier(next, s->clients[i].deadline_ns);
	const struct itimerspec spec = {
	    .it_value = {.tv_sec = (time_t)(next / second_ns),
		.tv_nsec = (long)(next % second_ns)}};
	if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		log_bug("the timer does not start: %s", strerror(errno));
}

static bool
is_due(const struct backoff *b, uint64_t now)
{
	return b->again_ns != 0 && b->again_ns <= now;
}

static void
on_timer(void *data, uint32_t events)
{
	struct super *s = data;
	uint64_t ticks;
	const ssize_t n = read(s->timer, &ticks, sizeof(ticks));
	const uint64_t now = super_now_ns();

	(void)n;
	(void)events;
	if (is_due(&s->core_backoff, now))
		core_begin(s);
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		const uint64_t vnc = guest_vnc_ns(&s->guests[i]);
		if (is_due(&s->guests[i].backoff, now))
			guest_begin(s, i);
		if (vnc != 0 && vnc <= now)
			guest_give_vnc(s, i);
	}
	clients_expire(s, now);
	const uint64_t deadline = core_deadline_ns(s);
	if (deadline != 0 && deadline <= now)
		core_end(s, "it is not ready after 10 s");
	super_arm(s);
}

/* ----------------------------------------------------------------- signals */

static void
describe(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "signal %d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS
			? ", a system call that its rights do not have"
			: "");
	else
		snprintf(out, size, "exit code %d", WEXITSTATUS(status));
}

static void
on_exit_of(struct super *s, pid_t pid, int status)
{
	char why[64];

	describe(status, why, sizeof(why));
	if (pid == s->core.pid) {
		s->core.pid = 0; /* reaped; core_end() closes the rest */
		core_end(s, why);
	}
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		if (pid == s->guests[i].child.pid) {
			s->guests[i].child.pid = 0;
			guest_end(s, i, why);
		}
}

static void
on_signal(void *data, uint32_t events)
{
	struct super *s = data;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	if (read(s->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD) {
		log_info("stopping");
		loop_stop(&s->loop);
		return;
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_exit_of(s, pid, status);
}

static int
watch_signals(struct super *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	return loop_add(&s->loop, s->signals, EPOLLIN, on_signal, s);
}

/* ---------------------------------------------------------------- start-up */

/* Try-out mode goes on without a seal, and says so; any other mode does not. */
static int
check_sealing(struct super *s, const char *program, enum role role)
{
	char what[128] = "";
	const int err = spawn_probe(role, what, sizeof(what), &s->is_plain);

	if (err == 0)
		return 0;
	log_error("%s cannot be sealed in (%s): namespaces, Landlock and "
		  "seccomp are needed%s",
	    program, what,
	    s->config.is_try_out
		? "; try-out mode goes on, and the trust bar says so"
		: "; only \"mode = try-out\" goes on without");
	s->config.core.flags |= CORE_UNSEALED;
	return s->config.is_try_out ? 0 : err;
}

static int
find_programs(struct super *s)
{
	if (spawn_find("tds-compositor", s->core_path, sizeof(s->core_path)) ==
		0 &&
	    spawn_find("tds-guest", s->guest_path, sizeof(s->guest_path)) == 0)
		return 0;
	log_error("tds-compositor or tds-guest is not where tdsd is, nor in "
		  "%s: is tds installed?",
	    TDS_LIBEXECDIR);
	return -ENOENT;
}

static int
start(struct super *s)
{
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer < 0)
		return -errno;
	int err = find_programs(s);
	if (err == 0)
		err = place_open(&s->place, s->config.run_dir);
	if (err == 0)
		err = check_sealing(s, "tds-compositor", ROLE_CORE);
	if (err == 0)
		err = check_sealing(s, "tds-guest", ROLE_GUEST);
	if (err == 0)
		err = loop_init(&s->loop);
	if (err == 0)
		err = watch_signals(s);
	if (err == 0)
		err = loop_add(&s->loop, s->timer, EPOLLIN, on_timer, s);
	if (err == 0)
		err = clients_listen(s);
	if (err < 0)
		return err;

	const char *what = "";
	const bool is_try_out = s->config.core.flags & CORE_TRY_OUT;
	err = rights_seal(ROLE_TDSD, is_try_out, &what);
	if (err < 0 && !is_try_out) {
		log_error("cannot drop rights: %s: %s", what, strerror(-err));
		return err;
	}
	core_begin(s);
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		guest_begin(s, i);
	return 0;
}

static void
stop(struct super *s)
{
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		child_kill(&s->guests[i].child);
		if (s->place.lock >= 0)
			place_remove_domain(&s->config.domains[i]);
	}
	child_kill(&s->core);
	place_close(&s->place);
}

static void
clear(struct super *s)
{
	s->core = (struct child){.pid = -1, .channel = -1};
	s->place = (struct place){.dir = -1, .lock = -1, .control = -1};
	s->signals = s->timer = -1;
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		s->guests[i] = (struct guest){.super = s,
		    .domain = i,
		    .child = {.pid = -1, .channel = -1},
		    .link = {-1, -1, -1},
		    .pool = -1};
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		s->clients[i] = (struct client){.fd = -1, .picture = -1};
}

static void
print_problem(void *data, const char *line)
{
	(void)data;
	fprintf(stderr, "%s\n", line);
}

static void
usage(FILE *to)
{
	fputs("usage: tdsd [--config DIR] [--check]\n"
	      "The trusted display: shows virtual machines under labels.\n"
	      "  --config DIR  read DIR/tds.conf and DIR/domains.d/*.conf\n"
	      "                (default /etc/tds)\n"
	      "  --check       check the configuration and exit\n"
	      "  --version, --help\n"
	      "See tdsd(8) and tds.conf(5); drive it with tdsctl(1).\n",
	    to);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"check", no_argument, NULL, 'n'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	const char *dir = "/etc/tds";
	bool only_check = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			dir = optarg;
			break;
		case 'n':
			only_check = true;
			break;
		case 'v':
			puts("tdsd " TDS_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	log_init("tdsd");
	clear(&super);
	struct problems problems = {.say = print_problem};
	config_init(&super.config);
	if (config_load(&super.config, dir, &problems) < 0) {
		fprintf(stderr, "tdsd: %u problem%s in %s: nothing started\n",
		    problems.n, problems.n == 1 ? "" : "s", dir);
		return EXIT_FAILURE;
	}
	if (only_check) {
		printf("%s: %u domains, %u outputs, all right\n", dir,
		    super.config.n_domains, super.config.n_outputs);
		return EXIT_SUCCESS;
	}
	int err = start(&super);
	if (err == 0)
		err = loop_run(&super.loop);
	stop(&super);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
