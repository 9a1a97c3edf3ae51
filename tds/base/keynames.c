#include "tds/base/keynames.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>
#include <strings.h>

struct key {
	const char *name;
	uint16_t code;
};

#define K(name) {#name, KEY_##name}
static const struct key keys[] = {
    {"CTRL", KEY_LEFTCTRL}, {"LEFTCTRL", KEY_LEFTCTRL},
    {"RIGHTCTRL", KEY_RIGHTCTRL}, {"ALT", KEY_LEFTALT},
    {"LEFTALT", KEY_LEFTALT}, {"RIGHTALT", KEY_RIGHTALT},
    {"SHIFT", KEY_LEFTSHIFT}, {"LEFTSHIFT", KEY_LEFTSHIFT},
    {"RIGHTSHIFT", KEY_RIGHTSHIFT}, {"META", KEY_LEFTMETA},
    {"LEFTMETA", KEY_LEFTMETA}, {"RIGHTMETA", KEY_RIGHTMETA},
    {"ESCAPE", KEY_ESC}, {"RETURN", KEY_ENTER}, K(ESC), K(ENTER), K(TAB),
    K(SPACE), K(BACKSPACE), K(DELETE), K(INSERT), K(HOME), K(END), K(PAGEUP),
    K(PAGEDOWN), K(UP), K(DOWN), K(LEFT), K(RIGHT), K(CAPSLOCK), K(NUMLOCK),
    K(SCROLLLOCK), K(SYSRQ), K(PAUSE), K(COMPOSE), K(MINUS), K(EQUAL),
    K(LEFTBRACE), K(RIGHTBRACE), K(SEMICOLON), K(APOSTROPHE), K(GRAVE),
    K(BACKSLASH), K(COMMA), K(DOT), K(SLASH), K(F1), K(F2), K(F3), K(F4), K(F5),
    K(F6), K(F7), K(F8), K(F9), K(F10), K(F11), K(F12), K(0), K(1), K(2), K(3),
    K(4), K(5), K(6), K(7), K(8), K(9), K(A), K(B), K(C), K(D), K(E), K(F),
    K(G), K(H), K(I), K(J), K(K), K(L), K(M), K(N), K(O), K(P), K(Q), K(R),
    K(S), K(T), K(U), K(V), K(W), K(X), K(Y), K(Z),
};
#undef K

int
keynames_find(const char *name, uint32_t len)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].name) == len &&
		    strncasecmp(keys[i].name, name, len) == 0)
			return keys[i].code;
	return -ENOENT;
}

static int
add(uint16_t codes[KEYNAMES_MAX_CHORD], int n, int code)
{
	if (code < 0)
		return code;
	if (n == KEYNAMES_MAX_CHORD)
		return -E2BIG;
	for (int i = 0; i < n; i++)
		if (codes[i] == code)
			return -EEXIST;
	codes[n] = (uint16_t)code;
	return n + 1;
}

int
keynames_chord(const char *text, uint16_t codes[KEYNAMES_MAX_CHORD])
{
	int n = 0;

	for (;;) {
		const size_t len = strcspn(text, "+");
		if (len == 0 || len > TDS_KEYNAME_BYTES)
			return -EINVAL;
		n = add(codes, n, keynames_find(text, (uint32_t)len));
		if (n < 0 || text[len] == 0)
			return n;
		text += len + 1;
	}
}
