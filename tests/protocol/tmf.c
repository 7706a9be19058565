#include "tmf.h"

#include <string.h>

const struct fixture_options tmf_options = {
	.conf = FIXTURE_CONF "target \"" TMF_TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  queue-depth = 8\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "  lun \"1\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n"
			     "target \"" TMF_OTHER "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = TMF_TARGET,
};

uint8_t tmf_data[TMF_LEN], tmf_old[TMF_LEN];
static uint8_t in[TMF_LEN];

void tmf_prepare(struct ini_session *s, uint8_t isid, const char *keys)
{
	struct ini_task t;
	uint16_t lun;

	fixture_login_as(s, isid, keys);
	fixture_fill(tmf_old, TMF_LEN, 72);
	fixture_fill(tmf_data, TMF_LEN, 73);
	for (lun = 0; lun < 2; lun++) {
		fixture_ready(s, lun);
		ini_scsi_write(&t, lun, 0, TMF_BLOCKS, tmf_old, TMF_LEN);
		CHECK_GOOD(s, &t);
	}
}

void tmf_start_write(struct ini_session *s, struct ini_task *t, uint16_t lun)
{
	ini_scsi_write(t, lun, 0, TMF_BLOCKS, tmf_data, TMF_LEN);
	fixture_start_write(s, t);
}

void tmf_answer_r2ts(struct ini_session *s, const uint8_t *lun)
{
	struct ini_task *t;
	uint32_t itt;
	unsigned int i;

	for (t = map_next(&s->tasks, 0, &itt); t; t = map_next(&s->tasks, itt + 1, &itt)) {
		for (i = 0; i < t->nwaiting && (!lun || !memcmp(lun, t->lun, PDU_LUN_LEN)); i++)
			CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[i]));
	}
}

/* As an initiator does that goes on to answer R2Ts for tasks that the function aborts. */
static void answer_for(struct ini_session *s, const struct pdu_tmf_req *req)
{
	switch (req->function) {
	case PDU_TMF_ABORT_TASK_SET:
	case PDU_TMF_CLEAR_TASK_SET:
	case PDU_TMF_LU_RESET: tmf_answer_r2ts(s, req->lun); break;
	case PDU_TMF_TARGET_WARM_RESET:
	case PDU_TMF_TARGET_COLD_RESET:
	case PDU_TMF_IT_NEXUS_RESET: tmf_answer_r2ts(s, NULL); break;
	default: break;
	}
}

uint8_t tmf_request(struct ini_session *s, const struct pdu_tmf_req *req)
{
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_tmf_rsp rsp = { .response = 0xee };
	struct ini_pdu pdu;
	uint32_t itt;

	pdu_put_tmf_req(bhs, req);
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	if (req->rtt == PDU_TAG_RESERVED)
		answer_for(s, req);
	CHECK_OK(s, ini_request_wait(s, itt, PDU_TMF_RSP, &pdu));
	CHECK(pdu_get_tmf_rsp(pdu.bhs, &rsp) == PDU_OK);
	return rsp.response;
}

uint8_t tmf_ask(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t,
		bool immediate)
{
	struct pdu_tmf_req req = { .immediate = immediate,
				   .function = function,
				   .rtt = t ? t->itt : PDU_TAG_RESERVED,
				   .refcmdsn = t ? t->cmdsn : 0 };

	ini_scsi_lun(req.lun, lun);
	return tmf_request(s, &req);
}

uint8_t tmf_manage(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t)
{
	return tmf_ask(s, function, lun, t, true);
}

void tmf_silence(struct ini_session *s)
{
	CHECK_OK(s, ini_request_nop(s, true, NULL, 0, NULL));
	CHECK_OK(s, ini_request_nop(s, true, NULL, 0, NULL));
}

void tmf_ended(struct ini_session *s, struct ini_task *t, uint16_t lun)
{
	struct ini_task back;

	CHECK_NUM(t->outcome, INI_IN_FLIGHT);
	ini_task_forget(s, t);
	CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[0]));
	tmf_silence(s);
	fixture_ready(s, lun);
	ini_scsi_read(&back, lun, 0, TMF_BLOCKS, in, TMF_LEN);
	CHECK_GOOD(s, &back);
	CHECK_THAT(memcmp(in, tmf_old, TMF_LEN) == 0, "an aborted write was written");
}

void tmf_goes_on(struct ini_session *s, struct ini_task *t)
{
	CHECK_NUM(t->outcome, INI_IN_FLIGHT);
	CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[0]));
	CHECK_OK(s, ini_task_wait(s, t));
	CHECK_THAT(ini_task_is_good(t), "status 0x%02x, sense %06x", t->status, ini_task_sense(t));
}

void tmf_attention(struct ini_session *s, uint16_t lun, uint32_t sense)
{
	struct ini_task t;

	ini_scsi_test_unit_ready(&t, lun);
	if (sense)
		CHECK_SENSE(s, &t, sense);
	else
		CHECK_GOOD(s, &t);
}

void tmf_fill_gap(struct ini_session *s, struct ini_task *t, uint32_t n)
{
	s->cmdsn -= n;
	CHECK_OK(s, ini_task_submit(s, t));
	s->cmdsn += n - 1;
}
