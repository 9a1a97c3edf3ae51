#include "tds/super/config.h"
#include "tds/super/unicode.h"
#include "tests/unit/name_pairs.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------ what was said */

static char said[1 << 16];
static struct config config;

static void
note(void *data, const char *line)
{
	const size_t at = strlen(said);

	(void)data;
	snprintf(said + at, sizeof(said) - at, "%s\n", line);
}

/* Everything that was said about tds.conf and these domains, a NULL last. */
static const char *
read_all(const char *main_text, const char *const *domains)
{
	struct problems problems = {.say = note};
	char name[16];

	said[0] = 0;
	config_init(&config);
	config_parse_main(&config, "tds.conf", main_text, &problems);
	for (int i = 0; domains[i]; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		config_parse_domain(&config, name, domains[i], &problems);
	}
	config_check(&config, &problems);
	return said;
}

#define MAIN                                                                   \
	"[tds]\nmode = try-out\nphrase = grey heron\n"                         \
	"[output left]\nsize = 1920x1080\n"
#define WORK "[domain]\nname = work\nlabel = SECRET\nlevel = secret\n"
#define WEB "[domain]\nname = web\nlabel = PUBLIC\nlevel = unclassified\n"

static const char *
read_one(const char *domain)
{
	return read_all(MAIN, (const char *const[]){domain, NULL});
}

static const char *
read_two(const char *a, const char *b)
{
	return read_all(MAIN, (const char *const[]){a, b, NULL});
}

static const char *
read_main(const char *text)
{
	return read_all(text, (const char *const[]){WORK, NULL});
}

static void
expect(const char *got, const char *wanted)
{
	if (!strstr(got, wanted)) {
		print_error("wanted: %s\nsaid: %s\n", wanted, got);
		fail();
	}
}

/* -------------------------------------------------------------------- tests */

static void
names_that_look_alike_are_found_and_others_are_not(void **state)
{
	const size_t n = sizeof(name_pairs) / sizeof(name_pairs[0]);
	uint32_t wrong = 0;

	(void)state;
	assert_true(n >= 200);
	for (size_t i = 0; i < n; i++) {
		const struct name_pair *p = &name_pairs[i];
		const bool there = names_are_confusable(p->a, p->b);
		const bool back = names_are_confusable(p->b, p->a);
		if (there != p->alike || back != there) {
			print_error("%s, %s: %d\n", p->a, p->b, there);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
every_name_can_be_taken_for_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_pairs) / sizeof(name_pairs[0]); i++)
		assert_true(
		    names_are_confusable(name_pairs[i].a, name_pairs[i].a));
}

static void
a_full_configuration_is_understood(void **state)
{
	(void)state;
	const char *const domains[] = {WORK
	    "colour = #102030\npattern = dots\noutputs = right\n"
	    "size = 800x600\nscanouts = 2\nposition = 30, 40\nmemory = 64\n"
	    "sockets = /run/x/work\nvnc = /run/x/vnc\nuser = root\n", WEB, NULL};
	assert_string_equal(
	    read_all("# comment\n[tds]\nmode = normal\nphrase = grey heron\n"
		     "attention = shift+meta+f12\nfocus = web\n"
		     "run-dir = /run/here\n\n[output left]\ntype = headless\n"
		     "[output right]\nsize = 3840x2160\nscale = 2\n"
		     "refresh = 30\n",
		domains), "");
	const struct core_domain *d = &config.domains[0].core;

	assert_false(config.is_try_out);
	assert_int_equal(config.core.flags, 0);
	assert_int_equal(config.core.focus, 1);
	assert_int_equal(config.core.modifiers, CHORD_SHIFT | CHORD_META);
	assert_int_equal(config.core.key, KEY_F12);
	assert_string_equal((const char *)config.core.phrase, "grey heron");
	assert_int_equal(config.n_outputs, 2);
	assert_int_equal(config.outputs[0].core.width, 1920);
	assert_int_equal(config.outputs[1].core.scale, 2);
	assert_int_equal(config.outputs[1].core.refresh_mhz, 30000);
	assert_int_equal(config.n_domains, 2);
	assert_string_equal((const char *)d->name, "work");
	assert_int_equal(d->level, LEVEL_SECRET);
	assert_int_equal(d->colour, 0x102030);
	assert_int_equal(d->pattern, PATTERN_DOTS);
	assert_int_equal(d->outputs, 2);
	assert_int_equal(d->x, 30);
	assert_int_equal(d->y, 40);
	assert_int_equal(config.domains[0].pool_bytes, 64 << 20);
	assert_string_equal(config.domains[0].vnc, "/run/x/vnc");
	assert_true(config.domains[0].has_user);
	assert_int_equal(config.domains[1].core.colour, 0x007a33);
	assert_int_equal(config.domains[1].core.outputs, 3);
	assert_string_equal(config.domains[1].sockets, "/run/here/web");
	assert_string_equal(config.domains[1].vnc, "/run/here/web/vnc.sock");
}

static void
what_is_understood_is_what_the_core_accepts(void **state)
{
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct core_domain domain;
	struct core_output output;
	struct core_setup setup;
	struct rd rd;

	(void)state;
	assert_string_equal(read_two(WORK, WEB), "");
	assert_true(encode_core_setup(&config.core, bytes, sizeof(bytes)) > 4);
	rd_init(&rd, bytes + 4, 6 * 4 + TDS_PHRASE_BYTES);
	assert_int_equal(decode_core_setup(&rd, &setup), 0);
	int n = encode_core_output(
	    &config.outputs[0].core, bytes, sizeof(bytes));
	rd_init(&rd, bytes + 4, (uint32_t)n - 4);
	assert_int_equal(decode_core_output(&rd, &output), 0);
	for (uint32_t i = 0; i < config.n_domains; i++) {
		n = encode_core_domain(
		    &config.domains[i].core, bytes, sizeof(bytes));
		rd_init(&rd, bytes + 4, (uint32_t)n - 4);
		assert_int_equal(decode_core_domain(&rd, &domain), 0);
		assert_true(config.domains[i].pool_bytes % TDS_PAGE_BYTES == 0);
		assert_in_range(config.domains[i].pool_bytes,
		    TDS_MIN_POOL_BYTES, TDS_MAX_POOL_BYTES);
	}
}

/* A line after WORK or MAIN (line 5 or 6 of its file), and what is said. */
struct refusal {
	const char *line, *said;
};

static void
each_bad_value_of_a_domain_is_refused_with_its_line(void **state)
{
	static const struct refusal refusals[] = {
	    {"colour = red", "0.conf:5: colour: is not a colour; allowed: #rr"},
	    {"colour = #12345", "0.conf:5: colour:"},
	    {"colour = #12345g", "0.conf:5: colour:"},
	    {"pattern = stripes", "0.conf:5: pattern: is no pattern; allowed:"},
	    {"size = 1280", "0.conf:5: size: is not WIDTHxHEIGHT"},
	    {"size = 319x200", "0.conf:5: size: is out of range"},
	    {"size = 320x199", "0.conf:5: size: is out of range"},
	    {"size = 8193x200", "0.conf:5: size: is out of range"},
	    {"size = 1e3x200", "0.conf:5: size: is not a number"},
	    {"scanouts = 0", "0.conf:5: scanouts: is out of range"},
	    {"scanouts = 5", "0.conf:5: scanouts: is out of range"},
	    {"position = 3", "0.conf:5: position: is not X,Y"},
	    {"position = -1,0", "0.conf:5: position: is not a number"},
	    {"memory = 7", "0.conf:5: memory: is out of range"},
	    {"memory = 1025", "0.conf:5: memory: is out of range"},
	    {"memory = 99999999999", "0.conf:5: memory: "},
	    {"size = 8192x8192\nmemory = 8", "0.conf:6: memory: holds fewer"},
	    {"outputs = right", "0.conf:5: outputs: there is no [output right]"},
	    {"sockets = run/x", "0.conf:5: sockets: is not an absolute path"},
	    {"sockets = /a/../b", "0.conf:5: sockets: holds \"..\""},
	    {"vnc = /", "0.conf:5: vnc: does not end in a name"},
	    {"user = nobody-here", "0.conf:5: user: is no user"},
	    {"name = other", "0.conf:5: name: was given in line 2 already"},
	    {"color = #123456", "0.conf:5: color: no such key in [domain]: did "
				"you mean \"colour\"?; allowed: name, label"},
	    {"Size = 800x600", "did you mean \"size\"?"},
	    {"zzzzzzzz = 1", "0.conf:5: zzzzzzzz: no such key in [domain]; al"},
	    {"[domain]", "0.conf:5: [domain]: is there twice"},
	    {"[domian]", "0.conf:5: [domian]: no such section; allowed: [do"},
	    {"nonsense", "0.conf:5: neither a section nor a key"},
	    {" size = 800x600", "0.conf:5: the line begins with a blank"},
	    {"[domain", "0.conf:5: a section ends in ]"},
	    {"size = 800x600\x07", "0.conf:5: a control character"},
	    {"size = \xff", "0.conf:5: invalid UTF-8"},
	    {"size = \xe2\x80\xae", "0.conf:5: an invisible or direction-"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		snprintf(text, sizeof(text), WORK "%s\n", refusals[i].line);
		expect(read_one(text), refusals[i].said);
	}
}

static void
each_bad_value_of_tds_conf_is_refused_with_its_line(void **state)
{
	static const struct refusal refusals[] = {
	    {"[tds]\nmode = fast", "tds.conf:2: mode: is no mode; allowed: no"},
	    {"[tds]\nphrase =", "tds.conf:2: phrase: is empty"},
	    {"[tds]\nattention = DELETE", "has fewer than two modifiers"},
	    {"[tds]\nattention = CTRL+DELETE", "has fewer than two modifiers"},
	    {"[tds]\nattention = CTRL+ALT", "does not end in a key"},
	    {"[tds]\nattention = CTRL+A+B", "two keys that are not modifiers"},
	    {"[tds]\nattention = CTRL+ALT+WORM", "names a key that there is n"},
	    {"[tds]\nattention = LEFTALT+RIGHTCTRL+A", "names one side"},
	    {"[tds]\nattention = CTRL++A", "is not KEY+KEY+KEY"},
	    {"[tds]\nfocus = nobody", "tds.conf:2: focus: no domain is called"},
	    {"[tds]\nrun-dir = here", "run-dir: is not an absolute path"},
	    {"mode = normal", "tds.conf:1: mode: stands before any section"},
	    {"[tds]\n[tds]", "tds.conf:2: [tds]: is there twice"},
	    {"[output]", "tds.conf:1: [output]: no such section"},
	    {"[output a]\n[output A]", "is called like another output"},
	    {"[output a]\nsize = 639x480", "size: is out of range"},
	    {"[output a]\nscale = 5", "scale: is out of range"},
	    {"[output a]\nrefresh = 0", "refresh: is out of range"},
	    {"[output a]\ntype = screen", "type: is no type of output"},
	    {"[output a]\n[output b]\n[output c]\n[output d]\n[output e]",
		"tds.conf:5: [output e]: is one too many"},
	    {"", "tds.conf: holds no [tds]"},
	    {"", "tds.conf: holds no output"},
	    {"[tds]", "tds.conf:1: mode: is missing"},
	    {"[tds]", "tds.conf:1: phrase: is missing"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		snprintf(text, sizeof(text), "%s\n", refusals[i].line);
		expect(read_main(text), refusals[i].said);
	}
}

static void
a_line_of_198_bytes_is_read_and_one_more_is_refused(void **state)
{
	char text[512] = WORK;

	(void)state;
	const size_t at = strlen(text);
	memset(text + at, '#', 198);
	assert_string_equal(read_one(text), "");
	text[at + 198] = '#';
	expect(read_one(text), "0.conf:5: the line is too long");
}

static void
names_and_labels_hold_what_can_be_told_apart(void **state)
{
	static const char *const fine[] = {"work", "Büro", "дом", "σπίτι", "7",
	    "a b", "a-b_c", "abcdefghijabcdefghijabcdefghij1", NULL};
	static const char *const bad[] = {"", " a", "a ", "a  b", "-a", ".a",
	    "a/b", "wоrk", "a.b", "名", "a\"b", "a%s", "\xef\xbd\x81", NULL};

	(void)state;
	for (int i = 0; fine[i]; i++)
		assert_null(unicode_name_fault(fine[i]));
	for (int i = 0; bad[i]; i++)
		assert_non_null(unicode_name_fault(bad[i]));
	assert_null(unicode_label_fault("TOP SECRET//SCI"));
	assert_non_null(unicode_label_fault("SECRET\xe2\x80\x8b"));
	expect(read_one("[domain]\nname = "
			"abcdefghijabcdefghijabcdefghij12\n"),
	    "0.conf:2: name: is too long");
	expect(read_one("[domain]\nlabel = ABCDEFGHIJKLMNOPQRSTUVWXY\n"),
	    "0.conf:2: label: is too long for the title bar");
	assert_string_equal(
	    read_one("[domain]\nname = a\nlevel = cui\n"
		     "label = ABCDEFGHIJKLMNOPQRSTUVWX\n"), "");
}

static void
two_domains_must_be_told_apart(void **state)
{
	(void)state;
	assert_string_equal(read_two(WORK, WEB), "");
	expect(read_two(WORK "pattern = dots\n", "[domain]\nname = W0RK\n"
						 "label = SECRET\n"
						 "level = secret\n"),
	    "1.conf:2: name: W0RK can be taken for work (0.conf:2)");
	expect(read_two(WORK, "[domain]\nname = web\nlabel = SECRET\n"
			      "level = secret\n"),
	    "colour: colour and pattern are those of work (0.conf:1)");
	expect(read_two(WORK "colour = #808080\n", WEB "colour = #909090\n"),
	    "1.conf:5: colour: colour and pattern are those of work");
	assert_string_equal(
	    read_two(WORK "colour = #808080\n", WEB "colour = #989898\n"), "");
	assert_string_equal(read_two(WORK "colour = #808080\n",
				WEB "colour = #808080\npattern = dots\n"),
	    "");
	expect(read_two(WORK "sockets = /run/a\n", WEB "sockets = /run/a\n"),
	    "1.conf:5: sockets: /run/a is taken by work");
}

static void
a_label_does_not_read_like_another_level(void **state)
{
	(void)state;
	expect(read_one("[domain]\nname = a\nlabel = SECRET\nlevel = cui\n"),
	    "0.conf:3: label: reads like the marking of level secret");
	expect(read_one("[domain]\nname = a\nlabel = ЅЕСRЕТ\nlevel = cui\n"),
	    "0.conf:3: label: mixes Latin, Greek and Cyrillic");
	expect(read_two(WORK "label = X\n",
		   "[domain]\nname = b\nlevel = cui\nlabel = 5ECRET\n"),
	    "0.conf:5: label: was given in line 3 already");
	expect(read_two(WEB, "[domain]\nname = b\nlevel = cui\n"
			     "label = PUBL1C\n"),
	    "1.conf:4: label: can be taken for the one in 0.conf:3");
}

static void
all_errors_are_reported_not_only_the_first(void **state)
{
	(void)state;
	const char *got = read_all("[tds]\nmode = x\nfocus = y\n",
	    (const char *const[]){"[domain]\ncolour = x\nsize = y\n", WORK
		"scanouts = 9\n", NULL});
	expect(got, "tds.conf:2: mode:");
	expect(got, "tds.conf:1: phrase: is missing");
	expect(got, "tds.conf: holds no output");
	expect(got, "tds.conf:3: focus:");
	expect(got, "0.conf:2: colour:");
	expect(got, "0.conf:3: size:");
	expect(got, "0.conf:1: name: is missing");
	expect(got, "0.conf:1: label: is missing");
	expect(got, "0.conf:1: level: is missing");
	expect(got, "1.conf:5: scanouts:");
}

static void
more_domains_or_windows_than_there_is_room_for_are_refused(void **state)
{
	static char texts[66][128];
	const char *domains[67] = {NULL};

	(void)state;
	for (int i = 0; i < 65; i++) {
		snprintf(texts[i], sizeof(texts[i]),
		    "[domain]\nname = vm%c%c\nlabel = X\nlevel = cui\n"
		    "colour = #%02x%02x00\nscanouts = %d\n",
		    "abcdefgh"[i / 8 % 8], "abcdefgh"[i % 8], i % 8 * 32,
		    i / 8 * 30, 2);
		domains[i] = texts[i];
	}
	expect(read_all(MAIN, domains), "64.conf: one domain too many");
	domains[64] = NULL;
	assert_string_equal(read_all(MAIN, domains), "");
	texts[0][strlen(texts[0]) - 2] = '3';
	expect(read_all(MAIN, domains), "scanouts: too many windows");
}

static void
a_text_cut_at_any_byte_is_read_without_harm(void **state)
{
	static const char whole[] = WORK "colour = #102030\nposition = 1,2\n";
	char text[sizeof(whole)];

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		snprintf(text, n + 1, "%s", whole);
		const char *got = read_one(text);
		if (!strstr(text, "level = secret"))
			expect(got, "0.conf:");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		names_that_look_alike_are_found_and_others_are_not),
	    cmocka_unit_test(every_name_can_be_taken_for_itself),
	    cmocka_unit_test(a_full_configuration_is_understood),
	    cmocka_unit_test(what_is_understood_is_what_the_core_accepts),
	    cmocka_unit_test(
		each_bad_value_of_a_domain_is_refused_with_its_line),
	    cmocka_unit_test(
		each_bad_value_of_tds_conf_is_refused_with_its_line),
	    cmocka_unit_test(
		a_line_of_198_bytes_is_read_and_one_more_is_refused),
	    cmocka_unit_test(names_and_labels_hold_what_can_be_told_apart),
	    cmocka_unit_test(two_domains_must_be_told_apart),
	    cmocka_unit_test(a_label_does_not_read_like_another_level),
	    cmocka_unit_test(all_errors_are_reported_not_only_the_first),
	    cmocka_unit_test(
		more_domains_or_windows_than_there_is_room_for_are_refused),
	    cmocka_unit_test(a_text_cut_at_any_byte_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
