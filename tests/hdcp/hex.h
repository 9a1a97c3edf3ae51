/* hex: vectors are written as hexadecimal text. */
#pragma once

#include "tests/unit/unit.h"

#include "hdcp/crypto.h"

#include <stdlib.h>
#include <string.h>

static inline uint32_t
hex(const char *text, uint8_t *out, uint32_t max)
{
	const uint32_t n = (uint32_t)strlen(text) / 2;

	assert_true(n <= max && strlen(text) % 2 == 0);
	for (uint32_t i = 0; i < n; i++) {
		const char two[3] = {text[2 * i], text[2 * i + 1], 0};
		char *end;
		out[i] = (uint8_t)strtoul(two, &end, 16);
		assert_true(*end == 0);
	}
	return n;
}

/* To an array, or to a place in one that has room. */
#define HEX(text, at) assert_true(hex((text), (at), 1024) > 0)

static inline void
assert_hex(const uint8_t *bytes, uint32_t n, const char *text)
{
	uint8_t want[1024];

	assert_int_equal(hex(text, want, sizeof(want)), n);
	assert_memory_equal(bytes, want, n);
}

static inline int
start_crypto(void **state)
{
	(void)state;
	return hdcp_crypto_init();
}
