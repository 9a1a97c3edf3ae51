#include "tests/abuse/judge.h"

#include "tests/abuse/check.h"

static void
put_rect(FILE *to, const char *name, struct rect r)
{
	fprintf(to, "\"%s\":{\"x\":%d,\"y\":%d,\"width\":%d,\"height\":%d}",
	    name, r.x0, r.y0, r.x1 - r.x0, r.y1 - r.y0);
}

static void
put_lists(FILE *to, const struct status *s)
{
	fputs("\"domains\":[", to);
	for (uint32_t i = 0; i < s->n_domains; i++)
		fprintf(to,
		    "%s{\"name\":\"%s\",\"label\":\"%s\","
		    "\"colour\":\"#%06x\"}",
		    i ? "," : "", (const char *)s->domains[i].name,
		    (const char *)s->domains[i].label, s->domains[i].colour);
	fputs("],\"windows\":[", to);
	for (uint32_t i = 0; i < s->n_windows; i++) {
		const struct status_window *w = &s->windows[i];

		fprintf(to, "%s{\"domain\":\"%s\",\"output\":\"%s\",",
		    i ? "," : "", (const char *)s->domains[w->domain].name,
		    (const char *)s->outputs[w->output].name);
		put_rect(to, "frame", w->frame);
		fputc(',', to);
		put_rect(to, "content", w->content);
		fprintf(to, ",\"scanout\":%u,\"picture\":%s}", w->scanout,
		    w->has_picture ? "true" : "false");
	}
	fputs("],", to);
}

static void
put_outputs(FILE *to, const struct status *s)
{
	fputs("\"outputs\":[", to);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct status_output *o = &s->outputs[i];

		fprintf(to,
		    "%s{\"name\":\"%s\",\"width\":%u,\"height\":%u,"
		    "\"scale\":%u,",
		    i ? "," : "", (const char *)o->name, o->width, o->height,
		    o->scale);
		put_rect(to, "trust_bar", o->trust_bar);
		fputc('}', to);
	}
	fputs("],", to);
}

static void
put_status(FILE *to, const struct status *s)
{
	fprintf(to, "{\"attention\":%s,\"keyboard\":",
	    s->is_attention ? "true" : "false");
	if (s->keyboard == TDS_NONE)
		fputs("null,", to);
	else
		fprintf(
		    to, "\"%s\",", (const char *)s->domains[s->keyboard].name);
	put_outputs(to, s);
	put_lists(to, s);
	fprintf(to,
	    "\"pointer\":{\"output\":%u,\"x\":%u,\"y\":%u,\"ours\":%s}}",
	    s->pointer_output, s->pointer_x, s->pointer_y,
	    s->pointer_is_ours ? "true" : "false");
}

FILE *
judge_open(const char *checker)
{
	char command[4096];

	snprintf(command, sizeof(command), "'%s' --stream >&2", checker);
	FILE *to = popen(command, "w");
	assert_non_null(to);
	return to;
}

void
judge_frame(FILE *to, const char *name, const struct status *s,
    uint32_t output, const void *pixels, const uint32_t *colours)
{
	const struct status_output *o = &s->outputs[output];
	const size_t n = (size_t)o->width * o->height;

	fprintf(to,
	    "{\"name\":\"%s\",\"output\":%u,\"width\":%u,"
	    "\"height\":%u,\"guest_colours\":{",
	    name, output, o->width, o->height);
	for (uint32_t i = 0; i < s->n_domains; i++)
		fprintf(to, "%s\"%s\":[\"#%06x\"]", i ? "," : "",
		    (const char *)s->domains[i].name, colours[i]);
	fputs("},\"status\":", to);
	put_status(to, s);
	fputs("}\n", to);
	assert_int_equal(fwrite(pixels, 4, n, to), n);
}

bool
judge_verdict(FILE *to)
{
	return pclose(to) == 0;
}
