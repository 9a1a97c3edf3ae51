/*
 * seat_test PROGRAM: a real tds-input, sealed, with devices made by uinput.
 * Speaks TAP. Runs as root in a virtual machine (tests/vm/seat).
 */
#include "tests/vm/seat_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUIET_MS = 150 };

static struct peer peer;
static uint32_t n_tests, n_failed;
static bool has_failed; /* the test that runs */

/* What is expected, at its line; the test goes on. */
static void
expect_at(int line, bool holds, const char *what, long long got)
{
	if (holds)
		return;
	printf("# line %d: not so: %s (got %lld)\n", line, what, got);
	has_failed = true;
}
static void
expect_is_at(int line, long long got, long long wanted, const char *what)
{
	expect_at(line, got == wanted, what, got);
}
#define expect(holds) expect_at(__LINE__, holds, #holds, 0)
#define expect_is(value, wanted)                                               \
	expect_is_at(__LINE__, (long long)(value), (long long)(wanted),        \
	    #value " == " #wanted)

static struct zoo_device
make(enum animal animal)
{
	struct zoo_device d = {.uinput_fd = -1};

	if (zoo_create(animal, NULL, &d) < 0) {
		printf("Bail out! no device %d\n", (int)animal);
		exit(1);
	}
	return d;
}

/* Made, handed over, and announced. */
static uint32_t
bring(struct zoo_device *d, enum animal animal, uint32_t state)
{
	*d = make(animal);
	const uint32_t number = peer_open(&peer, d, state, O_RDONLY);
	peer_listen(&peer, QUIET_MS);
	return number;
}

static void
take_away(struct zoo_device *d, uint32_t number)
{
	peer_close(&peer, number);
	zoo_destroy(d);
	peer_listen(&peer, QUIET_MS);
	peer_forget(&peer);
}

static uint32_t
presses(uint32_t number, uint16_t code)
{
	return peer_count(&peer, number, EV_KEY, code, 1);
}

static uint32_t
releases(uint32_t number, uint16_t code)
{
	return peer_count(&peer, number, EV_KEY, code, 0);
}

/* ------------------------------------------------------------------------ */

static void
a_keyboard_is_announced_and_heard(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_KEYBOARD, DEVICE_ADMITTED);
	const struct seat_device *record = peer_device(&peer, n);

	expect(record != NULL);
	if (record) {
		expect_is(record->kinds, KIND_KEYBOARD);
		expect_is(record->vendor, 0x1209);
		expect(strcmp((const char *)record->name, "keyboard") == 0);
		expect(strcmp((const char *)record->port, "zoo/1") == 0);
	}
	zoo_key(&d, KEY_A, 1);
	for (int i = 0; i < 5; i++)
		zoo_key(&d, KEY_A, 2); /* a device's own repeat */
	zoo_key(&d, KEY_A, 0);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(n, KEY_A), 1);
	expect_is(releases(n, KEY_A), 1);
	expect_is(peer_count(&peer, n, EV_KEY, KEY_A, 2), 0);
	expect_is(peer_count(&peer, n, EV_SYN, SYN_REPORT, 0), 2);
	take_away(&d, n);
}

static void
nobody_else_can_read_a_device(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_KEYBOARD, DEVICE_REFUSED);
	const int fd = open(d.node, O_RDONLY | O_NONBLOCK);
	struct input_event e;

	expect(fd >= 0);
	zoo_key(&d, KEY_B, 1);
	zoo_key(&d, KEY_B, 0);
	peer_listen(&peer, QUIET_MS);
	expect(read(fd, &e, sizeof(e)) < 0 && errno == EAGAIN);
	expect(ioctl(fd, EVIOCGRAB, 1) < 0 && errno == EBUSY);
	/* refused: not the core either */
	expect_is(peer_count_op(&peer, SEAT_EVENTS, n), 0);
	peer_close(&peer, n);
	peer_listen(&peer, QUIET_MS);
	expect_is(peer_count_op(&peer, SEAT_GONE, n), 1);
	expect(ioctl(fd, EVIOCGRAB, 1) == 0);
	/* and the other way round */
	const uint32_t again = peer_open(&peer, &d, DEVICE_ADMITTED, O_RDONLY);
	expect_is(peer_problem(&peer, again), EBUSY);
	close(fd);
	zoo_destroy(&d);
	peer_forget(&peer);
}

static void
a_waiting_keyboard_types_and_nothing_else_that_waits_does(void)
{
	struct zoo_device k, m;
	const uint32_t nk = bring(&k, ZOO_KEYBOARD, DEVICE_WAITING);
	const uint32_t nm = bring(&m, ZOO_MOUSE, DEVICE_WAITING);

	zoo_key(&k, KEY_1, 1);
	zoo_key(&k, KEY_1, 0);
	for (int i = 0; i < 200; i++) {
		zoo_put(&m, EV_REL, REL_X, 5);
		zoo_sync(&m);
	}
	zoo_key(&m, BTN_LEFT, 1);
	zoo_key(&m, BTN_LEFT, 0);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(nk, KEY_1), 1);
	expect_is(peer_count_op(&peer, SEAT_EVENTS, nm), 0);

	peer_admit(&peer, nm, DEVICE_ADMITTED);
	peer_listen(&peer, QUIET_MS);
	expect_is(peer_count_op(&peer, SEAT_EVENTS, nm), 0);
	for (int i = 0; i < 20; i++) {
		zoo_put(&m, EV_REL, REL_X, 5);
		zoo_sync(&m);
		peer_sleep_ms(2);
	}
	zoo_key(&m, BTN_LEFT, 1);
	zoo_key(&m, BTN_LEFT, 0);
	peer_listen(&peer, QUIET_MS);
	expect(peer_sum(&peer, nm, EV_REL, REL_X) > 20);
	expect_is(presses(nm, BTN_LEFT), 1);
	expect_is(releases(nm, BTN_LEFT), 1);

	peer_admit(&peer, nk, DEVICE_REFUSED);
	peer_listen(&peer, QUIET_MS);
	peer_forget(&peer);
	zoo_key(&k, KEY_2, 1);
	peer_listen(&peer, QUIET_MS);
	expect_is(peer_count_op(&peer, SEAT_EVENTS, nk), 0);
	take_away(&k, nk);
	take_away(&m, nm);
}

static void
a_mouse_moves_clicks_and_turns_its_wheel(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_MOUSE, DEVICE_ADMITTED);

	zoo_put(&d, EV_REL, REL_Y, -40);
	zoo_sync(&d);
	zoo_put(&d, EV_REL, REL_WHEEL, 1);
	zoo_sync(&d);
	zoo_put(&d, EV_REL, REL_WHEEL, -3);
	zoo_sync(&d);
	zoo_put(&d, EV_REL, REL_HWHEEL, 2);
	zoo_sync(&d);
	zoo_key(&d, BTN_RIGHT, 1);
	zoo_key(&d, BTN_RIGHT, 0);
	peer_listen(&peer, QUIET_MS);
	expect(peer_sum(&peer, n, EV_REL, REL_Y) < 0);
	expect_is(peer_sum(&peer, n, EV_REL, REL_WHEEL), -2);
	expect_is(peer_sum(&peer, n, EV_REL, REL_HWHEEL), 2);
	expect_is(presses(n, BTN_RIGHT), 1);
	take_away(&d, n);
}

static void
keys_of_a_mouse_go_nowhere(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_MOUSE_WITH_KEYS, DEVICE_ADMITTED);

	expect_is(peer_device(&peer, n)->kinds, KIND_POINTER);
	zoo_key(&d, KEY_VOLUMEUP, 1);
	zoo_key(&d, KEY_VOLUMEUP, 0);
	zoo_key(&d, BTN_LEFT, 1);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(n, KEY_VOLUMEUP), 0);
	expect_is(presses(n, BTN_LEFT), 1);
	take_away(&d, n);
}

static void
one_node_for_keys_and_motion_changes_its_reader(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_KEYBOARD_WITH_POINTER, DEVICE_WAITING);

	expect_is(peer_device(&peer, n)->kinds, KIND_KEYBOARD | KIND_POINTER);
	zoo_key(&d, KEY_7, 1);
	zoo_key(&d, KEY_7, 0);
	zoo_put(&d, EV_REL, REL_X, 50);
	zoo_sync(&d);
	zoo_key(&d, KEY_ENTER, 1);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(n, KEY_7), 1);
	expect_is(peer_sum(&peer, n, EV_REL, REL_X), 0);
	/* Enter ends the code and is still down when the core admits */
	peer_admit(&peer, n, DEVICE_ADMITTED);
	peer_listen(&peer, QUIET_MS);
	expect_is(releases(n, KEY_ENTER), 1);
	zoo_key(&d, KEY_ENTER, 0);
	zoo_key(&d, KEY_8, 1);
	zoo_key(&d, KEY_8, 0);
	zoo_put(&d, EV_REL, REL_X, 50);
	zoo_sync(&d);
	peer_listen(&peer, QUIET_MS);
	expect_is(releases(n, KEY_ENTER), 1);
	expect_is(presses(n, KEY_8), 1);
	expect_is(releases(n, KEY_8), 1);
	expect(peer_sum(&peer, n, EV_REL, REL_X) > 0);
	take_away(&d, n);
}

static void
an_absolute_pointer_spans_the_whole_layout(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_ABSOLUTE, DEVICE_ADMITTED);

	zoo_put(&d, EV_ABS, ABS_X, 16384);
	zoo_put(&d, EV_ABS, ABS_Y, 32767);
	zoo_sync(&d);
	zoo_key(&d, BTN_LEFT, 1);
	peer_listen(&peer, QUIET_MS);
	expect_at(__LINE__,
	    llabs(peer_sum(&peer, n, EV_ABS, ABS_X) - 32768) < 8,
	    "x is the middle", peer_sum(&peer, n, EV_ABS, ABS_X));
	expect_at(__LINE__,
	    llabs(peer_sum(&peer, n, EV_ABS, ABS_Y) - 65535) < 8,
	    "y is the edge", peer_sum(&peer, n, EV_ABS, ABS_Y));
	expect_is(presses(n, BTN_LEFT), 1);
	take_away(&d, n);
}

static void
put_finger(const struct zoo_device *d, int32_t x, int32_t y)
{
	zoo_put(d, EV_ABS, ABS_MT_POSITION_X, x);
	zoo_put(d, EV_ABS, ABS_MT_POSITION_Y, y);
	zoo_put(d, EV_ABS, ABS_X, x);
	zoo_put(d, EV_ABS, ABS_Y, y);
}

static void
finger_down(const struct zoo_device *d, int32_t id, int32_t x, int32_t y)
{
	zoo_put(d, EV_ABS, ABS_MT_SLOT, 0);
	zoo_put(d, EV_ABS, ABS_MT_TRACKING_ID, id);
	put_finger(d, x, y);
	zoo_put(d, EV_KEY, BTN_TOUCH, 1);
}

static void
a_touchpad_moves_and_taps(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_TOUCHPAD, DEVICE_ADMITTED);

	finger_down(&d, 1, 1000, 1500);
	zoo_put(&d, EV_KEY, BTN_TOOL_FINGER, 1);
	zoo_sync(&d);
	for (int i = 1; i < 20; i++) {
		peer_sleep_ms(12);
		put_finger(&d, 1000 + i * 50, 1500);
		zoo_sync(&d);
	}
	zoo_put(&d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	zoo_put(&d, EV_KEY, BTN_TOUCH, 0);
	zoo_put(&d, EV_KEY, BTN_TOOL_FINGER, 0);
	zoo_sync(&d);
	peer_listen(&peer, 400);
	expect(peer_sum(&peer, n, EV_REL, REL_X) > 50);
	expect_is(presses(n, BTN_LEFT), 0);

	finger_down(&d, 2, 2000, 1000);
	zoo_put(&d, EV_KEY, BTN_TOOL_FINGER, 1);
	zoo_sync(&d);
	peer_sleep_ms(20);
	zoo_put(&d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	zoo_put(&d, EV_KEY, BTN_TOUCH, 0);
	zoo_put(&d, EV_KEY, BTN_TOOL_FINGER, 0);
	zoo_sync(&d);
	peer_listen(&peer, 600);
	expect_is(presses(n, BTN_LEFT), 1);
	expect_is(releases(n, BTN_LEFT), 1);
	take_away(&d, n);
}

static void
a_touchscreens_first_finger_is_a_pointer(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_TOUCHSCREEN, DEVICE_ADMITTED);

	expect_is(peer_device(&peer, n)->kinds, KIND_TOUCH);
	finger_down(&d, 1, 8192, 16384);
	zoo_sync(&d);
	/* a second finger is a contact and no more */
	zoo_put(&d, EV_ABS, ABS_MT_SLOT, 1);
	zoo_put(&d, EV_ABS, ABS_MT_TRACKING_ID, 2);
	zoo_put(&d, EV_ABS, ABS_MT_POSITION_X, 30000);
	zoo_put(&d, EV_ABS, ABS_MT_POSITION_Y, 30000);
	zoo_sync(&d);
	zoo_put(&d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	zoo_sync(&d);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(n, TDS_BTN_FINGER), 1);
	expect_is(releases(n, TDS_BTN_FINGER), 0);
	expect_is(peer_count(&peer, n, EV_ABS, ABS_MT_TRACKING_ID, 0), 1);
	expect_is(peer_count(&peer, n, EV_ABS, ABS_MT_TRACKING_ID, 1), 1);
	expect_is(peer_count(&peer, n, EV_ABS, ABS_MT_TRACKING_ID, -1), 1);
	expect(llabs(peer_sum(&peer, n, EV_ABS, ABS_X) - 16384) < 8);
	expect(llabs(peer_sum(&peer, n, EV_ABS, ABS_Y) - 32768) < 8);
	zoo_put(&d, EV_ABS, ABS_MT_SLOT, 0);
	zoo_put(&d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	zoo_put(&d, EV_KEY, BTN_TOUCH, 0);
	zoo_sync(&d);
	peer_listen(&peer, QUIET_MS);
	expect_is(releases(n, TDS_BTN_FINGER), 1);
	expect_is(peer_count(&peer, n, EV_ABS, ABS_MT_TRACKING_ID, -1), 2);
	take_away(&d, n);
}

static void
a_pen_points_and_its_tip_clicks(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_PEN, DEVICE_ADMITTED);

	expect_is(peer_device(&peer, n)->kinds, KIND_TABLET);
	zoo_put(&d, EV_ABS, ABS_X, 5000);
	zoo_put(&d, EV_ABS, ABS_Y, 7500);
	zoo_put(&d, EV_KEY, BTN_TOOL_PEN, 1);
	zoo_sync(&d);
	zoo_put(&d, EV_ABS, ABS_PRESSURE, 600);
	zoo_put(&d, EV_KEY, BTN_TOUCH, 1);
	zoo_sync(&d);
	zoo_key(&d, BTN_STYLUS, 1);
	zoo_key(&d, BTN_STYLUS, 0);
	zoo_put(&d, EV_ABS, ABS_PRESSURE, 0);
	zoo_put(&d, EV_KEY, BTN_TOUCH, 0);
	zoo_sync(&d);
	zoo_key(&d, BTN_TOOL_PEN, 0);
	peer_listen(&peer, QUIET_MS);
	expect(peer_count(&peer, n, EV_ABS, ABS_X, 16383) +
		   peer_count(&peer, n, EV_ABS, ABS_X, 16384) >
	       0);
	expect_is(presses(n, BTN_LEFT), 1);
	expect_is(releases(n, BTN_LEFT), 1);
	expect_is(presses(n, BTN_RIGHT), 1);
	expect_is(releases(n, BTN_RIGHT), 1);
	take_away(&d, n);
}

/* */
static void
what_is_of_no_use_is_refused_and_let_go(void)
{
	static const enum animal useless[] = {ZOO_GAMEPAD, ZOO_ACCELEROMETER,
	    ZOO_LID, ZOO_ABSURD_TABLET, ZOO_EMPTY};

	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		struct zoo_device d = make(useless[i]);
		const uint32_t n =
		    peer_open(&peer, &d, DEVICE_ADMITTED, O_RDONLY);
		expect_is(peer_problem(&peer, n), ENOTSUP);
		peer_listen(&peer, 20);
		expect_is(peer_count_op(&peer, SEAT_DEVICE, n), 0);
		const int fd = open(d.node, O_RDONLY);
		expect(ioctl(fd, EVIOCGRAB, 1) == 0);
		close(fd);
		zoo_destroy(&d);
	}
	peer_forget(&peer);
}

static void
a_node_that_is_no_device_is_refused(void)
{
	struct zoo_device d = {.node = "/dev/zero"};
	const uint32_t n = peer_open(&peer, &d, DEVICE_ADMITTED, O_RDONLY);

	expect_is(peer_problem(&peer, n), ENOTTY);
}

static void
absurd_ranges_leave_the_keys(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_ABSURD_KEYBOARD, DEVICE_ADMITTED);

	expect_is(peer_device(&peer, n)->kinds, KIND_KEYBOARD);
	zoo_put(&d, EV_ABS, ABS_X, -2000000000);
	zoo_put(&d, EV_KEY, BTN_LEFT, 1);
	zoo_key(&d, KEY_Z, 1);
	zoo_key(&d, KEY_Z, 0);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(n, KEY_Z), 1);
	expect_is(releases(n, KEY_Z), 1);
	expect_is(presses(n, BTN_LEFT), 0);
	take_away(&d, n);
}

static void
a_device_with_every_key_comes_up_again(void)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_ALL_KEYS, DEVICE_ADMITTED);
	uint32_t down = 0, up = 0;

	expect_is(peer_device(&peer, n)->kinds, KIND_KEYBOARD);
	for (uint16_t code = 1; code < KEY_MAX; code++) {
		zoo_key(&d, code, 1);
		if (code % 16 == 0)
			peer_listen(&peer, 1);
	}
	for (uint16_t code = 1; code < KEY_MAX; code++) {
		zoo_key(&d, code, 0);
		if (code % 16 == 0)
			peer_listen(&peer, 1);
	}
	peer_listen(&peer, QUIET_MS);
	for (uint16_t code = 0; code < KEY_CNT; code++) {
		down += presses(n, code);
		up += releases(n, code);
		if (code >= BTN_MOUSE && code < BTN_DIGI)
			expect_is(presses(n, code), 0);
	}
	printf("# %u keys of %d codes passed on\n", down, KEY_MAX - 1);
	expect(down > 500);
	expect_is(down, up);
	take_away(&d, n);
}

static void
names_are_printable(void)
{
	struct zoo_device d;

	if (zoo_create(ZOO_KEYBOARD, "\x1b[2J\r\nroot:\x07\xc3\xa4%s%n", &d) <
	    0)
		exit(1);
	const uint32_t n = peer_open(&peer, &d, DEVICE_ADMITTED, O_RDONLY);
	peer_listen(&peer, QUIET_MS);
	const struct seat_device *record = peer_device(&peer, n);
	expect(record &&
	       strcmp((const char *)record->name, "?[2J??root:???%s%n") == 0);
	if (record)
		printf("# %s\n", (const char *)record->name);
	take_away(&d, n);
}

/* */
static void
other_capabilities_are_another_hash(void)
{
	struct zoo_device a, b, c;
	const uint32_t na = bring(&a, ZOO_KEYBOARD, DEVICE_WAITING);
	const uint32_t nb = bring(&b, ZOO_KEYBOARD, DEVICE_WAITING);
	const uint32_t nc = bring(&c, ZOO_ALL_KEYS, DEVICE_WAITING);

	expect(peer_device(&peer, na)->capabilities ==
	       peer_device(&peer, nb)->capabilities);
	expect(peer_device(&peer, na)->capabilities !=
	       peer_device(&peer, nc)->capabilities);
	take_away(&a, na);
	take_away(&b, nb);
	take_away(&c, nc);
}

/* ------------------------------------------------------------------------ */

/* Processor time of tds-input, in clock ticks of 10 ms. */
static unsigned long
ticks_used(void)
{
	char path[64], text[512];
	unsigned long user = 0, system = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)peer.pid);
	FILE *f = fopen(path, "r");
	const size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *at = strrchr(text, ')');
	expect(at != NULL &&
	    sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		&user, &system) == 2);
	return user + system;
}

static void
a_device_that_vanishes_is_gone_and_nothing_spins(void)
{
	static const enum animal animals[] = {
	    ZOO_KEYBOARD, ZOO_MOUSE, ZOO_TOUCHSCREEN};
	static const uint32_t states[] = {
	    DEVICE_WAITING, DEVICE_ADMITTED, DEVICE_REFUSED};

	for (size_t i = 0; i < 9; i++) {
		struct zoo_device d;
		const uint32_t n = bring(&d, animals[i / 3], states[i % 3]);
		if (animals[i / 3] == ZOO_KEYBOARD)
			zoo_key(&d, KEY_LEFTCTRL, 1);
		peer_listen(&peer, 50);
		zoo_destroy(&d);
		expect_is(peer_problem(&peer, n), ENODEV);
		peer_listen(&peer, 50);
		expect_is(peer_count_op(&peer, SEAT_GONE, n), 1);
	}
	const unsigned long before = ticks_used();
	peer_sleep_ms(1000);
	const unsigned long used = ticks_used() - before;
	printf("# %lu ticks of 10 ms in a second of rest\n", used);
	expect(used <= 1);
	peer_forget(&peer);
}

static void
lights_are_set_at_most_ten_times_a_second(void)
{
	struct zoo_device lit = make(ZOO_LIGHTS), read_only = make(ZOO_LIGHTS);
	struct zoo_device waiting = make(ZOO_LIGHTS);
	const uint32_t n1 = peer_open(&peer, &lit, DEVICE_ADMITTED, O_RDWR);
	const uint32_t n2 =
	    peer_open(&peer, &read_only, DEVICE_ADMITTED, O_RDONLY);
	const uint32_t n3 = peer_open(&peer, &waiting, DEVICE_WAITING, O_RDWR);

	peer_listen(&peer, QUIET_MS);
	expect_is(zoo_count_written(&lit, EV_LED), 0);
	for (uint32_t i = 0; i < 200; i++) {
		peer_leds(&peer, i % 2);
		peer_sleep_ms(5);
	}
	peer_leds(&peer, 3);
	peer_sleep_ms(250);
	const uint32_t written = zoo_count_written(&lit, EV_LED);
	printf("# %u changes of lights in 1.25 s\n", written);
	expect(written >= 2 && written <= 16);
	uint8_t on[2] = {0};
	const int fd = open(lit.node, O_RDONLY);
	expect(ioctl(fd, EVIOCGLED(sizeof(on)), on) >= 0);
	expect_is(on[0], 3); /* the latest wins */
	close(fd);
	expect_is(zoo_count_written(&read_only, EV_LED), 0);
	expect_is(zoo_count_written(&waiting, EV_LED), 0);
	expect_is(zoo_count_written(&lit, EV_FF), 0);
	take_away(&lit, n1);
	take_away(&read_only, n2);
	take_away(&waiting, n3);
}

/* What each side did while the other slept. */
static void
burst(const struct zoo_device *d, uint32_t n, uint16_t held)
{
	zoo_key(d, held, 1);
	for (uint32_t i = 0; i < n; i++) {
		const uint16_t code = (uint16_t)(KEY_1 + i % 10);
		zoo_key(d, code, 1);
		zoo_key(d, code, 0);
	}
}

/* By libevdev, and by libinput. */
static void
resynchronise(enum animal animal)
{
	struct zoo_device d;
	const uint32_t n = bring(&d, animal, DEVICE_ADMITTED);

	zoo_key(&d, KEY_Q, 1);
	peer_listen(&peer, QUIET_MS);
	kill(peer.pid, SIGSTOP);
	zoo_key(&d, KEY_Q, 0);
	burst(&d, 2000, KEY_B);
	kill(peer.pid, SIGCONT);
	peer_listen(&peer, 300);
	expect_is(releases(n, KEY_Q), 1);
	expect_is(presses(n, KEY_B), 1);
	expect_is(releases(n, KEY_B), 0);
	for (uint16_t code = KEY_1; code <= KEY_0; code++)
		expect_is(presses(n, code), releases(n, code));
	take_away(&d, n);
}

static void
a_core_that_does_not_read_loses_a_keyboard_visibly(void)
{
	struct zoo_device k, m;
	const uint32_t nk = bring(&k, ZOO_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t nm = bring(&m, ZOO_MOUSE, DEVICE_ADMITTED);

	zoo_key(&k, KEY_B, 1);
	for (int i = 0; i < 600; i++) {
		zoo_key(&k, KEY_A, 1);
		zoo_key(&k, KEY_A, 0);
		zoo_put(&m, EV_REL, REL_X, 1);
		zoo_sync(&m);
		if (i % 4 == 0)
			peer_sleep_ms(5);
	}
	zoo_key(&k, KEY_B, 0);
	peer_listen(&peer, 300);
	printf("# %u records came\n", peer.n);
	expect_is(peer_count_op(&peer, SEAT_GONE, nk), 1);
	expect_is(peer_count_op(&peer, SEAT_DEVICE, nk), 2);
	expect_is(peer_count_op(&peer, SEAT_GONE, nm), 0);
	/* the mouse's motion was added up, not thrown away */
	printf("# %lld px\n", (long long)peer_sum(&peer, nm, EV_REL, REL_X));
	expect(peer_sum(&peer, nm, EV_REL, REL_X) > 300);
	peer_forget(&peer);
	zoo_key(&k, KEY_C, 1);
	zoo_key(&k, KEY_C, 0);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(nk, KEY_C), 1);
	expect_is(releases(nk, KEY_C), 1);
	expect_is(presses(nk, KEY_B) + releases(nk, KEY_B), 0);
	take_away(&k, nk);
	take_away(&m, nm);
}

static void
what_the_kernel_dropped_is_resynchronised(void)
{
	resynchronise(ZOO_KEYBOARD);
	resynchronise(ZOO_KEYBOARD_WITH_POINTER);
}

/* A process that sends events as fast as the kernel takes them. */
static pid_t
flood(const struct zoo_device *d, uint16_t type, uint16_t code)
{
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int32_t i = 0;; i++) {
		zoo_put(d, type, code, type == EV_KEY ? i & 1 : 1);
		zoo_sync(d);
	}
}

/* R-57, and the rule that no device waits long for another. */
static void
a_keyboard_is_heard_while_others_flood(void)
{
	struct zoo_device k, m, f;
	const uint32_t nk = bring(&k, ZOO_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t nm = bring(&m, ZOO_MOUSE, DEVICE_ADMITTED);
	const uint32_t nf = bring(&f, ZOO_KEYBOARD, DEVICE_ADMITTED);
	const pid_t pids[] = {
	    flood(&m, EV_REL, REL_X), flood(&f, EV_KEY, KEY_SPACE)};
	uint32_t heard = 0, lost = 0, flooded = 0;
	uint64_t slowest_ns = 0;

	peer_sleep_ms(200);
	for (int i = 0; i < 40; i++) {
		const uint64_t began = peer_now_ns();
		zoo_key(&k, KEY_A, i % 2 == 0);
		uint64_t now = began;
		bool is_here = false;
		while (!is_here && now - began < 2000000000) {
			peer_forget(&peer);
			peer_listen_some(&peer, 5, 256);
			is_here = peer_count(
				      &peer, nk, EV_KEY, KEY_A, i % 2 == 0) > 0;
			lost += peer_count_op(&peer, SEAT_GONE, nk);
			flooded += peer.n;
			now = peer_now_ns();
		}
		heard += is_here;
		if (now - began > slowest_ns)
			slowest_ns = now - began;
	}
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	printf("# %u of 40 heard among %u records, slowest %llu ms\n", heard,
	    flooded, (unsigned long long)slowest_ns / 1000000);
	expect_is(heard, 40);
	expect_is(lost, 0);
	peer_forget(&peer);
	peer_listen(&peer, 400);
	take_away(&k, nk);
	take_away(&m, nm);
	take_away(&f, nf);
}

static void
a_new_core_hears_of_every_device(void)
{
	struct zoo_device k, m;
	const uint32_t nk = bring(&k, ZOO_KEYBOARD, DEVICE_WAITING);
	const uint32_t nm = bring(&m, ZOO_MOUSE, DEVICE_ADMITTED);

	peer_admit(&peer, nk, DEVICE_ADMITTED);
	zoo_key(&k, KEY_A, 1);
	peer_listen(&peer, QUIET_MS);
	peer_forget(&peer);
	peer_new_core(&peer);
	peer_listen(&peer, QUIET_MS);
	expect_is(peer_count_op(&peer, SEAT_DEVICE, nk), 1);
	expect_is(peer_count_op(&peer, SEAT_DEVICE, nm), 1);
	expect_is(peer_device(&peer, nk)->state, DEVICE_ADMITTED);
	/* held since before: that core saw no press, so it gets no release */
	zoo_key(&k, KEY_A, 0);
	zoo_key(&k, KEY_A, 1);
	peer_listen(&peer, QUIET_MS);
	expect_is(releases(nk, KEY_A), 0);
	expect_is(presses(nk, KEY_A), 1);
	take_away(&k, nk);
	take_away(&m, nm);
}

static void
the_thirty_third_device_is_refused(void)
{
	struct zoo_device d[TDS_MAX_DEVICES + 1];
	uint32_t numbers[TDS_MAX_DEVICES + 1];

	for (uint32_t i = 0; i <= TDS_MAX_DEVICES; i++) {
		d[i] = make(i % 2 ? ZOO_KEYBOARD : ZOO_MOUSE);
		numbers[i] = peer_open(&peer, &d[i], DEVICE_ADMITTED, O_RDONLY);
		peer_listen(&peer, 20);
	}
	expect_is(peer_problem(&peer, numbers[TDS_MAX_DEVICES]), EDQUOT);
	zoo_key(&d[TDS_MAX_DEVICES - 1], KEY_A, 1);
	peer_listen(&peer, QUIET_MS);
	expect_is(presses(numbers[TDS_MAX_DEVICES - 1], KEY_A), 1);
	for (uint32_t i = 0; i <= TDS_MAX_DEVICES; i++)
		take_away(&d[i], numbers[i]);
}

/* Devices come, are admitted and vanish as fast as they can. */
static void
two_hundred_plugs_leave_nothing_behind(void)
{
	for (uint32_t i = 0; i < 200; i++) {
		static const enum animal animals[] = {ZOO_KEYBOARD, ZOO_MOUSE,
		    ZOO_TOUCHPAD, ZOO_PEN, ZOO_KEYBOARD_WITH_POINTER};
		struct zoo_device d = make(animals[i % 5]);
		const uint32_t n =
		    peer_open(&peer, &d, DEVICE_WAITING, O_RDONLY);
		if (i % 5 == 0)
			zoo_key(&d, KEY_A, 1);
		peer_admit(&peer, n, DEVICE_ADMITTED);
		zoo_destroy(&d);
		if (i % 2)
			peer_close(&peer, n);
		peer_listen(&peer, 10);
		if (i % 2 == 0)
			expect(peer_problem(&peer, n) != 0);
	}
	peer_listen(&peer, QUIET_MS);
	uint32_t devices = 0, gone = 0;
	for (uint32_t i = 0; i < peer.n; i++) {
		devices += peer.records[i].op == SEAT_DEVICE;
		gone += peer.records[i].op == SEAT_GONE;
	}
	printf("# %u announced, %u gone\n", devices, gone);
	expect_is(devices, gone);
	peer_forget(&peer);
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* How often tds-input went to sleep. */
static unsigned long
sleeps(void)
{
	char path[64], line[128];
	unsigned long n = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)peer.pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
			break;
	if (f)
		fclose(f);
	expect(n > 0);
	return n;
}

/*
 * Microseconds of an emulated machine tell nothing: they are printed, and
 * judged is that each event costs one wake-up and one record.
 */
static void
an_event_is_one_wakeup_and_one_record(void)
{
	enum { N = 400 };
	static uint64_t late_ns[N];
	struct zoo_device d;
	const uint32_t n = bring(&d, ZOO_KEYBOARD, DEVICE_ADMITTED);
	uint32_t count = 0;

	peer_forget(&peer);
	const unsigned long before = sleeps();
	for (uint32_t i = 0; i < N; i++) {
		zoo_key(&d, KEY_A, i % 2 == 0);
		peer_listen_some(&peer, 2000, 1);
	}
	const unsigned long slept = sleeps() - before;
	for (uint32_t i = 0; i < peer.n && count < N; i++)
		if (peer.records[i].op == SEAT_EVENTS &&
		    peer.records[i].is.events.device == n)
			late_ns[count++] = peer.records[i].received_ns -
					   peer.records[i].is.events.time_ns;
	expect_is(count, N);
	qsort(late_ns, count, sizeof(late_ns[0]), compare);
	printf("# %lu sleeps for %u events; emulated us: first %llu, "
	       "median %llu, p99 %llu\n",
	    slept, count, (unsigned long long)late_ns[0] / 1000,
	    (unsigned long long)late_ns[count / 2] / 1000,
	    (unsigned long long)late_ns[count * 99 / 100] / 1000);
	expect(slept <= N + N / 10);
	take_away(&d, n);
}

struct test {
	const char *name;
	void (*run)(void);
};

#define TEST(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}

static const struct test tests[] = {
    TEST(a_keyboard_is_announced_and_heard),
    TEST(nobody_else_can_read_a_device),
    TEST(a_waiting_keyboard_types_and_nothing_else_that_waits_does),
    TEST(a_mouse_moves_clicks_and_turns_its_wheel),
    TEST(keys_of_a_mouse_go_nowhere),
    TEST(one_node_for_keys_and_motion_changes_its_reader),
    TEST(an_absolute_pointer_spans_the_whole_layout),
    TEST(a_touchpad_moves_and_taps),
    TEST(a_touchscreens_first_finger_is_a_pointer),
    TEST(a_pen_points_and_its_tip_clicks),
    TEST(what_is_of_no_use_is_refused_and_let_go),
    TEST(a_node_that_is_no_device_is_refused),
    TEST(absurd_ranges_leave_the_keys),
    TEST(a_device_with_every_key_comes_up_again),
    TEST(names_are_printable),
    TEST(other_capabilities_are_another_hash),
    TEST(a_device_that_vanishes_is_gone_and_nothing_spins),
    TEST(lights_are_set_at_most_ten_times_a_second),
    TEST(what_the_kernel_dropped_is_resynchronised),
    TEST(a_core_that_does_not_read_loses_a_keyboard_visibly),
    TEST(a_keyboard_is_heard_while_others_flood),
    TEST(a_new_core_hears_of_every_device),
    TEST(the_thirty_third_device_is_refused),
    TEST(two_hundred_plugs_leave_nothing_behind),
    TEST(an_event_is_one_wakeup_and_one_record),
};

static void
run_test(const struct test *test)
{
	has_failed = false;
	test->run();
	n_failed += has_failed;
	printf("%s %u - %s\n", has_failed ? "not ok" : "ok", ++n_tests,
	    test->name);
	fflush(stdout);
	if (waitpid(peer.pid, NULL, WNOHANG) != 0) {
		printf("Bail out! tds-input died\n");
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	const size_t n = sizeof(tests) / sizeof(tests[0]);

	if (argc != 2) {
		fprintf(stderr, "usage: seat_test PATH-OF-tds-input\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	printf("TAP version 13\n1..%zu\n", n + 1);
	peer_start(&peer, argv[1]);
	peer_new_core(&peer);
	peer_ready(&peer);
	for (size_t i = 0; i < n; i++)
		run_test(&tests[i]);
	const int status = peer_end(&peer);
	n_failed += status != 0;
	printf("%s %zu - it_ends_with_its_channel\n",
	    status == 0 ? "ok" : "not ok", n + 1);
	return n_failed == 0 ? 0 : 1;
}
