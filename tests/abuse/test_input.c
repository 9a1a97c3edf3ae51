/* virtio-input: what stock Linux asks and does, and what a hostile one does. */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <linux/virtio_input.h>
#include <poll.h>
#include <string.h>

#include "tests/abuse/world.h"

enum { IMAGE = 136, BUFFERS = 64, EVENT_BYTES = 8 };

struct event {
	uint16_t type, code;
	int32_t value;
};

/* ------------------------------------------------------------------------ */

/* As QEMU relays the guest's two byte writes and its reads. */
static int
query(struct dev *dev, uint8_t select, uint8_t subsel,
    struct virtio_input_config *out)
{
	uint8_t image[IMAGE];
	int err = vu_get_config(dev, 0, IMAGE, image);

	for (uint32_t i = 0; err == 0 && i < 2; i++) {
		image[i] = i == 0 ? select : subsel;
		err = vu_set_config(dev, 0, IMAGE, image);
	}
	if (err == 0)
		err = vu_get_config(dev, 0, IMAGE, (uint8_t *)out);
	return err;
}

static bool
has_bit(const struct virtio_input_config *c, uint32_t bit)
{
	return bit / 8 < c->size && (c->u.bitmap[bit / 8] >> bit % 8 & 1) != 0;
}

/* Give the guest's event queue 64 buffers, one descriptor each. */
static void
fill_event_queue(struct vm *vm, enum host_socket which)
{
	struct vq *q = &vm->dev[which].q[0];
	const uint32_t at = vm_alloc_a(vm, BUFFERS * EVENT_BYTES);

	for (uint16_t i = 0; i < BUFFERS; i++) {
		const struct piece piece = {
		    at + (uint32_t)i * EVENT_BYTES, EVENT_BYTES, true};

		vq_chain(q, i, &piece, 1);
		vq_offer(q, i);
	}
	vq_kick(q);
}

/* The next event; its buffer goes back at once. */
static struct event
next_event(struct vm *vm, enum host_socket which)
{
	struct vq *q = &vm->dev[which].q[0];
	struct vring_used_elem elem;
	struct event event;

	const int err = vq_wait_used(q, &elem);
	if (err < 0)
		fail_msg("no event: %s; log:\n%s", strerror(-err),
		    vm->host->child.log);
	assert_true(elem.id < BUFFERS);
	assert_int_equal(elem.len, EVENT_BYTES);
	const uint64_t gpa = vq_desc(q, (uint16_t)elem.id)->addr;
	assert_true(gpa < VM_A_BYTES);
	memcpy(&event, vm->mem + gpa, sizeof(event));
	vq_offer(q, (uint16_t)elem.id);
	vq_kick(q);
	return event;
}

static void
expect_event(struct vm *vm, enum host_socket which, uint16_t type,
    uint16_t code, int32_t value)
{
	const struct event e = next_event(vm, which);

	assert_int_equal(e.type, type);
	assert_int_equal(e.code, code);
	assert_int_equal(e.value, value);
}

/* ------------------------------------------------------------------------ */
/* well-behaved								     */

static void
keyboard_describes_itself_as_linux_wants_it(void **state)
{
	struct world *w = *state;
	struct dev *dev = &w->vm.dev[SOCKET_KEYBOARD];
	struct virtio_input_config c;

	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_ID_NAME, 0, &c), 0);
	assert_in_range(c.size, 1, 128);
	assert_int_equal(c.select, VIRTIO_INPUT_CFG_ID_NAME);
	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_ID_DEVIDS, 0, &c), 0);
	assert_int_equal(c.size, 8);
	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, &c), 0);
	assert_true(has_bit(&c, KEY_A) && has_bit(&c, KEY_ENTER) &&
		    has_bit(&c, KEY_LEFTCTRL) && has_bit(&c, KEY_DELETE));
	assert_false(has_bit(&c, BTN_LEFT));
	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_EV_BITS, EV_LED, &c), 0);
	assert_true(has_bit(&c, LED_NUML) && has_bit(&c, LED_CAPSL) &&
		    has_bit(&c, LED_SCROLLL));
	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_EV_BITS, EV_REP, &c), 0);
	assert_true(c.size > 0);
	assert_int_equal(query(dev, VIRTIO_INPUT_CFG_EV_BITS, EV_ABS, &c), 0);
	assert_int_equal(c.size, 0);
}

static void
tablet_and_mouse_describe_their_axes_and_buttons(void **state)
{
	struct world *w = *state;
	struct dev *tablet = &w->vm.dev[SOCKET_TABLET];
	struct dev *mouse = &w->vm.dev[SOCKET_MOUSE];
	struct virtio_input_config c;

	for (uint8_t axis = 0; axis < 2; axis++) {
		assert_int_equal(
		    query(tablet, VIRTIO_INPUT_CFG_ABS_INFO, axis, &c), 0);
		assert_int_equal(c.size, 20);
		assert_int_equal(c.u.abs.min, 0);
		assert_true(c.u.abs.max > 0);
	}
	assert_int_equal(
	    query(tablet, VIRTIO_INPUT_CFG_EV_BITS, EV_ABS, &c), 0);
	assert_true(has_bit(&c, ABS_X) && has_bit(&c, ABS_Y));
	assert_int_equal(
	    query(tablet, VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, &c), 0);
	assert_true(has_bit(&c, BTN_LEFT) || has_bit(&c, BTN_TOUCH));
	assert_int_equal(query(mouse, VIRTIO_INPUT_CFG_EV_BITS, EV_REL, &c), 0);
	assert_true(
	    has_bit(&c, REL_X) && has_bit(&c, REL_Y) && has_bit(&c, REL_WHEEL));
	assert_int_equal(query(mouse, VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, &c), 0);
	assert_true(has_bit(&c, BTN_LEFT) && has_bit(&c, BTN_RIGHT));
}

static void
every_selection_is_answered_and_unknown_ones_with_nothing(void **state)
{
	struct world *w = *state;
	static const uint8_t known[] = {1, 2, 3, 0x10, 0x11, 0x12};
	struct virtio_input_config c;

	for (uint32_t which = SOCKET_KEYBOARD; which < SOCKET_COUNT; which++)
		for (uint32_t select = 0; select < 256; select++) {
			struct dev *dev = &w->vm.dev[which];
			bool is_known = false;

			for (size_t i = 0; i < sizeof(known); i++)
				is_known |= known[i] == select;
			for (uint32_t sub = 0; sub < 256; sub += 5) {
				assert_int_equal(query(dev, (uint8_t)select,
						     (uint8_t)sub, &c),
				    0);
				assert_true(c.size <= 128);
				if (!is_known)
					assert_int_equal(c.size, 0);
				/* nothing of it is uninitialised */
				for (uint32_t k = c.size; k < 128; k++)
					assert_int_equal(c.u.bitmap[k], 0);
			}
			if (select == 8)
				select = 0x0f;
			else if (select == 0x20)
				select = 0xf8;
		}
}

static void
keys_arrive_in_order_with_their_end_of_group(void **state)
{
	struct world *w = *state;

	fill_event_queue(&w->vm, SOCKET_KEYBOARD);
	for (uint16_t code = KEY_1; code < KEY_1 + 200; code++) {
		const uint16_t key = (uint16_t)(KEY_1 + code % 50);

		for (int32_t down = 1; down >= 0; down--) {
			host_input(
			    &w->host, DEVICE_KEYBOARD, EV_KEY, key, down);
			host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
			expect_event(
			    &w->vm, SOCKET_KEYBOARD, EV_KEY, key, down);
			expect_event(&w->vm, SOCKET_KEYBOARD, EV_SYN, 0, 0);
		}
	}
}

static void
each_device_gets_its_own_events_only(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;

	for (uint32_t i = SOCKET_KEYBOARD; i < SOCKET_COUNT; i++)
		fill_event_queue(vm, (enum host_socket)i);
	host_input(&w->host, DEVICE_MOUSE, EV_REL, REL_X, -5);
	host_input(&w->host, DEVICE_MOUSE, EV_REL, REL_Y, 7);
	host_input(&w->host, DEVICE_MOUSE, EV_SYN, 0, 0);
	expect_event(vm, SOCKET_MOUSE, EV_REL, REL_X, -5);
	expect_event(vm, SOCKET_MOUSE, EV_REL, REL_Y, 7);
	expect_event(vm, SOCKET_MOUSE, EV_SYN, 0, 0);
	host_input(&w->host, DEVICE_TABLET, EV_KEY, BTN_LEFT, 1);
	host_input(&w->host, DEVICE_TABLET, EV_SYN, 0, 0);
	expect_event(vm, SOCKET_TABLET, EV_KEY, BTN_LEFT, 1);
	expect_event(vm, SOCKET_TABLET, EV_SYN, 0, 0);
	assert_false(vq_has_used(&vm->dev[SOCKET_KEYBOARD].q[0]));
	assert_false(vq_has_used(&vm->dev[SOCKET_MOUSE].q[0]));
}

static void
tablet_position_spans_the_axis_that_was_announced(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	struct virtio_input_config c;

	assert_int_equal(query(&vm->dev[SOCKET_TABLET],
			     VIRTIO_INPUT_CFG_ABS_INFO, ABS_X, &c),
	    0);
	const int32_t max = (int32_t)c.u.abs.max;
	fill_event_queue(vm, SOCKET_TABLET);
	/* pixels of the first scanout; the guest lays its tablet over all of
	 * its desktop: the screen of 320 beside the second one */
	const int32_t desktop = 320 + WORLD_WIDTH;
	for (int32_t x = 0; x < 320; x += 29) {
		host_input(&w->host, DEVICE_TABLET, EV_ABS, ABS_X, x);
		host_input(&w->host, DEVICE_TABLET, EV_ABS, ABS_Y, 10);
		host_input(&w->host, DEVICE_TABLET, EV_SYN, 0, 0);
		const struct event e = next_event(vm, SOCKET_TABLET);
		assert_int_equal(e.type, EV_ABS);
		assert_int_equal(e.code, ABS_X);
		/* scaled so that the guest finds the same pixel again:
		 * it computes value * width / (max + 1) or / max */
		const int64_t back = (int64_t)e.value * desktop / (max + 1);
		assert_in_range(back + 1, x, x + 2);
		(void)next_event(vm, SOCKET_TABLET);
		expect_event(vm, SOCKET_TABLET, EV_SYN, 0, 0);
	}
}

/* One LED write as Linux does it: a buffer on the status queue. */
static void
write_status(struct vm *vm, uint16_t type, uint16_t code, int32_t value)
{
	struct vq *q = &vm->dev[SOCKET_KEYBOARD].q[1];
	const uint32_t at = VM_A_BYTES - 16;
	const struct event event = {type, code, value};
	const struct piece piece = {at, EVENT_BYTES, false};
	uint32_t used;

	memcpy(vm->mem + at, &event, sizeof(event));
	assert_int_equal(vq_call(q, &piece, 1, &used), 0);
	assert_int_equal(used, 0);
}

static void
lock_lights_reach_the_core(void **state)
{
	struct world *w = *state;
	struct up_record up;

	write_status(&w->vm, EV_LED, LED_CAPSL, 1);
	do
		host_expect_up(&w->host, UP_LEDS, &up);
	while (up.bytes[1] != 2);
	write_status(&w->vm, EV_LED, LED_NUML, 1);
	do
		host_expect_up(&w->host, UP_LEDS, &up);
	while (up.bytes[1] != 3);
	write_status(&w->vm, EV_LED, LED_CAPSL, 0);
	do
		host_expect_up(&w->host, UP_LEDS, &up);
	while (up.bytes[1] != 1);
}

/* ------------------------------------------------------------------------ */
/* hostile								     */

static void
nonsense_on_the_status_queue_is_given_back_and_bounded(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;

	host_skip_ups(&w->host);
	for (uint32_t type = 0; type < 0x20; type++)
		for (uint32_t code = 0; code < 0x20; code++)
			write_status(vm, (uint16_t)type, (uint16_t)code,
			    (int32_t)0x80000000);
	write_status(vm, EV_LED, 0xffff, 1);
	/* flickering lights cannot flood the core: state, not history */
	for (uint32_t i = 0; i < 20000; i++)
		write_status(vm, EV_LED, LED_CAPSL, (int32_t)(i & 1));
	assert_true(w->host.n_ups <= 20000 + 1100);
	for (uint32_t i = 0; i < w->host.n_ups; i++) {
		struct wire_value wire;
		uint8_t mask;

		if (w->host.ups[i].bytes[0] != UP_LEDS)
			continue;
		assert_int_equal(
		    decode_value(w->host.ups[i].bytes, 32, &wire), 0);
		assert_int_equal(check_leds(&wire, &mask), 0);
	}
	world_expect_alive(w);
}

static void
status_buffers_of_a_wrong_length_are_given_back_or_drop_the_vm(void **state)
{
	struct world *w = *state;

	for (uint32_t len = 1; len < 32; len++) {
		if (w->host.child.has_ended || len % 8 == 1)
			world_renew(w);
		assert_int_equal(world_realize(w, SOCKET_KEYBOARD), 0);
		struct dev *dev = &w->vm.dev[SOCKET_KEYBOARD];
		assert_int_equal(dev_start(dev), 0);
		const struct piece piece = {VM_A_BYTES - 64, len, len % 2 == 0};
		const size_t log = w->host.child.log_len;
		uint32_t used;

		if (vq_call(&dev->q[1], &piece, 1, &used) < 0)
			world_expect_drop(w, dev, log, "");
	}
}

static void
event_buffers_that_are_too_small_or_read_only_are_survived(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	struct vq *q = &vm->dev[SOCKET_KEYBOARD].q[0];
	const uint32_t at = vm_alloc_a(vm, 4096);
	const size_t log = w->host.child.log_len;

	for (uint16_t i = 0; i < BUFFERS; i++) {
		const struct piece piece = {
		    at + i * 16u, i % 9u + 1, i % 3 != 0};

		vq_chain(q, i, &piece, 1);
		vq_offer(q, i);
	}
	vq_kick(q);
	memset(vm->mem + at, 0x5a, 4096);
	for (uint32_t i = 0; i < 200; i++) {
		host_input(
		    &w->host, DEVICE_KEYBOARD, EV_KEY, KEY_A, (int32_t)(i & 1));
		host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	}
	/* answered or dropped; nothing outside the buffers was written */
	if (dev_sync(&vm->dev[SOCKET_KEYBOARD]) < 0)
		(void)host_expect_log(&w->host, log, "");
	for (uint32_t i = 0; i < BUFFERS; i++) {
		const uint32_t len = i % 3 != 0 ? i % 9 + 1 : 0;

		for (uint32_t k = len; k < 16; k++)
			assert_int_equal(vm->mem[at + i * 16 + k], 0x5a);
	}
	world_check_log(&w->host);
	assert_false(w->host.child.has_ended);
}

/* The state of one key after a stream of events. */
static int
key_state(const struct event *events, uint32_t n, uint16_t code)
{
	int down = 0;

	for (uint32_t i = 0; i < n; i++)
		if (events[i].type == EV_KEY && events[i].code == code)
			down = events[i].value != 0;
	return down;
}

static void
guest_that_takes_no_events_for_64000_is_bounded_and_ends_with_keys_up(
    void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	static struct event events[70000];
	uint32_t n = 0;

	/* it saw KEY_B go down before it stopped giving buffers */
	fill_event_queue(vm, SOCKET_KEYBOARD);
	host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_B, 1);
	host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	expect_event(vm, SOCKET_KEYBOARD, EV_KEY, KEY_B, 1);
	expect_event(vm, SOCKET_KEYBOARD, EV_SYN, 0, 0);
	const uint64_t rss = proc_rss_kb(w->host.child.pid);

	for (uint32_t i = 0; i < 32000; i++) {
		host_input(&w->host, DEVICE_KEYBOARD, EV_KEY,
		    (uint16_t)(KEY_1 + i / 2 % 40), (int32_t)(1 - i % 2));
		host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	}
	host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_B, 0);
	host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	/* other devices were served in between, nothing was kept */
	assert_int_equal(dev_sync(&vm->dev[SOCKET_GPU]), 0);
	assert_in_range(proc_rss_kb(w->host.child.pid), 0, rss + 256);

	/* at last it takes what there is, and one more key */
	const int64_t deadline = now_ms() + HOST_DEADLINE_MS;
	int32_t value = 1;
	while (key_state(events, n, KEY_Z) == 0) {
		assert_true(now_ms() < deadline && n < 69000);
		host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_Z, value);
		host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
		value = 1 - value;
		(void)host_turn(
		    &w->host, vm->dev[SOCKET_KEYBOARD].q[0].call, POLLIN, 50);
		while (vq_has_used(&vm->dev[SOCKET_KEYBOARD].q[0]))
			events[n++] = next_event(vm, SOCKET_KEYBOARD);
	}
	assert_int_equal(key_state(events, n, KEY_B), 0);
	for (uint16_t code = KEY_1; code < KEY_1 + 40; code++)
		assert_int_equal(key_state(events, n, code), 0);
	world_expect_alive(w);
}

static void
lost_record_releases_what_the_guest_saw_pressed(void **state)
{
	struct world *w = *state;
	struct vm *vm = &w->vm;
	const struct down lost = {.op = DOWN_LOST};

	fill_event_queue(vm, SOCKET_KEYBOARD);
	host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_A, 1);
	host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_LEFTSHIFT, 1);
	host_input(&w->host, DEVICE_KEYBOARD, EV_SYN, 0, 0);
	for (uint32_t i = 0; i < 4; i++)
		(void)next_event(vm, SOCKET_KEYBOARD);
	host_put_down(&w->host, &lost);
	uint32_t releases = 0;
	while (releases < 2) {
		const struct event e = next_event(vm, SOCKET_KEYBOARD);

		if (e.type == EV_SYN)
			continue;
		assert_int_equal(e.type, EV_KEY);
		assert_true(e.code == KEY_A || e.code == KEY_LEFTSHIFT);
		assert_int_equal(e.value, 0);
		releases++;
	}
	expect_event(vm, SOCKET_KEYBOARD, EV_SYN, 0, 0);
	assert_false(vq_has_used(&vm->dev[SOCKET_KEYBOARD].q[0]));
}

static void
input_before_the_driver_is_ready_is_forgotten(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 0; i < 2000; i++)
		host_input(
		    &w->host, (enum input_device)(i % 3), EV_KEY, KEY_A, 1);
	assert_int_equal(world_realize(w, SOCKET_KEYBOARD), 0);
	for (uint32_t i = 0; i < 2000; i++)
		host_input(&w->host, DEVICE_KEYBOARD, EV_KEY, KEY_A, 1);
	assert_int_equal(dev_start(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	assert_int_equal(dev_sync(&w->vm.dev[SOCKET_KEYBOARD]), 0);
	assert_false(w->host.child.has_ended);
}

static const struct CMUnitTest tests[] = {
    world_test_vm(keyboard_describes_itself_as_linux_wants_it),
    world_test_vm(tablet_and_mouse_describe_their_axes_and_buttons),
    world_test_vm(every_selection_is_answered_and_unknown_ones_with_nothing),
    world_test_vm(keys_arrive_in_order_with_their_end_of_group),
    world_test_vm(each_device_gets_its_own_events_only),
    world_test_vm(tablet_position_spans_the_axis_that_was_announced),
    world_test_vm(lock_lights_reach_the_core),
    world_test_vm(nonsense_on_the_status_queue_is_given_back_and_bounded),
    world_test(status_buffers_of_a_wrong_length_are_given_back_or_drop_the_vm),
    world_test_vm(event_buffers_that_are_too_small_or_read_only_are_survived),
    world_test_vm(
	guest_that_takes_no_events_for_64000_is_bounded_and_ends_with_keys_up),
    world_test_vm(lost_record_releases_what_the_guest_saw_pressed),
    world_test(input_before_the_driver_is_ready_is_forgotten),
};

WORLD_MAIN(tests)
