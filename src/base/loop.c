#include "base/loop.h"

/*
 * Everything is kept as a time to go: libev counts that on the monotonic clock,
 * while ev_now() is wall-clock time, and somebody may set that clock.
 */
static void start(struct ev_loop *loop, struct lazy_timer *t, ev_tstamp after)
{
	t->beyond = 0;
	ev_timer_set(&t->watcher, after, 0.);
	ev_timer_start(loop, &t->watcher);
}

static void rang(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct lazy_timer *t = w->data;

	(void)revents;
	if (t->beyond > 0) {
		start(loop, t, t->beyond);
		return;
	}
	t->deadline = 0;
	t->ring(t);
}

void lazy_timer_init(struct lazy_timer *t, void (*ring)(struct lazy_timer *t))
{
	*t = (struct lazy_timer){ .ring = ring };
	ev_timer_init(&t->watcher, rang, 0., 0.);
	t->watcher.data = t;
}

void lazy_timer_set(struct ev_loop *loop, struct lazy_timer *t, ev_tstamp deadline)
{
	ev_tstamp to_go = deadline - ev_now(loop);

	t->deadline = deadline;
	if (ev_is_active(&t->watcher)) {
		t->beyond = to_go - ev_timer_remaining(loop, &t->watcher);
		if (t->beyond >= 0)
			return;
	}
	ev_timer_stop(loop, &t->watcher); /* it may be about to ring in this very turn, too */
	start(loop, t, to_go);
}

void lazy_timer_stop(struct ev_loop *loop, struct lazy_timer *t)
{
	ev_timer_stop(loop, &t->watcher);
	t->deadline = 0;
	t->beyond = 0;
}
