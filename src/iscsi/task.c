#include "iscsi/task.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct task *pool_get(struct iscsi *iscsi)
{
	struct task *t = SLIST_FIRST(&iscsi->free_tasks);

	if (t)
		SLIST_REMOVE_HEAD(&iscsi->free_tasks, free);
	else
		t = malloc(sizeof(*t));
	return t;
}

static uint8_t scsi_attr(uint8_t attr)
{
	switch (attr) {
	case PDU_ATTR_ORDERED: return SCSI_ORDERED;
	case PDU_ATTR_HEAD: return SCSI_HEAD_OF_QUEUE;
	case PDU_ATTR_ACA: return SCSI_ACA;
	default: return SCSI_SIMPLE; /* untagged too, as the window keeps the order */
	}
}

static void init(struct task *t, struct conn *c, const struct pdu_scsi_cmd *cmd)
{
	t->magic = TASK_MAGIC;
	t->state = TASK_TAKING;
	t->session = c->session;
	t->conn = c;
	t->itt = cmd->itt;
	t->immediate = cmd->immediate;
	t->is_open = false;
	t->cancelled = false;
	t->is_damaged = false;
	t->no_room = false;
	t->drains = false;
	t->says = false;
	t->is_fed = false;
	t->lost = NULL;
	t->is_lost = false;
	t->is_early = false;
	t->told.is_in = false;
	t->again.queued = false;
	t->again_next = 0;
	t->again_end = 0;
	t->again_status = false;
	t->is_numbered = false;
	t->snack_tag = 0;
	t->nretries = 0;
	t->fence = NULL;
	t->tx.queued = false;
	t->stall.since_ms = 0;
	t->in = (struct datain){ 0 };
	t->out.come.r = NULL;
}

struct task *task_new(struct conn *c, const struct pdu_scsi_cmd *cmd,
		      const struct scsi_port_ops *port)
{
	struct session *s = c->session;
	struct task *t = pool_get(c->iscsi);

	if (!t)
		return NULL;
	if (map_add(&s->itts, cmd->itt, t)) {
		SLIST_INSERT_HEAD(&c->iscsi->free_tasks, t, free);
		return NULL;
	}
	init(t, c, cmd);
	scsi_task_init(&t->scsi, port, &s->nexus);
	memcpy(t->scsi.lun, cmd->lun, SCSI_LUN_LEN);
	memcpy(t->scsi.cdb, cmd->cdb, PDU_CDB_LEN);
	t->scsi.cdb_len = PDU_CDB_LEN;
	t->scsi.attr = scsi_attr(cmd->attr);
	t->scsi.may_read = cmd->read;
	t->scsi.may_write = cmd->write;
	t->scsi.edtl = cmd->edtl;
	TAILQ_INSERT_TAIL(&s->tasks, t, link);
	s->ntasks++;
	s->immediate += t->immediate;
	c->ntasks++;
	c->iscsi->tasks++;
	return t;
}

struct task *task_find(const struct session *s, uint32_t itt)
{
	struct task *t = map_get(&s->itts, itt);

	assert(!t || t->magic == TASK_MAGIC);
	return t;
}

void task_leave_conn(struct task *t)
{
	if (!t->conn)
		return;
	if (t->conn->rx_task == t)
		t->conn->rx_task = NULL;
	if (t->state != TASK_TOLD)
		t->conn->ntasks--;
	t->conn = NULL;
}

void task_join_conn(struct task *t, struct conn *c)
{
	assert(!t->conn && !t->lost);
	t->conn = c;
	c->ntasks++;
}

void task_park(struct task *t, struct lost *l)
{
	task_leave_conn(t);
	t->lost = l;
	TAILQ_INSERT_TAIL(&l->tasks, t, lost_link);
}

void task_unpark(struct task *t)
{
	if (t->lost)
		TAILQ_REMOVE(&t->lost->tasks, t, lost_link);
	t->lost = NULL;
}

void task_cancel(struct task *t)
{
	assert(!t->cancelled);
	t->cancelled = true;
	map_remove(&t->session->itts, t->itt);
}

void task_lose(struct task *t)
{
	assert(!t->conn && !t->is_lost);
	t->is_lost = true;
	t->session->nlost++;
	if (!t->cancelled)
		task_cancel(t);
}

void task_close(struct task *t)
{
	if (t->is_open)
		cmdsn_close(&t->session->cmdsn);
	t->is_open = false;
}

/* The session has a task less; who waits for that goes on. */
static void settle(struct session *s, struct conn *c, bool was_lost)
{
	s->iscsi->tasks--;
	if (c)
		answer_settle(c);
	if (s->closing && s->closing != c)
		answer_settle(s->closing);
	if (was_lost && --s->nlost == 0)
		session_wake(s);
	session_settle(s);
}

static void leave_session(struct task *t)
{
	struct session *s = t->session;

	task_close(t);
	dataout_fini(&t->out);
	TAILQ_REMOVE(&s->tasks, t, link);
	s->ntasks--;
	s->immediate -= t->immediate;
}

void task_retire(struct task *t)
{
	leave_session(t);
	t->state = TASK_TOLD;
	t->conn->ntasks--;
	settle(t->session, t->conn, false);
}

void task_revive(struct task *t)
{
	struct session *s = t->session;

	assert(t->state == TASK_TOLD && !t->conn);
	t->state = TASK_ANSWERING;
	TAILQ_INSERT_TAIL(&s->tasks, t, link);
	s->ntasks++;
	s->immediate += t->immediate;
	s->iscsi->tasks++;
}

void task_lend(struct task *t, uint8_t *data)
{
	t->scsi.early = data;
	t->is_early = true;
	LIST_INSERT_HEAD(&t->session->iscsi->early, t, early_link);
}

static void leave_early(struct task *t)
{
	if (t->is_early)
		LIST_REMOVE(t, early_link);
	t->is_early = false;
}

void task_settle_all(struct iscsi *iscsi)
{
	struct task *t;

	while ((t = LIST_FIRST(&iscsi->early))) {
		leave_early(t);
		scsi_task_settle(&t->scsi);
	}
}

void task_free(struct task *t)
{
	struct session *s = t->session;
	struct conn *c = t->conn;
	bool was_told = t->state == TASK_TOLD;
	bool was_lost = t->is_lost;

	assert(t->magic == TASK_MAGIC && !t->tx.queued && !t->again.queued && !t->fence);
	assert(!t->told.is_in);
	if (!was_told)
		leave_session(t);
	leave_early(t);
	scsi_task_fini(&t->scsi);
	task_leave_conn(t);
	task_unpark(t);
	if (!t->cancelled)
		map_remove(&s->itts, t->itt);
	t->magic = 0;
	SLIST_INSERT_HEAD(&s->iscsi->free_tasks, t, free);
	if (!was_told)
		settle(s, c, was_lost);
}

void task_pool_fini(struct iscsi *iscsi)
{
	struct task *t;

	while ((t = SLIST_FIRST(&iscsi->free_tasks))) {
		SLIST_REMOVE_HEAD(&iscsi->free_tasks, free);
		free(t);
	}
}
