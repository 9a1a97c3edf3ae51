#include "tds/super/console.h"
#include "tds/super/init.h"
#include "tds/super/screen_drm.h"
#include "tds/super/super.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct super super;

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
	const struct {
		const char *name;
		char *path;
		bool is_needed;
	} programs[] = {{"tds-compositor", s->core_path, true},
	    {"tds-guest", s->guest_path, true},
	    {"tds-input", s->input_path, s->config.has_seat},
	    {"tds-xen", s->xen_path, xen_is_wanted(s)},
	    {"tds-hdcp", s->hdcp_path, hdcp_is_wanted(s)}};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!programs[i].is_needed ||
		    spawn_find(programs[i].name, programs[i].path, PATH_MAX) ==
			0)
			continue;
		log_error("%s is not where tdsd is, nor in %s: is tds "
			  "installed?",
		    programs[i].name, TDS_LIBEXECDIR);
		return -ENOENT;
	}
	return 0;
}

/* Before anything is shown: nothing may go around us. */
static int
take_console(struct super *s)
{
	const bool is_try_out = s->config.is_try_out;

	if (!s->config.has_seat || (is_try_out && !s->config.is_kms))
		return 0;
	const int err = console_take(&s->tty);
	if (err < 0 && is_try_out)
		log_error("try-out mode goes on: keys may reach the console");
	return is_try_out ? 0 : err;
}

static int
take_screen(struct super *s)
{
	enum { CARD_MS = 5000 };
	const char *card = s->config.card;

	if (!s->config.is_kms)
		return 0;
	if (init_is_us()) /* its driver was loaded a moment ago */
		init_wait_for(card[0] ? card : "/dev/dri/card0", CARD_MS);
	s->screen = screen_open(card[0] ? card : NULL);
	return s->screen < 0 ? s->screen : 0;
}

/* The file system, processes and sockets that the others stand on. */
static int
prepare(struct super *s)
{
	int err = find_programs(s);

	if (err == 0)
		err = place_open(&s->place, s->config.run_dir);
	if (err == 0)
		err = check_sealing(s, "tds-compositor", ROLE_CORE);
	if (err == 0)
		err = check_sealing(s, "tds-guest", ROLE_GUEST);
	if (err == 0 && s->config.has_seat)
		err = check_sealing(s, "tds-input", ROLE_INPUT);
	if (err == 0 && xen_is_wanted(s))
		err = check_sealing(s, "tds-xen", ROLE_XEN);
	if (err == 0 && hdcp_is_wanted(s))
		err = check_sealing(s, "tds-hdcp", ROLE_HDCP);
	if (err == 0)
		err = loop_init(&s->loop);
	if (err == 0)
		err = watch_signals(s);
	if (err == 0)
		err = watch_time(s);
	return err == 0 ? clients_listen(s) : err;
}

static int
start(struct super *s)
{
	const bool is_try_out = s->config.is_try_out;
	const char *what = "";
	int err = prepare(s);

	if (err == 0)
		err = take_screen(s);
	if (err == 0)
		err = take_console(s);
	if (err == 0)
		err = hotplug_watch(s);
	if (err == 0)
		err = xen_open(s);
	if (err == 0)
		err = hdcp_open(s);
	if (err < 0)
		return err;
	err = rights_seal(ROLE_TDSD, is_try_out, &what);
	if (err < 0 && !is_try_out) {
		log_error("cannot drop rights: %s: %s", what, strerror(-err));
		return err;
	}
	core_begin(s);
	if (s->config.has_seat)
		input_begin(s);
	for (uint32_t i = 0; i < s->config.n_domains; i++)
		guest_begin(s, i);
	if (xen_is_wanted(s))
		xen_begin(s);
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		if (s->sealed[i].listener >= 0)
			hdcp_begin(s, i);
	return 0;
}

static void
stop(struct super *s)
{
	child_kill(&s->core); /* first: it may not draw over the black */
	if (s->screen >= 0)
		screen_blank(s->screen);
	child_kill(&s->input);
	child_kill(&s->xen);
	for (uint32_t i = 0; i < s->config.n_domains; i++) {
		child_kill(&s->guests[i].child);
		if (s->place.lock >= 0 && !s->config.domains[i].is_xen)
			place_remove_domain(&s->config.domains[i]);
	}
	for (uint32_t i = 0; i < s->config.n_outputs; i++) {
		child_kill(&s->sealed[i].child);
		if (s->sealed[i].listener >= 0)
			place_remove_wire(&s->place, &s->config.outputs[i]);
	}
	place_close(&s->place);
}

static void
clear(struct super *s)
{
	s->core = s->input = s->xen = (struct child){.pid = -1, .channel = -1};
	s->place = (struct place){.dir = -1, .lock = -1, .control = -1};
	s->signals = s->timer = s->uevents = s->screen = s->tty = -1;
	s->xenbus = -1;
	devices_init(&s->devices);
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++)
		s->guests[i] = (struct guest){.super = s,
		    .domain = i,
		    .child = {.pid = -1, .channel = -1},
		    .link = {-1, -1, -1},
		    .pool = -1};
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++)
		s->sealed[i] = (struct sealed){.super = s,
		    .output = i,
		    .child = {.pid = -1, .channel = -1},
		    .listener = -1};
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

static int
load(struct super *s, const char *dir)
{
	struct problems problems = {.say = print_problem};

	clear(s);
	config_init(&s->config);
	const int err = config_load(&s->config, dir, &problems);
	if (err < 0)
		fprintf(stderr, "tdsd: %u problem%s in %s: nothing started\n",
		    problems.n, problems.n == 1 ? "" : "s", dir);
	return err;
}

static int
check(struct super *s, const char *dir)
{
	const int err = load(s, dir);

	if (err == 0)
		printf("%s: %u domains, %u outputs, all right\n", dir,
		    s->config.n_domains, s->config.n_outputs);
	return err;
}

static int
run(struct super *s, const char *dir)
{
	int err = load(s, dir);

	if (err < 0)
		return err;
	err = start(s);
	if (err == 0)
		err = loop_run(&s->loop);
	stop(s);
	return err;
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
	if (init_is_us() && !only_check) {
		init_begin();
		init_end(run(&super, dir) < 0);
	}
	if (only_check)
		return check(&super, dir) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	return run(&super, dir) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
