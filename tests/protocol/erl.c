#include "erl.h"

#include "base/bytes.h"
#include "base/serial.h"

#include <errno.h>
#include <string.h>

#define STATSN_AT    24
#define EXPCMDSN_AT  28
#define MAXCMDSN_AT  32
#define EXPSTATSN_AT 28

static void learn_window(struct ini_session *s, const uint8_t *bhs)
{
	if (sn_before(s->expcmdsn, be32(bhs + EXPCMDSN_AT)))
		s->expcmdsn = be32(bhs + EXPCMDSN_AT);
	if (sn_before(s->maxcmdsn, be32(bhs + MAXCMDSN_AT)))
		s->maxcmdsn = be32(bhs + MAXCMDSN_AT);
}

static bool is_ping(const uint8_t *bhs)
{
	return pdu_opcode(bhs) == PDU_NOP_IN && pdu_itt(bhs) == PDU_TAG_RESERVED;
}

static void answer_ping(struct ini_session *s, const uint8_t *bhs)
{
	struct pdu_nop_out nop = { .immediate = true,
				   .itt = PDU_TAG_RESERVED,
				   .ttt = be32(bhs + 20),
				   .cmdsn = s->cmdsn,
				   .expstatsn = s->expstatsn };
	struct ini_pdu pdu = { 0 };

	if (nop.ttt == PDU_TAG_RESERVED)
		return;
	pdu_put_nop_out(pdu.bhs, &nop);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
}

void erl_recv(struct ini_session *s, struct erl_pdu *pdu)
{
	struct ini_pdu in;

	do {
		CHECK_OK(s, ini_conn_recv(&s->conn, &in, s->timeout_ms));
		learn_window(s, in.bhs);
		if (is_ping(in.bhs))
			answer_ping(s, in.bhs);
	} while (is_ping(in.bhs));
	memcpy(pdu->bhs, in.bhs, PDU_BHS_LEN);
	pdu->opcode = pdu_opcode(in.bhs);
	pdu->itt = pdu_itt(in.bhs);
	pdu->data_len = in.data_len;
	CHECK(in.data_len <= sizeof(pdu->data));
	if (in.data_len)
		memcpy(pdu->data, in.data, in.data_len);
}

void erl_expect(struct ini_session *s, struct erl_pdu *pdu, enum pdu_opcode opcode)
{
	erl_recv(s, pdu);
	CHECK_THAT(pdu->opcode == opcode, "opcode 0x%02x comes, not 0x%02x", pdu->opcode,
		   (unsigned int)opcode);
}

void erl_silence(struct ini_session *s)
{
	struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	static struct erl_pdu pdu;
	uint8_t bhs[PDU_BHS_LEN];
	uint32_t itt;

	pdu_put_nop_out(bhs, &nop);
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	erl_expect(s, &pdu, PDU_NOP_IN);
	CHECK_NUM(pdu.itt, itt);
	erl_got(s, &pdu);
}

uint32_t erl_ping(struct ini_session *s, int ms)
{
	struct ini_pdu in;

	CHECK_OK(s, ini_conn_recv(&s->conn, &in, ms));
	CHECK_THAT(is_ping(in.bhs), "opcode 0x%02x comes", pdu_opcode(in.bhs));
	answer_ping(s, in.bhs);
	return be32(in.bhs + STATSN_AT);
}

void erl_snack(struct ini_session *s, uint8_t type, uint32_t itt, uint32_t ttt, uint32_t begrun,
	       uint32_t runlength)
{
	struct pdu_snack req = { .type = type,
				 .itt = itt,
				 .ttt = ttt,
				 .expstatsn = s->expstatsn,
				 .begrun = begrun,
				 .runlength = runlength };
	struct ini_pdu pdu = { 0 };

	if (type == PDU_SNACK_DATA_ACK)
		ini_scsi_lun(req.lun, fixture_lun());
	pdu_put_snack(pdu.bhs, &req);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
}

void erl_rejected(struct ini_session *s, uint8_t reason)
{
	static struct erl_pdu pdu;

	erl_expect(s, &pdu, PDU_REJECT);
	CHECK_NUM(pdu.bhs[2], reason);
	erl_got(s, &pdu);
}

void erl_same(const struct erl_pdu *again, const struct erl_pdu *first)
{
	CHECK_NUM(again->opcode, first->opcode);
	CHECK_THAT(memcmp(again->bhs, first->bhs, EXPCMDSN_AT) == 0 &&
			   memcmp(again->bhs + 36, first->bhs + 36, PDU_BHS_LEN - 36) == 0,
		   "opcode 0x%02x: another header", first->opcode);
	CHECK_NUM(again->data_len, first->data_len);
	CHECK(memcmp(again->data, first->data, first->data_len) == 0);
}

void erl_command(struct ini_session *s, struct ini_task *t)
{
	t->no_immediate = true;
	t->no_unsolicited = true;
	CHECK_OK(s, ini_task_submit(s, t));
	CHECK_OK(s, ini_conn_flush(&s->conn, s->timeout_ms));
	ini_task_forget(s, t);
}

void erl_data(struct ini_session *s, const struct ini_task *t, const struct pdu_data_out *out,
	      unsigned int faults)
{
	struct pdu_data_out req = *out;
	struct ini_pdu pdu = { .data = t->out + out->offset,
			       .data_len = out->data_len,
			       .faults = faults };

	req.itt = t->itt;
	req.expstatsn = s->expstatsn;
	memcpy(req.lun, t->lun, PDU_LUN_LEN);
	pdu_put_data_out(pdu.bhs, &req);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
}

void erl_answer(struct ini_session *s, const struct ini_task *t, const struct pdu_r2t *r2t,
		uint32_t piece)
{
	struct pdu_data_out out = { .ttt = r2t->ttt };
	uint32_t at;

	for (at = 0; at < r2t->len; at += piece, out.datasn++) {
		out.offset = r2t->offset + at;
		out.data_len = r2t->len - at < piece ? r2t->len - at : piece;
		out.final = at + out.data_len == r2t->len;
		erl_data(s, t, &out, 0);
	}
}

struct pdu_r2t erl_r2t(struct ini_session *s)
{
	static struct erl_pdu pdu;
	struct pdu_r2t r2t;

	erl_expect(s, &pdu, PDU_R2T);
	CHECK(pdu_get_r2t(pdu.bhs, &r2t) == PDU_OK);
	return r2t;
}

void erl_good(struct ini_session *s, const struct ini_task *t)
{
	static struct erl_pdu pdu;

	erl_expect(s, &pdu, PDU_SCSI_RSP);
	CHECK_NUM(pdu.itt, t->itt);
	CHECK_NUM(pdu.bhs[3], 0);
	erl_got(s, &pdu);
}

void erl_got(struct ini_session *s, const struct erl_pdu *pdu)
{
	uint32_t statsn = be32(pdu->bhs + STATSN_AT);

	if (!sn_before(statsn, s->expstatsn))
		s->expstatsn = statsn + 1;
}
