/* config: find the files, judge their owner and mode, read them. */
#include "tds/super/config.h"

#include "tds/base/own.h"
#include "tds/super/config_sections.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void
config_init(struct config *config)
{
	*config = (struct config){.run_dir = "/run/tds",
	    .core = {.modifiers = CHORD_CTRL | CHORD_ALT,
		.key = KEY_DELETE,
		.focus = TDS_NONE,
		.idle_s = 600}};
}

/* Whoever may write it decides what is shown under which label. */
static int
check_owner(int fd, const char *path, struct problems *problems)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		problem(problems, path, 0, "%s", strerror(errno));
		return -EINVAL;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		problem(problems, path, 0,
		    "belongs to user %u; allowed: root or user %u (chown)",
		    st.st_uid, geteuid());
		return -EINVAL;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		problem(problems, path, 0,
		    "others may write it (mode %04o); allowed: only its owner "
		    "(chmod go-w)", st.st_mode & 07777);
		return -EINVAL;
	}
	return 0;
}

/* The whole file with a NUL at its end; fewer bytes than CONFIG_FILE_BYTES. */
static int
read_text(int fd, const char *path, char *text, struct problems *problems)
{
	size_t len = 0;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		problem(problems, path, 0,
		    "is not a file; allowed: a regular file");
		return -EINVAL;
	}
	for (;;) {
		const ssize_t n =
		    read(fd, text + len, CONFIG_FILE_BYTES - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			problem(problems, path, 0, "%s", strerror(errno));
			return -EINVAL;
		}
		len += (size_t)n;
		if (n == 0 || len == CONFIG_FILE_BYTES)
			break;
	}
	if (len == CONFIG_FILE_BYTES) {
		problem(problems, path, 0,
		    "is too long; allowed: fewer than 65536 bytes");
		return -EINVAL;
	}
	text[len] = 0;
	if (strlen(text) != len) {
		problem(problems, path, 0,
		    "holds a NUL byte; allowed: printable UTF-8");
		return -EINVAL;
	}
	return 0;
}

static int
read_file(int dir, const char *name, const char *path, char *text,
    struct problems *problems)
{
	int AUTO_FD fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		problem(problems, path, 0, "%s", strerror(errno));
		return -EINVAL;
	}
	const int err = check_owner(fd, path, problems);
	return err < 0 ? err : read_text(fd, path, text, problems);
}

static int
is_domain_file(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* Byte order: the same on every machine, whatever its language. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
load_domains(struct config *config, const char *path, char *text,
    struct problems *problems)
{
	struct dirent **entries = NULL;
	int AUTO_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		problem(problems, path, 0,
		    "%s; allowed: a directory with one NAME.conf per domain",
		    strerror(errno));
		return;
	}
	if (check_owner(dir, path, problems) < 0)
		return;
	const int n = scandir(path, &entries, is_domain_file, by_name);
	if (n == 0)
		problem(problems, path, 0,
		    "holds no domain; allowed: 1 to 64 files NAME.conf");
	for (int i = 0; i < n; i++) {
		char file[CONFIG_PATH_BYTES];
		snprintf(file, sizeof(file), "%.128s/%.120s", path,
		    entries[i]->d_name);
		if (read_file(
			dir, entries[i]->d_name, file, text, problems) == 0)
			config_parse_domain(config, file, text, problems);
		free(entries[i]);
	}
	free(entries);
}

int
config_load(struct config *config, const char *dir, struct problems *problems)
{
	char path[CONFIG_PATH_BYTES];
	char *text = malloc(CONFIG_FILE_BYTES);
	int AUTO_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!text || dir_fd < 0) {
		problem(problems, dir, 0,
		    "%s; allowed: a directory with tds.conf and domains.d",
		    strerror(errno));
		free(text);
		return -EINVAL;
	}
	if (check_owner(dir_fd, dir, problems) == 0) {
		snprintf(path, sizeof(path), "%.200s/tds.conf", dir);
		if (read_file(dir_fd, "tds.conf", path, text, problems) == 0)
			config_parse_main(config, path, text, problems);
		snprintf(path, sizeof(path), "%.200s/domains.d", dir);
		load_domains(config, path, text, problems);
		if (config->file[0])
			config_check(config, problems);
		config_check_keys(config, problems);
	}
	free(text);
	return problems->n > 0 ? -EINVAL : 0;
}
