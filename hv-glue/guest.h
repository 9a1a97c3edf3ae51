/*
 * guest: everything that one tds-guest holds, and how its parts meet: what
 * the core sends goes to the devices, what they changed goes to the core.
 */
#pragma once

#include "hv-glue/gpu_device.h"
#include "hv-glue/input_device.h"
#include "hv-glue/link.h"
#include "hv-glue/vnc.h"
#include "protocol/control.h"

enum { GUEST_INPUTS = 3, GUEST_SETUP_FDS = 8 };

struct guest {
	struct loop loop;
	int channel_fd; /* borrowed: to tdsd */
	char name[TDS_NAME_BYTES];
	struct device_env env;
	uint8_t *pixels; /* owned: the pool, mapped */
	uint64_t pool_bytes;
	struct pool pool;
	struct outbox outbox;
	struct link link;
	struct gpu_device gpu;
	struct input_dev inputs[GUEST_INPUTS]; /* by enum input_device */
	struct vnc vnc;
};

/*
 * A zeroed guest from tdsd's record; takes fds[GUEST_SETUP_FDS] out one by
 * one. 0 or -errno with *what failed; guest_finish() in both cases.
 */
int guest_init(struct guest *guest, const struct guest_setup *setup,
    int channel_fd, int *fds, const char **what) MUST_CHECK;
void guest_finish(struct guest *guest);

/*
 * A place on the row of scanouts, as the tablet's 0..INPUT_ABS_MAX: the middle
 * of pixel px of extent pixels.
 */
int32_t guest_scale_abs(uint32_t px, uint32_t extent_px);
