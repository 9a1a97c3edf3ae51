/*
 * console: nothing goes around us. The kernel's own keys (Ctrl-Alt-Delete,
 * SysRq) are switched off, and the virtual terminal that is in front draws
 * nothing, hears no key, and gives way to no other.
 *
 * Nothing of it is undone at the end: whoever makes tdsd stop must not get a
 * console by it, with a prompt and with what was written there before.
 */
#pragma once

#include "tds/base/bytes.h"

/*
 * 0 with *tty the terminal, to be kept open, or -1 where the kernel has none;
 * or -errno, and the log says which right is missing.
 */
int console_take(int *tty) MUST_CHECK;
