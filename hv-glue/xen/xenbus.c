#include "hv-glue/xen/xenbus.h"

static struct xenbus_next
set(const struct xenbus_facts *f, enum xenbus_state state)
{
	return (struct xenbus_next){
	    f->back == state ? STEP_NONE : STEP_SET, state};
}

/* A state in which the front end has no rings for us. */
static struct xenbus_next
leave(const struct xenbus_facts *f, enum xenbus_state state)
{
	if (f->is_connected)
		return (struct xenbus_next){.step = STEP_DISCONNECT};
	return set(f, state);
}

static struct xenbus_next
on_connected(const struct xenbus_facts *f)
{
	if (f->is_connected)
		return set(f, XENBUS_CONNECTED);
	if (f->is_keyboard)
		return (struct xenbus_next){
		    .step = f->has_guest ? STEP_CONNECT : STEP_NONE};
	return set(f, XENBUS_CLOSED);
}

struct xenbus_next
xenbus_next(const struct xenbus_facts *f)
{
	const struct xenbus_next none = {.step = STEP_NONE};

	if (!f->is_online) {
		const struct xenbus_next next = leave(f, XENBUS_CLOSED);
		return next.step == STEP_NONE
			   ? (struct xenbus_next){.step = STEP_REMOVE}
			   : next;
	}
	switch (f->front) {
	case XENBUS_UNKNOWN:
		return f->is_connected
			   ? (struct xenbus_next){.step = STEP_DISCONNECT}
			   : none;
	case XENBUS_INITIALISING:
		return leave(f, XENBUS_INIT_WAIT);
	case XENBUS_INITIALISED:
		if (f->is_connected)
			return set(f, XENBUS_CONNECTED);
		return (struct xenbus_next){
		    .step = f->has_guest ? STEP_CONNECT : STEP_NONE};
	case XENBUS_CONNECTED:
		return on_connected(f);
	case XENBUS_CLOSING:
		return leave(f, XENBUS_CLOSING);
	case XENBUS_CLOSED:
	case XENBUS_RECONFIGURING:
		return leave(f, XENBUS_CLOSED);
	case XENBUS_INIT_WAIT:
	case XENBUS_RECONFIGURED:
		return none; /* a back end's states */
	}
	return none;
}
