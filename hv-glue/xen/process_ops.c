#include "hv-glue/xen/process.h"

#include "protocol/control.h"
#include "tds/base/channel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A xenstore that does not answer is the end: tdsd starts us anew. */
int
process_judge(struct broker *b, int err)
{
	if (b->store.is_dead && !b->has_failed) {
		log_error("xenstore does not answer: %s", strerror(-err));
		b->has_failed = true;
		loop_stop(&b->loop);
	}
	return err;
}

static int
op_read(void *data, const char *path, char *value, size_t size)
{
	struct broker *b = data;

	return process_judge(b, store_read(&b->store, path, value, size));
}

static int
op_write(void *data, const char *path, const char *value)
{
	struct broker *b = data;

	return process_judge(b, store_write(&b->store, path, value));
}

static int
op_remove(void *data, const char *path)
{
	struct broker *b = data;

	return process_judge(b, store_remove(&b->store, path));
}

static int
op_list(void *data, const char *path, char *names, size_t size)
{
	struct broker *b = data;

	return process_judge(b, store_list(&b->store, path, names, size));
}

static int
op_watch(void *data, const char *path, const char *token)
{
	struct broker *b = data;

	return process_judge(b, store_watch(&b->store, path, token));
}

static int
op_unwatch(void *data, const char *path, const char *token)
{
	struct broker *b = data;

	return process_judge(b, store_unwatch(&b->store, path, token));
}

static int
op_is_there(void *data, uint32_t domid)
{
	struct broker *b = data;

	return process_judge(b, store_is_there(&b->store, domid));
}

static int
op_restrict(void *data, int fd, uint32_t domid)
{
	(void)data;
	return grants_restrict(fd, domid);
}

static int
op_bind(void *data, int fd, uint32_t domid, uint32_t port)
{
	(void)data;
	return grants_bind(fd, domid, port);
}

static int
op_map(void *data, int fd, uint32_t domid, const uint32_t *grefs, uint32_t n,
    uint32_t *page)
{
	struct broker *b = data;

	return grants_map(fd, domid, grefs, n, &b->request, page);
}

static int
op_unmap(void *data, int fd, uint32_t page, uint32_t n)
{
	(void)data;
	return grants_unmap(fd, page, n);
}

static int
op_tell(void *data, int fd, const struct broker_news *news)
{
	uint8_t bytes[BROKER_NEWS_BYTES];

	(void)data;
	encode_news(news, bytes);
	return channel_send(fd, bytes, sizeof(bytes), NULL, 0);
}

static void
to_tdsd(struct broker *b, const uint8_t *bytes, int len)
{
	if (len > 0 &&
	    channel_send(CHANNEL_FD, bytes, (uint32_t)len, NULL, 0) == 0)
		return;
	b->has_failed = true;
	loop_stop(&b->loop);
}

static void
op_found(void *data, uint32_t index)
{
	const struct xen_found record = {.domain = index};
	uint8_t bytes[64];

	to_tdsd(data, bytes, encode_xen_found(&record, bytes, sizeof(bytes)));
}

static void
op_gone(void *data, uint32_t index, bool is_found, int error)
{
	const struct xen_gone record = {
	    .domain = index, .is_found = is_found, .error = (uint32_t)error};
	uint8_t bytes[64];

	to_tdsd(data, bytes, encode_xen_gone(&record, bytes, sizeof(bytes)));
}

static void
op_sweep_later(void *data)
{
	struct broker *b = data;

	b->finder.wants_sweep = true;
}

static void
op_drop(void *data, uint32_t index)
{
	struct broker *b = data;
	struct server *s = &b->servers[index];

	loop_remove(&b->loop, s->fds[SERVE_FDS - 1]);
	for (uint32_t i = 0; i < SERVE_FDS; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
		s->fds[i] = -1;
	}
}

const struct domain_ops process_ops = {
    .read = op_read,
    .write = op_write,
    .remove = op_remove,
    .list = op_list,
    .watch = op_watch,
    .unwatch = op_unwatch,
    .is_there = op_is_there,
    .restrict_to = op_restrict,
    .bind = op_bind,
    .map = op_map,
    .unmap = op_unmap,
    .tell = op_tell,
    .found = op_found,
    .gone = op_gone,
    .sweep_later = op_sweep_later,
    .drop = op_drop,
};
