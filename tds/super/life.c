#include "tds/super/super.h"

#include "tds/base/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

bool
life_begin(struct super *s, const struct life *l, loop_callback on_event,
    void *data)
{
	int err = spawn(l->path, l->name, l->role, s->is_plain, l->child);

	backoff_started(l->backoff, super_now_ns());
	if (err == 0)
		err = loop_add(&s->loop, l->child->channel, EPOLLIN, on_event,
		    data);
	if (err < 0)
		life_fail(s, l, err);
	return err == 0;
}

bool
life_kill(struct super *s, const struct life *l)
{
	if (l->child->pid < 0)
		return false;
	loop_remove(&s->loop, l->child->channel);
	child_kill(l->child);
	return true;
}

void
life_fail(struct super *s, const struct life *l, int err)
{
	char again[RESTART_BYTES];

	life_kill(s, l);
	super_restart(s, l->backoff, again);
	log_error("cannot start %s: %s; it is tried again %s", l->name,
	    strerror(-err), again);
}

void
life_again(struct super *s, const struct life *l, const char *why)
{
	char again[RESTART_BYTES];

	super_restart(s, l->backoff, again);
	log_error("%s ended (%s); it is started again %s", l->name, why, again);
}

int
life_receive(struct super *s, const struct child *child,
    int (*on_record)(struct super *s, uint32_t op, struct rd *rd))
{
	struct received r = {0};
	struct rd rd;
	uint32_t op;
	int err = channel_receive(
	    child->channel, s->record, sizeof(s->record), &r);

	if (err == -EAGAIN)
		return 0;
	if (err == 0)
		err = control_open(s->record, r.len, r.n_fds, &op, &rd);
	if (err == 0)
		err = on_record(s, op, &rd);
	received_finish(&r);
	if (err != -EPIPE && err != -ECONNRESET)
		return err;
	child_hung_up(&s->loop, child);
	return 0;
}
