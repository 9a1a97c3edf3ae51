/*
 * The screen of sealed outputs, between the shell and a process that may say
 * anything: channel and memory are real ones, the screen beneath is a fake
 * that counts what reaches it.
 */
#include "tests/unit/unit.h"

#include "compositor/sealed.h"
#include "tds/base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CARD, WALL, OUTPUTS, WIDTH = 64, HEIGHT = 48, BYTES = WIDTH * HEIGHT * 4 };

static struct sealed sealed;
static struct core core;
static struct under {
	struct screen base;
	uint32_t begins[OUTPUTS], presents[OUTPUTS], protects[OUTPUTS];
	uint32_t cursors[OUTPUTS];
	bool is_on;
	uint32_t pixels[4];
} under;
static int hdcp;		/* tds-hdcp's end */
static const uint32_t *at_hdcp; /* the memory, as it sees it */

/* ---------------------------------------------------------- the one beneath */

static int
under_probe(struct screen *screen, const struct core_output *slots, uint32_t n,
    struct core_output *found)
{
	(void)screen;
	for (uint32_t i = 0; i < n; i++) {
		found[i] = slots[i];
		found[i].width = i == CARD ? 4 : 0;
	}
	return 0;
}

static struct target
under_begin(struct screen *screen, uint32_t i, const struct damage **stale)
{
	static const struct damage nothing;

	(void)screen;
	under.begins[i]++;
	*stale = &nothing;
	return (struct target){.pixels = under.pixels, .stride_px = 4};
}

static int
under_present(struct screen *screen, uint32_t i, const struct damage *painted)
{
	(void)screen;
	(void)painted;
	under.presents[i]++;
	return 0;
}

static int
under_power(struct screen *screen, bool is_on)
{
	(void)screen;
	under.is_on = is_on;
	return 0;
}

static uint64_t
under_flips(struct screen *screen)
{
	(void)screen;
	return 77;
}

static bool
under_has_cursor(const struct screen *screen, uint32_t i)
{
	(void)screen;
	under.cursors[i]++;
	return true;
}

static void
under_set_cursor(
    struct screen *screen, uint32_t i, const struct cursor_plane *cursor)
{
	(void)screen;
	(void)cursor;
	under.cursors[i]++;
}

static void
under_protect(struct screen *screen, uint32_t i, uint32_t level)
{
	(void)screen;
	(void)level;
	under.protects[i]++;
}

static bool
under_is_protected(struct screen *screen, uint32_t i)
{
	(void)screen;
	under.protects[i]++;
	return true;
}

static int
under_dump(struct screen *screen, uint32_t i, int fd)
{
	(void)screen;
	(void)i;
	(void)fd;
	return -ENOSPC;
}

static const struct screen_ops all_ops = {
    .probe = under_probe,
    .begin = under_begin,
    .present = under_present,
    .power = under_power,
    .flips = under_flips,
    .has_cursor = under_has_cursor,
    .set_cursor = under_set_cursor,
    .protect = under_protect,
    .is_protected = under_is_protected,
    .dump = under_dump,
};
static const struct screen_ops memory_ops = {
    .probe = under_probe,
    .begin = under_begin,
    .present = under_present,
    .power = under_power,
    .flips = under_flips,
    .dump = under_dump,
};

/* ------------------------------------------------------------------ set-up */

static int
memory_of(uint64_t bytes, int seals)
{
	const int fd = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* As tdsd: a tds-hdcp was started. */
static void
plug(void)
{
	const int memory = memory_of(BYTES, F_SEAL_SHRINK | F_SEAL_GROW);
	int pair[2];

	if (hdcp >= 0)
		close(hdcp);
	if (at_hdcp)
		munmap((void *)(uintptr_t)at_hdcp, BYTES);
	at_hdcp = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, memory, 0);
	assert_true(at_hdcp != MAP_FAILED);
	assert_int_equal(channel_pair(pair), 0);
	hdcp = pair[1];
	assert_int_equal(sealed_open(&sealed, WALL, pair[0], memory), 0);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&core, 0, sizeof(core));
	under = (struct under){.base.ops = &all_ops, .is_on = true};
	core.scene.n_outputs = OUTPUTS;
	core.scene.outputs[CARD].slot = (struct core_output){
	    .type = OUTPUT_KMS};
	core.scene.outputs[WALL].slot = (struct core_output){.index = WALL,
	    .type = OUTPUT_SEALED,
	    .width = WIDTH,
	    .height = HEIGHT,
	    .name = "wall"};
	hdcp = -1;
	at_hdcp = NULL;
	sealed_init(&sealed, &under.base, &core);
	plug();
	return 0;
}

static int
clean_up(void **state)
{
	struct sealed_output *o = &sealed.outputs[WALL];

	(void)state;
	close(hdcp);
	munmap((void *)(uintptr_t)at_hdcp, BYTES);
	if (o->channel >= 0)
		close(o->channel);
	if (o->pixels)
		munmap(o->pixels, BYTES);
	return 0;
}

/* ------------------------------------------------------------------ driving */

static const struct rect whole = {0, 0, WIDTH, HEIGHT};
static const struct damage nothing;

static struct target
begin(const struct damage **stale)
{
	return sealed.base.ops->begin(&sealed.base, WALL, stale);
}

static bool
has_pixels(void)
{
	const struct damage *stale;

	return begin(&stale).pixels != NULL;
}

static int
present(const struct damage *painted)
{
	return sealed.base.ops->present(&sealed.base, WALL, painted);
}

static int
power(bool is_on)
{
	return sealed.base.ops->power(&sealed.base, is_on);
}

/* One frame in which all is painted in this colour. */
static void
show(uint32_t colour)
{
	const struct damage all = {.n = 1, .r = {whole}};
	const struct damage *stale;
	const struct target t = begin(&stale);

	assert_non_null(t.pixels);
	for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
		t.pixels[i] = colour;
	assert_int_equal(present(&all), 0);
}

static void
say(const void *bytes, int len, const int *fds, uint32_t n_fds)
{
	assert_true(len > 0);
	assert_int_equal(
	    channel_send(hdcp, bytes, (uint32_t)len, fds, n_fds), 0);
}

static void
say_free(uint32_t wants_all)
{
	uint8_t bytes[16];
	const struct sealed_free give = {wants_all};

	say(bytes, encode_sealed_free(&give, bytes, sizeof(bytes)), NULL, 0);
}

static void
say_state(uint32_t is_on)
{
	uint8_t bytes[16];
	const struct sealed_state state = {is_on};

	say(bytes, encode_sealed_state(&state, bytes, sizeof(bytes)), NULL, 0);
}

/* The parts of the frame that came, in order; 0: none came. */
static struct damage
parts(void)
{
	struct damage d = {0};
	uint32_t is_last = 0;

	while (!is_last) {
		struct received r = {0};
		struct sealed_part part;
		uint8_t bytes[64];
		uint32_t op;
		struct rd rd;

		if (channel_receive(hdcp, bytes, sizeof(bytes), &r) < 0)
			break;
		assert_int_equal(
		    control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
		assert_int_equal(op, SEALED_PART);
		assert_int_equal(decode_sealed_part(&rd, &part), 0);
		assert_true(rect_covers(whole, part.area));
		assert_false(rect_is_empty(part.area));
		assert_true(d.n < TDS_MAX_DAMAGE);
		d.r[d.n++] = part.area;
		is_last = part.is_last;
	}
	assert_int_equal(is_last, d.n > 0);
	return d;
}

static void
assert_all_came(void)
{
	const struct damage d = parts();

	assert_int_equal(d.n, 1);
	assert_memory_equal(&d.r[0], &whole, sizeof(whole));
}

static void
assert_nothing_came(void)
{
	assert_int_equal(parts().n, 0);
}

static struct sealed_news
poll_wall(void)
{
	return sealed_poll(&sealed, WALL);
}

static void
take_free(void)
{
	say_free(0);
	assert_int_equal(poll_wall().err, 0);
}

/* ------------------------------------------------------------------- tests */

static void
a_frame_goes_to_hdcp_and_comes_back(void **state)
{
	(void)state;
	const struct damage *stale;

	assert_non_null(begin(&stale).pixels);
	assert_int_equal(stale->n, 1); /* all of it, the first time */
	show(0x123456);
	assert_all_came();
	assert_int_equal(at_hdcp[WIDTH * HEIGHT - 1], 0x123456);
	assert_false(has_pixels());
	assert_int_equal(present(&nothing), -EBUSY);
	assert_true(sealed_waits(&sealed, WALL));
	take_free();
	assert_false(sealed_waits(&sealed, WALL));
	assert_non_null(begin(&stale).pixels);
	assert_int_equal(stale->n, 0);
}

static void
only_what_was_painted_is_named(void **state)
{
	struct damage few = {0};

	(void)state;
	show(1);
	assert_all_came();
	take_free();
	for (int32_t i = 0; i < TDS_MAX_DAMAGE; i++)
		few.r[few.n++] = rect_make(i % 8 * 8, i / 8 * 6, 2, 2);
	assert_true(has_pixels());
	assert_int_equal(present(&few), 0);
	const struct damage d = parts();
	assert_int_equal(d.n, few.n);
	assert_memory_equal(d.r, few.r, sizeof(d.r));
}

static void
a_frame_without_a_change_keeps_the_memory(void **state)
{
	(void)state;
	show(1);
	assert_all_came();
	take_free();
	assert_int_equal(present(&nothing), 0);
	assert_nothing_came();
	assert_true(has_pixels());
}

static void
a_session_that_begins_gets_everything(void **state)
{
	(void)state;
	show(1);
	assert_all_came();
	take_free();
	say_state(1);
	struct sealed_news news = poll_wall();
	assert_true(news.has_any && news.has_state && news.is_on);
	assert_true(news.wants_all);
	assert_int_equal(present(&nothing), 0);
	assert_all_came();
	/* also where it crosses a frame on its way */
	say_state(1);
	news = poll_wall();
	assert_true(news.wants_all);
	assert_false(has_pixels());
	take_free();
	assert_int_equal(present(&nothing), 0);
	assert_all_came();
	say_free(1);
	news = poll_wall();
	assert_true(news.wants_all && !news.has_state);
	assert_int_equal(present(&nothing), 0);
	assert_all_came();
	take_free();
	say_state(0);
	news = poll_wall();
	assert_true(news.has_state && !news.is_on && !news.wants_all);
}

/* Closed, told why, and no pixels until there is another one. */
static void
assert_closed(int err)
{
	const struct sealed_news news = poll_wall();
	uint8_t byte;
	struct received r;

	assert_int_equal(news.err, err);
	assert_true(news.has_state && !news.is_on && !news.wants_all);
	assert_false(has_pixels());
	assert_true(sealed_waits(&sealed, WALL));
	assert_int_equal(present(&nothing), -EBUSY);
	while ((err = channel_receive(hdcp, &byte, 0, &r)) == -EBADMSG)
		continue; /* parts that it left lying */
	assert_true(err == -EPIPE || err == -ECONNRESET);
	assert_false(poll_wall().has_any);
	plug();
	show(2);
	assert_all_came();
}

static void
a_free_that_was_not_asked_for_closes(void **state)
{
	(void)state;
	say_free(0);
	assert_closed(-EPROTO);
	plug();
	say_free(1);
	assert_closed(-EPROTO);
	plug();
	show(1);
	say_free(0);
	say_free(0);
	assert_closed(-EPROTO);
}

static void
nonsense_closes(void **state)
{
	static const uint32_t ops[] = {0, CORE_START, SEALED_PART, 4711};
	uint8_t bytes[256] = {0};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		memcpy(bytes, &ops[i], 4);
		say(bytes, 8, NULL, 0);
		const struct sealed_news news = poll_wall();
		assert_true(news.err == -EBADMSG || news.err == -EPROTO);
		assert_false(has_pixels());
		plug();
	}
	/* each length that is not right, and a boolean of 2 */
	for (int len = 1; len < 40; len++) {
		const uint32_t op = len % 2 ? SEALED_FREE : SEALED_STATE;

		memcpy(bytes, &op, 4);
		if (len == 8)
			bytes[4] = 2;
		say(bytes, len, NULL, 0);
		assert_true(poll_wall().err < 0);
		plug();
	}
}

static void
a_descriptor_closes_and_is_not_kept(void **state)
{
	uint8_t bytes[16];
	const struct sealed_state on = {1};
	int pipe_of[2];
	char c;

	(void)state;
	assert_int_equal(pipe(pipe_of), 0);
	say(bytes, encode_sealed_state(&on, bytes, sizeof(bytes)), &pipe_of[1],
	    1);
	close(pipe_of[1]);
	assert_int_equal(poll_wall().err, -EBADMSG);
	assert_int_equal(read(pipe_of[0], &c, 1), 0);
	close(pipe_of[0]);
}

static void
one_that_ends_in_mid_frame_leaves_a_dark_output(void **state)
{
	(void)state;
	show(1);
	close(hdcp);
	hdcp = -1;
	const struct sealed_news news = poll_wall();
	assert_true(news.err == -EPIPE || news.err == -ECONNRESET);
	assert_false(has_pixels());
	plug();
	/* and before a frame: what is presented is lost, nothing else */
	close(hdcp);
	hdcp = -1;
	show(2);
	assert_int_equal(poll_wall().err, -EPIPE);
	plug();
	show(3);
	assert_all_came();
}

static void
one_that_never_reads_is_closed_before_the_core_waits(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (; n < 100000; n++) {
		show(n);
		say_free(0);
		const struct sealed_news news = poll_wall();
		if (news.err == 0)
			continue;
		assert_int_equal(news.err, -EAGAIN);
		break;
	}
	assert_in_range(n, 1, 99999);
}

static void
a_flood_costs_a_bounded_turn(void **state)
{
	(void)state;
	show(1);
	for (uint32_t i = 0; i < 5 * SEALED_RECORDS; i++)
		say_state(i % 2);
	for (uint32_t i = 0; i < 5; i++)
		assert_true(poll_wall().has_any);
	assert_false(poll_wall().has_any);
	take_free();
	assert_true(has_pixels());
}

static void
memory_that_may_change_its_size_is_refused(void **state)
{
	const int both = F_SEAL_SHRINK | F_SEAL_GROW;
	const struct {
		uint64_t bytes;
		int seals;
	} bad[] = {{BYTES - 1, both}, {BYTES + 1, both}, {0, both},
	    {BYTES / 2, both}, {BYTES, F_SEAL_SHRINK}, {BYTES, F_SEAL_GROW},
	    {BYTES, 0}};

	(void)state;
	show(1);
	assert_all_came();
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int pair[2];
		uint8_t byte;
		struct received r;

		assert_int_equal(channel_pair(pair), 0);
		assert_int_equal(sealed_open(&sealed, WALL, pair[0],
				     memory_of(bad[i].bytes, bad[i].seals)),
		    -EBADMSG);
		assert_int_equal(
		    channel_receive(pair[1], &byte, 1, &r), -EPIPE);
		close(pair[1]);
	}
	/* no memory at all */
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	assert_int_equal(
	    sealed_open(&sealed, WALL, pair[0], dup(pair[1])), -EBADMSG);
	close(pair[1]);
	take_free(); /* the one before goes on */
	assert_true(has_pixels());
}

static void
an_output_that_is_not_sealed_takes_none(void **state)
{
	static const uint32_t outputs[] = {CARD, OUTPUTS, TDS_MAX_OUTPUTS,
	    UINT32_MAX};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		int pair[2];

		assert_int_equal(channel_pair(pair), 0);
		assert_int_equal(
		    sealed_open(&sealed, outputs[i], pair[0],
			memory_of(BYTES, F_SEAL_SHRINK | F_SEAL_GROW)),
		    -ERANGE);
		close(pair[1]);
		assert_false(sealed_has(&sealed, outputs[i]));
		assert_false(sealed_waits(&sealed, outputs[i]));
	}
}

static void
a_second_one_replaces_the_first(void **state)
{
	int first;
	uint8_t byte;
	struct received r;

	(void)state;
	show(1);
	assert_all_came();
	first = dup(hdcp);
	plug();
	assert_int_equal(channel_receive(first, &byte, 1, &r), -EPIPE);
	close(first);
	const struct damage *stale;
	assert_non_null(begin(&stale).pixels);
	assert_int_equal(stale->n, 1);
	show(2);
	assert_all_came();
	assert_int_equal(at_hdcp[0], 2);
}

static void
darkness_is_one_black_frame(void **state)
{
	(void)state;
	show(0x777777);
	assert_all_came();
	take_free();
	assert_int_equal(power(false), 0);
	assert_false(under.is_on);
	assert_all_came();
	for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(at_hdcp[i], 0);
	take_free();
	assert_false(has_pixels());
	assert_int_equal(power(false), 0);
	assert_nothing_came();
	assert_int_equal(power(true), 0);
	assert_true(under.is_on);
	assert_nothing_came();
	show(3);
	assert_all_came();
}

static void
darkness_waits_for_the_memory(void **state)
{
	(void)state;
	show(0x777777);
	assert_all_came();
	assert_int_equal(power(false), 0);
	assert_nothing_came();
	assert_int_equal(at_hdcp[0], 0x777777); /* it is being encrypted */
	take_free();
	assert_all_came();
	assert_int_equal(at_hdcp[0], 0);
	/* a sink that comes while it is dark sees black as well */
	say_state(1);
	poll_wall();
	assert_nothing_came();
	take_free();
	assert_all_came();
	assert_int_equal(at_hdcp[0], 0);
	take_free();
	assert_nothing_came();
	/* and one whose tds-hdcp comes then */
	plug();
	assert_all_came();
	/* lit again before it was given back: no black is owed any more */
	assert_int_equal(power(true), 0);
	assert_int_equal(power(false), 0);
	assert_int_equal(power(true), 0);
	take_free();
	assert_nothing_came();
	assert_true(has_pixels());
}

static void
everything_else_goes_to_the_screen_beneath(void **state)
{
	const struct core_output slots[OUTPUTS] = {
	    core.scene.outputs[CARD].slot, core.scene.outputs[WALL].slot};
	struct core_output found[OUTPUTS];
	const struct screen_ops *ops = sealed.base.ops;
	const struct damage *stale;
	struct cursor_plane none = {0};

	(void)state;
	assert_int_equal(
	    ops->probe(&sealed.base, slots, OUTPUTS, found), 0);
	assert_int_equal(found[CARD].width, 4);
	assert_memory_equal(&found[WALL], &slots[WALL], sizeof(found[WALL]));
	assert_ptr_equal(
	    ops->begin(&sealed.base, CARD, &stale).pixels, under.pixels);
	assert_int_equal(ops->present(&sealed.base, CARD, &nothing), 0);
	assert_true(ops->has_cursor(&sealed.base, CARD));
	assert_false(ops->has_cursor(&sealed.base, WALL));
	ops->set_cursor(&sealed.base, CARD, &none);
	ops->protect(&sealed.base, CARD, PROTECTION_TYPE0);
	ops->protect(&sealed.base, WALL, PROTECTION_TYPE0);
	assert_true(ops->is_protected(&sealed.base, CARD));
	assert_false(ops->is_protected(&sealed.base, WALL));
	assert_int_equal(ops->dump(&sealed.base, CARD, -1), -ENOSPC);
	assert_int_equal(ops->dump(&sealed.base, WALL, -1), -EOPNOTSUPP);
	assert_int_equal(ops->flips(&sealed.base), 77);
	show(1);
	assert_int_equal(under.begins[CARD], 1);
	assert_int_equal(under.presents[CARD], 1);
	assert_int_equal(under.cursors[CARD], 2);
	assert_int_equal(under.protects[CARD], 2);
	assert_int_equal(under.begins[WALL] + under.presents[WALL] +
		under.cursors[WALL] + under.protects[WALL], 0);
	assert_false(sealed_waits(&sealed, CARD));
}

static void
what_the_screen_beneath_cannot_do_stays_so(void **state)
{
	struct sealed s;

	(void)state;
	under.base.ops = &memory_ops;
	sealed_init(&s, &under.base, &core);
	assert_null(s.base.ops->has_cursor);
	assert_null(s.base.ops->set_cursor);
	assert_null(s.base.ops->protect);
	assert_null(s.base.ops->is_protected);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_frame_goes_to_hdcp_and_comes_back),
	    TEST(only_what_was_painted_is_named),
	    TEST(a_frame_without_a_change_keeps_the_memory),
	    TEST(a_session_that_begins_gets_everything),
	    TEST(a_free_that_was_not_asked_for_closes),
	    TEST(nonsense_closes),
	    TEST(a_descriptor_closes_and_is_not_kept),
	    TEST(one_that_ends_in_mid_frame_leaves_a_dark_output),
	    TEST(one_that_never_reads_is_closed_before_the_core_waits),
	    TEST(a_flood_costs_a_bounded_turn),
	    TEST(memory_that_may_change_its_size_is_refused),
	    TEST(an_output_that_is_not_sealed_takes_none),
	    TEST(a_second_one_replaces_the_first),
	    TEST(darkness_is_one_black_frame),
	    TEST(darkness_waits_for_the_memory),
	    TEST(everything_else_goes_to_the_screen_beneath),
	    TEST(what_the_screen_beneath_cannot_do_stays_so),
	};

	return cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
