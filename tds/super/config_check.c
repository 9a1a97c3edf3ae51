/* config_check: what only shows when everything has been read. */
#include "tds/base/names.h"
#include "tds/super/config_sections.h"
#include "tds/super/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Two colours closer than this in every channel are one to the eye. That text
 * can be read on a colour needs no check: the better of white and black has a
 * contrast of at least sqrt(21) = 4.58 : 1 on any (WCAG 2.1, 4.5 : 1 asked).
 */
enum { COLOUR_APART = 24 };

static const char *
name_of(const struct config_domain *d)
{
	return (const char *)d->core.name;
}

static const char *
label_of(const struct config_domain *d)
{
	return (const char *)d->core.label;
}

/* The line of a key, or of [domain] where it was not given. */
static int
line_of(const struct config_domain *d, enum domain_key key)
{
	return d->lines[key] ? d->lines[key] : d->line;
}

/* --------------------------------------------------------------- defaults */

/* requirements.md 1.4: the usual colours of the markings */
static const uint32_t level_colours[] = {
    [LEVEL_UNCLASSIFIED] = 0x007a33,
    [LEVEL_CUI] = 0x502b85,
    [LEVEL_CONFIDENTIAL] = 0x0033a0,
    [LEVEL_SECRET] = 0xc8102e,
    [LEVEL_TOP_SECRET] = 0xff8c00,
    [LEVEL_TOP_SECRET_SCI] = 0xfce83a,
};

static uint64_t
picture_bytes(const struct config_domain *d)
{
	return (uint64_t)d->core.width * d->core.height * 4 * d->core.scanouts;
}

/* Room for the largest window that the user can make of it, some times over:
 * the old picture, the new one and what the guest draws next. */
static uint64_t
default_pool(const struct config *c, const struct config_domain *d)
{
	uint64_t picture = (uint64_t)d->core.width * d->core.height * 4;

	for (uint32_t i = 0; i < c->n_outputs; i++) {
		const struct core_output *o = &c->outputs[i].core;
		const uint64_t width =
		    o->width ? o->width : CONFIG_MONITOR_WIDTH;
		const uint64_t height =
		    o->height ? o->height : CONFIG_MONITOR_HEIGHT;
		const uint64_t bytes = width * height * 4;
		if ((d->core.outputs & (1u << i)) && bytes > picture)
			picture = bytes;
	}
	uint64_t bytes =
	    picture * d->core.scanouts * CONFIG_DEFAULT_MIB_FACTOR + (1 << 20);
	bytes = (bytes + (1 << 20) - 1) >> 20 << 20;
	if (bytes < TDS_MIN_POOL_BYTES)
		bytes = TDS_MIN_POOL_BYTES;
	return bytes > TDS_MAX_POOL_BYTES ? TDS_MAX_POOL_BYTES : bytes;
}

static void
fill_paths(struct config *c, struct config_domain *d, struct problems *problems)
{
	char path[CONFIG_SOCKET_BYTES] = "";
	int n = 0;

	if (!d->lines[KEY_SOCKETS])
		n = snprintf(path, sizeof(path) - 16, "%s/%s", c->run_dir,
		    name_of(d));
	if (n >= (int)sizeof(path) - 16) {
		problem(problems, d->file, line_of(d, KEY_SOCKETS),
		    "sockets: run-dir/NAME is too long for a socket; "
		    "allowed: at most 87 bytes (a shorter name or run-dir)");
		return;
	}
	if (n > 0)
		memcpy(d->sockets, path, sizeof(path));
	if (!d->lines[KEY_VNC]) {
		snprintf(path, sizeof(path), "%.87s/vnc.sock", d->sockets);
		memcpy(d->vnc, path, sizeof(path));
	}
}

/* ------------------------------------------------------------ one domain */

static void
check_outputs(struct config *c, struct config_domain *d,
    struct problems *problems)
{
	char copy[sizeof(d->outputs)], *save = NULL;

	if (!d->lines[KEY_OUTPUTS]) {
		d->core.outputs = (1u << c->n_outputs) - 1;
		return;
	}
	snprintf(copy, sizeof(copy), "%s", d->outputs);
	for (char *word = strtok_r(copy, ", ", &save); word;
	     word = strtok_r(NULL, ", ", &save)) {
		uint32_t i = 0;
		while (i < c->n_outputs &&
		    strcmp((const char *)c->outputs[i].core.name, word) != 0)
			i++;
		if (i == c->n_outputs)
			problem(problems, d->file, d->lines[KEY_OUTPUTS],
			    "outputs: there is no [output %s] in %s; allowed: "
			    "names of outputs there, with commas between",
			    word, c->file);
		else
			d->core.outputs |= 1u << i;
	}
}

/* A label must not read like the marking of another level. */
static void
check_label(const struct config_domain *d, struct problems *problems)
{
	for (uint32_t i = LEVEL_UNCLASSIFIED; level_marking(i); i++)
		if (i != d->core.level &&
		    names_are_confusable(label_of(d), level_marking(i)))
			problem(problems, d->file, line_of(d, KEY_LABEL),
			    "label: reads like the marking of level %s; "
			    "allowed: text that does not name another level",
			    level_name(i));
}

/* Each way to connect has keys of its own. */
static void
check_connect(struct config_domain *d, struct problems *problems)
{
	static const struct {
		enum domain_key key;
		const char *name;
		bool is_xen;
	} keys[] = {{KEY_XEN_NAME, "xen-name", true},
	    {KEY_XEN_UUID, "xen-uuid", true}, {KEY_SOCKETS, "sockets", false},
	    {KEY_VNC, "vnc", false}, {KEY_USER, "user", false},
	    {KEY_MEMORY, "memory", false}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (d->lines[keys[i].key] && keys[i].is_xen != d->is_xen)
			problem(problems, d->file, d->lines[keys[i].key],
			    "%s: is nothing for connect = %s; allowed: only "
			    "with connect = %s",
			    keys[i].name, d->is_xen ? "xen" : "vhost-user",
			    d->is_xen ? "vhost-user" : "xen");
	if (d->is_xen && !d->xen_name[0] && !d->xen_uuid[0])
		problem(problems, d->file, d->lines[KEY_CONNECT],
		    "xen-name: is missing; allowed: xen-name, xen-uuid or "
		    "both, with connect = xen");
}

static void
check_domain(struct config *c, struct config_domain *d,
    struct problems *problems)
{
	static const struct {
		enum domain_key key;
		const char *name;
	} needed[] = {{KEY_NAME, "name"}, {KEY_LABEL, "label"},
	    {KEY_LEVEL, "level"}};

	if (!d->line) {
		problem(problems, d->file, 0,
		    "holds no [domain]; allowed: [domain] once");
		return;
	}
	for (uint32_t i = 0; i < 3; i++)
		if (!d->lines[needed[i].key])
			problem(problems, d->file, d->line,
			    "%s: is missing; allowed: given once in [domain]",
			    needed[i].name);
	if (!d->lines[KEY_COLOUR] && d->core.level)
		d->core.colour = level_colours[d->core.level];
	check_outputs(c, d, problems);
	if (d->core.level && d->core.label[0])
		check_label(d, problems);
	check_connect(d, problems);
	if (d->is_xen) {
		/* no memory: a window for what the guest grants */
		d->pool_bytes = TDS_MAX_POOL_BYTES;
		return;
	}
	if (!d->lines[KEY_MEMORY])
		d->pool_bytes = default_pool(c, d);
	else if (d->pool_bytes && d->pool_bytes < 2 * picture_bytes(d))
		problem(problems, d->file, d->lines[KEY_MEMORY],
		    "memory: holds fewer than two pictures of every scanout; "
		    "allowed: at least %llu MiB for this size",
		    (unsigned long long)(2 * picture_bytes(d) +
			(1 << 20) - 1) >> 20);
	if (!d->lines[KEY_SOCKETS] && d->core.name[0] == 0)
		return; /* no name, no path; that was reported */
	fill_paths(c, d, problems);
}

/* ------------------------------------------------------------ two of them */

static bool
colours_are_close(uint32_t a, uint32_t b)
{
	for (uint32_t shift = 0; shift < 24; shift += 8)
		if (abs((int)((a >> shift) & 0xff) -
			(int)((b >> shift) & 0xff)) >= COLOUR_APART)
			return false;
	return true;
}

static void
check_pair(const struct config_domain *a, const struct config_domain *b,
    struct problems *problems)
{
	if (a->core.name[0] && b->core.name[0] &&
	    names_are_confusable(name_of(a), name_of(b)))
		problem(problems, b->file, line_of(b, KEY_NAME),
		    "name: %s can be taken for %s (%s:%d); allowed: a name "
		    "that differs in more than case, blanks or look-alikes",
		    name_of(b), name_of(a), a->file, line_of(a, KEY_NAME));
	if (strcmp(label_of(a), label_of(b)) != 0 && a->core.label[0] &&
	    b->core.label[0] && names_are_confusable(label_of(a), label_of(b)))
		problem(problems, b->file, line_of(b, KEY_LABEL),
		    "label: can be taken for the one in %s:%d; allowed: the "
		    "same label, or one that differs in more than look-alikes",
		    a->file, line_of(a, KEY_LABEL));
	if (a->core.level && b->core.level &&
	    a->core.pattern == b->core.pattern &&
	    colours_are_close(a->core.colour, b->core.colour))
		problem(problems, b->file, line_of(b, KEY_COLOUR),
		    "colour: colour and pattern are those of %s (%s:%d); "
		    "allowed: another pattern (plain, diagonal, dots, "
		    "vertical, horizontal, cross, chevron, checks) or colour",
		    name_of(a), a->file, line_of(a, KEY_COLOUR));
	if ((a->xen_name[0] && strcmp(a->xen_name, b->xen_name) == 0) ||
	    (a->xen_uuid[0] && strcasecmp(a->xen_uuid, b->xen_uuid) == 0))
		problem(problems, b->file,
		    line_of(b, a->xen_name[0] ? KEY_XEN_NAME : KEY_XEN_UUID),
		    "xen-name: that Xen domain is already %s (%s:%d); allowed: "
		    "a domain of its own",
		    name_of(a), a->file, line_of(a, KEY_NAME));
	if (a->sockets[0] && strcmp(a->sockets, b->sockets) == 0)
		problem(problems, b->file, line_of(b, KEY_SOCKETS),
		    "sockets: %s is taken by %s; allowed: a directory of its "
		    "own", b->sockets, name_of(a));
}

/* -------------------------------------------------------------- the whole */

static void
check_focus(struct config *c, struct problems *problems)
{
	c->core.focus = TDS_NONE;
	if (!c->focus[0])
		return;
	for (uint32_t i = 0; i < c->n_domains; i++)
		if (strcmp(c->focus, name_of(&c->domains[i])) == 0)
			c->core.focus = i;
	if (c->core.focus == TDS_NONE)
		problem(problems, c->file, c->focus_line,
		    "focus: no domain is called %s; allowed: the name of a "
		    "domain", c->focus);
}

static void
check_main(struct config *c, struct problems *problems)
{
	if (!c->tds_line)
		problem(problems, c->file, 0,
		    "holds no [tds]; allowed: [tds] once");
	else if (!c->mode_line)
		problem(problems, c->file, c->tds_line,
		    "mode: is missing; allowed: normal, try-out");
	if (c->tds_line && !c->phrase_line)
		problem(problems, c->file, c->tds_line,
		    "phrase: is missing; allowed: 1 to 63 bytes that only you "
		    "know, shown in the trusted panel");
}

void
config_check(struct config *c, struct problems *problems)
{
	uint32_t windows = 0;

	check_main(c, problems);
	config_check_outputs(c, problems);
	config_check_devices(c, problems);
	for (uint32_t i = 0; i < c->n_domains; i++) {
		struct config_domain *d = &c->domains[i];
		check_domain(c, d, problems);
		windows += d->core.scanouts;
		if (windows > TDS_MAX_WINDOWS &&
		    windows - d->core.scanouts <= TDS_MAX_WINDOWS)
			problem(problems, d->file, line_of(d, KEY_SCANOUTS),
			    "scanouts: too many windows; allowed: 128 "
			    "scanouts of all domains together");
		for (uint32_t j = 0; j < i; j++)
			check_pair(&c->domains[j], d, problems);
	}
	check_focus(c, problems);
}
