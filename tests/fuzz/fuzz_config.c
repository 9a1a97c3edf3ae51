/*
 * fuzz_config: any text as tds.conf and as files of domains.d, parted by lines
 * "%%". What is accepted must be what the core accepts, and no two domains of
 * it may be taken for one another; what is not must have a reason, and reading
 * it twice must give the same.
 */
#include "tds/super/config.h"
#include "tds/super/unicode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct config config, again;

static void
count(void *data, const char *line)
{
	size_t *n = data;

	if (unicode_line_fault(line) || strlen(line) < 8)
		abort(); /* reaches a terminal */
	*n += strlen(line);
}

static size_t
read_text(struct config *c, const char *text, size_t len,
    struct problems *problems)
{
	static char part[CONFIG_FILE_BYTES];
	const char *end = text + len;
	size_t said = 0;
	bool is_main = true;

	*problems = (struct problems){.say = count, .data = &said};
	memset(c, 0, sizeof(*c)); /* so that padding compares */
	config_init(c);
	while (text < end) {
		const char *mark =
		    memmem(text, (size_t)(end - text), "\n%%\n", 4);
		const size_t n = (size_t)((mark ? mark + 1 : end) - text);
		memcpy(part, text, n);
		part[n] = 0;
		if (is_main)
			config_parse_main(c, "tds.conf", part, problems);
		else
			config_parse_domain(c, "a.conf", part, problems);
		is_main = false;
		text = mark ? mark + 4 : end;
	}
	config_check(c, problems);
	return said;
}

static void
check_domain(const struct config_domain *d)
{
	uint8_t record[CONTROL_MAX_BYTES];
	struct core_domain believed;
	struct rd rd;
	const int n = encode_core_domain(&d->core, record, sizeof(record));

	if (n < 4)
		abort();
	rd_init(&rd, record + 4, (uint32_t)n - 4);
	if (decode_core_domain(&rd, &believed) < 0)
		abort();
	if (d->pool_bytes < TDS_MIN_POOL_BYTES ||
	    d->pool_bytes > TDS_MAX_POOL_BYTES ||
	    d->pool_bytes % TDS_PAGE_BYTES != 0)
		abort();
	if (d->sockets[0] != '/' || d->vnc[0] != '/')
		abort();
}

static void
check_output(const struct config *c, uint32_t i)
{
	const struct core_output *o = &c->outputs[i].core;
	uint8_t record[CONTROL_MAX_BYTES];
	struct core_output believed;
	struct rd rd;
	const int n = encode_core_output(o, record, sizeof(record));

	if (n < 4)
		abort();
	rd_init(&rd, record + 4, (uint32_t)n - 4);
	if (decode_core_output(&rd, &believed) < 0 || o->index != i)
		abort();
	if (o->type != OUTPUT_SEALED && (o->type == OUTPUT_KMS) != c->is_kms)
		abort(); /* one kind of screen at a time */
	if (!o->name[0] && !c->is_kms)
		abort();
	if ((o->type == OUTPUT_SEALED) != (c->outputs[i].keys[0] != 0))
		abort(); /* nothing is encrypted without keys */
}

static void
check_rule(const struct config *c, uint32_t i)
{
	const struct core_rule *r = &c->rules[i].core;
	uint8_t record[CONTROL_MAX_BYTES];
	struct core_rule believed;
	struct rd rd;
	const int n = encode_core_rule(r, record, sizeof(record));

	if (n < 4)
		abort();
	rd_init(&rd, record + 4, (uint32_t)n - 4);
	if (decode_core_rule(&rd, &believed) < 0 || r->index != i)
		abort();
	if (!r->is_allowed && r->domains != 0)
		abort();
}

static void
check_accepted(const struct config *c)
{
	if (c->n_outputs < 1 || !c->core.phrase[0])
		abort();
	for (uint32_t i = 0; i < c->n_outputs; i++)
		check_output(c, i);
	for (uint32_t i = 0; i < c->n_rules; i++)
		check_rule(c, i);
	for (uint32_t i = 0; i < c->n_domains; i++) {
		check_domain(&c->domains[i]);
		for (uint32_t j = 0; j < i; j++)
			if (names_are_confusable(
				(const char *)c->domains[i].core.name,
				(const char *)c->domains[j].core.name))
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	struct problems first, second;

	if (len >= CONFIG_FILE_BYTES || memchr(bytes, 0, len))
		return 0;
	const size_t said = read_text(&config, text, len, &first);
	if ((first.n == 0) != (said == 0))
		abort();
	if (first.n == 0)
		check_accepted(&config);
	if (read_text(&again, text, len, &second) != said ||
	    memcmp(&config, &again, sizeof(config)) != 0)
		abort();
	return 0;
}
