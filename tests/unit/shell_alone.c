#include "tests/unit/shell_alone.h"

#include "tests/unit/unit.h"

struct shell shell = {
    .epoll_fd = -1, .bells_fd = -1, .timer_fd = -1, .seat_fd = -1};
uint64_t alone_ns;
void (*alone_in_mid_frame)(void);

void
alone_reset(uint64_t now_ns)
{
	alone_ns = now_ns;
	alone_in_mid_frame = NULL;
	shell = (struct shell){
	    .epoll_fd = -1, .bells_fd = -1, .timer_fd = -1, .seat_fd = -1};
	core_init(&shell.core);
}

void
step(struct event event)
{
	static struct actions actions;

	core_step(&shell.core, &event, 0, &actions);
	if (event.kind == EVENT_CABLE || event.kind == EVENT_SINK)
		assert_int_equal(actions.n, 0);
}

void
shell_step(struct shell *s, const struct event *event)
{
	(void)s;
	step(*event);
}

void
shell_flush(struct shell *s)
{
	(void)s;
}

void
shell_reply(struct shell *s, int len)
{
	(void)s;
	(void)len;
}

void
shell_close_link(struct shell *s, uint32_t domain)
{
	(void)s;
	(void)domain;
}

int
shell_watch(int epoll_fd, int fd, uint32_t events, uint32_t tag)
{
	(void)epoll_fd;
	(void)fd;
	(void)events;
	(void)tag;
	return 0;
}

void
seat_dispatch(struct shell *s)
{
	(void)s;
	if (alone_in_mid_frame)
		alone_in_mid_frame();
}

uint64_t
monotonic_ns(void)
{
	return alone_ns;
}
