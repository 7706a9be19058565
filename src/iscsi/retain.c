#include "iscsi/retain.h"

#include "base/buf.h"
#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"

#include <stdlib.h>

#define RECORDS_MAX 64   /* of a session: who loses more has forgotten about the first */
#define LOOK_MS     2000 /* between looks at those who wait for memory */

/* Does what c leaves behind wait? Not after a logout that closes it, nor when all is to end. */
static bool waits(const struct conn *c)
{
	const struct session *s = c->session;

	if (!s || !s->target || s->param.ErrorRecoveryLevel < 2 || c->drains)
		return false;
	if (c->state == CONN_IN_LOGOUT && !c->is_released)
		return false;
	if (c->iscsi->nlost >= c->iscsi->max_connections)
		return false;
	return s->param.DefaultTime2Retain > 0 && !s->is_dropped && !s->closing &&
	       !c->iscsi->stopping;
}

static void set_alarm(struct iscsi *iscsi, uint64_t at_ms)
{
	if (at_ms > iscsi->now_ms + LOOK_MS)
		at_ms = iscsi->now_ms + LOOK_MS;
	if (!iscsi->alarm_ms || at_ms < iscsi->alarm_ms)
		iscsi->alarm_ms = at_ms;
}

/* 7.5, 11.15.3, 11.15.4: from now on so long. */
static void start_time(struct session *s, struct lost *l)
{
	const struct param *p = &s->param;

	l->until_ms =
		s->iscsi->now_ms + ((uint64_t)p->DefaultTime2Wait + p->DefaultTime2Retain) * 1000;
	set_alarm(s->iscsi, l->until_ms);
}

static void close_one(struct session *s, struct lost *l)
{
	struct task *t, *next;

	for (t = TAILQ_FIRST(&l->tasks); t; t = next) {
		next = TAILQ_NEXT(t, lost_link);
		task_unpark(t);
		port_orphan(t);
	}
	TAILQ_REMOVE(&s->lost, l, link);
	s->nrecords--;
	s->iscsi->nlost--;
	free(l);
}

void retain_start(struct conn *c)
{
	struct session *s = c->session;
	struct lost *l;

	if (!waits(c))
		return;
	if (s->nrecords == RECORDS_MAX)
		close_one(s, TAILQ_FIRST(&s->lost));
	l = calloc(1, sizeof(*l));
	if (!l)
		return; /* its tasks end with it */
	l->cid = c->cid;
	l->is_released = c->is_released;
	start_time(s, l);
	TAILQ_INIT(&l->tasks);
	TAILQ_INSERT_TAIL(&s->lost, l, link);
	s->nrecords++;
	c->iscsi->nlost++;
	c->lost = l;
}

void retain_tasks(struct conn *c)
{
	struct task *t, *next;

	for (t = TAILQ_FIRST(&c->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn == c)
			port_park(t, c->lost);
	}
}

bool retain_has(const struct session *s, uint16_t cid)
{
	const struct lost *l;

	TAILQ_FOREACH (l, &s->lost, link) {
		if (l->cid == cid)
			return true;
	}
	return false;
}

/*
 * 11.14: tasks that wait for their CmdSN are discarded. The others are waited for as long as the
 * answer says; but only the first answer.
 */
static void release_one(struct session *s, struct lost *l)
{
	struct task *t, *next;

	if (l->is_released)
		return;
	l->is_released = true;
	start_time(s, l);
	for (t = TAILQ_FIRST(&l->tasks); t; t = next) {
		next = TAILQ_NEXT(t, lost_link);
		if (t->state != TASK_HELD)
			continue;
		task_unpark(t);
		port_orphan(t);
	}
}

void retain_release(struct session *s, uint16_t cid)
{
	struct lost *l;

	TAILQ_FOREACH (l, &s->lost, link) {
		if (l->cid == cid)
			release_one(s, l);
	}
}

void retain_close(struct session *s, uint16_t cid)
{
	struct lost *l, *next;

	for (l = TAILQ_FIRST(&s->lost); l; l = next) {
		next = TAILQ_NEXT(l, link);
		if (l->cid == cid)
			close_one(s, l);
	}
}

void retain_close_all(struct session *s)
{
	struct lost *l, *next;

	for (l = TAILQ_FIRST(&s->lost); l; l = next) {
		next = TAILQ_NEXT(l, link);
		close_one(s, l);
	}
}

bool retain_is_in_the_way(struct iscsi *iscsi)
{
	const struct buf_wait *first = STAILQ_FIRST(&iscsi->pool->line);
	bool is_same = first && first == iscsi->first_in_line;

	iscsi->first_in_line = first;
	return is_same;
}

bool retain_expire(struct session *s, uint64_t now_ms, bool in_the_way)
{
	struct lost *l, *next;
	bool any = false;

	for (l = TAILQ_FIRST(&s->lost); l; l = next) {
		bool is_late = now_ms >= l->until_ms;

		next = TAILQ_NEXT(l, link);
		if (!is_late && (!in_the_way || TAILQ_EMPTY(&l->tasks))) {
			set_alarm(s->iscsi, l->until_ms);
			continue;
		}
		if (log_rate_pass(&s->iscsi->losses, now_ms, "notices of lost connections"))
			log_notice("session %u: connection %u %s", s->tsih, l->cid,
				   is_late ? "was not recovered in time"
					   : "is given up: others need memory");
		close_one(s, l);
		any = true;
	}
	return any;
}

/* ---- TASK REASSIGN ---- */

/* 7.2.2, 11.6.1 */
static enum pdu_tmf_response check(const struct session *s, const struct task *t)
{
	if (s->param.ErrorRecoveryLevel < 2)
		return PDU_TMF_NO_REASSIGN;
	if (!t || t->cancelled)
		return PDU_TMF_NO_TASK;
	if (!t->lost || !t->lost->is_released)
		return PDU_TMF_STILL_ALLEGIANT;
	return PDU_TMF_COMPLETE;
}

void retain_reassign(struct conn *c, const struct pdu_tmf_req *req)
{
	struct task *t = task_find(c->session, req->rtt);
	struct answer *a = answer_new(0);
	struct pdu_tmf_rsp rsp = { .itt = req->itt };

	if (!a) {
		conn_drop(c, "no memory for a task management response");
		return;
	}
	rsp.response = (uint8_t)check(c->session, t);
	pdu_put_tmf_rsp(a->bhs, &rsp);
	answer_send(c, a); /* 11.6: the answer comes before what follows from it */
	if (rsp.response == PDU_TMF_COMPLETE)
		port_reassign(t, c, req->expdatasn);
}
