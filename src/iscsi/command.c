#include "iscsi/command.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/order.h"
#include "iscsi/resend.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "wire/ahs.h"

#include <string.h>

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void clear(struct conn *c)
{
	buf_put(c->rx_buf);
	c->rx_buf = NULL;
	c->rx_task = NULL;
	c->rx_reject = 0;
	c->rx_ignore = false;
	c->rx_skip = false;
}

void command_forget(struct conn *c)
{
	struct task *t = c->rx_task;

	clear(c);
	if (t && t->state == TASK_TAKING)
		task_free(t);
}

/* ---- SCSI Command ---- */

/* Does unsolicited Data-Out follow? Only a write of some bytes has any (11.3.1). */
static bool has_more(const struct pdu_scsi_cmd *cmd)
{
	return cmd->write && !cmd->final && cmd->edtl > 0;
}

/* What 11.3 and the negotiated values forbid; 0: nothing. */
static uint8_t fault_of(const struct conn *c, const struct pdu_scsi_cmd *cmd)
{
	const struct param *p = &c->session->param;
	const struct task *old;

	if (c->state == CONN_LOGOUT_REQUESTED)
		return PDU_REJECT_WAITING_FOR_LOGOUT; /* 11.9.1: what runs already may finish */
	if (cmd->itt == PDU_TAG_RESERVED)
		return PDU_REJECT_INVALID_FIELD;
	old = task_find(c->session, cmd->itt);
	if (old && old->state != TASK_TOLD)
		return PDU_REJECT_TASK_IN_PROGRESS;
	if (cmd->immediate && c->session->immediate >= c->session->cmdsn.depth)
		return PDU_REJECT_TOO_MANY_IMMEDIATE;
	if (cmd->data_len && (!cmd->write || !p->ImmediateData))
		return PDU_REJECT_PROTOCOL_ERROR;
	if (cmd->data_len > min32(p->FirstBurstLength, cmd->edtl))
		return PDU_REJECT_PROTOCOL_ERROR;
	if (has_more(cmd) && p->InitialR2T)
		return PDU_REJECT_PROTOCOL_ERROR;
	return 0;
}

/* An extended CDB (11.2.2.3). Bidirectional commands are not in our table; their AHS is only read.
 */
static bool take_ahs(struct task *t, const struct pdu_in *pdu)
{
	struct ahs ahs;

	if (ahs_get(pdu->ahs, pdu->ahs_len, &ahs))
		return false;
	if (!ahs.has_cdb)
		return true;
	if (ahs.cdb_len > SCSI_CDB_MAX - PDU_CDB_LEN)
		return false;
	memcpy(t->scsi.cdb + PDU_CDB_LEN, ahs.cdb, ahs.cdb_len);
	t->scsi.cdb_len = (uint16_t)(PDU_CDB_LEN + ahs.cdb_len);
	return true;
}

/*
 * Bytes of the pool that early data may have. A command that brought some may wait in line for
 * more, work space for instance, or for its turn: it must not hold what those in front of it wait
 * for. So that they always move on there is room beside it for the largest buffer of all.
 */
static size_t early_max(const struct buf_pool *pool)
{
	size_t most = (size_t)1 << BUF_MAX_SHIFT;
	size_t half = pool->ceiling / 2;

	if (pool->ceiling < most)
		return 0;
	return half < pool->ceiling - most ? half : pool->ceiling - most;
}

/*
 * Memory for data that comes unasked. The whole of it when there is plenty; else as much as
 * FirstBurstLength promised to take, out of the reserve: the device server moves it later.
 */
static void make_room(struct conn *c, struct task *t)
{
	uint32_t first = min32(c->session->param.FirstBurstLength, t->scsi.edtl);
	struct buf_pool *pool = c->iscsi->pool;

	/* Twice: a buffer is a power of two. */
	if (t->scsi.edtl <= SCSI_XFER_MAX &&
	    pool->lent - pool->reserved + 2 * (size_t)t->scsi.edtl <= early_max(pool))
		t->scsi.buf = buf_get(pool, t->scsi.edtl);
	if (!t->scsi.buf)
		t->scsi.buf = buf_get_reserve(pool, first);
	if (t->scsi.buf)
		return;
	t->no_room = true;
	conn_fault(c, "no memory for %u bytes of unsolicited data: TASK SET FULL", first);
}

static void order_run(struct cmdsn_entry *e)
{
	struct task *t = task_of_order(e);

	t->is_open = true;
	port_submit(t);
}

static void order_drop(struct cmdsn_entry *e)
{
	task_free(task_of_order(e));
}

/* The header is there: a task, or a reason why there is none. */
static void begin(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_scsi_cmd cmd;
	struct task *t, *old;

	clear(c);
	pdu_get_scsi_cmd(pdu->bhs, &cmd);
	if (!cmd.immediate && cmdsn_check(&c->session->cmdsn, cmd.cmdsn) == CMDSN_DROP) {
		c->rx_ignore = true;
		conn_fault(c, "command with CmdSN %u outside of the window %u to %u ignored",
			   cmd.cmdsn, c->session->cmdsn.exp, c->session->cmdsn.max);
		return;
	}
	c->rx_reject = fault_of(c, &cmd);
	if (c->rx_reject)
		return;
	old = task_find(c->session, cmd.itt);
	if (old)
		resend_forget(old);
	t = task_new(c, &cmd, &scsi_port_ops);
	if (!t) {
		c->rx_reject = PDU_REJECT_LONG_OPERATION;
		return;
	}
	if (pdu->ahs_len && !take_ahs(t, pdu)) {
		task_free(t);
		c->rx_reject = PDU_REJECT_INVALID_FIELD;
		return;
	}
	dataout_init(&t->out, cmd.data_len, has_more(&cmd), c->session->param.FirstBurstLength,
		     cmd.edtl);
	t->out.in_order = c->session->param.DataPDUInOrder;
	t->out.recovers = c->keeps;
	if (cmd.data_len || t->out.unsolicited)
		make_room(c, t);
	c->waits |= t->out.unsolicited;
	c->rx_task = t;
}

void command_header(struct conn *c, const struct pdu_in *pdu, struct pdu_rx_place *place)
{
	begin(c, pdu);
	if (!c->rx_task || !c->rx_task->scsi.buf) {
		place->discard = true;
		return;
	}
	c->rx_buf = buf_ref(c->rx_task->scsi.buf);
	place->data = c->rx_buf->data;
	place->may_stay = pdu->data_len == c->rx_task->scsi.edtl;
}

/* The command is whole: in its order it goes to the device server. */
static void accept_task(struct conn *c, struct task *t, uint32_t cmdsn)
{
	t->order.run = order_run;
	t->order.drop = order_drop;
	if (t->immediate) {
		t->order.cmdsn = cmdsn;
		port_submit(t);
		return;
	}
	switch (cmdsn_accept(&c->session->cmdsn, &t->order, cmdsn)) {
	case CMDSN_RUN:
		order_run(&t->order);
		order_drain(c->session);
		break;
	case CMDSN_HELD:
		t->state = TASK_HELD;
		c->waits = true;
		break;
	case CMDSN_DROP: task_free(t); break;
	}
}

void command_pdu(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_scsi_cmd cmd;
	uint8_t reject;
	struct task *t;

	if (!pdu->data_len)
		begin(c, pdu);
	t = c->rx_task;
	reject = c->rx_reject;
	clear(c);
	if (reject) {
		/* 7.3: its CmdSN does not count as received; the initiator closes the gap. */
		answer_reject(c, (enum pdu_reject_reason)reject, pdu->bhs);
		return;
	}
	if (!t)
		return;
	if (!pdu->data_ok) {
		/* 7.8: rejected and as if it had never come; it may be sent again with its CmdSN.
		 */
		task_free(t);
		answer_reject(c, PDU_REJECT_DATA_DIGEST, pdu->bhs);
		return;
	}
	pdu_get_scsi_cmd(pdu->bhs, &cmd);
	t->scsi.out_have = t->no_room ? 0 : cmd.data_len;
	if (t->scsi.out_have && pdu->data != t->scsi.buf->data)
		task_lend(t, pdu->data);
	accept_task(c, t, cmd.cmdsn);
}

/* ---- Data-Out ---- */

/* A task that data may come for, or NULL: data for one that was aborted or answered is read over.
 */
static struct task *task_of_data(const struct conn *c, uint32_t itt)
{
	struct task *t = task_find(c->session, itt);

	if (!t || (t->state != TASK_HELD && t->state != TASK_ACTIVE && t->state != TASK_DRAINING))
		return NULL;
	return t->cancelled ? NULL : t;
}

/* Is its data of use? Else only the end of its sequences is waited for. */
static bool takes_data(const struct task *t)
{
	return t->state != TASK_DRAINING && !t->is_fed && !t->no_room && !t->scsi.abort_wanted;
}

static void begin_data(struct conn *c, const struct pdu_data_out *data)
{
	struct task *t = task_of_data(c, data->itt);

	clear(c);
	if (!t) {
		c->rx_ignore = true;
		return;
	}
	if (t->conn != c) {
		c->rx_reject = PDU_REJECT_PROTOCOL_ERROR; /* 4.2.5.1: allegiance */
		return;
	}
	switch (dataout_place(&t->out, data)) {
	case DATAOUT_TAKE:
		c->rx_task = t;
		c->rx_skip = !takes_data(t);
		break;
	case DATAOUT_SKIP:
		c->rx_task = t;
		c->rx_skip = true;
		break;
	case DATAOUT_BEYOND: /* the sequence goes on, spoiled */
		c->rx_task = t;
		c->rx_skip = true;
		c->rx_reject = PDU_REJECT_PROTOCOL_ERROR;
		break;
	case DATAOUT_UNKNOWN:
		/* Where recovery R2Ts are sent, data for those before them may still come. */
		if (t->out.recovers)
			c->rx_ignore = true;
		else
			c->rx_reject = PDU_REJECT_INVALID_FIELD;
		break;
	}
}

void command_data_header(struct conn *c, const struct pdu_in *pdu, struct pdu_rx_place *place)
{
	struct pdu_data_out data;

	pdu_get_data_out(pdu->bhs, &data);
	begin_data(c, &data);
	if (!c->rx_task || c->rx_skip) {
		place->discard = true;
		return;
	}
	c->rx_buf = buf_ref(c->rx_task->scsi.buf);
	/* Data beyond what the command takes comes when EDTL promised more; it is cut later. */
	if ((uint64_t)data.offset + data.data_len <= c->rx_buf->size)
		place->data = c->rx_buf->data + data.offset;
}

/*
 * See that the data is in the task's buffer. It is there already, unless it was cut, or the
 * device server took another buffer in the meantime.
 */
static void settle_data(struct task *t, const struct pdu_data_out *data, const uint8_t *from)
{
	struct buf *buf = t->scsi.buf;
	uint8_t *to = buf->data + data->offset;

	if (data->offset >= buf->size || from == to)
		return;
	memcpy(to, from, min32(data->data_len, buf->size - data->offset));
}

void command_data_pdu(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_data_out data;
	struct buf *buf;
	struct task *t;
	uint8_t reject;
	bool good;

	pdu_get_data_out(pdu->bhs, &data);
	if (!pdu->data_len)
		begin_data(c, &data);
	t = c->rx_task;
	reject = c->rx_reject;
	good = pdu->data_ok && !c->rx_skip;
	buf = c->rx_buf; /* its reference is put last: the data may be in it alone */
	c->rx_buf = NULL;
	clear(c);
	if (!pdu->data_ok)
		reject = PDU_REJECT_DATA_DIGEST;
	if (reject)
		answer_reject(c, (enum pdu_reject_reason)reject, pdu->bhs);
	if (t) {
		if (good && data.data_len)
			settle_data(t, &data, pdu->data);
		dataout_arrived(&t->out, &data, good);
		t->scsi.out_have = ranges_prefix(&t->out.come);
		port_data(t);
	}
	buf_put(buf);
}
