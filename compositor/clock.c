#include "compositor/clock.h"

/*
 * Flips that are done at once are spaced like vblanks too, because it is our
 * own grid that paints them. So the grid is moved and the flips are watched:
 *
 *	RUN good flips | shift by 1/3 | RUN good flips | shift | RUN good:
 *locked
 *	                                   |
 *	        the spacing broke: they follow us; after TRIES of these never
 */
enum {
	RUN = 6,
	LOCK_FLIPS = 3 * RUN,
	TRIES = 3,
	FORGIVEN = 4,	 /* flips off the grid before a lock is given up */
	MAX_GAP = 8,	 /* periods; over more of them clocks drift apart */
	TOLERANCE = 50,	 /* a period's part: 0.33 ms at 60 Hz */
	FALL = 32,	 /* the part of an excess that one frame forgets */
	TICK_PHASE = 16, /* a tick comes 1/16 period after its vblank */
};

static const uint64_t second_ns = 1000000000u;
static const uint64_t margin_ns = 1000000u; /* least before a vblank */

static uint64_t
at_least(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
budget(const struct frame_clock *c, uint64_t cost_ns)
{
	const uint64_t most = c->period_ns / 10 * 9;

	return at_least(cost_ns < most ? cost_ns : most, margin_ns);
}

void
clock_init(struct frame_clock *c, uint32_t refresh_mhz, uint64_t now_ns)
{
	if (refresh_mhz < 1000 || refresh_mhz > 500000)
		refresh_mhz = 60000;
	*c = (struct frame_clock){
	    .origin_ns = now_ns, .period_ns = second_ns * 1000 / refresh_mhz};
	/* nothing is known yet: half a period for the first frames */
	c->compose_ns = budget(c, c->period_ns / 2);
}

void
clock_set_refresh(struct frame_clock *c, uint32_t refresh_mhz, uint64_t now_ns)
{
	clock_init(c, refresh_mhz, now_ns);
}

static void
unlock(struct frame_clock *c)
{
	c->is_locked = false;
	c->good_flips = 0;
}

/* How far t is from a whole number of periods after since. */
static uint64_t
distance(uint64_t since, uint64_t t, uint64_t period)
{
	const uint64_t rest = (t - since) % period;

	return rest < period - rest ? rest : period - rest;
}

static void
follow(struct frame_clock *c, uint64_t flip_ns, bool is_good)
{
	if (is_good) {
		c->origin_ns = flip_ns;
		c->good_flips = LOCK_FLIPS;
	} else if (--c->good_flips + FORGIVEN <= LOCK_FLIPS) {
		unlock(c);
	}
}

static void
watch(struct frame_clock *c, uint64_t flip_ns, bool is_good)
{
	if (!is_good) {
		/* Broken by a shift: these flips are done when we paint. */
		c->refused += c->good_flips >= RUN;
		c->good_flips = 0;
		return;
	}
	c->good_flips++;
	if (c->good_flips == LOCK_FLIPS) {
		c->is_locked = true;
		c->origin_ns = flip_ns;
	} else if (c->good_flips % RUN == 0) {
		c->origin_ns += c->period_ns / 3;
	}
}

void
clock_flip(struct frame_clock *c, uint64_t flip_ns)
{
	const uint64_t last = c->last_flip_ns;

	if (flip_ns <= last)
		return;
	c->last_flip_ns = flip_ns;
	if (c->refused >= TRIES)
		return;
	if (c->is_locked && flip_ns < c->origin_ns) {
		unlock(c);
		return;
	}
	if (last == 0)
		return;
	/* After a pause this flip says nothing of the spacing. A lock moves
	 * on with it all the same if it is near the grid. */
	const bool is_late = flip_ns - last > MAX_GAP * c->period_ns;
	const uint64_t room = c->period_ns / (is_late ? 4 : TOLERANCE);
	const uint64_t since = c->is_locked ? c->origin_ns : last;
	const bool is_good = distance(since, flip_ns, c->period_ns) <= room;
	const bool is_soon = flip_ns - last < c->period_ns / 2;

	if (c->is_locked)
		follow(c, flip_ns, is_good);
	else if (!is_late)
		watch(c, flip_ns, is_good && !is_soon);
}

void
clock_composed(struct frame_clock *c, uint64_t took_ns)
{
	if (took_ns > c->period_ns)
		took_ns = c->period_ns;
	/* a quarter more than it took, and the time until it is in force */
	const uint64_t cost = budget(c, took_ns + took_ns / 4 + margin_ns / 2);

	if (cost >= c->compose_ns)
		c->compose_ns = cost;
	else
		c->compose_ns -= (c->compose_ns - cost + FALL - 1) / FALL;
}

/* The first of origin + n * period that is after t; n may be negative. */
static uint64_t
next_on_grid(uint64_t origin, uint64_t period, uint64_t t)
{
	if (t >= origin)
		return origin + ((t - origin) / period + 1) * period;
	return origin - (origin - t - 1) / period * period;
}

uint64_t
clock_next_tick(const struct frame_clock *c, uint64_t now_ns)
{
	const uint64_t phase = c->is_locked ? c->period_ns / TICK_PHASE : 0;

	return next_on_grid(c->origin_ns + phase, c->period_ns, now_ns);
}

uint64_t
clock_paint(const struct frame_clock *c, uint64_t tick_ns)
{
	if (!c->is_locked)
		return tick_ns;
	const uint64_t vblank =
	    next_on_grid(c->origin_ns, c->period_ns, tick_ns);
	const uint64_t paint = vblank - c->compose_ns;

	if (paint >= tick_ns || tick_ns + margin_ns <= vblank)
		return at_least(paint, tick_ns);
	/* Too late for that one, a tick never is: it came before a shift. */
	return vblank + c->period_ns - c->compose_ns;
}
