/*
 * tds-xen, the real program, sealed as in use, among a tdsd, a xenstore, guests
 * and tds-guests that are hostile in turn. With fake_grants in the place of
 * four ioctls, where something is to be mapped; as installed everywhere else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol/control.h"
#include "tds/base/channel.h"
#include "tests/abuse/check.h"
#include "tests/abuse/fake_dom0.h"

enum { DOMID = 7, NEWS = 3 /* two connectors, one keyboard */ };

static const char *program, *unreal_program;

static struct broker_ask ask; /* is large */

static int
setup(void **state)
{
	struct dom0 *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	dom0_start(m, program);
	*state = m;
	return 0;
}

static int
setup_configured(void **state)
{
	const int err = setup(state);

	dom0_configure(*state);
	return err;
}

/* Both domains are connected. */
static int
setup_unreal(void **state)
{
	struct dom0 *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	dom0_start(m, unreal_program);
	m->is_unreal = true;
	dom0_configure(m);
	dom0_create(m, WEB, WEB_DOMID);
	dom0_connect(m, WEB);
	dom0_create(m, WORK, DOMID);
	dom0_connect(m, WORK);
	*state = m;
	return 0;
}

static void
map_and_unmap(struct dom0 *m, uint32_t index)
{
	ask = (struct broker_ask){
	    .op = BROKER_MAP, .where = BROKER_PIXELS, .n = 100};
	const struct broker_answer a = dom0_ask(m, index, &ask);
	assert_int_equal(a.error, 0);
	ask.op = BROKER_UNMAP;
	ask.page = a.page;
	assert_int_equal(dom0_ask(m, index, &ask).error, 0);
}

static int
teardown(void **state)
{
	struct dom0 *m = *state;

	if (m->is_unreal && !m->may_end) {
		const struct dom0_guest *web = &m->guests[WEB];
		m->store.mood = XENSTORE_HONEST;
		map_and_unmap(m, WEB);
		assert_int_equal(web->n_found, 1);
		assert_int_equal(web->n_gone, 0);
		assert_int_equal(web->n_news, NEWS);
		assert_int_equal(web->maps, 5);
		assert_int_equal(web->ports, 5);
	}
	dom0_stop(m);
	free(m);
	return 0;
}

/* --------------------------------------------------------------- from tdsd */

/* A record as it should be; its length. */
static int
record_of(uint32_t op, uint8_t bytes[CONTROL_MAX_BYTES])
{
	const struct xen_setup setup_record = {0};
	const struct xen_domain domain = {.domain = 1,
	    .scanouts = 1,
	    .width = 800,
	    .height = 600,
	    .name = "web"};
	const struct xen_serve serve = {.domain = 1};

	switch (op) {
	case XEN_SETUP:
		return encode_xen_setup(&setup_record, bytes, 64);
	case XEN_DOMAIN:
		return encode_xen_domain(&domain, bytes, CONTROL_MAX_BYTES);
	case XEN_SERVE:
		return encode_xen_serve(&serve, bytes, 64);
	default:
		return encode_empty(op, bytes, 64);
	}
}

static void
records_at_a_wrong_time_or_of_a_wrong_form_end_it(void **state)
{
	static const struct {
		uint32_t op;
		int32_t more; /* octets */
		uint32_t fds;
		bool is_configured;
	} wrong[] = {{XEN_START, 0, 0, false}, {XEN_SERVE, 0, 5, false},
	    {XEN_SETUP, 0, 0, false}, {XEN_SETUP, 0, 2, false},
	    {XEN_SETUP, 1, 1, false}, {XEN_DOMAIN, -1, 0, false},
	    {XEN_DOMAIN, 0, 1, false}, {XEN_SETUP, 0, 1, true},
	    {XEN_DOMAIN, 0, 0, true}, {XEN_START, 0, 0, true},
	    {XEN_SERVE, 0, 4, true}, {XEN_SERVE, 0, 6, true},
	    {XEN_SERVE, -4, 5, true}, {XEN_FOUND, 0, 0, true},
	    {CTL_RESULT, 0, 0, true}, {99999, 0, 0, true}};
	const int fds[] = {0, 0, 0, 0, 0, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t bytes[CONTROL_MAX_BYTES] = {0};
		static struct dom0 m;

		dom0_start(&m, program);
		if (wrong[i].is_configured)
			dom0_configure(&m);
		dom0_send(&m, bytes, record_of(wrong[i].op, bytes) +
					 wrong[i].more,
		    fds, wrong[i].fds);
		dom0_expect_end(&m, "from tdsd");
		dom0_stop(&m);
	}
}

static void
a_tdsd_that_is_gone_is_the_end(void **state)
{
	struct dom0 *m = *state;

	DOM0_WAIT(m, m->store.n_watches == 2);
	assert_int_equal(shutdown(m->child.control, SHUT_RDWR), 0);
	dom0_expect_end(m, "the end: nothing more");
}

static void
a_tdsd_that_never_reads_is_not_waited_for(void **state)
{
	struct dom0 *m = *state;

	DOM0_WAIT(m, m->store.n_watches == 2);
	m->is_deaf = true;
	m->may_end = true;
	const int64_t until = now_ms() + CHILD_DEADLINE_MS;
	for (uint32_t domid = DOMID; !m->child.has_ended && now_ms() < until;
	     domid++) {
		dom0_create(m, WORK, domid);
		while (m->store.n_watches != 4 && dom0_turn(m, until))
			continue;
		dom0_remove(m, WORK);
		while (m->store.n_watches != 2 && dom0_turn(m, until))
			continue;
	}
	assert_true(m->child.has_ended);
}

/* ------------------------------------------------------------ from xenstore */

static void
a_xenstore_that_does_not_answer_is_the_end(void **state)
{
	struct dom0 *m = *state;

	DOM0_WAIT(m, m->store.n_watches == 2);
	m->store.mood = XENSTORE_SILENT;
	dom0_create(m, WORK, DOMID);
	dom0_expect_end(m, "xenstore does not answer");
}

static void
watches_without_end_are_no_answer(void **state)
{
	struct dom0 *m = *state;

	DOM0_WAIT(m, m->store.n_watches == 2);
	const uint64_t rss = proc_rss_kb(m->child.pid);
	m->store.mood = XENSTORE_CHATTY;
	dom0_create(m, WORK, DOMID);
	const int64_t begin = now_ms();
	while (now_ms() < begin + 2000)
		assert_true(dom0_turn(m, begin + CHILD_DEADLINE_MS));
	assert_in_range(proc_rss_kb(m->child.pid), 0, rss + 64);
	dom0_expect_end(m, "xenstore does not answer");
	assert_in_range(now_ms() - begin, 0, 10000);
}

static void
messages_of_a_wrong_form_are_the_end(void **state)
{
	static const struct {
		uint32_t type, len;
		bool is_cut;
	} wrong[] = {{15, 4097, false}, {15, UINT32_MAX, false},
	    {2, 0xffffff00u, false}, {15, 4000, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		static struct dom0 m;

		dom0_start(&m, program);
		dom0_configure(&m);
		DOM0_WAIT(&m, m.store.n_watches == 2);
		xenstore_say(&m.store, wrong[i].type, wrong[i].len, "x", 1);
		if (wrong[i].is_cut)
			xenstore_close(&m.store);
		dom0_expect_end(&m, "xenstore does not answer");
		dom0_stop(&m);
	}
}

static void
a_flood_of_watches_costs_no_memory_and_nothing_is_missed(void **state)
{
	struct dom0 *m = *state;
	char path[64], token[16];

	DOM0_WAIT(m, m->store.n_watches == 2);
	const uint64_t rss = proc_rss_kb(m->child.pid);
	for (uint32_t i = 0; i < 50000; i++) {
		snprintf(path, sizeof(path), "backend/vdispl/%u/0", i);
		snprintf(token, sizeof(token), i % 3 == 0 ? "f%u" : "%x", i);
		xenstore_fire(&m->store, path, token);
		if (i % 256 == 0)
			assert_true(dom0_turn(m, now_ms() + 1000));
	}
	m->is_idle = true;
	dom0_create(m, WORK, DOMID);
	DOM0_WAIT(m, m->guests[WORK].is_found);
	assert_in_range(proc_rss_kb(m->child.pid), 0, rss + 64);
}

static void
a_kernel_without_the_devices_is_said_once(void **state)
{
	struct dom0 *m = *state;

	dom0_create(m, WORK, DOMID);
	/* the fakes answer, but what is asked here is the kernel */
	DOM0_WAIT(m, m->guests[WORK].n_gone == 1);
	assert_int_equal(m->guests[WORK].error, ENOTTY);
	child_drain_log(&m->child);
	assert_int_equal(
	    child_count_log(&m->child, 0, "cannot be restricted", ""), 1);
}

/* --------------------------------------------------------- from a front end */

static void
nodes_of_any_size_and_sort_disturb_nobody(void **state)
{
	static const char *const values[] = {"0", "1", "2", "3", "4", "5", "6"};
	struct dom0 *m = *state;
	const uint64_t rss = proc_rss_kb(m->child.pid);
	const uint32_t fds = proc_count_fds(m->child.pid);

	m->store.mood = XENSTORE_ABSURD;
	m->store.absurd = "/local/domain/7/device/";
	for (uint32_t i = 0; i < 2000; i++) {
		const uint64_t r = xenstore_random(&m->store);
		const uint32_t before = m->store.n_questions;

		dom0_front(m, WORK, r & 1 ? "vdispl" : "vkbd", "/state",
		    values[r / 2 % 7]);
		if (!m->guests[WORK].is_served)
			dom0_serve(m, WORK);
		DOM0_WAIT(m, m->store.n_questions > before);
	}
	m->store.mood = XENSTORE_HONEST;
	dom0_front(m, WORK, "vdispl", "/state", "1");
	dom0_front(m, WORK, "vkbd", "/state", "1");
	DOM0_WAIT(m, dom0_back(m, WORK, "vdispl") == '2' &&
			 dom0_back(m, WORK, "vinput") == '2');
	dom0_connect(m, WORK);
	map_and_unmap(m, WORK);
	assert_int_equal(m->store.n_watches, 6);
	assert_int_equal(proc_count_fds(m->child.pid), fds);
	assert_in_range(proc_rss_kb(m->child.pid), 0, rss + 64);
}

static void
a_xenstore_full_of_nonsense_is_survived(void **state)
{
	struct dom0 *m = *state;

	m->store.mood = XENSTORE_ABSURD;
	m->is_idle = true;
	for (uint32_t i = 0; i < 3000; i++) {
		const uint32_t before = m->store.n_questions;

		xenstore_fire(&m->store, "backend/vdispl", "s");
		DOM0_WAIT(m, m->store.n_questions > before);
	}
}

static void
a_front_end_that_floods_its_state_delays_nobody(void **state)
{
	struct dom0 *m = *state;

	for (uint32_t i = 0; i < 200; i++) {
		for (uint32_t n = 0; n < 100; n++)
			xenstore_fire(&m->store,
			    "/local/domain/7/device/vdispl/0/state", "f0");
		const uint32_t before = m->store.n_questions;
		map_and_unmap(m, WEB);
		/* a hundred that fired are looked at as one, or as few */
		assert_in_range(m->store.n_questions - before, 0, 200);
	}
}

/* --------------------------------------------------------- from a tds-guest */

static void
questions_of_a_wrong_form_end_that_tds_guest_alone(void **state)
{
	struct dom0 *m = *state;
	static uint8_t bytes[BROKER_ASK_BYTES + 64];
	static const struct {
		uint32_t op, where, n;
		int len, error;
	} wrong[] = {{0, 0, 1, 16, ERANGE}, {3, 0, 1, 16, ERANGE},
	    {1, 3, 1, 16, ERANGE}, {1, 0, 0, 12, ERANGE},
	    {1, 1, BROKER_MAX_GREFS + 1, BROKER_ASK_BYTES + 4, EBADMSG},
	    {1, 1, UINT32_MAX, BROKER_ASK_BYTES, ERANGE},
	    {1, 1, 5, 28, EBADMSG}, {1, 1, 5, 36, EBADMSG},
	    {2, 1, 5, 12, EBADMSG}, {2, 1, 5, 20, EBADMSG},
	    {1, 0, 1, 1, ERANGE}, {1, 1, 1, 11, ERANGE}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct dom0_guest *g = &m->guests[WORK];
		const uint32_t before = g->n_gone;

		put_u32(bytes, wrong[i].op);
		put_u32(bytes + 4, wrong[i].where);
		put_u32(bytes + 8, wrong[i].n);
		dom0_say(m, WORK, bytes, wrong[i].len);
		DOM0_WAIT(m, g->n_gone != before);
		assert_true(g->is_found);
		assert_int_equal(g->error, wrong[i].error);
		dom0_serve(m, WORK);
		map_and_unmap(m, WORK);
	}
}

static void
descriptors_beside_a_question_end_that_tds_guest(void **state)
{
	struct dom0 *m = *state;
	uint8_t bytes[16] = {1, 0, 0, 0, 0, 0, 0, 0, 1};
	const int fds[] = {0, 1, 2};

	for (uint32_t i = 0; i < 50; i++) {
		const uint32_t before = m->guests[WORK].n_gone;
		assert_int_equal(channel_send(m->guests[WORK].fds[DEV_ASK],
				     bytes, sizeof(bytes), fds, 3),
		    0);
		DOM0_WAIT(m, m->guests[WORK].n_gone != before);
		assert_int_equal(m->guests[WORK].error, EPROTO);
		dom0_serve(m, WORK);
	}
}

static void
maps_have_their_limits(void **state)
{
	struct dom0 *m = *state;
	struct dom0_guest *g = &m->guests[WORK];

	ask = (struct broker_ask){.op = BROKER_MAP,
	    .where = BROKER_PIXELS,
	    .n = BROKER_MAX_GREFS};
	while (dom0_ask(m, WORK, &ask).error == 0)
		assert_in_range(g->pages, 0, 1 << 17); /* half of all */
	assert_int_equal(g->answer.error, EDQUOT);
	/* what the other one needs is there all the same */
	assert_int_equal(dom0_ask(m, WEB, &ask).error, 0);
	ask.op = BROKER_UNMAP;
	ask.page = m->guests[WEB].answer.page;
	assert_int_equal(dom0_ask(m, WEB, &ask).error, 0);
	ask.page = 1; /* nobody's */
	assert_int_equal(dom0_ask(m, WORK, &ask).error, ENOENT);
	ask = (struct broker_ask){.op = BROKER_MAP, .where = 0, .n = 2};
	assert_int_equal(dom0_ask(m, WORK, &ask).error, EDQUOT);
	dom0_kill_guest(m, WORK);
	DOM0_WAIT(m, g->restricted != 0);
	map_and_unmap(m, WORK);
}

static void
a_kernel_that_maps_nothing_is_the_askers_error(void **state)
{
	struct dom0 *m = *state;

	m->is_broken = true;
	ask = (struct broker_ask){
	    .op = BROKER_MAP, .where = BROKER_PIXELS, .n = 7};
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(dom0_ask(m, WORK, &ask).error, ENOMEM);
	m->is_broken = false;
	map_and_unmap(m, WORK);
}

static void
one_that_never_reads_its_answers_is_ended(void **state)
{
	struct dom0 *m = *state;
	struct dom0_guest *g = &m->guests[WORK];
	static uint8_t bytes[BROKER_ASK_BYTES];

	ask = (struct broker_ask){
	    .op = BROKER_UNMAP, .where = BROKER_PIXELS, .n = 7};
	const int len = encode_ask(&ask, bytes, sizeof(bytes));
	g->is_stuck = true;
	while (g->n_gone == 0) {
		dom0_say(m, WORK, bytes, len);
		map_and_unmap(m, WEB);
	}
	assert_int_equal(g->error, EAGAIN);
	g->is_stuck = false;
	dom0_serve(m, WORK);
	map_and_unmap(m, WORK);
}

static void
a_flood_of_questions_delays_nobody(void **state)
{
	struct dom0 *m = *state;
	static uint8_t bytes[BROKER_ASK_BYTES];

	ask = (struct broker_ask){.op = BROKER_MAP,
	    .where = BROKER_LOOK,
	    .n = BROKER_MAX_GREFS};
	const int len = encode_ask(&ask, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 200; i++) {
		for (uint32_t n = 0; n < 8; n++)
			dom0_say(m, WORK, bytes, len);
		map_and_unmap(m, WEB);
	}
	assert_int_equal(m->guests[WORK].n_gone, 0);
}

/* ---------------------------------------------------------------- all of it */

/* What a life of a tds-guest leaves behind for the kernel to let go. */
static void
use(struct dom0 *m, uint32_t i)
{
	for (uint32_t n = 0; n < 1 + i % 4; n++) {
		ask = (struct broker_ask){
		    .op = BROKER_MAP, .where = n % 3, .n = n % 3 ? 50 : 1};
		assert_int_equal(dom0_ask(m, WORK, &ask).error, 0);
	}
	if (i % 2 == 0) {
		ask.page = m->guests[WORK].answer.page;
		ask.op = BROKER_UNMAP;
		assert_int_equal(dom0_ask(m, WORK, &ask).error, 0);
	}
}

static void
close_front_end(struct dom0 *m)
{
	const uint32_t before = m->guests[WORK].n_gone;

	dom0_front(m, WORK, "vdispl", "/state", "6");
	dom0_front(m, WORK, "vkbd", "/state", "6");
	DOM0_WAIT(m, m->guests[WORK].n_gone != before &&
			 dom0_back(m, WORK, "vdispl") == '6' &&
			 dom0_back(m, WORK, "vinput") == '6');
	dom0_front(m, WORK, "vdispl", "/state", "1");
	dom0_front(m, WORK, "vkbd", "/state", "1");
	DOM0_WAIT(m, dom0_back(m, WORK, "vdispl") == '2' &&
			 dom0_back(m, WORK, "vinput") == '2');
}

static void
a_thousand_rounds_leak_nothing(void **state)
{
	struct dom0 *m = *state;
	const struct dom0_guest *g = &m->guests[WORK];
	uint64_t rss = 0, size = 0;
	uint32_t fds = 0, domid = DOMID;

	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(g->maps, 5);
		assert_int_equal(g->pages, 5);
		assert_int_equal(g->ports, 5);
		assert_int_equal(m->store.n_watches, 6);
		use(m, i);
		if (i % 3 == 0) {
			close_front_end(m);
		} else if (i % 3 == 1) {
			dom0_destroy(m, WORK);
			assert_int_equal(m->store.n_watches, 4);
			dom0_create(m, WORK, ++domid);
		} else {
			dom0_kill_guest(m, WORK);
			/* the keyboard goes on, the display begins anew */
			DOM0_WAIT(m, dom0_back(m, WORK, "vdispl") == '6' &&
					 g->ports == 1);
			close_front_end(m);
		}
		dom0_connect(m, WORK);
		if (i == 50) {
			rss = proc_rss_kb(m->child.pid);
			size = proc_size_kb(m->child.pid);
			fds = proc_count_fds(m->child.pid);
		}
	}
	assert_int_equal(proc_count_fds(m->child.pid), fds);
	assert_in_range(proc_rss_kb(m->child.pid), 0, rss + 64);
	assert_in_range(proc_size_kb(m->child.pid), 0, size + 64);
}

#define T(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_at_a_wrong_time_or_of_a_wrong_form_end_it),
	    T(a_tdsd_that_is_gone_is_the_end, setup_configured),
	    T(a_tdsd_that_never_reads_is_not_waited_for, setup_configured),
	    T(a_xenstore_that_does_not_answer_is_the_end, setup_configured),
	    T(watches_without_end_are_no_answer, setup_configured),
	    cmocka_unit_test(messages_of_a_wrong_form_are_the_end),
	    T(a_flood_of_watches_costs_no_memory_and_nothing_is_missed,
		setup_configured),
	    T(a_kernel_without_the_devices_is_said_once, setup_configured),
	    T(nodes_of_any_size_and_sort_disturb_nobody, setup_unreal),
	    T(a_xenstore_full_of_nonsense_is_survived, setup_configured),
	    T(a_front_end_that_floods_its_state_delays_nobody, setup_unreal),
	    T(questions_of_a_wrong_form_end_that_tds_guest_alone,
		setup_unreal),
	    T(descriptors_beside_a_question_end_that_tds_guest, setup_unreal),
	    T(maps_have_their_limits, setup_unreal),
	    T(a_kernel_that_maps_nothing_is_the_askers_error, setup_unreal),
	    T(one_that_never_reads_its_answers_is_ended, setup_unreal),
	    T(a_flood_of_questions_delays_nobody, setup_unreal),
	    T(a_thousand_rounds_leak_nothing, setup_unreal),
	};

	if (argc != 3)
		return 2;
	program = argv[1];
	unreal_program = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
