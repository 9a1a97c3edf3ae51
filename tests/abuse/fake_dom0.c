#include "tests/abuse/fake_dom0.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/control.h"
#include "tds/base/channel.h"
#include "tests/abuse/check.h"
#include "tests/abuse/fake_grants.h"

static const char *const names[] = {[WORK] = "work", [WEB] = "web"};

/* ----------------------------------------------------------------- devices */

/* What the kernel would do; every domain's number must be this guest's. */
static int32_t
device_does(struct dom0 *m, struct dom0_guest *g,
    const struct grants_question *q)
{
	if (q->op != GRANTS_UNMAP)
		assert_int_equal(q->domid, g->domid);
	switch (q->op) {
	case GRANTS_RESTRICT:
		g->restricted = q->domid;
		return 0;
	case GRANTS_BIND:
		assert_int_equal(g->restricted, g->domid);
		g->ports++;
		return q->first;
	case GRANTS_MAP: {
		if (m->is_broken)
			return -ENOMEM;
		const uint32_t page = g->next_page;
		/* as gntdev: the numbers of what is unmapped come again */
		g->next_page = (page + (uint32_t)q->n) % (1 << 18);
		g->maps++;
		g->pages += (uint32_t)q->n;
		return (int32_t)page;
	}
	case GRANTS_UNMAP:
		g->maps--;
		g->pages -= (uint32_t)q->n;
		return 0;
	default:
		fail_msg("device: %d", q->op);
		return -1;
	}
}

static void
close_one(struct dom0_guest *g, uint32_t i)
{
	if (g->fds[i] >= 0)
		close(g->fds[i]);
	g->fds[i] = -1;
	if (i == DEV_EVENTS)
		g->ports = 0;
	/* both hold maps: they always go together */
	if (g->fds[DEV_PIXELS] < 0 && g->fds[DEV_RINGS] < 0)
		g->maps = g->pages = 0;
}

static bool
has_gone(const struct dom0_guest *g)
{
	for (uint32_t i = 0; i < DOM0_FDS; i++)
		if (g->fds[i] >= 0)
			return false;
	return true;
}

static void
device_turn(struct dom0 *m, struct dom0_guest *g, uint32_t i)
{
	struct grants_question q;
	ssize_t n;

	while (g->fds[i] >= 0 && (n = recv(g->fds[i], &q, sizeof(q),
				      MSG_DONTWAIT)) >= 0) {
		if (n == 0) {
			close_one(g, i);
			return;
		}
		assert_int_equal(n, sizeof(q));
		const int32_t answer = device_does(m, g, &q);
		(void)!send(g->fds[i], &answer, sizeof(answer), MSG_NOSIGNAL);
	}
	if (g->fds[i] >= 0 && errno != EAGAIN)
		close_one(g, i);
}

/* --------------------------------------------------------------- tds-guest */

static void
guest_turn(struct dom0_guest *g)
{
	uint8_t bytes[64];
	struct broker_news news;

	for (uint32_t i = DEV_NEWS; i <= DEV_ASK; i++) {
		ssize_t n = -1;
		while (g->fds[i] >= 0 && !g->is_stuck &&
		       (n = recv(g->fds[i], bytes, sizeof(bytes),
			    MSG_DONTWAIT)) > 0) {
			if (i == DEV_NEWS) {
				assert_int_equal(
				    decode_news(bytes, (uint32_t)n, &news), 0);
				g->n_news++;
			} else {
				assert_int_equal(decode_answer(bytes,
						     (uint32_t)n, &g->answer),
				    0);
				g->n_answers++;
			}
		}
		if (g->fds[i] >= 0 && !g->is_stuck &&
		    (n == 0 || errno != EAGAIN))
			close_one(g, i);
	}
}

void
dom0_say(struct dom0 *m, uint32_t index, const void *bytes, int len)
{
	struct dom0_guest *g = &m->guests[index];

	while (g->fds[DEV_ASK] >= 0 &&
	       send(g->fds[DEV_ASK], bytes, (size_t)len,
		   MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN)
			return; /* it has hung up, which is seen later */
		assert_true(dom0_turn(m, now_ms() + CHILD_DEADLINE_MS));
	}
}

struct broker_answer
dom0_ask(struct dom0 *m, uint32_t index, const struct broker_ask *ask)
{
	static uint8_t bytes[BROKER_ASK_BYTES];
	struct dom0_guest *g = &m->guests[index];
	const uint32_t before = g->n_answers;

	dom0_say(m, index, bytes, encode_ask(ask, bytes, sizeof(bytes)));
	DOM0_WAIT(m, g->n_answers != before);
	return g->answer;
}

void
dom0_kill_guest(struct dom0 *m, uint32_t index)
{
	struct dom0_guest *g = &m->guests[index];

	close_one(g, DEV_NEWS);
	close_one(g, DEV_ASK);
	DOM0_WAIT(m, has_gone(g));
	dom0_serve(m, index);
}

/* -------------------------------------------------------------------- tdsd */

void
dom0_send(struct dom0 *m, const void *bytes, int len, const int *fds,
    uint32_t n_fds)
{
	int err;

	assert_true(len >= 0);
	while ((err = channel_send(m->child.control, bytes, (uint32_t)len, fds,
		    n_fds)) == -EAGAIN)
		if (!dom0_turn(m, now_ms() + CHILD_DEADLINE_MS))
			return;
}

void
dom0_serve(struct dom0 *m, uint32_t index)
{
	struct dom0_guest *g = &m->guests[index];
	const struct xen_serve record = {.domain = index};
	uint8_t bytes[64];
	int theirs[DOM0_FDS];

	for (uint32_t i = 0; i < DOM0_FDS; i++) {
		int pair[2];
		close_one(g, i);
		if (i >= DEV_NEWS)
			assert_int_equal(channel_pair(pair), 0);
		else
			assert_int_equal(
			    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
				0, pair),
			    0);
		g->fds[i] = pair[0];
		theirs[i] = pair[1];
	}
	g->restricted = 0;
	g->is_served = true;
	dom0_send(m, bytes, encode_xen_serve(&record, bytes, sizeof(bytes)),
	    theirs, DOM0_FDS);
	for (uint32_t i = 0; i < DOM0_FDS; i++)
		close(theirs[i]);
}

static void
on_gone(struct dom0 *m, uint32_t index, bool is_found, uint32_t error)
{
	struct dom0_guest *g = &m->guests[index];

	g->is_found = is_found;
	g->error = error;
	g->n_gone++;
	g->is_served = false;
	for (uint32_t i = 0; i < DOM0_FDS; i++)
		close_one(g, i);
	if (is_found && !m->is_idle && !error)
		dom0_serve(m, index);
}

static void
tdsd_turn(struct dom0 *m)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct xen_found found;
	struct xen_gone gone;
	struct received r;
	struct rd rd;
	uint32_t op;

	while (!m->is_deaf && channel_receive(m->child.control, bytes,
				  sizeof(bytes), &r) == 0) {
		assert_int_equal(
		    control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
		if (op == XEN_FOUND) {
			assert_int_equal(decode_xen_found(&rd, &found), 0);
			struct dom0_guest *g = &m->guests[found.domain];
			assert_false(g->is_found);
			g->is_found = true;
			g->n_found++;
			if (!m->is_idle)
				dom0_serve(m, found.domain);
		} else {
			assert_int_equal(op, XEN_GONE);
			assert_int_equal(decode_xen_gone(&rd, &gone), 0);
			on_gone(m, gone.domain, gone.is_found, gone.error);
		}
	}
}

/* -------------------------------------------------------------------- turn */

static void
wait_for_any(struct dom0 *m, int64_t left_ms)
{
	struct pollfd p[4 + DOM0_DOMAINS * DOM0_FDS] = {
	    {.fd = m->store.fd, .events = POLLIN},
	    {.fd = m->is_deaf ? -1 : m->child.control, .events = POLLIN},
	    {.fd = m->child.log_fd, .events = POLLIN},
	    {.fd = m->child.pid_fd, .events = POLLIN}};
	nfds_t n = 4;

	for (uint32_t i = 0; i < DOM0_DOMAINS; i++)
		for (uint32_t j = 0; j < DOM0_FDS; j++)
			if (j < DEV_NEWS || !m->guests[i].is_stuck)
				p[n++] = (struct pollfd){
				    m->guests[i].fds[j], POLLIN, 0};
	if (m->store.mood == XENSTORE_CHATTY)
		left_ms = 1;
	(void)!poll(p, n, (int)left_ms);
	if (p[3].revents)
		child_reap(&m->child);
}

bool
dom0_turn(struct dom0 *m, int64_t deadline_ms)
{
	const int64_t left = deadline_ms - now_ms();

	if (left <= 0 || m->child.has_ended)
		return false;
	wait_for_any(m, left);
	child_drain_log(&m->child);
	if (m->store.mood == XENSTORE_CHATTY && m->store.n_questions > 0)
		xenstore_fire(&m->store, "backend/vdispl", "s");
	if (m->store.fd >= 0 && !xenstore_turn(&m->store))
		xenstore_close(&m->store);
	tdsd_turn(m);
	for (uint32_t i = 0; i < DOM0_DOMAINS; i++) {
		for (uint32_t j = 0; j < DEV_NEWS; j++)
			device_turn(m, &m->guests[i], j);
		guest_turn(&m->guests[i]);
	}
	return true;
}

void
dom0_expect_end(struct dom0 *m, const char *text)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	while (dom0_turn(m, deadline))
		continue;
	m->may_end = true;
	child_check(&m->child);
	if (!m->child.has_ended || !WIFEXITED(m->child.end_status) ||
	    WEXITSTATUS(m->child.end_status) != 1 ||
	    child_count_log(&m->child, 0, text, "") != 1)
		fail_msg("no end with \"%s\"; log:\n%s", text, m->child.log);
}

/* -------------------------------------------------------------------- life */

void
dom0_start(struct dom0 *m, const char *program)
{
	*m = (struct dom0){.store = {.fd = -1}};
	for (uint32_t i = 0; i < DOM0_DOMAINS; i++)
		for (uint32_t j = 0; j < DOM0_FDS; j++)
			m->guests[i].fds[j] = -1;
	child_start(&m->child, program, "tds-xen");
}

void
dom0_configure(struct dom0 *m)
{
	const struct xen_setup setup = {0};
	uint8_t bytes[CONTROL_MAX_BYTES];
	const int xenbus = xenstore_open(&m->store);

	dom0_send(m, bytes, encode_xen_setup(&setup, bytes, sizeof(bytes)),
	    &xenbus, 1);
	close(xenbus);
	for (uint32_t i = 0; i < DOM0_DOMAINS; i++) {
		struct xen_domain d = {
		    .domain = i, .scanouts = 2, .width = 800, .height = 600};
		memcpy(d.name, names[i], strlen(names[i]));
		dom0_send(m, bytes, encode_xen_domain(&d, bytes, sizeof(bytes)),
		    NULL, 0);
	}
	dom0_send(
	    m, bytes, encode_empty(XEN_START, bytes, sizeof(bytes)), NULL, 0);
}

void
dom0_stop(struct dom0 *m)
{
	child_drain_log(&m->child);
	child_check(&m->child);
	assert_true(m->may_end || !m->child.has_ended);
	child_stop(&m->child);
	xenstore_close(&m->store);
	for (uint32_t i = 0; i < DOM0_DOMAINS; i++)
		for (uint32_t j = 0; j < DOM0_FDS; j++)
			close_one(&m->guests[i], j);
}

/* --------------------------------------------------------------- toolstack */

void
dom0_node(struct dom0 *m, uint32_t domid, const char *kind, const char *node,
    const char *value)
{
	char path[XENSTORE_PATH];

	snprintf(path, sizeof(path), "backend/%s/%u/0%s", kind, domid, node);
	xenstore_put(&m->store, path, value);
}

void
dom0_front(struct dom0 *m, uint32_t index, const char *kind, const char *node,
    const char *value)
{
	char path[XENSTORE_PATH];

	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/0%s",
	    m->guests[index].domid, kind, node);
	xenstore_put(&m->store, path, value);
}

char
dom0_back(const struct dom0 *m, uint32_t index, const char *kind)
{
	char path[XENSTORE_PATH];

	snprintf(path, sizeof(path), "backend/%s/%u/0/state", kind,
	    m->guests[index].domid);
	return xenstore_get(&m->store, path)[0];
}

void
dom0_create(struct dom0 *m, uint32_t index, uint32_t domid)
{
	static const char *const kinds[][2] = {
	    {"vdispl", "vdispl"}, {"vinput", "vkbd"}};
	char path[XENSTORE_PATH];

	m->guests[index].domid = domid;
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	xenstore_put(&m->store, path, names[index]);
	for (uint32_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/device/%s/0",
		    domid, kinds[i][1]);
		dom0_front(m, index, kinds[i][1], "/state", "1");
		dom0_node(m, domid, kinds[i][0], "/online", "1");
		dom0_node(m, domid, kinds[i][0], "/state", "1");
		dom0_node(m, domid, kinds[i][0], "/frontend", path);
	}
}

void
dom0_remove(struct dom0 *m, uint32_t index)
{
	static const char *const above[] = {
	    "/local/domain", "backend/vdispl", "backend/vinput"};
	char path[XENSTORE_PATH];

	for (uint32_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%u", above[i],
		    m->guests[index].domid);
		xenstore_put(&m->store, path, NULL);
	}
}

void
dom0_destroy(struct dom0 *m, uint32_t index)
{
	const uint32_t before = m->guests[index].n_gone;

	dom0_remove(m, index);
	DOM0_WAIT(m, m->guests[index].n_gone != before &&
			 !m->guests[index].is_found);
}

void
dom0_rings(struct dom0 *m, uint32_t index)
{
	static const char *const display[] = {"/0/req-ring-ref",
	    "/0/req-event-channel", "/0/evt-ring-ref", "/0/evt-event-channel",
	    "/1/req-ring-ref", "/1/req-event-channel", "/1/evt-ring-ref",
	    "/1/evt-event-channel"};

	for (uint32_t i = 0; i < 8; i++)
		dom0_front(m, index, "vdispl", display[i], "9");
	dom0_front(m, index, "vkbd", "/page-gref", "5");
	dom0_front(m, index, "vkbd", "/event-channel", "6");
	dom0_front(m, index, "vkbd", "/request-abs-pointer", "1");
}

void
dom0_connect(struct dom0 *m, uint32_t index)
{
	dom0_rings(m, index);
	for (char state = '3'; state <= '4'; state++) {
		const char value[] = {state, 0};
		dom0_front(m, index, "vdispl", "/state", value);
		dom0_front(m, index, "vkbd", "/state", value);
		DOM0_WAIT(m, dom0_back(m, index, "vdispl") == '4' &&
				 dom0_back(m, index, "vinput") == '4');
	}
}
