#include "iscsi/reply.h"

#include "base/bytes.h"
#include "iscsi/conn.h"
#include "iscsi/session.h"
#include "iscsi/task.h"

#include <string.h>

/* 11.4.5: what the command would have moved against what the initiator expected. */
static uint8_t residual_of(const struct scsi_task *scsi, uint32_t *residual)
{
	*residual = 0;
	if (scsi->xfer_len > scsi->edtl) {
		*residual = scsi->xfer_len - scsi->edtl;
		return PDU_RESID_OVERFLOW;
	}
	if (scsi->xfer_len < scsi->edtl) {
		*residual = scsi->edtl - scsi->xfer_len;
		return PDU_RESID_UNDERFLOW;
	}
	return 0;
}

/* Where it is GOOD and data is left to send, unless an R-Data SNACK wants a response of its own
 * (11.16.3). */
bool reply_rides(const struct task *t)
{
	return t->scsi.in_len > 0 && t->scsi.status == SCSI_GOOD && !t->snack_tag &&
	       t->in.acked_offset < t->scsi.in_len;
}

void reply_response(struct task *t, struct tx_pdu *pdu)
{
	struct scsi_task *scsi = &t->scsi;
	struct pdu_scsi_rsp rsp = {
		.response = PDU_RSP_COMPLETED,
		.status = scsi->status,
		.itt = t->itt,
		.snack_tag = t->snack_tag,
		.expdatasn = t->in.datasn + t->out.r2tsn,
	};

	rsp.flags = residual_of(scsi, &rsp.residual);
	if (scsi->sense_len) {
		put_be16(t->sense_segment, scsi->sense_len);
		memcpy(t->sense_segment + 2, scsi->sense, scsi->sense_len);
		pdu->data = t->sense_segment;
		pdu->data_len = 2u + scsi->sense_len;
		rsp.data_len = pdu->data_len;
	}
	pdu_put_scsi_rsp(pdu->bhs, &rsp);
	pdu->statsn = TX_STATSN_TAKES;
}

struct datain_source reply_source(const struct task *t)
{
	struct datain_source src = {
		.data = t->scsi.buf ? scsi_task_in(&t->scsi) : NULL,
		.len = t->scsi.in_len,
		.max_pdu = t->conn->max_send,
		.max_burst = t->session->param.MaxBurstLength,
		.itt = t->itt,
		.acks = t->conn->keeps,
		.lun = t->scsi.lun,
		.status = reply_rides(t),
	};

	src.status_flags = residual_of(&t->scsi, &src.residual);
	return src;
}
