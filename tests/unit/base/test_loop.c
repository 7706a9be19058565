#include "base/loop.h"
#include "unit.h"

#define STEP 0.004 /* s: long enough to be told apart, too short to wait for */

/* A timer, how often it rang and when. */
struct bell {
	struct lazy_timer timer;
	struct ev_loop *loop;
	int rang;
	ev_tstamp when;
	ev_tstamp again; /* set anew to so much later when it rings; 0: not */
};

static void note(struct lazy_timer *t)
{
	struct bell *b = (struct bell *)t;

	b->rang++;
	b->when = ev_now(b->loop);
	CU_ASSERT_EQUAL(t->deadline, 0);
	if (b->again > 0) {
		lazy_timer_set(b->loop, t, b->when + b->again);
		b->again = 0;
	}
}

static void bell_init(struct bell *b)
{
	*b = (struct bell){ .loop = ev_loop_new(EVFLAG_AUTO) };
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->loop);
	lazy_timer_init(&b->timer, note);
}

static void rings_at_its_time(void)
{
	ev_tstamp deadline;
	struct bell b;

	bell_init(&b);
	deadline = ev_now(b.loop) + STEP;
	lazy_timer_set(b.loop, &b.timer, deadline);
	CU_ASSERT_EQUAL(b.timer.deadline, deadline);
	ev_run(b.loop, 0); /* returns when no timer is left */
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT_TRUE(b.when > deadline - 0.001);
	ev_loop_destroy(b.loop);
}

/* libev hears nothing of a later deadline until the first one has come. */
static void pushed_back(void)
{
	ev_tstamp begin, remaining;
	struct bell b;
	int i;

	bell_init(&b);
	begin = ev_now(b.loop);
	lazy_timer_set(b.loop, &b.timer, begin + STEP);
	remaining = ev_timer_remaining(b.loop, &b.timer.watcher);
	for (i = 2; i <= 4; i++) {
		lazy_timer_set(b.loop, &b.timer, begin + i * STEP);
		CU_ASSERT_EQUAL(ev_timer_remaining(b.loop, &b.timer.watcher), remaining);
	}
	ev_run(b.loop, EVRUN_ONCE);
	CU_ASSERT_EQUAL(b.rang, 0);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT_TRUE(b.when > begin + 4 * STEP - 0.001);
	ev_loop_destroy(b.loop);
}

static void brought_forward(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) + 3600);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) + 7200);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) + STEP);
	CU_ASSERT_TRUE(ev_timer_remaining(b.loop, &b.timer.watcher) <= STEP + 0.001);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	ev_loop_destroy(b.loop);
}

static void already_over(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) - 5);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	ev_loop_destroy(b.loop);
}

static void stopped(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_stop(b.loop, &b.timer); /* not running: nothing */
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop));
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) + STEP);
	lazy_timer_stop(b.loop, &b.timer);
	CU_ASSERT_EQUAL(b.timer.deadline, 0);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 0);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop) + STEP);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	ev_loop_destroy(b.loop);
}

static void set_from_its_own_ring(void)
{
	struct bell b;

	bell_init(&b);
	b.again = STEP;
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop));
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 2);
	ev_loop_destroy(b.loop);
}

/* It has run out in this turn of the loop, and somebody postpones it before it can ring. */
static void pushed_back_at_the_last_moment(void)
{
	ev_tstamp deadline;
	struct bell b;

	bell_init(&b);
	lazy_timer_set(b.loop, &b.timer, ev_now(b.loop));
	ev_timer_stop(b.loop, &b.timer.watcher);
	ev_feed_event(b.loop, &b.timer.watcher, EV_TIMER);
	deadline = ev_now(b.loop) + STEP;
	lazy_timer_set(b.loop, &b.timer, deadline);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT_TRUE(b.when > deadline - 0.001);
	ev_loop_destroy(b.loop);
}

static const struct unit_test tests[] = {
	{ "a timer rings once, at its time", rings_at_its_time },
	{ "a timer pushed back rings at the last deadline, and libev is left alone", pushed_back },
	{ "a timer can be brought forward", brought_forward },
	{ "a deadline already over rings in the next turn", already_over },
	{ "a stopped timer does not ring, and can be set again", stopped },
	{ "a timer can be set anew when it rings", set_from_its_own_ring },
	{ "a timer that has run out can still be pushed back", pushed_back_at_the_last_moment },
};

UNIT_MAIN("base/loop", tests)
