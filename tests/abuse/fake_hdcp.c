#include "tests/abuse/fake_hdcp.h"

#include "tds/base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/abuse/check.h"

int
hdcp_memory(uint64_t bytes, int seals)
{
	const int fd = memfd_create("wall", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

void
hdcp_plug(struct hdcp *h, struct seat *seat, uint32_t output)
{
	const struct core_sealed record = {output};
	const int memory =
	    hdcp_memory(WALL_BYTES, F_SEAL_SHRINK | F_SEAL_GROW);
	uint8_t bytes[16];
	int pair[2];

	*h = (struct hdcp){.seat = seat, .output = output};
	assert_int_equal(channel_pair(pair), 0);
	h->channel = pair[1];
	h->pixels = mmap(NULL, WALL_BYTES, PROT_READ, MAP_SHARED, memory, 0);
	assert_true(h->pixels != MAP_FAILED);
	const int fds[] = {pair[0], memory};
	const int len = encode_core_sealed(&record, bytes, sizeof(bytes));
	assert_true(len > 0);
	assert_int_equal(seat_send(seat, bytes, len, fds, 2), 0);
	close(pair[0]);
	close(memory);
}

void
hdcp_unplug(struct hdcp *h)
{
	if (h->channel >= 0)
		close(h->channel);
	munmap((void *)(uintptr_t)h->pixels, WALL_BYTES);
	h->channel = -1;
}

void
hdcp_say(struct hdcp *h, const void *bytes, int len)
{
	assert_true(len > 0);
	const int err =
	    channel_send(h->channel, bytes, (uint32_t)len, NULL, 0);
	/* the core may have closed it by now: what it is about */
	assert_true(err == 0 || err == -EPIPE || err == -ECONNRESET);
}

void
hdcp_free(struct hdcp *h, uint32_t wants_all)
{
	const struct sealed_free record = {wants_all};
	uint8_t bytes[16];

	h->is_held = false;
	hdcp_say(h, bytes, encode_sealed_free(&record, bytes, sizeof(bytes)));
}

void
hdcp_state(struct hdcp *h, uint32_t is_on)
{
	const struct sealed_state record = {is_on};
	uint8_t bytes[16];

	hdcp_say(h, bytes, encode_sealed_state(&record, bytes, sizeof(bytes)));
}

/* 0, -EAGAIN, or -EPIPE at the end; a frame's end is -EAGAIN as well. */
static int
take_part(struct hdcp *h)
{
	const struct rect whole = {0, 0, SEAT_WIDTH, SEAT_HEIGHT};
	struct received r = {0};
	struct sealed_part part;
	uint8_t bytes[64];
	uint32_t op;
	struct rd rd;
	const int err = channel_receive(h->channel, bytes, sizeof(bytes), &r);

	if (err < 0)
		return err;
	assert_int_equal(control_open(bytes, r.len, r.n_fds, &op, &rd), 0);
	assert_int_equal(op, SEALED_PART);
	assert_int_equal(decode_sealed_part(&rd, &part), 0);
	assert_true(rect_covers(whole, part.area));
	assert_false(rect_is_empty(part.area));
	if (h->is_whole)
		damage_clear(&h->parts);
	assert_true(h->parts.n < TDS_MAX_DAMAGE);
	h->parts.r[h->parts.n++] = part.area;
	h->is_whole = part.is_last;
	h->n_frames += part.is_last;
	if (part.is_last)
		assert_false(h->is_held);
	h->is_held |= part.is_last;
	return part.is_last ? -EAGAIN : 0;
}

bool
hdcp_take(struct hdcp *h)
{
	const uint32_t n = h->n_frames;

	while (take_part(h) == 0)
		continue;
	return h->n_frames > n;
}

void
hdcp_wait_frame(struct hdcp *h)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	h->seat->watched_fd = h->channel;
	while (!hdcp_take(h))
		seat_turn(h->seat, deadline);
	h->seat->watched_fd = -1;
}

void
hdcp_settle(struct hdcp *h)
{
	/* what the core takes in at once with a commit is older than its tick */
	do {
		if (h->is_held)
			hdcp_free(h, 0);
		seat_show(h->seat, 0, 0x00aa55);
		seat_wait_tick(h->seat, 0);
	} while (hdcp_take(h));
}

void
hdcp_wait_closed(struct hdcp *h)
{
	const int64_t deadline = now_ms() + CHILD_DEADLINE_MS;

	h->seat->watched_fd = h->channel;
	for (int err = 0; err != -EPIPE && err != -ECONNRESET;) {
		err = take_part(h);
		if (err == -EAGAIN)
			seat_turn(h->seat, deadline);
	}
	h->seat->watched_fd = -1;
	close(h->channel);
	h->channel = -1;
}

bool
hdcp_has_all(const struct hdcp *h)
{
	const struct rect whole = {0, 0, SEAT_WIDTH, SEAT_HEIGHT};

	return h->parts.n == 1 && rect_covers(h->parts.r[0], whole);
}
