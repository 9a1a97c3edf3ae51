/*
 * config_sealed: the files behind sealed outputs, before anything starts.
 * tds-hdcp reads what is in them; here is judged what a person can have
 * forgotten: owner, mode, length, and that test keys are meant.
 */
#include "tds/base/own.h"
#include "tds/base/secret.h"
#include "tds/super/config_sections.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct key_file {
	const char *name;
	uint32_t least, most; /* bytes */
	bool is_optional;
};

enum { AUTHORITY_BYTES = 385, LIST_BYTES = 5511, FACSIMILE_BYTES = 16 };

static const struct key_file files[] = {
    {"authority", AUTHORITY_BYTES, AUTHORITY_BYTES, false},
    {"lc128", 16, 16, false},
    {"srm", 396, LIST_BYTES, false},
    {"source-key", 32, 32, true},
};

static const char *
name_of(const struct config_output *o)
{
	return (const char *)o->core.name;
}

static const char *
fault_of(int err)
{
	if (err == -EPERM)
		return "others than its owner may read or write it, or its "
		       "owner is another user";
	if (err == -ELOOP)
		return "is a symbolic link";
	return strerror(-err);
}

/* The key whose private half is published begins with these bytes. */
static bool
is_facsimile(int authority)
{
	static const uint8_t start[FACSIMILE_BYTES] = {0xa2, 0xc7,
	    0x55, 0x57, 0x54, 0xcb, 0xaa, 0xa7,
	    0x7a, 0x27, 0x92, 0xc3, 0x1a, 0x6d, 0xc2, 0x31};
	uint8_t found[FACSIMILE_BYTES];

	return pread(authority, found, sizeof(found), 0) ==
		   (ssize_t)sizeof(found) &&
	       memcmp(found, start, sizeof(found)) == 0;
}

static void
check_file(const struct config *c, const struct config_output *o,
    const struct key_file *file, struct problems *problems)
{
	struct stat st;

	int AUTO_FD fd = secret_open(o->keys, file->name, O_RDONLY);
	if (fd == -ENOENT && file->is_optional)
		return;
	if (fd < 0 || fstat(fd, &st) < 0) {
		problem(problems, c->file, o->line,
		    "[output %s]: %s/%s: %s; allowed: a file of root, or of "
		    "who runs tdsd, with mode 0600",
		    name_of(o), o->keys, file->name, fault_of(fd));
		return;
	}
	if (st.st_size < file->least || st.st_size > file->most)
		problem(problems, c->file, o->line,
		    "[output %s]: %s/%s has %lld bytes; allowed: %u to %u",
		    name_of(o), o->keys, file->name, (long long)st.st_size,
		    file->least, file->most);
	else if (file == files && is_facsimile(fd) &&
	    !(c->core.flags & CORE_FACSIMILE))
		problem(problems, c->file, o->line,
		    "[output %s]: %s holds the facsimile keys, which are "
		    "published and protect nothing; allowed: with "
		    "hdcp-facsimile = yes in [tds]",
		    name_of(o), o->keys);
}

void
config_check_keys(const struct config *c, struct problems *problems)
{
	for (uint32_t i = 0; i < c->n_outputs; i++) {
		const struct config_output *o = &c->outputs[i];
		if (o->core.type != OUTPUT_SEALED || !o->keys[0])
			continue;
		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++)
			check_file(c, o, &files[j], problems);
	}
}
