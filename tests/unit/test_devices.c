/* What tdsd believes of the kernel's messages, and how it numbers devices. */
#include "tds/super/devices.h"
#include "tds/super/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct uevent_sender kernel = {
    .port = 0, .has_credentials = true, .uid = 0};

static const char added[] =
    "add@/devices/pci0000:00/0000:00:04.0/virtio1/input/input7/event3\0"
    "ACTION=add\0"
    "DEVPATH=/devices/pci0000:00/0000:00:04.0/virtio1/input/input7/event3\0"
    "SUBSYSTEM=input\0MAJOR=13\0MINOR=67\0DEVNAME=input/event3\0SEQNUM=1234";

static const char screen[] =
    "change@/devices/pci0000:00/0000:00:02.0/drm/card0\0ACTION=change\0"
    "DEVPATH=/devices/pci0000:00/0000:00:02.0/drm/card0\0SUBSYSTEM=drm\0"
    "HOTPLUG=1\0MAJOR=226\0MINOR=0\0DEVNAME=dri/card0\0DEVTYPE=drm_minor\0"
    "SEQNUM=2001";

/* From the kernel; the NUL of the literal is the last byte. */
#define KIND_OF(text) uevent_parse(&kernel, text, sizeof(text)).kind

static void
what_the_kernel_says_is_understood(void **state)
{
	(void)state;
	const struct uevent e = uevent_parse(&kernel, added, sizeof(added));
	assert_int_equal(e.kind, UEVENT_ADD);
	assert_int_equal(e.event, 3);
	assert_int_equal(KIND_OF(screen), UEVENT_SCREEN);
	static const char removed[] =
	    "remove@/x\0ACTION=remove\0"
	    "SUBSYSTEM=input\0DEVNAME=input/event65535";
	const struct uevent r = uevent_parse(&kernel, removed, sizeof(removed));
	assert_int_equal(r.kind, UEVENT_REMOVE);
	assert_int_equal(r.event, 65535);
}

static void
nobody_but_the_kernel_is_believed(void **state)
{
	static const struct uevent_sender others[] = {
	    {.port = 1, .has_credentials = true, .uid = 0},
	    {.port = UINT32_MAX, .has_credentials = true, .uid = 0},
	    {.port = 0, .has_credentials = false, .uid = 0},
	    {.port = 0, .has_credentials = true, .uid = 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(
		    uevent_parse(&others[i], added, sizeof(added)).kind,
		    UEVENT_OTHER);
		assert_int_equal(
		    uevent_parse(&others[i], screen, sizeof(screen)).kind,
		    UEVENT_OTHER);
	}
}

static void
what_is_not_for_us_is_nothing(void **state)
{
	(void)state;
#define INPUT(action, name)                                                    \
	"x@/x\0ACTION=" action "\0SUBSYSTEM=input\0DEVNAME=" name
	assert_int_equal(KIND_OF(INPUT("add", "input/event0")), UEVENT_ADD);
	assert_int_equal(KIND_OF(INPUT("change", "input/event0")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/mouse0")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event00")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event-1")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event1/../2")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event65536")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "input/event99999999999")), 0);
	assert_int_equal(KIND_OF(INPUT("add", "dri/card0")), 0);
	assert_int_equal(KIND_OF("add@/x\0ACTION=add\0SUBSYSTEM=input"), 0);
	assert_int_equal(
	    KIND_OF("add@/x\0ACTION=add\0DEVNAME=input/event1"), 0);
	assert_int_equal(
	    KIND_OF("x@/x\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=0"), 0);
	assert_int_equal(KIND_OF("x@/x\0ACTION=change\0SUBSYSTEM=drm"), 0);
	assert_int_equal(
	    KIND_OF("x@/x\0ACTION=add\0SUBSYSTEM=drm\0HOTPLUG=1"), 0);
	/* udev's own */
	assert_int_equal(KIND_OF("libudev\0ACTION=add\0SUBSYSTEM=input\0"
				 "DEVNAME=input/event1"),
	    0);
	/* which of the two would count? */
	assert_int_equal(
	    KIND_OF(INPUT("add", "input/event1") "\0ACTION=add"), 0);
	assert_int_equal(
	    KIND_OF(INPUT("add", "input/event1") "\0DEVNAME=input/event2"), 0);
#undef INPUT
}

/* Each prefix in memory of exactly that size: the sanitizer sees one more. */
static void
a_message_cut_at_any_byte_is_not_misread(void **state)
{
	uint32_t understood = 0;

	(void)state;
	for (size_t len = 0; len <= sizeof(added); len++) {
		char *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, added, len);
		const struct uevent e = uevent_parse(&kernel, copy, len);
		if (e.kind != UEVENT_OTHER) {
			assert_int_equal(e.kind, UEVENT_ADD);
			assert_int_equal(e.event, 3);
			understood++;
		}
		free(copy);
	}
	/* whole, and without the part after DEVNAME that we do not need */
	assert_int_equal(understood, 2);
}

static void
bytes_without_an_end_or_without_measure_are_nothing(void **state)
{
	static char huge[UEVENT_BYTES + 1];

	(void)state;
	memset(huge, 'a', sizeof(huge));
	assert_int_equal(uevent_parse(&kernel, huge, UEVENT_BYTES).kind, 0);
	memcpy(huge, added, sizeof(added));
	huge[sizeof(huge) - 1] = 0;
	assert_int_equal(uevent_parse(&kernel, huge, sizeof(huge)).kind, 0);
	huge[UEVENT_BYTES - 1] = 0;
	assert_int_equal(
	    uevent_parse(&kernel, huge, UEVENT_BYTES).kind, UEVENT_ADD);
	memset(huge, 0, sizeof(huge));
	assert_int_equal(uevent_parse(&kernel, huge, UEVENT_BYTES).kind, 0);
}

static void
any_bytes_are_read_without_harm(void **state)
{
	(void)state;
	srandom(3);
	for (int i = 0; i < 100000; i++) {
		char *copy = malloc(sizeof(added));
		assert_non_null(copy);
		memcpy(copy, added, sizeof(added));
		for (int n = 0; n < 4; n++)
			copy[(size_t)random() % sizeof(added)] =
			    (char)(n & 1 ? random() : 0);
		const struct uevent e =
		    uevent_parse(&kernel, copy, sizeof(added));
		assert_in_range(e.kind, UEVENT_OTHER, UEVENT_SCREEN);
		assert_in_range(e.event, 0, UEVENT_MAX_EVENT);
		free(copy);
	}
}

static void
a_real_socket_refuses_what_user_space_sends(void **state)
{
	const struct sockaddr_nl group = {
	    .nl_family = AF_NETLINK, .nl_groups = 1};
	struct uevent e = {.kind = UEVENT_ADD};
	const int ours = uevent_open();
	const int theirs = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);

	(void)state;
	assert_true(ours >= 0);
	assert_true(theirs >= 0);
	/* Only root may; for others the kernel refuses, which is as good. */
	const ssize_t n = sendto(theirs, added, sizeof(added), 0,
	    (const struct sockaddr *)&group, sizeof(group));
	assert_true(n == (ssize_t)sizeof(added) || errno == EPERM ||
		    errno == ECONNREFUSED);
	int err;
	while ((err = uevent_receive(ours, &e)) == 0)
		assert_false(e.kind == UEVENT_ADD && e.event == 3);
	assert_int_equal(err, -EAGAIN);
	close(ours);
	close(theirs);
}

/* ---------------------------------------------------------------- the table */

static struct devices devices;

static struct device_change
see(uint32_t event, uint64_t node)
{
	return devices_see(&devices, event, node, DEVICE_WAITING);
}

static void
a_device_is_told_once_and_a_number_is_never_used_again(void **state)
{
	(void)state;
	devices_init(&devices);
	struct device_change c = see(3, 100);
	assert_int_equal(c.closed, TDS_NONE);
	assert_int_equal(c.opened->number, 1);
	assert_int_equal(c.opened->state, DEVICE_WAITING);
	c = see(3, 100);
	assert_null(c.opened);
	assert_int_equal(c.closed, TDS_NONE);
	assert_int_equal(devices_lose(&devices, 3), 1);
	assert_int_equal(devices_lose(&devices, 3), TDS_NONE);
	assert_null(devices_find(&devices, 1));
	assert_int_equal(see(3, 100).opened->number, 2);
}

static void
another_node_in_its_place_is_a_new_device_that_waits(void **state)
{
	(void)state;
	devices_init(&devices);
	const struct device_change first =
	    devices_see(&devices, 5, 100, DEVICE_ADMITTED);
	assert_int_equal(first.opened->state, DEVICE_ADMITTED);
	const struct device_change c = see(5, 101);
	assert_int_equal(c.closed, 1);
	assert_int_equal(c.opened->number, 2);
	assert_int_equal(c.opened->state, DEVICE_WAITING);
}

static void
one_device_too_many_is_refused_and_room_is_used_again(void **state)
{
	(void)state;
	devices_init(&devices);
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		assert_non_null(see(i, i).opened);
	struct device_change c = see(1000, 1);
	assert_true(c.is_full);
	assert_null(c.opened);
	assert_int_equal(devices_lose(&devices, 7), 8);
	c = see(1000, 1);
	assert_int_equal(c.opened->number, TDS_MAX_DEVICES + 1);
	assert_ptr_equal(devices_find(&devices, TDS_MAX_DEVICES + 1), c.opened);
	assert_null(devices_find(&devices, TDS_NONE));
}

static void
numbers_end_and_do_not_begin_anew(void **state)
{
	(void)state;
	devices_init(&devices);
	devices.next_number = TDS_NONE - 1;
	assert_int_equal(see(1, 1).opened->number, TDS_NONE - 1);
	assert_int_equal(devices_lose(&devices, 1), TDS_NONE - 1);
	assert_true(see(1, 2).is_full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_kernel_says_is_understood),
	    cmocka_unit_test(nobody_but_the_kernel_is_believed),
	    cmocka_unit_test(what_is_not_for_us_is_nothing),
	    cmocka_unit_test(a_message_cut_at_any_byte_is_not_misread),
	    cmocka_unit_test(
		bytes_without_an_end_or_without_measure_are_nothing),
	    cmocka_unit_test(any_bytes_are_read_without_harm),
	    cmocka_unit_test(a_real_socket_refuses_what_user_space_sends),
	    cmocka_unit_test(
		a_device_is_told_once_and_a_number_is_never_used_again),
	    cmocka_unit_test(
		another_node_in_its_place_is_a_new_device_that_waits),
	    cmocka_unit_test(
		one_device_too_many_is_refused_and_room_is_used_again),
	    cmocka_unit_test(numbers_end_and_do_not_begin_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
