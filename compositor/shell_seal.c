#include "compositor/shell.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static const char *
name_of(const struct shell *s, uint32_t output)
{
	return (const char *)s->core.scene.outputs[output].slot.name;
}

/* The frame that is painted next is all of it. */
static void
begin_anew(struct shell *s, uint32_t output)
{
	struct scene *scene = &s->core.scene;

	scene_damage_output(scene, output, scene->outputs[output].area);
}

static void
tell_sink(struct shell *s, uint32_t output, bool is_on)
{
	shell_step(s,
	    &(struct event){
		.kind = EVENT_SINK, .cable = output, .is_up = is_on});
}

/* Heard like a doorbell: while idle. Frames ask by themselves. */
int
seal_open(struct shell *s, uint32_t output, int channel, int memory)
{
	const int err = sealed_open(&s->sealed, output, channel, memory);

	if (err < 0)
		return err;
	tell_sink(s, output, false);
	begin_anew(s, output);
	return shell_watch(s->bells_fd, channel, EPOLLIN | EPOLLET,
	    TDS_MAX_DOMAINS + output);
}

static bool
take_news(struct shell *s, uint32_t output)
{
	const struct sealed_news news = sealed_poll(&s->sealed, output);

	if (news.has_state)
		tell_sink(s, output, news.is_on);
	if (news.wants_all)
		begin_anew(s, output);
	/* tdsd knows it when one ends, and starts another */
	if (news.err != 0 && news.err != -EPIPE && news.err != -ECONNRESET)
		log_peer(&s->budget, name_of(s, output),
		    "its tds-hdcp sent what it may not (%s): channel closed",
		    strerror(-news.err));
	return news.has_any;
}

bool
seal_dispatch(struct shell *s)
{
	bool has_any = false;

	for (uint32_t i = 0; i < s->core.scene.n_outputs; i++)
		if (sealed_has(&s->sealed, i))
			has_any |= take_news(s, i);
	return has_any;
}
