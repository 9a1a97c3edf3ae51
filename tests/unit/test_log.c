/* What reaches stderr: read back through a pipe, with a clock of our own. */
#include "tests/unit/unit.h"

#include "tds/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns;

/* Linked with --wrap: time is ours. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	ts->tv_sec = (time_t)(now_ns / 1000000000u);
	ts->tv_nsec = (long)(now_ns % 1000000000u);
	return 0;
}

static char text[65536];
static int saved, out;

static int
capture(void **state)
{
	int pair[2];

	(void)state;
	if (pipe2(pair, O_NONBLOCK) < 0)
		return -1;
	saved = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	out = pair[0];
	now_ns = 5000000000u;
	log_init("tds-guest@work");
	return 0;
}

static int
release(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(out);
	return 0;
}

/* All that was logged since the last call. */
static const char *
logged(void)
{
	const ssize_t n = read(out, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int
count(const char *in, char c)
{
	int n = 0;

	for (; *in; in++)
		n += *in == c;
	return n;
}

static void
a_line_names_its_process_and_its_kind(void **state)
{
	struct log_budget budget = {0};

	(void)state;
	log_info("started %d", 7);
	assert_string_equal(logged(), "tds-guest@work: started 7\n");
	log_error("no memory");
	assert_string_equal(logged(), "tds-guest@work: error: no memory\n");
	log_bug("impossible");
	assert_string_equal(logged(), "tds-guest@work: bug: impossible\n");
	log_guest(&budget, "work", "bad record %u", 3u);
	assert_string_equal(
	    logged(), "tds-guest@work: guest [work] bad record 3\n");
	log_peer(&budget, "tdsctl", "gone");
	assert_string_equal(logged(), "tds-guest@work: peer [tdsctl] gone\n");
}

static void
text_from_outside_cannot_make_a_line_of_its_own(void **state)
{
	struct log_budget budget = {0};

	(void)state;
	log_guest(&budget, "w\nk", "a\nb\x1b[2J\x7f\tc");
	assert_string_equal(
	    logged(), "tds-guest@work: guest [w?k] a?b?[2J??c\n");
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
	char longer[2000];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_info("%s", longer);
	const char *line = logged();
	assert_true(strlen(line) < 600);
	assert_int_equal(count(line, '\n'), 1);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

static void
a_long_process_name_is_cut_too(void **state)
{
	char longer[1000];

	(void)state;
	memset(longer, 'n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_init(longer);
	log_info("x");
	const char *line = logged();
	assert_true(strlen(line) < 100);
	assert_non_null(strstr(line, ": x\n"));
}

static void
ten_lines_in_ten_seconds_and_then_a_count(void **state)
{
	struct log_budget budget = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		log_guest(&budget, "work", "again");
	assert_int_equal(count(logged(), '\n'), 10);
	now_ns += 9999999999u;
	log_guest(&budget, "work", "again");
	assert_string_equal(logged(), "");
	now_ns += 1;
	log_guest(&budget, "work", "again");
	const char *lines = logged();
	assert_non_null(strstr(lines, "991 similar lines were left out\n"));
	assert_non_null(strstr(lines, "guest [work] again\n"));
	assert_int_equal(count(lines, '\n'), 2);
}

static void
budgets_do_not_share(void **state)
{
	struct log_budget a = {0}, b = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		log_guest(&a, "a", "x");
	(void)logged();
	log_peer(&b, "b", "y");
	assert_string_equal(logged(), "tds-guest@work: peer [b] y\n");
}

static void
a_log_that_nobody_reads_disturbs_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		log_info("a line that soon does not fit the pipe any more");
	assert_true(strlen(logged()) > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, capture, release)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_line_names_its_process_and_its_kind),
	    CASE(text_from_outside_cannot_make_a_line_of_its_own),
	    CASE(a_long_line_is_cut_and_still_ends),
	    CASE(a_long_process_name_is_cut_too),
	    CASE(ten_lines_in_ten_seconds_and_then_a_count),
	    CASE(budgets_do_not_share),
	    CASE(a_log_that_nobody_reads_disturbs_nothing),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
