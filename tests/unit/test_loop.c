#include "tests/unit/unit.h"

#include "tds/base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One source: an eventfd, how often it was called, and what it then does. */
struct bell {
	struct loop *loop;
	int fd;
	int calls;
	uint32_t events;
	struct bell *removes; /* this one, when called */
	struct bell *adds;
	bool stops;
};

static void
on_bell(void *data, uint32_t events)
{
	struct bell *b = data;

	b->calls++;
	b->events = events;
	if (b->removes)
		loop_remove(b->loop, b->removes->fd);
	if (b->adds)
		assert_int_equal(loop_add(b->loop, b->adds->fd, EPOLLIN,
				     on_bell, b->adds), 0);
	if (b->stops)
		loop_stop(b->loop);
}

static struct bell
bell_make(struct loop *loop, unsigned rung)
{
	const struct bell b = {.loop = loop, .fd = eventfd(rung, EFD_NONBLOCK)};

	assert_true(b.fd >= 0);
	return b;
}

static void
add(struct bell *b)
{
	assert_int_equal(
	    loop_add(b->loop, b->fd, EPOLLIN, on_bell, b), 0);
}

static void
only_sources_with_an_event_are_called(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell rung = bell_make(&loop, 1), quiet = bell_make(&loop, 0);
	add(&rung);
	add(&quiet);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(rung.calls, 1);
	assert_int_equal(rung.events, EPOLLIN);
	assert_int_equal(quiet.calls, 0);
	close(rung.fd);
	close(quiet.fd);
	loop_finish(&loop);
}

static void
it_is_level_triggered(void **state)
{
	struct loop loop;
	uint64_t value;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell b = bell_make(&loop, 1);
	add(&b);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(b.calls, 2);
	assert_int_equal(read(b.fd, &value, sizeof(value)), sizeof(value));
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(b.calls, 2);
	close(b.fd);
	loop_finish(&loop);
}

/* Both have an event in the same turn; whichever runs first wins. */
static void
an_event_already_fetched_for_a_removed_source_is_dropped(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell a = bell_make(&loop, 1), b = bell_make(&loop, 1);
	a.removes = &b;
	b.removes = &a;
	add(&a);
	add(&b);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(a.calls + b.calls, 2);
	close(a.fd);
	close(b.fd);
	loop_finish(&loop);
}

/* The new source must not get the event that was fetched for the old one. */
static void
a_place_is_not_reused_within_the_turn_that_freed_it(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell a = bell_make(&loop, 1), b = bell_make(&loop, 1);
	struct bell fresh = bell_make(&loop, 0);
	a.removes = &b;
	a.adds = &fresh;
	b.removes = &a;
	b.adds = &fresh;
	add(&a);
	add(&b);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(fresh.calls, 0);
	close(a.fd);
	close(b.fd);
	close(fresh.fd);
	loop_finish(&loop);
}

static void
a_source_may_remove_itself(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell b = bell_make(&loop, 1);
	b.removes = &b;
	add(&b);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(b.calls, 1);
	close(b.fd);
	loop_finish(&loop);
}

static void
the_table_is_bounded_and_places_come_back(void **state)
{
	static int fds[LOOP_MAX_SOURCES + 1];
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (int i = 0; i <= LOOP_MAX_SOURCES; i++) {
		fds[i] = eventfd(0, 0);
		assert_true(fds[i] >= 0);
		assert_int_equal(
		    loop_add(&loop, fds[i], EPOLLIN, on_bell, NULL),
		    i < LOOP_MAX_SOURCES ? 0 : -ENOSPC);
	}
	loop_remove(&loop, fds[7]);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(loop_add(&loop, fds[LOOP_MAX_SOURCES], EPOLLIN,
			     on_bell, NULL), 0);
	for (int i = 0; i <= LOOP_MAX_SOURCES; i++)
		close(fds[i]);
	loop_finish(&loop);
}

static void
errors_of_the_kernel_are_passed_on_and_take_no_place(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell b = bell_make(&loop, 1);
	add(&b);
	assert_int_equal(
	    loop_add(&loop, b.fd, EPOLLIN, on_bell, &b), -EEXIST);
	assert_int_equal(
	    loop_add(&loop, 1000000, EPOLLIN, on_bell, &b), -EBADF);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(b.calls, 1);
	close(b.fd);
	loop_finish(&loop);
}

static void
changed_events_count_and_unknown_descriptors_are_an_error(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell b = bell_make(&loop, 0);
	assert_int_equal(loop_modify(&loop, b.fd, EPOLLIN), -ENOENT);
	assert_int_equal(loop_modify(&loop, -1, EPOLLIN), -ENOENT);
	loop_remove(&loop, -1);
	loop_remove(&loop, b.fd);
	add(&b);
	assert_int_equal(loop_modify(&loop, b.fd, EPOLLOUT), 0);
	assert_int_equal(loop_turn(&loop, 0), 0);
	assert_int_equal(b.events, EPOLLOUT);
	close(b.fd);
	loop_finish(&loop);
}

static void
running_ends_with_the_turn_that_stops_it(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	struct bell b = bell_make(&loop, 1);
	b.stops = true;
	add(&b);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(b.calls, 1);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(b.calls, 2);
	close(b.fd);
	loop_finish(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_sources_with_an_event_are_called),
	    cmocka_unit_test(it_is_level_triggered),
	    cmocka_unit_test(
		an_event_already_fetched_for_a_removed_source_is_dropped),
	    cmocka_unit_test(
		a_place_is_not_reused_within_the_turn_that_freed_it),
	    cmocka_unit_test(a_source_may_remove_itself),
	    cmocka_unit_test(the_table_is_bounded_and_places_come_back),
	    cmocka_unit_test(
		errors_of_the_kernel_are_passed_on_and_take_no_place),
	    cmocka_unit_test(
		changed_events_count_and_unknown_descriptors_are_an_error),
	    cmocka_unit_test(running_ends_with_the_turn_that_stops_it),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
