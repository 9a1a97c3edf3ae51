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
	"[output left]\ntype = headless\nsize = 1920x1080\n"
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
	    "colour = #102030\npattern = dots\noutputs = right\nhdcp = type1\n"
	    "size = 800x600\nscanouts = 2\nposition = 30, 40\nmemory = 64\n"
	    "sockets = /run/x/work\nvnc = /run/x/vnc\nuser = root\n", WEB, NULL};
	assert_string_equal(
	    read_all("# comment\n[tds]\nmode = normal\nphrase = grey heron\n"
		     "attention = shift+meta+f12\nfocus = web\n"
		     "run-dir = /run/here\n\n[output left]\ntype = headless\n"
		     "[output right]\ntype = headless\nsize = 3840x2160\n"
		     "scale = 2\nrefresh = 30\n",
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
	assert_int_equal(d->protection, PROTECTION_TYPE1);
	assert_int_equal(d->x, 30);
	assert_int_equal(d->y, 40);
	assert_int_equal(config.domains[0].pool_bytes, 64 << 20);
	assert_string_equal(config.domains[0].vnc, "/run/x/vnc");
	assert_true(config.domains[0].has_user);
	assert_int_equal(config.domains[1].core.colour, 0x007a33);
	assert_int_equal(config.domains[1].core.outputs, 3);
	assert_int_equal(config.domains[1].core.protection, PROTECTION_NONE);
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
	    {"hdcp = yes", "0.conf:5: hdcp: is no protection; allowed: none,"},
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
	    {"connect = tcp", "0.conf:5: connect: is no way to connect; allowed"},
	    {"connect = xen", "0.conf:5: xen-name: is missing; allowed: xen-n"},
	    {"connect = xen\nxen-name = 7", "6: xen-name: is a number"},
	    {"connect = xen\nxen-name = a b", "6: xen-name: has other"},
	    {"connect = xen\nxen-name = a/b", "6: xen-name: has other"},
	    {"connect = xen\nxen-uuid = 7", "6: xen-uuid: is no UUID"},
	    {"connect = xen\nxen-uuid = c0ffee00-1111-2222-3333-44445555666g",
		"6: xen-uuid: is no UUID"},
	    {"connect = xen\nxen-name = a\nvnc = /v", "7: vnc: is nothing for"},
	    {"connect = xen\nxen-name = a\nmemory = 9", "7: memory: is nothing"},
	    {"xen-name = a", "0.conf:5: xen-name: is nothing for connect = vh"},
	    {"connect = vhost-user\nxen-uuid = "
	     "c0ffee00-1111-2222-3333-444455556666",
		"0.conf:6: xen-uuid: is nothing for"},
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
a_xen_domain_is_named_once(void **state)
{
	(void)state;
	assert_string_equal(
	    read_two(WORK "connect = xen\nxen-name = work-1\n",
		WEB "connect = xen\nxen-name = web-1\n"),
	    "");
	assert_true(config.domains[0].is_xen);
	assert_string_equal(config.domains[0].xen_name, "work-1");
	assert_true(config.domains[0].pool_bytes == TDS_MAX_POOL_BYTES);
	expect(read_two(WORK "connect = xen\nxen-name = vm\n",
		   WEB "connect = xen\nxen-name = vm\n"),
	    "1.conf:6: xen-name: that Xen domain is already work (0.conf:2)");
	expect(
	    read_two(WORK "connect = xen\nxen-uuid = "
			  "c0ffee00-1111-2222-3333-444455556666\n",
		WEB "connect = xen\nxen-uuid = "
		    "C0FFEE00-1111-2222-3333-444455556666\n"),
	    "1.conf:6: xen-name: that Xen domain is already work");
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
	    {"[output a]\nrotation = 45", "2: rotation: is no quarter turn"},
	    {"[output a]\nrotation = 360", "2: rotation: is out of range"},
	    {"[output a]\nposition = 5", "tds.conf:2: position: is not X,Y"},
	    {"[output a]\nposition = 0,16385", "position: is out of range"},
	    {"[output a]\ntype = screen", "type: is no type of output; "
					  "allowed: kms, headless, sealed"},
	    {"[output a]\n[output b]\ntype = headless",
		"tds.conf:2: [output b]: type is not that of [output a] in "
		"line 1; allowed: kms or headless for all, sealed beside"},
	    {"[output a]\ntype = sealed", "1: [output a]: keys: is missing; "
					  "allowed: a folder of key files"},
	    {"[output a]\nkeys = /k", "1: [output a]: keys and carrier are for"
				      " outputs that are encrypted; allowed"},
	    {"[output a]\ncarrier = root", "1: [output a]: keys and carrier"},
	    {"[output a]\ntype = sealed\nkeys = k", "3: keys: is not an abs"},
	    {"[output a]\ncarrier = nobody-here", "2: carrier: is no user"},
	    {"[output a]\ntype = sealed\nkeys = /k\nrotation = 90",
		"1: [output a]: rotation: a sink turns nothing; allowed: 0"},
	    {"[tds]\nhdcp-facsimile = on", "hdcp-facsimile: is neither"},
	    {"[tds]\nhdcp-facsimile = yes", "tds.conf:2: hdcp-facsimile: no "
					    "output is sealed; allowed: yes"},
	    {"[output a]\nsize = 800x600\nposition = 0,0\n"
	     "[output b]\nsize = 800x600\nposition = 799,599",
		"tds.conf:4: [output b]: lies over [output a] in line 1"},
	    {"[tds]\nidle = 86401", "tds.conf:2: idle: is out of range; al"},
	    {"[tds]\nidle = never", "tds.conf:2: idle: is not a number"},
	    {"[tds]\nleds = on", "tds.conf:2: leds: is neither of the two"},
	    {"[tds]\ncard = card0", "tds.conf:2: card: is no card; allowed"},
	    {"[tds]\ncard = /dev/dri/card", "tds.conf:2: card: is no card"},
	    {"[tds]\ncard = /dev/dri/card0/x", "tds.conf:2: card: is no car"},
	    {"[tds]\ncard = /dev/dri/renderD128", "tds.conf:2: card: is no "},
	    {"[tds]\nseat = yes", "tds.conf:2: seat: is neither of the two; "
				  "allowed: on, off"},
	    {"[tds]\nother-outputs = 1", "tds.conf:2: other-outputs: is nei"},
	    {"[tds]\nother-outputs = off", "2: other-outputs: nothing would"},
	    {"[tds]\nother-outputs = on\n[output a]\ntype = headless",
		"tds.conf:2: other-outputs: there are no others beside"},
	    {"[tds]\ncard = auto\n[output a]\ntype = headless",
		"tds.conf:2: card: headless outputs need none"},
	    {"[device a]", "tds.conf:1: allow: is missing; allowed: yes, no"},
	    {"[device]", "tds.conf:1: [device]: no such section"},
	    {"[device a/b]", "tds.conf:1: [device a/b]: "},
	    {"[device a]\n[device a]", "2: [device a]: is there twice"},
	    {"[device a]\nallow = maybe", "allow: is neither of the two"},
	    {"[device a]\nbus = isa", "tds.conf:2: bus: is no bus; allowed"},
	    {"[device a]\nbus = 65536", "tds.conf:2: bus: is no bus"},
	    {"[device a]\nid = 046d", "tds.conf:2: id: is not VVVV:PPPP; al"},
	    {"[device a]\nid = 046d:", "tds.conf:2: id: is not VVVV:PPPP"},
	    {"[device a]\nid = 46d:c31c", "tds.conf:2: id: is not VVVV:PP"},
	    {"[device a]\nid = 046d:c31c0", "tds.conf:2: id: is not VVVV:P"},
	    {"[device a]\nid = 046g:c31c", "tds.conf:2: id: is not VVVV:PP"},
	    {"[device a]\nserial =", "tds.conf:2: serial: is empty"},
	    {"[device a]\nserial = abcdefghijabcdefghijabcdefghij12",
		"tds.conf:2: serial: is too long; allowed: 1 to 31 bytes"},
	    {"[device a]\nport =", "tds.conf:2: port: is empty"},
	    {"[device a]\ndomains =", "tds.conf:2: domains: is empty"},
	    {"[device a]\nallow = yes\ndomains = work, home",
		"tds.conf:3: domains: no domain is called home; allowed: na"},
	    {"[device a]\nallow = no\ndomains = work",
		"tds.conf:3: domains: a device that is refused reaches none"},
	    {"[tds]\nseat = off\n[device a]\nallow = no",
		"tds.conf:3: [device a]: there is no seat"},
	    {"[output a]\n[output b]\n[output c]\n[output d]\n[output e]",
		"tds.conf:5: [output e]: is one too many"},
	    {"", "tds.conf: holds no [tds]"},
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
more_rules_than_there_is_room_for_are_refused(void **state)
{
	char text[4096] = "";

	(void)state;
	for (int i = 0; i <= TDS_MAX_RULES; i++) {
		const size_t at = strlen(text);
		snprintf(text + at, sizeof(text) - at,
		    "[device d%d]\nallow = no\n", i);
	}
	expect(read_main(text), "tds.conf:65: [device d32]: is one too many");
	assert_int_equal(config.n_rules, TDS_MAX_RULES);
}

#define TDS "[tds]\nmode = normal\nphrase = grey heron\n"

/* Each output's type and name, as "kms:left kms:". */
static const char *
outputs_as_text(void)
{
	static const char *const types[] = {[OUTPUT_HEADLESS] = "headless",
	    [OUTPUT_KMS] = "kms",
	    [OUTPUT_SEALED] = "sealed"};
	static char text[256];

	text[0] = 0;
	for (uint32_t i = 0; i < config.n_outputs; i++) {
		const struct core_output *o = &config.outputs[i].core;
		const size_t at = strlen(text);
		assert_int_equal(o->index, i);
		snprintf(text + at, sizeof(text) - at, "%s%s:%s", i ? " " : "",
		    types[o->type], o->name);
	}
	return text;
}

static void
without_outputs_whatever_is_connected_is_used(void **state)
{
	(void)state;
	assert_string_equal(read_main(TDS), "");
	assert_string_equal(outputs_as_text(), "kms: kms: kms: kms:");
	assert_true(config.is_kms);
	assert_true(config.has_seat);
	assert_int_equal(config.core.idle_s, 600);
	assert_int_equal(config.core.leds, 0);
	assert_string_equal(config.card, "");
	assert_int_equal(config.domains[0].core.outputs, 15);
	const struct core_output *o = &config.outputs[3].core;
	assert_int_equal(o->width, 0);
	assert_int_equal(o->scale, 0);
	assert_int_equal(o->refresh_mhz, 0);
	assert_int_equal(o->x, -1);
	/* four pictures of 3840x2160, and a little */
	assert_int_equal(config.domains[0].pool_bytes, 128 << 20);
}

static void
named_monitors_leave_slots_for_others_unless_told(void **state)
{
	(void)state;
	assert_string_equal(read_main(TDS "[output HDMI-A-1]\n"), "");
	assert_string_equal(outputs_as_text(), "kms:HDMI-A-1 kms: kms: kms:");
	assert_string_equal(read_main(TDS "other-outputs = off\n"
					  "[output HDMI-A-1]\n"
					  "rotation = 270\nscale = 2\n"
					  "position = 1920, 0\n"), "");
	assert_string_equal(outputs_as_text(), "kms:HDMI-A-1");
	const struct core_output *o = &config.outputs[0].core;
	assert_int_equal(o->rotation, 3);
	assert_int_equal(o->scale, 2);
	assert_int_equal(o->x, 1920);
	assert_int_equal(o->y, 0);
	assert_string_equal(read_all(TDS "[output DP-1]\n",
				(const char *const[]){
				    WORK "outputs = DP-1\n", WEB, NULL}),
	    "");
	assert_int_equal(config.domains[0].core.outputs, 1);
	assert_int_equal(config.domains[1].core.outputs, 15);
}

static void
memory_as_outputs_has_a_seat_only_when_told(void **state)
{
	(void)state;
	assert_string_equal(
	    read_main(TDS "[output a]\ntype = headless\n"), "");
	assert_string_equal(outputs_as_text(), "headless:a");
	assert_false(config.is_kms);
	assert_false(config.has_seat);
	assert_int_equal(config.outputs[0].core.width, 1920);
	assert_int_equal(config.outputs[0].core.scale, 1);
	assert_int_equal(config.outputs[0].core.refresh_mhz, 60000);
	assert_string_equal(
	    read_main(TDS "seat = on\n[output a]\ntype = headless\n"), "");
	assert_true(config.has_seat);
	assert_string_equal(read_main(TDS "seat = off\n"), "");
	assert_false(config.has_seat);
}

#define SEALED "type = sealed\nkeys = /etc/tds/hdcp\n"

static void
sealed_outputs_stand_beside_monitors_or_memory_or_alone(void **state)
{
	(void)state;
	assert_string_equal(read_main(TDS "[output wall]\n" SEALED), "");
	assert_string_equal(outputs_as_text(), "sealed:wall");
	assert_false(config.is_kms);
	assert_int_equal(config.outputs[0].core.width, 1920);
	assert_int_equal(config.outputs[0].core.refresh_mhz, 60000);
	assert_string_equal(config.outputs[0].keys, "/etc/tds/hdcp");
	assert_false(config.outputs[0].has_carrier);
	assert_int_equal(config.core.flags, 0);
	assert_string_equal(read_main(TDS "[output wall]\n" SEALED
					  "[output DP-1]\n"), "");
	assert_string_equal(outputs_as_text(), "sealed:wall kms:DP-1 kms: kms:");
	assert_true(config.is_kms);
	assert_string_equal(read_main(TDS "hdcp-facsimile = yes\n"
					  "[output a]\ntype = headless\n"
					  "[output wall]\ncarrier = root\n"
					  SEALED), "");
	assert_string_equal(outputs_as_text(), "headless:a sealed:wall");
	assert_false(config.is_kms);
	assert_true(config.outputs[1].has_carrier);
	assert_int_equal(config.core.flags, CORE_FACSIMILE);
}

static void
the_path_of_a_wire_fits_into_an_address(void **state)
{
	char text[512], dir[104];

	(void)state;
	memset(dir, 'd', sizeof(dir));
	dir[0] = '/';
	for (size_t n = 90; n < sizeof(dir); n++) {
		snprintf(text, sizeof(text),
		    "[tds]\nmode = try-out\nphrase = x\nrun-dir = %.*s\n"
		    "[output wall]\n" SEALED, (int)n, dir);
		/* DIR/wall.wire and a NUL in 108 bytes */
		if (n + 11 <= 108)
			assert_null(strstr(read_main(text), "wire"));
		else
			expect(read_main(text), "wire is too long for a soc");
	}
}

static void
a_seat_is_told_what_to_do(void **state)
{
	(void)state;
	assert_string_equal(read_main(TDS "idle = off\nleds = focused\n"
					  "card = /dev/dri/card7\n"), "");
	assert_int_equal(config.core.idle_s, 0);
	assert_int_equal(config.core.leds, 1);
	assert_string_equal(config.card, "/dev/dri/card7");
	assert_string_equal(read_main(TDS "idle = 0\ncard = auto\n"), "");
	assert_int_equal(config.core.idle_s, 0);
	assert_string_equal(config.card, "");
	assert_string_equal(read_main(TDS "idle = 86400\n"), "");
	assert_int_equal(config.core.idle_s, 86400);
}

static void
rules_for_devices_are_kept_in_their_order(void **state)
{
	static const char text[] = TDS
	    "[device desk keyboard]\nallow = yes\nbus = usb\n"
	    "id = 046D:c31c\nserial = A 1\nport = usb-0000:00:14.0-1/input0\n"
	    "domains = work ,B\xc3\xbcro 2\n"
	    "[device logitech]\nallow = yes\nid = 046d:*\nbus = 25\n"
	    "[device rest]\nallow = no\nbus = any\nid = *:*\n";
	uint8_t bytes[CONTROL_MAX_BYTES];
	struct core_rule rule;
	struct rd rd;

	(void)state;
	assert_string_equal(
	    read_all(text, (const char *const[]){WORK, WEB,
			       "[domain]\nname = B\xc3\xbcro 2\n"
			       "label = X\nlevel = cui\n", NULL}),
	    "");
	assert_int_equal(config.n_rules, 3);
	const struct core_rule *r = &config.rules[0].core;
	assert_int_equal(r->is_allowed, 1);
	assert_int_equal(r->bus, 3);
	assert_int_equal(r->vendor, 0x46d);
	assert_int_equal(r->product, 0xc31c);
	assert_int_equal(r->domains, 5);
	assert_string_equal((const char *)r->serial, "A 1");
	assert_string_equal(
	    (const char *)r->port, "usb-0000:00:14.0-1/input0");
	r = &config.rules[1].core;
	assert_int_equal(r->bus, 25);
	assert_int_equal(r->vendor, 0x46d);
	assert_int_equal(r->product, TDS_NONE);
	assert_true(r->domains == UINT64_MAX);
	r = &config.rules[2].core;
	assert_int_equal(r->is_allowed, 0);
	assert_int_equal(r->bus, TDS_NONE);
	assert_int_equal(r->domains, 0);
	for (uint32_t i = 0; i < config.n_rules; i++) {
		const int n = encode_core_rule(
		    &config.rules[i].core, bytes, sizeof(bytes));
		rd_init(&rd, bytes + 4, (uint32_t)n - 4);
		assert_int_equal(decode_core_rule(&rd, &rule), 0);
		assert_int_equal(rule.index, i);
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
	    cmocka_unit_test(a_xen_domain_is_named_once),
	    cmocka_unit_test(
		each_bad_value_of_tds_conf_is_refused_with_its_line),
	    cmocka_unit_test(more_rules_than_there_is_room_for_are_refused),
	    cmocka_unit_test(without_outputs_whatever_is_connected_is_used),
	    cmocka_unit_test(named_monitors_leave_slots_for_others_unless_told),
	    cmocka_unit_test(memory_as_outputs_has_a_seat_only_when_told),
	    cmocka_unit_test(a_seat_is_told_what_to_do),
	    cmocka_unit_test(
		sealed_outputs_stand_beside_monitors_or_memory_or_alone),
	    cmocka_unit_test(the_path_of_a_wire_fits_into_an_address),
	    cmocka_unit_test(rules_for_devices_are_kept_in_their_order),
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
