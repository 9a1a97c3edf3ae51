#include "tds/super/backoff.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t ms_ns = 1000000u;

enum {
	FIRST_MS = 20,
	MOST_MS = 5000,
	MOST_EIGHTHS = 8 * 8, /* 20 ms * 2^8 is more than MOST_MS */
	LONG_LIFE_MS = 5000,
	TINY_LIFE_MS = 200,
};

void
backoff_started(struct backoff *b, uint64_t now_ns)
{
	b->started_ns = now_ns;
	b->again_ns = 0;
}

void
backoff_ended(struct backoff *b, uint64_t now_ns)
{
	const uint64_t life_ms = (now_ns - b->started_ns) / ms_ns;

	if (life_ms >= LONG_LIFE_MS) {
		b->short_lives = b->eighths = 0;
	} else {
		b->short_lives += b->short_lives < UINT32_MAX;
		b->eighths += life_ms < TINY_LIFE_MS ? 8 : 1;
	}
	if (b->eighths > MOST_EIGHTHS)
		b->eighths = MOST_EIGHTHS;
	const uint64_t ms = (uint64_t)FIRST_MS << (b->eighths / 8);
	b->again_ns = now_ns + (ms < MOST_MS ? ms : MOST_MS) * ms_ns;
}

void
backoff_describe(
    const struct backoff *b, uint64_t now_ns, char *out, size_t size)
{
	const uint64_t ms = (b->again_ns - now_ns) / ms_ns;

	if (b->short_lives < 2)
		snprintf(out, size, "in %" PRIu64 " ms", ms);
	else
		snprintf(out, size,
		    "in %" PRIu64 " ms, after %" PRIu32
		    " lives of less than %d s",
		    ms, b->short_lives, LONG_LIFE_MS / 1000);
}
