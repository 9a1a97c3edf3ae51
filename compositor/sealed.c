#include "compositor/sealed.h"

#include "tds/base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest record is SEALED_PART: op, rectangle, is_last. */
enum { RECORD_BYTES = 4 + 16 + 4 };

static struct sealed *
sealed_of(struct screen *screen)
{
	return (struct sealed *)screen; /* base is its first member */
}

static size_t
bytes_of(const struct sealed_output *o)
{
	return (size_t)o->width * o->height * 4;
}

static void
let_go(struct sealed_output *o)
{
	if (o->channel >= 0)
		close(o->channel);
	if (o->pixels)
		munmap(o->pixels, bytes_of(o));
	o->channel = -1;
	o->pixels = NULL;
	o->is_with_hdcp = o->is_black_due = false;
	o->err = 0;
}

/* ----------------------------------------------------------- to tds-hdcp */

/* From the first part on the memory is not ours, whatever becomes of them. */
static void
hand_over(struct sealed_output *o, const struct damage *parts)
{
	uint8_t bytes[RECORD_BYTES];

	o->is_with_hdcp = true;
	o->is_new = false;
	for (uint32_t i = 0; i < parts->n && o->err == 0; i++) {
		const struct sealed_part part = {
		    .area = parts->r[i], .is_last = i + 1 == parts->n};
		const int len = encode_sealed_part(&part, bytes, sizeof(bytes));

		o->err = len < 0 ? len
				 : channel_send(o->channel, bytes,
				       (uint32_t)len, NULL, 0);
	}
}

/* What was shown last goes away for good, at the sink as well. */
static void
blacken(struct sealed_output *o)
{
	o->is_black_due = false;
	memset(o->pixels, 0, bytes_of(o));
	hand_over(o, &o->all);
}

/* ---------------------------------------------------------- from tds-hdcp */

static int
take_record(
    struct sealed_output *o, struct sealed_news *news, struct rd *rd, uint32_t op)
{
	struct sealed_free give;
	struct sealed_state state;
	int err;

	switch (op) {
	case SEALED_FREE:
		err = decode_sealed_free(rd, &give);
		if (err < 0)
			return err;
		if (!o->is_with_hdcp)
			return -EPROTO;
		o->is_with_hdcp = false;
		news->wants_all |= give.wants_all;
		return 0;
	case SEALED_STATE:
		err = decode_sealed_state(rd, &state);
		if (err < 0)
			return err;
		news->has_state = true;
		news->is_on = state.is_on;
		/* a sink that begins has no picture yet */
		news->wants_all |= state.is_on;
		return 0;
	default:
		return -EPROTO;
	}
}

static int
receive(struct sealed_output *o, struct sealed_news *news)
{
	uint8_t bytes[RECORD_BYTES];
	struct received r = {0};
	struct rd rd;
	uint32_t op;
	int err = channel_receive(o->channel, bytes, sizeof(bytes), &r);

	if (err < 0)
		return err;
	news->has_any = true;
	err = control_open(bytes, r.len, r.n_fds, &op, &rd);
	received_finish(&r);
	return err < 0 ? err : take_record(o, news, &rd, op);
}

struct sealed_news
sealed_poll(struct sealed *s, uint32_t i)
{
	struct sealed_output *o = &s->outputs[i];
	struct sealed_news news = {0};

	if (!o->is_sealed || o->channel < 0)
		return news;
	for (uint32_t n = 0; n < SEALED_RECORDS && o->err == 0; n++) {
		const int err = receive(o, &news);

		if (err == -EAGAIN)
			break;
		o->err = err;
	}
	if (s->is_dark && (news.wants_all || o->is_black_due)) {
		o->is_black_due = true;
		if (o->err == 0 && !o->is_with_hdcp)
			blacken(o);
	}
	o->is_new |= news.wants_all;
	if (o->err == 0)
		return news;
	/* the state of one that is gone means nothing */
	news = (struct sealed_news){
	    .has_any = true, .has_state = true, .err = o->err};
	let_go(o);
	return news;
}

/* ------------------------------------------------------------------- both */

static bool
is_fixed(int fd, size_t bytes)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	return seals >= 0 && (seals & wanted) == wanted &&
	    fstat(fd, &st) == 0 && st.st_size >= 0 &&
	    (uint64_t)st.st_size == bytes;
}

/* As the one before, if it fails. */
static int
map(struct sealed_output *o, int memory)
{
	if (!is_fixed(memory, bytes_of(o)))
		return -EBADMSG;
	void *at = mmap(NULL, bytes_of(o), PROT_READ | PROT_WRITE, MAP_SHARED,
	    memory, 0);
	if (at == MAP_FAILED)
		return -errno;
	let_go(o);
	o->pixels = at;
	return 0;
}

int
sealed_open(struct sealed *s, uint32_t i, int channel, int memory)
{
	struct sealed_output *o = sealed_has(s, i) ? &s->outputs[i] : NULL;
	const int err = o ? map(o, memory) : -ERANGE;

	close(memory);
	if (err < 0) {
		close(channel);
		return err;
	}
	o->channel = channel;
	o->is_new = true;
	if (s->is_dark)
		blacken(o);
	return 0;
}

bool
sealed_has(const struct sealed *s, uint32_t i)
{
	return i < TDS_MAX_OUTPUTS && s->outputs[i].is_sealed;
}

bool
sealed_waits(const struct sealed *s, uint32_t i)
{
	return sealed_has(s, i) &&
	    (!s->outputs[i].pixels || s->outputs[i].is_with_hdcp);
}

/* -------------------------------------------------------------- the screen */

static int
sealed_probe(struct screen *screen, const struct core_output *slots,
    uint32_t n, struct core_output *found)
{
	struct sealed *s = sealed_of(screen);
	const int err = s->beneath->ops->probe(s->beneath, slots, n, found);

	for (uint32_t i = 0; i < n; i++)
		if (sealed_has(s, i))
			found[i] = slots[i];
	return err;
}

static struct target
sealed_begin(struct screen *screen, uint32_t i, const struct damage **stale)
{
	static const struct damage nothing;
	struct sealed *s = sealed_of(screen);
	struct sealed_output *o = &s->outputs[i];

	if (!o->is_sealed)
		return s->beneath->ops->begin(s->beneath, i, stale);
	if (s->is_dark || sealed_waits(s, i))
		return (struct target){0};
	*stale = o->is_new ? &o->all : &nothing;
	return (struct target){.pixels = o->pixels, .stride_px = o->width};
}

static int
sealed_present(struct screen *screen, uint32_t i, const struct damage *painted)
{
	struct sealed *s = sealed_of(screen);
	struct sealed_output *o = &s->outputs[i];

	if (!o->is_sealed)
		return s->beneath->ops->present(s->beneath, i, painted);
	if (s->is_dark || sealed_waits(s, i))
		return -EBUSY;
	if (o->is_new)
		hand_over(o, &o->all);
	else if (painted->n > 0)
		hand_over(o, painted);
	return 0;
}

static int
sealed_power(struct screen *screen, bool is_on)
{
	struct sealed *s = sealed_of(screen);

	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		struct sealed_output *o = &s->outputs[i];

		if (!o->is_sealed || !o->pixels || s->is_dark == !is_on)
			continue;
		o->is_new = is_on;
		o->is_black_due = !is_on;
		if (!is_on && !o->is_with_hdcp)
			blacken(o);
	}
	s->is_dark = !is_on;
	return s->beneath->ops->power(s->beneath, is_on);
}

static uint64_t
sealed_flips(struct screen *screen)
{
	struct screen *beneath = sealed_of(screen)->beneath;

	return beneath->ops->flips(beneath);
}

/* The pointer is painted into the frame. */
static bool
sealed_has_cursor(const struct screen *screen, uint32_t i)
{
	const struct sealed *s = (const struct sealed *)screen;

	return !sealed_has(s, i) && s->beneath->ops->has_cursor(s->beneath, i);
}

static void
sealed_set_cursor(
    struct screen *screen, uint32_t i, const struct cursor_plane *cursor)
{
	struct screen *beneath = sealed_of(screen)->beneath;

	beneath->ops->set_cursor(beneath, i, cursor);
}

static void
sealed_protect(struct screen *screen, uint32_t i, uint32_t level)
{
	struct sealed *s = sealed_of(screen);

	if (!sealed_has(s, i))
		s->beneath->ops->protect(s->beneath, i, level);
}

/* Sealing is not what a domain means that wants its cable protected. */
static bool
sealed_is_protected(struct screen *screen, uint32_t i)
{
	struct sealed *s = sealed_of(screen);

	return !sealed_has(s, i) &&
	    s->beneath->ops->is_protected(s->beneath, i);
}

static int
sealed_dump(struct screen *screen, uint32_t i, int fd)
{
	struct sealed *s = sealed_of(screen);

	return sealed_has(s, i) ? -EOPNOTSUPP
				: s->beneath->ops->dump(s->beneath, i, fd);
}

void
sealed_init(struct sealed *s, struct screen *beneath, const struct core *core)
{
	const struct screen_ops *under = beneath->ops;

	*s = (struct sealed){.beneath = beneath};
	/* what the one beneath cannot do at all, this one cannot do either */
	s->ops = (struct screen_ops){
	    .probe = sealed_probe,
	    .begin = sealed_begin,
	    .present = sealed_present,
	    .power = sealed_power,
	    .flips = sealed_flips,
	    .has_cursor = under->has_cursor ? sealed_has_cursor : NULL,
	    .set_cursor = under->set_cursor ? sealed_set_cursor : NULL,
	    .protect = under->protect ? sealed_protect : NULL,
	    .is_protected = under->is_protected ? sealed_is_protected : NULL,
	    .dump = sealed_dump,
	};
	s->base.ops = &s->ops;
	for (uint32_t i = 0; i < core->scene.n_outputs; i++) {
		const struct core_output *slot = &core->scene.outputs[i].slot;
		struct sealed_output *o = &s->outputs[i];

		o->channel = -1;
		if (slot->type != OUTPUT_SEALED)
			continue;
		o->is_sealed = true;
		o->width = slot->width;
		o->height = slot->height;
		damage_add(&o->all, rect_make(0, 0, (int32_t)slot->width,
					(int32_t)slot->height));
		s->n_outputs++;
	}
}
