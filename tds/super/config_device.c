/*
 * config_device: the grammar of [device NAME], the rules for input devices.
 * They are in the order of the file; the first that matches decides.
 */
#include "tds/super/config_keys.h"
#include "tds/super/config_sections.h"
#include "tds/super/unicode.h"

#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum rule_key {
	KEY_ALLOW,
	KEY_BUS,
	KEY_ID,
	KEY_SERIAL,
	KEY_PORT,
	KEY_DOMAINS,
	RULE_KEYS
};
_Static_assert(
    (int)RULE_KEYS == (int)CONFIG_RULE_KEYS, "config.h counts the same");

static const char *
set_allow(void *target, const char *value)
{
	struct core_rule *r = &((struct config_rule *)target)->core;

	return value_switch(value, "yes", "no", &r->is_allowed);
}

static const char *
set_bus(void *target, const char *value)
{
	static const struct {
		const char *name;
		uint32_t bus;
	} names[] = {{"any", TDS_NONE}, {"usb", BUS_USB},
	    {"bluetooth", BUS_BLUETOOTH}, {"ps2", BUS_I8042},
	    {"virtual", BUS_VIRTUAL}};
	struct core_rule *r = &((struct config_rule *)target)->core;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i].name) == 0) {
			r->bus = names[i].bus;
			return NULL;
		}
	const char *why = value_number(value, 0, UINT16_MAX, &r->bus);
	return why ? "is no bus" : NULL;
}

/* Four hexadecimal digits, or * for any. */
static const char *
set_half(const char *text, size_t len, uint32_t *out)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (len == 1 && *text == '*') {
		*out = TDS_NONE;
		return NULL;
	}
	if (len != 4 || strspn(text, digits) < 4)
		return "is not VVVV:PPPP";
	*out = (uint32_t)strtoul(text, NULL, 16);
	return NULL;
}

static const char *
set_id(void *target, const char *value)
{
	struct core_rule *r = &((struct config_rule *)target)->core;
	const size_t len = strcspn(value, ":");

	if (value[len] == 0)
		return "is not VVVV:PPPP";
	const char *rest = value + len + 1;
	const char *why = set_half(value, len, &r->vendor);
	return why ? why : set_half(rest, strlen(rest), &r->product);
}

static const char *
set_serial(void *target, const char *value)
{
	struct core_rule *r = &((struct config_rule *)target)->core;

	return value_text(
	    value, *value ? NULL : "is empty", r->serial, sizeof(r->serial));
}

static const char *
set_port(void *target, const char *value)
{
	struct core_rule *r = &((struct config_rule *)target)->core;

	return value_text(
	    value, *value ? NULL : "is empty", r->port, sizeof(r->port));
}

static const char *
set_domains(void *target, const char *value)
{
	struct config_rule *r = target;

	snprintf(r->domains, sizeof(r->domains), "%s", value);
	return *value ? NULL : "is empty";
}

static const struct config_key keys[] = {
    [KEY_ALLOW] = {"allow", set_allow, "yes, no"},
    [KEY_BUS] = {"bus", set_bus,
	"any, usb, bluetooth, ps2, virtual, or its number (0 to 65535)"},
    [KEY_ID] = {"id", set_id,
	"vendor and product in four hexadecimal digits each, * for any, as "
	"046d:c31c or 046d:*"},
    [KEY_SERIAL] = {"serial", set_serial, "1 to 31 bytes"},
    [KEY_PORT] = {"port", set_port,
	"1 to 63 bytes, as usb-0000:00:14.0-1/input0"},
    [KEY_DOMAINS] = {"domains", set_domains,
	"names of domains with commas between"},
};

static void *
begin_device(void *owner, const char *name, int line, const char **why)
{
	struct config *c = owner;

	if (c->n_rules == TDS_MAX_RULES) {
		*why = "is one too many";
		return NULL;
	}
	struct config_rule *r = &c->rules[c->n_rules];
	*r = (struct config_rule){.line = line,
	    .core = {.index = c->n_rules,
		.bus = TDS_NONE,
		.vendor = TDS_NONE,
		.product = TDS_NONE}};
	*why = value_text(name, unicode_name_fault(name), (uint8_t *)r->name,
	    sizeof(r->name));
	for (uint32_t i = 0; i < c->n_rules && !*why; i++)
		if (strcmp(c->rules[i].name, name) == 0)
			*why = "is there twice";
	if (*why)
		return NULL;
	c->n_rules++;
	return r;
}

static int *
line_in_rule(void *target, uint32_t key)
{
	return &((struct config_rule *)target)->lines[key];
}

const struct config_section config_device_section = {"device", true,
    "up to 32 of [device NAME], each NAME once, of letters, digits, blanks, - "
    "and _ (31 bytes)",
    begin_device, keys, sizeof(keys) / sizeof(keys[0]), line_in_rule};

/* -------------------------------------------------------------- the whole */

static uint64_t
domain_bit(const struct config *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_domains; i++)
		if (strcmp((const char *)c->domains[i].core.name, name) == 0)
			return (uint64_t)1 << i;
	return 0;
}

static void
name_domains(struct config *c, struct config_rule *r, struct problems *problems)
{
	char copy[sizeof(r->domains)], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", r->domains);
	for (char *word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		word += strspn(word, " \t");
		size_t len = strlen(word);
		while (len > 0 && strchr(" \t", word[len - 1]))
			word[--len] = 0;
		const uint64_t bit = domain_bit(c, word);
		if (bit == 0)
			problem(problems, c->file, r->lines[KEY_DOMAINS],
			    "domains: no domain is called %s; allowed: names "
			    "of domains with commas between",
			    word);
		r->core.domains |= bit;
	}
}

static void
check_rule(struct config *c, struct config_rule *r, struct problems *problems)
{
	if (!r->lines[KEY_ALLOW])
		problem(problems, c->file, r->line,
		    "allow: is missing; allowed: yes, no");
	if (!r->lines[KEY_DOMAINS])
		r->core.domains = r->core.is_allowed ? UINT64_MAX : 0;
	else if (r->lines[KEY_ALLOW] && !r->core.is_allowed)
		problem(problems, c->file, r->lines[KEY_DOMAINS],
		    "domains: a device that is refused reaches none; allowed: "
		    "with allow = yes");
	else
		name_domains(c, r, problems);
}

void
config_check_devices(struct config *c, struct problems *problems)
{
	for (uint32_t i = 0; i < c->n_rules; i++)
		check_rule(c, &c->rules[i], problems);
	if (c->n_rules > 0 && !c->has_seat)
		problem(problems, c->file, c->rules[0].line,
		    "[device %s]: there is no seat, so no input device; "
		    "allowed: with seat = on",
		    c->rules[0].name);
}
