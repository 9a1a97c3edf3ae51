#include "kbd/admit.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>

enum {
	TRIES = 3,
	/* 30 presses a second are beyond everybody; short bursts are not */
	MOST_PRESSES = 40,
	NS_PER_PRESS = 1000000000 / 30,
};

int
admit_add_rule(struct admit *a, const struct core_rule *rule)
{
	if (rule->index != a->n_rules)
		return -EEXIST;
	if (a->n_rules == TDS_MAX_RULES)
		return -EDQUOT;
	a->rules[a->n_rules++] = *rule;
	return 0;
}

static bool
number_matches(uint32_t wanted, uint32_t is)
{
	return wanted == TDS_NONE || wanted == is;
}

static bool
text_matches(const uint8_t *wanted, const uint8_t *is, size_t n)
{
	return wanted[0] == 0 || memcmp(wanted, is, n) == 0;
}

static const struct core_rule *
rule_for(const struct admit *a, const struct seat_device *d)
{
	for (uint32_t i = 0; i < a->n_rules; i++) {
		const struct core_rule *r = &a->rules[i];
		if (number_matches(r->bus, d->bus) &&
		    number_matches(r->vendor, d->vendor) &&
		    number_matches(r->product, d->product) &&
		    text_matches(r->serial, d->serial, sizeof(r->serial)) &&
		    text_matches(r->port, d->port, sizeof(r->port)))
			return r;
	}
	return NULL;
}

/* The same name tags: what it says of itself, and where it is plugged in. */
static bool
is_same(const struct seat_device *a, const struct seat_device *b)
{
	return a->bus == b->bus && a->vendor == b->vendor &&
	    a->product == b->product &&
	    memcmp(a->serial, b->serial, sizeof(a->serial)) == 0 &&
	    memcmp(a->port, b->port, sizeof(a->port)) == 0;
}

static struct seat_device *
known(struct admit *a, const struct seat_device *info)
{
	for (uint32_t i = 0; i < a->n_known && i < TDS_MAX_DEVICES; i++)
		if (is_same(&a->known[i], info))
			return &a->known[i];
	return NULL;
}

static enum device_state
first_state(struct admit *a, const struct seat_device *info,
    const struct core_rule *rule)
{
	const struct seat_device *before = known(a, info);

	if ((rule && !rule->is_allowed) || info->state == DEVICE_REFUSED)
		return DEVICE_REFUSED;
	if (before && (before->capabilities != info->capabilities ||
			  before->kinds != info->kinds))
		return DEVICE_WAITING;
	return rule || before ? DEVICE_ADMITTED
			      : (enum device_state)info->state;
}

struct device *
admit_add(struct admit *a, const struct seat_device *info, uint32_t random)
{
	const struct core_rule *rule = rule_for(a, info);
	struct device *d = admit_find(a, info->device);

	for (uint32_t i = 0; i < TDS_MAX_DEVICES && !d; i++)
		if (a->devices[i].info.device == 0)
			d = &a->devices[i];
	if (!d)
		return NULL;
	*d = (struct device){.info = *info,
	    .domains = rule ? rule->domains : UINT64_MAX,
	    .presses = MOST_PRESSES};
	for (uint32_t i = 0; i < ADMIT_DIGITS; i++, random /= 10)
		d->code[i] = (uint8_t)(random % 10);
	admit_set(a, d, first_state(a, info, rule));
	return d;
}

void
admit_remove(struct admit *a, uint32_t device)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (device == 0 || a->devices[i].info.device == device)
			a->devices[i] = (struct device){0};
}

struct device *
admit_find(struct admit *a, uint32_t device)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES && device != 0; i++)
		if (a->devices[i].info.device == device)
			return &a->devices[i];
	return NULL;
}

const struct device *
admit_waiting(const struct admit *a)
{
	const struct device *first = NULL;

	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		const struct device *d = &a->devices[i];

		if (d->state != DEVICE_WAITING)
			continue;
		/* it may be the only one, and then who else could answer? */
		if (d->info.kinds & KIND_KEYBOARD)
			return d;
		if (!first)
			first = d;
	}
	return first;
}

uint32_t
admit_count(const struct admit *a, enum device_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		n += a->devices[i].state == state;
	return n;
}

void
admit_set(struct admit *a, struct device *d, enum device_state state)
{
	d->state = state;
	if (state != DEVICE_ADMITTED)
		return;
	struct seat_device *place = known(a, &d->info);
	if (!place)
		place = &a->known[a->n_known++ % TDS_MAX_DEVICES];
	*place = d->info;
}

/* 0..9, or -1: the row of digits, and the block of them. */
static int
digit_of(uint16_t key)
{
	static const uint16_t block[10] = {KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP3,
	    KEY_KP4, KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8, KEY_KP9};

	if (key >= KEY_1 && key <= KEY_0)
		return (key - KEY_1 + 1) % 10;
	for (int i = 0; i < 10; i++)
		if (block[i] == key)
			return i;
	return -1;
}

void
admit_type(struct admit *a, struct device *d, uint16_t key)
{
	if (digit_of(key) == d->code[d->n_typed]) {
		if (++d->n_typed == ADMIT_DIGITS)
			admit_set(a, d, DEVICE_ADMITTED);
		return;
	}
	d->n_typed = 0;
	if (digit_of(key) >= 0 && ++d->n_wrong == TRIES)
		admit_set(a, d, DEVICE_REFUSED);
}

bool
admit_press(struct device *d, uint64_t time_ns)
{
	/* a device's clock that goes backwards earns nothing */
	const uint64_t since =
	    time_ns > d->refilled_ns ? time_ns - d->refilled_ns : 0;
	const uint64_t earned = since / NS_PER_PRESS;

	if (earned > 0)
		d->refilled_ns = time_ns;
	d->presses = earned < MOST_PRESSES - d->presses
	    ? d->presses + (uint32_t)earned
	    : MOST_PRESSES;
	if (d->presses == MOST_PRESSES)
		d->is_throttled = false;
	if (d->presses == 0 || d->is_throttled) {
		d->is_throttled = true;
		d->presses = 0; /* a rest is a rest */
		d->refilled_ns = time_ns;
		return false;
	}
	d->presses--;
	return true;
}
