#include "iscsi/resend.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "iscsi/conn.h"
#include "iscsi/reply.h"
#include "iscsi/session.h"
#include "iscsi/task.h"

#include <assert.h>
#include <string.h>

#define STATSN_AT 24
#define KEPT_SHARE                                                                    \
	4 /* the part of the buffer pool that acknowledgements may be waited for with \
	   */

void resend_number(struct task *t, struct tx_pdu *pdu)
{
	pdu->statsn = t->is_numbered ? TX_STATSN_GIVEN : TX_STATSN_TAKES;
	if (t->is_numbered)
		put_be32(pdu->bhs + STATSN_AT, t->tx.statsn);
	t->is_numbered = true;
}

/* ---- once more ---- */

/* Nothing can be said that is true: the number that was asked for is out of date by now. */
static void make_nothing(struct tx_pdu *pdu)
{
	const struct pdu_nop_in nop = { .itt = PDU_TAG_RESERVED, .ttt = PDU_TAG_RESERVED };

	pdu_put_nop_in(pdu->bhs, &nop);
	pdu->statsn = TX_STATSN_NEXT;
}

static void make_data_in(struct task *t, struct tx_pdu *pdu)
{
	struct datain_source src = reply_source(t);
	struct datain d;

	if (!resend_has_data(t) || !datain_seek(&t->in, &src, t->again_next, &d)) {
		make_nothing(pdu);
		return;
	}
	datain_next(&d, &src, pdu);
	if (pdu->statsn == TX_STATSN_TAKES) {
		pdu->statsn = TX_STATSN_GIVEN;
		put_be32(pdu->bhs + STATSN_AT, t->tx.statsn);
	}
}

static void make_r2t(struct task *t, struct tx_pdu *pdu)
{
	struct pdu_r2t r2t = { .itt = t->itt };

	if (!dataout_r2t_again(&t->out, t->again_next, t->again_next + 1, &r2t)) {
		make_nothing(pdu);
		return;
	}
	memcpy(r2t.lun, t->scsi.lun, PDU_LUN_LEN);
	pdu_put_r2t(pdu->bhs, &r2t);
	pdu->statsn = TX_STATSN_NEXT;
}

static bool again_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct task *t = task_of_again(s);

	if (t->again_next == t->again_end) {
		reply_response(t, pdu);
		resend_number(t, pdu);
		t->again_status = false;
		return true;
	}
	if (t->scsi.in_len)
		make_data_in(t, pdu);
	else
		make_r2t(t, pdu);
	t->again_next++;
	return t->again_next == t->again_end && !t->again_status;
}

static size_t bytes_of(const struct task *t)
{
	return t->scsi.buf ? t->scsi.buf->size : 0;
}

/* Is there more data kept than its share, with so many bytes on top? */
static bool is_too_much(const struct iscsi *iscsi, size_t more)
{
	return iscsi->kept + more > iscsi->pool->ceiling / KEPT_SHARE;
}

static void let_go_of_data(struct task *t)
{
	scsi_task_fini(&t->scsi);
}

/* It was kept only because PDUs with it were on their way. */
static void shed_data(struct task *t)
{
	struct iscsi *iscsi = t->session->iscsi;

	if (!is_too_much(iscsi, 0) || t->tx.queued)
		return;
	iscsi->kept -= bytes_of(t);
	let_go_of_data(t);
}

static void again_sent(struct tx_sender *s, bool gone)
{
	struct task *t = task_of_again(s);

	/* There came more to say while the last of it was on its way. */
	if (!gone && (t->again_next < t->again_end || t->again_status)) {
		conn_send(t->conn, &t->again);
		return;
	}
	if (t->state == TASK_TOLD) {
		shed_data(t);
		resend_settle(t);
	} else if (t->state == TASK_LEAVING && !t->tx.queued) {
		task_free(t);
	}
}

void resend_start(struct task *t, uint32_t begin, uint32_t end, bool status)
{
	/* Asked for more while the last is on its way: what lies between comes again, too. */
	if (t->again.queued && t->again_next < t->again_end && begin < end) {
		begin = begin < t->again_next ? begin : t->again_next;
		end = end > t->again_end ? end : t->again_end;
	}
	if (begin < end) {
		t->again_next = begin;
		t->again_end = end;
	} else if (!t->again.queued) {
		t->again_next = t->again_end;
	}
	t->again_status |= status;
	t->again.next = again_next;
	t->again.sent = again_sent;
	conn_send(t->conn, &t->again);
}

bool resend_stop(struct task *t)
{
	t->again_next = t->again_end;
	t->again_status = false;
	return pdu_tx_remove(&t->conn->tx, &t->again);
}

/* ---- how long ---- */

static void acked(struct statsn_entry *e)
{
	struct task *t = task_of_told(e);

	if (!t->conn) {
		resend_settle(t);
		return;
	}
	if (t->conn->lost) {
		task_park(t, t->conn->lost); /* it is not acknowledged: its connection goes */
		return;
	}
	/* What is in the queue comes back; what is on its way ends it. */
	t->says = false;
	pdu_tx_remove(&t->conn->tx, &t->tx);
	resend_stop(t);
	resend_settle(t);
}

/*
 * 11.16.1: a status that rode in the last Data-In comes with that again. False: it cannot be cut
 * again as it was.
 */
static bool status_again(struct statsn_entry *e, struct conn *c)
{
	struct task *t = task_of_told(e);
	struct datain_source src;
	struct datain d;

	(void)c;
	if (!reply_rides(t)) {
		resend_start(t, 0, 0, true);
		return true;
	}
	src = reply_source(t);
	if (!resend_has_data(t) || !datain_seek(&t->in, &src, t->in.datasn - 1, &d))
		return false;
	resend_start(t, t->in.datasn - 1, t->in.datasn, false);
	return true;
}

/* Data that is on its way once more stays in any case. */
static bool keeps_data(const struct task *t)
{
	return t->scsi.in_len && (t->again.queued || !is_too_much(t->session->iscsi, bytes_of(t)));
}

void resend_keep(struct task *t)
{
	struct iscsi *iscsi = t->session->iscsi;

	t->told.acked = acked;
	t->told.again = status_again;
	conn_keep(t->conn, &t->told, t->tx.statsn, 0);
	task_retire(t);
	if (keeps_data(t))
		iscsi->kept += bytes_of(t);
	else
		let_go_of_data(t);
}

bool resend_has_data(const struct task *t)
{
	return t->scsi.in_len && t->scsi.buf;
}

void resend_settle(struct task *t)
{
	assert(t->state == TASK_TOLD);
	if (t->told.is_in || t->tx.queued || t->again.queued)
		return;
	resend_drop(t);
}

void resend_drop(struct task *t)
{
	t->session->iscsi->kept -= bytes_of(t);
	task_free(t);
}

void resend_revive(struct task *t)
{
	t->session->iscsi->kept -= bytes_of(t);
	task_revive(t);
}

void resend_forget(struct task *t)
{
	assert(t->state == TASK_TOLD);
	if (t->cancelled)
		return;
	task_cancel(t);
	if (t->conn) /* else it waits for another one */
		statsn_remove(&t->conn->ledger, &t->told);
	acked(&t->told);
}
