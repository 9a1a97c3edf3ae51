/*
 * theme: every colour and measure of what tds draws. Colours are 0xRRGGBB;
 * measures are logical pixels, multiplied by the output's scale.
 */
#pragma once

enum {
	THEME_DESK = 0x1f2227,
	THEME_BAR = 0x16181c,
	THEME_BAR_EDGE = 0x2a2d33,
	THEME_BAR_TRUSTED = 0xe8eaed, /* the bar while the panel is open */
	THEME_PANEL = 0x121417,
	THEME_CARD = 0x1b1e23,
	THEME_CARD_EDGE = 0x3c4046,
	THEME_ROW = 0x22252b,
	THEME_ROW_CHOSEN = 0x2b3038,
	THEME_KEYCAP = 0x3c4046,
	THEME_OUTLINE = 0x0b0c0e, /* around and inside frames, letterbox */
	THEME_TILE = 0x16181c,

	THEME_TEXT = 0xe8eaed,
	THEME_QUIET = 0x9aa0a6,
	THEME_INK = 0x16181c, /* text on light */
	THEME_WHITE = 0xffffff,
	THEME_BLACK = 0x000000,
	THEME_CHOICE = 0x8ab4f8,
	THEME_PHRASE = 0xfdd663,
	THEME_WARNING = 0xf28b82,
	THEME_ALARM = 0xb3261e, /* behind white text */

	THEME_CHIP_WIDTH = 360,
};
