#include "iscsi/session.h"

#include "iscsi/conn.h"

#include <assert.h>
#include <stdlib.h>

void session_add_conn(struct session *s, struct conn *c)
{
	c->session = s;
	c->tx.window = &s->cmdsn;
	TAILQ_INSERT_TAIL(&s->conns, c, slink);
}

void session_remove_conn(struct session *s, struct conn *c)
{
	TAILQ_REMOVE(&s->conns, c, slink);
	c->session = NULL;
	c->tx.window = NULL;
}

struct conn *session_conn(const struct session *s, uint16_t cid)
{
	struct conn *c;

	TAILQ_FOREACH (c, &s->conns, slink) {
		if (c->cid == cid)
			return c;
	}
	return NULL;
}

bool session_has_others(const struct session *s, const struct conn *c)
{
	const struct conn *other;

	TAILQ_FOREACH (other, &s->conns, slink) {
		if (other != c && conn_is_full(other))
			return true;
	}
	return false;
}

uint32_t session_ttt(struct session *s)
{
	if (++s->last_ttt == PDU_TAG_RESERVED)
		s->last_ttt = 0;
	return s->last_ttt;
}

void session_wake(struct session *s)
{
	struct session_waiter *w;
	unsigned int n = 0;

	/* Who still has to wait is at the end of the line. */
	TAILQ_FOREACH (w, &s->waiters, link)
		n++;
	for (; n > 0 && (w = TAILQ_FIRST(&s->waiters)); n--) {
		TAILQ_REMOVE(&s->waiters, w, link);
		TAILQ_INSERT_TAIL(&s->waiters, w, link);
		w->resume(w);
	}
}

/* Whoever waits in vain, for its login was refused. */
static void forget_waiters(struct session *s)
{
	struct session_waiter *w;

	while ((w = TAILQ_FIRST(&s->waiters))) {
		TAILQ_REMOVE(&s->waiters, w, link);
		w->waits_for = NULL;
	}
}

bool session_is_over(const struct session *s)
{
	const struct session_waiter *w;

	if (!TAILQ_EMPTY(&s->conns) || !TAILQ_EMPTY(&s->lost))
		return false;
	TAILQ_FOREACH (w, &s->waiters, link) {
		if (w->joins)
			return s->is_dropped;
	}
	return true;
}

void session_end(struct session *s)
{
	struct cmdsn_entry *e;

	if (s->state == SESSION_ENDING)
		return;
	assert(TAILQ_EMPTY(&s->conns) && TAILQ_EMPTY(&s->lost));
	while ((e = TAILQ_FIRST(&s->cmdsn.held))) {
		cmdsn_remove(&s->cmdsn, e);
		e->drop(e);
	}
	s->state = SESSION_ENDING;
	session_settle(s);
}

void session_settle(struct session *s)
{
	if (s->state == SESSION_ENDING && s->ntasks == 0 && TAILQ_EMPTY(&s->tmfs))
		session_free(s);
}

void session_free(struct session *s)
{
	assert(TAILQ_EMPTY(&s->fences) && TAILQ_EMPTY(&s->lost) && s->nlost == 0);
	assert(TAILQ_EMPTY(&s->conns) && TAILQ_EMPTY(&s->cmdsn.held) && s->ntasks == 0);
	if (s->has_nexus)
		scsi_nexus_close(&s->nexus);
	TAILQ_REMOVE(&s->iscsi->sessions, s, link);
	map_remove(&s->iscsi->tsihs, s->tsih);
	session_wake(s);
	forget_waiters(s);
	map_fini(&s->itts);
	s->magic = 0;
	free(s);
}
