/* The seat: what devices are, and what the core is told about them. */
#include "kbd/seat.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------ */
/* What a device is                                                           */

static void
set(uint8_t *bits, uint32_t n)
{
	bits[n / 8] |= (uint8_t)(1u << n % 8);
}

static void
set_keys(struct device_facts *f, uint32_t from, uint32_t to)
{
	set(f->types, EV_KEY);
	for (uint32_t code = from; code <= to; code++)
		set(f->keys, code);
}

static void
set_axis(
    struct device_facts *f, uint32_t axis, int32_t minimum, int32_t maximum)
{
	set(f->types, EV_ABS);
	set(f->absolute, axis);
	f->ranges[axis] =
	    (struct axis_range){.minimum = minimum, .maximum = maximum};
}

static void
set_xy(struct device_facts *f)
{
	set_axis(f, ABS_X, 0, 1000);
	set_axis(f, ABS_Y, 0, 1000);
}

static void
set_motion(struct device_facts *f)
{
	set(f->types, EV_REL);
	set(f->relative, REL_X);
	set(f->relative, REL_Y);
}

static struct device_facts
keyboard(void)
{
	struct device_facts f = {0};

	set_keys(&f, KEY_ESC, KEY_COMPOSE);
	return f;
}

static struct device_facts
mouse(void)
{
	struct device_facts f = {0};

	set_keys(&f, BTN_LEFT, BTN_MIDDLE);
	set_motion(&f);
	return f;
}

static void
keyboards_are_what_types_or_has_keys_alone(void **state)
{
	struct device_facts f = keyboard();

	(void)state;
	assert_int_equal(facts_traits(&f), TRAIT_KEYBOARD);

	f = (struct device_facts){0};
	set_keys(&f, KEY_POWER, KEY_POWER);
	assert_int_equal(facts_traits(&f), TRAIT_KEYBOARD);

	/* key bits count only if the device says that it has keys */
	f = keyboard();
	f.types[0] = 0;
	assert_int_equal(facts_traits(&f), 0);

	f = (struct device_facts){0};
	set_keys(&f, 0, KEY_MAX);
	assert_int_equal(facts_traits(&f), TRAIT_KEYBOARD);
}

static void
mice_may_be_keyboards_only_if_they_can_type(void **state)
{
	struct device_facts f = mouse();

	(void)state;
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE);
	set_keys(&f, KEY_VOLUMEDOWN, KEY_VOLUMEUP);
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE);
	set_keys(&f, KEY_ESC, KEY_COMPOSE);
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE | TRAIT_KEYBOARD);
	assert_int_equal(
	    facts_kinds(facts_traits(&f)), KIND_KEYBOARD | KIND_POINTER);

	f = mouse();
	set(f.properties, INPUT_PROP_POINTING_STICK);
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE | TRAIT_STICK);
	assert_int_equal(facts_kinds(facts_traits(&f)), KIND_POINTER);
}

static void
absolute_devices_are_told_apart(void **state)
{
	struct device_facts f = {0};

	(void)state;
	set_xy(&f);
	set_keys(&f, BTN_LEFT, BTN_MIDDLE);
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE); /* QEMU's tablet */
	set_keys(&f, BTN_TOUCH, BTN_TOUCH);		 /* since QEMU 8 */
	assert_int_equal(facts_traits(&f), TRAIT_MOUSE);
	f.keys[BTN_TOUCH / 8] &= (uint8_t) ~(1u << (BTN_TOUCH % 8));
	set_keys(&f, BTN_TOUCH, BTN_TOUCH);
	set_keys(&f, BTN_TOOL_FINGER, BTN_TOOL_FINGER);
	assert_int_equal(facts_traits(&f), TRAIT_TOUCHPAD);
	set(f.properties, INPUT_PROP_DIRECT);
	assert_int_equal(facts_traits(&f), TRAIT_TOUCHSCREEN);
	set_keys(&f, BTN_TOOL_PEN, BTN_TOOL_PEN);
	assert_int_equal(facts_traits(&f), TRAIT_PEN);
	assert_int_equal(facts_kinds(TRAIT_PEN), KIND_TABLET);
	assert_int_equal(facts_kinds(TRAIT_TOUCHSCREEN), KIND_TOUCH);
	assert_int_equal(facts_kinds(TRAIT_TOUCHPAD), KIND_POINTER);
}

static void
a_touchscreen_may_have_slots_alone(void **state)
{
	struct device_facts f = {0};

	(void)state;
	set(f.properties, INPUT_PROP_DIRECT);
	set_axis(&f, ABS_MT_POSITION_X, 0, 4095);
	set_axis(&f, ABS_MT_POSITION_Y, 0, 4095);
	set_axis(&f, ABS_MT_SLOT, 0, 9);
	assert_int_equal(facts_traits(&f), TRAIT_TOUCHSCREEN);
	set_axis(&f, ABS_MT_SLOT, 0, 255);
	assert_int_equal(facts_traits(&f), TRAIT_TOUCHSCREEN);
	set_axis(&f, ABS_MT_SLOT, 0, 256);
	assert_int_equal(facts_traits(&f), 0);
	set_axis(&f, ABS_MT_SLOT, 0, INT_MAX);
	assert_int_equal(facts_traits(&f), 0);
}

static void
what_tds_has_no_use_for_is_nothing(void **state)
{
	struct device_facts f = {0};

	(void)state;
	assert_int_equal(facts_traits(&f), 0);

	set_xy(&f); /* a gamepad */
	set_keys(&f, BTN_GAMEPAD, BTN_THUMBR);
	assert_int_equal(facts_traits(&f), 0);
	set_keys(&f, KEY_VOLUMEDOWN, KEY_VOLUMEUP);
	assert_int_equal(facts_traits(&f), 0);

	f = (struct device_facts){0}; /* a gamepad that says it is a mouse */
	set_xy(&f);
	set_keys(&f, BTN_LEFT, BTN_LEFT);
	set_keys(&f, BTN_JOYSTICK, BTN_JOYSTICK);
	assert_int_equal(facts_traits(&f), 0);

	f = (struct device_facts){0};
	set_xy(&f);
	set_axis(&f, ABS_Z, -512, 512);
	set(f.properties, INPUT_PROP_ACCELEROMETER);
	assert_int_equal(facts_traits(&f), 0);

	f = (struct device_facts){0};
	set(f.types, EV_SW);
	set(f.switches, SW_LID);
	assert_int_equal(facts_traits(&f), 0);

	memset(&f, 0xff, sizeof(f)); /* everything, and no range is one */
	assert_int_equal(facts_traits(&f), TRAIT_KEYBOARD);
}

struct bad_range {
	uint32_t axis;
	struct axis_range range;
};

static void
absurd_ranges_never_reach_libinput(void **state)
{
	static const struct bad_range bad[] = {
	    {ABS_X, {0, 0, 0, 0, 0}},
	    {ABS_X, {5, 5, 0, 0, 0}},
	    {ABS_Y, {1000, 0, 0, 0, 0}},
	    {ABS_X, {INT_MIN, INT_MAX, 0, 0, 0}},
	    {ABS_X, {0, INT_MAX, 0, 0, 0}},
	    {ABS_Y, {INT_MIN, 0, 0, 0, 0}},
	    {ABS_X, {0, 1000, 0, 0, -1}},
	    {ABS_X, {0, 1000, 0, 0, INT_MAX}},
	    {ABS_X, {0, 1000, -1, 0, 0}},
	    {ABS_PRESSURE, {10, -10, 0, 0, 0}},
	    {ABS_PRESSURE, {0, (1 << 24) + 1, 0, 0, 0}},
	    {ABS_MT_SLOT, {-1, 3, 0, 0, 0}},
	    {ABS_MT_SLOT, {0, -3, 0, 0, 0}},
	};
	struct device_facts good = {0};

	(void)state;
	set_xy(&good);
	set_keys(&good, BTN_LEFT, BTN_LEFT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct device_facts f = good;
		set(f.absolute, bad[i].axis);
		f.ranges[bad[i].axis] = bad[i].range;
		assert_int_equal(facts_traits(&f), 0);
		/* its keys are still of use */
		set_keys(&f, KEY_ESC, KEY_COMPOSE);
		assert_int_equal(facts_traits(&f), TRAIT_KEYBOARD);
	}
	set_axis(&good, ABS_PRESSURE, 0, 1 << 24);
	assert_int_equal(facts_traits(&good), TRAIT_MOUSE);
}

static void
who_reads_depends_on_kind_and_state(void **state)
{
	const uint32_t both = KIND_KEYBOARD | KIND_POINTER;

	(void)state;
	assert_int_equal(
	    facts_reader(KIND_KEYBOARD, DEVICE_WAITING), READER_KEYBOARD);
	assert_int_equal(
	    facts_reader(KIND_KEYBOARD, DEVICE_ADMITTED), READER_KEYBOARD);
	assert_int_equal(facts_reader(both, DEVICE_WAITING), READER_KEYBOARD);
	assert_int_equal(facts_reader(both, DEVICE_ADMITTED), READER_POINTER);
	assert_int_equal(
	    facts_reader(KIND_TOUCH, DEVICE_WAITING), READER_DISCARD);
	assert_int_equal(
	    facts_reader(KIND_TOUCH, DEVICE_ADMITTED), READER_POINTER);
	assert_int_equal(facts_reader(both, DEVICE_REFUSED), READER_NONE);
	assert_int_equal(facts_reader(both, 0), READER_NONE);
}

/* Every field that says what a device can send, and none that it wears. */
static void
the_hash_covers_every_capability(void **state)
{
	const struct device_facts first = keyboard();
	const uint64_t hash = facts_hash(&first);
	const size_t capabilities =
	    offsetof(struct device_facts, effects) + sizeof(first.effects);

	(void)state;
	for (size_t i = 0; i < capabilities; i++) {
		struct device_facts f = first;
		((uint8_t *)&f)[i] ^= 0x10;
		assert_true(facts_hash(&f) != hash);
	}
	struct device_facts f = first;
	memset(f.name, 'x', 20);
	memset(f.serial, 'x', 20);
	assert_true(facts_hash(&f) == hash);
	/* a range counts where there is an axis */
	f.ranges[ABS_X].maximum = 7;
	assert_true(facts_hash(&f) == hash);
	set(f.absolute, ABS_X);
	const uint64_t with_axis = facts_hash(&f);
	f.ranges[ABS_X].maximum = 8;
	assert_true(facts_hash(&f) != with_axis);
}

static void
text_is_cut_and_printable(void **state)
{
	uint8_t out[8];

	(void)state;
	facts_text("\x1b]0;\n\xff", out, sizeof(out));
	assert_memory_equal(out, "?]0;??\0\0", 8);
	facts_text("12345678", out, sizeof(out));
	assert_memory_equal(out, "1234567\0", 8);
	facts_text("", out, sizeof(out));
	assert_memory_equal(out, "\0\0\0\0\0\0\0\0", 8);

	struct device_facts f = keyboard();
	memset(f.name, '~', FACTS_TEXT_BYTES - 1);
	struct seat_device record;
	facts_record(&f, 7, DEVICE_WAITING, &record);
	assert_int_equal(record.name[TDS_LABEL_BYTES - 2], '~');
	assert_int_equal(record.name[TDS_LABEL_BYTES - 1], 0);
	assert_int_equal(record.device, 7);
	assert_int_equal(record.state, DEVICE_WAITING);
	assert_int_equal(record.kinds, KIND_KEYBOARD);
}

/* ------------------------------------------------------------------------ */
/* What the core is told                                                      */

/* A core that reads nothing once `room` is used up. */
struct fake {
	uint32_t room;
	int error; /* instead of -EAGAIN */
	uint32_t n, n_device, n_gone;
	uint32_t order[64];    /* the ops */
	struct core_input all; /* events but EV_SYN, the first 64 */
	uint32_t n_syn;
	uint64_t time_ns;
	int32_t sum_x;
};

static void
note_events(struct fake *fake, const struct seat_events *e)
{
	fake->time_ns = e->time_ns;
	assert_true(e->input.n > 1);
	assert_int_equal(e->input.events[e->input.n - 1].type, EV_SYN);
	for (uint32_t i = 0; i < e->input.n; i++) {
		const struct input_event_wire *w = &e->input.events[i];
		fake->n_syn += w->type == EV_SYN;
		if (w->type == EV_REL && w->code == REL_X)
			fake->sum_x += w->value;
		if (w->type != EV_SYN && fake->all.n < 64)
			fake->all.events[fake->all.n++] = *w;
	}
}

static int
fake_send(void *data, const uint8_t *bytes, uint32_t len)
{
	struct fake *fake = data;
	struct seat_events events;
	struct rd rd;
	uint32_t op;

	if (fake->error)
		return fake->error;
	if (fake->room == 0)
		return -EAGAIN;
	fake->room--;
	assert_int_equal(control_open(bytes, len, 0, &op, &rd), 0);
	fake->n_device += op == SEAT_DEVICE;
	fake->n_gone += op == SEAT_GONE;
	if (fake->n < 64)
		fake->order[fake->n] = op;
	fake->n++;
	if (op == SEAT_EVENTS) {
		assert_int_equal(decode_seat_events(&rd, &events), 0);
		note_events(fake, &events);
	}
	return 0;
}

static struct seat seat;
static struct fake fake;

static void
begin(void)
{
	fake = (struct fake){.room = 1000};
	seat_init(&seat, fake_send, &fake);
	seat_core(&seat, true);
}

static uint32_t
add(uint32_t number, uint32_t kinds, uint32_t state)
{
	const struct seat_device record = {
	    .device = number, .state = state, .kinds = kinds};
	const int at = seat_add(&seat, &record);

	assert_true(at >= 0);
	return (uint32_t)at;
}

static void
key(uint32_t at, uint32_t code, int32_t value)
{
	seat_key(&seat, at, code, value);
	seat_flush(&seat, at);
}

static void
a_key_goes_down_and_up_once(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	seat_time(&seat, at, 123456789);
	key(at, KEY_A, 0); /* nobody saw it pressed */
	key(at, KEY_A, 1);
	key(at, KEY_A, 1);
	key(at, KEY_A, 2);
	key(at, KEY_A, 3);
	key(at, KEY_A, -1);
	key(at, KEY_A, 0);
	key(at, KEY_A, 0);
	assert_int_equal(fake.all.n, 2);
	assert_int_equal(fake.all.events[0].value, 1);
	assert_int_equal(fake.all.events[1].value, 0);
	assert_int_equal(fake.n_syn, 2);
	assert_int_equal(fake.time_ns, 123456789);
}

static void
codes_are_filtered_by_kind(void **state)
{
	(void)state;
	begin();
	const uint32_t k = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t p = add(2, KIND_POINTER, DEVICE_ADMITTED);
	static const uint32_t never[] = {0, BTN_0, BTN_JOYSTICK, BTN_GAMEPAD,
	    BTN_TOOL_PEN, BTN_TOUCH, BTN_DPAD_UP, BTN_TRIGGER_HAPPY, KEY_MAX,
	    KEY_CNT, 0x10001, UINT32_MAX};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		key(k, never[i], 1);
		key(p, never[i], 1);
	}
	key(k, BTN_LEFT, 1);
	key(p, KEY_A, 1);
	seat_move(&seat, k, 10, 10);
	seat_position(&seat, k, 10, 10);
	seat_wheel(&seat, k, 120, 0);
	seat_flush(&seat, k);
	assert_int_equal(fake.all.n, 0);
	key(k, KEY_A, 1);
	key(p, BTN_LEFT, 1);
	assert_int_equal(fake.all.n, 2);
}

static void
who_waits_types_and_who_is_refused_is_silent(void **state)
{
	(void)state;
	begin();
	const uint32_t at =
	    add(1, KIND_KEYBOARD | KIND_POINTER, DEVICE_WAITING);
	key(at, KEY_1, 1);
	key(at, BTN_LEFT, 1);
	seat_move(&seat, at, 10, 10);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.n, 1);
	/* what is down comes up when the state changes */
	seat_set_state(&seat, at, DEVICE_REFUSED);
	assert_int_equal(fake.all.n, 2);
	assert_int_equal(fake.all.events[1].value, 0);
	key(at, KEY_1, 0);
	key(at, KEY_2, 1);
	assert_int_equal(fake.all.n, 2);
}

static void
parts_of_a_pixel_are_kept(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_POINTER, DEVICE_ADMITTED);
	for (int i = 0; i < 10; i++) {
		seat_move(&seat, at, 0.25, -0.5);
		seat_flush(&seat, at);
	}
	int32_t x = 0, y = 0;
	for (uint32_t i = 0; i < fake.all.n; i++)
		if (fake.all.events[i].code == REL_X)
			x += fake.all.events[i].value;
		else
			y += fake.all.events[i].value;
	assert_int_equal(x, 2);
	assert_int_equal(y, -5);
}

static void
numbers_of_no_world_do_nothing(void **state)
{
	static const double odd[] = {1e300, -1e300, 1e9, -1e9};

	(void)state;
	begin();
	const uint32_t at = add(1, KIND_POINTER, DEVICE_ADMITTED);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		seat_move(&seat, at, odd[i], odd[i]);
		seat_wheel(&seat, at, odd[i], odd[i]);
	}
	seat_move(&seat, at, (double)NAN, (double)INFINITY);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.n, 0);
	seat_position(&seat, at, (double)NAN, 1e300);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.events[0].value, 0);
	assert_int_equal(fake.all.events[1].value, 65535);
	seat_position(&seat, at, -1, 65535.5);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.events[2].value, 0);
	assert_int_equal(fake.all.events[3].value, 65535);
}

/* What was sent, as codes; -1 of a tracking id is told from the rest. */
static void
expect_codes(const uint16_t *codes, uint32_t n)
{
	assert_int_equal(fake.all.n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(fake.all.events[i].code, codes[i]);
	fake.all.n = 0;
}

static void
fingers_come_down_once_and_lift_once(void **state)
{
	static const uint16_t down[] = {ABS_MT_SLOT, ABS_MT_TRACKING_ID,
	    ABS_MT_POSITION_X, ABS_MT_POSITION_Y};
	static const uint16_t move[] = {
	    ABS_MT_SLOT, ABS_MT_POSITION_X, ABS_MT_POSITION_Y};

	(void)state;
	begin();
	const uint32_t at = add(1, KIND_TOUCH, DEVICE_ADMITTED);
	seat_touch(&seat, at, 3, 100, 70000);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.events[0].value, 3);
	assert_int_equal(fake.all.events[1].value, 3);
	assert_int_equal(fake.all.events[2].value, 100);
	assert_int_equal(fake.all.events[3].value, 65535);
	expect_codes(down, 4);
	seat_touch(&seat, at, 3, 101, 1);
	seat_flush(&seat, at);
	expect_codes(move, 3);
	seat_lift(&seat, at, 3);
	seat_lift(&seat, at, 3);
	seat_lift(&seat, at, 4);
	seat_touch(&seat, at, -1, 1, 1);
	seat_touch(&seat, at, TDS_MAX_CONTACTS, 1, 1);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.events[1].value, -1);
	expect_codes(down, 2);
	const uint32_t k = add(2, KIND_KEYBOARD, DEVICE_ADMITTED);
	seat_touch(&seat, k, 0, 1, 1);
	seat_flush(&seat, k);
	assert_int_equal(fake.all.n, 0);
}

static void
fingers_lift_when_the_state_changes_and_are_not_lost_without_room(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_TOUCH, DEVICE_ADMITTED);
	fake.room = 0;
	seat_touch(&seat, at, 0, 100, 100);
	seat_flush(&seat, at);
	for (int i = 0; i < 1000; i++) { /* where it moves may be lost */
		seat_touch(&seat, at, 0, 100 + i, 100);
		seat_flush(&seat, at);
	}
	fake.room = 10;
	seat_pump(&seat);
	assert_int_equal(fake.n_gone, 0);
	assert_int_equal(fake.all.events[1].code, ABS_MT_TRACKING_ID);
	fake.all.n = 0;
	seat_set_state(&seat, at, DEVICE_REFUSED);
	assert_int_equal(fake.all.n, 2);
	assert_int_equal(fake.all.events[1].value, -1);
}

static void
wheels_turn_in_clicks(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_POINTER, DEVICE_ADMITTED);
	for (int i = 0; i < 3; i++)
		seat_wheel(&seat, at, 50, 0); /* down: REL_WHEEL is up */
	seat_wheel(&seat, at, 0, 240);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.n, 2);
	assert_int_equal(fake.all.events[0].code, REL_WHEEL);
	assert_int_equal(fake.all.events[0].value, -1);
	assert_int_equal(fake.all.events[1].code, REL_HWHEEL);
	assert_int_equal(fake.all.events[1].value, 2);
	/* 30 of 120 are left; lifting the finger forgets them */
	seat_wheel_end(&seat, at);
	seat_wheel(&seat, at, 100, 0);
	seat_flush(&seat, at);
	assert_int_equal(fake.all.n, 2);
}

static void
a_long_moment_is_several_records(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	for (uint32_t code = 1; code < BTN_MISC; code++)
		seat_key(&seat, at, code, 1);
	seat_flush(&seat, at);
	assert_int_equal(fake.n_syn, 5); /* 255 keys, 63 in each */
	seat_flush(&seat, at);
	assert_int_equal(fake.n_syn, 5);
}

static void
motion_is_added_up_while_there_is_no_room(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_POINTER, DEVICE_ADMITTED);
	fake.room = 0;
	for (int i = 0; i < 100; i++) {
		seat_move(&seat, at, 3, 0);
		seat_position(&seat, at, i, 2 * i);
		seat_wheel(&seat, at, 120, 0);
		seat_flush(&seat, at);
	}
	assert_true(seat.is_blocked);
	fake.room = 10;
	seat_pump(&seat);
	assert_false(seat.is_blocked);
	assert_int_equal(fake.n_gone, 0);
	assert_int_equal(fake.sum_x, 300);
	assert_int_equal(fake.all.n, 4); /* x, y, REL_X, REL_WHEEL */
	assert_int_equal(fake.all.events[0].value, 99);
	assert_int_equal(fake.all.events[1].value, 198);
	assert_int_equal(fake.all.events[3].value, -100);
}

static void
keys_wait_in_a_queue_and_clicks_stay_where_they_were_made(void **state)
{
	(void)state;
	begin();
	const uint32_t k = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t m = add(2, KIND_POINTER, DEVICE_ADMITTED);
	fake.room = 0;
	key(k, KEY_A, 1);
	seat_move(&seat, m, 5, 0);
	seat_flush(&seat, m);
	key(m, BTN_LEFT, 1);
	seat_move(&seat, m, 7, 0);
	seat_flush(&seat, m);
	key(k, KEY_A, 0);
	fake.room = 2;
	seat_pump(&seat);
	assert_true(seat.is_blocked);
	fake.room = 10;
	seat_pump(&seat);
	assert_false(seat.is_blocked);
	assert_int_equal(fake.n_gone, 0);
	static const int32_t wanted[][2] = {
	    {KEY_A, 1}, {REL_X, 5}, {BTN_LEFT, 1}, {KEY_A, 0}, {REL_X, 7}};
	assert_int_equal(fake.all.n, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(fake.all.events[i].code, wanted[i][0]);
		assert_int_equal(fake.all.events[i].value, wanted[i][1]);
	}
}

static void
a_lost_key_makes_its_device_come_anew(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t other = add(2, KIND_KEYBOARD, DEVICE_ADMITTED);
	key(at, KEY_A, 1);
	fake.room = 0;
	key(other, KEY_Z, 1); /* one of another device waits */
	for (uint32_t i = 0; i < SEAT_QUEUE; i++) {
		key(at, KEY_B, 1);
		key(at, KEY_B, 0);
	}
	assert_true(seat.slots[at].owes_gone);
	assert_false(seat.slots[other].owes_gone);
	fake.room = 2;
	seat_pump(&seat); /* room for Z and SEAT_GONE only */
	assert_true(seat.is_blocked);
	key(at, KEY_C, 1);
	fake.room = 10;
	seat_pump(&seat);
	assert_false(seat.is_blocked);
	assert_int_equal(fake.n_gone, 1);
	assert_int_equal(fake.n_device, 3);
	assert_int_equal(fake.order[4], SEAT_GONE);
	assert_int_equal(fake.order[5], SEAT_DEVICE);
	/* C is held, and counts as up until it is pressed anew */
	key(at, KEY_C, 0);
	assert_int_equal(fake.all.n, 2);
	key(at, KEY_C, 1);
	assert_int_equal(fake.all.n, 3);
}

static void
a_flood_loses_the_device_that_floods(void **state)
{
	(void)state;
	begin();
	const uint32_t flood = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	const uint32_t other = add(2, KIND_KEYBOARD, DEVICE_ADMITTED);
	fake.room = 0;
	key(other, KEY_Y, 1);
	/* the queue keeps one place for motion */
	for (uint32_t i = 0; i < SEAT_QUEUE - 2; i++)
		key(flood, KEY_B, i % 2 == 0);
	assert_int_equal(seat.queue.n, SEAT_QUEUE - 1);
	key(other, KEY_Z, 1);
	assert_true(seat.slots[flood].owes_gone);
	assert_false(seat.slots[other].owes_gone);
	fake.room = 10;
	seat_pump(&seat);
	assert_int_equal(fake.all.n, 2); /* Y and Z, and nothing of B */
	assert_int_equal(fake.all.events[0].code, KEY_Y);
	assert_int_equal(fake.all.events[1].code, KEY_Z);
	assert_int_equal(fake.n_gone, 1);
	assert_int_equal(fake.n_device, 3);
}

static void
a_vanished_device_waits_until_it_can_say_so(void **state)
{
	(void)state;
	begin();
	const uint32_t at = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	fake.room = 0;
	key(at, KEY_A, 1);
	seat_remove(&seat, at);
	assert_int_equal(seat.slots[at].use, SEAT_REMOVED);
	assert_int_equal(seat_find(&seat, 1), -ENOENT);
	/* new ones take other places meanwhile, and are told of later */
	const uint32_t next = add(2, KIND_KEYBOARD, DEVICE_ADMITTED);
	assert_true(next != at);
	fake.room = 10;
	seat_pump(&seat);
	assert_int_equal(fake.n_gone, 1);
	assert_int_equal(fake.n_device, 2);
	assert_int_equal(seat.slots[at].use, SEAT_FREE);
}

static void
a_device_that_nobody_heard_of_is_not_gone(void **state)
{
	(void)state;
	begin();
	fake.room = 0;
	const uint32_t at = add(1, KIND_KEYBOARD, DEVICE_ADMITTED);
	seat_remove(&seat, at);
	fake.room = 10;
	seat_pump(&seat);
	assert_int_equal(fake.n, 0);
}

static void
a_new_core_is_told_of_every_device(void **state)
{
	(void)state;
	begin();
	const uint32_t a = add(1, KIND_KEYBOARD, DEVICE_WAITING);
	const uint32_t b = add(2, KIND_POINTER, DEVICE_ADMITTED);
	seat_set_state(&seat, a, DEVICE_ADMITTED);
	key(a, KEY_A, 1);
	fake.error = -EPIPE;
	key(a, KEY_B, 1);
	assert_false(seat.has_core);
	seat_core(&seat, false);
	seat_remove(&seat, b); /* nobody to tell */
	assert_int_equal(seat.slots[b].use, SEAT_FREE);
	key(a, KEY_C, 1);
	fake = (struct fake){.room = 10};
	seat_core(&seat, true);
	assert_int_equal(fake.n_device, 1);
	assert_int_equal(fake.n, 1);
	assert_int_equal(seat.slots[a].record.state, DEVICE_ADMITTED);
	/* that core saw none of these pressed */
	key(a, KEY_A, 0);
	key(a, KEY_B, 0);
	assert_int_equal(fake.all.n, 0);
}

static void
the_table_is_bounded_and_numbers_are_unique(void **state)
{
	struct seat_device record = {.state = DEVICE_ADMITTED, .kinds = 1};

	(void)state;
	begin();
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		add(i, KIND_KEYBOARD, DEVICE_ADMITTED);
	record.device = 5;
	assert_int_equal(seat_add(&seat, &record), -EEXIST);
	record.device = 100;
	assert_int_equal(seat_add(&seat, &record), -EDQUOT);
	seat_remove(&seat, 3);
	assert_int_equal(seat_add(&seat, &record), 3);
}

/*
 * Whatever is pressed, lost, blocked and unplugged: to the core each key of
 * each device goes down and up in turn, and SEAT_GONE ends what was down.
 */
struct judge {
	uint32_t room;
	bool is_known[64];
	bool is_down[64][16];
	uint32_t n, n_lost;
};

static int
judge_send(void *data, const uint8_t *bytes, uint32_t len)
{
	struct judge *j = data;
	struct seat_device device;
	struct seat_events events;
	struct seat_gone gone;
	struct rd rd;
	uint32_t op;

	if (j->room == 0)
		return -EAGAIN;
	j->room--;
	j->n++;
	assert_int_equal(control_open(bytes, len, 0, &op, &rd), 0);
	if (op == SEAT_DEVICE) {
		assert_int_equal(decode_seat_device(&rd, &device), 0);
		assert_false(j->is_known[device.device % 64]);
		j->is_known[device.device % 64] = true;
	} else if (op == SEAT_GONE) {
		assert_int_equal(decode_seat_gone(&rd, &gone), 0);
		assert_true(j->is_known[gone.device % 64]);
		j->is_known[gone.device % 64] = false;
		memset(j->is_down[gone.device % 64], 0, 16);
	} else {
		assert_int_equal(decode_seat_events(&rd, &events), 0);
		const uint32_t d = events.device % 64;
		assert_true(j->is_known[d]);
		for (uint32_t i = 0; i + 1 < events.input.n; i++) {
			const struct input_event_wire *e =
			    &events.input.events[i];
			assert_int_equal(e->type, EV_KEY);
			assert_int_equal(
			    j->is_down[d][e->code % 16], !e->value);
			j->is_down[d][e->code % 16] = e->value;
		}
	}
	return 0;
}

static uint32_t
lost(void)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < TDS_MAX_DEVICES; at++)
		n += seat.slots[at].use == SEAT_USED &&
		     seat.slots[at].owes_gone;
	return n;
}

static void
random_step(uint64_t *seed, struct judge *j, uint32_t *number)
{
	const uint32_t at = (uint32_t)(unit_random(seed) % 4);
	const uint32_t what = (uint32_t)(unit_random(seed) % 100);

	if (seat.slots[at].use == SEAT_USED && what < 80) {
		seat_key(&seat, at, 1 + (uint32_t)(unit_random(seed) % 15),
		    (int32_t)(unit_random(seed) % 3));
		const uint32_t n_lost = lost();
		if (what < 50)
			seat_flush(&seat, at);
		j->n_lost += lost() > n_lost;
	} else if (seat.slots[at].use == SEAT_USED && what < 81) {
		seat_remove(&seat, at);
	} else if (what < 90) {
		seat_pump(&seat);
	} else if (what < 92) {
		j->room = unit_random(seed) % 6 == 0
			      ? (uint32_t)(unit_random(seed) % 100)
			      : 0;
	} else if (seat.slots[at].use == SEAT_FREE) {
		const struct seat_device record = {.device = ++*number,
		    .state = DEVICE_ADMITTED,
		    .kinds = KIND_KEYBOARD};
		assert_true(seat_add(&seat, &record) >= 0);
	}
}

static void
the_core_never_sees_a_key_twice_whatever_is_lost(void **state)
{
	static struct judge j;
	uint64_t seed = 0x5ea7;
	uint32_t number = 0;

	(void)state;
	seat_init(&seat, judge_send, &j);
	seat_core(&seat, true);
	for (int i = 0; i < 200000; i++)
		random_step(&seed, &j, &number);
	assert_true(j.n > 10000 && number > 1000 && j.n_lost > 20);
	/* with room again, everything is said */
	j.room = UINT32_MAX;
	seat_pump(&seat);
	assert_false(seat.is_blocked);
	for (uint32_t at = 0; at < TDS_MAX_DEVICES; at++)
		if (seat.slots[at].use == SEAT_USED)
			seat_remove(&seat, at);
	for (uint32_t d = 0; d < 64; d++)
		assert_false(j.is_known[d]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keyboards_are_what_types_or_has_keys_alone),
	    cmocka_unit_test(mice_may_be_keyboards_only_if_they_can_type),
	    cmocka_unit_test(absolute_devices_are_told_apart),
	    cmocka_unit_test(a_touchscreen_may_have_slots_alone),
	    cmocka_unit_test(what_tds_has_no_use_for_is_nothing),
	    cmocka_unit_test(absurd_ranges_never_reach_libinput),
	    cmocka_unit_test(who_reads_depends_on_kind_and_state),
	    cmocka_unit_test(the_hash_covers_every_capability),
	    cmocka_unit_test(text_is_cut_and_printable),
	    cmocka_unit_test(a_key_goes_down_and_up_once),
	    cmocka_unit_test(codes_are_filtered_by_kind),
	    cmocka_unit_test(who_waits_types_and_who_is_refused_is_silent),
	    cmocka_unit_test(parts_of_a_pixel_are_kept),
	    cmocka_unit_test(numbers_of_no_world_do_nothing),
	    cmocka_unit_test(fingers_come_down_once_and_lift_once),
	    cmocka_unit_test(
		fingers_lift_when_the_state_changes_and_are_not_lost_without_room),
	    cmocka_unit_test(wheels_turn_in_clicks),
	    cmocka_unit_test(a_long_moment_is_several_records),
	    cmocka_unit_test(motion_is_added_up_while_there_is_no_room),
	    cmocka_unit_test(
		keys_wait_in_a_queue_and_clicks_stay_where_they_were_made),
	    cmocka_unit_test(a_lost_key_makes_its_device_come_anew),
	    cmocka_unit_test(a_flood_loses_the_device_that_floods),
	    cmocka_unit_test(a_vanished_device_waits_until_it_can_say_so),
	    cmocka_unit_test(a_device_that_nobody_heard_of_is_not_gone),
	    cmocka_unit_test(a_new_core_is_told_of_every_device),
	    cmocka_unit_test(the_table_is_bounded_and_numbers_are_unique),
	    cmocka_unit_test(the_core_never_sees_a_key_twice_whatever_is_lost),
	};

	return cmocka_run_group_tests_name("seat", tests, NULL, NULL);
}
