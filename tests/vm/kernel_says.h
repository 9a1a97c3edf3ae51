/*
 * kernel_says: what the kernel shows according to debugfs, for kms_probe. The
 * caller has mounted it at /debug.
 */
#pragma once

#include <stdint.h>

/* The CRC of a frame that the first CRTC scans out now (vkms); 0 or -errno. */
int kernel_crc(uint32_t *crc);
/* How many planes show a framebuffer; -errno. */
int kernel_planes_on(void);
