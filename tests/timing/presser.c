#include "tests/timing/presser.h"

#include "tds/base/channel.h"
#include "tests/timing/virtual.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYBOARD = 1, WAITING = 2, MOUSE = 3, MAX_QUEUE = 32 };
enum { WHAT_KEY, WHAT_CHORD, WHAT_RESTART };

struct item {
	uint64_t time_ns, send_ns;
	uint32_t what, device;
	uint16_t code;
	int32_t value;
};

struct presser presser;
static struct item queue[MAX_QUEUE];
static uint32_t at, n;
static uint64_t next_motion_ns = NEVER;
static int seat = -1;
static uint16_t chord[3]; /* of the press under way, in order */
static uint32_t chord_device;

static uint64_t
random_ms(uint32_t low, uint32_t high)
{
	/* not only whole milliseconds */
	return (uint64_t)chance_in(&presser.chance, (int32_t)(low * 1000),
		   (int32_t)(high * 1000)) * US;
}

/* False: the core does not read. */
static bool
send_seat(int len, const uint8_t *bytes)
{
	if (len <= 0)
		abort();
	const int err = channel_send(seat, bytes, (uint32_t)len, NULL, 0);
	if (err < 0 && err != -EAGAIN) {
		fprintf(stderr, "the core closed tds-input's channel\n");
		abort();
	}
	return err == 0;
}

static void
add_device(uint32_t device, uint32_t kinds, uint32_t state)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct seat_device d = {.device = device,
	    .state = state,
	    .kinds = kinds,
	    .bus = 3,
	    .vendor = device,
	    .product = state,
	    .name = "fake"};

	if (!send_seat(encode_seat_device(&d, bytes, sizeof(bytes)), bytes))
		abort();
}

void
presser_start(void)
{
	uint8_t bytes[8];
	int pair[2];

	if (seat >= 0)
		close(seat);
	if (channel_pair(pair) < 0)
		abort();
	const int len = encode_empty(CORE_SEAT, bytes, sizeof(bytes));
	if (len <= 0 ||
	    channel_send(presser.channel, bytes, (uint32_t)len, &pair[1], 1) <
		0)
		abort();
	close(pair[1]);
	seat = pair[0];
	add_device(KEYBOARD, KIND_KEYBOARD, DEVICE_ADMITTED);
	add_device(WAITING, KIND_KEYBOARD, DEVICE_WAITING);
	add_device(MOUSE, KIND_POINTER, DEVICE_ADMITTED);
	if (presser.has_motion && next_motion_ns == NEVER)
		next_motion_ns = virtual_now() + MS;
}

/* ------------------------------------------------------------------ the plan */

static void
add(uint64_t time_ns, uint32_t what, uint32_t device, uint16_t code,
    int32_t value)
{
	const bool is_late = presser.plant_late && what == WHAT_CHORD &&
	    chance_one_in(&presser.chance, 40);
	const uint64_t hop =
	    chance_one_in(&presser.chance, 64) ? LATE_HOP_NS : HOP_NS;
	uint64_t send_ns = time_ns + hop + (is_late ? 90 * MS : 0);

	if (n > 0 && send_ns < queue[n - 1].send_ns)
		send_ns = queue[n - 1].send_ns; /* in order */
	if (n == MAX_QUEUE)
		abort();
	queue[n++] = (struct item){.time_ns = time_ns,
	    .send_ns = send_ns,
	    .what = what,
	    .device = device,
	    .code = code,
	    .value = value};
}

static void
shuffle(uint16_t *v, uint32_t n_v)
{
	for (uint32_t i = n_v; i > 1; i--) {
		const uint32_t k = chance_below(&presser.chance, i);
		const uint16_t swap = v[k];
		v[k] = v[i - 1];
		v[i - 1] = swap;
	}
}

/* Let go of the chord, in any order, and leave the panel. */
static uint64_t
plan_leave(uint64_t t)
{
	struct chance *c = &presser.chance;
	const uint16_t back = chance_one_in(c, 2)
	    ? KEY_ESC
	    : (uint16_t)(KEY_1 + chance_below(c, presser.n_domains < 9
						 ? presser.n_domains
						 : 9));
	shuffle(chord, 3);
	for (uint32_t i = 0; i < 3; i++)
		add(t += random_ms(0, 20), WHAT_KEY, chord_device, chord[i], 0);
	add(t += random_ms(0, 30), WHAT_KEY, KEYBOARD, back, 1);
	add(t += random_ms(1, 20), WHAT_KEY, KEYBOARD, back, 0);
	return t;
}

static uint64_t
plan_typing(uint64_t t)
{
	struct chance *c = &presser.chance;

	if (chance_one_in(c, 100)) /* tds-input died, and is back */
		add(t += random_ms(1, 20), WHAT_RESTART, 0, 0, 0);
	for (uint32_t i = chance_below(c, 3); i > 0; i--) {
		const uint16_t key = (uint16_t)(KEY_Q + chance_below(c, 10));

		add(t += random_ms(20, 60), WHAT_KEY, KEYBOARD, key, 1);
		add(t += random_ms(1, 40), WHAT_KEY, KEYBOARD, key, 0);
	}
	return t;
}

static void
plan_chord(uint64_t t)
{
	struct chance *c = &presser.chance;

	chord[0] = chance_one_in(c, 2) ? KEY_LEFTCTRL : KEY_RIGHTCTRL;
	chord[1] = chance_one_in(c, 2) ? KEY_LEFTALT : KEY_RIGHTALT;
	chord[2] = KEY_DELETE; /* first it would be a key like any other */
	shuffle(chord, 2);
	chord_device = chance_one_in(c, 8) ? WAITING : KEYBOARD;
	t += chance_one_in(c, 16) ? random_ms(1100, 2500) : random_ms(0, 250);
	for (uint32_t i = 0; i < 3; i++) {
		if (i > 0 && !chance_one_in(c, 4)) /* else at one moment */
			t += random_ms(0, 50);
		add(t, i == 2 ? WHAT_CHORD : WHAT_KEY, chord_device, chord[i],
		    1);
	}
	presser.plan_ns = t;
}

void
presser_go_on(uint64_t now_ns, bool is_dark)
{
	uint64_t t = now_ns + random_ms(0, 100);

	presser.key_ns = 0;
	presser.was_midway = presser.was_dark = false;
	at = n = 0;
	if (is_dark) { /* what wakes the screens does nothing else */
		add(t += MS, WHAT_KEY, KEYBOARD, KEY_LEFTSHIFT, 1);
		add(t += MS, WHAT_KEY, KEYBOARD, KEY_LEFTSHIFT, 0);
	}
	plan_chord(plan_typing(plan_leave(t)));
	virtual_changed();
}

/* ------------------------------------------------------------------- sending */

static void
send_key(const struct item *k)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	const struct seat_events record = {.device = k->device,
	    .time_ns = k->time_ns,
	    .input = {.n = 2,
		.events = {{EV_KEY, k->code, k->value},
		    {EV_SYN, SYN_REPORT, 0}}}};

	if (!send_seat(encode_seat_events(&record, bytes, sizeof(bytes)), bytes))
		abort();
}

static void
send_motion(uint64_t now_ns)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	const struct seat_events record = {.device = MOUSE,
	    .time_ns = now_ns,
	    .input = {.n = 3,
		.events = {{EV_REL, REL_X, chance_in(&presser.chance, -9, 9)},
		    {EV_REL, REL_Y, chance_in(&presser.chance, -9, 9)},
		    {EV_SYN, SYN_REPORT, 0}}}};

	/* what does not fit is lost, as the kernel would lose it */
	send_seat(encode_seat_events(&record, bytes, sizeof(bytes)), bytes);
}

static void
hear_core(void)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct received r;

	while (seat >= 0 &&
	    channel_receive(seat, bytes, sizeof(bytes), &r) == 0)
		received_finish(&r);
}

uint64_t
presser_next(void)
{
	const uint64_t key_ns = at < n ? queue[at].send_ns : NEVER;

	return key_ns < next_motion_ns ? key_ns : next_motion_ns;
}

void
presser_happen(
    uint64_t now_ns, bool is_painting, bool is_dark, uint32_t panels)
{
	hear_core();
	if (n == 0) { /* the first press of all */
		plan_chord(now_ns + random_ms(100, 300));
		virtual_changed();
	}
	for (; at < n && queue[at].send_ns <= now_ns; at++) {
		const struct item *k = &queue[at];

		presser.was_dark = presser.was_dark || (is_dark && k->value);
		if (k->what == WHAT_RESTART) {
			presser_start();
			continue;
		}
		send_key(k);
		if (k->what != WHAT_CHORD)
			continue;
		presser.key_ns = k->time_ns;
		presser.panels_before = panels;
		presser.was_midway = is_painting;
	}
	if (next_motion_ns > now_ns)
		return;
	send_motion(now_ns);
	next_motion_ns = now_ns + MS;
}
