#include "tests/property/world.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chance
chance_seed(uint64_t seed)
{
	return (struct chance){seed * 0x9e3779b97f4a7c15u + 0x1234567u};
}

/* splitmix64: every state is a good one. */
uint32_t
chance_u32(struct chance *c)
{
	c->state += 0x9e3779b97f4a7c15u;
	uint64_t z = c->state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

uint32_t
chance_below(struct chance *c, uint32_t n)
{
	return (uint32_t)(((uint64_t)chance_u32(c) * n) >> 32);
}

int32_t
chance_in(struct chance *c, int32_t low, int32_t high)
{
	if (high <= low)
		return low;
	return low + (int32_t)chance_below(c, (uint32_t)(high - low) + 1);
}

bool
chance_one_in(struct chance *c, uint32_t n)
{
	return chance_below(c, n) == 0;
}

static void
must(int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "world: the core refuses its set-up: %d\n", err);
	abort();
}

static const struct {
	const char *label;
	uint32_t level, colour;
} labels[] = {
	{"UNCLASSIFIED", LEVEL_UNCLASSIFIED, 0x007a33},
	{"CUI", LEVEL_CUI, 0x502b85},
	{"CONFIDENTIAL", LEVEL_CONFIDENTIAL, 0x0033a0},
	{"SECRET", LEVEL_SECRET, 0xc8102e},
	{"TOP SECRET", LEVEL_TOP_SECRET, 0xff8c00},
	{"TOP SECRET//SCI", LEVEL_TOP_SECRET_SCI, 0xfce83a},
};

/* Small ones are more frequent: they are crowded, and quick. */
static uint32_t
random_size(struct chance *c, int32_t low, int32_t high)
{
	const int32_t a = chance_in(c, low, high);
	const int32_t b = chance_in(c, low, high);

	return (uint32_t)(a < b ? a : b);
}

static void
add_outputs(struct core *core, struct chance *c, const struct world_limits *l)
{
	const uint32_t n = 1 + chance_below(c, l->max_outputs);

	for (uint32_t i = 0; i < n; i++) {
		struct core_output o = {
			.index = i,
			.type = OUTPUT_HEADLESS,
			.x = -1,
			.y = -1,
			.width = random_size(c, l->min_width,
			    l->max_width),
			.height = random_size(c, l->min_height,
			    l->max_height),
			.scale = 1 + chance_below(c, l->max_scale),
			.refresh_mhz = 60000,
		};
		snprintf((char *)o.name, sizeof(o.name), "headless-%u", i + 1);
		must(core_add_output(core, &o));
	}
}

/* Never two alike, as a configuration would refuse them. */
static void
random_name(struct chance *c, uint32_t index, uint8_t name[TDS_NAME_BYTES])
{
	static const char *const of[] = {"work", "web", "mail", "bank",
	    "x", "jgqpy", "M\u00fcller", "zeta-lab"};

	snprintf((char *)name, TDS_NAME_BYTES, "%s%u",
	    of[chance_below(c, 8)], index);
}

static void
add_domain(struct core *core, struct chance *c, uint32_t index)
{
	const uint32_t l = chance_below(c, 6);
	const uint32_t n_outputs = core->scene.n_outputs;
	struct core_domain d = {
		.index = index,
		.level = labels[l].level,
		.colour = labels[l].colour,
		.pattern = chance_below(c, PATTERN_COUNT),
		.scanouts = chance_one_in(c, 4) ? 2 : 1,
		.outputs = 1 + chance_below(c, (1u << n_outputs) - 1),
		.width = 320 + chance_below(c, 500),
		.height = 200 + chance_below(c, 400),
		.x = chance_one_in(c, 4) ? -1 : chance_in(c, 0, 700),
		.y = chance_in(c, 0, 500),
		.protection = chance_one_in(c, 4) ? chance_below(c, 3) : 0,
	};
	if (d.x < 0)
		d.y = -1;
	random_name(c, index, d.name);
	snprintf((char *)d.label, sizeof(d.label), "%s", labels[l].label);
	must(core_add_domain(core, &d));
}

void
world_init(struct core *core, struct chance *c, const struct world_limits *l)
{
	static const struct {
		uint32_t modifiers, key;
	} chords[] = {{CHORD_CTRL | CHORD_ALT, KEY_DELETE},
	    {CHORD_CTRL | CHORD_ALT, KEY_DELETE},
	    {CHORD_CTRL | CHORD_SHIFT | CHORD_META, KEY_F12}};
	const uint32_t chord = chance_below(c, 3);
	struct core_setup setup = {
		.flags = chance_below(c, 4),
		.modifiers = chords[chord].modifiers,
		.key = chords[chord].key,
		.phrase = "the heron waits for rain",
	};
	const uint32_t n = l->min_domains +
	    chance_below(c, l->max_domains - l->min_domains + 1);

	setup.focus = chance_one_in(c, 3) ? TDS_NONE : chance_below(c, n);
	core_init(core);
	must(core_add_setup(core, &setup));
	add_outputs(core, c, l);
	for (uint32_t i = 0; i < n; i++)
		add_domain(core, c, i);
	must(core_start(core));
}

struct event
event_input(uint16_t type, uint16_t code, int32_t value)
{
	return (struct event){.kind = EVENT_INPUT,
	    .input = {.type = type, .code = code, .value = value}};
}

struct event
event_key(uint16_t code, int32_t value)
{
	return event_input(EV_KEY, code, value);
}

struct event
event_of(enum event_kind kind, uint32_t domain)
{
	return (struct event){.kind = kind, .domain = domain};
}

struct event
event_commit(uint32_t domain, uint32_t scanout, uint32_t seq, uint32_t width,
    uint32_t height)
{
	return (struct event){.kind = EVENT_COMMIT,
	    .domain = domain,
	    .commit = {.scanout = scanout,
		.seq = seq,
		.stride_bytes = 4 * width,
		.width_px = width,
		.height_px = height,
		.w = width,
		.h = height}};
}

const char *
event_text(const struct event *e)
{
	static const char *const kinds[] = {"input", "link", "down", "commit",
	    "cursor", "leds", "vm", "unmap", "focus", "frame", "output",
	    "device", "gone", "cable", "sink", "dark"};
	static char text[128];

	if (e->kind == EVENT_INPUT)
		snprintf(text, sizeof(text), "input type %u code %u value %d",
		    e->input.type, e->input.code, e->input.value);
	else
		snprintf(text, sizeof(text), "%s of domain %u",
		    kinds[e->kind], e->domain);
	return text;
}
