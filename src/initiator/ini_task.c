#include "initiator/ini_task.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define STATUS_GOOD 0x00

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- sending ---- */

/* Queue Data-Out PDUs for len bytes from offset: one sequence, ended by F. */
static int queue_data_out(struct ini_session *s, const struct ini_task *t, uint32_t ttt,
			  uint32_t offset, uint32_t len)
{
	struct pdu_data_out req = { .itt = t->itt, .ttt = ttt, .expstatsn = s->expstatsn };
	struct ini_pdu pdu = { .lends_data = t->lends_out };
	uint32_t piece = s->param.MaxRecvDataSegmentLength;
	uint32_t n = len / piece + (len % piece > 0), at;
	bool backwards = t->backwards && !s->param.DataPDUInOrder;
	int err = 0;

	memcpy(req.lun, t->lun, PDU_LUN_LEN);
	for (; req.datasn < n && !err; req.datasn++) {
		at = (backwards ? n - 1 - req.datasn : req.datasn) * piece;
		pdu.data_len = least(len - at, piece);
		pdu.data = t->out + offset + at;
		req.offset = offset + at;
		req.data_len = pdu.data_len;
		req.final = req.datasn == n - 1;
		pdu_put_data_out(pdu.bhs, &req);
		err = ini_conn_queue(&s->conn, &pdu);
	}
	return err;
}

int ini_task_answer_r2t(struct ini_session *s, struct ini_task *t, const struct pdu_r2t *r2t)
{
	return queue_data_out(s, t, r2t->ttt, r2t->offset, r2t->len);
}

/* How much goes with the command, and how much follows unasked (4.2.5.2, 11.3.4). */
static void plan_unsolicited(const struct ini_session *s, const struct ini_task *t,
			     uint32_t *immediate, uint32_t *unsolicited)
{
	const struct ini_param *p = &s->param;
	uint32_t first = least(t->out_len, p->FirstBurstLength);

	*immediate = *unsolicited = 0;
	if (p->ImmediateData && !t->no_immediate)
		*immediate = least(first, p->MaxRecvDataSegmentLength);
	if (!p->InitialR2T && !t->no_unsolicited)
		*unsolicited = first - *immediate;
}

static int queue_command(struct ini_session *s, struct ini_task *t, uint32_t immediate, bool final)
{
	struct pdu_scsi_cmd req = {
		.immediate = t->immediate,
		.final = final,
		.read = t->in_len > 0,
		.write = t->out_len > 0,
		.attr = t->attr,
		.edtl = t->out_len ? t->out_len : t->in_len,
	};
	struct ini_pdu pdu = { .data = t->out, .data_len = immediate, .lends_data = t->lends_out };
	uint8_t ahs[AHS_CDB_MAX + 8];

	memcpy(req.lun, t->lun, PDU_LUN_LEN);
	memcpy(req.cdb, t->cdb, PDU_CDB_LEN);
	if (t->cdb_len > PDU_CDB_LEN) {
		pdu.ahs = ahs;
		pdu.ahs_len = (uint32_t)ahs_put_cdb(ahs, sizeof(ahs), t->cdb + PDU_CDB_LEN,
						    (uint16_t)(t->cdb_len - PDU_CDB_LEN));
	}
	pdu_put_scsi_cmd(pdu.bhs, &req);
	t->cmdsn = s->cmdsn;
	t->itt = ini_session_number(s, pdu.bhs);
	return ini_conn_queue(&s->conn, &pdu);
}

int ini_task_submit(struct ini_session *s, struct ini_task *t)
{
	uint32_t immediate, unsolicited;
	int err;

	if (t->cdb_len > AHS_CDB_MAX || (t->in_len && t->out_len))
		return -EINVAL;
	if (!t->immediate && !ini_session_has_room(s))
		return -EAGAIN;
	t->outcome = INI_IN_FLIGHT;
	t->residual = t->in_got = t->burst = 0;
	t->ndata_in = t->nr2t = t->nwaiting = 0;
	t->sense_len = 0;
	t->has_data_in_status = false;
	plan_unsolicited(s, t, &immediate, &unsolicited);
	err = queue_command(s, t, immediate, !unsolicited);
	if (!err)
		err = queue_data_out(s, t, PDU_TAG_RESERVED, immediate, unsolicited);
	if (!err)
		err = map_add(&s->tasks, t->itt, t);
	t->sent = immediate + unsolicited;
	return err;
}

/* ---- what a task gets ---- */

static void finish(struct ini_session *s, struct ini_task *t, enum ini_outcome outcome)
{
	map_remove(&s->tasks, t->itt);
	t->outcome = outcome;
	STAILQ_INSERT_TAIL(&s->done, t, link);
}

/* Do the counts of a read that ended GOOD add up (11.4.5)? */
static int check_end(struct ini_session *s, struct ini_task *t, uint32_t expdatasn,
		     bool has_expdatasn)
{
	const uint8_t both = PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW;
	uint32_t missing = t->residual_flags & PDU_RESID_UNDERFLOW ? t->residual : 0;

	if ((t->residual_flags & both) == both)
		return ini_session_fault(s, "11.4.5.1: O and U are set together");
	if (!(t->residual_flags & both) && t->residual)
		return ini_session_fault(s, "11.4.5.1: a residual count without O or U");
	if (t->burst)
		return ini_session_fault(s, "11.7.1: the last Data-In came without F");
	if (t->in_len && t->response == PDU_RSP_COMPLETED && has_expdatasn &&
	    expdatasn != t->ndata_in && !s->is_lenient)
		return ini_session_fault(s, "11.4.8: ExpDataSN %u after %u Data-In", expdatasn,
					 t->ndata_in);
	if (t->status != STATUS_GOOD || t->response != PDU_RSP_COMPLETED)
		return 0;
	if (t->in_len && t->in_got + missing != t->in_len)
		return ini_session_fault(s, "11.4.5: %u bytes came and %u are residual of %u",
					 t->in_got, missing, t->in_len);
	if (t->out_len && !missing && t->sent != t->out_len)
		return ini_session_fault(s, "11.4.5: GOOD, but only %u bytes of %u were asked for",
					 t->sent, t->out_len);
	return 0;
}

static int check_data_in(struct ini_session *s, const struct ini_task *t,
			 const struct pdu_data_in *in)
{
	const struct ini_param *p = &s->param;
	bool has_status = in->flags & PDU_DATA_IN_STATUS;

	if (in->datasn != t->ndata_in)
		return ini_session_fault(s, "4.2.2.3: DataSN %u, not %u", in->datasn, t->ndata_in);
	if (in->offset != t->in_got && p->DataPDUInOrder && p->DataSequenceInOrder)
		return ini_session_fault(s, "13.18: offset %u, not %u", in->offset, t->in_got);
	if (in->offset > t->in_len || in->data_len > t->in_len - in->offset ||
	    in->data_len > t->in_len - t->in_got)
		return ini_session_fault(s, "11.7: more than the %u bytes expected", t->in_len);
	if (in->data_len > p->own_MaxRecvDataSegmentLength)
		return ini_session_fault(s, "13.12: %u bytes in a PDU, %u may be", in->data_len,
					 p->own_MaxRecvDataSegmentLength);
	if (t->burst + in->data_len > p->MaxBurstLength)
		return ini_session_fault(s, "13.13: %u bytes in a sequence, %u may be",
					 t->burst + in->data_len, p->MaxBurstLength);
	if (has_status && !(in->flags & PDU_FINAL))
		return ini_session_fault(s, "11.7.3: S without F");
	if (!(in->flags & PDU_DATA_IN_ACK) && in->ttt != PDU_TAG_RESERVED)
		return ini_session_fault(s, "11.7.4: a TTT without A");
	if ((in->flags & PDU_DATA_IN_ACK) && p->ErrorRecoveryLevel == 0)
		return ini_session_fault(s, "11.7.2: A at error recovery level 0");
	return 0;
}

/* The target wants to know how far the data has come (11.7.2, 11.16.1). */
static int acknowledge(struct ini_session *s, const struct ini_task *t,
		       const struct pdu_data_in *in)
{
	struct pdu_snack ack = {
		.type = PDU_SNACK_DATA_ACK,
		.itt = PDU_TAG_RESERVED,
		.ttt = in->ttt,
		.expstatsn = s->expstatsn,
		.begrun = t->ndata_in,
	};
	struct ini_pdu pdu = { 0 };

	memcpy(ack.lun, in->lun, PDU_LUN_LEN);
	pdu_put_snack(pdu.bhs, &ack);
	return ini_conn_queue(&s->conn, &pdu);
}

static int take_data_in(struct ini_session *s, struct ini_task *t, const struct ini_pdu *pdu)
{
	struct pdu_data_in in;
	int err;

	if (pdu_get_data_in(pdu->bhs, &in) != PDU_OK)
		return ini_session_fault(s, "11.7: a Data-In that makes no sense");
	err = check_data_in(s, t, &in);
	if (err)
		return err;
	if (pdu->data_len && t->in)
		memcpy(t->in + in.offset, pdu->data, pdu->data_len);
	t->in_got += in.data_len;
	t->burst = in.flags & PDU_FINAL ? 0 : t->burst + in.data_len;
	t->ndata_in++;
	if (in.flags & PDU_DATA_IN_ACK)
		err = acknowledge(s, t, &in);
	if (err || !(in.flags & PDU_DATA_IN_STATUS))
		return err;
	t->has_data_in_status = true;
	t->response = PDU_RSP_COMPLETED;
	t->status = in.status;
	t->residual_flags = in.flags & (PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW);
	t->residual = in.residual;
	finish(s, t, INI_ANSWERED);
	return check_end(s, t, 0, false);
}

static int check_r2t(struct ini_session *s, const struct ini_task *t, const struct pdu_r2t *r2t)
{
	if (r2t->r2tsn != t->nr2t)
		return ini_session_fault(s, "11.8.2: R2TSN %u, not %u", r2t->r2tsn, t->nr2t);
	if (r2t->ttt == PDU_TAG_RESERVED)
		return ini_session_fault(s, "11.8.5: the reserved TTT in an R2T");
	if (!r2t->len || r2t->len > s->param.MaxBurstLength)
		return ini_session_fault(s, "11.8.4: an R2T for %u bytes, %u may be", r2t->len,
					 s->param.MaxBurstLength);
	if (r2t->offset != t->sent && s->param.DataSequenceInOrder)
		return ini_session_fault(s, "13.19: an R2T at %u, not at %u", r2t->offset, t->sent);
	if (r2t->offset > t->out_len || r2t->len > t->out_len - r2t->offset ||
	    r2t->len > t->out_len - t->sent)
		return ini_session_fault(s, "11.8.4: an R2T beyond the %u bytes expected",
					 t->out_len);
	if (memcmp(r2t->lun, t->lun, PDU_LUN_LEN) != 0)
		return ini_session_fault(s, "11.8: an R2T for another LUN");
	return 0;
}

static int take_r2t(struct ini_session *s, struct ini_task *t, const struct ini_pdu *pdu)
{
	struct pdu_r2t r2t;
	int err;

	if (pdu_get_r2t(pdu->bhs, &r2t) != PDU_OK)
		return ini_session_fault(s, "11.8: an R2T that makes no sense");
	err = check_r2t(s, t, &r2t);
	if (err)
		return err;
	t->nr2t++;
	t->sent += r2t.len;
	if (!t->holds_r2ts)
		return ini_task_answer_r2t(s, t, &r2t);
	if (t->nwaiting == INI_R2T_MAX || t->nwaiting == s->param.MaxOutstandingR2T)
		return ini_session_fault(s, "13.17: more than %u R2Ts outstanding", t->nwaiting);
	t->r2ts[t->nwaiting++] = r2t;
	return 0;
}

static int take_response(struct ini_session *s, struct ini_task *t, const struct ini_pdu *pdu)
{
	struct pdu_scsi_rsp rsp;
	uint32_t len;

	if (pdu_get_scsi_rsp(pdu->bhs, &rsp) != PDU_OK)
		return ini_session_fault(s, "11.4: a response that makes no sense");
	t->response = rsp.response;
	t->status = rsp.status;
	t->residual_flags = rsp.flags & (PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW);
	t->residual = rsp.residual;
	if (pdu->data_len >= 2) { /* 11.4.7: SenseLength, sense data, response data */
		len = be16(pdu->data);
		if (len > pdu->data_len - 2)
			return ini_session_fault(s, "11.4.7.1: SenseLength %u in %u bytes", len,
						 pdu->data_len);
		t->sense_len = (uint16_t)least(len, INI_SENSE_MAX);
		memcpy(t->sense, pdu->data + 2, t->sense_len);
	}
	finish(s, t, INI_ANSWERED);
	return check_end(s, t, rsp.expdatasn, true);
}

/* ---- what comes ---- */

/* Answer a ping of the target's (11.18): its tag, its LUN, its data. */
static int answer_ping(struct ini_session *s, const struct pdu_nop_in *ping)
{
	struct pdu_nop_out req = {
		.immediate = true,
		.itt = PDU_TAG_RESERVED,
		.ttt = ping->ttt,
		.cmdsn = s->cmdsn,
		.expstatsn = s->expstatsn,
	};
	struct ini_pdu pdu = { 0 };

	s->pings++;
	if (s->ignore_pings)
		return 0;
	memcpy(req.lun, ping->lun, PDU_LUN_LEN);
	pdu_put_nop_out(pdu.bhs, &req);
	return ini_conn_queue(&s->conn, &pdu);
}

/* A PDU that the target sends by itself. *took: it is dealt with. */
static int take_unasked(struct ini_session *s, const struct ini_pdu *pdu, bool *took)
{
	struct pdu_nop_in ping;
	uint32_t itt;
	struct ini_task *t;

	*took = true;
	switch (pdu_opcode(pdu->bhs)) {
	case PDU_NOP_IN:
		if (pdu_get_nop_in(pdu->bhs, &ping) == PDU_OK && ping.itt == PDU_TAG_RESERVED)
			return ping.ttt == PDU_TAG_RESERVED ? 0 : answer_ping(s, &ping);
		break;
	case PDU_ASYNC:
		s->asyncs++;
		if (pdu_get_async(pdu->bhs, &s->async) == PDU_OK)
			return 0;
		break;
	case PDU_REJECT: /* 11.17: the data segment is the header complained of */
		s->reject_reason = pdu->bhs[2];
		if (pdu->data_len < PDU_BHS_LEN)
			return ini_session_fault(s, "11.17: a Reject without a header");
		itt = pdu_itt(pdu->data);
		t = pdu_opcode(pdu->data) == PDU_SCSI_CMD ? map_get(&s->tasks, itt) : NULL;
		if (t) {
			t->reject_reason = s->reject_reason;
			finish(s, t, INI_REJECTED);
			return 0;
		}
		break;
	default: break;
	}
	*took = false;
	return 0;
}

/* Do what a PDU asks for. *is_other: it belongs to no task, and nothing was done. */
static int take_pdu(struct ini_session *s, const struct ini_pdu *pdu, bool *is_other)
{
	struct ini_task *t = map_get(&s->tasks, pdu_itt(pdu->bhs));
	bool took;
	int err;

	*is_other = false;
	if (t) {
		switch (pdu_opcode(pdu->bhs)) {
		case PDU_DATA_IN: return take_data_in(s, t, pdu);
		case PDU_R2T: return take_r2t(s, t, pdu);
		case PDU_SCSI_RSP: return take_response(s, t, pdu);
		default: break;
		}
	}
	err = take_unasked(s, pdu, &took);
	*is_other = !err && !took;
	return err;
}

int ini_task_step(struct ini_session *s, struct ini_pdu *other, bool *is_other, int timeout_ms)
{
	int err = ini_session_recv(s, other, timeout_ms);

	*is_other = false;
	return err ? err : take_pdu(s, other, is_other);
}

/* The same where no other PDU is expected. */
static int take_tasks_pdu(struct ini_session *s, const struct ini_pdu *pdu)
{
	bool is_other;
	int err = take_pdu(s, pdu, &is_other);

	if (!err && is_other)
		return ini_session_fault(s, "opcode 0x%02x (ITT 0x%08x) answers nothing",
					 pdu_opcode(pdu->bhs), pdu_itt(pdu->bhs));
	return err;
}

static int step_tasks(struct ini_session *s, int timeout_ms)
{
	struct ini_pdu pdu;
	int err = ini_session_recv(s, &pdu, timeout_ms);

	return err ? err : take_tasks_pdu(s, &pdu);
}

static struct ini_task *first_done(struct ini_session *s)
{
	struct ini_task *t = STAILQ_FIRST(&s->done);

	if (t)
		STAILQ_REMOVE_HEAD(&s->done, link);
	return t;
}

int ini_task_next(struct ini_session *s, struct ini_task **out, int timeout_ms)
{
	int err = 0;

	while (STAILQ_EMPTY(&s->done) && !err)
		err = step_tasks(s, timeout_ms);
	if (err)
		return err;
	*out = first_done(s);
	return 0;
}

int ini_task_take(struct ini_session *s, struct ini_task **out)
{
	struct ini_pdu pdu;
	int err = 0;

	while (STAILQ_EMPTY(&s->done) && !err) {
		err = ini_session_take(s, &pdu);
		if (!err)
			err = take_tasks_pdu(s, &pdu);
	}
	if (err)
		return err;
	*out = first_done(s);
	return 0;
}

void ini_task_forget(struct ini_session *s, struct ini_task *t)
{
	map_remove(&s->tasks, t->itt);
}

int ini_task_wait(struct ini_session *s, struct ini_task *t)
{
	int err = 0;

	while (t->outcome == INI_IN_FLIGHT && !err)
		err = step_tasks(s, s->timeout_ms);
	if (t->outcome == INI_IN_FLIGHT)
		ini_task_forget(s, t);
	else
		STAILQ_REMOVE(&s->done, t, ini_task, link);
	return err;
}

int ini_task_run(struct ini_session *s, struct ini_task *t)
{
	int err = ini_task_submit(s, t);

	while (err == -EAGAIN) {
		err = step_tasks(s, s->timeout_ms);
		if (!err)
			err = ini_task_submit(s, t);
	}
	return err ? err : ini_task_wait(s, t);
}

bool ini_task_is_good(const struct ini_task *t)
{
	return t->outcome == INI_ANSWERED && t->response == PDU_RSP_COMPLETED &&
	       t->status == STATUS_GOOD;
}

uint32_t ini_task_sense(const struct ini_task *t)
{
	const uint8_t *b = t->sense;

	if (t->sense_len >= 14 && (b[0] & 0x7e) == 0x70)
		return (uint32_t)(b[2] & 0x0f) << 16 | be16(b + 12);
	if (t->sense_len >= 4 && (b[0] & 0x7e) == 0x72)
		return (uint32_t)(b[1] & 0x0f) << 16 | be16(b + 2);
	return 0;
}
