#include "protocol/control.h"

#include <errno.h>

/* The one large record: the same bytes from the core to tdsd and tdsctl. */

static void
wr_rect(struct wr *wr, struct rect r)
{
	wr_u32(wr, (uint32_t)r.x0);
	wr_u32(wr, (uint32_t)r.y0);
	wr_u32(wr, (uint32_t)r.x1);
	wr_u32(wr, (uint32_t)r.y1);
}

static struct rect
rd_rect(struct rd *rd)
{
	struct rect r;

	r.x0 = (int32_t)rd_u32(rd);
	r.y0 = (int32_t)rd_u32(rd);
	r.x1 = (int32_t)rd_u32(rd);
	r.y1 = (int32_t)rd_u32(rd);
	return r;
}

static void
wr_status(struct wr *wr, const struct status *in)
{
	wr_u32(wr, in->is_try_out);
	wr_u32(wr, in->is_unsealed);
	wr_u32(wr, in->is_locked);
	wr_u32(wr, in->is_attention);
	wr_u32(wr, in->keyboard);
	wr_u32(wr, in->pointer_output);
	wr_u32(wr, in->pointer_x);
	wr_u32(wr, in->pointer_y);
	wr_u32(wr, in->pointer_is_ours);
	wr_u32(wr, in->n_outputs);
	wr_u32(wr, in->n_domains);
	wr_u32(wr, in->n_windows);
	wr_u64(wr, in->frames);
	wr_u64(wr, in->wakeups);
	wr_u64(wr, in->dropped);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		const struct status_output *o = &in->outputs[i];
		wr_u32(wr, o->width);
		wr_u32(wr, o->height);
		wr_u32(wr, o->scale);
		wr_rect(wr, o->trust_bar);
		wr_bytes(wr, o->name, sizeof(o->name));
	}
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++) {
		const struct status_domain *d = &in->domains[i];
		wr_u32(wr, d->state);
		wr_u32(wr, d->level);
		wr_u32(wr, d->colour);
		wr_u32(wr, d->pid);
		wr_bytes(wr, d->name, sizeof(d->name));
		wr_bytes(wr, d->label, sizeof(d->label));
	}
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++) {
		const struct status_window *w = &in->windows[i];
		wr_u32(wr, w->domain);
		wr_u32(wr, w->output);
		wr_u32(wr, w->scanout);
		wr_u32(wr, w->has_picture);
		wr_rect(wr, w->frame);
		wr_rect(wr, w->content);
	}
}

static void
rd_status(struct rd *rd, struct status *out)
{
	out->is_try_out = rd_u32(rd);
	out->is_unsealed = rd_u32(rd);
	out->is_locked = rd_u32(rd);
	out->is_attention = rd_u32(rd);
	out->keyboard = rd_u32(rd);
	out->pointer_output = rd_u32(rd);
	out->pointer_x = rd_u32(rd);
	out->pointer_y = rd_u32(rd);
	out->pointer_is_ours = rd_u32(rd);
	out->n_outputs = rd_u32(rd);
	out->n_domains = rd_u32(rd);
	out->n_windows = rd_u32(rd);
	out->frames = rd_u64(rd);
	out->wakeups = rd_u64(rd);
	out->dropped = rd_u64(rd);
	for (uint32_t i = 0; i < TDS_MAX_OUTPUTS; i++) {
		struct status_output *o = &out->outputs[i];
		o->width = rd_u32(rd);
		o->height = rd_u32(rd);
		o->scale = rd_u32(rd);
		o->trust_bar = rd_rect(rd);
		rd_bytes(rd, o->name, sizeof(o->name));
	}
	for (uint32_t i = 0; i < TDS_MAX_DOMAINS; i++) {
		struct status_domain *d = &out->domains[i];
		d->state = rd_u32(rd);
		d->level = rd_u32(rd);
		d->colour = rd_u32(rd);
		d->pid = rd_u32(rd);
		rd_bytes(rd, d->name, sizeof(d->name));
		rd_bytes(rd, d->label, sizeof(d->label));
	}
	for (uint32_t i = 0; i < TDS_MAX_WINDOWS; i++) {
		struct status_window *w = &out->windows[i];
		w->domain = rd_u32(rd);
		w->output = rd_u32(rd);
		w->scanout = rd_u32(rd);
		w->has_picture = rd_u32(rd);
		w->frame = rd_rect(rd);
		w->content = rd_rect(rd);
	}
}

/* What a reader indexes with, and what it prints as text. */
static int
check_status(const struct status *s)
{
	if (s->n_outputs > TDS_MAX_OUTPUTS || s->n_domains > TDS_MAX_DOMAINS ||
	    s->n_windows > TDS_MAX_WINDOWS)
		return -ERANGE;
	if (s->keyboard >= s->n_domains && s->keyboard != TDS_NONE)
		return -ERANGE;
	for (uint32_t i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].name[TDS_NAME_BYTES - 1] != 0)
			return -EBADMSG;
	for (uint32_t i = 0; i < s->n_domains; i++) {
		const struct status_domain *d = &s->domains[i];
		if (d->state > DOMAIN_STOPPED || d->level > LEVEL_TOP_SECRET_SCI)
			return -ERANGE;
		if (d->name[TDS_NAME_BYTES - 1] != 0 ||
		    d->label[TDS_LABEL_BYTES - 1] != 0)
			return -EBADMSG;
	}
	for (uint32_t i = 0; i < s->n_windows; i++)
		if (s->windows[i].domain >= s->n_domains ||
		    s->windows[i].output >= s->n_outputs)
			return -ERANGE;
	return 0;
}

int
encode_core_reply(uint32_t cookie, const struct status *in, uint8_t *out,
    uint32_t size)
{
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u32(&wr, CORE_REPLY);
	wr_u32(&wr, cookie);
	wr_status(&wr, in);
	return wr_end(&wr);
}

int
decode_core_reply(struct rd *rd, uint32_t *cookie, struct status *out)
{
	*cookie = rd_u32(rd);
	rd_status(rd, out);
	return rd_end(rd) < 0 ? -EBADMSG : check_status(out);
}

int
encode_ctl_report(const struct status *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u32(&wr, CTL_REPORT);
	wr_status(&wr, in);
	return wr_end(&wr);
}

int
decode_ctl_report(struct rd *rd, struct status *out)
{
	rd_status(rd, out);
	return rd_end(rd) < 0 ? -EBADMSG : check_status(out);
}

int
encode_ctl_picture(const struct ctl_picture *in, uint8_t *out, uint32_t size)
{
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u32(&wr, CTL_PICTURE);
	wr_u32(&wr, in->width);
	wr_u32(&wr, in->height);
	wr_status(&wr, &in->status);
	return wr_end(&wr);
}

int
decode_ctl_picture(struct rd *rd, struct ctl_picture *out)
{
	out->width = rd_u32(rd);
	out->height = rd_u32(rd);
	rd_status(rd, &out->status);
	if (rd_end(rd) < 0)
		return -EBADMSG;
	if (out->width < 1 || out->width > TDS_MAX_DIM || out->height < 1 ||
	    out->height > TDS_MAX_DIM)
		return -ERANGE;
	return check_status(&out->status);
}
