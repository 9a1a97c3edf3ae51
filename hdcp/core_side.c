/*
 * core_side: frames from the core. The memory is one of two processes' at a
 * time: the core's, until the last SEALED_PART of a frame; then ours, until
 * SEALED_FREE. Only ever an answer: one that was sent unasked could cross with
 * a frame and be taken for its answer.
 */
#include "hdcp/program.h"

#include "tds/base/channel.h"
#include "tds/base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

static size_t
memory_bytes(const struct hdcp_setup *setup)
{
	return (size_t)setup->width * setup->height * HDCP_TILE_PIXEL;
}

struct hdcp_image
core_side_black(const struct hdcp_setup *setup)
{
	static uint8_t row[TDS_MAX_DIM * HDCP_TILE_PIXEL];

	return (struct hdcp_image){.pixels = row,
	    .stride_bytes = 0, /* one row is all of them */
	    .width = (uint16_t)setup->width,
	    .height = (uint16_t)setup->height};
}

/* A record that p->record holds. A core that takes none has ended us. */
static void
core_send(struct program *p, int len)
{
	if (p->core < 0 || len < 0)
		return;
	if (channel_send(p->core, p->record, (uint32_t)len, NULL, 0) == -EAGAIN)
		program_end(p, "the core does not read its channel");
}

static void
send_free(struct program *p)
{
	const struct sealed_free record = {.wants_all = p->wants_all};

	p->has_frame = p->is_sending = p->wants_all = false;
	damage_clear(&p->parts);
	p->n_parts = 0;
	core_send(p, encode_sealed_free(&record, p->record, sizeof(p->record)));
}

static void
send_state(struct program *p, bool is_on)
{
	const struct sealed_state record = {.is_on = is_on};

	p->is_told_on = is_on;
	core_send(
	    p, encode_sealed_state(&record, p->record, sizeof(p->record)));
}

/* ------------------------------------------------------------------ frames */

/* Any coordinates may have been sent. */
static bool
is_inside(struct rect r, const struct hdcp_setup *setup)
{
	return r.x0 >= 0 && r.y0 >= 0 && r.x0 < r.x1 && r.y0 < r.y1 &&
	       r.x1 <= (int32_t)setup->width && r.y1 <= (int32_t)setup->height;
}

static int
on_part(struct program *p, struct rd *rd)
{
	struct sealed_part in;
	const int err = decode_sealed_part(rd, &in);

	if (err < 0)
		return err;
	if (p->has_frame)
		return -EPROTO; /* the memory is ours */
	if (!is_inside(in.area, &p->setup))
		return -ERANGE;
	if (++p->n_parts > TDS_MAX_DAMAGE)
		return -EDQUOT;
	damage_add(&p->parts, in.area);
	p->has_frame = in.is_last;
	return 0;
}

/*
 * A frame: waiting --source takes it--> sending --all tiles made--> free.
 * Without a session it is free at once; with a new one, too, and the core is
 * to show everything again.
 */
static void
settle_frame(struct program *p)
{
	if (!p->has_frame)
		return;
	if (!source_is_on(&p->source))
		send_free(p);
	else if (!p->is_sending)
		p->is_sending = source_frame(&p->source, &p->parts) == 0;
	else if (!source_is_busy(&p->source))
		send_free(p);
}

void
core_side_settle(struct program *p)
{
	const bool is_on = source_is_on(&p->source);
	const bool is_new = is_on && p->source.tx.n_sessions != p->n_told;

	if (is_new) {
		p->n_told = p->source.tx.n_sessions;
		p->wants_all = p->has_frame;
	}
	if (is_new || is_on != p->is_told_on)
		send_state(p, is_on);
	/* while there is no core, the first frame of a session is ours */
	if (p->core < 0 && p->source.is_new && is_on) {
		const struct damage nothing = {0};
		(void)!source_frame(&p->source, &nothing);
	}
	settle_frame(p);
}

/* ----------------------------------------------------------------- channel */

/* The next picture, at once, is black: nothing of a core that is gone stays. */
static void
core_lost(struct program *p)
{
	const struct hdcp_image black = core_side_black(&p->setup);

	source_show(&p->source, &black);
	if (p->memory)
		munmap(p->memory, memory_bytes(&p->setup));
	p->memory = NULL;
	if (p->core >= 0) {
		loop_remove(&p->loop, p->core);
		close(p->core);
	}
	p->core = -1;
	p->has_frame = p->is_sending = p->wants_all = false;
	damage_clear(&p->parts);
	p->n_parts = 0;
}

static void
on_core(void *data, uint32_t events)
{
	struct program *p = data;
	struct received r = {0};
	struct rd rd;
	uint32_t op = 0;

	(void)events;
	int err =
	    channel_receive(p->core, p->record, sizeof(p->record), &r);
	if (err == -EAGAIN)
		return;
	if (err == 0)
		err = control_open(p->record, r.len, r.n_fds, &op, &rd);
	if (err == 0)
		err = op == SEALED_PART ? on_part(p, &rd) : -EPROTO;
	received_finish(&r);
	if (err == -EPIPE || err == -ECONNRESET)
		core_lost(p);
	else if (err < 0)
		program_end(p, "the core sent a malformed record");
	program_settle(p);
}

/* Memory that nobody can make smaller under our feet. */
static int
map(struct program *p, int fd)
{
	const size_t bytes = memory_bytes(&p->setup);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	const int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK) ||
	    (uint64_t)st.st_size != bytes)
		return -EBADMSG;
	void *at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	p->memory = at;
	return 0;
}

int
core_side_begin(struct program *p, int fds[2])
{
	core_lost(p);
	int err = map(p, fds[1]);
	if (err < 0)
		return err;
	p->core = TAKE_FD(fds[0]);
	err = loop_add(&p->loop, p->core, EPOLLIN, on_core, p);
	if (err < 0)
		return err;
	const struct hdcp_image image = {.pixels = p->memory,
	    .stride_bytes = (size_t)p->setup.width * HDCP_TILE_PIXEL,
	    .width = (uint16_t)p->setup.width,
	    .height = (uint16_t)p->setup.height};
	source_show(&p->source, &image);
	p->n_told = p->source.tx.n_sessions;
	send_state(p, source_is_on(&p->source));
	return 0;
}
