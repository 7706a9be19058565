/*
 * A timer that is cheap to push back: each command may postpone it, yet libev
 * hears of it only when it rings too early.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <ev.h>
#include <stdbool.h>

struct lazy_timer {
	ev_timer watcher;
	ev_tstamp deadline; /* on the loop's clock, s; 0: not set */
	ev_tstamp beyond;   /* how long the deadline lies beyond the watcher's time, s */
	void (*ring)(struct lazy_timer *t);
};

/* ring is called once for each deadline that has come; it may set the timer anew, or free it. */
void lazy_timer_init(struct lazy_timer *t, void (*ring)(struct lazy_timer *t));

/* Ring at deadline (ev_now() of the loop, s), not before. Earlier than the last one is fine, too.
 */
void lazy_timer_set(struct ev_loop *loop, struct lazy_timer *t, ev_tstamp deadline);

void lazy_timer_stop(struct ev_loop *loop, struct lazy_timer *t);

#endif
