#include "kbd/devices_evdev.h"

#include "kbd/device_evdev.h"
#include "tds/base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { LIGHTS_INTERVAL_NS = 100000000 };

/* ------------------------------------------------------------------ reading */

/* Nobody reads it any more; it stays seized. */
static void
stop_reading(struct device *d)
{
	pointers_remove(d->all->pointers, d->at);
	keyboard_destroy(d->keyboard);
	d->keyboard = NULL;
	d->has_more = false;
	d->reader = READER_NONE;
}

static int
start_reading(struct device *d)
{
	struct devices *ds = d->all;
	const struct seat_device *record = &ds->seat->slots[d->at].record;
	const enum device_reader reader =
	    facts_reader(record->kinds, record->state);
	int err = 0;

	if (reader == READER_KEYBOARD)
		err = keyboard_create(d->fd, &d->keyboard);
	else if (reader == READER_POINTER)
		err = pointers_add(ds->pointers, d->at, d->fd, d->traits);
	if (err < 0)
		return err;
	d->reader = reader;
	/* Without EPOLLIN only its end is told: libinput polls for itself. */
	const bool polls =
	    reader == READER_KEYBOARD || reader == READER_DISCARD;
	return loop_modify(ds->loop, d->fd, polls ? EPOLLIN : 0);
}

static void
close_device(struct device *d)
{
	stop_reading(d);
	loop_remove(d->all->loop, d->fd);
	own_close(&d->fd);
	d->fd = -1;
	seat_remove(d->all->seat, d->at);
}

static void
fail_device(struct device *d, int err)
{
	struct devices *ds = d->all;
	const uint32_t number = ds->seat->slots[d->at].record.device;

	log_peer(
	    &ds->budget, "device", "%u is gone: %s", number, strerror(-err));
	close_device(d);
	ds->calls.on_problem(ds->calls.data, number, err);
}

static void
read_device(struct device *d)
{
	int err = 0;

	if (d->reader == READER_KEYBOARD)
		err = keyboard_read(d->keyboard, d->all->seat, d->at);
	else if (d->reader == READER_DISCARD)
		err = device_discard(d->fd);
	d->has_more = err > 0;
	if (err < 0)
		fail_device(d, err);
}

static void
on_device(void *data, uint32_t events)
{
	struct device *d = data;

	/* it may have been closed by an event before this one */
	if (d->fd < 0)
		return;
	if (events & (EPOLLHUP | EPOLLERR))
		fail_device(d, -ENODEV);
	else
		read_device(d);
	d->all->calls.on_turn_end(d->all->calls.data);
}

static void
on_pointers(void *data, uint32_t events)
{
	struct devices *ds = data;

	(void)events;
	pointers_dispatch(ds->pointers);
	ds->calls.on_turn_end(ds->calls.data);
}

bool
devices_read_more(struct devices *ds)
{
	bool has_more = false;

	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		struct device *d = &ds->devices[i];
		if (!d->has_more)
			continue;
		read_device(d);
		has_more |= d->has_more;
	}
	return has_more;
}

/* ------------------------------------------------------------------- lights */

static bool
shows_lights(const struct device *d)
{
	const struct seat_device *record = &d->all->seat->slots[d->at].record;

	return d->fd >= 0 && record->state == DEVICE_ADMITTED &&
	       (record->kinds & KIND_KEYBOARD) != 0 &&
	       device_is_writable(d->fd);
}

static void
write_lights(struct devices *ds)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++) {
		const struct device *d = &ds->devices[i];
		if (!shows_lights(d))
			continue;
		const int err = device_set_leds(d->fd, ds->lights.leds);
		if (err < 0)
			log_peer(&ds->budget, "device",
			    "%u: its lights cannot be set: %s",
			    ds->seat->slots[i].record.device, strerror(-err));
	}
}

static void
run_timer(struct lights *lights, bool runs)
{
	const struct itimerspec when = {
	    .it_value = {.tv_nsec = runs ? LIGHTS_INTERVAL_NS : 0}};

	lights->is_timer_on =
	    timerfd_settime(lights->timer_fd, 0, &when, NULL) == 0 && runs;
}

void
devices_light(struct devices *ds, uint32_t leds)
{
	struct lights *lights = &ds->lights;

	lights->leds = leds;
	lights->is_known = true;
	if (lights->is_timer_on) {
		lights->is_late = true;
		return;
	}
	write_lights(ds);
	run_timer(lights, true);
}

static void
on_timer(void *data, uint32_t events)
{
	struct devices *ds = data;
	struct lights *lights = &ds->lights;
	uint64_t ticks;

	(void)events;
	if (read(lights->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	if (lights->is_late)
		write_lights(ds);
	run_timer(lights, lights->is_late);
	lights->is_late = false;
}

void
devices_forget_lights(struct devices *ds)
{
	ds->lights.is_known = false;
	ds->lights.is_late = false;
}

/* ------------------------------------------------------- open, admit, close */

/* Seized and understood, or an errno. */
static int
examine(const struct input_open *open, int fd, struct seat_device *record,
    uint32_t *traits)
{
	struct device_facts facts;
	int err = device_seize(fd);

	if (err == 0)
		err = device_facts(fd, &facts);
	if (err < 0)
		return err;
	facts_record(&facts, open->device, open->state, record);
	*traits = facts_traits(&facts);
	return record->kinds == 0 ? -ENOTSUP : 0;
}

int
devices_open(struct devices *ds, const struct input_open *open, int fd_in)
{
	int AUTO_FD fd = fd_in;
	struct seat_device record;
	uint32_t traits;

	int err = examine(open, fd, &record, &traits);
	if (err < 0)
		return err;
	const int at = seat_add(ds->seat, &record);
	if (at < 0)
		return at;
	struct device *d = &ds->devices[at];
	err = loop_add(ds->loop, fd, 0, on_device, d);
	if (err < 0) {
		seat_remove(ds->seat, (uint32_t)at);
		return err;
	}
	d->fd = TAKE_FD(fd);
	d->traits = traits;
	err = start_reading(d);
	if (err < 0)
		close_device(d);
	return err;
}

void
devices_close(struct devices *ds, uint32_t number)
{
	const int at = seat_find(ds->seat, number);

	if (at >= 0)
		close_device(&ds->devices[at]);
}

void
devices_admit(struct devices *ds, const struct seat_admit *admit)
{
	const int at = seat_find(ds->seat, admit->device);

	/* it may have gone while the record was on its way */
	if (at < 0 || ds->seat->slots[at].record.state == admit->state)
		return;
	struct device *d = &ds->devices[at];
	stop_reading(d);
	seat_set_state(ds->seat, (uint32_t)at, admit->state);
	const int err = start_reading(d);
	if (err < 0) {
		fail_device(d, err);
		return;
	}
	/* a keyboard that is new shows what the others show */
	if (ds->lights.is_known && shows_lights(d))
		devices_light(ds, ds->lights.leds);
}

/* -------------------------------------------------------------- begin, end */

int
devices_init(struct devices *ds, struct loop *loop, struct seat *seat,
    const struct devices_calls *calls)
{
	*ds = (struct devices){
	    .loop = loop, .seat = seat, .calls = *calls, .lights.timer_fd = -1};
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		ds->devices[i] = (struct device){.all = ds, .at = i, .fd = -1};
	int err = pointers_create(seat, &ds->pointers);
	if (err < 0)
		return err;
	ds->lights.timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ds->lights.timer_fd < 0)
		return -errno;
	err = loop_add(loop, ds->lights.timer_fd, EPOLLIN, on_timer, ds);
	return err < 0 ? err
		       : loop_add(loop, pointers_fd(ds->pointers), EPOLLIN,
			     on_pointers, ds);
}

void
devices_finish(struct devices *ds)
{
	for (uint32_t i = 0; i < TDS_MAX_DEVICES; i++)
		if (ds->devices[i].fd >= 0)
			close_device(&ds->devices[i]);
	pointers_destroy(ds->pointers);
	own_close(&ds->lights.timer_fd);
}
