#include "base/loop.h"
#include "unit.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S  3600
#define STEP_MS 4 /* long enough to be told apart, too short to wait for */
#define STEP    (STEP_MS / 1000.)

/* How far the tests have set the clocks: libev asks the C library, and finds these instead. */
static struct {
	time_t wall_s;
	time_t monotonic_s;
} steps;

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (syscall(SYS_clock_gettime, id, t))
		return -1;
	t->tv_sec += id == CLOCK_REALTIME ? steps.wall_s : steps.monotonic_s;
	return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &ts))
		return -1;
	*t = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
	return 0;
}

/* A timer, how often it rang and when. */
struct bell {
	struct lazy_timer timer;
	struct loop_clock clock;
	struct ev_loop *loop;
	int rang;
	uint64_t when_ms;
	ev_tstamp again; /* set anew to so much later when it rings; 0: not */
};

static void note(struct lazy_timer *t)
{
	struct bell *b = (struct bell *)t;

	b->rang++;
	b->when_ms = loop_clock_ms(&b->clock);
	if (b->again > 0) {
		lazy_timer_set(b->loop, t, b->again);
		b->again = 0;
	}
}

static void bell_init(struct bell *b)
{
	*b = (struct bell){ .loop = ev_loop_new(EVFLAG_AUTO) };
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->loop);
	lazy_timer_init(&b->timer, note);
	loop_clock_start(b->loop, &b->clock);
}

static void bell_fini(struct bell *b)
{
	loop_clock_stop(&b->clock);
	ev_loop_destroy(b->loop);
}

static void rings_at_its_time(void)
{
	uint64_t begin_ms;
	struct bell b;

	bell_init(&b);
	begin_ms = loop_clock_ms(&b.clock);
	CU_ASSERT(begin_ms > 0);
	lazy_timer_set(b.loop, &b.timer, STEP);
	ev_run(b.loop, 0); /* returns when no timer is left; the clock does not count */
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT(b.when_ms >= begin_ms + STEP_MS);
	bell_fini(&b);
}

/* libev hears nothing of a later deadline until the first one has come. */
static void pushed_back(void)
{
	ev_tstamp remaining;
	uint64_t begin_ms;
	struct bell b;
	int i;

	bell_init(&b);
	begin_ms = loop_clock_ms(&b.clock);
	lazy_timer_set(b.loop, &b.timer, STEP);
	remaining = ev_timer_remaining(b.loop, &b.timer.watcher);
	for (i = 2; i <= 4; i++) {
		lazy_timer_set(b.loop, &b.timer, i * STEP);
		CU_ASSERT_EQUAL(ev_timer_remaining(b.loop, &b.timer.watcher), remaining);
	}
	ev_run(b.loop, EVRUN_ONCE);
	CU_ASSERT_EQUAL(b.rang, 0);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT(b.when_ms >= begin_ms + (uint64_t)4 * STEP_MS);
	bell_fini(&b);
}

static void brought_forward(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_set(b.loop, &b.timer, 3600);
	lazy_timer_set(b.loop, &b.timer, 7200);
	lazy_timer_set(b.loop, &b.timer, STEP);
	CU_ASSERT_TRUE(ev_timer_remaining(b.loop, &b.timer.watcher) <= STEP + 0.001);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	bell_fini(&b);
}

static void already_over(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_set(b.loop, &b.timer, -5);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	bell_fini(&b);
}

static void stopped(void)
{
	struct bell b;

	bell_init(&b);
	lazy_timer_stop(b.loop, &b.timer); /* not running: nothing */
	lazy_timer_set(b.loop, &b.timer, 0);
	lazy_timer_set(b.loop, &b.timer, STEP);
	lazy_timer_stop(b.loop, &b.timer);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 0);
	lazy_timer_set(b.loop, &b.timer, STEP);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	bell_fini(&b);
}

static void set_from_its_own_ring(void)
{
	struct bell b;

	bell_init(&b);
	b.again = STEP;
	lazy_timer_set(b.loop, &b.timer, 0);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 2);
	bell_fini(&b);
}

/* It has run out in this turn of the loop, and somebody postpones it before it can ring. */
static void pushed_back_at_the_last_moment(void)
{
	uint64_t begin_ms;
	struct bell b;

	bell_init(&b);
	begin_ms = loop_clock_ms(&b.clock);
	lazy_timer_set(b.loop, &b.timer, 0);
	ev_timer_stop(b.loop, &b.timer.watcher);
	ev_feed_event(b.loop, &b.timer.watcher, EV_TIMER);
	lazy_timer_set(b.loop, &b.timer, STEP);
	ev_run(b.loop, 0);
	CU_ASSERT_EQUAL(b.rang, 1);
	CU_ASSERT(b.when_ms >= begin_ms + STEP_MS);
	bell_fini(&b);
}

/* A second passes, in which somebody sets the wall clock by an hour; then nine more. */
static void clock_is_set(time_t step_s)
{
	uint64_t begin_ms;
	ev_tstamp wall;
	struct bell b;

	bell_init(&b);
	begin_ms = loop_clock_ms(&b.clock);
	wall = ev_now(b.loop);
	lazy_timer_set(b.loop, &b.timer, 10);
	steps.wall_s += step_s;
	steps.monotonic_s += 1;
	ev_now_update(b.loop);
	CU_ASSERT((ev_now(b.loop) - wall) * (double)step_s > 0); /* libev has seen it */
	CU_ASSERT(loop_clock_ms(&b.clock) >= begin_ms + 1000);
	CU_ASSERT(loop_clock_ms(&b.clock) < begin_ms + 1500);
	CU_ASSERT_DOUBLE_EQUAL(ev_timer_remaining(b.loop, &b.timer.watcher), 9, 0.5);
	lazy_timer_set(b.loop, &b.timer, 5);
	CU_ASSERT_DOUBLE_EQUAL(ev_timer_remaining(b.loop, &b.timer.watcher), 5, 0.5);
	ev_run(b.loop, EVRUN_NOWAIT);
	CU_ASSERT_EQUAL(b.rang, 0);
	steps.monotonic_s += 9;
	ev_run(b.loop, EVRUN_NOWAIT);
	CU_ASSERT_EQUAL(b.rang, 1);
	bell_fini(&b);
}

static void set_forward(void)
{
	clock_is_set(HOUR_S);
}

static void set_back(void)
{
	clock_is_set(-HOUR_S);
}

static const struct unit_test tests[] = {
	{ "a timer rings once, at its time", rings_at_its_time },
	{ "a timer pushed back rings at the last deadline, and libev is left alone", pushed_back },
	{ "a timer can be brought forward", brought_forward },
	{ "a deadline already over rings in the next turn", already_over },
	{ "a stopped timer does not ring, and can be set again", stopped },
	{ "a timer can be set anew when it rings", set_from_its_own_ring },
	{ "a wall clock set forward makes nothing ring", set_forward },
	{ "a wall clock set back keeps nothing from ringing", set_back },
	{ "a timer that has run out can still be pushed back", pushed_back_at_the_last_moment },
};

UNIT_MAIN("base/loop", tests)
