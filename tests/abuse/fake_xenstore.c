#include "tests/abuse/fake_xenstore.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tds/base/bytes.h"
#include "tests/abuse/check.h"

/* xen/io/xs_wire.h */
enum {
	DIRECTORY = 1,
	READ = 2,
	WATCH = 4,
	UNWATCH = 5,
	WRITE = 11,
	RM = 13,
	WATCH_EVENT = 15,
	ERROR = 16,
	IS_DOMAIN_INTRODUCED = 17,
	HEADER = 16,
	PAYLOAD = 4096,
};

uint64_t
xenstore_random(struct xenstore *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed;
}

/* --------------------------------------------------------------- messages */

/* Whoever does not read any more is not waited for: its end is seen later. */
static void
write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(
		    fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};
			assert_int_equal(poll(&p, 1, 20000), 1);
			continue;
		}
		if (n < 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

void
xenstore_say(struct xenstore *s, uint32_t type, uint32_t said_len,
    const void *payload, uint32_t len)
{
	uint8_t bytes[HEADER + PAYLOAD] = {0};

	assert_in_range(len, 0, PAYLOAD);
	put_u32(bytes, type);
	put_u32(bytes + 12, said_len);
	memcpy(bytes + HEADER, payload, len);
	write_all(s->fd, bytes, HEADER + len);
}

static void
answer(struct xenstore *s, uint32_t type, const void *payload, size_t len)
{
	xenstore_say(s, type, (uint32_t)len, payload, (uint32_t)len);
}

static void
answer_error(struct xenstore *s, const char *name)
{
	answer(s, ERROR, name, strlen(name) + 1);
}

void
xenstore_fire(struct xenstore *s, const char *path, const char *token)
{
	char text[2 * XENSTORE_PATH];
	const size_t n = strlen(path) + 1, m = strlen(token) + 1;

	assert_in_range(n + m, 0, sizeof(text));
	memcpy(text, path, n);
	memcpy(text + n, token, m);
	answer(s, WATCH_EVENT, text, n + m);
}

/* ------------------------------------------------------------------- nodes */

static bool
is_at_or_below(const char *path, const char *above)
{
	const size_t n = strlen(above);

	return strncmp(path, above, n) == 0 &&
	       (path[n] == '/' || path[n] == 0);
}

static int
find(const struct xenstore *s, const char *path)
{
	for (int i = 0; i < XENSTORE_NODES; i++)
		if (strcmp(s->nodes[i].path, path) == 0)
			return i;
	return -1;
}

static void
fire_all(struct xenstore *s, const char *path)
{
	for (uint32_t i = 0; i < XENSTORE_WATCHES; i++)
		if (s->watches[i].path[0] &&
		    is_at_or_below(path, s->watches[i].path))
			xenstore_fire(s, path, s->watches[i].token);
}

void
xenstore_put(struct xenstore *s, const char *path, const char *value)
{
	int i = find(s, path);

	for (int j = 0; j < XENSTORE_NODES && !value; j++)
		if (s->nodes[j].path[0] &&
		    is_at_or_below(s->nodes[j].path, path))
			s->nodes[j].path[0] = 0;
	if (value) {
		i = i < 0 ? find(s, "") : i;
		assert_true(i >= 0);
		snprintf(s->nodes[i].path, XENSTORE_PATH, "%s", path);
		snprintf(s->nodes[i].value, XENSTORE_VALUE, "%s", value);
	}
	fire_all(s, path);
}

const char *
xenstore_get(const struct xenstore *s, const char *path)
{
	const int i = find(s, path);

	return i < 0 ? "" : s->nodes[i].value;
}

/* --------------------------------------------------------------- questions */

/* What a guest may write: any bytes, any size. */
static void
answer_absurdly(struct xenstore *s, uint32_t type)
{
	static const uint32_t lens[] = {0, 1, 10, 11, 79, 80, 81, 4095, PAYLOAD};
	static const char *const names[] = {"EINVAL", "EACCES", "EQUOTA", "",
	    "ENOENT", "EWHATEVER"};
	static const uint8_t letters[] = {'0', '9', 0, '/', 0xff, 'A'};
	uint8_t bytes[PAYLOAD];
	const uint64_t r = xenstore_random(s);
	const uint32_t len = lens[r % 9];

	if (r >> 8 & 1) {
		answer_error(s, names[(r >> 16) % 6]);
		return;
	}
	memset(bytes, letters[(r >> 24) % 6], sizeof(bytes));
	for (uint32_t i = 0; i < len && (r >> 9 & 1); i++)
		bytes[i] = (uint8_t)xenstore_random(s);
	answer(s, type, bytes, len);
}

static void
list(struct xenstore *s, const char *path)
{
	char names[PAYLOAD];
	const size_t n = strlen(path);
	size_t len = 0;

	for (int i = 0; i < XENSTORE_NODES; i++) {
		const char *at = s->nodes[i].path;
		if (!at[0] || !is_at_or_below(at, path) || !at[n])
			continue;
		const size_t name_len = strcspn(at + n + 1, "/");
		bool is_known = false;
		for (size_t j = 0; j < len; j += strlen(names + j) + 1)
			is_known |= strlen(names + j) == name_len &&
				    memcmp(names + j, at + n + 1, name_len) == 0;
		if (is_known)
			continue;
		memcpy(names + len, at + n + 1, name_len);
		names[len + name_len] = 0;
		len += name_len + 1;
	}
	if (len == 0)
		answer_error(s, "ENOENT");
	else
		answer(s, DIRECTORY, names, len);
}

static void
watch(struct xenstore *s, const char *path, const char *token, bool on)
{
	const char *old = on ? "" : path;

	answer(s, on ? WATCH : UNWATCH, "OK", 3);
	for (uint32_t i = 0; i < XENSTORE_WATCHES; i++) {
		if (strcmp(s->watches[i].path, old) != 0 ||
		    (!on && strcmp(s->watches[i].token, token) != 0))
			continue;
		s->n_watches += on ? 1u : -1u;
		snprintf(s->watches[i].path, XENSTORE_PATH, "%s",
		    on ? path : "");
		snprintf(s->watches[i].token, 32, "%s", token);
		if (on)
			xenstore_fire(s, path, token);
		return;
	}
	assert_false(on); /* more watches than there is any use for */
}

static void
read_node(struct xenstore *s, const char *path)
{
	const int i = find(s, path);

	if (i < 0)
		answer_error(s, "ENOENT");
	else
		answer(s, READ, s->nodes[i].value, strlen(s->nodes[i].value));
}

static bool
is_in_mood(struct xenstore *s, uint32_t type, const char *path)
{
	if (s->mood == XENSTORE_SILENT)
		return true;
	if (s->mood == XENSTORE_CHATTY)
		xenstore_fire(s, "backend/vdispl", "s");
	if (s->mood == XENSTORE_CHATTY)
		return true;
	if (s->mood != XENSTORE_ABSURD || (type != READ && type != DIRECTORY) ||
	    strncmp(path, s->absurd, strlen(s->absurd)) != 0)
		return false;
	answer_absurdly(s, type);
	return true;
}

static void
handle(struct xenstore *s)
{
	const uint32_t type = get_u32(s->message);
	const uint32_t len = get_u32(s->message + 12);
	char text[PAYLOAD + 2] = {0};

	memcpy(text, s->message + HEADER, len);
	const char *second = text + strlen(text) + 1;
	s->n_questions++;
	if (is_in_mood(s, type, text))
		return;
	switch (type) {
	case READ:
		read_node(s, text);
		break;
	case DIRECTORY:
		list(s, text);
		break;
	case WRITE:
		answer(s, WRITE, "OK", 3);
		xenstore_put(s, text, second);
		break;
	case RM:
		answer(s, RM, "OK", 3);
		xenstore_put(s, text, NULL);
		break;
	case WATCH:
	case UNWATCH:
		watch(s, text, second, type == WATCH);
		break;
	case IS_DOMAIN_INTRODUCED: { /* as long as its toolstack's node is */
		char path[64];
		snprintf(path, sizeof(path), "/local/domain/%.16s/name", text);
		answer(s, type, find(s, path) < 0 ? "F" : "T", 2);
		break;
	}
	default:
		fail_msg("xenstore was asked %u", type);
	}
}

bool
xenstore_turn(struct xenstore *s)
{
	for (;;) {
		uint32_t want = HEADER;
		if (s->len >= HEADER)
			want += get_u32(s->message + 12);
		assert_in_range(want, HEADER, XENSTORE_MESSAGE);
		if (s->len >= HEADER && s->len == want) {
			s->len = 0;
			handle(s);
			continue;
		}
		const ssize_t n = recv(
		    s->fd, s->message + s->len, want - s->len, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		s->len += (uint32_t)n;
	}
}

/* -------------------------------------------------------------------- life */

int
xenstore_open(struct xenstore *s)
{
	int pair[2];

	*s = (struct xenstore){.seed = 88172645463325252u, .absurd = ""};
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	s->fd = pair[0];
	return pair[1];
}

void
xenstore_close(struct xenstore *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
