#include "hv-glue/displif_parts.h"

#include <errno.h>
#include <stddef.h>

/* xen/io/displif.h, "REQUEST CODES" */
enum {
	OP_DBUF_CREATE = 0x10,
	OP_DBUF_DESTROY = 0x11,
	OP_FB_ATTACH = 0x12,
	OP_FB_DETACH = 0x13,
	OP_SET_CONFIG = 0x14,
	OP_PG_FLIP = 0x15,
	OP_GET_EDID = 0x16,
};

/* Four letters, the first in the lowest byte (drm_fourcc.h). */
enum {
	FORMAT_XRGB8888 = 'X' | 'R' << 8 | '2' << 16 | '4' << 24,
	FORMAT_ARGB8888 = 'A' | 'R' << 8 | '2' << 16 | '4' << 24,
};

static const struct commit off = {0};

/* ------------------------------------------------------------------ tables */

static struct displif_framebuffer *
find_framebuffer(struct displif *d, uint64_t cookie)
{
	for (uint32_t i = 0; i < DISPLIF_MAX_FRAMEBUFFERS && cookie != 0; i++)
		if (d->framebuffers[i].cookie == cookie)
			return &d->framebuffers[i];
	return NULL;
}

struct displif_buffer *
displif_find_buffer(struct displif *d, uint64_t cookie)
{
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++)
		if (d->buffers[i].state != BUFFER_FREE &&
		    d->buffers[i].cookie == cookie)
			return &d->buffers[i];
	return NULL;
}

/* Reserved octets of a request must be 0. */
static int
rest_is_zero(struct rd *rd)
{
	uint8_t any = 0;

	while (rd->off < rd->len)
		any |= rd_u8(rd);
	return any || rd_end(rd) < 0 ? -EINVAL : 0;
}

/* ----------------------------------------------------------------- showing */

/*
 * The part of a framebuffer that a connector shows. A commit names a page, so
 * only parts that begin at one can be shown. -EINVAL
 */
static int
commit_of(const struct displif *d, const struct displif_connector *c,
    const struct displif_framebuffer *f, struct commit *out)
{
	const struct displif_buffer *b = &d->buffers[f->buffer];
	const uint64_t in_buffer = b->offset_bytes +
	    (uint64_t)c->y * b->stride_bytes + 4 * (uint64_t)c->x;
	const uint64_t end =
	    in_buffer + (uint64_t)c->height * b->stride_bytes;

	if (c->x > f->width || c->width > f->width - c->x ||
	    c->y > f->height || c->height > f->height - c->y ||
	    in_buffer % TDS_PAGE_BYTES != 0 ||
	    end > (uint64_t)b->n * TDS_PAGE_BYTES)
		return -EINVAL;
	*out = (struct commit){
	    .offset_bytes = (uint64_t)b->page * TDS_PAGE_BYTES + in_buffer,
	    .stride_bytes = b->stride_bytes,
	    .width_px = c->width,
	    .height_px = c->height,
	};
	return 0;
}

void
displif_init(struct displif *d, uint64_t chance)
{
	for (uint32_t i = 0; i < d->n_connectors; i++)
		changes_init(&d->changes[i], chance);
}

/* What the core takes now may not be what was looked at. */
static void
show_all(struct displif *d, uint32_t i, const struct commit *commit)
{
	changes_forget(&d->changes[i]);
	outbox_show(d->outbox, i, commit);
}

static void
flip_done(struct displif *d, struct displif_connector *c)
{
	uint8_t event[DISPLIF_BYTES];
	struct wr wr;

	/* Linux waits for exactly the next number (xen_drm_front_evtchnl.c) */
	wr_init(&wr, event, sizeof(event));
	put_zero(event, sizeof(event));
	wr_u16(&wr, c->event_id++);
	wr.off = 8; /* type 0: a flip */
	wr_u64(&wr, c->shown);
	c->is_flipping = false;
	d->ops->event(d->data, (uint32_t)(c - d->connectors), event);
}

static void
turn_off(struct displif *d, struct displif_connector *c)
{
	if (c->is_on)
		outbox_show(d->outbox, (uint32_t)(c - d->connectors), &off);
	c->is_on = false;
	if (c->is_flipping)
		flip_done(d, c);
}

void
displif_show_buffer(struct displif *d, const struct displif_buffer *b)
{
	struct commit commit;

	for (uint32_t i = 0; i < d->n_connectors; i++) {
		struct displif_connector *c = &d->connectors[i];
		const struct displif_framebuffer *f =
		    c->is_on ? find_framebuffer(d, c->shown) : NULL;
		if (f && &d->buffers[f->buffer] == b &&
		    commit_of(d, c, f, &commit) == 0)
			show_all(d, i, &commit);
	}
}

/* ---------------------------------------------------------------- requests */

static int
attach(struct displif *d, struct rd *rd)
{
	const uint64_t buffer = rd_u64(rd);
	const uint64_t cookie = rd_u64(rd);
	const uint32_t width = rd_u32(rd);
	const uint32_t height = rd_u32(rd);
	const uint32_t format = rd_u32(rd);
	const struct displif_buffer *b = displif_find_buffer(d, buffer);

	if (rest_is_zero(rd) < 0 || cookie == 0)
		return -EINVAL;
	if (!b)
		return -ENOENT;
	if (find_framebuffer(d, cookie))
		return -EEXIST;
	if ((format != FORMAT_XRGB8888 && format != FORMAT_ARGB8888) ||
	    width == 0 || height == 0 || width > b->width ||
	    height > b->height)
		return -EINVAL;
	for (uint32_t i = 0; i < DISPLIF_MAX_FRAMEBUFFERS; i++) {
		if (d->framebuffers[i].cookie != 0)
			continue;
		d->framebuffers[i] = (struct displif_framebuffer){
		    cookie, (uint32_t)(b - d->buffers), width, height};
		return 0;
	}
	return -ENOSPC;
}

static int
detach(struct displif *d, struct rd *rd)
{
	const uint64_t cookie = rd_u64(rd);
	struct displif_framebuffer *f = find_framebuffer(d, cookie);

	if (rest_is_zero(rd) < 0)
		return -EINVAL;
	if (!f)
		return -ENOENT;
	for (uint32_t i = 0; i < d->n_connectors; i++)
		if (d->connectors[i].is_on && d->connectors[i].shown == cookie)
			turn_off(d, &d->connectors[i]);
	*f = (struct displif_framebuffer){0};
	return 0;
}

static int
set_config(struct displif *d, struct displif_connector *c, struct rd *rd)
{
	struct displif_connector next = *c;

	next.is_on = true;
	next.shown = rd_u64(rd);
	next.x = rd_u32(rd);
	next.y = rd_u32(rd);
	next.width = rd_u32(rd);
	next.height = rd_u32(rd);
	const uint32_t bpp = rd_u32(rd);
	if (rest_is_zero(rd) < 0)
		return -EINVAL;
	if (next.shown == 0 && next.x == 0 && next.y == 0 && next.width == 0 &&
	    next.height == 0 && bpp == 0) {
		turn_off(d, c);
		return 0;
	}

	const struct displif_framebuffer *f = find_framebuffer(d, next.shown);
	struct commit commit;
	if (!f)
		return -ENOENT;
	if (bpp != 32 || next.width == 0 || next.height == 0 ||
	    commit_of(d, &next, f, &commit) < 0)
		return -EINVAL;
	if (d->buffers[f->buffer].state != BUFFER_MAPPED)
		return -EIO;
	*c = next;
	show_all(d, (uint32_t)(c - d->connectors), &commit);
	return 0;
}

/* The picture is another one; tell what is new in it. */
static void
show_new(struct displif *d, uint32_t i, const struct commit *commit,
    const struct displif_buffer *b)
{
	struct damage damage = {0};

	if (!b->pixels) {
		show_all(d, i, commit);
		return;
	}
	changes_look(&d->changes[i],
	    b->pixels + commit->offset_bytes -
		(uint64_t)b->page * TDS_PAGE_BYTES,
	    commit->stride_bytes, commit->width_px, commit->height_px,
	    &damage);
	outbox_flip(d->outbox, i, commit, &damage);
}

static int
flip(struct displif *d, struct displif_connector *c, struct rd *rd)
{
	const uint64_t cookie = rd_u64(rd);
	const struct displif_framebuffer *f = find_framebuffer(d, cookie);
	struct commit commit;

	if (rest_is_zero(rd) < 0 || !c->is_on)
		return -EINVAL;
	if (!f)
		return -ENOENT;
	if (c->is_flipping)
		return -EBUSY;
	if (commit_of(d, c, f, &commit) < 0)
		return -EINVAL;
	if (d->buffers[f->buffer].state != BUFFER_MAPPED)
		return -EIO;
	c->shown = cookie;
	c->is_flipping = true;
	show_new(d, (uint32_t)(c - d->connectors), &commit,
	    &d->buffers[f->buffer]);
	return 0;
}

/* What only the ring of connector 0 may carry, else -EINVAL. */
static bool
is_misplaced(uint8_t op, uint32_t connector)
{
	return connector != 0 && (op == OP_DBUF_CREATE ||
				     op == OP_DBUF_DESTROY ||
				     op == OP_FB_ATTACH || op == OP_FB_DETACH);
}

static int
handle(struct displif *d, uint32_t connector, uint8_t op, struct rd *rd)
{
	struct displif_connector *c = &d->connectors[connector];

	if (is_misplaced(op, connector))
		return -EINVAL;
	switch (op) {
	case OP_DBUF_CREATE:
		return displif_create(d, rd);
	case OP_DBUF_DESTROY:
		return displif_destroy(d, rd);
	case OP_FB_ATTACH:
		return attach(d, rd);
	case OP_FB_DETACH:
		return detach(d, rd);
	case OP_SET_CONFIG:
		return set_config(d, c, rd);
	case OP_PG_FLIP:
		return flip(d, c, rd);
	case OP_GET_EDID:
		return displif_edid(d, connector, rd);
	default:
		return -EOPNOTSUPP;
	}
}

void
displif_respond(struct displif *d, uint32_t connector, uint16_t id, uint8_t op,
    int status)
{
	uint8_t response[DISPLIF_BYTES];
	struct wr wr;

	wr_init(&wr, response, sizeof(response));
	put_zero(response, sizeof(response));
	wr_u16(&wr, id);
	wr_u8(&wr, op);
	wr_u8(&wr, 0);
	wr_u32(&wr, status < 0 ? (uint32_t)status : 0);
	if (op == OP_GET_EDID && status > 0)
		wr_u32(&wr, (uint32_t)status);
	d->ops->respond(d->data, connector, response);
}

void
displif_request(struct displif *d, uint32_t connector,
    const uint8_t request[DISPLIF_BYTES])
{
	uint8_t reserved[5];
	struct rd rd;
	int status = -EINVAL;

	rd_init(&rd, request, DISPLIF_BYTES);
	const uint16_t id = rd_u16(&rd);
	const uint8_t op = rd_u8(&rd);
	rd_bytes(&rd, reserved, sizeof(reserved));
	/* EDID's fields begin in what is reserved in all others */
	if (op == OP_GET_EDID)
		rd.off -= 4;
	else
		reserved[0] |= reserved[1] | reserved[2] | reserved[3] |
			       reserved[4];
	if (reserved[0] == 0)
		status = handle(d, connector, op, &rd);
	if (status == DISPLIF_LATER) {
		d->job_connector = connector;
		d->job_id = id;
		d->job_op = op;
		return;
	}
	displif_respond(d, connector, id, op, status);
}

void
displif_tick(struct displif *d, uint32_t seq)
{
	for (uint32_t i = 0; i < d->n_connectors; i++)
		if (d->connectors[i].is_flipping &&
		    outbox_is_shown(d->outbox, i, seq))
			flip_done(d, &d->connectors[i]);
}
