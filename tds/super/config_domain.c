/* config_domain: the grammar of one file of domains.d. */
#include "protocol/control.h"
#include "tds/base/names.h"
#include "tds/super/config_file.h"
#include "tds/super/config_keys.h"
#include "tds/super/unicode.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* "is too long" is for bytes; this is for the eye. */
enum { LABEL_MAX_CHARACTERS = 24 };

#define X(number, enumerator, ...)                                             \
	_Static_assert(number == (int)enumerator,                              \
	    "the core takes " #enumerator " for what a file calls so");
NAMES_LEVELS(X)
NAMES_PATTERNS(X)
NAMES_PROTECTIONS(X)
#undef X
_Static_assert(PATTERN_COUNT == 8, "every pattern has a name");

static const char *
set_name(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	return value_text(
	    value, unicode_name_fault(value), d->name, sizeof(d->name));
}

static const char *
set_label(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;
	const char *why = value_text(
	    value, unicode_label_fault(value), d->label, sizeof(d->label));

	if (!why && unicode_count(value) > LABEL_MAX_CHARACTERS)
		return "is too long for the title bar of the smallest window";
	return why;
}

static const char *
set_level(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	for (uint32_t i = LEVEL_UNCLASSIFIED; level_name(i); i++)
		if (strcmp(level_name(i), value) == 0) {
			d->level = i;
			return NULL;
		}
	return "is no level";
}

static const char *
set_colour(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	return value_colour(value, &d->colour);
}

static const char *
set_pattern(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	for (uint32_t i = 0; pattern_name(i); i++)
		if (strcmp(pattern_name(i), value) == 0) {
			d->pattern = i;
			return NULL;
		}
	return "is no pattern";
}

static const char *
set_outputs(void *target, const char *value)
{
	struct config_domain *d = target;

	snprintf(d->outputs, sizeof(d->outputs), "%s", value);
	return *value ? NULL : "is empty";
}

static const char *
set_hdcp(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	for (uint32_t i = PROTECTION_NONE; protection_name(i); i++)
		if (strcmp(protection_name(i), value) == 0) {
			d->protection = i;
			return NULL;
		}
	return "is no protection";
}

static const char *
set_size(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	return value_size(value, TDS_MIN_CONTENT_WIDTH, TDS_MIN_CONTENT_HEIGHT,
	    &d->width, &d->height);
}

static const char *
set_scanouts(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	return value_number(value, 1, TDS_MAX_SCANOUTS, &d->scanouts);
}

static const char *
set_position(void *target, const char *value)
{
	struct core_domain *d = &((struct config_domain *)target)->core;

	return value_position(value, TDS_MAX_DIM, &d->x, &d->y);
}

static const char *
set_memory(void *target, const char *value)
{
	struct config_domain *d = target;
	uint32_t mib;
	const char *why =
	    value_number(value, TDS_MIN_POOL_BYTES >> 20,
		TDS_MAX_POOL_BYTES >> 20, &mib);

	if (!why)
		d->pool_bytes = (uint64_t)mib << 20;
	return why;
}

static const char *
set_sockets(void *target, const char *value)
{
	struct config_domain *d = target;

	/* "/keyboard.sock" must still fit */
	return value_path(value, d->sockets, sizeof(d->sockets) - 16);
}

static const char *
set_vnc(void *target, const char *value)
{
	struct config_domain *d = target;

	return value_path(value, d->vnc, sizeof(d->vnc));
}

static const char *
set_user(void *target, const char *value)
{
	struct config_domain *d = target;
	const struct passwd *user = getpwnam(value);

	if (!user)
		return "is no user of this machine";
	d->uid = user->pw_uid;
	d->gid = user->pw_gid;
	d->has_user = true;
	return NULL;
}

static const char *
set_connect(void *target, const char *value)
{
	struct config_domain *d = target;

	d->is_xen = strcmp(value, "xen") == 0;
	return d->is_xen || strcmp(value, "vhost-user") == 0
		   ? NULL
		   : "is no way to connect";
}

/* As xl takes them. A number would be reused: it is no name. */
static const char *
set_xen_name(void *target, const char *value)
{
	struct config_domain *d = target;
	const size_t n = strlen(value);

	if (n == 0 || n >= sizeof(d->xen_name))
		return n == 0 ? "is empty" : "is too long";
	if (strspn(value, "0123456789") == n)
		return "is a number";
	for (size_t i = 0; i < n; i++)
		if (value[i] < '!' || value[i] > '~' || value[i] == '/')
			return "has other characters than letters and signs";
	memcpy(d->xen_name, value, n + 1);
	return NULL;
}

static const char *
set_xen_uuid(void *target, const char *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	struct config_domain *d = target;

	if (strlen(value) != sizeof(form) - 1)
		return "is no UUID";
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? value[i] != '-'
				   : !strchr("0123456789abcdefABCDEF", value[i]))
			return "is no UUID";
	memcpy(d->xen_uuid, value, sizeof(form));
	return NULL;
}

static const struct config_key keys[DOMAIN_KEYS] = {
    [KEY_NAME] = {"name", set_name,
	"1 to 31 bytes: letters of one script (Latin, Greek or Cyrillic), "
	"digits, single blanks, - and _, first a letter or digit"},
    [KEY_LABEL] = {"label", set_label,
	"1 to 24 letters of one script, digits, single blanks and "
	"-_/.,:()&+"},
    [KEY_LEVEL] = {"level", set_level,
	"unclassified, cui, confidential, secret, top-secret, top-secret-sci"},
    [KEY_COLOUR] = {"colour", set_colour, "#rrggbb"},
    [KEY_PATTERN] = {"pattern", set_pattern,
	"plain, diagonal, dots, vertical, horizontal, cross, chevron, checks"},
    [KEY_OUTPUTS] = {"outputs", set_outputs,
	"names of [output NAME] in tds.conf, with commas between"},
    [KEY_HDCP] = {"hdcp", set_hdcp, "none, type0, type1"},
    [KEY_SIZE] = {"size", set_size, "320x200 to 8192x8192"},
    [KEY_SCANOUTS] = {"scanouts", set_scanouts, "1, 2, 3, 4"},
    [KEY_POSITION] = {"position", set_position, "X,Y of the frame, 0 to 8192"},
    [KEY_MEMORY] = {"memory", set_memory, "8 to 1024 (MiB)"},
    [KEY_SOCKETS] = {"sockets", set_sockets,
	"an absolute path of at most 87 bytes"},
    [KEY_VNC] = {"vnc", set_vnc, "an absolute path of at most 103 bytes"},
    [KEY_USER] = {"user", set_user, "the name of a user, as in /etc/passwd"},
    [KEY_CONNECT] = {"connect", set_connect, "vhost-user, xen"},
    [KEY_XEN_NAME] = {"xen-name", set_xen_name,
	"the name of a Xen domain: 1 to 63 ASCII letters, digits and signs "
	"without blanks and /, not a number"},
    [KEY_XEN_UUID] = {"xen-uuid", set_xen_uuid,
	"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in hexadecimal digits"},
};

static void *
begin_domain(void *owner, const char *name, int line, const char **why)
{
	struct config_domain *d = owner;

	(void)name;
	if (d->line != 0) {
		*why = "is there twice";
		return NULL;
	}
	d->line = line;
	return d;
}

static int *
line_of(void *target, uint32_t key)
{
	struct config_domain *d = target;

	return &d->lines[key];
}

static const struct config_section sections[] = {
    {"domain", false, "[domain] once: one domain in a file", begin_domain, keys,
	DOMAIN_KEYS, line_of},
};

void
config_parse_domain(struct config *config, const char *file, const char *text,
    struct problems *problems)
{
	if (config->n_domains == TDS_MAX_DOMAINS) {
		problem(problems, file, 0,
		    "one domain too many; allowed: at most 64");
		return;
	}
	struct config_domain *d = &config->domains[config->n_domains];
	*d = (struct config_domain){.core = {.index = config->n_domains,
					.pattern = PATTERN_PLAIN,
					.scanouts = 1,
					.width = 1280,
					.height = 800,
					.x = -1,
					.y = -1}};
	snprintf(d->file, sizeof(d->file), "%s", file);
	config->n_domains++;
	const struct config_grammar grammar = {sections, 1, d};
	config_file_parse(&grammar, file, text, problems);
}
