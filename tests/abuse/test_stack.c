/*
 * kill -9 of every process of a whole tds, in loops, while six VMs draw: no
 * unlabelled pixel in any picture, nothing hangs, nothing leaks, and after
 * the death of the core the same VMs are shown again.
 *
 * TDS_ABUSE_ROUNDS=1000 makes the loops longer than a check has time for. A
 * process that dies so often is started again later and later: from about the
 * hundredth round on, each one takes 5 s.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/abuse/check.h"
#include "tests/abuse/fake_stack.h"

/* A process that lives shorter than 200 ms is started again much later. */
enum { LIFE_MS = 210 };

static struct stack stack;

static uint32_t
rounds(uint32_t usual)
{
	const char *text = getenv("TDS_ABUSE_ROUNDS");

	return text ? (uint32_t)strtoul(text, NULL, 10) : usual;
}

static int
setup(void **state)
{
	(void)state;
	stack_start(&stack);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (stack.judge)
		(void)stack_verdict(&stack);
	stack_stop(&stack);
	return 0;
}

/* Everybody draws for as long as a process should live. */
static void
draw_for_a_life(void)
{
	const int64_t until = now_ms() + LIFE_MS;

	while (now_ms() < until)
		stack_draw(&stack);
}

static void
kill_guest(uint32_t i)
{
	char name[32];

	snprintf(name, sizeof(name), "tds-guest@d%u", i);
	stack_kill(stack_child(&stack, name));
}

/* Its own VMs never notice: no reconnection, their pictures come back. */
static void
core_that_dies_is_replaced_under_running_vms(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		const pid_t core = stack_child(&stack, "tds-compositor");

		assert_true(core > 0);
		draw_for_a_life();
		stack_kill(core);
		/* nobody asks for a reboot: all draws are still accepted */
		for (uint32_t k = 0; k < 20; k++) {
			stack_draw(&stack);
			for (uint32_t d = 0; d < STACK_DOMAINS; d++)
				assert_true(stack.is_up[d]);
		}
		stack_wait_shown(&stack);
		assert_true(stack_child(&stack, "tds-compositor") != core);
		stack_judge(&stack);
	}
	assert_true(stack_verdict(&stack));
}

static void
guest_process_that_dies_is_a_stopped_tile_and_nobody_else_notices(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		const uint32_t victim = i % STACK_DOMAINS;
		const int64_t deadline = now_ms() + STACK_DEADLINE_MS;

		draw_for_a_life();
		kill_guest(victim);
		do {
			assert_int_equal(stack_ask_status(&stack), 0);
			assert_true(now_ms() < deadline);
		} while (stack.status.domains[victim].state == DOMAIN_RUNNING);
		for (uint32_t k = 0; k < 20; k++)
			stack_draw(&stack);
		stack_judge(&stack);
		for (uint32_t d = 0; d < STACK_DOMAINS; d++) {
			assert_int_equal(stack.is_up[d], d != victim);
			assert_int_equal(stack.status.domains[d].state,
			    d != victim ? DOMAIN_RUNNING : DOMAIN_STOPPED);
		}
		stack_wait_shown(&stack);
	}
	assert_true(stack_verdict(&stack));
}

/* What dies in one round, from one guest to everything but tdsd. */
static uint32_t
kill_some(uint32_t round)
{
	uint32_t n = 0;

	if (round % 3 != 1) {
		stack_kill(stack_child(&stack, "tds-compositor"));
		n++;
	}
	for (uint32_t i = 0; i < STACK_DOMAINS; i++)
		if (round % 3 != 0 || i == round % STACK_DOMAINS) {
			kill_guest(i);
			n++;
		}
	return n;
}

/* Without the connection that tdsd is just closing after an answer. */
static uint32_t
settled_fds(void)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < 50; i++) {
		const uint32_t n = proc_count_fds(stack.tdsd);

		least = n < least ? n : least;
		stack_draw(&stack);
	}
	return least;
}

static void
kills_of_core_and_guests_in_a_loop_leak_nothing(void **state)
{
	const uint32_t n = rounds(48);
	uint32_t killed = 0, fds = 0;
	uint64_t rss = 0;

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		draw_for_a_life();
		killed += kill_some(i);
		if (i % 8 == 0) /* in the middle of it, tiles and all */
			stack_judge(&stack);
		stack_wait_shown(&stack);
		if (i % 8 == 0)
			stack_judge(&stack);
		if (i == n / 4) {
			fds = settled_fds();
			rss = proc_rss_kb(stack.tdsd);
		}
	}
	assert_int_equal(settled_fds(), fds);
	assert_in_range(proc_rss_kb(stack.tdsd), 0, rss + 256);
	assert_true(stack_verdict(&stack));
	print_message("# %u rounds, %u processes killed, %u draws, %u pictures "
		      "judged; tdsd: %u descriptors, %lu kB\n",
	    n, killed, stack.n_draws, stack.n_judged, fds,
	    (unsigned long)proc_rss_kb(stack.tdsd));
}

static void
wait_for_the_end_of(pid_t pid)
{
	const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return; /* gone already */
	assert_int_equal(poll(&p, 1, STACK_DEADLINE_MS), 1);
	close(fd);
}

static void
tdsd_that_dies_takes_all_with_it_and_can_be_started_again(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		pid_t children[STACK_DOMAINS + 1];
		char name[32];

		for (uint32_t k = 0; k < STACK_DOMAINS; k++) {
			snprintf(name, sizeof(name), "tds-guest@d%u", k);
			children[k] = stack_child(&stack, name);
			assert_true(children[k] > 0);
		}
		children[STACK_DOMAINS] = stack_child(&stack, "tds-compositor");
		for (uint32_t k = 0; k < 20; k++)
			stack_draw(&stack);
		kill(stack.tdsd, SIGKILL);
		waitpid(stack.tdsd, NULL, 0);
		for (uint32_t k = 0; k <= STACK_DOMAINS; k++)
			wait_for_the_end_of(children[k]);
		stack_draw(&stack);
		for (uint32_t d = 0; d < STACK_DOMAINS; d++)
			assert_false(stack.is_up[d]);
		stack_restart(&stack);
		stack_wait_shown(&stack);
		stack_judge(&stack);
	}
	assert_true(stack_verdict(&stack));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(
	core_that_dies_is_replaced_under_running_vms, setup, teardown),
    cmocka_unit_test_setup_teardown(
	guest_process_that_dies_is_a_stopped_tile_and_nobody_else_notices,
	setup, teardown),
    cmocka_unit_test_setup_teardown(
	kills_of_core_and_guests_in_a_loop_leak_nothing, setup, teardown),
    cmocka_unit_test_setup_teardown(
	tdsd_that_dies_takes_all_with_it_and_can_be_started_again, setup,
	teardown),
};

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	stack_program = argv[1];
	stack_checker = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
