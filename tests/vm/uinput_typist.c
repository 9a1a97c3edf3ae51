/*
 * uinput_typist: a keyboard made by uinput, and somebody who types on it: for
 * each line "COUNT MS" that it reads it presses and releases the letter A so
 * often, with so much time between, and says "typed". The device is there until
 * it is killed.
 */
#include "tests/vm/uinput_zoo.h"

#include <poll.h>
#include <stdio.h>

static void
type(const struct zoo_device *keyboard, uint32_t count, uint32_t pause_ms)
{
	for (uint32_t i = 0; i < 2 * count; i++) {
		zoo_key(keyboard, KEY_A, i % 2 == 0);
		(void)poll(NULL, 0, (int)pause_ms);
	}
}

int
main(void)
{
	struct zoo_device keyboard;
	uint32_t count, pause_ms;

	if (zoo_create(ZOO_KEYBOARD, NULL, &keyboard) < 0)
		return 1;
	while (scanf("%u %u", &count, &pause_ms) == 2) {
		type(&keyboard, count, pause_ms);
		printf("typed\n");
		fflush(stdout);
	}
	zoo_destroy(&keyboard);
	return 0;
}
