#include "daemon/loop.h"

#include "base/buf.h"
#include "base/clock.h"
#include "iscsi/server.h"
#include "scsi/core.h"
#include "store/store.h"

/* So much goes on in one turn; then sockets are looked at again. */
#define ROUNDS_MAX 16
#define STEPS_MAX  64
#define TURN_NS    500000

#define EARLY   8    /* PDUs answered first, when … */
#define IDLE_NS 5000 /* … for so long there was nothing to do */

/* Stores, commands and waiters for memory call for each other until none has anything to do. */
static bool work(struct turn *t)
{
	bool moved = true;
	int i;

	for (i = 0; moved && i < STEPS_MAX; i++) {
		moved = store_env_reap(t->env, t->woken);
		t->woken = false;
		moved |= scsi_core_run(t->core);
		moved |= buf_pool_serve(t->pool);
	}
	return moved;
}

/*
 * How many PDUs of a socket are taken on before the first of them are answered. Two that take
 * turns, each with all that there is, are both idle for half of the time: when there was nothing to
 * do, the initiator is given something early. When there was, nobody waits, and all of them at once
 * cost least.
 */
static uint32_t begin_with(const struct turn *t)
{
	return t->woke_ns - t->done_ns > IDLE_NS ? EARLY : UINT32_MAX;
}

/*
 * Take on what came, some at a time, until there is something to answer: it goes out before the
 * rest is taken on. Some are in each round, whatever else there is to send, so that all are before
 * the loop sleeps. True: something moved.
 */
static bool hear(struct turn *t, uint32_t most)
{
	bool moved = false;

	while (iscsi_server_hear(t->server, most)) {
		t->worked = true;
		moved |= work(t);
		if (iscsi_server_has_answers(t->server))
			break;
	}
	return moved;
}

/* One round there is in every turn, however long the sockets took. */
static bool may_go_on(const struct turn *t, int rounds)
{
	return rounds == 0 || (rounds < ROUNDS_MAX && clock_ns() - t->woke_ns < TURN_NS);
}

/*
 * What is ready goes out: one io_submit, one sendmsg a connection. Sending may
 * make new work ready (a read's next part, memory that came free), so it goes
 * around until nothing moves. True: it gave up before that.
 */
static bool flush(struct turn *t)
{
	uint32_t most = begin_with(t);
	bool moved = true;
	int i;

	for (i = 0; moved && may_go_on(t, i); i++) {
		moved = work(t);
		moved |= hear(t, most);
		most = most < UINT32_MAX / 2 ? 2 * most : UINT32_MAX;
		store_env_flush(t->env);
		moved |= iscsi_server_flush(t->server);
	}
	t->worked |= i > 1;
	if (t->worked && t->busy_poll_us)
		t->last = ev_now(t->loop);
	return moved;
}

/* Wake up for the first request that a filter holds back, if there is one. */
static void wait_for_due(struct turn *t)
{
	uint64_t due = store_env_due_ms(t->env), now = loop_clock_ms(&t->clock);

	if (due != UINT64_MAX)
		lazy_timer_set(t->loop, &t->due, due > now ? (double)(due - now) / 1000 : 0);
}

/*
 * To wake from sleep takes longer than many a command: while more may come at any moment, who
 * can spare a processor does not sleep. A clock set back ends it, and the next work starts it.
 */
static bool is_worth_waiting(const struct turn *t)
{
	ev_tstamp idle = ev_now(t->loop) - t->last;

	return t->busy_poll_us && idle >= 0 && idle * 1e6 < t->busy_poll_us;
}

/* libev calls this when all events of the turn have been handled, before it sleeps. */
static void on_prepare(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct turn *t = w->data;
	uint64_t now_ns;
	bool more;

	(void)events;
	store_env_tick(t->env, loop_clock_ms(&t->clock));
	t->worked = false;
	do
		more = flush(t);
	while (t->ended && t->ended(t));
	wait_for_due(t);
	now_ns = clock_ns();
	histogram_add(&t->lag, now_ns - t->woke_ns);
	if (t->worked)
		t->done_ns = now_ns;
	if (more || is_worth_waiting(t))
		ev_idle_start(loop, &t->more);
	else
		ev_idle_stop(loop, &t->more);
}

/* The loop has looked for events, and found some. */
static void on_check(struct ev_loop *loop, ev_check *w, int events)
{
	struct turn *t = w->data;

	(void)loop;
	(void)events;
	t->woke_ns = clock_ns();
}

static void on_aio(struct ev_loop *loop, ev_io *w, int events)
{
	struct turn *t = w->data;

	(void)loop;
	(void)events;
	t->woken = true;
}

/* That these run is their purpose. */
static void on_due(struct lazy_timer *timer)
{
	(void)timer;
}

static void on_more(struct ev_loop *loop, ev_idle *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

void turn_start(struct turn *t)
{
	ev_prepare_init(&t->prepare, on_prepare);
	ev_check_init(&t->check, on_check);
	ev_set_priority(&t->check, EV_MAXPRI); /* before all that has happened is handled */
	ev_io_init(&t->aio, on_aio, store_env_fd(t->env), EV_READ);
	ev_idle_init(&t->more, on_more);
	t->prepare.data = t;
	t->check.data = t;
	t->woke_ns = clock_ns();
	histogram_init(&t->lag);
	t->aio.data = t;
	t->woken = false;
	loop_clock_start(t->loop, &t->clock);
	lazy_timer_init(&t->due, on_due);
	ev_prepare_start(t->loop, &t->prepare);
	ev_check_start(t->loop, &t->check);
	ev_io_start(t->loop, &t->aio);
}

void turn_stop(struct turn *t)
{
	ev_prepare_stop(t->loop, &t->prepare);
	ev_check_stop(t->loop, &t->check);
	ev_io_stop(t->loop, &t->aio);
	ev_idle_stop(t->loop, &t->more);
	lazy_timer_stop(t->loop, &t->due);
	loop_clock_stop(&t->clock);
}
