#include "compositor/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t ground = 0x204060, ink = 0xffffff;

static void
canvas_clear(struct canvas *c, int32_t width, int32_t height)
{
	c->clip = (struct rect){0, 0, width, height};
	canvas_fill(c, c->clip, ground);
}

static uint32_t
pixels_changed(const struct canvas *c)
{
	uint32_t n = 0;

	for (int64_t i = 0; i < rect_area(c->clip); i++)
		n += c->pixels[i] != ground;
	return n;
}

static struct canvas canvas, other;

/* A second decoder, from the table of well-formed sequences (Unicode 3-7). */
static bool
is_well_formed(const uint8_t *b, uint32_t n)
{
	static const uint8_t table[][9] = {
		{1, 0x00, 0x7f},
		{2, 0xc2, 0xdf, 0x80, 0xbf},
		{3, 0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
		{3, 0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
		{3, 0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
		{3, 0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
		{4, 0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
		{4, 0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
		{4, 0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool fits = table[i][0] == n;

		for (uint32_t k = 0; fits && k < n; k++)
			fits = b[k] >= table[i][1 + 2 * k] &&
			    b[k] <= table[i][2 + 2 * k];
		if (fits)
			return true;
	}
	return false;
}

static void
utf8_takes_exactly_the_well_formed_sequences(void **state)
{
	static const uint8_t edge[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
		0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
		0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
	enum { N = sizeof(edge) };
	(void)state;

	for (uint32_t i = 0; i < N * N * N * N; i++) {
		const uint8_t b[4] = {edge[i % N], edge[i / N % N],
		    edge[i / N / N % N], edge[i / N / N / N]};

		for (uint32_t len = 1; len <= 4; len++) {
			uint32_t used = 0, want = 0;
			const uint32_t code = utf8_next(b, len, &used);

			for (uint32_t n = 1; n <= len; n++)
				if (is_well_formed(b, n))
					want = n;
			assert_int_equal(used, want ? want : 1);
			assert_int_equal(code == UINT32_MAX, want == 0);
		}
	}
}

static void
utf8_knows_codes_of_each_length(void **state)
{
	uint32_t used;
	(void)state;

	assert_int_equal(utf8_next((const uint8_t *)"A", 1, &used), 'A');
	assert_int_equal(utf8_next((const uint8_t *)"\xc3\xbc", 2, &used), 0xfc);
	assert_int_equal(
	    utf8_next((const uint8_t *)"\xe2\x80\x94", 3, &used), 0x2014);
	assert_int_equal(
	    utf8_next((const uint8_t *)"\xf0\x9f\x94\x92", 4, &used), 0x1f512);
}

/* What tds itself writes, and the scripts that labels may have. */
static void
font_has_every_character_that_we_promise(void **state)
{
	static const char *const texts[] = {
		"ABCXYZabcxyz0189 ~!@#/\\|", "ÄÖÜßäöüéèêçñøåÅŁłŞşĞğİıŐőŹż",
		"ΑΒΓΔΩαβγδωάέήίόύώΐΰς", "АБВЯабвяЁёЄєІіЇїЎўҐґ",
		"—–…·‑×“”‘’„€№", "←↑→↓⏎□", "ȘșȚț"};
	(void)state;

	for (int face = 0; face < FACE_MONO; face++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			const struct text t = text_of(texts[i]);
			const struct font_set *set = &font_sets[face][0];
			uint32_t used;

			for (uint32_t at = 0; at < t.len; at += used) {
				const uint32_t code = utf8_next(t.bytes + at,
				    t.len - at, &used);
				const bool is_there = code < FONT_CODES &&
				    set->places[code] != 0;

				if (!is_there)
					print_error("U+%04X\n", code);
				assert_true(is_there);
			}
		}
	}
}

static void
a_missing_glyph_is_a_visible_box(void **state)
{
	/* a joiner, a mark that turns text around, a control, a bad byte */
	static const char *const missing[] = {"\xe2\x80\x8d", "\xe2\x80\xae",
		"\x01", "\xff", "\xf0\x9f\x94\x92"};
	(void)state;

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const struct text_style s = text_style(FACE_BODY, 1, ink);

		canvas_clear(&canvas, 60, 40);
		const int32_t x =
		    text_draw(&canvas, s, 10, 30, 60, text_of(missing[i]));
		assert_true(x > 14);
		assert_true(pixels_changed(&canvas) > 20);
	}
}

static void
text_is_cut_with_an_ellipsis_and_never_beyond_its_limit(void **state)
{
	(void)state;

	for (int32_t scale = 1; scale <= 4; scale++) {
		for (int32_t max_x = 0; max_x < 100; max_x++) {
			const struct text_style s =
			    text_style(FACE_STRONG, scale, ink);

			canvas_clear(&canvas, 120, 60);
			const int32_t end = text_draw(&canvas, s, 4, 40, max_x,
			    text_of("WATER under the bridge"));
			assert_true(end <= (max_x > 4 ? max_x : 4));
			/* a glyph may lean over its advance by a pixel */
			for (int32_t y = 0; y < 60; y++)
				for (int32_t x = max_x + scale;
				     x < 120; x++)
					assert_int_equal(
					    canvas_row(&canvas, y)[x], ground);
		}
	}
}

static void
a_label_is_made_to_fit_and_stays_whole(void **state)
{
	const struct text label =
	    text_of("TOP SECRET//COMPARTMENT ONE//COMPARTMENT TWO//X");
	(void)state;

	for (int32_t scale = 1; scale <= 4; scale++) {
		for (int32_t width = 40; width < 1200; width += 7) {
			struct text_style s = text_fit(
			    text_style(FACE_STRONG, scale, ink), label, width);

			assert_true(text_width(s, label) <= width);
			assert_true(s.scale >= 1 && s.scale <= scale);
			/* the last letter is really drawn, at the right */
			canvas_clear(&canvas, width, 4);
			const int32_t end = text_draw(&canvas, s, 0, 4, width,
			    label);
			assert_int_equal(end, text_width(s, label));
			struct text without = label;
			without.len--;
			const int32_t last = text_width(s, without);
			uint32_t n = 0;
			for (int32_t y = 0; y < 4; y++)
				for (int32_t x = last > 0 ? last - 1 : 0;
				     x < width; x++)
					n += canvas_row(&canvas, y)[x] !=
					    ground;
			assert_true(n > 0);
		}
	}
}

static void
bands_give_the_same_picture_as_one_piece(void **state)
{
	const struct text t = text_of("Ångström Ωμέγα Яблоко — 42");
	(void)state;

	for (int32_t scale = 1; scale <= 4; scale++) {
		const struct text_style s = text_style(FACE_TITLE, scale, ink);

		canvas_clear(&canvas, 60, 130);
		text_draw(&canvas, s, -30, 100, 60, t);
		for (int32_t y = 0; y < 130; y++) {
			other.clip = (struct rect){0, y, 60, y + 1};
			canvas_fill(&other, other.clip, ground);
			text_draw(&other, s, -30, 100, 60, t);
			assert_memory_equal(canvas_row(&other, y),
			    canvas_row(&canvas, y), 60 * 4);
		}
	}
}

static void
random_bytes_are_drawn_within_bounds(void **state)
{
	(void)state;

	srand(7);
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[48];
		struct text_style s = text_style(
		    (enum face)(rand() % FACE_COUNT), 1 + rand() % 4, ink);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(rand() >> 8);
		const struct text t = text_field(bytes, (uint32_t)rand() % 49);
		if (rand() % 2)
			s = text_fit(s, t, rand() % 200);
		canvas_clear(&canvas, 1 + rand() % 80, 1 + rand() % 60);
		text_draw(&canvas, s, rand() % 120 - 60, rand() % 120 - 30,
		    rand() % 120, t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_takes_exactly_the_well_formed_sequences),
		cmocka_unit_test(utf8_knows_codes_of_each_length),
		cmocka_unit_test(font_has_every_character_that_we_promise),
		cmocka_unit_test(a_missing_glyph_is_a_visible_box),
		cmocka_unit_test(
		    text_is_cut_with_an_ellipsis_and_never_beyond_its_limit),
		cmocka_unit_test(a_label_is_made_to_fit_and_stays_whole),
		cmocka_unit_test(bands_give_the_same_picture_as_one_piece),
		cmocka_unit_test(random_bytes_are_drawn_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
