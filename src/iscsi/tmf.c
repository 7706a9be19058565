#include "iscsi/tmf.h"

#include "base/serial.h"
#include "iscsi/answer.h"
#include "iscsi/async.h"
#include "iscsi/conn.h"
#include "iscsi/fence.h"
#include "iscsi/order.h"
#include "iscsi/quirks.h"
#include "iscsi/retain.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "scsi/device.h"
#include "scsi/lun.h"
#include "scsi/tmf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * How long data is waited for that was asked for before its task was aborted (4.2.3.3). The RFC
 * has initiators answer every R2T and targets wait; but open-iscsi, unless it is told otherwise,
 * sends nothing more for the tasks of a function that it has sent, and gives the session up when
 * the function is not answered.
 */
#define DRAIN_MS 2000

enum tmf_scope {
	ON_TASK,   /* the task of Referenced Task Tag */
	ON_LU,     /* the logical unit of the LUN field */
	ON_NEXUS,  /* this session */
	ON_TARGET, /* all there is */
};

/* What each function is to the device server. */
static const struct tmf_row {
	const char *name;
	enum scsi_tmf_function scsi;
	enum tmf_scope scope;
	uint32_t level; /* the iSCSIProtocolLevel that has it (RFC 7144, 4.2) */
	uint8_t function;
	bool ends_tasks;
	bool ends_sessions; /* all of the target's, when it is done */
} rows[] = {
	{ "ABORT TASK", SCSI_ABORT_TASK, ON_TASK, 0, PDU_TMF_ABORT_TASK, true, false },
	{ "ABORT TASK SET", SCSI_ABORT_TASK_SET, ON_LU, 0, PDU_TMF_ABORT_TASK_SET, true, false },
	{ "CLEAR ACA", SCSI_CLEAR_ACA, ON_LU, 0, PDU_TMF_CLEAR_ACA, false, false },
	{ "CLEAR TASK SET", SCSI_CLEAR_TASK_SET, ON_LU, 0, PDU_TMF_CLEAR_TASK_SET, true, false },
	{ "LOGICAL UNIT RESET", SCSI_LU_RESET, ON_LU, 0, PDU_TMF_LU_RESET, true, false },
	{ "TARGET WARM RESET", SCSI_TARGET_RESET, ON_TARGET, 0, PDU_TMF_TARGET_WARM_RESET, true,
	  false },
	{ "TARGET COLD RESET", SCSI_TARGET_RESET, ON_TARGET, 0, PDU_TMF_TARGET_COLD_RESET, true,
	  true },
	{ "QUERY TASK", SCSI_QUERY_TASK, ON_TASK, 2, PDU_TMF_QUERY_TASK, false, false },
	{ "QUERY TASK SET", SCSI_QUERY_TASK_SET, ON_LU, 2, PDU_TMF_QUERY_TASK_SET, false, false },
	{ "I_T NEXUS RESET", SCSI_IT_NEXUS_RESET, ON_NEXUS, 2, PDU_TMF_IT_NEXUS_RESET, true,
	  false },
	{ "QUERY ASYNCHRONOUS EVENT", SCSI_QUERY_ASYNC_EVENT, ON_LU, 2, PDU_TMF_QUERY_ASYNC_EVENT,
	  false, false },
};

enum tmf_state {
	TMF_WAITING,  /* for commands before it that have not come */
	TMF_RUNNING,  /* the device server has it */
	TMF_DRAINING, /* done, but for data that its own session was asked for */
	TMF_FENCED,   /* its answer waits for its turn */
};

/* One function in progress. Owned by its session until it is answered. */
struct tmf {
	enum tmf_state state;
	struct session *session;
	struct conn *conn; /* who asked; NULL when gone */
	uint32_t itt;
	enum pdu_tmf_response response; /* in FENCED */
	const struct tmf_row *row;
	uint64_t since_ms; /* when it became DRAINING */
	struct order_wait turn;
	struct scsi_tmf scsi;
	TAILQ_ENTRY(tmf) link;
};

static const struct tmf_row *find_row(const struct session *s, uint8_t function)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].function == function)
			return s->param.iSCSIProtocolLevel >= rows[i].level ? &rows[i] : NULL;
	}
	return NULL;
}

static void respond(struct conn *c, uint32_t itt, enum pdu_tmf_response code, uint32_t info)
{
	struct pdu_tmf_rsp rsp = { .response = (uint8_t)code, .itt = itt, .info = info };
	struct answer *a = answer_new(0);

	if (!a) {
		conn_drop(c, "no memory for a task management response");
		return;
	}
	pdu_put_tmf_rsp(a->bhs, &rsp);
	answer_send(c, a);
}

static enum pdu_tmf_response response_of(enum scsi_tmf_result result)
{
	switch (result) {
	case SCSI_TMF_COMPLETE: return PDU_TMF_COMPLETE;
	case SCSI_TMF_SUCCEEDED: return PDU_TMF_SUCCEEDED;
	case SCSI_TMF_NO_LU: return PDU_TMF_NO_LUN;
	case SCSI_TMF_NOT_SUPPORTED: return PDU_TMF_NOT_SUPPORTED;
	case SCSI_TMF_REJECTED: break;
	}
	return PDU_TMF_REJECTED;
}

/* One of them, which may be freed: it takes no connection any more. */
static void end_session(struct session *s, bool asked)
{
	struct conn *c;

	s->is_dropped = true;
	TAILQ_FOREACH (c, &s->conns, slink) {
		if (!conn_is_full(c))
			continue;
		conn_news(c, "session %u: ended by TARGET COLD RESET", s->tsih);
		if (asked)
			conn_event(c, EV_CLOSE);
		else
			async_drop_session(c);
	}
	if (TAILQ_EMPTY(&s->conns)) {
		retain_close_all(s);
		session_end(s);
	}
}

/*
 * A cold reset ends every session of the target (11.5.1); the one who asked for it still
 * gets its answer first.
 */
static void end_sessions(struct session *asking)
{
	struct target *target = asking->target;
	struct session *s, *next;

	for (s = TAILQ_FIRST(&asking->iscsi->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->target == target)
			end_session(s, s == asking);
	}
}

static void tmf_end(struct tmf *tmf)
{
	struct session *s = tmf->session;

	TAILQ_REMOVE(&s->tmfs, tmf, link);
	s->ntmfs--;
	free(tmf);
	session_settle(s);
}

/* Does it end many tasks? */
static bool is_multi(const struct tmf *tmf)
{
	return tmf->row->ends_tasks && tmf->row->scope != ON_TASK;
}

/* Answer it where it was asked for. */
static void say(struct conn *c, void *arg)
{
	struct tmf *tmf = arg;

	respond(c, tmf->itt, tmf->response, tmf->scsi.info);
	tmf_end(tmf);
}

static void drop(void *arg)
{
	tmf_end(arg);
}

/*
 * 4.2.3.3: a function on many tasks is answered when the initiator has acknowledged all that was
 * said on the session's other connections before; one on a single task, behind the answers that
 * wait. Until then it counts as one of those in progress, for they are bounded.
 */
static void answer(struct tmf *tmf, enum pdu_tmf_response response)
{
	tmf->state = TMF_FENCED;
	tmf->response = response;
	fence_say(&(struct fence){ .follows = !is_multi(tmf),
				   .conn = tmf->conn,
				   .user = tmf,
				   .say = say,
				   .drop = drop });
}

/* It is done. */
static void conclude(struct tmf *tmf)
{
	if (tmf->conn && !tmf->row->ends_sessions) {
		answer(tmf, response_of(tmf->scsi.result));
		return;
	}
	if (tmf->conn)
		respond(tmf->conn, tmf->itt, response_of(tmf->scsi.result), tmf->scsi.info);
	if (tmf->row->ends_sessions)
		end_sessions(tmf->session);
	tmf_end(tmf);
}

/* A LUN may be written in more than one way (SAM-5, 4.7). */
static bool is_same_lun(const uint8_t *a, const uint8_t *b)
{
	uint32_t x, y;

	return !scsi_lun_get(a, &x) && !scsi_lun_get(b, &y) && x == y;
}

/* Is a task of the function's own session one of those that it is about? */
static bool is_in_scope(const struct tmf *tmf, const struct task *t)
{
	return tmf->row->scope != ON_LU || is_same_lun(t->scsi.lun, tmf->scsi.lun);
}

static bool is_draining(const struct tmf *tmf)
{
	const struct task *t;

	TAILQ_FOREACH (t, &tmf->session->tasks, link) {
		if (t->state == TASK_DRAINING && is_in_scope(tmf, t))
			return true;
	}
	return false;
}

static void scsi_done(struct scsi_tmf *scsi)
{
	struct tmf *tmf = (struct tmf *)((char *)scsi - offsetof(struct tmf, scsi));

	if (is_multi(tmf) && tmf->conn && is_draining(tmf)) {
		tmf->state = TMF_DRAINING;
		tmf->since_ms = tmf->conn->heard_ms;
		tmf->conn->waits = true;
	} else {
		conclude(tmf);
	}
}

void tmf_settle(struct session *s)
{
	struct tmf *tmf, *next;

	for (tmf = TAILQ_FIRST(&s->tmfs); tmf; tmf = next) {
		next = TAILQ_NEXT(tmf, link);
		if (tmf->state == TMF_DRAINING && !is_draining(tmf))
			conclude(tmf);
	}
}

/* Whoever has not sent its data by now has none for tasks that it wanted to be aborted. */
static void stop_draining(struct tmf *tmf)
{
	struct task *t, *next;

	for (t = TAILQ_FIRST(&tmf->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->state == TASK_DRAINING && is_in_scope(tmf, t))
			port_cancel(t);
	}
}

bool tmf_check(struct session *s, uint64_t now_ms)
{
	bool waits = false;
	struct tmf *tmf;

	TAILQ_FOREACH (tmf, &s->tmfs, link) {
		if (tmf->state != TMF_DRAINING)
			continue;
		if (now_ms - tmf->since_ms >= DRAIN_MS)
			stop_draining(tmf);
		else
			waits = true;
	}
	tmf_settle(s);
	return waits;
}

/* Its turn has come: the tasks of the set are what the session has now. */
static void run(struct tmf *tmf)
{
	struct task *t;

	tmf->state = TMF_RUNNING;
	TAILQ_FOREACH (t, &tmf->session->tasks, link) {
		if (tmf->row->ends_tasks && is_in_scope(tmf, t))
			t->drains = true;
	}
	scsi_tmf_submit(&tmf->scsi);
}

static void turn_came(struct order_wait *w)
{
	run((struct tmf *)((char *)w - offsetof(struct tmf, turn)));
}

/* NULL: too many, which is answered. */
static struct tmf *tmf_new(struct conn *c, const struct tmf_row *row, const struct pdu_tmf_req *req)
{
	struct session *s = c->session;
	struct tmf *tmf = NULL;

	/* Immediate ones have no window. */
	if (s->ntmfs < s->cmdsn.depth)
		tmf = calloc(1, sizeof(*tmf));
	if (!tmf) {
		conn_fault(c, "too many task management functions at a time");
		respond(c, req->itt, PDU_TMF_REJECTED, 0);
		return NULL;
	}
	tmf->session = s;
	tmf->conn = c;
	tmf->itt = req->itt;
	tmf->row = row;
	tmf->scsi.function = row->scsi;
	tmf->scsi.nexus = &s->nexus;
	memcpy(tmf->scsi.lun, req->lun, PDU_LUN_LEN);
	tmf->scsi.done = scsi_done;
	tmf->turn.ready = turn_came;
	TAILQ_INSERT_TAIL(&s->tmfs, tmf, link);
	s->ntmfs++;
	return tmf;
}

/* Will the device server find what the function is about? */
static bool has_subject(const struct tmf *tmf)
{
	const struct scsi_nexus *x = &tmf->session->nexus;
	const struct scsi_lu *lu;
	uint32_t number;

	if (tmf->row->scope != ON_LU)
		return true;
	if (scsi_lun_get(tmf->scsi.lun, &number))
		return false;
	lu = scsi_device_lu(x->device, number);
	return lu && (!x->sees || x->sees(x, lu));
}

/* Commands before it that wait for their CmdSN are of the set, too: they end here. */
static void cancel_held(const struct tmf *tmf, uint32_t cmdsn)
{
	struct task *t;

	if (!has_subject(tmf))
		return; /* it is answered so, and nothing ends */
	TAILQ_FOREACH (t, &tmf->session->tasks, link) {
		if (t->state == TASK_HELD && !t->cancelled && sn_before(t->order.cmdsn, cmdsn) &&
		    is_in_scope(tmf, t))
			port_cancel(t);
	}
}

/*
 * No such task (11.6.1). A RefCmdSN in the window that has not come is of a command that was
 * lost: it counts as received now, and as aborted. One before the window is of a command that has
 * been answered: it does not exist, but for those who would take that for a broken target.
 */
static enum pdu_tmf_response without_task(struct session *s, const struct pdu_tmf_req *req)
{
	uint32_t oldest = s->cmdsn.exp - 4 * s->cmdsn.depth;

	if (!sn_before(req->refcmdsn, req->cmdsn) || sn_before(req->refcmdsn, oldest))
		return PDU_TMF_NO_TASK;
	if (sn_before(req->refcmdsn, s->cmdsn.exp))
		return s->quirks & QUIRK_DONE_IS_ABORTED ? PDU_TMF_COMPLETE : PDU_TMF_NO_TASK;
	order_fill(s, req->refcmdsn);
	return PDU_TMF_COMPLETE;
}

/* A function on one task: what there is to say when the device server does not have it. */
static void on_task(struct conn *c, const struct tmf_row *row, const struct pdu_tmf_req *req)
{
	struct task *t = task_find(c->session, req->rtt);
	enum pdu_tmf_response response;
	struct tmf *tmf;

	if (t && t->state == TASK_ACTIVE) {
		tmf = tmf_new(c, row, req);
		if (tmf) {
			tmf->state = TMF_RUNNING;
			tmf->scsi.task = &t->scsi;
			scsi_tmf_submit(&tmf->scsi);
		}
		return;
	}
	if (row->ends_tasks && t && t->lost && t->state != TASK_HELD) {
		task_unpark(t); /* its answer waits for a connection, and is not wanted any more */
		port_orphan(t);
		respond(c, req->itt, PDU_TMF_COMPLETE, 0);
		return;
	}
	if (!row->ends_tasks) {
		respond(c, req->itt,
			t && t->state == TASK_HELD ? PDU_TMF_SUCCEEDED : PDU_TMF_COMPLETE, 0);
		return;
	}
	if (t && (t->state == TASK_HELD || t->state == TASK_DRAINING)) {
		port_cancel(t);
		respond(c, req->itt, PDU_TMF_COMPLETE, 0);
		return;
	}
	/* One that is being answered is as good as gone: its answer goes out first. */
	response = without_task(c->session, req);
	if (!t || !t->fence)
		respond(c, req->itt, response, 0);
	else if ((tmf = tmf_new(c, row, req)))
		answer(tmf, response);
}

/*
 * A function on many tasks. Those that it ends are all with a CmdSN before its own: an immediate
 * one waits for those of them that have not come (4.2.3.3).
 */
static void on_many(struct conn *c, const struct tmf_row *row, const struct pdu_tmf_req *req)
{
	struct tmf *tmf = tmf_new(c, row, req);

	if (!tmf)
		return;
	if (row->ends_tasks)
		cancel_held(tmf, req->cmdsn);
	if (row->ends_tasks && order_wait_start(c->session, &tmf->turn, req->cmdsn)) {
		tmf->state = TMF_WAITING;
		c->waits = true;
		return;
	}
	run(tmf);
}

void tmf_start(struct conn *c, const struct pdu_tmf_req *req)
{
	const struct tmf_row *row = find_row(c->session, req->function);

	if (req->function == PDU_TMF_TASK_REASSIGN) {
		retain_reassign(c, req);
		return;
	}
	if (!row) {
		conn_fault(c, "task management function %u is not supported", req->function);
		respond(c, req->itt, PDU_TMF_NOT_SUPPORTED, 0);
		return;
	}
	if (row->ends_tasks)
		conn_news(c, "%s", row->name);
	if (row->scope == ON_TASK)
		on_task(c, row, req);
	else
		on_many(c, row, req);
}

void tmf_orphan(struct session *s, const struct conn *c)
{
	struct tmf *tmf, *next;

	for (tmf = TAILQ_FIRST(&s->tmfs); tmf; tmf = next) {
		next = TAILQ_NEXT(tmf, link);
		if (tmf->conn != c)
			continue;
		tmf->conn = NULL;
		if (tmf->state == TMF_DRAINING) {
			conclude(tmf);
		} else if (tmf->state == TMF_WAITING) {
			order_wait_stop(s, &tmf->turn);
			tmf_end(tmf);
		}
	}
}
