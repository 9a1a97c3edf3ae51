/*
 * Control records: the table of messages, and each record's limits. Every
 * record is also sent through the fuzz target, which compares
 * encode(decode(x)) with x.
 */
#include "tests/unit/unit.h"

#include "protocol/control.h"

#include <errno.h>
#include <string.h>

static uint8_t buffer[CONTROL_MAX_BYTES];

/* As a receiver does it: the table first, then rd at the payload. */
static struct rd
opened(int len, uint32_t fds, uint32_t want)
{
	struct rd rd;
	uint32_t op = 0;

	assert_true(len >= 4);
	assert_int_equal(
	    control_open(buffer, (uint32_t)len, fds, &op, &rd), 0);
	assert_int_equal(op, want);
	return rd;
}

static void
every_message_has_exactly_its_length_and_descriptors(void **state)
{
	struct rd rd;
	uint32_t op;

	(void)state;
#define X(name, number, size, fds)                                             \
	do {                                                                   \
		const uint32_t len = (size) + 4;                               \
		memset(buffer, 0, sizeof(buffer));                             \
		buffer[0] = (number);                                          \
		assert_int_equal(                                              \
		    control_open(buffer, len, (fds), &op, &rd), 0);            \
		assert_int_equal(op, name);                                    \
		assert_string_equal(control_name(op), #name);                  \
		assert_int_equal(rd.off, 4);                                   \
		assert_int_equal(rd.len - rd.off, (size));                     \
		assert_int_equal(control_open(buffer, len - 1, (fds), &op,     \
				     &rd), -EBADMSG);                          \
		assert_int_equal(control_open(buffer, len + 1, (fds), &op,     \
				     &rd), -EBADMSG);                          \
		assert_int_equal(control_open(buffer, len, (fds) + 1, &op,     \
				     &rd), -EBADMSG);                          \
		if ((fds) > 0)                                                 \
			assert_int_equal(control_open(buffer, len, (fds) - 1u, \
					     &op, &rd), -EBADMSG);             \
	} while (0);
#define R(name, number, type, fds)                                             \
	X(name, number, WIRE_BYTES(name##_FIELDS), fds)
	CONTROL_MESSAGES(X, R)
#undef R
#undef X
}

static void
unknown_messages_and_stubs_are_refused(void **state)
{
	struct rd rd;
	uint32_t op;

	(void)state;
	memset(buffer, 0, sizeof(buffer));
	for (uint32_t len = 0; len < 4; len++)
		assert_int_equal(
		    control_open(buffer, len, 0, &op, &rd), -EBADMSG);
	assert_int_equal(control_open(buffer, 4, 0, &op, &rd), -EBADMSG);
	buffer[0] = CORE_START;
	buffer[3] = 1;
	assert_int_equal(control_open(buffer, 4, 0, &op, &rd), -EBADMSG);
	assert_string_equal(control_name(0), "unknown");
	assert_string_equal(control_name(UINT32_MAX), "unknown");
}

static void
a_set_up_record_has_golden_bytes(void **state)
{
	static const uint8_t golden[] = {1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
	    111, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x58, 2, 0, 0,
	    1, 0, 0, 0, 'b', 'l', 'u', 'e', 0};
	const struct core_setup in = {.flags = CORE_TRY_OUT,
	    .modifiers = CHORD_CTRL | CHORD_ALT,
	    .key = 111,
	    .focus = TDS_NONE,
	    .idle_s = 600,
	    .leds = 1,
	    .phrase = "blue"};

	(void)state;
	const int n = encode_core_setup(&in, buffer, sizeof(buffer));
	assert_int_equal(n, 4 + 24 + TDS_PHRASE_BYTES);
	assert_memory_equal(buffer, golden, sizeof(golden));
}

/* Each record: good, then with one field out of limits. */
#define CHECK(type, op, fds, field, value, want)                               \
	do {                                                                   \
		struct type x = good_##type;                                   \
		struct type y;                                                 \
		x.field = (value);                                             \
		const int n = encode_##type(&x, buffer, sizeof(buffer));       \
		struct rd rd = opened(n, fds, op);                             \
		assert_int_equal(decode_##type(&rd, &y), want);                \
		if ((want) == 0)                                               \
			assert_memory_equal(&x, &y, sizeof(x));                \
	} while (0)

static const struct core_setup good_core_setup = {.modifiers = 3,
    .key = 111,
    .focus = TDS_NONE,
    .phrase = "blue heron"};

static void
a_set_up_record_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_setup, CORE_SETUP, 0, flags, 7, 0);
	CHECK(core_setup, CORE_SETUP, 0, flags, 8, -ERANGE);
	CHECK(core_setup, CORE_SETUP, 0, modifiers, 15, 0);
	CHECK(core_setup, CORE_SETUP, 0, modifiers, 16, -ERANGE);
	CHECK(core_setup, CORE_SETUP, 0, key, 0x2ff, 0);
	CHECK(core_setup, CORE_SETUP, 0, key, 0x300, -ERANGE);
	CHECK(core_setup, CORE_SETUP, 0, focus, TDS_MAX_DOMAINS - 1, 0);
	CHECK(core_setup, CORE_SETUP, 0, focus, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_setup, CORE_SETUP, 0, phrase[TDS_PHRASE_BYTES - 1], 'x',
	    -EBADMSG);
	CHECK(core_setup, CORE_SETUP, 0, phrase[20], 'x', -EBADMSG);
	CHECK(core_setup, CORE_SETUP, 0, idle_s, 86400, 0);
	CHECK(core_setup, CORE_SETUP, 0, idle_s, 86401, -ERANGE);
	CHECK(core_setup, CORE_SETUP, 0, leds, 2, -ERANGE);
}

static const struct core_output good_core_output = {.index = 0,
    .type = OUTPUT_HEADLESS,
    .x = -1,
    .y = -1,
    .width = 1920,
    .height = 1080,
    .scale = 1,
    .refresh_mhz = 60000,
    .name = "headless-1"};

static void
an_output_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_output, CORE_OUTPUT, 0, index, TDS_MAX_OUTPUTS - 1, 0);
	CHECK(core_output, CORE_OUTPUT, 0, index, TDS_MAX_OUTPUTS, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, scale, 0, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, scale, 4, 0);
	CHECK(core_output, CORE_OUTPUT, 0, scale, 5, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, width, 0, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, width, TDS_MAX_DIM, 0);
	CHECK(core_output, CORE_OUTPUT, 0, width, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, height, 0, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, height, TDS_MAX_DIM, 0);
	CHECK(core_output, CORE_OUTPUT, 0, height, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, refresh_mhz, 999, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, refresh_mhz, 1000, 0);
	CHECK(core_output, CORE_OUTPUT, 0, refresh_mhz, 500000, 0);
	CHECK(core_output, CORE_OUTPUT, 0, refresh_mhz, 500001, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, name[31], 'x', -EBADMSG);
	CHECK(core_output, CORE_OUTPUT, 0, type, 0, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, type, OUTPUT_SEALED, 0);
	CHECK(core_output, CORE_OUTPUT, 0, type, OUTPUT_SEALED + 1, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, rotation, 3, 0);
	CHECK(core_output, CORE_OUTPUT, 0, rotation, 4, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, x, TDS_MAX_COORD, 0);
	CHECK(core_output, CORE_OUTPUT, 0, x, TDS_MAX_COORD + 1, -ERANGE);
	CHECK(core_output, CORE_OUTPUT, 0, y, -2, -ERANGE);
}

/* What a monitor decides is 0. */
static const struct core_output good_kms = {.type = OUTPUT_KMS,
    .x = -1,
    .y = -1};

static void
an_output_on_kms_may_leave_its_mode_to_the_monitor(void **state)
{
	struct core_output y;

	(void)state;
	const int n = encode_core_output(&good_kms, buffer, sizeof(buffer));
	struct rd rd = opened(n, 0, CORE_OUTPUT);
	assert_int_equal(decode_core_output(&rd, &y), 0);
	assert_memory_equal(&good_kms, &y, sizeof(y));
}

static const struct core_rule good_core_rule = {.is_allowed = 1,
    .bus = TDS_NONE,
    .vendor = 0x46d,
    .product = TDS_NONE,
    .domains = UINT64_MAX,
    .serial = "1",
    .port = "usb-1"};
static const struct core_admitted good_core_admitted = {
    .device = 7, .state = DEVICE_ADMITTED};
static const struct input_open good_input_open = {
    .device = 7, .state = DEVICE_WAITING};
static const struct input_close good_input_close = {.device = 7};
static const struct input_problem good_input_problem = {
    .device = 7, .error = EBUSY};
static const struct seat_device good_seat_device = {.device = 7,
    .state = DEVICE_WAITING,
    .kinds = KIND_KEYBOARD,
    .bus = 3,
    .capabilities = 1,
    .name = "Keyboard"};
static const struct seat_gone good_seat_gone = {.device = 7};
static const struct seat_admit good_seat_admit = {
    .device = 7, .state = DEVICE_REFUSED};
static const struct seat_leds good_seat_leds = {.leds = 2};

static void
records_of_input_devices_are_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_rule, CORE_RULE, 0, index, TDS_MAX_RULES - 1, 0);
	CHECK(core_rule, CORE_RULE, 0, index, TDS_MAX_RULES, -ERANGE);
	CHECK(core_rule, CORE_RULE, 0, is_allowed, 2, -ERANGE);
	CHECK(core_admitted, CORE_ADMITTED, 0, state, DEVICE_WAITING, 0);
	CHECK(core_admitted, CORE_ADMITTED, 0, state, 0, -ERANGE);
	CHECK(core_admitted, CORE_ADMITTED, 0, state, DEVICE_REFUSED + 1,
	    -ERANGE);
	CHECK(input_open, INPUT_OPEN, 1, state, DEVICE_REFUSED, 0);
	CHECK(input_open, INPUT_OPEN, 1, state, 0, -ERANGE);
	CHECK(input_close, INPUT_CLOSE, 0, device, TDS_NONE, 0);
	CHECK(input_close, INPUT_CLOSE, 0, device, 0, -ERANGE);
	CHECK(input_problem, INPUT_PROBLEM, 0, error, 4095, 0);
	CHECK(input_problem, INPUT_PROBLEM, 0, error, 0, -ERANGE);
	CHECK(input_problem, INPUT_PROBLEM, 0, error, 4096, -ERANGE);
	CHECK(seat_device, SEAT_DEVICE, 0, kinds, 15, 0);
	CHECK(seat_device, SEAT_DEVICE, 0, kinds, 0, -ERANGE);
	CHECK(seat_device, SEAT_DEVICE, 0, kinds, 16, -ERANGE);
	CHECK(seat_device, SEAT_DEVICE, 0, state, 0, -ERANGE);
	CHECK(seat_device, SEAT_DEVICE, 0, device, 0, -ERANGE);
	CHECK(seat_device, SEAT_DEVICE, 0, name[TDS_LABEL_BYTES - 1], 'x',
	    -EBADMSG);
	CHECK(seat_gone, SEAT_GONE, 0, device, 1, 0);
	CHECK(seat_gone, SEAT_GONE, 0, device, 0, -ERANGE);
	CHECK(seat_admit, SEAT_ADMIT, 0, state, DEVICE_ADMITTED, 0);
	CHECK(seat_admit, SEAT_ADMIT, 0, state, 4, -ERANGE);
	CHECK(seat_leds, SEAT_LEDS, 0, leds, 31, 0);
	CHECK(seat_leds, SEAT_LEDS, 0, leds, 32, -ERANGE);
}

static void
events_of_a_seat_come_back_as_they_went(void **state)
{
	const struct seat_events in = {.device = 3,
	    .time_ns = 123456789012345u,
	    .input = {.n = 2, .events = {{1, 30, 1}, {0, 0, 0}}}};
	static struct seat_events out;

	(void)state;
	const int n = encode_seat_events(&in, buffer, sizeof(buffer));
	struct rd rd = opened(n, 0, SEAT_EVENTS);
	assert_int_equal(decode_seat_events(&rd, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	buffer[4 + 12] = TDS_MAX_INPUT_BATCH + 1;
	rd = opened(n, 0, SEAT_EVENTS);
	assert_int_equal(decode_seat_events(&rd, &out), -ERANGE);
}

static const struct core_domain good_core_domain = {.index = 0,
    .level = LEVEL_SECRET,
    .colour = 0xc8102e,
    .pattern = PATTERN_DIAGONAL,
    .scanouts = 1,
    .outputs = 1,
    .width = 1024,
    .height = 768,
    .x = -1,
    .y = -1,
    .name = "work",
    .label = "SECRET"};

static void
a_domain_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_domain, CORE_DOMAIN, 0, index, TDS_MAX_DOMAINS - 1, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, index, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, level, 0, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, level, LEVEL_UNCLASSIFIED, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, level, LEVEL_TOP_SECRET_SCI, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, level, LEVEL_TOP_SECRET_SCI + 1,
	    -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, colour, 0xffffff, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, colour, 0x1000000, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, pattern, PATTERN_COUNT - 1, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, pattern, PATTERN_COUNT, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, scanouts, 0, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, scanouts, TDS_MAX_SCANOUTS, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, scanouts, TDS_MAX_SCANOUTS + 1,
	    -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, outputs, 0, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, outputs, 15, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, outputs, 16, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, width, TDS_MIN_CONTENT_WIDTH, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, width, TDS_MIN_CONTENT_WIDTH - 1,
	    -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, width, TDS_MAX_DIM, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, width, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, height, TDS_MIN_CONTENT_HEIGHT, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, height, TDS_MIN_CONTENT_HEIGHT - 1,
	    -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, height, TDS_MAX_DIM, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, height, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, x, -2, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, x, TDS_MAX_DIM, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, x, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, y, -2, -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, y, TDS_MAX_DIM, 0);
	CHECK(core_domain, CORE_DOMAIN, 0, y, TDS_MAX_DIM + 1, -ERANGE);
}

static int
send_domain(const struct core_domain *in)
{
	struct core_domain out;
	struct rd rd = opened(encode_core_domain(in, buffer, sizeof(buffer)),
	    0, CORE_DOMAIN);

	return decode_core_domain(&rd, &out);
}

static void
a_domain_without_name_or_label_is_refused(void **state)
{
	struct core_domain nameless = good_core_domain;
	struct core_domain unlabelled = good_core_domain;

	(void)state;
	memset(nameless.name, 0, sizeof(nameless.name));
	memset(unlabelled.label, 0, sizeof(unlabelled.label));
	assert_int_equal(send_domain(&nameless), -ERANGE);
	assert_int_equal(send_domain(&unlabelled), -ERANGE);
	CHECK(core_domain, CORE_DOMAIN, 0, name[31], 'x', -EBADMSG);
	CHECK(core_domain, CORE_DOMAIN, 0, label[47], 'x', -EBADMSG);
	CHECK(core_domain, CORE_DOMAIN, 0, label[40], 'x', -EBADMSG);
}

static const struct core_link good_core_link = {
    .domain = 0, .pid = 12, .pool_bytes = TDS_MIN_POOL_BYTES};

static void
a_link_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_link, CORE_LINK, 4, domain, TDS_MAX_DOMAINS - 1, 0);
	CHECK(core_link, CORE_LINK, 4, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_link, CORE_LINK, 4, is_granted, 1, 0);
	CHECK(core_link, CORE_LINK, 4, is_granted, 2, -ERANGE);
	CHECK(core_link, CORE_LINK, 4, pool_bytes, TDS_MAX_POOL_BYTES, 0);
	CHECK(core_link, CORE_LINK, 4, pool_bytes,
	    TDS_MAX_POOL_BYTES + TDS_PAGE_BYTES, -ERANGE);
	CHECK(core_link, CORE_LINK, 4, pool_bytes,
	    TDS_MIN_POOL_BYTES - TDS_PAGE_BYTES, -ERANGE);
	CHECK(core_link, CORE_LINK, 4, pool_bytes, TDS_MIN_POOL_BYTES + 1,
	    -ERANGE);
}

static const struct guest_setup good_guest_setup = {.domain = 0,
    .scanouts = 1,
    .width = 1024,
    .height = 768,
    .pool_bytes = TDS_MIN_POOL_BYTES,
    .name = "work"};
static const struct guest_xen good_guest_xen = {.domain = 0,
    .scanouts = 1,
    .width = 1024,
    .height = 768,
    .pool_bytes = TDS_MIN_POOL_BYTES,
    .name = "work"};
static const struct xen_setup good_xen_setup = {.is_unsealed = 0};
static const struct xen_domain good_xen_domain = {.scanouts = 1,
    .width = 1024,
    .height = 768,
    .name = "work",
    .uuid = "00000000-0000-0000-0000-000000000001"};
static const struct xen_serve good_xen_serve = {.domain = 1};
static const struct xen_found good_xen_found = {.domain = 1};
static const struct xen_gone good_xen_gone = {.is_found = 1, .error = 71};

static void
a_xen_domain_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(xen_setup, XEN_SETUP, 1, is_unsealed, 1, 0);
	CHECK(xen_setup, XEN_SETUP, 1, is_unsealed, 2, -ERANGE);
	CHECK(xen_domain, XEN_DOMAIN, 0, domain, TDS_MAX_DOMAINS - 1, 0);
	CHECK(xen_domain, XEN_DOMAIN, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(xen_domain, XEN_DOMAIN, 0, scanouts, 0, -ERANGE);
	CHECK(xen_domain, XEN_DOMAIN, 0, scanouts, TDS_MAX_SCANOUTS + 1,
	    -ERANGE);
	CHECK(xen_domain, XEN_DOMAIN, 0, width, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(xen_domain, XEN_DOMAIN, 0, height, TDS_MIN_CONTENT_HEIGHT - 1,
	    -ERANGE);
	CHECK(xen_serve, XEN_SERVE, 5, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(xen_found, XEN_FOUND, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(xen_gone, XEN_GONE, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(xen_gone, XEN_GONE, 0, is_found, 2, -ERANGE);
	CHECK(xen_gone, XEN_GONE, 0, error, 4096, -ERANGE);
}

static void
a_guest_set_up_is_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(guest_setup, GUEST_SETUP, 8, domain, TDS_MAX_DOMAINS - 1, 0);
	CHECK(guest_setup, GUEST_SETUP, 8, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, is_unsealed, 1, 0);
	CHECK(guest_setup, GUEST_SETUP, 8, is_unsealed, 2, -ERANGE);
	CHECK(guest_xen, GUEST_XEN, 7, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(guest_xen, GUEST_XEN, 7, pool_bytes, TDS_MAX_POOL_BYTES, 0);
	CHECK(guest_setup, GUEST_SETUP, 8, scanouts, 0, -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, scanouts, TDS_MAX_SCANOUTS, 0);
	CHECK(guest_setup, GUEST_SETUP, 8, scanouts, TDS_MAX_SCANOUTS + 1,
	    -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, width, TDS_MIN_CONTENT_WIDTH - 1,
	    -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, width, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, height, TDS_MIN_CONTENT_HEIGHT - 1,
	    -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, height, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, pool_bytes, TDS_MIN_POOL_BYTES - 1,
	    -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, pool_bytes, TDS_MAX_POOL_BYTES, 0);
	CHECK(guest_setup, GUEST_SETUP, 8, pool_bytes,
	    TDS_MAX_POOL_BYTES + TDS_PAGE_BYTES, -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, pool_bytes, TDS_MIN_POOL_BYTES + 8,
	    -ERANGE);
	CHECK(guest_setup, GUEST_SETUP, 8, name[31], 'x', -EBADMSG);
}

static const struct core_sealed good_core_sealed = {.output = 0};
static const struct hdcp_setup good_hdcp_setup = {
    .width = 1920, .height = 1080, .name = "wall"};
static const struct sealed_part good_sealed_part = {
    .area = {0, 0, 1920, 1080}, .is_last = 1};
static const struct sealed_free good_sealed_free = {.wants_all = 1};
static const struct sealed_state good_sealed_state = {.is_on = 1};

static void
records_of_a_sealed_output_are_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_sealed, CORE_SEALED, 2, output, TDS_MAX_OUTPUTS - 1, 0);
	CHECK(core_sealed, CORE_SEALED, 2, output, TDS_MAX_OUTPUTS, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, width, TDS_MAX_DIM, 0);
	CHECK(hdcp_setup, HDCP_SETUP, 6, width, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, width, 0, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, height, TDS_MAX_DIM, 0);
	CHECK(hdcp_setup, HDCP_SETUP, 6, height, TDS_MAX_DIM + 1, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, height, 0, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, is_facsimile, 1, 0);
	CHECK(hdcp_setup, HDCP_SETUP, 6, is_facsimile, 2, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, is_unsealed, 1, 0);
	CHECK(hdcp_setup, HDCP_SETUP, 6, is_unsealed, 2, -ERANGE);
	CHECK(hdcp_setup, HDCP_SETUP, 6, name[0], 0, -EBADMSG);
	CHECK(hdcp_setup, HDCP_SETUP, 6, name[31], 'x', -EBADMSG);
	/* any area: the receiver knows the size of its output */
	CHECK(sealed_part, SEALED_PART, 0, area.x0, INT32_MIN, 0);
	CHECK(sealed_part, SEALED_PART, 0, is_last, 0, 0);
	CHECK(sealed_part, SEALED_PART, 0, is_last, 2, -ERANGE);
	CHECK(sealed_free, SEALED_FREE, 0, wants_all, 0, 0);
	CHECK(sealed_free, SEALED_FREE, 0, wants_all, 2, -ERANGE);
	CHECK(sealed_state, SEALED_STATE, 0, is_on, 0, 0);
	CHECK(sealed_state, SEALED_STATE, 0, is_on, 2, -ERANGE);
}

static void
an_output_without_a_name_is_not_sealed(void **state)
{
	struct hdcp_setup nameless = good_hdcp_setup, out;

	(void)state;
	memset(nameless.name, 0, sizeof(nameless.name));
	struct rd rd = opened(
	    encode_hdcp_setup(&nameless, buffer, sizeof(buffer)), 6,
	    HDCP_SETUP);
	assert_int_equal(decode_hdcp_setup(&rd, &out), -ERANGE);
}

static const struct core_down good_core_down = {0, REASON_EXITED};
static const struct core_focus good_core_focus = {7, 0};
static const struct core_snapshot good_core_snapshot = {7, 0};
static const struct core_dropped good_core_dropped = {0, EBADMSG};
static const struct ctl_focus good_ctl_focus = {"work"};
static const struct ctl_result good_ctl_result = {-EINVAL, "no such domain"};

static void
small_records_are_taken_up_to_each_limit(void **state)
{
	(void)state;
	CHECK(core_down, CORE_DOWN, 0, domain, TDS_MAX_DOMAINS - 1, 0);
	CHECK(core_down, CORE_DOWN, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_down, CORE_DOWN, 0, reason, 0, -ERANGE);
	CHECK(core_down, CORE_DOWN, 0, reason, REASON_MALFORMED, 0);
	CHECK(core_down, CORE_DOWN, 0, reason, REASON_MALFORMED + 1, -ERANGE);
	CHECK(core_focus, CORE_FOCUS, 0, domain, TDS_MAX_DOMAINS - 1, 0);
	CHECK(core_focus, CORE_FOCUS, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_focus, CORE_FOCUS, 0, domain, TDS_NONE, -ERANGE);
	CHECK(core_snapshot, CORE_SNAPSHOT, 1, output, TDS_MAX_OUTPUTS - 1, 0);
	CHECK(core_snapshot, CORE_SNAPSHOT, 1, output, TDS_MAX_OUTPUTS,
	    -ERANGE);
	CHECK(core_dropped, CORE_DROPPED, 0, domain, TDS_MAX_DOMAINS, -ERANGE);
	CHECK(core_dropped, CORE_DROPPED, 0, error, 4095, 0);
	CHECK(core_dropped, CORE_DROPPED, 0, error, 4096, -ERANGE);
	CHECK(ctl_focus, CTL_FOCUS, 0, name[31], 'x', -EBADMSG);
	CHECK(ctl_result, CTL_RESULT, 0, error, 0, 0);
	CHECK(ctl_result, CTL_RESULT, 0, error, 1, -ERANGE);
	CHECK(ctl_result, CTL_RESULT, 0, error, -4095, 0);
	CHECK(ctl_result, CTL_RESULT, 0, error, -4096, -ERANGE);
	CHECK(ctl_result, CTL_RESULT, 0, text[TDS_TEXT_BYTES - 1], 'x',
	    -EBADMSG);
}

static int
send_input(const struct core_input *in, struct core_input *out)
{
	struct rd rd = opened(
	    encode_core_input(CTL_INPUT, in, buffer, sizeof(buffer)), 0,
	    CTL_INPUT);

	return decode_core_input(&rd, out);
}

static void
a_batch_of_input_carries_only_its_events(void **state)
{
	struct core_input in = {.n = 2, .events = {{1, 30, 1}, {0, 0, 0}}};
	struct core_input out;

	(void)state;
	in.events[2].value = 99; /* beyond n: never sent */
	assert_int_equal(send_input(&in, &out), 0);
	assert_int_equal(out.n, 2);
	assert_int_equal(out.events[0].code, 30);
	assert_int_equal(out.events[2].value, 0);

	/* but a peer may put bytes there: field by field refused */
	for (uint32_t at = 0; at < 8; at++) {
		const uint32_t third = 4 + 4 + 2 * 8 + at;
		struct rd rd = opened(4 + 4 + 8 * TDS_MAX_INPUT_BATCH, 0,
		    CTL_INPUT);
		buffer[third] = 1;
		assert_int_equal(decode_core_input(&rd, &out), -EBADMSG);
		buffer[third] = 0;
	}
}

static void
a_batch_of_input_is_bounded(void **state)
{
	struct core_input in = {.n = TDS_MAX_INPUT_BATCH}, out;

	(void)state;
	for (uint32_t i = 0; i < TDS_MAX_INPUT_BATCH; i++)
		in.events[i] = (struct input_event_wire){2, 1, -(int32_t)i};
	assert_int_equal(send_input(&in, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	in.n = TDS_MAX_INPUT_BATCH + 1;
	assert_int_equal(send_input(&in, &out), -ERANGE);
}

static void
numbers_alone_pass_as_they_are(void **state)
{
	uint32_t value;

	(void)state;
	struct rd rd = opened(
	    encode_u32(CORE_STATUS, UINT32_MAX, buffer, sizeof(buffer)), 0,
	    CORE_STATUS);
	assert_int_equal(decode_u32(&rd, &value), 0);
	assert_true(value == UINT32_MAX);
	assert_int_equal(encode_empty(CORE_READY, buffer, 4), 4);
	assert_int_equal(encode_empty(CORE_READY, buffer, 3), -EMSGSIZE);
	assert_int_equal(encode_u32(CORE_STATUS, 1, buffer, 7), -EMSGSIZE);
}

static struct status
good_status(void)
{
	struct status s = {.keyboard = 1,
	    .n_outputs = 1,
	    .n_domains = 2,
	    .n_windows = 1,
	    .frames = 0x123456789abcdefu,
	    .wakeups = 3,
	    .dropped = 4};

	s.outputs[0] = (struct status_output){.width = 1920,
	    .height = 1080,
	    .scale = 1,
	    .trust_bar = {0, 0, 1920, 36},
	    .name = "headless-1"};
	s.domains[1] = (struct status_domain){.state = DOMAIN_STOPPED,
	    .level = LEVEL_TOP_SECRET_SCI,
	    .colour = 0xc8102e,
	    .pid = 77,
	    .name = "work",
	    .label = "SECRET"};
	s.windows[0] = (struct status_window){.domain = 1,
	    .has_picture = 1,
	    .frame = {-5, 0, 10, 10},
	    .content = {0, 1, 9, 9}};
	return s;
}

static int
send_status(const struct status *in, struct status *out)
{
	uint32_t cookie = 0;
	struct rd rd = opened(
	    encode_core_reply(9, in, buffer, sizeof(buffer)), 0, CORE_REPLY);
	const int err = decode_core_reply(&rd, &cookie, out);

	assert_int_equal(cookie, 9);
	return err;
}

static void
a_status_comes_back_as_sent_in_all_three_records(void **state)
{
	static struct status in, out;
	static struct ctl_picture picture, back;

	(void)state;
	in = good_status();
	assert_int_equal(send_status(&in, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));

	struct rd rd = opened(
	    encode_ctl_report(&in, buffer, sizeof(buffer)), 0, CTL_REPORT);
	memset(&out, 0, sizeof(out));
	assert_int_equal(decode_ctl_report(&rd, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));

	picture = (struct ctl_picture){.width = 1, .height = 1, .status = in};
	rd = opened(encode_ctl_picture(&picture, buffer, sizeof(buffer)), 1,
	    CTL_PICTURE);
	assert_int_equal(decode_ctl_picture(&rd, &back), 0);
	assert_memory_equal(&picture, &back, sizeof(picture));
}

/* What a reader would index with. */
static void
a_status_is_taken_up_to_each_limit(void **state)
{
	static struct status s, out;

	(void)state;
#define STATUS(field, value, want)                                             \
	do {                                                                   \
		s = good_status();                                             \
		s.field = (value);                                             \
		assert_int_equal(send_status(&s, &out), want);                 \
	} while (0)
	STATUS(n_outputs, TDS_MAX_OUTPUTS, 0);
	STATUS(n_outputs, TDS_MAX_OUTPUTS + 1, -ERANGE);
	STATUS(pointer_output, TDS_MAX_OUTPUTS - 1, 0);
	STATUS(pointer_output, TDS_MAX_OUTPUTS, -ERANGE);
	STATUS(n_domains, TDS_MAX_DOMAINS, 0);
	STATUS(n_domains, TDS_MAX_DOMAINS + 1, -ERANGE);
	STATUS(n_windows, TDS_MAX_WINDOWS, 0);
	STATUS(n_windows, TDS_MAX_WINDOWS + 1, -ERANGE);
	STATUS(keyboard, TDS_NONE, 0);
	STATUS(keyboard, 2, -ERANGE);
	STATUS(windows[0].domain, 2, -ERANGE);
	STATUS(windows[0].output, 1, -ERANGE);
	STATUS(domains[1].state, DOMAIN_STOPPED + 1, -ERANGE);
	STATUS(domains[1].level, LEVEL_TOP_SECRET_SCI + 1, -ERANGE);
	STATUS(domains[1].name[TDS_NAME_BYTES - 1], 'x', -EBADMSG);
	STATUS(domains[1].label[TDS_LABEL_BYTES - 1], 'x', -EBADMSG);
	STATUS(outputs[0].name[TDS_NAME_BYTES - 1], 'x', -EBADMSG);
#undef STATUS
}

static void
a_picture_is_taken_up_to_each_limit(void **state)
{
	static struct ctl_picture p, out;
	static const struct {
		uint32_t width, height;
		int want;
	} cases[] = {{1, 1, 0}, {TDS_MAX_DIM, TDS_MAX_DIM, 0},
	    {0, 1, -ERANGE}, {1, 0, -ERANGE}, {TDS_MAX_DIM + 1, 1, -ERANGE},
	    {1, TDS_MAX_DIM + 1, -ERANGE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = (struct ctl_picture){.width = cases[i].width,
		    .height = cases[i].height,
		    .status = good_status()};
		struct rd rd = opened(
		    encode_ctl_picture(&p, buffer, sizeof(buffer)), 1,
		    CTL_PICTURE);
		assert_int_equal(decode_ctl_picture(&rd, &out), cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_message_has_exactly_its_length_and_descriptors),
	    cmocka_unit_test(unknown_messages_and_stubs_are_refused),
	    cmocka_unit_test(a_set_up_record_has_golden_bytes),
	    cmocka_unit_test(a_set_up_record_is_taken_up_to_each_limit),
	    cmocka_unit_test(an_output_is_taken_up_to_each_limit),
	    cmocka_unit_test(an_output_on_kms_may_leave_its_mode_to_the_monitor),
	    cmocka_unit_test(records_of_input_devices_are_taken_up_to_each_limit),
	    cmocka_unit_test(events_of_a_seat_come_back_as_they_went),
	    cmocka_unit_test(a_domain_is_taken_up_to_each_limit),
	    cmocka_unit_test(a_domain_without_name_or_label_is_refused),
	    cmocka_unit_test(a_link_is_taken_up_to_each_limit),
	    cmocka_unit_test(a_guest_set_up_is_taken_up_to_each_limit),
	    cmocka_unit_test(a_xen_domain_is_taken_up_to_each_limit),
	    cmocka_unit_test(
		records_of_a_sealed_output_are_taken_up_to_each_limit),
	    cmocka_unit_test(an_output_without_a_name_is_not_sealed),
	    cmocka_unit_test(small_records_are_taken_up_to_each_limit),
	    cmocka_unit_test(a_batch_of_input_carries_only_its_events),
	    cmocka_unit_test(a_batch_of_input_is_bounded),
	    cmocka_unit_test(numbers_alone_pass_as_they_are),
	    cmocka_unit_test(a_status_comes_back_as_sent_in_all_three_records),
	    cmocka_unit_test(a_status_is_taken_up_to_each_limit),
	    cmocka_unit_test(a_picture_is_taken_up_to_each_limit),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
