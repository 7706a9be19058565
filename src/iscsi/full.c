#include "iscsi/full.h"

#include "base/bytes.h"
#include "iscsi/answer.h"
#include "iscsi/command.h"
#include "iscsi/conn.h"
#include "iscsi/exchange.h"
#include "iscsi/fence.h"
#include "iscsi/logout.h"
#include "iscsi/order.h"
#include "iscsi/session.h"
#include "iscsi/snack.h"
#include "iscsi/tmf.h"

#include <string.h>

#define EXPSTATSN_AT 28 /* in every request: what the initiator has got of our answers */

/* ---- NOP (11.18, 11.19) ---- */

static void send_nop_in(struct conn *c, uint32_t itt, uint32_t ttt, const uint8_t *data,
			uint32_t len)
{
	struct answer *a = answer_new(len);
	struct pdu_nop_in nop = { .itt = itt, .ttt = ttt, .data_len = len };

	if (!a) {
		conn_drop(c, "no memory for a NOP-In");
		return;
	}
	if (len)
		memcpy(a->data, data, len);
	pdu_put_nop_in(a->bhs, &nop);
	if (itt == PDU_TAG_RESERVED)
		a->statsn = TX_STATSN_NEXT;
	answer_send(c, a);
}

void full_ping(struct conn *c)
{
	send_nop_in(c, PDU_TAG_RESERVED, session_ttt(c->session), NULL, 0);
}

static void nop_out(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_nop_out nop;
	uint32_t len;

	if (pdu_get_nop_out(pdu->bhs, &nop) != PDU_OK) {
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
		return;
	}
	c->sends_nops = true;
	if (nop.itt == PDU_TAG_RESERVED) {
		if (nop.ttt != PDU_TAG_RESERVED) {
			c->pinged_ms = 0;
			c->answers_pings = true;
		}
		return;
	}
	len = nop.data_len < c->max_send ? nop.data_len : c->max_send;
	send_nop_in(c, nop.itt, PDU_TAG_RESERVED, pdu->data, len);
}

/* ---- task management, text, logout ---- */

static void tmf_req(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_tmf_req req;

	if (pdu_get_tmf_req(pdu->bhs, &req) != PDU_OK)
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
	else
		tmf_start(c, &req);
}

static void text_req(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_text_req req;

	if (pdu_get_text_req(pdu->bhs, &req) != PDU_OK)
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
	else
		exchange_pdu(c, &req, pdu->bhs, pdu->data);
}

static void logout_req(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_logout_req req;
	bool is_sound = pdu_get_logout_req(pdu->bhs, &req) == PDU_OK;

	/* 4.3: a discovery session closes, and has nothing else to log out of. */
	if (is_sound && req.reason > PDU_LOGOUT_RECOVERY)
		answer_reject(c, PDU_REJECT_INVALID_FIELD, pdu->bhs);
	else if (!is_sound || (!c->session->target && req.reason != PDU_LOGOUT_SESSION))
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
	else
		logout_start(c, &req);
}

static void snack_req(struct conn *c, const struct pdu_in *pdu)
{
	struct pdu_snack req;

	/* 11.16: an initiator at level 0 has no business with it. */
	if (!c->keeps || pdu_get_snack(pdu->bhs, &req) != PDU_OK)
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
	else
		snack_start(c, &req, pdu->bhs);
}

/* ---- what cannot be taken ---- */

static void not_in_full_feature(struct conn *c, const struct pdu_in *pdu)
{
	answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
}

static void not_supported(struct conn *c, const struct pdu_in *pdu)
{
	answer_reject(c, PDU_REJECT_NOT_SUPPORTED, pdu->bhs);
}

/* ---- the table ---- */

static const struct opcode_row {
	uint8_t opcode;
	bool numbered;  /* has a CmdSN, and comes in its order unless immediate */
	bool discovery; /* has a place in a discovery session (4.3) */
	void (*pdu)(struct conn *c, const struct pdu_in *pdu);
	/* NULL: its data may be anywhere, for it is used at once */
	void (*header)(struct conn *c, const struct pdu_in *pdu, struct pdu_rx_place *place);
} rows[] = {
	{ PDU_NOP_OUT, true, false, nop_out, NULL },
	{ PDU_SCSI_CMD, false, false, command_pdu,
	  command_header }, /* orders itself, data and all */
	{ PDU_TMF_REQ, true, false, tmf_req, NULL },
	{ PDU_LOGIN_REQ, false, true, not_in_full_feature, NULL },
	{ PDU_TEXT_REQ, true, true, text_req, NULL },
	{ PDU_DATA_OUT, false, false, command_data_pdu, command_data_header },
	{ PDU_LOGOUT_REQ, true, true, logout_req, NULL },
	{ PDU_SNACK, false, true, snack_req, NULL },
};

static const struct opcode_row other = { 0, false, true, not_supported, NULL };

static const struct opcode_row *find_row(const uint8_t *bhs)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].opcode == pdu_opcode(bhs))
			return &rows[i];
	}
	return &other;
}

enum pdu_rx_verdict full_header(struct conn *c, const struct pdu_in *pdu,
				struct pdu_rx_place *place)
{
	const struct opcode_row *row = find_row(pdu->bhs);

	if (row->header && (row->discovery || c->session->target))
		row->header(c, pdu, place);
	return PDU_RX_GO_ON;
}

/* A numbered PDU whose turn has come, now or after having been held. */
static void run(struct conn *c, const struct pdu_in *pdu)
{
	find_row(pdu->bhs)->pdu(c, pdu);
}

enum pdu_rx_verdict full_pdu(struct conn *c, const struct pdu_in *pdu)
{
	const struct opcode_row *row = find_row(pdu->bhs);

	if (c->keeps)
		snack_acked(c, be32(pdu->bhs + EXPSTATSN_AT));
	if (!TAILQ_EMPTY(&c->marks))
		fence_acked(c, be32(pdu->bhs + EXPSTATSN_AT));
	if (!row->discovery && !c->session->target) {
		answer_reject(c, PDU_REJECT_PROTOCOL_ERROR, pdu->bhs);
	} else if (!pdu->data_ok && !row->header) {
		/* 7.8: what is not data is rejected, and sent again if the initiator wishes. */
		answer_reject(c, PDU_REJECT_DATA_DIGEST, pdu->bhs);
	} else if (row->numbered) {
		order_pdu(c, pdu, run);
	} else {
		row->pdu(c, pdu);
	}
	if (c->session->ntmfs)
		tmf_settle(c->session);
	return conn_is_full(c) ? PDU_RX_GO_ON : PDU_RX_STOP;
}
