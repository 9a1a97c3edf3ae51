#include "tds/ctl/ctl.h"

#include "protocol/control.h"
#include "tds/base/names.h"

#include <inttypes.h>

#define X(number, enumerator, ...)                                             \
	_Static_assert(number == (int)enumerator,                              \
	    #enumerator " is printed by its own name");
NAMES_LEVELS(X)
NAMES_STATES(X)
NAMES_PROTECTIONS(X)
NAMES_OUTPUT_TYPES(X)
#undef X

/* Control characters were refused by the configuration; escaped all the same. */
static void
json_text(FILE *to, const char *key, const uint8_t *text)
{
	fprintf(to, "\"%s\":\"", key);
	for (; *text != 0; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else if (*text < 0x20)
			fprintf(to, "\\u%04x", *text);
		else
			fputc(*text, to);
	}
	fputc('"', to);
}

static void
json_rect(FILE *to, const char *key, struct rect r)
{
	fprintf(to, "\"%s\":{\"x\":%d,\"y\":%d,\"width\":%d,\"height\":%d}",
	    key, r.x0, r.y0, r.x1 - r.x0, r.y1 - r.y0);
}

static const char *
truth(uint32_t value)
{
	return value ? "true" : "false";
}

static void
json_head(FILE *to, const struct status *s)
{
	fprintf(to,
	    "{\"mode\":\"%s\",\n \"sealed\":%s, \"locked\":%s, "
	    "\"attention\":%s, \"dark\":%s, \"facsimile\":%s,\n"
	    " \"devices\":{\"waiting\":%u, \"throttled\":%u}, ",
	    s->is_try_out ? "try-out" : "normal", truth(!s->is_unsealed),
	    truth(s->is_locked), truth(s->is_attention), truth(s->is_dark),
	    truth(s->is_facsimile),
	    s->n_waiting, s->n_throttled);
	if (s->keyboard == TDS_NONE)
		fputs("\"keyboard\":null,\n", to);
	else {
		json_text(to, "keyboard", s->domains[s->keyboard].name);
		fputs(",\n", to);
	}
	fputs(" \"pointer\":{", to);
	json_text(to, "output", s->outputs[s->pointer_output].name);
	fprintf(to, ",\"x\":%u,\"y\":%u,\"ours\":%s,\"plane\":%s},\n",
	    s->pointer_x, s->pointer_y, truth(s->pointer_is_ours),
	    truth(s->pointer_on_plane));
	fprintf(to,
	    " \"frames\":%" PRIu64 ", \"wakeups\":%" PRIu64
	    ", \"dropped\":%" PRIu64 ",\n",
	    s->frames, s->wakeups, s->dropped);
}

static void
json_outputs(FILE *to, const struct status *s)
{
	uint32_t n = 0;

	fputs(" \"outputs\":[", to);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct status_output *o = &s->outputs[i];
		if (!o->is_on)
			continue;
		fputs(n++ > 0 ? ",\n  {" : "\n  {", to);
		json_text(to, "name", o->name);
		fprintf(to,
		    ",\"width\":%u,\"height\":%u,\"scale\":%u,"
		    "\"rotation\":%u,\"x\":%d,\"y\":%d,",
		    o->width, o->height, o->scale, o->rotation * 90, o->x,
		    o->y);
		const char *protection = protection_name(o->protection);
		fprintf(to, "\"protection\":\"%s\",",
		    protection ? protection : "unknown");
		const char *type = output_type_name(o->type);
		fprintf(to, "\"type\":\"%s\",", type ? type : "unknown");
		if (o->type == OUTPUT_SEALED)
			fprintf(to, "\"sink\":%s,", truth(o->has_sink));
		json_rect(to, "trust_bar", o->trust_bar);
		fputc('}', to);
	}
	fputs("],\n", to);
}

static void
json_domains(FILE *to, const struct status *s)
{
	fputs(" \"domains\":[", to);
	for (uint32_t i = 0; i < s->n_domains; i++) {
		const struct status_domain *d = &s->domains[i];
		fputs(i > 0 ? ",\n  {" : "\n  {", to);
		json_text(to, "name", d->name);
		fputc(',', to);
		json_text(to, "label", d->label);
		fprintf(to,
		    ",\"level\":\"%s\",\"colour\":\"#%06x\",\"state\":\"%s\","
		    "\"pid\":%u,\"hdcp\":\"%s\"}",
		    level_name(d->level), d->colour,
		    domain_state_name(d->state), d->pid,
		    protection_name(d->protection));
	}
	fputs("],\n", to);
}

static void
json_windows(FILE *to, const struct status *s)
{
	fputs(" \"windows\":[", to);
	for (uint32_t i = 0; i < s->n_windows; i++) {
		const struct status_window *w = &s->windows[i];
		fputs(i > 0 ? ",\n  {" : "\n  {", to);
		json_text(to, "domain", s->domains[w->domain].name);
		fputc(',', to);
		json_text(to, "output", s->outputs[w->output].name);
		fprintf(to, ",\"scanout\":%u,\"picture\":%s,", w->scanout,
		    truth(w->has_picture));
		json_rect(to, "frame", w->frame);
		fputc(',', to);
		json_rect(to, "content", w->content);
		fputc('}', to);
	}
	fputs("]}\n", to);
}

void
report_json(const struct status *status, FILE *to)
{
	json_head(to, status);
	json_outputs(to, status);
	json_domains(to, status);
	json_windows(to, status);
}

void
report_text(const struct status *s, FILE *to)
{
	fprintf(to, "keyboard   %s\n",
	    s->is_attention ? "nobody: the trusted panel is open"
		: s->keyboard == TDS_NONE
		? "nobody"
		: (const char *)s->domains[s->keyboard].name);
	fprintf(to, "mode       %s%s\n", s->is_try_out ? "try-out" : "normal",
	    s->is_unsealed ? ", NOT SEALED" : "");
	if (s->is_dark)
		fputs("screens    off: nobody was there\n", to);
	if (s->n_waiting > 0)
		fprintf(to, "devices    %u wait to be admitted: press the "
			    "attention key\n", s->n_waiting);
	if (s->n_throttled > 0)
		fprintf(to, "devices    %u type faster than people: held\n",
		    s->n_throttled);
	fprintf(to, "frames     %" PRIu64 ", %" PRIu64 " wake-ups, %" PRIu64
		    " guests dropped\n\n",
	    s->frames, s->wakeups, s->dropped);
	fprintf(to, "%-16s %-20s %-16s %-9s %s\n", "DOMAIN", "LABEL", "LEVEL",
	    "STATE", "PID");
	for (uint32_t i = 0; i < s->n_domains; i++) {
		const struct status_domain *d = &s->domains[i];
		fprintf(to, "%-16s %-20s %-16s %-9s %u\n",
		    (const char *)d->name, (const char *)d->label,
		    level_name(d->level), domain_state_name(d->state), d->pid);
	}
	fprintf(to, "\n%-16s %-16s %-22s %s\n", "WINDOW OF", "OUTPUT",
	    "CONTENT", "PICTURE");
	for (uint32_t i = s->n_windows; i > 0; i--) {
		const struct status_window *w = &s->windows[i - 1];
		char place[64];
		snprintf(place, sizeof(place), "%dx%d at %d,%d",
		    w->content.x1 - w->content.x0,
		    w->content.y1 - w->content.y0, w->content.x0,
		    w->content.y0);
		fprintf(to, "%-16s %-16s %-22s %s\n",
		    (const char *)s->domains[w->domain].name,
		    (const char *)s->outputs[w->output].name, place,
		    w->has_picture ? "yes" : "no");
	}
}
