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

uint8_t tmf_ask(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t,
		bool immediate)
{
	struct pdu_tmf_req req = { .immediate = immediate,
				   .function = function,
				   .rtt = t ? t->itt : PDU_TAG_RESERVED,
				   .refcmdsn = t ? t->cmdsn : 0 };
	uint8_t response = 0xee;

	ini_scsi_lun(req.lun, lun);
	CHECK_OK(s, ini_request_tmf(s, &req, &response));
	return response;
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
