/*
 * screen: tdsd's part of the graphics card: it opens the card, hands it to the
 * core, and makes the screens dark when a core died.
 *
 * Why neither a guest's pixels nor the kernel's console can then be seen:
 * - tdsd and the core share one open file of the card, so what the core made
 *   belongs to tdsd's descriptor too and stays until it is removed. Blanking
 *   overwrites every framebuffer of that file (some virtual cards show their
 *   memory even when off), switches every CRTC off, and removes them.
 * - the kernel restores its own console (fbdev emulation) only when the card
 *   has no master: it asks drm_master_internal_acquire() first. We are the
 *   master until the last descriptor of that file is closed, so tdsd must keep
 *   it open as long as anything may be on the screen, across restarts of the
 *   core. When tdsd itself ends, the kernel shows its console; a display
 *   domain boots without one (fbcon is not loaded there).
 */
#pragma once

#include "tds/base/bytes.h"

/*
 * Open the card at path, or with NULL the first of /dev/dri/card0.. that has
 * connectors, and become its master. A descriptor (close-on-exec, without
 * blocking), or -errno after a line to the log that says what to do.
 */
int screen_open(const char *path) MUST_CHECK;

/*
 * All screens dark, and no framebuffer of this file is left. 0, or -errno of
 * the first step that failed: the remaining steps are done all the same.
 */
int screen_blank(int fd);
