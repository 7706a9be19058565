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

struct conn *session_conn(const struct session *s)
{
	return TAILQ_FIRST(&s->conns);
}

uint32_t session_ttt(struct session *s)
{
	if (++s->last_ttt == PDU_TAG_RESERVED)
		s->last_ttt = 0;
	return s->last_ttt;
}

void session_settle(struct session *s)
{
	if (s->state == SESSION_ENDING && s->ntasks == 0 && TAILQ_EMPTY(&s->tmfs))
		session_free(s);
}

void session_free(struct session *s)
{
	struct session_waiter *w;

	assert(TAILQ_EMPTY(&s->conns) && TAILQ_EMPTY(&s->cmdsn.held) && s->ntasks == 0);
	if (s->has_nexus)
		scsi_nexus_close(&s->nexus);
	TAILQ_REMOVE(&s->iscsi->sessions, s, link);
	map_remove(&s->iscsi->tsihs, s->tsih);
	while ((w = TAILQ_FIRST(&s->waiters))) {
		TAILQ_REMOVE(&s->waiters, w, link);
		w->waits_for = NULL;
		w->resume(w);
	}
	map_fini(&s->itts);
	s->magic = 0;
	free(s);
}
