#include "initiator/ini_request.h"

#include "base/bytes.h"
#include "initiator/ini_task.h"
#include "wire/text.h"

#include <errno.h>
#include <string.h>

#define TEXT_ROUNDS 4096 /* PDUs of one answer; more is without end */

int ini_request_wait(struct ini_session *s, uint32_t itt, enum pdu_opcode opcode,
		     struct ini_pdu *response)
{
	bool is_other;
	int err;

	for (;;) {
		err = ini_task_step(s, response, &is_other, s->timeout_ms);
		if (err)
			return err;
		if (!is_other)
			continue;
		if (pdu_opcode(response->bhs) == PDU_REJECT && pdu_itt(response->data) == itt)
			return -EREMOTEIO;
		if (pdu_opcode(response->bhs) == opcode && pdu_itt(response->bhs) == itt)
			return 0;
		return ini_session_fault(s, "opcode 0x%02x came where 0x%02x is due",
					 pdu_opcode(response->bhs), opcode);
	}
}

/* Post a request without data and wait for its response. */
static int ask(struct ini_session *s, const uint8_t bhs[static PDU_BHS_LEN], enum pdu_opcode opcode,
	       struct ini_pdu *response)
{
	uint32_t itt;
	int err = ini_session_post(s, bhs, NULL, 0, &itt);

	return err ? err : ini_request_wait(s, itt, opcode, response);
}

int ini_request_nop(struct ini_session *s, bool immediate, const void *data, uint32_t len,
		    struct ini_pdu *echo)
{
	struct pdu_nop_out req = { .immediate = immediate, .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	uint32_t itt;
	int err;

	pdu_put_nop_out(bhs, &req);
	err = ini_session_post(s, bhs, data, len, &itt);
	if (err)
		return err;
	return ini_request_wait(s, itt, PDU_NOP_IN, echo ? echo : &pdu);
}

int ini_request_tmf(struct ini_session *s, const struct pdu_tmf_req *req, uint8_t *response)
{
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_tmf_rsp rsp;
	struct ini_pdu pdu;
	int err;

	pdu_put_tmf_req(bhs, req);
	err = ask(s, bhs, PDU_TMF_RSP, &pdu);
	if (err)
		return err;
	if (pdu_get_tmf_rsp(pdu.bhs, &rsp) != PDU_OK)
		return ini_session_fault(s, "11.6: a response that makes no sense");
	*response = rsp.response;
	return 0;
}

int ini_request_logout(struct ini_session *s, enum pdu_logout_reason reason, uint16_t cid,
		       uint8_t *response)
{
	struct pdu_logout_req req = { .immediate = true, .reason = (uint8_t)reason, .cid = cid };
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_logout_rsp rsp;
	struct ini_pdu pdu;
	int err;

	pdu_put_logout_req(bhs, &req);
	err = ask(s, bhs, PDU_LOGOUT_RSP, &pdu);
	if (err)
		return err;
	if (pdu_get_logout_rsp(pdu.bhs, &rsp) != PDU_OK)
		return ini_session_fault(s, "11.15: a response that makes no sense");
	*response = rsp.response;
	return 0;
}

/* ---- text ---- */

/* Queue one text request; all of one exchange have the tag of the first (11.10.2). */
static int post_text(struct ini_session *s, struct pdu_text_req *req, bool first, const char *data,
		     uint32_t len)
{
	struct ini_pdu pdu = { .data = (const uint8_t *)data, .data_len = len };
	uint32_t itt;

	pdu_put_text_req(pdu.bhs, req);
	itt = ini_session_number(s, pdu.bhs);
	if (first)
		req->itt = itt;
	put_be32(pdu.bhs + 16, req->itt);
	return ini_conn_queue(&s->conn, &pdu);
}

/* The response to a text request; its data is added to s->answer. */
static int take_text(struct ini_session *s, struct pdu_text_req *req, struct pdu_text_rsp *rsp)
{
	uint32_t most = s->param.own_MaxRecvDataSegmentLength;
	struct ini_pdu pdu;
	int err;

	err = ini_request_wait(s, req->itt, PDU_TEXT_RSP, &pdu);
	if (err)
		return err;
	if (pdu_get_text_rsp(pdu.bhs, rsp) != PDU_OK || (rsp->final && rsp->cont))
		return ini_session_fault(s, "11.11: a response that makes no sense");
	if (rsp->final != (rsp->ttt == PDU_TAG_RESERVED))
		return ini_session_fault(s, "11.11.4: F and TTT contradict each other");
	if (pdu.data_len > most)
		return ini_session_fault(s, "13.12: %u bytes in a PDU, %u may be", pdu.data_len,
					 most);
	req->ttt = rsp->ttt;
	return ini_text_append(&s->answer, pdu.data, pdu.data_len);
}

static void take_answers(struct ini_session *s)
{
	char key[TEXT_KEY_MAX + 1];
	struct text_pair pair;
	size_t pos = 0;

	while (text_next(s->answer.buf, s->answer.len, &pos, &pair) == TEXT_PAIR) {
		memcpy(key, pair.key, pair.key_len);
		key[pair.key_len] = '\0';
		ini_param_set(&s->param, key, pair.value);
	}
}

int ini_request_text(struct ini_session *s, const struct ini_text *text)
{
	uint32_t most = s->param.MaxRecvDataSegmentLength;
	struct pdu_text_req req = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_rsp rsp = { 0 };
	size_t at = 0, part;
	int rounds, err;

	ini_text_clear(&s->answer);
	for (rounds = 0; rounds < TEXT_ROUNDS && !rsp.final; rounds++) {
		part = text->len - at < most ? text->len - at : most;
		req.cont = at + part < text->len;
		req.final = !req.cont;
		err = post_text(s, &req, !rounds, part ? text->buf + at : NULL, (uint32_t)part);
		if (!err)
			err = take_text(s, &req, &rsp);
		if (err)
			return err;
		at += part;
	}
	if (!rsp.final || !ini_text_is_sound(&s->answer))
		return ini_session_fault(s, "6.1: the answer is endless, or not well-formed text");
	take_answers(s);
	return 0;
}
