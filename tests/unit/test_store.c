/*
 * Messages of xenstore: a thread-less fake that has its answer ready in a
 * socket before it is asked, as bytes, in pieces, and wrong in every way.
 */
#include "hv-glue/xen/store.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 2, WATCH = 4, WATCH_EVENT = 15, ERROR = 16, THERE = 17 };

static struct store store;
static int xenbus; /* the kernel's end */

static int
setup(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			     pair),
	    0);
	store_init(&store, pair[0]);
	xenbus = pair[1];
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(store.fd);
	if (xenbus >= 0)
		close(xenbus);
	return 0;
}

static void
answer(uint32_t type, const void *payload, uint32_t len)
{
	uint8_t bytes[16 + STORE_MAX_PAYLOAD] = {0};

	put_u32(bytes, type);
	put_u32(bytes + 12, len);
	memcpy(bytes + 16, payload, len);
	assert_int_equal(write(xenbus, bytes, 16 + len), 16 + len);
}

static void
event(const char *path, const char *token)
{
	char text[128];
	const size_t n = strlen(path) + 1;

	memcpy(text, path, n);
	memcpy(text + n, token, strlen(token) + 1);
	answer(WATCH_EVENT, text, (uint32_t)(n + strlen(token) + 1));
}

static void
a_question_is_asked_as_xenstore_wants_it(void **state)
{
	static const uint8_t golden[] = {READ, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	    4, 0, 0, 0, 'a', '/', 'b', 0};
	uint8_t bytes[64];
	char value[16];

	(void)state;
	answer(READ, "hello", 5);
	assert_int_equal(store_read(&store, "a/b", value, sizeof(value)), 0);
	assert_string_equal(value, "hello");
	assert_int_equal(read(xenbus, bytes, sizeof(bytes)), sizeof(golden));
	assert_memory_equal(bytes, golden, sizeof(golden));
}

static void
writes_end_without_nul_and_watches_with(void **state)
{
	uint8_t bytes[64];

	(void)state;
	answer(11, "OK", 3);
	assert_int_equal(store_write(&store, "a", "4"), 0);
	assert_int_equal(read(xenbus, bytes, sizeof(bytes)), 16 + 3);
	assert_memory_equal(bytes + 16, "a\0004", 3);
	answer(WATCH, "OK", 3);
	assert_int_equal(store_watch(&store, "a", "s"), 0);
	assert_int_equal(read(xenbus, bytes, sizeof(bytes)), 16 + 4);
	assert_memory_equal(bytes + 16, "a\0s\0", 4);
}

static void
errors_come_back_by_name(void **state)
{
	static const struct {
		const char *name;
		int want;
	} errors[] = {{"ENOENT", -ENOENT}, {"EACCES", -EACCES},
	    {"EQUOTA", -EDQUOT}, {"ESOMETHING", -EIO}, {"", -EIO}};
	char value[16];

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		answer(ERROR, errors[i].name,
		    (uint32_t)strlen(errors[i].name) + 1);
		assert_int_equal(
		    store_read(&store, "a", value, sizeof(value)),
		    errors[i].want);
	}
	answer(THERE, "T", 2);
	assert_int_equal(store_is_there(&store, 7), 1);
	answer(THERE, "F", 2);
	assert_int_equal(store_is_there(&store, 7), 0);
}

static void
values_that_are_too_long_or_no_text_are_refused(void **state)
{
	char value[8];

	(void)state;
	answer(READ, "1234567", 7);
	assert_int_equal(store_read(&store, "a", value, sizeof(value)), 0);
	answer(READ, "12345678", 8);
	assert_int_equal(store_read(&store, "a", value, sizeof(value)), -E2BIG);
	answer(READ, "12\0004", 4);
	assert_int_equal(store_read(&store, "a", value, sizeof(value)), -E2BIG);
	answer(READ, "", 0);
	assert_int_equal(store_read(&store, "a", value, sizeof(value)), 0);
	assert_string_equal(value, "");
	answer(1, "a\0bc", 4); /* a list ends with its NUL */
	assert_int_equal(store_list(&store, "a", value, sizeof(value)), -E2BIG);
	answer(1, "a\0bc", 5);
	assert_int_equal(store_list(&store, "a", value, sizeof(value)), 5);
	answer(1, "abcdefgh", 9);
	assert_int_equal(store_list(&store, "a", value, sizeof(value)), -E2BIG);
}

static void
watches_that_fire_during_a_question_are_kept_once(void **state)
{
	char value[16];

	(void)state;
	event("/local/domain/7/device/vkbd/0/state", "f1");
	event("/local/domain/7/device/vkbd/0/state", "f1");
	event("backend/vdispl", "s");
	answer(READ, "4", 1);
	assert_int_equal(store_read(&store, "a", value, sizeof(value)), 0);
	assert_int_equal(store.n_tokens, 2);
	assert_string_equal(store.tokens[0], "f1");
	assert_string_equal(store.tokens[1], "s");
	event("backend/vinput", "s");
	event("x", "f2");
	assert_int_equal(store_poll(&store), 0);
	assert_int_equal(store.n_tokens, 3);
}

static void
what_cannot_be_kept_is_looked_for_anew(void **state)
{
	char token[32];

	(void)state;
	event("x", "a-token-that-nobody-chose");
	assert_int_equal(store_poll(&store), 0);
	assert_true(store.has_lost);
	store.has_lost = false;
	for (int i = 0; i <= STORE_EVENTS; i++) {
		token[0] = 'f';
		token[1] = (char)('A' + i / 16);
		token[2] = (char)('A' + i % 16);
		token[3] = 0;
		event("x", token);
		assert_int_equal(store_poll(&store), 0);
	}
	assert_int_equal(store.n_tokens, STORE_EVENTS);
	assert_true(store.has_lost);
}

static void
events_without_a_token_are_nothing(void **state)
{
	(void)state;
	answer(WATCH_EVENT, "abc", 3);
	answer(WATCH_EVENT, "abc", 4);
	answer(WATCH_EVENT, "", 0);
	assert_int_equal(store_poll(&store), 0);
	assert_int_equal(store.n_tokens, 0);
}

static void
a_message_may_come_byte_by_byte(void **state)
{
	uint8_t bytes[16 + 4] = {WATCH_EVENT};

	(void)state;
	put_u32(bytes + 12, 4);
	memcpy(bytes + 16, "x\0s", 4);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(store.n_tokens, 0);
		assert_int_equal(write(xenbus, bytes + i, 1), 1);
		assert_int_equal(store_poll(&store), 0);
	}
	assert_int_equal(store.n_tokens, 1);
}

static void
a_xenstore_that_is_wrong_is_the_end_and_no_overflow(void **state)
{
	uint8_t bytes[16] = {READ};
	char value[16];

	(void)state;
	put_u32(bytes + 12, STORE_MAX_PAYLOAD + 1);
	assert_int_equal(write(xenbus, bytes, 16), 16);
	assert_int_equal(
	    store_read(&store, "a", value, sizeof(value)), -EBADMSG);
	assert_int_equal(store_poll(&store), -EBADMSG);
}

static void
an_answer_to_another_question_is_wrong(void **state)
{
	char value[16];

	(void)state;
	answer(1, "a", 2);
	assert_int_equal(
	    store_read(&store, "a", value, sizeof(value)), -EBADMSG);
}

static void
a_xenstore_that_is_gone_is_noticed(void **state)
{
	(void)state;
	close(xenbus);
	xenbus = -1;
	assert_int_equal(store_poll(&store), -EPIPE);
}

static void
any_bytes_are_survived(void **state)
{
	uint64_t seed = 6;

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		uint8_t bytes[96];
		uint32_t n = 16 + (uint32_t)(unit_random(&seed) % 80);
		for (uint32_t j = 0; j < n; j++)
			bytes[j] = (uint8_t)unit_random(&seed);
		put_u32(bytes, WATCH_EVENT);
		if (unit_random(&seed) % 4 != 0)
			put_u32(bytes + 12, n - 16);
		assert_int_equal(write(xenbus, bytes, n), n);
		const int err = store_poll(&store);
		assert_true(err == 0 || err == -EBADMSG);
		assert_true(store.n_tokens <= STORE_EVENTS);
		if (err == -EBADMSG || store.len > 0) {
			teardown(NULL);
			setup(NULL);
		}
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_question_is_asked_as_xenstore_wants_it),
	    T(writes_end_without_nul_and_watches_with),
	    T(errors_come_back_by_name),
	    T(values_that_are_too_long_or_no_text_are_refused),
	    T(watches_that_fire_during_a_question_are_kept_once),
	    T(what_cannot_be_kept_is_looked_for_anew),
	    T(events_without_a_token_are_nothing),
	    T(a_message_may_come_byte_by_byte),
	    T(a_xenstore_that_is_wrong_is_the_end_and_no_overflow),
	    T(an_answer_to_another_question_is_wrong),
	    T(a_xenstore_that_is_gone_is_noticed),
	    T(any_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
