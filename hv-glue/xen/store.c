#include "hv-glue/xen/store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* xen/io/xs_wire.h, "enum xsd_sockmsg_type" */
enum {
	XS_DIRECTORY = 1,
	XS_READ = 2,
	XS_WATCH = 4,
	XS_UNWATCH = 5,
	XS_WRITE = 11,
	XS_RM = 13,
	XS_WATCH_EVENT = 15,
	XS_ERROR = 16,
	XS_IS_DOMAIN_INTRODUCED = 17,
};

enum { HEADER = 16, ANSWER_MS = 5000 };

void
store_init(struct store *s, int fd)
{
	*s = (struct store){.fd = fd};
}

/* ----------------------------------------------------------------- receive */

static const char *
payload(const struct store *s)
{
	return (const char *)s->message + HEADER;
}

static uint32_t
payload_len(const struct store *s)
{
	return get_u32(s->message + 12);
}

/* Path, then token: keep the token. What does not fit is looked for anew. */
static void
keep_event(struct store *s)
{
	const uint32_t len = payload_len(s);
	const char *token = memchr(payload(s), 0, len);

	/* receive() ended it with a NUL of its own */
	if (!token || ++token >= payload(s) + len)
		return;
	for (uint32_t i = 0; i < s->n_tokens; i++)
		if (strcmp(s->tokens[i], token) == 0)
			return;
	if (s->n_tokens == STORE_EVENTS || strlen(token) >= STORE_TOKEN) {
		s->has_lost = true;
		return;
	}
	snprintf(s->tokens[s->n_tokens++], STORE_TOKEN, "%s", token);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* One whole message: 0; -EAGAIN if it is not there by then, 0: at once. */
static int
receive(struct store *s, uint64_t deadline_ms)
{
	for (;;) {
		uint32_t want = HEADER;
		if (s->len >= HEADER) {
			if (payload_len(s) > STORE_MAX_PAYLOAD)
				return -EBADMSG;
			want += payload_len(s);
		}
		if (s->len >= HEADER && s->len == want) {
			s->message[want] = 0;
			s->len = 0;
			return 0;
		}
		const uint64_t now = deadline_ms > 0 ? now_ms() : 0;
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		if (now > deadline_ms ||
		    poll(&p, 1, (int)(deadline_ms - now)) <= 0)
			return -EAGAIN;
		const ssize_t n =
		    read(s->fd, s->message + s->len, want - s->len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		s->len += (uint32_t)n;
	}
}

/* The end of a xenstore that cannot be understood any more. */
static int
die(struct store *s, int err)
{
	s->is_dead = true;
	return err;
}

int
store_poll(struct store *s)
{
	for (uint32_t i = 0; i < STORE_EVENTS; i++) {
		const int err = receive(s, 0);
		if (err == -EAGAIN)
			return 0;
		if (err < 0)
			return die(s, err);
		if (get_u32(s->message) == XS_WATCH_EVENT)
			keep_event(s);
	}
	return 0;
}

/* ---------------------------------------------------------------- question */

/* Errors come as the names of their numbers. */
static int
error_of(const struct store *s)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {{"ENOENT", ENOENT}, {"EACCES", EACCES},
	    {"EINVAL", EINVAL}, {"EEXIST", EEXIST}, {"EQUOTA", EDQUOT},
	    {"E2BIG", E2BIG}, {"ENOSPC", ENOSPC}, {"EPERM", EPERM}};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(payload(s), errors[i].name) == 0)
			return -errors[i].error;
	return -EIO;
}

/* One or two strings, the second with or without its NUL. */
static int
send(struct store *s, uint32_t type, const char *a, const char *b, bool has_nul)
{
	uint8_t bytes[HEADER + 2 * STORE_PATH + STORE_VALUE];
	const size_t a_len = strlen(a) + 1;
	const size_t b_len = b ? strlen(b) + has_nul : 0;
	struct wr wr;

	wr_init(&wr, bytes, sizeof(bytes));
	wr_u32(&wr, type);
	wr_u32(&wr, ++s->request);
	wr_u32(&wr, 0);
	wr_u32(&wr, (uint32_t)(a_len + b_len));
	wr_bytes(&wr, (const uint8_t *)a, (uint32_t)a_len);
	wr_bytes(&wr, (const uint8_t *)b, (uint32_t)b_len);
	const int len = wr_end(&wr);
	if (len < 0)
		return len;
	return write(s->fd, bytes, (size_t)len) == len ? 0 : -EPIPE;
}

/* Its answer is in s->message. */
static int
question(struct store *s, uint32_t type, const char *a, const char *b,
    bool has_nul)
{
	/* for the answer and for all watches that fire before it */
	const uint64_t deadline_ms = now_ms() + ANSWER_MS;

	if (s->is_dead)
		return -EPIPE;
	int err = send(s, type, a, b, has_nul);
	do {
		if (err == 0)
			err = receive(s, deadline_ms);
		if (err < 0)
			return die(s, err == -EAGAIN ? -ETIMEDOUT : err);
		if (get_u32(s->message) == XS_WATCH_EVENT)
			keep_event(s);
	} while (get_u32(s->message) == XS_WATCH_EVENT);
	/* The kernel answers WATCH itself, without our number. */
	if (get_u32(s->message) == XS_ERROR)
		return error_of(s);
	return get_u32(s->message) == type ? 0 : die(s, -EBADMSG);
}

int
store_read(struct store *s, const char *path, char *value, size_t size)
{
	const int err = question(s, XS_READ, path, NULL, false);

	if (err < 0)
		return err;
	const size_t len = payload_len(s);
	if (len >= size || memchr(payload(s), 0, len))
		return -E2BIG;
	memcpy(value, payload(s), len + 1);
	return 0;
}

int
store_write(struct store *s, const char *path, const char *value)
{
	return question(s, XS_WRITE, path, value, false);
}

int
store_remove(struct store *s, const char *path)
{
	return question(s, XS_RM, path, NULL, false);
}

int
store_list(struct store *s, const char *path, char *names, size_t size)
{
	const int err = question(s, XS_DIRECTORY, path, NULL, false);

	if (err < 0)
		return err;
	const size_t len = payload_len(s);
	if (len > size || (len > 0 && payload(s)[len - 1] != 0))
		return -E2BIG;
	memcpy(names, payload(s), len);
	return (int)len;
}

int
store_watch(struct store *s, const char *path, const char *token)
{
	return question(s, XS_WATCH, path, token, true);
}

int
store_unwatch(struct store *s, const char *path, const char *token)
{
	return question(s, XS_UNWATCH, path, token, true);
}

int
store_is_there(struct store *s, uint32_t domid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", domid);
	const int err = question(s, XS_IS_DOMAIN_INTRODUCED, text, NULL, false);
	return err < 0 ? err : payload(s)[0] == 'T';
}
