#include "iscsi/scsi_port.h"

#include "base/bytes.h"
#include "iscsi/conn.h"
#include "iscsi/fence.h"
#include "iscsi/reply.h"
#include "iscsi/resend.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "scsi/device.h"
#include "scsi/itl.h"
#include "scsi/lun.h"
#include "scsi/sense.h"
#include "scsi/ua.h"

#include <assert.h>
#include <string.h>

/* ---- data-out ---- */

static uint32_t next_ttt(void *arg)
{
	struct session *s = arg;

	return session_ttt(s);
}

/* Make the next R2T. */
static bool r2t_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct task *t = task_of_tx(s);
	struct pdu_r2t r2t = { .itt = t->itt };
	bool last = dataout_r2t(&t->out, &r2t);

	t->says = !last;
	memcpy(r2t.lun, t->scsi.lun, PDU_LUN_LEN);
	pdu_put_r2t(pdu->bhs, &r2t);
	pdu->statsn = TX_STATSN_NEXT;
	return last;
}

/*
 * 7.6: a task that ends because its connection does is told to the next command on its logical
 * unit, on whatever connection that comes.
 */
static void tell_loss(const struct task *t)
{
	struct scsi_nexus *x = &t->session->nexus;
	struct scsi_itl *itl;
	struct scsi_lu *lu;
	uint32_t number;

	if (!t->session->has_nexus || scsi_lun_get(t->scsi.lun, &number))
		return;
	lu = scsi_device_lu(x->device, number);
	itl = lu && (!x->sees || x->sees(x, lu)) ? itl_get(x, lu) : NULL;
	if (itl)
		ua_set(itl, UA_PROTOCOL_EVENT);
}

/* Free it, when nothing that is said once more is on its way either. */
static void let_go(struct task *t)
{
	if (t->again.queued)
		t->state = TASK_LEAVING;
	else
		task_free(t);
}

static void task_sent(struct tx_sender *s, bool gone)
{
	struct task *t = task_of_tx(s);

	/* There came more to say while the last of it was on its way. */
	if (t->says && !gone) {
		conn_send(t->conn, &t->tx);
		return;
	}
	/* Level 2: port_park() comes next, or was port_hush() before. */
	if (t->state == TASK_ANSWERING && (gone ? !!t->conn->lost : !t->is_numbered))
		return;
	/* Below, an answer that was lost with its connection is lost. */
	if (t->state == TASK_ANSWERING && gone)
		tell_loss(t);
	if (t->state == TASK_TOLD)
		resend_settle(t);
	else if (t->state == TASK_ANSWERING && !gone && t->conn->keeps)
		resend_keep(t);
	else if (t->state == TASK_ANSWERING || t->state == TASK_LEAVING)
		let_go(t);
}

/* Have next() make PDUs of the task until there are no more. */
static void say(struct task *t, bool (*next)(struct tx_sender *s, struct tx_pdu *pdu))
{
	t->says = true;
	t->tx.next = next;
	t->tx.sent = task_sent;
	conn_send(t->conn, &t->tx);
}

/* Ask for what is missing, or go on when nothing is. */
static void fetch(struct task *t)
{
	const struct param *p = &t->session->param;

	if (dataout_complete(&t->out)) {
		t->is_fed = true;
		if (!t->out.bad) {
			scsi_data_arrived(&t->scsi);
			return;
		}
		t->is_damaged = true;
		scsi_abort(&t->scsi); /* done() makes a CHECK CONDITION of it */
		return;
	}
	if (!t->conn)
		return;
	t->conn->waits = true;
	if (dataout_plan(&t->out, p->MaxBurstLength, p->MaxOutstandingR2T, next_ttt, t->session))
		say(t, r2t_next);
}

static void port_get_data(struct scsi_task *scsi)
{
	struct task *t = task_of_scsi(scsi);

	dataout_start(&t->out, scsi->out_want);
	fetch(t);
}

/* ---- the answer ---- */

/* Make the next PDU of the answer: Data-In as long as there is data, then the status. */
static bool answer_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct task *t = task_of_tx(s);
	struct datain_source src;
	bool done = true;

	if (t->in.offset < t->scsi.in_len) {
		src = reply_source(t);
		done = datain_next(&t->in, &src, pdu) && src.status;
		t->is_numbered |= done;
	} else {
		reply_response(t, pdu);
		resend_number(t, pdu);
	}
	/* The window that this very PDU tells already counts the command as answered. */
	if (done)
		task_close(t);
	t->says = !done;
	return done;
}

/* A write whose data did not come as it should (7.8, 11.4.7.2). */
static void fail_by_data(struct scsi_task *scsi, enum dataout_fault fault)
{
	const struct sense sense = {
		.code = fault == DATAOUT_AMOUNT ? SENSE_DATA_AMOUNT : SENSE_PROTOCOL_CRC,
		.bit = SENSE_NO_BIT,
	};

	scsi->status = SCSI_CHECK_CONDITION;
	scsi->sense_len = sense_format(scsi->sense, &sense, false);
	scsi->xfer_len = 0;
	scsi->in_len = 0;
}

static void say_fenced(struct conn *c, void *user)
{
	(void)c;
	say(user, answer_next);
}

/* port_orphan() sees to the task. */
static void drop_fenced(void *user)
{
	(void)user;
}

static void send_answer(struct task *t)
{
	t->state = TASK_ANSWERING;
	if (t->scsi.fenced || !TAILQ_EMPTY(&t->session->fences))
		fence_say(&(struct fence){ .follows = !t->scsi.fenced,
					   .conn = t->conn,
					   .user = t,
					   .say = say_fenced,
					   .drop = drop_fenced,
					   .slot = &t->fence });
	else
		say(t, answer_next);
}

/* Ask for no more. True: what was asked for has still to come, or to be given up. */
static bool drain(struct task *t)
{
	t->says = false;
	pdu_tx_remove(&t->conn->tx, &t->tx);
	dataout_stop(&t->out);
	if (!dataout_is_open(&t->out))
		return false;
	t->state = TASK_DRAINING;
	t->conn->waits = true;
	return true;
}

/*
 * The device server is done. An answer that comes early waits for the last Data-Out that the
 * initiator has still to send, and no more is asked for (11.4.2).
 */
static void answer(struct task *t)
{
	if (!t->conn) {
		t->state = TASK_ANSWERING;
		if (!t->lost)
			task_free(t); /* nobody is left to be told */
		return;
	}
	if (!drain(t))
		send_answer(t);
}

/* An aborted task goes without an answer, as soon as no R2T of it is being sent. */
static void leave(struct task *t)
{
	bool is_idle;

	t->state = TASK_LEAVING;
	t->says = false;
	task_close(t);
	is_idle = !t->conn || pdu_tx_remove(&t->conn->tx, &t->tx);
	if (t->conn)
		is_idle &= resend_stop(t);
	if (is_idle)
		task_free(t);
}

/* Aborted, and nobody is told by an answer of its own. */
static bool is_aborted(const struct task *t)
{
	return t->scsi.aborted && !t->is_damaged;
}

void port_data(struct task *t)
{
	if (t->state == TASK_ACTIVE && t->out.started && !t->scsi.abort_wanted && !t->is_fed)
		fetch(t);
	else if (t->state == TASK_DRAINING && !dataout_is_open(&t->out) && is_aborted(t))
		leave(t);
	else if (t->state == TASK_DRAINING && !dataout_is_open(&t->out))
		send_answer(t);
}

/* Data that was asked for does not come: ask again, or go on without where it is of no use. */
void port_retry(struct task *t)
{
	if (dataout_retry(&t->out))
		port_data(t);
}

void port_reread(struct task *t, uint32_t snack_tag)
{
	t->snack_tag = snack_tag;
	datain_rewind(&t->in);
	if (!t->fence)
		say(t, answer_next);
}

/* Does an aborted task wait for what the initiator has still to send? A connection that logs out is
 * not read any more. */
static bool may_drain(const struct task *t)
{
	return t->drains && t->conn && !t->conn->drains;
}

static void port_done(struct scsi_task *scsi)
{
	struct task *t = task_of_scsi(scsi);

	assert(t->magic == TASK_MAGIC && t->state == TASK_ACTIVE);
	if (is_aborted(t)) {
		if (!may_drain(t) || !drain(t))
			leave(t);
		return;
	}
	if (t->is_damaged)
		fail_by_data(scsi, t->out.bad);
	answer(t);
}

static void port_in_moved(struct scsi_task *scsi, const uint8_t *from)
{
	struct task *t = task_of_scsi(scsi);

	if (!t->conn)
		return;
	pdu_tx_moved(&t->conn->tx, &t->tx, from, scsi->in_len, scsi->buf->data);
	pdu_tx_moved(&t->conn->tx, &t->again, from, scsi->in_len, scsi->buf->data);
}

const struct scsi_port_ops scsi_port_ops = {
	.in_moved = port_in_moved,
	.get_data = port_get_data,
	.done = port_done,
};

/* ---- in and out of the device server ---- */

void port_submit(struct task *t)
{
	if (t->cancelled) {
		t->state = TASK_LEAVING;
		task_free(t);
		return;
	}
	if (t->no_room) {
		t->scsi.status = SCSI_TASK_SET_FULL;
		answer(t);
		return;
	}
	t->state = TASK_ACTIVE;
	scsi_submit(&t->scsi);
}

/*
 * 11.14: a task that waits for its CmdSN is discarded with its connection, as if it had never come;
 * the initiator sees by ExpCmdSN that it may send it again. One that was aborted keeps its number
 * used.
 */
static void discard(struct task *t)
{
	task_leave_conn(t);
	if (t->cancelled)
		return;
	cmdsn_remove(&t->session->cmdsn, &t->order);
	task_free(t);
}

void port_orphan(struct task *t)
{
	if (t->state == TASK_HELD) {
		discard(t);
		return;
	}
	tell_loss(t);
	task_leave_conn(t);
	switch (t->state) {
	case TASK_ACTIVE:
		task_lose(t);
		scsi_abort(&t->scsi);
		break;
	case TASK_ANSWERING:
		if (t->fence)
			fence_cancel(t->fence);
		task_free(t);
		break;
	case TASK_DRAINING: task_free(t); break;
	case TASK_TOLD: resend_drop(t); break;
	default: break;
	}
}

void port_hush(struct task *t)
{
	if (t->state == TASK_HELD) {
		discard(t);
		return;
	}
	t->says = false;
	if (t->fence)
		fence_cancel(t->fence);
	pdu_tx_remove(&t->conn->tx, &t->tx);
	resend_stop(t);
}

void port_park(struct task *t, struct lost *l)
{
	if (t->state == TASK_LEAVING || (t->state == TASK_HELD && l->is_released)) {
		port_orphan(t);
		return;
	}
	task_park(t, l);
	t->says = false;
	if (t->fence)
		fence_cancel(t->fence);
	if (t->state != TASK_DRAINING)
		return;
	if (is_aborted(t))
		task_free(t);
	else
		t->state = TASK_ANSWERING; /* what it waited for does not come any more */
}

/* Data that was not kept cannot be given again: the command is at an end all the same. */
static void fail_again(struct scsi_task *scsi)
{
	const struct sense sense = { .code = SENSE_NOT_AGAIN, .bit = SENSE_NO_BIT };

	scsi->status = SCSI_CHECK_CONDITION;
	scsi->sense_len = sense_format(scsi->sense, &sense, false);
	scsi->xfer_len = 0;
	scsi->in_len = 0;
}

void port_give_up(struct task *t)
{
	if (t->is_numbered)
		return; /* its status is on its way */
	resend_stop(t);
	fail_again(&t->scsi);
}

/* Go on with an answer behind what the initiator has of it, or tell by ExpDataSN where that was. */
static void resume_answer(struct task *t, uint32_t expdatasn)
{
	struct datain_source src;

	if (t->in.max_pdu) {
		src = reply_source(t);
		src.max_pdu = t->in.max_pdu; /* as it was cut for the lost connection */
		if (expdatasn)
			(void)datain_ack(&t->in, &src, expdatasn); /* 11.5.8: else it is ignored */
		datain_rewind(&t->in);
		if (t->in.offset < t->scsi.in_len && !resend_has_data(t))
			fail_again(&t->scsi);
	}
	send_answer(t);
}

void port_reassign(struct task *t, struct conn *c, uint32_t expdatasn)
{
	task_unpark(t);
	if (t->state == TASK_TOLD)
		resend_revive(t);
	task_join_conn(t, c);
	t->is_numbered = false;
	t->snack_tag = 0;
	t->again_next = 0;
	t->again_end = 0;
	t->again_status = false;
	dataout_restart(&t->out, expdatasn < t->out.r2tsn ? expdatasn : t->out.r2tsn);
	if (t->state == TASK_ANSWERING)
		resume_answer(t, expdatasn);
	else
		port_data(t);
}

void port_part(struct task *t, bool whole, bool at_once)
{
	if (t->state == TASK_HELD && whole) {
		cmdsn_remove(&t->session->cmdsn, &t->order);
		task_free(t);
	} else if (t->state == TASK_HELD) {
		discard(t);
	} else if (t->state == TASK_DRAINING) {
		tell_loss(t);
		leave(t);
	} else if (t->state == TASK_ACTIVE &&
		   (at_once || (t->scsi.may_write && dataout_lacks(&t->out, t->scsi.edtl)))) {
		tell_loss(t);
		scsi_abort(&t->scsi);
	}
}

void port_cancel(struct task *t)
{
	assert(t->state == TASK_HELD || t->state == TASK_DRAINING);
	if (t->state == TASK_HELD)
		task_cancel(t);
	else
		leave(t);
}
