#include "hdcp/install.h"
#include "hdcp/keyfile.h"
#include "hdcp/program.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/rights.h"
#include "tds/base/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { CHANNEL_FD = 3, SECOND_NS = 1000000000 };
/* Descriptors of HDCP_SETUP */
enum { AUTHORITY, LC128, SRM, SOURCE_KEY, STATE, LISTENER, SETUP_FDS };

static struct program program;

uint64_t
program_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

void
program_end(struct program *p, const char *why)
{
	if (!p->loop.is_stopping)
		log_error("ends: %s", why);
	p->has_failed = true;
	loop_stop(&p->loop);
}

/* --------------------------------------------------------------- the loop */

/* Into the page cache only: what is lost with the power is a pairing. */
static void
keep_pairings(struct program *p)
{
	if (memcmp(&p->saved, &p->state.pairings, sizeof(p->saved)) == 0)
		return;
	p->saved = p->state.pairings;
	const int err = hdcp_state_save(p->state_file, &p->state);
	if (err < 0)
		log_error("pairings are not kept: %s", strerror(-err));
}

static void
arm(const struct program *p)
{
	const uint64_t next = source_deadline(&p->source);
	const uint64_t stuck = wire_side_deadline(p);
	const uint64_t at = stuck < next ? stuck : next;
	struct itimerspec spec = {0};

	if (at != UINT64_MAX)
		spec.it_value = (struct timespec){
		    .tv_sec = (time_t)(at / SECOND_NS),
		    .tv_nsec = (long)(at % SECOND_NS)};
	if (timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		log_bug("the timer does not start: %s", strerror(errno));
}

void
program_settle(struct program *p)
{
	core_side_settle(p);
	wire_side_settle(p);
	core_side_settle(p);
	keep_pairings(p);
	arm(p);
}

static void
on_timer(void *data, uint32_t events)
{
	struct program *p = data;
	uint64_t ticks;
	const ssize_t n = read(p->timer, &ticks, sizeof(ticks));

	(void)n;
	(void)events;
	wire_side_tick(p);
	if (p->wire >= 0 && source_tick(&p->source, program_now_ns()) < 0)
		wire_side_close(
		    p, hdcp_tx_reason_name(p->source.tx.reason));
	program_settle(p);
}

/* ---------------------------------------------------------------- start-up */

static int
wrong(const char *file, int err, const char *allowed)
{
	log_error("%s: %s; allowed: %s", file,
	    err == -EBADMSG	   ? "has another length"
	    : err == -EKEYREJECTED ? "is not signed by the authority"
	    : err == -ESTALE	   ? "is older than one that was used before"
				   : strerror(-err),
	    allowed);
	return err;
}

static int
read_exactly(int fd, const char *name, uint8_t *out, uint32_t n)
{
	const int got = secret_read(fd, out, n);

	if (got == (int)n)
		return 0;
	return wrong(name, got < 0 ? got : -EBADMSG,
	    "the file that docs/hdcp.md (\"Key files\") describes");
}

static int
read_authority(struct program *p, int fd)
{
	uint8_t both[HDCP_DCP_MODULUS + 1];
	const int err = read_exactly(fd, "authority", both, sizeof(both));

	if (err < 0)
		return err;
	memcpy(p->authority.n, both, HDCP_DCP_MODULUS);
	p->authority.e = both[HDCP_DCP_MODULUS];
	if (!keyfile_is_facsimile(both) || p->setup.is_facsimile)
		return 0;
	log_error("authority: is the facsimile one, whose private key is "
		  "published; allowed: with hdcp-facsimile = yes");
	return -EPERM;
}

/* Believed, and recorded as the newest, before anybody is asked for a key. */
static int
read_list(struct program *p, int fd)
{
	static const uint8_t no_key[HDCP_DSA_P];
	static uint8_t list[HDCP_SRM_MAX_BYTES];
	const struct hdcp_srm_keys keys = {
	    .dsa_y = no_key, .authority = &p->authority};
	const int n = secret_read(fd, list, sizeof(list));

	if (n < 0)
		return wrong("srm", n, "a list of HDCP 2.x");
	int err = hdcp_srm_check(list, (uint32_t)n, &keys,
	    p->state.newest[HDCP_SRM_2], &p->srm);
	if (err < 0)
		return wrong("srm", err, "the newest list of HDCP 2.x");
	err = hdcp_state_believe(p->state_file, &p->state, &p->srm);
	return err < 0 ? wrong("state", err, "a disk that can be written") : 0;
}

static int
read_source_key(struct program *p, int fd)
{
	uint8_t more;
	const int none = secret_read(fd, &more, 0);

	if (none == 0)
		return 0;
	const int err = read_exactly(
	    fd, "source-key", p->source_key, sizeof(p->source_key));
	if (err == 0)
		p->config.source_key = p->source_key;
	return err;
}

static int
read_keys(struct program *p, const int fds[SETUP_FDS])
{
	p->config = (struct hdcp_tx_config){.authority = &p->authority,
	    .srm = &p->srm,
	    .lc128 = p->lc128,
	    .pairings = &p->state.pairings,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .streams = {.n = 1, .at = {{.id = 1}}}};
	int err = hdcp_state_load(p->state_file, &p->state);
	if (err == -EUCLEAN)
		log_error("state: is damaged, so nobody knows which list of "
			  "revoked receivers was the newest; remove the file "
			  "%s.state to begin anew", (char *)p->setup.name);
	else if (err < 0)
		log_error("state: %s", strerror(-err));
	p->saved = p->state.pairings;
	if (err == 0)
		err = read_authority(p, fds[AUTHORITY]);
	if (err == 0)
		err = read_exactly(
		    fds[LC128], "lc128", p->lc128, sizeof(p->lc128));
	if (err == 0)
		err = read_source_key(p, fds[SOURCE_KEY]);
	return err == 0 ? read_list(p, fds[SRM]) : err;
}

static int
seal(const struct program *p)
{
	const char *what = NULL;
	const int err = rights_seal(ROLE_HDCP, p->setup.is_unsealed, &what);

	if (err < 0)
		log_error("cannot give up %s: %s", what, strerror(-err));
	return err < 0 && !p->setup.is_unsealed ? err : 0;
}

static int
on_setup(struct program *p, struct rd *rd, int fds[SETUP_FDS])
{
	char name[16 + TDS_NAME_BYTES];
	int err = p->is_set_up ? -EPROTO : decode_hdcp_setup(rd, &p->setup);

	if (err < 0)
		return err;
	snprintf(name, sizeof(name), "tds-hdcp@%s", (char *)p->setup.name);
	log_init(name);
	p->state_file = TAKE_FD(fds[STATE]);
	p->listener = TAKE_FD(fds[LISTENER]);
	err = read_keys(p, fds);
	for (int i = 0; i < SETUP_FDS; i++) {
		own_close(&fds[i]);
		fds[i] = -1;
	}
	if (err == 0)
		err = seal(p);
	if (err < 0)
		return err;
	const struct hdcp_image black = core_side_black(&p->setup);
	source_init(&p->source, &p->config, &black);
	p->is_set_up = true;
	return wire_side_begin(p);
}

static int
on_record(struct program *p, uint32_t op, struct rd *rd, int *fds)
{
	int err;

	switch (op) {
	case HDCP_SETUP:
		return on_setup(p, rd, fds);
	case HDCP_CORE:
		if (!p->is_set_up)
			return -EPROTO;
		err = core_side_begin(p, fds);
		program_settle(p);
		return err;
	default:
		return -EPROTO;
	}
}

static void
on_channel(void *data, uint32_t events)
{
	struct program *p = data;
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	(void)events;
	int err =
	    channel_receive(CHANNEL_FD, p->record, sizeof(p->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = control_open(p->record, r.len, r.n_fds, &op, &rd);
	if (err == 0)
		err = on_record(p, op, &rd, r.fds);
	received_finish(&r);
	if (err == -EPIPE || err == -ECONNRESET)
		loop_stop(&p->loop); /* tdsd ends, and so do we */
	else if (err < 0)
		program_end(p, strerror(-err));
}

static int
start(struct program *p)
{
	p->core = p->wire = p->listener = p->state_file = -1;
	signal(SIGPIPE, SIG_IGN);
	/* at least what holds the keys that last */
	(void)!mlock(p, sizeof(*p));
	int err = keyfile_protect_memory();
	if (err == 0)
		err = hdcp_crypto_init();
	if (err == 0)
		err = loop_init(&p->loop);
	if (err < 0)
		return err;
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (p->timer < 0)
		return -errno;
	err = loop_add(&p->loop, p->timer, EPOLLIN, on_timer, p);
	if (err == 0)
		err = loop_add(&p->loop, CHANNEL_FD, EPOLLIN, on_channel, p);
	return err;
}

int
main(int argc, char **argv)
{
	struct program *p = &program;

	log_init("tds-hdcp");
	if (argc > 1)
		return install_main(argc, argv);
	int err = start(p);
	if (err == 0)
		err = loop_run(&p->loop);
	if (err < 0)
		log_error("%s: is it not started by tdsd?", strerror(-err));
	if (p->is_set_up)
		source_finish(&p->source);
	const bool has_failed = err < 0 || p->has_failed;
	hdcp_wipe(p, sizeof(*p));
	/* what OpenSSL would tidy up needs calls that are given up */
	_exit(has_failed ? EXIT_FAILURE : EXIT_SUCCESS);
}
