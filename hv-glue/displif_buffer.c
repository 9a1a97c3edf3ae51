/* displif_buffer: display buffers, from directory pages to what is mapped. */
#include "hv-glue/displif_parts.h"
#include "hv-glue/edid.h"

#include <errno.h>
#include <stddef.h>

enum { MAX_STRIDE = 65536, WORDS = DISPLIF_DIRECTORY };

/* As sent, after the header of a request. */
struct wire_create {
	uint64_t cookie;
	uint32_t width, height, bpp, bytes, flags, directory, offset;
};

static void
decode_create(struct rd *rd, struct wire_create *out)
{
	out->cookie = rd_u64(rd);
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	out->bpp = rd_u32(rd);
	out->bytes = rd_u32(rd);
	out->flags = rd_u32(rd);
	out->directory = rd_u32(rd);
	out->offset = rd_u32(rd);
}

static bool
rest_is_zero(struct rd *rd)
{
	uint8_t any = 0;

	while (rd->off < rd->len)
		any |= rd_u8(rd);
	return !any && rd_end(rd) == 0;
}

/* Rows without gaps; the data may begin later, at a page. */
static int
check_create(const struct wire_create *in, struct displif_buffer *out)
{
	if (in->cookie == 0 || in->bpp != 32 || in->width == 0 ||
	    in->height == 0 || in->directory == 0)
		return -EINVAL;
	if (in->flags != 0) /* only: we should allocate the pages */
		return -EOPNOTSUPP;
	if (in->width > TDS_MAX_DIM || in->height > TDS_MAX_DIM)
		return -EINVAL;
	const uint64_t rows = 4 * (uint64_t)in->width * in->height;
	const uint64_t pages =
	    ((uint64_t)in->bytes + TDS_PAGE_BYTES - 1) / TDS_PAGE_BYTES;
	if (in->offset % TDS_PAGE_BYTES != 0 || in->offset > in->bytes ||
	    rows > in->bytes - in->offset)
		return -EINVAL;
	if (pages > DISPLIF_MAX_PAGES)
		return -E2BIG;

	out->cookie = in->cookie;
	out->width = in->width;
	out->height = in->height;
	out->stride_bytes = 4 * in->width;
	out->offset_bytes = in->offset;
	out->n = (uint32_t)pages;
	return 0;
}

/*
 * Walk the directory: as many pages as the buffer's size asks for, each read
 * once. Where it is too short, or a reference is 0, it ends with -EINVAL.
 */
static int
read_directory(struct displif *d, struct displif_buffer *b, uint32_t gref)
{
	uint32_t words[WORDS];

	for (uint32_t done = 0; done < b->n;) {
		const int err =
		    gref == 0 ? -EINVAL
			      : d->ops->read_directory(d->data, gref, words);
		if (err < 0)
			return err;
		for (uint32_t i = 1; i < WORDS && done < b->n; i++) {
			if (words[i] == 0)
				return -EINVAL;
			b->grefs[done++] = words[i];
		}
		gref = words[0];
	}
	return 0;
}

/* The broker maps it; the core is asked to. */
static int
begin_map(struct displif *d, struct displif_buffer *b, enum displif_job job)
{
	uint32_t page;
	int err = d->ops->map(d->data, b->grefs, b->n, &page);

	if (err < 0)
		return err;
	err = outbox_map(d->outbox, page, b->n);
	if (err < 0) {
		d->ops->unmap(d->data, page, b->n);
		return err;
	}
	b->page = page;
	b->state = BUFFER_MOVING;
	d->job = job;
	d->job_buffer = (uint32_t)(b - d->buffers);
	return DISPLIF_LATER;
}

int
displif_create(struct displif *d, struct rd *rd)
{
	struct displif_buffer *b = NULL;
	struct wire_create in;

	decode_create(rd, &in);
	if (!rest_is_zero(rd))
		return -EINVAL;
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++)
		if (d->buffers[i].state == BUFFER_FREE)
			b = &d->buffers[i];
	if (displif_find_buffer(d, in.cookie))
		return -EEXIST;
	if (!b)
		return -ENOSPC;
	int err = check_create(&in, b);
	if (err == 0)
		err = read_directory(d, b, in.directory);
	return err < 0 ? err : begin_map(d, b, JOB_CREATE);
}

/* It is not mapped for the core any more: its end. */
static void
free_buffer(struct displif *d, struct displif_buffer *b)
{
	if (b->pixels)
		d->ops->unlook(d->data, b->pixels, b->look_page, b->n);
	b->pixels = NULL;
	b->state = BUFFER_FREE;
	b->cookie = 0;
}

static void
forget(struct displif *d, struct displif_buffer *b)
{
	d->ops->unmap(d->data, b->page, b->n);
	free_buffer(d, b);
}

int
displif_destroy(struct displif *d, struct rd *rd)
{
	const uint64_t cookie = rd_u64(rd);
	struct displif_buffer *b = displif_find_buffer(d, cookie);

	if (!rest_is_zero(rd))
		return -EINVAL;
	if (!b)
		return -ENOENT;
	for (uint32_t i = 0; i < DISPLIF_MAX_FRAMEBUFFERS; i++)
		if (d->framebuffers[i].cookie != 0 &&
		    &d->buffers[d->framebuffers[i].buffer] == b)
			return -EBUSY;
	if (b->state != BUFFER_MAPPED) { /* nobody has mapped it */
		if (b->state == BUFFER_STALE)
			d->ops->unmap(d->data, b->page, b->n);
		free_buffer(d, b);
		return 0;
	}
	const int err = outbox_unmap(d->outbox, b->page);
	if (err < 0)
		return err;
	b->state = BUFFER_MOVING;
	d->job = JOB_DESTROY;
	d->job_buffer = (uint32_t)(b - d->buffers);
	return DISPLIF_LATER;
}

/* ------------------------------------------------------------- what waits */

bool
displif_is_busy(const struct displif *d)
{
	return d->job != JOB_NONE;
}

/* The next buffer that the new core has to map, one after the other. */
static void
remap_next(struct displif *d)
{
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++) {
		struct displif_buffer *b = &d->buffers[i];
		if (b->state != BUFFER_STALE)
			continue;
		d->ops->unmap(d->data, b->page, b->n);
		if (begin_map(d, b, JOB_REMAP) == DISPLIF_LATER)
			return;
		b->state = BUFFER_DEAD;
	}
}

static void
finish_job(struct displif *d, int status)
{
	const enum displif_job job = d->job;

	d->job = JOB_NONE;
	remap_next(d);
	if (job == JOB_CREATE || job == JOB_DESTROY)
		displif_respond(
		    d, d->job_connector, d->job_id, d->job_op, status);
}

static void
is_mapped(struct displif *d, struct displif_buffer *b, int error)
{
	const bool is_new = d->job == JOB_CREATE;

	if (error == 0) {
		b->state = BUFFER_MAPPED;
		if (is_new)
			b->pixels = d->ops->look(
			    d->data, b->grefs, b->n, &b->look_page);
		displif_show_buffer(d, b);
	} else if (is_new) {
		forget(d, b);
	} else {
		d->ops->unmap(d->data, b->page, b->n);
		b->state = BUFFER_DEAD;
	}
	finish_job(d, is_new ? error : 0);
}

int
displif_mapped(struct displif *d, const struct down *answer)
{
	struct displif_buffer *b = &d->buffers[d->job_buffer];

	if (d->job == JOB_NONE || answer->page != b->page)
		return -EPROTO;
	if (d->job == JOB_DESTROY) {
		/* Only what the core let go may be unmapped. */
		if (answer->is_mapped)
			return -EPROTO;
		forget(d, b);
		finish_job(d, 0);
		return 0;
	}
	is_mapped(d, b,
	    answer->is_mapped	? 0
	    : answer->error == 0 ? -EIO
				 : -(int)answer->error);
	return 0;
}

void
displif_core_lost(struct displif *d)
{
	static const struct commit off = {0};

	for (uint32_t i = 0; i < d->n_connectors; i++)
		outbox_show(d->outbox, i, &off);
	outbox_forget_ranges(d->outbox);
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++)
		if (d->buffers[i].state == BUFFER_MAPPED)
			d->buffers[i].state = BUFFER_STALE;

	struct displif_buffer *b = &d->buffers[d->job_buffer];
	switch (d->job) {
	case JOB_NONE:
		remap_next(d);
		break;
	case JOB_DESTROY: /* it went with the core */
		forget(d, b);
		finish_job(d, 0);
		break;
	case JOB_CREATE:
	case JOB_REMAP: {
		const enum displif_job job = d->job;
		d->ops->unmap(d->data, b->page, b->n);
		const int err = begin_map(d, b, job);
		if (err < 0) {
			b->state =
			    job == JOB_CREATE ? BUFFER_FREE : BUFFER_DEAD;
			finish_job(d, err);
		}
		break;
	}
	}
}

/* -------------------------------------------------------------------- EDID */

int
displif_edid(struct displif *d, uint32_t connector, struct rd *rd)
{
	const struct displif_connector *c = &d->connectors[connector];
	const uint32_t bytes = rd_u32(rd);
	const uint32_t directory = rd_u32(rd);
	uint32_t words[WORDS];
	uint8_t edid[EDID_BYTES];

	if (d->version < 2)
		return -EOPNOTSUPP;
	if (!rest_is_zero(rd) || bytes < DISPLIF_EDID_BYTES || directory == 0)
		return -EINVAL;
	int err = edid_build(c->mode_width, c->mode_height, connector, edid);
	if (err == 0)
		err = d->ops->read_directory(d->data, directory, words);
	if (err == 0 && words[1] == 0)
		err = -EINVAL;
	if (err == 0)
		err = d->ops->write(d->data, words[1], edid, sizeof(edid));
	return err < 0 ? err : EDID_BYTES;
}
