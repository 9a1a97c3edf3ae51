/*
 * focus.pml: who has the keyboard, the secure attention key, the panel.
 * Two domains; one event is one atomic step, as in core_step().
 *
 * With -DLOCKSTEP every step is also taken by the real core (lockstep.c), and
 * states and outputs must agree: exhaustive over everything reachable here.
 */
#define N_KEYS 7
#define CTRL 0
#define ALT 1
#define DEL 2
#define A 3
#define ONE 4
#define TWO 5
#define ESC 6

/* what the core knows of a key */
#define UP 0
#define HELD 1		/* down; no domain saw it */
#define BACK 2		/* down; held back, may be part of the chord */
#define SEEN 3		/* down; the focused domain saw the press */

#define NOBODY 2

byte st[N_KEYS];
byte focus = 0;		/* 0, 1 or NOBODY */
byte back = NOBODY;	/* who had the keyboard when the panel opened */
bool panel = false;
bool alive[2] = true;	/* its guest process is linked */

/* the last step: what happened, and what was sent to whom */
mtype = { NOTHING, PRESS, RELEASE, PICK, ATTENTION, DEATH, LINK, CTL, GUEST,
	MACHINE };
mtype ev = NOTHING;
byte arg = 0;
byte to = NOBODY;	/* receiver of presses and releases */
byte presses = 0, releases = 0; /* bit per key */
byte pfocus = 0;
bool ppanel = false;
byte i = 0;

/* what each domain believes to be down: follows from the outputs alone */
byte view[2];

#define DELIVER (focus != NOBODY && !panel && alive[focus])
#define IS_CHORD(k) (k == CTRL || k == ALT || k == DEL)
#define DOWN(k) (st[k] != UP)

#ifdef LOCKSTEP
c_decl { \#include "tests/model/lockstep.h"
}
#define BEFORE c_code { \
	lockstep_before(now.st, now.focus, now.back, now.panel, now.alive); }
#define AFTER(op, x) c_code { \
	now.ok = lockstep_after(op, x, now.st, now.focus, now.back, \
	    now.panel, now.to, now.presses, now.releases); }; assert(ok)
bool ok = true;
#else
#define BEFORE skip
#define AFTER(op, x) skip
#endif

inline begin(e, x)
{
	ev = e; arg = x; to = NOBODY; presses = 0; releases = 0;
	pfocus = focus; ppanel = panel;
	BEFORE
}

/* The outputs must make sense to their receiver: presses of what is up,
 * releases of what is down (after the presses of the same step). */
inline finish()
{
	if
	:: to != NOBODY ->
		assert((view[to] & presses) == 0);
		view[to] = view[to] | presses;
		assert((view[to] & releases) == releases);
		view[to] = view[to] & ~releases
	:: else -> skip
	fi;
	i = 0
}

inline release_all_seen()
{
	i = 0;
	do
	:: i < N_KEYS ->
		if
		:: st[i] == SEEN -> releases = releases | (1 << i);
			to = focus; st[i] = HELD
		:: st[i] == BACK -> st[i] = HELD
		:: else -> skip
		fi;
		i++
	:: else -> break
	od
}

inline pass_held_back()
{
	i = 0;
	do
	:: i < N_KEYS ->
		if
		:: st[i] == BACK -> presses = presses | (1 << i);
			to = focus; st[i] = SEEN
		:: else -> skip
		fi;
		i++
	:: else -> break
	od
}

inline move_focus(d)
{
	if
	:: focus != d -> release_all_seen(); focus = d
	:: else -> skip
	fi
}

inline panel_key(k)
{
	if
	:: k == ONE -> ev = PICK; panel = false; move_focus(0)
	:: k == TWO -> ev = PICK; panel = false; move_focus(1)
	:: k == ESC -> ev = PICK; panel = false; move_focus(back)
	:: else -> skip
	fi
}

inline press(k)
{
	begin(PRESS, k);
	if
	:: DOWN(k) -> skip
	:: else ->
		st[k] = HELD;
		if
		:: IS_CHORD(k) && DOWN(CTRL) && DOWN(ALT) && DOWN(DEL) ->
			ev = ATTENTION;
			if
			:: !panel -> back = focus; move_focus(NOBODY);
				panel = true
			:: else -> skip
			fi
		:: else ->
			if
			:: DELIVER && (k == CTRL || k == ALT) -> st[k] = BACK
			:: DELIVER && k != CTRL && k != ALT ->
				pass_held_back();
				presses = presses | (1 << k);
				to = focus; st[k] = SEEN
			:: else -> skip
			fi;
			if
			:: panel -> panel_key(k)
			:: else -> skip
			fi
		fi
	fi;
	AFTER(0, now.arg);
	finish()
}

inline release(k)
{
	begin(RELEASE, k);
	if
	:: DOWN(k) ->
		if
		:: DELIVER && st[k] == BACK -> pass_held_back()
		:: else -> skip
		fi;
		if
		:: DELIVER && st[k] == SEEN ->
			releases = releases | (1 << k); to = focus
		:: else -> skip
		fi;
		st[k] = UP
	:: else -> skip
	fi;
	AFTER(1, now.arg);
	finish()
}

inline death(d)
{
	begin(DEATH, d);
	if
	:: focus == d -> release_all_seen(); focus = NOBODY;
		to = NOBODY; releases = 0 /* nobody is there to be told */
	:: else -> skip
	fi;
	if
	:: back == d -> back = NOBODY
	:: else -> skip
	fi;
	alive[d] = false;
	view[d] = 0;
	AFTER(2, now.arg);
	finish()
}

/* Whoever is there from now on saw nothing pressed. */
inline forget_seen(d)
{
	if
	:: focus == d -> release_all_seen(); to = NOBODY; releases = 0
	:: else -> skip
	fi;
	view[d] = 0
}

inline link(d)
{
	begin(LINK, d);
	forget_seen(d);
	alive[d] = true;
	AFTER(3, now.arg);
	finish()
}

/* its virtual machine comes or goes; the guest process stays */
inline machine(d)
{
	begin(MACHINE, d);
	if
	:: alive[d] -> forget_seen(d)
	:: else -> skip
	fi;
	AFTER(6, now.arg);
	finish()
}

inline ctl_focus(d)
{
	begin(CTL, d);
	if
	:: !panel -> move_focus(d)
	:: else -> skip
	fi;
	AFTER(4, now.arg);
	finish()
}

/* any other record of a guest: commit, cursor, lights */
inline guest(d)
{
	begin(GUEST, d);
	AFTER(5, now.arg);
	finish()
}

active proctype env()
{
	byte k = 0;
	do
	:: atomic { k = 0; select(k : 0 .. 6); press(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 6); release(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 1); death(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 1); link(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 1); machine(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 1); ctl_focus(k); k = 0 }
	:: atomic { k = 0; select(k : 0 .. 1); guest(k); k = 0 }
	od
}

#ifndef LOCKSTEP
#define BY_USER (ev == PICK || ev == ATTENTION || ev == CTL)
/* the attention key leads to the panel in the same step, from any state */
#define SAK_PANEL (ev != ATTENTION || (panel && focus == NOBODY))
/* no key of the completed chord is seen, now or while the panel is open */
#define SAK_HIDDEN ((ev != ATTENTION && !panel) || (presses == 0 && \
	st[CTRL] != SEEN && st[ALT] != SEEN && st[DEL] != SEEN))
/* while the panel is open nobody has the keyboard */
#define PANEL_NONE (!panel || focus == NOBODY)
/* the panel is left by the user's key only */
#define PANEL_USER (!ppanel || panel || ev == PICK)
/* only the user moves focus; a death may take it away */
#define FOCUS_USER (focus == pfocus || BY_USER || \
	(ev == DEATH && focus == NOBODY))
/* presses go to who had and has the keyboard; releases to who had it */
#define KEY_DEST ((presses == 0 || (to == focus && to == pfocus)) && \
	(releases == 0 || to == pfocus))
/* a domain without the keyboard believes that everything is up */
#define ALL_UP ((focus == 0 || view[0] == 0) && (focus == 1 || view[1] == 0))
/* a guest's record changes nothing and sends nothing */
#define GUEST_INERT ((ev != GUEST && ev != MACHINE && ev != LINK) || (focus == pfocus && panel == ppanel && \
	presses == 0 && releases == 0))
ltl safe { [] (SAK_PANEL && SAK_HIDDEN && PANEL_NONE && PANEL_USER &&
	FOCUS_USER && KEY_DEST && ALL_UP && GUEST_INERT) }

/* controls: these must FAIL, or the ones above say nothing */
ltl reach_sak { [] (ev != ATTENTION) }
ltl reach_pick { [] (ev != PICK) }
ltl reach_seen { [] (st[CTRL] != SEEN) }
ltl reach_release { [] (releases == 0) }
ltl reach_loss { [] (!(ev == DEATH && focus != pfocus)) }
#endif
