#include "iscsi/logout.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/fence.h"
#include "iscsi/order.h"
#include "iscsi/retain.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"

/*
 * A connection's tasks come before the answer to its logout: those that an ordered logout
 * stands behind are answered, the others end (4.2.3, 11.14). It closes behind the last of them.
 */
static void part(struct conn *c, bool whole, bool at_once)
{
	struct task *t, *next;

	if (whole)
		conn_news(c, "session %u: logged out", c->session->tsih);
	else
		conn_news(c, "session %u: connection %u logged out", c->session->tsih, c->cid);
	conn_event(c, EV_LOGOUT_PDU);
	c->drains = true;
	if (!whole)
		order_orphan(c->session, c);
	for (t = TAILQ_FIRST(&c->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn == c)
			port_part(t, whole, at_once);
	}
	fence_release(c);
}

/* What still waits for its CmdSN, though its connection is gone, waits for nothing any more. */
static void forget_held(struct session *s)
{
	struct task *t, *next;

	for (t = TAILQ_FIRST(&s->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (!t->conn && t->state == TASK_HELD)
			port_part(t, true, true);
	}
}

static void close_session(struct conn *c, struct answer *a, bool at_once)
{
	struct session *s = c->session;
	struct conn *other;

	s->closing = c;
	s->is_dropped = true;
	retain_close_all(s);
	TAILQ_FOREACH (other, &s->conns, slink) {
		if (conn_is_full(other))
			part(other, true, at_once);
	}
	forget_held(s);
	answer_part(c, c, a);
}

/* Close one connection: the one that asks for it, or another. */
static void close_conn(struct conn *c, struct conn *which, struct answer *a, bool at_once)
{
	if (!conn_is_full(which)) {
		answer_send(c, a); /* it is closing already */
		return;
	}
	part(which, !session_has_others(c->session, which), at_once);
	answer_part(which, c, a);
}

/*
 * Remove a connection for recovery (11.14.1, reason 2): it is as good as lost, and its tasks may be
 * taken over. Of the one that asks nothing more is said but the answer.
 */
static void recover_conn(struct conn *c, struct conn *which, struct answer *a)
{
	struct task *t, *next;

	conn_news(which, "session %u: connection %u logged out for recovery", c->session->tsih,
		  which->cid);
	which->is_released = true;
	if (which != c && which->parting) {
		answer_send(c, a); /* it is closing already, and somebody waits to be told */
		return;
	}
	if (which != c) {
		a->conn = c;
		which->parting = a;
		conn_event(which, EV_DROP);
		return;
	}
	order_orphan(c->session, c);
	for (t = TAILQ_FIRST(&c->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn == c)
			port_hush(t);
	}
	conn_event(c, EV_LOGOUT_PDU);
	answer_send(c, a);
}

/* Of a connection that is lost already. */
static void settle_lost(struct conn *c, const struct pdu_logout_req *req, struct answer *a)
{
	if (req->reason == PDU_LOGOUT_RECOVERY)
		retain_release(c->session, req->cid);
	else
		retain_close(c->session, req->cid);
	answer_send(c, a);
}

static enum pdu_logout_response response_to(const struct conn *c, const struct pdu_logout_req *req,
					    const struct conn *which)
{
	if (req->reason == PDU_LOGOUT_SESSION)
		return PDU_LOGOUT_DONE;
	if (!which && !retain_has(c->session, req->cid))
		return PDU_LOGOUT_NO_CID;
	if (req->reason == PDU_LOGOUT_RECOVERY && c->session->param.ErrorRecoveryLevel < 2)
		return PDU_LOGOUT_NO_RECOVERY;
	return PDU_LOGOUT_DONE;
}

void logout_start(struct conn *c, const struct pdu_logout_req *req)
{
	struct conn *which = session_conn(c->session, req->cid);
	const struct param *p = &c->session->param;
	struct pdu_logout_rsp rsp = {
		.itt = req->itt,
		.response = (uint8_t)response_to(c, req, which),
		.time2wait = (uint16_t)p->DefaultTime2Wait,
	};
	struct answer *a = answer_new(0);

	if (!a) {
		conn_drop(c, "no memory for a logout response");
		return;
	}
	/* 11.15.4: 0 where nothing is left that could be taken over. */
	if (req->reason == PDU_LOGOUT_RECOVERY && p->ErrorRecoveryLevel == 2)
		rsp.time2retain = (uint16_t)p->DefaultTime2Retain;
	pdu_put_logout_rsp(a->bhs, &rsp);
	if (rsp.response != PDU_LOGOUT_DONE)
		answer_send(c, a);
	else if (req->reason == PDU_LOGOUT_SESSION)
		close_session(c, a, req->immediate);
	else if (!which)
		settle_lost(c, req, a);
	else if (req->reason == PDU_LOGOUT_RECOVERY)
		recover_conn(c, which, a);
	else
		close_conn(c, which, a, req->immediate);
}
