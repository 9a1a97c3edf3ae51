/*
 * config: what tdsd is told to do. tds.conf and one file per domain, read
 * through inih, then checked as a whole: every error is reported as
 * "FILE:LINE: key: what is wrong; allowed: ...", and a configuration with an
 * error is no configuration.
 *
 *	read (owner, mode, size) -> lines (length, UTF-8, shape) -> inih
 *	-> keys (known, once, value) -> the whole (names, colours, places)
 */
#pragma once

#include "protocol/control.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CONFIG_FILE_BYTES = 64 << 10,
	CONFIG_LINE_BYTES = 199, /* inih's buffer holds 200 */
	CONFIG_PATH_BYTES = 256,
	CONFIG_SOCKET_BYTES = 104, /* sun_path of 108, less some */
	CONFIG_DEFAULT_MIB_FACTOR = 4, /* pictures per scanout in a pool */
	/* what a monitor counts for there whose size is not known yet */
	CONFIG_MONITOR_WIDTH = 3840,
	CONFIG_MONITOR_HEIGHT = 2160,
	CONFIG_RULE_KEYS = 6,
	CONFIG_CARD_BYTES = 32,
	CONFIG_WIRE_BYTES = 108, /* sun_path */
};

/* Where errors go: a line without its end. */
struct problems {
	void (*say)(void *data, const char *line);
	void *data; /* borrowed */
	uint32_t n;
};

enum domain_key {
	KEY_NAME,
	KEY_LABEL,
	KEY_LEVEL,
	KEY_COLOUR,
	KEY_PATTERN,
	KEY_OUTPUTS,
	KEY_HDCP,
	KEY_SIZE,
	KEY_SCANOUTS,
	KEY_POSITION,
	KEY_MEMORY,
	KEY_SOCKETS,
	KEY_VNC,
	KEY_USER,
	KEY_CONNECT,
	KEY_XEN_NAME,
	KEY_XEN_UUID,
	DOMAIN_KEYS
};

struct config_domain {
	char file[CONFIG_PATH_BYTES];
	int line;		   /* of [domain]; 0 if there is none */
	int lines[DOMAIN_KEYS];	   /* of each key; 0 where not given */
	struct core_domain core;   /* as the core gets it */
	char outputs[CONFIG_LINE_BYTES + 1]; /* as written; empty: all */
	uint64_t pool_bytes;
	char sockets[CONFIG_SOCKET_BYTES]; /* directory */
	char vnc[CONFIG_SOCKET_BYTES];
	uid_t uid; /* who may connect */
	gid_t gid;
	bool has_user;
	bool is_xen; /* not sockets for a VMM, but front ends of a Xen domain */
	char xen_name[TDS_PHRASE_BYTES], xen_uuid[TDS_LABEL_BYTES];
};

struct config_output {
	int line;
	struct core_output core;
	/* type = sealed */
	char keys[CONFIG_PATH_BYTES]; /* folder; empty: not given */
	uid_t carrier_uid; /* who may connect to its wire */
	gid_t carrier_gid;
	bool has_carrier;
};

/* [device NAME]; the name is for people only */
struct config_rule {
	int line;
	int lines[CONFIG_RULE_KEYS];
	char name[TDS_NAME_BYTES];
	struct core_rule core;
	char domains[CONFIG_LINE_BYTES + 1]; /* as written; empty: all */
};

struct config {
	char file[CONFIG_PATH_BYTES]; /* tds.conf */
	int tds_line, focus_line, attention_line, mode_line, phrase_line,
	    run_dir_line, idle_line, leds_line, card_line, seat_line,
	    others_line, facsimile_line;
	bool is_try_out;
	bool is_kms;	    /* outputs are monitors, not memory */
	bool has_seat;	    /* input comes from devices */
	bool has_no_others; /* monitors that no [output] names stay dark */
	char card[CONFIG_CARD_BYTES]; /* path; empty: the first that will do */
	char run_dir[CONFIG_SOCKET_BYTES];
	char focus[TDS_NAME_BYTES];
	bool is_facsimile; /* test keys may be used for sealed outputs */
	struct core_setup core; /* flags without CORE_UNSEALED */
	uint32_t n_outputs;
	struct config_output outputs[TDS_MAX_OUTPUTS];
	uint32_t n_rules;
	struct config_rule rules[TDS_MAX_RULES];
	uint32_t n_domains;
	struct config_domain domains[TDS_MAX_DOMAINS];
};

void config_init(struct config *config);
/*
 * Read DIR/tds.conf and DIR/domains.d/ *.conf (in the order of their names)
 * and check everything. 0, or -EINVAL with at least one problem reported.
 */
int config_load(struct config *config, const char *dir,
    struct problems *problems) MUST_CHECK;

/* The parts of config_load(), for tests: text is NUL-terminated. */
void config_parse_main(struct config *config, const char *file,
    const char *text, struct problems *problems);
void config_parse_domain(struct config *config, const char *file,
    const char *text, struct problems *problems);
/* What only shows in the whole: names, colours, references, defaults. */
void config_check(struct config *config, struct problems *problems);

/* Report one problem; line 0: the file as a whole. */
void problem(struct problems *problems, const char *file, int line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
