/*
 * xenbus: the state of one device of a Xen guest (xen/io/xenbus.h), of which
 * we are the back end. Pure: what is known goes in, the one next step comes
 * out; it is asked again after each step and each change.
 *
 *	back   front			step
 *	any    Initialising		InitWait (the toolstack waits for it)
 *	       Initialised		connect rings, Connected
 *	Conn.  Connected		the device works
 *	       Connected, not to us:	an earlier back end served it
 *		 display		Closed; it reconfigures itself
 *		 keyboard		its ring goes on: connect, Connected
 *	       Closing, Closed		disconnect, the same state
 *	       Reconfiguring		disconnect, Closed; it comes back as
 *					Initialising when its users let go
 *	       not there		disconnect if connected
 *	not online			disconnect, Closed, remove the directory
 */
#pragma once

#include <stdbool.h>

/* As in xen/io/xenbus.h; 0 for what is missing or no such number. */
enum xenbus_state {
	XENBUS_UNKNOWN,
	XENBUS_INITIALISING,
	XENBUS_INIT_WAIT,
	XENBUS_INITIALISED,
	XENBUS_CONNECTED,
	XENBUS_CLOSING,
	XENBUS_CLOSED,
	XENBUS_RECONFIGURING,
	XENBUS_RECONFIGURED,
};

struct xenbus_facts {
	enum xenbus_state front, back; /* as xenstore has them */
	bool is_online;		       /* the toolstack wants the device */
	bool is_keyboard;
	bool has_guest;	   /* a tds-guest is there to serve it */
	bool is_connected; /* that one has its rings */
};

enum xenbus_step {
	STEP_NONE,
	STEP_SET,	 /* write our state */
	STEP_CONNECT,	 /* then write Connected */
	STEP_DISCONNECT, /* rings, events and grants go */
	STEP_REMOVE,	 /* our directory, when the toolstack saw it Closed */
};

struct xenbus_next {
	enum xenbus_step step;
	enum xenbus_state state; /* of STEP_SET */
};

struct xenbus_next xenbus_next(const struct xenbus_facts *facts);
