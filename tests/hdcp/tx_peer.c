/*
 * tx_peer: the transmitter on a real TCP connection, with the time that the
 * test gives it. Commands come on standard input, one a line; times are in
 * microseconds. Used by receiver.py.
 *
 *	authority HEX    n and e that certificates and lists are signed with
 *	srm NEWEST HEX   take a revocation list; answers with hdcp_srm_check()
 *	option NAME VALUE    legacy, precompute, type, streams
 *	connect T PORT   a new connection, and start
 *	bytes T N        N bytes are on their way: read and take them
 *	tick T
 *	tile T X Y W H   a piece of a picture of 64x48, pixel (x, y) = 64 y + x;
 *	                 answers with the record, in hexadecimal
 *
 * Each answer: STATE|REASON|bytes sent|session keys made|deadline|KEY RIV
 */
#include "hdcp/seal.h"
#include "hdcp/tx.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 2 * HDCP_SRM_MAX_BYTES + 64, US = 1000, W = 64, H = 48 };

static struct hdcp_authority authority;
static struct hdcp_srm srm = {.version = 1};
static struct hdcp_pairings pairings;
static const uint8_t lc128[HDCP_BLOCK] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static struct hdcp_tx tx;
static struct hdcp_seal seal;
static int wire = -1;

static void
die(const char *what)
{
	fprintf(stderr, "tx_peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t
read_hex(const char *text, uint8_t *out, uint32_t max)
{
	uint32_t n = 0;
	unsigned int byte;

	while (n < max && sscanf(text + 2 * n, "%2x", &byte) == 1)
		out[n++] = (uint8_t)byte;
	return n;
}

static void
print_hex(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
}

static void
answer(const struct hdcp_out *out)
{
	struct hdcp_session s;

	if (out->n > 0 && wire >= 0 &&
	    send(wire, out->bytes, out->n, 0) != (ssize_t)out->n)
		die("send");
	printf("%s|%s|%" PRIu32 "|%" PRIu32 "|%" PRIu64 "|",
	    hdcp_tx_state_name(tx.state), hdcp_tx_reason_name(tx.reason),
	    out->n, tx.n_sessions, hdcp_tx_deadline(&tx));
	if (hdcp_tx_session(&tx, &s) == 0) {
		print_hex(s.key, sizeof(s.key));
		printf(" ");
		print_hex(s.riv, sizeof(s.riv));
		printf(" ");
		print_hex(s.mac_key, sizeof(s.mac_key));
	}
	printf("\n");
	fflush(stdout);
}

static void
on_connect(uint64_t t, uint32_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct hdcp_out out;

	if (wire >= 0)
		close(wire);
	hdcp_tx_stop(&tx);
	wire = socket(AF_INET, SOCK_STREAM, 0);
	if (wire < 0 || connect(wire, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	hdcp_tx_start(&tx, t * US, &out);
	answer(&out);
}

static void
on_bytes(uint64_t t, uint32_t n)
{
	static uint8_t bytes[1 << 20];
	struct hdcp_out out;

	if (n > sizeof(bytes) ||
	    recv(wire, bytes, n, MSG_WAITALL) != (ssize_t)n)
		die("recv");
	hdcp_tx_take(&tx, bytes, n, t * US, &out);
	answer(&out);
}

static void
on_option(const char *name, uint32_t value)
{
	if (strcmp(name, "legacy") == 0)
		tx.config.is_legacy_allowed = value != 0;
	else if (strcmp(name, "precompute") == 0)
		tx.config.has_precompute = value != 0;
	else if (strcmp(name, "streams") == 0)
		tx.config.streams.n = (uint16_t)value;
	else if (strcmp(name, "type") == 0)
		tx.config.streams.at[0].type = (uint8_t)value;
	else
		die(name);
}

static void
on_srm(uint16_t newest, const char *text)
{
	static uint8_t bytes[HDCP_SRM_MAX_BYTES + 1];
	static const uint8_t no_key[HDCP_DSA_P];
	const struct hdcp_srm_keys keys = {
	    .dsa_y = no_key, .authority = &authority};
	const uint32_t n = read_hex(text, bytes, sizeof(bytes));
	struct hdcp_srm list;

	const int err = hdcp_srm_check(bytes, n, &keys, newest, &list);
	if (err == 0)
		srm = list;
	printf("%d\n", err);
	fflush(stdout);
}

static void
on_tile(uint64_t t, const struct hdcp_tile *tile)
{
	static uint32_t pixels[H][W];
	static uint8_t record[HDCP_RECORD_MAX];
	const struct hdcp_image from = {.pixels = (uint8_t *)pixels,
	    .stride_bytes = sizeof(pixels[0]),
	    .width = W,
	    .height = H};
	struct hdcp_session keys;

	for (uint32_t i = 0; i < W * H; i++)
		pixels[i / W][i % W] = i;
	if (hdcp_tx_session(&tx, &keys) < 0)
		die("no session");
	const int err = hdcp_seal_start(&seal, &keys, tx.n_sessions, 0, t * US);
	if (err < 0 && err != -EALREADY)
		die("seal");
	const int n =
	    hdcp_seal_put(&seal, tile, &from, t * US, record, sizeof(record));
	if (n < 0)
		die("put");
	print_hex(record, (size_t)n);
	printf("\n");
	fflush(stdout);
}

static void
obey(const char *line)
{
	static const struct hdcp_out nothing;
	uint8_t both[HDCP_DCP_MODULUS + 1];
	struct hdcp_tile tile = {.frame = 5, .width = W, .height = H};
	struct hdcp_out out;
	char name[32];
	uint64_t t;
	uint32_t n;
	int at;

	if (sscanf(line, "connect %" SCNu64 " %" SCNu32, &t, &n) == 2) {
		on_connect(t, n);
	} else if (sscanf(line, "bytes %" SCNu64 " %" SCNu32, &t, &n) == 2) {
		on_bytes(t, n);
	} else if (sscanf(line, "tick %" SCNu64, &t) == 1) {
		hdcp_tx_tick(&tx, t * US, &out);
		answer(&out);
	} else if (sscanf(line, "tile %" SCNu64 " %hu %hu %hu %hu", &t, &tile.x,
		       &tile.y, &tile.w, &tile.h) == 5) {
		on_tile(t, &tile);
	} else if (sscanf(line, "option %31s %" SCNu32, name, &n) == 2) {
		on_option(name, n);
		answer(&nothing);
	} else if (sscanf(line, "srm %" SCNu32 " %n", &n, &at) == 1) {
		on_srm((uint16_t)n, line + at);
	} else if (strncmp(line, "authority ", 10) == 0 &&
		   read_hex(line + 10, both, sizeof(both)) == sizeof(both)) {
		memcpy(authority.n, both, HDCP_DCP_MODULUS);
		authority.e = both[HDCP_DCP_MODULUS];
		answer(&nothing);
	} else {
		errno = EINVAL;
		die(line);
	}
}

int
main(void)
{
	static char line[LINE];
	const struct hdcp_tx_config config = {
	    .authority = &authority,
	    .srm = &srm,
	    .lc128 = lc128,
	    .pairings = &pairings,
	    .random = hdcp_random_system,
	    .has_precompute = true,
	    .streams = {.n = 1, .at = {{.id = 1}}},
	};

	if (hdcp_crypto_init() < 0)
		die("crypto");
	hdcp_tx_init(&tx, &config);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	hdcp_seal_stop(&seal);
	hdcp_tx_finish(&tx);
	return 0;
}
