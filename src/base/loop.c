#include "base/loop.h"

#define CLOCK_SPAN_S 1e9 /* s: longer than any process runs */

static void never(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

void loop_clock_start(struct ev_loop *loop, struct loop_clock *c)
{
	c->loop = loop;
	ev_timer_init(&c->watcher, never, CLOCK_SPAN_S, 0.);
	ev_timer_start(loop, &c->watcher);
	ev_unref(loop);
}

void loop_clock_stop(struct loop_clock *c)
{
	ev_ref(c->loop);
	ev_timer_stop(c->loop, &c->watcher);
}

uint64_t loop_clock_ms(const struct loop_clock *c)
{
	/* The function only reads the watcher. */
	ev_tstamp left = ev_timer_remaining(c->loop, (ev_timer *)&c->watcher);

	return 1 + (uint64_t)((CLOCK_SPAN_S - left) * 1000);
}

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
	t->ring(t);
}

void lazy_timer_init(struct lazy_timer *t, void (*ring)(struct lazy_timer *t))
{
	*t = (struct lazy_timer){ .ring = ring };
	ev_timer_init(&t->watcher, rang, 0., 0.);
	t->watcher.data = t;
}

void lazy_timer_set(struct ev_loop *loop, struct lazy_timer *t, ev_tstamp after)
{
	if (ev_is_active(&t->watcher)) {
		t->beyond = after - ev_timer_remaining(loop, &t->watcher);
		if (t->beyond >= 0)
			return;
	}
	ev_timer_stop(loop, &t->watcher); /* it may be about to ring in this very turn, too */
	start(loop, t, after);
}

void lazy_timer_stop(struct ev_loop *loop, struct lazy_timer *t)
{
	ev_timer_stop(loop, &t->watcher);
	t->beyond = 0;
}
