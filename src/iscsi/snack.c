#include "iscsi/snack.h"

#include "base/serial.h"
#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/reply.h"
#include "iscsi/resend.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"

#include <string.h>

#define GRANTED 0 /* else: enum pdu_reject_reason */

void snack_acked(struct conn *c, uint32_t expstatsn)
{
	/* What was never said cannot be acknowledged. */
	if (!sn_before(c->tx.statsn, expstatsn))
		statsn_ack(&c->ledger, expstatsn);
}

/* The task that a SNACK names, on whose connection it has to come, or NULL. */
static struct task *task_of(struct conn *c, uint32_t itt)
{
	struct task *t = task_find(c->session, itt);

	return t && t->conn == c && !t->cancelled ? t : NULL;
}

static bool is_answering(const struct task *t)
{
	return t->state == TASK_ANSWERING || t->state == TASK_TOLD;
}

/*
 * A run of begin and length among the numbers from first to before next; length 0: to the end,
 * both 0: all, of which there may be none. False: it names what was not sent, or is acknowledged
 * (11.16).
 */
static bool run_of(const struct pdu_snack *req, uint32_t first, uint32_t next, uint32_t *begin,
		   uint32_t *end)
{
	bool all = req->begrun == 0 && req->runlength == 0;

	*begin = all ? first : req->begrun;
	if (sn_before(*begin, first) || (!all && !sn_before(*begin, next)))
		return false;
	*end = req->runlength ? *begin + req->runlength : next;
	return req->runlength <= next - first && !sn_before(next, *end);
}

/*
 * Nothing can be said again. 7.8: a command whose status is not said yet ends by that; of another
 * the initiator knows what to make.
 */
static uint8_t refuse(struct task *t)
{
	if (t->state == TASK_ANSWERING)
		port_give_up(t);
	return PDU_REJECT_SNACK;
}

static uint8_t data_in(struct task *t, const struct pdu_snack *req)
{
	struct datain_source src;
	uint32_t begin, end;
	struct datain d;

	if (!run_of(req, t->in.acked, t->in.datasn, &begin, &end))
		return PDU_REJECT_PROTOCOL_ERROR;
	if (begin == end)
		return GRANTED;
	if (!resend_has_data(t))
		return refuse(t);
	src = reply_source(t);
	if (!datain_seek(&t->in, &src, begin, &d))
		return refuse(t); /* lengths have changed: R-Data SNACK is for that */
	resend_start(t, begin, end, false);
	return GRANTED;
}

static uint8_t r2ts(struct task *t, const struct pdu_snack *req)
{
	uint32_t begin, end;
	struct pdu_r2t r2t;

	if (!run_of(req, 0, t->out.r2tsn, &begin, &end))
		return PDU_REJECT_PROTOCOL_ERROR;
	if (req->runlength == 0 && req->begrun == 0 && dataout_r2t_again(&t->out, 0, end, &r2t))
		begin = r2t.r2tsn;
	if (begin == end)
		return GRANTED;
	/* One whose data has come is acknowledged by that. */
	if (!dataout_r2t_again(&t->out, begin, end, &r2t))
		return PDU_REJECT_PROTOCOL_ERROR;
	resend_start(t, r2t.r2tsn, end, false);
	return GRANTED;
}

static uint8_t data_or_r2t(struct conn *c, const struct pdu_snack *req)
{
	struct task *t = task_of(c, req->itt);

	if (t && is_answering(t) && t->in.datasn > 0)
		return data_in(t, req);
	if (t && (t->state == TASK_ACTIVE || t->state == TASK_DRAINING) && t->out.r2tsn > 0)
		return r2ts(t, req);
	return PDU_REJECT_PROTOCOL_ERROR;
}

static uint8_t status(struct conn *c, const struct pdu_snack *req)
{
	const struct statsn_entry *oldest = TAILQ_FIRST(&c->ledger.entries);
	struct statsn_entry *e;
	uint32_t begin, end;
	uint8_t verdict = GRANTED;

	if (!run_of(req, oldest ? oldest->statsn : c->tx.statsn, c->tx.statsn, &begin, &end))
		return PDU_REJECT_PROTOCOL_ERROR;
	TAILQ_FOREACH (e, &c->ledger.entries, link) {
		if (!sn_before(e->statsn, begin) && sn_before(e->statsn, end) && !e->again(e, c))
			verdict = PDU_REJECT_SNACK;
	}
	return verdict;
}

/* The Target Transfer Tag of a Data-In with the A bit is the task's tag (datain.c). */
static uint8_t data_ack(struct conn *c, const struct pdu_snack *req)
{
	struct task *t = task_of(c, req->ttt);
	struct datain_source src;

	if (!t || !is_answering(t) || req->runlength ||
	    memcmp(t->scsi.lun, req->lun, PDU_LUN_LEN) != 0)
		return PDU_REJECT_INVALID_DATA_ACK;
	if (sn_before(req->begrun, t->in.acked) || sn_before(t->in.datasn, req->begrun))
		return PDU_REJECT_INVALID_DATA_ACK;
	if (!resend_has_data(t))
		return GRANTED; /* it was let go already */
	src = reply_source(t);
	(void)datain_ack(&t->in, &src, req->begrun); /* of another length: all of it stays */
	return GRANTED;
}

static uint8_t r_data(struct conn *c, const struct pdu_snack *req)
{
	struct task *t = task_of(c, req->itt);

	if (!t || !is_answering(t) || t->in.datasn == 0 || req->begrun || req->runlength ||
	    req->ttt == 0 || req->ttt == PDU_TAG_RESERVED)
		return PDU_REJECT_PROTOCOL_ERROR;
	if (!resend_has_data(t))
		return refuse(t);
	port_reread(t, req->ttt);
	return GRANTED;
}

/* By enum pdu_snack_type. */
static uint8_t (*const types[])(struct conn *c, const struct pdu_snack *req) = {
	[PDU_SNACK_DATA_R2T] = data_or_r2t,
	[PDU_SNACK_STATUS] = status,
	[PDU_SNACK_DATA_ACK] = data_ack,
	[PDU_SNACK_R_DATA] = r_data,
};

void snack_start(struct conn *c, const struct pdu_snack *req, const uint8_t bhs[static PDU_BHS_LEN])
{
	uint8_t verdict = PDU_REJECT_PROTOCOL_ERROR;

	if (req->type < sizeof(types) / sizeof(types[0]))
		verdict = types[req->type](c, req);
	if (verdict != GRANTED)
		answer_reject(c, (enum pdu_reject_reason)verdict, bhs);
}
