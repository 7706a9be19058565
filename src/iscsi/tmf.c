#include "iscsi/tmf.h"

#include "base/serial.h"
#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "scsi/tmf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* One function in progress. Owned by its session until the device server is done with it. */
struct tmf {
	struct session *session;
	struct conn *conn; /* who asked; NULL when gone */
	uint32_t itt;
	uint8_t function;
	struct scsi_tmf scsi;
	TAILQ_ENTRY(tmf) link;
};

/* What each function is to the device server. */
static const struct tmf_row {
	uint8_t function;
	const char *name;
	enum scsi_tmf_function scsi;
	bool one_task; /* refers to a task by its tag */
	bool all_lus;  /* held tasks of every logical unit are affected */
	bool affects;  /* ends tasks */
} rows[] = {
	{ PDU_TMF_ABORT_TASK, "ABORT TASK", SCSI_ABORT_TASK, true, false, true },
	{ PDU_TMF_ABORT_TASK_SET, "ABORT TASK SET", SCSI_ABORT_TASK_SET, false, false, true },
	{ PDU_TMF_CLEAR_ACA, "CLEAR ACA", SCSI_CLEAR_ACA, false, false, false },
	{ PDU_TMF_CLEAR_TASK_SET, "CLEAR TASK SET", SCSI_CLEAR_TASK_SET, false, false, true },
	{ PDU_TMF_LU_RESET, "LOGICAL UNIT RESET", SCSI_LU_RESET, false, false, true },
	{ PDU_TMF_TARGET_WARM_RESET, "TARGET WARM RESET", SCSI_TARGET_RESET, false, true, true },
};

static const struct tmf_row *find_row(uint8_t function)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].function == function)
			return &rows[i];
	}
	return NULL;
}

static void respond(struct conn *c, uint32_t itt, enum pdu_tmf_response response)
{
	struct answer *a = answer_new(0);
	struct pdu_tmf_rsp rsp = { .response = (uint8_t)response, .itt = itt };

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

static void scsi_done(struct scsi_tmf *scsi)
{
	struct tmf *tmf = (struct tmf *)((char *)scsi - offsetof(struct tmf, scsi));
	struct session *s = tmf->session;

	if (tmf->conn)
		respond(tmf->conn, tmf->itt, response_of(scsi->result));
	TAILQ_REMOVE(&s->tmfs, tmf, link);
	free(tmf);
	session_settle(s);
}

static void start(struct conn *c, const struct tmf_row *row, const struct pdu_tmf_req *req,
		  struct task *task)
{
	struct tmf *tmf = calloc(1, sizeof(*tmf));

	if (!tmf) {
		respond(c, req->itt, PDU_TMF_REJECTED);
		return;
	}
	tmf->session = c->session;
	tmf->conn = c;
	tmf->itt = req->itt;
	tmf->function = req->function;
	tmf->scsi.function = row->scsi;
	tmf->scsi.nexus = &c->session->nexus;
	memcpy(tmf->scsi.lun, req->lun, PDU_LUN_LEN);
	tmf->scsi.task = task ? &task->scsi : NULL;
	tmf->scsi.done = scsi_done;
	TAILQ_INSERT_TAIL(&c->session->tmfs, tmf, link);
	scsi_tmf_submit(&tmf->scsi);
}

/* Commands that wait for their CmdSN are not in the task set yet: they end here. */
static void cancel_held(struct session *s, const struct tmf_row *row, const struct pdu_tmf_req *req)
{
	struct task *t;

	TAILQ_FOREACH (t, &s->tasks, link) {
		if (t->state == TASK_HELD && sn_before(t->order.cmdsn, req->cmdsn) &&
		    (row->all_lus || !memcmp(t->scsi.lun, req->lun, PDU_LUN_LEN)))
			port_cancel_held(t);
	}
}

/*
 * No such task (11.5.5, 11.6.1). When RefCmdSN says that the command was received it has just
 * been answered, and the function is complete: some initiators take "does not exist" for a
 * broken target. A RefCmdSN in the window that has not come yet is for a command that was lost.
 */
static enum pdu_tmf_response without_task(const struct session *s, const struct pdu_tmf_req *req)
{
	uint32_t oldest = s->cmdsn.exp - 4 * s->cmdsn.depth;

	if (sn_upto(oldest, req->refcmdsn) && sn_before(req->refcmdsn, s->cmdsn.exp) &&
	    sn_before(req->refcmdsn, req->cmdsn))
		return PDU_TMF_COMPLETE;
	return PDU_TMF_NO_TASK;
}

static void abort_task(struct conn *c, const struct tmf_row *row, const struct pdu_tmf_req *req)
{
	struct task *t = task_find(c->session, req->rtt);

	if (!t || t->state == TASK_TAKING) {
		respond(c, req->itt, without_task(c->session, req));
		return;
	}
	switch (t->state) {
	case TASK_HELD:
		port_cancel_held(t);
		respond(c, req->itt, PDU_TMF_COMPLETE);
		return;
	case TASK_ACTIVE: start(c, row, req, t); return;
	default: /* its answer goes before this one */
		respond(c, req->itt, PDU_TMF_COMPLETE);
		return;
	}
}

void tmf_start(struct conn *c, const struct pdu_tmf_req *req)
{
	const struct tmf_row *row = find_row(req->function);

	if (!row) {
		conn_fault(c, "task management function %u is not supported", req->function);
		respond(c, req->itt, PDU_TMF_NOT_SUPPORTED);
		return;
	}
	conn_notice(c, "%s", row->name);
	if (row->one_task) {
		abort_task(c, row, req);
		return;
	}
	if (row->affects)
		cancel_held(c->session, row, req);
	start(c, row, req, NULL);
}

void tmf_orphan(struct session *s, const struct conn *c)
{
	struct tmf *tmf;

	TAILQ_FOREACH (tmf, &s->tmfs, link) {
		if (tmf->conn == c)
			tmf->conn = NULL;
	}
}
