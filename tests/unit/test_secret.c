/* Files that hold secrets: who may open which, and how they are made. */
#include "tests/unit/unit.h"

#include "tds/base/own.h"
#include "tds/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tds-secret-XXXXXX";
static char path[128];

static int
setup(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void
put(const char *text, mode_t mode)
{
	int AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static int
try_open(void)
{
	int AUTO_FD fd = secret_open(folder, "key", O_RDONLY);

	return fd < 0 ? fd : 0;
}

static void
only_its_owner_may_have_any_right_to_it(void **state)
{
	(void)state;
	for (mode_t mode = 0400; mode < 01000; mode++) {
		put("x", mode);
		assert_int_equal(try_open(), mode & 077 ? -EPERM : 0);
	}
}

static void
what_is_no_file_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(try_open(), -ENOENT);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(try_open(), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes into it */
	assert_int_equal(try_open(), -EPERM);
}

static void
what_another_user_owns_is_refused(void **state)
{
	(void)state;
	put("x", 0600);
	if (geteuid() != 0) /* then root's is somebody else's, and is taken */
		return;
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(try_open(), -EPERM);
}

static void
all_of_it_is_read_from_its_start_or_nothing(void **state)
{
	uint8_t bytes[8];

	(void)state;
	put("secret", 0600);
	int AUTO_FD fd = secret_open(folder, "key", O_RDONLY);
	assert_true(fd >= 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(secret_read(fd, bytes, 8), 6);
		assert_memory_equal(bytes, "secret", 6);
	}
	assert_int_equal(secret_read(fd, bytes, 6), 6);
	assert_int_equal(secret_read(fd, bytes, 5), -EBADMSG);
	assert_int_equal(secret_read(fd, bytes, 0), -EBADMSG);
	assert_int_equal(secret_read(-1, bytes, 8), -EBADF);
}

static void
one_that_is_made_is_whole_private_and_never_replaced(void **state)
{
	uint8_t bytes[8];
	struct stat st;

	(void)state;
	assert_int_equal(secret_make(folder, "key", "first"), 0);
	assert_int_equal(secret_make(folder, "key", "second"), 0);
	int AUTO_FD fd = secret_open(folder, "key", O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(secret_read(fd, bytes, 8), 5);
	assert_memory_equal(bytes, "first", 5);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(secret_make("/nowhere", "key", "x"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(only_its_owner_may_have_any_right_to_it),
	    TEST(what_is_no_file_is_refused_at_once),
	    TEST(what_another_user_owns_is_refused),
	    TEST(all_of_it_is_read_from_its_start_or_nothing),
	    TEST(one_that_is_made_is_whole_private_and_never_replaced),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
