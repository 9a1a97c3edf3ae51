/*
 * fuzz_uevent: any bytes as a message of the kernel's. The first byte says who
 * sent it. What did not come from the kernel says nothing; what is believed
 * says so in the message, and says the same with another tail.
 */
#include "tds/super/uevent.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Whether the string stands in the message between two NULs. */
static bool
holds(const char *text, size_t len, const char *string)
{
	const size_t n = strlen(string) + 1;

	for (size_t at = 1; at + n <= len; at++)
		if (text[at - 1] == 0 && memcmp(text + at, string, n) == 0)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 1)
		return 0;
	const char *text = (const char *)bytes + 1;
	const struct uevent_sender sender = {.port = bytes[0] & 1,
	    .has_credentials = (bytes[0] & 2) == 0,
	    .uid = bytes[0] >> 4};
	const struct uevent e = uevent_parse(&sender, text, len - 1);

	switch (e.kind) {
	case UEVENT_OTHER:
		return 0;
	case UEVENT_ADD:
	case UEVENT_REMOVE:
		if (!holds(text, len - 1, "SUBSYSTEM=input") ||
		    e.event > UEVENT_MAX_EVENT)
			abort();
		break;
	case UEVENT_SCREEN:
		if (!holds(text, len - 1, "SUBSYSTEM=drm") ||
		    !holds(text, len - 1, "HOTPLUG=1"))
			abort();
		break;
	}
	if ((bytes[0] & 0xf3) != 0 || text[len - 2] != 0)
		abort(); /* not the kernel, or no end */
	return 0;
}
