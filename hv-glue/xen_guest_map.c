/*
 * xen_guest_map: pages of the guest, by way of the broker. The wait for its
 * answer is bounded by a time-out that the socket carries.
 */
#include "hv-glue/xen_guest.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* One question, one answer. 0 with *page, or -errno. */
static int
ask(struct xen_guest *g, uint32_t *page)
{
	uint8_t bytes[BROKER_ANSWER_BYTES + 1];
	struct broker_answer answer;
	const int len = encode_ask(&g->question, g->asked, sizeof(g->asked));

	if (len < 0)
		return len;
	struct iovec iov = {.iov_base = g->asked, .iov_len = (size_t)len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	if (sendmsg(g->ask, &msg, MSG_NOSIGNAL) < 0)
		return -errno;
	iov = (struct iovec){.iov_base = bytes, .iov_len = sizeof(bytes)};
	const ssize_t n = recvmsg(g->ask, &msg, 0);
	if (n < 0)
		return -errno;
	const int err = decode_answer(bytes, (uint32_t)n, &answer);
	if (err < 0)
		return err;
	*page = answer.page;
	return -(int)answer.error;
}

/* A broker that does not answer leaves nothing that could go on. */
static int
ask_or_end(struct xen_guest *g, uint32_t *page)
{
	const int err = ask(g, page);

	if (err == -EAGAIN || err == -EPIPE || err == -EBADMSG) {
		log_error("the broker does not answer: %s", strerror(-err));
		loop_stop(&g->loop);
	}
	return err;
}

static int
map(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	struct xen_guest *g = data;

	g->question.op = BROKER_MAP;
	g->question.where = BROKER_PIXELS;
	g->question.n = n;
	memcpy(g->question.grefs, grefs, n * sizeof(grefs[0]));
	return ask_or_end(g, page);
}

static void
release(struct xen_guest *g, enum broker_where where, uint32_t page, uint32_t n)
{
	uint32_t unused;

	g->question.op = BROKER_UNMAP;
	g->question.where = where;
	g->question.page = page;
	g->question.n = n;
	const int err = ask_or_end(g, &unused);
	if (err < 0)
		log_bug("pages at %u cannot be unmapped: %s", page,
		    strerror(-err));
}

static const uint8_t *
look(void *data, const uint32_t *grefs, uint32_t n, uint32_t *page)
{
	struct xen_guest *g = data;

	g->question.op = BROKER_MAP;
	g->question.where = BROKER_LOOK;
	g->question.n = n;
	memcpy(g->question.grefs, grefs, n * sizeof(grefs[0]));
	if (ask_or_end(g, page) < 0)
		return NULL;
	const void *at = mmap(NULL, (size_t)n * TDS_PAGE_BYTES, PROT_READ,
	    MAP_SHARED, g->gntdev, (off_t)*page * TDS_PAGE_BYTES);
	if (at != MAP_FAILED)
		return at;
	release(g, BROKER_LOOK, *page, n);
	return NULL;
}

static void
unlook(void *data, const uint8_t *pixels, uint32_t page, uint32_t n)
{
	munmap((void *)(uintptr_t)pixels, (size_t)n * TDS_PAGE_BYTES);
	release(data, BROKER_LOOK, page, n);
}

static void
unmap(void *data, uint32_t page, uint32_t n)
{
	release(data, BROKER_PIXELS, page, n);
}

/* One page that the guest named, mapped; NULL with *err. */
static uint8_t *
borrow(struct xen_guest *g, uint32_t gref, int protection, uint32_t *page,
    int *err)
{
	g->question.op = BROKER_MAP;
	g->question.where = BROKER_RINGS;
	g->question.n = 1;
	g->question.grefs[0] = gref;
	*err = ask_or_end(g, page);
	if (*err < 0)
		return NULL;
	void *at = mmap(NULL, TDS_PAGE_BYTES, protection, MAP_SHARED, g->gntdev,
	    (off_t)*page * TDS_PAGE_BYTES);
	if (at != MAP_FAILED)
		return at;
	*err = -errno;
	release(g, BROKER_RINGS, *page, 1);
	return NULL;
}

static void
give_back(struct xen_guest *g, uint8_t *at, uint32_t page)
{
	munmap(at, TDS_PAGE_BYTES);
	release(g, BROKER_RINGS, page, 1);
}

static int
read_directory(void *data, uint32_t gref, uint32_t words[DISPLIF_DIRECTORY])
{
	struct xen_guest *g = data;
	uint32_t page;
	int err;
	uint8_t *at = borrow(g, gref, PROT_READ, &page, &err);

	if (!at)
		return err;
	/* volatile: each word is fetched exactly once */
	const volatile uint32_t *from = (const volatile uint32_t *)(void *)at;
	for (uint32_t i = 0; i < DISPLIF_DIRECTORY; i++)
		words[i] = from[i];
	give_back(g, at, page);
	return 0;
}

static int
write_page(void *data, uint32_t gref, const uint8_t *bytes, uint32_t n)
{
	struct xen_guest *g = data;
	uint32_t page;
	int err;
	uint8_t *at = borrow(g, gref, PROT_READ | PROT_WRITE, &page, &err);

	if (!at)
		return err;
	memcpy(at, bytes, n);
	give_back(g, at, page);
	return 0;
}

uint8_t *
xen_guest_page(struct xen_guest *g, uint32_t page)
{
	void *at = mmap(NULL, TDS_PAGE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, g->gntdev, (off_t)page * TDS_PAGE_BYTES);

	return at == MAP_FAILED ? NULL : at;
}

static void
respond(void *data, uint32_t connector, const uint8_t response[DISPLIF_BYTES])
{
	struct xen_guest *g = data;
	struct xen_connector *c = &g->connectors[connector];

	xenring_put(&c->ring, response);
	c->has_responses = true;
}

/* A guest that does not read its events misses some, and knows by the id. */
static void
on_event(void *data, uint32_t connector, const uint8_t event[DISPLIF_BYTES])
{
	struct xen_guest *g = data;
	struct xen_connector *c = &g->connectors[connector];

	if (xenevents_room(&c->events) == 0)
		return;
	xenevents_put(&c->events, event);
	c->has_events = true;
}

const struct displif_ops xen_guest_ops = {
    read_directory, write_page, map, unmap, look, unlook, respond, on_event};
