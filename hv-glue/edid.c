#include "hv-glue/edid.h"

#include <errno.h>
#include <string.h>

enum {
	MAX_ACTIVE = 4095,	 /* 12 bits */
	MAX_CLOCK_10KHZ = 65535, /* 16 bits */
	REFRESH_HZ = 60,
	/* VESA CVT 1.2, reduced blanking, in pixels and lines */
	H_FRONT = 48,
	H_SYNC = 32,
	H_BLANK = 160,
	V_FRONT = 3,
	V_SYNC = 8,
	V_BACK_MIN = 6,
	MIN_BLANK_US = 460,
	MIN_CLOCK_HZ = 10010000,
	FRAME_US = 1000000 / REFRESH_HZ,
	DETAILED_AT = 54,
	DESCRIPTOR_BYTES = 18,
};

/* Header, maker "TDS", product 1, model year 2024, EDID 1.4. */
static const uint8_t identity[20] = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x00, 0x50, 0x93, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 34, 0x01, 0x04};
/* sRGB, CIE 1931: red, green, blue and white, 10 bits each. */
static const uint8_t srgb[10] = {
    0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};

/* 96 pixels per inch; readers doubt a monitor of less than 10 cm. */
static uint32_t
millimetres(uint32_t px)
{
	const uint32_t mm = px * 254 / 960;

	return mm < 100 ? 100 : mm;
}

static uint32_t
max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Vertical blanking of at least 460 us, and a clock of at least 10 MHz. */
static uint32_t
blank_lines(uint32_t width, uint32_t height)
{
	const uint32_t total =
	    MIN_CLOCK_HZ / REFRESH_HZ / (width + H_BLANK) + 1;
	const uint32_t lines = max_u32(V_FRONT + V_SYNC + V_BACK_MIN,
	    height * MIN_BLANK_US / (FRAME_US - MIN_BLANK_US) + 1);

	return total > height ? max_u32(lines, total - height) : lines;
}

static uint8_t
low(uint32_t value)
{
	return (uint8_t)(value & 0xff);
}

/* The high nibbles of two 12-bit values share a byte. */
static uint8_t
highs(uint32_t a, uint32_t b)
{
	return (uint8_t)((a >> 8) << 4 | b >> 8);
}

/* Table 3.21: detailed timing definition. */
static void
put_timing(uint8_t *at, uint32_t w, uint32_t h)
{
	const uint32_t v_blank = blank_lines(w, h);
	const uint64_t hz =
	    (uint64_t)(w + H_BLANK) * (h + v_blank) * REFRESH_HZ;
	const uint64_t units = (hz + 5000) / 10000;
	const uint32_t clock =
	    units > MAX_CLOCK_10KHZ ? MAX_CLOCK_10KHZ : (uint32_t)units;

	at[0] = low(clock);
	at[1] = low(clock >> 8);
	at[2] = low(w);
	at[3] = low(H_BLANK);
	at[4] = highs(w, H_BLANK);
	at[5] = low(h);
	at[6] = low(v_blank);
	at[7] = highs(h, v_blank);
	at[8] = H_FRONT;
	at[9] = H_SYNC;
	at[10] = V_FRONT << 4 | V_SYNC;
	at[11] = 0;
	at[12] = low(millimetres(w));
	at[13] = low(millimetres(h));
	at[14] = highs(millimetres(w), millimetres(h));
	at[17] = 0x1a; /* digital separate sync, +hsync -vsync */
}

/* Table 3.23: a display descriptor with text, padded as the standard says. */
static void
put_text(uint8_t *at, uint8_t tag, const char *text)
{
	const size_t len = strlen(text);

	at[3] = tag;
	for (size_t i = 0; i < 13; i++)
		at[5 + i] = i < len    ? (uint8_t)text[i]
			    : i == len ? (uint8_t)'\n'
				       : (uint8_t)' ';
}

int
edid_build(uint32_t width_px, uint32_t height_px, uint32_t scanout,
    uint8_t out[EDID_BYTES])
{
	char serial[] = "window 1";
	uint32_t sum = 0;

	if (width_px < 1 || width_px > MAX_ACTIVE || height_px < 1 ||
	    height_px > MAX_ACTIVE || scanout > 8)
		return -ERANGE;
	serial[7] = (char)('1' + scanout);

	memset(out, 0, EDID_BYTES);
	memcpy(out, identity, sizeof(identity));
	out[12] = (uint8_t)(scanout + 1);
	out[20] = 0xa0; /* digital, 8 bits per colour, no interface said */
	out[21] = (uint8_t)((millimetres(width_px) + 9) / 10);
	out[22] = (uint8_t)((millimetres(height_px) + 9) / 10);
	out[23] = 120;	/* gamma 2.2 */
	out[24] = 0x06; /* RGB 4:4:4, sRGB, preferred timing is native */
	memcpy(out + 25, srgb, sizeof(srgb));
	memset(out + 38, 0x01, 16); /* no standard timings */

	uint8_t *at = out + DETAILED_AT;
	put_timing(at, width_px, height_px);
	put_text(at + DESCRIPTOR_BYTES, 0xfc, "tds window");
	put_text(at + 2 * DESCRIPTOR_BYTES, 0xff, serial);
	at[3 * DESCRIPTOR_BYTES + 3] = 0x10; /* dummy */

	for (uint32_t i = 0; i < EDID_BYTES - 1; i++)
		sum += out[i];
	out[EDID_BYTES - 1] = low(256 - sum % 256);
	return 0;
}
