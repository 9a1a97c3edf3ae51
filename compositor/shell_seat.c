#include "compositor/shell.h"

#include "tds/base/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

void
seat_close(struct shell *s)
{
	if (s->seat_fd < 0)
		return;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->seat_fd, NULL);
	close(s->seat_fd);
	s->seat_fd = -1;
	shell_step(s, &(struct event){.kind = EVENT_GONE, .device = 0});
}

void
seat_open(struct shell *s, int fd)
{
	seat_close(s);
	s->seat_fd = fd;
	s->leds = 0;
	if (shell_watch(s->epoll_fd, fd, EPOLLIN, TAG_SEAT) < 0)
		seat_close(s);
}

/* A tds-input that takes nothing is as good as gone; tdsd sees to it. */
static void
seat_send(struct shell *s, int len)
{
	if (s->seat_fd < 0)
		return;
	const int err = len < 0
	    ? len
	    : channel_send(s->seat_fd, s->record, (uint32_t)len, NULL, 0);
	if (err < 0)
		seat_close(s);
}

void
seat_carry_out(struct shell *s, const struct actions *actions)
{
	const struct seat_admit *admit = &actions->admit;
	const uint32_t leds = core_leds(&s->core);

	if (admit->device != 0) {
		const struct core_admitted told = {
		    .device = admit->device, .state = admit->state};

		seat_send(s,
		    encode_seat_admit(admit, s->record, sizeof(s->record)));
		shell_reply(s,
		    encode_core_admitted(
			&told, s->record, sizeof(s->record)));
	}
	if (leds != s->leds) {
		s->leds = leds;
		const struct seat_leds record = {.leds = leds};
		seat_send(s,
		    encode_seat_leds(&record, s->record, sizeof(s->record)));
	}
}

static int
on_device(struct shell *s, struct rd *rd)
{
	struct event event = {.kind = EVENT_DEVICE};
	const int err = decode_seat_device(rd, &event.device_info);

	if (err < 0)
		return err;
	/* for the code that admits it; without a source of chance none does */
	if (getrandom(&event.random, sizeof(event.random), 0) !=
	    (ssize_t)sizeof(event.random))
		return -EIO;
	shell_step(s, &event);
	return 0;
}

static int
on_events(struct shell *s, struct rd *rd)
{
	struct seat_events record;
	const int err = decode_seat_events(rd, &record);

	if (err < 0)
		return err;
	s->last_input_ns = monotonic_ns();
	for (uint32_t i = 0; i < record.input.n; i++)
		shell_step(s,
		    &(struct event){.kind = EVENT_INPUT,
			.device = record.device,
			.time_ns = record.time_ns,
			.input = record.input.events[i]});
	return 0;
}

static int
on_record(struct shell *s, uint32_t len, uint32_t n_fds)
{
	struct seat_gone gone;
	struct rd rd;
	uint32_t op;
	int err = control_open(s->record, len, n_fds, &op, &rd);

	if (err < 0)
		return err;
	switch (op) {
	case SEAT_DEVICE:
		return on_device(s, &rd);
	case SEAT_EVENTS:
		return on_events(s, &rd);
	case SEAT_GONE:
		err = decode_seat_gone(&rd, &gone);
		if (err == 0)
			shell_step(s,
			    &(struct event){
				.kind = EVENT_GONE, .device = gone.device});
		return err;
	default:
		return -EPROTO;
	}
}

void
seat_dispatch(struct shell *s)
{
	int err = 0;
	int n = 0;

	for (; n < RECORDS_PER_TURN && err == 0 && s->seat_fd >= 0; n++) {
		struct received r = {0};

		err = channel_receive(
		    s->seat_fd, s->record, sizeof(s->record), &r);
		if (err == 0)
			err = on_record(s, r.len, r.n_fds);
		received_finish(&r);
	}
	if (n > 1)
		shell_flush(s);
	if (frame_has_news(s))
		frame_wake(s);
	if (err == 0 || err == -EAGAIN)
		return;
	seat_close(s);
	if (err == -EPIPE || err == -ECONNRESET)
		return; /* tdsd knows it, and starts another */
	log_error("tds-input sent a malformed record (%s): dropped",
	    strerror(-err));
	const struct core_dropped dropped = {
	    .domain = TDS_NONE, .error = (uint32_t)-err};
	shell_reply(
	    s, encode_core_dropped(&dropped, s->record, sizeof(s->record)));
}
