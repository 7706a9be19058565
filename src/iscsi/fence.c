#include "iscsi/fence.h"

#include "base/serial.h"
#include "iscsi/conn.h"
#include "iscsi/session.h"

#include <stddef.h>
#include <stdlib.h>

/* A NOP-In behind all that was said on a connection: once it is answered, that has come. */
struct fence_mark {
	struct tx_sender tx;
	struct conn *conn;
	struct fence *fence;
	uint32_t ttt;
	uint32_t statsn;              /* the next one when it was made: what ExpStatSN has to say */
	bool is_made;                 /* statsn is known */
	bool is_released;             /* nobody waits for it: it is over when it has left */
	uint64_t since_ms;            /* when the time for an answer began; 0: not yet */
	TAILQ_ENTRY(fence_mark) link; /* conn->marks */
};

static void go_on(struct session *s);

static struct fence_mark *mark_of(struct tx_sender *s)
{
	return (struct fence_mark *)((char *)s - offsetof(struct fence_mark, tx));
}

static bool mark_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct fence_mark *m = mark_of(s);
	struct pdu_nop_in nop = { .itt = PDU_TAG_RESERVED, .ttt = m->ttt };

	pdu_put_nop_in(pdu->bhs, &nop);
	pdu->statsn = TX_STATSN_NEXT;
	m->statsn = m->conn->tx.statsn;
	m->is_made = true;
	return true;
}

static void remove_mark(struct fence_mark *m);

/* It stays in conn->marks, made, until it is acknowledged, or the connection goes. */
static void mark_sent(struct tx_sender *s, bool gone)
{
	struct fence_mark *m = mark_of(s);

	if (m->is_released && !gone)
		remove_mark(m);
}

static void add_mark(struct fence *f, struct conn *c)
{
	struct fence_mark *m = malloc(sizeof(*m));

	if (!m) {
		conn_drop(c, "no memory to ask for an acknowledgement");
		return;
	}
	*m = (struct fence_mark){
		.tx = { .next = mark_next, .sent = mark_sent },
		.conn = c,
		.fence = f,
		.ttt = session_ttt(f->session),
	};
	TAILQ_INSERT_TAIL(&c->marks, m, link);
	f->nmarks++;
	c->waits = true;
	conn_send(c, &m->tx);
}

static void remove_mark(struct fence_mark *m)
{
	struct fence *f = m->fence;

	TAILQ_REMOVE(&m->conn->marks, m, link);
	free(m);
	if (--f->nmarks == 0)
		go_on(f->session);
}

static void leave_slot(struct fence *f)
{
	if (f->slot)
		*f->slot = NULL;
	f->slot = NULL;
}

/* What was said before on the others is asked for. */
static void begin(struct fence *f)
{
	struct conn *other;

	f->state = FENCE_BEFORE;
	TAILQ_FOREACH (other, &f->session->conns, slink) {
		if (other != f->conn && conn_is_full(other))
			add_mark(f, other);
	}
}

/* Out of the line. The next in it, or NULL. */
static struct fence *end(struct fence *f)
{
	struct fence *next = TAILQ_NEXT(f, link);

	TAILQ_REMOVE(&f->session->fences, f, link);
	free(f);
	return next;
}

/* All that was said before is there: the answer's turn has come. Who is first in line then. */
static struct fence *pass(struct fence *f)
{
	struct session *s = f->session;

	leave_slot(f);
	if (f->conn)
		f->say(f->conn, f->user);
	/* One that logs out is not read any more, and is to close behind what it has to say. */
	if (f->follows || !f->conn || !conn_is_full(f->conn) || !session_has_others(s, f->conn))
		return end(f);
	f->state = FENCE_AFTER;
	add_mark(f, f->conn);
	return f;
}

/*
 * The first in line goes on until it has to wait for an acknowledgement; then the next. A loop,
 * for when the last of the other connections goes nobody waits any more, however long the line.
 */
static void go_on(struct session *s)
{
	struct fence *f = TAILQ_FIRST(&s->fences);

	while (f && f->nmarks == 0) {
		switch (f->state) {
		case FENCE_IN_LINE:
			if (f->follows)
				f = pass(f);
			else
				begin(f);
			break;
		case FENCE_BEFORE: f = pass(f); break;
		case FENCE_AFTER: f = end(f); break;
		}
	}
}

void fence_say(const struct fence *what)
{
	struct conn *conn = what->conn;
	struct session *s = conn->session;
	struct fence *f;

	if (TAILQ_EMPTY(&s->fences) && (what->follows || !session_has_others(s, conn))) {
		what->say(conn, what->user);
		return;
	}
	f = malloc(sizeof(*f));
	if (!f) {
		conn_drop(conn, "no memory for a response fence");
		what->drop(what->user);
		return;
	}
	*f = *what;
	f->session = s;
	f->state = FENCE_IN_LINE;
	if (f->slot)
		*f->slot = f;
	TAILQ_INSERT_TAIL(&s->fences, f, link);
	if (f == TAILQ_FIRST(&s->fences))
		go_on(s);
}

void fence_cancel(struct fence *f)
{
	leave_slot(f);
	f->conn = NULL;
}

void fence_acked(struct conn *c, uint32_t expstatsn)
{
	struct fence_mark *m, *next;

	if (sn_before(c->tx.statsn, expstatsn))
		return; /* of what was never said */
	for (m = TAILQ_FIRST(&c->marks); m; m = next) {
		next = TAILQ_NEXT(m, link);
		if (!m->is_made || m->tx.queued || sn_before(expstatsn, m->statsn))
			return;
		remove_mark(m);
	}
}

void fence_release(struct conn *c)
{
	struct fence_mark *m, *next;

	for (m = TAILQ_FIRST(&c->marks); m; m = next) {
		next = TAILQ_NEXT(m, link);
		if (pdu_tx_remove(&c->tx, &m->tx))
			remove_mark(m);
		else
			m->is_released = true; /* on its way */
	}
}

void fence_orphan(struct session *s, struct conn *c)
{
	struct fence_mark *m, *next;
	struct fence *f;

	TAILQ_FOREACH (f, &s->fences, link) {
		if (f->conn != c)
			continue;
		f->conn = NULL;
		leave_slot(f);
		if (f->state != FENCE_AFTER)
			f->drop(f->user);
	}
	for (m = TAILQ_FIRST(&c->marks); m; m = next) {
		next = TAILQ_NEXT(m, link);
		remove_mark(m);
	}
}

bool fence_check(struct conn *c, uint64_t now_ms, uint64_t limit_ms)
{
	struct fence_mark *m = TAILQ_FIRST(&c->marks);

	if (!m)
		return false;
	if (!m->since_ms)
		m->since_ms = now_ms;
	if (now_ms - m->since_ms >= limit_ms)
		conn_drop(c, "it does not acknowledge our answers for %llu ms",
			  (unsigned long long)limit_ms);
	return true;
}
