/* RFC 7143, 4.2.2 and 8.3: who belongs to a session, when it is over, and who waits for that. */
#include "iscsi/session.h"

#include "recovery.h"

#define WAITERS 4

/* One that waits for the end of a session. */
struct waiting {
	struct session_waiter w; /* first */
	unsigned int woken;
	unsigned int order; /* when, of all */
	bool goes_on;       /* it waits no longer, once it is woken */
	struct waiting *takes_away;
};

static unsigned int order;

static void stop_waiting(struct waiting *w)
{
	TAILQ_REMOVE(&w->w.waits_for->waiters, &w->w, link);
	w->w.waits_for = NULL;
}

static void on_resume(struct session_waiter *sw)
{
	struct waiting *w = (struct waiting *)sw;

	w->woken++;
	w->order = ++order;
	if (w->goes_on && w->w.waits_for)
		stop_waiting(w);
	if (w->takes_away && w->takes_away->w.waits_for)
		stop_waiting(w->takes_away);
}

static void wait_for(struct session *s, struct waiting *w, bool joins)
{
	*w = (struct waiting){ .w = { .resume = on_resume, .waits_for = s, .joins = joins } };
	TAILQ_INSERT_TAIL(&s->waiters, &w->w, link);
}

/* By its CID, whatever state it is in; CIDs of all 16 bits (11.12.7). */
static void its_connections(void)
{
	struct peer *p, *q, *r;
	struct session *s;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	s = p->c->session;
	CU_ASSERT_FALSE(session_has_others(s, p->c));
	CU_ASSERT(session_has_others(s, NULL));
	q = peer_join(p, 0, "");
	r = peer_join(p, 0xffff, "");
	CU_ASSERT_PTR_EQUAL(session_conn(s, 1), p->c);
	CU_ASSERT_PTR_EQUAL(session_conn(s, 0), q->c);
	CU_ASSERT_PTR_EQUAL(session_conn(s, 0xffff), r->c);
	CU_ASSERT_PTR_NULL(session_conn(s, 2));
	CU_ASSERT(session_has_others(s, p->c));
	conn_event(q->c, EV_DROP);
	CU_ASSERT_PTR_EQUAL(session_conn(s, 0), q->c); /* it has its CID until it is gone */
	CU_ASSERT(session_has_others(s, p->c));
	conn_event(r->c, EV_CLOSE);
	CU_ASSERT_FALSE(session_has_others(s, p->c)); /* none that is in full feature phase */
	bench_run(&b);
	CU_ASSERT_PTR_NULL(session_conn(s, 0));
	CU_ASSERT_PTR_NULL(session_conn(s, 0xffff));
	bench_close(&b);
}

/* A connection has its session's window while it is in it, and none else. */
static void joined_and_parted(void)
{
	struct session *s;
	struct conn *c;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	s = p->c->session;
	c = p->c;
	CU_ASSERT_PTR_EQUAL(c->tx.window, &s->cmdsn);
	session_remove_conn(s, c);
	CU_ASSERT(!c->session && !c->tx.window && TAILQ_EMPTY(&s->conns));
	session_add_conn(s, c);
	CU_ASSERT(c->session == s && c->tx.window == &s->cmdsn);
	expect_good(p);
	bench_close(&b);
}

/* 11.8.4, 11.19.2: 0xffffffff names no transfer; numbers go around it. */
static void tags_go_around(void)
{
	struct session s = { .last_ttt = PDU_TAG_RESERVED - 2 };

	CU_ASSERT_EQUAL(session_ttt(&s), PDU_TAG_RESERVED - 1);
	CU_ASSERT_EQUAL(session_ttt(&s), 0);
	CU_ASSERT_EQUAL(session_ttt(&s), 1);
}

/* Each is woken once, in the order in which they came, also those who go on waiting. */
static void woken_in_order(void)
{
	struct waiting w[WAITERS];
	struct session *s;
	struct bench b;
	int i;

	bench_open(&b);
	s = bench_login(&b, LEVEL_0)->c->session;
	order = 0;
	for (i = 0; i < WAITERS; i++)
		wait_for(s, &w[i], true);
	session_wake(s);
	for (i = 0; i < WAITERS; i++)
		CU_ASSERT(w[i].woken == 1 && w[i].order == (unsigned int)i + 1);
	session_wake(s);
	for (i = 0; i < WAITERS; i++)
		CU_ASSERT(w[i].woken == 2 && w[i].order == (unsigned int)i + 1 + WAITERS);
	for (i = 0; i < WAITERS; i++)
		stop_waiting(&w[i]);
	session_wake(s); /* nobody */
	bench_close(&b);
}

/* Who is woken may leave the line, and may take another out of it, before or behind itself. */
static void the_line_changes_meanwhile(void)
{
	struct waiting w[WAITERS];
	struct session *s;
	struct bench b;
	int i, from, to;

	for (from = 0; from < WAITERS; from++) {
		for (to = 0; to < WAITERS; to++) {
			bench_open(&b);
			s = bench_login(&b, LEVEL_0)->c->session;
			for (i = 0; i < WAITERS; i++)
				wait_for(s, &w[i], true);
			w[from].takes_away = &w[to];
			w[(from + 1) % WAITERS].goes_on = true;
			session_wake(s);
			for (i = 0; i < WAITERS; i++) {
				if (i != to) /* some twice, for one has left the line */
					CU_ASSERT(w[i].woken == 1 || w[i].woken == 2);
			}
			CU_ASSERT_EQUAL(w[to].woken, to <= from);
			CU_ASSERT_PTR_NULL(w[to].w.waits_for);
			for (i = 0; i < WAITERS; i++) {
				if (w[i].w.waits_for)
					stop_waiting(&w[i]);
			}
			bench_close(&b);
		}
	}
}

/*
 * 8.3, 6.3.4: a session is over with its last connection, unless one that was lost at level 2 is
 * waited for, or a login brings that one anew; not if the login only waits for its end, nor when
 * the session is to end.
 */
static void when_it_is_over(void)
{
	struct lost lost = { .cid = 1 };
	struct waiting leads, joins;
	struct session s = { 0 };
	struct conn c = { 0 };

	TAILQ_INIT(&s.conns);
	TAILQ_INIT(&s.lost);
	TAILQ_INIT(&s.waiters);
	CU_ASSERT(session_is_over(&s));
	wait_for(&s, &leads, false);
	CU_ASSERT(session_is_over(&s));
	TAILQ_INSERT_TAIL(&s.conns, &c, slink);
	CU_ASSERT_FALSE(session_is_over(&s));
	TAILQ_REMOVE(&s.conns, &c, slink);
	TAILQ_INSERT_TAIL(&s.lost, &lost, link);
	CU_ASSERT_FALSE(session_is_over(&s));
	TAILQ_REMOVE(&s.lost, &lost, link);
	wait_for(&s, &joins, true);
	CU_ASSERT_FALSE(session_is_over(&s));
	s.is_dropped = true;
	CU_ASSERT(session_is_over(&s));
}

/*
 * The end: commands that wait for their CmdSN are dropped, tasks that the store has come home
 * first; then those who waited are woken, and wait for nothing any more.
 */
static void the_end(void)
{
	struct waiting w;
	struct session *s;
	uint16_t tsih;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	s = p->c->session;
	tsih = s->tsih;
	b.disk->hold = true;
	peer_read(p, 0, 1);
	bench_run(&b);
	p->cmdsn++; /* a gap: these wait */
	peer_read(p, 0, 1);
	peer_nop(p, false, NULL, 0);
	bench_run(&b);
	wait_for(s, &w, false);
	peer_cut(p);
	bench_run(&b);
	CU_ASSERT_EQUAL(s->state, SESSION_ENDING);
	CU_ASSERT(TAILQ_EMPTY(&s->cmdsn.held));
	CU_ASSERT_EQUAL(s->ntasks, 1);
	session_end(s); /* once more is fine */
	session_settle(s);
	CU_ASSERT_PTR_EQUAL(map_get(&b.iscsi.tsihs, tsih), s);
	CU_ASSERT_PTR_EQUAL(w.w.waits_for, s);
	order = 0;
	w.woken = 0;
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	CU_ASSERT_PTR_NULL(map_get(&b.iscsi.tsihs, tsih));
	CU_ASSERT(w.woken > 0);
	CU_ASSERT_PTR_NULL(w.w.waits_for);
	bench_close(&b);
}

/* With nothing in flight it is freed at once: whoever waits learns so, once, and waits no more. */
static void the_end_at_once(void)
{
	struct waiting w[2];
	struct bench b;
	struct peer *p;
	int i;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	for (i = 0; i < 2; i++)
		wait_for(p->c->session, &w[i], false);
	peer_cut(p);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	for (i = 0; i < 2; i++)
		CU_ASSERT(w[i].woken == 1 && !w[i].w.waits_for);
	bench_close(&b);
}

/* What still runs keeps only an ending session: one that is alive does not settle. */
static void alive(void)
{
	struct session *s;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	s = p->c->session;
	session_settle(s);
	CU_ASSERT_EQUAL(s->magic, SESSION_MAGIC);
	expect_good(p);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "its connections", its_connections },
	{ "joined and parted", joined_and_parted },
	{ "tags go around", tags_go_around },
	{ "woken in order", woken_in_order },
	{ "the line changes meanwhile", the_line_changes_meanwhile },
	{ "8.3: when it is over", when_it_is_over },
	{ "the end", the_end },
	{ "the end, at once", the_end_at_once },
	{ "alive", alive },
};

UNIT_MAIN("iscsi/session", tests)
