/*
 * A Xen guest's display with any requests, any directories, a broker and a
 * core that refuse whenever they like, and cores that vanish. Judged: each
 * request has one response, what is shown lies in a range that the core has,
 * event ids count, and in the end nothing is mapped.
 *
 *	then	{u8 what, ...}: see turn()
 */
#include "hv-glue/displif.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RANGES = DISPLIF_MAX_BUFFERS + 2, APART = DISPLIF_MAX_PAGES };

static struct displif d;
static struct outbox box;
static struct {
	uint32_t pages; /* 0: free */
	bool is_in_core;
} ranges[RANGES]; /* of APART pages each */
static uint32_t asked, answered, looks;
static uint16_t events[TDS_MAX_SCANOUTS];
static const uint8_t *input;
static size_t left;

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static uint8_t
next(void)
{
	if (left == 0)
		return 0;
	left--;
	return *input++;
}

/* Small grefs, holes, and loops of any length. */
static int
read_directory(void *data, uint32_t gref, uint32_t words[DISPLIF_DIRECTORY])
{
	const uint8_t how = next();

	(void)data;
	for (uint32_t i = 0; i < DISPLIF_DIRECTORY; i++)
		words[i] = gref + i * (how & 3);
	words[0] = how & 4 ? gref : how / 8;
	return how == 0xff ? -EINVAL : 0;
}

static int
write_page(void *data, uint32_t gref, const uint8_t *bytes, uint32_t n)
{
	(void)data;
	must(gref != 0 && n == 128 && bytes[1] == 0xff);
	return next() & 1 ? -EFAULT : 0;
}

static int
map(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	uint32_t i = 0;

	(void)data;
	must(n >= 1 && n <= DISPLIF_MAX_PAGES);
	for (uint32_t j = 0; j < n; j++)
		must(grefs[j] != 0);
	if ((next() & 7) == 7)
		return -EDQUOT;
	while (ranges[i].pages != 0)
		must(++i < RANGES);
	ranges[i].pages = n;
	ranges[i].is_in_core = false;
	*page = i * APART;
	return 0;
}

static void
unmap(void *data, uint32_t page, uint32_t n)
{
	(void)data;
	must(page % APART == 0 && ranges[page / APART].pages == n);
	must(!ranges[page / APART].is_in_core);
	ranges[page / APART].pages = 0;
}

static const uint8_t *
look(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	static uint8_t pixels[64 * TDS_PAGE_BYTES];

	(void)data;
	must(grefs[n - 1] != 0);
	pixels[next() * 256] ^= 1;
	*page = n;
	if (n > 64)
		return NULL;
	looks++;
	return pixels;
}

static void
unlook(void *data, const uint8_t *pixels, uint32_t page, uint32_t n)
{
	(void)data;
	must(pixels && page == n);
	looks--;
}

static void
respond(void *data, uint32_t connector, const uint8_t r[DISPLIF_BYTES])
{
	const int32_t status = (int32_t)get_u32(r + 4);

	(void)data;
	must(connector < d.n_connectors);
	must(status <= 0 && status > -4096);
	answered++;
}

static void
on_event(void *data, uint32_t connector, const uint8_t e[DISPLIF_BYTES])
{
	(void)data;
	must(get_u16(e) == events[connector]++ && e[2] == 0);
}

static const struct displif_ops ops = {
    read_directory, write_page, map, unmap, look, unlook, respond, on_event};

/* What a core would take: ends it where the real one would drop us. */
static void
core_takes(const uint8_t record[TDS_RING_RECORD_BYTES])
{
	struct wire_commit wire;
	struct commit c;

	if (record[0] != UP_COMMIT)
		return;
	must(decode_commit(record, TDS_RING_RECORD_BYTES, &wire) == 0);
	must(check_commit(&wire, TDS_MAX_POOL_BYTES, TDS_MAX_SCANOUTS, &c) ==
	    0);
	if (c.width_px == 0)
		return;
	const uint64_t end =
	    c.offset_bytes + (uint64_t)c.stride_bytes * c.height_px;
	const uint64_t i = c.offset_bytes / TDS_PAGE_BYTES / APART;
	must(i < RANGES && ranges[i].is_in_core &&
	    end <= (i * APART + ranges[i].pages) * TDS_PAGE_BYTES);
}

static void
core_answers(const uint8_t record[TDS_RING_RECORD_BYTES], bool may_refuse)
{
	struct grant g;

	must(decode_grant(record, TDS_RING_RECORD_BYTES, &g) == 0);
	must(check_grant(&g) == 0);
	const bool is_mapped =
	    g.op == UP_MAP && !(may_refuse && (next() & 7) == 7);
	const struct down answer = {.op = DOWN_MAPPED,
	    .page = g.page,
	    .pages = g.pages,
	    .is_mapped = is_mapped,
	    .error = g.op == UP_MAP && !is_mapped ? EINVAL : 0};
	must(ranges[g.page / APART].pages > 0);
	ranges[g.page / APART].is_in_core = is_mapped;
	must(outbox_mapped(&box, &answer) == 1);
	must(displif_mapped(&d, &answer) == 0);
}

static void
core_frame(bool may_refuse)
{
	uint8_t record[TDS_RING_RECORD_BYTES];

	while (outbox_next(&box, record) == 1) {
		core_takes(record);
		if (record[0] == UP_MAP || record[0] == UP_UNMAP)
			core_answers(record, may_refuse);
	}
	displif_tick(&d, box.seq);
}

static void
new_core(void)
{
	for (uint32_t i = 0; i < RANGES; i++)
		ranges[i].is_in_core = false;
	displif_core_lost(&d);
	outbox_renew(&box);
}

/* A request with fields from a few values, so that cookies meet again. */
static void
request(uint8_t what)
{
	static const uint32_t usual[] = {0, 1, 2, 3, 64, 32, 0x34325258,
	    64 * 64 * 4, 4096, 1024, 0x34325241, 100, 5, 65536, 0xffffffff};
	uint8_t bytes[DISPLIF_BYTES] = {0};

	put_u16(bytes, (uint16_t)asked);
	bytes[2] = 0x10 + what % 8;
	for (uint32_t i = bytes[2] == 0x16 ? 4 : 8; i < 48; i += 4) {
		const uint8_t v = next();
		if (v < 15)
			put_u32(bytes + i, usual[v]);
		else if (v == 255)
			for (uint32_t j = 0; j < 4; j++)
				bytes[i + j] = next();
	}
	asked++;
	displif_request(&d, what / 8 % d.n_connectors, bytes);
	must(answered == asked || displif_is_busy(&d));
}

static void
turn(uint8_t what)
{
	if (what < 4)
		new_core();
	else if (what < 64 || displif_is_busy(&d))
		core_frame(true);
	else
		request(what);
}

static void
finish(void)
{
	uint8_t bytes[DISPLIF_BYTES] = {0};

	left = 0;
	for (uint32_t i = 0; i < 100 && displif_is_busy(&d); i++)
		core_frame(false);
	must(!displif_is_busy(&d) && answered == asked);
	for (uint32_t i = 0; i < DISPLIF_MAX_FRAMEBUFFERS; i++) {
		bytes[2] = 0x13;
		for (uint32_t j = 0; j < 8; j++)
			bytes[8 + j] =
			    (uint8_t)(d.framebuffers[i].cookie >> 8 * j);
		displif_request(&d, 0, bytes);
	}
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++) {
		bytes[2] = 0x11;
		for (uint32_t j = 0; j < 8; j++)
			bytes[8 + j] = (uint8_t)(d.buffers[i].cookie >> 8 * j);
		displif_request(&d, 0, bytes);
		core_frame(false);
	}
	for (uint32_t i = 0; i < RANGES; i++)
		must(ranges[i].pages == 0);
	must(looks == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (uint32_t i = 0; i < DISPLIF_MAX_BUFFERS; i++)
		d.buffers[i].state = BUFFER_FREE;
	memset(d.framebuffers, 0, sizeof(d.framebuffers));
	memset(d.connectors, 0, sizeof(d.connectors));
	memset(ranges, 0, sizeof(ranges));
	memset(events, 0, sizeof(events));
	d.ops = &ops;
	d.outbox = &box;
	d.n_connectors = 2;
	d.version = 2;
	d.job = JOB_NONE;
	displif_init(&d, size);
	for (uint32_t i = 0; i < 2; i++)
		d.connectors[i].mode_width = d.connectors[i].mode_height = 600;
	outbox_init(&box, 2);
	box.is_granted = true;
	asked = answered = 0;
	input = data;
	left = size;
	while (left > 0)
		turn(next());
	finish();
	return 0;
}
