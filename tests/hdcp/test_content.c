/* Content: counters, encryption, tiles, and no counter under a key twice. */
#include "tests/hdcp/rig.h"

#include "hdcp/seal.h"
#include "hdcp/wire.h"

#include <errno.h>
#include <stdlib.h>

enum { W = 64, H = 48 };

static uint32_t pixels[H][W], shown[H][W];
static const struct hdcp_image from = {
    .pixels = (uint8_t *)pixels, .stride_bytes = 4 * W, .width = W, .height = H};
static struct hdcp_image to = {
    .pixels = (uint8_t *)shown, .stride_bytes = 4 * W, .width = W, .height = H};
static uint8_t packet[HDCP_RECORD_MAX];

static void
draw(uint32_t seed)
{
	for (uint32_t y = 0; y < H; y++) {
		for (uint32_t x = 0; x < W; x++)
			pixels[y][x] = seed * 2654435761u + y * 77 + x;
	}
}

static struct hdcp_session
some_session(uint8_t n)
{
	struct hdcp_session s;

	memset(&s, n, sizeof(s));
	return s;
}

static void
private_data_are_as_published(void **state)
{
	static const struct {
		uint32_t stream;
		uint64_t input;
		const char *text;
	} vectors[] = {
	    {0, 0, "00010001000100010001000100010001"},
	    {1, 2, "00010001000300010001000100010005"},
	    {0x89abcdef, 0x0123456789abcdef,
		"000526af9bdf000112352b3d26af9bdf"},
	    {UINT32_MAX, UINT64_MAX, "0007ffffffff001fffffffffffffffff"},
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		const struct hdcp_pes pes = {.stream_ctr = vectors[i].stream,
		    .input_ctr = vectors[i].input};
		struct hdcp_pes again = {0};
		uint8_t out[HDCP_PES_PRIVATE];
		hdcp_pes_put_private(&pes, out);
		assert_hex(out, sizeof(out), vectors[i].text);
		assert_int_equal(hdcp_pes_get_private(out, &again), 0);
		assert_int_equal(again.stream_ctr, pes.stream_ctr);
		assert_true(again.input_ctr == pes.input_ctr);
		/* 64 + 32 bits are values; each other bit has one value */
		int refused = 0;
		for (int bit = 0; bit < 128; bit++) {
			out[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refused += hdcp_pes_get_private(out, &again) < 0;
			out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(refused, 128 - 96);
	}
}

static void
a_pes_header_has_one_form(void **state)
{
	const struct hdcp_pes pes = {
	    .stream_ctr = 3, .input_ctr = 5, .payload_bytes = 40};
	uint8_t bytes[HDCP_PES_HEADER + 41] = {0};
	struct hdcp_pes again;

	(void)state;
	hdcp_pes_encode(&pes, bytes);
	assert_hex(bytes, HDCP_PES_HEADER,
	    "000001bd003c840111" "8e" "00010001000700010001000100" "01000b");
	const uint32_t n = HDCP_PES_HEADER + 40;
	assert_int_equal(hdcp_pes_decode(bytes, n, &again), 0);
	assert_memory_equal(&pes, &again, sizeof(pes));
	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		if (len != n)
			assert_int_equal(
			    hdcp_pes_decode(bytes, len, &again), -EBADMSG);
	}
	for (int bit = 0; bit < 80; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(hdcp_pes_decode(bytes, n, &again), -EBADMSG);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* riv of R1 and R2, streamCtr and inputCtr: published and derived vectors. */
static void
counters_enter_the_cipher_as_in_the_vectors(void **state)
{
	static const struct {
		const char *riv;
		uint32_t stream;
		uint64_t input;
		const char *cipher;
	} vectors[] = {
	    {"9a6d1100a9b76f64", 0, 0,
		"218b92a328c9843617464ed8687a67b0"
		"eb667230245b702a2586ab4a7a9a3a4f"},
	    {"402b6b43c5e886d8", 0, 0,
		"81f0c05e036792b91dce4d6427a89c2e"
		"179e9e908184660d220f40690a1b78e7"},
	    {"9a6d1100a9b76f64", 1, 0,
		"214c1fb0b06b6f123597b2daf3641ba0"
		"5642674cfe935321c3a7dc51b32dc2c0"},
	    {"9a6d1100a9b76f64", 0, 2,
		"4bf3f16c17d721071b39cf1bc47f2989"
		"be9c6ba5b8b6aad2edaf93f1c201fdd6"},
	};
	struct hdcp_session s = some_session(0);
	uint8_t plain[32], cipher[32];

	(void)state;
	HEX("6011478ff737e6c8a4f203aff34fdd16", s.key);
	HEX("00000100011b3c5bb800000001b58544"
	    "3b980000000001b24454473141fe0000", plain);
	for (int i = 0; i < 4; i++) {
		const struct hdcp_tile tile = {.width = W, .height = H};
		uint8_t head[HDCP_TILE_HEADER];
		struct hdcp_content c = {0};
		HEX(vectors[i].riv, s.riv);
		assert_int_equal(
		    hdcp_content_start(&c, &s, 1, vectors[i].stream), 0);
		c.input_ctr = vectors[i].input;
		assert_int_equal(hdcp_content_put(&c, &tile, &from, packet,
				     sizeof(packet)), HDCP_PES_HEADER + 32);
		/* a tile without pixels is 32 bytes: take its text off */
		hdcp_tile_encode(&tile, head);
		HEX(vectors[i].cipher, cipher);
		for (int b = 0; b < 32; b++)
			assert_int_equal(packet[HDCP_PES_HEADER + b] ^ head[b],
			    cipher[b] ^ plain[b]);
		hdcp_content_stop(&c);
	}
}

static void
pixels_arrive_where_they_were(void **state)
{
	const struct hdcp_session s = some_session(7);
	struct hdcp_content out = {0}, in = {0};
	struct hdcp_tile got;
	uint64_t seed = 3;

	(void)state;
	draw(1);
	assert_int_equal(hdcp_content_start(&out, &s, 1, 2), 0);
	assert_int_equal(hdcp_content_start(&in, &s, 1, 2), 0);
	for (int i = 0; i < 500; i++) {
		struct hdcp_tile tile = {.frame = (uint32_t)i, .width = W,
		    .height = H, .is_last = i % 3 == 0};
		tile.x = (uint16_t)(unit_random(&seed) % W);
		tile.y = (uint16_t)(unit_random(&seed) % H);
		tile.w = (uint16_t)(1 + unit_random(&seed) % (W - tile.x));
		tile.h = (uint16_t)(1 + unit_random(&seed) % (H - tile.y));
		memset(shown, 0, sizeof(shown));
		const int n = hdcp_content_put(
		    &out, &tile, &from, packet, sizeof(packet));
		assert_true(n > 0);
		assert_int_equal(hdcp_content_take(&in, packet, (uint32_t)n,
				     &to, &got), 0);
		assert_memory_equal(&got, &tile, sizeof(tile));
		for (uint32_t y = 0; y < H; y++) {
			for (uint32_t x = 0; x < W; x++) {
				const bool is_in = x >= tile.x && y >= tile.y &&
						   x < tile.x + tile.w &&
						   y < tile.y + tile.h;
				assert_int_equal(shown[y][x],
				    is_in ? pixels[y][x] : 0);
			}
		}
		assert_int_equal(hdcp_content_take(&in, packet, (uint32_t)n,
				     &to, &got), -ESTALE);
	}
	hdcp_content_stop(&out);
	hdcp_content_stop(&in);
}

static void
tiles_stay_inside_their_output(void **state)
{
	static const struct hdcp_tile good[] = {
	    {.width = 1, .height = 1, .w = 1, .h = 1},
	    {.width = 8192, .height = 8192, .x = 8191, .y = 8191, .w = 1,
		.h = 1},
	    {.width = 8192, .height = 8192, .w = 8192, .h = 1},
	    {.width = 5, .height = 6},
	};
	static const struct hdcp_tile bad[] = {
	    {.width = 0, .height = 1},
	    {.width = 8193, .height = 1},
	    {.width = 1, .height = 8193},
	    {.width = 8, .height = 8, .x = 7, .w = 2, .h = 1},
	    {.width = 8, .height = 8, .y = 8, .w = 1, .h = 1},
	    {.width = 8, .height = 8, .x = 65535, .w = 1, .h = 1},
	    {.width = 8, .height = 8, .w = 1, .h = 0},
	};
	uint8_t head[HDCP_TILE_HEADER];
	struct hdcp_tile got;

	(void)state;
	for (uint32_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const uint32_t n = 32u + 4u * good[i].w * good[i].h;
		hdcp_tile_encode(&good[i], head);
		assert_int_equal(hdcp_tile_decode(head, n, &got), 0);
		assert_memory_equal(&got, &good[i], sizeof(got));
		assert_int_equal(hdcp_tile_decode(head, n + 4, &got), -EBADMSG);
		assert_int_equal(hdcp_tile_decode(head, n - 1, &got), -EBADMSG);
	}
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint32_t n = 32u + 4u * bad[i].w * bad[i].h;
		hdcp_tile_encode(&bad[i], head);
		assert_true(hdcp_tile_decode(head, n, &got) < 0);
		assert_int_equal(got.width, 0);
	}
	assert_int_equal(hdcp_tile_rows(8192), 1);
	assert_int_equal(hdcp_tile_rows(1920), 8);
}

static void
a_key_is_taken_once(void **state)
{
	const struct hdcp_session s = some_session(1);
	const struct hdcp_tile tile = {.width = W, .height = H};
	struct hdcp_content c = {0};

	(void)state;
	assert_int_equal(hdcp_content_start(&c, &s, 1, 0), 0);
	assert_int_equal(hdcp_content_start(&c, &s, 1, 0), -EALREADY);
	hdcp_content_stop(&c);
	assert_int_equal(hdcp_content_start(&c, &s, 1, 0), -EALREADY);
	assert_int_equal(
	    hdcp_content_put(&c, &tile, &from, packet, 100), -EPROTO);
	assert_int_equal(hdcp_content_start(&c, &s, 2, 0), 0);
	c.input_ctr = UINT64_MAX - 2;
	assert_int_equal(
	    hdcp_content_put(&c, &tile, &from, packet, 100), 58);
	assert_int_equal(
	    hdcp_content_put(&c, &tile, &from, packet, 100), -EOVERFLOW);
	hdcp_content_stop(&c);
}

/* What a carrier can see of the counters, over many sessions. */
struct use {
	uint8_t key[HDCP_BLOCK];
	uint64_t high;	     /* riv with streamCtr */
	uint64_t from, to;   /* blocks */
};

static int
compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	const int key = memcmp(x->key, y->key, HDCP_BLOCK);

	if (key != 0)
		return key;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static void
note_use(struct use *use, const struct hdcp_session *s, uint32_t n)
{
	struct hdcp_pes pes;
	struct rd rd;

	assert_int_equal(hdcp_pes_decode(packet, n, &pes), 0);
	rd_init(&rd, s->riv, HDCP_NONCE);
	use->high = (uint64_t)rd_big(&rd, 4) << 32;
	use->high |= rd_big(&rd, 4) ^ pes.stream_ctr;
	memcpy(use->key, s->key, HDCP_BLOCK);
	use->from = pes.input_ctr;
	use->to = pes.input_ctr + (pes.payload_bytes + 15u) / 16;
}

/* Reconnect, authenticate anew, change streams, stall, in any order. */
static void
no_counter_comes_twice_under_one_key(void **state)
{
	enum { USES = 20000 };
	struct use *uses = calloc(USES, sizeof(*uses));
	struct hdcp_content c = {0};
	uint64_t seed = 11;
	uint32_t n_uses = 0;
	static struct rig r;

	(void)state;
	assert_non_null(uses);
	rig_init(&r, RIG_R1);
	rig_go(&r);
	while (n_uses < USES) {
		const struct hdcp_streams streams = {.n = 1};
		struct hdcp_session s;
		switch (unit_random(&seed) % 40) {
		case 0:
			rig_go(&r);
			break;
		case 1:
			if (hdcp_rx_reauth(&r.rx, &r.to_tx) < 0)
				r.to_tx.n = 0;
			break;
		case 2:
			if (hdcp_tx_set_streams(&r.tx, &streams, r.now_ns,
				&r.to_rx) < 0)
				r.to_rx.n = 0;
			break;
		case 3:
			rig_connect(&r); /* and not even wait */
			break;
		case 4:
			rig_settle(&r);
			rig_pass(&r, unit_random(&seed) % 300);
			break;
		}
		if (hdcp_tx_session(&r.tx, &s) < 0)
			continue;
		/* a careless caller: tries to start whenever it is on */
		const int err =
		    hdcp_content_start(&c, &s, r.tx.n_sessions, 0);
		assert_true(err == 0 || err == -EALREADY);
		const struct hdcp_tile tile = {.width = W, .height = H,
		    .w = (uint16_t)(1 + unit_random(&seed) % W), .h = 1};
		const int n = hdcp_content_put(
		    &c, &tile, &from, packet, sizeof(packet));
		assert_true(n > 0);
		note_use(&uses[n_uses++], &s, (uint32_t)n);
	}
	qsort(uses, n_uses, sizeof(*uses), compare_uses);
	uint32_t n_keys = 1;
	for (uint32_t i = 1; i < n_uses; i++) {
		if (memcmp(uses[i].key, uses[i - 1].key, HDCP_BLOCK) != 0)
			n_keys++;
		else if (uses[i].high == uses[i - 1].high)
			assert_true(uses[i].from >= uses[i - 1].to);
	}
	assert_true(n_keys > 100);
	hdcp_content_stop(&c);
	rig_finish(&r);
	free(uses);
}

/* A black screen: what goes out looks like any other, and like nothing. */
static void
a_carrier_sees_noise(void **state)
{
	static uint32_t counts[256];
	const struct hdcp_session s = some_session(9);
	struct hdcp_seal seal = {0};
	uint32_t n_bytes = 0;

	(void)state;
	memset(pixels, 0, sizeof(pixels));
	assert_int_equal(hdcp_seal_start(&seal, &s, 1, 0, 0), 0);
	for (uint32_t i = 0; i < 200; i++) {
		const struct hdcp_tile tile = {
		    .frame = i, .width = W, .height = H, .w = W, .h = H};
		const int n = hdcp_seal_put(
		    &seal, &tile, &from, 0, packet, sizeof(packet));
		assert_true(n > 0);
		assert_null(memmem(packet + 42, (size_t)n - 42, pixels, 8));
		for (int at = HDCP_SEAL_HEADER + HDCP_PES_HEADER; at < n; at++)
			counts[packet[at]]++;
		n_bytes += (uint32_t)n - HDCP_SEAL_HEADER - HDCP_PES_HEADER;
	}
	/* chi-square, 255 degrees of freedom: 5 sigma to both sides */
	double chi = 0;
	const double mean = n_bytes / 256.0;
	for (int i = 0; i < 256; i++)
		chi += (counts[i] - mean) * (counts[i] - mean) / mean;
	assert_true(chi > 255 - 5 * 22.6 && chi < 255 + 5 * 22.6);
	hdcp_seal_stop(&seal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(private_data_are_as_published),
	    cmocka_unit_test(a_pes_header_has_one_form),
	    cmocka_unit_test(counters_enter_the_cipher_as_in_the_vectors),
	    cmocka_unit_test(pixels_arrive_where_they_were),
	    cmocka_unit_test(tiles_stay_inside_their_output),
	    cmocka_unit_test(a_key_is_taken_once),
	    cmocka_unit_test(no_counter_comes_twice_under_one_key),
	    cmocka_unit_test(a_carrier_sees_noise),
	};

	return cmocka_run_group_tests(tests, start_crypto, NULL);
}
