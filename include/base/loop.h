/*
 * Time as the loop has it, and a timer that is cheap to push back: each command may
 * postpone it, yet libev hears of it only when it rings too early.
 *
 * All of it is on libev's monotonic clock. ev_now() is wall-clock time, and whoever
 * sets that clock must neither end a connection nor keep one for ever.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <ev.h>
#include <stdint.h>

struct loop_clock {
	struct ev_loop *loop; /* borrowed until loop_clock_stop() */
	ev_timer watcher;     /* never rings: what is left of it tells the time */
};

/* The loop does not stay running for a clock's sake. */
void loop_clock_start(struct ev_loop *loop, struct loop_clock *c);
void loop_clock_stop(struct loop_clock *c);

/* When this turn of the loop began, ms; never 0, never less than before. No system call. */
uint64_t loop_clock_ms(const struct loop_clock *c);

struct lazy_timer {
	ev_timer watcher;
	ev_tstamp beyond; /* how long the deadline lies beyond the watcher's time, s */
	void (*ring)(struct lazy_timer *t);
};

/* ring is called once for each deadline that has come; it may set the timer anew, or free it. */
void lazy_timer_init(struct lazy_timer *t, void (*ring)(struct lazy_timer *t));

/*
 * Ring after that many seconds from the loop's now on, not before. Earlier than the last
 * deadline is fine, too, and so is a time that has passed.
 */
void lazy_timer_set(struct ev_loop *loop, struct lazy_timer *t, ev_tstamp after);

void lazy_timer_stop(struct ev_loop *loop, struct lazy_timer *t);

#endif
