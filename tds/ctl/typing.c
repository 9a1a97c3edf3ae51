#include "tds/ctl/ctl.h"

#include "tds/base/keynames.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>

/* A US keyboard: the character without Shift, with it, and the key. */
static const struct {
	char plain, shifted;
	uint16_t code;
} us_keys[] = {
    {'a', 'A', KEY_A}, {'b', 'B', KEY_B}, {'c', 'C', KEY_C},
    {'d', 'D', KEY_D}, {'e', 'E', KEY_E}, {'f', 'F', KEY_F},
    {'g', 'G', KEY_G}, {'h', 'H', KEY_H}, {'i', 'I', KEY_I},
    {'j', 'J', KEY_J}, {'k', 'K', KEY_K}, {'l', 'L', KEY_L},
    {'m', 'M', KEY_M}, {'n', 'N', KEY_N}, {'o', 'O', KEY_O},
    {'p', 'P', KEY_P}, {'q', 'Q', KEY_Q}, {'r', 'R', KEY_R},
    {'s', 'S', KEY_S}, {'t', 'T', KEY_T}, {'u', 'U', KEY_U},
    {'v', 'V', KEY_V}, {'w', 'W', KEY_W}, {'x', 'X', KEY_X},
    {'y', 'Y', KEY_Y}, {'z', 'Z', KEY_Z}, {'1', '!', KEY_1},
    {'2', '@', KEY_2}, {'3', '#', KEY_3}, {'4', '$', KEY_4},
    {'5', '%', KEY_5}, {'6', '^', KEY_6}, {'7', '&', KEY_7},
    {'8', '*', KEY_8}, {'9', '(', KEY_9}, {'0', ')', KEY_0},
    {'-', '_', KEY_MINUS}, {'=', '+', KEY_EQUAL},
    {'[', '{', KEY_LEFTBRACE}, {']', '}', KEY_RIGHTBRACE},
    {'\\', '|', KEY_BACKSLASH}, {';', ':', KEY_SEMICOLON},
    {'\'', '"', KEY_APOSTROPHE}, {'`', '~', KEY_GRAVE},
    {',', '<', KEY_COMMA}, {'.', '>', KEY_DOT}, {'/', '?', KEY_SLASH},
    {' ', 0, KEY_SPACE}, {'\n', 0, KEY_ENTER}, {'\t', 0, KEY_TAB},
    {'\b', 0, KEY_BACKSPACE}, {'\033', 0, KEY_ESC},
};

static void
put(struct core_input *input, uint16_t type, uint16_t code, int32_t value)
{
	input->events[input->n++] =
	    (struct input_event_wire){type, code, value};
}

static void
put_key(struct core_input *input, uint16_t code, bool down)
{
	put(input, EV_KEY, code, down);
	put(input, EV_SYN, SYN_REPORT, 0);
}

static int
press_and_release(struct core_input *input, const uint16_t *codes, int n)
{
	if (input->n + 4u * (uint32_t)n > TDS_MAX_INPUT_BATCH)
		return -ENOSPC;
	for (int i = 0; i < n; i++)
		put_key(input, codes[i], true);
	for (int i = n; i > 0; i--)
		put_key(input, codes[i - 1], false);
	return 0;
}

int
typing_char(struct core_input *input, char c)
{
	for (size_t i = 0; i < sizeof(us_keys) / sizeof(us_keys[0]); i++) {
		const uint16_t codes[] = {KEY_LEFTSHIFT, us_keys[i].code};
		if (c == us_keys[i].plain)
			return press_and_release(input, codes + 1, 1);
		if (c != 0 && c == us_keys[i].shifted)
			return press_and_release(input, codes, 2);
	}
	return -ENOENT;
}

int
typing_chord(struct core_input *input, const char *chord)
{
	uint16_t codes[KEYNAMES_MAX_CHORD];
	const int n = keynames_chord(chord, codes);

	return n < 0 ? n : press_and_release(input, codes, n);
}

int
typing_pointer(struct core_input *input, int32_t x, int32_t y,
    const char *action)
{
	static const struct {
		const char *name;
		uint16_t type, code;
		int32_t first, then; /* then -1: one event only */
	} actions[] = {
	    {"left", EV_KEY, BTN_LEFT, 1, 0},
	    {"middle", EV_KEY, BTN_MIDDLE, 1, 0},
	    {"right", EV_KEY, BTN_RIGHT, 1, 0},
	    {"press", EV_KEY, BTN_LEFT, 1, -1},
	    {"release", EV_KEY, BTN_LEFT, 0, -1},
	    {"wheel-up", EV_REL, REL_WHEEL, 1, -1},
	    {"wheel-down", EV_REL, REL_WHEEL, -1, -1},
	};

	put(input, EV_ABS, ABS_X, x);
	put(input, EV_ABS, ABS_Y, y);
	put(input, EV_SYN, SYN_REPORT, 0);
	if (!action)
		return 0;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, action) != 0)
			continue;
		put(input, actions[i].type, actions[i].code, actions[i].first);
		put(input, EV_SYN, SYN_REPORT, 0);
		if (actions[i].then < 0)
			return 0;
		put(input, actions[i].type, actions[i].code, actions[i].then);
		put(input, EV_SYN, SYN_REPORT, 0);
		return 0;
	}
	return -ENOENT;
}
