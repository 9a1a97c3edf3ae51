/*
 * The display of a Xen guest: golden requests, every way to ask wrongly, and
 * what becomes of buffers when the core goes away. A fake broker and a fake
 * core stand behind the ops.
 */
#include "hv-glue/displif.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

enum { W = 1920, H = 1080, PAGES = 2025, DIRECTORY = 100, FIRST_GREF = 1000 };
enum { XR24 = 0x34325258 };

static struct displif d;
static struct outbox box;
static struct {
	uint32_t directory_reads, maps, unmaps, n_responses, n_events;
	uint32_t mapped_pages, last_gref;
	bool is_taken[DISPLIF_MAX_BUFFERS + 1];
	uint32_t written_gref, written;
	int map_error, directory_error;
	bool is_self; /* the directory points at itself */
	bool has_hole, is_blind;
	int looks;
	uint8_t response[DISPLIF_BYTES], event[DISPLIF_BYTES];
	uint32_t connector;
} fake;

static int
read_directory(void *data, uint32_t gref, uint32_t words[DISPLIF_DIRECTORY])
{
	(void)data;
	fake.directory_reads++;
	words[0] = fake.is_self ? gref : gref + 1;
	for (uint32_t i = 1; i < DISPLIF_DIRECTORY; i++)
		words[i] = FIRST_GREF + i;
	if (fake.has_hole)
		words[500] = 0;
	return fake.directory_error;
}

static int
write_page(void *data, uint32_t gref, const uint8_t *bytes, uint32_t n)
{
	(void)data;
	(void)bytes;
	fake.written_gref = gref;
	fake.written = n;
	return 0;
}

static int
map(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	(void)data;
	if (fake.map_error < 0)
		return fake.map_error;
	/* the first gap, as gntdev.c does; all buffers here are of one size */
	uint32_t i = 0;
	while (fake.is_taken[i])
		i++;
	assert_true(i < DISPLIF_MAX_BUFFERS);
	fake.is_taken[i] = true;
	*page = i * PAGES;
	fake.maps++;
	fake.mapped_pages += n;
	fake.last_gref = grefs[n - 1];
	return 0;
}

static void
unmap(void *data, uint32_t page, uint32_t n)
{
	(void)data;
	assert_true(fake.is_taken[page / PAGES]);
	fake.is_taken[page / PAGES] = false;
	fake.unmaps++;
	fake.mapped_pages -= n;
}

static uint8_t pixels[PAGES * TDS_PAGE_BYTES];

static const uint8_t *
look(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	(void)data;
	(void)grefs;
	assert_int_equal(n, PAGES);
	*page = 7;
	fake.looks++;
	return fake.is_blind ? NULL : pixels;
}

static void
unlook(void *data, const uint8_t *at, uint32_t page, uint32_t n)
{
	(void)data;
	assert_ptr_equal(at, pixels);
	assert_int_equal(page, 7);
	assert_int_equal(n, PAGES);
	fake.looks--;
}

static void
respond(void *data, uint32_t connector, const uint8_t r[DISPLIF_BYTES])
{
	(void)data;
	fake.n_responses++;
	fake.connector = connector;
	memcpy(fake.response, r, DISPLIF_BYTES);
}

static void
on_event(void *data, uint32_t connector, const uint8_t e[DISPLIF_BYTES])
{
	(void)data;
	fake.n_events++;
	fake.connector = connector;
	memcpy(fake.event, e, DISPLIF_BYTES);
}

static const struct displif_ops ops = {
    read_directory, write_page, map, unmap, look, unlook, respond, on_event};

static int
setup(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	memset(&fake, 0, sizeof(fake));
	outbox_init(&box, 2);
	box.is_granted = true;
	d.ops = &ops;
	d.outbox = &box;
	d.n_connectors = 2;
	d.version = 2;
	displif_init(&d, 12345);
	for (uint32_t i = 0; i < 2; i++) {
		d.connectors[i].mode_width = W;
		d.connectors[i].mode_height = H;
	}
	return 0;
}

struct words {
	uint32_t w[14]; /* of the 56 bytes after the header */
};

/* The status of a request; 1 if its response is still to come. */
static int
request(uint32_t connector, uint8_t op, struct words words)
{
	static uint16_t id;
	uint8_t bytes[DISPLIF_BYTES] = {0};
	const uint32_t before = fake.n_responses;

	put_u16(bytes, ++id);
	bytes[2] = op;
	for (uint32_t i = 0; i < 14; i++)
		put_u32(bytes + 8 + 4 * i, words.w[i]);
	displif_request(&d, connector, bytes);
	if (fake.n_responses == before)
		return 1;
	assert_int_equal(get_u16(fake.response), id);
	assert_int_equal(fake.response[2], op);
	assert_int_equal(fake.connector, connector);
	return (int)get_u32(fake.response + 4);
}

/* The core looks at its ring: ticks, and answers the first MAP or UNMAP. */
static uint32_t
core_frame(int error)
{
	uint8_t record[TDS_RING_RECORD_BYTES];
	uint32_t grants = 0;

	while (outbox_next(&box, record) == 1) {
		struct grant g;
		if (record[0] != UP_MAP && record[0] != UP_UNMAP)
			continue;
		assert_int_equal(
		    decode_grant(record, sizeof(record), &g), 0);
		assert_int_equal(check_grant(&g), 0);
		const struct down answer = {.op = DOWN_MAPPED,
		    .page = g.page,
		    .pages = g.pages,
		    .is_mapped = g.op == UP_MAP && error == 0,
		    .error = (uint8_t)error};
		grants++;
		assert_int_equal(outbox_mapped(&box, &answer), 1);
		assert_int_equal(displif_mapped(&d, &answer), 0);
	}
	displif_tick(&d, box.seq);
	return grants;
}

static struct words
create_words(uint64_t cookie)
{
	return (struct words){{(uint32_t)cookie, (uint32_t)(cookie >> 32), W, H,
	    32, W * H * 4, 0, DIRECTORY, 0}};
}

static void
make_buffer(uint64_t cookie)
{
	assert_int_equal(request(0, 0x10, create_words(cookie)), 1);
	assert_true(displif_is_busy(&d));
	assert_int_equal(core_frame(0), 1);
	assert_false(displif_is_busy(&d));
	assert_int_equal(get_u32(fake.response + 4), 0);
}

static void
make_framebuffer(uint64_t buffer, uint64_t cookie)
{
	assert_int_equal(
	    request(0, 0x12,
		(struct words){{(uint32_t)buffer, (uint32_t)(buffer >> 32),
		    (uint32_t)cookie, (uint32_t)(cookie >> 32), W, H, XR24}}),
	    0);
}

static int
set_config(uint32_t connector, uint32_t cookie, uint32_t w, uint32_t h)
{
	return request(connector, 0x14,
	    (struct words){{cookie, 0, 0, 0, w, h, w ? 32 : 0}});
}

static int
flip(uint32_t connector, uint32_t cookie)
{
	return request(connector, 0x15, (struct words){{cookie}});
}

/* ------------------------------------------------------------------ honest */

static void
a_buffer_is_created_shown_flipped_and_destroyed(void **state)
{
	(void)state;
	make_buffer(0xffff888000001000u);
	make_buffer(2);
	assert_int_equal(fake.directory_reads, 4); /* 2025 grefs: two pages */
	assert_int_equal(fake.last_gref, FIRST_GREF + PAGES - 1023);
	make_framebuffer(0xffff888000001000u, 11);
	make_framebuffer(2, 12);
	assert_int_equal(set_config(0, 11, W, H), 0);
	assert_int_equal(box.scanouts[0].commit.width_px, W);
	assert_int_equal(box.scanouts[0].commit.offset_bytes, 0);
	core_frame(0);

	assert_int_equal(flip(0, 12), 0);
	assert_int_equal(
	    box.scanouts[0].commit.offset_bytes, PAGES * TDS_PAGE_BYTES);
	assert_int_equal(fake.n_events, 0);
	core_frame(0);
	assert_int_equal(fake.n_events, 1);
	assert_int_equal(get_u32(fake.event + 8), 12);

	assert_int_equal(set_config(0, 0, 0, 0), 0);
	assert_int_equal(box.scanouts[0].commit.width_px, 0);
	assert_int_equal(request(0, 0x13, (struct words){{11}}), 0);
	assert_int_equal(request(0, 0x13, (struct words){{12}}), 0);
	assert_int_equal(request(0, 0x11, (struct words){{2}}), 1);
	assert_int_equal(fake.unmaps, 0); /* the core still has it */
	assert_int_equal(core_frame(0), 1);
	assert_int_equal(fake.unmaps, 1);
	assert_int_equal(
	    request(0, 0x11, (struct words){{0x1000, 0xffff8880u}}), 1);
	core_frame(0);
	assert_int_equal(fake.mapped_pages, 0);
	assert_int_equal(fake.looks, 0);
}

static uint32_t
new_pixels(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < box.scanouts[0].damage.n; i++) {
		const struct rect r = box.scanouts[0].damage.r[i];
		n += (uint32_t)((r.x1 - r.x0) * (r.y1 - r.y0));
	}
	return n;
}

static void
a_flip_tells_what_is_new_in_the_picture(void **state)
{
	(void)state;
	make_buffer(1);
	make_framebuffer(1, 11);
	assert_int_equal(set_config(0, 11, W, H), 0);
	core_frame(0);
	assert_int_equal(flip(0, 11), 0); /* the first look: all */
	assert_int_equal(new_pixels(), W * H);
	core_frame(0);
	for (uint32_t i = 0; i < 20; i++) { /* past what is not looked at */
		assert_int_equal(flip(0, 11), 0);
		core_frame(0);
	}
	assert_int_equal(flip(0, 11), 0);
	assert_int_equal(new_pixels(), 0);
	core_frame(0);
	assert_int_equal(fake.n_events, 22);
	pixels[4 * (W * 100 + 200)] ^= 1;
	assert_int_equal(flip(0, 11), 0);
	assert_int_equal(new_pixels(), 64 * 64);
	core_frame(0);
	assert_int_equal(set_config(0, 11, W, H), 0);
	assert_int_equal(new_pixels(), W * H);
}

static void
a_picture_that_cannot_be_looked_at_is_new(void **state)
{
	(void)state;
	fake.is_blind = true;
	make_buffer(1);
	make_framebuffer(1, 11);
	assert_int_equal(set_config(0, 11, W, H), 0);
	for (uint32_t i = 0; i < 20; i++) {
		core_frame(0);
		assert_int_equal(flip(0, 11), 0);
		assert_int_equal(new_pixels(), W * H);
	}
}

static void
event_ids_count_per_connector_from_0(void **state)
{
	(void)state;
	fake.is_blind = true;
	make_buffer(1);
	make_framebuffer(1, 11);
	for (uint32_t c = 0; c < 2; c++)
		assert_int_equal(set_config(c, 11, W, H), 0);
	for (uint32_t i = 0; i < 70000; i++) {
		assert_int_equal(flip(1, 11), 0);
		core_frame(0);
		assert_int_equal(get_u16(fake.event), i & 0xffff);
		assert_int_equal(fake.connector, 1);
	}
	assert_int_equal(flip(0, 11), 0);
	core_frame(0);
	assert_int_equal(get_u16(fake.event), 0);
}

static void
a_flip_is_not_done_before_the_core_has_seen_it(void **state)
{
	(void)state;
	make_buffer(1);
	make_framebuffer(1, 11);
	assert_int_equal(set_config(0, 11, W, H), 0);
	core_frame(0);
	assert_int_equal(flip(0, 11), 0);
	displif_tick(&d, box.seq); /* of the frame before */
	assert_int_equal(fake.n_events, 0);
	assert_int_equal(flip(0, 11), -EBUSY);
	core_frame(0);
	assert_int_equal(fake.n_events, 1);
	assert_int_equal(flip(0, 11), 0);
}

static void
an_edid_is_written_where_the_guest_says(void **state)
{
	uint8_t bytes[DISPLIF_BYTES] = {7, 0, 0x16};

	(void)state;
	put_u32(bytes + 4, DISPLIF_EDID_BYTES);
	put_u32(bytes + 8, DIRECTORY);
	displif_request(&d, 0, bytes);
	assert_int_equal(get_u32(fake.response + 4), 0);
	assert_int_equal(get_u32(fake.response + 8), 128);
	assert_int_equal(fake.written, 128);
	assert_int_equal(fake.written_gref, FIRST_GREF + 1);
	put_u32(bytes + 4, DISPLIF_EDID_BYTES - 1);
	displif_request(&d, 0, bytes);
	assert_int_equal((int)get_u32(fake.response + 4), -EINVAL);
	d.version = 1;
	displif_request(&d, 0, bytes);
	assert_int_equal((int)get_u32(fake.response + 4), -EOPNOTSUPP);
}

/* ----------------------------------------------------------------- hostile */

static void
a_buffer_that_lies_is_refused(void **state)
{
	static const struct {
		uint32_t at, value;
		int want;
	} lies[] = {
	    {0, 0, -EINVAL},		       /* cookie 0 */
	    {2, 0, -EINVAL},		       /* width */
	    {3, 0, -EINVAL},		       /* height */
	    {2, W + 1, -EINVAL},	       /* larger than its bytes */
	    {2, 0x40000001, -EINVAL},	       /* 4 * width wraps to 4 */
	    {3, 0x80000000u, -EINVAL},	       /* so does the area */
	    {4, 16, -EINVAL},		       /* bits per pixel */
	    {5, W * H * 4 - 1, -EINVAL},       /* one byte short */
	    {5, 0, -EINVAL},		       /* nothing */
	    {5, UINT32_MAX, -E2BIG},	       /* 4 GiB */
	    {6, 1, -EOPNOTSUPP},	       /* we are to allocate */
	    {6, 2, -EOPNOTSUPP},	       /* unknown flag */
	    {7, 0, -EINVAL},		       /* no directory */
	    {8, 4, -EINVAL},		       /* data not at a page */
	    {8, 4096, -EINVAL},		       /* beyond its bytes */
	    {8, 0xfffff000u, -EINVAL},
	    {9, 1, -EINVAL},  /* reserved */
	    {13, 1, -EINVAL}, /* the last of it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct words w = create_words(1);
		w.w[lies[i].at] = lies[i].value;
		const int got = request(0, 0x10, w);
		if (got != lies[i].want)
			fail_msg("lie %zu: %d", i, got);
		assert_int_equal(fake.maps, 0);
		assert_int_equal(fake.directory_reads, 0);
	}
}

static void
a_directory_that_points_at_itself_ends(void **state)
{
	(void)state;
	fake.is_self = true;
	assert_int_equal(request(0, 0x10, create_words(1)), 1);
	assert_int_equal(fake.directory_reads, 2);
}

static void
a_directory_with_holes_or_without_grant_is_refused(void **state)
{
	(void)state;
	fake.has_hole = true;
	assert_int_equal(request(0, 0x10, create_words(1)), -EINVAL);
	fake.has_hole = false;
	fake.directory_error = -EFAULT;
	assert_int_equal(request(0, 0x10, create_words(1)), -EFAULT);
	fake.directory_error = 0;
	fake.map_error = -EDQUOT;
	assert_int_equal(request(0, 0x10, create_words(1)), -EDQUOT);
	fake.map_error = 0;
	make_buffer(1); /* and none of it is remembered */
}

static void
what_the_core_cannot_map_is_refused_and_let_go(void **state)
{
	(void)state;
	assert_int_equal(request(0, 0x10, create_words(1)), 1);
	core_frame(EINVAL);
	assert_int_equal((int)get_u32(fake.response + 4), -EINVAL);
	assert_int_equal(fake.mapped_pages, 0);
	make_buffer(1);
}

static void
cookies_are_used_once_and_tables_are_finite(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= DISPLIF_MAX_BUFFERS; i++)
		make_buffer(i);
	assert_int_equal(request(0, 0x10, create_words(1)), -EEXIST);
	assert_int_equal(request(0, 0x10, create_words(99)), -ENOSPC);
	for (uint32_t i = 1; i <= DISPLIF_MAX_FRAMEBUFFERS; i++)
		make_framebuffer(1, i);
	assert_int_equal(
	    request(0, 0x12, (struct words){{1, 0, 99, 0, W, H, XR24}}),
	    -ENOSPC);
	assert_int_equal(
	    request(0, 0x12, (struct words){{1, 0, 5, 0, W, H, XR24}}),
	    -EEXIST);
	assert_int_equal(request(0, 0x11, (struct words){{1}}), -EBUSY);
	assert_int_equal(request(0, 0x11, (struct words){{77}}), -ENOENT);
	assert_int_equal(request(0, 0x13, (struct words){{77}}), -ENOENT);
}

static void
a_framebuffer_lies_in_its_buffer(void **state)
{
	static const struct words lies[] = {
	    {{1, 0, 9, 0, W + 1, H, XR24}},
	    {{1, 0, 9, 0, W, H + 1, XR24}},
	    {{1, 0, 9, 0, 0, H, XR24}},
	    {{1, 0, 9, 0, W, UINT32_MAX, XR24}},
	    {{1, 0, 9, 0, W, H, XR24 + 1}},
	    {{1, 0, 0, 0, W, H, XR24}},
	    {{1, 0, 9, 0, W, H, XR24, 1}},
	};

	(void)state;
	make_buffer(1);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (request(0, 0x12, lies[i]) != -EINVAL)
			fail_msg("lie %zu", i);
}

static void
what_is_shown_lies_in_its_framebuffer(void **state)
{
	static const struct words lies[] = {
	    {{11, 0, 0, 0, W + 1, H, 32}},
	    {{11, 0, 0, 1, W, H, 32}},
	    {{11, 0, 1, 0, W - 1, H, 32}}, /* not at a page */
	    {{11, 0, UINT32_MAX, 0, 2, 1, 32}},
	    {{11, 0, 0, UINT32_MAX, 1, 2, 32}},
	    {{11, 0, 0, 0, W, 0, 32}},
	    {{11, 0, 0, 0, 0, H, 32}},
	    {{11, 0, 0, 0, W, H, 24}},
	    {{11, 0, 0, 0, W, H, 32, 1}},
	};

	(void)state;
	make_buffer(1);
	make_framebuffer(1, 11);
	assert_int_equal(flip(0, 11), -EINVAL); /* it is off */
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (request(0, 0x14, lies[i]) != -EINVAL)
			fail_msg("lie %zu", i);
	assert_int_equal(set_config(0, 12, W, H), -ENOENT);
	assert_int_equal(box.scanouts[0].commit.width_px, 0);
	assert_int_equal(set_config(0, 11, W, H), 0);
	assert_int_equal(flip(0, 12), -ENOENT);
}

static void
operations_have_their_ring_and_unknown_ones_an_answer(void **state)
{
	(void)state;
	for (uint8_t op = 0x10; op <= 0x13; op++)
		assert_int_equal(request(1, op, create_words(1)), -EINVAL);
	for (uint32_t op = 0; op < 256; op++)
		if (op < 0x10 || op > 0x16)
			assert_int_equal(
			    request(0, (uint8_t)op, (struct words){{0}}),
			    -EOPNOTSUPP);
	assert_int_equal(fake.maps, 0);
}

static void
a_framebuffer_that_goes_turns_its_screens_off(void **state)
{
	(void)state;
	make_buffer(1);
	make_framebuffer(1, 11);
	assert_int_equal(set_config(0, 11, W, H), 0);
	core_frame(0);
	assert_int_equal(flip(0, 11), 0);
	assert_int_equal(request(0, 0x13, (struct words){{11}}), 0);
	assert_int_equal(box.scanouts[0].commit.width_px, 0);
	assert_int_equal(fake.n_events, 1); /* nobody waits for ever */
}

/* ---------------------------------------------------------------- new core */

static void
a_new_core_is_given_every_buffer_anew(void **state)
{
	(void)state;
	make_buffer(1);
	make_buffer(2);
	make_framebuffer(2, 12);
	assert_int_equal(set_config(0, 12, W, H), 0);
	core_frame(0);
	assert_int_equal(flip(0, 12), 0);

	displif_core_lost(&d);
	outbox_renew(&box);
	assert_int_equal(box.scanouts[0].commit.width_px, 0);
	assert_int_equal(fake.unmaps, 1); /* one at a time */
	assert_true(displif_is_busy(&d));
	while (displif_is_busy(&d))
		assert_true(core_frame(0) >= 1);
	assert_int_equal(fake.unmaps, 2);
	assert_int_equal(fake.mapped_pages, 2 * PAGES);
	assert_int_equal(box.scanouts[0].commit.width_px, W);
	core_frame(0);
	assert_int_equal(fake.n_events, 1); /* the flip that it was owed */
}

static void
a_core_lost_in_the_middle_costs_no_response(void **state)
{
	(void)state;
	assert_int_equal(request(0, 0x10, create_words(1)), 1);
	displif_core_lost(&d);
	assert_int_equal(fake.n_responses, 0);
	assert_int_equal(core_frame(0), 1);
	assert_int_equal(fake.n_responses, 1);
	assert_int_equal(request(0, 0x11, (struct words){{1}}), 1);
	displif_core_lost(&d);
	assert_int_equal(fake.n_responses, 2);
	assert_int_equal(fake.mapped_pages, 0);
	assert_int_equal(core_frame(0), 0);
}

static void
a_core_that_answers_what_nobody_asked_is_wrong(void **state)
{
	const struct down answer = {.op = DOWN_MAPPED, .page = 3};

	(void)state;
	assert_int_equal(displif_mapped(&d, &answer), -EPROTO);
	assert_int_equal(request(0, 0x10, create_words(1)), 1);
	assert_int_equal(displif_mapped(&d, &answer), -EPROTO);
}

/* Any bytes: an answer or a job, and in the end nothing is mapped. */
static void
nothing_leaks_over_random_requests(void **state)
{
	uint64_t seed = 4;

	(void)state;
	fake.is_blind = true; /* or it takes minutes */
	for (uint32_t i = 0; i < 200000; i++) {
		const uint64_t r = unit_random(&seed);
		const uint32_t buffer = (uint32_t)(1 + r % 20);
		const uint32_t fb = (uint32_t)(1 + r / 32 % 70);
		struct words w = {{0}};
		switch (r >> 20 & 7) {
		case 0:
			w = create_words(buffer);
			break;
		case 1:
			w.w[0] = buffer;
			break;
		case 2:
			w = (struct words){{buffer, 0, fb, 0, W, H, XR24}};
			break;
		case 3:
			w = (struct words){{fb, 0, 0, 0, W, H, 32}};
			break;
		default:
			w.w[0] = fb;
		}
		static const uint8_t ops_of[] = {
		    0x10, 0x11, 0x12, 0x14, 0x13, 0x15, 0x15, 0x13};
		request(r >> 40 & 1 & (uint32_t)(ops_of[r >> 20 & 7] >= 0x14),
		    ops_of[r >> 20 & 7], w);
		if ((r >> 41 & 31) == 0)
			displif_core_lost(&d);
		while (displif_is_busy(&d))
			core_frame((r >> 30 & 7) == 0 ? EINVAL : 0);
	}
	assert_true(fake.maps > 1000);
	for (uint32_t i = 1; i <= 70; i++)
		request(0, 0x13, (struct words){{i}});
	for (uint32_t i = 1; i <= 20; i++) {
		request(0, 0x11, (struct words){{i}});
		core_frame(0);
	}
	assert_int_equal(fake.mapped_pages, 0);
	assert_int_equal(fake.maps, fake.unmaps);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_buffer_is_created_shown_flipped_and_destroyed),
	    T(a_flip_tells_what_is_new_in_the_picture),
	    T(a_picture_that_cannot_be_looked_at_is_new),
	    T(event_ids_count_per_connector_from_0),
	    T(a_flip_is_not_done_before_the_core_has_seen_it),
	    T(an_edid_is_written_where_the_guest_says),
	    T(a_buffer_that_lies_is_refused),
	    T(a_directory_that_points_at_itself_ends),
	    T(a_directory_with_holes_or_without_grant_is_refused),
	    T(what_the_core_cannot_map_is_refused_and_let_go),
	    T(cookies_are_used_once_and_tables_are_finite),
	    T(a_framebuffer_lies_in_its_buffer),
	    T(what_is_shown_lies_in_its_framebuffer),
	    T(operations_have_their_ring_and_unknown_ones_an_answer),
	    T(a_framebuffer_that_goes_turns_its_screens_off),
	    T(a_new_core_is_given_every_buffer_anew),
	    T(a_core_lost_in_the_middle_costs_no_response),
	    T(a_core_that_answers_what_nobody_asked_is_wrong),
	    T(nothing_leaks_over_random_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
