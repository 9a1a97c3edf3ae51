/* hdcp_life: a tds-hdcp for each sealed output, and its ties to the core. */
#include "tds/super/super.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"
#include "tds/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* In the order of HDCP_SETUP. */
static const char *const key_files[] = {
    "authority", "lc128", "srm", "source-key"};
enum {
	N_KEYS = sizeof(key_files) / sizeof(key_files[0]),
	OPTIONAL_KEY = 3, /* source-key */
	SETUP_FDS = N_KEYS + 2,
	STATE_NAME = TDS_NAME_BYTES + 8,
	LIFE_NAME = TDS_NAME_BYTES + 16,
};

static const struct config_output *
output_of(const struct super *s, uint32_t i)
{
	return &s->config.outputs[i];
}

static const char *
name_of(const struct super *s, uint32_t i)
{
	return (const char *)output_of(s, i)->core.name;
}

bool
hdcp_is_wanted(const struct super *s)
{
	for (uint32_t i = 0; i < s->config.n_outputs; i++)
		if (output_of(s, i)->core.type == OUTPUT_SEALED)
			return true;
	return false;
}

static void
state_name(const struct super *s, uint32_t i, char out[STATE_NAME])
{
	snprintf(out, STATE_NAME, "%s.state", name_of(s, i));
}

/*
 * Before the seal: a state where there is none, and the socket for carriers,
 * which lives longer than any tds-hdcp.
 */
static int
hdcp_open_one(struct super *s, uint32_t i)
{
	const struct config_output *o = output_of(s, i);
	char name[STATE_NAME];

	state_name(s, i, name);
	const int err = secret_make(o->keys, name, HDCP_STATE_NEW);
	if (err < 0) {
		log_error("%s/%s: %s; what sealed output \"%s\" keeps over a "
			  "restart is to lie there",
		    o->keys, name, strerror(-err), name_of(s, i));
		return err;
	}
	s->sealed[i].listener = place_wire(&s->place, o);
	return s->sealed[i].listener < 0 ? s->sealed[i].listener : 0;
}

int
hdcp_open(struct super *s)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	int err = 0;

	/* Locked memory, for keys: its children may then have as much as they
	 * need. Without that right they say that keys may reach the swap. */
	if (hdcp_is_wanted(s))
		(void)setrlimit(RLIMIT_MEMLOCK, &all);
	for (uint32_t i = 0; i < s->config.n_outputs && err == 0; i++)
		if (output_of(s, i)->core.type == OUTPUT_SEALED)
			err = hdcp_open_one(s, i);
	return err;
}

/* A record that s->record holds; a tds-hdcp that takes none is ended. */
static int
hdcp_send(struct super *s, uint32_t i, int len, const int *fds, uint32_t n_fds)
{
	if (s->sealed[i].child.pid < 0 || len < 0)
		return -ENOTCONN;
	const int err = channel_send(s->sealed[i].child.channel, s->record,
	    (uint32_t)len, fds, n_fds);
	if (err == -EAGAIN)
		hdcp_end(s, i, "it does not read its channel");
	return err;
}

/* ------------------------------------------------------------- to the core */

void
hdcp_connect(struct super *s, uint32_t i)
{
	const struct core_output *o = &output_of(s, i)->core;
	const struct core_sealed record = {.output = i};
	int pair[2];

	if (!s->core_is_ready || s->sealed[i].child.pid < 0)
		return;
	/* of this core and this tds-hdcp only: nothing of others is in it */
	int AUTO_FD memory = shared_memory(
	    "tds-sealed", (uint64_t)o->width * o->height * 4);
	int AUTO_FD read_only = memory < 0 ? -1 : shared_read_only(memory);
	if (read_only < 0 || channel_pair(pair) < 0) {
		hdcp_end(s, i, "no memory for its frames can be made");
		return;
	}
	int AUTO_FD to_core = pair[0];
	int AUTO_FD to_hdcp = pair[1];
	const int cores[] = {to_hdcp, memory};
	const int theirs[] = {to_core, read_only};
	const uint32_t size = sizeof(s->record);
	if (hdcp_send(s, i, encode_empty(HDCP_CORE, s->record, size), theirs,
		2) < 0)
		return;
	core_send(s, encode_core_sealed(&record, s->record, size), cores, 2);
}

/* -------------------------------------------------------------------- life */

/* It has nothing to say to us, and ends when it is wrong. */
static int
on_record(struct super *s, uint32_t op, struct rd *rd)
{
	(void)s;
	(void)op;
	(void)rd;
	return -EPROTO;
}

static void
on_hdcp(void *data, uint32_t events)
{
	struct sealed *h = data;
	struct super *s = h->super;

	(void)events;
	const int err = life_receive(s, &h->child, on_record);
	if (err < 0)
		hdcp_end(s, h->output, "it sent a malformed record");
}

static void
close_all(int fds[SETUP_FDS], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		own_close(&fds[i]);
}

/* What root put there since the last one began is what this one gets. */
static int
send_setup(struct super *s, uint32_t i)
{
	const struct config_output *o = output_of(s, i);
	struct hdcp_setup setup = {.width = o->core.width,
	    .height = o->core.height,
	    .is_facsimile = (s->config.core.flags & CORE_FACSIMILE) != 0,
	    .is_unsealed = (s->config.core.flags & CORE_UNSEALED) != 0};
	int fds[SETUP_FDS];
	char state[STATE_NAME];
	uint32_t n = 0;

	memcpy(setup.name, o->core.name, sizeof(setup.name));
	state_name(s, i, state);
	for (; n <= N_KEYS; n++) {
		const char *name = n < N_KEYS ? key_files[n] : state;
		fds[n] = secret_open(
		    o->keys, name, n < N_KEYS ? O_RDONLY : O_RDWR);
		if (fds[n] == -ENOENT && n == OPTIONAL_KEY)
			fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[n] >= 0)
			continue;
		const int err = fds[n];
		log_error("%s/%s: %s", o->keys, name, strerror(-err));
		close_all(fds, n);
		return err;
	}
	fds[n] = s->sealed[i].listener;
	const int err = hdcp_send(s, i,
	    encode_hdcp_setup(&setup, s->record, sizeof(s->record)), fds,
	    SETUP_FDS);
	close_all(fds, n);
	return err;
}

/* name: where the process's name lives */
static struct life
life_of(struct super *s, uint32_t i, char name[LIFE_NAME])
{
	snprintf(name, LIFE_NAME, "tds-hdcp@%s", name_of(s, i));
	return (struct life){.path = s->hdcp_path,
	    .name = name,
	    .role = ROLE_HDCP,
	    .child = &s->sealed[i].child,
	    .backoff = &s->sealed[i].backoff};
}

void
hdcp_begin(struct super *s, uint32_t i)
{
	char name[LIFE_NAME];
	const struct life life = life_of(s, i, name);

	if (!life_begin(s, &life, on_hdcp, &s->sealed[i]))
		return;
	const int err = send_setup(s, i);
	if (err < 0)
		hdcp_end(s, i, strerror(-err));
	hdcp_connect(s, i);
}

void
hdcp_end(struct super *s, uint32_t i, const char *why)
{
	char name[LIFE_NAME];
	const struct life life = life_of(s, i, name);

	if (life_kill(s, &life))
		life_again(s, &life, why);
}
