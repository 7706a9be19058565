#include "iscsi/logout.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
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
	for (t = TAILQ_FIRST(&c->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn == c)
			port_part(t, whole, at_once);
	}
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

static enum pdu_logout_response response_to(const struct pdu_logout_req *req,
					    const struct conn *which)
{
	if (req->reason == PDU_LOGOUT_SESSION)
		return PDU_LOGOUT_DONE;
	if (!which)
		return PDU_LOGOUT_NO_CID;
	return req->reason == PDU_LOGOUT_CONNECTION ? PDU_LOGOUT_DONE : PDU_LOGOUT_NO_RECOVERY;
}

void logout_start(struct conn *c, const struct pdu_logout_req *req)
{
	struct conn *which = session_conn(c->session, req->cid);
	struct pdu_logout_rsp rsp = {
		.itt = req->itt,
		.response = (uint8_t)response_to(req, which),
		.time2wait = (uint16_t)c->session->param.DefaultTime2Wait,
	};
	struct answer *a = answer_new(0);

	if (!a) {
		conn_drop(c, "no memory for a logout response");
		return;
	}
	pdu_put_logout_rsp(a->bhs, &rsp);
	if (rsp.response != PDU_LOGOUT_DONE)
		answer_send(c, a);
	else if (req->reason == PDU_LOGOUT_SESSION)
		close_session(c, a, req->immediate);
	else
		close_conn(c, which, a, req->immediate);
}
